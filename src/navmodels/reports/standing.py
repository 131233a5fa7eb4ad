"""Does a verdict stand under other assumptions: the axes of the standard set that every model of an audit has.

Complete pooling is not among them: it leaves no difference to speak of. What is assumed about bases is varied where
the verdicts are made.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import xarray as xr

from navmodels.data.survey import Survey
from navmodels.data.variants import with_design_effect
from navmodels.models.priors import HalfCauchy
from navmodels.reports.audits import Plan, fit_plan
from navmodels.sensitivity.changes import Scenario, change_scenario, in_family
from navmodels.sensitivity.verdicts import stand

GIVEN, CAUCHY = "as given", "half-Cauchy priors"
AXES: Mapping[str, Scenario] = {
    "prior scales × 0.5": {"priors": 0.5},
    "prior scales × 2": {"priors": 2.0},
    CAUCHY: {},  # whose scales are those of each model
    "no pooling": {"pooling": "none"},
    "design effect × 1.25": {"design_effect": 1.25},
    "design effect × 1.5": {"design_effect": 1.5},
    "design effect × 2": {"design_effect": 2.0},
}

Probabilities = Callable[[Mapping[str, xr.DataTree]], pd.Series]


def standing(
    given: pd.Series, plan: Plan, probabilities: Probabilities, *, engine: str, seed: int, progress: bool
) -> pd.Series:
    """Return for each statement "stands in all", "open in all", ... or "depends on ...".

    Parameters
    ----------
    given
        The probability of each statement with the models as they are; missing where it cannot be judged.
    plan
        The models behind them, by name.
    probabilities
        From the fits of a plan, those that passed the gate, to the probability of each statement.
    engine, seed, progress
        As in `fit_plan`.
    """
    found = {GIVEN: given}
    engine = "laplace" if engine == "auto" else engine  # an axis it does not pass on is left out: nuts takes minutes
    for name, scenario in AXES.items():
        changed = {model: pair for model, given_ in plan.items() if (pair := _changed(*given_, name, scenario))}
        fits = fit_plan(changed, engine=engine, seed=seed, progress=progress)
        found[name] = probabilities({model: fit for model, fit in fits.items() if not fit.attrs["unconverged"]})
    table = pd.DataFrame(found)
    return pd.Series(
        [None if pd.isna(row[GIVEN]) else stand(dict(row), base=GIVEN)["verdict"] for _, row in table.iterrows()],
        index=given.index, dtype="str",
    )  # fmt: skip


# ---- inside


def _changed(model: Any, survey: Any, name: str, scenario: Scenario) -> tuple[Any, Any] | None:
    """Return a model and its survey in a scenario; None where a printed number cannot be read so."""
    if name == CAUCHY:
        scenario = {"priors": in_family(model, survey, HalfCauchy)}
    try:
        if "design_effect" in scenario:
            return model, _inflated(survey, scenario["design_effect"])
        return change_scenario(model, survey, scenario)[:2]
    except ValueError:
        return None


def _inflated(survey: Survey, factor: float) -> Survey:
    """Return published numbers with a design effect times a factor, also where a standard error was given."""
    read = with_design_effect(survey, factor * survey.cells.attrs["design_effect"])
    given = read.cells["se"].notnull() | read.cells["lower"].notnull()
    sd = read.cells["sd"].where(~given, read.cells["sd"] * factor**0.5)
    return Survey(read.cells.assign(sd=sd), read.levels)
