"""Lines over time. Not for the change between two times, which has its own uncertainty: plot_change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from navmodels import checks
from navmodels.plots.style import COLOURS, INK, MARKERS, NOTE, RULE, axes, dress, percent_tick, write_margin
from navmodels.plots.tables import (
    MODELLED,
    check_proportions,
    check_table,
    estimates,
    label_columns,
    numbers,
    row_names,
)
from navmodels.plots.words import bars_words, caution, estimate_words, interval_words, label_text, number, sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_trend(
    table: pd.DataFrame,
    *,
    along: str = "year",
    by: str | Sequence[str] | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    percent: bool = True,
) -> Axes:
    """Draw estimates over time, a line for each level of ``by``, with interval bars.

    Each line ends in its name and last value. Lines are set a little apart sideways, so that their bars do
    not hide each other. A missing mean, as in a suppressed cell, leaves a gap.

    Parameters
    ----------
    table
        One row for each time and line, with the columns ``along``, ``by``, ``mean``, ``lower``, ``upper``;
        ``prob`` (named in the figure) and ``published`` (printed shares: open markers) if there.
    along
        Column of times. Numbers keep their distances; anything else is set at even distances, in the order of
        its categories or else of the table.
    by
        Column or columns whose values name a line; eight lines at most.
    ax
        Axes to draw on; a new figure by default. Labels stand in the right margin, so make your own
        figures with ``layout="constrained"``.
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
        If a column is missing, the table is empty, two rows share a time and a line, a line has no value,
        there are more than eight lines, or ``percent`` is asked of numbers outside 0..1.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> import pandas as pd
    >>> from navmodels.plots import plot_trend
    >>> table = pd.DataFrame({"year": [2023, 2024] * 2, "sector": ["public"] * 2 + ["private"] * 2,
    ...                       "mean": [0.70, 0.66, 0.55, 0.61], "lower": [0.66, 0.62, 0.52, 0.58],
    ...                       "upper": [0.74, 0.70, 0.58, 0.64], "prob": 0.95})
    >>> ax = plot_trend(table, by="sector", title="Satisfied employers")
    >>> [text.get_text() for text in ax.texts]
    ['public 66.0%', 'private 61.0%']
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    columns = label_columns(table, [] if by is None else by)
    published = ["published"] if "published" in table else []
    check_table(table, keys=[along, *columns], values=[*MODELLED, *published])
    check_proportions(table, ["mean", *published], percent=percent)
    names = np.array(row_names(table, columns) if columns else [""] * len(table), dtype=object)
    lines = list(dict.fromkeys(names))
    _check_lines(table, along, columns, names, lines)

    place, ticks = _places(table[along])
    ax = axes(ax, height=4.2)
    ends, parts = [], []
    for i, name in enumerate(lines):
        rows = np.flatnonzero(names == name)
        rows = rows[np.argsort(place[rows], kind="stable")]
        shift = 0.045 * _step(place) * (i - (len(lines) - 1) / 2)
        ends.append(_draw_line(ax, table.iloc[rows], place[rows] + shift, i, percent=percent))
        parts.append(_say_line(table.iloc[rows], along, name, percent=percent))
    _label_time(ax, ticks)
    words = interval_words(table)
    note = bars_words(table) + (" Open markers: as published." if published else "")
    times = list(ticks.values())
    opening = f"{caution(table)}Line chart by {along}, {times[0]} to {times[-1]}, with {words}."
    dress(ax, title=title, alt=sentences(title, opening, parts))
    _finish(ax, note, percent=percent)
    labels = [f"{name} {number(y, percent=percent)}".strip() for name, (_, y) in zip(lines, ends, strict=True)]
    write_margin(ax, labels, ends, colours=[(colour, 0.7) for colour in COLOURS[: len(lines)]])
    return ax


# ---- inside


def _check_lines(
    table: pd.DataFrame, along: str, columns: list[str], names: NDArray[np.object_], lines: list[str]
) -> None:
    """Raise if the rows do not make one to eight lines with one value at a time."""
    twice = pd.DataFrame({"time": table[along].to_numpy(), "line": names}).duplicated().to_numpy()
    if twice.any():
        at = int(np.flatnonzero(twice)[0])
        others = label_columns(table, None, without=[along, *columns])
        raise ValueError(
            f"several rows for {along} {label_text(table[along].iloc[at])}, {names[at] or 'the only line'}: "
            + (f"tell them apart with by= (the table also has {checks.listing(others)}) " if others else "")
            + "or select rows"
        )
    if len(lines) > len(COLOURS):
        raise ValueError(
            f"{len(lines)} lines cannot be told apart in one plot; {len(COLOURS)} is the most: select "
            "some, or draw small multiples, one plot_trend on each ax of plt.subplots"
        )
    if bare := [name for name in lines if table["mean"][names == name].isna().all()]:
        raise ValueError(
            f"no value to draw for {checks.listing(bare) if any(bare) else 'any time'}: leave those rows out"
        )


def _places(times: pd.Series) -> tuple[NDArray[np.float64], dict[float, str]]:
    """Return where each time stands, and the times as ticks."""
    if pd.api.types.is_datetime64_any_dtype(times):
        raise ValueError(f"'{times.name}' holds dates: give the time as a number, such as the year")
    if isinstance(times.dtype, pd.CategoricalDtype):
        place = np.asarray(times.cat.remove_unused_categories().cat.codes, dtype=np.float64)
    elif pd.api.types.is_numeric_dtype(times):
        place = times.to_numpy(dtype=np.float64)
    else:
        place = np.asarray(pd.factorize(times)[0], dtype=np.float64)
    return place, {at: label_text(value) for at, value in sorted(zip(place.tolist(), times.tolist(), strict=True))}


def _step(place: NDArray[np.float64]) -> float:
    """Return the shortest distance between two times."""
    apart = np.unique(place)
    return float(np.diff(apart).min()) if apart.size > 1 else 1.0


def _draw_line(ax: Axes, rows: pd.DataFrame, x: NDArray[np.float64], i: int, *, percent: bool) -> tuple[float, float]:
    """Draw the i-th line with its bars and published values; return its last point."""
    mean, lower, upper = (numbers(rows, name, percent=percent) for name in MODELLED)
    colour, marker = COLOURS[i], MARKERS[i]
    bars = np.isfinite(lower) & np.isfinite(upper)
    if bars.any():
        ax.vlines(x[bars], lower[bars], upper[bars], colors=colour, linewidth=1.0, alpha=0.7, zorder=2)
    ax.plot(x, mean, "-" if i < 4 else "--", color=colour, marker=marker, markersize=5, linewidth=1.8, zorder=3)
    if "published" in rows:
        printed = numbers(rows, "published", percent=percent)
        ax.plot(x, printed, marker, color=colour, fillstyle="none", markersize=9, zorder=4)
    last = np.flatnonzero(np.isfinite(mean))[-1]
    return float(x[last]), float(mean[last])


def _say_line(rows: pd.DataFrame, along: str, name: str, *, percent: bool) -> str:
    """Say a line's ends and extremes, what is not shown, and the last published value."""
    shown = rows[rows["mean"].notna()]
    table, times = estimates(shown, MODELLED, percent=percent), [label_text(value) for value in shown[along]]
    low, high = (
        f"{number(table[i, 0], percent=percent)} in {times[i]}"
        for i in (int(table[:, 0].argmin()), int(table[:, 0].argmax()))
    )
    said = (
        f"{number(table[0, 0], percent=percent)} in {times[0]} to "
        f"{estimate_words(table[-1], percent=percent)} in {times[-1]}; lowest {low}, highest {high}"
    )
    if gaps := [label_text(value) for value in rows[along][rows["mean"].isna()]]:
        said += f"; not shown in {', '.join(gaps)}"
    if "published" in rows and rows["published"].notna().any():
        printed = rows[rows["published"].notna()].iloc[[-1]]
        value = number(numbers(printed, "published", percent=percent)[0], percent=percent)
        said += f"; published {value} in {label_text(printed[along].iloc[0])}"
    return f"{name}: from {said}" if name else f"From {said}"


def _label_time(ax: Axes, ticks: dict[float, str]) -> None:
    """Mark the times of the table, or, of more than twelve, about every n-th."""
    every = -(-len(ticks) // 12)
    ax.set_xticks(list(ticks)[::-every][::-1], list(ticks.values())[::-every][::-1])


def _finish(ax: Axes, note: str, *, percent: bool) -> None:
    """Set grid, note and percent ticks."""
    ax.grid(axis="y", color=RULE, linewidth=0.8)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(note, loc="left", fontsize=NOTE, color=INK)
    if percent:
        ax.yaxis.set_major_formatter(percent_tick)
