"""The folder of an audit's results: tables as CSV, the summary, plots."""

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

import navmodels as nav
from navmodels.reports.folders import Report
from navmodels.reports.scenarios import Judged
from navmodels.reports.schema import ALL
from navmodels.reports.sentences import Speaker

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMULA = ("=", "+", "-", "@", "\t", "\r")
TRANSLATED = {"status": "status", "verdict": "verdict", "quantity": "field"}
SMALLEST = 6  # groups of a question that a standard plot is drawn of at most


def write_table(table: pd.DataFrame, path: Path, speaker: Speaker | None = None) -> None:
    """Write a CSV; text that a spreadsheet would read as a formula gets a leading apostrophe, numbers are untouched.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "x.csv"
    ...     write_table(pd.DataFrame({"text": ["=1+1", "a"], "number": [-1.0, 2.0]}), path)
    ...     path.read_text(encoding="utf-8").split()
    ['text,number', "'=1+1,-1.0", 'a,2.0']
    """
    for column, section in TRANSLATED.items() if speaker else ():
        if column in table:
            said = {word: speaker.say(section, word) for word in table[column].unique()}  # type: ignore[union-attr]
            table = table.assign(**{column: table[column].map(said)})
    guarded = table.rename(columns=_guard).map(_guard)
    bare = any(isinstance(each, str) and "\r" in each for each in (*guarded.columns, *guarded.to_numpy().ravel()))
    how = csv.QUOTE_NONNUMERIC if bare else csv.QUOTE_MINIMAL  # Python 3.12 leaves "\r" in text without quotes
    guarded.to_csv(path, index=False, encoding="utf-8", quoting=cast(Any, how))


def write_plots(drawings: Mapping[str, "Callable[[], Axes]"], folder: Path) -> None:
    """Draw and write each plot, with its description."""
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    from navmodels.plots import alt_text

    with plt.rc_context({"text.parse_math": False}):  # a $ in a label is a $
        for name, draw in drawings.items():
            ax = draw()
            figure = cast(Figure, ax.get_figure())
            figure.savefig(folder / f"{name}.png", dpi=120, metadata={"Description": alt_text(ax)})
            plt.close(figure)


def list_drawings(report: Report, claims: pd.DataFrame, judged: Judged, speaker: Speaker) -> dict[str, Any]:
    """Return the plots of an audit by name, each drawn when it is called: those of report.toml, and the claims."""
    found: dict[str, Any] = {}
    entries = report.about.get("plots", [])
    if not any(entry["kind"] == "claims" for entry in entries):
        entries = [*entries, {"kind": "claims"}]
    for place, entry in enumerate(entries, start=1):
        table = DRAWN[entry["kind"]](entry, claims, judged, speaker)
        title = entry.get(f"title_{speaker.lang}") or entry.get("title") or speaker.say("plot", "claims")
        if len(table):
            name = entry.get("name") or f"{entry['kind']}{place if len(entries) > 1 else ''}"
            found[name] = _drawing(entry["kind"], table, title, speaker)
    return found


# ---- inside


def _guard(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _drawing(kind: str, table: pd.DataFrame, title: str, speaker: Speaker) -> "Callable[[], Axes]":
    if kind == "claims":
        return lambda: _draw_claims(table, title, speaker)
    if kind == "changes":
        return lambda: _said(nav.plot_change(table, label="label", title=title), table, title, speaker)
    if kind == "ratings":
        draw = nav.plot_ratings
        return lambda: _said(draw(table, by="label", category="category", title=title), table, title, speaker)
    return lambda: _said(nav.plot_groups(table, label="label", title=title), table, title, speaker)


def _said(ax: "Axes", table: pd.DataFrame, title: str, speaker: Speaker) -> "Axes":
    """Return a plot of the library in the language of the speaker: what it writes, and its description."""
    if speaker.lang == "en":
        return ax
    from matplotlib.text import Text

    for text in cast("Figure", ax.get_figure()).findobj(Text):
        text.set_text(speaker.redraw(text.get_text()))
    level, *ends = ("pooled", "pooled_lower", "pooled_upper") if "pooled" in table else ("mean", "lower", "upper")
    parts = []
    for row in table.to_dict("records"):
        about = f"{row['label']}, {row['category']}" if "category" in table else row["label"]
        numbers = [speaker.write(round(100 * float(row[key]), 1)) for key in (level, *ends) if key in table]
        parts.append(f"{about}: {numbers[0]}" + (f" ({numbers[1]} – {numbers[2]})" if len(numbers) > 1 else ""))
    ax.set_label(f"{title}. {'; '.join(parts)}.")
    return ax


def _of_claims(entry: Any, claims: pd.DataFrame, judged: Judged, speaker: Speaker) -> pd.DataFrame:
    rows = claims[claims["p"].notna()]
    return rows[rows["claim"].isin(entry["claims"])] if "claims" in entry else rows


def _of_groups(entry: Any, claims: pd.DataFrame, judged: Judged, speaker: Speaker) -> pd.DataFrame:
    """Return the groups of a question, printed beside pooled, as `plot_groups` takes them."""
    rows = _rows(entry, judged)
    rows = rows[
        (rows["group_dim"] != ALL)
        & rows.index.isin([name for each in judged.models.values() for name in each])
        & rows["n"].notna()
    ]
    return pd.DataFrame(_pooled_rows(rows, judged, speaker))


def _pooled_rows(rows: pd.DataFrame, judged: Judged, speaker: Speaker) -> Iterator[dict[str, Any]]:
    from navmodels.reports.printed_shares import single_draws

    for name, row in rows.sort_values("value", ascending=False).iterrows():
        alone = single_draws(row["value"], row["half"], row["n"] / row["effect"], np.random.default_rng(0))
        draws = next(each[str(name)] for each in judged.models.values() if str(name) in each)
        direct = np.quantile(alone, (0.025, 0.975))
        pooled = np.quantile(draws, (0.025, 0.975))
        label = speaker.label(row["survey"], row["group_dim"], row["group"])
        yield {"label": label, "direct": row["value"] / 100, "direct_lower": direct[0], "direct_upper": direct[1],
               "n": row["n"], "pooled": draws.mean(), "pooled_lower": pooled[0], "pooled_upper": pooled[1],
               "prob": 0.95}  # fmt: skip


def _of_changes(entry: Any, claims: pd.DataFrame, judged: Judged, speaker: Speaker) -> pd.DataFrame:
    """Return the changes that claims speak of, as `plot_change` takes them."""
    rows = claims[(claims["kind"] == "change") & claims["points"].notna()]
    for column, key in (("time", "time"), ("time_b", "time_from"), ("survey", "survey")):
        rows = rows[rows[column] == str(entry[key])] if key in entry else rows
    label = [
        speaker.label(row["survey"], row["item"])
        + (f" ({row['group'].replace('_', ' ')})" if row["group"] != ALL else "")
        for _, row in rows.iterrows()
    ]
    out = pd.DataFrame({"label": label, "year": rows["time"].to_numpy(), "year_from": rows["time_b"].to_numpy(),
                        "prob": 0.95})  # fmt: skip
    for name, column in (("mean", "points"), ("lower", "lower"), ("upper", "upper")):
        out[name] = rows[column].to_numpy() / 100
    p = np.array([np.mean(np.asarray(judged.verdicts[claim].points) > 0) for claim in rows["claim"]])
    sure = np.maximum(p, 1 - p)
    word = np.where(p > 0.5, "increase", "decrease")
    out["p_increase"] = p
    out["class"] = np.where(sure >= 0.975, word, np.where(sure >= 0.95, "tendency", "no clear change"))
    return out.drop_duplicates(["label", "year", "year_from"])


def _of_ratings(entry: Any, claims: pd.DataFrame, judged: Judged, speaker: Speaker) -> pd.DataFrame:
    """Return a whole distribution by group, as `plot_ratings` takes it."""
    rows = _rows(entry, judged)
    total = rows.groupby("group")["value"].transform("sum")
    return pd.DataFrame({
        "label": [speaker.label(row["survey"], row["group_dim"], row["group"]) for _, row in rows.iterrows()],
        "category": [speaker.label(answer) for answer in rows["answer"]], "mean": (rows["value"] / total).to_numpy(),
        "n": rows["n"].to_numpy(),
    })  # fmt: skip


def _rows(entry: Any, judged: Judged) -> pd.DataFrame:
    rows = judged.shares[judged.shares["statistic"] == "share"]
    for key in ("survey", "item", "answer", "group_dim", "time"):
        rows = rows[rows[key] == str(entry[key])] if key in entry else rows
    return rows


def _draw_claims(claims: pd.DataFrame, title: str, speaker: Speaker) -> "Axes":
    """Draw the probability of every claim, with the range over scenarios, from the least to the most likely."""
    import matplotlib.pyplot as plt

    rows = claims.sort_values("p", kind="stable")
    place = np.arange(len(rows))
    _, ax = plt.subplots(figsize=(7.0, 6.0), layout="constrained")
    for limit in (0.05, 0.2, 0.8, 0.95):
        ax.axvline(limit, color="#767676", linewidth=0.8, linestyle=":")
    ax.hlines(place, rows["lowest"], rows["highest"], color="#b9b9b9", linewidth=1.0)
    ax.scatter(rows["p"], place, s=9, color="#0072B2", zorder=3)
    ax.set_xlim(-0.01, 1.01)
    ax.set_yticks([])
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.set_xlabel(speaker.say("plot", "probability"))
    ax.set_title(title, loc="left", fontsize=11)
    counts = rows["verdict"].value_counts()
    told = ", ".join(f"{count} {speaker.say('verdict', str(word))}" for word, count in counts.items())
    ax.set_label(f"{title}. {speaker.say('plot', 'probability')}: {len(rows)} ({told}).")
    return ax


DRAWN = {"claims": _of_claims, "groups": _of_groups, "changes": _of_changes, "ratings": _of_ratings}
