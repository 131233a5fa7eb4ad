"""Mode, curvature and proposals of the coefficients for given standard deviations: the compiled half of `laplace`.

How coefficients meet cells is said in `layouts`. What is known of the coefficients here is a normal at their mode,
skewed for the levels of the own block.
"""

import math
from typing import Any

import numpy as np

from navmodels.engines.laplace.layouts import (
    Cells,
    Layout,
    eliminate,
    gather,
    meet,
    predict,
    to_coefficients,
    to_levels,
    whiten,
)
from navmodels.engines.laplace.skewness import measure_sides, pull_of_sides
from navmodels.engines.laplace.thresholds import Steps, draw_steps, keep_off, meet_steps
from navmodels.likelihoods.compilation import compiled
from navmodels.likelihoods.kernels import derivatives, values
from navmodels.likelihoods.normals import LOG_SQRT_2PI, interval
from navmodels.likelihoods.outcomes import Array

VAST = 10.0  # scale beyond which effects are so small a part of it that modes are found more exactly
SHARP = 10.0  # precision of an own level over that of its prior, above which it is proposed from its plateau


@compiled
def find_mode(
    layout: Layout, cells: Cells, scale: Array, own_scale: float, z: Array, own_z: Array, tolerance: float, reach: float
) -> Any:
    """Return the mode of the coefficients by Newton's method, and the normal around it.

    Parameters
    ----------
    scale, own_scale
        Standard deviation of each shared block, and of the own block.
    z, own_z
        Where to start; dims (shared coefficient) and (own level).
    tolerance
        Stop when the Newton decrement, the distance to the mode in standard deviations, is below; the smaller, the
        larger a scale is beyond `VAST`, where a plateau of the likelihood may lie within it.
    reach
        Standard deviations away at which the width of each side of an own level's density is measured; the mean of the
        shared coefficients follows. 0: no correction for skewness.

    Returns
    -------
    tuple
        Laplace approximation of the log-density of the data; mode of shared and own coefficients; Cholesky factor of
        the shared curvature; own curvature; weights where shared and own levels meet; widths below and above of each
        own level (1 without correction), centre for the proposals of shared and own; curvature of each cell; whether
        Newton arrived.
    """
    size = len(own_z)
    tolerance *= min(1.0, VAST / max(own_scale, scale.max()))
    z, own_z = z.copy(), own_z.copy()
    eta = np.empty((len(layout.own), layout.channels))
    value, gradient, curvature = np.empty(len(eta)), np.empty_like(eta), _packed(eta)
    step_eta, trial, none = np.empty_like(eta), np.empty_like(eta), np.zeros(len(eta))
    objective: Any = -np.inf
    for attempt in range(21):  # a start with thresholds out of order is drawn towards those of all levels
        if attempt == 20:  # which are out of order too
            z[:], own_z[:] = 0.0, 0.0
            for i in range(layout.base):
                z[i] = (4.0 * (i + 1) / (layout.base + 1) - 2.0) / scale[0]
        predict(layout, to_levels(layout, scale, z), own_scale * own_z, layout.offset, eta)
        derivatives(cells.kind, eta, cells.soft, cells.flat, value, gradient, curvature)
        apart = keep_off(cells.walls, scale, eta, gradient, curvature)
        objective = value.sum() + apart - 0.5 * (z @ z) - 0.5 * (own_z @ own_z)
        if objective > -np.inf:
            break
        z[layout.base :] *= 0.5
        own_z *= 0.5
    arrived, decrement, h, meeting = False, np.nan, np.ones(size), np.zeros(len(layout.columns))
    own_curvature = np.zeros(size)
    step, own_step, factor = np.zeros(len(z)), np.zeros(size), np.eye(len(z))
    for _ in range(100):
        slope, own_slope, matrix, own_curvature, meeting = gather(layout, gradient, curvature)
        h = 1.0 + own_scale**2 * own_curvature
        own_slope = own_scale * own_slope - own_z
        eliminate(layout, own_scale, h, own_slope, meeting, slope, matrix)
        factor, solved = _factor(whiten(layout, scale, matrix))
        if not solved:
            break
        right = to_coefficients(layout, scale, slope) - z
        step = _solve(factor, right)
        step_levels = to_levels(layout, scale, step)
        own_step = (own_slope - own_scale * meet(layout, meeting, step_levels)) / h
        decrement = right @ step + (own_slope**2 / h).sum()
        if not decrement >= tolerance**2:
            arrived = decrement >= 0  # False for NaN
            break
        predict(layout, step_levels, own_scale * own_step, none, step_eta)
        length, better = 1.0, False
        for _ in range(40):
            for c in range(len(eta)):
                for d in range(layout.channels):
                    trial[c, d] = eta[c, d] + length * step_eta[c, d]
            derivatives(cells.kind, trial, cells.soft, cells.flat, value, gradient, curvature)
            apart = keep_off(cells.walls, scale, trial, gradient, curvature)
            new_z, new_own = z + length * step, own_z + length * own_step
            new = value.sum() + apart - 0.5 * (new_z @ new_z) - 0.5 * (new_own @ new_own)
            if new >= objective + 1e-4 * length * decrement:
                better = True
                break
            length /= 2
        if not better:  # at the limit of rounding
            derivatives(cells.kind, eta, cells.soft, cells.flat, value, gradient, curvature)
            keep_off(cells.walls, scale, eta, gradient, curvature)
            arrived = decrement < 1e-4
            break
        z, own_z, objective = new_z, new_own, new
        eta[:] = trial
    # the last step is taken without looking again: its error is of the order of the decrement squared
    peak = objective + 0.5 * decrement
    below, above = np.ones(size), np.ones(size)
    shift, own_shift = step, own_step
    laplace = peak - np.log(np.diag(factor)).sum() - 0.5 * np.log(h).sum()
    if reach > 0 and arrived:
        bend = measure_sides(layout, cells, own_scale, h, reach, eta, value, gradient, below, above)
        pull = pull_of_sides(layout, own_scale, h, own_curvature, meeting, bend, below, above)
        moved = _solve(factor, to_coefficients(layout, scale, pull))
        shift = step + moved
        own_shift = own_step - own_scale * meet(layout, meeting, to_levels(layout, scale, moved)) / h
        laplace += np.log((below + above) / 2).sum() + 0.5 * (to_coefficients(layout, scale, pull) @ moved)
    modes, centres = (z + step, own_z + own_step), (z + shift, own_z + own_shift)
    return laplace, *modes, factor, h, meeting, below, above, *centres, curvature, arrived


@compiled
def propose(
    layout: Layout, cells: Cells, scales: Array, own_scales: Array, start: Array, tolerance: float, reach: float,
    wider: float, normal: Array, uniform: Array, steps: Steps, tries: Array, picks: Array, z: Array, ratio: Array,
    laplace: Array,
) -> None:  # fmt: skip
    """Write draws of the coefficients for each of several standard deviations, with their log importance ratios.

    Parameters
    ----------
    scales, own_scales
        Dims (point, shared block) and (point).
    start
        Where Newton starts, dims (point, coefficient): shared ones first, then own.
    wider
        Width of the proposals of coefficients over that of the approximation, so that its tails are covered.
    normal, uniform
        Random numbers, dims (point, each, coefficient): standard normals, and uniforms for the side of own levels.
    steps, tries, picks
        Thresholds by level, and random numbers to draw them again, dims (point, each, try, channel x level) and (point,
        each, level): none without tries.
    z, ratio
        To be written, dims (point, each, coefficient) and (point, each): the draws, and the log of likelihood x prior
        of the coefficients over the density of the proposal; NaN where Newton did not arrive.
    laplace
        To be written, dims (point): Laplace approximation of the log-density of the data.
    """
    size, dense = len(layout.start) - 1, layout.blocks[-1, 3]
    eta = np.empty((len(layout.own), layout.channels))
    value, centre_eta = np.empty(len(eta)), np.empty_like(eta)
    both, step_scales, step_factor, levels = np.zeros(0), np.zeros(0), np.zeros((0, 0, 0)), len(steps.start) - 1
    for point in range(len(own_scales)):
        scale, own_scale = scales[point], own_scales[point]
        laplace[point], _, _, factor, h, meeting, below, above, centre, own_centre, curvature, _ = find_mode(
            layout, cells, scale, own_scale, start[point, :dense], start[point, dense:], tolerance, reach
        )
        valid = np.isfinite(laplace[point])  # where Newton did not arrive, it may still propose
        spread = wider / np.sqrt(h)
        normalised = np.log(np.diag(factor) / wider).sum() - np.log(spread * (below + above) / 2).sum()
        again = valid and tries.shape[2] > 0
        if again:
            moved = _lean(factor, steps.lean)
            centre += moved
            own_centre -= own_scale * meet(layout, meeting, to_levels(layout, scale, moved)) / h
            predict(layout, to_levels(layout, scale, centre), own_scale * own_centre, layout.offset, centre_eta)
            step_scales, step_factor = meet_steps(steps, scale, own_scale, curvature)
            both = np.concatenate((centre, own_centre))
        for each in range(ratio.shape[1]):
            e, here = normal[point, each], z[point, each]
            density = normalised - 0.5 * (e @ e)
            away = _solve_transposed(factor, wider * e[:dense])
            here[:dense] = centre + away
            moved = meet(layout, meeting, to_levels(layout, scale, away))
            for level in range(size):
                side = uniform[point, each, dense + level]
                if len(cells.box) > 0 and cells.box[level, 0] > 0.0 and h[level] > SHARP:
                    middle = (own_centre[level] - own_scale * moved[level] / h[level]) * h[level] / (h[level] - 1.0)
                    half, error = cells.box[level] / own_scale
                    away_z = half * (4.0 * side - 1.0 if side < 0.5 else 4.0 * side - 3.0)
                    away_z += error * e[dense + level]  # whose sign says in which half the uniform number is
                    here[dense + level] = middle + away_z
                    flat = interval(away_z / error, half / error)[0] - math.log(2 * half)
                    density += flat + LOG_SQRT_2PI + 0.5 * e[dense + level] ** 2
                    density += math.log(spread[level] * (below[level] + above[level]) / 2)
                    continue
                up = side * (below[level] + above[level]) < above[level]
                width = spread[level] * (above[level] if up else -below[level])
                here[dense + level] = (
                    own_centre[level] - own_scale * moved[level] / h[level] + width * abs(e[dense + level])
                )
            predict(layout, to_levels(layout, scale, here[:dense]), own_scale * here[dense:], layout.offset, eta)
            if again:
                log_ratio = -0.5 * (here @ here) - density
                for begin in steps.first:
                    log_ratio += 0.5 * (here[begin : begin + levels] @ here[begin : begin + levels])
                log_ratio += draw_steps(
                    steps, cells.kind, cells.flat, wider, curvature, step_scales, step_factor, both, centre_eta,
                    tries[point, each], picks[point, each], here, eta,
                )  # fmt: skip
            else:
                values(cells.kind, eta, cells.table, cells.flat, value)
                log_ratio = value.sum() - 0.5 * (here @ here) - density
            ratio[point, each] = log_ratio if valid and log_ratio < np.inf else np.nan


# ---- inside


@compiled
def _packed(eta: Array) -> Array:
    """Return room for the second derivatives of each cell, dims (cell, pair)."""
    return np.empty((eta.shape[0], eta.shape[1] * (eta.shape[1] + 1) // 2))


@compiled
def _lean(factor: Array, lean: Array) -> Array:
    """Return how the mean of all shared coefficients moves when that of the first ones does, by the normal's joint."""
    every = np.empty((len(lean), len(factor)))
    for i in range(len(lean)):
        unit = np.zeros(len(factor))
        unit[i] = 1.0
        every[i] = _solve(factor, unit)
    return np.linalg.solve(every[:, : len(lean)].copy(), lean) @ every


@compiled
def _factor(matrix: Array) -> tuple[Array, bool]:
    """Return the lower Cholesky factor, and whether there is one: scales beyond rounding leave none."""
    solved, factor = True, matrix
    try:
        factor = np.linalg.cholesky(matrix)
    except Exception:
        solved = False
    return factor, solved and bool(np.isfinite(factor).all())


@compiled
def _solve_lower(factor: Array, right: Array) -> Array:
    out = right.copy()
    for i in range(len(out)):
        total = out[i]
        for j in range(i):
            total -= factor[i, j] * out[j]
        out[i] = total / factor[i, i]
    return out


@compiled
def _solve_transposed(factor: Array, right: Array) -> Array:
    out = right.copy()
    for i in range(len(out) - 1, -1, -1):
        out[i] /= factor[i, i]
        for j in range(i):
            out[j] -= factor[i, j] * out[i]
    return out


@compiled
def _solve(factor: Array, right: Array) -> Array:
    """Return the solution for a matrix given by its lower Cholesky factor."""
    return _solve_transposed(factor, _solve_lower(factor, right))
