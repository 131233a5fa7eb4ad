"""A table of counts: which columns hold them, what they are, and which categories they are of.

Respondents' rows are for `responses`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels import checks
from navmodels.data.responses import answer_categories

Array = npt.NDArray[np.float64]


def count_columns(
    positive: str | None, n: str | None, counts: Sequence[str] | None, categories: Sequence[Any] | None
) -> list[str]:
    """Return the columns of counts, those of a share or those of categories."""
    if positive is not None and n is not None and counts is None and categories is None:
        return [positive, n]
    if positive is None and n is None and counts is not None:
        return list(counts)
    raise ValueError(
        "from_counts needs either positive= and n= (a share) or counts= (one column a category), not both."
    )


def negative_and_positive(frame: pd.DataFrame, columns: list[str], number: Array) -> Array:
    """Return the answers of each row that are not positive, and those that are, dims (row, 2)."""
    above = pd.Series(number[:, 0] > number[:, 1], index=frame.index)
    if above.any():
        first = number[above.to_numpy()][0]
        raise ValueError(
            f"{columns[0]!r} is above {columns[1]!r} in {checks.rows(above)}, for instance {first[0]:g} of {first[1]:g}"
            "; positives may be at most the answers."
        )
    return np.column_stack([number[:, 1] - number[:, 0], number[:, 0]])


def count_categories(counts: Sequence[str], categories: Sequence[Any] | None, ordered: bool) -> tuple[Any, ...]:
    """Return the categories that columns of counts are of: as named, or the columns' names."""
    names = list(counts) if categories is None else list(categories)
    if len(names) != len(counts):
        raise ValueError(
            f"counts names {len(counts)} columns ({checks.listing(counts)}) and categories {len(names)} "
            f"({checks.listing(names)}); there must be one category for each column."
        )
    return answer_categories(pd.Series([], dtype=object), categories=names, ordered=ordered, positive=None)
