"""A printed distribution of answers, one column an answer, as counts: whole ones that print so where there are any.

Its percents are rounded, so they add to 99 or 101 as often as to 100; counts add to n. Where every percent is one of n
but no whole counts add to n (weights, or an answer of few that is not printed), the shares of n are taken.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels import checks, printed
from navmodels.checks.numerals import as_written
from navmodels.data.published import require_whole

Array = npt.NDArray[np.float64]


def read_distribution(
    frame: pd.DataFrame, *, counts: Sequence[str], n: str | None, reading: Mapping[str, Any]
) -> tuple[Array, dict[str, Any]]:
    """Return the counts of each answer, dims (row, answer), and how they were read.

    Parameters
    ----------
    frame
        One row a group.
    counts
        Columns with the percent of each answer.
    n
        Column with the respondents of each row.
    reading
        unit, digits and design_effect, as in `Survey.from_report`.

    Raises
    ------
    ValueError
        Naming the rows: no n, answers that do not add to 100 % within rounding, percents that none of n prints as.

    Examples
    --------
    >>> table = pd.DataFrame({"low": [33.0], "middle": [33.0], "high": [33.0], "n": [30]})
    >>> reading = {"unit": "percent", "digits": 0, "design_effect": 1.0}
    >>> read_distribution(table, counts=["low", "middle", "high"], n="n", reading=reading)[0]
    array([[10., 10., 10.]])
    """
    if n is None:
        raise ValueError("a distribution of answers needs the respondents of each row: give n=, the name of a column.")
    size = checks.numeric(frame[n], low=1.0)
    unit = _unit(frame, counts, reading["unit"])
    top = printed.UNITS[unit]
    numbers = pd.concat([checks.numeric(as_written(frame[name]), low=0.0, high=top) for name in counts], axis=1)
    digits = printed.decimals(numbers.to_numpy().ravel(), unit=unit, digits=reading["digits"])
    half = 0.5 * 10.0**-digits
    total = numbers.sum(axis=1)
    _require_whole(total, top, half * len(counts))
    share, simple = numbers.to_numpy() / top, reading["design_effect"] == 1.0
    real = size.to_numpy()[:, None] * share / share.sum(axis=1, keepdims=True)
    found = real if not simple else _whole_counts(real, share, size, half / top)
    attrs = {"unit": unit, "digits": digits, "lowest_sum": float(total.min()), "highest_sum": float(total.max())}
    attrs["uncounted"] = int((found != np.round(found)).any(axis=1).sum()) if simple else 0
    return found, {"printed": attrs, "design_effect": float(reading["design_effect"])}


# ---- inside


def _unit(frame: pd.DataFrame, counts: Sequence[str], unit: str | None) -> str:
    """Return the unit of the answers, percent unless told; what they add to must agree."""
    if unit == "identity":
        raise ValueError("unit is 'identity', a mean; a distribution of answers is 'percent' or 'proportion'.")
    checks.one_of(unit or "percent", tuple(printed.UNITS), what="unit")
    total = sum((checks.numeric(as_written(frame[name])) for name in counts), start=pd.Series(0.0, index=frame.index))
    small = bool((total <= 1.5).all())
    if unit in (None, "percent") and small:
        raise ValueError(f"the answers {checks.listing(counts)} add to about 1 in every row: give unit='proportion'.")
    return unit or "percent"


def _require_whole(total: pd.Series, top: float, slack: float) -> None:
    off = (total - top).abs() > slack + 1e-9 * top
    if off.any():
        row = off.index[off][0]
        raise ValueError(
            f"the answers add to {total[row]:.10g} in row {checks.plain(row)!r} ({checks.rows(off)}); "
            f"allowed: {top:g}, give or take {slack:g} of rounding. Name the column of every answer in counts=, that "
            "of 'no answer' too; or divide by the sum, and give the n of those who answered."
        )


def _whole_counts(real: Array, share: Array, size: pd.Series, half: float) -> Array:
    """Return whole counts that print as the shares and add to n, the nearest to `real`, or `real` where none do."""
    n = size.to_numpy()
    require_whole(size, size.notna())
    low, high = printed.count_range(share, n[:, None], half)
    out = np.clip(np.round(real), low, high)
    for row, goal in enumerate(n):  # one by one to the sum, each step where it costs least
        while (gap := goal - out[row].sum()) != 0:
            step = np.sign(gap)
            free = out[row] < high[row] if step > 0 else out[row] > low[row]
            if not free.any():
                break
            best = np.where(free, step * (out[row] - real[row]), np.inf).argmin()
            room = min(abs(gap) // free.sum(), abs((high if step > 0 else low)[row, best] - out[row, best]))
            out[row, best] += step * max(1.0, room)
    out = np.where((out.sum(axis=1) == n)[:, None], out, real)
    none = pd.Series((low > high).any(axis=1), index=size.index)
    if none.any():
        first = int(np.flatnonzero(none.to_numpy())[0])
        shown = ", ".join(f"{100 * each:g}" for each in share[first][low[first] > high[first]])
        raise ValueError(
            f"no count out of n prints as the share of every answer in {checks.rows(none)}: in row "
            f"{checks.plain(size.index[first])!r}, none of {n[first]:g} prints as {shown} %. Correct n or the "
            "answers, or give design_effect if the sample was weighted."
        )
    return out
