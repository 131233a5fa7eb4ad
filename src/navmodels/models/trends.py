"""Trends: random walks over whole-numbered time, in common or by group, that go on into coming years."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels import checks
from navmodels.data.matching import places
from navmodels.models.blocks import (
    Block,
    Level,
    Scale,
    contrast_basis,
    random_walk_basis,
    standard_deviation,
    unit_variance,
)
from navmodels.models.factors import Labelled, several, shown_scale
from navmodels.models.priors import Prior, as_prior
from navmodels.models.times import whole_years
from navmodels.models.yardsticks import LOGITS, Yardstick

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trend(Labelled):
    """A random walk over whole-numbered time, for instance years; gaps between survey years are honoured.

    The walk runs over every year from the first to the last, so that a gap of two years is two steps. Its null space is
    removed and it is scaled to unit geometric mean of the marginal variances (Sørbye & Rue 2014), so that `scale` means
    the same for any number of years. Order 1: steps are exchangeable. Order 2: changes of slope are; the straight line,
    which the walk leaves free, enters as a block of its own (``year_slope``) with the fixed prior scale 1 (two spreads
    of published means). The line turns about the middle: of an odd number of years, the middle one has slope effect
    exactly 0 in every draw, for which the gate makes allowance and `arviz.summary` shows an undefined R-hat. Coming
    years can be predicted: the walk
    goes on.

    Parameters
    ----------
    name
        The factor; its levels must be whole numbers.
    order
        1 or 2.
    by
        Another factor: its levels' deviations from the common trend, adding up to zero over the levels (Knorr-Held
        2000, type II). The common trend is a term of its own, ``Trend("year")``.
    scale
        Scale of the half-normal prior on the walk's standard deviation (logits for shares), or a prior. None: 0.3
        logits; of published means 0.6 spreads.

    Examples
    --------
    >>> Trend("year"), Trend("year", by="sector")
    (Trend('year', order=1), Trend('year', order=1, by='sector'))
    """

    usual = 0.3

    name: str
    order: int = field(default=1, kw_only=True)
    by: str | None = field(default=None, kw_only=True)
    scale: float | Prior | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        checks.one_of(self.order, (1, 2), what=f"order of Trend({self.name!r})")
        if self.by == self.name:
            raise ValueError(f"by of Trend({self.name!r}) is {self.by!r} itself; allowed: another factor.")
        if self.scale is not None:
            as_prior(self.scale)

    def __repr__(self) -> str:
        by = "" if self.by is None else f", by={self.by!r}"
        return f"Trend({self.name!r}, order={self.order}{by}{shown_scale(self.scale)})"

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return (self.name,) if self.by is None else (self.by, self.name)

    def blocks(self, cells: pd.DataFrame, levels: Mapping[str, Sequence[Any]], by: Yardstick = LOGITS) -> list[Block]:
        """Return the block of this term, and for order 2 that of its slope, for the cells of a survey."""
        years = whole_years(several(levels[self.name], self), self)
        if len(years) <= self.order:
            raise ValueError(
                f"{self} needs more than {self.order} years from first to last; the survey has {checks.listing(years)}."
            )
        groups = [None] if self.by is None else several(levels[self.by], self)
        keys = tuple((year,) if self.by is None else (group, year) for group in groups for year in years)
        index = np.asarray(cells[self.name]).astype(int) - years[0]
        between = np.ones((1, 1))
        if self.by is not None:
            index = index + len(years) * places(cells[self.by], groups)
            between = contrast_basis(len(groups))
        own = self.default_scale(cells, by) if self.scale is None else self.scale
        scale, parameters = standard_deviation(self.label, own)
        basis = np.asarray(np.kron(between, random_walk_basis(len(years), order=self.order)), dtype=float)
        onward = partial(walk_on, order=self.order, years=len(years), between=between)
        walk = Block(self.label, self.factors, keys, basis, index, scale, parameters, beyond=onward)
        if self.order == 1:
            return [walk]
        line = unit_variance((np.arange(len(years)) - (len(years) - 1) / 2)[:, None])
        along = partial(line_on, years=len(years))
        lines = np.asarray(np.kron(between, line), dtype=float)
        slope = Block(f"{self.label}_slope", self.factors, keys, lines, index, Scale(by.unit), beyond=along)
        return [walk, slope]


def walk_on(
    block: Block, new: Sequence[Level], effect: Array, scale: Array, rng: np.random.Generator,
    *, order: int, years: int, between: Array,
) -> Array:  # fmt: skip
    """Return the walk of each group in coming years: steps (or changes of slope) are drawn as the walk's own are."""
    last = block.levels[-1][-1]
    ahead = _years_ahead(block, new)
    path = effect.reshape(len(effect), -1, years)[..., -2:]
    step = np.linalg.norm(np.diff(block.matrix[:years], n=order, axis=0)[0]) / np.linalg.norm(between[0])
    for _ in range(ahead):
        drawn = scale[:, None] * step * (rng.normal(size=(len(effect), between.shape[1])) @ between.T)
        then = path[..., -1] if order == 1 else 2 * path[..., -1] - path[..., -2]
        path = np.concatenate([path, (then + drawn)[..., None]], axis=-1)
    return _picked(block, new, path[..., 2:], last, years)


def line_on(
    block: Block, new: Sequence[Level], effect: Array, scale: Array, rng: np.random.Generator, *, years: int
) -> Array:
    """Return the straight line of each group in coming years."""
    path = effect.reshape(len(effect), -1, years)
    steps = np.arange(1, _years_ahead(block, new) + 1)
    line = path[..., -1:] + (path[..., -1:] - path[..., -2:-1]) * steps
    return _picked(block, new, line, block.levels[-1][-1], years)


# ---- inside


def _years_ahead(block: Block, new: Sequence[Level]) -> int:
    first, last = block.levels[0][-1], block.levels[-1][-1]
    groups = {level[:-1] for level in block.levels}
    unknown = [level[0] for level in new if level[:-1] not in groups]
    if unknown:
        known = list(dict.fromkeys(level[0] for level in block.levels))
        raise ValueError(
            f"{block.name!r} has no trend for {checks.listing(dict.fromkeys(unknown))}; its groups: "
            f"{checks.listing(known, most=20)}.{checks.nearest(unknown[0], known)}"
        )
    bad = [level[-1] for level in new if isinstance(level[-1], str) or level[-1] <= last or level[-1] != int(level[-1])]
    if bad:
        raise ValueError(
            f"{block.name!r} is a walk from {first} to {last}; it can go on to coming years, not to "
            f"{checks.listing(bad)}."
        )
    return int(max(level[-1] for level in new)) - int(last)


def _picked(block: Block, new: Sequence[Level], path: Array, last: Any, years: int) -> Array:
    """Return each new level's value from paths with dims (draw, group, year ahead)."""
    groups = [level[:-1] for level in block.levels[::years]]
    return np.stack([path[:, groups.index(level[:-1]), int(level[-1]) - int(last) - 1] for level in new], axis=1)
