"""Changes from one time to another, a row each. Not for deciding what counts as a change: the table says."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from navmodels.plots.style import (
    BLUE,
    GREY,
    INK,
    MODELLED,
    ORANGE,
    VERMILLION,
    check_proportions,
    check_table,
    check_unique,
    draw_row,
    finish_rows,
    interval_words,
    label_columns,
    numbers,
    plain,
    quoted,
    row_axes,
    row_names,
    sentences,
    write_row,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLASSES = {
    "increase": (BLUE, ">"),
    "decrease": (VERMILLION, "<"),
    "tendency": (ORANGE, "D"),
    "no clear change": (GREY, "o"),
}
"""Colour and marker of each class of change."""


def plot_change(
    table: pd.DataFrame,
    *,
    along: str = "year",
    label: str | Sequence[str] | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    percent: bool = True,
) -> Axes:
    """Draw changes as points with intervals beside a zero line, one row for each, in the table's order.

    The right margin gives the probability of an increase and the class of the change, which colour and
    marker show too. A row without a mean, as in a suppressed cell, says "not shown".

    Parameters
    ----------
    table
        One row for each change, with the columns ``along``, ``{along}_from``, ``mean``, ``lower``, ``upper``,
        ``p_increase`` and ``class`` (increase, decrease, tendency or no clear change); ``prob`` if there.
    along
        Column of the later time; ``{along}_from`` is the earlier one.
    label
        Column or columns that name a row; every dim but the times by default. The times are added if they
        differ from row to row.
    ax
        Axes to draw on; by default a new figure, as high as the rows need. The words stand in the right
        margin, so make your own figures with ``layout="constrained"``.
    title
        Title of the figure.
    percent
        True for changes of proportions (-1..1, shown in percentage points), False for other numbers.

    Returns
    -------
    Axes
        With alternative text: see ``alt_text``.

    Raises
    ------
    ValueError
        If a column is missing, the table is empty, a class is unknown, two rows have the same name, or
        ``percent`` is asked of changes outside -1..1.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> import pandas as pd
    >>> from navmodels.plots import plot_change
    >>> table = pd.DataFrame({"sector": ["public", "private"], "year_from": 2023, "year": 2024,
    ...                       "mean": [-0.04, 0.06], "lower": [-0.09, 0.02], "upper": [0.01, 0.10],
    ...                       "prob": 0.95, "p_increase": [0.07, 0.998], "class": ["tendency", "increase"]})
    >>> ax = plot_change(table, title="Satisfied employers")
    >>> [text.get_text() for text in ax.texts]
    ['P(up) 0.07', 'tendency', 'P(up) >0.99', 'increase']
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    start = f"{along}_from"
    columns = label_columns(table, label, without=[along, start])
    check_table(table, keys=[along, start, *columns], values=[*MODELLED, "p_increase"], words=["class"])
    check_proportions(table, ["mean"], percent=percent, lowest=-1.0)
    _check_classes(table)
    names, when = _names(table, columns, [start, along])
    check_unique(names)

    ax = row_axes(ax, names)
    mean, lower, upper = (numbers(table, name, percent=percent) for name in MODELLED)
    parts = []
    for y, (name, up, kind) in enumerate(zip(names, table["p_increase"], table["class"], strict=True)):
        if not np.isfinite(mean[y]):
            write_row(ax, y, "not shown", x=0.02)
            parts.append(f"{name}: not shown")
            continue
        colour, marker = CLASSES[kind]
        draw_row(ax, y, mean[y], (lower[y], upper[y]), colour=colour, marker=marker)
        write_row(ax, y, f"P(up) {_chance(up)}")
        write_row(ax, y, kind, indent=57)
        bar = " to ".join(_signed(end, percent) for end in (lower[y], upper[y]))
        parts.append(f"{name}: {_signed(mean[y], percent)} ({bar}), probability of an increase {_chance(up)}, {kind}")
    ax.axvline(0, color=INK, linewidth=1.0, zorder=1)

    words, unit = interval_words(table), " in percentage points" if percent else ""
    opening = f"Dot plot of {len(names)} change{'s' * (len(names) > 1)}{when}{unit}, with {words}."
    alt = sentences(title, f"{opening}{_extremes(names, mean, percent)}", parts)
    finish_rows(ax, xlabel=f"Change{when}{unit}\nBars: {words}.", percent=False, title=title, alt=alt)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:+g}".replace("-", "−") if x else "0")
    return ax


# ---- inside


def _check_classes(table: pd.DataFrame) -> None:
    """Raise at a class that is not one of the four; a row that is not shown needs none."""
    classes = table.loc[table["mean"].notna(), "class"].unique()
    if odd := [str(kind) for kind in classes if kind not in CLASSES]:
        near = difflib.get_close_matches(odd[0], CLASSES, n=1)
        hint = f" (nearest to '{odd[0]}' is '{near[0]}')" if near else ""
        raise ValueError(f"unknown class {quoted(odd)}; a change is one of {quoted(CLASSES)}{hint}")


def _names(table: pd.DataFrame, columns: list[str], times: list[str]) -> tuple[list[str], str]:
    """Return the rows' names, and the words for the time if it is the same for all."""
    spans = [f"{plain(a)} to {plain(b)}" for a, b in table[times].itertuples(index=False)]
    same = len(set(spans)) == 1
    names = row_names(table, columns) if columns else [""] * len(table)
    if not same or not columns:
        names = [f"{name}, {span}" if name else span for name, span in zip(names, spans, strict=True)]
    return names, f" from {spans[0]}" if same else ""


def _chance(probability: float) -> str:
    """Write a probability with two decimals, never as a certainty."""
    if np.isnan(probability):
        return "unknown"
    return ">0.99" if probability >= 0.995 else "<0.01" if probability < 0.005 else f"{probability:.2f}"


def _signed(value: float, percent: bool) -> str:
    """Write a change with its sign."""
    if np.isnan(value):
        return "unknown"
    return f"{value:+z.{1 if percent else 2}f}".replace("-", "−")


def _extremes(names: list[str], mean: np.ndarray, percent: bool) -> str:
    """Say the lowest and the highest of several changes."""
    if np.isfinite(mean).sum() < 2:
        return ""
    low, high = (f"{_signed(mean[i], percent)} ({names[i]})" for i in (np.nanargmin(mean), np.nanargmax(mean)))
    return f" Lowest {low}, highest {high}."
