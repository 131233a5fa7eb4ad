"""How skewed the own levels are around their mode: a width for each side, and where that pulls the shared coefficients.

Given the shared coefficients the own levels are independent (see `layouts`), so that the density of each has one
dimension and its sides can be measured.
"""

import math
from typing import NamedTuple

import numpy as np

from navmodels.engines.laplace.layouts import Cells, Layout, Places
from navmodels.likelihoods.compilation import compiled_part
from navmodels.likelihoods.kernels import values_of
from navmodels.likelihoods.outcomes import Array

SEARCHES = 6  # at most, for where a side has fallen as far as it should; by trial, ratios correct it


class Seen(NamedTuple):
    """What the likelihood of each cell is at the mode: linear predictors, dims (cell, channel), value and gradient."""

    eta: Array
    value: Array
    gradient: Array


class Sides(NamedTuple):
    """Widths below and above of each own level over those of a normal, and the third derivative of each cell."""

    below: Array
    above: Array
    bend: Array


@compiled_part
def measure_sides(
    own: Places, cells: Cells, own_scale: float, h: Array, reach: float, seen: Seen, below: Array, above: Array
) -> Array:
    """Write how wide each side of an own level's density is, and return the third derivative of each cell.

    A side is as wide as a normal that falls as far where a normal of the mode's curvature would have fallen as it does
    `reach` standard deviations away. Usually that is about there. A level whose answers are all alike has a cliff on
    one side and the prior's slope on the other when its scale is large, and is measured where it has fallen within a
    factor two of that. The cells' values at the first distance give a secant of their third derivative.
    """
    size, (eta, value, gradient) = len(h), seen
    bend = np.zeros(len(eta))
    there, first_values, first = eta.copy(), np.empty((2, len(eta))), np.empty(size)
    aim = reach**2 / 2  # how far to fall
    for level in range(size):
        first[level] = own_scale / math.sqrt(h[level])  # a standard deviation
    for side in range(2):
        sign, width = (-1.0, below) if side == 0 else (1.0, above)
        away = np.empty(size)
        for level in range(size):
            away[level] = reach
        low, low_drop = np.zeros(size), np.zeros(size)  # the farthest that is too near, and the nearest too far
        high, high_drop = np.zeros(size), np.zeros(size)
        for search in range(SEARCHES):
            for c in range(len(eta)):
                level = own[c]
                there[c, 0] = eta[c, 0] + sign * away[level] * first[level]
            found = first_values[side] if search == 0 else bend
            values_of(cells.kind, there, cells.soft, cells.flat, found)
            drop = np.zeros(size)
            for c in range(len(eta)):
                level = own[c]
                drop[level] += value[c] + sign * gradient[c, 0] * away[level] * first[level] - found[c]
            settled = True
            for level in range(size):  # the prior adds its own, the slope at the mode is zero
                d = away[level]
                fallen = max(drop[level], 0.0) + d**2 / (2 * h[level])
                width[level] = d / math.sqrt(2 * fallen)
                if fallen > 2 * aim:
                    high[level], high_drop[level] = d, fallen
                elif fallen < aim / 2:
                    low[level], low_drop[level] = d, fallen
                else:
                    continue
                settled = False
                away[level] = _nearer(aim, low[level], low_drop[level], high[level], high_drop[level])
            if settled:
                break
    for c in range(len(eta)):
        level = own[c]
        d = reach * first[level]
        told = h[level] > 1.0 + 1e-6  # else the prior leaves no room to tell, in whatever unit
        bend[c] = 6 * ((first_values[1, c] - first_values[0, c]) / 2 - gradient[c, 0] * d) / d**3 if told else 0.0
    return bend


@compiled_part
def pull_of_sides(
    layout: Layout, own_scale: float, h: Array, own_curvature: Array, meeting: Array, sides: Sides
) -> Array:
    """Return the gradient, by shared level, of the log of the own levels' widths: what moves the mean off the mode.

    To first order it is half the variance times the third derivative. It is the mean of an own level less its mode,
    over its scale, however skewed the level (Stein's identity), and never taken to be more than that. Thresholds share
    what moves them in proportion to their curvature, which is enough for a proposal.
    """
    own, mix, terms, start, columns = layout.own, layout.mix, layout.terms, layout.start, layout.columns
    below, above, bend = sides
    out, total, varied = np.zeros(layout.blocks[-1, 1]), np.zeros(len(h)), np.zeros(len(terms))
    for c in range(len(own)):
        level = own[c]
        total[level] += 0.5 * own_scale**2 / h[level] * bend[c]
    part = np.ones(len(h))
    for level in range(len(h)):
        most = math.sqrt(2 / math.pi * h[level]) * abs(above[level] - below[level])
        size = own_scale * abs(total[level])
        if size > most:
            part[level] = most / size
            total[level] *= part[level]
    for c in range(len(own)):
        level = own[c]
        varied[mix[c]] += part[level] * 0.5 * own_scale**2 / h[level] * bend[c]
    for m in range(len(terms)):
        for t in range(terms.shape[1]):
            column = terms[m, t]
            if layout.fed[column] == 0:
                out[column] += layout.weight[m, t] * varied[m]
    for level in range(len(h)):
        for a in range(start[level], start[level + 1]):
            out[columns[a]] -= own_scale**2 / h[level] * meeting[a] * total[level]
            if a < start[level] + layout.nested and own_curvature[level] > 0:
                out[columns[a]] += total[level] * meeting[a] / own_curvature[level]
    return out


# ---- inside


@compiled_part
def _nearer(aim: float, low: float, low_drop: float, high: float, high_drop: float) -> float:
    """Return where to look for a drop of `aim`, given where it is too small and where too large (0: not yet seen).

    Between the two a power law leads there; before, that of a normal, by a factor eight at most.
    """
    if low == 0.0:
        return high * max(math.sqrt(aim / high_drop), 0.125)
    if high == 0.0:
        return low * min(math.sqrt(aim / low_drop), 8.0)
    power = math.log(high / low) / math.log(high_drop / low_drop)
    return low * math.exp(
        min(max(power * math.log(aim / low_drop), 0.1 * math.log(high / low)), 0.9 * math.log(high / low))
    )
