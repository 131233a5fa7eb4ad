"""Compiled functions of the normal and the logistic distribution that several likelihoods and proposals use."""

import math

import numpy as np
import numpy.typing as npt

from navmodels.likelihoods.compilation import compiled

Array = npt.NDArray[np.float64]

NARROW = 1e-3  # half-width in standard errors below which rounding is a small correction to the density
TAIL = 25.0  # from here the series of the Mills ratio has full precision
LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


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
def _mills(x: float) -> float:
    """Mills ratio Φ(−x)/φ(x) for x ≥ 0."""
    if x < TAIL:
        return math.sqrt(math.pi / 2) * math.exp(x * x / 2) * math.erfc(x / math.sqrt(2.0))
    y = 1 / (x * x)
    return (1 - y * (1 - 3 * y * (1 - 5 * y * (1 - 7 * y * (1 - 9 * y * (1 - 11 * y * (1 - 13 * y))))))) / x
