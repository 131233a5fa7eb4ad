"""From draws to a verdict on one statement of the report.

A statement of direction agrees when the difference has that sign at 95 %; a stated tendency also at 90 %. A statement
of no change or no difference agrees unless the difference is clear at 95 %.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import navmodels as nav

Pair = tuple[Any, ...]  # what is compared: a level of every dim but the last, then two of the last dim
Row = Mapping[Hashable, Any]  # what the draws say of a pair: a row of `summarise`, and why it may not be used

UP, DOWN, SAME = ("up", "higher", "highest"), ("down", "lower", "lowest"), ("unchanged", "equal")
DIFFERENCES = {
    "increase": "higher",
    "decrease": "lower",
    "tendency": "tendency",
    "no clear change": "no clear difference",
}


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


def compare(draws: xr.DataArray, asked: Iterable[Pair]) -> dict[Pair, Row]:
    """Return the summary of each pair that the draws have: its second level minus its first.

    All pairs are summarised at once. Only if they do not pass the gate together is each judged by itself, so that
    none falls with another; a row says in ``unconverged`` why it may not be used, and nothing when it may.
    """
    dims = [str(dim) for dim in draws.dims if dim not in ("chain", "draw")]
    known = [set(draws[dim].to_numpy().tolist()) for dim in (*dims, dims[-1])]
    pairs = [
        pair for pair in dict.fromkeys(asked) if all(level in levels for level, levels in zip(pair, known, strict=True))
    ]
    if not pairs:
        return {}
    *where, first, second = zip(*pairs, strict=True)
    at = {dim: xr.DataArray(list(levels), dims="pair") for dim, levels in zip(dims[:-1], where, strict=True)}
    at[dims[-1]] = xr.DataArray([first, second], dims=("side", "pair"))
    sides = draws.transpose(*dims, "chain", "draw").drop_vars("n", errors="ignore").sel(at).drop_vars(dims)
    change = nav.change(sides, along="side").isel(side=0, drop=True)
    names = {", ".join(map(str, pair)): pair for pair in pairs}
    table = _summarise_each(change.assign_coords(pair=list(names)))
    return {names[row["pair"]]: row for row in table.to_dict("records")}


def compare_each(each: Iterable[xr.DataArray], asked: Sequence[Pair]) -> dict[Pair, Row]:
    """Return what `compare` returns, of several draws with different levels."""
    return {pair: row for draws in each for pair, row in compare(draws, asked).items()}


def judge(row: Row, *, direction: str, stated: str, over_time: bool) -> Verdict:
    """Return the verdict on a row of `compare`, a change over time or a difference between groups.

    Raises
    ------
    NotConvergedError
        When the row did not pass the gate.
    """
    if row["unconverged"]:
        raise nav.NotConvergedError(row["unconverged"])
    label = row["class"] if over_time else DIFFERENCES[row["class"]]
    mean, lower, upper = (100 * row[name] for name in ("mean", "lower", "upper"))
    return Verdict(mean, lower, upper, row["p_increase"], label, _status(label, mean, direction, stated))


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


def _summarise_each(draws: xr.DataArray) -> pd.DataFrame:
    """Return the summary of each entry along ``pair``, with why it may not be used."""
    try:
        return nav.summarise(draws).assign(unconverged="")
    except nav.NotConvergedError as error:
        if draws.sizes["pair"] == 1:
            return nav.summarise(draws, allow_unconverged=True).assign(unconverged=str(error))
        return pd.concat([_summarise_each(draws.isel(pair=[place])) for place in range(draws.sizes["pair"])])


def _status(label: str, mean: float, direction: str, stated: str) -> str:
    clear = label in ("increase", "decrease", "higher", "lower")
    if direction in SAME or stated == "not significant":
        return "differs" if clear else "agrees"
    right = mean > 0 if direction in UP else mean < 0
    enough = clear or (label == "tendency" and stated == "tendency")
    return "agrees" if right and enough else "differs"
