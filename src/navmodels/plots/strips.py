"""Conclusions under many scenarios: the strip of plot_sensitivity. Not for judging them: the table has the verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from navmodels.checks.reserved import COLUMNS
from navmodels.plots.style import BLACK, BLUE, GREY, INK, VERMILLION, finish_rows, row_axes, wrapped, write_row
from navmodels.plots.tables import check_choice, check_table, check_unique, label_columns, numbers, row_names
from navmodels.plots.words import caution, chance, sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LIMITS = (0.80, 0.95)  # of `conclusions`: a statement leans from the first, stands from the second
CLASSES = {"fails": 0.025, "leans\nagainst": 0.125, "open": 0.5, "leans": 0.875, "stands": 0.975}
"""The classes from low to high, and where their names stand."""

SMALL = 7.5  # size of type, in points
WIDTH = 0.013  # of a point, on the axis of probability


def draw_strip(table: pd.DataFrame, *, base: str, ax: Axes | None, title: str | None) -> Axes:
    """Draw the probability of each statement in every scenario: see plot_sensitivity."""
    keys = label_columns(table, "statement")
    check_table(table, keys=keys, values=["p"], words=["verdict"])
    scenarios = [str(name) for name in table.columns if name not in COLUMNS["conclusions"]]
    check_table(table, keys=[], values=scenarios)
    check_choice(base, scenarios, what="base")
    statements, at = row_names(table, keys), scenarios.index(base)
    check_unique(statements, hint="a strip has a row for each statement")
    values = np.column_stack([numbers(table, name, percent=False) for name in scenarios])
    _check_probabilities(table, values, scenarios, at)
    turned = _turned(values, at)

    judged = np.isfinite(values).sum(axis=1)
    gaps = ["" if n == len(scenarios) else f" (judged in {n} of {len(scenarios)})" for n in judged]
    verdicts = [f"{verdict}{gap}" for verdict, gap in zip(table["verdict"], gaps, strict=True)]
    margin = wrapped(verdicts, 38)

    ax = row_axes(ax, statements, row=max(0.66, 0.22 + 0.13 * max(text.count("\n") + 1 for text in margin)), width=9.5)
    _draw_classes(ax)
    parts = []
    for y, (name, verdict) in enumerate(zip(statements, verdicts, strict=True)):
        _draw_points(ax, y, values[y], turned[y], at)
        _name_extremes(ax, y, np.where(turned[y], values[y], np.nan), values[y, at], scenarios)
        write_row(ax, y, margin[y])
        parts.append(f"{name}: {_say(values[y], scenarios, at)}, {verdict}")

    statement = f"{len(statements)} statement{'s' * (len(statements) > 1)}"
    opening = f"{caution(table)}Strip plot of the probability of {statement} in {len(scenarios)} scenarios."
    key = f"■ {base}   ○ a scenario of the same class   ◆ of another class, the farthest named"
    xlabel = f"Probability that the statement is true\n{key}\n{caution(table)}Right: verdict."
    finish_rows(ax, xlabel=xlabel, percent=False, title=title, alt=sentences(title, opening, parts))
    ax.set_title(ax.get_title(loc="left"), loc="left", pad=27)
    return ax


# ---- inside


def _check_probabilities(table: pd.DataFrame, values: NDArray[np.float64], scenarios: list[str], at: int) -> None:
    """Raise unless the values (statement, scenario) are probabilities, and the verdicts those of the base."""
    if (off := (values < 0) | (values > 1)).any():
        y, x = np.argwhere(off)[0]
        raise ValueError(f"'{scenarios[x]}' has {values[y, x]:g} in row {table.index[y]}: a probability is 0 to 1")
    if not np.array_equal(numbers(table, "p", percent=False), values[:, at], equal_nan=True):
        raise ValueError(f"'p' is not the probability in '{scenarios[at]}': the verdicts are of another base")


def _turned(values: NDArray[np.float64], at: int) -> NDArray[np.bool_]:
    """Return whether a probability (statement, scenario) is of another class than the base's; a missing one is not."""
    steps: NDArray[np.int_] = np.sum([(values >= x).astype(int) - (1 - values >= x) for x in LIMITS], axis=0)
    known = np.isfinite(values)
    differs: NDArray[np.bool_] = (steps != steps[:, [at]]) & known & known[:, [at]]
    return differs


def _draw_classes(ax: Axes) -> None:
    """Draw the limits of the classes, and write their names above."""
    ax.set_xlim(-0.025, 1.025)
    limits = [1 - LIMITS[1], 1 - LIMITS[0], *LIMITS]
    ax.set_xticks([0, *limits, 0.5, 1], [f"{x:g}" for x in (0, *(round(x, 2) for x in limits), 0.5, 1)])
    ax.grid(visible=False)
    for limit in limits:
        ax.axvline(limit, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)), zorder=0)
    for name, x in CLASSES.items():
        ax.annotate(
            name,
            (x, 1),
            xycoords=ax.get_xaxis_transform(),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=SMALL,
            color=INK,
        )


def _draw_points(ax: Axes, y: int, p: NDArray[np.float64], turned: NDArray[np.bool_], at: int) -> None:
    """Draw a row: points that would cover each other are stacked up and down, the base stands on the middle."""
    others = np.isfinite(p) & (np.arange(len(p)) != at)
    if np.isfinite(p).any():
        ax.hlines(y, np.nanmin(p), np.nanmax(p), colors=GREY, linewidth=0.8, zorder=1)
    places = y + _stacked(p)
    for which, marker, colour, face in ((~turned, "o", BLUE, "white"), (turned, "D", VERMILLION, VERMILLION)):
        shown = which & others
        ax.plot(p[shown], places[shown], marker, color=colour, markerfacecolor=face, markersize=4, zorder=2)
    ax.plot(p[[at]], [y], "s", color=BLACK, markersize=7, zorder=3)


def _stacked(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far from the middle of its row a point is drawn: 0, then up and down by turns, within 0.17."""
    bins = np.round(p / WIDTH)
    shift = np.zeros(len(p))
    for each in np.unique(bins[np.isfinite(bins)]):
        same = np.flatnonzero(bins == each)
        turn = np.arange(1, len(same) + 1) // 2 * np.where(np.arange(len(same)) % 2, -1, 1)
        shift[same] = turn * min(0.1, 0.17 / max(1, len(same) // 2))
    return shift


def _name_extremes(ax: Axes, y: int, p: NDArray[np.float64], own: float, scenarios: list[str]) -> None:
    """Name the scenario farthest below the base under the row, and the one farthest above it over the row."""
    for far, lane in ((own - p, 0.33), (p - own, -0.33)):
        if (far > 0).any():
            i = int(np.nanargmax(far))
            side = "left" if p[i] < 0.35 else "right" if p[i] > 0.65 else "center"
            name = ax.text(p[i], y + lane, scenarios[i], ha=side, va="center", fontsize=SMALL, color=INK, zorder=4)
            name.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.5})


def _say(p: NDArray[np.float64], scenarios: list[str], at: int) -> str:
    """Say the probability of a statement in the base, and the lowest and highest."""
    if not np.isfinite(p).any():
        return "judged in no scenario"
    ends = [f"{chance(p[i])} in '{scenarios[i]}'" for i in (int(np.nanargmin(p)), int(np.nanargmax(p)))]
    return f"probability {chance(p[at])} in '{scenarios[at]}', from {ends[0]} to {ends[1]}"
