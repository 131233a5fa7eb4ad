"""What was observed beside what the model predicts of it. Not for judging the model: cells, not verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from navmodels.plots.style import BLUE, GREY, INK, NOTE, RULE, VERMILLION, axes, dress, percent_tick, write_margin
from navmodels.plots.tables import (
    check_choice,
    check_proportions,
    check_table,
    check_unique,
    estimates,
    label_columns,
    numbers,
    row_names,
)
from navmodels.plots.words import caution, estimate_words, number, sentences, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WORDS = {"values": "Observed", "residuals": "Residual (predictive sd)"}
"""What each kind of plot shows over the expected value."""

CHECKED = ("observed", "expected", "lower", "upper")


def plot_check(
    table: pd.DataFrame,
    *,
    label: str | Sequence[str] | None = None,
    kind: str = "values",
    worst: int = 5,
    ax: Axes | None = None,
    title: str | None = None,
    percent: bool = True,
) -> Axes:
    """Draw each cell's observed value, or its residual, against what the model predicts of it.

    With "values" the bars are the predictive intervals and the diagonal is where observed equals expected; with
    "residuals" a grey band marks -2 to 2 predictive standard deviations. Cells outside their interval are filled
    diamonds, the others hollow circles. The cells with the largest residuals are named in the right margin. A
    cell without an observed value is counted in the note and not drawn.

    Parameters
    ----------
    table
        One row for each cell (and category of a rating), as ``check_fit`` makes it: the columns that name it,
        then ``observed``, ``expected``, ``lower``, ``upper`` (predictive interval), ``residual`` (in predictive
        standard deviations) and ``p`` (two-sided predictive probability); ``prob`` if there.
    label
        Column or columns that name a row; every dim by default.
    kind
        "values" or "residuals".
    worst
        How many cells are named, those with the largest absolute residuals; 0 for none.
    ax
        Axes to draw on; a new figure by default. Names stand in the right margin, so make your own figures
        with ``layout="constrained"``, for instance one with both kinds side by side.
    title
        Title of the figure.
    percent
        True for proportions (0..1, shown as percent), False for scores and other numbers, shown as they are.

    Returns
    -------
    Axes
        With alternative text: see ``alt_text``.

    Raises
    ------
    ValueError
        If a column is missing, the table is empty, no cell has an observed value, two rows have the same name,
        ``kind`` is unknown, ``worst`` is negative, or ``percent`` is asked of numbers outside 0..1.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> import pandas as pd
    >>> from navmodels.plots import plot_check
    >>> table = pd.DataFrame({"county": ["Oslo", "Troms", "Agder"], "n": [612, 40, 85],
    ...                       "observed": [0.58, 0.80, 0.63], "expected": [0.58, 0.61, 0.62],
    ...                       "lower": [0.53, 0.44, 0.51], "upper": [0.63, 0.77, 0.73], "prob": 0.95,
    ...                       "residual": [0.0, 2.3, 0.2], "p": [0.98, 0.02, 0.86]})
    >>> ax = plot_check(table, worst=1)
    >>> [text.get_text() for text in ax.texts]
    ['Troms +2.3']
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    columns = label_columns(table, label)
    check_table(table, keys=columns, values=[*CHECKED, "residual", "p"])
    check_proportions(table, ["observed", "expected"], percent=percent)
    _check_choices(kind, worst)
    names = row_names(table, columns)
    check_unique(names)
    there = table["observed"].notna().to_numpy()
    if not there.any():
        raise ValueError("no row has an observed value, so there is nothing to check")
    shown, names = table[there], [name for name, has in zip(names, there, strict=True) if has]
    values = estimates(shown, CHECKED, percent=percent)
    residual = numbers(shown, "residual", percent=False)
    outside = (values[:, 0] < values[:, 2]) | (values[:, 0] > values[:, 3])

    ax = axes(ax, height=4.8)
    if kind == "values":
        height = values[:, 0]
        _draw_intervals(ax, values)
    else:
        height = residual
        _draw_band(ax)
    _draw_cells(ax, values[:, 1], height, outside)

    note = caution(table) + _count(table, outside, gaps=int((~there).sum()))
    most = np.argsort(-np.abs(residual), kind="stable")[: min(worst, int(np.isfinite(residual).sum()))]
    parts = [_say(names[i], values[i], residual[i], shown["p"].iloc[i], percent=percent) for i in most]
    opening = f"{WORDS[kind]} against expected of {len(names)} cell{'s' * (len(names) > 1)}. {note}"
    dress(ax, title=title, alt=sentences(title, f"{opening} Largest residuals:" if parts else opening, parts))
    _finish(ax, kind, note, named=most.size > 0, percent=percent)
    if most.size:
        labels = [f"{names[i]} {signed(residual[i])}" for i in most]
        points = np.column_stack([values[most, 1], height[most]])
        write_margin(ax, labels, points, colours=[GREY] * len(labels), gap=4)
    return ax


# ---- inside


def _check_choices(kind: str, worst: int) -> None:
    """Raise at an unknown kind or a negative number of names."""
    check_choice(kind, WORDS, what="kind")
    if worst < 0:
        raise ValueError(f"worst is {worst}; allowed: 0, for no names, and up")


def _draw_intervals(ax: Axes, values: NDArray[np.float64]) -> None:
    """Draw predictive intervals of cells (cell, [observed, expected, lower, upper]) and the diagonal."""
    _, expected, lower, upper = values.T
    ax.vlines(expected, lower, upper, colors=GREY, linewidth=1.0, alpha=0.5, zorder=1)
    low, high = np.nanmin(values), np.nanmax(values)
    ax.plot([low, high], [low, high], color=INK, linewidth=1.0, zorder=2)


def _draw_band(ax: Axes) -> None:
    """Draw zero, and where 95 of 100 residuals of a normal predictive distribution lie."""
    ax.axhspan(-2, 2, color=RULE, alpha=0.5, linewidth=0, zorder=0)
    ax.axhline(0, color=INK, linewidth=1.0, zorder=2)


def _draw_cells(ax: Axes, x: NDArray[np.float64], y: NDArray[np.float64], outside: NDArray[np.bool_]) -> None:
    """Draw the cells, smaller when they are many."""
    size = 6.0 if len(x) <= 100 else 4.0
    for which, marker, colour, face in ((~outside, "o", BLUE, "white"), (outside, "D", VERMILLION, VERMILLION)):
        ax.plot(x[which], y[which], marker, color=colour, markerfacecolor=face, markersize=size, zorder=3)


def _count(table: pd.DataFrame, outside: NDArray[np.bool_], *, gaps: int) -> str:
    """Write how many cells are outside their interval, and how many cannot be."""
    level = sorted(set(table["prob"].dropna())) if "prob" in table else []
    interval = f"{100 * level[0]:g}% interval" if len(level) == 1 else "interval"
    chance = f" (about {(1 - level[0]) * len(outside):.0f} by chance)" if len(level) == 1 else ""
    without = f" Without an observed value: {gaps}." if gaps else ""
    return f"Outside the {interval}: {outside.sum()} of {len(outside)}{chance}.{without}"


def _finish(ax: Axes, kind: str, note: str, *, named: bool, percent: bool) -> None:
    """Set grid, names of the axes and percent ticks."""
    ax.grid(color=RULE, linewidth=0.8)
    bars = "   bar: predictive interval" if kind == "values" else "   band: −2 to 2"
    note = f"{note}\nNamed: largest residuals, in predictive sd." if named else note
    ax.set_xlabel(f"Expected\n○ inside   ◆ outside{bars}\n{note}", loc="left", fontsize=NOTE, color=INK)
    ax.set_ylabel(WORDS[kind], fontsize=NOTE, color=INK)
    if percent:
        ax.xaxis.set_major_formatter(percent_tick)
    if percent and kind == "values":
        ax.yaxis.set_major_formatter(percent_tick)


def _say(name: str, values: NDArray[np.float64], residual: float, p: float, *, percent: bool) -> str:
    """Say one cell: values are observed, expected, lower, upper."""
    chance = "p unknown" if np.isnan(p) else "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
    observed, expected = number(values[0], percent=percent), estimate_words(values[1:], percent=percent)
    return f"{name}: observed {observed}, expected {expected}, residual {signed(residual)}, {chance}"
