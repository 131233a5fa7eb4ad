"""The laplace engine: nested Laplace approximation (Rue, Martino & Chopin 2009), made exact by importance sampling.

Standard deviations live in prior-quantile space, s = F⁻¹(Φ(u)) with u ~ N(0, I). Their approximate posterior gives a
split-t proposal on Sobol points; given each point, the coefficients come from the normal at their mode, skewed for
small groups. Every joint draw has the ratio of the exact posterior to its proposal; the ratios are Pareto-smoothed
(Vehtari et al. 2024) and draws are resampled by them. Below its limit the k̂ of the joint ratios says that the draws are
the posterior itself up to Monte Carlo error; above it that they are not. No sampler is loaded.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import optimize, special, stats

from navmodels.inference import kernels
from navmodels.inference.convergence import MIN_ESS_PER_CHAIN, k_limit, smooth_weights
from navmodels.inference.modes import Cells, Layout, Part, find_mode, lay_out, propose
from navmodels.models.blocks import Block
from navmodels.models.model import Design
from navmodels.models.outcomes import Rating

Array = npt.NDArray[np.float64]

POINTS = 512  # of the standard deviations; a power of two, as Sobol sequences want
EACH = 16  # draws of the coefficients for each point, at most
SPARE = 1.5  # joint draws proposed for each that is kept
MORE = 4  # times as many points when the first do not pass
FIRST, WIDE = (2.0, 0.2), (3.0, 0.6)  # where skewness is measured, in sd, and excess width: at first, and on retries
NU = 4.0  # degrees of freedom of the proposal of the standard deviations
NEAR, TAIL = 2.0, 6.0  # widths from its centre at which its sides are measured
START, WALL = -0.5, 100.0  # where the search for the mode of u begins, and what keeps it away from where no mode is
PRECISE, ROUGH = 1e-4, 0.5  # Newton decrement: for the mode of u, and for proposals, which ratios correct
FAR = 37.0  # beyond, the normal distribution has no tail in double precision
WIDEST = 1e6  # prior scales: half-Cauchy tails beyond hold 6e-7 of the prior, and rounding would swallow the rest
CHUNK = 8  # points a thread takes at a time
NOTE = "draws are resampled by importance ratios: R-hat is not the check here, pareto_k and effective_draws are"


@dataclass(frozen=True, eq=False)
class Target:
    """The posterior of a design, as the compiled functions read it.

    Attributes
    ----------
    own, order
        Place of the block that is eliminated (None when there is none), and place and channel of the shared ones.
    """

    arrays: Design
    layout: Layout
    own: int | None
    order: list[Part]
    cells: Cells

    @property
    def learned(self) -> int:
        """Number of parameters of the standard deviations."""
        return len(self.arrays.parameters)

    @property
    def sizes(self) -> tuple[int, int]:
        """Number of shared and own coefficients."""
        return int(self.layout.blocks[-1, 3]), len(self.layout.start) - 1

    def parameters(self, u: Array) -> dict[str, Array]:
        """Return the parameters of the standard deviations at points u, dims (point, learned) → (point)."""
        return {
            name: np.minimum(prior.from_normal(np.minimum(column, FAR)), WIDEST * prior.scale)
            for (name, prior), column in zip(self.arrays.parameters.items(), u.T, strict=True)
        }

    def block_scales(self, u: Array) -> list[Array]:
        """Return the standard deviation of each block at points u, dims (point, learned) → (point)."""
        parameters = self.parameters(u)
        return [np.broadcast_to(block.scale.of(parameters), len(u)).astype(float) for block in self.arrays.blocks]

    def scales(self, u: Array) -> tuple[Array, Array]:
        """Return the standard deviations of the shared blocks, dims (point, block), and of the own block."""
        every = self.block_scales(u)
        base = np.full(len(u), self.arrays.model.intercept_scale)
        own = np.zeros(len(u)) if self.own is None else every[self.own]
        return np.stack([base if place is None else every[place] for place, _ in self.order], axis=1), own

    def start(self) -> Array:
        """Return where the search for the mode of the coefficients begins: at zero, thresholds apart."""
        z = np.zeros(sum(self.sizes))
        if len(self.arrays.channels.based) < self.arrays.channels.size:  # thresholds, which come first
            thresholds = np.linspace(-2.0, 2.0, len(self.arrays.channels.based) + 2)[1:-1]
            z[: len(thresholds)] = thresholds / self.arrays.model.intercept_scale
        return z

    def by_block(self, z: Array) -> dict[int | None, Array]:
        """Return coefficients, dims (..., coefficient) as laid out, by block's place, dims (..., coefficient, channel).

        None stands for the intercept or the thresholds.
        """
        parts: dict[int | None, list[Array]] = {}
        for (place, _), row in zip(self.order, self.layout.blocks, strict=True):
            parts.setdefault(place, []).append(z[..., row[2] : row[3]])
        if self.own is not None:
            parts[self.own] = [z[..., self.sizes[0] :]]
        return {place: np.stack(each, axis=-1) for place, each in parts.items()}


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


@dataclass(frozen=True, eq=False)
class Weighted:
    """Joint draws with their log importance ratios: dims (point, u), (point, each, coefficient), (point, each).

    ``solved`` dims (point): whether a point gave ratios. A ratio of zero is one too where thresholds are out of order.
    """

    u: Array
    z: Array
    log_ratio: Array
    solved: npt.NDArray[np.bool_]

    def smooth(self) -> tuple[Array, float]:
        """Return Pareto-smoothed weights that add up to one, and k̂ of the ratios (Vehtari et al. 2024)."""
        if not np.isfinite(self.log_ratio.max()):
            return np.full(self.log_ratio.size, np.nan), np.inf
        return smooth_weights(self.log_ratio.ravel())

    def effective_spread(self, weights: Array) -> Array:
        """Return how many draws the variance of each u and z is worth: 3 (Σ w h)² / Σ (w h)² with h = (z − mean)².

        All of them when weights are equal and z is normal; few when heavy tails hang on few draws.
        """
        out = []
        for values in (np.repeat(self.u, self.log_ratio.shape[1], axis=0), self.z.reshape(weights.size, -1)):
            for first in range(0, values.shape[1], CHUNK):
                part = values[:, first : first + CHUNK]
                square = (part - weights @ part) ** 2
                out.append(3 * (weights @ square) ** 2 / np.maximum((weights**2) @ square**2, np.finfo(float).tiny))
        return np.concatenate(out)


def sample_laplace(
    arrays: Design, *, draws: int, chains: int, seed: int
) -> tuple[xr.Dataset, xr.Dataset, dict[str, Any]]:
    """Return posterior and statistics in the form of `nuts.sample_nuts`, and attributes with what the check needs.

    Attributes: ``pareto_k`` and ``effective_draws`` of the joint importance ratios, ``effective_spread`` (draws that
    the variance of the ``hardest`` parameter is worth), ``proposals`` (joint draws made), ``unsolved``
    (points where Newton did not arrive), ``log_marginal_likelihood``, ``r_hat`` (it is not the check).
    """
    rng = np.random.default_rng(seed)
    target = make_target(arrays)
    proposal = find_proposal(target)
    points = POINTS
    while SPARE * draws * chains > points * EACH:
        points *= 2
    each = max(4, 2 * math.ceil(SPARE * draws * chains / (2 * points)))  # even: draws come in pairs
    found, weights, k = _explore(target, proposal, (points, each), FIRST, rng)
    spread = found.effective_spread(weights)
    for adapt in (False, True):
        enough = MIN_ESS_PER_CHAIN * chains
        if k < k_limit(weights.size) and 1 / (weights**2).sum() >= enough and spread.min() >= enough:
            break
        proposal = _adapt(proposal, found, weights) if adapt and np.isfinite(k) else proposal
        found, weights, k = _explore(target, proposal, (MORE * points, each), WIDE, rng)
        spread = found.effective_spread(weights)
    attrs = {
        "pareto_k": k,
        "effective_draws": float(1 / (weights**2).sum()),
        "effective_spread": float(spread.min()),
        "hardest": _names(target)[int(np.argmin(np.nan_to_num(spread)))],
        "proposals": found.log_ratio.size,
        "unsolved": _unsolved(found, proposal),
        "log_marginal_likelihood": _log_evidence(target, found),
        "r_hat": NOTE,
    }
    kept = _resample(weights, draws * chains, rng).reshape(chains, draws)
    statistics = xr.Dataset({"log_ratio": (("chain", "draw"), found.log_ratio.ravel()[kept])}, coords=_coords(kept))
    return _posterior(target, found, kept), statistics, attrs


def make_target(arrays: Design) -> Target:
    """Return the posterior of a design as compiled functions read it."""
    outcome = arrays.model.outcome
    kind, table, flat = kernels.pack(outcome.kernel, arrays.data)
    soft = table
    if isinstance(outcome, Rating):
        level = arrays.blocks[-1].index if outcome.by else np.zeros(len(arrays.cells), dtype=np.intp)
        soft = kernels.pack(outcome.kernel, outcome.soften(arrays.data, level))[1]
    return Target(arrays, *lay_out(arrays), Cells(kind, table, flat, soft))


def find_proposal(target: Target) -> Proposal:
    """Return the proposal around the mode of u: axes of the Hessian, widths of each side, the coefficients' mode."""
    dense, number = target.sizes[0], target.learned
    warm, unit = target.start(), np.eye(number)
    seen: list[float] = []  # minus the log-density where Newton arrived

    def solve(u: Array) -> tuple[float, Array]:
        """Return minus the log-density of u, a WALL where Newton does not arrive, and the mode of the coefficients."""
        scale, own_scale = target.scales(u[None])
        found = find_mode(
            target.layout, target.cells, scale[0], own_scale[0], warm[:dense], warm[dense:], PRECISE, FIRST[0]
        )
        if found[-1]:
            seen.append(float(u @ u / 2 - found[0]))
        return seen[-1] if found[-1] else min(seen, default=0.0) + WALL, np.concatenate([found[1], found[2]])

    def heights(points: Array) -> Array:
        return np.array([solve(u)[0] for u in points])

    def descend(u: Array, *, step: float = 1e-3) -> tuple[float, Array]:
        """Return minus the log-density and its gradient; the next search starts from here."""
        nonlocal warm
        height, mode = solve(u)
        warm = mode if seen and height == seen[-1] else warm
        return height, (heights(u + step * unit) - height) / step

    centre = np.full(number, START)
    if number:
        centre = optimize.minimize(descend, centre, jac=True, options={"gtol": 3e-2}).x
    best, mode = solve(centre)
    step = 0.1
    around = [solve(u) for u in np.concatenate([centre + step * unit, centre - step * unit])]
    fall = np.array([height - best for height, _ in around]).reshape(2, -1).sum(axis=0)
    low, high = np.tril_indices(number, -1)
    both = step * (unit[low] + unit[high])
    corner = heights(centre + both) + heights(centre - both) - 2 * best
    hessian = np.diag(fall)
    hessian[low, high] = hessian[high, low] = (corner - fall[low] - fall[high]) / 2
    value, vectors = np.linalg.eigh(hessian / step**2)
    axes = _root(1 / np.maximum(value, 0.2), vectors)
    side = _sides(lambda away: heights(centre + away) - best, axes)
    modes = np.array([each for _, each in around]).reshape(2, number, len(mode))
    return Proposal(centre, axes, side, mode, (modes[0] - modes[1]) / (2 * step))


# ---- inside


def _log_evidence(target: Target, found: Weighted) -> float:
    """Return the log marginal likelihood; NaN for thresholds by level, whose ordered prior has no known normaliser."""
    outcome = target.arrays.model.outcome
    if isinstance(outcome, Rating) and outcome.by is not None:
        return np.nan
    orders = special.gammaln(target.layout.base + 1) if isinstance(outcome, Rating) else 0.0  # of the thresholds
    return float(special.logsumexp(found.log_ratio) - np.log(found.log_ratio.size) + orders)


def _names(target: Target) -> list[str]:
    """Return the name of each u and z, in the order of `Weighted.effective_spread`."""
    blocks, base = target.arrays.blocks, target.arrays.model.outcome.base
    places = [*target.order, *([] if target.own is None else [(target.own, 0)])]
    names = [[base] if place is None else _coefficients(blocks[place]) for place, _ in places]
    end = ["none"] if target.own is None else []
    return [*target.arrays.parameters, *(name for part in names for name in part), *end]


def _coefficients(block: Block) -> list[str]:
    if block.basis is None:
        return [f"{block.name}_effect[{label}]" for label in block.labels]
    return [f"{block.name}_coefficient[{place}]" for place in range(block.size)]


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


def _explore(
    target: Target, proposal: Proposal, shape: tuple[int, int], reach: tuple[float, float], rng: np.random.Generator
) -> tuple[Weighted, Array, float]:
    """Return joint draws with their ratios, smoothed weights and k̂."""
    dense, size = target.sizes
    points, each = shape
    wider = 1 + reach[1] / math.sqrt(dense + size) + 1 / (dense + size)  # costs as much whatever the number
    u, log_density = proposal.draw(points, rng)
    scale, own_scale = target.scales(u)
    start = proposal.mode + np.clip(u - proposal.centre, -2.0, 2.0) @ proposal.slope
    z = np.empty((points, each, dense + size))
    log_ratio, laplace = np.empty((points, each)), np.empty(points)
    streams = rng.spawn(-(-points // CHUNK))

    def take(chunk: int) -> None:
        part = slice(chunk * CHUNK, min((chunk + 1) * CHUNK, points))
        normal, uniform = _even_normals((part.stop - part.start, each, dense + size), streams[chunk])
        propose(
            target.layout, target.cells, scale[part], own_scale[part], start[part], ROUGH, reach[0], wider, normal,
            uniform, z[part], log_ratio[part], laplace[part],
        )  # fmt: skip

    with kernels.threads() as pool:
        list(pool.map(take, range(len(streams))))
    walled = len(target.arrays.channels.based) < target.arrays.channels.size
    if walled:  # the prior has thresholds in order, those of all as those of each level
        unordered = (np.diff(z[..., : target.layout.base], axis=-1) <= 0).any(axis=-1)
        log_ratio[unordered & ~np.isnan(log_ratio)] = -np.inf
    z[~np.isfinite(log_ratio)] = 0.0
    solved = ~(np.isnan(log_ratio) if walled else ~np.isfinite(log_ratio)).any(axis=1)
    log_prior = stats.norm.logpdf(u).sum(axis=1)
    ratio = np.where(np.isnan(log_ratio), -np.inf, log_ratio) + (log_prior - log_density)[:, None]
    found = Weighted(u, z, ratio, solved)
    return found, *found.smooth()


def _even_normals(shape: tuple[int, int, int], rng: np.random.Generator) -> tuple[Array, Array]:
    """Return standard normals, dims (point, each, coefficient), and uniforms for the side of each: evenly spread.

    Of each coefficient the sizes are a Latin hypercube over all points (McKay et al. 1979), and draws come in pairs of
    opposite signs and sides.
    """
    points, each, size = shape
    pairs = points * each // 2
    strata = rng.permuted(np.broadcast_to(np.arange(pairs)[:, None], (pairs, size)), axis=0)
    sizes = -special.ndtri((strata + rng.random((pairs, size))) / (2 * pairs)).reshape(points, each // 2, size)
    uniform = rng.random((points, each // 2, size))
    signed = np.where(uniform < 0.5, -sizes, sizes)
    return np.concatenate([signed, -signed], axis=1), np.concatenate([uniform, 1 - uniform], axis=1)


def _unsolved(found: Weighted, proposal: Proposal) -> int:
    """Return how many points gave no ratio; those where nothing can be are not counted.

    That is where u has a prior density below e⁻²⁰ of its highest and lies six widths off the centre.
    """
    away = np.abs(np.linalg.solve(proposal.axes, (found.u - proposal.centre).T).T)
    away /= proposal.side.max(axis=1, initial=0.0)
    nowhere = ((found.u**2).sum(axis=1) > 40) & (away.max(axis=1, initial=0.0) > 6)
    return int((~found.solved & ~nowhere).sum())


def _adapt(proposal: Proposal, found: Weighted, weights: Array) -> Proposal:
    """Return a proposal with the mean and the spread that weighted draws of u have, a little wider."""
    if not len(proposal.centre):
        return proposal
    weight = weights.reshape(found.log_ratio.shape).sum(axis=1)
    centre = weight @ found.u
    value, vectors = np.linalg.eigh(np.atleast_2d(np.cov(found.u.T, aweights=weight)))
    axes = _root(np.maximum(value, 1e-3), vectors)
    side = np.full((len(centre), 2), 1.2)
    mode = proposal.mode + (centre - proposal.centre) @ proposal.slope
    return replace(proposal, centre=centre, axes=axes, side=side, mode=mode)


def _resample(weights: Array, size: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Return places of draws by systematic resampling, in random order: each as often as its weight says, ± 1."""
    if np.isnan(weights).any():
        weights = np.full(weights.size, 1 / weights.size)  # the check has failed and says so
    cumulated = np.cumsum(weights)
    places = np.searchsorted(cumulated / cumulated[-1], (np.arange(size) + rng.random()) / size)
    return np.asarray(rng.permutation(places))


def _posterior(target: Target, found: Weighted, kept: npt.NDArray[np.intp]) -> xr.Dataset:
    """Return the draws kept, by name: intercept or thresholds, effects by level, parameters of standard deviations."""
    arrays = target.arrays
    point, each = np.unravel_index(kept, found.log_ratio.shape)
    parts, scales = target.by_block(found.z[point, each]), target.block_scales(found.u)
    over, coords = ("chain", "draw"), _coords(kept)
    if arrays.channels.dim is not None:
        coords[arrays.channels.dim] = list(arrays.channels.labels)
    dims, base = arrays.shown(arrays.model.intercept_scale * parts[None][..., 0, :], arrays.channels.based)
    variables: dict[str, Any] = {arrays.model.outcome.base: ((*over, *dims), base)}
    for place, block in enumerate(arrays.blocks):
        effect = block.effect(scales[place][point][..., None], np.moveaxis(parts[place], -1, -2))
        dims, shown = arrays.shown(np.moveaxis(effect, -1, -2), block.channels)
        variables[f"{block.name}_effect"] = ((*over, block.name, *dims), shown)
        coords[block.name] = block.labels
    for name, values in target.parameters(found.u).items():
        variables[name] = (over, values[point])
    return xr.Dataset(variables, coords=coords)


def _coords(kept: npt.NDArray[np.intp]) -> dict[str, Any]:
    return {"chain": np.arange(kept.shape[0]), "draw": np.arange(kept.shape[1])}
