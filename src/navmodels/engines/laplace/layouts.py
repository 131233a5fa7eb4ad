"""How coefficients meet cells: the layout of a design for compiled code, and sums over cells from one to the other.

Coefficients are whitened, z ~ N(0, I). Each cell belongs to one level of the largest block with an identity basis, so
that this block (here *own*) has a diagonal curvature and is eliminated exactly by its Schur complement; the rest
(*shared*: the intercept and all other blocks) is dense. Sums over cells are made level by level and meet the bases
afterwards, so that a step costs cells x terms, whatever the bases.

Of a block whose levels are each one coefficient times a number (a covariate, lines by group), the coefficients are the
shared levels, and each cell meets one with a weight of its own, so that it costs as they do, however many values the
covariate has. All other weights are 1.

A block that feeds several linear predictors of a cell (channels) counts as one shared block for each. The own block
feeds the first channel alone: of a choice, where all blocks feed all channels, none is eliminated.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from navmodels.engines.laplace.triangles import dot_from, multiply
from navmodels.likelihoods.bounds import require_layout
from navmodels.likelihoods.compilation import compiled_part
from navmodels.likelihoods.kernels import Kind
from navmodels.likelihoods.outcomes import Array
from navmodels.likelihoods.packing import pair
from navmodels.models.designs import Design

Places = npt.NDArray[np.int64]
Part = tuple[int | None, int]  # a block (None: what stands for the intercept) and a channel


class Layout(NamedTuple):
    """How coefficients meet cells, as compiled code reads it.

    ``own`` dims (cell): level of the own block; levels without cells meet nothing. A shared block is *nested* when each
    own level lies within one of its levels, as county and the intercept for county:industry; the others *vary*. Levels
    count through all shared blocks, nested ones first. ``mix`` dims (cell): which combination of levels of varying
    blocks; ``terms`` dims (mix, varying block): these levels, and ``weight``, of the same dims, what the effect of each
    is multiplied by. ``columns[start[l]:start[l + 1]]`` are the shared levels that meet own level l, its nested ones
    first (``nested`` of them, with their ``nested_weight``); ``position`` dims (cell, varying block) are places among
    them. ``blocks`` dims (shared block, 6): first and last level, first and last coefficient, where the basis starts in
    ``bases`` (-1: identity), and the channel; ``fed`` dims (level) the channel of each shared level, ``channels`` their
    number; the first ``base`` coefficients are the intercept or thresholds.
    ``offset`` dims (cell) is added to the first channel.
    """

    own: Places
    mix: Places
    terms: Places
    weight: Array
    position: Places
    start: Places
    columns: Places
    nested_weight: Array
    nested: int
    blocks: Places
    bases: Array
    fed: Places
    channels: int
    base: int
    offset: Array


class Walls(NamedTuple):
    """Categories that a level with thresholds of its own never used: where two of its thresholds may meet.

    ``cell`` and ``gap`` dims (wall): a cell of the level, and the channel of the lower threshold; ``known`` dims (wall)
    the information that the answers hold on each; ``row`` the shared block of the thresholds.
    """

    cell: Places
    gap: Places
    known: Array
    row: int


class Cells(NamedTuple):
    """What was observed, as `kernels.pack` gives it; `soft` is the table by which modes are sought, off the `walls`.

    ``box`` dims (own level, 2): half-width and error of the plateau of a level with one cell whose likelihood is a
    plateau (0: it is not); None where none can have one.
    """

    kind: Kind
    table: Array
    flat: Array
    soft: Array
    walls: Walls | None = None
    box: Array | None = None


def lay_out(design: Design) -> tuple[Layout, int | None, list[Part]]:
    """Return the layout of a design, the place of its own block, and the shared blocks by place and channel.

    Without a block that has an identity basis and feeds the first channel alone, the own block is one level whose scale
    is zero, and its place None.
    """
    sizes = [block.size if block.basis is None and block.channels == (0,) else 0 for block in design.blocks]
    own = int(np.argmax(sizes)) if any(sizes) else None
    cells = design.survey.cells.sizes["cell"]
    level: dict[int | None, Places] = {place: block.index.astype(np.int64) for place, block in enumerate(design.blocks)}
    level[None] = np.zeros(cells, dtype=np.int64)
    group = level[own]
    size = 1 if own is None else design.blocks[own].size
    rest = [place for place in range(len(design.blocks)) if place != own]
    nests = [place for place in rest if _is_nested(level[place], group)]
    base: list[Part] = [(None, channel) for channel in design.channels.common]
    nested = [*base, *((place, channel) for place in nests for channel in design.blocks[place].channels)]
    varying = [(place, channel) for place in rest if place not in nests for channel in design.blocks[place].channels]
    rows, bases, terms, weights, fed = [], [np.empty(0)], [], [], []
    first = begin = basis = 0
    for place, channel in [*nested, *varying]:
        block = None if place is None else design.blocks[place]
        single = block is not None and block.single
        coefficients, levels = (1, 1) if block is None else (block.size, block.size if single else len(block.levels))
        matrix = np.empty(0) if block is None or block.basis is None or single else block.basis.ravel()
        rows.append((first, first + levels, begin, begin + coefficients, basis if len(matrix) else -1, channel))
        met, times = block.meets() if block is not None and single else (level[place], np.ones(cells))
        terms.append(first + met)
        weights.append(times)
        fed += [channel] * levels
        bases.append(matrix)
        first, begin, basis = first + levels, begin + coefficients, basis + len(matrix)
    together, weight = np.stack(terms, axis=1), np.stack(weights, axis=1)
    varied = np.stack([level[place] for place, _ in varying], axis=1) if varying else np.empty((cells, 0))
    _, at, mix = np.unique(varied, axis=0, return_index=True, return_inverse=True)
    pairs, pair_at, position = np.unique(group[:, None] * first + together, return_index=True, return_inverse=True)
    layout = Layout(
        group,
        mix.ravel().astype(np.int64),
        np.ascontiguousarray(together[at, len(nested) :]),
        np.ascontiguousarray(weight[at, len(nested) :]),
        np.ascontiguousarray(position.reshape(together.shape)[:, len(nested) :].astype(np.int64)),
        np.searchsorted(pairs // first, np.arange(size + 1)).astype(np.int64),
        pairs % first,
        weight.ravel()[pair_at],
        len(nested),
        np.array(rows, dtype=np.int64),
        np.concatenate(bases),
        np.array(fed, dtype=np.int64),
        design.channels.size,
        len(base),
        design.offset,
    )
    require_layout(layout)
    return layout, own, [*nested, *varying]


@compiled_part
def to_levels(blocks: Places, bases: Array, scale: Array, z: Array) -> Array:
    """Return the effect of each shared level: scale x basis @ z, block by block."""
    out = np.empty(blocks[-1, 1])
    for block in range(len(blocks)):
        first, last, begin, end, basis = _span(blocks, block)
        for level in range(first, last):
            if basis < 0:
                out[level] = scale[block] * z[begin + level - first]
            else:
                row = basis + (level - first) * (end - begin)
                out[level] = scale[block] * dot_from(bases, row, z, begin, end - begin)
    return out


@compiled_part
def to_coefficients(blocks: Places, bases: Array, scale: Array, levels: Array, out: Array) -> None:
    """Write a gradient by coefficient from one by level: scale x basis' @ levels, block by block."""
    for i in range(blocks[-1, 3]):
        out[i] = 0.0
    for block in range(len(blocks)):
        first, last, begin, end, basis = _span(blocks, block)
        for level in range(first, last):
            if basis < 0:
                out[begin + level - first] = scale[block] * levels[level]
            else:
                row = basis + (level - first) * (end - begin)
                for i in range(end - begin):
                    out[begin + i] += scale[block] * bases[row + i] * levels[level]


@compiled_part
def whiten(blocks: Places, bases: Array, scale: Array, matrix: Array) -> Array:
    """Return I + D B' M B D from the lower triangle of M by level."""
    for i in range(len(matrix)):
        for j in range(i):
            matrix[j, i] = matrix[i, j]
    out = _rows(blocks, bases, scale, _rows(blocks, bases, scale, matrix))
    for i in range(len(out)):
        out[i, i] += 1.0
    return out


@compiled_part
def predict(layout: Layout, levels: Array, own_scale: float, z: Array, offset: Array, eta: Array) -> None:
    """Write the linear predictors of each cell, dims (cell, channel); the offset is added to the first channel."""
    own, mix, terms, fed, channels = layout.own, layout.mix, layout.terms, layout.fed, layout.channels
    start, columns, weight, nested_weight = layout.start, layout.columns, layout.weight, layout.nested_weight
    size = len(start) - 1
    nested, varied, dense = np.zeros((size, channels)), np.zeros((len(terms), channels)), len(z) - size
    for level in range(size):
        nested[level, 0] = own_scale * z[dense + level]
        for a in range(start[level], _end_of_nested(start, layout.nested, level)):
            column = columns[a]
            nested[level, fed[column]] += nested_weight[a] * levels[column]
    for m in range(len(terms)):
        for t in range(terms.shape[1]):
            column = terms[m, t]
            varied[m, fed[column]] += weight[m, t] * levels[column]
    for c in range(len(own)):
        eta[c, 0] = nested[own[c], 0] + varied[mix[c], 0] + offset[c]
    for d in range(1, channels):
        for c in range(len(own)):
            eta[c, d] = nested[own[c], d] + varied[mix[c], d]


@compiled_part
def gather(layout: Layout, gradient: Array, curvature: Array) -> Any:
    """Return gradient and curvature summed by level: shared, own, shared x shared (lower triangle), shared x own."""
    own, mix, terms, position, start = layout.own, layout.mix, layout.terms, layout.position, layout.start
    columns, fed, channels, weight, nested_weight = (
        layout.columns, layout.fed, layout.channels, layout.weight, layout.nested_weight
    )  # fmt: skip
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
                meeting[position[c, t], d] += weight[mix[c], t] * curvature[c, both]
    for m in range(len(terms)):
        for t in range(terms.shape[1]):
            level, times = terms[m, t], weight[m, t]
            here = fed[level]
            slope[level] += times * mix_slope[m, here]
            for s in range(t + 1):
                other = terms[m, s]
                matrix[level, other] += times * weight[m, s] * mix_curvature[m, pair(here, fed[other])]
    for level in range(size):  # what is nested follows from the own levels
        varying = _end_of_nested(start, layout.nested, level)
        for a in range(start[level], varying):
            column, times = columns[a], nested_weight[a]
            here = fed[column]
            meeting[a, 0] = times * own_curvature[level, pair(here, 0)]
            slope[column] += times * own_slope[level, here]
            for b in range(start[level], a + 1):
                other = columns[b]
                matrix[column, other] += times * nested_weight[b] * own_curvature[level, pair(here, fed[other])]
            for b in range(varying, start[level + 1]):
                matrix[columns[b], column] += times * meeting[b, here]
    return slope, _first(own_slope), matrix, _first(own_curvature), _first(meeting)


@compiled_part
def eliminate(
    start: Places, columns: Places, own_scale: float, h: Array, own_slope: Array, meeting: Array, slope: Array,
    matrix: Array,
) -> None:  # fmt: skip
    """Subtract what the own block explains from slope and matrix of the shared levels (Schur complement)."""
    for level in range(len(h)):
        explained, pulled = own_scale * own_scale / h[level], own_scale * own_slope[level] / h[level]
        for a in range(start[level], start[level + 1]):
            column, share = columns[a], explained * meeting[a]
            slope[column] -= pulled * meeting[a]
            for b in range(start[level], a + 1):
                matrix[column, columns[b]] -= share * meeting[b]


@compiled_part
def meet(start: Places, columns: Places, meeting: Array, levels: Array) -> Array:
    """Return, for each own level, the sum over shared levels of where they meet x the shared level's effect."""
    out = np.zeros(len(start) - 1)
    for level in range(len(out)):
        for a in range(start[level], start[level + 1]):
            out[level] += meeting[a] * levels[columns[a]]
    return out


# ---- inside


def _is_nested(level: Places, group: Places) -> bool:
    """Return whether each group lies within one level."""
    return len(np.unique(group * (int(level.max(initial=0)) + 1) + level)) == len(np.unique(group))


@compiled_part
def _end_of_nested(start: Places, nested: int, level: int) -> int:
    """Return where the nested shared levels that an own level meets end in `columns`: it meets none without cells."""
    begin, end = int(start[level]), int(start[level + 1])
    return begin + nested if begin + nested < end else end


@compiled_part
def _first(matrix: Array) -> Array:
    """Return the first column."""
    out = np.empty(len(matrix))
    for i in range(len(out)):
        out[i] = matrix[i, 0]
    return out


@compiled_part
def _span(blocks: Places, block: int) -> tuple[int, int, int, int, int]:
    """Return first and last level of a block, its first and last coefficient, and where its basis starts."""
    return blocks[block, 0], blocks[block, 1], blocks[block, 2], blocks[block, 3], blocks[block, 4]


@compiled_part
def _rows(blocks: Places, bases: Array, scale: Array, matrix: Array) -> Array:
    """Return the transpose of scale x basis' @ matrix, rows from levels to coefficients, block by block."""
    out = np.empty((matrix.shape[1], blocks[-1, 3]))
    for block in range(len(blocks)):
        first, last, begin, end, basis = _span(blocks, block)
        if basis < 0:
            for i in range(len(out)):
                for level in range(first, last):
                    out[i, begin + level - first] = scale[block] * matrix[level, i]
        else:
            multiply(bases[basis:], matrix, first, last, scale[block], out, begin, end)
    return out
