"""cut_points: the same groups at several cuts of one rating, from one fit.

A share "satisfied" depends on where the scale is cut. Since every cut is read off the same draws, groups and cuts can
be compared draw by draw. Nothing is refitted here.
"""

from collections.abc import Sequence
from typing import Any

import xarray as xr

from navmodels.posterior.estimates import estimate


def cut_points(fit: xr.DataTree, *, cuts: Sequence[Any], by: str | Sequence[str]) -> xr.DataArray:
    r"""Return draws of the share that answers each cut or higher.

    Parameters
    ----------
    fit
        A fit of a `Rating`.
    cuts
        Categories, each but the lowest of all.
    by
        Factors of the model.

    Returns
    -------
    xarray.DataArray
        Dims (chain, draw, \*by, cut): proportions. `contrast`, `rank`, `change` and `summarise` take them as they are.

    Raises
    ------
    ValueError
        When the fit is of no rating, or a cut is no category, with the nearest.

    Notes
    -----
    With common thresholds a group that is above another at one cut is above it at all: the cut changes how large a
    difference is, not its sign (proportional odds; McCullagh 1980). ``Rating(by=...)`` lets the data say otherwise.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Rating, Survey, contrast, cut_points, fit, summarise
    >>> table = pd.DataFrame({"office": ["A", "B"], "low": [20, 60], "middle": [150, 40], "high": [30, 100]})
    >>> survey = Survey.from_counts(table, by="office", counts=["low", "middle", "high"], categories=[1, 2, 3])
    >>> result = fit(Model(Rating(by="office"), Group("office")), survey, seed=1)
    >>> shares = cut_points(result, cuts=[2, 3], by="office")
    >>> summarise(contrast(shares, along="office", reference="A"))[["office", "cut", "p_above"]].round(1)
      office  cut  p_above
    0      B    2      0.0
    1      B    3      1.0
    """
    return estimate(fit, by=by, cut=list(cuts))
