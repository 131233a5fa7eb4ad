"""Where the posterior of the standard deviations lies: a split-t around its mode, from Laplace approximations.

Nothing is weighted here: see `laplace`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from navmodels.engines.laplace.modes import find_mode
from navmodels.engines.laplace.targets import Target

Array = npt.NDArray[np.float64]

# All by trial, for proposals that ratios correct.
NU = 4.0  # degrees of freedom of the proposal of the standard deviations
NEAR, TAIL = 2.0, 6.0  # widths from its centre at which its sides are measured
START, WALL = -0.5, 100.0  # where the search for the mode of u begins, and what keeps it away from where no mode is
PRECISE, REACH = 1e-4, 2.0  # Newton decrement, and where skewness of the coefficients is measured, in sd


@dataclass(frozen=True, eq=False)
class Proposal:
    """Where the posterior lies: a split-t for u, and the coefficients' mode as a linear function of u.

    ``axes`` dims (u, axis): the symmetric root of a covariance, whose axes are the nearest to those of u (Kessy, Lewin
    & Strimmer 2018); where data tell little the posterior runs along u, out to the prior. ``side`` dims (axis, 2):
    widths below and above the centre along each axis, in its length. ``mode`` holds shared and own coefficients one
    after the other, ``slope`` dims (u, coefficient) how they move with u.
    """

    centre: Array
    axes: Array
    side: Array
    mode: Array
    slope: Array

    def draw(self, points: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return u at scrambled Sobol points, dims (point, u), and their log-density."""
        if not len(self.centre):
            return np.zeros((points, 0)), np.zeros(points)
        uniform = np.clip(stats.qmc.Sobol(len(self.centre), rng=rng).random(points), 1e-5, 1 - 1e-5)
        low, high = self.side.T
        above = uniform * (low + high) > low  # a side is as probable as it is wide, so that the density has no jump
        x = special.stdtrit(
            NU, np.where(above, 0.5 + (uniform * (low + high) - low) / (2 * high), uniform * (low + high) / (2 * low))
        )
        log_density = (stats.t.logpdf(x, NU) - np.log((low + high) / 2)).sum(axis=1)
        log_density -= np.linalg.slogdet(self.axes).logabsdet
        return self.centre + (x * np.where(above, high, low)) @ self.axes.T, log_density


@dataclass(eq=False)
class Search:
    """Heights of the posterior of u from Laplace approximations, each of which starts at the last mode passed.

    ``warm`` holds the coefficients' mode there, ``lowest`` the lowest height seen (minus a log-density).
    """

    target: Target
    warm: Array
    lowest: float = np.inf

    def solve(self, u: Array) -> tuple[float, Array, bool]:
        """Return minus the log-density of u, the mode of the coefficients, and whether there is one.

        There is none where Newton does not arrive, and where the data come out more probable than one, as they may at
        scales so large that the approximation breaks down. A wall above the lowest height keeps the search away.
        """
        scale, own_scale = self.target.scales(u[None])
        found = find_mode(self.target.layout, self.target.cells, scale[0], own_scale[0], self.warm, PRECISE, REACH)
        arrived = bool(found.arrived and found.laplace <= 0)
        height = (
            float(u @ u / 2 - found.laplace) if arrived else WALL + (self.lowest if np.isfinite(self.lowest) else 0.0)
        )
        self.lowest = min(height, self.lowest) if arrived else self.lowest
        return height, found.z, arrived

    def heights(self, points: Array) -> Array:
        """Return minus the log-density at points, dims (point, u) → (point)."""
        return np.array([self.solve(u)[0] for u in points])

    def descend(self, u: Array, *, step: float = 1e-3) -> tuple[float, Array]:
        """Return minus the log-density of u and its gradient, and start from here next time."""
        height, mode, arrived = self.solve(u)
        self.warm = mode if arrived else self.warm
        return height, (self.heights(u + step * np.eye(len(u))) - height) / step

    def curvature(self, centre: Array, best: float, *, step: float = 0.1) -> tuple[Array, Array]:
        """Return the Hessian at the centre, whose height is `best`, and how the coefficients' mode moves with u.

        The latter has dims (u, coefficient).
        """
        unit = step * np.eye(len(centre))
        around = [self.solve(u) for u in np.concatenate([centre + unit, centre - unit])]
        fall = np.array([height - best for height, *_ in around]).reshape(2, -1).sum(axis=0)
        low, high = np.tril_indices(len(centre), -1)
        both = unit[low] + unit[high]
        corner = self.heights(centre + both) + self.heights(centre - both) - 2 * best
        hessian = np.diag(fall)
        hessian[low, high] = hessian[high, low] = (corner - fall[low] - fall[high]) / 2
        modes = np.array([mode for _, mode, _ in around]).reshape(2, len(centre), len(self.warm))
        return hessian / step**2, (modes[0] - modes[1]) / (2 * step)


def find_proposal(target: Target) -> Proposal:
    """Return the proposal around the mode of u: axes of the Hessian, widths of each side, the coefficients' mode."""
    search, centre = Search(target, target.start()), np.full(target.learned, START)
    if target.learned:
        centre = optimize.minimize(search.descend, centre, jac=True, options={"gtol": 3e-2}).x
    best, mode, _ = search.solve(centre)
    hessian, slope = search.curvature(centre, best)
    value, vectors = np.linalg.eigh(hessian)
    axes = _root(1 / np.maximum(value, 0.2), vectors)
    return Proposal(centre, axes, _sides(lambda away: search.heights(centre + away) - best, axes), mode, slope)


def adapt_proposal(proposal: Proposal, u: Array, weight: Array) -> Proposal:
    """Return a proposal with the mean and the spread that u has, dims (point, u), by weight; a little wider."""
    if not len(proposal.centre):
        return proposal
    centre = weight @ u
    value, vectors = np.linalg.eigh(np.atleast_2d(np.cov(u.T, aweights=weight)))
    axes = _root(np.maximum(value, 1e-3), vectors)
    side = np.full((len(centre), 2), 1.2)
    mode = proposal.mode + (centre - proposal.centre) @ proposal.slope
    return replace(proposal, centre=centre, axes=axes, side=side, mode=mode)


# ---- inside


def _root(variance: Array, vectors: Array) -> Array:
    """Return the symmetric root of the covariance that has these eigenvalues and eigenvectors."""
    return np.asarray((vectors * np.sqrt(variance)) @ vectors.T)


def _sides(drop: Callable[[Array], Array], axes: Array) -> Array:
    """Return the width of each side along the axes: of a normal that falls as much at NEAR, of a t at TAIL if wider.

    `drop` is how far the log-density has fallen at points away from the centre, dims (point, u) → (point).
    """
    away = np.stack([-axes.T, axes.T], axis=1).reshape(2 * len(axes), len(axes))
    width = NEAR / np.sqrt(np.clip(2 * drop(NEAR * away), 0.05, 100.0))
    fallen = np.clip(drop(TAIL * width[:, None] * away), 0.05, 100.0)
    heavy = TAIL * width / np.sqrt(NU * np.expm1(2 * fallen / (NU + 1)))
    return np.maximum(width, heavy).reshape(len(axes), 2)
