"""The two questions of the accessibility study whose whole distributions are in print, as ordered categories.

Satisfaction 2023 (six categories, five kinds of benefit; two mother tongues) and figure 4-11 (three answers, four
benefits of residents). Thresholds differ by group, pulled towards those of all: one shift for every threshold does not
fit those on social assistance, of whom more are at both ends.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import navmodels as nav
from navmodels.reports.accessibility_models import DESIGN_EFFECTS

SATISFACTION = "satisfaction_nav_overall"
ACCESSIBILITY = "accessibility"
ANSWERS = {
    SATISFACTION: ("1_very_dissatisfied", "2", "3", "4", "5", "6_very_satisfied"),
    ACCESSIBILITY: ("mostly_difficult", "neither", "mostly_easy"),
}  # lowest first
SATISFIED = 4  # the lowest of the three satisfied answers
FIGURE = "resident × figure 4-11"
COMPLEMENT = "easy as complement"
EASY = {"sickness_or_aap": 53.0, "parental_etc": 63.0, "pension": 55.0}  # what the other two answers leave of 100
ROUNDING = 1 / np.sqrt(12)  # sd in points of a whole percent


def rating_plan(estimates: pd.DataFrame) -> dict[str, tuple["nav.Model", "nav.Survey"]]:
    """Return the models of whole distributions, by name.

    Figure 4-11 is fitted as read, with "easy" as the complement of the other two answers, and at another design effect.

    Examples
    --------
    >>> from navmodels import load_report
    >>> plan = rating_plan(load_report("accessibility_2025", "estimates"))
    >>> list(plan)  # doctest: +NORMALIZE_WHITESPACE
    ['person_user_nav × benefit', 'person_user_nav × mother_tongue', 'resident × figure 4-11',
     'resident × figure 4-11, easy as complement', 'resident × figure 4-11, design effect 1.5']
    """
    plan = {}
    for dim in ("benefit", "mother_tongue"):
        plan[f"person_user_nav × {dim}"] = _rating(_distribution(estimates, "person_user_nav", SATISFACTION, dim))
    figure = _distribution(estimates, "resident", ACCESSIBILITY, "benefit")
    plan[FIGURE] = _rating(figure)
    plan[f"{FIGURE}, {COMPLEMENT}"] = _rating(complemented(figure))
    plan[f"{FIGURE}, design effect {DESIGN_EFFECTS[1]:g}"] = _rating(figure, design_effect=DESIGN_EFFECTS[1])
    return plan


def complemented(table: pd.DataFrame) -> pd.DataFrame:
    """Return figure 4-11 with the three unsafe "easy" values as what the other two answers leave of 100."""
    return table.assign(mostly_easy=table["group"].map(EASY).fillna(table["mostly_easy"]))


def rating_draws(fit: xr.DataTree) -> dict[tuple[str, str], np.ndarray[Any, Any]]:
    """Return the draws of each answer and group, all chains in one row, under the names of `cell_draws`."""
    item = _item(fit)
    found = {}
    for score, answer in enumerate(ANSWERS[item], start=1):
        draws = nav.estimate(fit, by="group", category=score).stack(sample=("chain", "draw"))
        for group in draws["group"].to_numpy():
            found[f"{item}: {answer}", str(group)] = draws.sel(group=group).to_numpy()
    return found


def rating_table(fits: Mapping[str, xr.DataTree]) -> pd.DataFrame:
    """Return, for each model and group, the share at or above the cut, the highest category and the mean score."""
    rows = []
    for name, fit in fits.items():
        for measure, draws in _measures(fit):
            table = nav.summarise(draws, allow_unconverged=True)
            rows.append(table.assign(model=name, measure=measure))
    columns = ["model", "group", "measure", "n", "mean", "sd", "lower", "upper", "prob"]
    return pd.concat(rows, ignore_index=True)[columns]


# ---- inside


def _item(fit: xr.DataTree) -> str:
    known = {len(answers): item for item, answers in ANSWERS.items()}
    return known[fit["survey"].sizes["category"]]


def _measures(fit: xr.DataTree) -> Iterator[tuple[str, xr.DataArray]]:
    item = _item(fit)
    if item == SATISFACTION:
        yield "answering 4 to 6", nav.estimate(fit, by="group", cut=SATISFIED)
    highest = len(ANSWERS[item])
    yield ANSWERS[item][-1], nav.estimate(fit, by="group", category=highest)
    yield f"mean score, 1 to {highest}", nav.estimate(fit, by="group")


def _distribution(estimates: pd.DataFrame, survey: str, item: str, dim: str) -> pd.DataFrame:
    """Return one row a group: its size n and the percent of each answer."""
    rows = estimates[
        (estimates["survey_id"] == survey) & (estimates["item_id"] == item) & (estimates["group_dim"] == dim)
    ]
    table = rows.pivot(index="group", columns="category", values="share")[list(ANSWERS[item])]
    return table.assign(n=rows.groupby("group")["n"].first().astype(float)).reset_index()


def _rating(table: pd.DataFrame, *, design_effect: float = 1.0) -> tuple["nav.Model", "nav.Survey"]:
    """Return model and survey of a distribution in percent, its counts as many as sampling and rounding leave."""
    answers = [name for name in table.columns if name not in ("group", "n")]
    share = table[answers].div(table[answers].sum(axis=1), axis=0)
    spread = (share * (1 - share)).mean(axis=1)
    n = table["n"] / design_effect
    effective = n / (1 + n * (ROUNDING / 100) ** 2 / spread)
    counts = share.mul(effective, axis=0).assign(group=table["group"])
    survey = nav.Survey.from_counts(counts, by="group", counts=answers, categories=range(1, len(answers) + 1))
    return nav.Model(nav.Rating(by="group", scale=0.5)), survey
