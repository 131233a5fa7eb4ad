"""What a scenario can change in a model and a survey: priors, pooling, weights, cells.

Nothing is fitted here: see `scenarios`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from navmodels import checks
from navmodels.data.survey import Survey
from navmodels.data.variants import with_design_effect, with_minimum, with_weighting
from navmodels.models import designs
from navmodels.models.designs import spell_out
from navmodels.models.model import Model, with_terms
from navmodels.models.priors import Known, Prior
from navmodels.models.terms import Effect, Group, with_scale
from navmodels.models.yardsticks import yardstick

Scenario = Mapping[str, Any]
POOLED = {"none": 10.0, "complete": 1e-6}  # chosen by hand: known deviations, in logits, that pool nothing and all


def change_scenario(model: Model, survey: Survey, scenario: Scenario) -> tuple[Model, Survey, dict[str, Any]]:
    """Return model and survey of a scenario, and what is left for the estimand.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> change_scenario(Model(Share(), Group("office")), survey, {"priors": 2.0})[0]
    Model(Share(), Group('office', scale=1.0))
    """
    for name, change in CHANGES.items():
        if name in scenario:
            model, survey = change(model, survey, scenario[name])
    return model, survey, {name: value for name, value in scenario.items() if name not in CHANGES}


def times(scale: float | Prior, factor: float) -> float | Prior:
    """Return a scale, or a prior of the same family, times a factor.

    Raises
    ------
    ValueError
        When the factor is not a positive number.

    Examples
    --------
    >>> times(0.5, 2), times(Known(0.3), 2)
    (1.0, Known(scale=0.6))
    """
    factor = checks.positive(factor, what="factor of the prior scales")
    return replace(scale, scale=factor * scale.scale) if isinstance(scale, Prior) else factor * scale


def in_family(model: Model, survey: Survey, family: Callable[[float], Prior]) -> dict[str, Prior]:
    """Return a prior of another family and the same scale for every standard deviation that is learned, by label."""
    terms: Any = spell_out(model, survey).terms
    return {
        term.label: family(term.scale.scale if isinstance(term.scale, Prior) else term.scale)
        for term in terms
        if not isinstance(term, Effect) and not isinstance(term.scale, str | Known)
    }


# ---- inside


def _another[T](kind: type[T], value: Any) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"the other {kind.__name__.lower()} is {value!r}; allowed: a {kind.__name__}.")
    return value


def _other_priors(model: Model, survey: Survey, value: Any) -> tuple[Model, Survey]:
    scales = {term.label: term.scale for term in model.terms}
    if isinstance(value, Mapping):
        for name in value:
            checks.one_of(name, tuple(scales), what="term whose prior changes")
        scales |= value
    else:  # a structured one follows those it is tied to
        told: dict[str, Any] = {term.label: term.scale for term in spell_out(model, survey).terms}
        scales = {name: scale if isinstance(scale, str) else times(scale, value) for name, scale in told.items()}
    terms = [with_scale(term, scales[term.label]) for term in model.terms]
    return with_terms(model, terms), survey


def _other_pooling(model: Model, survey: Survey, value: Any) -> tuple[Model, Survey]:
    groups = [term.label for term in model.terms if isinstance(term, Group)]
    asked = value if isinstance(value, Mapping) else dict.fromkeys(groups, value)
    for name, how in asked.items():
        checks.one_of(name, groups, what="Group whose pooling changes")
        checks.one_of(how, tuple(POOLED), what=f"pooling of {name!r}")
    unit = yardstick(survey).unit
    return _other_priors(model, survey, {name: Known(unit * POOLED[how]) for name, how in asked.items()})


def _other_intercept(model: Model, survey: Survey, value: Any) -> tuple[Model, Survey]:
    """Return the model with another scale of the intercept, around what it was around."""
    mean = spell_out(model, survey).intercept_mean
    return Model(model.outcome, *model.terms, intercept_scale=value, intercept_mean=mean or None), survey


CHANGES: Mapping[str, Callable[[Model, Survey, Any], tuple[Model, Survey]]] = {
    "model": lambda model, survey, value: (_another(Model, value), survey),
    "survey": lambda model, survey, value: (model, _another(Survey, value)),
    "priors": _other_priors,
    "intercept_scale": _other_intercept,
    "pooling": _other_pooling,
    "drop": lambda model, survey, value: (spell_out(model, survey), survey.drop(**value)),
    "min_n": lambda model, survey, value: (
        spell_out(model, survey),
        with_minimum(designs.design(model, survey).survey, value),
    ),
    "design_effect": lambda model, survey, value: (spell_out(model, survey), with_design_effect(survey, value)),
    "weighting": lambda model, survey, value: (spell_out(model, survey), with_weighting(survey, value)),
}  # where the data change, default priors keep the numbers they had
