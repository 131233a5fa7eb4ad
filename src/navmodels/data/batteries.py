"""Batteries and multi-select questions at the door `Survey.from_items`: wide columns to counts with a factor `item`.

Each item is counted among those who answered it, so n differs by item. Not for several questions on different scales:
these are surveys of their own.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from navmodels import checks
from navmodels.data.cells import count_cells, join_population, population_weights, simulated
from navmodels.data.codes import take_sides
from navmodels.data.people import refuse_persons, warn_of_counts
from navmodels.data.responses import MISSING, count_answers, used_weights
from navmodels.data.scales import RENAME, Scale, distinct, item_categories, known_answers, require_one_scale

if TYPE_CHECKING:
    from navmodels.data.survey import Survey


def from_items(
    cls: type["Survey"],
    frame: pd.DataFrame,
    *,
    items: Sequence[str] | Mapping[str, str],
    by: str | Sequence[str] = (),
    categories: Sequence[Any] | None = None,
    ordered: bool = True,
    positive: Any = None,
    negative: Any = None,
    weights: str | None = None,
    population: pd.DataFrame | None = None,
    weighting: str = "frame",
    missing: str = "raise",
    overlap: str = "refuse",
) -> "Survey":
    """Make a survey with a factor `item` from wide rows: a battery, or a question with several answers.

    An empty answer means not asked or not answered: the respondent is not in this item's base, so n differs by
    item. What a "don't know" means is for `negative` or `categories` to say.

    Parameters
    ----------
    frame
        One row a respondent, one column an item.
    items
        Two or more columns, or a mapping from column to label. They are the levels of `item`, in this order.
    by
        Columns of further grouping factors, as in `from_responses`; they come after `item`.
    categories, ordered, weights, weighting
        As in `from_responses`, the same for all items; effective n is each item's own.
    positive
        As in `from_responses`; each must occur in one of the items.
    negative
        As in `from_responses`; with ``missing="drop"`` other answers count as unanswered.
    population
        As in `from_responses`, without `item`: it holds for every item.
    missing
        "raise", or "drop" respondents without a factor. Their number is kept in ``cells.attrs["dropped"]``, that of
        the others without an answer in ``cells.attrs["unanswered"]``, by item.
    overlap
        As in `from_responses`.

    Raises
    ------
    ValueError
        As `from_responses`, naming the item's column; for an item nobody answered, items on different scales, a
        factor called "item", and ticks that are either positive or empty, where the base is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> rows = pd.DataFrame({"phone": [1, 1, 0, 1], "chat": [0, 1, None, None]})
    >>> survey = Survey.from_items(rows, items={"phone": "By phone", "chat": "By chat"})
    >>> survey.to_pandas()
           item    n  positive  weight
    0  By phone  4.0       3.0     4.0
    1   By chat  2.0       1.0     2.0
    >>> survey.cells.attrs["unanswered"]
    {'By phone': 0, 'By chat': 2}
    """
    by = checks.factor_names(by)
    used = used_weights(weights, weighting)
    frame = checks.named_rows(frame, what="from_items")
    scale = Scale(categories, ordered, positive, negative)
    table, chosen, left_out = count_items(frame, items=items, by=by, weights=used, missing=missing, scale=scale)
    warn_of_counts(frame, answers=list(items), by=by, weights=weights)
    refuse_persons(frame, outcome=list(items), by=by, weights=weights, overlap=overlap)
    attrs = {"kind": scale.kind, "outcome": "answer", "weighting": weighting if used else "none", **left_out}
    levels = {name: tuple(table[name].cat.categories) for name in ("item", *by)}
    cells = count_cells(table, list(levels), chosen).assign_attrs({**attrs, **simulated(frame)})
    whole = each_item(population, levels)
    return cls(cells if whole is None else join_population(cells, levels, whole), levels)


def count_items(
    frame: pd.DataFrame,
    *,
    items: Sequence[str] | Mapping[str, str],
    by: Sequence[str],
    weights: str | None,
    missing: str,
    scale: Scale,
) -> tuple[pd.DataFrame, tuple[Any, ...], dict[str, Any]]:
    """Count respondents by item, factors and answer, each item among those who answered it.

    Parameters
    ----------
    frame
        One row a respondent, one column an item; no label of its index twice.
    items, by, weights, missing
        As in `Survey.from_items`.
    scale
        The answers that were declared, the same for all items.

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
    >>> asked = {"by": (), "weights": None, "missing": "raise", "scale": Scale()}
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
    if "item" in by:
        raise ValueError("by names 'item', the factor that from_items makes of the columns; rename that column.")
    columns, labels = _columns_and_labels(items)
    checks.known_columns(frame, [*by, *columns, *([weights] if weights else [])], what="from_items")
    _require_answers(frame, columns, among="rows")
    require_one_scale(frame, columns, rated=scale.kind != "share")
    chosen = item_categories(frame, columns, scale)
    sides: dict[str, Any] = {}
    if scale.names_positive:
        frame, counted = take_sides(frame, columns, positive=chosen, negative=scale.negative, missing=missing)
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
        table["category"] = _places(table["category"], chosen, share=scale.kind == "share")
        tables.append(pd.concat([pd.Series(pd.Categorical([label] * len(table), labels), name="item"), table], axis=1))
    if scale.kind == "share":
        _require_a_negative(frame, columns, chosen, unanswered)
    kept = (False, True) if scale.kind == "share" else chosen
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


def _places(answers: pd.Series, chosen: tuple[Any, ...], *, share: bool) -> list[Any]:
    """Return the category of each answer, so that items stored as 1, 1.0 and True are counted alike."""
    place = {category: category for category in chosen}
    return [answer in place if share else place[answer] for answer in answers]


def _require_a_negative(
    frame: pd.DataFrame, columns: Sequence[str], chosen: tuple[Any, ...], unanswered: Mapping[str, int]
) -> None:
    """Raise when all answers are positive and the others empty: empty then means 'not ticked', the base is lost."""
    known = distinct(known_answers(frame[column]) for column in columns)
    if any(unanswered.values()) and set(known) <= set(chosen):
        raise ValueError(
            f"every answer to {checks.listing(columns)} is positive ({checks.listing(known)}), the others are empty. "
            "An empty answer means not asked or not answered; where it means 'not ticked', write 0, or another answer, "
            "for those who were asked. If all who answered said so, make the columns categorical with the other "
            "answer among their categories."
        )
