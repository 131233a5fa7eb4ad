"""Mode and curvature of the coefficients for given standard deviations, by Newton's method in compiled code.

How coefficients meet cells is said in `layouts`. What is known of the coefficients here is a normal at their mode,
skewed for the levels of the own block; draws from it are made in `coefficients`.
"""

import math
from typing import Any, NamedTuple

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
from navmodels.engines.laplace.skewness import Seen, Sides, measure_sides, pull_of_sides
from navmodels.engines.laplace.thresholds import keep_off
from navmodels.engines.laplace.triangles import dot, factorise, solve, total
from navmodels.likelihoods.compilation import compiled
from navmodels.likelihoods.kernels import derivatives_of
from navmodels.likelihoods.outcomes import Array

# By trial, on groups of all or nothing under heavy-tailed priors.
VAST = 10.0  # scale beyond which effects are so small a part of it that modes are found more exactly


class Mode(NamedTuple):
    """The mode of the coefficients, and the normal around it.

    ``laplace`` is the Laplace approximation of the log-density of the data. ``z`` dims (shared coefficient) and
    ``own_z`` dims (own level) are the mode; ``factor`` the lower Cholesky factor of the shared curvature, ``h`` dims
    (own level) the own curvature, ``meeting`` the weights where shared and own levels meet. ``below`` and ``above``
    dims (own level) are the widths of each side (1 without correction for skewness), ``centre`` and ``own_centre``
    where proposals of shared and own coefficients are centred; ``curvature`` dims (cell, pair) is that of each cell,
    and ``arrived`` says whether Newton did.
    """

    laplace: float
    z: Array
    own_z: Array
    factor: Array
    h: Array
    meeting: Array
    below: Array
    above: Array
    centre: Array
    own_centre: Array
    curvature: Array
    arrived: bool


@compiled
def find_mode(
    layout: Layout, cells: Cells, scale: Array, own_scale: float, z: Array, own_z: Array, tolerance: float, reach: float
) -> Mode:
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
    """
    size = len(own_z)
    count, channels = len(layout.own), layout.channels
    widest = own_scale
    for block in range(len(scale)):
        widest = max(widest, scale[block])
    tolerance *= min(1.0, VAST / widest)
    z, own_z = z.copy(), own_z.copy()
    eta, step_eta, trial = np.empty((count, channels)), np.empty((count, channels)), np.empty((count, channels))
    value, none, gradient = np.empty(count), np.zeros(count), np.empty((count, channels))
    curvature = np.empty((count, channels * (channels + 1) // 2))
    objective: Any = -np.inf
    for attempt in range(21):  # a start with thresholds out of order is drawn towards those of all levels
        if attempt == 20:  # which are out of order too
            z, own_z = np.zeros(len(z)), np.zeros(size)
            for i in range(layout.base):
                z[i] = (4.0 * (i + 1) / (layout.base + 1) - 2.0) / scale[0]
        predict(layout, to_levels(layout, scale, z), own_scale, own_z, layout.offset, eta)
        derivatives_of(cells.kind, eta, cells.soft, cells.flat, value, gradient, curvature)
        apart = keep_off(cells.walls, scale, eta, gradient, curvature)
        objective = total(value) + apart - 0.5 * dot(z, z) - 0.5 * dot(own_z, own_z)
        if objective > -np.inf:
            break
        for i in range(layout.base, len(z)):
            z[i] *= 0.5
        for level in range(size):
            own_z[level] *= 0.5
    arrived, decrement, h, meeting = False, np.nan, np.empty(size), np.empty(0)
    own_curvature, own_step, new_own = np.empty(0), np.zeros(size), np.empty(size)
    step, new_z, factor = np.zeros(len(z)), np.empty(len(z)), np.empty((0, 0))
    for _ in range(100):
        slope, own_slope, matrix, own_curvature, meeting = gather(layout, gradient, curvature)
        for level in range(size):
            h[level] = 1.0 + own_scale**2 * own_curvature[level]
            own_slope[level] = own_scale * own_slope[level] - own_z[level]
        eliminate(layout, own_scale, h, own_slope, meeting, slope, matrix)
        factor = whiten(layout, scale, matrix)
        if not factorise(factor):
            break
        right = to_coefficients(layout, scale, slope)
        for i in range(len(z)):
            right[i] -= z[i]
        step = solve(factor, right)
        step_levels = to_levels(layout, scale, step)
        moved = meet(layout, meeting, step_levels)
        decrement = dot(right, step)
        for level in range(size):
            own_step[level] = (own_slope[level] - own_scale * moved[level]) / h[level]
            decrement += own_slope[level] ** 2 / h[level]
        if not decrement >= tolerance**2:
            arrived = decrement >= 0  # False for NaN
            break
        predict(layout, step_levels, own_scale, own_step, none, step_eta)
        length, better = 1.0, False
        for _ in range(40):
            for c in range(count):
                for d in range(channels):
                    trial[c, d] = eta[c, d] + length * step_eta[c, d]
            derivatives_of(cells.kind, trial, cells.soft, cells.flat, value, gradient, curvature)
            apart = keep_off(cells.walls, scale, trial, gradient, curvature)
            for i in range(len(z)):
                new_z[i] = z[i] + length * step[i]
            for level in range(size):
                new_own[level] = own_z[level] + length * own_step[level]
            new = total(value) + apart - 0.5 * dot(new_z, new_z) - 0.5 * dot(new_own, new_own)
            if new >= objective + 1e-4 * length * decrement:
                better = True
                break
            length /= 2
        if not better:  # at the limit of rounding
            derivatives_of(cells.kind, eta, cells.soft, cells.flat, value, gradient, curvature)
            keep_off(cells.walls, scale, eta, gradient, curvature)
            arrived = decrement < 1e-4
            break
        z, new_z, own_z, new_own, eta, trial, objective = new_z, z, new_own, own_z, trial, eta, new
    # the last step is taken without looking again: its error is of the order of the decrement squared
    laplace = objective + 0.5 * decrement
    for i in range(len(factor)):
        laplace -= math.log(factor[i, i])
    for level in range(size):
        laplace -= 0.5 * math.log(h[level])
    sides = Sides(np.ones(size), np.ones(size), none)
    centre, own_centre = np.empty(len(z)), np.empty(size)
    for i in range(len(z)):
        z[i] += step[i]
        centre[i] = z[i]
    for level in range(size):
        own_z[level] += own_step[level]
        own_centre[level] = own_z[level]
    if reach > 0 and arrived:
        sides = measure_sides(layout, cells, own_scale, h, reach, Seen(eta, value, gradient))
        pull = to_coefficients(layout, scale, pull_of_sides(layout, own_scale, h, own_curvature, meeting, sides))
        moved = solve(factor, pull)
        laplace += 0.5 * dot(pull, moved)
        own_moved = meet(layout, meeting, to_levels(layout, scale, moved))
        for i in range(len(z)):
            centre[i] += moved[i]
        for level in range(size):
            own_centre[level] -= own_scale * own_moved[level] / h[level]
            laplace += math.log((sides.below[level] + sides.above[level]) / 2)
    return Mode(
        laplace, z, own_z, factor, h, meeting, sides.below, sides.above, centre, own_centre, curvature, arrived
    )
