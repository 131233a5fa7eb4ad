"""The groups of each survey of the accessibility study, partially pooled: which cells feed which model.

One joint model for each survey and way of dividing it. Every question has its level; its groups deviate from it, and
how far groups deviate is learned from all questions together. No deviation is shared between questions, since a group
that finds Nav easy to reach has no reason to be high on "reasons for dissatisfaction" too.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import navmodels as nav
from navmodels.reports.findings import records
from navmodels.reports.single_shares import counts_printing

FACTORS = (1.0, 0.5, 2.0)
DESIGN_EFFECTS = (1.0, 1.5)
REST = "(the rest)"
LEAST_REST = 10
# ways of dividing respondents that are fitted together: they divide by the same thing
FAMILY = {
    "age_two": "age",
    "mother_tongue_within_no_benefit": "mother_tongue",
    "mother_tongue_within_phoning_centre": "mother_tongue",
}
EXCLUSIVE = (("vulnerable_user", "benefit"), ("partner", "partner_type"))  # exclusive, but not all groups are printed
RATED = ("person_user_nav/satisfaction_nav_overall", "resident/accessibility")  # whole distributions, apart
# what says the opposite of a row beside it, and one number for two groups
LEFT_OUT = (
    "vulnerable_user/norwegian_mother_tongue/yes",
    "partner/fixed_contact_person/no_need",
)


def group_cells(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of every model: the groups of a question of which two at least have a base.

    One question alone says nothing of how far groups differ and makes no model. Where the whole survey is printed as
    well, the respondents outside the printed groups enter as one more group.

    Parameters
    ----------
    estimates
        As from `with_bases`.

    Returns
    -------
    pandas.DataFrame
        `model` (survey × way of dividing), `survey_id`, `question`, `group`, `share` (percent), `n`, `extra_sd`
        (points, of a number printed as about), `assumed`, `row` (of the estimates; missing for the rest).

    Examples
    --------
    >>> from navmodels import load_report
    >>> from navmodels.reports.accessibility_bases import with_bases
    >>> cells = group_cells(with_bases(load_report("accessibility_2025", "estimates")))
    >>> easy = cells[cells["question"] == "accessibility: mostly_easy"]
    >>> easy[["group", "share", "n"]].round(1).to_records(index=False).tolist()  # doctest: +NORMALIZE_WHITESPACE
    [('upper_secondary_followup', 58.0, 60.0), ('municipal', 51.0, 334.0), ('measure_organiser', 48.0, 29.0),
     ('(the rest)', 31.0, 200.0)]
    """
    one_sided = estimates["bound"].isin(["gt", "lt"])
    usable = estimates[estimates["share"].notna() & estimates["entered"].notna() & ~one_sided]
    item = usable["survey_id"] + "/" + usable["item_id"]
    usable = usable[~item.isin(RATED) & ~(item + "/" + usable["category"]).isin(LEFT_OUT)]
    usable = usable.assign(model=usable["survey_id"] + " × " + usable["group_dim"].replace(FAMILY))
    usable["question"] = usable["item_id"] + ": " + usable["category"]
    within = usable["group_dim"].str.contains("_within_")
    usable["question"] = usable["question"].mask(within, usable["question"] + ", " + usable["group_dim"])
    whole = usable[(usable["group_dim"] == "all") & ~usable["hedged"]].set_index(["survey_id", "question"])
    cells = []
    for (model, question), rows in usable[usable["group_dim"] != "all"].groupby(["model", "question"], sort=False):
        found = [_cell(row, str(model)) for row in records(rows)]
        survey, dim = str(rows["survey_id"].iloc[0]), str(rows["group_dim"].iloc[0])
        if (survey, dim) in EXCLUSIVE and (survey, question) in whole.index:
            found += list(_rest(whole.loc[[(survey, question)]].iloc[0], found))
        if len(found) > 1:
            cells += found
    table = pd.DataFrame(cells)
    return table[table.groupby("model")["question"].transform("nunique") > 1].reset_index(drop=True)


def group_model() -> "nav.Model":
    """Return the model: a level for each question, and its groups around it."""
    return nav.Model(nav.Reported(), nav.Group("question", scale=1.5), nav.Group("question", "group", scale=1.0))


def group_survey(cells: pd.DataFrame, *, base_factor: float = 1.0, design_effect: float = 1.0) -> "nav.Survey":
    """Return the cells of one model as a survey; assumed bases are multiplied by `base_factor`.

    A share with a base at which whole counts print so enters exactly, as all those counts. Any other enters with the
    standard error of its base and what its rounding or hedging adds.
    """
    n = (cells["n"] * np.where(cells["assumed"], base_factor, 1.0)).round()
    p = cells["share"] / 100
    exact = [
        extra == 0 and bool(len(counts_printing(share, size)))
        for share, size, extra in zip(cells["share"], n, cells["extra_sd"], strict=True)
    ]
    se = (1e4 * design_effect * p * (1 - p) / n + cells["extra_sd"] ** 2) ** 0.5
    table = cells.assign(n=n, se=se.mask(np.array(exact)))
    return nav.Survey.from_report(
        table, by=["question", "group"], estimate="share", n="n", se="se", design_effect=design_effect
    )


def group_plan(cells: pd.DataFrame) -> dict[str, tuple["nav.Model", "nav.Survey"]]:
    """Return every model that is fitted, by name; those with assumed bases and with weights also in their variants."""
    plan = {}
    for model, rows in cells.groupby("model", sort=False):
        for name, variant in _variants(str(model), rows):
            plan[name] = (group_model(), group_survey(rows, **variant))
    return plan


def cell_draws(fit: xr.DataTree) -> dict[tuple[str, str], np.ndarray[Any, Any]]:
    """Return the draws of each question and group that was printed, all chains in one row."""
    draws = nav.estimate(fit, by=["question", "group"]).unstack()
    flat = draws.stack(sample=("chain", "draw")).transpose("question", "group", "sample")
    found = flat.to_numpy()
    return {
        (str(question), str(group)): found[i, j]
        for i, question in enumerate(flat["question"].to_numpy())
        for j, group in enumerate(flat["group"].to_numpy())
        if not np.isnan(found[i, j, 0])
    }


# ---- inside


def _cell(row: Any, model: str) -> dict[str, Any]:
    return {
        "model": model, "survey_id": row.survey_id, "question": row.question, "group": row.group, "share": row.share,
        "n": row.entered, "extra_sd": row.half / np.sqrt(3) if row.half > 0.5 else 0.0,
        "assumed": row.base_kind == "assumed", "row": row.Index,
    }  # fmt: skip


def _rest(whole: pd.Series, found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return the respondents outside the printed groups, from the share of the whole survey."""
    n = whole["base"] - sum(one["n"] for one in found)
    if n < LEAST_REST:
        return
    positive = whole["base"] * whole["share"] - sum(one["n"] * one["share"] for one in found)
    reach = np.hypot(0.5 * whole["base"], np.sqrt(sum((0.5 * one["n"]) ** 2 for one in found)))
    if not 0 < positive / n < 100:
        return
    rest = {"group": REST, "share": round(positive / n), "n": n, "extra_sd": reach / n / np.sqrt(3)}
    yield {**found[0], **rest, "assumed": False, "row": pd.NA}


def _variants(model: str, rows: pd.DataFrame) -> Iterator[tuple[str, dict[str, float]]]:
    yield model, {}
    if rows["assumed"].any():
        yield from ((f"{model}, base × {factor:g}", {"base_factor": factor}) for factor in FACTORS[1:])
    if model.startswith("resident"):
        yield from ((f"{model}, design effect {deff:g}", {"design_effect": deff}) for deff in DESIGN_EFFECTS[1:])
