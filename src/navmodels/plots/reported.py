"""Published numbers beside the model's. Not for judging whether they agree: the table or the reader does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from navmodels.plots.style import draw_pairs, finish_rows, row_axes
from navmodels.plots.tables import (
    MODELLED,
    PUBLISHED,
    check_proportions,
    check_table,
    check_unique,
    estimates,
    label_columns,
    row_names,
)
from navmodels.plots.words import bars_words, caution, interval_words, pair_words, sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_reported(
    table: pd.DataFrame,
    *,
    label: str | Sequence[str] | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    percent: bool = True,
) -> Axes:
    """Draw each published number (hollow diamond) and the model's (filled circle), with their intervals.

    A thin line joins the two. A number published without an interval is drawn without one.

    Parameters
    ----------
    table
        One row for each number: the columns that name it, then ``published``, ``published_lower``,
        ``published_upper`` (missing where nothing was printed), ``mean``, ``lower``, ``upper``; ``prob`` if
        there.
    label
        Column or columns that name a row; every dim by default.
    ax
        Axes to draw on; by default a new figure, as high as the rows need.
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
        numbers outside 0..1.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> import pandas as pd
    >>> from navmodels.plots import alt_text, plot_reported
    >>> table = pd.DataFrame({"item": ["Easy to reach Nav"], "published": [0.53], "published_lower": [0.51],
    ...                       "published_upper": [0.55], "mean": [0.532], "lower": [0.514], "upper": [0.549]})
    >>> ax = plot_reported(table)
    >>> print(alt_text(ax))
    Dot plot of 1 published number beside the model's estimate, with intervals. Easy to reach Nav:
    published 53.0% (51.0% to 55.0%), modelled 53.2% (51.4% to 54.9%).
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    columns = label_columns(table, label)
    check_table(table, keys=columns, values=[*PUBLISHED, *MODELLED])
    check_proportions(table, ["published", "mean"], percent=percent)
    names = row_names(table, columns)
    check_unique(names)

    ax = row_axes(ax, names)
    published, modelled = (estimates(table, columns, percent=percent) for columns in (PUBLISHED, MODELLED))
    draw_pairs(ax, published, modelled, marker="D")

    words = interval_words(table)
    opening = f"Dot plot of {len(names)} published number{'s' * (len(names) > 1)} beside the model's estimate"
    parts = pair_words(names, "published", published, "modelled", modelled, percent=percent)
    alt = sentences(title, f"{caution(table)}{opening}, with {words}.", parts)
    finish_rows(ax, xlabel=f"◇ published   ● modelled\n{bars_words(table)}", percent=percent, title=title, alt=alt)
    return ax
