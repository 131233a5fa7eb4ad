"""Blocks: what engines, prediction and simulation read of a term; and bases.

A block is one additive part of the linear predictors. The terms make them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg

from navmodels import checks
from navmodels.models.priors import Known, Learned, Prior, Proportion, as_prior

Array = npt.NDArray[np.float64]
Level = tuple[Any, ...]
LINKS: Mapping[str, Callable[[Any], Any]] = {
    "itself": lambda value: value,
    "root": lambda value: value**0.5,
    "root of rest": lambda value: (1 - value) ** 0.5,
}


@dataclass(frozen=True)
class Scale:
    """Standard deviation of a block: a number times parameters, each taken as a link says.

    Examples
    --------
    >>> scale = Scale(1.0, (("county_sd", "itself"), ("county_share", "root")))
    >>> float(scale.of({"county_sd": 0.4, "county_share": 0.25}))
    0.2
    """

    fixed: float = 1.0
    parts: tuple[tuple[str, str], ...] = ()

    def of(self, parameters: Mapping[str, Any]) -> Any:
        """Return the standard deviation at values of the parameters: numbers, arrays or PyTensor variables."""
        out: Any = self.fixed
        for name, link in self.parts:
            out = out * LINKS[link](parameters[name])
        return out


def standard_deviation(label: str, scale: float | Prior) -> tuple[Scale, dict[str, Learned | Proportion]]:
    """Return the scale of a block and its parameter: a standard deviation to be learned, unless it is known."""
    prior = as_prior(scale)
    if isinstance(prior, Known):
        return Scale(prior.scale), {}
    return Scale(1.0, ((f"{label}_sd", "itself"),)), {f"{label}_sd": prior}


@dataclass(frozen=True, eq=False)
class Block:
    """One additive part of the linear predictors: ``scale * basis @ z``, picked by ``index``; z ~ N(0, I).

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
    scale
        The standard deviation.
    parameters
        Prior of each parameter of the scale that no other block has.
    channels
        The linear predictors it feeds, each with coefficients of its own (`likelihoods.channels`).
    offset
        Dims (level): the prior mean of the effect; None stands for zero.
    beyond
        Effects of levels that are not among `levels`: a function of the block, the new levels, the draws of effect,
        dims (draw, level), and scale (draw), and a random generator. None: there is no telling.
    sampling
        Whether it is error of the sample (`overlap`): engines fit it, predictions leave it out.
    """

    name: str
    factors: tuple[str, ...]
    levels: tuple[Level, ...]
    basis: Array | None = field(repr=False)
    index: npt.NDArray[np.intp] = field(repr=False)
    scale: Scale
    parameters: Mapping[str, Learned | Proportion] = field(default_factory=dict)
    channels: tuple[int, ...] = (0,)
    offset: Array | None = field(default=None, repr=False)
    beyond: "Beyond | None" = field(default=None, repr=False)
    sampling: bool = False

    def __post_init__(self) -> None:
        """Raise when a cell picks a level that is not there, or basis and offset are not of the levels."""
        size = len(self.levels)
        if self.index.size and not 0 <= self.index.min() <= self.index.max() < size:
            outside = int(np.flatnonzero((self.index < 0) | (self.index >= size))[0])
            raise ValueError(
                f"cell {outside} has a level of {self.name!r} that is not among {checks.listing(self.labels)}."
            )
        for what, array in (("basis", self.basis), ("offset", self.offset)):
            if array is not None and (len(array) != size or not np.isfinite(array).all()):
                raise ValueError(f"the {what} of {self.name!r} needs a finite row for each of its {size} levels.")

    @property
    def labels(self) -> list[Any]:
        """Label of each level: as given for one factor, joined by ':' for several, each level another label."""
        return [level[0] if len(level) == 1 else join_labels(level) for level in self.levels]

    @property
    def size(self) -> int:
        """Number of coefficients z of each channel."""
        return len(self.levels) if self.basis is None else self.basis.shape[1]

    @property
    def matrix(self) -> Array:
        """The basis, also where it is the identity; dims (level, coefficient)."""
        return np.eye(len(self.levels)) if self.basis is None else self.basis

    @property
    def single(self) -> bool:
        """Whether each level is one coefficient times a number: of a covariate's line, of lines by group."""
        return self.basis is not None and int(np.count_nonzero(self.basis, axis=1).max(initial=0)) <= 1

    def meets(self) -> tuple[npt.NDArray[np.int64], Array]:
        """Return the coefficient that each cell meets, and its weight, of a `single` block; dims (cell)."""
        place = np.argmax(self.matrix != 0, axis=1)
        return place[self.index].astype(np.int64), self.matrix[np.arange(len(place)), place][self.index]

    @property
    def is_line(self) -> bool:
        """Whether this is the line of a numeric covariate."""
        return self.beyond is follow_line

    @property
    def sd(self) -> str | None:
        """Name of the parameter that is the standard deviation itself, if there is one."""
        return self.scale.parts[0][0] if self.scale.parts == ((f"{self.name}_sd", "itself"),) else None

    def effect(self, scale: npt.ArrayLike, z: Array) -> Array:
        """Return the effect of each level, dims (..., level), from scale (...) and z (..., coefficient)."""
        raw = z if self.basis is None else z @ self.basis.T
        effect = np.asarray(scale)[..., None] * raw
        return np.asarray(effect if self.offset is None else effect + self.offset)


def join_labels(level: Sequence[Any]) -> str:
    """Return the labels of several factors as one text, joined by ':'; a label that holds a ':' stands in quotes.

    Different levels never have the same text.

    Examples
    --------
    >>> join_labels(("Oslo", 2024)), join_labels(("p:q", "r")), join_labels(("p", "q:r"))
    ('Oslo:2024', '"p:q":r', 'p:"q:r"')
    """
    texts = map(str, level)
    return ":".join(
        json.dumps(text, ensure_ascii=False) if ":" in text or text.startswith('"') else text for text in texts
    )


Beyond = Callable[[Block, Sequence[Level], Array, Array, np.random.Generator], Array]


def contrast_basis(size: int) -> Array:
    """Return sum-to-zero contrasts, dims (level, coefficient), that give every level unit variance.

    Examples
    --------
    >>> contrast_basis(2).round(2).tolist()
    [[-1.0], [1.0]]
    """
    return np.asarray(linalg.null_space(np.ones((1, size))) * np.sqrt(size / (size - 1)))


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
    return unit_variance(vectors[:, order:] / np.sqrt(values[order:]))


def unit_variance(basis: npt.NDArray[Any]) -> Array:
    """Return a basis, dims (level, coefficient), scaled to unit geometric mean of the levels' variances."""
    variance = (basis**2).sum(axis=1)
    return np.asarray(basis / np.sqrt(np.exp(np.mean(np.log(variance[variance > 1e-12])))))


def follow_line(block: Block, new: Sequence[Level], effect: Array, scale: Array, rng: np.random.Generator) -> Array:
    """Return the effect of new values of a numeric covariate: on the line through the values that are known."""
    bad = [level[0] for level in new if isinstance(level[0], bool | str)]
    if bad:
        raise ValueError(f"{block.name!r} is a numeric covariate; the population has {checks.listing(bad)}.")
    x, (low, _) = np.array([level[0] for level in block.levels], dtype=float), ends_of_line(block)
    steps = np.array([float(level[0]) for level in new]) - x[low]
    return np.asarray(effect[:, [low]] + slope_of_line(block, effect)[:, None] * steps)


def slope_of_line(block: Block, effect: Any) -> Any:
    """Return the slope of a numeric covariate for each of its units, from effects with dims (draw, level, ...)."""
    low, high = ends_of_line(block)
    return (effect[:, high] - effect[:, low]) / (float(block.levels[high][0]) - float(block.levels[low][0]))


def ends_of_line(block: Block) -> tuple[int, int]:
    """Return the places of the lowest and the highest value of a numeric covariate."""
    x = np.array([level[0] for level in block.levels], dtype=float)
    return int(np.argmin(x)), int(np.argmax(x))
