"""The summary of an audit on the screen: at most 40 lines, for whoever has the report and not the method."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from navmodels.reports.folders import Report
from navmodels.reports.ledgers import count_words
from navmodels.reports.schema import ALL, SIGNS
from navmodels.reports.sentences import SURVEY, Speaker, words

LONGEST = 40  # lines
WIDE = 150  # characters
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # line ends and escapes of a terminal, in titles and labels
AGAINST = ("leans against", "fails")


def summarise_audit(
    report: Report, ledger: pd.DataFrame, claims: pd.DataFrame, fits: dict[str, xr.DataTree], speaker: Speaker
) -> str:
    """Return what was checked, what stands, leans and fails, and what cannot be judged, in at most 40 lines."""
    title = report.about.get(f"title_{speaker.lang}") or report.about.get("title", report.name)
    head = [title, _counts("numbers", "status", ledger["status"], speaker)]
    head += [_counts("claims", "verdict", claims["verdict"], speaker)] if len(claims) else []
    head += [_models(fits, speaker)] if fits else []
    judged = claims[claims["verdict"] != "not judged"]
    certain = judged[judged["lowest"].notna() & judged["sensitivity"].ne("")]
    turning = certain[[_turns(row) for row in certain.itertuples()]] if len(certain) else certain
    parts = [
        ("differ", [_number(row, speaker) for _, row in ledger[ledger["status"] == "differs"].iterrows()]),
        ("fails", _claims(judged[judged["verdict"].isin(AGAINST)].sort_values("p"), speaker)),
        ("leans", _claims(judged[judged["verdict"] == "leans"].sort_values("p"), speaker)),
        ("open", _claims(judged[judged["verdict"] == "open"].sort_values("p"), speaker)),
        ("depends", _claims(turning.sort_values("p"), speaker)),
        ("not_judged", _claims(claims[claims["verdict"] == "not judged"], speaker)),
    ]
    parts = [(code, lines) for code, lines in parts if lines]
    room = LONGEST - len(head) - 2 * len(parts)
    shares = _shares([len(lines) for _, lines in parts], room)
    for (code, lines), most in zip(parts, shares, strict=True):
        head += ["", f"{speaker.say('summary', code)} ({len(lines)}):"]
        head += list(_cut(lines, most, speaker))
    return "\n".join(CONTROL.sub(" ", line)[:WIDE] for line in head)


def describe_claim(row: pd.Series, speaker: Speaker) -> str:
    """Return a claim in a few words, such as "Easy to reach: yes, Own office: higher than Shared office (2025)"."""
    survey = row["survey"]
    text = speaker.label(survey, row["item"])
    text += f": {speaker.label(survey, row['item'], row['answer'])}" if row["answer"] else ""
    predictor = row["group_dim"] == "predictor"  # a coefficient against others of its model: item_b names it
    text += (
        f", {speaker.label(survey, row['group_dim'], row['group'])}" if row["group"] != ALL and not predictor else ""
    )
    groups = (survey,) if predictor else (survey, row["group_dim"])
    answers = (survey, row["item"])
    named = {"item_b": (survey,), "answer_b": answers, "group_b": groups, "survey_b": (SURVEY,), "time_b": ()}
    other = [speaker.named(*where, row[column]) for column, where in named.items() if row[column]]
    other += [f"{speaker.write(row['level'])} %"] if row["kind"] == "level" else []
    sign = SIGNS[row["direction"]]
    code = {1: "higher", -1: "lower", 0: "same"}[sign]
    if row["kind"] == "association":
        code = {1: "positive", -1: "negative", 0: "less"}[sign]
    elif row["kind"] == "order":
        code = "last" if sign < 0 else "first"
    when = f" ({row['time']})" if row["time"] else ""
    return f"{text}: {speaker.say('words', code, other=', '.join(other))}{when}"


# ---- inside


def _counts(code: str, section: str, column: pd.Series, speaker: Speaker) -> str:
    found = count_words(column, words(speaker.lang)[section])
    listed = ", ".join(f"{speaker.write(count)} {word}" for word, count in found)
    return f"{speaker.say('summary', code)}: {speaker.write(len(column))} ({listed})"


def _models(fits: dict[str, xr.DataTree], speaker: Speaker) -> str:
    failed = [name for name, fit in fits.items() if fit.attrs["unconverged"]]
    code = "failed" if failed else "passed"
    return f"{speaker.say('summary', 'models')}: {speaker.say('summary', code, count=len(fits), names=failed)}"


def _turns(row: object) -> bool:
    ends = (row.lowest, row.highest)  # type: ignore[attr-defined]
    return bool(np.digitize(ends[0], (0.05, 0.2, 0.8, 0.95)) != np.digitize(ends[1], (0.05, 0.2, 0.8, 0.95)))


def _number(row: pd.Series, speaker: Speaker) -> str:
    code = "alone" if np.isnan(row["ours"]) else "printed"
    facts = {"published": row["published"], "ours": round(float(row["ours"]), 1), "reference": row["reference"]}
    part = "" if row["quantity"] in ("value", "share") else f" ({speaker.say('field', row['quantity'])})"
    return speaker.say("summary", code, label=f"{row['label']}{part}", **facts)


def _claims(rows: pd.DataFrame, speaker: Speaker) -> list[str]:
    lines = []
    for _, row in rows.iterrows():
        p = "" if np.isnan(row["p"]) else f", P {speaker.chance(float(row['p']))}"
        text, room = describe_claim(row, speaker), WIDE - len(p) - 3
        lines.append(f"{text if len(text) <= room else text[:room] + '…'}{p}")
    return lines


def _shares(sizes: Sequence[int], room: int) -> list[int]:
    """Return how many lines each part gets: all alike, what one does not need goes to the others."""
    given = [0] * len(sizes)
    while room > 0 and any(got < size for got, size in zip(given, sizes, strict=True)):
        for place, size in enumerate(sizes):
            if room > 0 and given[place] < size:
                given[place] += 1
                room -= 1
    return given


def _cut(lines: Sequence[str], most: int, speaker: Speaker) -> Iterator[str]:
    kept = lines if len(lines) <= most else lines[: max(most - 1, 0)]
    yield from (f"  {line}" for line in kept)
    if len(kept) < len(lines):
        yield f"  {speaker.say('summary', 'more', count=len(lines) - len(kept))}"
