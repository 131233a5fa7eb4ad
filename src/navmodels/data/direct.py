"""Direct estimates: weighted shares and means by group, with design-based standard errors.

This is what pooled estimates are compared with. Each group speaks for itself alone: nothing is borrowed from
other groups and there is no model. For estimates that do borrow, fit a `Model`.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from navmodels.checks import (
    complete,
    known_columns,
    level_order,
    listing,
    numeric,
    one_of,
    require_pandas,
    require_prob,
    rows,
)
from navmodels.checks.reserved import COLUMNS
from navmodels.data.codes import leave_out_codes, require_numbers_meant
from navmodels.data.people import warn_of_counts
from navmodels.data.weights import check_weights, design_effect
from navmodels.printed import share_interval

STATISTICS = ("share", "mean")
INTERVALS = ("logit", "wald")

type Array = NDArray[np.float64]


def direct_estimate(
    frame: pd.DataFrame,
    *,
    outcome: str,
    by: str | Sequence[str] = (),
    weights: str | None = None,
    statistic: Literal["share", "mean"] = "share",
    interval: Literal["logit", "wald"] = "logit",
    prob: float = 0.95,
    categories: Sequence[float] | None = None,
) -> pd.DataFrame:
    r"""Weighted share or mean in each group, with its linearised standard error and interval.

    Groups are domains of one sample, drawn with replacement and with unequal probabilities. The estimate is
    :math:`\bar y_d = \sum w_i y_i / \sum w_i` over the group's rows. Its variance sums the linearised scores

    .. math:: u_i = w_i (y_i - \bar y_d) / \sum_{j \in d} w_j, \qquad
              v = \frac{N}{N - 1} \sum_{i \in d} u_i^2,

    where :math:`N` counts the rows of the whole frame.

    Parameters
    ----------
    frame
        One row for each respondent.
    outcome
        The column to estimate: 0/1 or True/False for a share, numbers for a mean. None may be missing.
    by
        The columns whose combinations are the groups; none gives one row for the whole sample.
    weights
        The column of survey weights; none gives every respondent the same weight. Only ratios matter.
    statistic
        ``"share"`` (a proportion, 0 to 1) or ``"mean"`` (in the outcome's unit).
    interval
        ``"logit"``, symmetric on the logit scale and thus inside 0 to 1, or ``"wald"``, symmetric around the
        estimate. Both use Student's *t*. A mean has no logit: for ``statistic="mean"`` the default is read as
        ``"wald"``.
    prob
        The probability the interval should cover, between 0 and 1.
    categories
        Of a mean: all answers that there are; others are refused. Without it, numbers that look like codes for no
        answer, such as 8, 9 or 99 beside 1 to 5, are.

    Returns
    -------
    pd.DataFrame
        One row for each group that occurs, sorted, with categories in their own order. Columns:

        - `by`: the groups, as given;
        - ``estimate``, ``se``, ``lower``, ``upper``: proportions, or the unit of the outcome;
        - ``n``: respondents: rows with a weight above zero;
        - ``n_effective``: ``n / design_effect``;
        - ``design_effect``: the variance over what a simple random sample with replacement of `n` would have;
        - ``df``: degrees of freedom of the *t* quantile, ``n - 1``: respondents are the sampling units, and
          those of the group are counted;
        - ``interval``: the method used in this row, ``logit``, ``wald`` or ``exact``.

    Raises
    ------
    ValueError
        If a column, statistic or interval is unknown (the nearest is suggested); if an outcome or group is missing, an
        outcome cannot be used for the statistic or looks like a code for no answer, or a weight is missing, infinite
        or negative (the rows are named); if labels of a group look alike; if all weights of a group are zero (the
        group is named); if the frame has fewer than two rows, or `prob` is not between 0 and 1.

    Notes
    -----
    Where everybody in a group gave the same answer, ``se`` is 0, no design effect can be estimated from the
    outcome, and Kish's takes its place (`design_effect`). A share of exactly 0 or 1 then gets the interval of
    Clopper and Pearson at the effective sample size, whichever interval was asked for, and its row says
    ``exact``. A group of one respondent is such a group; its mean has no interval (NaN).

    The results agree with the R package *survey*: ``svydesign(ids = ~1)``, ``svyby`` over ``svymean(deff =
    "replace")`` and ``svyciprop``. As there, rows of weight zero count in :math:`N` but not in ``n`` and
    ``df``, and in a group whose weights are all equal ``design_effect`` is
    :math:`\frac{N}{N-1} \frac{n-1}{n}`: exactly 1 for the whole sample, and less in a small group.

    References
    ----------
    Lumley, T. (2004). Analysis of complex survey samples. *Journal of Statistical Software* 9(8).

    Kish, L. (1965). *Survey Sampling*. Wiley.

    Korn, E. L. and Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data. *Survey Methodology* 24, 193–201.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data.direct import direct_estimate
    >>> answers = pd.DataFrame({"county": ["Oslo"] * 4 + ["Troms"] * 3, "satisfied": [1, 0, 1, 1, 1, 1, 1]})
    >>> table = direct_estimate(answers, outcome="satisfied", by="county")
    >>> table[["county", "estimate", "lower", "upper", "n", "interval"]].round(2)
      county  estimate  lower  upper  n interval
    0   Oslo      0.75   0.05   0.99  4    logit
    1  Troms      1.00   0.29   1.00  3    exact
    """
    groups, weighted = [by] if isinstance(by, str) else list(by), [] if weights is None else [weights]
    one_of(statistic, STATISTICS, what="statistic")
    one_of(interval, INTERVALS, what="interval")
    require_pandas(frame, what="direct_estimate")
    _check(frame, outcome=outcome, groups=groups, weights=weighted, prob=prob)
    y = _outcome(frame[outcome], statistic, categories)
    warn_of_counts(frame, answers=[outcome], by=groups, weights=weights)
    w = np.ones(len(y)) if weights is None else check_weights(frame[weights])
    table, members = _domains(frame, groups)
    _check_totals(table, [w[member].sum() for member in members])
    estimates = [
        _estimate(y[member], w[member], sample=len(y), statistic=statistic, interval=interval, prob=prob)
        for member in members
    ]
    return pd.concat([table, pd.DataFrame(estimates, columns=COLUMNS["direct_estimate"])], axis="columns")


# ---- inside


def _domains(frame: pd.DataFrame, groups: list[str]) -> tuple[pd.DataFrame, list[NDArray[np.intp]]]:
    """Groups that occur, in order, and for each of them the positions of its rows."""
    if not groups:
        return pd.DataFrame(index=range(1)), [np.arange(len(frame))]
    codes = {name: _codes(frame[name]) for name in groups}
    number = pd.DataFrame(codes).groupby(groups).ngroup()
    _, first, size = np.unique(number, return_index=True, return_counts=True)
    members = np.split(np.argsort(number, kind="stable"), np.cumsum(size)[:-1])
    return frame[groups].iloc[first].reset_index(drop=True), members


def _codes(column: pd.Series) -> NDArray[np.intp]:
    """Each row's place in the order of the levels, the one a `Survey` would give them."""
    levels = pd.Index(level_order(column), dtype=object)
    return np.asarray(levels.get_indexer(pd.Index(column, dtype=object)))


def _estimate(
    y: Array, w: Array, *, sample: int, statistic: str, interval: str, prob: float
) -> tuple[float | str, ...]:
    """One group's row, in the order of the columns; `sample` counts the rows of the whole frame."""
    y, w = y[w > 0], w[w > 0] / w.max()
    n, df = len(y), len(y) - 1
    mean = float(y[0] if y.min() == y.max() else np.sum(w * y) / np.sum(w))
    variance = _variance(w * (y - mean) / np.sum(w), sample=sample)
    if variance > 0:
        simple = n / (n - 1) * np.sum(w / np.mean(w) * ((y - mean) / n) ** 2)  # s²/n, s² weighted
        se, effect = float(np.sqrt(variance)), float(variance / simple)
    else:
        se, effect = 0.0, design_effect(w)
    method = "wald" if statistic == "mean" else "exact" if mean in (0, 1) else interval
    quantile = float(stdtrit(df, (1 + prob) / 2))
    if method == "wald":
        lower, upper = mean - quantile * se, mean + quantile * se
    else:
        half = np.inf if method == "exact" else quantile * (se / (mean * (1 - mean)))
        lower, upper = map(float, share_interval(mean, half, n=n / effect, tail=(1 - prob) / 2))
    return mean, se, lower, upper, n, n / effect, effect, df, method


def _variance(scores: Array, *, sample: int) -> float:
    """Of a sum of linearised scores. Those of a mean sum to 0, and rows outside the group score 0."""
    return float(sample / (sample - 1) * np.sum(scores**2))


def _outcome(values: pd.Series, statistic: str, categories: Sequence[float] | None) -> Array:
    """The outcome as floats, when every row of it can be used for the statistic."""
    if statistic == "share":
        if categories is not None:
            raise ValueError("categories= is for statistic='mean'; a share has the outcomes 0 and 1.")
        other = ~values.isin([0, 1])
        if other.any():
            given = values[other].unique().tolist()
            advice = leave_out_codes(values.name, given, beside=[0, 1])
            raise ValueError(
                f"a share needs an outcome of 0/1 or True/False; column {values.name!r} holds "
                f"{listing(given)} in {rows(other)}. Dichotomise it first, as in "
                f"frame[{values.name!r}] >= 4, or ask for statistic='mean'.{advice}"
            )
    elif not pd.api.types.is_numeric_dtype(values):
        raise ValueError(f"a mean needs numbers; column {values.name!r} is of type {values.dtype}.")
    else:
        require_numbers_meant(values, declared=categories)
    return numeric(values).to_numpy()


def _check(frame: pd.DataFrame, *, outcome: str, groups: list[str], weights: list[str], prob: float) -> None:
    """The frame has two or more rows, and the columns asked for, without gaps."""
    require_prob(prob)
    for what, columns in {"outcome": [outcome], "by": groups, "weights": weights}.items():
        known_columns(frame, columns, what=what)
    if len(frame) < 2:
        raise ValueError(f"a standard error needs two rows or more; the frame has {len(frame)}.")
    taken = [name for name in groups if name in COLUMNS["direct_estimate"]]
    if taken:
        raise ValueError(f"by names {listing(taken)}, which the result calls something else: rename it in the frame.")
    complete(frame, [outcome, *groups], advice=" Give these rows a value, or leave them out knowingly.")


def _check_totals(table: pd.DataFrame, totals: list[float]) -> None:
    """Some weight in each group is above zero."""
    empty = table[np.equal(totals, 0)].to_dict("records")
    if empty:
        named = "; ".join(", ".join(f"{name}={level!r}" for name, level in group.items()) for group in empty)
        raise ValueError(f"all weights are zero in {named or 'the whole frame'}: there is nothing to estimate from.")
