"""Tipping points: how large something unseen must be to overturn a statement.

An effect that the data cannot tell from a change (a new survey mode in the last year), and people who did not answer.
The point is solved for, not read off a grid.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypedDict, Unpack

import numpy as np
import pandas as pd
import xarray as xr
from scipy import optimize, special

from navmodels import checks
from navmodels.data.survey import Survey
from navmodels.gate.convergence import failures, require_converged
from navmodels.models import designs
from navmodels.models.model import Model, with_terms
from navmodels.models.terms import Effect
from navmodels.models.yardsticks import yardstick
from navmodels.posterior.comparisons import require_draws
from navmodels.sensitivity.scenarios import Estimand, refit_scenarios
from navmodels.sensitivity.verdicts import Statement, probability_of

KNOWN = 1e-4  # standard deviation, in logits, of an effect that is taken as known; chosen by hand
PRECISE = 1e-3  # logits, of a size that is told with one or two decimals
FIRST = 0.25  # logits; the search doubles it


class How(TypedDict, total=False):
    """How each size is fitted, as in `fit`."""

    engine: str
    seed: int


def find_tipping_effect(
    model: Model,
    survey: Survey,
    *,
    effect: str,
    estimand: Estimand,
    statement: Statement,
    prob: float = 0.5,
    most: float | None = None,
    **how: Unpack[How],
) -> pd.DataFrame:
    """Solve for the size of an effect at which a statement has a given probability.

    The model is fitted again at each size tried, with the effect known; all fits have the same seed.

    Parameters
    ----------
    model, survey
        As given to `fit`. The model has a numeric `Effect`, for instance ``Effect("new_mode", numeric=True)`` with 1 in
        the year of a new survey mode and 0 before.
    effect
        The factor of that effect.
    estimand
        As in `refit_scenarios`. For what is true of people and not of the mode, give a population in which the
        indicator is 0.
    statement
        As in `conclusions`: a function of draws that says whether the statement is true in each.
    prob
        The probability to reach: 0.5, or for instance 0.95 for the point up to which the statement is clear.
    most
        Largest size tried, in units of the linear predictor (logits for shares). None: 4 logits, eight spreads of
        published means.
    **how
        ``engine`` ("auto" unless said) and ``seed`` (0 unless said), as in `fit`.

    Returns
    -------
    pandas.DataFrame
        One row: statement_at_zero (its probability without the effect), prob, size (of the effect, on the linear scale;
        NaN when none up to `most` on either side reaches it), at_size (the probability there).

    Raises
    ------
    ValueError
        When the model has no such effect, or it is one of levels and not of a covariate.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Effect, Group, Model, Share, Survey
    >>> from navmodels.sensitivity import find_tipping_effect
    >>> table = pd.DataFrame({"year": [2023, 2024], "digital": [0, 1], "k": [300, 345], "n": [500, 500]})
    >>> survey = Survey.from_counts(table, by=["year", "digital"], positive="k", n="n")
    >>> model = Model(Share(), Group("year", scale=1.0), Effect("digital", numeric=True))
    >>> as_asked = pd.DataFrame({"year": [2023, 2024], "digital": [0, 0], "weight": [1.0, 1.0]})
    >>> found = find_tipping_effect(
    ...     model, survey, effect="digital", estimand={"by": "year", "population": as_asked},
    ...     statement=lambda share: share.sel(year=2024) > share.sel(year=2023),
    ... )
    >>> found.round(1).values.tolist()
    [[1.0, 0.5, 0.4, 0.5]]
    """
    place = {term.name: place for place, term in enumerate(model.terms) if isinstance(term, Effect)}
    covariates = [block.name for block in designs.design(model, survey).blocks if block.is_line]
    unit = yardstick(survey).unit
    options: How = {"engine": "auto", "seed": 0, **how}
    checks.one_of(effect, covariates, what="effect (a numeric Effect of the model)")

    def probability(size: float) -> float:
        terms = list(model.terms)
        terms[place[effect]] = Effect(effect, scale=KNOWN * unit, numeric=True, mean=float(size))
        known = with_terms(model, terms)
        draws = refit_scenarios(known, survey, {"known": {}}, estimand=estimand, **options)
        return probability_of(statement, draws.isel(scenario=0, drop=True), what="statement")

    return _solve(probability, prob, 4.0 * unit if most is None else most, unit)


def find_tipping_nonresponse(
    draws: xr.DataArray,
    *,
    response: float,
    where: Mapping[str, Any],
    statement: Statement,
    prob: float = 0.5,
    most: float = 10.0,
) -> pd.DataFrame:
    """Solve for how much non-respondents must differ for a statement about everybody to have a given probability.

    The share of everybody is response × p + (1 − response) × expit(logit p + size), p being the estimate from those who
    answered, at the entries that `where` selects; elsewhere non-respondents are like respondents.

    Parameters
    ----------
    draws
        Proportions, dims (chain, draw, ...), of `estimate`.
    response
        Proportion of the sample that answered.
    where
        Labels of the entries in which non-respondents differ, for instance ``{"year": 2024}``.
    statement, prob, most
        As in `find_tipping_effect`; sizes are log-odds of non-respondents less those of respondents.

    Returns
    -------
    pandas.DataFrame
        As of `find_tipping_effect`.

    Raises
    ------
    ValueError
        When the response is not between 0 and 1, or the draws are no proportions.
    NotConvergedError
        When the draws did not pass the gate.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from navmodels.sensitivity import find_tipping_nonresponse
    >>> values = np.random.default_rng(1).normal([0.60, 0.64], 0.01, size=(4, 1000, 2))
    >>> draws = xr.DataArray(values, dims=("chain", "draw", "year"), coords={"year": [2023, 2024]})
    >>> rose = lambda share: share.sel(year=2024) > share.sel(year=2023)
    >>> find_tipping_nonresponse(draws, response=0.27, where={"year": 2024}, statement=rose)["size"].round(2).tolist()
    [-0.23]
    """
    require_draws(draws)
    require_converged(failures(draws))
    if not 0 < response < 1:
        raise ValueError(f"response is {response!r}; allowed: a proportion between 0 and 1.")
    if bool((draws < 0).any() | (draws > 1).any()):
        raise ValueError("the draws are no proportions: they lie outside 0 to 1.")
    for dim, label in where.items():
        checks.one_of(dim, tuple(name for name in draws.dims if name not in ("chain", "draw")), what="dim in where")
        checks.one_of(label, tuple(draws[dim].to_numpy().tolist()), what=f"level of {dim!r}")
    here = xr.ones_like(draws.isel(chain=0, draw=0, drop=True), dtype=bool)
    for dim, label in where.items():
        here = here & (draws[dim] == label)

    logit = special.logit(draws)

    def probability(size: float) -> float:
        others = special.expit(logit + size)
        everybody = draws.where(~here, response * draws + (1 - response) * others)
        return probability_of(statement, everybody, what="statement")

    return _solve(probability, prob, most)


# ---- inside


def _solve(probability: Callable[[float], float], prob: float, most: float, unit: float = 1.0) -> pd.DataFrame:
    """Return the size nearest to zero at which a monotone probability crosses `prob`."""
    if not 0 < prob < 1 or not 0 < most < np.inf:
        raise ValueError(f"prob is {prob!r} and most {most!r}; allowed: prob between 0 and 1, most above 0.")
    known = cache(probability)
    size = np.nan
    for end in _ends(most, FIRST * unit):
        if (known(end) - prob) * (known(0.0) - prob) <= 0:
            size = float(optimize.brentq(lambda x: known(float(x)) - prob, *sorted((0.0, end)), xtol=PRECISE * unit))
            break
    at_size = known(size) if np.isfinite(size) else np.nan
    return pd.DataFrame([{"statement_at_zero": known(0.0), "prob": prob, "size": size, "at_size": at_size}])


def _ends(most: float, first: float) -> list[float]:
    """Return the ends to look at, on both sides, doubled up to the most."""
    reach = [min(first, most)]
    while reach[-1] < most:
        reach.append(min(2 * reach[-1], most))
    return [sign * each for each in reach for sign in (-1, 1)]
