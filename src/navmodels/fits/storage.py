"""Fits on disk: NetCDF, with a readable JSON file beside it. No pickle."""

import json
from pathlib import Path

import numpy as np
import xarray as xr

from navmodels import checks
from navmodels.data.archives import read_file, writable
from navmodels.fits.pointwise import log_likelihood
from navmodels.fits.posteriors import in_order
from navmodels.fits.records import data_hash, recall_design
from navmodels.gate.marks import mark
from navmodels.models.designs import Design

SIDECAR = ("engine", "reason", "seed", "seconds", "divergences", "unconverged", "versions", "data_hash")


def save_fit(fit: xr.DataTree, path: str | Path) -> Path:
    """Write a fit to NetCDF, and what made it (versions, seed, model, data hash) to JSON beside it.

    Parameters
    ----------
    fit
        A fit of `navmodels.fit`.
    path
        File to write, usually ending in ``.nc``; the JSON file has the same name with the ending ``.json``.

    Returns
    -------
    pathlib.Path
        The NetCDF file.

    Raises
    ------
    FileNotFoundError
        When there is no such folder.
    ValueError
        When the tree is no fit, or the file would have the JSON file's name.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, fit, load_fit, save_fit
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> result = fit(Model(Share(), Group("office")), survey, seed=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load_fit(save_fit(result, f"{folder}/offices.nc"))
    >>> bool((again["posterior"]["office_effect"] == result["posterior"]["office_effect"]).all())
    True
    """
    path = writable(path)
    if path.suffix == ".json":
        raise ValueError(f"{path} is the name of the JSON file beside the fit; give another ending, for instance .nc.")
    lacking = [name for name in (*SIDECAR, "model") if name not in fit.attrs]
    if lacking:
        raise ValueError(f"this DataTree was not made by navmodels.fit: it has no {checks.listing(lacking)}.")
    stored = xr.DataTree.from_dict({name: group for name, group in fit.children.items() if name != "log_likelihood"})
    stored.attrs = fit.attrs
    stored.to_netcdf(path, engine="h5netcdf")  # the log-likelihood follows from the rest
    content = {name: fit.attrs[name] for name in SIDECAR} | {"model": json.loads(fit.attrs["model"])}
    path.with_suffix(".json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def load_fit(path: str | Path) -> xr.DataTree:
    """Read a fit that `save_fit` wrote; it works like the one that was saved.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file holds no fit, or one of another version of navmodels that this cannot read; when its data are not
        those its hash was made of, or the JSON file beside it tells of other data.

    Examples
    --------
    See `save_fit`.
    """
    path = Path(path)
    fit = read_file(path, xr.open_datatree, writer="save_fit")
    if "model" not in fit.attrs and "navmodels" in fit.attrs:
        raise ValueError(f"{path} was not written by save_fit: it holds a survey; read it with Survey.load.")
    if "data_hash" not in fit.attrs:
        raise ValueError(f"{path} was not written by save_fit: it has no data_hash.")
    fit.attrs = {name: value.item() if isinstance(value, np.generic) else value for name, value in fit.attrs.items()}
    design = _recalled(fit, path)
    if data_hash(design.survey) != fit.attrs["data_hash"]:
        raise ValueError(f"the survey in {path} is not the one the fit was made from: its data_hash differs.")
    sidecar = path.with_suffix(".json")
    if sidecar.exists() and json.loads(sidecar.read_text(encoding="utf-8"))["data_hash"] != fit.attrs["data_hash"]:
        raise ValueError(f"{path} and {sidecar.name} beside it tell of different data; they were not written together.")
    if "posterior" not in fit.children:
        raise ValueError(f"{path} was not written by save_fit: it has no posterior.")
    stored = fit["posterior"].to_dataset()
    try:
        posterior = in_order(design, stored, needed=design.parameters)
    except ValueError as error:
        raise ValueError(f"{path} does not hold the posterior of its own survey and model: {error}") from error
    fit["posterior"] = xr.DataTree(mark(stored, fit.attrs))
    fit["log_likelihood"] = xr.DataTree(log_likelihood(design, posterior))
    return fit


# ---- inside


def _recalled(fit: xr.DataTree, path: Path) -> Design:
    """Return the design of a stored fit, or say which file it is that cannot be read."""
    try:
        return recall_design(fit)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
