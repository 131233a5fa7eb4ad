"""Several breakdowns of one sample in one table (by sex, by age, by region): found, and taken apart."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels import checks

Array = npt.NDArray[np.float64]


def split_table(
    frame: pd.DataFrame, *, by: str, n: str | None = None, parts: Mapping[str, Sequence[Any]] | None = None
) -> dict[str, pd.DataFrame]:
    """Return the breakdowns of one sample that a table holds one after the other, each as a frame of its own.

    Parameters
    ----------
    frame
        A table in which one column names men, women, young, old, north, south and so on.
    by
        That column.
    n
        Column of respondents: breakdowns are found as consecutive rows that add to the same n; rows that have all of
        it are given as "total". Of other factors (years), the first combination is looked at.
    parts
        Or the breakdowns by name, with their labels: ``{"sex": ["men", "women"], "age": [...]}``. `by` gets that name.

    Returns
    -------
    dict
        Frames by name: as in `parts`, else "part 1", "part 2" and so on. No row is in two of them, and none is lost.

    Raises
    ------
    ValueError
        For labels that are in no part, in two, or not in the table (with the nearest), and where n does not tell.

    Examples
    --------
    >>> table = pd.DataFrame({"group": ["men", "women", "young", "middle", "old"], "n": [480, 520, 300, 350, 350]})
    >>> [part["group"].tolist() for part in split_table(table, by="group", n="n").values()]
    [['men', 'women'], ['young', 'middle', 'old']]
    >>> split_table(table, by="group", parts={"sex": ["men", "women"], "age": ["young", "middle", "old"]})["sex"]
         sex    n
    0    men  480
    1  women  520
    """
    if (n is None) == (parts is None):
        raise ValueError("split_table needs either n=, a column, or parts=, the labels of each breakdown, not both.")
    frame = checks.named_rows(frame, what="split_table")
    checks.known_columns(frame, [by, *([n] if n else [])], what="split_table")
    checks.complete(frame, [by])
    if parts is not None:
        _require_parts(frame[by], parts)
        return {
            name: frame[frame[by].isin(list(levels))].rename(columns={by: name}).reset_index(drop=True)
            for name, levels in parts.items()
        }
    first = frame.drop_duplicates(by)
    lengths = equal_runs(checks.numeric(first[n], low=0.0).to_numpy())
    if lengths is None:
        raise ValueError(
            f"the rows of {n!r} do not add to one n in one way only; name the breakdowns with "
            f"parts={{'sex': [...], 'age': [...]}}, out of {checks.listing(first[by], most=20)}."
        )
    runs = [first[by].iloc[end - length : end] for end, length in zip(np.cumsum(lengths), lengths, strict=True)]
    several = [run for run in runs if len(run) > 1]
    total = [label for run in runs if len(run) == 1 for label in run]
    named = {"total": total} if total else {}
    named |= {f"part {number}": run.tolist() for number, run in enumerate(several, 1)}
    return {name: frame[frame[by].isin(labels)].reset_index(drop=True) for name, labels in named.items()}


def equal_runs(n: Array) -> list[int] | None:
    """Return the lengths of consecutive runs that all add to the same n, two or more of several rows; None if none.

    Runs of one row are totals. None, too, where rows can be cut in more than one way.

    Examples
    --------
    >>> equal_runs(np.array([480.0, 520.0, 300.0, 350.0, 350.0]))
    [2, 3]
    """
    reached = np.cumsum(n)
    found = []
    for number in range(2, len(n)):
        ends = reached[-1] / number * np.arange(1, number + 1)
        place = np.searchsorted(reached, ends * (1 - 1e-9))
        if np.allclose(reached[np.minimum(place, len(n) - 1)], ends, rtol=1e-9, atol=0):
            lengths = np.diff(place, prepend=-1)
            if (lengths >= 2).sum() >= 2:
                found.append(lengths.tolist())
    return found[0] if len(found) == 1 else None


# ---- inside


def _require_parts(column: pd.Series, parts: Mapping[str, Sequence[Any]]) -> None:
    """Raise unless every label is in exactly one part, and every part's labels are in the table."""
    levels = [checks.plain(level) for level in column.unique()]
    named = [label for each in parts.values() for label in each]
    for label in named:
        checks.one_of(label, levels, what=f"a label in parts= of column {column.name!r}")
    twice = {label for label in named if named.count(label) > 1}
    lost = [level for level in levels if level not in named]
    if twice or lost:
        fault = f"{checks.listing(sorted(twice, key=str))} in two" if twice else f"{checks.listing(lost)} in none"
        raise ValueError(f"parts= name {fault}; each label of column {column.name!r} belongs in one part.")
