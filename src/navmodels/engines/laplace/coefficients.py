"""Draws of the coefficients for given standard deviations, with their importance ratios, in compiled code.

They come from the normal at the mode that `modes` finds, with a width of its own for each side of an own level; where
what was printed leaves a plateau, from the plateau; and thresholds by level are drawn again as `thresholds` says.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy import linalg

from navmodels.engines.laplace.layouts import Cells, Layout, meet, predict, to_levels
from navmodels.engines.laplace.modes import Mode, Modes, find_modes, room_for_modes
from navmodels.engines.laplace.thresholds import StepNormals, Steps, draw_steps, meet_steps
from navmodels.engines.laplace.triangles import dot, dot_from, solve_transposed, total
from navmodels.likelihoods.compilation import compiled, compiled_part
from navmodels.likelihoods.kernels import values_of
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


class Again(NamedTuple):
    """The random numbers of one point, and how far its shared coefficients are ``moved`` first, dims (coefficient)."""

    normal: Array
    uniform: Array
    tries: Array
    picks: Array
    moved: Array


class Around(NamedTuple):
    """What is drawn around: standard deviation of each shared block, and of the own block, and how much wider."""

    scale: Array
    own_scale: float
    wider: float


def propose(
    layout: Layout, cells: Cells, steps: Steps, points: Points, manner: Manner, chance: Chance, draws: Draws
) -> None:
    """Write draws of the coefficients for each of several standard deviations, with their log importance ratios."""
    modes = room_for_modes(layout, len(points.own_scales))
    find_modes(layout, cells, *points, (manner.tolerance, manner.reach), modes)
    draws.laplace[:] = modes.laplace
    if chance.tries.shape[2] == 0:
        draw_around(layout, cells, points, modes, manner.wider, (chance.normal, chance.uniform), draws)
        return
    draws.z[:], draws.ratio[:] = 0.0, np.nan
    for point in np.flatnonzero(np.isfinite(modes.laplace)):  # there it may propose, even where Newton did not arrive
        mode = Mode(*(each[point] for each in modes))
        around = Around(points.scales[point], points.own_scales[point], manner.wider)
        normal, uniform, tries, picks = (each[point] for each in chance)
        again = Again(normal, uniform, tries, picks, _lean(mode.factor, steps.lean))
        draw_again(layout, cells, steps, mode, around, again, draws.z[point], draws.ratio[point])


@compiled
def draw_around(
    layout: Layout, cells: Cells, points: Points, modes: Modes, wider: float, chance: tuple[Array, Array], draws: Draws
) -> None:
    """Write draws around the modes of several points, and their log importance ratios."""
    eta, value, (normal, uniform) = np.empty((len(layout.own), layout.channels)), np.empty(len(layout.own)), chance
    for point in range(len(modes.laplace)):
        valid = np.isfinite(modes.laplace[point])  # where Newton did not arrive, it may still propose
        mode, around = _mode(modes, point), Around(points.scales[point], points.own_scales[point], wider)
        levels, spread, normaliser = _centre(layout, mode, around)
        for each in range(draws.ratio.shape[1]):
            here, e, side = draws.z[point, each], normal[point, each], uniform[point, each]
            density = _draw(layout, cells.box, mode, around, levels, spread, e, side, here, eta)
            values_of(cells.kind, eta, cells.table, cells.flat, value)
            log_ratio = total(value) - 0.5 * dot(here, here) - density - normaliser
            draws.ratio[point, each] = log_ratio if valid and log_ratio < np.inf else np.nan


@compiled
def draw_again(
    layout: Layout, cells: Cells, steps: Steps, mode: Mode, around: Around, again: Again, z: Array, ratio: Array
) -> None:
    """Write draws and ratios as `draw_around` does, and what belongs to each level is drawn again."""
    scale, own_scale, wider = around
    eta, centre_eta = np.empty((len(layout.own), layout.channels)), np.empty((len(layout.own), layout.channels))
    dense, size, centre = len(mode.factor), len(steps.start) - 1, mode.centre
    moved = meet(layout.start, layout.columns, mode.meeting, to_levels(layout.blocks, layout.bases, scale, again.moved))
    for i in range(dense):
        centre[i] += again.moved[i]
    for level in range(len(mode.h)):
        centre[dense + level] -= own_scale * moved[level] / mode.h[level]
    levels, spread, normaliser = _centre(layout, mode, around)
    predict(layout, levels, own_scale, centre, layout.offset, centre_eta)
    step_scales, step_factor = meet_steps(steps, scale, own_scale, mode.curvature)
    given = StepNormals(wider, mode.curvature, step_scales, step_factor, centre, centre_eta)
    for each in range(len(ratio)):
        here, normal, uniform = z[each], again.normal[each], again.uniform[each]
        density = _draw(layout, cells.box, mode, around, levels, spread, normal, uniform, here, eta)
        log_ratio = -0.5 * dot(here, here) - density - normaliser
        for begin in steps.first:
            log_ratio += 0.5 * dot_from(here, begin, here, begin, size)
        log_ratio += draw_steps(steps, cells, given, again.tries[each], again.picks[each], here, eta)
        ratio[each] = log_ratio if log_ratio < np.inf else np.nan


# ---- inside


@compiled_part
def _mode(modes: Modes, point: int) -> Mode:
    """Return the mode of one of several points."""
    return Mode(
        modes.laplace[point], modes.z[point], modes.factor[point], modes.h[point], modes.meeting[point],
        modes.below[point], modes.above[point], modes.centre[point], modes.curvature[point], modes.arrived[point],
    )  # fmt: skip


@compiled_part
def _centre(layout: Layout, mode: Mode, around: Around) -> tuple[Array, Array, float]:
    """Return what is drawn around.

    That is the effects of shared levels at the centre, the width of each own level but for its sides, and the log of
    the density at the centre.
    """
    spread, normaliser = np.empty(len(mode.h)), 0.0
    for i in range(len(mode.factor)):
        normaliser += math.log(mode.factor[i, i] / around.wider)
    for level in range(len(spread)):
        spread[level] = around.wider / math.sqrt(mode.h[level])
        normaliser -= math.log(spread[level] * (mode.below[level] + mode.above[level]) / 2)
    return to_levels(layout.blocks, layout.bases, around.scale, mode.centre), spread, normaliser


@compiled_part
def _draw(
    layout: Layout, box: Array | None, mode: Mode, around: Around, centre_levels: Array, spread: Array,
    normal: Array, uniform: Array, z: Array, eta: Array,
) -> float:  # fmt: skip
    """Write a draw of all coefficients and its linear predictors; return the log of its density over the centre's."""
    scale, own_scale, wider = around
    h, below, above, centre = mode.h, mode.below, mode.above, mode.centre
    dense, density = len(mode.factor), -0.5 * dot(normal, normal)
    for i in range(dense):
        z[i] = wider * normal[i]
    solve_transposed(mode.factor, z)
    levels = to_levels(layout.blocks, layout.bases, scale, z)
    moved = meet(layout.start, layout.columns, mode.meeting, levels)
    for i in range(dense):
        z[i] += centre[i]
    for level in range(len(levels)):
        levels[level] += centre_levels[level]
    for level in range(len(h)):
        e, side = normal[dense + level], uniform[dense + level]
        middle = centre[dense + level] - own_scale * moved[level] / h[level]
        if box is not None and box[level, 0] > 0.0 and h[level] > SHARP:
            half, error = box[level, 0] / own_scale, box[level, 1] / own_scale
            off = half * (4.0 * side - 1.0 if side < 0.5 else 4.0 * side - 3.0)
            off += error * e  # whose sign says in which half the uniform number is
            z[dense + level] = middle * h[level] / (h[level] - 1.0) + off
            density += interval(off / error, half / error)[0] - math.log(2 * half) + LOG_SQRT_2PI + 0.5 * e * e
            density += math.log(spread[level] * (below[level] + above[level]) / 2)
            continue
        up = side * (below[level] + above[level]) < above[level]
        z[dense + level] = middle + spread[level] * (above[level] if up else -below[level]) * abs(e)
    predict(layout, levels, own_scale, z, layout.offset, eta)
    return density


def _lean(factor: Array, lean: Array) -> Array:
    """Return how the mean of all shared coefficients moves when that of the first ones does, by the normal's joint."""
    every = linalg.cho_solve((factor, True), np.eye(len(factor), len(lean)))
    return np.asarray(every @ np.linalg.solve(every[: len(lean)], lean))
