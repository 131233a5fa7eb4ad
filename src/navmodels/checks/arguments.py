"""Entry checks, and the sentences they raise.

Every check says what was given (which rows), what is allowed, and the nearest match. Nothing is repaired here:
a check passes or raises.
"""

import difflib
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from navmodels.checks.numerals import is_plain, recipe
from navmodels.checks.reserved import RESERVED

Levels = Mapping[str, tuple[Any, ...]]

OVERLAP = ("refuse", "allow")  # rows that are not disjoint people


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
    """Raise when `given` is not among `allowed`; True and False are not 1 and 0."""
    if not any(same(given, each) for each in allowed):
        raise ValueError(f"{what} is {given!r}; allowed: {listing(allowed)}.{nearest(given, allowed)}")


def positive(value: Any, *, what: str, also: str = "") -> float:
    """Return a positive finite number, or raise; `also` says what else would be allowed."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < float(value) < np.inf:
        raise ValueError(f"{what} is {value!r}; allowed: a positive number{also}.")
    return float(value)


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


def level_order(column: pd.Series) -> tuple[Any, ...]:
    """Return the levels of a factor: categorical order where given, else sorted; raise on labels that look alike.

    Labels that differ only in capitals are asked about, unless the column is categorical: its categories are declared.
    """
    values = column if column.dtype == object else column.drop_duplicates()
    one_kind(values.astype(object))
    declared = isinstance(column.dtype, pd.CategoricalDtype)
    if declared:
        present = set(values)
        levels = tuple(plain(value) for value in column.cat.categories if value in present)
    else:
        levels = tuple(sorted(plain(value) for value in values.unique()))
    require_unlike(column, levels, declared=declared)
    return levels


def require_unlike(column: pd.Series, levels: Sequence[Any], *, declared: bool = False, remedy: str = "") -> None:
    """Raise when two levels look alike; those that differ in capitals alone may when they are declared as two.

    `remedy` stands in place of the one for a column of a frame.
    """
    seen: dict[str, Any] = {}
    for level in levels:
        other = seen.setdefault(form(level) if declared else form(level).casefold(), level)
        if other is level:
            continue
        alike = form(other) == form(level)
        how = "the same after Unicode normalisation and without extra spaces" if alike else "the same but for capitals"
        advice = "write them alike"
        if not alike:
            advice += (
                f", for instance with .replace({{{level!r}: {other!r}}}). Where they are two, say so with a "
                "categorical column: .astype('category')"
            )
        raise ValueError(
            f"column {column.name!r} has the labels {other!r} and {level!r}, {how}: {other!r} in "
            f"{rows(column == other)}, {level!r} in {rows(column == level)}; {remedy or advice}."
        )


def require_listed(answers: pd.Series, chosen: Collection[Any]) -> None:
    """Raise when an answer looks like one that counts as positive and is not among these itself.

    Examples
    --------
    >>> require_listed(pd.Series(["Yes", "yes ", "No"], name="answer"), ["Yes"])
    Traceback (most recent call last):
    ValueError: column 'answer' holds 'yes ' in row 1 (1 of 3), which looks like 'Yes' in row 0 (1 of 3), ...
    """
    alike = {form(value).casefold(): value for value in chosen}
    for value in [plain(value) for value in answers.dropna().unique()]:
        other = alike.get(form(value).casefold())
        if value not in chosen and other is not None:
            there = f" in {rows(answers == other)}" if (answers == other).any() else ""
            raise ValueError(
                f"column {answers.name!r} holds {value!r} in {rows(answers == value)}, which looks like "
                f"{other!r}{there}, an answer that counts as positive. Write them alike, for instance "
                f".replace({{{value!r}: {other!r}}}), or name each: positive=[{listing([*chosen, value], most=20)}]."
            )


def form(label: object) -> str:
    """Return a label without what the eye does not see: Unicode normalised, spaces single."""
    normal = unicodedata.normalize("NFKC", str(label))
    return " ".join("".join(sign for sign in normal if unicodedata.category(sign) != "Cf").split())


def plain(value: Any) -> Any:
    """Return a NumPy scalar as the Python one, anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def kind(label: object) -> str:
    """Return what a label is: "text", "number", "True/False", or the name of its type.

    Examples
    --------
    >>> kind("03"), kind(3), kind(3.0), kind(True)
    ('text', 'number', 'number', 'True/False')
    """
    if isinstance(label, bool | np.bool_):
        return "True/False"
    if isinstance(label, int | float | np.number):
        return "number"
    return "text" if isinstance(label, str) else type(label).__name__


def same(one: object, other: object) -> bool:
    """Return whether two labels are one: equal and of one kind, so that True is not 1, and 1.0 is.

    Examples
    --------
    >>> same(1, 1.0), same(1, True), same(3, "3")
    (True, False, False)
    """
    return kind(one) == kind(other) and bool(one == other)


def one_kind(labels: pd.Series) -> None:
    """Raise unless all labels are text, all numbers, or all True/False."""
    kinds = labels.map(kind)
    first = ~kinds.duplicated()
    if first.sum() > 1 or not kinds[first].isin(KINDS).all():
        examples = zip(labels[first], kinds[first], labels.index[first], strict=True)
        found = ", ".join(f"{plain(label)!r} ({its}) in row {plain(row)!r}" for label, its, row in examples)
        advice = next((ADVICE[its] for its in kinds[first] if its in ADVICE), ADVICE["other"])
        raise ValueError(
            f"column {labels.name!r} has labels such as {found}; allowed: text, numbers or True/False, one kind in a "
            f"column. {advice}"
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


KINDS = ("text", "number", "True/False")
ADVICE = {
    "Interval": "Turn them into text with .cat.rename_categories(str), which keeps their order.",
    "Timestamp": "Take a part of the date, for instance .dt.year, or turn it into text with .dt.strftime('%Y-%m').",
    "Period": "Turn them into text with .astype(str), or number them on for a Trend: 4 * .dt.year + .dt.quarter, or "
    "12 * .dt.year + .dt.month.",
    "date": "Turn them into text with .astype(str), or take .dt.year of pd.to_datetime(column).",
    "other": "Turn them into text with .astype(str).",
}
