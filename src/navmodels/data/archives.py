"""Files of NetCDF: how they are opened, and surveys in them, levels and attributes as JSON. No pickle."""

import hashlib
import json
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

Levels = Mapping[str, tuple[Any, ...]]


def write_cells(cells: xr.Dataset, levels: Levels, path: str | Path) -> Path:
    """Write cells and levels to a NetCDF file."""
    path = writable(path)
    content = {"levels": {name: list(each) for name, each in levels.items()}, "attrs": cells.attrs}
    stored = cells.drop_attrs()
    stored.attrs = {
        "survey": json.dumps(content, default=lambda value: value.item()),  # NumPy scalars
        "data_hash": hash_of(cells),
        "navmodels": version("navmodels"),
    }
    stored.to_netcdf(path, engine="h5netcdf")
    return path


def read_cells(path: str | Path) -> tuple[xr.Dataset, Levels]:
    """Return the cells and levels that `write_cells` wrote.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When it holds no survey, or not the numbers that its hash was made of.
    """
    cells = read_file(path, xr.open_dataset, writer="Survey.save")
    if not {"survey", "data_hash", "navmodels"} <= set(cells.attrs):
        hint = "; it is a fit: read it with load_fit" if "model" in cells.attrs else ""
        raise ValueError(f"{path} was not written by Survey.save: it holds no survey{hint}.")
    if hash_of(cells) != cells.attrs["data_hash"]:
        raise ValueError(
            f"the survey in {path} is not the one that was saved (by navmodels {cells.attrs['navmodels']}): its "
            "data_hash differs. Make it again from its table."
        )
    content = json.loads(str(cells.attrs["survey"]))
    return cells.drop_attrs().assign_attrs(content["attrs"]), {
        name: tuple(each) for name, each in content["levels"].items()
    }


def writable(path: str | Path) -> Path:
    """Return a path to write to; raise when its folder is not there."""
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} to.")
    return path


def read_file[Content: (xr.Dataset, xr.DataTree)](
    path: str | Path, opened: Callable[..., Content], *, writer: str
) -> Content:
    """Return what a NetCDF file holds, as `opened` opens it, in memory; raise when there is none, or it is none."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}.")
    try:
        with opened(path, engine="h5netcdf") as stored:
            return stored.load()
    except OSError as error:
        raise ValueError(f"{path} was not written by {writer}: it is no NetCDF file ({error}).") from error


def hash_of(cells: xr.Dataset) -> str:
    """Return a SHA-256 of cells: names, labels and numbers."""
    digest = hashlib.sha256()
    variables: dict[Any, xr.DataArray] = {**cells.coords, **cells.data_vars}
    for name in sorted(variables, key=str):
        values = variables[name].to_numpy()
        content = values.tobytes() if np.issubdtype(values.dtype, np.number) else json.dumps(values.tolist()).encode()
        digest.update(str(name).encode() + b"\0" + content)
    return digest.hexdigest()
