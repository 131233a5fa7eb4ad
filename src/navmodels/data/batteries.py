"""Batteries and multi-select questions: wide columns, one an item, to counts with a factor `item`.

Each item is counted among those who answered it, so n differs by item. Not for several questions on different scales:
these are surveys of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from navmodels import checks
from navmodels.data.cells import population_weights
from navmodels.data.codes import NEGATIVE_ALONE, take_sides
from navmodels.data.responses import MISSING, RENAME, answer_categories, count_answers


def count_items(
    frame: pd.DataFrame,
    *,
    items: Sequence[str] | Mapping[str, str],
    by: Sequence[str],
    weights: str | None,
    missing: str,
    categories: Sequence[Any] | None,
    ordered: bool,
    positive: Any,
    negative: Any = None,
) -> tuple[pd.DataFrame, tuple[Any, ...], dict[str, Any]]:
    """Count respondents by item, factors and answer, each item among those who answered it.

    Parameters
    ----------
    frame
        One row a respondent, one column an item; no label of its index twice.
    items, by, weights, missing, categories, ordered, positive, negative
        As in `Survey.from_items`.

    Returns
    -------
    table
        As from `count_answers`, with `item` first. Of a share, `category` is False or True.
    categories
        The categories in order; of a share, (False, True).
    left_out
        ``dropped``, the number of rows that lack a factor, and ``unanswered``, by label the number of other rows
        without an answer to the item. For each item, rows = n + unanswered + dropped, where all weights are above 0;
        ``weightless``, if any, is the number of respondents whose weight is 0. ``sides``, if `positive` is given, says
        which answers were positive, negative and neither.

    Raises
    ------
    ValueError
        As `Survey.from_items`.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"phone": [1, 1, 0], "chat": [0, None, None]})
    >>> asked = {"by": (), "weights": None, "missing": "raise", "categories": None, "ordered": True, "positive": None}
    >>> table, categories, left_out = count_items(rows, items=["phone", "chat"], **asked)
    >>> table
        item  category  count  weighted  squares
    0  phone     False      1       1.0      1.0
    1  phone      True      2       2.0      2.0
    2   chat     False      1       1.0      1.0
    >>> left_out
    {'dropped': 0, 'unanswered': {'phone': 0, 'chat': 2}}
    """
    checks.one_of(missing, MISSING, what="missing")
    if negative is not None and positive is None:
        raise ValueError(NEGATIVE_ALONE)
    if "item" in by:
        raise ValueError("by names 'item', the factor that from_items makes of the columns; rename that column.")
    columns, labels = _columns_and_labels(items)
    checks.known_columns(frame, [*by, *columns, *([weights] if weights else [])], what="from_items")
    _require_answers(frame, columns, among="rows")
    _require_one_scale(frame, columns, rated=categories is not None)
    chosen = _categories(frame, columns, categories=categories, ordered=ordered, positive=positive)
    sides: dict[str, Any] = {}
    if categories is None and positive is not None:
        frame, counted = take_sides(frame, columns, positive=chosen, negative=negative, missing=missing)
        sides = {"sides": counted}
    rows, dropped = _respondents(frame, columns, by=by, weights=weights, missing=missing)
    levels = {name: list(rows[name].cat.categories) for name in by}
    tables, unanswered = [], {}
    for column, label in zip(columns, labels, strict=True):
        answers = frame.loc[rows.index, column].dropna()
        _require_answers(answers.to_frame(), [column], among="respondents with all of by=")
        unanswered[label] = len(frame) - dropped - len(answers)
        answered = rows.loc[answers.index].assign(category=answers)
        table, _ = count_answers(answered, outcome="category", by=by, weights="weight", missing="raise")
        table = table.assign(**{name: table[name].cat.set_categories(levels[name]) for name in by})
        table["category"] = _places(table["category"], chosen, share=categories is None)
        tables.append(pd.concat([pd.Series(pd.Categorical([label] * len(table), labels), name="item"), table], axis=1))
    if categories is None:
        _require_a_negative(frame, columns, chosen, unanswered)
    kept = (False, True) if categories is None else chosen
    weightless = int((rows["weight"] == 0).sum())
    left_out = {"dropped": dropped, "unanswered": unanswered, **sides}
    return pd.concat(tables, ignore_index=True), kept, left_out | ({"weightless": weightless} if weightless else {})


def each_item(population: pd.DataFrame | None, levels: checks.Levels) -> pd.DataFrame | None:
    """Return the population of the factors given to every item, checked before `item` is added.

    Examples
    --------
    >>> population = pd.DataFrame({"office": ["A", "B"], "weight": [10, 20]})
    >>> each_item(population, {"item": ("phone", "chat"), "office": ("A", "B")})
        item office  weight
    0  phone      A      10
    1  phone      B      20
    2   chat      A      10
    3   chat      B      20
    """
    if population is None:
        return None
    checks.require_pandas(population, what="population")
    if "item" in population.columns:
        raise ValueError(
            "the population has a column 'item'; from_items gives every item the same population: one row for each "
            "combination of the other factors."
        )
    population_weights(population, {name: levels[name] for name in levels if name != "item"})
    return pd.DataFrame({"item": levels["item"]}).merge(population, how="cross")


# ---- inside


def _columns_and_labels(items: Sequence[str] | Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the columns of the items and their labels, checked: two or more, text, each once."""
    given = {} if isinstance(items, str) else items
    columns = list(given)
    labels = list(given.values()) if isinstance(given, Mapping) else columns
    if len(columns) < 2:
        raise ValueError(
            f"items is {items if isinstance(items, str) else columns!r}; allowed: two or more columns, one an item. "
            "For a single question use Survey.from_responses."
        )
    other = [label for label in labels if not isinstance(label, str)]
    if other:
        raise ValueError(f"items are labelled {checks.listing(other)}; allowed: text, as in items={{column: label}}.")
    for label in labels:
        twice = [column for column, its in zip(columns, labels, strict=True) if its == label]
        if len(twice) > 1:
            raise ValueError(f"items gives the label {label!r} more than once, to columns {checks.listing(twice)}.")
    checks.require_unlike(pd.Series(labels, index=columns, dtype=object, name="item"), labels, remedy=RENAME)
    return columns, labels


def _require_answers(frame: pd.DataFrame, columns: Sequence[str], *, among: str) -> None:
    """Raise when nobody answered an item."""
    empty = [column for column in columns if frame[column].isna().all()]
    if empty:
        noun = "item" if len(empty) == 1 else "items"
        raise ValueError(
            f"none of the {among} answers {noun} {checks.listing(empty, most=20)}; leave out what nobody answered."
        )


def _respondents(
    frame: pd.DataFrame, columns: Sequence[str], *, by: Sequence[str], weights: str | None, missing: str
) -> tuple[pd.DataFrame, int]:
    """Return factors (categorical) and weight of those who answered an item; how many more lack a factor."""
    answered = pd.Series(False, index=frame.index)
    for column in columns:
        answered |= frame[column].notna()
    rows = frame.loc[answered, [*by, *([weights] if weights else [])]]
    if missing == "raise":
        advice = " Fill them in, or give missing='drop' to leave the respondents out, counted."
        checks.complete(rows, by, advice=advice)
    kept = rows[rows[list(by)].notna().all(axis=1)]
    factors = {name: pd.Categorical(kept[name].astype(object), list(checks.level_order(kept[name]))) for name in by}
    weight = checks.numeric(kept[weights], low=0.0) if weights else 1.0
    return pd.DataFrame({**factors, "weight": weight}, index=kept.index), len(rows) - len(kept)


def _categories(
    frame: pd.DataFrame, columns: Sequence[str], *, categories: Sequence[Any] | None, ordered: bool, positive: Any
) -> tuple[Any, ...]:
    """Return the categories that all items share; for a share, the answers that count as positive."""
    if categories is None and positive is not None:
        return _positive(frame, columns, positive)
    chosen: tuple[Any, ...] = ()
    for column in columns:
        answers = frame[column].dropna()
        try:
            chosen = answer_categories(answers, categories=categories, ordered=ordered, positive=positive)
        except ValueError as error:
            alike = [other for other in columns if categories is None and set(_known(frame[other])) <= {0, 1}]
            if not alike:
                raise
            raise ValueError(
                f"{error} Items of one survey are answered on one scale, and {checks.listing(alike)} with 0 and 1; "
                "make a survey of each kind."
            ) from error
    return chosen


def _require_one_scale(frame: pd.DataFrame, columns: Sequence[str], *, rated: bool) -> None:
    """Raise when items say that they are answered on different scales.

    An ordered categorical column says so, and one with categories that nobody chose; of others what was answered is
    all that is known. Of a share only what is said counts.
    """
    scales = {column: _known(frame[column]) for column in columns if _says_its_scale(frame[column])}
    for column, scale in scales.items():
        for other in columns:
            beyond = [value for value in _known(frame[other]) if value not in scale]
            if beyond and (rated or other in scales):
                raise ValueError(
                    f"items are on different scales: {column!r} on {checks.listing(scale, most=20)}, and {other!r} "
                    f"with {checks.listing(beyond)} too. Items of one survey are answered on one scale; make a survey "
                    "of the items of each. If it is one scale, say so of every item: "
                    f"frame[{column!r}].astype(pd.CategoricalDtype(categories, ordered=True))."
                )


def _says_its_scale(column: pd.Series) -> bool:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return False
    return bool(column.cat.ordered) or bool(set(column.cat.categories) - set(column.dropna().unique()))


def _positive(frame: pd.DataFrame, columns: Sequence[str], positive: Any) -> tuple[Any, ...]:
    """Return the positive answers: each occurs in some item, and items without one are answered as the others are."""
    for column in columns:
        checks.require_listed(frame[column], positive if pd.api.types.is_list_like(positive) else [positive])
    known = {column: _known(frame[column]) for column in columns}
    together = pd.Series(_distinct(known.values()), dtype=object, name=", ".join(map(str, columns)))
    chosen = answer_categories(together, categories=None, ordered=True, positive=positive)
    likewise = _distinct(values for values in known.values() if set(values) & set(chosen))
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


def _known(column: pd.Series) -> list[Any]:
    """Return the answers of an item, or all its categories where the column is categorical."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [checks.plain(value) for value in column.cat.categories]
    return [checks.plain(value) for value in column.dropna().unique()]


def _distinct(values: Iterable[Iterable[Any]]) -> list[Any]:
    return list(dict.fromkeys(value for each in values for value in each))


def _places(answers: pd.Series, chosen: tuple[Any, ...], *, share: bool) -> list[Any]:
    """Return the category of each answer, so that items stored as 1, 1.0 and True are counted alike."""
    place = {category: category for category in chosen}
    return [answer in place if share else place[answer] for answer in answers]


def _require_a_negative(
    frame: pd.DataFrame, columns: Sequence[str], chosen: tuple[Any, ...], unanswered: Mapping[str, int]
) -> None:
    """Raise when all answers are positive and the others empty: empty then means 'not ticked', the base is lost."""
    known = _distinct(_known(frame[column]) for column in columns)
    if any(unanswered.values()) and set(known) <= set(chosen):
        raise ValueError(
            f"every answer to {checks.listing(columns)} is positive ({checks.listing(known)}), the others are empty. "
            "An empty answer means not asked or not answered; where it means 'not ticked', write 0, or another answer, "
            "for those who were asked. If all who answered said so, make the columns categorical with the other "
            "answer among their categories."
        )
