"""Every printed share of every item, sector and year, with its battery and its base.

A series is an item for all establishments or for one sector. The bases of earlier years and of sectors are not in
print; the base assumed is written on each row. Nothing is fitted here; see `batteries`.
"""

from typing import Any

import numpy as np
import pandas as pd

from navmodels.reports.findings import records

ROUNDED = 2.5 / np.sqrt(3)  # sd in points of a level printed as "around" or in words: uniform within ± 2.5
IMPLIED = 0.5 / np.sqrt(3)  # extra sd of a level computed from another and a printed difference
RESPONDENTS = 4115
SECTOR_MIX = {"private": 0.72, "public": 0.28}
UNPRINTED = "value not printed|no value printed|restatement"
KINDS = ("six-point", "answers")  # items rated on a scale, and answers to tick
# batteries and kinds of items that appendix 2 does not have; any other is a battery of its own
OTHER_BATTERY = {
    "contact_person_dk": "contact_person",
    "exp_assist_temp_layoff": "service_use",
    "exp_posting_arbeidsplassen": "service_use",
    "exp_sick_followup_assist": "service_use",
    "sit_layoff_or_downsize": "situation_6m",
}
OTHER_KIND = dict.fromkeys(("satisfaction_overall_top2", "measures_followup_overall"), KINDS[0])
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
        series, battery, kind ("six-point" or "answers"), item, group, year, share (percent), n (base, printed or
        assumed), n_printed, extra_sd (points), source.
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
    battery = dict(zip(items["item_id"], items["battery"], strict=True)) | OTHER_BATTERY
    kind = dict(zip(items["item_id"], np.where(items["kind"] == "likert6", *KINDS), strict=True)) | OTHER_KIND
    table["battery"] = table["item"].map(battery).fillna(table["item"])
    table["kind"] = table["item"].map(kind).fillna(KINDS[1])
    order = ["series", "battery", "kind", "item", "group", "year", "share", "n", "n_printed", "extra_sd", "source"]
    return table[order].sort_values(["series", "year"], kind="stable").reset_index(drop=True)


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
