"""Draws of the coefficients for given standard deviations, with their importance ratios, in compiled code.

They come from the normal at the mode that `modes` finds, with a width of its own for each side of an own level; where
what was printed leaves a plateau, from the plateau; and thresholds by level are drawn again as `thresholds` says.
"""

import math
from typing import NamedTuple

import numpy as np

from navmodels.engines.laplace.layouts import Cells, Layout, meet, predict, to_levels
from navmodels.engines.laplace.modes import find_mode
from navmodels.engines.laplace.thresholds import StepNormals, Steps, draw_steps, meet_steps
from navmodels.engines.laplace.triangles import solve, solve_transposed
from navmodels.likelihoods.compilation import compiled
from navmodels.likelihoods.kernels import values
from navmodels.likelihoods.normals import LOG_SQRT_2PI, interval
from navmodels.likelihoods.outcomes import Array

# By trial: it says what is proposed, which ratios correct.
SHARP = 10.0  # precision of an own level over that of its prior, above which it is proposed from its plateau


class Points(NamedTuple):
    """Standard deviations: ``scales`` dims (point, shared block) and ``own_scales`` dims (point).

    ``start`` dims (point, coefficient) is where Newton starts: shared coefficients first, then own.
    """

    scales: Array
    own_scales: Array
    start: Array


class Manner(NamedTuple):
    """How modes are sought (``tolerance``, ``reach``: see `modes.find_mode`), and what is drawn around them.

    ``wider`` is the width of the proposals of coefficients over that of the approximation, so that its tails are
    covered.
    """

    tolerance: float
    reach: float
    wider: float


class Chance(NamedTuple):
    """Random numbers.

    ``normal`` and ``uniform`` dims (point, each, coefficient): standard normals, and uniforms for the side of own
    levels. ``tries`` dims (point, each, try, channel x level) and ``picks`` dims (point, each, level): for thresholds
    by level, drawn again; none without tries.
    """

    normal: Array
    uniform: Array
    tries: Array
    picks: Array


class Draws(NamedTuple):
    """Room for what is drawn.

    ``z`` dims (point, each, coefficient) are the draws; ``ratio`` dims (point, each) the log of likelihood x prior of
    the coefficients over the density of the proposal, NaN where Newton did not arrive; ``laplace`` dims (point) the
    Laplace approximation of the log-density of the data.
    """

    z: Array
    ratio: Array
    laplace: Array


@compiled
def propose(
    layout: Layout, cells: Cells, steps: Steps, points: Points, manner: Manner, chance: Chance, draws: Draws
) -> None:
    """Write draws of the coefficients for each of several standard deviations, with their log importance ratios."""
    scales, own_scales, start = points
    tolerance, reach, wider = manner
    normal, uniform, tries, picks = chance
    z, ratio, laplace = draws
    size, dense = len(layout.start) - 1, layout.blocks[-1, 3]
    eta = np.empty((len(layout.own), layout.channels))
    value, centre_eta = np.empty(len(eta)), np.empty_like(eta)
    box, boxed = cells.box, len(cells.box) > 0  # looked up once: in the loops it costs a twentieth of a fit
    both, step_scales, step_factor, levels = np.zeros(0), np.zeros(0), np.zeros((0, 0, 0)), len(steps.start) - 1
    for point in range(len(own_scales)):
        scale, own_scale = scales[point], own_scales[point]
        mode = find_mode(layout, cells, scale, own_scale, start[point, :dense], start[point, dense:], tolerance, reach)
        laplace[point], factor, h, meeting = mode.laplace, mode.factor, mode.h, mode.meeting
        below, above, centre, own_centre = mode.below, mode.above, mode.centre, mode.own_centre
        valid = np.isfinite(laplace[point])  # where Newton did not arrive, it may still propose
        spread = wider / np.sqrt(h)
        normalised = np.log(np.diag(factor) / wider).sum() - np.log(spread * (below + above) / 2).sum()
        again = valid and tries.shape[2] > 0
        if again:
            moved = _lean(factor, steps.lean)
            centre += moved
            own_centre -= own_scale * meet(layout, meeting, to_levels(layout, scale, moved)) / h
            predict(layout, to_levels(layout, scale, centre), own_scale * own_centre, layout.offset, centre_eta)
            step_scales, step_factor = meet_steps(steps, scale, own_scale, mode.curvature)
            both = np.concatenate((centre, own_centre))
        for each in range(ratio.shape[1]):
            e, here = normal[point, each], z[point, each]
            density = normalised - 0.5 * (e @ e)
            away = solve_transposed(factor, wider * e[:dense])
            here[:dense] = centre + away
            moved = meet(layout, meeting, to_levels(layout, scale, away))
            for level in range(size):
                side = uniform[point, each, dense + level]
                if boxed and box[level, 0] > 0.0 and h[level] > SHARP:
                    middle = (own_centre[level] - own_scale * moved[level] / h[level]) * h[level] / (h[level] - 1.0)
                    half, error = box[level, 0] / own_scale, box[level, 1] / own_scale
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
                given = StepNormals(wider, mode.curvature, step_scales, step_factor, both, centre_eta)
                log_ratio += draw_steps(steps, cells, given, tries[point, each], picks[point, each], here, eta)
            else:
                values(cells.kind, eta, cells.table, cells.flat, value)
                log_ratio = value.sum() - 0.5 * (here @ here) - density
            ratio[point, each] = log_ratio if valid and log_ratio < np.inf else np.nan


# ---- inside


@compiled
def _lean(factor: Array, lean: Array) -> Array:
    """Return how the mean of all shared coefficients moves when that of the first ones does, by the normal's joint."""
    every = np.empty((len(lean), len(factor)))
    for i in range(len(lean)):
        unit = np.zeros(len(factor))
        unit[i] = 1.0
        every[i] = solve(factor, unit)
    return np.linalg.solve(every[:, : len(lean)].copy(), lean) @ every
