"""From draws to a verdict on one statement of the report.

A statement of direction agrees when the difference has that sign at 95 %; a stated tendency also at 90 %. A statement
of no change or no difference agrees unless the difference is clear at 95 %.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

import navmodels as nav

UP, DOWN, SAME = ("up", "higher", "highest"), ("down", "lower", "lowest"), ("unchanged", "equal")


@dataclass(frozen=True)
class Verdict:
    """What our computation says of a statement: all differences in percentage points.

    Attributes
    ----------
    mean, lower, upper
        Difference and its 95 % interval.
    p_increase
        Probability that it is above zero; for an order, that the order is as stated.
    label
        increase, decrease, tendency, no clear change; higher, lower, tendency, no clear difference; clear, tendency,
        open.
    status
        agrees, differs.
    """

    mean: float
    lower: float
    upper: float
    p_increase: float
    label: str
    status: str


def judge_change(draws: xr.DataArray, *, direction: str, stated: str) -> Verdict:
    """Judge a change; `draws` are shares with two years along ``year``, the later last."""
    row = nav.summarise(nav.change(draws, along="year")).iloc[0]
    return _verdict(row, str(row["class"]), float(row["p_increase"]), direction, stated)


def judge_difference(draws: xr.DataArray, *, along: str, reference: str, direction: str, stated: str) -> Verdict:
    """Judge a difference between two levels along a dim."""
    contrast = nav.contrast(draws, along=along, reference=reference)
    row = nav.summarise(contrast).iloc[0]
    lower90, upper90 = np.quantile(contrast, [0.05, 0.95])
    clear = "higher" if row["lower"] > 0 else "lower" if row["upper"] < 0 else ""
    label = clear or ("tendency" if lower90 > 0 or upper90 < 0 else "no clear difference")
    return _verdict(row, label, float(row["p_above"]), direction, stated)


def judge_order(draws: xr.DataArray, *, along: str, level: str, among: int, direction: str) -> Verdict:
    """Judge whether a level is among the `among` highest (or lowest) along a dim; a probability of 0.95 is clear."""
    ranks = nav.rank(draws, along=along, best="highest" if direction in UP else "lowest").sel({along: level})
    p = float((ranks <= among).mean())
    label = "clear" if p >= 0.95 else "tendency" if p >= 0.90 else "open"
    nan = float("nan")
    return Verdict(nan, nan, nan, p, label, "agrees" if p >= 0.95 else "differs")


def direct_z(first: tuple[float, float], second: tuple[float, float], design_effect: float) -> float:
    """Return z of second minus first, each (percent, n), as independent samples with one design effect."""
    variance = [design_effect * share * (100 - share) / n for share, n in (first, second)]
    return float((second[0] - first[0]) / np.sqrt(sum(variance)))


# ---- inside


def _verdict(row: pd.Series, label: str, p: float, direction: str, stated: str) -> Verdict:
    mean, lower, upper = (100 * float(row[name]) for name in ("mean", "lower", "upper"))
    return Verdict(mean, lower, upper, p, label, _status(label, mean, direction, stated))


def _status(label: str, mean: float, direction: str, stated: str) -> str:
    clear = label in ("increase", "decrease", "higher", "lower")
    if direction in SAME or stated == "not significant":
        return "differs" if clear else "agrees"
    right = mean > 0 if direction in UP else mean < 0
    enough = clear or (label == "tendency" and stated == "tendency")
    return "agrees" if right and enough else "differs"
