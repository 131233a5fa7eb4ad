"""The table of units phoned: which units were called alone or together, compared within one year."""

import pandas as pd

import navmodels as nav

COMPARED = ("only_this_unit", "also_employer_phone")  # columns of the table that the text compares


def unit_model() -> "nav.Model":
    """Return the model of the table of units phoned: level by column, unit within column."""
    return nav.Model(nav.Reported(), nav.Effect("column"), nav.Group("column", "unit", scale=1.0))


def unit_survey(phone: pd.DataFrame, *, design_effect: float) -> "nav.Survey":
    """Return the columns that the text compares, one row a unit and column."""
    table = phone.rename(columns={"unit_called": "unit"}).melt(
        id_vars=["unit", "n"], value_vars=list(COMPARED), var_name="column", value_name="share"
    )
    table = table[table["share"].notna()]
    return nav.Survey.from_report(table, by=["column", "unit"], estimate="share", n="n", design_effect=design_effect)
