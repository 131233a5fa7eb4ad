"""Respondents' rows to cells: the door `Survey.from_responses`, and the counting that batteries use too.

`count_answers` turns rows into counts by factors and category; what comes out is small. Rows of several items are for
`batteries`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from navmodels import checks
from navmodels.data.cells import count_cells, join_population, simulated
from navmodels.data.codes import Sides, take_sides
from navmodels.data.panels import join_persons
from navmodels.data.people import count_left_out, refuse_persons, warn_of_counts
from navmodels.data.scales import Scale, answer_categories

if TYPE_CHECKING:
    from navmodels.data.survey import Survey

MISSING = ("raise", "drop")
WEIGHTING = ("frame", "effective", "none")


def from_responses(
    cls: type["Survey"],
    frame: pd.DataFrame,
    *,
    outcome: str,
    by: str | Sequence[str],
    categories: Sequence[Any] | None = None,
    ordered: bool = True,
    positive: Any = None,
    negative: Any = None,
    weights: str | None = None,
    population: pd.DataFrame | None = None,
    weighting: str = "frame",
    missing: str = "raise",
    id: str | None = None,
    overlap: str = "refuse",
) -> "Survey":
    """Make a survey from one row a respondent.

    Parameters
    ----------
    frame
        One row a respondent.
    outcome
        Column of answers: 0/1 or bool for a share, else see `categories` and `positive`.
    by
        Columns of grouping factors: text, numbers or True/False. Levels are sorted; a categorical column keeps its
        order. Names a survey uses itself, such as "n" or "category", are refused.
    categories
        All possible answers, lowest first: makes a rating (`ordered`) or a choice (not `ordered`). A category
        nobody chose stays, as zero.
    positive
        The answer, or list of answers, that counts as positive: makes a share. Each must occur, or be a category of
        a categorical column.
    negative
        With `positive`: the answer, or list of answers, that counts as no. Others are refused, or with
        ``missing="drop"`` left out and counted. Default: every answer that is not positive; refused when one looks
        like a code for no answer, such as 9 beside 1 and 2, or "don't know".
    weights
        Column of survey weights, at least 0. Rows of weight 0 are no respondents: they are left out and counted.
    population
        Frame with the factors' columns and ``weight``: population size of each cell. Cells nobody answered for are
        added with n = 0. Default: the sum of weights in each cell.
    weighting
        "frame": weights only make the population for post-stratification; right when they are equal within the
        cells of the model, so that what they were made of has to be among its factors (`fit` warns if it is not).
        "effective": each cell enters as weighted share × effective n (Kish 1965). "none": weights are not used, and
        n is the population of a cell.
    missing
        "raise", or "drop" rows without an answer or factor; their number is kept in ``cells.attrs["dropped"]``.
    id
        Column that names the persons, for a panel: each once a cell. The answers of persons who are in several
        cells go together, so that the change of a share is that of the same people.
    overlap
        Without `id`, when another column tells that the same persons answer more than once: "refuse", or "allow"
        them as other people.

    Raises
    ------
    ValueError
        Naming the rows, what is allowed and the nearest match. Rows are named by the frame's index, or counted from
        0 where its labels repeat.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> rows = pd.DataFrame({"office": ["A", "A", "B", "B"], "satisfied": [1, 1, 0, 1]})
    >>> Survey.from_responses(rows, outcome="satisfied", by="office").to_pandas()
      office    n  positive  weight
    0      A  2.0       2.0     2.0
    1      B  2.0       1.0     2.0
    """
    by = checks.factor_names(by)
    used = used_weights(weights, weighting)
    frame = checks.named_rows(frame, what="from_responses")
    checks.known_columns(frame, [*by, outcome, *([used] if used else [])], what="from_responses")
    checks.one_of(missing, MISSING, what="missing")
    scale = Scale(categories, ordered, positive, negative)
    chosen = answer_categories(frame[outcome].dropna(), scale)
    sides: Sides = {}
    answered = frame
    if scale.names_positive:
        answered, sides = take_sides(frame, [outcome], positive=chosen, negative=negative, missing=missing)
    table, dropped = count_answers(answered, outcome=outcome, by=by, weights=used, missing=missing)
    warn_of_counts(frame, answers=[outcome], by=by, weights=weights)
    left_out = count_left_out(frame, dropped, sides, respondents=int(table["count"].sum()))
    if scale.kind == "share":
        table["category"], positives, chosen = table["category"].isin(chosen), chosen, (False, True)
    attrs = {"kind": scale.kind, "outcome": outcome, "weighting": weighting if used else "none", **left_out}
    levels = {name: tuple(table[name].cat.categories) for name in by}
    cells = count_cells(table, by, chosen).assign_attrs({**attrs, **simulated(frame)})
    if id is None:
        refuse_persons(frame, outcome=outcome, by=by, weights=weights, overlap=overlap)
    else:
        yes = positives if scale.kind == "share" else None
        cells = join_persons(cells, answered, id=id, outcome=outcome, by=by, weights=used, positive=yes)
    return cls(cells if population is None else join_population(cells, levels, population), levels)


def used_weights(weights: str | None, weighting: str) -> str | None:
    """Return the column of weights that is used, if any."""
    checks.one_of(weighting, WEIGHTING, what="weighting")
    if weighting == "effective" and weights is None:
        raise ValueError("weighting is 'effective', which needs the column of weights: weights=.")
    return weights if weighting != "none" else None


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
