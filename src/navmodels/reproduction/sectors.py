"""Shares printed for both sectors, and the table of units phoned: comparisons within one year."""

import numpy as np
import pandas as pd

import navmodels as nav

COLUMNS = ("only_this_unit", "also_employer_phone")  # columns of the table that the text compares


def sector_model() -> "nav.Model":
    """Return the model: one difference between sectors, and a level for each item, year and sector.

    Two sectors an item leave no room for a level of the item beside those of its sectors: NUTS cannot tell them apart.
    """
    return nav.Model(nav.Reported(), nav.Effect("sector", scale=0.5), nav.Group("item_year", "sector", scale=1.0))


def sector_survey(levels: pd.DataFrame, *, design_effect: float, base_factor: float = 1.0) -> "nav.Survey":
    """Return the levels printed for both sectors; no sector's base is in print, so all are times `base_factor`."""
    table = levels[levels["group"] != "all"].rename(columns={"group": "sector"})
    table = table.assign(item_year=table["item"] + " " + table["year"].astype(str))
    table = table[table.groupby("item_year")["sector"].transform("nunique") == 2].copy()
    p = table["share"] / 100
    variance = 1e4 * design_effect * p * (1 - p) / (table["n"] * base_factor)
    table["se"] = np.sqrt(variance + table["extra_sd"] ** 2)
    return nav.Survey.from_report(table, by=["item_year", "sector"], estimate="share", se="se")


def unit_model() -> "nav.Model":
    """Return the model of the table of units phoned: level by column, unit within column."""
    return nav.Model(nav.Reported(), nav.Effect("column"), nav.Group("column", "unit", scale=1.0))


def unit_survey(phone: pd.DataFrame, *, design_effect: float) -> "nav.Survey":
    """Return the columns that the text compares, one row a unit and column."""
    table = phone.rename(columns={"unit_called": "unit"}).melt(
        id_vars=["unit", "n"], value_vars=list(COLUMNS), var_name="column", value_name="share"
    )
    table = table[table["share"].notna()]
    return nav.Survey.from_report(table, by=["column", "unit"], estimate="share", n="n", design_effect=design_effect)
