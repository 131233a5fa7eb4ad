"""The PyMC graph of a model: readable variables with dims and coords; data and prior scales as `pm.Data`.

Also the graph that NUTS walks: the same posterior in other coordinates, with few nodes and few data, since both cost
time to compile. What is computed for every cell is in `models.likelihood`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg

from navmodels.data.survey import Survey
from navmodels.models.model import Design, Model, design
from navmodels.models.priors import Prior
from navmodels.models.terms import Block


@dataclass(frozen=True, eq=False)
class Coordinates:
    """A change of variables in which the same posterior is easy to walk; any values are valid.

    Attributes
    ----------
    centre, spread
        Dims (coefficient) and (coefficient, coefficient): of the intercept over its scale and every v.
    power
        Dims (coefficient): 0 non-centred, -1 centred (Papaspiliopoulos et al. 2007); first entry for the intercept.
    reference
        A rough standard deviation of each block.
    """

    centre: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]
    power: npt.NDArray[np.float64]
    reference: dict[str, float]


def to_pymc(model: Model, survey: Survey) -> Any:
    """Return the model of a survey as a `pymc.Model`.

    Each term has its effects by level (``county_effect``, dims ``county``), their standard deviation (``county_sd``)
    where it is learned, and the non-centred ``county_z``. Prior scales (``county_scale``), indices and observed numbers
    are `pm.Data`. The model can be extended, sampled and drawn from like any other.

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

    ``walk`` holds centre and power of each coefficient, then the reference and the prior scale of the intercept and of
    each block; ``spread``, dims (coefficient, walked); ``index``, dims (term, cell); ``table``, dims (column, cell),
    and ``flat`` are what the kernel takes. Coefficients and levels stand in the order intercept, blocks with a basis,
    other blocks.

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
    {'walk': (10,), 'spread': (3, 3), 'index': (1, 2), 'table': (3, 2)}
    """
    from navmodels.inference.kernels import FLAT, pack

    blocks, places = arrays.blocks, _places(arrays)
    given = _spans([block.size for block in blocks], range(len(blocks)))
    order = np.concatenate([[0], *(np.arange(given[place].start, given[place].stop) for place in places)]).astype(int)
    levels = _spans([len(block.levels) for block in blocks], places)
    index = [block.index + levels[place].start for place, block in enumerate(blocks)]
    own = [block.prior.scale if isinstance(block.prior, Prior) else block.prior for block in blocks]
    scale = np.array([arrays.model.intercept_scale, *own], dtype=float)
    reference = np.array([scale[0], *(coordinates.reference[block.name] for block in blocks)])
    _, table, flat = pack(arrays.model.outcome.kernel, arrays.data)
    numbers = {
        "walk": np.concatenate([coordinates.centre[order], coordinates.power[order], reference, scale]),
        "spread": coordinates.spread[order],
        "index": np.array(index, dtype=np.int32).reshape(len(blocks), table.shape[1]),
        "table": table,
    }
    return numbers | ({"flat": flat} if arrays.model.outcome.kernel in FLAT else {})


# ---- inside: the graph to read


def _plain(arrays: Design) -> Any:
    import pymc as pm
    import pytensor.tensor as pt

    from navmodels.models.likelihood import LinearMap, LinearPredictor

    outcome, size = arrays.model.outcome, arrays.survey.cells.sizes["cell"]
    coords: dict[str, Any] = {block.name: block.labels for block in arrays.blocks}
    coords |= {_coefficient(block): range(block.size) for block in arrays.blocks if block.basis is not None}
    with pm.Model(coords={**coords, "cell": range(size)}) as graph:
        scales = {block.name: _scale(block) for block in arrays.blocks}
        intercept = pm.Normal("intercept", 0.0, pm.Data("intercept_scale", arrays.model.intercept_scale))
        effects, index, first = [np.zeros(0)], [], 0
        for block in arrays.blocks:
            z = pm.Normal(f"{block.name}_z", dims=_coefficient(block))
            raw = z if block.basis is None else LinearMap()(block.basis, z)
            effects.append(pm.Deterministic(f"{block.name}_effect", scales[block.name] * raw, dims=block.name))
            index.append(pm.Data(f"{block.name}_index", block.index.astype(np.int32), dims="cell") + first)
            first += len(block.levels)
        picked = pt.stack(index) if index else np.zeros((0, size), dtype=np.int32)
        eta = LinearPredictor()(intercept, pt.concatenate(effects), picked)
        data = {
            name: _data(name, value, dims="cell" if name == outcome.observed else None)
            for name, value in arrays.data.items()
        }
        pm.CustomDist(
            f"{outcome.observed}_observed",
            eta,
            logp=lambda value, eta: _log_likelihood(outcome.kernel, eta, data | {outcome.observed: value}),
            random=lambda eta, rng, size: outcome.draw(
                eta, {name: each.get_value() for name, each in data.items()}, rng
            ),
            observed=data[outcome.observed],
            dims="cell",
        )
    return graph


def _data(name: str, value: npt.NDArray[Any], **options: Any) -> Any:
    """Return data of the graph that may be NaN where a cell has no such number, which `pm.Data` takes for missing."""
    import pymc as pm

    variable = pm.Data(name, np.nan_to_num(value), **options)
    variable.set_value(value)
    return variable


def _coefficient(block: Block) -> str:
    return block.name if block.basis is None else f"{block.name}_coefficient"


def _scale(block: Block) -> Any:
    """Return the standard deviation of a block: a variable with its prior, or the fixed number."""
    import pymc as pm

    scale = pm.Data(f"{block.name}_scale", block.prior.scale if isinstance(block.prior, Prior) else block.prior)
    return block.prior.variable(f"{block.name}_sd", scale) if isinstance(block.prior, Prior) else scale


def _log_likelihood(kernel: str, eta: Any, data: Mapping[str, Any]) -> Any:
    """Return the log-likelihood of each cell, dims (cell)."""
    import pytensor.tensor as pt

    from navmodels.inference.kernels import COLUMNS, FLAT
    from navmodels.models.likelihood import CellLikelihood

    table = pt.stack([data[name] for name in COLUMNS[kernel]])
    return CellLikelihood(kernel)(eta, table, data[FLAT[kernel]] if kernel in FLAT else np.zeros(0))[0]


# ---- inside: the graph to walk


def _walked(arrays: Design, at: Coordinates) -> Any:
    """Return the posterior in terms of one flat vector and the learned standard deviations.

    v = centre + spread @ walked, z = v * (s / reference) ** power: the intercept is one more block, whose s is its
    reference. The prior density of z and the logarithm of the change of variables are added as a potential.
    """
    import pymc as pm
    import pytensor.tensor as pt

    from navmodels.models.likelihood import CellLikelihood, LinearMap, LinearPredictor

    blocks, places, count, parts = arrays.blocks, _places(arrays), len(at.centre), 1 + len(arrays.blocks)
    bases = [np.ones((1, 1)), *(basis for place in places if (basis := blocks[place].basis) is not None)]
    basis = linalg.block_diag(*bases)
    one_hot = np.eye(parts)[[0, *(1 + place for place in places)]]
    of_coefficient = np.repeat(one_hot, [1, *(blocks[place].size for place in places)], axis=0)
    of_level = np.repeat(one_hot, [1, *(len(blocks[place].levels) for place in places)], axis=0)
    with pm.Model(coords={block.name: block.labels for block in blocks}, check_bounds=False) as graph:
        data = {
            name: _data(name, value, shape=value.shape if name in ("walk", "spread") else (None,) * value.ndim)
            for name, value in walk_numbers(arrays, at).items()
        }
        ends = np.cumsum([0, count, count, parts, parts])
        centre, power, reference, scale = (data["walk"][a:b] for a, b in pairwise(map(int, ends)))
        sd = [
            block.prior.variable(f"{block.name}_sd", scale[place]) if isinstance(block.prior, Prior) else scale[place]
            for place, block in enumerate(blocks, start=1)
        ]
        scales = pt.stack([scale[0], *sd])
        walked = pm.Flat("walked", shape=count)
        bend = power * LinearMap()(of_coefficient, pt.log(scales / reference))
        z = (centre + LinearMap()(data["spread"], walked)) * pt.exp(bend)
        pm.Potential("walk_density", pt.sum(bend - 0.5 * z**2))
        raw = pt.concatenate([LinearMap()(basis, z[: basis.shape[1]]), z[basis.shape[1] :]])
        effects = raw * LinearMap()(of_level, scales)
        pm.Deterministic("intercept", effects[0])
        for place, span in _spans([len(block.levels) for block in blocks], places).items():
            pm.Deterministic(f"{blocks[place].name}_effect", effects[span], dims=blocks[place].name)
        eta = LinearPredictor()(effects[0], effects, data["index"])
        kernel = CellLikelihood(arrays.model.outcome.kernel)
        pm.Potential("likelihood", kernel(eta, data["table"], data.get("flat", np.zeros(0)))[0].sum())
    return graph


def _places(arrays: Design) -> list[int]:
    """Return the order of blocks in the walked graph: those with a basis first, so that one product serves them all."""
    return sorted(range(len(arrays.blocks)), key=lambda place: arrays.blocks[place].basis is None)


def _spans(sizes: Sequence[int], order: Sequence[int]) -> dict[int, slice]:
    """Return where each block stands when blocks stand in an order, after the intercept at 0."""
    stops = np.cumsum([1, *(sizes[place] for place in order)])
    return {place: slice(int(start), int(stop)) for place, (start, stop) in zip(order, pairwise(stops), strict=True)}
