"""What a plot asks of its table: columns, numbers that can be drawn, and one name a row.

Not for changing the table: what cannot be drawn as it stands is an error that says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from navmodels import checks
from navmodels.checks.reserved import COLUMNS
from navmodels.plots.words import label_text

PUBLISHED = ("published", "published_lower", "published_upper")
MODELLED = ("mean", "lower", "upper")
DIRECT = ("direct", "direct_lower", "direct_upper")
POOLED = ("pooled", "pooled_lower", "pooled_upper")
DRAWN = ("summarise", "shrinkage", "check_fit")  # the tables that are drawn
STATISTICS = {*PUBLISHED, *(name for verb in DRAWN for name in COLUMNS[verb])} - {"reference"}
"""The columns of the library's tables that are not dims."""


def check_table(table: pd.DataFrame, *, keys: Sequence[str], values: Sequence[str], words: Sequence[str] = ()) -> None:
    """Raise unless the table has rows, these columns, no missing key, and numbers as values."""
    has = [str(column) for column in table.columns]
    if missing := [name for name in [*keys, *values, *words] if name not in has]:
        shown = checks.listing(has, most=len(has)) or "no columns"
        raise ValueError(
            f"the table lacks {checks.listing(missing, most=len(missing))}; it has {shown}{_nearest(missing, has)}"
        )
    if table.empty:
        raise ValueError("the table has no rows, so there is nothing to draw")
    for name in keys:
        if (gaps := table.index[table[name].isna()]).size:
            raise ValueError(f"'{name}' is missing in row {', '.join(map(str, gaps[:5]))}: every row needs a name")
    if text := [name for name in values if not pd.api.types.is_numeric_dtype(table[name])]:
        raise ValueError(f"{checks.listing(text)} must be numbers, not {table[text[0]].dtype}")


def check_proportions(table: pd.DataFrame, columns: Iterable[str], *, percent: bool, lowest: float = 0.0) -> None:
    """Raise if percent is asked for and an estimate lies outside lowest..1."""
    for name in columns if percent else ():
        values = numbers(table, name, percent=False)
        if (off := values[(values < lowest) | (values > 1)]).size:
            raise ValueError(
                f"percent=True draws proportions from {lowest:g} to 1, but '{name}' has {off[0]:g}: "
                "divide percentages by 100, or use percent=False for scores and other numbers"
            )


def check_unique(names: Sequence[str], *, hint: str = "name them by more columns (label=[...])") -> None:
    """Raise if two rows would carry the same name."""
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise ValueError(f"several rows are named {checks.listing(twice[:3])}: {hint}")


def check_choice(given: object, allowed: Iterable[str], *, what: str) -> None:
    """Raise unless one of the words allowed is given."""
    words = list(allowed)
    if given not in words:
        raise ValueError(f"unknown {what} '{given}'; allowed: {checks.listing(words)}{_nearest([given], words)}")


def label_columns(
    table: pd.DataFrame, label: str | Sequence[str] | None, *, without: Collection[str] = ()
) -> list[str]:
    """Return the columns that name a row: those asked for, or every dim not in without."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"a plot draws a table (a DataFrame), not a {type(table).__name__}: summarise first")
    if label is not None:
        return [label] if isinstance(label, str) else list(label)
    return [str(name) for name in table.columns if name not in STATISTICS and name not in without]


def row_names(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return one name a row, the columns' values with commas between; without columns it is the whole."""
    if not columns:
        return ["all"] * len(table)
    return [", ".join(label_text(value) for value in row) for row in table[list(columns)].itertuples(index=False)]


def numbers(table: pd.DataFrame, column: str, *, percent: bool) -> NDArray[np.float64]:
    """Return a column as it is drawn: times 100 if percent; missing values stay missing."""
    values = table[column].to_numpy(dtype=float, na_value=np.nan)
    return 100 * values if percent else values


def estimates(table: pd.DataFrame, columns: Sequence[str], *, percent: bool) -> NDArray[np.float64]:
    """Return columns side by side (row, column), as they are drawn."""
    return np.column_stack([numbers(table, name, percent=percent) for name in columns])


# ---- inside


def _nearest(given: Iterable[object], allowed: Collection[str]) -> str:
    """Return '(nearest to 'a' is 'b')' for those given that are like an allowed name, or an empty string."""
    near = {name: checks.closest(name, allowed) for name in given}
    hints = [f"nearest to '{name}' is '{match}'" for name, match in near.items() if match is not None]
    return f" ({'; '.join(hints)})" if hints else ""
