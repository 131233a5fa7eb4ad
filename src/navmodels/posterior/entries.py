"""Entries of draws, one a row: their mean, deviation and quantiles in one pass, and the table that holds them."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels import checks
from navmodels.posterior.grids import OVER, label_columns

Array = npt.NDArray[np.float64]
CHUNK = 4_000_000  # draws sorted at once


def describe_entries(draws: xr.DataArray, at: Sequence[float], *, null: float | None = None) -> dict[str, Array]:
    """Return mean, sd, quantiles (dims quantile, entry) and the share of draws above `null`, by entry.

    Entries are in the order of the values, draws last. One with a missing draw is missing.

    Examples
    --------
    >>> draws = xr.DataArray(np.arange(10.0).reshape(2, 5), dims=("chain", "draw"))
    >>> describe_entries(draws, (0.5,), null=6.0)["above"], describe_entries(draws, (0.5,))["quantiles"]
    (array([0.3]), array([[4.5]]))
    """
    parts = []
    for values in _rows(draws):
        if len(at):
            values.sort(axis=1)
        gone = np.isnan(values[:, -1]) if len(at) else np.isnan(values).any(axis=1)  # sorted last
        with np.errstate(invalid="ignore"):  # infinite draws have no deviation
            mean, sd = values.mean(axis=1), values.std(axis=1, ddof=1)
        above = np.full(len(values), np.nan) if null is None else (values > null).mean(axis=1)
        row = {"mean": mean, "sd": sd, "above": np.where(gone, np.nan, above)}
        parts.append(row | {"quantiles": np.where(gone, np.nan, _quantiles(values, at))})
    return {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}


def entry_table(draws: xr.DataArray, columns: Mapping[str, Array]) -> pd.DataFrame:
    """Return one row for each entry that is not missing throughout: labels, other coordinates, then the columns."""
    labels, further = label_columns(draws)
    if taken := [name for name in (*labels, *further) if name in columns]:
        raise ValueError(
            f"the draws have {checks.listing(taken)}, as a column of the table is called; rename it first: "
            f"draws.rename({{{taken[0]!r}: {taken[0] + '_'!r}}})."
        )
    size = len(next(iter(columns.values())))
    table = pd.DataFrame({**labels, **further, **columns}, index=range(size))
    return table[table[list(columns)].notna().any(axis=1)].reset_index(drop=True)


def to_rows(columns: dict[str, xr.DataArray], present: xr.DataArray) -> pd.DataFrame:
    """Return one row for each entry that is present: dims and other coordinates first, then the columns."""
    full = {name: values.broadcast_like(present).transpose(*present.dims) for name, values in columns.items()}
    return entry_table(present, {name: values.to_numpy().ravel() for name, values in full.items()})


# ---- inside


def _rows(draws: xr.DataArray) -> Iterator[Array]:
    """Yield copies of some entries after others, dims (entry, draw)."""
    dims = [dim for dim in draws.dims if dim not in OVER]
    values = draws.transpose(*OVER, *dims).to_numpy()
    flat = values.reshape(values.shape[0] * values.shape[1], -1)
    step = max(1, CHUNK // max(1, len(flat)))
    for start in range(0, max(1, flat.shape[1]), step):
        yield np.array(flat[:, start : start + step].T, dtype=float, order="C")


def _quantiles(values: Array, at: Sequence[float]) -> Array:
    """Return quantiles of sorted rows, dims (quantile, row), between two draws by their distance (Hyndman & Fan 7)."""
    place = (values.shape[1] - 1) * np.asarray(at)[:, None]
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, values.shape[1] - 1)
    below, over = values.T[low[:, 0]], values.T[high[:, 0]]
    with np.errstate(invalid="ignore"):  # between two that are infinite
        return np.asarray(np.where(below == over, below, below + (place - low) * (over - below)))
