"""The graph that NUTS samples: the same posterior as that of `models.graph` in other coordinates.

It has few nodes and few data, since both cost time to compile. What coordinates suit a posterior is found in
`coordinates`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg

from navmodels.likelihoods import kernels
from navmodels.models.blocks import Block
from navmodels.models.designs import Design
from navmodels.models.graph import observed_data

FIXED = ("coordinates", "curvature")  # numbers whose shape is part of the structure


@dataclass(frozen=True, eq=False)
class Coordinates:
    """A change of variables in which the same posterior is easy to sample; any values are valid.

    Coefficients stand in the order: intercept or thresholds, then block after block, channel after channel. Thresholds
    are sampled as the first over its scale, and the logarithms of the gaps between them, so that they stay in order.
    How coefficients come from whitened ones is in `whitening`.

    Attributes
    ----------
    curvature, pull
        Dims (coefficient, coefficient) and (coefficient): what the data say of the intercept over its scale and of
        every effect, as a normal likelihood exp(pull' x - x' curvature x / 2); zero for coefficients as they are.
    parameters
        A rough value of each parameter of the standard deviations.
    """

    curvature: npt.NDArray[np.float64]
    pull: npt.NDArray[np.float64]
    parameters: dict[str, float]


def build_sampling_graph(design: Design, at: Coordinates) -> Any:
    """Return the posterior in terms of one flat vector and the parameters of the standard deviations.

    The prior density of the coefficients and the logarithm of the change of variables are added as a potential.
    """
    import pymc as pm
    import pytensor.tensor as pt

    from navmodels.engines.nuts.whitening import Coloured
    from navmodels.models.operations import CellLikelihood, LinearMap, LinearPredictor

    blocks, channels, count = design.blocks, design.channels, len(at.pull)
    base, (_, own) = len(channels.common), coefficient_order(design)
    ends = np.cumsum([0, count, own, 2, len(design.parameters), len(blocks)])
    coords: dict[str, Any] = {block.name: block.labels for block in blocks}
    if channels.dim is not None:
        coords |= {channels.dim: list(channels.labels)}
    with pm.Model(coords=coords, check_bounds=False) as graph:
        data = {
            name: observed_data(name, value, shape=value.shape if name in FIXED else (None,) * value.ndim)
            for name, value in graph_numbers(design, at).items()
        }
        pull, alone, common, scale, fixed = (data["coordinates"][a:b] for a, b in pairwise(map(int, ends)))
        parameters = {
            name: prior.variable(name, scale[place]) for place, (name, prior) in enumerate(design.parameters.items())
        }
        scales = [replace(block.scale, fixed=1.0).of(parameters) for block in blocks]
        matrix, of_coefficient, of_level = _maps(design)
        sds = fixed * pt.stack(scales) if blocks else pt.zeros(0)
        spread = pt.concatenate([np.ones(base), LinearMap()(of_coefficient, sds)]) if blocks else np.ones(base)
        z, volume, _ = Coloured()(pm.Flat("whitened", shape=count), spread, pull, data["curvature"], alone)
        first, density = channels.from_coordinates(z[:base], common[0], common[1])
        effects = pt.zeros(0)
        if blocks:
            own_z = z[base:]
            density -= 0.5 * pt.sum(own_z**2)
            raw = pt.concatenate([LinearMap()(matrix, own_z[: matrix.shape[1]]), own_z[matrix.shape[1] :]])
            effects = raw * LinearMap()(of_level, sds) + data.get("offset", 0.0)
        pm.Potential("coefficient_density", density + volume)
        levels = _level_spans(design)
        for place, block in enumerate(blocks):
            columns = [effects[levels[place, channel]] for channel in block.channels]
            over = (channels.dim,) if channels.spans(block.channels) else ()
            shown = channels.shown_variables(columns, block.channels)
            pm.Deterministic(f"{block.name}_effect", shown, dims=(block.name, *over))
        fed = np.array([channel for _, channel in _parts(design)], dtype=np.int64)
        eta = LinearPredictor()(first, effects, data["index"], fed)
        kernel = CellLikelihood(design.model.outcome.kernel)
        pm.Potential("likelihood", kernel(eta, data["table"], data.get("flat", np.zeros(0)))[0].sum())
    return graph


def graph_numbers(design: Design, coordinates: Coordinates) -> dict[str, npt.NDArray[Any]]:
    """Return every number of the graph that NUTS samples, by the name of its `pm.Data`.

    ``coordinates`` holds the pull of each coefficient, the curvature of own ones, and the prior scales: mean and scale
    of the intercept, of each parameter, and the fixed number of each block. ``curvature``, dims (shared, coefficient);
    ``index``, dims (term, cell); ``table``, dims (column, cell), and ``flat`` are what the kernel takes; ``offset``,
    dims (level), is the prior mean of the effects, where one is not zero. Coefficients and levels stand in the order
    intercept, blocks with a basis, other blocks, of which the largest is the last: its coefficients are own.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> from navmodels.engines.nuts.coordinates import plain_coordinates
    >>> from navmodels.models import Group, Model, design
    >>> from navmodels import Share
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> made = design(Model(Share(), Group("office")), survey)
    >>> {name: value.shape for name, value in graph_numbers(made, plain_coordinates(made)).items()}
    {'coordinates': (9,), 'curvature': (1, 3), 'index': (1, 2), 'table': (3, 2)}
    """
    blocks, parts = design.blocks, _parts(design)
    levels = _level_spans(design)
    index = [blocks[place].index + levels[place, channel].start for place, channel in parts]
    scale = [design.intercept_mean, design.intercept_scale, *(prior.scale for prior in design.parameters.values())]
    scale += [block.scale.fixed for block in blocks]
    _, table, flat = kernels.pack(design.model.outcome.kernel, design.data)
    order, own = coefficient_order(design)
    curvature, shared = coordinates.curvature[np.ix_(order, order)], len(order) - own
    numbers = {
        "coordinates": np.concatenate([coordinates.pull[order], np.diag(curvature)[shared:], scale]),
        "curvature": np.ascontiguousarray(curvature[:shared]),
        "index": np.array(index, dtype=np.int32).reshape(len(parts), table.shape[1]),
        "table": table,
    }
    if len(flat):
        numbers["flat"] = flat
    if any(block.offset is not None for block in blocks):
        numbers["offset"] = np.concatenate([_offset(blocks[place]) for place, _ in parts])
    return numbers


def coefficient_order(design: Design) -> tuple[npt.NDArray[np.intp], int]:
    """Return the place of each coefficient of the sampling graph among those of the design, and how many are own.

    Those are the last part's, unless it has a basis: its levels meet in no cell.
    """
    blocks, base, parts = design.blocks, len(design.channels.common), _parts(design)
    given = [(place, channel) for place, block in enumerate(blocks) for channel in block.channels]
    spans = dict(zip(given, _spans([blocks[place].size for place, _ in given], start=base), strict=True))
    order = [np.arange(base), *(np.arange(spans[part].start, spans[part].stop) for part in parts)]
    last = blocks[parts[-1][0]] if parts else None
    return np.concatenate(order), 0 if last is None or last.basis is not None else last.size


# ---- inside


def _maps(design: Design) -> tuple[npt.NDArray[np.float64], ...]:
    """Return the bases of all blocks in one, and which block each coefficient and each level belongs to."""
    parts, one_hot = _parts(design), np.eye(len(design.blocks))
    with_basis = [basis for place, _ in parts if (basis := design.blocks[place].basis) is not None]
    matrix = linalg.block_diag(*with_basis) if with_basis else np.zeros((0, 0))
    which = [place for place, _ in parts]
    of_coefficient = np.repeat(one_hot[which], [design.blocks[place].size for place in which], axis=0)
    of_level = np.repeat(one_hot[which], [len(design.blocks[place].levels) for place in which], axis=0)
    return matrix, of_coefficient, of_level


def _parts(design: Design) -> list[tuple[int, int]]:
    """Return place and channel of each part in the sampling graph.

    Those with a basis come first, for one product; of the others the largest is the last.
    """
    blocks = design.blocks
    order = sorted(range(len(blocks)), key=lambda place: -1 if blocks[place].basis is not None else blocks[place].size)
    return [(place, channel) for place in order for channel in blocks[place].channels]


def _offset(block: Block) -> npt.NDArray[np.float64]:
    return np.zeros(len(block.levels)) if block.offset is None else block.offset


def _level_spans(design: Design) -> dict[tuple[int, int], slice]:
    """Return where the levels of each part stand in the sampling graph."""
    parts = _parts(design)
    return dict(zip(parts, _spans([len(design.blocks[place].levels) for place, _ in parts], start=0), strict=True))


def _spans(sizes: Sequence[int], *, start: int) -> list[slice]:
    """Return where parts of these sizes stand, one after the other."""
    stops = np.cumsum([start, *sizes])
    return [slice(int(first), int(last)) for first, last in pairwise(stops)]
