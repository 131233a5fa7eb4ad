"""standard_scenarios: the changes a methodologist would try without thinking, for a given model and survey.

Names and changes only: `refit_scenarios` fits them.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from navmodels import checks
from navmodels.data.survey import Survey
from navmodels.data.variants import with_minimum
from navmodels.likelihoods.categories import categories_of
from navmodels.models import designs
from navmodels.models.designs import Design, spell_out
from navmodels.models.model import Model
from navmodels.models.priors import Exponential, HalfCauchy, HalfStudentT
from navmodels.models.terms import Effect, Group
from navmodels.sensitivity.changes import Scenario, in_family, times

FAMILIES = {HalfCauchy: "half-Cauchy", HalfStudentT: "half-t", Exponential: "exponential"}
DESIGN_EFFECTS = (1.25, 1.5, 2.0)
MINIMA = (10, 20, 30, 50)


def standard_scenarios(model: Model, survey: Survey) -> dict[str, Scenario]:
    """Return the standard set of scenarios for `refit_scenarios`.

    Parameters
    ----------
    model, survey
        As given to `fit`.

    Returns
    -------
    dict
        From name to changes, "as given" first; then, as far as they apply to model and survey: all prior scales halved
        and doubled, that of each term, other families (half-Cauchy, half-t with 3 degrees of freedom and exponential,
        of the same scale), the intercept's scale halved and doubled; no pooling of all groups and of each, and
        interactions left out; other cuts of a rating; other weightings; design effects 1.25 to 2; without cells of
        fewer than 10, 20, 30 or 50 respondents; and without each level in turn of the factors of `Group` and `Effect`
        terms that have three levels or more and are no covariates. Priors keep their family where scales change.

    Raises
    ------
    ValueError
        As `design`.

    Notes
    -----
    Complete pooling is no scenario: it says of any data that groups do not differ. `pooling` compares it.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, standard_scenarios
    >>> table = pd.DataFrame({"office": list("ABC"), "k": [30, 51, 44], "n": [60, 80, 75]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> names = list(standard_scenarios(Model(Share(), Group("office")), survey))
    >>> len(names), names[:3], names[-1]
    (15, ['as given', 'prior scales × 0.5', 'prior scales × 2'], "without office='C'")
    """
    design = designs.design(model, survey)
    parts = (
        _priors(model, survey),
        _poolings(model),
        _cuts(model, design.survey),
        _weights(survey),
        _sizes(design.survey),
        _left_out(design),
    )
    return {"as given": {}} | {name: change for part in parts for name, change in part}


# ---- inside

Named = Iterator[tuple[str, Scenario]]


def _priors(model: Model, survey: Survey) -> Named:
    told = spell_out(model, survey)
    for factor in (0.5, 2.0):
        if model.terms:
            yield f"prior scales × {factor:g}", {"priors": factor}
    scales: dict[str, Any] = {term.label: term.scale for term in told.terms if not isinstance(term.scale, str)}
    for label, scale in scales.items() if len(model.terms) > 1 else ():
        for factor in (0.5, 2.0):
            yield f"prior scale of {label} × {factor:g}", {"priors": {label: times(scale, factor)}}
    for family, name in FAMILIES.items():
        if priors := in_family(model, survey, family):
            yield f"{name} priors", {"priors": priors}
    for factor in (0.5, 2.0):
        yield f"intercept scale × {factor:g}", {"intercept_scale": factor * (told.intercept_scale or 1.0)}


def _poolings(model: Model) -> Named:
    groups = [term for term in model.terms if isinstance(term, Group)]
    if groups:
        yield "no pooling", {"pooling": "none"}
    for label in [term.label for term in groups] if len(groups) > 1 else ():
        yield f"no pooling of {label}", {"pooling": {label: "none"}}
    alone = {term.factors[0] for term in model.terms if len(term.factors) == 1}
    for term in groups:
        if len(term.names) > 1 and set(term.names) <= alone:
            yield f"without {term.label}", {"pooling": {term.label: "complete"}}


def _cuts(model: Model, survey: Survey) -> Named:
    if model.outcome.ordered:
        for cut in categories_of(survey)[1:]:
            yield f"cut at {cut}", {"cut": cut}


def _weights(survey: Survey) -> Named:
    attrs = survey.cells.attrs
    if survey.kind != "reported":
        weighted = not np.array_equal(survey.cells["weighted"].to_numpy(), survey.cells["count"].to_numpy())
        for weighting in ("frame", "effective", "none"):
            if weighted and weighting != attrs["weighting"]:
                yield f"weighting {weighting}", {"weighting": weighting}
    by_n = survey.kind != "reported" or bool((survey.cells["se"].isnull() & survey.cells["lower"].isnull()).any())
    if by_n and attrs["weighting"] != "effective":
        for value in DESIGN_EFFECTS:
            if value != attrs.get("design_effect", 1.0):
                yield f"design effect {value:g}", {"design_effect": value}


def _sizes(survey: Survey) -> Named:
    size = survey.cells["n"] if survey.kind == "reported" else survey.cells["count"].sum("category")
    for least in MINIMA:
        below = int((size < least).sum())
        if 0 < below < size.size and all(len(each) > 1 for each in with_minimum(survey, least).levels.values()):
            yield f"cells of {least} or more", {"min_n": least}


def _left_out(design: Design) -> Named:
    terms = [term for term in design.model.terms if isinstance(term, Group | Effect)]
    covariates = {block.name for block in design.blocks if block.is_line}
    for name in dict.fromkeys(name for term in terms for name in term.factors if name not in covariates):
        levels = design.survey.levels[name]
        for level in levels if len(levels) > 2 else ():
            yield f"without {name}={checks.plain(level)!r}", {"drop": {name: level}}
