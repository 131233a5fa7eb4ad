"""Changes from one time to another, a row each. Not for deciding what counts as a change: the table says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from navmodels.plots.style import BLUE, GREY, INK, ORANGE, VERMILLION, draw_row, finish_rows, row_axes, write_row
from navmodels.plots.tables import (
    MODELLED,
    check_choice,
    check_proportions,
    check_table,
    check_unique,
    label_columns,
    numbers,
    row_names,
)
from navmodels.plots.words import bars_words, caution, chance, interval_words, label_text, sentences, signed

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
    marker show too. A row without a mean says why: "only one year", or "not shown" in a suppressed cell.

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
    check_table(table, keys=[along, *columns], values=[*MODELLED, "p_increase"], words=[start, "class"])
    check_table(table[table["mean"].notna()] if table["mean"].notna().any() else table, keys=[start], values=[])
    check_proportions(table, ["mean"], percent=percent, lowest=-1.0)
    _check_classes(table)
    names, when = _names(table, columns, [start, along])
    check_unique(names)

    ax = row_axes(ax, names)
    mean, lower, upper = (numbers(table, name, percent=percent) for name in MODELLED)
    parts, digits = [], 1 if percent else 2
    for y, (name, up, kind) in enumerate(zip(names, table["p_increase"], table["class"], strict=True)):
        if not np.isfinite(mean[y]):
            why = kind if isinstance(kind, str) and kind not in CLASSES and kind else "not shown"
            write_row(ax, y, why, x=0.02)
            parts.append(f"{name}: {why}")
            continue
        colour, marker = CLASSES[kind]
        draw_row(ax, y, mean[y], (lower[y], upper[y]), colour=colour, marker=marker)
        write_row(ax, y, f"P(up) {chance(up)}")
        write_row(ax, y, kind, indent=57)
        x, low, high = (signed(value, digits=digits) for value in (mean[y], lower[y], upper[y]))
        parts.append(f"{name}: {x} ({low} to {high}), probability of an increase {chance(up)}, {kind}")
    ax.axvline(0, color=INK, linewidth=1.0, zorder=1)

    words, unit = interval_words(table), " in percentage points" if percent else ""
    opening = f"Dot plot of {len(names)} change{'s' * (len(names) > 1)}{when}{unit}, with {words}."
    alt = sentences(title, f"{caution(table)}{opening}{_extremes(names, mean, digits)}", parts)
    finish_rows(ax, xlabel=f"Change{when}{unit}\n{bars_words(table)}", percent=False, title=title, alt=alt)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:+g}".replace("-", "−") if x else "0")
    return ax


# ---- inside


def _check_classes(table: pd.DataFrame) -> None:
    """Raise at a class that is not one of the four; a row that is not shown needs none."""
    classes = table.loc[table["mean"].notna(), "class"].unique()
    for kind in classes:
        check_choice(kind, CLASSES, what="class")


def _names(table: pd.DataFrame, columns: list[str], times: list[str]) -> tuple[list[str], str]:
    """Return the rows' names, and the words for the time if it is the same for all."""
    spans = [
        f"{label_text(a)} to {label_text(b)}" if pd.notna(a) else label_text(b)
        for a, b in table[times].itertuples(index=False)
    ]
    same = len({span for span, start in zip(spans, table[times[0]], strict=True) if pd.notna(start)}) == 1
    names = row_names(table, columns) if columns else [""] * len(table)
    if not same or not columns:
        names = [f"{name}, {span}" if name else span for name, span in zip(names, spans, strict=True)]
    return names, f" from {next(span for span in spans if ' to ' in span)}" if same else ""


def _extremes(names: list[str], mean: np.ndarray, digits: int) -> str:
    """Say the lowest and the highest of several changes."""
    if np.isfinite(mean).sum() < 2:
        return ""
    low, high = (f"{signed(mean[i], digits=digits)} ({names[i]})" for i in (np.nanargmin(mean), np.nanargmax(mean)))
    return f" Lowest {low}, highest {high}."
