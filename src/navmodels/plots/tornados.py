"""One quantity under many scenarios, a row each: the tornado of plot_sensitivity. Not for many: it is a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from navmodels import checks
from navmodels.plots.style import BLACK, BLUE, INK, RULE, VERMILLION, draw_row, finish_rows, row_axes, write_row
from navmodels.plots.tables import (
    MODELLED,
    check_choice,
    check_proportions,
    check_table,
    check_unique,
    estimates,
    label_columns,
    numbers,
    row_names,
)
from navmodels.plots.words import bars_words, caution, chance, interval_words, number, sentences, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHANCES = {"p_above": "P(above)", "p_increase": "P(up)"}
"""The columns that tell a contrast and a change from anything else, and their short names."""


def draw_tornado(
    table: pd.DataFrame, *, base: str, value: float | None, ax: Axes | None, title: str | None, percent: bool
) -> Axes:
    """Draw mean and interval of each scenario beside those of the base: see plot_sensitivity."""
    names, above = _check_rows(table, base, percent=percent)
    drawn = estimates(table, MODELLED, percent=percent)
    if not np.isfinite(drawn[names.index(base)]).all():
        raise ValueError(f"the base '{base}' lacks mean, lower or upper, so there is nothing to compare with")
    order = _order(drawn[:, 0], names.index(base))
    names, drawn = [names[i] for i in order], drawn[order]
    outside = (drawn[:, 0] < drawn[0, 1]) | (drawn[:, 0] > drawn[0, 2])
    chances = [chance(p) for p in numbers(table, above, percent=False)[order]] if above else [""] * len(names)
    mark = 0.0 if value is None and above else value

    few = len(names) <= 16
    ax = row_axes(ax, names, row=0.3 if few else 0.2, gap=0.1 if few else 0.04, wrap=46)
    _draw_rows(ax, drawn, outside)
    if mark is not None:
        ax.axvline(100 * mark if percent else mark, color=INK, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
    parts = []
    for y, (name, p) in enumerate(zip(names, chances, strict=True)):
        mean, bar, shift = _words(drawn[y], drawn[0] if y else None, percent=percent, signs=bool(above))
        for word, indent in zip((mean, shift, p), (0, 44, 84), strict=True) if bar else ():
            if word:
                write_row(ax, y, word, indent=indent)
        more = f", shift {shift}" * bool(shift) + f", {CHANCES.get(above)} {p}" * bool(p and bar)
        parts.append(f"{name}: {mean} ({bar}){more}" if bar else f"{name}: {mean}")

    unit = " in percentage points" if above and percent else ""
    count = f"{outside.sum()} of {np.isfinite(drawn[1:, 0]).sum()}"
    opening = f"Tornado plot of {len(names)} scenario{'s' * (len(names) > 1)}{unit}, with {interval_words(table)}."
    said = f"{caution(table)}{opening} The mean is outside the interval of '{base}' in {count}."
    dashed = "" if mark is None else f". Dashed: {_plain(100 * mark if percent else mark)}"
    xlabel = (
        f"{'Difference' if above else 'Estimate'}{unit}{dashed}\n"
        f"■ {base}   ○ mean in its interval   ◆ outside: {count}\n"
        f"{bars_words(table)}\nRight: mean, shift from '{base}'" + (f", {CHANCES[above]}." if above else ".")
    )
    finish_rows(ax, xlabel=xlabel, percent=percent and not above, title=title, alt=sentences(title, said, parts))
    if above:
        ax.xaxis.set_major_formatter(lambda x, _: f"{x:+g}".replace("-", "−") if x else "0")
    return ax


# ---- inside


def _check_rows(table: pd.DataFrame, base: str, *, percent: bool) -> tuple[list[str], str]:
    """Return the scenarios, and the column of a contrast or change; raise unless the rows are of one quantity."""
    others = label_columns(table, None, without=["scenario"])
    above = next((name for name in CHANCES if name in table), "")
    check_table(table, keys=["scenario"], values=[*MODELLED, *([above] if above else [])])
    check_proportions(table, ["mean"], percent=percent, lowest=-1.0 if above else 0.0)
    names = row_names(table, ["scenario"])
    more = f"; the table also has {checks.listing(others)}" if others else ""
    check_unique(names, hint=f"a tornado is of one quantity, a row for each scenario, so select those rows{more}")
    check_choice(base, names, what="base")
    return names, above


def _order(mean: NDArray[np.float64], base: int) -> NDArray[np.intp]:
    """Return the base first, then the others from the farthest to the nearest, those not shown at the end."""
    far = np.abs(mean - mean[base])
    far[base] = np.inf
    return np.argsort(-np.nan_to_num(far, nan=-1.0, posinf=np.inf), kind="stable")


def _draw_rows(ax: Axes, drawn: NDArray[np.float64], outside: NDArray[np.bool_]) -> None:
    """Draw the base as line, band and square in the first row, then the other scenarios (row, [x, lower, upper])."""
    ax.axvspan(drawn[0, 1], drawn[0, 2], color=RULE, alpha=0.5, linewidth=0, zorder=0)
    ax.axvline(drawn[0, 0], color=BLACK, linewidth=1.0, zorder=1)
    draw_row(ax, 0, drawn[0, 0], (drawn[0, 1], drawn[0, 2]), colour=BLACK, marker="s")
    for y, (x, lower, upper) in enumerate(drawn[1:], start=1):
        look = {"colour": VERMILLION, "marker": "D"} if outside[y] else {"colour": BLUE, "marker": "o"}
        if np.isnan(x):
            write_row(ax, y, "not shown", x=0.02)
        draw_row(ax, y, x, (lower, upper), **look, hollow=not outside[y])


def _words(
    row: NDArray[np.float64], base: NDArray[np.float64] | None, *, percent: bool, signs: bool
) -> tuple[str, str, str]:
    """Write mean, interval and shift from the base of a row ([x, lower, upper]); nothing where there is none."""
    if np.isnan(row[0]):
        return "not shown", "", ""
    digits = 1 if percent else 2
    mean, lower, upper = (signed(x, digits=digits) if signs else number(x, percent=percent) for x in row)
    bar = f"{lower} to {upper}" if np.isfinite(row[1:]).all() else "no interval"
    return mean, bar, "" if base is None else signed(row[0] - base[0], digits=digits)


def _plain(value: float) -> str:
    """Write a marked value."""
    return f"{value:g}".replace("-", "−")
