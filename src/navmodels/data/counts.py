"""A table of counts at the door `Survey.from_counts`: which columns hold them, and which categories they are of.

Respondents' rows are for `responses`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels import checks
from navmodels.data.cells import cells_of, join_population, labels, simulated
from navmodels.data.overlap import require_disjoint_counts
from navmodels.data.scales import Scale, answer_categories

if TYPE_CHECKING:
    from navmodels.data.survey import Survey

Array = npt.NDArray[np.float64]


def from_counts(
    cls: type["Survey"],
    frame: pd.DataFrame,
    *,
    by: str | Sequence[str],
    positive: str | None = None,
    n: str | None = None,
    counts: Sequence[str] | None = None,
    categories: Sequence[Any] | None = None,
    ordered: bool = True,
    population: pd.DataFrame | None = None,
    overlap: str = "refuse",
) -> "Survey":
    """Make a survey from a table of counts, one row a cell.

    Parameters
    ----------
    frame
        One row for each combination of factors.
    by
        Columns of grouping factors.
    positive, n
        Columns: positives and answers (real numbers are allowed: effective counts). Makes a share.
    counts, categories
        Columns with the count of each category, and the categories' names (default: the columns'). Makes a rating,
        or a choice when not `ordered`.
    population
        As in `from_responses`; default: n.
    overlap
        "refuse", or "allow" rows that look as if they were not disjoint people: a total beside its parts, several
        breakdowns of one sample. `navmodels.split_table` takes such a table apart.

    Raises
    ------
    ValueError
        Naming the rows with negative, missing or non-finite counts, positives above n, cells that occur twice, or
        rows that overlap.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> table = pd.DataFrame({"office": ["A", "B"], "satisfied": [9, 30], "answers": [10, 45]})
    >>> Survey.from_counts(table, by="office", positive="satisfied", n="answers")
    Survey of shares: 2 cells, 55 respondents
      office  2 levels: 'A', 'B'
      share   70.9 % positive
    """
    by = checks.factor_names(by)
    columns = _count_columns(positive, n, counts, categories)
    frame = checks.named_rows(frame, what="from_counts")
    checks.known_columns(frame, [*by, *columns], what="from_counts")
    checks.complete(frame, by)
    checks.unique_cells(frame, by)
    levels = {name: checks.level_order(frame[name]) for name in by}
    checks.one_of(overlap, checks.OVERLAP, what="overlap")
    number = np.column_stack([checks.numeric(frame[column], low=0.0) for column in columns])
    if counts is None:
        kind, chosen, number = "share", (False, True), _negative_and_positive(frame, columns, number)
    else:
        kind, chosen = "rating" if ordered else "choice", count_categories(counts, categories, ordered)
    if overlap == "refuse":
        require_disjoint_counts(frame[list(by)], number, n=n)
    attrs = {"kind": kind, "outcome": positive or "answer", "weighting": "none", "dropped": 0}
    cells = cells_of(number, number, number.sum(axis=1), labels(frame, by), chosen)
    cells = cells.assign_attrs({**attrs, **simulated(frame)})
    return cls(cells if population is None else join_population(cells, levels, population), levels)


def count_categories(counts: Sequence[str], categories: Sequence[Any] | None, ordered: bool) -> tuple[Any, ...]:
    """Return the categories that columns of counts are of: as named, or the columns' names."""
    names = list(counts) if categories is None else list(categories)
    if len(names) != len(counts):
        raise ValueError(
            f"counts names {len(counts)} columns ({checks.listing(counts)}) and categories {len(names)} "
            f"({checks.listing(names)}); there must be one category for each column."
        )
    return answer_categories(pd.Series([], dtype=object), Scale(names, ordered))


# ---- inside


def _count_columns(
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


def _negative_and_positive(frame: pd.DataFrame, columns: list[str], number: Array) -> Array:
    """Return the answers of each row that are not positive, and those that are, dims (row, 2)."""
    above = pd.Series(number[:, 0] > number[:, 1], index=frame.index)
    if above.any():
        first = number[above.to_numpy()][0]
        raise ValueError(
            f"{columns[0]!r} is above {columns[1]!r} in {checks.rows(above)}, for instance {first[0]:g} of {first[1]:g}"
            "; positives may be at most the answers."
        )
    return np.column_stack([number[:, 1] - number[:, 0], number[:, 0]])
