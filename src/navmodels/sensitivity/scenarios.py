"""refit_scenarios: the same estimand under other priors, terms, weights and data; the result has one dim more.

A scenario is a mapping of changes to what is given; `CHANGES` holds what can be changed. What changes neither model nor
survey (a cut, a category) is read off the same fit. Nothing is judged here: see `verdicts`.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from tqdm import tqdm

from navmodels import checks
from navmodels.data.survey import Survey
from navmodels.engines.fitting import refit as fit  # whose priors are meant
from navmodels.fits.records import data_hash
from navmodels.gate.convergence import carried_attrs
from navmodels.models.designs import spell_out
from navmodels.models.model import Model
from navmodels.posterior.comparisons import require_draws
from navmodels.posterior.estimates import estimate
from navmodels.sensitivity.changes import CHANGES, Scenario, change_scenario
from navmodels.sensitivity.reweighting import Chosen, Weighed

Estimand = Mapping[str, Any] | Callable[[xr.DataTree], xr.DataArray]
Found = xr.DataArray | str  # draws, or why there are none
Job = tuple[list[str], tuple[Model, Survey, list[Estimand]]]  # names of scenarios that differ by what is read off
READ_OFF = ("population", "cut", "category", "scale")  # arguments of `estimate` that a scenario may replace


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

    What changes priors or numbers alone weighs the draws of the fit as given anew, where the Pareto k̂ of the weights is
    below its limit and a quarter of the draws are left; everything else is fitted.

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
            Another one, around the same number.
        ``pooling``
            "none" (the levels of every `Group` have a standard deviation of 10 logits, or 20 spreads of published
            means), "complete" (of 0), or a mapping from
            the labels of some terms to one of these. A structured one follows those it is tied to.
        ``drop``
            A mapping from a factor to the levels left out.
        ``min_n``
            Cells of the model with fewer respondents are left out.
        ``design_effect``, ``weighting``
            As in `Survey.from_report` and `Survey.from_responses`.

        Where the data change, default priors keep the numbers they have for the survey as given.

        ``population``, ``cut``, ``category``, ``scale``
            Arguments of `estimate` that replace those of the estimand.
    estimand
        Arguments of `estimate`, ``{"by": "county", "cut": 4}``, or a function of a fit that returns draws. A population
        may have every level of the survey: one that a scenario leaves out is predicted there as a new one.
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
        NaN there; for `rank`, which takes no gaps, ``draws.dropna("scenario")`` leaves these scenarios out.
        ``attrs["made"]``: from the name of each scenario to ``how`` ("reweighted" or "refit"), ``pareto_k`` and
        ``effective_draws`` (of the weights, or of the fit; NaN by nuts). ``attrs["failed"]``: from the name of each
        scenario that could not be fitted, or did not pass the gate, to the reason; its entries are NaN.

    Raises
    ------
    ValueError
        When there are no scenarios, a change does not exist (with the nearest), or all of them failed.
    TypeError
        When a scenario is no mapping.

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
    jobs, outcome = _jobs(model, survey, scenarios, estimand)
    options = {"engine": engine, "seed": seed}
    run = partial(_fit_and_estimate, options=options)
    with tqdm(total=len(jobs), desc="Scenarios", disable=not progress, unit="scenario") as bar:
        base = _base(model, survey, jobs, options)
        waiting = []
        for names, job in jobs:
            made = None if base is None else base.under(*job)
            started = partial(run, *job) if executor is None or made else executor.submit(run, *job).result
            waiting.append((names, started if made is None else partial(list, made)))
        for names, result in waiting:
            outcome |= zip(names, _attempt(result, len(names)), strict=True)
            bar.update()
    found, failed = _sorted_out({name: outcome[name] for name in scenarios})
    if not found:
        name, reason = next(iter(failed.items()))
        raise ValueError(f"none of the {len(failed)} scenarios could be used; the first, {name!r}: {reason}")
    for name, reason in failed.items():
        warnings.warn(f"scenario {name!r} is left out: {reason}", UserWarning, stacklevel=2)
    return _together(found, failed, list(scenarios), survey.levels)


# ---- inside


def _jobs(
    model: Model, survey: Survey, scenarios: Mapping[str, Scenario], estimand: Estimand
) -> tuple[list[Job], dict[str, Found]]:
    """Return each fit once: the names of its scenarios, model, survey and estimands; and why others cannot be made."""
    jobs: dict[str, Job] = {}
    failed: dict[str, Found] = {}
    known = {"new_levels": [level for levels in survey.levels.values() for level in levels]}  # some leave them out
    plain = estimand if callable(estimand) else {**known, **estimand}
    for name, scenario in scenarios.items():
        if not isinstance(scenario, Mapping):
            raise TypeError(f"scenario {name!r} is {scenario!r}; allowed: a mapping of changes, {{}} for none.")
        _require_known(name, scenario, estimand)
        try:
            changed, given, rest = change_scenario(model, survey, scenario)
            told = spell_out(changed, given).to_json()  # a default and its number are one
        except (TypeError, ValueError) as error:
            failed[name] = _describe(error)
            continue
        key = f"{told} {data_hash(given)} {dict(given.levels)} {sorted(given.cells.attrs.items())}"
        names, (_, _, estimands) = jobs.setdefault(key, ([], (changed, given, [])))
        names.append(name)
        estimands.append({**plain, **rest} if rest and not callable(plain) else plain)
    return list(jobs.values()), failed


def _require_known(name: str, scenario: Scenario, estimand: Estimand) -> None:
    for change in scenario:
        allowed = (*CHANGES, *(() if callable(estimand) else READ_OFF))
        checks.one_of(change, allowed, what=f"a change of scenario {name!r}")


@dataclass(frozen=True, eq=False)
class _Base:
    """The fit as given, from which scenarios are weighed; by estimand, the draws that were read off it."""

    weighed: Weighed
    read: dict[int, Found] = field(default_factory=dict)

    def under(self, model: Model, survey: Survey, estimands: list[Estimand]) -> list[Found] | None:
        """Return the draws of each estimand in a scenario, or None where it must be fitted."""
        chosen = self.weighed.choose(model, survey)
        if chosen is None:
            return None
        made = {"made": "reweighted", "pareto_k": chosen.pareto_k, "effective_draws": chosen.effective_draws}
        if not chosen.moved:  # the fit as given itself
            made = {}
        found = []
        for estimand in estimands:
            draws = self._read_off(estimand, chosen)
            found.append(draws if isinstance(draws, str) else draws.assign_attrs(made))
        return found

    def _read_off(self, estimand: Estimand, chosen: Chosen) -> Found:
        fitted = self.weighed.fit
        if chosen.moved and (callable(estimand) or not chosen.same_survey):
            return _read_off(chosen.fit(fitted), estimand)
        if id(estimand) not in self.read:  # which jobs hold, so that it is no other's
            self.read[id(estimand)] = _read_off(fitted, estimand)
        draws = self.read[id(estimand)]
        return draws if isinstance(draws, str) or not chosen.moved else chosen.pick(draws)


def _base(model: Model, survey: Survey, jobs: list[Job], options: Mapping[str, Any]) -> _Base | None:
    """Return the fit as given, where several scenarios may be weighed from it, and it passes the gate."""
    if sum(given is survey for _, (_, given, _) in jobs) < 2:
        return None
    try:
        fitted = fit(model, survey, **options)
    except Exception:  # each scenario tells its own
        return None
    return None if fitted.attrs["unconverged"] else _Base(Weighed(fitted))


def _fit_and_estimate(
    model: Model, survey: Survey, estimands: list[Estimand], *, options: Mapping[str, Any]
) -> list[Found]:
    """Return the draws of each estimand, or why there are none."""
    fitted = fit(model, survey, **options)
    if fitted.attrs["unconverged"]:
        return [f"did not pass the gate: {fitted.attrs['unconverged']}"] * len(estimands)
    return [_read_off(fitted, each) for each in estimands]


def _read_off(fitted: xr.DataTree, estimand: Estimand) -> Found:
    try:
        draws = estimand(fitted) if callable(estimand) else estimate(fitted, **estimand)
        require_draws(draws)
    except Exception as error:
        return _describe(error)
    made = {"made": "refit", "effective_draws": float(fitted.attrs.get("effective_draws", np.nan))}
    return draws.assign_attrs({**carried_attrs(fitted.attrs), **draws.attrs, **made})


def _attempt(result: Callable[[], list[Found]], size: int) -> list[Found]:
    try:
        return result()
    except Exception as error:
        return [_describe(error)] * size


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _sorted_out(outcome: Mapping[str, Found]) -> tuple[dict[str, xr.DataArray], dict[str, str]]:
    """Return the draws of the scenarios that have them, and why the others have none."""
    found = {name: each for name, each in outcome.items() if isinstance(each, xr.DataArray)}
    failed = {name: each for name, each in outcome.items() if isinstance(each, str)}
    dims = next((each.dims for each in found.values()), ())
    for name in [name for name, each in found.items() if set(each.dims) != set(dims)]:
        failed[name] = f"its draws have the dims {found.pop(name).dims}; those of the first have {dims}"
    return found, failed


def _together(
    found: Mapping[str, xr.DataArray],
    failed: Mapping[str, str],
    names: list[str],
    known: Mapping[str, Sequence[Any]],
) -> xr.DataArray:
    """Return the draws of all scenarios along a dim of that name, in the order given; levels in that of the survey."""
    first = next(iter(found.values()))
    joined = xr.concat(
        list(found.values()), dim="scenario", join="outer", combine_attrs="drop", coords="different", compat="equals"
    )
    order = {"scenario": names}
    for dim in map(str, first.dims):  # an outer join sorts
        present = joined[dim].to_numpy().tolist()
        before = dict.fromkeys([*known.get(dim, ()), *first[dim].to_numpy().tolist(), *present])
        order[dim] = sorted(present, key=list(before).index)
    joined = joined.assign_coords(scenario=list(found)).reindex(order)
    engines = {each.attrs["engine"] for each in found.values()}
    made = {
        name: {"how": each.attrs["made"], "pareto_k": each.attrs.get("pareto_k", np.nan),
               "effective_draws": each.attrs["effective_draws"]}
        for name, each in found.items()
    }  # fmt: skip
    attrs = {**first.attrs, "engine": "nuts" if "nuts" in engines else "laplace", "made": made, "failed": dict(failed)}
    del attrs["effective_draws"]
    return joined.transpose(*first.dims, "scenario").assign_attrs(attrs).rename(first.name)
