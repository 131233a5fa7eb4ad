"""Labels of factors and answers: of one kind, told apart, in their order."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd

from navmodels.checks.sentences import form, listing, plain, rows


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

KINDS = ("text", "number", "True/False")
ADVICE = {
    "Interval": "Turn them into text with .cat.rename_categories(str), which keeps their order.",
    "Timestamp": "Take a part of the date, for instance .dt.year, or turn it into text with .dt.strftime('%Y-%m').",
    "Period": "Turn them into text with .astype(str), or number them on for a Trend: 4 * .dt.year + .dt.quarter, or "
    "12 * .dt.year + .dt.month.",
    "date": "Turn them into text with .astype(str), or take .dt.year of pd.to_datetime(column).",
    "other": "Turn them into text with .astype(str).",
}
