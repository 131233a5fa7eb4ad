"""Groups as they answered and as the model pools them. Not for ordering the groups: the table does that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from navmodels.plots.style import draw_pairs, finish_rows, row_axes, write_row
from navmodels.plots.tables import (
    DIRECT,
    POOLED,
    check_proportions,
    check_table,
    check_unique,
    estimates,
    label_columns,
    numbers,
    row_names,
)
from navmodels.plots.words import bars_words, caution, interval_words, pair_words, sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_groups(
    table: pd.DataFrame,
    *,
    label: str | Sequence[str] | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    percent: bool = True,
) -> Axes:
    """Draw the direct (hollow) and the pooled (filled) estimate of each group, with intervals and n.

    A thin line joins the two: how far the model moves the group. A group without respondents has no direct
    estimate and shows the pooled one alone; without either the row says "not shown".

    Parameters
    ----------
    table
        One row for each group, as ``shrinkage`` makes it: the group's columns, then ``direct``,
        ``direct_lower``, ``direct_upper``, ``n``, ``pooled``, ``pooled_lower``, ``pooled_upper``; ``prob`` if
        there.
    label
        Column or columns that name a row; every dim by default.
    ax
        Axes to draw on; by default a new figure, as high as the rows need. n stands in the right margin, so
        make your own figures with ``layout="constrained"``.
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
        If a column is missing, the table is empty, two rows have the same name, or ``percent`` is asked of
        estimates outside 0..1.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> import pandas as pd
    >>> from navmodels.plots import plot_groups
    >>> table = pd.DataFrame(
    ...     {"county": ["Oslo", "Finnmark"], "n": [612, 15],
    ...      "direct": [0.58, 0.80], "direct_lower": [0.54, 0.55], "direct_upper": [0.62, 0.93],
    ...      "pooled": [0.58, 0.66], "pooled_lower": [0.54, 0.55], "pooled_upper": [0.61, 0.77]})
    >>> ax = plot_groups(table, title="Satisfied employers")
    >>> [text.get_text() for text in ax.texts]
    ['n = 612', 'n = 15']
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    columns = label_columns(table, label)
    check_table(table, keys=columns, values=[*DIRECT, *POOLED, "n"])
    check_proportions(table, ["direct", "pooled"], percent=percent)
    names = row_names(table, columns)
    check_unique(names)

    ax = row_axes(ax, names)
    direct, pooled = (estimates(table, columns, percent=percent) for columns in (DIRECT, POOLED))
    draw_pairs(ax, direct, pooled, marker="o")
    sizes = [_size(n) for n in numbers(table, "n", percent=False)]
    for y, size in enumerate(sizes):
        write_row(ax, y, size)

    words = interval_words(table)
    opening = f"Dot plot of the direct and the pooled estimate for {len(names)} group{'s' * (len(names) > 1)}"
    pairs = pair_words(names, "direct", direct, "pooled", pooled, percent=percent)
    parts = [f"{pair}, {size}" for pair, size in zip(pairs, sizes, strict=True)]
    alt = sentences(title, f"{caution(table)}{opening}, with {words}.", parts)
    finish_rows(ax, xlabel=f"○ direct   ● pooled\n{bars_words(table)}", percent=percent, title=title, alt=alt)
    return ax


# ---- inside


def _size(n: float) -> str:
    """Write the number of respondents, which a suppressed cell does not show."""
    if np.isnan(n):
        return "n not shown"
    return f"n = {n:,.0f}" if n.is_integer() else f"n = {n:,.1f}"
