"""The log-likelihood of each cell at each draw, for leave-one-out and power-scaling: computed when it is looked at."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from navmodels.fits.posteriors import in_order
from navmodels.models.designs import Design

CHUNK = 1_000_000  # linear predictors held at once


def log_likelihood(design: Design, posterior: xr.Dataset) -> xr.Dataset:
    """Return the log-likelihood of each cell, dims (chain, draw, cell), as a variable that is computed on first use.

    For thousands of cells it is by far the largest part of a fit, and few readers of a fit need it.
    """
    dims = ("chain", "draw", "cell")
    cached: Any = indexing.MemoryCachedArray
    lazy = cached(indexing.LazilyIndexedArray(_Cells(design, posterior)))
    coords = {name: posterior[name].variable for name in ("chain", "draw")} | {"cell": np.arange(len(design.cells))}
    return xr.Dataset({design.model.outcome.observed: xr.Variable(dims, lazy)}, coords=coords)


# ---- inside


@dataclass(eq=False)
class _Cells(BackendArray):
    """The array behind the variable: what xarray asks of it is computed from the posterior."""

    design: Design
    posterior: xr.Dataset
    dtype = np.dtype(float)

    @property
    def shape(self) -> tuple[int, ...]:
        sizes = self.posterior.sizes
        return sizes["chain"], sizes["draw"], self.design.survey.cells.sizes["cell"]

    def __getitem__(self, key: Any) -> npt.NDArray[np.float64]:
        return np.asarray(indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._at))

    def _at(self, key: tuple[Any, ...]) -> npt.NDArray[np.float64]:
        chain, draw, cell = key
        part = self.posterior.isel(chain=_kept(chain), draw=_kept(draw))
        if 0 in (part.sizes["chain"], part.sizes["draw"]):
            return np.empty((part.sizes["chain"], part.sizes["draw"], self.shape[-1]))[..., cell]
        base, effects = self.design.coefficients(in_order(self.design, part))
        flat = np.empty((len(base), self.shape[-1]))
        step = max(1, CHUNK // (self.shape[-1] * self.design.channels.size))
        for first in range(0, len(base), step):
            rows = slice(first, first + step)
            eta = self.design.linear_predictor(base[rows], {name: each[rows] for name, each in effects.items()})
            flat[rows] = self.design.model.outcome.log_likelihood(eta, self.design.data)
        out = flat.reshape(part.sizes["chain"], part.sizes["draw"], self.shape[-1])[..., cell]
        dropped = tuple(place for place, each in enumerate((chain, draw)) if isinstance(each, int | np.integer))
        return np.asarray(out.squeeze(axis=dropped))


def _kept(key: Any) -> Any:
    return [key] if isinstance(key, int | np.integer) else key
