"""Each likelihood once: value, gradient and curvature of every cell with respect to its linear predictor.

Compiled by numba and cached on disk; both engines, prediction and the PyMC graph call these functions. What a cell's
numbers mean is said in `models.outcomes`; here they arrive as rows of one table. No fast-math: NaN stays NaN.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, cast

import numba
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

KINDS = {"share": 0, "reported": 1}
COLUMNS = {
    "share": ("positive", "n", "constant"),
    "reported": ("centre", "half", "sd", "trials", "first", "start", "stop"),
}
FLAT = {"reported": "log_choose"}  # numbers that are not one a cell

NARROW = 1e-3  # half-width in standard errors below which rounding is a small correction to the density
TAIL = 25.0  # from here the series of the Mills ratio has full precision
LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


def compiled[Function: Callable[..., Any]](function: Function) -> Function:
    """Compile a function with numba, cached on disk; it runs without Python's lock, so that threads share the work."""
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def pack(kernel: str, data: Mapping[str, Array]) -> tuple[int, Array, Array]:
    """Return an outcome's arrays as the kernels take them: kind, table with dims (column, cell), and flat numbers.

    Examples
    --------
    >>> kind, table, flat = pack("share", {"positive": [1.0], "n": [3.0], "constant": [0.0]})
    >>> kind, table.shape, flat.shape
    (0, (3, 1), (0,))
    """
    table = np.ascontiguousarray([np.asarray(data[name], dtype=float) for name in COLUMNS[kernel]])
    flat = np.asarray(data[FLAT[kernel]], dtype=float) if kernel in FLAT else np.empty(0)
    return KINDS[kernel], table, flat


@compiled
def derivatives(
    kind: int, eta: Array, table: Array, flat: Array, value: Array, gradient: Array, curvature: Array
) -> None:
    """Write log-likelihood, its gradient and negative second derivative of each cell; dims (cell)."""
    if kind == 0:
        _share(eta, table, value, gradient, curvature)
    else:
        _reported(eta, table, flat, value, gradient, curvature)


@compiled
def values(kind: int, eta: Array, table: Array, flat: Array, value: Array) -> None:
    """Write the log-likelihood of each cell; dims (cell)."""
    if kind == 0:
        _share_values(eta, table, value)
    else:
        scratch = np.empty((2, len(eta)))
        _reported(eta, table, flat, value, scratch[0], scratch[1])


@compiled
def log_likelihood(kind: int, eta: Array, table: Array, flat: Array) -> Array:
    """Return the log-likelihood of each cell at each of several linear predictors; dims (draw, cell)."""
    out = np.empty_like(eta)
    for draw in range(eta.shape[0]):
        values(kind, eta[draw], table, flat, out[draw])
    return out


@compiled
def linear_predictors(intercept: Array, effects: Array, index: npt.NDArray[np.int64]) -> Array:
    """Return the linear predictor of each draw and cell; effects dims (draw, level), index dims (cell, term)."""
    out = np.empty((len(intercept), len(index)))
    for draw in range(len(intercept)):
        levels, row = effects[draw], out[draw]
        for c in range(len(index)):
            total = intercept[draw]
            for t in range(index.shape[1]):
                total += levels[index[c, t]]
            row[c] = total
    return out


# ---- inside


@compiled
def _log1p(e: float) -> float:
    """Return log(1 + e) for 0 ≤ e ≤ 1 to the last digits, in a third of the library's time."""
    rounded = 1.0 + e
    return math.log(rounded) + (e - (rounded - 1.0)) / rounded


@compiled
def _share(eta: Array, table: Array, value: Array, gradient: Array, curvature: Array) -> None:
    """Binomial with a logit link: k log p + (n - k) log(1 - p) + constant, without cancellation in either tail."""
    positive, n, constant = table[0], table[1], table[2]
    for c in range(len(eta)):
        e = math.exp(-abs(eta[c]))
        log1p = _log1p(e)
        near, far = 1.0 / (1.0 + e), e / (1.0 + e)
        p, q = (near, far) if eta[c] >= 0 else (far, near)
        negative = n[c] - positive[c]
        value[c] = constant[c] - positive[c] * (max(-eta[c], 0.0) + log1p) - negative * (max(eta[c], 0.0) + log1p)
        gradient[c] = positive[c] * q - negative * p
        curvature[c] = n[c] * p * q


@compiled
def _share_values(eta: Array, table: Array, value: Array) -> None:
    positive, n, constant = table[0], table[1], table[2]
    for c in range(len(eta)):
        log1p = _log1p(math.exp(-abs(eta[c])))
        value[c] = (
            constant[c] - positive[c] * (max(-eta[c], 0.0) + log1p) - (n[c] - positive[c]) * (max(eta[c], 0.0) + log1p)
        )


@compiled
def _reported(eta: Array, table: Array, flat: Array, value: Array, gradient: Array, curvature: Array) -> None:
    """Probability that the printed number would be printed: of some counts, or of an interval of a normal."""
    centre, half, sd, trials = table[0], table[1], table[2], table[3]
    first, start, stop = table[4], table[5], table[6]
    for c in range(len(eta)):
        if np.isnan(trials[c]):
            v, slope, bend = _interval((eta[c] - centre[c]) / sd[c], half[c] / sd[c])
            value[c], gradient[c], curvature[c] = v, slope / sd[c], bend / sd[c] ** 2
        else:
            value[c], gradient[c], curvature[c] = _counts(
                eta[c], trials[c], first[c], flat[int(start[c]) : int(stop[c])]
            )


@compiled
def _counts(eta: float, n: float, first: float, log_choose: Array) -> tuple[float, float, float]:
    """Log of the binomial probability of the counts first, first + 1, ..., and its derivatives."""
    top, best = 0, -np.inf
    for j in range(len(log_choose)):
        if log_choose[j] + j * eta > best:
            top, best = j, log_choose[j] + j * eta
    e = math.exp(-abs(eta))
    log1p = _log1p(e)
    near, far = 1.0 / (1.0 + e), e / (1.0 + e)
    p, q = (near, far) if eta >= 0 else (far, near)
    total, mean = 0.0, 0.0
    for j in range(len(log_choose)):
        weight = math.exp(log_choose[j] - log_choose[top] + (j - top) * eta)
        total += weight
        mean += weight * j
    mean /= total
    slope, spread = 0.0, 0.0
    for j in range(len(log_choose)):
        weight = math.exp(log_choose[j] - log_choose[top] + (j - top) * eta) / total
        slope += weight * ((first + j) * q - (n - first - j) * p)
        spread += weight * (j - mean) ** 2
    k = first + top
    value = log_choose[top] - k * (max(-eta, 0.0) + log1p) - (n - k) * (max(eta, 0.0) + log1p) + math.log(total)
    return value, slope, max(n * p * q - spread, 0.0)


@compiled
def _interval(d: float, h: float) -> tuple[float, float, float]:
    """Log of Φ(d + h) − Φ(d − h), its derivative with respect to d and the negative of its second derivative."""
    side, x = (1.0, d) if d >= 0 else (-1.0, -d)
    low, high = x - h, x + h
    if h < NARROW:  # φ(x) 2h sinh(xh)/(xh), times 1 − E[t²]/2 for t in ±h with density ∝ exp(−xt)
        t = x * h
        if t < 1e-2:
            log_sinhc, langevin, bend = t * t / 6 - t**4 / 180, t / 3 - t**3 / 45, 1 / 3 - t * t / 15
            square = 1 / 3 + 2 * t * t / 45
        else:
            tail = math.exp(-2 * t)
            langevin = (1 + tail) / (1 - tail) - 1 / t
            log_sinhc = t + math.log1p(-tail) - math.log(2 * t)
            bend = 1 / t**2 - 4 * tail / (1 - tail) ** 2
            square = 1 - 2 * langevin / t
        value = -x * x / 2 - LOG_SQRT_2PI + math.log(2 * h) + log_sinhc + math.log1p(-h * h * square / 2)
        return value, side * (h * langevin - x), 1 - h * h * bend
    if low < 0:  # the interval holds the centre: no cancellation
        z = 0.5 * (math.erf(high / math.sqrt(2.0)) + math.erf(-low / math.sqrt(2.0)))
        at_low, at_high = math.exp(-low * low / 2 - LOG_SQRT_2PI), math.exp(-high * high / 2 - LOG_SQRT_2PI)
        slope = (at_high - at_low) / z
        return math.log(z), side * slope, max(slope**2 + (high * at_high - low * at_low) / z, 0.0)
    ratio = math.exp(-2 * x * h)  # of the densities at both ends
    inside = _mills(low) - ratio * _mills(high)
    slope = -(1 - ratio) / inside
    bend = slope**2 - (low - ratio * high) / inside
    return -low * low / 2 - LOG_SQRT_2PI + math.log(inside), side * slope, max(bend, 0.0)


@compiled
def _mills(x: float) -> float:
    """Mills ratio Φ(−x)/φ(x) for x ≥ 0."""
    if x < TAIL:
        return math.sqrt(math.pi / 2) * math.exp(x * x / 2) * math.erfc(x / math.sqrt(2.0))
    y = 1 / (x * x)
    return (1 - y * (1 - 3 * y * (1 - 5 * y * (1 - 7 * y * (1 - 9 * y * (1 - 11 * y * (1 - 13 * y))))))) / x
