"""Survey weights: whether they can be used, and what unequal weights cost in precision.

Not for estimates: `navmodels.data.direct` has those, with standard errors that see the outcome as well as the
weights.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from navmodels.checks import numeric

type Weights = Sequence[float] | NDArray[np.floating | np.integer] | pd.Series


def design_effect(weights: Weights) -> float:
    r"""Kish's design effect: how many times unequal weights multiply the variance of a mean.

    .. math:: n \sum_i w_i^2 / (\sum_i w_i)^2

    It knows the weights alone, and holds when they have nothing to do with the outcome. Only ratios between
    weights matter; equal weights give exactly 1.

    Parameters
    ----------
    weights
        One weight for each respondent, at least one of them above zero. Rows with weight zero are no respondents and
        do not count in *n*.

    Returns
    -------
    float
        A ratio of variances between 1 and *n*.

    Raises
    ------
    ValueError
        If there are no weights, if any is text, missing, infinite or negative (the rows are named), or if all
        are zero.

    References
    ----------
    Kish, L. (1965). *Survey Sampling*. Wiley. Section 11.7.

    Examples
    --------
    >>> from navmodels.data.weights import design_effect
    >>> design_effect([1, 1, 1, 3])
    1.3333333333333333
    """
    w = check_weights(weights)
    if not w.any():
        raise ValueError(f"all {len(w)} weights are zero; at least one must be above zero.")
    w = w[w > 0] / w.max()
    return float(len(w) * np.sum(w**2) / np.sum(w) ** 2)


def effective_n(weights: Weights) -> float:
    r"""Kish's effective sample size: how many equally weighted respondents would be as precise.

    .. math:: (\sum_i w_i)^2 / \sum_i w_i^2

    Parameters
    ----------
    weights
        One weight for each respondent, as for `design_effect`.

    Returns
    -------
    float
        A number of respondents between 1 and the number of weights.

    Raises
    ------
    ValueError
        As `design_effect`.

    References
    ----------
    Kish, L. (1965). *Survey Sampling*. Wiley. Section 11.7.

    Examples
    --------
    >>> from navmodels.data.weights import effective_n
    >>> effective_n([1, 1, 1, 3])
    3.0
    """
    return int(np.count_nonzero(check_weights(weights))) / design_effect(weights)


def unequal_weights(cells: xr.Dataset) -> str:
    """Return where weights are unequal within cells and what they would change there, or an empty string.

    Within a cell Σw² is (Σw)²/n where all weights are equal, and larger elsewhere. The difference is that of shares in
    all cells together, each cell with its population weight, of the category where it is largest.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> rows = pd.DataFrame({"office": ["A", "A", "B"], "satisfied": [1, 0, 1], "w": [1.0, 3.0, 2.0]})
    >>> unequal_weights(Survey.from_responses(rows, outcome="satisfied", by="office", weights="w").cells)
    'unequal within 1 of 2 cells, where they are not used: 66.7 % without them, 50.0 % with them'
    """
    count, weighted = (cells[name].transpose("cell", "category").to_numpy() for name in ("count", "weighted"))
    n, total, squares = count.sum(axis=1), weighted.sum(axis=1), cells["squares"].to_numpy()
    there = (n > 0) & (total > 0)
    unequal = there & (squares * n > total**2 * (1 + 1e-9))
    if not unequal.any():
        return ""
    population = cells["weight"].to_numpy()[there] / cells["weight"].to_numpy()[there].sum()
    plain, used = population @ (count[there] / n[there, None]), population @ (weighted[there] / total[there, None])
    place = int(np.argmax(np.abs(used - plain)[::-1])) if len(plain) > 2 else 0
    place = len(plain) - 1 - place
    answer = f" answer {cells['category'].to_numpy()[place].item()!r}" if len(plain) > 2 else ""
    return (
        f"unequal within {int(unequal.sum())} of {len(n)} cells, where they are not used: {100 * plain[place]:.1f} %"
        f"{answer} without them, {100 * used[place]:.1f} % with them"
    )


def check_weights(weights: Weights) -> NDArray[np.float64]:
    """Weights as an array of floats, or an error that names the rows which cannot be weights.

    Parameters
    ----------
    weights
        One weight for each respondent. Rows are named by the index of a Series, otherwise counted from 0.

    Returns
    -------
    NDArray[np.float64]
        The same weights in the same order, none of them changed.

    Raises
    ------
    ValueError
        If there are no weights, or any is text, missing, infinite or negative.

    Examples
    --------
    >>> from navmodels.data.weights import check_weights
    >>> check_weights([1, 2, -3])
    Traceback (most recent call last):
    ValueError: column 'weights' holds ...-3.0... in row 2 (1 of 3); allowed: finite numbers from 0 ...
    """
    given = pd.Series(weights)
    given = given.rename("weights") if given.name is None else given
    if given.empty:
        raise ValueError("there are no weights; give one for each respondent.")
    if not pd.api.types.is_numeric_dtype(given):
        raise ValueError(f"weights must be numbers; column {given.name!r} is of type {given.dtype}.")
    return numeric(given, low=0).to_numpy()
