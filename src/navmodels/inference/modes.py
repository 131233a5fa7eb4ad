"""Mode, curvature and proposals of the coefficients for given standard deviations: the compiled half of `laplace`.

Coefficients are whitened, z ~ N(0, I). Each cell belongs to one level of the largest block with an identity basis, so
that this block (here *own*) has a diagonal curvature and is eliminated exactly by its Schur complement; the rest
(*shared*: the intercept and all other blocks) is dense. Sums over cells are made level by level and meet the bases
afterwards, so that a step costs cells x terms, whatever the bases.

A block that feeds several linear predictors of a cell (channels) counts as one shared block for each. The own block
feeds the first channel alone: of a choice, where all blocks feed all channels, none is eliminated.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from navmodels.inference.kernels import Array, compiled, derivatives, pair, values
from navmodels.models.model import Design

Places = npt.NDArray[np.int64]
Part = tuple[int | None, int]  # a block (None: what stands for the intercept) and a channel


class Layout(NamedTuple):
    """How coefficients meet cells, as compiled code reads it.

    ``own`` dims (cell): level of the own block. A shared block is *nested* when each own level lies within one of its
    levels, as county and the intercept for county:industry; the others *vary*. Levels count through all shared blocks,
    nested ones first. ``mix`` dims (cell): which combination of levels of varying blocks; ``terms`` dims (mix, varying
    block): these levels. ``columns[start[l]:start[l + 1]]`` are the shared levels that meet own level l, its nested
    ones first (``nested`` of them); ``position`` dims (cell, varying block) are places among them. ``blocks`` dims
    (shared block, 6): first and last level, first and last coefficient, where the basis starts in ``bases`` (-1:
    identity), and the channel; ``fed`` dims (level) the channel of each shared level, ``channels`` their number; the
    first ``base`` coefficients are the intercept or thresholds.
    ``offset`` dims (cell) is added to the first channel.
    """

    own: Places
    mix: Places
    terms: Places
    position: Places
    start: Places
    columns: Places
    nested: int
    blocks: Places
    bases: Array
    fed: Places
    channels: int
    base: int
    offset: Array


class Cells(NamedTuple):
    """What was observed, as `kernels.pack` gives it; `soft` is the table by which modes are sought."""

    kind: int
    table: Array
    flat: Array
    soft: Array


def lay_out(arrays: Design) -> tuple[Layout, int | None, list[Part]]:
    """Return the layout of a design, the place of its own block, and the shared blocks by place and channel.

    Without a block that has an identity basis and feeds the first channel alone, the own block is one level whose scale
    is zero, and its place None.
    """
    sizes = [block.size if block.basis is None and block.channels == (0,) else 0 for block in arrays.blocks]
    own = int(np.argmax(sizes)) if any(sizes) else None
    cells = arrays.survey.cells.sizes["cell"]
    level: dict[int | None, Places] = {place: block.index.astype(np.int64) for place, block in enumerate(arrays.blocks)}
    level[None] = np.zeros(cells, dtype=np.int64)
    group = level[own]
    size = 1 if own is None else arrays.blocks[own].size
    rest = [place for place in range(len(arrays.blocks)) if place != own]
    nests = [place for place in rest if _is_nested(level[place], group)]
    base: list[Part] = [(None, channel) for channel in arrays.channels.based]
    nested = [*base, *((place, channel) for place in nests for channel in arrays.blocks[place].channels)]
    varying = [(place, channel) for place in rest if place not in nests for channel in arrays.blocks[place].channels]
    rows, bases, terms, fed = [], [np.empty(0)], [], []
    first = begin = basis = 0
    for place, channel in [*nested, *varying]:
        block = None if place is None else arrays.blocks[place]
        levels, coefficients = (1, 1) if block is None else (len(block.levels), block.size)
        matrix = np.empty(0) if block is None or block.basis is None else block.basis.ravel()
        rows.append((first, first + levels, begin, begin + coefficients, basis if len(matrix) else -1, channel))
        terms.append(first + level[place])
        fed += [channel] * levels
        bases.append(matrix)
        first, begin, basis = first + levels, begin + coefficients, basis + len(matrix)
    together = np.stack(terms, axis=1)
    varied, mix = np.unique(together[:, len(nested) :], axis=0, return_inverse=True)
    pairs, position = np.unique(group[:, None] * first + together, return_inverse=True)
    layout = Layout(
        group,
        mix.ravel().astype(np.int64),
        np.ascontiguousarray(varied),
        np.ascontiguousarray(position.reshape(together.shape)[:, len(nested) :].astype(np.int64)),
        np.searchsorted(pairs // first, np.arange(size + 1)).astype(np.int64),
        pairs % first,
        len(nested),
        np.array(rows, dtype=np.int64),
        np.concatenate(bases),
        np.array(fed, dtype=np.int64),
        arrays.channels.size,
        len(base),
        arrays.offset,
    )
    return layout, own, [*nested, *varying]


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
        Stop when the Newton decrement, the distance to the mode in standard deviations, is below.
    reach
        Standard deviations away at which the width of each side of an own level's density is measured; the mean of the
        shared coefficients follows. 0: no correction for skewness.

    Returns
    -------
    tuple
        Laplace approximation of the log-density of the data; mode of shared and own coefficients; Cholesky factor of
        the shared curvature; own curvature; weights where shared and own levels meet; widths below and above of each
        own level (1 without correction), centre for the proposals of shared and own; whether Newton arrived.
    """
    size = len(own_z)
    z, own_z = z.copy(), own_z.copy()
    eta = np.empty((len(layout.own), layout.channels))
    value, gradient, curvature = np.empty(len(eta)), np.empty_like(eta), _packed(eta)
    step_eta, trial, none = np.empty_like(eta), np.empty_like(eta), np.zeros(len(eta))
    objective: Any = -np.inf
    for _ in range(20):  # a start with thresholds out of order is drawn towards those of all levels
        _predict(layout, _to_levels(layout, scale, z), own_scale * own_z, layout.offset, eta)
        derivatives(cells.kind, eta, cells.soft, cells.flat, value, gradient, curvature)
        objective = value.sum() - 0.5 * (z @ z) - 0.5 * (own_z @ own_z)
        if objective > -np.inf:
            break
        z[layout.base :] *= 0.5
        own_z *= 0.5
    arrived, decrement, h, meeting = False, np.nan, np.ones(size), np.zeros(len(layout.columns))
    own_curvature = np.zeros(size)
    step, own_step, factor = np.zeros(len(z)), np.zeros(size), np.eye(len(z))
    for _ in range(100):
        slope, own_slope, matrix, own_curvature, meeting = _gather(layout, gradient, curvature)
        h = 1.0 + own_scale**2 * own_curvature
        own_slope = own_scale * own_slope - own_z
        _eliminate(layout, own_scale, h, own_slope, meeting, slope, matrix)
        factor, solved = _factor(_whiten(layout, scale, matrix))
        if not solved:
            break
        right = _to_coefficients(layout, scale, slope) - z
        step = _solve(factor, right)
        step_levels = _to_levels(layout, scale, step)
        own_step = (own_slope - own_scale * _meet(layout, meeting, step_levels)) / h
        decrement = right @ step + (own_slope**2 / h).sum()
        if not decrement >= tolerance**2:
            arrived = decrement >= 0  # False for NaN
            break
        _predict(layout, step_levels, own_scale * own_step, none, step_eta)
        length, better = 1.0, False
        for _ in range(40):
            for c in range(len(eta)):
                for d in range(layout.channels):
                    trial[c, d] = eta[c, d] + length * step_eta[c, d]
            derivatives(cells.kind, trial, cells.soft, cells.flat, value, gradient, curvature)
            new_z, new_own = z + length * step, own_z + length * own_step
            new = value.sum() - 0.5 * (new_z @ new_z) - 0.5 * (new_own @ new_own)
            if new >= objective + 1e-4 * length * decrement:
                better = True
                break
            length /= 2
        if not better:  # at the limit of rounding
            derivatives(cells.kind, eta, cells.soft, cells.flat, value, gradient, curvature)
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
        bend = _sides(layout, cells, own_scale, h, reach, eta, value, gradient, below, above)
        pull = _pull(layout, own_scale, h, own_curvature, meeting, bend)
        moved = _solve(factor, _to_coefficients(layout, scale, pull))
        shift = step + moved
        own_shift = own_step - own_scale * _meet(layout, meeting, _to_levels(layout, scale, moved)) / h
        laplace += np.log((below + above) / 2).sum() + 0.5 * (_to_coefficients(layout, scale, pull) @ moved)
    return laplace, z + step, own_z + own_step, factor, h, meeting, below, above, z + shift, own_z + own_shift, arrived


@compiled
def propose(
    layout: Layout, cells: Cells, scales: Array, own_scales: Array, start: Array, tolerance: float, reach: float,
    wider: float, normal: Array, uniform: Array, z: Array, ratio: Array, laplace: Array,
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
    z, ratio
        To be written, dims (point, each, coefficient) and (point, each): the draws, and the log of likelihood x prior
        of the coefficients over the density of the proposal; NaN where Newton did not arrive.
    laplace
        To be written, dims (point): Laplace approximation of the log-density of the data.
    """
    size, dense = len(layout.start) - 1, layout.blocks[-1, 3]
    eta = np.empty((len(layout.own), layout.channels))
    value = np.empty(len(eta))
    for point in range(len(own_scales)):
        scale, own_scale = scales[point], own_scales[point]
        laplace[point], _, _, factor, h, meeting, below, above, centre, own_centre, _ = find_mode(
            layout, cells, scale, own_scale, start[point, :dense], start[point, dense:], tolerance, reach
        )
        valid = np.isfinite(laplace[point])  # where Newton did not arrive, it may still propose
        spread = wider / np.sqrt(h)
        normalised = np.log(np.diag(factor) / wider).sum() - np.log(spread * (below + above) / 2).sum()
        for each in range(ratio.shape[1]):
            e, here = normal[point, each], z[point, each]
            away = _solve_transposed(factor, wider * e[:dense])
            here[:dense] = centre + away
            moved = _meet(layout, meeting, _to_levels(layout, scale, away))
            for level in range(size):
                side = uniform[point, each, dense + level]
                up = side * (below[level] + above[level]) < above[level]
                width = spread[level] * (above[level] if up else -below[level])
                here[dense + level] = (
                    own_centre[level] - own_scale * moved[level] / h[level] + width * abs(e[dense + level])
                )
            _predict(layout, _to_levels(layout, scale, here[:dense]), own_scale * here[dense:], layout.offset, eta)
            values(cells.kind, eta, cells.table, cells.flat, value)
            density = normalised - 0.5 * (e @ e)
            log_ratio = value.sum() - 0.5 * (here @ here) - density
            ratio[point, each] = log_ratio if valid and log_ratio < np.inf else np.nan


# ---- inside


def _is_nested(level: Places, group: Places) -> bool:
    """Return whether each group lies within one level."""
    return len(np.unique(np.stack([group, level]), axis=1).T) == len(np.unique(group))


@compiled
def _to_levels(layout: Layout, scale: Array, z: Array) -> Array:
    """Return the effect of each shared level: scale x basis @ z, block by block."""
    out = np.empty(layout.blocks[-1, 1])
    for block in range(len(layout.blocks)):
        first, last, begin, end, basis, _ = layout.blocks[block]
        if basis < 0:
            out[first:last] = scale[block] * z[begin:end]
        else:
            matrix = layout.bases[basis : basis + (last - first) * (end - begin)].reshape(last - first, end - begin)
            out[first:last] = scale[block] * (matrix @ z[begin:end])
    return out


@compiled
def _to_coefficients(layout: Layout, scale: Array, levels: Array) -> Array:
    """Return a gradient by coefficient from one by level: scale x basis' @ levels, block by block."""
    out = np.empty(layout.blocks[-1, 3])
    for block in range(len(layout.blocks)):
        first, last, begin, end, basis, _ = layout.blocks[block]
        if basis < 0:
            out[begin:end] = scale[block] * levels[first:last]
        else:
            matrix = layout.bases[basis : basis + (last - first) * (end - begin)].reshape(last - first, end - begin)
            out[begin:end] = scale[block] * (levels[first:last] @ matrix)
    return out


@compiled
def _rows(layout: Layout, scale: Array, matrix: Array) -> Array:
    """Return scale x basis' @ matrix, rows from levels to coefficients, block by block."""
    out = np.empty((layout.blocks[-1, 3], matrix.shape[1]))
    for block in range(len(layout.blocks)):
        first, last, begin, end, basis, _ = layout.blocks[block]
        if basis < 0:
            out[begin:end] = scale[block] * matrix[first:last]
        else:
            size = (last - first) * (end - begin)
            out[begin:end] = scale[block] * (
                layout.bases[basis : basis + size].reshape(last - first, end - begin).T @ matrix[first:last]
            )
    return out


@compiled
def _whiten(layout: Layout, scale: Array, matrix: Array) -> Array:
    """Return I + D B' M B D from the lower triangle of M by level."""
    for i in range(len(matrix)):
        for j in range(i):
            matrix[j, i] = matrix[i, j]
    out = _rows(layout, scale, np.ascontiguousarray(_rows(layout, scale, matrix).T))
    for i in range(len(out)):
        out[i, i] += 1.0
    return out


@compiled
def _packed(eta: Array) -> Array:
    """Return room for the second derivatives of each cell, dims (cell, pair)."""
    return np.empty((eta.shape[0], eta.shape[1] * (eta.shape[1] + 1) // 2))


@compiled
def _predict(layout: Layout, levels: Array, own_levels: Array, offset: Array, eta: Array) -> None:
    """Write the linear predictors of each cell, dims (cell, channel); the offset is added to the first channel."""
    own, mix, terms, fed, channels = layout.own, layout.mix, layout.terms, layout.fed, layout.channels
    nested, varied = np.zeros((len(own_levels), channels)), np.zeros((len(terms), channels))
    for level in range(len(nested)):
        nested[level, 0] = own_levels[level]
        for a in range(layout.start[level], layout.start[level] + layout.nested):
            nested[level, fed[layout.columns[a]]] += levels[layout.columns[a]]
    for m in range(len(terms)):
        for t in range(terms.shape[1]):
            varied[m, fed[terms[m, t]]] += levels[terms[m, t]]
    for c in range(len(own)):
        eta[c, 0] = nested[own[c], 0] + varied[mix[c], 0] + offset[c]
    for d in range(1, channels):
        for c in range(len(own)):
            eta[c, d] = nested[own[c], d] + varied[mix[c], d]


@compiled
def _gather(layout: Layout, gradient: Array, curvature: Array) -> Any:
    """Return gradient and curvature summed by level: shared, own, shared x shared (lower triangle), shared x own."""
    own, mix, terms, position, start = layout.own, layout.mix, layout.terms, layout.position, layout.start
    columns, fed, channels = layout.columns, layout.fed, layout.channels
    levels, size, pairs = layout.blocks[-1, 1], len(start) - 1, curvature.shape[1]
    slope, matrix, meeting = np.zeros(levels), np.zeros((levels, levels)), np.zeros((len(columns), channels))
    own_slope, own_curvature = np.zeros((size, channels)), np.zeros((size, pairs))
    mix_slope, mix_curvature = np.zeros((len(terms), channels)), np.zeros((len(terms), pairs))
    for d in range(channels):
        for c in range(len(own)):
            own_slope[own[c], d] += gradient[c, d]
            mix_slope[mix[c], d] += gradient[c, d]
    for d in range(pairs):
        for c in range(len(own)):
            own_curvature[own[c], d] += curvature[c, d]
            mix_curvature[mix[c], d] += curvature[c, d]
    for t in range(terms.shape[1]):
        here = fed[terms[0, t]]  # a block feeds one channel
        for d in range(channels):
            both = pair(here, d)
            for c in range(len(own)):
                meeting[position[c, t], d] += curvature[c, both]
    for m in range(len(terms)):
        for t in range(terms.shape[1]):
            level = terms[m, t]
            here = fed[level]
            slope[level] += mix_slope[m, here]
            for s in range(t + 1):
                matrix[level, terms[m, s]] += mix_curvature[m, pair(here, fed[terms[m, s]])]
    for level in range(size):  # what is nested follows from the own levels
        varying = start[level] + layout.nested
        for a in range(start[level], varying):
            here = fed[columns[a]]
            meeting[a, 0] = own_curvature[level, pair(here, 0)]
            slope[columns[a]] += own_slope[level, here]
            for b in range(start[level], a + 1):
                matrix[columns[a], columns[b]] += own_curvature[level, pair(here, fed[columns[b]])]
            for b in range(varying, start[level + 1]):
                matrix[columns[b], columns[a]] += meeting[b, here]
    return slope, own_slope[:, 0].copy(), matrix, own_curvature[:, 0].copy(), meeting[:, 0].copy()


@compiled
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


@compiled
def _meet(layout: Layout, meeting: Array, levels: Array) -> Array:
    """Return, for each own level, the sum over shared levels of where they meet x the shared level's effect."""
    out = np.zeros(len(layout.start) - 1)
    for level in range(len(out)):
        for a in range(layout.start[level], layout.start[level + 1]):
            out[level] += meeting[a] * levels[layout.columns[a]]
    return out


@compiled
def _sides(
    layout: Layout, cells: Cells, own_scale: float, h: Array, reach: float, eta: Array, value: Array, gradient: Array,
    below: Array, above: Array,
) -> Array:  # fmt: skip
    """Write how wide each side of an own level's density is, and return the third derivative of each cell.

    Given the shared coefficients the own levels are independent, so that each density is one-dimensional: its drop
    `reach` standard deviations away gives the width of a normal of that side; the cells' values there give a secant of
    their third derivative.
    """
    own, size = layout.own, len(h)
    there, low, high = eta.copy(), np.empty(len(eta)), np.empty(len(eta))
    distance = reach * own_scale / np.sqrt(h)
    for c in range(len(eta)):
        there[c, 0] = eta[c, 0] - distance[own[c]]
    values(cells.kind, there, cells.soft, cells.flat, low)
    for c in range(len(eta)):
        there[c, 0] = eta[c, 0] + distance[own[c]]
    values(cells.kind, there, cells.soft, cells.flat, high)
    drop_below, drop_above, bend = np.zeros(size), np.zeros(size), np.zeros(len(eta))
    for c in range(len(eta)):
        level, d = own[c], distance[own[c]]
        drop_below[level] += value[c] - gradient[c, 0] * d - low[c]
        drop_above[level] += value[c] + gradient[c, 0] * d - high[c]
        if d > 1e-3:
            bend[c] = 6 * ((high[c] - low[c]) / 2 - gradient[c, 0] * d) / d**3
    for level in range(size):  # the prior adds its own, the slope at the mode is zero
        prior = reach**2 / (2 * h[level])
        below[level] = reach / math.sqrt(2 * max(drop_below[level], 0.0) + 2 * prior)
        above[level] = reach / math.sqrt(2 * max(drop_above[level], 0.0) + 2 * prior)
    return bend


@compiled
def _pull(layout: Layout, own_scale: float, h: Array, own_curvature: Array, meeting: Array, bend: Array) -> Array:
    """Return the gradient, by shared level, of the log of the own levels' widths: what moves the mean off the mode.

    Thresholds share what moves them in proportion to their curvature, which is enough for a proposal.
    """
    own, mix, terms, start, columns = layout.own, layout.mix, layout.terms, layout.start, layout.columns
    out, total, varied = np.zeros(layout.blocks[-1, 1]), np.zeros(len(h)), np.zeros(len(terms))
    for c in range(len(own)):
        here = 0.5 * own_scale**2 / h[own[c]] * bend[c]
        total[own[c]] += here
        varied[mix[c]] += here
    for m in range(len(terms)):
        for t in range(terms.shape[1]):
            if layout.fed[terms[m, t]] == 0:
                out[terms[m, t]] += varied[m]
    for level in range(len(h)):
        for a in range(start[level], start[level + 1]):
            out[columns[a]] -= own_scale**2 / h[level] * meeting[a] * total[level]
            if a < start[level] + layout.nested and own_curvature[level] > 0:
                out[columns[a]] += total[level] * meeting[a] / own_curvature[level]
    return out


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
