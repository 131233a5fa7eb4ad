"""Terms of the linear predictor: each a basis, an index and a prior scale.

A term says how the levels of its factors differ: `Effect` without pooling, `Group` with partial pooling, `Trend` as a
random walk, `Region` as neighbours on a map. `blocks` turns it, for a given survey, into the arrays that engines,
prediction and simulation all read.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels import checks
from navmodels.data.matching import places
from navmodels.models import maps
from navmodels.models.blocks import (
    Block,
    Scale,
    contrast_basis,
    draw_anew,
    follow_line,
    line_on,
    random_walk_basis,
    unit_variance,
    walk_on,
)
from navmodels.models.priors import HalfNormal, Known, Learned, Prior, Proportion, as_prior, positive
from navmodels.models.times import whole_years
from navmodels.models.yardsticks import LOGITS, Yardstick

Array = npt.NDArray[np.float64]


class Labelled(ABC):
    """What terms share: a name made of their factors, and a default scale."""

    usual: ClassVar[float]  # scale that stands for None, in logits

    @property
    @abstractmethod
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""

    @property
    def label(self) -> str:
        """Name of the term: the factors joined by ':'."""
        return ":".join(self.factors)

    def default_scale(self, cells: pd.DataFrame, by: Yardstick) -> float:
        """Return the scale that stands for None in a survey with these cells."""
        return self.usual * by.unit


@dataclass(frozen=True)
class Effect(Labelled):
    """Unpooled differences between the levels of a factor, or the slope of a numeric covariate; weakly informative.

    Levels: sum-to-zero contrasts. Each level's deviation from the mean of the levels has prior standard deviation
    `scale` (logits for shares), the same for every level whatever its name or place. Use it for few levels that are
    all there are, such as sector. Numbers, with decimals too, are levels unless ``numeric=True``.

    Covariate: a slope, normal around `mean` with standard deviation `scale`, times the number less its average over
    the answers (over the cells, where n is not known), so that it does not matter where its zero lies: the intercept is
    that of the average answer. For instance 0/1 for a change of survey mode, with a tight `scale`. A fit tells the
    slope as ``<name>_slope``, for each unit of the covariate.

    Parameters
    ----------
    name
        The factor.
    scale
        Prior standard deviation of a level's deviation, or of the slope for each unit of the covariate. None: one logit
        (two spreads of published means) for a level's deviation, and for the slope over two standard deviations of the
        covariate, or over the difference between its two values if it has only two (Gelman 2008).
    numeric
        True: a covariate. Else levels, also when they are numbers.
    mean
        Prior mean of the slope of a covariate, for each unit (logits for shares). Not for outcomes of several
        categories without order.

    Examples
    --------
    >>> Effect("sector"), Effect("new_mode", scale=0.1, numeric=True)
    (Effect('sector'), Effect('new_mode', scale=0.1, numeric=True))
    """

    usual = 1.0

    name: str
    scale: float | None = field(default=None, kw_only=True)
    numeric: bool | None = field(default=None, kw_only=True)
    mean: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        if self.scale is not None:
            positive(self.scale, what=f"scale of Effect({self.name!r})", also=", or None for the default")
        if isinstance(self.mean, bool) or not isinstance(self.mean, int | float) or not np.isfinite(self.mean):
            raise ValueError(f"mean of Effect({self.name!r}) is {self.mean!r}; allowed: a finite number.")

    def __repr__(self) -> str:
        numeric, mean = ", numeric=True" if self.numeric else "", f", mean={self.mean}" if self.mean else ""
        return f"Effect({self.name!r}{_shown(self.scale)}{numeric}{mean})"

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return (self.name,)

    def default_scale(self, cells: pd.DataFrame, by: Yardstick) -> float:
        """Return the scale that stands for None: of a covariate for each of its units."""
        if not self.numeric:
            return super().default_scale(cells, by)
        x = cells[self.name].to_numpy(dtype=float)
        values = np.unique(x)
        width = values[1] - values[0] if len(values) == 2 else 2 * _average_and_sd(x, by.weight)[1]
        return self.usual * by.unit / float(width)

    def blocks(self, cells: pd.DataFrame, levels: Mapping[str, Sequence[Any]], by: Yardstick = LOGITS) -> list[Block]:
        """Return the block of this term for the cells of a survey."""
        names = _several(levels[self.name], self)
        index = places(cells[self.name], names)
        keys = tuple((name,) for name in names)
        self._require_kind(names)
        scale = Scale(float(self.default_scale(cells, by) if self.scale is None else self.scale))
        if not self.numeric:
            return [Block(self.name, self.factors, keys, contrast_basis(len(names)), index, scale)]
        x = np.array(names, dtype=float)
        x -= _average_and_sd(x[index], by.weight)[0]
        offset = self.mean * x if self.mean else None
        return [Block(self.name, self.factors, keys, x[:, None], index, scale, offset=offset, beyond=follow_line)]

    def _require_kind(self, names: list[Any]) -> None:
        """Raise unless a covariate has numbers, and a prior mean is that of a covariate."""
        bad = [name for name in names if isinstance(name, bool | str) or not np.isfinite(name)] if self.numeric else []
        if bad:
            raise ValueError(f"{self} needs numbers; the survey has {checks.listing(bad)}. Leave numeric=True out.")
        if self.mean and not self.numeric:
            raise ValueError(f"{self} has a prior mean, which is for covariates; say numeric=True.")


@dataclass(frozen=True, init=False)
class Group(Labelled):
    """Partial pooling: exchangeable levels, normal around zero with a standard deviation to be learned.

    With several names, the combinations of their levels that occur: an interaction when the parts have terms of their
    own, nesting when the outer one has. (Gelman & Hill 2007.) Levels that were not observed can be predicted: their
    effect is drawn from the same normal.

    Parameters
    ----------
    *names
        One or more factors.
    scale
        Scale of the half-normal prior on the standard deviation (logits for shares), or a prior. "structured", for
        several names: the standard deviation is the product of those of the parts' own terms and a ratio with a
        half-normal prior of scale 1, so that interactions of parts that hardly matter hardly matter (Si et al. 2020).
        None: 0.5 logits; of published means, as far as they lie apart (see `priors`).

    Examples
    --------
    >>> Group("county", "industry")
    Group('county', 'industry')
    """

    usual = 0.5

    names: tuple[str, ...]
    scale: float | Prior | str | None

    def __init__(self, *names: str, scale: float | Prior | str | None = None) -> None:
        if not names or len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"Group needs one or more different factor names; given: {checks.listing(names)}.")
        if isinstance(scale, str):
            checks.one_of(scale, (STRUCTURED,), what=f"scale of Group({', '.join(map(repr, names))})")
            if len(names) < 2:
                raise ValueError(
                    f"scale={STRUCTURED!r} is for the combination of several factors; given: {names[0]!r}."
                )
        elif scale is not None:
            as_prior(scale)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "scale", scale)

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return self.names

    def __repr__(self) -> str:
        return f"Group({', '.join(map(repr, self.names))}{_shown(self.scale)})"

    def blocks(self, cells: pd.DataFrame, levels: Mapping[str, Sequence[Any]], by: Yardstick = LOGITS) -> list[Block]:
        """Return the block of this term for the cells of a survey; a structured scale is tied to others by `tie`."""
        for name in self.names:
            _several(levels[name], self)
        order = {name: {level: place for place, level in enumerate(levels[name])} for name in self.names}
        keys = list(zip(*(cells[name].tolist() for name in self.names), strict=True))
        found = sorted(
            set(keys),
            key=lambda key: [order[name][level] for name, level in zip(self.names, key, strict=True)],
        )
        place = {key: row for row, key in enumerate(found)}
        index = np.array([place[key] for key in keys], dtype=np.intp)
        own = HalfNormal(1.0) if isinstance(self.scale, str) else self.scale
        scale, parameters = standard_deviation(self.label, self.default_scale(cells, by) if own is None else own)
        return [Block(self.label, self.names, tuple(found), None, index, scale, parameters, beyond=draw_anew)]


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
        return f"Trend({self.name!r}, order={self.order}{by}{_shown(self.scale)})"

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return (self.name,) if self.by is None else (self.by, self.name)

    def blocks(self, cells: pd.DataFrame, levels: Mapping[str, Sequence[Any]], by: Yardstick = LOGITS) -> list[Block]:
        """Return the block of this term, and for order 2 that of its slope, for the cells of a survey."""
        years = whole_years(_several(levels[self.name], self), self)
        if len(years) <= self.order:
            raise ValueError(
                f"{self} needs more than {self.order} years from first to last; the survey has {checks.listing(years)}."
            )
        groups = [None] if self.by is None else _several(levels[self.by], self)
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


@dataclass(frozen=True, init=False)
class Region(Labelled):
    """Areas on a map: neighbours are alike, and every area has something of its own (BYM2; Riebler et al. 2016).

    The effect is s (√φ u + √(1 − φ) v): u an intrinsic conditional autoregression on the map, scaled to unit geometric
    mean of its variances within each connected part (Sørbye & Rue 2014; Freni-Sterrantino et al. 2018), v independent.
    The standard deviation s and the spatial proportion φ of the variance (uniform between 0 and 1) are learned. An
    island has no neighbours: its u is a standard normal. Areas of the map that were not observed can be predicted.

    Parameters
    ----------
    name
        The factor; its levels must be areas of the map.
    neighbours
        "nav_counties", or a mapping from each area to its neighbours.
    scale
        Scale of the half-normal prior on s (logits for shares), or a prior. None: 0.5 logits; of published means, as
        far as they lie apart.

    Raises
    ------
    ValueError
        When the map is not symmetric, naming the pairs, or a level of the survey is not on the map.

    Examples
    --------
    >>> Region("area", neighbours={"north": ["middle"], "middle": ["north", "south"], "south": ["middle"]})
    Region('area', neighbours=3 areas)
    """

    usual = 0.5

    name: str
    neighbours: str | maps.Neighbours
    scale: float | Prior | None

    def __init__(
        self,
        name: str,
        *,
        neighbours: str | Mapping[Any, Sequence[Any]] | Any = "nav_counties",
        scale: float | Prior | None = None,
    ) -> None:
        if scale is not None:
            as_prior(scale)
        if isinstance(neighbours, str):
            maps.load_map(neighbours)
        else:
            neighbours = maps.check_map(dict(neighbours))
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "neighbours", neighbours)
        object.__setattr__(self, "scale", scale)

    def __repr__(self) -> str:
        shown = repr(self.neighbours) if isinstance(self.neighbours, str) else f"{len(self.neighbours)} areas"
        return f"Region({self.name!r}, neighbours={shown}{_shown(self.scale)})"

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return (self.name,)

    def blocks(self, cells: pd.DataFrame, levels: Mapping[str, Sequence[Any]], by: Yardstick = LOGITS) -> list[Block]:
        """Return the spatial and the independent block of this term for the cells of a survey."""
        map_ = maps.load_map(self.neighbours) if isinstance(self.neighbours, str) else self.neighbours
        areas = [area for area, _ in map_]
        for level in levels[self.name]:
            checks.one_of(level, areas, what=f"{self!r} is about a map; a level of {self.name!r}")
        index = places(cells[self.name], areas)
        keys, share = tuple((area,) for area in areas), f"{self.name}_spatial_share"
        own_scale = self.default_scale(cells, by) if self.scale is None else self.scale
        sd, learned = standard_deviation(self.name, own_scale)
        spatial, own = (Scale(sd.fixed, (*sd.parts, (share, link))) for link in ("root", "root of rest"))
        learned[share] = Proportion()
        basis = maps.region_basis(map_)
        return [
            Block(f"{self.name}_spatial", self.factors, keys, basis, index, spatial, learned),
            Block(f"{self.name}_own", self.factors, keys, None, index, own),
        ]


STRUCTURED = "structured"
Term = Effect | Group | Trend | Region


def with_scale(term: Term, scale: Any) -> Term:
    """Return a term with another scale or prior."""
    if isinstance(term, Group):
        return Group(*term.names, scale=scale)
    if isinstance(term, Region):
        return Region(term.name, neighbours=term.neighbours, scale=scale)
    return replace(term, scale=scale)


def tie(blocks: Sequence[Block], terms: Sequence[Term], unit: float = 1.0) -> tuple[Block, ...]:
    """Return the blocks with structured scales tied to the standard deviations of their factors' own terms.

    Their product is taken in units of what one logit stands for.

    Raises
    ------
    ValueError
        When a factor of a structured `Group` has no term of its own.
    """
    own = {block.factors[0]: block.scale for block in reversed(blocks) if len(block.factors) == 1}
    structured = {term.label for term in terms if isinstance(term, Group) and term.scale == STRUCTURED}
    return tuple(_tied(block, own, unit) if block.name in structured else block for block in blocks)


def standard_deviation(label: str, scale: float | Prior) -> tuple[Scale, dict[str, Learned | Proportion]]:
    """Return the scale of a block and its parameter: a standard deviation to be learned, unless it is known."""
    prior = as_prior(scale)
    if isinstance(prior, Known):
        return Scale(prior.scale), {}
    return Scale(1.0, ((f"{label}_sd", "itself"),)), {f"{label}_sd": prior}


# ---- inside


def _tied(block: Block, own: Mapping[str, Scale], unit: float) -> Block:
    """Return a block whose standard deviation is a ratio times those of its factors' own terms."""
    lacking = [name for name in block.factors if name not in own]
    if lacking:
        raise ValueError(
            f"Group({', '.join(map(repr, block.factors))}, scale={STRUCTURED!r}) is tied to terms of its factors; "
            f"there is none for {checks.listing(lacking)}. Add Group({lacking[0]!r}) or give the scale a number."
        )
    ratio = f"{block.name}_ratio"
    fixed = float(np.prod([own[name].fixed for name in block.factors])) / unit ** (len(block.factors) - 1)
    parts = tuple(part for name in block.factors for part in own[name].parts if part[1] == "itself")
    return replace(block, scale=Scale(fixed, ((ratio, "itself"), *parts)), parameters={ratio: HalfNormal(1.0)})


def _shown(scale: Any) -> str:
    """Return a scale as the repr of a term shows it: nothing for the default."""
    return "" if scale is None else f", scale={scale!r}"


def _average_and_sd(x: Array, weight: Array | None) -> tuple[float, float]:
    """Return average and standard deviation of numbers, dims (cell), by their weight if any is positive."""
    weight = None if weight is None or not weight.any() else weight
    average = np.average(x, weights=weight)
    sd = np.sqrt(np.average((x - average) ** 2, weights=weight))
    return float(average), float(sd if sd > 0 else np.std(np.unique(x)))


def _several(levels: Sequence[Any], term: Any) -> list[Any]:
    if len(levels) < 2:
        raise ValueError(
            f"{term} needs a factor with at least two levels; the survey has only {checks.listing(levels)}. "
            "Leave the term out."
        )
    return list(levels)
