"""Pareto-smoothed importance weights (Vehtari et al. 2024), the same as ArviZ's, which is long in loading."""

import numpy as np
import numpy.typing as npt
from scipy import special

Array = npt.NDArray[np.float64]


def smooth_weights(log_ratio: Array) -> tuple[Array, float]:
    """Return Pareto-smoothed importance weights that add up to one, dims as given, and k̂ (Vehtari et al. 2024).

    Ratios that are all equal weigh nothing: equal weights, and a k̂ of −∞.

    Raises
    ------
    ValueError
        When the largest ratios, of which k̂ is made, are fewer than five or all the same.

    Examples
    --------
    >>> weights, k = smooth_weights(np.zeros((2, 50)))
    >>> weights.shape, float(weights[0, 0].round(3)), k
    ((2, 50), 0.01, -inf)
    >>> bool(smooth_weights(np.log(np.arange(1.0, 101.0)))[1] < 0.5)
    True
    """
    if np.ptp(log_ratio) == 0.0:
        return np.full(log_ratio.shape, 1 / log_ratio.size), -np.inf
    log_weight = np.round(log_ratio.ravel(), 9)  # ties are ties, whatever the last digits
    log_weight -= log_weight.max()
    size = int(3 * np.sqrt(log_weight.size)) if log_weight.size > 225 else log_weight.size // 5
    if size < 5:
        raise ValueError(f"there are {log_ratio.size} importance ratios; needed: 25 or more.")
    order = np.argsort(log_weight)
    largest, below = order[-size:], log_weight[order[-size - 1]]
    if log_weight[largest[0]] == log_weight[largest[-1]]:
        raise ValueError(f"the {size} largest importance ratios are all the same.")
    with np.errstate(over="ignore"):  # tails so heavy that they have no end in double precision: k̂ says so
        k, sigma = _fit_pareto(np.exp(log_weight[largest]) - np.exp(below))
        if np.isfinite(k):
            quantile = -np.log1p(-np.arange(0.5, size) / size)
            excess = np.expm1(k * quantile) / k if k else quantile
            log_weight[largest] = np.minimum(np.log(np.exp(below) + sigma * excess), 0.0)
    return np.exp(log_weight - special.logsumexp(log_weight)).reshape(log_ratio.shape), float(k)


# ---- inside


def _fit_pareto(x: Array) -> tuple[float, float]:
    """Return shape and scale of a generalised Pareto distribution for excesses in rising order.

    Posterior means as Zhang & Stephens (2009) have them, the shape drawn towards 0.5 as by ten more excesses (Vehtari
    et al. 2024). NaN where a quarter of the excesses are no larger than the least; a shape of ∞ where there is no mean.
    """
    size = len(x)
    quartile = x[int(size / 4 + 0.5) - 1]
    if quartile <= x[0]:
        return np.nan, np.nan
    points = 30 + int(size**0.5)
    b = (1 - np.sqrt(points / (np.arange(1, points + 1) - 0.5))) / (3 * quartile) + 1 / x[-1]
    shape = np.log1p(-b[:, None] * x).mean(axis=1)
    weight = special.softmax(size * (np.log(-b / shape) - shape - 1))
    kept = weight >= 10 * np.finfo(float).eps
    mean = b[kept] @ (weight[kept] / weight[kept].sum())
    shape_there = np.log1p(-mean * x).mean()
    k = (size * shape_there + 10 * 0.5) / (size + 10)
    return (np.inf, np.nan) if np.isnan(k) else (float(k), float(-shape_there / mean))
