"""Mode and curvature of the coefficients for given standard deviations, by Newton's method in compiled code.

How coefficients meet cells is said in `layouts`. What is known of the coefficients here is a normal at their mode,
skewed for the levels of the own block; draws from it are made in `coefficients`.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

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
from navmodels.engines.laplace.skewness import Seen, Sides, measure_sides, pull_of_sides
from navmodels.engines.laplace.thresholds import keep_off
from navmodels.engines.laplace.triangles import dot, factorise, solve_lower, solve_transposed, total
from navmodels.likelihoods.compilation import compiled, compiled_part
from navmodels.likelihoods.kernels import derivatives_of
from navmodels.likelihoods.outcomes import Array

# By trial, on groups of all or nothing under heavy-tailed priors.
HALVINGS = 40  # of a step that does not lead up, at most
VAST = 10.0  # scale beyond which effects are so small a part of it that modes are found more exactly


class Mode(NamedTuple):
    """The mode of the coefficients, and the normal around it.

    ``laplace`` is the Laplace approximation of the log-density of the data. ``z`` dims (coefficient) is the mode, of
    shared coefficients first, then own; ``factor`` the lower Cholesky factor of the shared curvature, ``h`` dims (own
    level) the own curvature, ``meeting`` the weights where shared and own levels meet. ``below`` and ``above`` dims
    (own level) are the widths of each side (1 without correction for skewness), ``centre`` dims (coefficient) is where
    proposals are centred; ``curvature`` dims (cell, pair) is that of each cell; ``arrived`` says whether Newton did.
    """

    laplace: float
    z: Array
    factor: Array
    h: Array
    meeting: Array
    below: Array
    above: Array
    centre: Array
    curvature: Array
    arrived: bool


class Modes(NamedTuple):
    """The modes of several points: what a `Mode` holds, with a dim (point) before the others."""

    laplace: Array
    z: Array
    factor: Array
    h: Array
    meeting: Array
    below: Array
    above: Array
    centre: Array
    curvature: Array
    arrived: npt.NDArray[np.bool_]


def find_mode(
    layout: Layout, cells: Cells, scale: Array, own_scale: float, start: Array, tolerance: float, reach: float
) -> Mode:
    """Return the mode of the coefficients, and the normal around it: `find_modes` of a single point."""
    modes = room_for_modes(layout, 1)
    find_modes(layout, cells, scale[None], np.array([own_scale]), start[None], (tolerance, reach), modes)
    return Mode(*(each[0] for each in modes))


def room_for_modes(layout: Layout, points: int) -> Modes:
    """Return room for the modes of several points."""
    count, size, dense = len(layout.own), len(layout.start) - 1, int(layout.blocks[-1, 3])
    pairs = layout.channels * (layout.channels + 1) // 2
    own, every = (points, size), (points, dense + size)
    return Modes(
        np.zeros(points), np.zeros(every), np.zeros((points, dense, dense)), np.zeros(own),
        np.zeros((points, len(layout.columns))), np.zeros(own), np.zeros(own), np.zeros(every),
        np.zeros((points, count, pairs)), np.zeros(points, dtype=bool),
    )  # fmt: skip


@compiled
def find_modes(
    layout: Layout, cells: Cells, scales: Array, own_scales: Array, starts: Array, manner: tuple[float, float],
    modes: Modes,
) -> None:  # fmt: skip
    """Write the modes of the coefficients by Newton's method, and the normals around them, for each of several points.

    Parameters
    ----------
    scales, own_scales
        Standard deviations, dims (point, shared block) and (point).
    starts
        Where to start; dims (point, coefficient).
    manner
        The tolerance: stop when the Newton decrement, the distance to the mode in standard deviations, is below; the
        smaller, the larger a scale is beyond `VAST`, where a plateau of the likelihood may lie within it. And the
        reach: standard deviations away at which the width of each side of an own level's density is measured; the mean
        of the shared coefficients follows. 0: no correction for skewness.
    modes
        What is written; see `room_for_modes`.
    """
    first, columns, blocks, bases = layout.start, layout.columns, layout.blocks, layout.bases
    count, channels, size, dense = len(layout.own), layout.channels, len(first) - 1, blocks[-1, 3]
    kind, soft, flat, walls, offset, base = cells.kind, cells.soft, cells.flat, cells.walls, layout.offset, layout.base
    reach = manner[1]
    z, step, trial_z = _room(dense + size), _room(dense + size), _room(dense + size)
    eta, step_eta, trial = _room_of(count, channels), _room_of(count, channels), _room_of(count, channels)
    gradient, value, none, factor = _room_of(count, channels), _room(count), _room(count), _room_of(dense, dense)
    unmet = _room(len(columns))
    for point in range(len(own_scales)):
        scale, own_scale, start, centre = scales[point], own_scales[point], starts[point], modes.centre[point]
        h, below, above, curvature = modes.h[point], modes.below[point], modes.above[point], modes.curvature[point]
        widest = own_scale
        for block in range(len(scale)):
            if scale[block] > widest:
                widest = scale[block]
        tolerance = manner[0] * VAST / widest if widest > VAST else manner[0]
        meeting, own_curvature, arrived, objective, decrement = unmet, none, False, -np.inf, 0.0
        for c in range(count):
            for d in range(channels):
                eta[c, d] = offset[c] if d == 0 else 0.0
        for i in range(len(z)):
            z[i] = 0.0
        rising = True
        for i in range(1, base):
            rising = rising and start[i] > start[i - 1]
        for i in range(base):  # what is common to all alone: there, thresholds are in order
            z[i] = start[i] if rising else (4.0 * (i + 1) / (base + 1) - 2.0) / scale[0]
            for c in range(count):
                eta[c, blocks[i, 5]] += scale[0] * z[i]
        move(start, -1.0, z, step)
        levels = to_levels(blocks, bases, scale, step)
        for _ in range(100):
            predict(layout, levels, own_scale, step, none, step_eta)
            length, new = 1.0, -np.inf
            for halving in range(HALVINGS + 1):  # at first, thresholds out of order are drawn into order
                move(z, length, step, trial_z)
                for c in range(count):
                    for d in range(channels):
                        trial[c, d] = eta[c, d] + length * step_eta[c, d]
                derivatives_of(kind, trial, soft, flat, value, gradient, curvature)
                new = total(value) + keep_off(walls, scale, trial, gradient, curvature) - 0.5 * dot(trial_z, trial_z)
                if new > -np.inf and new >= objective + 1e-4 * length * decrement:
                    break
                length = length / 2 if halving < HALVINGS - 1 else 0.0
            if length == 0.0:  # at the limit of rounding
                arrived = objective > -np.inf and decrement < 1e-4
                break
            z, trial_z, eta, trial, objective = trial_z, z, trial, eta, new
            slope, own_slope, matrix, own_curvature, meeting = gather(layout, gradient, curvature)
            for level in range(size):
                h[level] = 1.0 + own_scale * own_scale * own_curvature[level]
                own_slope[level] = own_scale * own_slope[level] - z[dense + level]
            eliminate(first, columns, own_scale, h, own_slope, meeting, slope, matrix)
            factor = whiten(blocks, bases, scale, matrix)
            if not factorise(factor):
                decrement = np.nan
                break
            to_coefficients(blocks, bases, scale, slope, step)
            for i in range(dense):
                step[i] -= z[i]
            decrement = solve_lower(factor, step)
            solve_transposed(factor, step)
            levels = to_levels(blocks, bases, scale, step)
            moved = meet(first, columns, meeting, levels)
            for level in range(size):
                step[dense + level] = (own_slope[level] - own_scale * moved[level]) / h[level]
                decrement += own_slope[level] * own_slope[level] / h[level]
            if not decrement >= tolerance * tolerance:
                arrived = decrement >= 0  # False for NaN
                break
        # the last step is taken without looking again: its error is of the order of the decrement squared
        move(z, 1.0, step, modes.z[point])
        move(z, 1.0, step, centre)
        laplace = objective + 0.5 * decrement
        for level in range(size):
            below[level] = above[level] = 1.0
        if reach > 0 and arrived:
            bend = measure_sides(layout.own, cells, own_scale, h, reach, Seen(eta, value, gradient), below, above)
            pull = pull_of_sides(layout, own_scale, h, own_curvature, meeting, Sides(below, above, bend))
            to_coefficients(blocks, bases, scale, pull, step)
            laplace += 0.5 * solve_lower(factor, step)
            solve_transposed(factor, step)
            moved = meet(first, columns, meeting, to_levels(blocks, bases, scale, step))
            for level in range(size):
                step[dense + level] = -own_scale * moved[level] / h[level]
            move(modes.z[point], 1.0, step, centre)
        for i in range(len(factor)):
            laplace -= math.log(factor[i, i])
        for level in range(size):
            laplace -= 0.5 * math.log(h[level]) - math.log((below[level] + above[level]) / 2)
        modes.laplace[point], modes.arrived[point] = laplace, arrived
        for i in range(len(meeting)):
            modes.meeting[point, i] = meeting[i]
        for i in range(dense):
            for j in range(dense):
                modes.factor[point, i, j] = factor[i, j]


# ---- inside


@compiled_part
def move(z: Array, length: float, step: Array, out: Array) -> None:
    """Write where a step of some length leads."""
    for i in range(len(out)):
        out[i] = z[i] + length * step[i]


@compiled_part
def _room(size: int) -> Array:
    """Return zeros, dims (size)."""
    return np.zeros(size)


@compiled_part
def _room_of(rows: int, columns: int) -> Array:
    """Return zeros, dims (row, column)."""
    return np.zeros((rows, columns))
