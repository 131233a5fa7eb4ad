"""Building blocks of cells: index rows to cells, sum them, label them, weigh them.

Used by `Survey`; nothing here is public.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels.data import checks, printed


def cell_index(frame: pd.DataFrame, by: Sequence[str]) -> tuple[pd.DataFrame, npt.NDArray[np.intp]]:
    """Return the distinct combinations of `by` in order of appearance, and each row's place among them."""
    if not by:
        return pd.DataFrame(index=[0]), np.zeros(len(frame), dtype=np.intp)
    index = frame.groupby(list(by), observed=True, sort=False).ngroup().to_numpy().astype(np.intp)
    keys = frame[list(by)].drop_duplicates().reset_index(drop=True)
    return keys, index


def sum_rows(values: npt.NDArray[np.float64], index: npt.NDArray[np.intp], size: int) -> npt.NDArray[np.float64]:
    """Return the sums of rows that share an index."""
    total = np.zeros((size, *values.shape[1:]))
    np.add.at(total, index, values)
    return total


def labels(frame: pd.DataFrame, by: Sequence[str]) -> dict[str, Any]:
    """Return one coordinate along ``cell`` for each factor."""
    return {name: ("cell", np.array(frame[name].tolist())) for name in by}


def count_cells(
    table: pd.DataFrame, by: tuple[str, ...], outcome: str, categories: tuple[Any, ...], attrs: dict[str, Any]
) -> xr.Dataset:
    """Return counts by cell and category from a table of counts by `by` and answer."""
    keys, cell = cell_index(table, by)
    category = pd.Index(categories).get_indexer(pd.Index(table[outcome]))
    place = cell * len(categories) + category
    sums = [
        sum_rows(table[name].to_numpy(dtype=float), place, len(keys) * len(categories)).reshape(len(keys), -1)
        for name in ("count", "weighted")
    ]
    data = {
        "count": (("cell", "category"), sums[0]),
        "weighted": (("cell", "category"), sums[1]),
        "squares": ("cell", sum_rows(table["squares"].to_numpy(dtype=float), cell, len(keys))),
        "weight": ("cell", sums[1].sum(axis=1)),
    }
    return xr.Dataset(data, coords={**labels(keys, by), "category": list(categories)}, attrs=attrs)


def require_weight(cells: xr.Dataset) -> None:
    empty = np.flatnonzero(cells["weight"].to_numpy() == 0)
    if len(empty):
        names = [name for name in cells.coords if name != "category"]
        first = ", ".join(f"{name}={cells[name].to_numpy()[empty[0]]!r}" for name in names)
        raise ValueError(
            f"all weights are zero in {len(empty)} cells, for instance {first}; leave these respondents out or correct the weights."
        )


def population_weights(population: pd.DataFrame, levels: checks.Levels) -> pd.Series:
    """Return the weight of each population cell, checked: columns, levels, doubles, finite, not negative."""
    checks.known_columns(population, [*levels, "weight"], what="population")
    extra = set(population.columns) - {*levels, "weight"}
    if extra:
        raise ValueError(
            f"the population has columns {checks.listing(sorted(map(str, extra)))} that are no factors of the survey; it may have {checks.listing([*levels, 'weight'])}."
        )
    checks.complete(population, list(levels))
    checks.known_levels(population, levels, what="population")
    checks.unique_cells(population, list(levels))
    weight = checks.numeric(population["weight"], low=0.0)
    return pd.Series(weight.to_numpy(), index=pd.MultiIndex.from_frame(population[list(levels)].astype(object)))


def published_values(frame: pd.DataFrame, given: Mapping[str, str | None], unit: str) -> pd.DataFrame:
    """Return estimate, lower, upper, se, n as floats in their unit, checked for range and order."""
    top = printed.UNITS[unit] if unit != "identity" else np.inf
    limits = {
        "estimate": (-np.inf if unit == "identity" else 0.0, top),
        "se": (0.0, np.inf),
        "n": (1e-9, np.inf),
    }
    values = pd.DataFrame(np.nan, index=frame.index, columns=list(given))
    for name, column in given.items():
        if column:
            low, high = limits.get(name, limits["estimate"])
            try:
                values[name] = checks.numeric(frame[column], low=low, high=high, gaps=name != "estimate")
            except ValueError as error:
                if unit == "identity" or name not in ("estimate", "lower", "upper"):
                    raise
                raise ValueError(
                    f"{error} The unit was declared as {unit!r}; is it another of {checks.listing(printed.UNITS)}?"
                ) from error
    if unit == "percent" and (values["estimate"] <= 1).all() and (values["estimate"] % 1 != 0).any():
        raise ValueError("every estimate lies between 0 and 1 though the unit is 'percent'; give unit='proportion'.")
    outside = (values["lower"] > values["estimate"]) | (values["upper"] < values["estimate"])
    if outside.any():
        raise ValueError(
            f"the estimate lies outside its interval in {checks.rows(outside)}; lower ≤ estimate ≤ upper is needed."
        )
    return values
