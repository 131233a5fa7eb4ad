"""What answers there may be: the categories of a question, and the one scale on which items of a battery are answered.

How many gave each is for `responses` and `batteries`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from navmodels import checks
from navmodels.data.codes import NEGATIVE_ALONE, leave_out_codes

RENAME = "write them alike where they are one, and give one of them another name where they are two"


@dataclass(frozen=True)
class Scale:
    """The answers that were declared, as in `Survey.from_responses`: what makes a share, a rating or a choice."""

    categories: Sequence[Any] | None = None
    ordered: bool = True
    positive: Any = None
    negative: Any = None

    def __post_init__(self) -> None:
        if self.negative is not None and self.positive is None:
            raise ValueError(NEGATIVE_ALONE)

    @property
    def kind(self) -> str:
        """The kind of survey that answers on this scale make: "share", "rating" or "choice"."""
        return "share" if self.categories is None else "rating" if self.ordered else "choice"

    @property
    def names_positive(self) -> bool:
        """Whether a share is asked for whose positive answers are named."""
        return self.categories is None and self.positive is not None


def answer_categories(answers: pd.Series, scale: Scale) -> tuple[Any, ...]:
    """Return the categories of an answer in their order; for a share, the answers that count as positive.

    Parameters
    ----------
    answers
        One row a respondent, missing ones left out.
    scale
        Its `categories`, or for a share its `positive`.

    Raises
    ------
    ValueError
        When an answer is not among the categories (the rows are named), categories repeat or are of several kinds,
        ordered ones are out of order, or a positive answer never occurs.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = pd.Series([2, 5, 6])
    >>> answer_categories(answers, Scale(range(1, 7)))
    (1, 2, 3, 4, 5, 6)
    >>> answer_categories(answers, Scale(positive=[5, 6]))
    (5, 6)
    """
    if scale.categories is None:
        return _zero_or_one(answers) if scale.positive is None else _positive(answers, scale.positive)
    if scale.positive is not None:
        raise ValueError(
            "give categories= (a rating or choice) or positive= (a share), not both; a rating can be cut in two "
            "afterwards, with .dichotomise(cut)."
        )
    levels = tuple(checks.plain(level) for level in scale.categories)
    if len(set(levels)) < len(levels) or len(levels) < 2:
        raise ValueError(f"categories are {checks.listing(levels)}; allowed: at least two, each once.")
    declared = isinstance(answers.dtype, pd.CategoricalDtype)
    checks.one_kind(pd.Series(levels, dtype=object, name="categories"))
    checks.require_unlike(pd.Series(levels, dtype=object, name="categories"), levels, declared=declared, remedy=RENAME)
    if scale.ordered:
        _require_order(answers, levels)
    unknown = ~answers.isin(list(levels))
    if unknown.any():
        given = answers[unknown].unique()
        raise ValueError(
            f"column {answers.name!r} holds {checks.listing(given)} in {checks.rows(unknown)}, not among the "
            f"categories {checks.listing(levels, most=20)}.{checks.nearest(given[0], levels)}"
            f"{leave_out_codes(answers.name, given, beside=levels)}"
        )
    return levels


def item_categories(frame: pd.DataFrame, columns: Sequence[str], scale: Scale) -> tuple[Any, ...]:
    """Return the categories that all items share; for a share, the answers that count as positive."""
    if scale.names_positive:
        return _positive_of_items(frame, columns, scale.positive)
    chosen: tuple[Any, ...] = ()
    for column in columns:
        answers = frame[column].dropna()
        try:
            chosen = answer_categories(answers, scale)
        except ValueError as error:
            alike = [
                other for other in columns if scale.categories is None and set(known_answers(frame[other])) <= {0, 1}
            ]
            if not alike:
                raise
            raise ValueError(
                f"{error} Items of one survey are answered on one scale, and {checks.listing(alike)} with 0 and 1; "
                "make a survey of each kind."
            ) from error
    return chosen


def require_one_scale(frame: pd.DataFrame, columns: Sequence[str], *, rated: bool) -> None:
    """Raise when items say that they are answered on different scales.

    An ordered categorical column says so, and one with categories that nobody chose; of others what was answered is
    all that is known. Of a share only what is said counts.
    """
    scales = {column: known_answers(frame[column]) for column in columns if _says_its_scale(frame[column])}
    for column, scale in scales.items():
        for other in columns:
            beyond = [value for value in known_answers(frame[other]) if value not in scale]
            if beyond and (rated or other in scales):
                raise ValueError(
                    f"items are on different scales: {column!r} on {checks.listing(scale, most=20)}, and {other!r} "
                    f"with {checks.listing(beyond)} too. Items of one survey are answered on one scale; make a survey "
                    "of the items of each. If it is one scale, say so of every item: "
                    f"frame[{column!r}].astype(pd.CategoricalDtype(categories, ordered=True))."
                )


def known_answers(column: pd.Series) -> list[Any]:
    """Return the answers of an item, or all its categories where the column is categorical."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [checks.plain(value) for value in column.cat.categories]
    return [checks.plain(value) for value in column.dropna().unique()]


def distinct(values: Iterable[Iterable[Any]]) -> list[Any]:
    """Return each value once, in order of appearance."""
    return list(dict.fromkeys(value for each in values for value in each))


# ---- inside


def _zero_or_one(answers: pd.Series) -> tuple[Any, ...]:
    other = ~answers.isin([0, 1])
    if other.any():
        given = answers[other].unique()
        raise ValueError(
            f"column {answers.name!r} holds {checks.listing(given)} in {checks.rows(other)}; allowed "
            "for a share: 0 and 1. Else give categories= (a rating or choice) or positive= (the answers that count as "
            f"positive).{leave_out_codes(answers.name, given, beside=[0, 1])}"
        )
    return (1,)


def _positive(answers: pd.Series, positive: Any) -> tuple[Any, ...]:
    chosen = tuple(positive) if pd.api.types.is_list_like(positive) else (positive,)
    categorical = isinstance(answers.dtype, pd.CategoricalDtype)
    allowed = tuple(answers.cat.categories if categorical else answers.unique())
    if not chosen:
        raise ValueError(f"positive is empty; allowed: one or more of {checks.listing(allowed, most=20)}.")
    for value in chosen:
        likely = (
            not categorical and not isinstance(value, str) and any(other in allowed for other in chosen)
        )  # a rating nobody gave
        if value not in allowed and not likely:
            raise ValueError(
                f"positive is {value!r}, which never occurs in column {answers.name!r}; it holds "
                f"{checks.listing(allowed, most=20)}.{checks.nearest(value, allowed)} An answer that nobody gave is "
                "known when the column is categorical."
            )
    checks.require_listed(answers, chosen)
    return chosen


def _require_order(answers: pd.Series, levels: tuple[Any, ...]) -> None:
    """Raise when ordered categories contradict the order of numbers, or that of an ordered categorical column."""
    known = list(levels)
    if isinstance(answers.dtype, pd.CategoricalDtype) and answers.cat.ordered:
        order = [level for level in answers.cat.categories if level in levels]
        known = [level for level in levels if level in order]
    else:
        order = sorted(levels) if not isinstance(levels[0], str) else known
    if known != order:
        raise ValueError(
            f"categories are out of order: {checks.listing(known, most=20)}; allowed, lowest first: "
            f"{checks.listing(order, most=20)}. Give ordered=False for a choice among unordered ones."
        )


def _positive_of_items(frame: pd.DataFrame, columns: Sequence[str], positive: Any) -> tuple[Any, ...]:
    """Return the positive answers: each occurs in some item, and items without one are answered as the others are."""
    for column in columns:
        checks.require_listed(frame[column], positive if pd.api.types.is_list_like(positive) else [positive])
    known = {column: known_answers(frame[column]) for column in columns}
    together = pd.Series(distinct(known.values()), dtype=object, name=", ".join(map(str, columns)))
    chosen = answer_categories(together, Scale(positive=positive))
    likewise = distinct(values for values in known.values() if set(values) & set(chosen))
    for column, values in known.items():
        strange = [value for value in values if value not in likewise]
        if strange:
            raise ValueError(
                f"column {column!r} holds {checks.listing(values)} and no positive answer "
                f"({checks.listing(chosen)}); the other items hold {checks.listing(likewise)}."
                f"{checks.nearest(strange[0], likewise)} Items of one survey are answered on one scale; where nobody "
                "gave a positive answer, make the column categorical, so that its answers are known."
            )
    return chosen


def _says_its_scale(column: pd.Series) -> bool:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return False
    return bool(column.cat.ordered) or bool(set(column.cat.categories) - set(column.dropna().unique()))
