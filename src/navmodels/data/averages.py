"""Population weights of published cells, of which some are not known because their n is not printed."""

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels import checks
from navmodels.data.cells import name_cells

Array = npt.NDArray[np.float64]


def settle_weights(weight: Array, index: npt.NDArray[np.intp], cells: pd.DataFrame) -> Array:
    """Return population weights without unknown ones: a cell that is a group of its own needs none.

    A group of several cells, one of which has no known weight, cannot be averaged: its cells get weight 0, and a
    warning names the cell that is lacking. No other group is touched.

    Parameters
    ----------
    weight
        Population weight of each cell, NaN where a published table prints no n.
    index
        The group of each cell.
    cells
        The factors of each cell, to name it.

    Raises
    ------
    ValueError
        Where no group can be averaged.

    Examples
    --------
    >>> cells = pd.DataFrame({"year": [2023, 2023, 2024], "region": ["north", "south", "north"]})
    >>> settle_weights(np.array([100.0, 300.0, np.nan]), np.array([0, 0, 1]), cells)
    array([100., 300.,   1.])
    """
    unknown = np.isnan(weight)
    if not unknown.any():
        return weight
    alone = np.bincount(index)[index] == 1
    open_groups = np.unique(index[unknown & ~alone])
    lost = np.isin(index, open_groups)
    if lost.any():
        text = (
            f"no n is printed for {name_cells(cells[unknown & ~alone])}, so that the population weight is not known "
            "and an average over this cell and others cannot be made. Give population=, a frame with the columns "
            f"{checks.listing([*cells.columns, 'weight'])}, or estimate by all of these factors."
        )
        if lost.all():
            raise ValueError(text)
        warnings.warn(f"{text} The other groups have their estimates.", UserWarning, stacklevel=3)
    settled: Array = np.where(lost, 0.0, np.where(unknown, 1.0, weight))
    return settled
