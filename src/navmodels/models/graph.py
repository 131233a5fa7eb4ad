"""The PyMC graph of a model: readable variables with dims and coords; data and prior scales as `pm.Data`.

What is computed for every cell is in `operations`; the graph that NUTS samples in `engines.nuts.graph`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from navmodels.data.survey import Survey
from navmodels.likelihoods import kernels
from navmodels.models import designs
from navmodels.models.blocks import Block, slope_of_line
from navmodels.models.designs import Design
from navmodels.models.model import Model
from navmodels.models.slopes import has_slopes, slopes_of_lines


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
    >>> from navmodels.models import Group, Model, to_pymc
    >>> from navmodels import Share
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> graph = to_pymc(Model(Share(), Group("office")), survey)
    >>> sorted(variable.name for variable in graph.free_RVs)
    ['intercept', 'office_sd', 'office_z']
    """
    return build_graph(designs.design(model, survey))


def build_graph(design: Design) -> Any:
    """Return the graph of a design; see `to_pymc`."""
    import pymc as pm
    import pytensor.tensor as pt

    from navmodels.models.operations import LinearMap, LinearPredictor

    outcome, channels = design.model.outcome, design.channels
    cells = {"cell": range(design.survey.cells.sizes["cell"])}
    coords: dict[str, Any] = {block.name: block.labels for block in design.blocks}
    coords |= {_coefficient(block): range(block.size) for block in design.blocks if block.basis is not None}
    if outcome.several:
        coords |= {"category": design.survey.cells["category"].to_numpy().tolist()}
    if channels.dim is not None:
        coords |= {channels.dim: list(channels.labels), "contrast": range(len(channels.common))}
    with pm.Model(coords={**coords, **cells}) as graph:
        parameters = {
            name: prior.variable(name, pm.Data(f"{name.removesuffix('_sd')}_scale", prior.scale))
            for name, prior in design.parameters.items()
        }
        effects, index, first = [np.zeros(0)], [], 0
        base = channels.variables(design.intercept_mean, pm.Data("intercept_scale", design.intercept_scale))
        for block in design.blocks:
            several = channels.spans(block.channels)
            dims = (_coefficient(block), *(("contrast",) if several else ()))
            z = pm.Normal(f"{block.name}_z", dims=dims)
            columns = [z[:, place] for place in range(len(block.channels))] if several else [z]
            raw = columns if block.basis is None else [LinearMap()(block.basis, column) for column in columns]
            fixed = pm.Data(f"{block.name}_scale", block.scale.fixed) if not block.scale.parts else block.scale.fixed
            scale = replace(block.scale, fixed=1.0).of(parameters) * fixed
            offset = 0.0 if block.offset is None else pm.Data(f"{block.name}_mean", block.offset)
            effects += [scale * column + offset for column in raw]
            shown = channels.shown_variables(effects[-len(raw) :], block.channels)
            over = (channels.dim,) if several else ()
            pm.Deterministic(f"{block.name}_effect", shown, dims=(block.name, *over))
            if block.is_line:
                pm.Deterministic(f"{block.name}_slope", slope_of_line(block, shown[None])[0], dims=over or None)
            if has_slopes(block):
                groups, slopes = slopes_of_lines(block, shown[None])
                graph.add_coord(f"{block.name}_group", groups)
                pm.Deterministic(f"{block.name}_slope", slopes[0], dims=(f"{block.name}_group", *over))
            level = pm.Data(f"{block.name}_index", block.index.astype(np.int32), dims="cell")
            for _ in block.channels:
                index.append(level + first)
                first += len(block.levels)
        picked = pt.stack(index) if index else np.zeros((0, len(cells["cell"])), dtype=np.int32)
        eta = LinearPredictor()(base, pt.concatenate(effects), picked, design.fed)
        _observe(design, eta)
    return graph


def observed_data(name: str, value: npt.NDArray[Any], **options: Any) -> Any:
    """Return data of the graph that may be NaN where a cell has no such number, which `pm.Data` takes for missing."""
    import pymc as pm

    variable = pm.Data(name, np.nan_to_num(value), **options)
    variable.set_value(value)
    return variable


# ---- inside


def _observe(design: Design, eta: Any) -> None:
    """Add the observed numbers of every cell."""
    import pymc as pm

    outcome = design.model.outcome
    dims = ("cell", "category") if outcome.several else ("cell",)
    taken = pm.modelcontext(None).coords  # a factor may be called "half"
    data = {
        name: observed_data(
            f"{name}_of_cells" if name in taken else name, value, dims=dims if name == outcome.observed else None
        )
        for name, value in design.data.items()
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


def _coefficient(block: Block) -> str:
    return block.name if block.basis is None else f"{block.name}_coefficient"


def _log_likelihood(kernel: str, eta: Any, data: Mapping[str, Any]) -> Any:
    """Return the log-likelihood of each cell, dims (cell)."""
    import pytensor.tensor as pt

    from navmodels.models.operations import CellLikelihood

    outcome = kernels.outcome_of(kernels.KINDS[kernel])
    rows = [data[name].T if name == "count" else data[name][None] for name in outcome.COLUMNS]
    flat = np.zeros(0) if outcome.FLAT is None else data[outcome.FLAT].ravel()
    return CellLikelihood(kernel)(eta, pt.concatenate(rows), flat)[0]
