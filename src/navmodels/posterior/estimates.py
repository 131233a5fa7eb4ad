"""estimate: draws of a fit's outcome by any grouping, averaged over the population (post-stratified)."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels import checks
from navmodels.data.cells import added_up, cell_index, population_weights, settle_weights
from navmodels.fits.posteriors import in_order
from navmodels.fits.records import recall_design
from navmodels.gate.convergence import carried_attrs
from navmodels.gate.marks import mark
from navmodels.likelihoods import kernels
from navmodels.likelihoods.outcomes import Quantity
from navmodels.models.blocks import Block, join_labels
from navmodels.models.designs import Design, stack_effects
from navmodels.posterior.grids import lay_out
from navmodels.posterior.new_levels import Asked, known_levels, match_population

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
    new_levels: Asked = "refuse",
) -> xr.DataArray:
    r"""Return draws of the estimate of each group: predicted cells averaged with population weights.

    Parameters
    ----------
    fit
        A fit of `navmodels.fit`.
    by
        Factors of the model to group by; none gives one overall estimate.
    population
        Frame with the model's factors and ``weight``. Default: the survey's population frame or sums of weights. Labels
        are those of the survey and of their kind: True is not 1, nor is "03" 3. Cells nobody answered for are
        predicted. Combinations that a `Group` has not seen are drawn from the group's distribution, once per posterior
        draw, and so are new levels where `new_levels` asks for them; a `Trend` goes on to coming years; new levels of
        an `Effect`, or areas that are not on the map of a `Region`, are refused. Cells left out have no weight.
    cut
        Of a rating: the share that answers this or higher. Several: a further dim ``cut``.
    category
        Of a rating or a choice: the share that answers this. Several: a further dim ``category``. A rating without
        `cut` and `category` gives the mean score, a choice the shares of all categories.
    scale
        "response" (share or mean) or "linear" (the linear predictor, averaged; not for choices).
    new_levels
        Labels of the population that the survey has not seen: "refuse" (they may be misspelt), "allow" those that look
        like no known label, or a list of the labels that are meant. ``attrs["new_levels"]`` names those drawn, by
        factor.

    Returns
    -------
    xarray.DataArray
        Dims (chain, draw, \*by). Proportions for shares. The coordinate ``n`` holds the respondents of each group: 0
        means that the estimate rests on the model alone; without a population it is then the plain mean of the group's
        cells. Combinations that are not in the population are NaN. Where less than a quarter of all combinations exist
        because one factor lies within another, as offices do in municipalities (or of more than 20,000 combinations),
        those factors share a dim, "municipality:office", whose index has them as levels: `sel` takes each by its name,
        tables have a column for each, and ``draws.unstack()`` makes the grid.

    Raises
    ------
    ValueError
        For factors that are not in the model, labels of another kind than the survey's (with the conversion that
        helps), new levels not asked for or that cannot be predicted (with the nearest), categories that do not exist, a
        mean score of categories that are no numbers, or a population with missing values, cells that occur twice, or no
        weight at all; where no group of a published table has an n in each of its cells.

    Warns
    -----
    UserWarning
        When the population has no weight in a group, or a group has several cells of a published table one of which
        prints no n: it has no estimate, the others have.

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
    if population is not None:
        checks.require_pandas(population, what="population")
    design = recall_design(fit)
    quantity = _quantity(design, cut, category, scale)
    by = (by,) if isinstance(by, str) else tuple(by)
    for name in by:
        checks.one_of(name, design.model.factors, what="by")
    cells, weight, n, new = _population(design, population, new_levels)
    keys, index = cell_index(cells, by)
    settled = settle_weights(weight, index, cells)
    share, alone = _shares(design, settled, n, index, len(keys), given=population is not None)
    if alone.any():
        told = np.bincount(index, np.isnan(weight), len(keys)) > 0  # by settle_weights
        _warn_of_no_weight(keys[alone & ~told], every=bool(alone.all()))
        cells, share, n, keys, index = _without(alone, cells, share, n, keys, index)
    draws = _averages(fit, design, cells, share, index, len(keys), quantity)
    levels = {name: _level_order(design, keys[name], name) for name in by}
    out = lay_out(draws, keys, levels, np.bincount(index, n, len(keys)))
    if quantity.dim:
        out = out.rename(dim_3=quantity.dim).assign_coords({quantity.dim: list(quantity.labels)})
    out = out.assign_coords(chain=fit["posterior"]["chain"], draw=fit["posterior"]["draw"])
    out.attrs = {**carried_attrs(fit.attrs), "quantity": "estimate", "scale": scale, "statistic": quantity.name}
    out.attrs |= {"new_levels": new} if new else {}
    return mark(out.rename(quantity.name), fit.attrs, fit["posterior"].coords)


# ---- inside


def _quantity(design: Design, cut: Any, category: Any, scale: str) -> Quantity:
    """Return what is estimated from the linear predictors of a cell."""
    outcome = design.model.outcome
    quantity = outcome.quantity(design.survey, cut=cut, category=category) if scale == "response" else None
    if quantity is not None:
        return quantity
    if cut is not None or category is not None:
        raise ValueError("cut= and category= are for scale='response'.")
    if design.channels.fed != (0,):
        raise ValueError("a choice has several linear predictors; give scale='response', and category= for one share.")
    return Quantity(outcome.observed, lambda eta: np.array(eta[..., 0]))


def _population(
    design: Design, population: pd.DataFrame | None, new_levels: Asked
) -> tuple[pd.DataFrame, Array, Array, dict[str, list[Any]]]:
    """Return the factors, population weight and respondents of each cell to predict, and the labels that are new."""
    survey, factors = design.survey, list(design.model.factors)
    observed = survey.cells["n"] if survey.kind == "reported" else survey.cells["count"].sum("category")
    frame = design.cells[factors] if factors else pd.DataFrame(index=range(survey.cells.sizes["cell"]))
    if population is None:
        return frame, survey.cells["weight"].to_numpy(), observed.to_numpy(), {}
    if not factors:
        raise ValueError(
            "the model has no factors, so every member of a population has the same estimate; leave it out."
        )
    population, new = match_population(design, population, new_levels)
    population = _summed(population, factors)
    weight = population_weights(population, {name: tuple(population[name].unique()) for name in factors})
    cells = weight.index.to_frame(index=False).infer_objects()
    n = frame.assign(n=observed.to_numpy()).groupby(factors, observed=True)["n"].sum(min_count=1)
    asked = pd.MultiIndex.from_frame(cells[factors]) if len(factors) > 1 else pd.Index(cells[factors[0]])
    return cells, weight.to_numpy(), n.reindex(asked, fill_value=0.0).to_numpy(), new


def _shares(
    design: Design, weight: Array, n: Array, index: npt.NDArray[np.intp], size: int, *, given: bool
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return the share of each cell in its group, and which groups have no weight.

    Where weights are those of the respondents, a group that nobody answered in is the plain mean of its cells.
    """
    survey = design.survey
    counted = not given and survey.kind != "reported"
    if counted and np.allclose(survey.cells["weight"], survey.cells["weighted"].sum("category")):
        nobody = np.bincount(index, n, size) == 0
        weight = np.where(nobody[index], 1.0, weight)
    total = np.bincount(index, weight, size)
    return np.divide(weight, total[index], where=total[index] > 0, out=np.zeros(len(weight))), total == 0


def _warn_of_no_weight(keys: pd.DataFrame, *, every: bool) -> None:
    """Warn of groups without population weight, by name; raise when all are."""
    if every:
        raise ValueError("all population weights are zero; a group needs a positive weight to be averaged.")
    if len(keys):
        names = [":".join(map(str, key)) for key in keys.itertuples(index=False)]
        warnings.warn(
            f"the population has no weight in {checks.listing(names)}, so that there is no estimate of "
            f"{'it' if len(names) == 1 else 'them'}; give population= with a weight above zero there for one.",
            UserWarning,
            stacklevel=4,
        )


def _without(
    alone: npt.NDArray[np.bool_],
    cells: pd.DataFrame,
    share: Array,
    n: Array,
    keys: pd.DataFrame,
    index: npt.NDArray[np.intp],
) -> tuple[pd.DataFrame, Array, Array, pd.DataFrame, npt.NDArray[np.intp]]:
    """Return the groups that have a population, and their cells."""
    kept = ~alone[index]
    return cells[kept].reset_index(drop=True), share[kept], n[kept], keys[~alone], (np.cumsum(~alone) - 1)[index[kept]]


def _summed(population: pd.DataFrame, factors: list[str]) -> pd.DataFrame:
    """Return the population summed over factors that the model does not use, as the survey's cells are."""
    if set(population.columns) == {*factors, "weight"}:
        return population
    names = [name for name in population.columns if name != "weight"]
    checks.unique_cells(population, names, remedy=added_up(names))
    return population.groupby(factors, observed=True)["weight"].sum(min_count=1).reset_index()


def _level_order(design: Design, present: pd.Series, name: str) -> list[Any]:
    known = known_levels(design, name)
    found = set(present)
    new = {checks.plain(level) for level in found} - set(known)
    return [*(level for level in known if level in found), *sorted(new)]


def _averages(
    fit: xr.DataTree,
    design: Design,
    cells: pd.DataFrame,
    share: Array,
    index: npt.NDArray[np.intp],
    size: int,
    quantity: Quantity,
) -> Array:
    """Return weighted averages of the predicted cells, dims (chain, draw, group, ...), in chunks of draws."""
    posterior = in_order(design, fit["posterior"].to_dataset())
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    order = np.argsort(index, kind="stable")  # the cells of a group stand together
    starts, weight = np.searchsorted(index[order], np.arange(size)), share[order]
    base, effects = design.coefficients(posterior, sampling=False)
    places: dict[str, npt.NDArray[np.intp]] = {}
    for number, block in enumerate(design.blocks):
        if block.sampling:  # none of it is the population's
            places[block.name], effects[block.name] = np.zeros(len(cells), dtype=np.intp), np.zeros((len(base), 1, 1))
            continue
        places[block.name], new = _places(block, cells)
        if new:
            posterior = in_order(design, posterior, needed=[name for name, _ in block.scale.parts])
            effects[block.name] = _extended(
                block, new, effects[block.name], posterior, (int(fit.attrs["seed"]), number)
            )
    levels = stack_effects(effects.values(), len(base))
    term = design.place(places, {name: effect.shape[1] for name, effect in effects.items()})
    term = np.ascontiguousarray(term[order] if len(design.blocks) else np.empty((len(cells), 0), dtype=np.int64))
    labels = (len(quantity.labels),) if quantity.dim else ()
    out = np.empty((chains * draws, size, *labels))
    step = max(1, CHUNK // max(1, len(cells) * design.channels.size))

    def average(start: int) -> None:
        part = slice(start, start + step)
        mean = quantity.predict(kernels.linear_predictors(base[part], levels[part], term, design.fed))
        mean *= weight[:, None] if labels else weight
        out[part] = np.add.reduceat(mean, starts, axis=1)

    with kernels.threads() as pool:  # the compiled parts run beside each other
        list(pool.map(average, range(0, chains * draws, step)))
    return out.reshape(chains, draws, size, *labels)


def _places(block: Block, cells: pd.DataFrame) -> tuple[npt.NDArray[np.intp], list[tuple[Any, ...]]]:
    """Return the level of each cell, new levels numbered after the known, and the new levels."""
    known: Mapping[tuple[Any, ...], int] = {level: place for place, level in enumerate(block.levels)}
    keys = list(zip(*(cells[name].tolist() for name in block.factors), strict=True))
    new = sorted({key for key in keys if key not in known})  # draws follow the labels, not the order of rows
    place = {**known, **{key: len(known) + number for number, key in enumerate(new)}}
    return np.array([place[key] for key in keys], dtype=np.intp), new


def _extended(
    block: Block, new: list[tuple[Any, ...]], effect: Array, posterior: xr.Dataset, key: tuple[int, int]
) -> Array:
    """Return an effect, dims (draw, level, channel), with that of new levels after the known.

    Random numbers go with the seed, the number of the term and the channel; `key` holds the first two.
    """
    if block.beyond is None:
        raise ValueError(
            f"the term {block.name!r} knows nothing of {checks.listing(map(join_labels, new))}; "
            f"its levels: {checks.listing(block.labels, most=20)}.{checks.nearest(new[0][-1], block.labels)}"
        )
    names = {name for name, _ in block.scale.parts}
    scale = block.scale.of({name: posterior[name].to_numpy().ravel() for name in names})
    scale = np.broadcast_to(scale, len(effect)).astype(float)
    streams = [np.random.SeedSequence(key[0], spawn_key=(key[1], place)) for place in range(effect.shape[-1])]
    more = [
        block.beyond(block, new, effect[..., place], scale, np.random.default_rng(stream))
        for place, stream in enumerate(streams)
    ]
    return np.concatenate([effect, np.stack(more, axis=-1)], axis=1)
