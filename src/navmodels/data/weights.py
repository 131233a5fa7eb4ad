"""Survey weights: whether they can be used, and what unequal weights cost in precision.

Not for estimates: `navmodels.data.direct` has those, with standard errors that see the outcome as well as the
weights.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from navmodels.data.checks import numeric

type Weights = Sequence[float] | NDArray[np.floating | np.integer] | pd.Series


def design_effect(weights: Weights) -> float:
    r"""Kish's design effect: how many times unequal weights multiply the variance of a mean.

    .. math:: n \sum_i w_i^2 / (\sum_i w_i)^2

    It knows the weights alone, and holds when they have nothing to do with the outcome. Only ratios between
    weights matter; equal weights give exactly 1.

    Parameters
    ----------
    weights
        One weight for each respondent, at least one of them above zero. Respondents with weight zero count in
        *n*.

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
    w = w / w.max()
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
    return len(weights) / design_effect(weights)


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
