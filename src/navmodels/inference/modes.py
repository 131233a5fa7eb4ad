"""Mode, curvature and proposals of the coefficients for given standard deviations: the compiled half of `laplace`.

Coefficients are whitened, z ~ N(0, I). Each cell belongs to one level of the largest block with an identity basis, so
that this block (here *own*) has a diagonal curvature and is eliminated exactly by its Schur complement; the rest
(*shared*: the intercept and all other blocks) is dense. Sums over cells are made level by level and meet the bases
afterwards, so that a step costs cells x terms, whatever the bases.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from navmodels.inference.kernels import Array, compiled, derivatives, values
from navmodels.models.model import Design

Places = npt.NDArray[np.int64]

WIDER = 0.2  # how much wider than the density proposals are, over the root of the number of coefficients
REACH = 2.0  # in standard deviations: where the width of each side of a small group's density is measured


class Layout(NamedTuple):
    """How coefficients meet cells, as compiled code reads it.

    ``terms`` dims (cell, shared block): level of each cell, counted through all shared blocks; ``own`` dims (cell).
    ``columns[start[l]:start[l + 1]]`` are the shared levels that meet level l of the own block, ``position`` dims
    (cell, shared block) their places. ``blocks``, dims (shared block, 5): first and last level, first and last
    coefficient, and where the basis starts in ``bases`` (-1: identity).
    """

    terms: Places
    own: Places
    position: Places
    start: Places
    columns: Places
    blocks: Places
    bases: Array


class Cells(NamedTuple):
    """What was observed, as `kernels.pack` gives it."""

    kind: int
    table: Array
    flat: Array


def lay_out(arrays: Design) -> tuple[Layout, int | None]:
    """Return the layout of a design and the place of its own block, None when no block has an identity basis."""
    sizes = [block.size if block.basis is None else 0 for block in arrays.blocks]
    own = int(np.argmax(sizes)) if any(sizes) else None
    cells = arrays.survey.cells.sizes["cell"]
    terms, rows, bases = [np.zeros(cells, dtype=np.int64)], [(0, 1, 0, 1, -1)], [np.empty(0)]
    for place, block in enumerate(arrays.blocks):
        if place != own:
            level, coefficient, basis = rows[-1][1], rows[-1][3], sum(len(each) for each in bases)
            terms.append(level + block.index.astype(np.int64))
            rows.append(
                (level, level + len(block.levels), coefficient, coefficient + block.size, basis)
                if block.basis is not None
                else (level, level + block.size, coefficient, coefficient + block.size, -1)
            )
            bases.append(np.empty(0) if block.basis is None else block.basis.ravel())
    together = np.ascontiguousarray(np.stack(terms, axis=1))
    group = np.zeros(cells, dtype=np.int64) if own is None else arrays.blocks[own].index.astype(np.int64)
    size = 0 if own is None else arrays.blocks[own].size
    pairs, position = np.unique(group[:, None] * rows[-1][1] + together, return_inverse=True)
    start = np.searchsorted(pairs // rows[-1][1], np.arange(size + 1))
    layout = Layout(
        together,
        group,
        np.ascontiguousarray(position.reshape(together.shape).astype(np.int64)),
        start.astype(np.int64),
        (pairs % rows[-1][1]).astype(np.int64),
        np.array(rows, dtype=np.int64),
        np.concatenate(bases),
    )
    return layout, own


@compiled  # type: ignore[untyped-decorator]
def find_mode(
    layout: Layout, cells: Cells, scale: Array, own_scale: float, z: Array, own_z: Array, tolerance: float, skewed: bool
) -> Any:
    """Return the mode of the coefficients by Newton's method, and the normal around it.

    Parameters
    ----------
    scale, own_scale
        Standard deviation of each shared block (the intercept first), and of the own block.
    z, own_z
        Where to start; dims (shared coefficient) and (own level).
    tolerance
        Stop when the Newton decrement, the distance to the mode in standard deviations, is below.
    skewed
        Correct for the skewness of the own levels: widths for each side, and the mean of the shared coefficients.

    Returns
    -------
    tuple
        Laplace approximation of the log-density of the data; mode of shared and own coefficients; Cholesky factor of
        the shared curvature; own curvature; weights where shared and own levels meet; widths below and above of each
        own level (1 when not skewed), centre for the proposals of shared and own; whether Newton arrived.
    """
    size, levels = len(own_z), layout.blocks[-1, 1]
    z, own_z = z.copy(), own_z.copy()
    eta = np.empty(len(layout.own))
    value, gradient, curvature = np.empty_like(eta), np.empty_like(eta), np.empty_like(eta)
    step_eta, trial = np.empty_like(eta), np.empty_like(eta)
    _predict(layout, _to_levels(layout, scale, z), own_scale * own_z, eta)
    derivatives(cells.kind, eta, cells.table, cells.flat, value, gradient, curvature)
    objective = value.sum() - 0.5 * (z @ z) - 0.5 * (own_z @ own_z)
    arrived = False
    for _ in range(100):
        slope, own_slope, matrix, own_curvature, meeting = _gather(layout, gradient, curvature, size, levels)
        h = 1.0 + own_scale**2 * own_curvature
        own_slope = own_scale * own_slope - own_z
        _eliminate(layout, own_scale, h, own_slope, meeting, slope, matrix)
        factor = np.linalg.cholesky(_whiten(layout, scale, matrix))
        right = _to_coefficients(layout, scale, slope) - z
        step = _solve(factor, right)
        step_levels = _to_levels(layout, scale, step)
        own_step = (own_slope - own_scale * _meet(layout, meeting, step_levels, size)) / h
        decrement = right @ step + (own_slope**2 / h).sum()
        if not decrement >= tolerance**2:
            arrived = decrement >= 0  # False for NaN
            break
        _predict(layout, step_levels, own_scale * own_step, step_eta)
        length, better = 1.0, False
        for _ in range(40):
            trial[:] = eta + length * step_eta
            derivatives(cells.kind, trial, cells.table, cells.flat, value, gradient, curvature)
            new_z, new_own = z + length * step, own_z + length * own_step
            new = value.sum() - 0.5 * (new_z @ new_z) - 0.5 * (new_own @ new_own)
            if new >= objective + 1e-4 * length * decrement:
                better = True
                break
            length /= 2
        if not better:  # at the limit of rounding
            derivatives(cells.kind, eta, cells.table, cells.flat, value, gradient, curvature)
            arrived = decrement < 1e-4
            break
        z, own_z, objective = new_z, new_own, new
        eta[:] = trial
    # the last step is taken without looking again: its error is of the order of the decrement squared
    peak = objective + 0.5 * decrement
    below, above = np.ones(size), np.ones(size)
    shift, own_shift = step, own_step
    laplace = peak - np.log(np.diag(factor)).sum() - 0.5 * np.log(h).sum()
    if skewed and size > 0 and arrived:
        bend = _sides(layout, cells, own_scale, h, eta, value, gradient, below, above)
        pull = _pull(layout, own_scale, h, meeting, bend, levels)
        moved = _solve(factor, _to_coefficients(layout, scale, pull))
        shift = step + moved
        own_shift = own_step - own_scale * _meet(layout, meeting, _to_levels(layout, scale, moved), size) / h
        laplace += np.log((below + above) / 2).sum() + 0.5 * (_to_coefficients(layout, scale, pull) @ moved)
    return laplace, z + step, own_z + own_step, factor, h, meeting, below, above, z + shift, own_z + own_shift, arrived


@compiled  # type: ignore[untyped-decorator]
def propose(
    layout: Layout, cells: Cells, scales: Array, own_scales: Array, start: Array, tolerance: float,
    normal: Array, uniform: Array, z: Array, ratio: Array, laplace: Array,
) -> None:  # fmt: skip
    """Write draws of the coefficients for each of several standard deviations, with their log importance ratios.

    Parameters
    ----------
    scales, own_scales
        Dims (point, shared block) and (point).
    start
        Where Newton starts, dims (point, coefficient): shared ones first, then own.
    normal, uniform
        Random numbers, dims (point, each, coefficient): standard normals, and uniforms for the side of own levels.
    z, ratio
        To be written, dims (point, each, coefficient) and (point, each): the draws, and the log of likelihood x prior
        of the coefficients over the density of the proposal.
    laplace
        To be written, dims (point): Laplace approximation of the log-density of the data.
    """
    size, dense = len(layout.start) - 1, layout.blocks[-1, 3]
    wider = 1 + WIDER / math.sqrt(dense + size)
    eta = np.empty(len(layout.own))
    value = np.empty_like(eta)
    for point in range(len(own_scales)):
        scale, own_scale = scales[point], own_scales[point]
        laplace[point], _, _, factor, h, meeting, below, above, centre, own_centre, arrived = find_mode(
            layout, cells, scale, own_scale, start[point, :dense], start[point, dense:], tolerance, True
        )
        spread = wider / np.sqrt(h)
        normalised = np.log(np.diag(factor) / wider).sum() - np.log(spread * (below + above) / 2).sum()
        for each in range(ratio.shape[1]):
            e, here = normal[point, each], z[point, each]
            away = _solve_transposed(factor, wider * e[:dense])
            here[:dense] = centre + away
            moved = _meet(layout, meeting, _to_levels(layout, scale, away), size)
            for level in range(size):
                side = uniform[point, each, dense + level]
                up = side * (below[level] + above[level]) < above[level]
                width = spread[level] * (above[level] if up else -below[level])
                here[dense + level] = (
                    own_centre[level] - own_scale * moved[level] / h[level] + width * abs(e[dense + level])
                )
            _predict(layout, _to_levels(layout, scale, here[:dense]), own_scale * here[dense:], eta)
            values(cells.kind, eta, cells.table, cells.flat, value)
            density = normalised - 0.5 * (e @ e)
            ratio[point, each] = value.sum() - 0.5 * (here @ here) - density if arrived else -np.inf


# ---- inside


@compiled  # type: ignore[untyped-decorator]
def _to_levels(layout: Layout, scale: Array, z: Array) -> Array:
    """Return the effect of each shared level: scale x basis @ z, block by block."""
    out = np.empty(layout.blocks[-1, 1])
    for block in range(len(layout.blocks)):
        first, last, begin, end, basis = layout.blocks[block]
        if basis < 0:
            out[first:last] = scale[block] * z[begin:end]
        else:
            matrix = layout.bases[basis : basis + (last - first) * (end - begin)].reshape(last - first, end - begin)
            out[first:last] = scale[block] * (matrix @ z[begin:end])
    return out


@compiled  # type: ignore[untyped-decorator]
def _to_coefficients(layout: Layout, scale: Array, levels: Array) -> Array:
    """Return a gradient by coefficient from one by level: scale x basis' @ levels, block by block."""
    out = np.empty(layout.blocks[-1, 3])
    for block in range(len(layout.blocks)):
        first, last, begin, end, basis = layout.blocks[block]
        if basis < 0:
            out[begin:end] = scale[block] * levels[first:last]
        else:
            matrix = layout.bases[basis : basis + (last - first) * (end - begin)].reshape(last - first, end - begin)
            out[begin:end] = scale[block] * (levels[first:last] @ matrix)
    return out


@compiled  # type: ignore[untyped-decorator]
def _whiten(layout: Layout, scale: Array, matrix: Array) -> Array:
    """Return I + D B' M B D from the lower triangle of M by level."""
    size, total = layout.blocks[-1, 1], layout.blocks[-1, 3]
    for i in range(size):
        for j in range(i):
            matrix[j, i] = matrix[i, j]
    half = np.empty((total, size))
    for level in range(size):
        half[:, level] = _to_coefficients(layout, scale, matrix[level])
    out = np.empty((total, total))
    for coefficient in range(total):
        out[coefficient] = _to_coefficients(layout, scale, half[coefficient])
        out[coefficient, coefficient] += 1.0
    return out


@compiled  # type: ignore[untyped-decorator]
def _predict(layout: Layout, levels: Array, own_levels: Array, eta: Array) -> None:
    """Write the linear predictor of each cell."""
    terms, own = layout.terms, layout.own
    for c in range(terms.shape[0]):
        total = own_levels[own[c]] if len(own_levels) > 0 else 0.0
        for t in range(terms.shape[1]):
            total += levels[terms[c, t]]
        eta[c] = total


@compiled  # type: ignore[untyped-decorator]
def _gather(layout: Layout, gradient: Array, curvature: Array, size: int, levels: int) -> Any:
    """Return gradient and curvature summed by level: shared, own, shared x shared (lower triangle), shared x own."""
    terms, own, position = layout.terms, layout.own, layout.position
    slope, own_slope = np.zeros(levels), np.zeros(size)
    matrix, own_curvature, meeting = np.zeros((levels, levels)), np.zeros(size), np.zeros(len(layout.columns))
    for c in range(terms.shape[0]):
        g, w = gradient[c], curvature[c]
        if size > 0:
            own_slope[own[c]] += g
            own_curvature[own[c]] += w
        for t in range(terms.shape[1]):
            level = terms[c, t]
            slope[level] += g
            if size > 0:
                meeting[position[c, t]] += w
            for s in range(t + 1):
                matrix[level, terms[c, s]] += w
    return slope, own_slope, matrix, own_curvature, meeting


@compiled  # type: ignore[untyped-decorator]
def _eliminate(
    layout: Layout, own_scale: float, h: Array, own_slope: Array, meeting: Array, slope: Array, matrix: Array
) -> None:
    """Subtract what the own block explains from slope and matrix of the shared levels (Schur complement)."""
    start, columns = layout.start, layout.columns
    for level in range(len(h)):
        explained, pulled = own_scale**2 / h[level], own_scale * own_slope[level] / h[level]
        for a in range(start[level], start[level + 1]):
            slope[columns[a]] -= pulled * meeting[a]
            share = explained * meeting[a]
            for b in range(start[level], a + 1):
                matrix[columns[a], columns[b]] -= share * meeting[b]


@compiled  # type: ignore[untyped-decorator]
def _meet(layout: Layout, meeting: Array, levels: Array, size: int) -> Array:
    """Return, for each own level, the sum over shared levels of where they meet x the shared level's effect."""
    out = np.zeros(size)
    for level in range(size):
        for a in range(layout.start[level], layout.start[level + 1]):
            out[level] += meeting[a] * levels[layout.columns[a]]
    return out


@compiled  # type: ignore[untyped-decorator]
def _sides(
    layout: Layout, cells: Cells, own_scale: float, h: Array, eta: Array, value: Array, gradient: Array,
    below: Array, above: Array,
) -> Array:  # fmt: skip
    """Write how wide each side of an own level's density is, and return the third derivative of each cell.

    Given the shared coefficients the own levels are independent, so that each density is one-dimensional: its drop
    `REACH` standard deviations away gives the width of a normal of that side; the cells' values there give a secant of
    their third derivative.
    """
    own, size = layout.own, len(h)
    there, low, high = np.empty_like(eta), np.empty_like(eta), np.empty_like(eta)
    distance = REACH * own_scale / np.sqrt(h)
    for c in range(len(eta)):
        there[c] = eta[c] - distance[own[c]]
    values(cells.kind, there, cells.table, cells.flat, low)
    for c in range(len(eta)):
        there[c] = eta[c] + distance[own[c]]
    values(cells.kind, there, cells.table, cells.flat, high)
    drop_below, drop_above, bend = np.zeros(size), np.zeros(size), np.zeros(len(eta))
    for c in range(len(eta)):
        level, d = own[c], distance[own[c]]
        drop_below[level] += value[c] - gradient[c] * d - low[c]
        drop_above[level] += value[c] + gradient[c] * d - high[c]
        if d > 1e-3:
            bend[c] = 6 * ((high[c] - low[c]) / 2 - gradient[c] * d) / d**3
    for level in range(size):  # the prior adds its own, the slope at the mode is zero
        prior = REACH**2 / (2 * h[level])
        below[level] = REACH / math.sqrt(2 * max(drop_below[level], 0.0) + 2 * prior)
        above[level] = REACH / math.sqrt(2 * max(drop_above[level], 0.0) + 2 * prior)
    return bend


@compiled  # type: ignore[untyped-decorator]
def _pull(layout: Layout, own_scale: float, h: Array, meeting: Array, bend: Array, levels: int) -> Array:
    """Return the gradient, by shared level, of the log of the own levels' widths: what moves the mean off the mode."""
    terms, own = layout.terms, layout.own
    out, total = np.zeros(levels), np.zeros(len(h))
    for c in range(terms.shape[0]):
        variance = own_scale**2 / h[own[c]]
        total[own[c]] += 0.5 * variance * bend[c]
        for t in range(terms.shape[1]):
            out[terms[c, t]] += 0.5 * variance * bend[c]
    for level in range(len(h)):
        for a in range(layout.start[level], layout.start[level + 1]):
            out[layout.columns[a]] -= own_scale**2 / h[level] * meeting[a] * total[level]
    return out


@compiled  # type: ignore[untyped-decorator]
def _solve_lower(factor: Array, right: Array) -> Array:
    out = right.copy()
    for i in range(len(out)):
        total = out[i]
        for j in range(i):
            total -= factor[i, j] * out[j]
        out[i] = total / factor[i, i]
    return out


@compiled  # type: ignore[untyped-decorator]
def _solve_transposed(factor: Array, right: Array) -> Array:
    out = right.copy()
    for i in range(len(out) - 1, -1, -1):
        out[i] /= factor[i, i]
        for j in range(i):
            out[j] -= factor[i, j] * out[i]
    return out


@compiled  # type: ignore[untyped-decorator]
def _solve(factor: Array, right: Array) -> Array:
    """Return the solution for a matrix given by its lower Cholesky factor."""
    return _solve_transposed(factor, _solve_lower(factor, right))
