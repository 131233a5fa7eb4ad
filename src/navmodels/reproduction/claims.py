"""Every statement of change or difference in the employer report, held against the joint models.

A statement can be judged when both of its levels are in print (or follow from a printed change). The bases of earlier
years and of sectors are assumed; every verdict is repeated with half and with double of what was assumed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import navmodels as nav
from navmodels.reproduction.findings import records
from navmodels.reproduction.intervals import ends
from navmodels.reproduction.series import base_note, series_name
from navmodels.reproduction.verdicts import (
    DOWN,
    SAME,
    UP,
    Verdict,
    direct_z,
    judge_change,
    judge_difference,
    judge_order,
)

FACTORS = (1.0, 0.5, 2.0)
REMAINDER = ("none", "other", "dont_know")  # answers that are no rivals in an order


@dataclass(frozen=True)
class Evidence:
    """What statements are judged by.

    Attributes
    ----------
    levels
        Every level in print (`series_levels`).
    series, sectors
        For each base factor, draws by (series, year) and by (item_year, sector).
    items, means
        Draws of 2024 by item, from the pooled batteries: shares (six-point and multiple choice apart), and means.
    units
        Draws of the table of units phoned, by column and unit.
    battery
        The battery of each item.
    trends
        The shares printed in the text, to show both sides of a contradiction.
    design_effect
        Variance ratio to a simple sample.
    """

    levels: pd.DataFrame
    series: Mapping[float, xr.DataArray]
    sectors: Mapping[float, xr.DataArray]
    items: list[xr.DataArray]
    means: xr.DataArray
    units: xr.DataArray
    battery: Mapping[str, str]
    trends: pd.DataFrame
    design_effect: float


def audit_claims(claims: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    """Return one row for each statement of kind change, difference or order, with verdict and reason.

    Returns
    -------
    pandas.DataFrame
        The columns of `claims`, then published_from, published_to (percent), mean, lower, upper (percentage points),
        p_increase, class, report_rule, status, status_half_base, status_double_base, reason.
    """
    judge = {"change": _change, "difference": _difference, "order": _order}
    rows = []
    for claim in records(claims[claims["kind"].isin(list(judge))]):
        try:
            found = judge[claim.kind](claim, claims, evidence)
        except nav.NotConvergedError as error:
            found = _nothing(f"A model speaks of it, but its draws did not pass the gate: {error}")
        rows.append({"claim": claim.claim, **found})
    return claims.merge(pd.DataFrame(rows), on="claim", how="inner", validate="one_to_one")


# ---- inside


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


def _level(evidence: Evidence, series: str, year: Any) -> Any:
    if pd.isna(year):
        return None
    table = evidence.levels
    found = table[(table["series"] == series) & (table["year"] == int(year))]
    return None if found.empty else found.iloc[0]


def _report_rule(levels: list[Any], evidence: Evidence) -> str:
    """Apply the report's rule to the direct intervals of two published levels."""
    first, second = levels
    share = np.array([first["share"], second["share"]], dtype=float)
    low, high = ends(share, np.array([first["n"], second["n"]], dtype=float) / evidence.design_effect)
    overlap = low[0] <= high[1] and low[1] <= high[0]
    return "intervals overlap" if overlap else "intervals do not overlap"


def _change(claim: Any, claims: pd.DataFrame, evidence: Evidence) -> dict[str, Any]:
    if pd.notna(claim.group_b) or pd.notna(claim.item_b):
        return _nothing("A change of a gap needs four levels; the report does not print them all, only the direction.")
    if pd.isna(claim.year_from):
        return _nothing("The report names no year to compare with.")
    years = [int(claim.year_from), int(claim.year_to)]
    name = series_name(claim.item, claim.group)
    known = [_level(evidence, name, year) for year in years]
    lacking = [str(year) for year, level in zip(years, known, strict=True) if level is None]
    if lacking:
        return _nothing(
            f"No level is in print for {' and '.join(lacking)}, only the direction.{_modelled(evidence, name, years)}"
        )
    verdicts = {
        factor: judge_change(draws.sel(series=name, year=years), direction=claim.direction, stated=claim.stated)
        for factor, draws in evidence.series.items()
    }
    rule = _report_rule(known, evidence)
    bases = "; ".join(base_note(evidence.levels, series=name, year=year) for year in years)
    reason = f"{_sentence(verdicts[1.0])} {bases}. {_other_side(claim, evidence, known)}".strip()
    return _judged(verdicts, reason, published_from=known[0]["share"], published_to=known[1]["share"], report_rule=rule)


def _difference(claim: Any, claims: pd.DataFrame, evidence: Evidence) -> dict[str, Any]:
    if claim.group_dim == "sector":
        return _sector_difference(claim, evidence)
    pair = {"direction": claim.direction, "stated": claim.stated}
    if claim.group_dim == "unit_called" and claim.group_b in evidence.units["unit"].values:
        units = evidence.units.sel(column=claim.item.removeprefix("called_"), unit=[claim.group, claim.group_b])
        verdict = judge_difference(units, along="unit", reference=claim.group_b, **pair)
        reason = "From table 1; the two bases overlap, which is not in print, so they are taken as independent."
        return _judged({1.0: verdict}, f"{_sentence(verdict)} {reason}")
    if claim.group_dim == "all" and pd.notna(claim.item_b) and claim.year_to == 2024:
        for draws in evidence.items:
            if {claim.item, claim.item_b} <= set(draws["item"].values):
                verdict = judge_difference(
                    draws.sel(item=[claim.item, claim.item_b]), along="item", reference=claim.item_b, **pair
                )
                both = [_level(evidence, item, 2024) for item in (claim.item, claim.item_b)]
                reason = (
                    "Both items pooled within their batteries; their covariance is not in print, so they are taken as "
                    "independent."
                )
                return _judged(
                    {1.0: verdict},
                    f"{_sentence(verdict)} {reason}",
                    published_from=both[1]["share"],
                    published_to=both[0]["share"],
                    report_rule=_report_rule(both, evidence),
                )
    return _nothing(
        f"The report prints no levels of {claim.item} by {claim.group_dim} that could be compared."
        if claim.group_dim != "all"
        else "The report does not print both levels, or the statement is about a set of items without one level."
    )


def _sector_difference(claim: Any, evidence: Evidence) -> dict[str, Any]:
    groups = [claim.group, claim.group_b]
    known = [_level(evidence, series_name(claim.item, group), claim.year_to) for group in groups]
    lacking = [group for group, level in zip(groups, known, strict=True) if level is None]
    if lacking:
        when = f" in {claim.year_to}" if pd.notna(claim.year_to) else ""
        return _nothing(f"No level is in print for the {' and the '.join(lacking)} sector{when}.")
    name = f"{claim.item} {claim.year_to}"
    verdicts = {
        factor: judge_difference(
            draws.sel(item_year=name, sector=groups),
            along="sector",
            reference=claim.group_b,
            direction=claim.direction,
            stated=claim.stated,
        )
        for factor, draws in evidence.sectors.items()
    }
    notes = "; ".join(
        f"{group} {base_note(evidence.levels, series=series_name(claim.item, group), year=int(claim.year_to))}"
        for group in groups
    )
    reason = f"{_sentence(verdicts[1.0])} {notes}."
    return _judged(
        verdicts,
        reason,
        published_from=known[1]["share"],
        published_to=known[0]["share"],
        report_rule=_report_rule(known, evidence),
    )


def _order(claim: Any, claims: pd.DataFrame, evidence: Evidence) -> dict[str, Any]:
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
    points = f"{verdict.mean:+.1f} points ({verdict.lower:.1f} to {verdict.upper:.1f})"
    return f"The model has {points}, P(above zero) {p}: {verdict.label}."


def _modelled(evidence: Evidence, name: str, years: list[int]) -> str:
    """Return what the joint model makes of a change whose levels are not both in print, where it knows the series."""
    draws = evidence.series[1.0]
    if name not in draws["series"].values or not set(years) <= set(draws["year"].values.tolist()):
        return ""
    pair = draws.sel(series=name, year=years)
    if bool(pair.isnull().any()):
        return ""
    row = nav.summarise(nav.change(pair, along="year")).iloc[0]
    mean, lower, upper = (100 * row[name] for name in ("mean", "lower", "upper"))
    points = f"{mean:+.1f} points ({lower:.1f} to {upper:.1f})"
    return f" Filled in from the other years and series, the model has {points}."


def _other_side(claim: Any, evidence: Evidence, known: list[Any]) -> str:
    """Return what the statement would look like with the text's own level, where the appendix contradicts it."""
    text = evidence.trends
    own = text[
        (text["item_id"] == claim.item)
        & (text["group"] == claim.group)
        & (text["year"] == claim.year_to)
        & (text["quality"] != "approx")
    ]
    own = own[(own["share"] - known[1]["share"]).abs() >= 1]
    if own.empty or known[1]["source"] != "appendix 2":
        return ""
    share = float(own["share"].iloc[0])
    z = direct_z((known[0]["share"], known[0]["n"]), (share, known[1]["n"]), evidence.design_effect)
    seen = "up" if z > 1.96 else "down" if z < -1.96 else "no clear change"
    stands = (
        (claim.direction in UP and z > 1.96)
        or (claim.direction in DOWN and z < -1.96)
        or (claim.direction in SAME and abs(z) < 1.96)
    )
    return (
        f"Contradiction in print: the text has {share:g} % for {claim.year_to}, appendix 2 {known[1]['share']:g} %. "
        f"With the text's own number the direct change would be {share - known[0]['share']:+.0f} points (z = {z:.1f}: "
        f"{seen}), so the statement {'rests on' if stands else 'fails even with'} the text's number; the appendix has "
        "n and interval and is what we compute from."
    )
