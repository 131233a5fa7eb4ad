"""Answers on a scale, stacked to both sides of a centre line. Not for one share with its interval: plot_groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from navmodels import checks
from navmodels.plots.style import INK, NAME, NOTE, finish_rows, ink_on, lay_out, row_axes, write_row
from navmodels.plots.tables import check_choice, check_table, label_columns, numbers, row_names
from navmodels.plots.words import caution, label_text, sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

CENTRES = ("diverging", "left")
KEY: dict[str, Any] = {"frameon": False, "borderpad": 0, "borderaxespad": 0.3, "handlelength": 1, "handleheight": 1}
TOLERANCE = 0.02  # how far from 1 the rounded proportions of a group may add up


def plot_ratings(
    table: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = None,
    category: str = "category",
    centre: str = "diverging",
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """Draw the answers of each group as one stacked bar: low categories left of a centre line, high ones right.

    Of an odd number of categories the middle one straddles the line. A segment carries its whole percent where
    that fits. Intervals are not drawn: those of single categories say nothing about the line between two. A
    group that lacks a mean, as in a suppressed cell, says "not shown".

    Parameters
    ----------
    table
        One row for each group and category: the group's columns, ``category`` and ``mean`` (proportions that
        add up to 1 in each group, within 0.02); ``n`` (one number a group, in the right margin) if there.
    by
        Column or columns that name a group; every dim but the category by default. Groups stand in the table's
        order.
    category
        Column of the ordered answers. Numbers are sorted; others stand in the order of their categories, or
        else of the table.
    centre
        "diverging", or "left" to start every bar at 0.
    ax
        Axes to draw on; by default a new figure, as high as the rows need. n stands in the right margin, so
        make your own figures with ``layout="constrained"``.
    title
        Title of the figure.

    Returns
    -------
    Axes
        With alternative text: see ``alt_text``.

    Raises
    ------
    ValueError
        If a column is missing, the table is empty, there are fewer than two categories, a group has a category
        twice or not at all or more than one n, a mean is negative, the means of a group do not add up to 1, or
        ``centre`` is unknown.

    Notes
    -----
    Diverging stacked bars for ordered answers follow Heiberger and Robbins (2014).

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> import pandas as pd
    >>> from navmodels.plots import plot_ratings
    >>> table = pd.DataFrame({"sector": ["public"] * 4 + ["private"] * 4, "category": [1, 2, 3, 4] * 2,
    ...                       "mean": [0.10, 0.20, 0.45, 0.25, 0.20, 0.30, 0.35, 0.15]})
    >>> ax = plot_ratings(table, title="Satisfied with Nav")
    >>> [text.get_text() for text in ax.texts]
    ['10', '20', '45', '25', '20', '30', '35', '15']
    >>> [float(bar.get_x()) for bar in ax.patches[:3]]
    [-30.0, -20.0, 0.0]
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    columns = label_columns(table, by, without=[category])
    sizes = ["n"] if "n" in table and "n" not in columns else []
    check_table(table, keys=[*columns, category], values=["mean", *sizes])
    check_choice(centre, CENTRES, what="centre")
    names = pd.Series(row_names(table, columns), index=table.index)
    answers = _ordered(table[category])
    _check_stacks(table, names, category, answers)
    groups = list(dict.fromkeys(names))
    stacks = np.array([_stack(table[names == name], category, answers) for name in groups])
    notes = [_size(table.loc[names == name, "n"], name) if sizes else "" for name in groups]

    ax = row_axes(ax, groups)
    starts = _starts(stacks, diverging=centre == "diverging")
    marks, widths = _draw_stacks(ax, stacks, starts)
    for y, note in enumerate(notes):
        if note:
            write_row(ax, y, note)

    labels = [label_text(answer) for answer in answers]
    said = caution(table)
    opening = f"{said}Stacked bars of {len(labels)} ordered answers ({labels[0]} to {labels[-1]}) for "
    parts = [_say(*row, labels) for row in zip(groups, stacks, notes, strict=True)]
    alt = sentences(title, f"{opening}{len(groups)} group{'s' * (len(groups) > 1)}.", parts)
    xlabel = said + (_sides(len(labels)) if centre == "diverging" else "Percent of the answers")
    finish_rows(ax, xlabel=xlabel, percent=True, title=title, alt=alt)
    ax.xaxis.set_major_formatter(lambda x, _: f"{abs(x):g}%")
    _name_answers(ax, labels)
    _keep_fitting(ax, marks, widths)
    return ax


# ---- inside: the table


def _ordered(answers: pd.Series) -> list[object]:
    """Return the categories from low to high."""
    if isinstance(answers.dtype, pd.CategoricalDtype):
        return list(answers.cat.remove_unused_categories().cat.categories)
    each = answers.unique()
    return sorted(each) if pd.api.types.is_numeric_dtype(answers) else list(each)


def _check_stacks(table: pd.DataFrame, names: pd.Series, category: str, answers: list[object]) -> None:
    """Raise unless each group has each of two or more categories once, and means of 0 or more that add up to 1."""
    if len(answers) < 2:
        raise ValueError(f"'{category}' has one category, {label_text(answers[0])}: a stack needs two or more")
    pairs = pd.DataFrame({"name": names, "answer": table[category].astype(object)})
    if (twice := pairs.duplicated(keep=False)).any():
        raise ValueError(
            f"{_rows(table, twice)} give a group and category more than once, for instance "
            f"'{names[twice].iloc[0]}', {label_text(table.loc[twice, category].iloc[0])}: "
            "name the groups by more columns (by=[...])"
        )
    for name, has in pairs.groupby("name", sort=False)["answer"]:
        if gaps := [label_text(answer) for answer in answers if answer not in set(has)]:
            raise ValueError(
                f"'{name}' has no row for {checks.listing(gaps)}: each group needs each category, 0 if nobody chose it"
            )
    means = pd.Series(numbers(table, "mean", percent=False), index=table.index)
    if (below := means < 0).any():
        raise ValueError(f"'mean' is below 0 in {_rows(table, below)}: a share of the answers is 0 to 1")
    sums = means.groupby(names, sort=False).sum(skipna=False)
    if (off := (sums - 1).abs() > TOLERANCE + 1e-9).any():
        name, total = sums[off].index[0], sums[off].iloc[0]
        hint = ": divide percentages by 100" if 90 < total < 110 else ""
        raise ValueError(
            f"the means of '{name}' ({_rows(table, names == name)}) add up to {total:.3g}, not to 1{hint}; "
            f"{off.sum()} of {len(sums)} groups do not"
        )


def _rows(table: pd.DataFrame, which: pd.Series) -> str:
    """Write the rows of an error."""
    labels = [str(label) for label in table.index[which]]
    return f"row{'s' * (len(labels) > 1)} {', '.join(labels[:8])}{' and more' * (len(labels) > 8)}"


def _stack(rows: pd.DataFrame, category: str, answers: list[object]) -> NDArray[np.float64]:
    """Return the percents of one group (category), from low to high."""
    order = [answers.index(answer) for answer in rows[category]]
    return numbers(rows, "mean", percent=True)[np.argsort(order)]


def _size(n: pd.Series, name: str) -> str:
    """Write the number of respondents of a group, which a suppressed group does not show."""
    if n.nunique(dropna=False) > 1:
        raise ValueError(
            f"'n' has {checks.listing(map(label_text, n.unique()))} for '{name}': it is the group's, one number"
        )
    return "n not shown" if n.isna().any() else f"n = {n.iloc[0]:,.0f}"


# ---- inside: the ink


def _starts(stacks: NDArray[np.float64], *, diverging: bool) -> NDArray[np.float64]:
    """Return where each segment starts (group, category); a diverging stack has its middle at 0."""
    before = np.cumsum(stacks, axis=1) - stacks
    if not diverging:
        return before
    half, odd = divmod(stacks.shape[1], 2)
    middle = before[:, half] + (stacks[:, half] / 2 if odd else 0.0)
    return before - middle[:, None]


def _draw_stacks(ax: Axes, stacks: NDArray[np.float64], starts: NDArray[np.float64]) -> tuple[list[Text], list[float]]:
    """Draw the segments with their percents, and the line; return the percents and the widths of their places."""
    colours = _colours(stacks.shape[1])
    marks, widths = [], []
    for y, (stack, start) in enumerate(zip(stacks, starts, strict=True)):
        if np.isnan(stack).any():
            write_row(ax, y, "not shown", x=0.02)
            continue
        ax.barh(y, stack, left=start, height=0.72, color=colours, edgecolor="white", linewidth=0.8, zorder=2)
        for share, left, colour in zip(stack, start, colours, strict=True):
            marks.append(
                ax.text(left + share / 2, y, f"{share:.0f}", ha="center", va="center", color=ink_on(colour), size=NOTE)
            )
            widths.append(float(share))
    ends = np.append(starts, starts + stacks)
    if np.isfinite(ends).any():
        ax.set_xlim(np.nanmin(ends) - 1, np.nanmax(ends) + 1)
    ax.axvline(0, color=INK, linewidth=1.0, zorder=1 if stacks.shape[1] % 2 else 3)
    return marks, widths


def _colours(size: int) -> NDArray[np.float64]:
    """Return the colours (category, rgba), low to high: cividis (Nuñez et al. 2018), from yellow to dark blue."""
    import matplotlib as mpl

    return np.asarray(mpl.colormaps["cividis_r"](np.linspace(0.05, 0.95, size)))


def _sides(size: int) -> str:
    """Write which answers stand left and right of the line."""
    half, odd = divmod(size, 2)
    middle = ", middle 1 across" if odd else ""
    return f"Percent of the answers: lower {half} left{middle}, higher {half} right of the line"


def _keep_fitting(ax: Axes, marks: Iterable[Text], widths: Iterable[float]) -> None:
    """Take away the marks that are wider than their place, in units of the x axis."""
    lay_out(ax)
    left, right = ax.get_xlim()
    for mark, width in zip(marks, widths, strict=True):
        if mark.get_window_extent().width > 0.95 * ax.bbox.width * width / (right - left):
            mark.remove()


def _name_answers(ax: Axes, labels: list[str]) -> None:
    """Write the key above the bars, in the order of the answers, in as many columns as there is room for."""
    from matplotlib.patches import Patch

    lay_out(ax)
    keys = [Patch(color=colour, label=label) for colour, label in zip(_colours(len(labels)), labels, strict=True)]
    for columns in range(len(labels), 0, -1):
        key = ax.legend(
            handles=[patch for first in range(columns) for patch in keys[first::columns]],  # so that it reads by line
            ncols=columns,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            columnspacing=1.2,
            fontsize=NAME,
            labelcolor=INK,
            **KEY,
        )
        if key.get_window_extent().width <= ax.bbox.width:
            break
    ax.set_title(ax.get_title(loc="left"), loc="left", pad=key.get_window_extent().height * 72 / key.figure.dpi + 12)


def _say(name: str, stack: NDArray[np.float64], note: str, labels: Sequence[str]) -> str:
    """Say the percents of one group."""
    if np.isnan(stack).any():
        return f"{name}: not shown"
    each = ", ".join(f"{label} {share:.0f}%" for label, share in zip(labels, stack, strict=True))
    return f"{name}: {each}" + (f", {note}" if note else "")
