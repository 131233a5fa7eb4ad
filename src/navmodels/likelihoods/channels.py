"""The linear predictors of a cell, its *channels*, and what stands in all cells: an intercept, thresholds or contrasts.

Terms add to some channels, cell by cell; the coefficients here are common to all cells. What they are, where a search
for them starts, what prior and normaliser they have, how a sampler walks them and how a fit shows them is said once,
so that nobody asks which outcome it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import special

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Channels:
    """One linear predictor with an intercept; what other outcomes change of it stands in the classes below.

    Attributes
    ----------
    size
        How many linear predictors a cell has.
    common, fed
        Which have a coefficient common to all cells, and into which the terms go.
    dim, labels, spread
        How coefficients of the common channels are shown: dim and labels, and the matrix, dims (label, channel), that
        turns channels into what is shown. No dim: a single channel, shown as it is.
    differ
        Whether levels of a factor have common coefficients of their own.
    """

    size: int = 1
    common: tuple[int, ...] = (0,)
    fed: tuple[int, ...] = (0,)
    dim: str | None = None
    labels: tuple[Any, ...] = ()
    spread: Array | None = None
    differ: bool = False

    name: ClassVar[str] = "intercept"
    ordered: ClassVar[bool] = False  # whether they are kept in rising order
    law: ClassVar[str] = ""  # what its prior has beside a normal
    implies: ClassVar[str] = "an average of"  # what is said of the outcome where it alone stands

    @property
    def log_normaliser(self) -> float:
        """Log of one over the part of the prior, before its order, that has the right order; NaN if it is not known."""
        return 0.0

    def start(self, scale: float) -> Array:
        """Return where a search for the coefficients, over their scale, begins; dims (coefficient)."""
        return np.zeros(len(self.common))

    def impossible(self, z: Array) -> npt.NDArray[np.bool_]:
        """Return where coefficients, dims (..., coefficient), have no prior density; dims (...)."""
        return np.zeros(z.shape[:-1], dtype=bool)

    def spans(self, channels: tuple[int, ...]) -> bool:
        """Return whether coefficients of these channels are shown along `dim`."""
        return self.dim is not None and channels == self.common

    def shown(self, values: Any, channels: tuple[int, ...]) -> tuple[tuple[str, ...], Any]:
        """Return coefficients of some channels, dims (..., channel), as a fit shows them: further dims, and values."""
        if self.dim is None or self.spread is None or not self.spans(channels):
            return (), values[..., 0]
        return (self.dim,), values @ self.spread.T

    def to_channels(self, values: Array) -> Array:
        """Return values by channel, dims (..., channel), from those shown; the columns of `spread` are orthogonal."""
        return values if self.spread is None else values @ self.spread / (self.spread**2).sum(axis=0)

    def shown_variables(self, columns: Sequence[Any], channels: tuple[int, ...]) -> Any:
        """Return PyTensor variables, one a channel, as `shown` does with numbers."""
        import pytensor.tensor as pt

        if self.spread is None or not self.spans(channels):
            return columns[0]
        parts = [
            sum(weight * column for weight, column in zip(row, columns, strict=True) if weight) for row in self.spread
        ]
        return pt.stack(parts, axis=-1)

    def variables(self, mean: float, scale: Any) -> Any:
        """Add the coefficients to the PyMC model at hand, and return the base of each channel, dims (channel)."""
        import pymc as pm

        return pm.Normal(self.name, pm.Data("intercept_mean", mean), scale)[None]

    def from_coordinates(self, v: Any, mean: Any, scale: Any) -> tuple[Any, Any]:
        """Return the base of each channel, dims (channel), from sampling coordinates, and their log-density.

        The latter up to a constant. What a fit shows is added to the PyMC model at hand.
        """
        import pymc as pm
        import pytensor.tensor as pt

        base = mean + scale * v
        shown = self.shown_variables([base[place] for place in range(self.size)], self.common)
        pm.Deterministic(self.name, shown, dims=self.dim)
        return base, -0.5 * pt.sum(v**2)

    def to_coordinates(self, z: Array, scale: float) -> tuple[Array, Array | None]:
        """Return sampling coordinates of coefficients over their scale, and the derivative of z by them if not one."""
        return z, None


@dataclass(frozen=True, eq=False)
class Thresholds(Channels):
    """A linear predictor, and after it thresholds in rising order, each with a normal prior around zero."""

    name: ClassVar[str] = "threshold"
    ordered: ClassVar[bool] = True
    law: ClassVar[str] = ", in rising order"
    implies: ClassVar[str] = "a share above each threshold of"

    @property
    def log_normaliser(self) -> float:
        """Log of the number of orders: each is as probable; NaN where levels have thresholds of their own."""
        return float("nan") if self.differ else float(special.gammaln(len(self.common) + 1))

    def start(self, scale: float) -> Array:
        """Return thresholds that lie apart."""
        return np.asarray(np.linspace(-2.0, 2.0, len(self.common) + 2)[1:-1] / scale)

    def impossible(self, z: Array) -> npt.NDArray[np.bool_]:
        """Return where thresholds do not rise."""
        return np.asarray((np.diff(z, axis=-1) <= 0).any(axis=-1))

    def variables(self, mean: float, scale: Any) -> Any:
        """Add the thresholds to the PyMC model at hand: normals kept to rising order."""
        import pymc as pm
        import pytensor.tensor as pt

        start = np.linspace(-1.0, 1.0, len(self.labels)) if len(self.labels) > 1 else np.zeros(1)
        threshold = pm.CustomDist(
            self.name,
            scale,
            logp=lambda value, scale: pm.logp(pm.Normal.dist(0.0, scale), value),
            random=lambda scale, rng, size: np.sort(rng.normal(0.0, scale, size=size)),  # a normal kept to rising order
            dims=self.dim,
            transform=pm.distributions.transforms.ordered,
            initval=start,
        )
        return pt.concatenate([np.zeros(1), threshold])

    def from_coordinates(self, v: Any, mean: Any, scale: Any) -> tuple[Any, Any]:
        """Return zero and the thresholds: the first over its scale, and the logarithms of the gaps between them."""
        import pymc as pm
        import pytensor.tensor as pt

        threshold = scale * v[0] + pt.concatenate([np.zeros(1), pt.cumsum(pt.exp(v[1:]))])
        pm.Deterministic(self.name, threshold, dims=self.dim)
        return pt.concatenate([np.zeros(1), threshold]), pt.sum(v[1:]) - 0.5 * pt.sum((threshold / scale) ** 2)

    def to_coordinates(self, z: Array, scale: float) -> tuple[Array, Array | None]:
        """Return the first threshold over its scale and logarithms of gaps, and the derivative of z by them."""
        gap = scale * np.diff(z)
        bend = np.tril(np.ones((len(z), len(z))))
        bend[:, 1:] *= gap / scale
        return np.concatenate([z[:1], np.log(gap)]), bend


@dataclass(frozen=True, eq=False)
class Contrasts(Channels):
    """Contrasts of categories without order: each a linear predictor of its own, with all terms."""

    implies: ClassVar[str] = "a share of one category against another of"

    def variables(self, mean: float, scale: Any) -> Any:
        """Add whitened contrasts to the PyMC model at hand, and the intercept of each category."""
        import pymc as pm

        z = pm.Normal(f"{self.name}_z", dims="contrast")
        base = scale * z
        shown = self.shown_variables([base[place] for place in range(self.size)], self.common)
        pm.Deterministic(self.name, shown, dims=self.dim)
        return base
