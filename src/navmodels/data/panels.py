"""Persons who answered in several cells, for instance in two years: which, and what they answered in both.

A survey keeps for each pair of cells with common respondents how often each two answers came together. These are sums,
so that they add up when cells do. What follows for an estimate is for `navmodels.models.overlap`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels import checks
from navmodels.data.cells import sum_rows
from navmodels.data.people import as_items

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
PERSONS = ("persons", "repeated")
NAMES = ("pair_first", "pair_second", "both", "both_weighted")


def persons_once(frame: pd.DataFrame, *, person: str, by: Sequence[str], outcome: str) -> None:
    """Raise when a person is not named, or is in a cell more than once.

    Examples
    --------
    >>> rows = pd.DataFrame({"who": ["p1", "p1"], "year": [2024, 2024], "yes": [0, 1]})
    >>> persons_once(rows, person="who", by=["year"], outcome="yes")
    Traceback (most recent call last):
    ValueError: 'p1' answers 'yes' more than once in the cell year=2024 (rows 0, 1 (2 of 2)): ...
    """
    if person in (*by, outcome):
        raise ValueError(f"id is {person!r}, which is the outcome or a factor; give the column that names the persons.")
    checks.complete(frame, [person], advice=" Give each a name of its own, such as its row's number.")
    double = frame.duplicated([person, *by], keep=False)
    if double.any():
        first = frame.loc[double, [person, *by]].iloc[0]
        same = double & (frame[[person, *by]] == first).all(axis=1)
        cell = ", ".join(f"{name}={checks.plain(first[name])!r}" for name in by) or "of all"
        raise ValueError(
            f"{checks.plain(first[person])!r} answers {outcome!r} more than once in the cell {cell} "
            f"({checks.rows(same)}): a person counts once in a cell. Where each row is one of several answers, "
            f"{as_items(person, outcome, by)} Where it is another round, add its column to by=."
        )


def join_persons(
    cells: xr.Dataset,
    frame: pd.DataFrame,
    *,
    id: str,
    outcome: str,
    by: Sequence[str],
    weights: str | None,
    positive: Sequence[Any] | None,
) -> xr.Dataset:
    """Return the cells with pairs of them that have common respondents, and numbers of persons as attributes.

    Parameters
    ----------
    cells
        Counts by cell and category.
    frame
        One row a respondent and cell; rows without answer, factor or weight do not count.
    id, outcome, by, weights
        Columns, as in `Survey.from_responses`.
    positive
        Of a share: the answers that count as positive.

    Returns
    -------
    xarray.Dataset
        With ``pair_first`` and ``pair_second``, dims (pair): places of two cells; ``both`` and ``both_weighted``, dims
        (pair, category, again): how many persons gave the first answer in the first cell and the second in the second,
        and the sum of the products of their weights. Without a pair no such variables. ``attrs``: ``persons``, and
        ``repeated``, those of them in more than one cell.

    Raises
    ------
    ValueError
        When a person is not named, or is in a cell more than once.
    """
    checks.known_columns(frame, [id], what="id")
    rows = frame[frame[[outcome, *by]].notna().all(axis=1) & ((frame[weights] > 0) if weights else True)]
    persons_once(rows, person=id, by=by, outcome=outcome)
    weight = rows[weights].to_numpy(dtype=float) if weights else np.ones(len(rows))
    category = rows[outcome].isin(list(positive)) if positive is not None else rows[outcome]
    cell = np.zeros(len(rows), dtype=np.intp)
    if by:
        keys = pd.MultiIndex.from_arrays([cells[name].to_numpy().astype(object) for name in by], names=list(by))
        cell = keys.get_indexer(pd.MultiIndex.from_frame(rows[list(by)].astype(object)))
    answer = pd.Index(cells["category"].to_numpy().tolist(), dtype=object).get_indexer(
        pd.Index(category.tolist(), dtype=object)
    )
    each = pd.DataFrame({"person": pd.factorize(rows[id])[0], "cell": cell, "answer": answer, "weight": weight})
    often = each["person"].value_counts()
    cells = cells.assign_attrs(persons=len(often), repeated=int((often > 1).sum()))
    several = each[each["person"].isin(often.index[often > 1])]
    if several.empty:
        return cells
    both = several.merge(several, on="person", suffixes=("", "_again"))
    both = both[both["cell"] < both["cell_again"]]
    size = cells.sizes["category"]
    cell_pairs, place = np.unique(both[["cell", "cell_again"]].to_numpy(), axis=0, return_inverse=True)
    at = (place.ravel() * size + both["answer"].to_numpy()) * size + both["answer_again"].to_numpy()
    count, weighted = (
        sum_rows(values, at, len(cell_pairs) * size**2).reshape(-1, size, size)
        for values in (np.ones(len(both)), (both["weight"] * both["weight_again"]).to_numpy())
    )
    return _assign(cells, cell_pairs, count, weighted)


def has_pairs(cells: xr.Dataset) -> bool:
    """Return whether some cells have common respondents."""
    return "both" in cells


def without_pairs(cells: xr.Dataset) -> xr.Dataset:
    """Return the cells without what is known about common respondents."""
    return cells.drop_vars([name for name in NAMES if name in cells])


def move_pairs(cells: xr.Dataset, old: xr.Dataset, place: Places) -> xr.Dataset:
    """Return the cells with the pairs of others: `place`, dims (cell), says where each of these is now, -1 for none.

    Pairs that meet are added up; two cells that become one keep the answers of those who were in both.
    """
    cells = without_pairs(cells)
    if (place < 0).any():  # how many persons are left is not known
        cells = cells.drop_attrs().assign_attrs({k: v for k, v in cells.attrs.items() if k not in PERSONS})
    if not has_pairs(old):
        return cells
    first, second = place[old["pair_first"].to_numpy()], place[old["pair_second"].to_numpy()]
    kept = (first >= 0) & (second >= 0)
    if not kept.any():
        return cells
    turned = first > second
    design = [old[name].to_numpy() for name in ("both", "both_weighted")]
    design = [np.where(turned[:, None, None], values.transpose(0, 2, 1), values)[kept] for values in design]
    ends = np.stack([np.minimum(first, second), np.maximum(first, second)], axis=1)[kept]
    cell_pairs, index = np.unique(ends, axis=0, return_inverse=True)
    count, weighted = (sum_rows(values, index.ravel(), len(cell_pairs)) for values in design)
    return _assign(cells, cell_pairs, count, weighted)


def keep_cells(cells: xr.Dataset, keep: npt.NDArray[np.bool_]) -> xr.Dataset:
    """Return the cells where `keep`, dims (cell), holds, with the pairs among them."""
    return move_pairs(cells.isel(cell=keep), cells, np.where(keep, np.cumsum(keep) - 1, -1))


def cut_pairs(cells: xr.Dataset, old: xr.Dataset, place: int) -> xr.Dataset:
    """Return the cells of a share with the pairs of a rating, cut in two below the category at `place`."""
    if not has_pairs(old):
        return cells
    ends = np.stack([old["pair_first"].to_numpy(), old["pair_second"].to_numpy()], axis=1)
    parts = (slice(None, place), slice(place, None))
    count, weighted = (
        np.stack(
            [np.stack([old[name].to_numpy()[:, a, b].sum(axis=(1, 2)) for b in parts], axis=1) for a in parts], axis=1
        )
        for name in ("both", "both_weighted")
    )
    return _assign(cells, ends, count, weighted)


def unweigh_pairs(cells: xr.Dataset) -> xr.Dataset:
    """Return the cells with all persons in pairs weighing 1."""
    return cells.assign(both_weighted=cells["both"]) if has_pairs(cells) else cells


# ---- inside


def _assign(cells: xr.Dataset, ends: npt.NDArray[Any], count: Array, weighted: Array) -> xr.Dataset:
    dims = ("pair", "category", "again")
    return cells.assign(
        pair_first=("pair", ends[:, 0].astype(np.int64)),
        pair_second=("pair", ends[:, 1].astype(np.int64)),
        both=(dims, count),
        both_weighted=(dims, weighted),
    )
