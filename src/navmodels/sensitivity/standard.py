"""standard_scenarios: the changes a methodologist would try without thinking, for a given model and survey.

Names and changes only: `refit_scenarios` fits them.
"""

from collections.abc import Iterator

import numpy as np

from navmodels.data import checks
from navmodels.data.readings import with_minimum
from navmodels.data.survey import Survey
from navmodels.models.model import Design, Model, design
from navmodels.models.outcomes import Rating, categories_of
from navmodels.models.priors import HalfCauchy, Known, Prior
from navmodels.models.terms import Effect, Group
from navmodels.sensitivity.changes import Scenario, label_of, times

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
        and doubled, that of each term, heavy tails (half-Cauchy of the same scale), the intercept's scale doubled; no
        and complete pooling of all groups and of each; other cuts of a rating; other weightings; design effects 1.25 to
        2; without cells of fewer than 10, 20, 30 or 50 respondents; and without each level in turn of the factors of
        `Group` and `Effect` terms that have three levels or more and are no covariates. Priors keep their family.

    Raises
    ------
    ValueError
        As `design`.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, standard_scenarios
    >>> table = pd.DataFrame({"office": list("ABC"), "k": [30, 51, 44], "n": [60, 80, 75]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> names = list(standard_scenarios(Model(Share(), Group("office")), survey))
    >>> len(names), names[:3], names[-1]
    (13, ['as given', 'prior scales × 0.5', 'prior scales × 2'], "without office='C'")
    """
    arrays = design(model, survey)
    parts = (
        _priors(model),
        _poolings(model),
        _cuts(model, arrays.survey),
        _weights(survey),
        _sizes(arrays.survey),
        _left_out(arrays),
    )
    return {"as given": {}} | {name: change for part in parts for name, change in part}


# ---- inside

Named = Iterator[tuple[str, Scenario]]


def _priors(model: Model) -> Named:
    for factor in (0.5, 2.0):
        if model.terms:
            yield f"prior scales × {factor:g}", {"priors": factor}
    scales = {label_of(term): term.scale for term in model.terms if not isinstance(term.scale, str)}
    for label, scale in scales.items() if len(model.terms) > 1 else ():
        for factor in (0.5, 2.0):
            yield f"prior scale of {label} × {factor:g}", {"priors": {label: times(scale, factor)}}
    effects = {term.name for term in model.terms if isinstance(term, Effect)}
    tails = {
        label: HalfCauchy(scale.scale if isinstance(scale, Prior) else scale)
        for label, scale in scales.items()
        if label not in effects and not isinstance(scale, Known)
    }
    if tails:
        yield "half-Cauchy priors", {"priors": tails}
    yield "intercept scale × 2", {"intercept_scale": 2 * model.intercept_scale}


def _poolings(model: Model) -> Named:
    groups = [label_of(term) for term in model.terms if isinstance(term, Group)]
    for how in ("none", "complete"):
        if groups:
            yield f"pooling {how}", {"pooling": how}
        for label in groups if len(groups) > 1 else ():
            yield f"pooling of {label} {how}", {"pooling": {label: how}}


def _cuts(model: Model, survey: Survey) -> Named:
    if isinstance(model.outcome, Rating):
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


def _left_out(arrays: Design) -> Named:
    terms = [term for term in arrays.model.terms if isinstance(term, Group | Effect)]
    covariates = {block.name for block in arrays.blocks if block.beyond is not None} & {
        term.name for term in terms if isinstance(term, Effect)
    }
    for name in dict.fromkeys(name for term in terms for name in term.factors if name not in covariates):
        levels = arrays.survey.levels[name]
        for level in levels if len(levels) > 2 else ():
            yield f"without {name}={checks.plain(level)!r}", {"drop": {name: level}}
