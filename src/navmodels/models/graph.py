"""The PyMC graph of a model: readable variables with dims and coords; data and prior scales as `pm.Data`."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from navmodels.data.survey import Survey
from navmodels.models.model import Design, Model, design
from navmodels.models.priors import Prior
from navmodels.models.terms import Block


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

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> from navmodels.models import Group, Model, Share, to_pymc
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> graph = to_pymc(Model(Share(), Group("office")), survey)
    >>> [variable.name for variable in graph.free_RVs]
    ['intercept', 'office_sd', 'office_z']
    """
    return build_graph(design(model, survey))


def build_graph(arrays: Design) -> Any:
    """Return the graph of a design; see `to_pymc`."""
    import pymc as pm

    outcome, size = arrays.model.outcome, arrays.survey.cells.sizes["cell"]
    coords: dict[str, Any] = {block.name: block.labels for block in arrays.blocks}
    coords |= {_coefficient(block): range(block.size) for block in arrays.blocks if block.basis is not None}
    with pm.Model(coords={**coords, "cell": range(size)}) as graph:
        eta = pm.Normal("intercept", 0.0, pm.Data("intercept_scale", arrays.model.intercept_scale)) + np.zeros(size)
        for block in arrays.blocks:
            eta = eta + _effect(block)[pm.Data(f"{block.name}_index", block.index.astype("int64"), dims="cell")]
        data = {
            name: pm.Data(name, value, dims="cell" if name == outcome.observed else None)
            for name, value in arrays.data.items()
        }
        pm.CustomDist(
            f"{outcome.observed}_observed",
            eta,
            logp=lambda value, eta: outcome.log_likelihood(eta, data | {outcome.observed: value}, math=_graph_math()),
            random=lambda eta, rng, size: outcome.draw(
                eta, {name: each.get_value() for name, each in data.items()}, rng
            ),
            observed=data[outcome.observed],
            dims="cell",
        )
    return graph


# ---- inside


def _coefficient(block: Block) -> str:
    return block.name if block.basis is None else f"{block.name}_coefficient"


def _effect(block: Block) -> Any:
    """Return the effect of each level, ``scale * basis @ z``, and register its variables."""
    import pymc as pm

    z = pm.Normal(f"{block.name}_z", dims=_coefficient(block))
    if isinstance(block.prior, Prior):
        scale = block.prior.variable(f"{block.name}_sd", pm.Data(f"{block.name}_scale", block.prior.scale))
    else:
        scale = pm.Data(f"{block.name}_scale", block.prior)
    raw = z if block.basis is None else pm.math.dot(block.basis, z)
    return pm.Deterministic(f"{block.name}_effect", scale * raw, dims=block.name)


def _graph_math() -> SimpleNamespace:
    """Return the functions the outcomes need, on PyTensor variables."""
    import pymc as pm
    import pytensor.tensor as pt

    def join(places: tuple[Any, ...], parts: tuple[Any, ...], eta: Any) -> Any:
        out = pt.zeros_like(eta)
        for place, part in zip(places, parts, strict=True):
            out = pt.set_subtensor(out[place], part)
        return out

    return SimpleNamespace(
        abs=pt.abs,
        log1mexp=pt.log1mexp,
        log_ndtr=lambda x: pm.distributions.dist_math.normal_lcdf(0.0, 1.0, x),
        logsumexp=lambda x: pt.logsumexp(x, axis=-1),
        softplus=pt.softplus,
        join=join,
    )
