"""Every outcome's compiled likelihood behind one door: value, gradient and curvature of every cell.

Compiled by numba and cached on disk; both engines, prediction and the PyMC graph call these functions. What a cell's
numbers mean is said by each outcome; here they arrive as rows of one table. No fast-math: NaN stays NaN.

A cell has one or several linear predictors, its *channels*: one for shares and published numbers; for ratings the
linear predictor and each threshold; for choices one for each contrast of the categories. Second derivatives are packed:
that of channels i ≥ j stands at i (i + 1) / 2 + j (`packing.pair`).
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from navmodels.likelihoods import choice, rating, reported, share
from navmodels.likelihoods.bounds import require_places, require_shape
from navmodels.likelihoods.compilation import compiled, overload

Array = npt.NDArray[np.float64]

OUTCOMES: tuple[Any, ...] = (share, reported, rating, choice)  # a further outcome is one more file, named here
# Compiled code tells kinds apart by type, so that it holds one outcome alone: a tuple's length is part of its type.
Kind = tuple[int, ...]
KINDS: dict[str, Kind] = {
    each.__name__.rpartition(".")[2]: (0,) * place for place, each in enumerate(OUTCOMES, start=1)
}


def threads() -> ThreadPoolExecutor:
    """Return a pool of as many threads as this process has cores."""
    return ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())


def pack(kernel: str, data: Mapping[str, Array]) -> tuple[Kind, Array, Array]:
    """Return an outcome's arrays as the kernels take them: kind, table with dims (column, cell), and flat numbers.

    Examples
    --------
    >>> kind, table, flat = pack("share", {"positive": [1.0], "n": [3.0], "constant": [0.0]})
    >>> kind == KINDS["share"], table.shape, flat.shape
    (True, (3, 1), (0,))
    """
    outcome = outcome_of(KINDS[kernel])
    table = np.vstack([np.asarray(data[name], dtype=float).T for name in outcome.COLUMNS])
    flat = np.empty(0) if outcome.FLAT is None else np.asarray(data[outcome.FLAT], dtype=float).ravel()
    return KINDS[kernel], np.ascontiguousarray(table), flat


def outcome_of(kind: Kind) -> Any:
    """Return the file of the outcome of a kind."""
    return OUTCOMES[len(kind) - 1]


def require_table(kind: Kind, eta: tuple[int, ...], table: Array, flat: Array) -> None:
    """Raise unless a table and flat numbers are those of a kernel, for linear predictors of shape (cell, channel).

    Raises
    ------
    ValueError
        Naming what has another shape, or points outside the flat numbers.

    Examples
    --------
    >>> require_table(KINDS["share"], (2, 1), np.zeros((3, 2)), np.empty(0))
    """
    kernel, outcome = list(KINDS)[len(kind) - 1], outcome_of(kind)
    cells, channels = eta
    names = outcome.COLUMNS
    rows, numbers = outcome.sizes(channels)
    require_shape(table, (rows, cells), what=f"the table of {kernel!r}")
    if "count" not in names and channels != 1:
        raise ValueError(f"{kernel!r} has one linear predictor a cell; given: {channels}.")
    if numbers > 0:
        require_shape(flat, (numbers,), what=f"the {outcome.FLAT} of {kernel!r}")
    if {"start", "stop"} <= set(names):  # each cell's share of the flat numbers; none where counts are not added up
        start, stop = (table[names.index(name)] for name in ("start", "stop"))
        added = ~np.isnan(table[names.index("trials")]) & (start != stop)
        start, stop = start[added].astype(int), stop[added].astype(int)
        require_places(start, len(flat), what="where a cell's numbers start")
        require_places(stop - start - 1, len(flat), what="a cell's numbers less one")
        require_places(stop - 1, len(flat), what="where a cell's numbers end")


def derivatives_of(
    kind: Kind, eta: Array, table: Array, flat: Array, value: Array, gradient: Array, curvature: Array
) -> None:
    """Write log-likelihood, its gradient and negative second derivatives of each cell; compiled code calls it so.

    Dims: eta and gradient (cell, channel), value (cell), curvature (cell, pair).
    """
    raise NotImplementedError


def values_of(kind: Kind, eta: Array, table: Array, flat: Array, value: Array) -> None:
    """Write the log-likelihood of each cell; compiled code calls it so."""
    raise NotImplementedError


@compiled
def derivatives(
    kind: Kind, eta: Array, table: Array, flat: Array, value: Array, gradient: Array, curvature: Array
) -> None:
    """Write log-likelihood, its gradient and negative second derivatives of each cell.

    Dims: eta and gradient (cell, channel), value (cell), curvature (cell, pair).
    """
    derivatives_of(kind, eta, table, flat, value, gradient, curvature)


@compiled
def values(kind: Kind, eta: Array, table: Array, flat: Array, value: Array) -> None:
    """Write the log-likelihood of each cell; dims of eta (cell, channel), of value (cell)."""
    values_of(kind, eta, table, flat, value)


def values_of_draws(eta: Array, kind: Kind, table: Array, flat: Array) -> Array:
    """Return the log-likelihood, dims (draw, cell), at several linear predictors, dims (draw, cell, channel)."""
    require_table(kind, eta.shape[1:], table, flat)
    return _draw_by_draw(kind, eta, table, flat)


def linear_predictors(
    base: Array, effects: Array, index: npt.NDArray[np.int64], channel: npt.NDArray[np.int64]
) -> Array:
    """Return the linear predictors of each draw and cell, dims (draw, cell, channel).

    `base` dims (draw, channel), `effects` (draw, level), `index` (cell, term), and `channel` (term) that each feeds.
    """
    require_shape(effects, (len(base), effects.shape[1]), what="the effects of levels")
    require_shape(channel, (index.shape[1],), what="the channel of each term")
    require_places(index, effects.shape[1], what="the level that a cell picks")
    require_places(channel, base.shape[1], what="the channel that a term feeds")
    return _sums_of_levels(base, effects, index, channel)


# ---- inside


@overload(derivatives_of)
def _derivatives_of(kind, eta, table, flat, value, gradient, curvature):  # type: ignore[no-untyped-def]
    one = outcome_of(kind).derivatives
    return lambda kind, eta, table, flat, value, gradient, curvature: one(eta, table, flat, value, gradient, curvature)


@overload(values_of)
def _values_of(kind, eta, table, flat, value):  # type: ignore[no-untyped-def]
    one = outcome_of(kind).values
    return lambda kind, eta, table, flat, value: one(eta, table, flat, value)


@compiled
def _draw_by_draw(kind: Kind, eta: Array, table: Array, flat: Array) -> Array:
    out = np.empty(eta.shape[:2])
    for draw in range(len(eta)):
        values_of(kind, eta[draw], table, flat, out[draw])
    return out


@compiled
def _sums_of_levels(base: Array, effects: Array, index: npt.NDArray[np.int64], channel: npt.NDArray[np.int64]) -> Array:
    out = np.empty((len(base), len(index), base.shape[1]))
    for draw in range(len(base)):
        for c in range(len(index)):
            for d in range(base.shape[1]):
                out[draw, c, d] = base[draw, d]
        for t in range(index.shape[1]):
            for c in range(len(index)):
                out[draw, c, channel[t]] += effects[draw, index[c, t]]
    return out
