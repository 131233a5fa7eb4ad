"""Draws by several factors: a grid, or where one lies within another or the grid is large, one dim of what exists.

Offices lie in one municipality each: of a grid of both nearly all is empty. Such factors share a dim, "muni:office",
whose index has them as levels: `sel` takes them by name, and `unstack` makes the grid for who wants it. Items that are
not asked every year are crossed with the years, and have a grid with holes unless it is large.
"""

import itertools
import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels.data.matching import places
from navmodels.gate.marks import ORIGIN, VERDICT

Array = npt.NDArray[np.float64]
SPARSE = 4  # times as many entries as combinations exist: what a grid may have
LARGE = 20_000  # entries up to which a grid of crossed factors may have more: 0.6 GB of draws
OVER = ("chain", "draw")


def lay_out(draws: Array, keys: pd.DataFrame, levels: Mapping[str, list[Any]], n: Array) -> xr.DataArray:
    """Return draws, dims (chain, draw, group, ...), by factor, with the coordinate ``n``; NaN where nothing exists.

    Dims beyond the third are called ``dim_3`` and so on, as xarray does.

    Examples
    --------
    >>> keys = pd.DataFrame({"muni": list("aabb"), "office": list("wxyz")})
    >>> levels = {"muni": ["a", "b"], "office": ["w", "x", "y", "z"]}
    >>> lay_out(np.zeros((2, 5, 4)), keys, levels, np.ones(4)).dims
    ('chain', 'draw', 'muni', 'office')
    """
    stacked = _stacked(keys, levels)
    codes = {name: places(keys[name], each) for name, each in levels.items()}
    shared = ":".join(stacked)
    place, coords = {}, xr.Coordinates()
    for name, each in levels.items():
        if name not in stacked:
            place[name], coords = codes[name], coords.assign({name: each})
        elif shared not in place:
            index, place[shared] = _existing(stacked, levels, codes)
            coords = coords.merge(xr.Coordinates.from_pandas_multiindex(index, shared)).coords
    if not place:
        return xr.DataArray(draws[:, :, 0], dims=(*OVER, *_more(draws)), coords={"n": n[0]})
    shape = [len(coords[dim]) for dim in place]
    full, count = np.full((*draws.shape[:2], *shape, *draws.shape[3:]), np.nan), np.full(shape, np.nan)
    where: tuple[Any, ...] = tuple(place.values())
    full[(slice(None), slice(None), *where)], count[where] = draws, n
    return xr.DataArray(full, coords, (*OVER, *place, *_more(draws))).assign_coords(n=(list(place), count))


def spread(draws: xr.DataArray, along: str) -> xr.DataArray:
    """Return draws with `along` as a dim of its own, when it is a level of a dim of several factors."""
    dim = next((dim for dim in draws.dims if along in factors_of(draws, dim)), along)
    if dim == along:
        return draws
    index = draws.indexes[dim].remove_unused_levels()
    rest = index.droplevel(along)
    others = rest.unique()
    place, code = others.get_indexer(rest), index.codes[index.names.index(along)]
    name = ":".join(map(str, others.names))
    levels = index.levels[index.names.index(along)].tolist()
    shared = (
        xr.Coordinates.from_pandas_multiindex(others, name) if isinstance(others, pd.MultiIndex) else {name: others}
    )
    size = {along: len(levels), name: len(others)}
    moved = [draws, *(draws.coords[each] for each in _carried(draws, dim))]
    parts = [_scatter(each, dim, size, (code, place)) for each in moved]
    kept = {each: draws.coords[each] for each in draws.coords if dim not in draws.coords[each].dims}
    out = xr.DataArray(parts[0].data, dims=parts[0].dims, attrs=draws.attrs, name=draws.name)
    out = out.assign_coords(kept).assign_coords({along: levels}).assign_coords(shared)
    return out.assign_coords(dict(zip(_carried(draws, dim), parts[1:], strict=True)))


def factors_of(draws: xr.DataArray, dim: Hashable) -> list[str]:
    """Return the factors that a dim holds: itself, or the levels of its index."""
    index = draws.indexes.get(dim)
    return [str(name) for name in index.names] if isinstance(index, pd.MultiIndex) else [str(dim)]


def names_of(draws: xr.DataArray) -> list[str]:
    """Return dims and the factors that share one, in order: what comparisons may run along."""
    dims = [str(dim) for dim in draws.dims if dim not in OVER]
    return [*dims, *(name for dim in dims for name in factors_of(draws, dim) if name != dim)]


def label_columns(draws: xr.DataArray) -> tuple[dict[str, pd.Index], dict[str, Array]]:
    """Return the labels of each entry in the order of its values: by factor, and of further coordinates by name."""
    dims = [dim for dim in draws.dims if dim not in OVER]
    shape = tuple(draws.sizes[dim] for dim in dims)
    place = dict(zip(dims, np.indices(shape).reshape(len(shape), math.prod(shape)), strict=True))
    labels: dict[str, pd.Index] = {}
    for dim in dims:
        index = draws.get_index(dim).take(place[dim])
        several = isinstance(index, pd.MultiIndex)
        labels |= {str(n): index.get_level_values(str(n)) for n in index.names} if several else {str(dim): index}
    known = (*labels, *map(str, dims), *OVER, VERDICT, ORIGIN)
    further = {
        str(name): np.broadcast_to(values.to_numpy()[tuple(place[dim] for dim in values.dims)], math.prod(shape))
        for name, values in draws.coords.items()
        if str(name) not in known and not set(values.dims) & set(OVER)
    }
    return labels, further


# ---- inside


def _stacked(keys: pd.DataFrame, levels: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return the factors that share a dim: those left when what crosses with the rest has a dim of its own."""
    shared, own = list(levels), 1
    while len(shared) > 1:
        sizes = {}
        for name in shared:
            rest = [other for other in shared if other != name]
            sizes[name] = own * len(levels[name]) * len(keys[rest].drop_duplicates())
        name = min(sizes, key=lambda each: sizes[each])
        if sizes[name] > SPARSE * len(keys):
            small = own * math.prod(len(levels[each]) for each in shared) <= LARGE
            return [] if small and not _nested(keys[shared]) else shared
        own *= len(levels[name])
        shared.remove(name)
    return []


def _nested(keys: pd.DataFrame) -> bool:
    """Return whether each level of one factor lies within one level of another."""
    pairs = itertools.permutations(keys.columns, 2)
    return any(len(keys[[inner, outer]].drop_duplicates()) == keys[inner].nunique() for inner, outer in pairs)


def _existing(
    names: Sequence[str], levels: Mapping[str, list[Any]], codes: Mapping[str, npt.NDArray[np.intp]]
) -> tuple[pd.MultiIndex, npt.NDArray[np.intp]]:
    """Return the combinations that exist, in the order of the levels, and the place of each group among them."""
    found, place = np.unique(np.column_stack([codes[name] for name in names]), axis=0, return_inverse=True)
    index = pd.MultiIndex(levels=[levels[name] for name in names], codes=list(found.T), names=list(names))
    return index, place.ravel()


def _carried(draws: xr.DataArray, dim: Hashable) -> list[Hashable]:
    """Return the coordinates along a dim that are no part of its index."""
    index = {dim, *factors_of(draws, dim)}
    return [name for name, values in draws.coords.items() if dim in values.dims and name not in index]


def _scatter(values: xr.DataArray, dim: Hashable, size: Mapping[str, int], at: tuple[Array, Array]) -> xr.Variable:
    """Return values with a dim replaced by two, in which its entries stand at these places; NaN elsewhere."""
    old = values.variable.transpose(..., dim)
    full = np.full((*old.shape[:-1], *size.values()), np.nan, dtype=np.result_type(old.dtype, float))
    full[(..., *at)] = old.to_numpy()
    at_dim = values.dims.index(dim)
    dims = [*values.dims[:at_dim], *size, *values.dims[at_dim + 1 :]]
    return xr.Variable((*old.dims[:-1], *size), full).transpose(*dims)


def _more(draws: Array) -> list[str]:
    return [f"dim_{place}" for place in range(3, draws.ndim)]
