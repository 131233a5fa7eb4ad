"""Every statement of change or difference in the employer report, held against the joint models of `batteries`.

A statement can be judged when both of its levels are in print (or follow from a printed change). The bases of earlier
years and of sectors are assumed; every verdict is repeated with half and with double of what was assumed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import navmodels as nav
from navmodels.reports.evidence import EmployerEvidence
from navmodels.reports.findings import records
from navmodels.reports.intervals import ends
from navmodels.reports.series import base_note, series_name
from navmodels.reports.verdicts import (
    DOWN,
    SAME,
    UP,
    Pair,
    Row,
    Verdict,
    compare,
    compare_each,
    direct_z,
    judge,
    judge_order,
)

FACTORS = (1.0, 0.5, 2.0)
Rows = Mapping[Pair, Row]
REMAINDER = ("none", "other", "dont_know")  # answers that are no rivals in an order


@dataclass(frozen=True)
class Compared:
    """What the draws say of every pair that statements compare (`compare`), model by model as in `EmployerEvidence`."""

    series: Mapping[float, Rows]
    sectors: Mapping[float, Rows]
    items: Rows
    units: Rows


def audit_employer_claims(claims: pd.DataFrame, evidence: EmployerEvidence) -> pd.DataFrame:
    """Return one row for each statement of kind change, difference or order, with verdict and reason.

    Returns
    -------
    pandas.DataFrame
        The columns of `claims`, then published_from, published_to (percent), mean, lower, upper (percentage points),
        p_increase, class, report_rule, status, status_half_base, status_double_base, reason.
    """
    compared = _compare(records(claims), evidence)
    verdict = {
        "change": lambda claim: _change(claim, evidence, compared),
        "difference": lambda claim: _difference(claim, evidence, compared),
        "order": lambda claim: _order(claim, claims, evidence),
    }
    rows = []
    for claim in records(claims[claims["kind"].isin(list(verdict))]):
        try:
            found = verdict[claim.kind](claim)
        except nav.NotConvergedError as error:
            found = _nothing(f"A model speaks of it, but its draws did not pass the gate: {error}")
        rows.append({"claim": claim.claim, **found})
    return claims.merge(pd.DataFrame(rows), on="claim", how="inner", validate="one_to_one")


# ---- inside


def _compare(claims: list[Any], evidence: EmployerEvidence) -> Compared:
    """Compare every pair that a statement speaks of, each model's pairs at once; those without draws are left out."""
    dated = [claim for claim in claims if pd.notna(claim.year_from) and pd.notna(claim.year_to)]
    changes = [_years(claim) for claim in dated if claim.kind == "change"]
    differences = [claim for claim in claims if claim.kind == "difference"]
    sectors = [_sectors(claim) for claim in differences if claim.group_dim == "sector"]
    units = [_units(claim) for claim in differences if claim.group_dim == "unit_called"]
    items = [(claim.item_b, claim.item) for claim in differences if claim.group_dim == "all"]
    return Compared(
        series={factor: compare_each(draws, changes) for factor, draws in evidence.series.items()},
        sectors={factor: compare_each(draws, sectors) for factor, draws in evidence.sectors.items()},
        items=compare_each(evidence.items, items),
        units=compare(evidence.units, units),
    )


def _years(claim: Any) -> Pair:
    return series_name(claim.item, claim.group), int(claim.year_from), int(claim.year_to)


def _sectors(claim: Any) -> Pair:
    return f"{claim.item} {claim.year_to}", claim.group_b, claim.group


def _units(claim: Any) -> Pair:
    return claim.item.removeprefix("called_"), claim.group_b, claim.group


def _nothing(reason: str) -> dict[str, Any]:
    return {"status": "not reproducible", "reason": reason}


def _judged(verdicts: Mapping[float, Verdict], reason: str, **more: Any) -> dict[str, Any]:
    """Return the columns of a verdict and of its repetitions with other bases."""
    main = verdicts[1.0]
    repeats = {
        name: verdicts[factor].status
        for factor, name in ((0.5, "status_half_base"), (2.0, "status_double_base"))
        if factor in verdicts
    }
    turned = [
        word
        for name, word in (("status_half_base", "half"), ("status_double_base", "double"))
        if repeats.get(name, main.status) != main.status
    ]
    if main.status == "differs" and main.label in ("tendency", "open", "no clear change", "no clear difference"):
        reason = f"Not clear at 95 %. {reason}"
    if 1 < len(verdicts) < len(FACTORS):
        reason += " A repetition with other bases did not pass the gate and is left out (fits.csv)."
    if turned:
        reason += f" The verdict turns with {' and with '.join(turned)} the assumed bases."
    numbers = {name: getattr(main, name) for name in ("mean", "lower", "upper", "p_increase")}
    return {**numbers, "class": main.label, "status": main.status, **repeats, **more, "reason": reason}


def _known(evidence: EmployerEvidence, series: list[str], years: list[Any]) -> list[Any]:
    """Return the level in print of each series and year, or None."""
    pairs = zip(series, years, strict=True)
    return [None if pd.isna(year) else evidence.level.get((name, int(year))) for name, year in pairs]


def _direct(known: list[Any], evidence: EmployerEvidence) -> dict[str, Any]:
    """Return both published levels, and what the report's rule says of their direct intervals."""
    share, n = (np.array([getattr(level, name) for level in known], dtype=float) for name in ("share", "n"))
    low, high = ends(share, n / evidence.design_effect)
    overlap = low[0] <= high[1] and low[1] <= high[0]
    rule = "intervals overlap" if overlap else "intervals do not overlap"
    return {"published_from": known[0].share, "published_to": known[1].share, "report_rule": rule}


def _judge(rows: Rows, pair: Pair, claim: Any) -> Verdict:
    over_time = claim.kind == "change"
    return judge(rows[pair], direction=claim.direction, stated=claim.stated, over_time=over_time)


def _change(claim: Any, evidence: EmployerEvidence, compared: Compared) -> dict[str, Any]:
    if pd.notna(claim.group_b) or pd.notna(claim.item_b):
        return _nothing("A change of a gap needs four levels; the report does not print them all, only the direction.")
    if pd.isna(claim.year_from):
        return _nothing("The report names no year to compare with.")
    name, *years = pair = _years(claim)
    known = _known(evidence, [name, name], years)
    lacking = [str(year) for year, level in zip(years, known, strict=True) if level is None]
    if lacking:
        reason = f"No level is in print for {' and '.join(lacking)}, only the direction."
        if pair in compared.series[1.0]:
            points = _points(_judge(compared.series[1.0], pair, claim))
            reason += f" Filled in from the other years and series, the model has {points}."
        return _nothing(reason)
    verdicts = {factor: _judge(rows, pair, claim) for factor, rows in compared.series.items() if pair in rows}
    notes = "; ".join(base_note(level) for level in known)
    reason = f"{_sentence(verdicts[1.0])} {notes}. {_other_side(claim, evidence, known)}".strip()
    return _judged(verdicts, reason, **_direct(known, evidence))


def _difference(claim: Any, evidence: EmployerEvidence, compared: Compared) -> dict[str, Any]:
    if claim.group_dim == "sector":
        return _sector_difference(claim, evidence, compared)
    if claim.group_dim == "unit_called" and _units(claim) in compared.units:
        verdict = _judge(compared.units, _units(claim), claim)
        reason = "From table 1; the two bases overlap, which is not in print, so they are taken as independent."
        return _judged({1.0: verdict}, f"{_sentence(verdict)} {reason}")
    pair = (claim.item_b, claim.item)
    if claim.group_dim != "all":
        return _nothing(f"The report prints no levels of {claim.item} by {claim.group_dim} that could be compared.")
    if pair not in compared.items or claim.year_to != 2024:
        return _nothing(
            "The report does not print both levels, or the statement is about a set of items without one level."
        )
    verdict = _judge(compared.items, pair, claim)
    reason = (
        "Both items pooled within their batteries; their covariance is not in print, so they are taken as independent."
    )
    known = _known(evidence, list(pair), [2024, 2024])
    return _judged({1.0: verdict}, f"{_sentence(verdict)} {reason}", **_direct(known, evidence))


def _sector_difference(claim: Any, evidence: EmployerEvidence, compared: Compared) -> dict[str, Any]:
    groups = [claim.group, claim.group_b]
    known = _known(evidence, [series_name(claim.item, group) for group in groups], [claim.year_to] * 2)
    lacking = [group for group, level in zip(groups, known, strict=True) if level is None]
    if lacking:
        when = f" in {claim.year_to}" if pd.notna(claim.year_to) else ""
        return _nothing(f"No level is in print for the {' and the '.join(lacking)} sector{when}.")
    pair = _sectors(claim)
    verdicts = {factor: _judge(rows, pair, claim) for factor, rows in compared.sectors.items() if pair in rows}
    notes = "; ".join(f"{group} {base_note(level)}" for group, level in zip(groups, known, strict=True))
    return _judged(verdicts, f"{_sentence(verdicts[1.0])} {notes}.", **_direct(known[::-1], evidence))


def _order(claim: Any, claims: pd.DataFrame, evidence: EmployerEvidence) -> dict[str, Any]:
    if claim.group_dim == "unit_called":
        draws = evidence.units.sel(column=claim.item.removeprefix("called_")).dropna("unit")
        verdict = judge_order(draws, along="unit", level=claim.group, among=1, direction=claim.direction)
        return _judged({1.0: verdict}, f"{_sentence(verdict)} From the five rows of table 1.")
    if claim.group_dim != "all" or claim.year_to != 2024 or claim.item not in evidence.battery:
        return _nothing("The report does not print the levels that would be ordered.")
    battery = evidence.battery[claim.item]
    together = claims[
        (claims["kind"] == "order") & (claims["direction"] == claim.direction) & (claims["year_to"] == claim.year_to)
        & (claims["group_dim"] == "all") & (claims["item"].map(evidence.battery) == battery)
    ]  # fmt: skip
    for draws in evidence.items:
        if claim.item in draws["item"].values:
            rivals = [
                item
                for item in draws["item"].values
                if evidence.battery[item] == battery and not str(item).endswith(REMAINDER)
            ]
            verdict = judge_order(
                draws.sel(item=rivals), along="item", level=claim.item, among=len(together), direction=claim.direction
            )
            place = "first" if len(together) == 1 else f"among the first {len(together)}"
            chance = f"Probability of being {place} of the {len(rivals)} items of its battery ({battery})."
            note = f" Note: {claim.note.rstrip('.')}." if pd.notna(claim.note) else ""
            return _judged({1.0: verdict}, f"{_sentence(verdict)} {chance}{note}")
    return _nothing("The item has no n in print.")


def _sentence(verdict: Verdict) -> str:
    """Return the finding in words, such as "+8.1 points (5.9 to 10.2), P(above zero) > 0.999: increase"."""
    p = (
        "> 0.999"
        if verdict.p_increase > 0.999
        else "< 0.001"
        if verdict.p_increase < 0.001
        else f"= {verdict.p_increase:.3f}"
    )
    if np.isnan(verdict.mean):
        return f"P(order as stated) {p}: {verdict.label}."
    return f"The model has {_points(verdict)}, P(above zero) {p}: {verdict.label}."


def _points(verdict: Verdict) -> str:
    return f"{verdict.mean:+.1f} points ({verdict.lower:.1f} to {verdict.upper:.1f})"


def _other_side(claim: Any, evidence: EmployerEvidence, known: list[Any]) -> str:
    """Return what the statement would look like with the text's own level, where the appendix contradicts it."""
    if known[1].source != "appendix 2":
        return ""
    text = evidence.trends
    own = text[
        (text["item_id"] == claim.item)
        & (text["group"] == claim.group)
        & (text["year"] == claim.year_to)
        & (text["quality"] != "approx")
    ]
    own = own[(own["share"] - known[1].share).abs() >= 1]
    if own.empty:
        return ""
    share = float(own["share"].iloc[0])
    z = direct_z((known[0].share, known[0].n), (share, known[1].n), evidence.design_effect)
    seen = "up" if z > 1.96 else "down" if z < -1.96 else "no clear change"
    stands = (
        (claim.direction in UP and z > 1.96)
        or (claim.direction in DOWN and z < -1.96)
        or (claim.direction in SAME and abs(z) < 1.96)
    )
    return (
        f"Contradiction in print: the text has {share:g} % for {claim.year_to}, appendix 2 {known[1].share:g} %. "
        f"With the text's own number the direct change would be {share - known[0].share:+.0f} points (z = {z:.1f}: "
        f"{seen}), so the statement {'rests on' if stands else 'fails even with'} the text's number; the appendix has "
        "n and interval and is what we compute from."
    )
