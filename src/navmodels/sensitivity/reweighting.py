"""Draws of a fit weighed anew, where a scenario leaves its coefficients what they are: other priors, other numbers.

The ratio of the new joint density to the old one at each draw, Pareto-smoothed (Vehtari et al. 2024), says how often a
draw is kept. That is exact up to Monte Carlo error where k̂ and the effective draws say so; where they do not, or terms,
levels or cells change, the answer is None and the model is to be fitted again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from navmodels.data.survey import Survey
from navmodels.fits.pointwise import log_likelihood
from navmodels.fits.posteriors import in_order
from navmodels.fits.records import recall_design, record_design
from navmodels.gate.convergence import k_limit
from navmodels.gate.marks import mark
from navmodels.gate.smoothing import smooth_weights
from navmodels.models import designs
from navmodels.models.beliefs import prior_lines
from navmodels.models.blocks import Block
from navmodels.models.designs import Design
from navmodels.models.model import Model
from navmodels.sensitivity.powerscale import log_prior

Array = npt.NDArray[np.float64]

# Chosen by hand. A probability of one half has a Monte Carlo error of 0.016 from a quarter of 4,000 draws.
LEAST = 0.25  # effective draws, of all draws
MOST = 2_000_000  # draws x cells up to which other numbers are tried: beyond, the likelihood costs what a fit does


@dataclass(frozen=True, eq=False)
class Chosen:
    """Draws of a fit as often as a scenario has them.

    Attributes
    ----------
    design
        Of the scenario.
    kept
        Place of each draw among those of the fit, chains one after the other.
    pareto_k, effective_draws
        Of the importance ratios.
    same_survey
        Whether the survey is that of the fit.
    """

    design: Design
    kept: npt.NDArray[np.intp] = field(repr=False)
    pareto_k: float
    effective_draws: float
    same_survey: bool = True

    @property
    def moved(self) -> bool:
        """Whether draws weigh differently at all."""
        return self.pareto_k > -np.inf or not self.same_survey

    def pick(self, draws: xr.DataArray) -> xr.DataArray:
        """Return draws, dims (chain, draw, ...), as the scenario has them."""
        values = draws.transpose("chain", "draw", ...)
        flat = values.to_numpy().reshape(-1, *values.shape[2:])
        return values.copy(data=flat[self.kept].reshape(values.shape))

    def fit(self, fitted: xr.DataTree) -> xr.DataTree:
        """Return the fit of the scenario, from the one that was weighed."""
        cells, attrs = record_design(self.design)
        posterior = fitted["posterior"].to_dataset().map(self.pick)
        posterior.attrs = prior_lines(self.design)
        groups = {
            "posterior": mark(posterior, fitted.attrs),
            "sample_stats": fitted["sample_stats"].to_dataset().map(self.pick),
            "log_likelihood": log_likelihood(self.design, posterior),
            "observed_data": fitted["observed_data"].to_dataset(),
            "survey": cells,
        }
        tree = xr.DataTree.from_dict(groups)
        reason = "the draws of another fit, weighed anew"
        found = {"pareto_k": self.pareto_k, "effective_draws": self.effective_draws, "log_marginal_likelihood": np.nan}
        tree.attrs = {**fitted.attrs, **attrs, **found, "reason": reason, "prior_conflict": ""}
        return tree


@dataclass(frozen=True, eq=False)
class Weighed:
    """The joint draws of a fit that passed its gate, to be weighed for other priors and numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, fit
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> weighed = Weighed(fit(Model(Share(), Group("office")), survey, seed=1))
    >>> found = weighed.choose(Model(Share(), Group("office", scale=0.4)), survey)
    >>> found.pareto_k < 0.5, found.effective_draws > 3000
    (True, True)
    >>> weighed.choose(Model(Share()), survey) is None
    True
    """

    fit: xr.DataTree

    @cached_property
    def design(self) -> Design:
        """What the fit was made from."""
        return recall_design(self.fit)

    @cached_property
    def posterior(self) -> xr.Dataset:
        """The draws in the order of the design."""
        return in_order(self.design, self.fit["posterior"].to_dataset(), needed=self.design.parameters)

    @cached_property
    def old_prior(self) -> Array:
        """The log-density of the priors at each draw."""
        return log_prior(self.design, self.posterior).to_numpy().ravel()

    @cached_property
    def predictors(self) -> Array:
        """The linear predictors of each draw, dims (draw, cell, channel)."""
        return self.design.linear_predictor(*self.design.coefficients(self.posterior))

    @cached_property
    def old_likelihood(self) -> Array:
        """The log-likelihood of each draw."""
        return self._likelihood(self.design)

    def choose(self, model: Model, survey: Survey) -> Chosen | None:
        """Return the draws as another model of another survey has them; None where only a fit can tell."""
        design = designs.design(model, survey)
        if not same_coefficients(self.design, design):
            return None
        log_ratio = log_prior(design, self.posterior).to_numpy().ravel() - self.old_prior
        if not same_numbers(self.design.data, design.data):
            if len(log_ratio) * design.survey.cells.sizes["cell"] > MOST or any(
                each.sampling for each in design.blocks
            ):
                return None
            log_ratio = log_ratio + self._likelihood(design) - self.old_likelihood
        if not np.isfinite(log_ratio).all():
            return None
        weights, k = smooth_weights(log_ratio)
        effective = float(1 / (weights**2).sum())
        if not k < k_limit(weights.size) or effective < LEAST * weights.size:
            return None
        start = np.random.default_rng(int(self.fit.attrs["seed"])).random()
        cumulated = np.cumsum(weights)
        kept = np.searchsorted(cumulated / cumulated[-1], (np.arange(weights.size) + start) / weights.size)
        return Chosen(design, kept, k, effective, design.survey.cells.equals(self.design.survey.cells))

    def _likelihood(self, design: Design) -> Array:
        return np.asarray(design.model.outcome.log_likelihood(self.predictors, design.data).sum(axis=1))


def same_coefficients(one: Design, other: Design) -> bool:
    """Return whether two designs have the same coefficients, whose priors may differ at the top alone."""
    alike = (
        type(one.model.outcome) is type(other.model.outcome)
        and list(one.parameters) == list(other.parameters)
        and len(one.blocks) == len(other.blocks)
        and one.survey.cells.sizes["cell"] == other.survey.cells.sizes["cell"]
        and (one.channels.size, one.channels.dim, list(one.channels.labels))
        == (other.channels.size, other.channels.dim, list(other.channels.labels))
    )
    return alike and all(map(_same_block, one.blocks, other.blocks))


def same_numbers(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two designs have the same data."""
    return set(one) == set(other) and all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)


# ---- inside


def _same_block(one: Block, other: Block) -> bool:
    """Return whether two blocks have the same coefficients; learned ones the same prior given their parameters too."""
    learned = bool(one.scale.parts)
    return (
        (one.name, one.levels, one.channels, one.sampling, one.scale.parts)
        == (other.name, other.levels, other.channels, other.sampling, other.scale.parts)
        and np.array_equal(one.index, other.index)
        and _same(one.basis, other.basis)
        and (not learned or (one.scale.fixed == other.scale.fixed and _same(one.offset, other.offset)))
    )


def _same(one: Array | None, other: Array | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)
