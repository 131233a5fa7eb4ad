"""The PyMC graph of a model: readable variables with dims and coords; data and prior scales as `pm.Data`.

Also the graph that NUTS walks: the same posterior in other coordinates, with few nodes and few data, since both cost
time to compile. What is computed for every cell is in `models.likelihood`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg

from navmodels.data.survey import Survey
from navmodels.models.blocks import Block
from navmodels.models.model import Design, Model, design


@dataclass(frozen=True, eq=False)
class Coordinates:
    """A change of variables in which the same posterior is easy to walk; any values are valid.

    Coefficients stand in the order: intercept or thresholds, then block after block, channel after channel. Thresholds
    are walked as the first over its scale, and the logarithms of the gaps between them, so that they stay in order.

    Attributes
    ----------
    centre, spread
        Dims (coefficient) and (coefficient, coefficient): of the intercept over its scale and every v.
    power
        Dims (coefficient): 0 non-centred, -1 centred (Papaspiliopoulos et al. 2007); 0 for the intercept or thresholds.
    reference
        A rough standard deviation of each block.
    parameters
        A rough value of each parameter of the standard deviations.
    """

    centre: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]
    power: npt.NDArray[np.float64]
    reference: dict[str, float]
    parameters: dict[str, float]


def to_pymc(model: Model, survey: Survey) -> Any:
    """Return the model of a survey as a `pymc.Model`.

    Each term has its effects by level (``county_effect``, dims ``county``), their standard deviation (``county_sd``)
    where it is learned, and the non-centred ``county_z``. Prior scales (``county_scale``), indices and observed numbers
    are `pm.Data`. A rating has ``threshold`` (dims ``cut``) in place of the intercept; effects of a choice have a
    further dim ``category``. The model can be extended, sampled and drawn from like any other.

    Parameters
    ----------
    model, survey
        What is believed, and what was observed.

    Returns
    -------
    pymc.Model

    Raises
    ------
    ValueError
        As `design` does.

    Notes
    -----
    A fit holds the effects but not their ``_z``, which PyMC would draw anew from the prior. For posterior predictive
    draws keep the effects: ``pm.sample_posterior_predictive(fit, freeze_vars=list(fit["posterior"].data_vars))``.

    The likelihood and the linear predictor have code for numba and for Python, none for JAX. Data may be exchanged with
    `pymc.set_data`, the number of cells too; arrays that are NaN for some cells, with ``graph["sd"].set_value``.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> from navmodels.models import Group, Model, Share, to_pymc
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> graph = to_pymc(Model(Share(), Group("office")), survey)
    >>> sorted(variable.name for variable in graph.free_RVs)
    ['intercept', 'office_sd', 'office_z']
    """
    return build_graph(design(model, survey))


def build_graph(arrays: Design, *, coordinates: Coordinates | None = None) -> Any:
    """Return the graph of a design; see `to_pymc`. With `coordinates`, the same posterior as NUTS walks it easily."""
    return _plain(arrays) if coordinates is None else _walked(arrays, coordinates)


def walk_numbers(arrays: Design, coordinates: Coordinates) -> dict[str, npt.NDArray[Any]]:
    """Return every number of the graph that NUTS walks, by the name of its `pm.Data`.

    ``walk`` holds centre and power of each coefficient, the reference of the intercept and of each block, and the prior
    scales: of the intercept, of each parameter, and the fixed number of each block. ``spread``, dims (coefficient,
    walked); ``index``, dims (term, cell); ``table``, dims (column, cell), and ``flat`` are what the kernel takes;
    ``offset``, dims (level), is the prior mean of the effects, where one is not zero.
    Coefficients and levels stand in the order intercept, blocks with a basis, other blocks.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> from navmodels.inference.coordinates import plain_coordinates
    >>> from navmodels.models import Group, Model, Share, design
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> arrays = design(Model(Share(), Group("office")), survey)
    >>> {name: value.shape for name, value in walk_numbers(arrays, plain_coordinates(arrays)).items()}
    {'walk': (11,), 'spread': (3, 3), 'index': (1, 2), 'table': (3, 2)}
    """
    from navmodels.inference.kernels import FLAT, pack

    blocks, base = arrays.blocks, len(arrays.channels.based)
    parts = [(place, channel) for place, block in enumerate(blocks) for channel in block.channels]
    given = dict(zip(parts, _spans([blocks[place].size for place, _ in parts], start=base), strict=True))
    order = np.concatenate(
        [np.arange(base), *(np.arange(given[part].start, given[part].stop) for part in _parts(arrays))]
    )
    levels = _level_spans(arrays)
    index = [blocks[place].index + levels[place, channel].start for place, channel in _parts(arrays)]
    scale = [arrays.model.intercept_scale, *(prior.scale for prior in arrays.parameters.values())]
    scale += [block.scale.fixed for block in blocks]
    reference = [arrays.model.intercept_scale, *(coordinates.reference[block.name] for block in blocks)]
    _, table, flat = pack(arrays.model.outcome.kernel, arrays.data)
    order = order.astype(int)
    numbers = {
        "walk": np.concatenate([coordinates.centre[order], coordinates.power[order], reference, scale]),
        "spread": coordinates.spread[order],
        "index": np.array(index, dtype=np.int32).reshape(len(parts), table.shape[1]),
        "table": table,
    }
    if arrays.model.outcome.kernel in FLAT:
        numbers["flat"] = flat
    if any(block.offset is not None for block in blocks):
        numbers["offset"] = np.concatenate([_offset(blocks[place]) for place, _ in _parts(arrays)])
    return numbers


# ---- inside: the graph to read


def _plain(arrays: Design) -> Any:
    import pymc as pm
    import pytensor.tensor as pt

    from navmodels.models.likelihood import LinearMap, LinearPredictor

    outcome, channels = arrays.model.outcome, arrays.channels
    cells = {"cell": range(arrays.survey.cells.sizes["cell"])}
    coords: dict[str, Any] = {block.name: block.labels for block in arrays.blocks}
    coords |= {_coefficient(block): range(block.size) for block in arrays.blocks if block.basis is not None}
    if outcome.observed == "count":
        coords |= {"category": arrays.survey.cells["category"].to_numpy().tolist()}
    if channels.dim is not None:
        coords |= {channels.dim: list(channels.labels), "contrast": range(len(channels.based))}
    with pm.Model(coords={**coords, **cells}) as graph:
        parameters = {
            name: prior.variable(name, pm.Data(f"{name.removesuffix('_sd')}_scale", prior.scale))
            for name, prior in arrays.parameters.items()
        }
        effects, index, first = [np.zeros(0)], [], 0
        base = _base(arrays, pm.Data("intercept_scale", arrays.model.intercept_scale))
        for block in arrays.blocks:
            several = block.channels == channels.based and channels.dim is not None
            dims = (_coefficient(block), *(("contrast",) if several else ()))
            z = pm.Normal(f"{block.name}_z", dims=dims)
            columns = [z[:, place] for place in range(len(block.channels))] if several else [z]
            raw = columns if block.basis is None else [LinearMap()(block.basis, column) for column in columns]
            fixed = pm.Data(f"{block.name}_scale", block.scale.fixed) if not block.scale.parts else block.scale.fixed
            scale = replace(block.scale, fixed=1.0).of(parameters) * fixed
            offset = 0.0 if block.offset is None else pm.Data(f"{block.name}_mean", block.offset)
            effects += [scale * column + offset for column in raw]
            shown = _shown(arrays, effects[-len(raw) :], block.channels)
            pm.Deterministic(f"{block.name}_effect", shown, dims=(block.name, *((channels.dim,) if several else ())))
            level = pm.Data(f"{block.name}_index", block.index.astype(np.int32), dims="cell")
            for _ in block.channels:
                index.append(level + first)
                first += len(block.levels)
        picked = pt.stack(index) if index else np.zeros((0, len(cells["cell"])), dtype=np.int32)
        eta = LinearPredictor()(base, pt.concatenate(effects), picked, arrays.fed)
        _observe(arrays, eta)
    return graph


def _base(arrays: Design, scale: Any) -> Any:
    """Return the base of each channel, dims (channel), with the variables behind it."""
    import pymc as pm
    import pytensor.tensor as pt

    outcome, channels = arrays.model.outcome, arrays.channels
    if channels.dim is None:
        return pm.Normal(outcome.base, 0.0, scale)[None]
    if len(channels.based) == channels.size:
        z = pm.Normal(f"{outcome.base}_z", dims="contrast")
        base = scale * z
        shown = _shown(arrays, [base[place] for place in range(channels.size)], channels.based)
        pm.Deterministic(outcome.base, shown, dims=channels.dim)
        return base
    start = np.linspace(-1.0, 1.0, len(channels.labels)) if len(channels.labels) > 1 else np.zeros(1)
    ordered = pm.distributions.transforms.ordered
    threshold = pm.CustomDist(
        outcome.base,
        scale,
        logp=lambda value, scale: pm.logp(pm.Normal.dist(0.0, scale), value),
        random=lambda scale, rng, size: np.sort(rng.normal(0.0, scale, size=size)),  # a normal kept to rising order
        dims=channels.dim,
        transform=ordered,
        initval=start,
    )
    return pt.concatenate([np.zeros(1), threshold])


def _observe(arrays: Design, eta: Any) -> None:
    """Add the observed numbers of every cell."""
    import pymc as pm

    outcome = arrays.model.outcome
    dims = ("cell", "category") if outcome.observed == "count" else ("cell",)
    data = {
        name: _data(name, value, dims=dims if name == outcome.observed else None) for name, value in arrays.data.items()
    }
    shape = [np.zeros(data[outcome.observed].get_value().shape[1])] if len(dims) > 1 else []  # of a cell's answers
    pm.CustomDist(
        f"{outcome.observed}_observed",
        eta,
        *shape,
        logp=lambda value, eta, *_: _log_likelihood(outcome.kernel, eta, data | {outcome.observed: value}),
        random=lambda eta, *_, rng, size: outcome.draw(
            eta, {name: each.get_value() for name, each in data.items()}, rng
        ),
        observed=data[outcome.observed],
        dims=dims,
        signature="(d),(k)->(k)" if shape else "(d)->()",
    )


def _shown(arrays: Design, columns: Sequence[Any], channels: tuple[int, ...]) -> Any:
    """Return coefficients, one variable a channel, as a fit shows them."""
    import pytensor.tensor as pt

    shown = arrays.channels
    if shown.dim is None or shown.spread is None or channels != shown.based:
        return columns[0]
    parts = [
        sum(weight * column for weight, column in zip(row, columns, strict=True) if weight) for row in shown.spread
    ]
    return pt.stack(parts, axis=-1)


def _data(name: str, value: npt.NDArray[Any], **options: Any) -> Any:
    """Return data of the graph that may be NaN where a cell has no such number, which `pm.Data` takes for missing."""
    import pymc as pm

    variable = pm.Data(name, np.nan_to_num(value), **options)
    variable.set_value(value)
    return variable


def _coefficient(block: Block) -> str:
    return block.name if block.basis is None else f"{block.name}_coefficient"


def _log_likelihood(kernel: str, eta: Any, data: Mapping[str, Any]) -> Any:
    """Return the log-likelihood of each cell, dims (cell)."""
    import pytensor.tensor as pt

    from navmodels.inference.kernels import COLUMNS, FLAT
    from navmodels.models.likelihood import CellLikelihood

    rows = [data[name].T if name == "count" else data[name][None] for name in COLUMNS[kernel]]
    flat = data[FLAT[kernel]].ravel() if kernel in FLAT else np.zeros(0)
    return CellLikelihood(kernel)(eta, pt.concatenate(rows), flat)[0]


# ---- inside: the graph to walk


def _walked(arrays: Design, at: Coordinates) -> Any:
    """Return the posterior in terms of one flat vector and the parameters of the standard deviations.

    v = centre + spread @ walked, z = v * (s / reference) ** power. The prior density of z and the logarithm of the
    change of variables are added as a potential.
    """
    import pymc as pm
    import pytensor.tensor as pt

    from navmodels.models.likelihood import CellLikelihood, LinearMap, LinearPredictor

    blocks, count, base = arrays.blocks, len(at.centre), len(arrays.channels.based)
    ends = np.cumsum([0, count, count, 1 + len(blocks), 1, len(arrays.parameters), len(blocks)])
    coords: dict[str, Any] = {block.name: block.labels for block in blocks}
    if arrays.channels.dim is not None:
        coords |= {arrays.channels.dim: list(arrays.channels.labels)}
    with pm.Model(coords=coords, check_bounds=False) as graph:
        data = {
            name: _data(name, value, shape=value.shape if name in ("walk", "spread") else (None,) * value.ndim)
            for name, value in walk_numbers(arrays, at).items()
        }
        centre, power, reference, own, scale, fixed = (data["walk"][a:b] for a, b in pairwise(map(int, ends)))
        parameters = {
            name: prior.variable(name, scale[place]) for place, (name, prior) in enumerate(arrays.parameters.items())
        }
        scales = [replace(block.scale, fixed=1.0).of(parameters) for block in blocks]
        walked = pm.Flat("walked", shape=count)
        v = centre + LinearMap()(data["spread"], walked)
        first, density = _walked_base(arrays, v[:base], own)
        effects = pt.zeros(0)
        if blocks:
            matrix, of_coefficient, of_level = _maps(arrays)
            sds = fixed * pt.stack(scales)
            bend = power[base:] * LinearMap()(of_coefficient, pt.log(sds / reference[1:]))
            z = v[base:] * pt.exp(bend)
            density += pt.sum(bend - 0.5 * z**2)
            raw = pt.concatenate([LinearMap()(matrix, z[: matrix.shape[1]]), z[matrix.shape[1] :]])
            effects = raw * LinearMap()(of_level, sds) + data.get("offset", 0.0)
        pm.Potential("walk_density", density)
        levels = _level_spans(arrays)
        for place, block in enumerate(blocks):
            shown = _shown(arrays, [effects[levels[place, channel]] for channel in block.channels], block.channels)
            several = shown.ndim > 1 and arrays.channels.dim is not None
            pm.Deterministic(
                f"{block.name}_effect", shown, dims=(block.name, *((arrays.channels.dim,) if several else ()))
            )
        fed = np.array([channel for _, channel in _parts(arrays)], dtype=np.int64)
        eta = LinearPredictor()(first, effects, data["index"], fed)
        kernel = CellLikelihood(arrays.model.outcome.kernel)
        pm.Potential("likelihood", kernel(eta, data["table"], data.get("flat", np.zeros(0)))[0].sum())
    return graph


def _walked_base(arrays: Design, v: Any, scale: Any) -> tuple[Any, Any]:
    """Return the base of each channel, dims (channel), and its log-density, up to a constant."""
    import pymc as pm
    import pytensor.tensor as pt

    channels, name = arrays.channels, arrays.model.outcome.base
    if len(channels.based) == channels.size:
        base = scale * v
        shown = _shown(arrays, [base[place] for place in range(channels.size)], channels.based)
        pm.Deterministic(name, shown, dims=channels.dim)
        return base, -0.5 * pt.sum(v**2)
    threshold = scale * v[0] + pt.concatenate([np.zeros(1), pt.cumsum(pt.exp(v[1:]))])
    pm.Deterministic(name, threshold, dims=channels.dim)
    return pt.concatenate([np.zeros(1), threshold]), pt.sum(v[1:]) - 0.5 * pt.sum((threshold / scale) ** 2)


def _maps(arrays: Design) -> tuple[npt.NDArray[np.float64], ...]:
    """Return the bases of all blocks in one, and which block each coefficient and each level belongs to."""
    parts, one_hot = _parts(arrays), np.eye(len(arrays.blocks))
    with_basis = [basis for place, _ in parts if (basis := arrays.blocks[place].basis) is not None]
    matrix = linalg.block_diag(*with_basis) if with_basis else np.zeros((0, 0))
    which = [place for place, _ in parts]
    of_coefficient = np.repeat(one_hot[which], [arrays.blocks[place].size for place in which], axis=0)
    of_level = np.repeat(one_hot[which], [len(arrays.blocks[place].levels) for place in which], axis=0)
    return matrix, of_coefficient, of_level


def _parts(arrays: Design) -> list[tuple[int, int]]:
    """Return place and channel of each part in the walked graph: those with a basis first, for one product."""
    order = sorted(range(len(arrays.blocks)), key=lambda place: arrays.blocks[place].basis is None)
    return [(place, channel) for place in order for channel in arrays.blocks[place].channels]


def _offset(block: Block) -> npt.NDArray[np.float64]:
    return np.zeros(len(block.levels)) if block.offset is None else block.offset


def _level_spans(arrays: Design) -> dict[tuple[int, int], slice]:
    """Return where the levels of each part stand in the walked graph."""
    parts = _parts(arrays)
    return dict(zip(parts, _spans([len(arrays.blocks[place].levels) for place, _ in parts], start=0), strict=True))


def _spans(sizes: Sequence[int], *, start: int) -> list[slice]:
    """Return where parts of these sizes stand, one after the other."""
    stops = np.cumsum([start, *sizes])
    return [slice(int(first), int(last)) for first, last in pairwise(stops)]
