"""The three regressions of the employer survey: what can be said of coefficients printed with stars only.

A coefficient cannot be recomputed without respondents or covariances. Its stars bound its standard error, though, and
with it the difference between two years; means and shares bound the constant, and n bounds N. Nothing is fitted here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from navmodels.reports.findings import TOLERANCE, Finding, records, tabulate

LEVELS = (0.05, 0.01, 0.001)  # one star, two, three
HALF = 0.005  # coefficients are printed with two decimals, zeros at the end sometimes left out
SUMMARIES = ("constant", "R2", "N")
CONTROLS = ("private_sector", "number_of_employees")


@dataclass(frozen=True)
class Coefficient:
    """A printed coefficient, its stars, and the limits these set to its standard error."""

    value: float
    stars: str
    se: tuple[float, float]


def coefficients(regressions: pd.DataFrame) -> dict[tuple[str, int, str], Coefficient]:
    """Return each coefficient by (outcome, year, term), with the limits of its standard error.

    Three stars are p < 0.001, two p < 0.01, one p < 0.05, none p ≥ 0.05, two-sided, by Student's t with N - k - 1
    degrees of freedom. The limits take in the rounding of the coefficient; they may be 0 or infinite.

    Examples
    --------
    >>> from navmodels import load_report
    >>> found = coefficients(load_report("employer_2024", "regressions"))
    >>> low, high = found["satisfaction_overall", 2024, "rules_easy"].se  # 0.10*
    >>> round(low, 3), round(high, 3)
    (0.037, 0.054)
    """
    found = {}
    for (outcome, year), model in regressions.groupby(["outcome", "year"], sort=False):
        rows = {row.term: row for row in records(model)}
        df = rows["N"].coef - sum(term not in SUMMARIES for term in rows) - 1
        for term, row in rows.items():
            if term not in ("R2", "N"):
                stars = row.stars if isinstance(row.stars, str) else ""
                se = error_limits(row.coef, len(stars), df=df)
                found[str(outcome), int(str(year)), term] = Coefficient(row.coef, stars, se)
    return found


def regression_findings(regressions: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Return what print says about each number of the regressions.

    Parameters
    ----------
    regressions, items
        Published tables, as from `load_report`; the index is the row in print.

    Returns
    -------
    Findings for `coef`, `R2` and `N`. Coefficients are "not reproducible"; the reason gives the limits of the standard
    error and of the difference from the other year, taken as an independent sample. A constant "agrees" when no
    pattern of answers predicts a value outside 1–6; in 2024, where all predictors have a printed share, `ours` is the
    constant that makes the regression pass through the printed means (bases differ: complete answers against all).
    N of 2024 "agrees" when no item of the model has fewer answers.

    Examples
    --------
    >>> from navmodels import load_report
    >>> found = regression_findings(load_report("employer_2024", "regressions"), load_report("employer_2024", "items"))
    >>> found.groupby(["quantity", "status"]).size().to_dict() == {
    ...     ("N", "agrees"): 3, ("N", "not reproducible"): 2, ("R2", "not reproducible"): 5,
    ...     ("coef", "agrees"): 5, ("coef", "not reproducible"): 44}
    True
    >>> found.loc[17, ["ours", "lower", "upper"]].astype(float).round(2).tolist()  # 3.25 is printed
    [3.27, 3.19, 3.36]
    """
    known = coefficients(regressions)
    found = []
    for (outcome, year), model in regressions.groupby(["outcome", "year"], sort=False):
        terms = {term: one for (of, at, term), one in known.items() if (of, at) == (outcome, year)}
        size = float(model.loc[model["term"] == "N", "coef"].iloc[0])
        for row in records(model):
            if row.term == "constant":
                found.append(_constant(row, terms, items))
            elif row.term == "R2":
                found.append(_r2(row, size=size, k=len(terms) - 1))
            elif row.term == "N":
                found.append(_size(row, terms, items))
            else:
                found.append(_coefficient(row, known, size=size))
    return tabulate(sorted(found, key=lambda one: one.row))


# ---- inside


def error_limits(coef: float, stars: int, *, df: float) -> tuple[float, float]:
    """Return the least and the largest standard error that gives a coefficient so many stars.

    Examples
    --------
    >>> low, high = error_limits(0.0, 0, df=1000)  # a zero without stars says nothing
    >>> low, high
    (0.0, inf)
    """
    steps = [0.0, *(float(student.ppf(1 - level / 2, df)) for level in LEVELS), np.inf]
    least, most = steps[stars], steps[stars + 1]
    smallest, largest = max(abs(coef) - HALF, 0.0), abs(coef) + HALF
    return (0.0 if np.isinf(most) else smallest / most), (np.inf if least == 0 else largest / least)


def difference(one: Coefficient, other: Coefficient) -> tuple[float, float]:
    """Return the least and the largest |z| of the difference of two independent coefficients.

    Outer limits: the difference and the two standard errors each go to the end that favours them.
    """
    gap = abs(one.value - other.value)
    least, most = max(gap - 2 * HALF, 0.0), gap + 2 * HALF
    se_low, se_high = (float(np.hypot(one.se[end], other.se[end])) for end in (0, 1))
    return (0.0 if np.isinf(se_high) else least / se_high), (np.inf if se_low == 0 else most / se_low)


def between(low: float, high: float, *, digits: int) -> str:
    """Return limits in words.

    Examples
    --------
    >>> between(0.0, 0.1, digits=2), between(1.6, np.inf, digits=1), between(0.0, np.inf, digits=1)
    ('of at most 0.10', 'of at least 1.6', 'of any size')
    """
    if low <= 0 and np.isinf(high):
        return "of any size"
    if low <= 0:
        return f"of at most {high:.{digits}f}"
    return f"of at least {low:.{digits}f}" if np.isinf(high) else f"between {low:.{digits}f} and {high:.{digits}f}"


def certainty(limits: tuple[float, float]) -> str:
    """Return whether a |z| within limits is significant at 95 %: certainly, possibly or not."""
    low, high = limits
    return "certainly significant" if low > 1.96 else "not significant" if high < 1.96 else "possibly significant"


def _coefficient(row: Any, known: Mapping[tuple[str, int, str], Coefficient], *, size: float) -> Finding:
    one = known[row.outcome, row.year, row.term]
    sense = ("p ≥ 0.05", "p < 0.05", "p < 0.01", "p < 0.001")[len(one.stars)]
    reason = (
        f"Neither respondents nor standard errors nor covariances are printed, so {row.coef:.2f} cannot be recomputed; "
        f"{sense} with N = {size:g} means a standard error {between(*one.se, digits=3)}"
    )
    other_year = {2023: 2024, 2024: 2023}.get(row.year)
    other = known.get((row.outcome, other_year or row.year, row.term)) if other_year else None
    if other is not None:
        limits = difference(one, other)
        reason += (
            f", and its difference from {other.value:.2f} in {other_year} has |z| {between(*limits, digits=1)}, so it "
            f"is {certainty(limits)}"
        )
    return Finding("regressions", row.Index, "coef", "not reproducible", f"{reason}.")


def _constant(row: Any, terms: Mapping[str, Coefficient], items: pd.DataFrame) -> Finding:
    """Return the finding for a constant: predictions stay on the scale, and the means lie on the plane."""
    slopes = {term: one.value for term, one in terms.items() if term not in ("constant", "number_of_employees")}
    reach = HALF * (len(slopes) + 1)
    low, high = (row.coef + sum(sign(value, 0.0) for value in slopes.values()) for sign in (min, max))
    inside = low + reach >= 1 and high - reach <= 6
    reason = (
        f"With every answer pattern the predicted outcome lies from {low:.2f} to {high:.2f}, which is "
        f"{'on' if inside else 'off'} the scale 1–6"
    )
    ours, least, most = (np.nan,) * 3
    shares = _shares(slopes, items)
    mean = items.loc[items["item_id"] == row.outcome, "mean"]
    if row.year == 2024 and shares is not None:
        ours = float(mean.iloc[0]) - sum(value * shares[term] for term, value in slopes.items())
        slack = 0.05 + sum(HALF * shares[term] + 0.005 * abs(value) for term, value in slopes.items())
        least, most = ours - slack, ours + slack
        reason += (
            f"; the printed mean {mean.iloc[0]:g} and shares of the predictors need a constant of {ours:.2f} "
            f"({least:.2f}–{most:.2f} with rounding, on other bases), {row.coef:.2f} is printed"
        )
    return Finding("regressions", row.Index, "coef", "agrees" if inside else "differs", f"{reason}.", ours, least, most)


def _shares(slopes: Mapping[str, float], items: pd.DataFrame) -> dict[str, float] | None:
    """Return the proportion of ones of each predictor, None where one has no printed share."""
    printed = dict(zip(items["item_id"], items["share"] / 100, strict=True)) | {"private_sector": 0.72}
    return {term: printed[term] for term in slopes} if all(term in printed for term in slopes) else None


def _r2(row: Any, *, size: float, k: int) -> Finding:
    adjusted = 1 - (1 - row.coef) * (size - 1) / (size - k - 1)
    reason = (
        f"Variances and covariances are not printed, so R² = {row.coef:.2f} cannot be recomputed; adjusting it for "
        f"{k} predictors at N = {size:g} would give {adjusted:.3f}, and which of the two is printed is not said."
    )
    return Finding("regressions", row.Index, "R2", "not reproducible", reason)


def _size(row: Any, terms: Mapping[str, Coefficient], items: pd.DataFrame) -> Finding:
    """Return the finding for N: complete answers cannot be more than those of any item of the model."""
    end = partial(Finding, "regressions", row.Index, "N")
    if row.year != 2024:
        return end("not reproducible", f"No n of {row.year} is printed that could bound N = {row.coef:g}.")
    printed = items[items["item_id"].isin([row.outcome, *terms]) & items["n"].notna()]
    least = printed.sort_values("n").iloc[0]
    fits = row.coef <= least["n"] + TOLERANCE
    reason = (
        f"Complete answers cannot be more than the {least['n']} of {least['item_id']}, the fewest of the items in the "
        f"model with a printed n; N = {row.coef:g} is printed."
    )
    return end("agrees" if fits else "differs", reason, upper=float(least["n"]))
