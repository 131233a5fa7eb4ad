"""Respondents' rows to cells: the one boundary where a dataframe engine is read.

`count_answers` turns rows into counts by factors and category, aggregated by the engine that holds the rows.
What comes out is small and is pandas; no other module sees respondents.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from navmodels import checks
from navmodels.data.codes import codes_for_none, leave_out

MISSING = ("raise", "drop")
RENAME = "write them alike where they are one, and give one of them another name where they are two"


def count_answers(
    frame: pd.DataFrame, *, outcome: str, by: Sequence[str], weights: str | None, missing: str
) -> tuple[pd.DataFrame, int]:
    """Count respondents by factors and answer.

    Parameters
    ----------
    frame
        One row a respondent.
    outcome, by, weights
        Columns: the answer, the factors, the survey weight (None: all weigh 1).
    missing
        "raise" or "drop": what to do with rows that lack the answer or a factor.

    Returns
    -------
    table
        One row for each combination of `by` and answer that occurs: by, category (the answer), count (of those whose
        weight is above 0), weighted (sum of weights), squares (sum of squared weights). Factors are categorical in
        level order.
    dropped
        Number of rows left out for lack of an answer or a factor.

    Raises
    ------
    ValueError
        Naming rows with missing answers or factors, bad weights, or labels that look alike.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"office": ["A", "A", "B", "B"], "satisfied": [1, 1, 0, None]})
    >>> count_answers(rows, outcome="satisfied", by=["office"], weights=None, missing="drop")
    (  office  category  count  weighted  squares
    0      A       1.0      2       2.0      2.0
    1      B       0.0      1       1.0      1.0, 1)
    """
    checks.one_of(missing, MISSING, what="missing")
    columns = [*by, outcome, *([weights] if weights else [])]
    checks.known_columns(frame, columns, what="from_responses")
    lacking = frame[[*by, outcome]].isna().any(axis=1)
    if missing == "raise":
        advice = " Fill them in, or give missing='drop' to leave the rows out, counted."
        checks.complete(frame, [outcome, *by], advice=advice)
    kept = frame.loc[~lacking, columns]
    if kept.empty:
        raise ValueError(f"every one of the {len(frame)} rows lacks {' or '.join(map(repr, [outcome, *by]))}.")
    weight = checks.numeric(kept[weights], low=0.0) if weights else pd.Series(1.0, index=kept.index)
    keys = {name: pd.Categorical(kept[name].astype(object), list(checks.level_order(kept[name]))) for name in by}
    rows = pd.DataFrame({**keys, "category": kept[outcome].to_numpy(), "weighted": weight.to_numpy()})
    rows["squares"] = rows["weighted"] ** 2
    rows["counted"] = (rows["weighted"] > 0).astype(int)
    grouped = rows.groupby([*by, "category"], observed=True, sort=True)
    table = grouped.agg(count=("counted", "sum"), weighted=("weighted", "sum"), squares=("squares", "sum"))
    return table.reset_index(), int(lacking.sum())


def answer_categories(
    answers: pd.Series, *, categories: Sequence[Any] | None, ordered: bool, positive: Any
) -> tuple[Any, ...]:
    """Return the categories of an answer in their order; for a share, the answers that count as positive.

    Parameters
    ----------
    answers
        One row a respondent, missing ones left out.
    categories, ordered, positive
        As in `Survey.from_responses`.

    Raises
    ------
    ValueError
        When an answer is not among the categories (the rows are named), categories repeat or are of several kinds,
        ordered ones are out of order, or a positive answer never occurs.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = pd.Series([2, 5, 6])
    >>> answer_categories(answers, categories=range(1, 7), ordered=True, positive=None)
    (1, 2, 3, 4, 5, 6)
    >>> answer_categories(answers, categories=None, ordered=True, positive=[5, 6])
    (5, 6)
    """
    if categories is None:
        return _zero_or_one(answers) if positive is None else _positive(answers, positive)
    if positive is not None:
        raise ValueError(
            "give categories= (a rating or choice) or positive= (a share), not both; a rating can be cut in two "
            "afterwards, with .dichotomise(cut)."
        )
    levels = tuple(checks.plain(level) for level in categories)
    if len(set(levels)) < len(levels) or len(levels) < 2:
        raise ValueError(f"categories are {checks.listing(levels)}; allowed: at least two, each once.")
    declared = isinstance(answers.dtype, pd.CategoricalDtype)
    checks.one_kind(pd.Series(levels, dtype=object, name="categories"))
    checks.require_unlike(pd.Series(levels, dtype=object, name="categories"), levels, declared=declared, remedy=RENAME)
    if ordered:
        _require_order(answers, levels)
    unknown = ~answers.isin(list(levels))
    if unknown.any():
        given = answers[unknown].unique()
        codes = [code for code in codes_for_none([*levels, *given]) if code in given]
        raise ValueError(
            f"column {answers.name!r} holds {checks.listing(given)} in {checks.rows(unknown)}, not among the "
            f"categories {checks.listing(levels, most=20)}.{checks.nearest(given[0], levels)}"
            f"{leave_out(answers.name, codes) if codes else ''}"
        )
    return levels


# ---- inside


def _zero_or_one(answers: pd.Series) -> tuple[Any, ...]:
    other = ~answers.isin([0, 1])
    if other.any():
        given = answers[other].unique()
        codes = [code for code in codes_for_none([0, 1, *given]) if code in given]
        raise ValueError(
            f"column {answers.name!r} holds {checks.listing(given)} in {checks.rows(other)}; allowed "
            "for a share: 0 and 1. Else give categories= (a rating or choice) or positive= (the answers that count as "
            f"positive).{leave_out(answers.name, codes) if codes else ''}"
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
