"""The house style: what a plot asks of its table, how it looks, and how it says itself in words.

Not for numbers: nothing is estimated, classified or sorted here. Colours are those of Okabe and Ito (2008)
without yellow, which is too pale on white, and with a grey; they never carry a meaning alone.
"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, VERMILLION, GREEN, BLACK = "#0072B2", "#D55E00", "#009E73", "#000000"
PINK, ORANGE, SKY, GREY = "#CC79A7", "#E69F00", "#56B4E9", "#767676"
COLOURS = (BLUE, VERMILLION, GREEN, BLACK, PINK, ORANGE, SKY, GREY)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, RULE = "#222222", "#DDDDDD"
TITLE, NAME, NOTE = 11.0, 9.0, 8.5  # sizes of type, in points

ESTIMATES = ("mean", "median", "sd", "lower", "upper", "prob", "p_increase", "p_above", "class")
PUBLISHED = ("published", "published_lower", "published_upper")
MODELLED = ("mean", "lower", "upper")
DIRECT = ("direct", "direct_lower", "direct_upper")
POOLED = ("pooled", "pooled_lower", "pooled_upper")
STATISTICS = {*ESTIMATES, *PUBLISHED, *DIRECT, *POOLED, "n", "n_effective", "pooling_factor", "sd_reduction"}
"""The columns of the library's tables that are not dims."""


def alt_text(ax: Axes) -> str:
    """Return the alternative text of a plot: what it shows, with its numbers, in English sentences.

    The text is kept as the label of the Axes (``ax.get_label()``). Put it into a saved file as its
    description, which PNG and SVG both have, and into the ``alt`` of an HTML page.

    Parameters
    ----------
    ax
        Axes drawn by one of the plot functions; after several on the same Axes, the last one speaks.

    Returns
    -------
    str
        The sentences.

    Raises
    ------
    ValueError
        If the Axes has no such text.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> import pandas as pd
    >>> from navmodels.plots import alt_text, plot_trend
    >>> table = pd.DataFrame({"year": [2023, 2024], "mean": [0.55, 0.61], "lower": [0.52, 0.58],
    ...                       "upper": [0.58, 0.64], "prob": 0.95})
    >>> ax = plot_trend(table, title="Satisfied employers")
    >>> print(alt_text(ax))
    Satisfied employers. Line chart by year, 2023 to 2024, with 95% intervals. From 55.0% in 2023 to 61.0%
    (58.0% to 64.0%) in 2024; lowest 55.0% in 2023, highest 61.0% in 2024.
    >>> import io
    >>> ax.figure.savefig(io.BytesIO(), format="svg", metadata={"Description": alt_text(ax)})
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    text = str(ax.get_label())
    if not text:
        raise ValueError("this Axes has no alternative text: it was not drawn by a navmodels plot function")
    return text


# ---- inside: the table


def check_table(table: pd.DataFrame, *, keys: Sequence[str], values: Sequence[str], words: Sequence[str] = ()) -> None:
    """Raise unless the table has rows, these columns, no missing key, and numbers as values."""
    has = [str(column) for column in table.columns]
    if missing := [name for name in [*keys, *values, *words] if name not in has]:
        near = {name: difflib.get_close_matches(name, has, n=1) for name in missing}
        hints = [f"nearest to '{name}' is '{match[0]}'" for name, match in near.items() if match]
        raise ValueError(
            f"the table lacks {quoted(missing)}; it has {quoted(has) or 'no columns'}"
            + (f" ({'; '.join(hints)})" if hints else "")
        )
    if table.empty:
        raise ValueError("the table has no rows, so there is nothing to draw")
    for name in keys:
        if (gaps := table.index[table[name].isna()]).size:
            raise ValueError(f"'{name}' is missing in row {', '.join(map(str, gaps[:5]))}: every row needs a name")
    if text := [name for name in values if not pd.api.types.is_numeric_dtype(table[name])]:
        raise ValueError(f"{quoted(text)} must be numbers, not {table[text[0]].dtype}")


def numbers(table: pd.DataFrame, column: str, *, percent: bool) -> NDArray[np.float64]:
    """Return a column as it is drawn: times 100 if percent; missing values stay missing."""
    values = table[column].to_numpy(dtype=float, na_value=np.nan)
    return 100 * values if percent else values


def estimates(table: pd.DataFrame, columns: Sequence[str], *, percent: bool) -> NDArray[np.float64]:
    """Return columns side by side (row, column), as they are drawn."""
    return np.column_stack([numbers(table, name, percent=percent) for name in columns])


def check_proportions(table: pd.DataFrame, columns: Iterable[str], *, percent: bool, lowest: float = 0.0) -> None:
    """Raise if percent is asked for and an estimate lies outside lowest..1."""
    for name in columns if percent else ():
        values = numbers(table, name, percent=False)
        if (off := values[(values < lowest) | (values > 1)]).size:
            raise ValueError(
                f"percent=True draws proportions from {lowest:g} to 1, but '{name}' has {off[0]:g}: "
                "divide percentages by 100, or use percent=False for scores and other numbers"
            )


def label_columns(
    table: pd.DataFrame, label: str | Sequence[str] | None, *, without: Collection[str] = ()
) -> list[str]:
    """Return the columns that name a row: those asked for, or every dim not in without."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"a plot draws a table (a DataFrame), not a {type(table).__name__}: summarise first")
    if label is not None:
        return [label] if isinstance(label, str) else list(label)
    return [str(name) for name in table.columns if name not in STATISTICS and name not in without]


def row_names(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return one name a row, the columns' values with commas between; without columns it is the whole."""
    if not columns:
        return ["all"] * len(table)
    return [", ".join(plain(value) for value in row) for row in table[list(columns)].itertuples(index=False)]


def check_unique(names: Sequence[str]) -> None:
    """Raise if two rows would carry the same name."""
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise ValueError(f"several rows are named {quoted(twice[:3])}: name them by more columns (label=[...])")


# ---- inside: words


def plain(value: object) -> str:
    """Write a label: 2024.0 as 2024."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def quoted(names: Iterable[str]) -> str:
    """Write names for an error."""
    return ", ".join(f"'{name}'" for name in names)


def number(value: float, *, percent: bool) -> str:
    """Write a drawn value: 61.0% or 4.21."""
    return (f"{value:z.1f}%" if percent else f"{value:z,.2f}").replace("-", "−")


def estimate_words(estimate: NDArray[np.float64], *, percent: bool) -> str:
    """Write an estimate and its interval ([x, lower, upper]); what is missing is said to be."""
    if np.isnan(estimate[0]):
        return "not shown"
    x, lower, upper = (number(value, percent=percent) for value in estimate)
    return f"{x} ({lower} to {upper})" if np.isfinite(estimate[1:]).all() else f"{x} (no interval)"


def pair_words(
    names: Sequence[str],
    first: str,
    one: NDArray[np.float64],
    second: str,
    two: NDArray[np.float64],
    *,
    percent: bool,
) -> list[str]:
    """Write what draw_pairs draws, a sentence for each row."""
    return [
        f"{name}: {first} {estimate_words(a, percent=percent)}, {second} {estimate_words(b, percent=percent)}"
        for name, a, b in zip(names, one, two, strict=True)
    ]


def interval_words(table: pd.DataFrame) -> str:
    """Write what the bars are: 95% intervals, or intervals if the table does not say."""
    levels = sorted(set(table["prob"].dropna())) if "prob" in table else []
    return " and ".join(f"{100 * level:g}%" for level in levels) + " intervals" if levels else "intervals"


def sentences(title: str | None, opening: str, parts: Sequence[str], *, most: int = 20) -> str:
    """Write the alternative text; a long list is cut, and says so."""
    cut = [f"The first {most} of {len(parts)}:"] if len(parts) > most else []
    heading = [title if title.endswith((".", "?", "!")) else f"{title}."] if title else []
    return " ".join([*heading, opening, *cut, *(f"{part}." for part in parts[:most])])


# ---- inside: the look


def axes(ax: Axes | None, *, height: float) -> Axes:
    """Return the Axes given, or that of a new figure, 7 inches wide."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(7.0, height), layout="constrained")[1]


def dress(ax: Axes, *, title: str | None, alt: str, width: int = 70) -> None:
    """Set title, rules and alternative text: little ink beside the data."""
    if title:
        ax.set_title("\n".join(textwrap.wrap(title, width)), loc="left", fontsize=TITLE, color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GREY)
    ax.tick_params(color=GREY, labelcolor=INK, labelsize=NAME)
    ax.set_axisbelow(True)
    ax.set_label(alt)


def wrapped(names: Iterable[str], width: int) -> list[str]:
    """Break long names into lines."""
    return ["\n".join(textwrap.wrap(name, width)) for name in names]


def row_axes(ax: Axes | None, names: Sequence[str]) -> Axes:
    """Return Axes with one named row for each name, the first on top."""
    labels = wrapped(names, 34)
    lines = [label.count("\n") + 1 for label in labels]
    neighbours = max(a + b for a, b in zip(lines, lines[1:] + lines[-1:], strict=True)) / 2
    ax = axes(ax, height=1.2 + len(labels) * max(0.38, 0.10 + 0.16 * neighbours))
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.grid(axis="x", color=RULE, linewidth=0.8)
    return ax


def finish_rows(ax: Axes, *, xlabel: str, percent: bool, title: str | None, alt: str) -> None:
    """Dress Axes of rows: no left spine, percent ticks."""
    dress(ax, title=title, alt=alt, width=44)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(xlabel, loc="left", color=INK, fontsize=NOTE)
    if percent:
        ax.xaxis.set_major_formatter(percent_tick)


def draw_row(
    ax: Axes,
    y: float,
    x: float,
    interval: tuple[float, float],
    *,
    colour: str,
    marker: str,
    hollow: bool = False,
) -> None:
    """Draw one estimate with its interval; a part that is missing is left out."""
    if np.isfinite(interval).all():
        ax.hlines(y, *interval, colors=colour, linewidth=1.4, zorder=2)
    if np.isfinite(x):
        face = "white" if hollow else colour
        ax.plot(
            [x],
            [y],
            marker,
            color=colour,
            markerfacecolor=face,
            markersize=6.5,
            markeredgewidth=1.4,
            zorder=3,
        )


def draw_pairs(
    ax: Axes, first: NDArray[np.float64], second: NDArray[np.float64], *, marker: str, gap: float = 0.15
) -> None:
    """Draw two estimates a row (row, [x, lower, upper]): first hollow and above, second filled and below."""
    for y, (one, two) in enumerate(zip(first, second, strict=True)):
        if np.isnan([one[0], two[0]]).all():
            write_row(ax, y, "not shown", x=0.02)
        elif np.isfinite([one[0], two[0]]).all():
            ax.plot([one[0], two[0]], [y - gap, y + gap], color=GREY, linewidth=0.8, zorder=1)
        draw_row(ax, y - gap, one[0], (one[1], one[2]), colour=VERMILLION, marker=marker, hollow=True)
        draw_row(ax, y + gap, two[0], (two[1], two[2]), colour=BLUE, marker="o")


def percent_tick(value: float, _: float = 0.0) -> str:
    """Write a tick: 45%, or 2.5% where ticks are that close."""
    return f"{value:g}%".replace("-", "−")


def write_row(ax: Axes, y: float, words: str, *, x: float = 1.02, indent: float = 0.0) -> None:
    """Write words on a row, x a fraction of the width (beyond 1 is the right margin), indent in points."""
    ax.annotate(
        words,
        (x, y),
        xycoords=ax.get_yaxis_transform(),
        xytext=(indent, 0),
        textcoords="offset points",
        va="center",
        color=INK,
        fontsize=NOTE,
    )


def spread(positions: NDArray[np.float64], heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move label centres apart, as little as possible in squares, so that none overlap within 0..1."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(positions, kind="stable")
    high = heights[order]
    stack = np.cumsum(high) - high / 2
    free = isotonic_regression(positions[order] - stack).x
    placed = np.empty_like(positions)
    placed[order] = np.clip(free, 0, max(0.0, 1.0 - high.sum())) + stack
    return placed
