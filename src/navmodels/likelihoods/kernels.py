"""Each likelihood once: value, gradient and curvature of every cell with respect to its linear predictors.

Compiled by numba and cached on disk; both engines, prediction and the PyMC graph call these functions. What a cell's
numbers mean is said in `outcomes`; here they arrive as rows of one table. No fast-math: NaN stays NaN.

A cell has one or several linear predictors, its *channels*: one for shares and published numbers; for ratings the
linear predictor and each threshold; for choices one for each contrast of the categories. Second derivatives are packed:
that of channels i ≥ j stands at i (i + 1) / 2 + j (`pair`).
"""

import math
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from navmodels.likelihoods.bounds import require_places, require_shape
from navmodels.likelihoods.compilation import compiled
from navmodels.likelihoods.printing import log_one_plus, reported

Array = npt.NDArray[np.float64]

KINDS = {"share": 0, "reported": 1, "rating": 2, "choice": 3}
COLUMNS = {
    "share": ("positive", "n", "constant"),
    "reported": ("centre", "half", "sd", "trials", "first", "step", "start", "stop"),
    "rating": ("constant", "count"),
    "choice": ("constant", "count"),
}  # one column each; of counts, one a category
FLAT = {"reported": "log_choose", "choice": "contrasts"}  # numbers that are not one a cell


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
    table = np.vstack([np.asarray(data[name], dtype=float).T for name in COLUMNS[kernel]])
    flat = np.asarray(data[FLAT[kernel]], dtype=float).ravel() if kernel in FLAT else np.empty(0)
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
    kernel = next(name for name, number in KINDS.items() if number == kind)
    cells, channels = eta
    names = COLUMNS[kernel]
    rows = len(names) - 1 + channels + (kernel == "choice") if "count" in names else len(names)
    require_shape(table, (rows, cells), what=f"the table of {kernel!r}")
    if "count" not in names and channels != 1:
        raise ValueError(f"{kernel!r} has one linear predictor a cell; given: {channels}.")
    if kernel == "choice":
        require_shape(flat, ((channels + 1) * channels,), what="the contrasts of 'choice'")
    if {"start", "stop"} <= set(names):  # each cell's share of the flat numbers; none where counts are not added up
        start, stop = (table[names.index(name)] for name in ("start", "stop"))
        added = ~np.isnan(table[names.index("trials")]) & (start != stop)
        start, stop = start[added].astype(int), stop[added].astype(int)
        require_places(start, len(flat), what="where a cell's numbers start")
        require_places(stop - start - 1, len(flat), what="a cell's numbers less one")
        require_places(stop - 1, len(flat), what="where a cell's numbers end")


@compiled
def pair(i: int, j: int) -> int:
    """Return where the second derivative of channels i and j stands.

    Examples
    --------
    >>> [pair(0, 0), pair(1, 0), pair(0, 1), pair(1, 1), pair(2, 0)]
    [0, 1, 1, 2, 3]
    """
    return i * (i + 1) // 2 + j if i >= j else j * (j + 1) // 2 + i


@compiled
def derivatives(
    kind: int, eta: Array, table: Array, flat: Array, value: Array, gradient: Array, curvature: Array
) -> None:
    """Write log-likelihood, its gradient and negative second derivatives of each cell.

    Dims: eta and gradient (cell, channel), value (cell), curvature (cell, pair).
    """
    if kind == 0:
        _share(eta, table, value, gradient, curvature)
    elif kind == 1:
        reported(eta, table, flat, value, gradient, curvature)
    elif kind == 2:
        _rating(eta, table, value, gradient, curvature)
    else:
        _choice(eta, table, flat, value, gradient, curvature)


@compiled
def values(kind: int, eta: Array, table: Array, flat: Array, value: Array) -> None:
    """Write the log-likelihood of each cell; dims of eta (cell, channel), of value (cell)."""
    if kind == 0:
        _share_values(eta, table, value)
    elif kind == 1:
        reported(eta, table, flat, value, np.empty((len(eta), 1)), np.empty((len(eta), 1)))
    elif kind == 2:
        _rating_values(eta, table, value)
    else:
        _choice_values(eta, table, flat, value)


def log_likelihood(kind: int, eta: Array, table: Array, flat: Array) -> Array:
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


@compiled
def _share(eta: Array, table: Array, value: Array, gradient: Array, curvature: Array) -> None:
    """Binomial with a logit link: k log p + (n - k) log(1 - p) + constant, without cancellation in either tail."""
    positive, n, constant = table[0], table[1], table[2]
    for c in range(len(eta)):
        x = eta[c, 0]
        e = math.exp(-abs(x))
        log1p = log_one_plus(e)
        near, far = 1.0 / (1.0 + e), e / (1.0 + e)
        p, q = (near, far) if x >= 0 else (far, near)
        negative = n[c] - positive[c]
        value[c] = constant[c] - positive[c] * (max(-x, 0.0) + log1p) - negative * (max(x, 0.0) + log1p)
        gradient[c, 0] = positive[c] * q - negative * p
        curvature[c, 0] = n[c] * p * q


@compiled
def _share_values(eta: Array, table: Array, value: Array) -> None:
    positive, n, constant = table[0], table[1], table[2]
    for c in range(len(eta)):
        x = eta[c, 0]
        log1p = log_one_plus(math.exp(-abs(x)))
        value[c] = constant[c] - positive[c] * (max(-x, 0.0) + log1p) - (n[c] - positive[c]) * (max(x, 0.0) + log1p)


@compiled
def _rating(eta: Array, table: Array, value: Array, gradient: Array, curvature: Array) -> None:
    """Cumulative logit: P(y ≤ j) = σ(κ_j − η); channels are η, κ_1, ..., and κ must rise.

    A category between two thresholds has σ(b) − σ(a) = σ(b) σ(−a) (1 − exp(a − b)), with a and b the thresholds less η:
    a product, so that its logarithm keeps all digits in either tail, and each threshold meets η in one logistic.
    """
    last = eta.shape[1] - 1
    gap, log_of, slope, bend = np.full(last, np.nan), np.empty(last), np.empty(last), np.empty(last)
    for c in range(len(eta)):
        total, pull, weight = table[0, c], 0.0, 0.0
        for j in range(1, last + 1):
            x, below, above = eta[c, j] - eta[c, 0], table[j, c], table[j + 1, c]
            e = math.exp(-abs(x))
            log1p = log_one_plus(e)
            near, far = 1.0 / (1.0 + e), e / (1.0 + e)
            p, q = (near, far) if x >= 0 else (far, near)
            total -= below * (max(-x, 0.0) + log1p) + above * (max(x, 0.0) + log1p)
            up, w = below * q - above * p, (below + above) * p * q
            pull -= up
            weight += w
            gradient[c, j] = up
            for i in range(j):
                curvature[c, pair(j, i)] = 0.0
            curvature[c, pair(j, 0)] = -w
            curvature[c, pair(j, j)] = w
        for j in range(1, last):
            if eta[c, j + 1] - eta[c, j] != gap[j]:  # thresholds are mostly those of the cell before
                gap[j] = eta[c, j + 1] - eta[c, j]
                log_of[j], slope[j], bend[j] = log_gap(gap[j])
            count = table[j + 1, c]
            total += count * log_of[j] if count > 0 else 0.0 if gap[j] > 0 else -np.inf
            gradient[c, j] -= count * slope[j]
            gradient[c, j + 1] += count * slope[j]
            curvature[c, pair(j, j)] += count * bend[j]
            curvature[c, pair(j + 1, j + 1)] += count * bend[j]
            curvature[c, pair(j + 1, j)] -= count * bend[j]
        value[c], gradient[c, 0], curvature[c, 0] = total, pull, weight


@compiled
def _rating_values(eta: Array, table: Array, value: Array) -> None:
    last = eta.shape[1] - 1
    gap, log_of = np.full(last, np.nan), np.empty(last)
    for c in range(len(eta)):
        total = table[0, c]
        for j in range(1, last + 1):
            x, below, above = eta[c, j] - eta[c, 0], table[j, c], table[j + 1, c]
            log1p = log_one_plus(math.exp(-abs(x)))
            total -= below * (max(-x, 0.0) + log1p) + above * (max(x, 0.0) + log1p)
        for j in range(1, last):
            if eta[c, j + 1] - eta[c, j] != gap[j]:
                gap[j] = eta[c, j + 1] - eta[c, j]
                log_of[j] = log_gap(gap[j])[0]
            count = table[j + 1, c]
            total += count * log_of[j] if count > 0 else 0.0 if gap[j] > 0 else -np.inf
        value[c] = total


@compiled
def log_gap(gap: float) -> tuple[float, float, float]:
    """Return log(1 − exp(−gap)), its derivative and the negative of its second; impossible unless gap is positive."""
    if not gap > 0:
        return -np.inf, 0.0, 0.0
    rest = -math.expm1(-gap)
    slope = math.exp(-gap) / rest
    return math.log(rest) if gap < 0.7 else math.log1p(-math.exp(-gap)), slope, slope / rest


@compiled
def _choice(eta: Array, table: Array, flat: Array, value: Array, gradient: Array, curvature: Array) -> None:
    """Multinomial logit: the categories' logits are contrasts @ channels, and add up to zero."""
    channels, size = eta.shape[1], eta.shape[1] + 1
    contrasts = flat.reshape(size, channels)
    logit, p, mean = np.empty(size), np.empty(size), np.empty(channels)
    for c in range(len(eta)):
        total = _softmax(contrasts, eta[c], logit, p)
        n, inside = 0.0, table[0, c]
        for k in range(size):
            count = table[k + 1, c]
            n += count
            if count > 0:
                inside += count * (logit[k] - total)
        value[c] = inside
        for i in range(channels):
            mean[i], seen = 0.0, 0.0
            for k in range(size):
                mean[i] += p[k] * contrasts[k, i]
                seen += table[k + 1, c] * contrasts[k, i]
            gradient[c, i] = seen - n * mean[i]
            for j in range(i + 1):
                square = 0.0
                for k in range(size):
                    square += p[k] * contrasts[k, i] * contrasts[k, j]
                curvature[c, pair(i, j)] = n * (square - mean[i] * mean[j])


@compiled
def _choice_values(eta: Array, table: Array, flat: Array, value: Array) -> None:
    size = eta.shape[1] + 1
    contrasts = flat.reshape(size, eta.shape[1])
    logit, p = np.empty(size), np.empty(size)
    for c in range(len(eta)):
        total, inside = _softmax(contrasts, eta[c], logit, p), table[0, c]
        for k in range(size):
            if table[k + 1, c] > 0:
                inside += table[k + 1, c] * (logit[k] - total)
        value[c] = inside


@compiled
def _softmax(contrasts: Array, eta: Array, logit: Array, p: Array) -> float:
    """Write logits less the largest, and probabilities of the categories; return the log of the sum of exponentials."""
    best = 0
    for k in range(len(logit)):
        logit[k] = 0.0
        for i in range(len(eta)):
            logit[k] += contrasts[k, i] * eta[i]
        if logit[k] > logit[best]:
            best = k
    top, rest = logit[best], 0.0
    for k in range(len(logit)):
        logit[k] -= top
        p[k] = math.exp(logit[k])
        rest += p[k] if k != best else 0.0
    for k in range(len(logit)):
        p[k] /= 1.0 + rest
    return math.log1p(rest)
