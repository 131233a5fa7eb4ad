"""The PyMC graph of a model: readable variables with dims and coords; data and prior scales as `pm.Data`."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

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
    import pymc as pm

    outcome, size = arrays.model.outcome, arrays.survey.cells.sizes["cell"]
    coords: dict[str, Any] = {block.name: block.labels for block in arrays.blocks}
    coords |= {_coefficient(block): range(block.size) for block in arrays.blocks if block.basis is not None}
    with pm.Model(coords={**coords, "cell": range(size)}) as graph:
        scales = {block.name: _scale(block) for block in arrays.blocks}
        if coordinates is None:
            intercept = pm.Normal("intercept", 0.0, pm.Data("intercept_scale", arrays.model.intercept_scale))
            z = {block.name: pm.Normal(f"{block.name}_z", dims=_coefficient(block)) for block in arrays.blocks}
        else:
            intercept, z = _walked(arrays, scales, coordinates)
        eta = intercept + np.zeros(size)
        for block in arrays.blocks:
            raw = z[block.name] if block.basis is None else pm.math.dot(block.basis, z[block.name])
            effect = pm.Deterministic(f"{block.name}_effect", scales[block.name] * raw, dims=block.name)
            eta = eta + effect[pm.Data(f"{block.name}_index", block.index.astype("int64"), dims="cell")]
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


def _scale(block: Block) -> Any:
    """Return the standard deviation of a block: a variable with its prior, or the fixed number."""
    import pymc as pm

    scale = pm.Data(f"{block.name}_scale", block.prior.scale if isinstance(block.prior, Prior) else block.prior)
    return block.prior.variable(f"{block.name}_sd", scale) if isinstance(block.prior, Prior) else scale


def _walked(arrays: Design, scales: dict[str, Any], at: Coordinates) -> tuple[Any, dict[str, Any]]:
    """Return the intercept and the z of each block from one flat vector; the prior density is added as a potential.

    v = centre + spread @ walked; the intercept is its scale times v[0], and z = v * (s / reference) ** power.
    """
    import pymc as pm

    walked = pm.Flat("walked", shape=len(at.centre))
    v = pm.Data("walk_centre", at.centre) + pm.math.dot(pm.Data("walk_spread", at.spread), walked)
    density = -0.5 * v[0] ** 2
    power = pm.Data("walk_power", at.power)
    reference = pm.Data("walk_reference", np.array([at.reference[block.name] for block in arrays.blocks]))
    z, first = {}, 1
    for place, block in enumerate(arrays.blocks):
        part = slice(first, first + block.size)
        ratio = pm.math.log(scales[block.name] / reference[place])
        z[block.name] = v[part] * pm.math.exp(power[part] * ratio)
        density = density - 0.5 * pm.math.sum(z[block.name] ** 2) + ratio * pm.math.sum(power[part])
        first += block.size
    pm.Potential("walk_density", density)
    return pm.Deterministic("intercept", pm.Data("intercept_scale", arrays.model.intercept_scale) * v[0]), z


def _graph_math() -> SimpleNamespace:
    """Return the functions the outcomes need, on PyTensor variables."""
    import pytensor.tensor as pt

    def log_ndtr(x: Any) -> Any:  # PyMC's own has √2 in single precision; each branch is kept where it is finite
        low, high = pt.minimum(x, -1.0) / np.sqrt(2), pt.maximum(x, -1.0) / np.sqrt(2)
        return pt.switch(x < -1.0, pt.log(pt.erfcx(-low) / 2) - low**2, pt.log1p(-pt.erfc(high) / 2))

    def join(places: tuple[Any, ...], parts: tuple[Any, ...], eta: Any) -> Any:
        out = pt.zeros_like(eta)
        for place, part in zip(places, parts, strict=True):
            out = pt.set_subtensor(out[place], part)
        return out

    return SimpleNamespace(
        abs=pt.abs,
        log1mexp=pt.log1mexp,
        log_ndtr=log_ndtr,
        logsumexp=lambda x: pt.logsumexp(x, axis=-1),
        softplus=pt.softplus,
        join=join,
    )
