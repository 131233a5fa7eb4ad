"""Verdicts on what the text says about the regressions: which predictors matter, and more than which.

For claims of kind "association". Two coefficients of one model cannot be tested against each other, since no
covariance is printed; such a claim is held against the printed coefficients, and the reason says so.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from navmodels.reports.findings import records
from navmodels.reports.regressions import (
    CONTROLS,
    SUMMARIES,
    Coefficient,
    between,
    certainty,
    coefficients,
    difference,
)

Model = Mapping[str, Coefficient]


def association_verdicts(claims: pd.DataFrame, regressions: pd.DataFrame) -> pd.DataFrame:
    """Return a verdict on each claim about an association.

    - "positive": the coefficient is above zero with a star; called strong, it is also no smaller than the median of
      the predictors in its model (controls for sector and size left out).
    - "none": it has no star.
    - "stronger", "weaker" than other predictors or another year: the printed coefficients say so, and a difference
      between years is not certainly insignificant.
    - "equal": the two are not certainly different.

    Parameters
    ----------
    claims, regressions
        Published tables, as from `load_report`.

    Returns
    -------
    One row for each claim of kind "association": `claim`, `verdict` ("agrees", "differs", "not reproducible" when no
    coefficient is printed) and `reason`.

    Examples
    --------
    >>> from navmodels import load_report
    >>> verdicts = association_verdicts(*(load_report("employer_2024", table) for table in ("claims", "regressions")))
    >>> verdicts["verdict"].value_counts().to_dict()
    {'agrees': 27, 'not reproducible': 3, 'differs': 2}
    >>> verdicts.loc[verdicts["verdict"] == "differs", "claim"].tolist()
    ['clear_information_by_know_how_contact_2024', 'comp_industry_by_assist_recruitment']
    """
    known = coefficients(regressions)
    rows = []
    for claim in records(claims[claims["kind"] == "association"]):
        verdict, reason = _verdict(claim, known)
        rows.append({"claim": claim.claim, "verdict": verdict, "reason": reason})
    return pd.DataFrame(rows, columns=["claim", "verdict", "reason"])


# ---- inside


def _verdict(claim: Any, known: Mapping[tuple[str, int, str], Coefficient]) -> tuple[str, str]:
    """Return verdict and reason of one claim."""
    years = {year for outcome, year, _ in known if outcome == claim.item}
    year = claim.year_to if pd.notna(claim.year_to) else max(years, default=None)
    model = {term: one for (outcome, at, term), one in known.items() if (outcome, at) == (claim.item, year)}
    if claim.item_b not in model:
        return "not reproducible", f"No coefficient of {claim.item_b} for {claim.item} is printed."
    one = model[claim.item_b]
    text = f"The coefficient is {one.value:.2f}{one.stars} in {year}"
    if pd.notna(claim.year_from):
        earlier = known.get((claim.item, claim.year_from, claim.item_b))
        if earlier is None:
            return "not reproducible", f"{text}, but none is printed for {claim.year_from}."
        return _between_years(claim, one, earlier, text=text)
    if claim.group_dim == "predictor":
        rest = {term: other for term, other in model.items() if term not in (*SUMMARIES, *CONTROLS, claim.item_b)}
        return _between_predictors(claim, one, rest, text=text)
    return _alone(claim, one, model, text=text)


def _alone(claim: Any, one: Coefficient, model: Model, *, text: str) -> tuple[str, str]:
    """Return the verdict on a coefficient by itself."""
    if claim.direction == "none":
        return _agrees(not one.stars), f"{text}, {'with' if one.stars else 'without'} a star."
    starred = bool(one.stars) and one.value > 0
    if claim.stated != "strong" or not starred:
        return _agrees(starred), f"{text}, {'with a star (p < 0.05)' if one.stars else 'without a star (p ≥ 0.05)'}."
    sizes = [abs(other.value) for term, other in model.items() if term not in (*SUMMARIES, *CONTROLS)]
    place = 1 + sum(size > one.value for size in sizes)
    strong = one.value >= float(np.median(sizes))
    return _agrees(strong), f"{text}, number {place} by size of the {len(sizes)} predictors in its model."


def _between_years(claim: Any, one: Coefficient, earlier: Coefficient, *, text: str) -> tuple[str, str]:
    """Return the verdict on a change of a coefficient; the two years are independent samples."""
    limits = difference(one, earlier)
    as_said = (one.value > earlier.value) == (claim.direction == "stronger") and one.value != earlier.value
    reason = (
        f"{text} and {earlier.value:.2f}{earlier.stars} in {claim.year_from}; by the stars the difference has |z| "
        f"{between(*limits, digits=1)}, so it is {certainty(limits)}."
    )
    return _agrees(as_said and limits[1] >= 1.96), reason


def _between_predictors(claim: Any, one: Coefficient, rest: Model, *, text: str) -> tuple[str, str]:
    """Return the verdict on a coefficient against others of its model, whose covariance is not printed."""
    others = rest if claim.group_b == "rest" else {claim.group_b: rest[claim.group_b]}
    name = max(others, key=lambda term: others[term].value)
    shown = f"{text}, that of {name} {others[name].value:.2f}{others[name].stars}"
    note = "without a covariance in print the two cannot be tested against each other"
    if claim.direction == "equal":
        limits = difference(one, others[name])
        return _agrees(limits[0] <= 1.96), (
            f"{shown}; uncorrelated, the difference would have |z| {between(*limits, digits=1)}, but {note}."
        )
    larger = one.value > others[name].value
    return _agrees(larger == (claim.direction == "stronger")), f"{shown}, the largest other; {note}."


def _agrees(holds: bool) -> str:
    return "agrees" if holds else "differs"
