"""Every printed share of every year in one joint model: small series borrow from the rest.

A series is an item for all establishments or for one sector. The bases of earlier years are not in print; the base
assumed is written on each row, and callers repeat the fit with other bases.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import navmodels as nav
from navmodels.reproduction.findings import records

ROUNDED = 2.5 / np.sqrt(3)  # sd in points of a level printed as "around" or in words: uniform within ± 2.5
IMPLIED = 0.5 / np.sqrt(3)  # extra sd of a level computed from another and a printed difference
RESPONDENTS = 4115
SECTOR_MIX = {"private": 0.72, "public": 0.28}
UNPRINTED = "value not printed|no value printed|restatement"
OTHER_BASE = (
    "contact_person_yes",
    "contact_person_want",
    "contact_person_not_needed",
)  # text counts don't-knows, appendix does not


def series_name(item: str, group: str) -> str:
    """Return the name of a series: the item, and the group unless it is all establishments."""
    return item if group == "all" else f"{item} ({group})"


def series_levels(items: pd.DataFrame, trends: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Return every level that can be had from print, one row a series and year.

    Appendix 2 comes before the text for 2024; a level that is only implied by a printed change comes last.

    Returns
    -------
    pandas.DataFrame
        series, item, group, year, share (percent), n (base, printed or assumed), n_printed, extra_sd (points), source.
    """
    text = trends[
        trends["group_dim"].isin(["all", "sector"]) & ~trends["source_note"].fillna("").str.contains(UNPRINTED)
    ]
    text = text.drop_duplicates(["item_id", "group", "year"], keep="first")
    printed = text.assign(
        extra_sd=np.where(text["quality"] == "exact", 0.0, ROUNDED),
        source=np.where(text["quality"] == "exact", "text", "text, approximate"),
    )
    appendix = items.assign(group="all", year=2024, extra_sd=0.0, source="appendix 2")
    appendix = appendix[~appendix["item_id"].isin(OTHER_BASE)]
    columns = ["item_id", "group", "year", "share", "extra_sd", "source"]
    table = pd.concat([appendix[columns], printed[columns]]).drop_duplicates(["item_id", "group", "year"], keep="first")
    table = pd.concat([table, _implied(table, changes)]).rename(columns={"item_id": "item"})
    table["year"] = table["year"].astype(int)
    table["series"] = [series_name(*key) for key in zip(table["item"], table["group"], strict=True)]
    base = items.set_index("item_id")["n"].astype(float)
    table["n_printed"] = (table["source"] == "appendix 2") & table["item"].map(base).notna()
    whole = table["item"].map(base).where(~table["item"].isin(OTHER_BASE)).fillna(RESPONDENTS)
    table["n"] = whole * table["group"].map(SECTOR_MIX).fillna(1.0)
    order = ["series", "item", "group", "year", "share", "n", "n_printed", "extra_sd", "source"]
    return table[order].sort_values(["series", "year"], kind="stable").reset_index(drop=True)


def joint_survey(levels: pd.DataFrame, *, design_effect: float, base_factor: float = 1.0) -> "nav.Survey":
    """Return the series with two years or more as a survey; bases not printed are multiplied by `base_factor`."""
    several = levels.groupby("series")["year"].transform("nunique") >= 2
    table = levels[several].copy()
    n = table["n"] * np.where(table["n_printed"], 1.0, base_factor)
    p = table["share"] / 100
    table["se"] = np.sqrt(1e4 * design_effect * p * (1 - p) / n + table["extra_sd"] ** 2)
    return nav.Survey.from_report(table, by=["series", "year"], estimate="share", se="se")


def joint_model() -> "nav.Model":
    """Return the model of all series: level by series, a walk over years that all share, deviations of each."""
    return nav.Model(
        nav.Reported(), nav.Group("series", scale=1.0), nav.Trend("year"), nav.Group("series", "year", scale=0.3)
    )


def series_draws(fit: xr.DataTree, pairs: Sequence[tuple[str, int]]) -> xr.DataArray:
    """Return draws of the shares of series in years, printed or not; dims (chain, draw, series, year)."""
    population = pd.DataFrame(sorted(set(pairs)), columns=["series", "year"]).assign(weight=1.0)
    return nav.estimate(fit, by=["series", "year"], population=population)


def asked_pairs(claims: pd.DataFrame, levels: pd.DataFrame) -> list[tuple[str, int]]:
    """Return every series and year that is in print or that a statement speaks of."""
    several = set(levels.loc[levels.groupby("series")["year"].transform("nunique") >= 2, "series"])
    first, last = int(levels["year"].min()), int(levels["year"].max())
    pairs = set(zip(levels["series"], levels["year"], strict=True))
    for claim in records(claims[claims["kind"] == "change"]):
        name = series_name(claim.item, claim.group)
        pairs |= {
            (name, int(year)) for year in (claim.year_from, claim.year_to) if pd.notna(year) and first <= year <= last
        }
    return sorted(pair for pair in pairs if pair[0] in several)


def base_note(level: Any) -> str:
    """Return what base a level (a row of `series_levels`) stands on, for the reason of a row."""
    number = f"{level.n:,.0f}".replace(",", " ")
    if level.n_printed:
        return f"{level.year}: {level.share:g} %, n = {number} ({level.source})"
    mix = SECTOR_MIX.get(level.group, 1.0)
    whose = "all respondents of 2024" if round(level.n / mix) == RESPONDENTS else "that of 2024"
    part = "" if level.group == "all" else f" times the {100 * mix:.0f} % of its sector"
    return f"{level.year}: {level.share:g} % ({level.source}), base not printed, assumed {number}: {whose}{part}"


# ---- inside


def _implied(table: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Return levels that follow from another level and a printed change, where the level itself is not in print."""
    known = table.set_index(["item_id", "group", "year"])["share"]
    rows = []
    for row in records(changes[(changes["quality"] == "exact") & (changes["group"] == "all")]):
        start, end = (row.item_id, row.group, row.year_from), (row.item_id, row.group, row.year_to)
        if end in known.index and start not in known.index:
            source = f"implied by the printed change of {row.change_pp:+g} points to {row.year_to}"
            rows.append((*start, known[end] - row.change_pp, IMPLIED, source))
    return pd.DataFrame(rows, columns=["item_id", "group", "year", "share", "extra_sd", "source"])
