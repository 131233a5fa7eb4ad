"""replicate: data sets that a fit predicts, like the observed one.

What they say of the model is for `residuals`; what cells say of each other for `elpd`. Not for new cells: `estimate`
predicts those.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels.fits.posteriors import in_order
from navmodels.fits.records import recall_design
from navmodels.gate.convergence import carried_attrs, require_converged
from navmodels.gate.marks import mark
from navmodels.likelihoods import kernels
from navmodels.models.designs import Design, stack_effects

Array = npt.NDArray[np.float64]
CHUNK = 2_000_000  # replicated numbers held at once
STREAM = 7_919  # sets the random numbers of replicates apart from those of the fit, which has the same seed


def replicate(fit: xr.DataTree, *, draws: int | None = None, seed: int | None = None) -> xr.DataArray:
    """Draw data sets like the observed one from the posterior predictive distribution.

    Parameters
    ----------
    fit
        A fit of `navmodels.fit`.
    draws
        At most so many draws of each chain, evenly spaced; None takes all. One data set for each: 4,000 draws of 5,000
        cells with 6 categories are 1 GB.
    seed
        Whole number that fixes the data sets; None takes the fit's.

    Returns
    -------
    xarray.DataArray
        Counts: ``positive``, dims (chain, draw, cell), of a share; ``count``, dims (chain, draw, cell, category), of a
        rating or a choice. Published numbers: ``estimate``, dims (chain, draw, cell), in the printed unit and rounded
        half up to the printed decimals (``attrs["digits"]``). The factors are coordinates of ``cell``, as is ``size``,
        the answers each count is of (``trials`` where a factor is called "size"). Effective sizes of weighted surveys
        are rounded down to whole answers.

    Raises
    ------
    ValueError
        When `draws` or `seed` is not allowed.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, fit
    >>> from navmodels.posterior import replicate
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> again = replicate(fit(Model(Share(), Group("office")), survey, seed=1), draws=100)
    >>> dict(again.sizes), again["size"].values.tolist()
    ({'chain': 4, 'draw': 100, 'cell': 4}, [60.0, 80.0, 75.0, 66.0])
    """
    design = recall_design(fit)
    posterior = in_order(design, fit["posterior"].to_dataset())
    if draws is not None:
        _whole(draws, "draws", lowest=1)
        kept = min(int(draws), posterior.sizes["draw"])
        posterior = posterior.isel(draw=np.arange(kept) * posterior.sizes["draw"] // kept)
    chains, kept, cells = posterior.sizes["chain"], posterior.sizes["draw"], len(design.cells)
    outcome = design.model.outcome
    labels, size = outcome.categories(design.survey), outcome.seen(design.survey).size
    out = np.empty((chains * kept, cells, max(1, len(labels))))
    for part, values in replicates(design, posterior, replicate_rng(fit, seed)):
        out[:, part] = values
    dims = ("chain", "draw", "cell", *(("category",) if labels else ()))
    coords: dict[str, Any] = {"chain": posterior["chain"], "draw": posterior["draw"], "cell": np.arange(cells)}
    coords |= {"category": list(labels)} if labels else {}
    coords |= {str(name): ("cell", values.to_numpy()) for name, values in design.cells.items()}
    digits = None
    if design.survey.kind == "reported":
        digits = int(design.survey.cells.attrs["digits"])
    else:
        coords["trials" if "size" in coords else "size"] = ("cell", size)
    attrs = {**carried_attrs(fit.attrs), "quantity": "replicate", **({} if digits is None else {"digits": digits})}
    shape = (chains, kept, cells, len(labels))[: len(dims)]
    return mark(
        xr.DataArray(out.reshape(shape), coords, dims, outcome.observed, attrs),
        fit.attrs,
        posterior.coords,
    )


def replicates(design: Design, posterior: xr.Dataset, rng: np.random.Generator) -> Iterator[tuple[slice, Array]]:
    """Yield replicated data of some cells after others: which cells, and dims (draw, cell, category)."""
    base, effects = design.coefficients(in_order(design, posterior), sampling=False)
    levels = stack_effects(effects.values(), len(base))
    data = {**design.data, **({"n": design.model.outcome.seen(design.survey).size} if "n" in design.data else {})}
    cellwise = [name for name in ("n", "count", "sd", "trials") if name in data]  # what outcomes draw with
    digits = design.survey.cells.attrs.get("digits")  # of published numbers
    step = max(1, CHUNK // (len(base) * (design.channels.size + 1)))
    for first in range(0, len(design.index), step):
        part = slice(first, first + step)
        eta = kernels.linear_predictors(base, levels, design.index[part], design.fed)
        values = design.model.outcome.draw(eta, data | {name: data[name][part] for name in cellwise}, rng)
        values = values if digits is None else np.floor(values * 10.0**digits + (0.5 + 1e-9)) / 10.0**digits
        yield part, values.reshape(*eta.shape[:2], -1)


def replicate_rng(fit: xr.DataTree, seed: int | None) -> np.random.Generator:
    """Return the random numbers of replicates, from a seed or that of the fit."""
    if seed is not None:
        _whole(seed, "seed", lowest=0)
    return np.random.default_rng([int(fit.attrs["seed"]) if seed is None else int(seed), STREAM])


def label_rows(design: Design, *, by_category: bool = True) -> pd.DataFrame:
    """Return factors, category and respondents: one row a cell, or a cell and category."""
    cells, outcome = design.survey.cells, design.model.outcome
    labels = outcome.categories(design.survey) if by_category else ()
    n = cells["n"] if "n" in cells else cells["count"].sum("category")
    rows = design.cells.loc[np.repeat(design.cells.index, max(1, len(labels)))].reset_index(drop=True)
    if labels:
        rows["category"] = list(labels) * len(design.cells)
    return rows.assign(n=np.repeat(n.to_numpy(), max(1, len(labels))))


def why_unconverged(fit: xr.DataTree, allow_unconverged: bool) -> str:
    """Return why the fit did not pass the gate, if it may be looked at all the same."""
    reason = str(fit.attrs.get("unconverged", ""))
    if not allow_unconverged:
        require_converged(reason, what="the fit", anyway=True)
    return reason


def stamp(table: pd.DataFrame, reason: str) -> pd.DataFrame:
    """Return the table with a column that says why the fit did not pass the gate, if it did not."""
    return table.assign(unconverged=reason) if reason else table


def kept_attrs(fit: xr.DataTree) -> dict[str, Any]:
    """Return the attributes of a fit that tables about its cells carry."""
    kept = ("engine", "seed", "simulated", "weighting")
    return {name: fit.attrs[name] for name in kept if fit.attrs.get(name, "") != ""}


# ---- inside


def _whole(given: Any, what: str, *, lowest: int) -> None:
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < lowest:
        raise ValueError(f"{what} is {given!r}; allowed: a whole number from {lowest}, or None.")
