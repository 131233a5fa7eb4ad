"""What prints as what: rounding, the counts that print so, and the interval of a single share, both ways.

A published share is a rounded number, and its interval was made by one of a few formulas. Here are those formulas and
their inverses: from a share to its interval, and from a printed interval to the standard error or the number of
respondents behind it. How a published table becomes a `Survey` is not told here but in `data`.
"""

from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, special, stats

UNITS = {"percent": 100.0, "proportion": 1.0, "identity": 1.0}

Array = npt.NDArray[np.float64]


# ---- rounding


def decimals(values: Array, *, unit: str, digits: int) -> int:
    """Return the decimals a column of numbers was rounded to: the most that one of them shows, and at least `digits`.

    Of proportions at least two: 0.5 beside 0.62 is printed 0.50. Twelve significant digits are read, so that the noise
    of floating point (0.1 + 0.2) shows no decimals.

    Examples
    --------
    >>> decimals(np.array([0.5, 0.6]), unit="proportion", digits=0)
    2
    >>> decimals(np.array([86.0, 4.0]), unit="percent", digits=0)
    0
    """
    shown = [-int(Decimal(f"{value:.12g}").normalize().as_tuple().exponent) for value in values]
    return max(digits, 2 if unit == "proportion" else 0, *shown)


def count_range(share: Array, n: Array, half: Array | float) -> tuple[Array, Array]:
    """Return the lowest and highest count whose share of n lies within `half` of the printed one, ends included.

    A share that lies exactly between two printed numbers is counted with both, since the rule of rounding is not known.

    Examples
    --------
    >>> low, high = count_range(np.array([0.29]), np.array([24.0]), np.array([0.005]))
    >>> low.tolist(), high.tolist()
    ([7.0], [7.0])
    """
    tolerance = 1e-9
    low = np.ceil(n * (share - half) - n * tolerance)
    high = np.floor(n * (share + half) + n * tolerance)
    return np.maximum(low, 0.0), np.minimum(high, n)


def normal_quantile(prob: float) -> float:
    """Return how many standard errors an interval of this probability reaches to each side."""
    return float(stats.norm.ppf(0.5 + prob / 2))


# ---- the interval of a single share


def shifted(share: Any, logits: Any) -> Any:
    """Return a share moved by so many logits: an end of an interval that is symmetric on the logit scale.

    With a quantile z and a standard error se of the share p, the upper end lies z se / (p (1 − p)) logits above it.

    Examples
    --------
    >>> [round(float(shifted(0.5, logits)), 3) for logits in (-1, 1)]
    [0.269, 0.731]
    """
    return special.expit(special.logit(share) + logits)


def share_interval(share: Any, half: Any, *, n: Any, tail: float) -> tuple[Any, Any]:
    """Return the logit interval of shares, and the exact one of Clopper & Pearson (1934) where none or all said yes.

    Parameters
    ----------
    share
        Between 0 and 1: a number or an array.
    half
        How many logits the interval reaches to each side; not read where the share is 0 or 1.
    n
        Respondents, effective ones in a weighted sample; need not be whole. Read where the share is 0 or 1.
    tail
        Probability beyond each end: 0.025 for an interval of 95 %.

    Returns
    -------
    The lower and the upper end, as proportions.

    Examples
    --------
    >>> lower, upper = share_interval(np.array([0.0, 0.5]), np.array([np.inf, 1.0]), n=44, tail=0.025)
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.0, 0.269], [0.08, 0.731])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        lower, upper = shifted(share, -half), shifted(share, half)
        reach = tail ** (1 / n)  # the share at which all of n say yes with the probability of the tail
    lower = np.where(share == 1, reach, np.where(share == 0, 0.0, lower))
    upper = np.where(share == 0, 1 - reach, np.where(share == 1, 1.0, upper))
    return lower, upper


def jeffreys_interval(counts: Array, n: float, *, prob: float = 0.95) -> tuple[float, float]:
    """Return the equal-tailed interval of a share whose count is one of several, equally likely.

    The posterior of k out of n is Beta(k + 1/2, n − k + 1/2) (Jeffreys 1946; Brown, Cai & DasGupta 2001).

    Examples
    --------
    >>> lower, upper = jeffreys_interval(np.array([7.0]), 24)
    >>> round(lower, 3), round(upper, 3)
    (0.141, 0.489)
    """
    a, b = counts + 0.5, n - counts + 0.5

    def end(p: float) -> float:
        each = special.betaincinv(a, b, p)
        low, high = float(np.min(each)), float(np.max(each))
        if np.isclose(low, high, atol=1e-9):
            return low
        return float(optimize.brentq(lambda x: float(np.mean(special.betainc(a, b, x))) - p, low, high))

    return end((1 - prob) / 2), end((1 + prob) / 2)


# ---- what a printed interval says


def speaking(frame: pd.DataFrame, *, unit: float) -> pd.DataFrame:
    """Return the printed numbers without what says nothing: intervals of no width, or from 0 to 100 %, errors of 0.

    Examples
    --------
    >>> table = pd.DataFrame({"estimate": [85.0, 40.0], "lower": [85.0, 30.0], "upper": [85.0, 50.0], "se": 0.0})
    >>> speaking(table, unit=100.0)["upper"].tolist()
    [nan, 50.0]
    """
    silent = without_width(frame) | ((frame["lower"] <= 0) & (frame["upper"] >= unit))
    ends = {end: frame[end].mask(silent) for end in ("lower", "upper")}
    return frame.assign(**ends, se=frame["se"].where(frame["se"] > 0))


def without_width(frame: pd.DataFrame) -> pd.Series:
    """Return where an interval is printed whose ends are the same number."""
    return frame["lower"] == frame["upper"]


def beyond(frame: pd.DataFrame, *, unit: float) -> tuple[pd.Series, pd.Series]:
    """Return where the lower limit lies below 0, and where the upper one lies above 100 %."""
    return frame["lower"] < 0, frame["upper"] > unit


def logit_sd(frame: pd.DataFrame, share: pd.Series, *, unit: float, prob: float) -> pd.Series:
    """Return the standard error on the logit scale that an interval tells; NaN where none speaks.

    The mean of both sides on the logit scale; an end printed as 0 or 100 has no logit. Of an interval that reaches
    beyond 0 or 100 % the half-width of the other side, as that of a Wald interval.
    """
    z = normal_quantile(prob)
    below, above = beyond(frame, unit=unit)
    with np.errstate(divide="ignore", invalid="ignore"):
        ends, centre = special.logit(frame[["lower", "upper"]] / unit), special.logit(share)
        sides = pd.concat([(centre - ends["lower"]) / z, (ends["upper"] - centre) / z], axis=1)
        both: pd.Series = sides.where(np.isfinite(sides)).mean(axis=1, skipna=True)
        half = (frame["upper"] / unit - share).where(below, share - frame["lower"] / unit)
        wald = half / z / (share * (1 - share))
    return wald.where(below | above, both).where(frame["lower"].notna() & frame["upper"].notna())


def size_at_edge(frame: pd.DataFrame, share: pd.Series, *, unit: float, prob: float) -> pd.Series:
    """Return the n at which none (or all) of n has the printed interval, after Clopper & Pearson (1934).

    At 0 % the upper limit of ``prob`` is 1 − ((1 − prob)/2)^(1/n). NaN where the interval is so wide that not even one
    respondent is behind it, or is not there.

    Examples
    --------
    >>> table = pd.DataFrame({"lower": [0.0], "upper": [8.0]})
    >>> size_at_edge(table, pd.Series([0.0]), unit=100.0, prob=0.95).round(1).tolist()
    [44.2]
    """
    low, high = frame["lower"] / unit, frame["upper"] / unit
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.log1p(-high).where(share < 0.5, np.log(low))
        size: pd.Series = np.log((1 - prob) / 2) / reach
    return size.where(np.isfinite(size) & (size >= 1) & low.notna() & high.notna())
