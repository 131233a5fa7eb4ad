"""Priors that the data contradict: where the likelihood asks for a standard deviation that its prior rules out.

A prior far too narrow does not show in its posterior, which cannot leave it; so the data themselves are asked: how much
more probable they are at larger standard deviations than at the prior's 99.9 % quantile (Laplace approximation, all
else as in the posterior). The gate stays open: a prior may be meant. `fit` says it aloud.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from scipy import optimize

from navmodels.engines.laplace.modes import find_mode
from navmodels.engines.laplace.proposals import PRECISE, REACH
from navmodels.engines.laplace.targets import Target, make_target
from navmodels.models.designs import Design
from navmodels.models.terms import Effect, Term, with_scale

# Judgements, not quantiles of anything; the data must say twenty times as much (Kass & Raftery 1995: strong evidence).
FAR = 0.999  # of the prior
WIDE = 3.2905  # standard deviations of a normal that hold as much
GAIN = 3.0  # logs of how much more probable the data must be: twenty times
FLAT = 1e-6  # logs: far below the standard errors a doubling says nothing yet
DOUBLINGS = 40  # of a standard deviation: to 10¹² times the end of its prior; chosen by hand


def prior_conflicts(design: Design, posterior: xr.Dataset) -> list[str]:
    """Return a sentence for each prior that the data contradict: what was found, and what to do.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Reported, Survey
    >>> from navmodels.engines.fitting import refit
    >>> table = pd.DataFrame({"office": list("ABCDE"), "score": [45.2, 55.1, 60.3, 66.0, 75.4], "se": 4.0})
    >>> survey = Survey.from_report(table, by="office", estimate="score", se="se", unit="identity", digits=1)
    >>> refit(Model(Reported(), Group("office")), survey, seed=1).attrs["prior_conflict"]
    ''
    >>> print(refit(Model(Reported(), Group("office", scale=0.5)), survey, seed=1).attrs["prior_conflict"])
    99.9 % of the prior of office_sd lie below 1.65, and the data ask for at least 5.99: leave scale out of \
Group('office', scale=0.5)
    """
    found = [_of_intercept(design, posterior)]
    if design.blocks:
        target = make_target(design)
        means = {name: float(posterior[name].mean()) for name in design.parameters}
        terms: dict[str, Any] = {term.label: term for term in design.model.terms}
        if design.model.outcome.deviation is not None:
            terms[design.model.outcome.deviation.name] = design.model.outcome
        for name in means:
            label = name.removesuffix("_sd")
            if label in terms:
                found.append(_of_learned(target, name, means, terms[label]))
        for place, block in enumerate(design.blocks):
            if isinstance(terms.get(block.name), Effect):
                found.append(_of_fixed(target, place, means, terms[block.name]))
    return [sentence for sentence in found if sentence]


# ---- inside


def _of_intercept(design: Design, posterior: xr.Dataset) -> str:
    """Return what to say of the prior of an intercept."""
    if design.channels.dim is not None:
        return ""
    mean, scale = design.intercept_mean, design.intercept_scale
    found = float(posterior[design.model.outcome.base].mean())
    if abs(found - mean) <= WIDE * scale:
        return ""
    default = design.model.intercept_scale is None
    remedy = f"give intercept_mean={found:.2g}" if default else "leave intercept_scale out"
    return (
        f"the prior of the intercept is normal around {mean:.3g} with standard deviation {scale:.3g}, and its "
        f"posterior lies around {found:.3g}, beyond 99.9 % of it: {remedy}"
    )


def _of_learned(target: Target, name: str, means: dict[str, float], term: Any) -> str:
    """Return what to say of the prior of a standard deviation that is learned."""
    end = float(target.design.parameters[name].quantile(FAR))

    def evidence(value: float) -> float:
        return _evidence(target, _scales(target, {**means, name: value}))

    asked = _asked_for(evidence, max(evidence(end), evidence(means[name])), end)
    if asked is None and means[name] <= end:
        return ""
    asked = max(means[name], asked or 0.0)
    remedy = _remedy(target.design, term, asked)
    return f"99.9 % of the prior of {name} lie below {end:.3g}, and the data ask for at least {asked:.3g}: {remedy}"


def _of_fixed(target: Target, place: int, means: dict[str, float], term: Any) -> str:
    """Return what to say of the prior of effects whose standard deviation is fixed."""
    block, every = target.design.blocks[place], _scales(target, means)
    given = float(block.scale.fixed)

    def evidence(value: float) -> float:
        return _evidence(target, [*every[:place], value, *every[place + 1 :]])

    asked = _asked_for(evidence, evidence(given), WIDE * given)
    if asked is None:
        return ""
    what = f"{block.name}_slope" if block.is_line else f"{block.name}_effect"
    remedy = _remedy(target.design, term, asked)
    return f"the prior of {what} has scale {given:.3g}, and the data ask for at least {asked:.3g}: {remedy}"


def _remedy(design: Design, term: Any, asked: float) -> str:
    """Return what to do about the prior of a term: a default follows the unit of means, but not the size of logits."""
    if term.scale is not None and design.survey.cells.attrs.get("unit") == "identity":
        return f"leave scale out of {term!r}"
    scale = float(f"{asked:.2g}")
    return f"give {with_scale(term, scale) if isinstance(term, Term) else replace(term, scale=scale)!r}"


def _asked_for(evidence: Callable[[float], float], before: float, end: float) -> float | None:
    """Return the least standard deviation that the data ask for beyond `end`; None if they do not.

    That is, one that makes them as probable as any but for a factor of e: of groups that are all or nothing, ever
    larger ones do, by ever less.
    """
    heights = [evidence(end)]
    while len(heights) < DOUBLINGS and heights[-1] > max(heights) - FLAT:
        heights.append(evidence(end * 2.0 ** len(heights)))
    top = max(heights)
    if not top > before + GAIN:
        return None
    first = next(place for place, height in enumerate(heights) if height >= top - 1)
    low, high = np.log(end) + (first - 1) * np.log(2), np.log(end) + first * np.log(2)

    def beyond(log: float) -> float:
        return evidence(float(np.exp(log))) - (top - 1)

    if not beyond(low) < 0 < beyond(high):  # where the approximation is rough, or at its end
        return float(np.exp(high))
    return float(np.exp(optimize.brentq(beyond, low, high, xtol=0.01)))


def _scales(target: Target, parameters: dict[str, float]) -> list[float]:
    """Return the standard deviation of each block at values of the parameters."""
    return [float(block.scale.of(parameters)) for block in target.design.blocks]


def _evidence(target: Target, scales: list[float]) -> float:
    """Return the Laplace approximation of the log-density of the data at the standard deviation of each block."""
    base = target.design.intercept_scale
    shared = np.array([base if place is None else scales[place] for place, _ in target.order])
    own = 0.0 if target.own is None else scales[target.own]
    found = find_mode(target.layout, target.cells, shared, own, target.start(), PRECISE, REACH)
    return float(found.laplace) if found.arrived and found.laplace <= 0 else -np.inf
