"""Covariates: numbers instead of levels, where they are centred and how far they reach."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from navmodels import checks
from navmodels.models.yardsticks import Yardstick

Array = npt.NDArray[np.float64]


def require_numbers(values: Sequence[Any], term: Any, remedy: str) -> None:
    """Raise unless every level of a covariate is a finite number."""
    bad = [value for value in values if isinstance(value, bool | str) or not np.isfinite(value)]
    if bad:
        raise ValueError(f"{term} needs numbers; the survey has {checks.listing(bad)}. {remedy}")


def average(x: Array, by: Yardstick) -> float:
    """Return the average of a covariate over the answers (over the cells, where n is not known), x dims (cell)."""
    return _average_and_sd(x, by)[0]


def span(x: Array, by: Yardstick) -> float:
    """Return two standard deviations of a covariate, or the difference of its two values (Gelman 2008), dims (cell).

    Examples
    --------
    >>> span(np.array([0.0, 1.0, 1.0]), Yardstick())
    1.0
    """
    values = np.unique(x)
    return float(values[1] - values[0] if len(values) == 2 else 2 * _average_and_sd(x, by)[1])


# ---- inside


def _average_and_sd(x: Array, by: Yardstick) -> tuple[float, float]:
    weight = None if by.weight is None or not by.weight.any() else by.weight
    middle = np.average(x, weights=weight)
    sd = np.sqrt(np.average((x - middle) ** 2, weights=weight))
    return float(middle), float(sd if sd > 0 else np.std(np.unique(x)))
