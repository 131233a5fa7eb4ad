"""What a printed interval says of a share: when it speaks at all, and what it says at and beyond 0 and 100 %.

An interval without width says nothing. One that reaches below 0 or above 100 % was made symmetric around the share, so
its other side tells the standard error. Around 0 or 100 % an interval tells how many were asked.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

Array = npt.NDArray[np.float64]


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


def normal_quantile(prob: float) -> float:
    """Return how many standard errors an interval of this probability reaches to each side."""
    return float(stats.norm.ppf(0.5 + prob / 2))
