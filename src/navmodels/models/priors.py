"""Priors for the standard deviation of a term: quantile, log-density, and the PyMC variable.

All live on the positive numbers; `scale` is in units of the linear predictor (logits for shares).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar, override

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from navmodels import checks


@dataclass(frozen=True)
class Law(ABC):
    """A law of SciPy times `scale`, and what PyMC calls it. Fields after the scale are its shape.

    Raises
    ------
    ValueError
        When the scale, or another number, is not a positive finite one.
    """

    scale: float

    law: ClassVar[Any]  # of SciPy, which takes the shape in order
    graph: ClassVar[tuple[str, str]]  # PyMC's name of it and of its scale; the shape goes by its name here

    def __post_init__(self) -> None:
        _require_positive(self)

    @property
    def shape(self) -> dict[str, Any]:
        """Numbers of the law beside its scale, by name; a bare 3.0 would be single precision in a graph."""
        return {field.name: np.float64(getattr(self, field.name)) for field in fields(self)[1:]}

    def quantile(self, prob: npt.ArrayLike) -> Any:
        """Return the value below which `prob` of the prior lies."""
        return self.law.ppf(prob, *self.shape.values(), scale=self.scale)

    @abstractmethod
    def from_normal(self, u: npt.ArrayLike) -> Any:
        """Return the value whose prior probability below is that of `u` under the standard normal.

        By the formula of each law, from the probability above: exact in the upper tail.
        """

    def log_density(self, value: npt.ArrayLike) -> Any:
        """Return the log-density at `value`."""
        return self.law.logpdf(value, *self.shape.values(), scale=self.scale)

    def variable(self, name: str, scale: Any) -> Any:
        """Return the PyMC variable, with `scale` as data of the graph."""
        import pymc as pm

        law, stretch = self.graph
        return getattr(pm, law)(name, **self.shape, **{stretch: scale})


@dataclass(frozen=True)
class HalfNormal(Law):
    """Half-normal: the default for a term's standard deviation (Gelman 2006).

    Examples
    --------
    >>> round(float(HalfNormal(0.5).quantile(0.5)), 4)
    0.3372
    """

    law = stats.halfnorm
    graph = "HalfNormal", "sigma"

    @override
    def from_normal(self, u: npt.ArrayLike) -> Any:
        return -self.scale * special.ndtri(_above(u) / 2)


@dataclass(frozen=True)
class HalfStudentT(Law):
    """Half-t with `nu` degrees of freedom: heavier tail than the half-normal (Gelman 2006).

    Examples
    --------
    >>> round(float(HalfStudentT(0.5, nu=3).quantile(0.5)), 4)
    0.3824
    """

    nu: float = 3.0

    law = stats.t  # of both sides
    graph = "HalfStudentT", "sigma"

    @override
    def quantile(self, prob: npt.ArrayLike) -> Any:
        return super().quantile(0.5 + 0.5 * np.asarray(prob))

    @override
    def from_normal(self, u: npt.ArrayLike) -> Any:
        return self.law.isf(_above(u) / 2, self.nu, scale=self.scale)

    @override
    def log_density(self, value: npt.ArrayLike) -> Any:
        return np.where(np.asarray(value) < 0, -np.inf, np.log(2) + super().log_density(value))


@dataclass(frozen=True)
class HalfCauchy(Law):
    """Half-Cauchy: half-t with one degree of freedom (Gelman 2006).

    Examples
    --------
    >>> round(float(HalfCauchy(5.0).quantile(0.5)), 4)
    5.0
    """

    law = stats.halfcauchy
    graph = "HalfCauchy", "beta"

    @override
    def from_normal(self, u: npt.ArrayLike) -> Any:
        return self.scale / np.tan(np.pi / 2 * _above(u))


@dataclass(frozen=True)
class Exponential(Law):
    """Exponential with mean `scale`: a penalised-complexity prior (Simpson et al. 2017).

    Examples
    --------
    >>> round(float(Exponential(0.5).quantile(0.5)), 4)
    0.3466
    """

    law = stats.expon
    graph = "Exponential", "scale"

    @override
    def from_normal(self, u: npt.ArrayLike) -> Any:
        return -self.scale * special.log_ndtr(-np.asarray(u))


@dataclass(frozen=True)
class Known:
    """No prior: the standard deviation is known to be `scale`. A very large one pools nothing.

    Examples
    --------
    >>> Known(0.3)
    Known(scale=0.3)
    """

    scale: float

    def __post_init__(self) -> None:
        _require_positive(self)


@dataclass(frozen=True)
class Proportion(Law):
    """Uniform between 0 and 1: of the part of a variance, such as the spatial part of `Region`.

    Examples
    --------
    >>> float(Proportion().from_normal(0.0))
    0.5
    """

    scale: float = 1.0

    law = stats.uniform
    graph = "Uniform", "upper"

    @override
    def from_normal(self, u: npt.ArrayLike) -> Any:
        return special.ndtr(u)


Learned = HalfNormal | HalfStudentT | HalfCauchy | Exponential
Prior = Learned | Known
PRIORS = ", or a prior such as HalfCauchy(5)"


def as_prior(scale: float | Prior) -> Prior:
    """Return `scale` as a prior: a number is the scale of a half-normal.

    Raises
    ------
    ValueError
        When the scale is neither a positive finite number nor a prior.

    Examples
    --------
    >>> as_prior(0.5)
    HalfNormal(scale=0.5)
    """
    return scale if isinstance(scale, Prior) else HalfNormal(checks.positive(scale, what="scale", also=PRIORS))


# ---- inside


def _require_positive(prior: Any) -> None:
    """Raise unless every number of a prior is positive and finite."""
    for field in fields(prior):
        checks.positive(getattr(prior, field.name), what=f"{field.name} of {type(prior).__name__}")


def _above(u: npt.ArrayLike) -> Any:
    """Return the probability above u under the standard normal."""
    return special.ndtr(-np.asarray(u))
