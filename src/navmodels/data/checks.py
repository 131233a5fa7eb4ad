"""Entry checks, and the sentences they raise.

Every check says what was given (which rows), what is allowed, and the nearest match. Nothing is repaired here:
a check passes or raises.
"""

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

Levels = Mapping[str, tuple[Any, ...]]


def nearest(given: object, allowed: Iterable[object]) -> str:
    """Return ' Did you mean ...?' for the closest allowed name, or an empty string.

    Examples
    --------
    >>> nearest("cuonty", ["county", "year"])
    " Did you mean 'county'?"
    """
    names = {str(name): name for name in allowed}
    close = difflib.get_close_matches(str(given), list(names), n=1, cutoff=0.5)
    return f" Did you mean {names[close[0]]!r}?" if close else ""


def listing(values: Iterable[object], *, most: int = 8) -> str:
    """Return values as a readable list, cut after `most`.

    Examples
    --------
    >>> listing([1, 2, 3], most=2)
    '1, 2 and 1 more'
    """
    shown = [repr(_plain(value)) for value in values]
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")


def rows(mask: pd.Series) -> str:
    """Return 'rows 3, 7 (2 of 10)' for the index labels where `mask` is true."""
    labels = list(mask.index[mask])
    noun = "row" if len(labels) == 1 else "rows"
    return f"{noun} {listing(labels)} ({len(labels)} of {len(mask)})"


def one_of(given: object, allowed: Sequence[object], *, what: str) -> None:
    """Raise when `given` is not among `allowed`."""
    if given not in allowed:
        raise ValueError(f"{what} is {given!r}; allowed: {listing(allowed)}.{nearest(given, allowed)}")


def known_columns(frame: pd.DataFrame, columns: Iterable[str], *, what: str) -> None:
    """Raise when a column is not in the frame, or is named twice."""
    columns = list(columns)
    for column in columns:
        if column not in frame.columns:
            raise ValueError(
                f"{what} names column {column!r}, which the frame does not have; "
                f"its columns: {listing(frame.columns, most=20)}.{nearest(column, frame.columns)}"
            )
        if columns.count(column) > 1:
            raise ValueError(f"{what} names column {column!r} more than once: {listing(columns)}.")


def complete(frame: pd.DataFrame, columns: Iterable[str], *, advice: str = "") -> None:
    """Raise when a column has missing values, naming the rows."""
    for column in columns:
        missing = frame[column].isna()
        if missing.any():
            raise ValueError(f"column {column!r} is missing in {rows(missing)}.{advice}")


def numeric(column: pd.Series, *, low: float = -np.inf, high: float = np.inf, gaps: bool = False) -> pd.Series:
    """Return a column as floats; raise unless it is finite (or missing, with `gaps`) and within [low, high]."""
    if not pd.api.types.is_numeric_dtype(column):
        text = column.map(lambda value: not isinstance(value, int | float | np.number)) & column.notna()
        if text.any() or column.notna().any():
            shown = listing(column[text].unique()) if text.any() else f"values of type {column.dtype}"
            raise ValueError(f"column {column.name!r} holds {shown} in {rows(text)}; allowed: a column of numbers.")
    values = column.astype(float)
    bad = ~((values >= low) & (values <= high) & np.isfinite(values)) & ~(values.isna() & gaps)
    if bad.any():
        allowed = f"finite numbers from {low:g} to {high:g}" if np.isfinite([low, high]).any() else "finite numbers"
        raise ValueError(
            f"column {column.name!r} holds {listing(values[bad].unique())} in {rows(bad)}; allowed: {allowed}."
        )
    return values


def unique_cells(frame: pd.DataFrame, by: Sequence[str]) -> None:
    """Raise when two rows describe the same cell."""
    double = frame.duplicated(list(by), keep=False) if by else pd.Series(len(frame) > 1, index=frame.index)
    if double.any():
        example = ", ".join(f"{name}={frame.loc[double, name].iloc[0]!r}" for name in by)
        raise ValueError(
            f"{rows(double)} describe the same cell more than once, for instance {example or 'the only cell'}; "
            f"each combination of {listing(by)} may occur once. Add the factor that tells them apart to by=."
        )


def level_order(column: pd.Series) -> tuple[Any, ...]:
    """Return the levels of a factor: categorical order where given, else sorted; raise on labels that look alike."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        present = set(column.unique())
        values = [value for value in column.cat.categories if value in present]
    else:
        values = sorted(column.unique(), key=lambda value: (type(value).__name__, value))
    levels = tuple(_plain(value) for value in values)
    kinds = {
        bool if isinstance(level, bool) else int if isinstance(level, int | float) else type(level) for level in levels
    }
    if len(kinds) > 1 or not kinds <= {bool, int, str}:
        raise ValueError(
            f"column {column.name!r} has labels of type {listing(sorted(kind.__name__ for kind in kinds))}; allowed: text, numbers "
            "or True/False, one kind in a column. Turn others into text with .astype(str)."
        )
    seen: dict[str, object] = {}
    for level in levels:
        form = " ".join(unicodedata.normalize("NFKC", str(level)).split())
        if form in seen:
            raise ValueError(
                f"column {column.name!r} has the labels {seen[form]!r} and {level!r}, which are the same after Unicode "
                f"normalisation (rows {listing(column.index[column == level])}); write them alike."
            )
        seen[form] = level
    return levels


def known_levels(frame: pd.DataFrame, levels: Levels, *, what: str) -> None:
    """Raise when a factor column holds a level that the survey does not have."""
    for name, allowed in levels.items():
        unknown = ~frame[name].isin(list(allowed))
        if unknown.any():
            given = frame.loc[unknown, name].iloc[0]
            raise ValueError(
                f"{what} has {listing(frame.loc[unknown, name].unique())} in column {name!r} ({rows(unknown)}), which the survey "
                f"does not know; its levels: {listing(allowed, most=20)}.{nearest(given, allowed)}"
            )


# ---- inside


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
