"""Entry checks, and the sentences they raise.

Every check says what was given (which rows), what is allowed, and the nearest match. Nothing is repaired here:
a check passes or raises.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from navmodels.checks.labels import same
from navmodels.checks.numerals import is_plain, recipe
from navmodels.checks.reserved import RESERVED
from navmodels.checks.sentences import listing, nearest, plain, rows

Levels = Mapping[str, tuple[Any, ...]]

OVERLAP = ("refuse", "allow")  # rows that are not disjoint people


def named_rows(frame: pd.DataFrame, *, what: str) -> pd.DataFrame:
    """Return the frame with an index that names each row once: its own, or where labels repeat, 0, 1, 2 and so on.

    Raises when it is no frame of pandas, or there are no rows.
    """
    require_pandas(frame, what=what)
    if frame.empty:
        raise ValueError(f"{what} was given no rows.")
    return frame if frame.index.is_unique else frame.reset_index(drop=True)


def require_pandas(frame: Any, *, what: str) -> None:
    """Raise, with the way to one, when something is no frame of pandas.

    Examples
    --------
    >>> require_pandas([{"office": "A"}], what="from_counts")
    Traceback (most recent call last):
    TypeError: from_counts was given a list; allowed: a pandas DataFrame. Make one with pd.DataFrame(...).
    """
    if isinstance(frame, pd.DataFrame):
        return
    kind = type(frame)
    home = kind.__module__.split(".")[0]
    named = kind.__name__ if home == "builtins" else f"{home}.{kind.__name__}"
    ways = ("to_pandas", "toPandas", "to_df", "compute")  # polars and pyarrow, Spark, DuckDB, Dask
    way = next((f"give its .{name}()" for name in ways if hasattr(frame, name)), "make one with pd.DataFrame(...)")
    if kind.__name__ == "LazyFrame":
        way = "give its .collect().to_pandas()"
    if isinstance(frame, pd.Series):
        way = "give its .reset_index()"
    raise TypeError(f"{what} was given a {named}; allowed: a pandas DataFrame. {way[0].upper()}{way[1:]}.")


def one_of(given: object, allowed: Sequence[object], *, what: str) -> None:
    """Raise when `given` is not among `allowed`; True and False are not 1 and 0."""
    if not any(same(given, each) for each in allowed):
        raise ValueError(f"{what} is {given!r}; allowed: {listing(allowed)}.{nearest(given, allowed)}")


def positive(value: Any, *, what: str, also: str = "") -> float:
    """Return a positive finite number, or raise; `also` says what else would be allowed."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < float(value) < np.inf:
        raise ValueError(f"{what} is {value!r}; allowed: a positive number{also}.")
    return float(value)


def require_prob(prob: float) -> None:
    """Raise unless an interval can have this probability."""
    if not 0 < prob < 1:
        raise ValueError(f"prob is {prob}; allowed: between 0 and 1, for instance 0.95.")


def factor_names(by: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of the factors; raise when one is no text, comes twice, or is a name surveys use themselves.

    Examples
    --------
    >>> factor_names("county"), factor_names(["county", "year"])
    (('county',), ('county', 'year'))
    """
    names = (by,) if isinstance(by, str) else tuple(by)
    other = [name for name in names if not isinstance(name, str)]
    if other:
        raise ValueError(
            f"by names {listing(other)}; allowed: names of columns that are text. Rename the column, for instance "
            f"frame.rename(columns={{{plain(other[0])!r}: {str(other[0])!r}}})."
        )
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"by names {name!r} more than once: {listing(names)}.")
        if name in RESERVED:
            raise ValueError(
                f"by names {name!r}, which {RESERVED[name]} calls something of its own; rename the column. "
                f"Reserved: {listing(RESERVED, most=len(RESERVED))}."
            )
    return names


def known_columns(frame: pd.DataFrame, columns: Iterable[str], *, what: str) -> None:
    """Raise when a column is not in the frame, is there twice, or is named twice."""
    columns = list(columns)
    for column in columns:
        if column not in frame.columns:
            raise ValueError(
                f"{what} names column {column!r}, which the frame does not have; "
                f"its columns: {listing(frame.columns, most=20)}.{nearest(column, frame.columns)}"
            )
        if columns.count(column) > 1:
            raise ValueError(f"{what} names column {column!r} more than once: {listing(columns)}.")
        if list(frame.columns).count(column) > 1:
            raise ValueError(f"{what} names column {column!r}, which the frame has more than once; rename one of them.")


def complete(frame: pd.DataFrame, columns: Iterable[str], *, advice: str = "") -> None:
    """Raise when a column has missing values, naming the rows."""
    for column in columns:
        missing = frame[column].isna()
        if missing.any():
            leave_out = f" Fill it in, or leave the rows out: dropna(subset=[{column!r}])."
            raise ValueError(f"column {column!r} is missing in {rows(missing)}.{advice or leave_out}")


def numeric(column: pd.Series, *, low: float = -np.inf, high: float = np.inf, gaps: bool = False) -> pd.Series:
    """Return a column as floats; raise unless it is finite (or missing, with `gaps`) and within [low, high]."""
    if not pd.api.types.is_numeric_dtype(column):
        column = column.astype(object).where(column.notna(), np.nan)
        _require_numbers(column)
    values = pd.Series(column.to_numpy(dtype=float, na_value=np.nan), column.index, name=column.name)
    bad = ~((values >= low) & (values <= high) & np.isfinite(values)) & ~(values.isna() & gaps)
    if bad.any():
        limits = f" from {low:g} to {high:g}" if np.isfinite(high) else f" from {low:g} up" if np.isfinite(low) else ""
        raise ValueError(
            f"column {column.name!r} holds {listing(values[bad].unique())} in {rows(bad)}; "
            f"allowed: finite numbers{limits}."
        )
    return values


def unique_cells(
    frame: pd.DataFrame, by: Sequence[str], *, remedy: str = "Add the factor that tells them apart to by=."
) -> None:
    """Raise when two rows describe the same cell."""
    double = frame.duplicated(list(by), keep=False) if by else pd.Series(len(frame) > 1, index=frame.index)
    if double.any():
        example = ", ".join(f"{name}={plain(frame.loc[double, name].iloc[0])!r}" for name in by)
        allowed = f"each combination of {listing(by)} may occur once" if by else "without by= there is one row"
        raise ValueError(
            f"{rows(double)} describe the same cell more than once, for instance {example or 'the whole sample'}; "
            f"{allowed}. {remedy}"
        )


# ---- inside

NUMBERS = (int, float, Decimal, np.number)


def _require_numbers(column: pd.Series) -> None:
    """Raise on entries that are no numbers, naming those that are not even written as one before the others."""
    other = ~column.map(lambda value: isinstance(value, NUMBERS)).astype(bool)
    if other.any():
        texts = column[other].map(str)
        worst = ~texts.map(is_plain).astype(bool)
        named = other & (worst.reindex(column.index, fill_value=False) if worst.any() else True)
        raise ValueError(
            f"column {column.name!r} holds {listing(column[named].unique())} in {rows(named)}; "
            f"allowed: a column of numbers. {recipe(column.dropna().map(str).unique().tolist())}"
        )
