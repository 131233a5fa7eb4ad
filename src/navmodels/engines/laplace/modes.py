"""Mode and curvature of the coefficients for given standard deviations, by Newton's method in compiled code.

How coefficients meet cells is said in `layouts`. What is known of the coefficients here is a normal at their mode,
skewed for the levels of the own block; draws from it are made in `coefficients`.
"""

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
from navmodels.engines.laplace.triangles import factorise, solve
from navmodels.likelihoods.compilation import compiled
from navmodels.likelihoods.kernels import derivatives
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
        factor, solved = factorise(whiten(layout, scale, matrix))
        if not solved:
            break
        right = to_coefficients(layout, scale, slope) - z
        step = solve(factor, right)
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
    sides = Sides(np.ones(size), np.ones(size), none)
    shift, own_shift = step, own_step
    laplace = peak - np.log(np.diag(factor)).sum() - 0.5 * np.log(h).sum()
    if reach > 0 and arrived:
        sides = measure_sides(layout, cells, own_scale, h, reach, Seen(eta, value, gradient))
        pull = pull_of_sides(layout, own_scale, h, own_curvature, meeting, sides)
        moved = solve(factor, to_coefficients(layout, scale, pull))
        shift = step + moved
        own_shift = own_step - own_scale * meet(layout, meeting, to_levels(layout, scale, moved)) / h
        laplace += np.log((sides.below + sides.above) / 2).sum() + 0.5 * (to_coefficients(layout, scale, pull) @ moved)
    return Mode(
        laplace, z + step, own_z + own_step, factor, h, meeting, sides.below, sides.above, z + shift, own_z + own_shift,
        curvature, arrived,
    )  # fmt: skip


# ---- inside


@compiled
def _packed(eta: Array) -> Array:
    """Return room for the second derivatives of each cell, dims (cell, pair)."""
    return np.empty((eta.shape[0], eta.shape[1] * (eta.shape[1] + 1) // 2))
