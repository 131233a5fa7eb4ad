"""How a plot says itself: names, numbers and whole sentences, in English.

Not for judging: every word follows from the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


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


# ---- inside: names and numbers


def label_text(value: object) -> str:
    """Write a label: 2024.0 as 2024."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def number(value: float, *, percent: bool) -> str:
    """Write a drawn value: 61.0% or 4.21."""
    return (f"{value:z.1f}%" if percent else f"{value:z,.2f}").replace("-", "−")


def signed(value: float, *, digits: int = 1) -> str:
    """Write a difference with its sign."""
    return "unknown" if np.isnan(value) else f"{value:+z.{digits}f}".replace("-", "−")


def chance(probability: float) -> str:
    """Write a probability with two decimals, never as a certainty."""
    if np.isnan(probability):
        return "unknown"
    return ">0.99" if probability >= 0.995 else "<0.01" if probability < 0.005 else f"{probability:.2f}"


def estimate_words(estimate: NDArray[np.float64], *, percent: bool) -> str:
    """Write an estimate and its interval ([x, lower, upper]); what is missing is said to be."""
    if np.isnan(estimate[0]):
        return "not shown"
    x, lower, upper = (number(value, percent=percent) for value in estimate)
    return f"{x} ({lower} to {upper})" if np.isfinite(estimate[1:]).all() else f"{x} (no interval)"


# ---- inside: sentences


def caution(given: pd.DataFrame | xr.DataArray) -> str:
    """Write what a reader must know first, with a space after it: the data are simulated, the fit did not converge."""
    stamped = isinstance(given, pd.DataFrame) and "unconverged" in given and bool(given["unconverged"].notna().any())
    said = "Not traced to a fit that converged. " if given.attrs.get("untraced") else "The fit did not converge. "
    return "Simulated data. " * bool(given.attrs.get("simulated")) + said * stamped


def interval_words(table: pd.DataFrame) -> str:
    """Write what the bars are: 95% intervals, or intervals if the table does not say."""
    levels = sorted(set(table["prob"].dropna())) if "prob" in table else []
    return " and ".join(f"{100 * level:g}%" for level in levels) + " intervals" if levels else "intervals"


def bars_words(table: pd.DataFrame) -> str:
    """Write the note of a plot with bars, after the caution."""
    return f"{caution(table)}Bars: {interval_words(table)}."


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


def sentences(title: str | None, opening: str, parts: Sequence[str], *, most: int = 20) -> str:
    """Write the alternative text; a long list is cut, and says so."""
    cut = [f"The first {most} of {len(parts)}:"] if len(parts) > most else []
    heading = [title if title.endswith((".", "?", "!")) else f"{title}."] if title else []
    return " ".join([*heading, opening, *cut, *(f"{part}." for part in parts[:most])])
