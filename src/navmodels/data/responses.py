"""Respondents' rows to cells: the one boundary where a dataframe engine is read.

`count_answers` turns rows into counts by factors and category, aggregated by the engine that holds the rows.
What comes out is small and is pandas; no other module sees respondents.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from navmodels.data import checks

MISSING = ("raise", "drop")


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
        One row for each combination of `by` and answer that occurs: by, outcome, count, weighted (sum of weights),
        squares (sum of squared weights). Factors are categorical in level order.
    dropped
        Number of rows left out.

    Raises
    ------
    ValueError
        Naming rows with missing answers or factors, bad weights, or labels that look alike.
    """
    checks.one_of(missing, MISSING, what="missing")
    columns = [*by, outcome, *([weights] if weights else [])]
    checks.known_columns(frame, columns, what="from_responses")
    if frame.empty:
        raise ValueError("from_responses was given no rows.")
    lacking = frame[[*by, outcome]].isna().any(axis=1)
    if missing == "raise":
        checks.complete(
            frame,
            [outcome, *by],
            advice=" Fill them in, or give missing='drop' to leave the rows out, counted.",
        )
    kept = frame.loc[~lacking, columns]
    if kept.empty:
        raise ValueError(f"every one of the {len(frame)} rows lacks {outcome!r} or one of {checks.listing(by)}.")
    weight = checks.numeric(kept[weights], low=0.0) if weights else pd.Series(1.0, index=kept.index)
    keys = {name: pd.Categorical(kept[name], categories=list(checks.level_order(kept[name]))) for name in by}
    rows = pd.DataFrame({**keys, outcome: kept[outcome].to_numpy(), "weighted": weight.to_numpy()})
    rows["squares"] = rows["weighted"] ** 2
    grouped = rows.groupby([*by, outcome], observed=True, sort=True)
    table = grouped.agg(count=("weighted", "size"), weighted=("weighted", "sum"), squares=("squares", "sum"))
    return table.reset_index(), int(lacking.sum())


def answer_categories(
    answers: pd.Series, *, categories: Sequence[Any] | None, ordered: bool, positive: Any
) -> tuple[Any, ...]:
    """Return the categories of an answer in their order; for a share, (not positive, positive) is left to the caller.

    Raises
    ------
    ValueError
        When an answer is not among the categories, categories repeat, or ordered numbers are out of order.
    """
    if categories is None:
        if positive is None and not answers.isin([0, 1]).all():
            given = answers[~answers.isin([0, 1])].unique()
            raise ValueError(
                f"the answers hold {checks.listing(given)} besides 0 and 1: give categories= (a rating or choice) or positive= "
                "(which answers count as positive, for a share)."
            )
        return ()
    levels = tuple(categories)
    if len(set(levels)) < len(levels) or len(levels) < 2:
        raise ValueError(f"categories are {checks.listing(levels)}; allowed: at least two, each once.")
    increasing = all(isinstance(level, int | float) for level in levels) and list(levels) != sorted(levels)
    if ordered and increasing:
        raise ValueError(
            f"categories are out of order: {checks.listing(levels)}; allowed, lowest first: {checks.listing(sorted(levels))}."
        )
    unknown = ~answers.isin(list(levels))
    if unknown.any():
        given = answers[unknown].iloc[0]
        raise ValueError(
            f"the answers hold {checks.listing(answers[unknown].unique())}, which are not among the categories "
            f"{checks.listing(levels)}.{checks.nearest(given, levels)}"
        )
    return levels
