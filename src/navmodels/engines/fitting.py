"""fit: a model and a survey in, an ArviZ-ready `xarray.DataTree` out."""

import functools
import time
import warnings
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from navmodels import checks
from navmodels.data.survey import Survey
from navmodels.data.weights import unequal_weights
from navmodels.fits.pointwise import log_likelihood
from navmodels.fits.records import record_design
from navmodels.gate.convergence import FREE, MIN_ESS_PER_CHAIN, PriorConflictWarning, check, describe_failures
from navmodels.gate.marks import mark
from navmodels.models import designs
from navmodels.models.beliefs import prior_lines
from navmodels.models.blocks import ends_of_line
from navmodels.models.designs import Design
from navmodels.models.model import Model
from navmodels.models.slopes import has_slopes, slopes_of_lines

ENGINES = ("auto", "laplace", "nuts")
# By trial: NUTS on 400 answers in 41 categories passed in 3 minutes; 51 did not settle, 101 did not start.
MOST_CATEGORIES = 41  # of a rating for NUTS
PACKAGES = ("navmodels", "pymc", "nutpie", "arviz", "numpy")


@dataclass(frozen=True)
class Request:
    """How a fit is to be made, as the arguments of `fit` say; checked when it is made."""

    engine: str = "auto"
    draws: int = 1000
    chains: int = 4
    seed: int | None = None
    progress: bool = False

    def __post_init__(self) -> None:
        draws, chains, seed = self.draws, self.chains, self.seed
        checks.one_of(self.engine, ENGINES, what="engine")
        if not all(isinstance(each, int | np.integer) for each in (draws, chains)) or draws < 4 or chains < 2:
            raise ValueError(
                f"draws is {draws!r} and chains {chains!r}; allowed: whole numbers, at least 4 draws and 2 chains "
                "(with one chain nothing shows whether it has settled)."
            )
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0):
            raise ValueError(f"seed is {seed!r}; allowed: a whole number from 0, or None.")

    @property
    def of_sampler(self) -> dict[str, Any]:
        """What a sampler is told: draws, chains and seed."""
        return {"draws": self.draws, "chains": self.chains, "seed": self.seed}


def fit(
    model: Model,
    survey: Survey,
    *,
    engine: str = "auto",
    draws: int = 1000,
    chains: int = 4,
    seed: int | None = None,
    progress: bool = False,
) -> xr.DataTree:
    """Fit a model to a survey.

    Parameters
    ----------
    model, survey
        What is believed, and what was observed.
    engine
        "laplace" (importance-corrected nested Laplace: exact draws in about a second, and its own check), "nuts" (PyMC
        and nutpie), or "auto": laplace when its check passes, else nuts.
    draws, chains
        Draws kept of each chain; those of nuts come after tuning. The chains of laplace are a form that ArviZ reads:
        all its draws are one sample.
    seed
        Whole number that fixes the draws within one locked environment; None draws one and keeps it in the attributes.
    progress
        Show a progress bar while NUTS runs.

    Returns
    -------
    xarray.DataTree
        Groups posterior (``intercept``, or ``threshold`` by cut of a rating; ``<term>_effect`` by level, of a choice
        also by category; ``<term>_sd``; ``<term>_slope`` of a covariate; attributes: the priors, as `priors` tells
        them), sample_stats, log_likelihood (dims chain, draw, cell; computed when it is looked at), observed_data,
        survey. ``attrs``: engine, reason (why this one), seed, seconds, unconverged (why the
        gate did not pass, or empty), prior_conflict (which priors the data contradict, and the remedy, or
        empty), model, versions, data_hash; of laplace pareto_k, effective_draws, proposals,
        log_marginal_likelihood (natural log; NaN for thresholds by level); of nuts divergences, coordinates.

    Raises
    ------
    ValueError
        When engine, draws, chains or seed are not allowed, or model and survey do not fit.

    Warns
    -----
    UserWarning
        When survey weights are unequal within cells of the model and ``weighting="frame"`` does not use them there.
    PriorConflictWarning
        When the data contradict a prior: they are twenty times more probable with a larger standard deviation than at
        the 99.9 % quantile of its prior, or a posterior lies beyond it. Names the term and the remedy.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, fit
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> result = fit(Model(Share(), Group("office")), survey, seed=1)
    >>> result["posterior"]["office_effect"].dims
    ('chain', 'draw', 'office')
    >>> result["posterior"].attrs["prior of office_sd"]
    "half-normal, 0.5 logits (default); two levels of 'office' differ by up to 36.8 points"
    """
    tree = _fit(model, survey, Request(engine, draws, chains, seed, progress))
    warn_of_weights(model, survey, stacklevel=3)
    if tree.attrs["prior_conflict"]:
        warnings.warn(str(tree.attrs["prior_conflict"]), PriorConflictWarning, stacklevel=2)
    return tree


def refit(model: Model, survey: Survey, *, engine: str = "auto", seed: int | None = None) -> xr.DataTree:
    """Fit as `fit` does, without its warnings: for scenarios of a fit, whose priors are meant."""
    return _fit(model, survey, Request(engine, seed=seed))


def warn_of_weights(model: Model, survey: Survey, *, stacklevel: int = 2) -> None:
    """Warn when weights are unequal within cells of the model, where ``weighting="frame"`` does not use them."""
    kept = [name for name in survey.factors if name in model.factors]
    if survey.kind == "reported" or survey.cells.attrs["weighting"] != "frame":
        return
    why = unequal_weights(survey.collapse(kept).cells)
    if why:
        warnings.warn(
            f"survey weights are {why}. Under weighting='frame' they only make the population of each cell: have the "
            "variables they were made of in by= and as terms of the model, or make the survey with "
            "weighting='effective', which uses them within cells too.",
            UserWarning,
            stacklevel=stacklevel,
        )


# ---- inside


def _fit(model: Model, survey: Survey, asked: Request) -> xr.DataTree:
    """Return the fit that was asked for."""
    from navmodels.engines.laplace.conflicts import prior_conflicts

    design = designs.design(model, survey)
    cells, attrs = record_design(design)
    seed = int(np.random.SeedSequence().generate_state(1)[0] // 2) if asked.seed is None else int(asked.seed)
    asked, start = replace(asked, seed=seed), time.perf_counter()
    with threadpool_limits(1, "blas"):  # on two cores, two threads of BLAS are many times slower than one
        groups, made = _run(design, asked)
        groups["posterior"] = groups["posterior"].assign(_slopes(design, groups["posterior"]))
        groups["posterior"].attrs |= prior_lines(design)
        conflicts = prior_conflicts(design, groups["posterior"])
    seen = model.outcome.arrays(design.survey)[model.outcome.observed]
    observed = xr.Dataset({model.outcome.observed: (("cell", "category")[: seen.ndim], seen)})
    likelihood = log_likelihood(design, groups["posterior"])
    groups["posterior"] = mark(groups["posterior"], made)
    tree = xr.DataTree.from_dict({**groups, "log_likelihood": likelihood, "observed_data": observed, "survey": cells})
    tree.attrs = {
        **attrs,
        **made,
        "prior_conflict": "; ".join(conflicts),
        "seed": seed,
        "seconds": round(time.perf_counter() - start, 3),
        "weighting": survey.cells.attrs["weighting"],
        "simulated": survey.cells.attrs.get("simulated", ""),
        "versions": _versions(),
    }
    return tree


@functools.cache
def _versions() -> str:
    """Return the versions of what a fit is made with; read from disk once."""
    return " ".join(f"{name}={version(name)}" for name in PACKAGES)


def _slopes(design: Design, posterior: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return the slope of each covariate, for each of its units."""
    found = {}
    for block in design.blocks:
        if block.is_line:
            effect = posterior[f"{block.name}_effect"]
            low, high = (effect.isel({block.name: place}, drop=True) for place in ends_of_line(block))
            width = float(np.ptp([level[0] for level in block.levels]))
            found[f"{block.name}_slope"] = (high - low) / width
        elif has_slopes(block):
            effect = posterior[f"{block.name}_effect"].transpose("chain", "draw", block.name, ...)
            shape = effect.shape
            groups, slopes = slopes_of_lines(block, effect.to_numpy().reshape(-1, *shape[2:]))
            dims, name = (*effect.dims[:2], f"{block.name}_group", *effect.dims[3:]), f"{block.name}_slope"
            told = slopes.reshape(*shape[:2], len(groups), *shape[3:])
            found[name] = xr.DataArray(told, dims=dims, coords={f"{block.name}_group": groups})
    return found


def _run(design: Design, asked: Request) -> tuple[dict[str, xr.Dataset], dict[str, Any]]:
    """Return posterior and statistics, and the attributes that say which engine made them, why, and what failed."""
    tried: dict[str, Any] = {}
    if asked.engine != "nuts":
        from navmodels.engines.laplace.sampling import sample_laplace

        posterior, statistics, made = sample_laplace(design, **asked.of_sampler)
        groups = {"posterior": posterior, "sample_stats": statistics}
        made = {"engine": "laplace", **made, "divergences": 0}
        tree = xr.DataTree.from_dict(groups)
        tree.attrs = made
        failed = describe_failures(check(tree))
        alone = asked.engine == "laplace"
        if alone or not failed or asked.draws < MIN_ESS_PER_CHAIN:
            passed = "too few draws for any check" if failed else "its check passed"
            reason = "asked for" if alone else passed
            return groups, {**made, "reason": reason, "unconverged": _with_unused(design, failed)}
        tried = {"reason": f"laplace did not pass its check: {failed}", "pareto_k": made["pareto_k"]}
    _require_few_categories(design, tried)
    from navmodels.engines.nuts.retries import sample_with_retry

    groups, made = sample_with_retry(design, **asked.of_sampler, progress=asked.progress)
    made["unconverged"] = _with_unused(design, made["unconverged"])
    return groups, {"engine": "nuts", "reason": "asked for", **tried, **made}


def _with_unused(design: Design, failed: str) -> str:
    """Return what failed, and which items leave thresholds free where it may be the reason."""
    free = design.model.outcome.left_free(design.survey) if failed else ""
    return f"{failed}; {FREE} {free}" if free else failed


def _require_few_categories(design: Design, tried: dict[str, Any]) -> None:
    """Raise where NUTS would be asked to sample more thresholds than it can."""
    size = design.survey.cells.sizes.get("category", 0)
    if design.channels.ordered and size > MOST_CATEGORIES:
        first = f"{tried['reason']}. " if tried else ""
        raise ValueError(
            f"{first}NUTS takes at most {MOST_CATEGORIES} categories of a rating, and the answers have {size}. Put "
            "neighbouring ones together before the survey is made, for instance a score from 0 to 100 "
            "in eleven: rows['score'] = (rows['score'] / 10).round().astype(int), "
            "with categories=range(11)."
        )
