"""Building blocks of cells: index rows to cells, sum them, label them, weigh them.

Used by `Survey`; nothing here is public.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels.data import checks, matching, printed


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
            f"all weights are zero in {len(empty)} of {len(keys)} cells: {_named(keys.iloc[empty])}; each needs a "
            "weight above zero. Leave these respondents out or correct the weights."
        )
    return cells


def cells_of(
    count: npt.NDArray[np.float64],
    weighted: npt.NDArray[np.float64],
    squares: npt.NDArray[np.float64],
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
            f"{_named(observed[lacking].to_frame(index=False))}; it needs one row for each."
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
    checks.unique_cells(population, list(levels))
    weight = checks.numeric(population["weight"], low=0.0).to_numpy()
    if not levels:
        return pd.Series(weight)
    return pd.Series(weight, index=pd.MultiIndex.from_frame(population[list(levels)].astype(object)))


def published_values(frame: pd.DataFrame, given: Mapping[str, str | None], unit: str) -> pd.DataFrame:
    """Return estimate, lower, upper, se, n as floats in their unit, checked for range and order."""
    share = unit != "identity"
    limits = dict.fromkeys(given, (0.0, printed.UNITS[unit]) if share else (-np.inf, np.inf))
    limits |= {"se": (0.0, np.inf), "n": (1.0, np.inf)}
    values = pd.DataFrame(np.nan, index=frame.index, columns=list(given))
    for name, column in given.items():
        if column:
            low, high = limits[name]
            try:
                values[name] = checks.numeric(frame[column], low=low, high=high, gaps=name != "estimate")
            except ValueError as error:
                if not share or name in ("se", "n"):
                    raise
                raise ValueError(f"{error} The unit was declared as {unit!r}; {_other_unit(unit)}") from error
    _require_order(values)
    if unit == "percent" and (values["estimate"] <= 1).all() and (values["estimate"] % 1 != 0).any():
        raise ValueError(
            f"every estimate in column {given['estimate']!r} lies between 0 and 1 (such as "
            f"{checks.listing(values['estimate'].unique(), most=3)}) though the unit is 'percent'; for these give "
            "unit='proportion'."
        )
    return values


# ---- inside


def _named(keys: pd.DataFrame, *, most: int = 3) -> str:
    """Return cells as 'county='Oslo', year=2024; …', cut after `most`."""
    named = [
        ", ".join(f"{name}={checks.plain(level)!r}" for name, level in zip(keys.columns, row, strict=True))
        for row in keys.head(most).itertuples(index=False, name=None)
    ]
    more = f" and {len(keys) - most} more" if len(keys) > most else ""
    return "; ".join(name or "the whole sample" for name in named) + more


def _other_unit(unit: str) -> str:
    if unit == "proportion":
        return "for percent give unit='percent', for a mean unit='identity'."
    return "for a mean give unit='identity'."


def _require_order(values: pd.DataFrame) -> None:
    """Raise on intervals with one end, and on estimates outside theirs."""
    half = values["lower"].isna() != values["upper"].isna()
    if half.any():
        raise ValueError(f"the interval has one end only in {checks.rows(half)}; give lower and upper, or neither.")
    outside = (values["lower"] > values["estimate"]) | (values["upper"] < values["estimate"])
    if outside.any():
        row = values[outside].iloc[0]
        raise ValueError(
            f"the estimate lies outside its interval in {checks.rows(outside)}, for instance {row['estimate']:g} and "
            f"{row['lower']:g} to {row['upper']:g}; lower ≤ estimate ≤ upper is needed."
        )
