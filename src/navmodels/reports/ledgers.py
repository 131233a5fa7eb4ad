"""The ledger and the claims of an audit as tables: codes and numbers first, sentences of one language last."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from navmodels.reports.folders import Report
from navmodels.reports.scenarios import Judged, tabulate_sensitivity
from navmodels.reports.sentences import Speaker, unit_of, where_it_is
from navmodels.reports.statuses import REFUTES, Numbers, Told, best, facts_of
from navmodels.reports.typed_tables import records
from navmodels.reports.verdicts import Verdict

INPUT, NOTHING = "input", "not reproducible"
SHOWN = 3  # scenarios that a claim's sensitivity names
OF_CLAIM = ("claim", "kind", "survey", "item", "answer", "group_dim", "group", "time", "survey_b", "item_b", "answer_b",
            "group_b", "time_b", "direction", "level", "reference")  # fmt: skip


def tabulate_ledger(
    report: Report, numbers: Numbers, statuses: pd.DataFrame, judged: Judged, speaker: Speaker
) -> pd.DataFrame:  # fmt: skip
    """Return one row for each printed quantity.

    Returns
    -------
    pandas.DataFrame
        number (its id), table, row, survey, item, answer, group_dim, group, time, quantity, reference, label,
        published, unit, ours, lower, upper, status, power, noted_by_reader, code (of the check that decides),
        reason, note.
    """
    table = statuses.join(pd.DataFrame(numbers.quantities.values()).set_index("name"))
    fed = _fed(judged)
    rows = []
    for name, row in table.iterrows():
        told, pooled = best(numbers.told[str(name)]), fed.get(str(name))
        base = str(name).removesuffix(".n")
        status = row["status"] or (INPUT if pooled or (row["field"] == "n" and base in fed) else NOTHING)
        ours, lower, upper = (row[column] for column in ("ours", "lower", "upper"))
        if status == INPUT and pooled:
            ours, lower, upper = pooled[1:]
        elif not row["status"]:
            ours = lower = upper = np.nan
        reason = _reason(numbers.told[str(name)], told, pooled, status, row, speaker)
        code = told.check.code if told else "fed" if pooled else "base" if status == INPUT else "nothing"
        rows.append((ours, lower, upper, status, code, reason))
    found = pd.DataFrame(rows, columns=["ours", "lower", "upper", "status", "code", "reason"], index=table.index)
    units = [unit_of(row, report, speaker) for _, row in table.iterrows()]
    out = table.drop(columns=list(found.columns.drop("reason"))).join(found)
    out = out.assign(
        number=out.index, published=out["value"], quantity=out["field"], unit=units,
        label=[where_it_is(speaker, row) for _, row in out.iterrows()],
        noted_by_reader=_noted(report, out, speaker),
    )  # fmt: skip
    head = ["number", "table", "row", "survey", "item", "answer", "group_dim", "group", "time", "quantity", "reference"]
    more = ["label", "published", "unit", "ours", "lower", "upper", "status", "power", "noted_by_reader", "code",
            "reason", "note"]  # fmt: skip
    return out[[*head, *more]].reset_index(drop=True)


def tabulate_claims(report: Report, judged: Judged, speaker: Speaker) -> pd.DataFrame:
    """Return one row for each claim.

    Returns
    -------
    pandas.DataFrame
        claim, kind and what it is about, published_a, published_b, points, lower, upper (of A − B), p, verdict,
        sensitivity, lowest, highest (p over scenarios), code (what the reason is about), reason, note.
    """
    table = report.tables["claims"]
    spread = tabulate_sensitivity(judged.scenarios)
    rows = []
    for claim in table["claim"]:
        verdict, told = judged.verdicts[claim], spread.loc[claim]
        points = [np.nan] * 3 if verdict.points is None else [verdict.points.mean(), *_interval(verdict.points)]
        rows.append((*verdict.published, *points, verdict.p, verdict.word, _sensitivity(verdict, told, speaker),
                     told["lowest"], told["highest"], verdict.code, say_verdict(verdict, points, speaker)))  # fmt: skip
    columns = ["published_a", "published_b", "points", "lower", "upper", "p", "verdict", "sensitivity", "lowest",
               "highest", "code", "reason"]  # fmt: skip
    found = pd.DataFrame(rows, columns=columns, index=table.index)
    return table[list(OF_CLAIM)].join(found).assign(note=table["note"]).reset_index(drop=True)


def say_verdict(verdict: Verdict, points: Any, speaker: Speaker) -> str:
    """Return the sentences of a verdict: the difference, what it rests on, what is assumed."""
    facts = dict(verdict.facts)
    if np.isnan(verdict.p):
        if "bound" in facts:
            facts["bound"] = speaker.say("words", facts["bound"])
        return speaker.say("not_judged", verdict.code, **facts)
    code = "same" if facts.get("sign") == 0 else verdict.code
    mean, lower, upper = (round(float(each), 1) for each in points)
    parts = [speaker.say("claim", code, p=speaker.chance(verdict.p), points=mean, lower=lower, upper=upper, **facts)]
    if facts.get("models"):
        parts.append(speaker.say("claim", "pooled", models=facts["models"]))
    elif "models" in facts:
        parts.append(speaker.say("claim", "alone"))
    if facts.get("assumed"):
        parts.append(speaker.say("claim", "assumed", assumed=facts["assumed"]))
    if facts.get("comparable") == "no":
        parts.append(speaker.say("claim", "incomparable"))
    return " ".join(parts)


# ---- inside


def _fed(judged: Judged) -> dict[str, tuple[str, float, float, float]]:
    """Return the model that each number fed, and its pooled value and interval."""
    out: dict[str, tuple[str, float, float, float]] = {}
    for model, each in judged.models.items():
        for name, draws in each.items():
            scale = 1.0 if judged.shares.loc[name, "statistic"] == "mean" else 100.0
            out.setdefault(name, (model, float(scale * draws.mean()), *_interval(scale * draws)))
    return out


def _interval(draws: Any) -> tuple[float, float]:
    lower, upper = np.quantile(draws, (0.025, 0.975))
    return float(lower), float(upper)


def _reason(
    every: Any, told: Told | None, pooled: Any, status: str, row: pd.Series, speaker: Speaker
) -> str:  # fmt: skip
    """Return the sentences of a row: the check that decides, its power, the model it fed, what else speaks of it."""
    parts = []
    if told is not None and told.status:
        parts = [_say_check(told, row, speaker)]
        if told.status != "differs":
            parts.append(speaker.say("reason", "power", power=f"{speaker.write(round(100 * told.power))} %"))
    elif told is not None:
        code = "some" if told.check.code in REFUTES else "weak"
        parts = [speaker.say("reason", code, power=f"{speaker.write(round(100 * told.power))} %")]
    if pooled:
        mean, lower, upper = (round(each, 1) for each in pooled[1:])
        parts.append(speaker.say("reason", "fed", model=pooled[0], mean=mean, lower=lower, upper=upper))
    elif status == INPUT:
        parts.append(speaker.say("reason", "base"))
    own = told.check.code if told else ""
    others = [each for each in every if each.status and each is not told and each.check.code != own]
    if others:
        parts.append(speaker.say("reason", "more", text=_say_check(others[0], row, speaker)))
    return " ".join(parts) or speaker.say("reason", "nothing")


def _say_check(told: Told, row: pd.Series, speaker: Speaker) -> str:
    facts = {name: value for name, value in facts_of(told).items() if name not in ("rows", "half")}
    computed = row.name == told.check.target or row.name in told.outcome.more
    if row.name in told.outcome.more:
        facts |= dict(
            zip(("ours", "low", "high"), (float(each[0]) for each in told.outcome.more[str(row.name)]), strict=True)
        )
    text = speaker.say("check", told.check.code, **facts)
    if not computed and np.isfinite([row["lower"], row["upper"]]).all():
        text += " " + speaker.say("reason", "range", lower=row["lower"], upper=row["upper"])
    return text


def _sensitivity(verdict: Verdict, told: pd.Series, speaker: Speaker) -> str:
    if np.isnan(verdict.p):
        return ""
    if not told["turned"]:
        word = speaker.say("verdict", verdict.word)
        return speaker.say("sensitivity", "all", verdict=word, scenarios=int(told["scenarios"]))
    named = [speaker.scenario(name) for name in told["turned"]]
    listed = ", ".join(named[:SHOWN])
    if len(named) > SHOWN:
        listed = speaker.say("sensitivity", "more", listed=listed, count=len(named) - SHOWN)
    return speaker.say("sensitivity", "depends", turned=listed)


def _noted(report: Report, table: pd.DataFrame, speaker: Speaker) -> list[str]:
    """Return what a reader found of each number."""
    said: dict[str, list[str]] = {}
    for row in records(report.tables["contradictions"]):
        sentence = (row.sentence_nb or row.sentence) if speaker.lang == "nb" else row.sentence
        for name in row.numbers.split():
            said.setdefault(name, []).append(sentence)
    return [" ".join(said.get(str(name), [])) for name in table.index]


def count_words(column: pd.Series, order: Mapping[str, str]) -> list[tuple[str, int]]:
    """Return how many rows say each word, in order, without those that none says.

    Examples
    --------
    >>> count_words(pd.Series(["agrees", "differs", "agrees"]), {"differs": "avviker", "agrees": "stemmer"})
    [('avviker', 1), ('stemmer', 2)]
    """
    found = column.value_counts()
    return [(order[word], int(found[word])) for word in order if word in found]
