"""Thresholds by level, drawn again: what keeps those of a battery in order where an item never used a category.

Between two thresholds that no answer keeps apart the density is flat up to where they meet, and a normal around the
mode crosses that wall. What belongs to one level alone (its thresholds, and its own effect) is independent of what
belongs to the others, given all other coefficients. So it is drawn several times, level by level, from the normal that
the proposal is given all others, and one draw is chosen by its ratio. The mean of the ratios takes the place of the one
(importance sampling with an unbiased estimate of the density; Tran, Scharth, Pitt & Kohn 2013, arXiv:1309.3339): the
draws are those of the same posterior, whatever the number of tries.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from navmodels.engines.laplace.layouts import Cells, Layout, Part, Places, Walls
from navmodels.engines.laplace.triangles import factorise
from navmodels.engines.laplace.triangles import total as total_of
from navmodels.likelihoods.compilation import compiled_part
from navmodels.likelihoods.kernels import values_of
from navmodels.likelihoods.outcomes import Array
from navmodels.likelihoods.packing import pair
from navmodels.likelihoods.rating import log_gap
from navmodels.models.blocks import Block

STEEP = 1.5  # by trial, against means of a normal cut off at 0: see `keep_off`; ratios correct what it moves


class Steps(NamedTuple):
    """Where the coefficients stand that belong to one level alone, of the ``by`` of a rating.

    Those of level l stand at ``first + l``, each feeding a ``channel``; ``row`` is their shared block (-1: the own
    block); none without ``by``. The cells of level l are ``cells[start[l]:start[l + 1]]``; ``tables`` holds the table
    of each level's cells, one after the other. ``lean`` dims (threshold) is how far the mean of the common thresholds
    lies off the centre of their proposal, as draws have shown.
    """

    first: Places
    channel: Places
    row: Places
    start: Places
    cells: Places
    tables: Array
    lean: Array


def lay_out_steps(
    layout: Layout, own: int | None, order: list[Part], blocks: Sequence[Block], table: Array, *, by: bool
) -> Steps:
    """Return where thresholds by level stand: those of the last block, with the effects of the same levels.

    Parameters
    ----------
    layout, own, order
        As `layouts.lay_out` gives them.
    table
        Dims (column, cell): what was observed.
    by
        Whether there are thresholds by level.
    """
    none = np.zeros(0, dtype=np.int64)
    if not by:
        return Steps(none, none, none, np.zeros(1, dtype=np.int64), none, np.zeros(0), np.zeros(layout.base))
    steps = blocks[-1]
    same = [place for place, each in enumerate(blocks) if each.basis is None and each.factors == steps.factors]
    rows = [row for row, (place, _) in enumerate(order) if place in same]
    places = [(layout.blocks[row, 2], layout.blocks[row, 5], row) for row in rows]
    if own in same:
        places = [(layout.blocks[-1, 3], 0, -1), *places]
    first, channel, row = np.array(places, dtype=np.int64).T.copy()
    cells = np.argsort(steps.index, kind="stable").astype(np.int64)
    start = np.searchsorted(steps.index[cells], np.arange(len(steps.levels) + 1)).astype(np.int64)
    tables = [table[:, cells[a:b]].ravel() for a, b in pairwise(start)]
    return Steps(first, channel, row, start, cells, np.concatenate(tables), np.zeros(layout.base))


def find_walls(order: list[Part], blocks: Sequence[Block], count: Array) -> Walls:
    """Return where thresholds of a level may meet; `count` dims (cell, category), the last block has the thresholds."""
    level = blocks[-1].index
    total = np.zeros((len(blocks[-1].levels), count.shape[1]))
    np.add.at(total, level, count)
    n, below = total.sum(axis=1, keepdims=True), total.cumsum(axis=1)
    share = (below + 0.5) / (n + 1)
    at, category = np.nonzero(total[:, 1:-1] == 0)
    cell = np.array([np.flatnonzero(level == each)[0] for each in at], dtype=np.int64)
    known = (n * share * (1 - share))[at, category]
    row = [place for place, _ in order].index(len(blocks) - 1)
    return Walls(cell, category.astype(np.int64) + 1, known, row)


@compiled_part
def keep_off(walls: Walls | None, scale: Array, eta: Array, gradient: Array, curvature: Array) -> float:
    """Return what keeps thresholds apart when their mode is sought, and add it to gradient and curvature of the cells.

    A gap that is normal with standard deviation σ but for the wall has, with log(1 − exp(−1.5 gap / σ)) added to its
    log-density, a mode near the mean of the normal cut off there: 0.33, 0.74 and 2.07 σ for means of −2, 0 and 2 σ,
    where the cut one has 0.37, 0.80 and 2.06 (by hand).
    """
    total = 0.0
    if walls is None:
        return total
    for wall in range(len(walls.cell)):
        c, j = walls.cell[wall], walls.gap[wall]
        s = scale[walls.row]
        steep = STEEP * math.sqrt((1.0 / (s * s) + walls.known[wall]) / 2.0)
        value, slope, bend = log_gap(steep * (eta[c, j + 1] - eta[c, j]))
        total += value
        slope, bend = steep * slope, steep * steep * bend
        gradient[c, j] -= slope
        gradient[c, j + 1] += slope
        curvature[c, pair(j, j)] += bend
        curvature[c, pair(j + 1, j + 1)] += bend
        curvature[c, pair(j + 1, j)] -= bend
    return total


class StepNormals(NamedTuple):
    """The normal of what belongs to each level, given all other coefficients.

    ``wider`` is the width of proposals over that of the normal, ``curvature`` dims (cell, pair) that of the cells by
    linear predictor. ``scales`` dims (coefficient of a level) are its standard deviations, ``factor`` dims (level,
    coefficient, coefficient) the lower Cholesky factor of its curvature. ``centre`` is that of the proposal of all
    coefficients, ``centre_eta`` dims (cell, channel) the linear predictors there.
    """

    wider: float
    curvature: Array
    scales: Array
    factor: Array
    centre: Array
    centre_eta: Array


@compiled_part
def meet_steps(steps: Steps, scale: Array, own_scale: float, curvature: Array) -> tuple[Array, Array]:
    """Return what the normal of each level is made of, by coefficient of a level.

    Their scales, dims (coefficient), and the lower Cholesky factor of their curvature given all other coefficients,
    dims (level, coefficient, coefficient).
    """
    own, size = len(steps.first), len(steps.start) - 1
    scales = np.empty(own)
    for i in range(own):
        scales[i] = scale[steps.row[i]] if steps.row[i] >= 0 else own_scale
    factor = np.zeros((size, own, own))
    for level in range(size):
        for i in range(own):
            for j in range(own):
                both = pair(steps.channel[i], steps.channel[j])
                factor[level, i, j] = 1.0 if i == j else 0.0
                for a in range(steps.start[level], steps.start[level + 1]):
                    factor[level, i, j] += scales[i] * scales[j] * curvature[steps.cells[a], both]
        factorise(factor[level])
    return scales, factor


@compiled_part
def draw_steps(
    steps: Steps, cells: Cells, given: StepNormals, normal: Array, uniform: Array, z: Array, eta: Array
) -> float:
    """Draw what belongs to each level anew, given all other coefficients, and return the log of what they weigh.

    Parameters
    ----------
    normal, uniform
        Random numbers, dims (try, coefficient x level) and (level).
    z, eta
        A draw of all coefficients, and its linear predictors; what belongs to the levels is written, in z alone.

    Returns
    -------
    float
        Log of likelihood x prior of the new over the density of their proposal, plus that of those they take the place
        of, summed over levels.
    """
    first, channel, own, size = steps.first, steps.channel, len(steps.first), len(steps.start) - 1
    wider, curvature, scales, factor, centre, centre_eta = given
    mean, shift, drawn, log_weight = np.empty(own), np.empty(own), np.empty((len(normal), own)), np.empty(len(normal))
    total, columns = 0.0, eta.shape[1] + 1  # a constant, and a count for each category
    for level in range(size):
        here = steps.cells[steps.start[level] : steps.start[level + 1]]
        moved, trial, value = (
            np.empty((len(here), eta.shape[1])),
            np.empty((len(here), eta.shape[1])),
            np.empty(len(here)),
        )
        table = steps.tables[steps.start[level] * columns : steps.start[level + 1] * columns].reshape(
            columns, len(here)
        )
        log_normal = -own * math.log(wider)  # of the density of the normal at its mean
        for i in range(own):
            log_normal += math.log(factor[level, i, i])
        for a in range(len(here)):  # linear predictors without what belongs to the level, off the centre's
            for d in range(eta.shape[1]):
                moved[a, d] = eta[here[a], d] - centre_eta[here[a], d]
            for i in range(own):
                moved[a, channel[i]] -= scales[i] * (z[first[i] + level] - centre[first[i] + level])
        for i in range(own):
            slope = 0.0
            for a in range(len(here)):
                for d in range(eta.shape[1]):
                    slope += curvature[here[a], pair(channel[i], d)] * moved[a, d]
            mean[i] = -scales[i] * slope
        _solve_step(factor[level], mean)
        for i in range(own):
            mean[i] += centre[first[i] + level]
        square = 0.0
        for j in range(own):
            e = 0.0
            for i in range(j, own):
                e += factor[level, i, j] * (z[first[i] + level] - mean[i])
            square += (e / wider) ** 2
        total += log_normal - 0.5 * square  # of those whose place is taken
        best = -np.inf
        for k in range(len(normal)):
            ratio = -log_normal
            for i in range(own - 1, -1, -1):
                e = normal[k, i * size + level]
                left = wider * e
                for j in range(i + 1, own):
                    left -= factor[level, j, i] * (drawn[k, j] - mean[j])
                drawn[k, i] = mean[i] + left / factor[level, i, i]
                shift[i] = scales[i] * (drawn[k, i] - centre[first[i] + level])
                ratio += 0.5 * e * e - 0.5 * drawn[k, i] ** 2
            for a in range(len(here)):
                for d in range(eta.shape[1]):
                    trial[a, d] = centre_eta[here[a], d] + moved[a, d]
                for i in range(own):
                    trial[a, channel[i]] += shift[i]
            values_of(cells.kind, trial, table, cells.flat, value)
            log_weight[k] = ratio + total_of(value)
            best = max(best, log_weight[k])
        if not best > -np.inf:
            return -np.inf
        chosen, sum_of_weights = 0, 0.0
        for k in range(len(normal)):
            log_weight[k] = math.exp(log_weight[k] - best)
            sum_of_weights += log_weight[k]
        left = uniform[level] * sum_of_weights
        while left >= log_weight[chosen] and chosen < len(normal) - 1:
            left -= log_weight[chosen]
            chosen += 1
        for i in range(own):
            z[first[i] + level] = drawn[chosen, i]
        total += best + math.log(sum_of_weights / len(normal))
    return total


# ---- inside


@compiled_part
def _solve_step(factor: Array, right: Array) -> None:
    """Write the solution for a matrix given by its lower Cholesky factor over the right side."""
    for i in range(len(right)):
        for j in range(i):
            right[i] -= factor[i, j] * right[j]
        right[i] /= factor[i, i]
    for i in range(len(right) - 1, -1, -1):
        for j in range(i + 1, len(right)):
            right[i] -= factor[j, i] * right[j]
        right[i] /= factor[i, i]
