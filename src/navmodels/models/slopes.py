"""Slopes: the slope of a covariate that differs by group, partially pooled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels.data.matching import places
from navmodels.models.blocks import Block, Level, standard_deviation
from navmodels.models.covariates import average, require_numbers, span
from navmodels.models.factors import Labelled, several, shown_scale
from navmodels.models.groups import draw_anew
from navmodels.models.priors import Prior, as_prior
from navmodels.models.yardsticks import LOGITS, Yardstick

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Slope(Labelled):
    """Slopes of a covariate by group: deviations from the common slope, exchangeable, normal around zero.

    Their standard deviation is learned, so that groups with few answers follow the common slope (Gelman & Hill 2007,
    chapter 13). The common slope and the groups' own levels are terms of their own: ``Effect("year", numeric=True),
    Group("office"), Slope("year", by="office")``. A group's slope is not correlated with its level; the covariate is
    centred at its average over the answers, where that matters least. Time is a covariate too: a line for each office.

    A fit tells the slopes as ``<by>:<name>_slope``, for each unit of the covariate. Values that were not observed lie
    on the line of their group; the slope of a group that was not observed is drawn from the same normal.

    Parameters
    ----------
    name
        The covariate; its levels must be numbers.
    by
        The factor whose levels have slopes of their own.
    scale
        Scale of the half-normal prior on the standard deviation of the slopes, for each unit of the covariate, or a
        prior. None: 0.5 logits over two standard deviations of the covariate, or over the difference between its two
        values if it has only two; of published means, as far as they lie apart (see `priors`).

    Examples
    --------
    >>> Slope("year", by="office")
    Slope('year', by='office')
    """

    usual = 0.5

    name: str
    by: str = field(kw_only=True)
    scale: float | Prior | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.by == self.name:
            raise ValueError(f"by of Slope({self.name!r}) is {self.by!r} itself; allowed: another factor.")
        if self.scale is not None:
            as_prior(self.scale)

    def __repr__(self) -> str:
        return f"Slope({self.name!r}, by={self.by!r}{shown_scale(self.scale)})"

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return (self.by, self.name)

    def default_scale(self, cells: pd.DataFrame, by: Yardstick) -> float:
        """Return the scale that stands for None, for each unit of the covariate."""
        return self.usual * by.unit / span(cells[self.name].to_numpy(dtype=float), by)

    def blocks(self, cells: pd.DataFrame, levels: Mapping[str, Sequence[Any]], by: Yardstick = LOGITS) -> list[Block]:
        """Return the block of this term for the cells of a survey: a level for each group and value that occur."""
        values, groups = several(levels[self.name], self), several(levels[self.by], self)
        require_numbers(values, self, "Of levels that are no numbers, use Group with both factors.")
        group, value = places(cells[self.by], groups), places(cells[self.name], values)
        x = np.array(values, dtype=float)
        x -= average(x[value], by)
        far = int(np.argmax(np.abs(x)))  # so that each group has a value that tells its slope
        wanted = np.concatenate([group * len(x) + value, np.unique(group) * len(x) + far])
        found = np.unique(wanted)
        owner = np.searchsorted(seen := np.unique(group), found // len(x))
        basis = np.zeros((len(found), len(seen)))
        basis[np.arange(len(found)), owner] = x[found % len(x)]
        keys = tuple((groups[place // len(x)], values[place % len(x)]) for place in found)
        scale, parameters = standard_deviation(
            self.label, self.default_scale(cells, by) if self.scale is None else self.scale
        )
        index = np.searchsorted(found, wanted[: len(cells)])
        onward = partial(follow_lines, centre=float(values[far]) - float(x[far]))
        return [Block(self.label, self.factors, keys, basis, index, scale, parameters, beyond=onward)]


def follow_lines(
    block: Block, new: Sequence[Level], effect: Array, scale: Array, rng: np.random.Generator, *, centre: float
) -> Array:
    """Return the effects of new values and new groups: on the line of the group, or on one with a slope drawn anew."""
    require_numbers([level[1] for level in new], f"the slope of {block.name!r}", "Take such rows out.")
    picked, told = slopes_of_lines(block, effect)
    slopes = dict(zip(picked, told.T, strict=True))
    unknown = list(dict.fromkeys(level[0] for level in new if level[0] not in slopes))
    if unknown:
        slopes |= dict(zip(unknown, draw_anew(block, [(name,) for name in unknown], effect, scale, rng).T, strict=True))
    return np.stack([slopes[name] * (float(value) - centre) for name, value in new], axis=1)


def has_slopes(block: Block) -> bool:
    """Return whether a block holds slopes by group."""
    return isinstance(block.beyond, partial) and block.beyond.func is follow_lines


def slopes_of_lines(block: Block, effect: Any) -> tuple[list[Any], Any]:
    """Return the groups of a block of slopes, and their slopes for each unit, dims (draw, group, ...), from effects.

    Effects have dims (draw, level, ...).
    """
    at = np.argmax(np.abs(block.matrix), axis=0)
    width = block.matrix[at, np.arange(len(at))]
    picked = effect[:, at]
    return [block.levels[place][0] for place in at], picked / width.reshape((-1,) + (1,) * (picked.ndim - 2))
