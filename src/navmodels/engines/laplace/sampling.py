"""The laplace engine: nested Laplace approximation (Rue, Martino & Chopin 2009), made exact by importance sampling.

Standard deviations live in prior-quantile space, s = F⁻¹(Φ(u)) with u ~ N(0, I). Their approximate posterior gives a
split-t proposal on Sobol points; given each point, the coefficients come from the normal at their mode, skewed for
small groups. Every joint draw has the ratio of the exact posterior to its proposal; the ratios are Pareto-smoothed
(Vehtari et al. 2024) and draws are resampled by them. Below its limit the k̂ of the joint ratios says that the draws are
the posterior itself up to Monte Carlo error; above it that they are not. No sampler is loaded.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import special, stats

from navmodels.engines.laplace.coefficients import Chance, Draws, Manner, Points, propose
from navmodels.engines.laplace.proposals import REACH, Proposal, adapt_proposal, find_proposal
from navmodels.engines.laplace.targets import Target, make_target
from navmodels.gate.convergence import MAX_APART, MIN_ESS_PER_CHAIN, k_limit
from navmodels.gate.smoothing import smooth_weights
from navmodels.likelihoods import kernels
from navmodels.models.designs import Design

Array = npt.NDArray[np.float64]

# All by trial, for speed: ratios correct the draws whatever these numbers, and the gate says where they do not.
POINTS = 512  # of the standard deviations; a power of two, as Sobol sequences want
FEW = 16  # of them where none is learned: two for each chunk of a thread
EACH = 16  # draws of the coefficients for each point, at most
SPARE = 1.5  # joint draws proposed for each that is kept
TRIES = 16  # of thresholds by level, when the first do not pass
MORE = 4  # times as many points when the first do not pass
FIRST, WIDE = (REACH, 0.2), (3.0, 0.6)  # where skewness is measured, in sd, and excess width: at first, and on retries
ROUGH = 0.1  # Newton decrement, which ratios correct; where all answers of a group are alike, 0.5 is not near the mode
CHUNK = 8  # points a thread takes at a time
NOTE = "draws are resampled by importance ratios: R-hat is not the check here, pareto_k and effective_draws are"


@dataclass(frozen=True, eq=False)
class Weighted:
    """Joint draws with their log importance ratios: dims (point, u), (point, each, coefficient), (point, each).

    ``solved`` dims (point): whether a point gave ratios. A ratio of zero is one too where thresholds are out of order.
    ``height`` dims (point): the log-density of u by Laplace's approximation over that of its proposal; −∞ where the
    approximation breaks down, see `proposals.Search.solve`.
    """

    u: Array
    z: Array
    log_ratio: Array
    solved: npt.NDArray[np.bool_]
    height: Array

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

    def apart(self, weights: Array) -> Array:
        """Return how far the distribution of each u by weights is from that by heights at the same points, at most.

        That is the largest difference of their distribution functions, no less than the weight at points without
        height. Draws that miss where coefficients are at some scales, such as the largest, show here and nowhere else.
        """
        weight, known = weights.reshape(self.log_ratio.shape).sum(axis=1), np.isfinite(self.height)
        if not known.any() or not weight[known].sum() > 0:
            return np.full(self.u.shape[1], np.nan)
        laplace = special.softmax(self.height[known])
        over = weight[known] / weight[known].sum() - laplace
        differences = np.abs(np.cumsum(over[np.argsort(self.u[known], axis=0)], axis=0)).max(axis=0)
        return np.asarray(np.maximum(differences, weight[~known].sum()))


def sample_laplace(
    design: Design, *, draws: int, chains: int, seed: int
) -> tuple[xr.Dataset, xr.Dataset, dict[str, Any]]:
    """Return posterior and statistics in the form of `nuts.sample_nuts`, and attributes with what the check needs.

    Attributes: ``pareto_k`` and ``effective_draws`` of the joint importance ratios, ``effective_spread`` (draws that
    the variance of the ``hardest`` parameter is worth), ``apart`` (see `Weighted.apart`, of ``farthest``),
    ``proposals`` (joint draws made), ``unsolved`` (points where Newton did not arrive), ``log_marginal_likelihood``,
    ``r_hat`` (it is not the check).
    """
    rng = np.random.default_rng(seed)
    target = make_target(design)
    proposal = find_proposal(target)
    points = POINTS if target.learned else FEW  # where no scale is learned, all points are one
    while target.learned and SPARE * draws * chains > points * EACH:
        points *= 2
    each = max(4, 2 * math.ceil(SPARE * draws * chains / (2 * points)))  # even: draws come in pairs
    found, weights, k = _explore(target, proposal, (points, each, 0), FIRST, rng)
    judged = target.learned if len(target.steps.start) == 1 else 0  # Laplace is poor where thresholds must be in order
    spread, apart = found.effective_spread(weights), found.apart(weights)[:judged]
    for adapt in (False, True):
        enough = MIN_ESS_PER_CHAIN * chains
        agree = (apart <= MAX_APART).all()
        if k < k_limit(weights.size) and 1 / (weights**2).sum() >= enough and spread.min() >= enough and agree:
            break
        if adapt and np.isfinite(k):
            target = replace(target, steps=target.steps._replace(lean=_lean(target, proposal, found, weights)))
            proposal = adapt_proposal(proposal, found.u, weights.reshape(found.log_ratio.shape).sum(axis=1))
        found, weights, k = _explore(target, proposal, (MORE * points, each, TRIES), WIDE, rng)
        spread, apart = found.effective_spread(weights), found.apart(weights)[:judged]
    worst = int(np.argmax(np.nan_to_num(apart, nan=np.inf))) if apart.size else None
    attrs = {
        "pareto_k": k,
        "effective_draws": float(1 / (weights**2).sum()),
        "effective_spread": float(spread.min()),
        "hardest": target.names[int(np.argmin(np.nan_to_num(spread)))],
        "apart": 0.0 if worst is None else float(apart[worst]),
        "farthest": "no scale compared" if worst is None else target.names[worst],
        "proposals": found.log_ratio.size,
        "unsolved": _unsolved(found, proposal),
        "log_marginal_likelihood": _log_evidence(target, found),
        "r_hat": NOTE,
    }
    kept = _resample(weights, draws * chains, rng).reshape(chains, draws)
    statistics = xr.Dataset({"log_ratio": (("chain", "draw"), found.log_ratio.ravel()[kept])}, coords=_coords(kept))
    return _posterior(target, found, kept), statistics, attrs


# ---- inside


def _log_evidence(target: Target, found: Weighted) -> float:
    """Return the log marginal likelihood; NaN where the prior has no known normaliser."""
    normaliser = target.design.channels.log_normaliser
    if np.isnan(normaliser):
        return np.nan
    left_out = float(np.sum(target.design.model.outcome.left_out(target.design.data)))
    return float(special.logsumexp(found.log_ratio) - np.log(found.log_ratio.size) + normaliser + left_out)


def _explore(
    target: Target, proposal: Proposal, shape: tuple[int, int, int], reach: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[Weighted, Array, float]:  # fmt: skip
    """Return joint draws with their ratios, smoothed weights and k̂; `shape` (point, each, try of thresholds)."""
    dense, size = target.sizes
    points, each, tries = shape
    levels = len(target.steps.start) - 1
    if not levels:
        tries = 0
    normals = levels * len(target.steps.first)
    skewed = 0.0 if tries and -1 in target.steps.row else reach[0]  # again, from a normal
    wider = 1 + reach[1] / math.sqrt(dense + size) + 1 / (dense + size)  # costs as much whatever the number
    manner = Manner(ROUGH, skewed, wider)
    u, log_density = proposal.draw(points, rng)
    scale, own_scale = target.scales(u)
    start = _starts(target, proposal, u)
    z = np.empty((points, each, dense + size))
    log_ratio, laplace = np.empty((points, each)), np.empty(points)
    streams = rng.spawn(-(-points // CHUNK))

    def take(chunk: int) -> None:
        part = slice(chunk * CHUNK, min((chunk + 1) * CHUNK, points))
        normal, uniform = _even_normals((part.stop - part.start, each, dense + size), streams[chunk])
        again = streams[chunk].normal(size=(*normal.shape[:2], tries, normals))
        picks = streams[chunk].random((*normal.shape[:2], levels if tries else 0))
        where, chance = Points(scale[part], own_scale[part], start[part]), Chance(normal, uniform, again, picks)
        written = Draws(z[part], log_ratio[part], laplace[part])
        propose(target.layout, target.cells, target.steps, where, manner, chance, written)

    with kernels.threads() as pool:
        list(pool.map(take, range(len(streams))))
    channels = target.design.channels
    log_ratio[channels.impossible(z[..., : target.layout.base]) & ~np.isnan(log_ratio)] = -np.inf
    z[~np.isfinite(log_ratio)] = 0.0
    solved = ~(np.isnan(log_ratio) if channels.ordered else ~np.isfinite(log_ratio)).any(axis=1)
    log_prior = stats.norm.logpdf(u).sum(axis=1)
    ratio = np.where(np.isnan(log_ratio), -np.inf, log_ratio) + (log_prior - log_density)[:, None]
    laplace[~(laplace <= 0)] = -np.inf
    found = Weighted(u, z, ratio, solved, laplace + log_prior - log_density)
    return found, *found.smooth()


def _starts(target: Target, proposal: Proposal, u: Array) -> Array:
    """Return where Newton starts at each u, dims (point, coefficient): as modes move with u, to first order.

    That holds for z where a scale is smaller than at the centre, and for the effect s z where it is larger: there an
    effect that the data bound moves little, and one that they do not bound by a logarithm of s.
    """
    z = proposal.mode + np.clip(u - proposal.centre, -2.0, 2.0) @ proposal.slope
    centre = target.coefficient_scales(proposal.centre[None])
    larger = np.divide(target.coefficient_scales(u), centre, where=centre > 0, out=np.ones((len(u), centre.shape[1])))
    larger = np.clip(larger, 1.0, 1e12)
    return np.asarray((z + proposal.mode * np.log(larger)) / larger)


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


def _lean(target: Target, proposal: Proposal, found: Weighted, weights: Array) -> Array:
    """Return how far the common thresholds lie off the centre of their proposal, dims (threshold): weighted draws."""
    base = target.layout.base
    off = found.z[..., :base] - ((found.u - proposal.centre) @ proposal.slope[:, :base])[:, None]
    valid = np.isfinite(found.log_ratio)
    return np.asarray(weights @ off.reshape(-1, base) - off[valid].mean(axis=0))


def _unsolved(found: Weighted, proposal: Proposal) -> int:
    """Return how many points gave no ratio; those where nothing can be are not counted.

    That is where u has a prior density below e⁻²⁰ of its highest and lies six widths off the centre.
    """
    away = np.abs(np.linalg.solve(proposal.axes, (found.u - proposal.centre).T).T)
    away /= proposal.side.max(axis=1, initial=0.0)
    nowhere = ((found.u**2).sum(axis=1) > 40) & (away.max(axis=1, initial=0.0) > 6)
    return int((~found.solved & ~nowhere).sum())


def _resample(weights: Array, size: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Return places of draws by systematic resampling, in random order: each as often as its weight says, ± 1."""
    if np.isnan(weights).any():
        weights = np.full(weights.size, 1 / weights.size)  # the check has failed and says so
    cumulated = np.cumsum(weights)
    places = np.searchsorted(cumulated / cumulated[-1], (np.arange(size) + rng.random()) / size)
    return np.asarray(rng.permutation(places))


def _posterior(target: Target, found: Weighted, kept: npt.NDArray[np.intp]) -> xr.Dataset:
    """Return the draws kept, by name: intercept or thresholds, effects by level, parameters of standard deviations."""
    design = target.design
    point, each = np.unravel_index(kept, found.log_ratio.shape)
    parts, scales = target.by_block(found.z[point, each]), target.block_scales(found.u)
    over, coords = ("chain", "draw"), _coords(kept)
    if design.channels.dim is not None:
        coords[design.channels.dim] = list(design.channels.labels)
    channels = design.channels
    dims, base = channels.shown(
        design.intercept_mean + design.intercept_scale * parts[None][..., 0, :], channels.common
    )
    variables: dict[str, Any] = {design.model.outcome.base: ((*over, *dims), base)}
    for place, block in enumerate(design.blocks):
        effect = block.effect(scales[place][point][..., None], np.moveaxis(parts[place], -1, -2))
        dims, shown = channels.shown(np.moveaxis(effect, -1, -2), block.channels)
        variables[f"{block.name}_effect"] = ((*over, block.name, *dims), shown)
        coords[block.name] = block.labels
    for name, values in target.parameters(found.u).items():
        variables[name] = (over, values[point])
    return xr.Dataset(variables, coords=coords)


def _coords(kept: npt.NDArray[np.intp]) -> dict[str, Any]:
    return {"chain": np.arange(kept.shape[0]), "draw": np.arange(kept.shape[1])}
