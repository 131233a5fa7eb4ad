"""Every outcome's compiled likelihood behind one door: value, gradient and curvature of every cell.

Compiled by numba and cached on disk; both engines, prediction and the PyMC graph call these functions. What a cell's
numbers mean is said by each outcome; here they arrive as rows of one table. No fast-math: NaN stays NaN.

A cell has one or several linear predictors, its *channels*: one for shares and published numbers; for ratings the
linear predictor and each threshold; for choices one for each contrast of the categories. Second derivatives are packed:
that of channels i ≥ j stands at i (i + 1) / 2 + j (`packing.pair`).
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from navmodels.likelihoods import choice, rating, reported, share
from navmodels.likelihoods.bounds import require_places, require_shape
from navmodels.likelihoods.compilation import compiled, inlined, overload

Array = npt.NDArray[np.float64]

OUTCOMES: tuple[Any, ...] = (share, reported, rating, choice)  # a further outcome is one more file, named here
KINDS = {each.__name__.rpartition(".")[2]: number for number, each in enumerate(OUTCOMES)}


def threads() -> ThreadPoolExecutor:
    """Return a pool of as many threads as this process has cores."""
    return ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())


def pack(kernel: str, data: Mapping[str, Array]) -> tuple[int, Array, Array]:
    """Return an outcome's arrays as the kernels take them: kind, table with dims (column, cell), and flat numbers.

    Examples
    --------
    >>> kind, table, flat = pack("share", {"positive": [1.0], "n": [3.0], "constant": [0.0]})
    >>> kind, table.shape, flat.shape
    (0, (3, 1), (0,))
    """
    outcome = OUTCOMES[KINDS[kernel]]
    table = np.vstack([np.asarray(data[name], dtype=float).T for name in outcome.COLUMNS])
    flat = np.empty(0) if outcome.FLAT is None else np.asarray(data[outcome.FLAT], dtype=float).ravel()
    return KINDS[kernel], np.ascontiguousarray(table), flat


def require_table(kind: int, eta: tuple[int, ...], table: Array, flat: Array) -> None:
    """Raise unless a table and flat numbers are those of a kernel, for linear predictors of shape (cell, channel).

    Raises
    ------
    ValueError
        Naming what has another shape, or points outside the flat numbers.

    Examples
    --------
    >>> require_table(KINDS["share"], (2, 1), np.zeros((3, 2)), np.empty(0))
    """
    kernel, outcome = list(KINDS)[kind], OUTCOMES[kind]
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


@compiled
def derivatives(
    kind: int, eta: Array, table: Array, flat: Array, value: Array, gradient: Array, curvature: Array
) -> None:
    """Write log-likelihood, its gradient and negative second derivatives of each cell.

    Dims: eta and gradient (cell, channel), value (cell), curvature (cell, pair).
    """
    _derivatives(kind, eta, table, flat, value, gradient, curvature)


@compiled
def values(kind: int, eta: Array, table: Array, flat: Array, value: Array) -> None:
    """Write the log-likelihood of each cell; dims of eta (cell, channel), of value (cell)."""
    _values(kind, eta, table, flat, value)


def values_of_draws(eta: Array, kind: int, table: Array, flat: Array) -> Array:
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


def _derivatives(kind: int, *args: Any) -> None:
    """Stand for the function of the outcome whose number is `kind`, where compiled code calls it."""
    raise NotImplementedError


def _values(kind: int, *args: Any) -> None:
    """Stand for the function of the outcome whose number is `kind`, where compiled code calls it."""
    raise NotImplementedError


@overload(_derivatives)
def _all_derivatives(kind, *args):  # type: ignore[no-untyped-def]
    return _one_of([each.derivatives for each in OUTCOMES])


@overload(_values)
def _all_values(kind, *args):  # type: ignore[no-untyped-def]
    return _one_of([each.values for each in OUTCOMES])


def _one_of(functions: Sequence[Callable[..., None]]) -> Callable[..., None]:
    """Return a function that calls the one whose place in the list is its first argument, for numba to compile."""
    final = functions[-1]

    def chain(kind, *args):  # type: ignore[no-untyped-def]
        final(*args)

    def before(number: int, one: Any, others: Any) -> Any:
        def link(kind, *args):  # type: ignore[no-untyped-def]
            if kind == number:
                one(*args)
            else:
                others(kind, *args)

        return link

    for number, one in reversed(list(enumerate(functions[:-1]))):
        chain = before(number, one, inlined(chain))
    return chain


@compiled
def _draw_by_draw(kind: int, eta: Array, table: Array, flat: Array) -> Array:
    out = np.empty(eta.shape[:2])
    for draw in range(len(eta)):
        values(kind, eta[draw], table, flat, out[draw])
    return out


@compiled
def _sums_of_levels(base: Array, effects: Array, index: npt.NDArray[np.int64], channel: npt.NDArray[np.int64]) -> Array:
    out = np.empty((len(base), len(index), base.shape[1]))
    for draw in range(len(base)):
        out[draw] = base[draw]
        for t in range(index.shape[1]):
            for c in range(len(index)):
                out[draw, c, channel[t]] += effects[draw, index[c, t]]
    return out
