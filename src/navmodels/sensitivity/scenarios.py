"""refit_scenarios: the same estimand under other priors, terms, weights and data; the result has one dim more.

A scenario is a mapping of changes to what is given; `CHANGES` holds what can be changed. What changes neither model nor
survey (a cut, a category) is read off the same fit. Nothing is judged here: see `verdicts`.
"""

import hashlib
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from tqdm import tqdm

from navmodels.data import checks
from navmodels.data.readings import with_design_effect, with_minimum, with_weighting
from navmodels.data.survey import Survey
from navmodels.inference.fitting import fit
from navmodels.models.model import Model
from navmodels.models.priors import Known, Prior
from navmodels.models.records import data_hash
from navmodels.models.terms import Group, Region, Term
from navmodels.posterior.estimates import estimate

Scenario = Mapping[str, Any]
Estimand = Mapping[str, Any] | Callable[[xr.DataTree], xr.DataArray]
POOLED = {"none": Known(10.0), "complete": Known(1e-6)}  # standard deviations, in logits, that pool nothing and all


def refit_scenarios(
    model: Model,
    survey: Survey,
    scenarios: Mapping[str, Scenario],
    *,
    estimand: Estimand,
    engine: str = "auto",
    executor: Executor | None = None,
    seed: int | None = None,
    progress: bool = False,
) -> xr.DataArray:
    """Estimate the same quantity under several scenarios.

    Parameters
    ----------
    model, survey
        As given to `fit`.
    scenarios
        From the name of each to its changes, any of:

        ``model``, ``survey``
            Another one altogether.
        ``priors``
            A number: every scale of the terms times it. A mapping from a term's label ("county", "county:industry") to
            its scale or prior.
        ``intercept_scale``
            Another one.
        ``pooling``
            "none" (the levels of every `Group` have a standard deviation of 10), "complete" (of 0), or a mapping from
            the labels of some terms to one of these.
        ``drop``
            A mapping from a factor to the levels left out.
        ``min_n``
            Cells of fewer respondents are left out.
        ``design_effect``, ``weighting``
            As in `Survey.from_report` and `Survey.from_responses`.

        All other entries are arguments of `estimate` (``cut=5``) that replace those of the estimand.
    estimand
        Arguments of `estimate`, ``{"by": "county", "cut": 4}``, or a function of a fit that returns draws.
    engine, seed
        As in `fit`. All scenarios have the same seed, so that they differ by their changes.
    executor
        Any `concurrent.futures.Executor`: a process pool, Dask's ``client.get_executor()``. None: one after another.
    progress
        Show a bar.

    Returns
    -------
    xarray.DataArray
        Dims (chain, draw, ..., scenario): all verbs and plots take it as it is. Groups that a scenario leaves out are
        NaN there. ``attrs["failed"]``: from the name of each scenario that could not be fitted, or did not pass the
        gate, to the reason; its entries are NaN.

    Raises
    ------
    ValueError
        When there are no scenarios, a change does not exist (with the nearest), or all of them failed.

    Warns
    -----
    UserWarning
        When a scenario failed; the others are not lost.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, refit_scenarios, summarise
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> scenarios = {"as given": {}, "scales doubled": {"priors": 2.0}, "without A": {"drop": {"office": "A"}}}
    >>> model = Model(Share(), Group("office"))
    >>> draws = refit_scenarios(model, survey, scenarios, estimand={"by": "office"}, seed=1)
    >>> summarise(draws.sel(office="B"))[["scenario", "mean"]].round(1)
             scenario  mean
    0        as given   0.6
    1  scales doubled   0.6
    2       without A   0.6
    """
    if not scenarios:
        raise ValueError("there are no scenarios; give a mapping from names to changes.")
    seed = int(np.random.SeedSequence().generate_state(1)[0] // 2) if seed is None else seed
    jobs, failed = _jobs(model, survey, scenarios, estimand)
    options = {"engine": engine, "seed": seed}
    found: dict[str, xr.DataArray] = {}
    submit: Callable[..., Any] = _Later if executor is None else executor.submit
    with tqdm(total=len(jobs), desc="Scenarios", disable=not progress, unit="fit") as bar:
        waiting = [(names, submit(_fit_and_estimate, *job, options)) for names, job in jobs]
        for names, result in waiting:
            try:
                draws = result.result()
            except Exception as error:
                failed |= dict.fromkeys(names, f"{type(error).__name__}: {error}")
            else:
                for name, each in zip(names, draws, strict=True):
                    if each.attrs.get("unconverged"):
                        failed[name] = f"did not pass the gate: {each.attrs['unconverged']}"
                    else:
                        found[name] = each
            bar.update()
    if not found:
        name, reason = next(iter(failed.items()))
        raise ValueError(f"none of the {len(failed)} scenarios could be used; the first, {name!r}: {reason}")
    for name, reason in failed.items():
        warnings.warn(f"scenario {name!r} is left out: {reason}", UserWarning, stacklevel=2)
    return _together(found, list(scenarios), failed)


def change_scenario(model: Model, survey: Survey, scenario: Scenario) -> tuple[Model, Survey, dict[str, Any]]:
    """Return model and survey of a scenario, and what is left for the estimand.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> change_scenario(Model(Share(), Group("office")), survey, {"priors": 2.0})[0]
    Model(Share(), Group('office', scale=1.0), intercept_scale=1.5)
    """
    for name, change in CHANGES.items():
        if name in scenario:
            model, survey = change(model, survey, scenario[name])
    return model, survey, {name: value for name, value in scenario.items() if name not in CHANGES}


# ---- inside: what can be changed


def _other_priors(model: Model, survey: Survey, value: Any) -> tuple[Model, Survey]:
    if not isinstance(value, Mapping):
        return _with_terms(model, [_scaled(term, value) for term in model.terms]), survey
    labels = [label_of(term) for term in model.terms]
    for name in value:
        checks.one_of(name, labels, what="term whose prior changes")
    terms = [
        replace_scale(term, value[label]) if label in value else term
        for term, label in zip(model.terms, labels, strict=True)
    ]
    return _with_terms(model, terms), survey


def _other_pooling(model: Model, survey: Survey, value: Any) -> tuple[Model, Survey]:
    groups = [label_of(term) for term in model.terms if isinstance(term, Group)]
    asked = dict(value) if isinstance(value, Mapping) else dict.fromkeys(groups, value)
    for name, how in asked.items():
        checks.one_of(name, groups, what="Group whose pooling changes")
        checks.one_of(how, tuple(POOLED), what=f"pooling of {name!r}")
    pooled = {name: POOLED[how] for name, how in asked.items()}
    return _other_priors(model, survey, pooled)


CHANGES: Mapping[str, Callable[[Model, Survey, Any], tuple[Model, Survey]]] = {
    "model": lambda model, survey, value: (value, survey),
    "survey": lambda model, survey, value: (model, value),
    "priors": _other_priors,
    "intercept_scale": lambda model, survey, value: (
        Model(model.outcome, *model.terms, intercept_scale=value),
        survey,
    ),
    "pooling": _other_pooling,
    "drop": lambda model, survey, value: (model, survey.drop(**value)),
    "min_n": lambda model, survey, value: (model, with_minimum(survey, value)),
    "design_effect": lambda model, survey, value: (model, with_design_effect(survey, value)),
    "weighting": lambda model, survey, value: (model, with_weighting(survey, value)),
}


def label_of(term: Term) -> str:
    """Return the label of a term: its factors joined by ':'."""
    return ":".join(term.factors)


def replace_scale(term: Term, scale: Any) -> Term:
    """Return a term with another scale or prior."""
    if isinstance(term, Group):
        return Group(*term.names, scale=scale)
    if isinstance(term, Region):
        return Region(term.name, neighbours=term.neighbours, scale=scale)
    return replace(term, scale=scale)


def _scaled(term: Term, factor: float) -> Term:
    """Return a term with its prior scale times a factor; a structured one follows those it is tied to."""
    if isinstance(term.scale, str):
        return term
    if isinstance(term.scale, Prior):
        return replace_scale(term, replace(term.scale, scale=factor * term.scale.scale))
    return replace_scale(term, factor * term.scale)


def _with_terms(model: Model, terms: list[Any]) -> Model:
    return Model(model.outcome, *terms, intercept_scale=model.intercept_scale)


# ---- inside


def _jobs(
    model: Model, survey: Survey, scenarios: Mapping[str, Scenario], estimand: Estimand
) -> tuple[list[tuple[list[str], tuple[Any, ...]]], dict[str, str]]:
    """Return each fit once: the names of its scenarios, model, survey and estimands; and scenarios that cannot be."""
    jobs: dict[str, tuple[list[str], tuple[Any, ...]]] = {}
    failed: dict[str, str] = {}
    for name, scenario in scenarios.items():
        if not isinstance(scenario, Mapping):
            raise ValueError(f"scenario {name!r} is {scenario!r}; allowed: a mapping of changes, {{}} for none.")
        _require_known(name, scenario, estimand)
        try:
            changed, given, rest = change_scenario(model, survey, scenario)
        except ValueError as error:
            failed[name] = str(error)
            continue
        asked = estimand if callable(estimand) else {**estimand, **rest}
        key = hashlib.sha256(
            f"{changed.to_json()} {data_hash(given)} {sorted(given.cells.attrs.items())}".encode()
        ).hexdigest()
        names, (_, _, estimands) = jobs.setdefault(key, ([], (changed, given, [])))
        names.append(name)
        estimands.append(asked)
    return list(jobs.values()), failed


def _require_known(name: str, scenario: Scenario, estimand: Estimand) -> None:
    allowed = [*CHANGES, *(() if callable(estimand) else ("by", "population", "cut", "category", "scale"))]
    for change in scenario:
        checks.one_of(change, allowed, what=f"a change of scenario {name!r}")


def _fit_and_estimate(
    model: Model, survey: Survey, estimands: list[Estimand], options: Mapping[str, Any]
) -> list[xr.DataArray]:
    fitted = fit(model, survey, **options)
    return [each(fitted) if callable(each) else estimate(fitted, **each) for each in estimands]


class _Later:
    """A call that is made when its result is asked for, as a `Future` of this process."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = lambda: function(*arguments)

    def result(self) -> Any:
        """Return what the call returns."""
        return self.call()


def _together(found: Mapping[str, xr.DataArray], names: list[str], failed: Mapping[str, str]) -> xr.DataArray:
    """Return the draws of all scenarios along a dim of that name, in the order given."""
    first = next(iter(found.values()))
    joined = xr.concat(
        list(found.values()), dim="scenario", join="outer", combine_attrs="drop", coords="different", compat="equals"
    )
    joined = joined.assign_coords(scenario=list(found)).reindex(scenario=names)
    for dim in first.dims:  # an outer join sorts: levels keep the order of the first scenario
        levels = dict.fromkeys([*first[dim].to_numpy().tolist(), *joined[dim].to_numpy().tolist()])
        joined = joined.reindex({dim: list(levels)})
    engines = {each.attrs["engine"] for each in found.values()}
    attrs = {**first.attrs, "engine": "nuts" if "nuts" in engines else "laplace", "failed": dict(failed)}
    return joined.transpose(*first.dims, "scenario").assign_attrs(attrs).rename(first.name)
