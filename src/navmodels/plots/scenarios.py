"""One quantity, or many conclusions, under many scenarios. Not for refitting or judging: the table has done that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from navmodels.plots.strips import draw_strip
from navmodels.plots.tables import check_choice
from navmodels.plots.tornados import draw_tornado

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = ("tornado", "strip")


def plot_sensitivity(
    table: pd.DataFrame,
    *,
    kind: str = "tornado",
    base: str = "as given",
    value: float | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    percent: bool = True,
) -> Axes:
    """Draw what each scenario makes of one quantity ("tornado"), or of each conclusion ("strip").

    A tornado has a row for each scenario: the base first, as a black square whose mean and interval run through all
    rows as a line and a band, then the others, the farthest from the base on top. Those whose mean leaves the band are
    filled diamonds, the others hollow circles. The right margin gives the mean, its shift from the base and, of a
    change or contrast, the probability that it is above no difference.

    A strip has a row for each conclusion, on an axis of probability cut where the class changes: a point for each
    scenario, a black square for the base, and filled diamonds, the extreme ones named, where the class is another than
    in the base. The right margin gives the verdict.

    Parameters
    ----------
    table
        For a tornado, of ``summarise``: one row for each scenario, with the columns ``scenario``, ``mean``,
        ``lower``, ``upper``; ``prob``, and ``p_above`` or ``p_increase``, if there. For a strip, of ``conclusions``.
    kind
        "tornado" or "strip".
    base
        The scenario that the others are compared with.
    value
        Of a tornado: a value to mark with a dashed line, such as a threshold, in the unit of the table. By default 0
        for a change or contrast, none for anything else; give 1 for a ratio.
    ax
        Axes to draw on; by default a new figure, as high as the rows need. The words stand in the right
        margin, so make your own figures with ``layout="constrained"``.
    title
        Title of the figure.
    percent
        Of a tornado: True for proportions (0..1, shown as percent) and their changes (-1..1, shown in percentage
        points), False for scores and other numbers.

    Returns
    -------
    Axes
        With alternative text: see ``alt_text``.

    Raises
    ------
    ValueError
        If a column is missing, the table is empty, two rows have the same scenario or statement, the base is no
        scenario or has no estimate, ``kind`` is unknown, ``percent`` is asked of numbers that are no proportions, or
        ``value`` is given for a strip.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> import pandas as pd
    >>> from navmodels.plots import plot_sensitivity
    >>> table = pd.DataFrame({"scenario": ["as given", "scales doubled", "without Oslo"], "mean": [0.55, 0.56, 0.48],
    ...                       "lower": [0.52, 0.52, 0.44], "upper": [0.58, 0.60, 0.52], "prob": 0.95})
    >>> ax = plot_sensitivity(table, title="Satisfied employers")
    >>> [tick.get_text() for tick in ax.get_yticklabels()]
    ['as given', 'without Oslo', 'scales doubled']
    >>> [text.get_text() for text in ax.texts]
    ['55.0%', '48.0%', '−7.0', '56.0%', '+1.0']
    >>> conclusions = pd.DataFrame({"statement": ["Oslo is above Troms"], "p": [0.97], "class": ["stands"],
    ...                             "lowest": [0.86], "highest": [0.97], "turned": [1], "scenarios": [2],
    ...                             "verdict": ["depends on 'scales doubled'"],
    ...                             "as given": [0.97], "scales doubled": [0.86]})
    >>> strip = plot_sensitivity(conclusions, kind="strip")
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure); plt.close(strip.figure)
    """
    check_choice(kind, KINDS, what="kind")
    if kind == "strip":
        if value is not None:
            raise ValueError(f"value is {value:g}, but a strip is on a scale of probability: leave it out")
        return draw_strip(table, base=base, ax=ax, title=title)
    return draw_tornado(table, base=base, value=value, ax=ax, title=title, percent=percent)
