"""fit: a model and a survey in, an ArviZ-ready `xarray.DataTree` out."""

import time
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from navmodels.data import checks
from navmodels.data.survey import Survey
from navmodels.inference.convergence import check, describe_failures
from navmodels.inference.pointwise import log_likelihood
from navmodels.models.model import Design, Model, design
from navmodels.models.records import record_design

ENGINES = ("auto", "laplace", "nuts")
MOST_CATEGORIES = 30  # of NUTS: 51 ended in a stack trace; what lies between has not been tried
PACKAGES = ("navmodels", "pymc", "nutpie", "arviz", "numpy")


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
        also by category; ``<term>_sd``), sample_stats, log_likelihood (dims chain, draw, cell; computed when it is
        looked at), observed_data, survey. ``attrs``: engine, reason (why this one), seed, seconds, unconverged (why the
        gate did not pass, or empty), model, versions, data_hash; of laplace pareto_k, effective_draws, proposals,
        log_marginal_likelihood (natural log; NaN for thresholds by level); of nuts divergences, coordinates.

    Raises
    ------
    ValueError
        When engine, draws, chains or seed are not allowed, or model and survey do not fit.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, fit
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> result = fit(Model(Share(), Group("office")), survey, seed=1)
    >>> result["posterior"]["office_effect"].dims
    ('chain', 'draw', 'office')
    """
    checks.one_of(engine, ENGINES, what="engine")
    if not all(isinstance(each, int | np.integer) for each in (draws, chains)) or draws < 4 or chains < 2:
        raise ValueError(
            f"draws is {draws!r} and chains {chains!r}; allowed: whole numbers, at least 4 draws and 2 chains "
            "(with one chain nothing shows whether it has settled)."
        )
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0):
        raise ValueError(f"seed is {seed!r}; allowed: a whole number from 0, or None.")
    arrays = design(model, survey)
    cells, attrs = record_design(arrays)
    seed = int(np.random.SeedSequence().generate_state(1)[0] // 2) if seed is None else int(seed)
    start = time.perf_counter()
    with threadpool_limits(1, "blas"):  # on two cores, two threads of BLAS are many times slower than one
        groups, made = _run(arrays, engine, draws=draws, chains=chains, seed=seed, progress=progress)
    seen = arrays.data[model.outcome.observed]
    observed = xr.Dataset({model.outcome.observed: (("cell", "category")[: seen.ndim], seen)})
    likelihood = log_likelihood(arrays, groups["posterior"])
    tree = xr.DataTree.from_dict({**groups, "log_likelihood": likelihood, "observed_data": observed, "survey": cells})
    tree.attrs = {
        **attrs,
        **made,
        "seed": seed,
        "seconds": round(time.perf_counter() - start, 3),
        "weighting": survey.cells.attrs["weighting"],
        "simulated": survey.cells.attrs.get("simulated", ""),
        "versions": " ".join(f"{name}={version(name)}" for name in PACKAGES),
    }
    return tree


# ---- inside


def _run(
    arrays: Design, engine: str, *, draws: int, chains: int, seed: int, progress: bool
) -> tuple[dict[str, xr.Dataset], dict[str, Any]]:
    """Return posterior and statistics, and the attributes that say which engine made them, why, and what failed."""
    tried: dict[str, Any] = {}
    if engine != "nuts":
        from navmodels.inference.laplace import sample_laplace

        posterior, statistics, made = sample_laplace(arrays, draws=draws, chains=chains, seed=seed)
        groups = {"posterior": posterior, "sample_stats": statistics}
        made = {"engine": "laplace", **made, "divergences": 0}
        tree = xr.DataTree.from_dict(groups)
        tree.attrs = made
        failed = describe_failures(check(tree))
        if engine == "laplace" or not failed:
            reason = "asked for" if engine == "laplace" else "its check passed"
            return groups, {**made, "reason": reason, "unconverged": failed}
        tried = {"reason": f"laplace did not pass its check: {failed}", "pareto_k": made["pareto_k"]}
    _require_few_categories(arrays, tried)
    from navmodels.inference.walks import walk

    groups, made = walk(arrays, draws=draws, chains=chains, seed=seed, progress=progress)
    return groups, {"engine": "nuts", "reason": "asked for", **tried, **made}


def _require_few_categories(arrays: Design, tried: dict[str, Any]) -> None:
    """Raise where NUTS would be asked to walk more thresholds or contrasts than it can."""
    size = arrays.channels.size
    if size > MOST_CATEGORIES:
        first = f"{tried['reason']}. " if tried else ""
        raise ValueError(
            f"{first}NUTS takes at most {MOST_CATEGORIES} categories, and the answers have "
            f"{arrays.survey.cells.sizes['category']}. Put neighbouring ones together before the survey is made, for "
            "instance a score from 0 to 100 in eleven: rows['score'] = (rows['score'] / 10).round().astype(int), "
            "with categories=range(11)."
        )
