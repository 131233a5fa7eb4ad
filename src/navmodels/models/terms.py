"""Terms of the linear predictor: each a basis, an index and a prior scale.

A term says how the levels of its factors differ: `Effect` without pooling, `Group` with partial pooling, `Trend` as a
random walk. `blocks` turns it, for a given survey, into the arrays that engines, prediction and simulation all read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import linalg

from navmodels.data import checks
from navmodels.models.priors import Prior, as_prior, positive

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Block:
    """One additive part of the linear predictor: ``scale * basis @ z``, picked by ``index``; z ~ N(0, I).

    Attributes
    ----------
    name
        Name of the effect in graphs and fits, for instance "county" or "county:industry".
    factors
        The factors whose combination picks a level.
    levels
        Level of each row of the basis: a tuple over `factors`.
    basis
        Dims (level, coefficient); None stands for the identity.
    index
        Dims (cell): the level of each cell.
    prior
        Prior of the scale, or a number when the scale is fixed.
    """

    name: str
    factors: tuple[str, ...]
    levels: tuple[tuple[Any, ...], ...]
    basis: Array | None = field(repr=False)
    index: npt.NDArray[np.intp] = field(repr=False)
    prior: Prior | float

    @property
    def labels(self) -> list[Any]:
        """Label of each level: as given for one factor, joined by ':' for several."""
        return [level[0] if len(level) == 1 else ":".join(map(str, level)) for level in self.levels]

    @property
    def size(self) -> int:
        """Number of coefficients z."""
        return len(self.levels) if self.basis is None else self.basis.shape[1]

    def effect(self, scale: npt.ArrayLike, z: Array) -> Array:
        """Return the effect of each level, dims (..., level), from scale (...) and z (..., coefficient)."""
        raw = z if self.basis is None else z @ self.basis.T
        return np.asarray(scale)[..., None] * raw


@dataclass(frozen=True)
class Effect:
    """Unpooled differences between the levels of a factor, weakly informative: sum-to-zero contrasts.

    Each level's deviation from the mean of the levels has prior standard deviation `scale` (logits for shares), the
    same for every level whatever its name or place. Use it for few levels that are all there are, such as sector.

    Examples
    --------
    >>> Effect("sector", scale=0.5)
    Effect(name='sector', scale=0.5)
    """

    name: str
    scale: float = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        positive(self.scale, what=f"scale of Effect({self.name!r})")

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return (self.name,)

    def blocks(self, cells: pd.DataFrame, levels: Mapping[str, Sequence[Any]]) -> list[Block]:
        """Return the block of this term for the cells of a survey."""
        names = _several(levels[self.name], self)
        size = len(names)
        basis = linalg.null_space(np.ones((1, size))) * np.sqrt(size / (size - 1))
        index = pd.Index(names).get_indexer(pd.Index(cells[self.name]))
        return [Block(self.name, self.factors, tuple((name,) for name in names), basis, index, float(self.scale))]


@dataclass(frozen=True, init=False)
class Group:
    """Partial pooling: exchangeable levels, normal around zero with a standard deviation to be learned.

    With several names, the combinations of their levels that occur: an interaction when the parts have terms of their
    own, nesting when the outer one has. (Gelman & Hill 2007.)

    Parameters
    ----------
    *names
        One or more factors.
    scale
        Scale of the half-normal prior on the standard deviation (logits for shares), or a prior.

    Examples
    --------
    >>> Group("county", "industry").label
    'county:industry'
    """

    names: tuple[str, ...]
    scale: float | Prior

    def __init__(self, *names: str, scale: float | Prior = 0.5) -> None:
        if not names or len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"Group needs one or more different factor names; given: {checks.listing(names)}.")
        as_prior(scale)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "scale", scale)

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return self.names

    @property
    def label(self) -> str:
        """Name of the term: the factors joined by ':'."""
        return ":".join(self.names)

    def blocks(self, cells: pd.DataFrame, levels: Mapping[str, Sequence[Any]]) -> list[Block]:
        """Return the block of this term for the cells of a survey."""
        for name in self.names:
            _several(levels[name], self)
        order = {name: {level: place for place, level in enumerate(levels[name])} for name in self.names}
        keys = list(zip(*(cells[name] for name in self.names), strict=True))
        found = sorted(
            set(keys),
            key=lambda key: [order[name][level] for name, level in zip(self.names, key, strict=True)],
        )
        place = {key: row for row, key in enumerate(found)}
        index = np.array([place[key] for key in keys], dtype=np.intp)
        return [Block(self.label, self.names, tuple(found), None, index, as_prior(self.scale))]


@dataclass(frozen=True)
class Trend:
    """A random walk over whole-numbered time, for instance years; gaps between survey years are honoured.

    The walk runs over every year from the first to the last. Its null space is removed and it is scaled to unit
    geometric mean of the marginal variances (Sørbye & Rue 2014), so that `scale` means the same for any number of
    years. Order 1: steps are exchangeable. Order 2: changes of slope are; the straight line, which the walk leaves
    free, enters as a block of its own (``year_slope``) with the fixed prior scale 1. The line turns about the middle:
    of an odd number of years, the middle one has slope effect exactly 0 in every draw, for which the gate makes
    allowance and `arviz.summary` shows an undefined R-hat.

    Parameters
    ----------
    name
        The factor; its levels must be whole numbers.
    order
        1 or 2.
    scale
        Scale of the half-normal prior on the walk's standard deviation (logits for shares), or a prior.

    Examples
    --------
    >>> Trend("year")
    Trend(name='year', order=1, scale=0.3)
    """

    name: str
    order: int = field(default=1, kw_only=True)
    scale: float | Prior = field(default=0.3, kw_only=True)

    def __post_init__(self) -> None:
        checks.one_of(self.order, (1, 2), what=f"order of Trend({self.name!r})")
        as_prior(self.scale)

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return (self.name,)

    def blocks(self, cells: pd.DataFrame, levels: Mapping[str, Sequence[Any]]) -> list[Block]:
        """Return the block of this term, and for order 2 that of its slope, for the cells of a survey."""
        years = _whole_years(_several(levels[self.name], self), self)
        if len(years) <= self.order:
            raise ValueError(
                f"{self} needs more than {self.order} years from first to last; the survey has {checks.listing(years)}."
            )
        index = np.asarray(cells[self.name]).astype(int) - years[0]
        names = tuple((year,) for year in years)
        walk = Block(
            self.name,
            self.factors,
            names,
            random_walk_basis(len(years), order=self.order),
            index,
            as_prior(self.scale),
        )
        if self.order == 1:
            return [walk]
        line = np.arange(len(years)) - (len(years) - 1) / 2
        slope = Block(f"{self.name}_slope", self.factors, names, _unit_variance(line[:, None]), index, 1.0)
        return [walk, slope]


Term = Effect | Group | Trend


def random_walk_basis(size: int, *, order: int) -> Array:
    """Return B with B B' the scaled covariance of a random walk, null space removed; dims (time, size - order).

    The structure matrix is D'D with D the differences of the given order; its generalised inverse is scaled to unit
    geometric mean of the diagonal (Sørbye & Rue 2014, equation 9).

    Examples
    --------
    >>> basis = random_walk_basis(5, order=1)
    >>> bool(np.isclose(np.exp(np.mean(np.log((basis**2).sum(axis=1)))), 1.0))
    True
    """
    differences = np.diff(np.eye(size), n=order, axis=0)
    values, vectors = linalg.eigh(differences.T @ differences)
    return _unit_variance(vectors[:, order:] / np.sqrt(values[order:]))


# ---- inside


def _unit_variance(basis: npt.NDArray[Any]) -> Array:
    variance = (basis**2).sum(axis=1)
    return np.asarray(basis / np.sqrt(np.exp(np.mean(np.log(variance[variance > 1e-12])))))


def _several(levels: Sequence[Any], term: Any) -> list[Any]:
    if len(levels) < 2:
        raise ValueError(
            f"{term} needs a factor with at least two levels; the survey has only {checks.listing(levels)}. "
            "Leave the term out."
        )
    return list(levels)


def _whole_years(levels: list[Any], term: Any) -> list[int]:
    bad = [level for level in levels if isinstance(level, bool | str) or not float(level).is_integer()]
    if bad:
        raise ValueError(f"{term} needs whole numbers such as years; the survey has {checks.listing(bad)}.")
    return list(range(int(min(levels)), int(max(levels)) + 1))
