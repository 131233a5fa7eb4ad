"""Ranks as probabilities of each place. Not for ranking: that is done draw by draw before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from navmodels import checks
from navmodels.plots.style import BLUE, INK, NOTE, finish_rows, ink_on, lay_out, row_axes, write_row
from navmodels.plots.tables import check_unique
from navmodels.plots.words import caution, label_text, sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_ranks(
    draws: xr.DataArray,
    *,
    prob: float = 0.95,
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """Draw the probability of each rank of each group as a strip of shaded cells, rank 1 at the left.

    The groups are ordered by mean rank. The cells carry whole percents if all fit. A line below
    the strip, and the right margin after the most probable rank, give the interval. Draws are counted, no more: a cell
    is the share of the draws in which the group has the rank.

    Parameters
    ----------
    draws
        Ranks from ``rank``, dims (chain, draw, group), with 1 the best.
    prob
        Level of the equal-tailed interval, from whole rank to whole rank.
    ax
        Axes to draw on; by default a new figure, as high as the rows need. The words stand in the right
        margin, so make your own figures with ``layout="constrained"``.
    title
        Title of the figure.

    Returns
    -------
    Axes
        With alternative text: see ``alt_text``.

    Raises
    ------
    TypeError
        If these are no draws.
    ValueError
        If there is not exactly one dim beside chain and draw, a value is no rank, two groups have the same
        name, ``prob`` is not between 0 and 1, or the fit behind the draws did not converge.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> import numpy as np, xarray as xr
    >>> from navmodels.plots import plot_ranks
    >>> ranks = np.array([[[2, 1, 3], [2, 1, 3], [1, 2, 3], [3, 1, 2]]], dtype=float)
    >>> draws = xr.DataArray(ranks, dims=("chain", "draw", "county"), coords={"county": ["Agder", "Oslo", "Troms"]})
    >>> ax = plot_ranks(draws)
    >>> [tick.get_text() for tick in ax.get_yticklabels()]
    ['Oslo', 'Agder', 'Troms']
    >>> [text.get_text() for text in ax.texts][:2]
    ['rank 1 (75%)', '1 to 2']
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    group = _check_draws(draws, prob)
    ranks = draws.transpose("chain", "draw", group).to_numpy().reshape(-1, draws.sizes[group])
    order = np.argsort(ranks.mean(axis=0), kind="stable")
    names = [_name(label) for label in draws[group].to_numpy()[order].tolist()]
    check_unique(names)
    shares = _shares(ranks[:, order])
    likely, ends = shares.argmax(axis=1) + 1, _interval(shares, prob)

    ax = row_axes(ax, names)
    parts = []
    for y, (name, rank, (low, high)) in enumerate(zip(names, likely, ends, strict=True)):
        share, span = _percent(shares[y, rank - 1]), f"{low}" if low == high else f"{low} to {high}"
        write_row(ax, y, f"rank {rank} ({share})")
        write_row(ax, y, span, indent=84)
        parts.append(f"{name}: rank {rank} most probable ({share}), {prob * 100:g}% interval {span}")
    darkest = f"Shade: probability, darkest {_percent(shares.max())}"
    key = "Shade and number: probability in percent" if _draw_strips(ax, shares, ends) else darkest

    said = caution(draws)
    best = f", {draws.attrs['best']} first" if draws.attrs.get("best") else ""
    opening = f"{said}Probability of each rank of {len(names)} groups{best}, ordered by mean rank."
    finish_rows(
        ax,
        xlabel=f"{said}Rank{best}\n{key}. Line: {prob * 100:g}% interval.\nRight: most probable rank, interval.",
        percent=False,
        title=title,
        alt=sentences(title, opening, parts),
    )
    return ax


# ---- inside


def _check_draws(draws: xr.DataArray, prob: float) -> str:
    """Return the dim of the groups; raise unless these are ranks of one fit that may be shown."""
    if not isinstance(draws, xr.DataArray):
        raise TypeError(f"ranks are drawn from draws (a DataArray), not a {type(draws).__name__}: rank them first")
    others = [str(dim) for dim in draws.dims if dim not in ("chain", "draw")]
    if len(others) != 1 or draws.ndim != 3:
        raise ValueError(
            f"ranks have the dims 'chain', 'draw' and one of groups; given: {checks.listing(map(str, draws.dims))}. "
            "Choose one level of any other dim with .sel"
        )
    if reason := _not_passed(draws):
        raise ValueError(f"the draws did not converge: {reason}")
    size, values = draws.sizes[others[0]], draws.to_numpy()
    if wrong := [f"{value:g}" for value in values[~np.isin(values, np.arange(1, size + 1))][:3]]:
        raise ValueError(
            f"a rank of {size} groups is a whole number from 1 to {size}, not {', '.join(wrong)}: rank first"
        )
    checks.require_prob(prob)
    return others[0]


def _not_passed(draws: xr.DataArray) -> str:
    """Return why the fits behind draws did not pass their gate, by the mark that they carry."""
    verdicts = np.ravel(draws.coords["gate_verdict"]) if "gate_verdict" in draws.coords else np.array([])
    told = [str(draws.attrs.get("unconverged", "")), *(str(each) for each in verdicts if each != "passed")]
    lost = "fitted_by" in draws.coords and not verdicts.size
    return "; ".join(dict.fromkeys(filter(None, told))) or "one of the fits they combine did not pass" * lost


def _name(label: object) -> str:
    """Write a group's label; of several dims stacked into one, with commas between."""
    return ", ".join(map(label_text, label)) if isinstance(label, tuple) else label_text(label)


def _shares(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the draws (draw, group) in which a group has a rank (group, rank)."""
    return np.stack([(ranks == rank).mean(axis=0) for rank in range(1, ranks.shape[1] + 1)], axis=1)


def _interval(shares: NDArray[np.float64], prob: float) -> list[tuple[int, int]]:
    """Return the equal-tailed interval of the rank of each group: whole ranks, both ends inside."""
    upto = shares.cumsum(axis=1)
    low, high = ((upto < at - 1e-9).sum(axis=1) + 1 for at in (0.5 - prob / 2, 0.5 + prob / 2))
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _draw_strips(ax: Axes, shares: NDArray[np.float64], ends: list[tuple[int, int]]) -> bool:
    """Draw the cells, white to blue, and the intervals; return whether numbers fit into the cells."""
    from matplotlib.colors import LinearSegmentedColormap

    size = len(shares)
    shades = LinearSegmentedColormap.from_list("shades", ["white", BLUE])(shares / shares.max())
    for y, (low, high) in enumerate(ends):
        ax.bar(range(1, size + 1), 0.7, width=1.0, bottom=y - 0.4, color=shades[y], zorder=2)
        ax.hlines(y + 0.38, low - 0.45, high + 0.45, colors=INK, linewidth=1.4, zorder=3)
    ax.grid(visible=False)
    ax.set_xlim(0.5, size + 0.5)
    ax.set_xticks(range(1, size + 1, -(-size // 12)))
    marks = [
        ax.text(rank + 1, y - 0.05, _percent(share)[:-1], ha="center", va="center", size=NOTE, zorder=4)
        for (y, rank), share in np.ndenumerate(shares)
        if share > 0.005
    ]
    for mark, shade in zip(marks, shades[shares > 0.005], strict=True):
        mark.set_color(ink_on(shade))
    lay_out(ax)
    fits = max(mark.get_window_extent().width for mark in marks) < 0.8 * ax.bbox.width / size
    for mark in [] if fits else marks:
        mark.remove()
    return bool(fits)


def _percent(share: float) -> str:
    """Write a probability as whole percent, never as a certainty that draws cannot give."""
    return ">99%" if share >= 0.995 else f"{100 * share:.0f}%"
