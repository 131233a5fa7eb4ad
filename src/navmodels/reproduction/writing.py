"""What an audit leaves behind: CSV tables, plots, and a summary for the screen."""

from pathlib import Path
from typing import Any, cast

import pandas as pd

from navmodels.reproduction.employer import Audit
from navmodels.reproduction.series import series_name
from navmodels.reproduction.wording import say, say_columns, write_number

FORMULA = ("=", "+", "-", "@", "\t", "\r")
WORDS = ("status", "class", "report_rule", "status_half_base", "status_double_base")


def write_table(table: pd.DataFrame, path: Path) -> None:
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
    table.rename(columns=_guard).map(_guard).to_csv(path, index=False, encoding="utf-8")


def write_audit(audit: Audit, folder: Path, *, lang: str) -> None:
    """Write ledger.csv, claims.csv, shrinkage.csv, trends.csv, sectors.csv, fits.csv and the plots."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("ledger", "claims", "shrinkage", "trends", "sectors", "fits"):
        write_table(say_columns(getattr(audit, name), WORDS, lang=lang), folder / f"{name}.csv")
    _draw(audit, folder, lang=lang)


def summarise_audit(audit: Audit, *, lang: str) -> str:
    """Return the summary for the screen."""
    statuses = ("reproduced", "agrees", "differs", "input", "not reproducible")

    def counts(table: pd.DataFrame) -> str:
        found = table["status"].value_counts()
        parts = [f"{write_number(found[name], lang=lang)} {say(name, lang=lang)}" for name in statuses if name in found]
        return f"{write_number(len(table), lang=lang)}: {', '.join(parts)}"

    lines = [
        (say("Numbers in print", lang=lang), counts(audit.ledger)),
        (say("Share intervals reproduced", lang=lang), _intervals(audit.ledger, "share", lang=lang)),
        (say("Mean intervals reproduced", lang=lang), _intervals(audit.ledger, "mean", lang=lang)),
        (say("Design effect", lang=lang), write_number(audit.design_effect, lang=lang, digits=2)),
        (say("Statements", lang=lang), counts(audit.claims)),
        (say("Models", lang=lang), _gate(audit.fits, lang=lang)),
    ]
    width = max(len(name) for name, _ in lines)
    text = [f"{name:{width}s}  {value}" for name, value in lines]
    return "\n".join([*text, "", f"{say('Statements that differ', lang=lang)}:", *_differing(audit.claims, lang=lang)])


# ---- inside


def _guard(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _intervals(ledger: pd.DataFrame, quantity: str, *, lang: str) -> str:
    """Return how many printed intervals have both ends reproduced, of those with an n or a standard error in print."""
    ends = ledger[ledger["quantity"].isin([f"{quantity}_ci_low", f"{quantity}_ci_high"]) & (ledger["table"] == "items")]
    usable = ends[ends["status"] != "not reproducible"]
    both = usable.groupby("row")["status"].agg(lambda each: bool((each == "reproduced").all()))
    return f"{write_number(both.sum(), lang=lang)} {say('of', lang=lang)} {write_number(len(both), lang=lang)}"


def _gate(fits: pd.DataFrame, *, lang: str) -> str:
    failed = fits.loc[fits["gate"] != "passed", "model"].tolist()
    if failed:
        return f"{len(fits)} {say('models fitted; did not pass the gate', lang=lang)}: {', '.join(failed)}"
    return f"{len(fits)} {say('models fitted, all passed the gate', lang=lang)}"


def _differing(claims: pd.DataFrame, *, lang: str) -> list[str]:
    lines = []
    for claim in claims[claims["status"] == "differs"].to_dict("records"):
        label = f" → {say(claim['class'], lang=lang)}" if isinstance(claim["class"], str) else ""
        lines.append(f"  {claim['claim']} ({claim['reference']}){label}")
    turned = (
        claims[["status_half_base", "status_double_base"]]
        .apply(lambda each: each.notna() & (each != claims["status"]))
        .any(axis=1)
    )
    note = say("verdict turns with half or double the assumed bases", lang=lang)
    return [*lines, *(f"  {name}: {note}" for name in claims.loc[turned, "claim"])]


def _draw(audit: Audit, folder: Path, *, lang: str) -> None:
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    import navmodels as nav
    from navmodels.plots import alt_text

    changes = audit.claims[
        (audit.claims["kind"] == "change") & audit.claims["mean"].notna() & (audit.claims["year_from"] == 2023)
    ]
    changes = changes.assign(
        series=[series_name(*key) for key in zip(changes["item"], changes["group"], strict=True)], prob=0.95
    )
    changes = changes.rename(columns={"year_to": "year"})[
        ["series", "year", "year_from", "mean", "lower", "upper", "prob", "p_increase", "class"]
    ]
    changes[["mean", "lower", "upper"]] /= 100
    series = ["satisfaction_overall", "staff_available", "phone_availability", "sick_pay_refund_ease"]
    printed = audit.trends["published"].notna() & (audit.trends["year"] >= 2018)
    trends = audit.trends[audit.trends["series"].isin(series) & printed]
    drawings = {
        "changes": lambda: nav.plot_change(
            changes, label="series", title=say("Changes 2023–2024 that the report speaks of", lang=lang)
        ),
        "trends": lambda: nav.plot_trend(
            trends, by="series", title=say("Shares answering 4–6, published and modelled", lang=lang)
        ),
        "sectors": lambda: nav.plot_reported(
            audit.sectors, label=["item_year", "sector"], title=say("Both sectors: published and modelled", lang=lang)
        ),
    }
    if changes.empty:  # the joint model did not pass the gate
        del drawings["changes"]
    if "battery" in audit.shrinkage:
        services = audit.shrinkage[audit.shrinkage["battery"] == "service_satisfaction"]
        title = say("Services: direct and pooled", lang=lang)
        drawings["pooled"] = lambda: nav.plot_groups(services, label="item", title=title)
    for name, draw in drawings.items():
        ax = draw()  # type: ignore[no-untyped-call]
        figure = cast(Figure, ax.get_figure())
        figure.savefig(folder / f"{name}.png", dpi=120, metadata={"Description": alt_text(ax)})
        plt.close(figure)
