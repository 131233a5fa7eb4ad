"""estimate: draws of a fit's outcome by any grouping, averaged over the population (post-stratified)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels.data import checks
from navmodels.data.cells import cell_index, population_weights
from navmodels.inference.convergence import carried_attrs
from navmodels.models.model import Design
from navmodels.models.records import recall_design
from navmodels.models.terms import Block

Array = npt.NDArray[np.float64]
SCALES = ("response", "linear")
CHUNK = 250_000  # predicted numbers held at once: they stay in the cache


def estimate(
    fit: xr.DataTree,
    *,
    by: str | Sequence[str] = (),
    population: pd.DataFrame | None = None,
    cut: Any = None,
    category: Any = None,
    scale: str = "response",
) -> xr.DataArray:
    r"""Return draws of the estimate of each group: predicted cells averaged with population weights.

    Parameters
    ----------
    fit
        A fit of `navmodels.fit`.
    by
        Factors of the model to group by; none gives one overall estimate.
    population
        Frame with the model's factors and ``weight``. Default: the survey's population frame or sums of weights. Cells
        nobody answered for are predicted; a combination that a `Group` of several factors has not seen is drawn from
        the group's distribution, once per posterior draw. Cells left out have no weight.
    cut, category
        For ratings and choices only.
    scale
        "response" (share or mean) or "linear" (the linear predictor, averaged).

    Returns
    -------
    xarray.DataArray
        Dims (chain, draw, \*by). Proportions for shares. The coordinate ``n`` holds the respondents of each group: 0
        means that the estimate rests on the model alone. Combinations that are not in the population are NaN.

    Raises
    ------
    ValueError
        For factors that are not in the model, unknown levels (with the nearest), or a population with missing values,
        cells that occur twice, or no weight in a group.

    Notes
    -----
    Multilevel regression and post-stratification: Gelman & Little (1997).

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, estimate, fit
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> draws = estimate(fit(Model(Share(), Group("office")), survey, seed=1), by="office")
    >>> draws.dims
    ('chain', 'draw', 'office')
    """
    checks.one_of(scale, SCALES, what="scale")
    if cut is not None or category is not None:
        raise ValueError(
            "cut= and category= are for ratings and choices; this fit models a share or a published number."
        )
    arrays = recall_design(fit)
    by = (by,) if isinstance(by, str) else tuple(by)
    for name in by:
        checks.one_of(name, arrays.model.factors, what="by")
    cells, weight, n = _population(arrays, population)
    keys, index = cell_index(cells, by)
    total = np.bincount(index, weight, len(keys))
    if (total == 0).any():
        empty = keys[total == 0].iloc[0].to_dict() if by else "the population"
        raise ValueError(f"all population weights are zero in {empty}; a group needs a positive weight to be averaged.")
    draws = _averages(fit, arrays, cells, weight / total[index], index, len(keys), scale)
    levels = {name: _level_order(arrays, keys[name], name) for name in by}
    out = _unfold(draws, keys, levels, np.bincount(index, n, len(keys)))
    out = out.assign_coords(chain=fit["posterior"]["chain"], draw=fit["posterior"]["draw"])
    out.attrs = {**carried_attrs(fit.attrs), "quantity": "estimate", "scale": scale}
    return out.rename(arrays.model.outcome.observed if scale == "linear" else _name(arrays))


# ---- inside


def _name(arrays: Design) -> str:
    return "mean" if arrays.survey.cells.attrs.get("unit") == "identity" else "share"


def _population(arrays: Design, population: pd.DataFrame | None) -> tuple[pd.DataFrame, Array, Array]:
    """Return the factors, population weight and respondents of each cell to predict."""
    survey, factors = arrays.survey, list(arrays.model.factors)
    observed = survey.cells["n"] if survey.kind == "reported" else survey.cells["count"].sum("category")
    frame = arrays.cells[factors] if factors else pd.DataFrame(index=range(survey.cells.sizes["cell"]))
    if population is None:
        return frame, survey.cells["weight"].to_numpy(), observed.to_numpy()
    if not factors:
        raise ValueError(
            "the model has no factors, so every member of a population has the same estimate; leave it out."
        )
    levels = {name: _known_levels(arrays, name) for name in factors}
    weight = population_weights(_summed(population, factors), levels)
    cells = weight.index.to_frame(index=False).infer_objects()
    n = frame.assign(n=observed.to_numpy()).groupby(factors, observed=True)["n"].sum(min_count=1)
    asked = pd.MultiIndex.from_frame(cells[factors]) if len(factors) > 1 else pd.Index(cells[factors[0]])
    return cells, weight.to_numpy(), n.reindex(asked, fill_value=0.0).to_numpy()


def _summed(population: pd.DataFrame, factors: list[str]) -> pd.DataFrame:
    """Return the population summed over factors that the model does not use, as the survey's cells are."""
    if set(population.columns) <= {*factors, "weight"} or not {*factors, "weight"} <= set(population.columns):
        return population
    checks.unique_cells(population, [name for name in population.columns if name != "weight"])
    return population.groupby(factors, observed=True, dropna=False)["weight"].sum(min_count=1).reset_index()


def _known_levels(arrays: Design, name: str) -> tuple[Any, ...]:
    """Return the levels that can be predicted: the survey's, and the years a trend runs over."""
    walks = [
        [level[0] for level in block.levels]
        for block in arrays.blocks
        if block.factors == (name,) and block.basis is not None
    ]
    return tuple(walks[0]) if walks else tuple(arrays.survey.levels[name])


def _level_order(arrays: Design, present: pd.Series, name: str) -> list[Any]:
    found = set(present)
    return [level for level in _known_levels(arrays, name) if level in found]


def _averages(
    fit: xr.DataTree,
    arrays: Design,
    cells: pd.DataFrame,
    share: Array,
    index: npt.NDArray[np.intp],
    size: int,
    scale: str,
) -> Array:
    """Return weighted averages of the predicted cells, dims (chain, draw, group), in chunks of draws."""
    from navmodels.inference.kernels import linear_predictors

    posterior = fit["posterior"]
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    flat = {
        name: values.to_numpy().reshape(chains * draws, *values.shape[2:])
        for name, values in posterior.data_vars.items()
    }
    order = np.argsort(index, kind="stable")  # the cells of a group stand together
    starts, weight = np.searchsorted(index[order], np.arange(size)), share[order]
    effects: list[Array] = []
    places: list[npt.NDArray[np.int64]] = []
    for block in arrays.blocks:
        effect = flat[f"{block.name}_effect"]
        place, unseen = _places(block, cells)
        if unseen:  # one draw per new combination and posterior draw
            rng = np.random.default_rng([int(fit.attrs["seed"]), len(effects)])
            new = flat[f"{block.name}_sd"][:, None] * rng.normal(size=(len(effect), unseen))
            effect = np.concatenate([effect, new], axis=1)
        places.append(sum(each.shape[1] for each in effects) + place[order])
        effects.append(effect)
    levels = np.concatenate([np.empty((chains * draws, 0)), *effects], axis=1)
    term = np.stack(places, axis=1) if places else np.empty((len(cells), 0), dtype=np.int64)
    out = np.empty((chains * draws, size))
    step = max(1, CHUNK // max(1, len(cells)))
    for start in range(0, chains * draws, step):
        part = slice(start, start + step)
        eta = linear_predictors(flat["intercept"][part], levels[part], term)
        mean = eta if scale == "linear" else arrays.model.outcome.mean(eta, arrays.survey)
        mean *= weight
        out[part] = np.add.reduceat(mean, starts, axis=1)
    return out.reshape(chains, draws, size)


def _places(block: Block, cells: pd.DataFrame) -> tuple[npt.NDArray[np.intp], int]:
    """Return the level of each cell, new combinations numbered after the known, and how many are new."""
    known: Mapping[tuple[Any, ...], int] = {level: place for place, level in enumerate(block.levels)}
    keys = list(zip(*(cells[name] for name in block.factors), strict=True))
    unseen = {
        key: len(known) + place for place, key in enumerate(dict.fromkeys(key for key in keys if key not in known))
    }
    return np.array([known[key] if key in known else unseen[key] for key in keys], dtype=np.intp), len(unseen)


def _unfold(draws: Array, keys: pd.DataFrame, levels: Mapping[str, list[Any]], n: Array) -> xr.DataArray:
    """Return draws (chain, draw, group) with one dim for each factor, NaN where a combination does not occur."""
    shape = [len(each) for each in levels.values()]
    place = tuple(pd.Index(each).get_indexer(pd.Index(keys[name])) for name, each in levels.items())
    full, count = np.full((*draws.shape[:2], *shape), np.nan), np.full(shape, np.nan)
    if levels:
        full[(slice(None), slice(None), *place)], count[place] = draws, n
    else:
        full, count = draws[..., 0], n[0]
    coords = {**levels, "n": (list(levels), count)}
    return xr.DataArray(full, dims=("chain", "draw", *levels), coords=coords)
