"""Priors for the standard deviation of a term: quantile, log-density, and the PyMC variable.

All live on the positive numbers; `scale` is in units of the linear predictor (logits for shares).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special, stats


@dataclass(frozen=True)
class HalfNormal:
    """Half-normal: the default for a term's standard deviation (Gelman 2006).

    Examples
    --------
    >>> round(float(HalfNormal(0.5).quantile(0.5)), 4)
    0.3372
    """

    scale: float

    def quantile(self, prob: npt.ArrayLike) -> Any:
        """Return the value below which `prob` of the prior lies."""
        return stats.halfnorm.ppf(prob, scale=self.scale)

    def from_normal(self, u: npt.ArrayLike) -> Any:
        """Return the value whose prior probability below is that of `u` under the standard normal."""
        return -self.scale * special.ndtri(special.ndtr(-np.asarray(u)) / 2)  # exact in the upper tail

    def log_density(self, value: npt.ArrayLike) -> Any:
        """Return the log-density at `value`."""
        return stats.halfnorm.logpdf(value, scale=self.scale)

    def variable(self, name: str, scale: Any) -> Any:
        """Return the PyMC variable, with `scale` as data of the graph."""
        import pymc as pm

        return pm.HalfNormal(name, sigma=scale)


@dataclass(frozen=True)
class HalfStudentT:
    """Half-t with `nu` degrees of freedom: heavier tail than the half-normal (Gelman 2006).

    Examples
    --------
    >>> round(float(HalfStudentT(0.5, nu=3).quantile(0.5)), 4)
    0.3824
    """

    scale: float
    nu: float = 3.0

    def quantile(self, prob: npt.ArrayLike) -> Any:
        """Return the value below which `prob` of the prior lies."""
        return stats.t.ppf(0.5 + 0.5 * np.asarray(prob), self.nu, scale=self.scale)

    def from_normal(self, u: npt.ArrayLike) -> Any:
        """Return the value whose prior probability below is that of `u` under the standard normal."""
        return stats.t.isf(special.ndtr(-np.asarray(u)) / 2, self.nu, scale=self.scale)

    def log_density(self, value: npt.ArrayLike) -> Any:
        """Return the log-density at `value`."""
        inside = np.log(2) + stats.t.logpdf(value, self.nu, scale=self.scale)
        return np.where(np.asarray(value) < 0, -np.inf, inside)

    def variable(self, name: str, scale: Any) -> Any:
        """Return the PyMC variable, with `scale` as data of the graph."""
        import pymc as pm

        return pm.HalfStudentT(name, nu=np.float64(self.nu), sigma=scale)  # a bare 3.0 would be single precision


@dataclass(frozen=True)
class HalfCauchy:
    """Half-Cauchy: half-t with one degree of freedom (Gelman 2006).

    Examples
    --------
    >>> round(float(HalfCauchy(5.0).quantile(0.5)), 4)
    5.0
    """

    scale: float

    def quantile(self, prob: npt.ArrayLike) -> Any:
        """Return the value below which `prob` of the prior lies."""
        return stats.halfcauchy.ppf(prob, scale=self.scale)

    def from_normal(self, u: npt.ArrayLike) -> Any:
        """Return the value whose prior probability below is that of `u` under the standard normal."""
        return self.scale / np.tan(np.pi / 2 * special.ndtr(-np.asarray(u)))

    def log_density(self, value: npt.ArrayLike) -> Any:
        """Return the log-density at `value`."""
        return stats.halfcauchy.logpdf(value, scale=self.scale)

    def variable(self, name: str, scale: Any) -> Any:
        """Return the PyMC variable, with `scale` as data of the graph."""
        import pymc as pm

        return pm.HalfCauchy(name, beta=scale)


@dataclass(frozen=True)
class Exponential:
    """Exponential with mean `scale`: a penalised-complexity prior (Simpson et al. 2017).

    Examples
    --------
    >>> round(float(Exponential(0.5).quantile(0.5)), 4)
    0.3466
    """

    scale: float

    def quantile(self, prob: npt.ArrayLike) -> Any:
        """Return the value below which `prob` of the prior lies."""
        return stats.expon.ppf(prob, scale=self.scale)

    def from_normal(self, u: npt.ArrayLike) -> Any:
        """Return the value whose prior probability below is that of `u` under the standard normal."""
        return -self.scale * special.log_ndtr(-np.asarray(u))

    def log_density(self, value: npt.ArrayLike) -> Any:
        """Return the log-density at `value`."""
        return stats.expon.logpdf(value, scale=self.scale)

    def variable(self, name: str, scale: Any) -> Any:
        """Return the PyMC variable, with `scale` as data of the graph."""
        import pymc as pm

        return pm.Exponential(name, scale=scale)


@dataclass(frozen=True)
class Known:
    """No prior: the standard deviation is known to be `scale`. A very large one pools nothing.

    Examples
    --------
    >>> Known(0.3)
    Known(scale=0.3)
    """

    scale: float


@dataclass(frozen=True)
class Proportion:
    """Uniform between 0 and 1: of the part of a variance, such as the spatial part of `Region`.

    Examples
    --------
    >>> float(Proportion().from_normal(0.0))
    0.5
    """

    scale: float = 1.0

    def quantile(self, prob: npt.ArrayLike) -> Any:
        """Return the value below which `prob` of the prior lies."""
        return np.asarray(prob, dtype=float)

    def from_normal(self, u: npt.ArrayLike) -> Any:
        """Return the value whose prior probability below is that of `u` under the standard normal."""
        return special.ndtr(u)

    def log_density(self, value: npt.ArrayLike) -> Any:
        """Return the log-density at `value`."""
        return stats.uniform.logpdf(value)

    def variable(self, name: str, scale: Any) -> Any:
        """Return the PyMC variable."""
        import pymc as pm

        return pm.Uniform(name, 0.0, scale)


Learned = HalfNormal | HalfStudentT | HalfCauchy | Exponential
Prior = Learned | Known
PRIORS = ", or a prior such as HalfCauchy(5)"


def as_prior(scale: float | Prior) -> Prior:
    """Return `scale` as a prior: a number is the scale of a half-normal.

    Raises
    ------
    ValueError
        When the scale, or the degrees of freedom of a half-t, is not a positive finite number.

    Examples
    --------
    >>> as_prior(0.5)
    HalfNormal(scale=0.5)
    """
    prior = scale if isinstance(scale, Prior) else HalfNormal(positive(scale, what="scale", also=PRIORS))
    positive(prior.scale, what=f"scale of {type(prior).__name__}")
    if isinstance(prior, HalfStudentT):
        positive(prior.nu, what="nu of HalfStudentT")
    return prior


def positive(value: Any, *, what: str, also: str = "") -> float:
    """Return a positive finite number, or raise; `also` says what else would be allowed."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < float(value) < np.inf:
        raise ValueError(f"{what} is {value!r}; allowed: a positive number{also}.")
    return float(value)
