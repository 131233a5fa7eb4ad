"""fit: a model and a survey in, an ArviZ-ready `xarray.DataTree` out."""

import time
from importlib.metadata import version

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from navmodels.data import checks
from navmodels.data.survey import Survey
from navmodels.inference.convergence import check, describe_failures
from navmodels.inference.coordinates import plain_coordinates, walking_coordinates
from navmodels.inference.nuts import sample_nuts
from navmodels.models.model import Design, Model, design
from navmodels.models.records import record_design

ENGINES = ("auto", "nuts")
WALKS = (
    ("whitened", walking_coordinates, 1000, 0.95),
    ("non-centred", plain_coordinates, 2000, 0.99),
)  # tuning, acceptance
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
        "nuts" (PyMC and nutpie), or "auto", which today is the same.
    draws, chains
        Draws kept of each chain, after 1 000 of tuning.
    seed
        Whole number that fixes the draws within one locked environment; None draws one and keeps it in the attributes.
    progress
        Show a progress bar.

    Returns
    -------
    xarray.DataTree
        Groups posterior (``intercept``, ``<term>_effect`` by level, ``<term>_sd``), sample_stats, log_likelihood (dims
        chain, draw, cell), observed_data, survey. ``attrs``: engine, seed, seconds, divergences, unconverged (why the
        gate did not pass, or empty), model, versions, data_hash.

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
        groups, coordinates, failed = _sample(arrays, draws=draws, chains=chains, seed=seed, progress=progress)
    observed = xr.Dataset({model.outcome.observed: ("cell", arrays.data[model.outcome.observed])})
    likelihood = _log_likelihood(arrays, groups["posterior"])
    tree = xr.DataTree.from_dict({**groups, "log_likelihood": likelihood, "observed_data": observed, "survey": cells})
    tree.attrs = {
        **attrs,
        "engine": "nuts",
        "coordinates": coordinates,
        "seed": seed,
        "seconds": round(time.perf_counter() - start, 3),
        "divergences": int(groups["sample_stats"]["diverging"].sum()),
        "unconverged": failed,
        "weighting": survey.cells.attrs["weighting"],
        "simulated": survey.cells.attrs.get("simulated", ""),
        "versions": " ".join(f"{name}={version(name)}" for name in PACKAGES),
    }
    return tree


# ---- inside


def _sample(
    arrays: Design, *, draws: int, chains: int, seed: int, progress: bool
) -> tuple[dict[str, xr.Dataset], str, str]:
    """Return posterior and sampler statistics, the coordinates used, and what of the gate failed.

    NUTS walks in coordinates made for the data; when the gate fails, once more in plain ones, tuned for longer and
    with smaller steps. The better walk is kept, the second in doubt.
    """
    tries = []
    for name, coordinates, tune, accept in WALKS:
        posterior, statistics = sample_nuts(
            arrays,
            coordinates=coordinates(arrays),
            tune=tune,
            accept=accept,
            draws=draws,
            chains=chains,
            seed=seed,
            progress=progress,
        )
        groups = {"posterior": posterior, "sample_stats": statistics}
        table = check(xr.DataTree.from_dict(groups))
        tries.append((int((~table["passed"].astype(bool)).sum()), groups, name, describe_failures(table)))
        failing = set(table.loc[~table["passed"].astype(bool), "criterion"])
        if failing <= {"bulk ESS", "tail ESS"} and (not failing or draws < 1000):  # passed, or too few draws asked for
            break
    _, groups, name, failed = min(reversed(tries), key=lambda each: each[0])
    return groups, name if len(tries) == 1 else f"{name} (second walk; the first failed: {tries[0][3]})", failed


def _log_likelihood(arrays: Design, posterior: xr.Dataset) -> xr.Dataset:
    """Return the log-likelihood of each cell at each draw, for leave-one-out and power-scaling."""
    effects = {block.name: posterior[f"{block.name}_effect"].to_numpy() for block in arrays.blocks}
    eta = arrays.linear_predictor(posterior["intercept"].to_numpy(), effects)
    values = arrays.model.outcome.log_likelihood(eta, arrays.data)
    coords = {"chain": posterior["chain"], "draw": posterior["draw"], "cell": np.arange(eta.shape[-1])}
    return xr.Dataset({arrays.model.outcome.observed: (("chain", "draw", "cell"), values)}, coords=coords)
