"""Building blocks of cells: index rows to cells, sum them, label them, weigh them.

Used by `Survey`; nothing here is public.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels import checks
from navmodels.data import matching

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


def cell_index(frame: pd.DataFrame, by: Sequence[str]) -> tuple[pd.DataFrame, Places]:
    """Return the distinct combinations of `by` in order of appearance, and each row's place among them."""
    if not by:
        return pd.DataFrame(index=[0]), np.zeros(len(frame), dtype=np.intp)
    index = frame.groupby(list(by), observed=True, sort=False).ngroup().to_numpy().astype(np.intp)
    keys = frame[list(by)].drop_duplicates().reset_index(drop=True)
    return keys, index


def sum_rows(values: Array, index: Places, size: int) -> Array:
    """Return the sums of rows that share an index."""
    total = np.zeros((size, *values.shape[1:]))
    np.add.at(total, index, values)
    return total


def labels(frame: pd.DataFrame, by: Sequence[str]) -> dict[str, Any]:
    """Return one coordinate along ``cell`` for each factor."""
    return {name: ("cell", np.array(frame[name].tolist())) for name in by}


def simulated(frame: pd.DataFrame) -> dict[str, str]:
    """Return the mark of simulated data, which every survey of it carries."""
    return {"simulated": str(frame.attrs["simulated"])} if frame.attrs.get("simulated") else {}


def count_cells(table: pd.DataFrame, by: Sequence[str], categories: Sequence[Any]) -> xr.Dataset:
    """Return counts by cell and category, from the table of `count_answers`."""
    keys, cell = cell_index(table, by)
    number = {category: place for place, category in enumerate(categories)}  # 1, 1.0 and True are one answer
    other = dict.fromkeys(answer for answer in table["category"] if answer not in number)
    if other:
        raise ValueError(
            f"the answers {checks.listing(other)} are none of the categories {checks.listing(categories)}."
        )
    answer = np.array([number[category] for category in table["category"]], dtype=np.intp)
    place = cell * len(categories) + answer
    count, weighted = (
        sum_rows(table[name].to_numpy(dtype=float), place, len(keys) * len(categories)).reshape(len(keys), -1)
        for name in ("count", "weighted")
    )
    squares = sum_rows(table["squares"].to_numpy(dtype=float), cell, len(keys))
    cells = cells_of(count, weighted, squares, labels(keys, by), categories)
    empty = np.flatnonzero(cells["weight"].to_numpy() == 0)
    if len(empty):
        raise ValueError(
            f"all weights are zero in {len(empty)} of {len(keys)} cells: {name_cells(keys.iloc[empty])}; each needs a "
            "weight above zero. Leave these respondents out or correct the weights."
        )
    return cells


def cells_of(
    count: Array,
    weighted: Array,
    squares: Array,
    coords: Mapping[str, Any],
    categories: Sequence[Any],
) -> xr.Dataset:
    """Return counts, sums of weights, of squared weights, and the population weight of each cell as a dataset."""
    taken = [category for category in categories if str(category) in (*coords, "n", "weight")]
    if taken:
        raise ValueError(
            f"categories are named {checks.listing(taken)}, as a factor or a column of a survey's table is "
            f"({checks.listing([*coords, 'n', 'weight'])}); give them other names."
        )
    data = {
        "count": (("cell", "category"), count),
        "weighted": (("cell", "category"), weighted),
        "squares": ("cell", squares),
        "weight": ("cell", weighted.sum(axis=1)),
    }
    return xr.Dataset(data, coords={**coords, "category": list(categories)})


def join_population(cells: xr.Dataset, levels: checks.Levels, population: pd.DataFrame) -> xr.Dataset:
    """Return the cells with population weights, those nobody answered for added with n = 0."""
    weight = population_weights(population, levels)
    if not levels:
        return cells.assign(weight=("cell", weight.to_numpy()))
    factors = list(levels)
    observed = pd.MultiIndex.from_arrays([cells[name].to_numpy().astype(object) for name in factors], names=factors)
    lacking = ~observed.isin(weight.index)
    if lacking.any():
        raise ValueError(
            f"the population lacks {int(lacking.sum())} of {len(observed)} cells that were observed: "
            f"{name_cells(observed[lacking].to_frame(index=False))}; it needs one row for each."
        )
    order = observed.append(weight.index.difference(observed, sort=False))
    padded = cells.drop_vars(factors).pad(cell=(0, len(order) - len(observed)), constant_values=0.0)
    padded["weight"] = ("cell", weight.reindex(order).to_numpy())
    return padded.assign_coords(labels(order.to_frame(index=False), factors))


def population_weights(population: pd.DataFrame, levels: checks.Levels) -> pd.Series:
    """Return the weight of each population cell, checked: columns, levels, doubles, finite, not negative."""
    population = checks.named_rows(population, what="population")
    checks.known_columns(population, [*levels, "weight"], what="population")
    extra = sorted({str(name) for name in population.columns} - {*levels, "weight"})
    if extra:
        raise ValueError(
            f"the population has columns {checks.listing(extra)} that are no factors of the survey; "
            f"allowed: {checks.listing([*levels, 'weight'])}.{checks.nearest(extra[0], levels)}"
        )
    checks.complete(population, list(levels))
    population = matching.as_levels(population, levels, what="population")
    checks.unique_cells(population, list(levels), remedy=added_up(list(levels)))
    weight = checks.numeric(population["weight"], low=0.0).to_numpy()
    if not levels:
        return pd.Series(weight)
    return pd.Series(weight, index=pd.MultiIndex.from_frame(population[list(levels)].astype(object)))


def added_up(names: Sequence[str]) -> str:
    """Return how a population in which a cell has several rows becomes one with one row a cell."""
    if not names:
        return "Add up their weights."
    return f"Add up their weights: population.groupby({list(names)}, as_index=False, observed=True)['weight'].sum()."


def name_cells(keys: pd.DataFrame, *, most: int = 3) -> str:
    """Return cells as 'county='Oslo', year=2024; …', cut after `most`."""
    named = [
        ", ".join(f"{name}={checks.plain(level)!r}" for name, level in zip(keys.columns, row, strict=True))
        for row in keys.head(most).itertuples(index=False, name=None)
    ]
    more = f" and {len(keys) - most} more" if len(keys) > most else ""
    return "; ".join(name or "the whole sample" for name in named) + more


def settle_weights(weight: Array, index: Places, cells: pd.DataFrame) -> Array:
    """Return population weights without unknown ones: a cell that is a group of its own needs none.

    A group of several cells, one of which has no known weight, cannot be averaged: its cells get weight 0, and a
    warning names the cell that is lacking. No other group is touched.

    Parameters
    ----------
    weight
        Population weight of each cell, NaN where a published table prints no n.
    index
        The group of each cell.
    cells
        The factors of each cell, to name it.

    Raises
    ------
    ValueError
        Where no group can be averaged.

    Examples
    --------
    >>> cells = pd.DataFrame({"year": [2023, 2023, 2024], "region": ["north", "south", "north"]})
    >>> settle_weights(np.array([100.0, 300.0, np.nan]), np.array([0, 0, 1]), cells)
    array([100., 300.,   1.])
    """
    unknown = np.isnan(weight)
    if not unknown.any():
        return weight
    alone = np.bincount(index)[index] == 1
    open_groups = np.unique(index[unknown & ~alone])
    lost = np.isin(index, open_groups)
    if lost.any():
        text = (
            f"no n is printed for {name_cells(cells[unknown & ~alone])}, so that the population weight is not known "
            "and an average over this cell and others cannot be made. Give population=, a frame with the columns "
            f"{checks.listing([*cells.columns, 'weight'])}, or estimate by all of these factors."
        )
        if lost.all():
            raise ValueError(text)
        warnings.warn(f"{text} The other groups have their estimates.", UserWarning, stacklevel=3)
    settled: Array = np.where(lost, 0.0, np.where(unknown, 1.0, weight))
    return settled
