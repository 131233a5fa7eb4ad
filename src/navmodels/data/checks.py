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

RESERVED = (  # names of variables and dims of a survey, a fit and a table of draws
    *("cell", "category", "count", "weighted", "squares", "weight", "n", "positive"),
    *("estimate", "lower", "upper", "se", "low", "high", "count_low", "count_high", "trials"),
    *("chain", "draw", "scenario", "cut", "contrast", "intercept", "share", "mean", "median", "sd", "prob"),
    *("p_increase", "p_above", "class", "reference", "threshold", "unconverged"),
    *("direct", "pooled", "n_effective", "pooling_factor", "sd_reduction"),
)


def nearest(given: object, allowed: Iterable[object]) -> str:
    """Return ' Did you mean ...?' for the closest allowed name, or an empty string.

    Capitals, spaces and Unicode forms do not count; a name that differs in nothing else is told apart.

    Examples
    --------
    >>> nearest("cuonty", ["county", "year"])
    " Did you mean 'county'?"
    """
    names = {form(name).casefold(): name for name in allowed}
    close = difflib.get_close_matches(form(given).casefold(), list(names), n=1, cutoff=0.5)
    if not close:
        return ""
    name = names[close[0]]
    alike = str(name) != str(given) and form(name) == form(given)
    return f" Did you mean {name!r}?" + (" It differs only in spaces or Unicode form." if alike else "")


def listing(values: Iterable[object], *, most: int = 8) -> str:
    """Return values as a readable list, cut after `most`.

    Examples
    --------
    >>> listing([1, 2, 3], most=2)
    '1, 2 and 1 more'
    """
    shown = [repr(plain(value)) for value in values]
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")


def rows(mask: pd.Series) -> str:
    """Return 'rows 3, 7 (2 of 10)' for the index labels where `mask` is true."""
    labels = list(mask.index[mask])
    noun = "row" if len(labels) == 1 else "rows"
    return f"{noun} {listing(labels)} ({len(labels)} of {len(mask)})"


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
    """Raise when `given` is not among `allowed`."""
    if given not in allowed:
        raise ValueError(f"{what} is {given!r}; allowed: {listing(allowed)}.{nearest(given, allowed)}")


def factor_names(by: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of the factors; raise when one is no text, comes twice, or is a name a survey uses itself.

    Examples
    --------
    >>> factor_names("county"), factor_names(["county", "year"])
    (('county',), ('county', 'year'))
    """
    names = (by,) if isinstance(by, str) else tuple(by)
    other = [name for name in names if not isinstance(name, str)]
    if other:
        raise ValueError(f"by names {listing(other)}; allowed: names of columns that are text.")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"by names {name!r} more than once: {listing(names)}.")
        if name in RESERVED:
            raise ValueError(
                f"by names {name!r}, which a survey calls something of its own; rename the column. "
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
            raise ValueError(f"column {column!r} is missing in {rows(missing)}.{advice}")


def numeric(column: pd.Series, *, low: float = -np.inf, high: float = np.inf, gaps: bool = False) -> pd.Series:
    """Return a column as floats; raise unless it is finite (or missing, with `gaps`) and within [low, high]."""
    if not pd.api.types.is_numeric_dtype(column):
        column = column.astype(object).where(column.notna(), np.nan)
        other = ~column.map(lambda value: isinstance(value, int | float | np.number)).astype(bool)
        if other.any():
            raise ValueError(
                f"column {column.name!r} holds {listing(column[other].unique())} in {rows(other)}; "
                "allowed: a column of numbers."
            )
    values = column.astype(float)
    bad = ~((values >= low) & (values <= high) & np.isfinite(values)) & ~(values.isna() & gaps)
    if bad.any():
        limits = f" from {low:g} to {high:g}" if np.isfinite(high) else f" from {low:g} up" if np.isfinite(low) else ""
        raise ValueError(
            f"column {column.name!r} holds {listing(values[bad].unique())} in {rows(bad)}; "
            f"allowed: finite numbers{limits}."
        )
    return values


def unique_cells(frame: pd.DataFrame, by: Sequence[str]) -> None:
    """Raise when two rows describe the same cell."""
    double = frame.duplicated(list(by), keep=False) if by else pd.Series(len(frame) > 1, index=frame.index)
    if double.any():
        example = ", ".join(f"{name}={plain(frame.loc[double, name].iloc[0])!r}" for name in by)
        allowed = f"each combination of {listing(by)} may occur once" if by else "without by= there is one row"
        raise ValueError(
            f"{rows(double)} describe the same cell more than once, for instance {example or 'the whole sample'}; "
            f"{allowed}. Add the factor that tells them apart to by=."
        )


def level_order(column: pd.Series) -> tuple[Any, ...]:
    """Return the levels of a factor: categorical order where given, else sorted; raise on labels that look alike."""
    values = column if column.dtype == object else column.drop_duplicates()
    _one_kind(values.astype(object))
    if isinstance(column.dtype, pd.CategoricalDtype):
        present = set(values)
        levels = tuple(plain(value) for value in column.cat.categories if value in present)
    else:
        levels = tuple(sorted(plain(value) for value in values.unique()))
    seen: dict[str, object] = {}
    for level in levels:
        other = seen.setdefault(form(level), level)
        if other is not level:
            raise ValueError(
                f"column {column.name!r} has the labels {other!r} and {level!r}, the same after Unicode normalisation "
                f"and without extra spaces: {other!r} in {rows(column == other)}, {level!r} in {rows(column == level)}"
                "; write them alike."
            )
    return levels


def known_levels(frame: pd.DataFrame, levels: Levels, *, what: str) -> None:
    """Raise when a factor column holds a level that the survey does not have."""
    for name, allowed in levels.items():
        unknown = ~frame[name].isin(list(allowed))
        if unknown.any():
            given = frame.loc[unknown, name].iloc[0]
            raise ValueError(
                f"{what} has {listing(frame.loc[unknown, name].unique())} in column {name!r} ({rows(unknown)}), which "
                f"the survey does not know; its levels: {listing(allowed, most=20)}.{nearest(given, allowed)}"
            )


def form(label: object) -> str:
    """Return a label without what the eye does not see: Unicode normalised, spaces single."""
    return " ".join(unicodedata.normalize("NFKC", str(label)).split())


def plain(value: Any) -> Any:
    """Return a NumPy scalar as the Python one, anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


# ---- inside

KINDS = ("text", "number", "True/False")
ADVICE = {
    "Interval": "Turn them into text with .cat.rename_categories(str), which keeps their order.",
    "Timestamp": "Take a part of the date, for instance .dt.year, or turn it into text with .dt.strftime('%Y-%m').",
    "Period": "Turn them into text with .astype(str), or number them on for a Trend: 4 * .dt.year + .dt.quarter, or "
    "12 * .dt.year + .dt.month.",
    "date": "Turn them into text with .astype(str), or take .dt.year of pd.to_datetime(column).",
    "other": "Turn them into text with .astype(str).",
}


def _kind(label: object) -> str:
    if isinstance(label, bool | np.bool_):
        return "True/False"
    if isinstance(label, int | float | np.number):
        return "number"
    return "text" if isinstance(label, str) else type(label).__name__


def _one_kind(labels: pd.Series) -> None:
    """Raise unless all labels are text, all numbers, or all True/False."""
    kinds = labels.map(_kind)
    first = ~kinds.duplicated()
    if first.sum() > 1 or not kinds[first].isin(KINDS).all():
        examples = zip(labels[first], kinds[first], labels.index[first], strict=True)
        found = ", ".join(f"{plain(label)!r} ({kind}) in row {plain(row)!r}" for label, kind, row in examples)
        advice = next((ADVICE[kind] for kind in kinds[first] if kind in ADVICE), ADVICE["other"])
        raise ValueError(
            f"column {labels.name!r} has labels such as {found}; allowed: text, numbers or True/False, one kind in a "
            f"column. {advice}"
        )
