"""Rows that are not one person each: tables of counts handed over as respondents, and persons who come twice.

Neither can be known for sure from the rows: the first is warned of, the second refused unless it is allowed.
"""

import warnings
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import pandas as pd

from navmodels import checks


def warn_of_counts(frame: pd.DataFrame, *, answers: Sequence[str], by: Sequence[str], weights: str | None) -> None:
    """Warn when weights look like counts: whole numbers, one for each combination of factors and answers.

    Examples
    --------
    >>> table = pd.DataFrame({"office": ["A", "A", "B", "B"], "satisfied": [0, 1, 0, 1], "people": [105, 105, 60, 137]})
    >>> warn_of_counts(table, answers=["satisfied"], by=["office"], weights="people")
    Traceback (most recent call last):
    UserWarning: the weights in column 'people' look like counts ...
    """
    if weights is None or not pd.api.types.is_numeric_dtype(frame[weights]) or len(frame) < 2:
        return
    weight = frame[weights].dropna()
    whole = not weight.empty and bool((weight % 1 == 0).all()) and weight.nunique() > 1
    if not whole or weight.median() <= 1:
        return
    named = str(weights).casefold() in NAMES
    if named or (weight.median() >= MANY and _lists_every_answer(frame, [*by, *answers], answers)):
        why = "by its name" if named else "whole numbers, one for each combination of groups and answers"
        warnings.warn(
            f"the weights in column {weights!r} look like counts ({why}), but each row enters as one respondent: "
            f"{len(frame)} in all, not {weight.sum():.0f}. If they are counts, give each respondent a row, "
            f"frame.loc[frame.index.repeat(frame[{weights!r}])], without weights=. If they are survey weights, give "
            f"the column another name, or divide it by its mean, frame.assign({_keyword(weights)}=frame[{weights!r}] / "
            f"frame[{weights!r}].mean()).",
            UserWarning,
            stacklevel=3,
        )


def refuse_persons(
    frame: pd.DataFrame, *, outcome: str | Sequence[str], by: Sequence[str], weights: str | None, overlap: str
) -> None:
    """Raise when a column that is not used tells that the same persons answer more than once.

    It does when it is text or whole numbers, most of its values repeat, and none of them does so within a level of one
    of the factors (a panel), or with the same answer within a cell (a question with several answers, one row each).
    `outcome` is a column of answers, or one for each item.

    Examples
    --------
    >>> people = pd.DataFrame({"person": [*range(20)] * 2, "year": [2023] * 20 + [2024] * 20, "yes": [0, 1] * 20})
    >>> refuse_persons(people, outcome="yes", by=["year"], weights=None, overlap="refuse")
    Traceback (most recent call last):
    ValueError: column 'person' has the same values in several levels of 'year', each once a level, ...
    """
    checks.one_of(overlap, checks.OVERLAP, what="overlap")
    answers = [outcome] if isinstance(outcome, str) else list(outcome)
    used = [*answers, *by, *([weights] if weights else [])]
    for name in frame.columns if overlap == "refuse" else []:
        if name in used or list(frame.columns).count(name) > 1 or not _may_name_persons(frame[name]):
            continue
        one_item = "make a survey of one item with Survey.from_responses and "
        way_on = "If these are not the same persons, give overlap='allow'."
        factor = next((each for each in by if _repeats_over(frame, name, each)), None)
        if factor is not None:
            raise ValueError(
                f"column {name!r} has the same values in several levels of {factor!r}, each once a level, as if the "
                "same persons answered again. They would count as other people, and changes as less certain than they "
                f"are: {'' if isinstance(outcome, str) else one_item}give id={name!r}. {way_on}"
            )
        if isinstance(outcome, str) and frame[outcome].nunique() > 2 and _gives_several(frame, name, by, outcome):
            raise ValueError(
                f"column {name!r} repeats within cells, never with the same answer to {outcome!r}, as if persons could "
                f"give several answers, one row each. They would count as other people: {as_items(name, outcome, by)} "
                f"{way_on}"
            )


def count_left_out(
    frame: pd.DataFrame, dropped: int, sides: Mapping[str, Mapping[str, int]], *, respondents: int
) -> dict[str, Any]:
    """Return how many rows were left out for lack of an answer or factor, and if any, which answers, and weights of 0.

    Examples
    --------
    >>> count_left_out(pd.DataFrame({"used": [1, 2, 9, None]}), 2, {"neither": {"9": 1}}, respondents=1)
    {'dropped': 1, 'sides': {'neither': {'9': 1}}, 'weightless': 1}
    """
    weightless = len(frame) - dropped - respondents
    out: dict[str, Any] = {"dropped": dropped - sum(sides.get("neither", {}).values())}
    return out | ({"sides": sides} if sides else {}) | ({"weightless": weightless} if weightless else {})


def as_items(person: Any, outcome: str, by: Sequence[str]) -> str:
    """Return how rows of several answers a person become one row a person."""
    return (
        f"make one row a person, wide = frame.assign(ticked=1).pivot_table(index={[person, *by]}, "
        f"columns={outcome!r}, values='ticked', fill_value=0, observed=True).reset_index(), and use "
        f"Survey.from_items(wide, items=[...], by={list(by)}); those who gave no answer have no row, add them."
    )


# ---- inside

MANY = 5  # a median weight from which whole numbers look like counts
NAMES = {
    *("count", "counts", "n", "freq", "frequency", "frequencies", "number", "answers", "respondents", "hits", "cases"),
    *("antall", "antal", "svar", "hyppighet", "personer", "anzahl", "fallzahl"),
}


def _lists_every_answer(frame: pd.DataFrame, columns: Sequence[str], answers: Sequence[str]) -> bool:
    """Return whether rows are different combinations of factors and answers, and half of those that could be."""
    if frame.duplicated(list(columns)).any():
        return False
    factors = [name for name in columns if name not in answers]
    cells = len(frame[factors].drop_duplicates()) if factors else 1
    possible = [frame[name].nunique() for name in answers]
    return all(2 <= each <= 12 for each in possible) and 2 * len(frame) >= cells * prod(possible)


def _keyword(name: object) -> str:
    return str(name) if str(name).isidentifier() else "weight"


def _may_name_persons(column: pd.Series) -> bool:
    """Return whether text or whole numbers have many values, most of which come more than once, none very often."""
    values = column.dropna()
    if pd.api.types.infer_dtype(values) not in ("string", "integer"):
        return False
    return (
        values.nunique() >= 10
        and bool(values.duplicated(keep=False).mean() >= 0.5)
        and len(values) <= 20 * values.nunique()
    )


def _repeats_over(frame: pd.DataFrame, name: Any, factor: str) -> bool:
    """Return whether values are different within each level of a factor, where chance would make some of them equal."""
    rows = frame[[name, factor]].dropna()
    size, values = len(rows) / max(1, rows[factor].nunique()), rows[name].nunique()
    return size >= 10 and size >= 0.4 * values and not rows.duplicated().any()


def _gives_several(frame: pd.DataFrame, name: Any, by: Sequence[str], outcome: str) -> bool:
    """Return whether values stay within a cell each, come several times, and never with the same answer."""
    rows = frame[[name, *by, outcome]].dropna()
    again = rows.duplicated([name, *by], keep=False).sum()
    moving = rows[[name, *by]].drop_duplicates().duplicated([name]).any()
    return bool(again >= max(40, len(rows) / 2)) and not moving and not rows.duplicated().any()
