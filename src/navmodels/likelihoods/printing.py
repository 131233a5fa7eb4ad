"""Printed numbers: the probability that a number would be printed, of counts that print so or of an interval.

The kernel of `Reported` (see `kernels`), and what its parts share with others.
"""

import math

import numpy as np
import numpy.typing as npt

from navmodels.likelihoods.compilation import compiled

Array = npt.NDArray[np.float64]

NARROW = 1e-3  # half-width in standard errors below which rounding is a small correction to the density
TAIL = 25.0  # from here the series of the Mills ratio has full precision
LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


@compiled
def reported(eta: Array, table: Array, flat: Array, value: Array, gradient: Array, curvature: Array) -> None:
    """Probability that the printed number would be printed: of some counts, or of an interval of a normal.

    Counts that are too many to be added up have trials but no logs of binomial coefficients: an interval on the arcsine
    scale, 2 asin √p, where the standard error is 1/√n everywhere.
    """
    centre, half, sd, trials = table[0], table[1], table[2], table[3]
    first, step, start, stop = table[4], table[5], table[6], table[7]
    for c in range(len(eta)):
        if np.isnan(trials[c]):
            v, slope, bend = interval((eta[c, 0] - centre[c]) / sd[c], half[c] / sd[c])
            value[c], gradient[c, 0], curvature[c, 0] = v, slope / sd[c], bend / sd[c] ** 2
        elif start[c] == stop[c]:
            x = eta[c, 0]
            e = math.exp(-abs(x))
            root = math.exp(-abs(x) / 2) / (1 + e)  # √p(1 − p)
            angle, lean = 2 * math.atan(math.exp(min(x, 600.0) / 2)), 0.5 * math.tanh(-x / 2)
            v, slope, bend = interval((angle - centre[c]) / sd[c], half[c] / sd[c])
            value[c], gradient[c, 0] = v, slope * root / sd[c]
            curvature[c, 0] = max(bend * (root / sd[c]) ** 2 - slope * root * lean / sd[c], 0.0)
        else:
            value[c], gradient[c, 0], curvature[c, 0] = _counts(
                eta[c, 0], trials[c], first[c], step[c], flat[int(start[c]) : int(stop[c])]
            )


@compiled
def interval(d: float, h: float) -> tuple[float, float, float]:
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
def log_one_plus(e: float) -> float:
    """Return log(1 + e) for 0 ≤ e ≤ 1 to the last digits, in a third of the library's time."""
    rounded = 1.0 + e
    return math.log(rounded) + (e - (rounded - 1.0)) / rounded


# ---- inside


@compiled
def _counts(eta: float, n: float, first: float, step: float, log_choose: Array) -> tuple[float, float, float]:
    """Log of the binomial probability of the counts first, first + step, ..., and its derivatives."""
    top, best, x = 0, -np.inf, step * eta
    for j in range(len(log_choose)):
        if log_choose[j] + j * x > best:
            top, best = j, log_choose[j] + j * x
    e = math.exp(-abs(eta))
    log1p = log_one_plus(e)
    near, far = 1.0 / (1.0 + e), e / (1.0 + e)
    p, q = (near, far) if eta >= 0 else (far, near)
    total, mean = 0.0, 0.0
    for j in range(len(log_choose)):
        weight = math.exp(log_choose[j] - log_choose[top] + (j - top) * x)
        total += weight
        mean += weight * j
    mean /= total
    slope, spread = 0.0, 0.0
    for j in range(len(log_choose)):
        weight = math.exp(log_choose[j] - log_choose[top] + (j - top) * x) / total
        k = first + step * j
        slope += weight * (k * q - (n - k) * p)
        spread += weight * (step * (j - mean)) ** 2
    k = first + step * top
    value = log_choose[top] - k * (max(-eta, 0.0) + log1p) - (n - k) * (max(eta, 0.0) + log1p) + math.log(total)
    return value, slope, max(n * p * q - spread, 0.0)


@compiled
def _mills(x: float) -> float:
    """Mills ratio Φ(−x)/φ(x) for x ≥ 0."""
    if x < TAIL:
        return math.sqrt(math.pi / 2) * math.exp(x * x / 2) * math.erfc(x / math.sqrt(2.0))
    y = 1 / (x * x)
    return (1 - y * (1 - 3 * y * (1 - 5 * y * (1 - 7 * y * (1 - 9 * y * (1 - 11 * y * (1 - 13 * y))))))) / x
