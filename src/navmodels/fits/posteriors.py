"""A fit's posterior read by name and label, in the order of the design it was made from; never by position.

Whoever reads a posterior reads it through here, so that a selection or another order cannot swap groups.
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import xarray as xr

from navmodels import checks
from navmodels.models.designs import Design

SAMPLES = ("chain", "draw")
WHOLE = "Keep the fit whole, and select from what estimate returns: estimate(fit, by=...).sel(...)."


def in_order(design: Design, posterior: xr.Dataset, *, needed: Collection[str] = ()) -> xr.Dataset:
    """Return the variables of a posterior that a design asks for, dims (chain, draw, ...), levels in its order.

    Parameters of standard deviations may be missing, but for those that are `needed`.

    Raises
    ------
    ValueError
        Naming a variable, a dim or levels that are missing, or levels that are twice there or unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, fit
    >>> from navmodels.models import design
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> model = Model(Share(), Group("office"))
    >>> turned = fit(model, survey, seed=1)["posterior"].to_dataset().sel(office=list("DCBA"))
    >>> in_order(design(model, survey), turned)["office"].to_numpy().tolist()
    ['A', 'B', 'C', 'D']
    """
    expected = {
        name: dims
        for name, dims in _variables(design).items()
        if name in posterior.data_vars or name in needed or name not in design.parameters
    }
    lacking = [name for name in expected if name not in posterior.data_vars]
    if lacking:
        raise ValueError(
            f"the posterior has no {checks.listing(lacking)}, which the model of the fit has; it holds "
            f"{checks.listing(sorted(map(str, posterior.data_vars)), most=20)}. {WHOLE}"
        )
    out = posterior[list(expected)]
    for name, dims in expected.items():
        if set(out[name].dims) != {*SAMPLES, *dims} or out[name].dtype.kind not in "fiu" or not out[name].size:
            raise ValueError(
                f"{name!r} of the posterior has dims {tuple(map(str, out[name].dims))}, sizes {out[name].shape} and "
                f"type {out[name].dtype}; needed: numbers with dims {(*SAMPLES, *dims)}. {WHOLE}"
            )
    for dim, labels in _labels(design).items():
        out = out.isel({dim: _places(out, dim, labels)})
    return out.transpose(*SAMPLES, ...)


def cell_likelihood(design: Design, fit: xr.DataTree) -> xr.DataArray:
    """Return the log-likelihood of each cell of a fit, dims (chain, draw, cell), cells in the order of the design.

    Raises
    ------
    ValueError
        When the fit has none, or not of each cell.
    """
    name = design.model.outcome.observed
    if "log_likelihood" not in fit.children or name not in fit["log_likelihood"].data_vars:
        raise ValueError(
            f"the fit has no group 'log_likelihood' with {name!r}; take the fit whole, as fit() returned it."
        )
    found = fit["log_likelihood"].to_dataset()[[name]]
    place = _places(found, "cell", range(len(design.cells)))
    return found[name].isel(cell=place).transpose(*SAMPLES, "cell")


# ---- inside


def _variables(design: Design) -> dict[str, tuple[str, ...]]:
    """Return the dims beside chain and draw of each variable of a posterior."""
    shown = () if design.channels.dim is None else (design.channels.dim,)
    dims: dict[str, tuple[str, ...]] = {design.model.outcome.base: shown}
    for block in design.blocks:
        dims[f"{block.name}_effect"] = (block.name, *(shown if design.channels.spans(block.channels) else ()))
    return dims | dict.fromkeys(design.parameters, ())


def _labels(design: Design) -> dict[str, list[Any]]:
    """Return the labels of each dim."""
    labels = {block.name: list(block.labels) for block in design.blocks}
    return labels if design.channels.dim is None else {**labels, design.channels.dim: list(design.channels.labels)}


def _places(posterior: xr.Dataset, dim: str, labels: Sequence[Any]) -> Any:
    """Return where the labels of a dim stand, each exactly once and no others; a slice when they are in order."""
    if dim not in posterior.coords:
        raise ValueError(f"the posterior has no labels of {dim!r}, so its groups cannot be told apart. {WHOLE}")
    found = [checks.plain(each) for each in np.atleast_1d(posterior[dim].to_numpy())]
    if found == list(labels):
        return slice(None)
    place, known = {label: number for number, label in enumerate(found)}, set(labels)
    missing = [label for label in labels if label not in place]
    unknown = [label for label in place if label not in known]
    if missing or unknown or len(place) < len(found):
        twice = [label for label in place if found.count(label) > 1]
        said = [
            f"{verb} {checks.listing(which)}"
            for verb, which in (("it lacks", missing), ("it has unknown", unknown), ("it has twice", twice))
            if which
        ]
        raise ValueError(
            f"the posterior is not of the levels of {dim!r} that the model was fitted to: {'; '.join(said)}. {WHOLE}"
        )
    return [place[label] for label in labels]
