"""The house style: how a plot looks.

Not for numbers: nothing is estimated, classified or sorted here. Colours are those of Okabe and Ito (2008)
without yellow, which is too pale on white, and with a grey; they never carry a meaning alone.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType

BLUE, VERMILLION, GREEN, BLACK = "#0072B2", "#D55E00", "#009E73", "#000000"
PINK, ORANGE, SKY, GREY = "#CC79A7", "#E69F00", "#56B4E9", "#767676"
COLOURS = (BLUE, VERMILLION, GREEN, BLACK, PINK, ORANGE, SKY, GREY)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, RULE = "#222222", "#DDDDDD"
TITLE, NAME, NOTE = 11.0, 9.0, 8.5  # sizes of type, in points


# ---- inside: the Axes


def axes(ax: Axes | None, *, height: float, width: float = 7.0) -> Axes:
    """Return the Axes given, or that of a new figure (inches)."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


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


def row_axes(
    ax: Axes | None, names: Sequence[str], *, row: float = 0.38, gap: float = 0.10, width: float = 7.0, wrap: int = 34
) -> Axes:
    """Return Axes with one named row for each name, the first on top.

    A row is at least so high, and leaves a gap between the names (inches), which are wrapped at so many letters.
    """
    labels = wrapped(names, wrap)
    lines = [label.count("\n") + 1 for label in labels]
    neighbours = max(a + b for a, b in zip(lines, lines[1:] + lines[-1:], strict=True)) / 2
    ax = axes(ax, height=1.2 + len(labels) * max(row, gap + 0.16 * neighbours), width=width)
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


def percent_tick(value: float, _: float = 0.0) -> str:
    """Write a tick: 45%, or 2.5% where ticks are that close."""
    return f"{value:g}%".replace("-", "−")


def lay_out(ax: Axes) -> None:
    """Let the figure take its layout, so that what is drawn has a size."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("the ax given stands in no figure")
    figure.draw_without_rendering()


# ---- inside: the ink


def ink_on(colour: NDArray[np.float64]) -> str:
    """Return the colour of type that reads on this one (rgba): white on dark, else dark."""
    return "white" if colour[:3] @ np.array([0.299, 0.587, 0.114]) < 0.5 else INK


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


def write_margin(
    ax: Axes,
    labels: Iterable[str],
    points: Sequence[tuple[float, float]] | NDArray[np.float64],
    *,
    colours: Sequence[ColorType],
    gap: float = 2.0,
) -> None:
    """Write labels in the right margin, spread so that none overlap, each with a line to its point.

    A line is of the label's colour and ends gap (in points) before its point.
    """
    from matplotlib.text import Text

    notes = [
        ax.annotate(
            label,
            (x, y),
            xytext=(1.04, 0.5),
            textcoords="axes fraction",
            va="center",
            color=INK,
            fontsize=NOTE,
            arrowprops={"arrowstyle": "-", "relpos": (0, 0.5), "color": colour, "linewidth": 0.8, "shrinkB": gap},
        )
        for label, (x, y), colour in zip(wrapped(labels, 26), points, colours, strict=True)
    ]
    ax.set_xlim(ax.get_xlim())  # frozen: a label is placed for these limits
    ax.set_ylim(ax.get_ylim())
    lay_out(ax)  # so that the height of the Axes is known
    height = np.array([Text.get_window_extent(note).height for note in notes]) / ax.bbox.height * 1.2
    level = ax.transAxes.inverted().transform(ax.transData.transform(points))[:, 1]
    for note, y in zip(notes, spread(level, height), strict=True):
        note.set_position((1.04, float(y)))


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
