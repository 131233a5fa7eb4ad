"""A survey as text and as a table: what `Survey` prints, and its cells as a data frame.

Nothing is computed here that is not already in the cells.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels.checks import Levels, listing
from navmodels.data.weights import unequal_weights
from navmodels.printed import UNITS, beyond, speaking, without_width

TITLES = {"share": "shares", "rating": "ratings", "choice": "choices", "reported": "published numbers"}
PRINTED = ("estimate", "lower", "upper", "se", "n")


def describe(cells: xr.Dataset, levels: Levels) -> str:
    """Return the size of a survey, its factors, and what its user has to know, a line each.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [900, 0], "n": [1200, 0]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> print(describe(survey.cells, survey.levels))
    Survey of shares: 2 cells, 1 200 respondents
      office  2 levels: 'A', 'B'
      share   75.0 % positive
      1 cell with n = 0: its estimate rests on the model alone
    """
    attrs = cells.attrs
    simulated = " (simulated)" if attrs.get("simulated") else ""
    size = f"{_several(cells.sizes['cell'], 'cell')}, {_respondents(cells)}"
    width = max([len(name) for name in levels], default=0)
    lines = [
        f"  {name:{width}s}  {_several(len(each), 'level')}: {listing(each, most=5)}" for name, each in levels.items()
    ]
    details = _printed_details(cells) if attrs["kind"] == "reported" else _count_details(cells, width)
    return "\n".join([f"Survey of {TITLES[attrs['kind']]}{simulated}: {size}", *lines, *details])


def cell_table(cells: xr.Dataset, levels: Levels) -> pd.DataFrame:
    """Return one row a cell: factors, then n and positive (share) or n and each category, or what was printed."""
    frame = pd.DataFrame(
        {name: pd.Categorical(cells[name].to_numpy(), list(labels)) for name, labels in levels.items()},
        index=range(cells.sizes["cell"]),
    )
    if cells.attrs["kind"] == "reported":
        frame = frame.assign(**{name: cells[name].to_numpy() for name in PRINTED})
    else:
        count = cells["count"].to_numpy()
        frame["n"] = count.sum(axis=1)
        if cells.attrs["kind"] == "share":
            frame["positive"] = count[:, 1]
        else:
            frame[[str(name) for name in cells["category"].to_numpy()]] = count
    return frame.assign(weight=cells["weight"].to_numpy())


# ---- inside


def _several(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _sides(attrs: Mapping[str, Any], *, whole: int) -> list[str]:
    """Return which answers were positive, which negative and which neither, and how often they were given."""
    sides = attrs.get("sides", {})
    counted = sum(sum(sides.get(side, {}).values()) for side in ("positive", "negative")) == whole
    lines = []
    for side, given in sides.items():
        shown = [f"{answer} ({often})" if counted else answer for answer, often in given.items()]
        more = f" and {len(shown) - 8} more" if len(shown) > 8 else ""
        if shown:
            name = "neither, left out" if side == "neither" else side
            lines.append(f"  {name}: {', '.join(shown[:8])}{more}")
    return lines


def _persons(cells: xr.Dataset) -> list[str]:
    attrs = cells.attrs
    if "persons" not in attrs:
        return []
    persons, repeated = (f"{attrs[name]:,}".replace(",", " ") for name in ("persons", "repeated"))
    return [f"  {persons} persons, {repeated} of them with more than one answer"]


def _respondents(cells: xr.Dataset) -> str:
    if cells.attrs["kind"] != "reported":
        total, unknown = float(cells["count"].sum()), 0
    else:
        total, unknown = float(cells["n"].sum()), int(cells["n"].isnull().sum())
    if unknown == cells.sizes["cell"]:
        return "n not printed"
    digits = 0 if total == round(total) else 1
    noun = "answers" if "unanswered" in cells.attrs else "respondents"  # of several items, one person gives several
    text = f"{total:,.{digits}f} {noun}".replace(",", " ")
    return f"{text} where n is printed ({unknown} without)" if unknown else text


def _printed_details(cells: xr.Dataset) -> list[str]:
    unit, size = cells.attrs["unit"], cells.sizes["cell"]
    exact = int(cells["trials"].notnull().sum())
    lines = [f"  {unit}: {exact} as exact counts, {size - exact} as rounded normal"]
    table = cells[list(PRINTED)].to_dataframe()[list(PRINTED)].reset_index(drop=True)
    if unit == "percent" and table["estimate"].gt(0).any() and (table["estimate"] <= 1).all():
        lines.append(f"  every estimate is read as at most 1 %, such as {table['estimate'].max():g} %")
    if unit != "identity":
        lines += _interval_details(table, cells["trials"].notnull().to_numpy(), UNITS[unit])
        spoken = speaking(table, unit=UNITS[unit])
        by_n = int((spoken["se"].isna() & spoken["lower"].isna() & spoken["n"].notna()).sum())
        lines += _simple_sample(by_n, "row", cells.attrs["design_effect"])
    unknown = int(table["n"].isna().sum())
    if unknown == size > 1:
        lines.append("  n not printed: in averages all cells weigh alike, unless population= is given")
    elif unknown:
        lines.append(f"  {_several(unknown, 'cell')} without n: averages over other cells too need population=")
    return lines


def _interval_details(table: pd.DataFrame, counted: npt.NDArray[np.bool_], unit: float) -> list[str]:
    """Return what was done with intervals that do not speak as they stand."""
    below, above = beyond(table, unit=unit)
    interval = speaking(table, unit=unit)["lower"].notna()
    said = {
        "beyond 0 or 100 %: the other side counts": (below ^ above) & ~(counted & interval),
        "beyond both 0 and 100 %: not used": below & above,
        "without width: not used": without_width(table),
        "around 0 or 100 %: as counts out of the n it tells": interval & counted,
    }
    return [f"  {_several(int(where.sum()), 'interval')} {text}" for text, where in said.items() if where.any()]


def _simple_sample(rows: int, noun: str, design_effect: float) -> list[str]:
    """Return what it would mean that printed shares are not those of a simple sample."""
    if not rows or design_effect != 1:
        return []
    return [
        f"  {_several(rows, noun)} taken as a simple sample: if weighted, intervals are {math.sqrt(1.5):.2f} (design "
        f"effect 1.5) or {math.sqrt(2):.2f} times (2) as wide; give design_effect="
    ]


def _count_details(cells: xr.Dataset, width: int) -> list[str]:
    attrs, lines = cells.attrs, []
    total = cells["weighted"].sum("cell").to_numpy()
    if attrs["kind"] == "share" and total.sum() > 0:
        lines.append(f"  {'share':{width}s}  {100 * total[1] / total.sum():.1f} % positive")
    if "printed" in attrs:
        read = attrs["printed"]
        lines.append(
            f"  counts read from printed shares of all answers, which add to {read['lowest_sum']:g}"
            + (f" to {read['highest_sum']:g}" if read["highest_sum"] > read["lowest_sum"] else "")
        )
        if read["uncounted"]:
            lines.append(
                f"  {_several(read['uncounted'], 'row')} in which no whole counts print so and add to n, as shares of n"
                ": weighted, or an answer is not printed"
            )
        lines += _simple_sample(cells.sizes["cell"], "row", attrs["design_effect"])
    lines += _sides(attrs, whole=int(cells["count"].sum()))
    if attrs["weighting"] != "none":
        lines.append(f"  weights: {attrs['weighting']}")
    if attrs["weighting"] == "frame" and (why := unequal_weights(cells)):
        lines.append(f"    {why}")
    if attrs["dropped"]:
        lines.append(f"  {_several(attrs['dropped'], 'row')} without answer or factor left out")
    if attrs.get("weightless"):
        lines.append(f"  {_several(attrs['weightless'], 'row')} of weight 0 left out")
    lines += _persons(cells)
    empty = int((cells["count"].sum("category") == 0).sum())
    if empty:
        lines.append(
            f"  {_several(empty, 'cell')} with n = 0: "
            + ("its estimate rests" if empty == 1 else "their estimates rest")
            + " on the model alone"
        )
    return lines
