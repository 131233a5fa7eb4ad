"""Every model of a report fitted, its claims judged, and judged again as numbers and priors may be read otherwise.

Assumed bases halved and doubled, other readings, other design effects, other priors and no pooling. A scenario that
changes nothing for a model is not fitted again. Complete pooling is no scenario: it leaves no difference to speak of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from navmodels.engines.fitting import refit
from navmodels.models.priors import HalfCauchy
from navmodels.reports.folders import Report
from navmodels.reports.printed_shares import Array, Variant, list_shares, list_variants, vary
from navmodels.reports.sides import Evidence
from navmodels.reports.templates import Pair, Planned, make_model, plan_models, read_draws
from navmodels.reports.verdicts import Verdict, judge_claims
from navmodels.sensitivity.changes import change_scenario, in_family
from navmodels.sensitivity.reweighting import Weighed
from navmodels.sensitivity.verdicts import stand

GIVEN = "given"
PRIORS: Mapping[str, Callable[[Any, Any], dict[str, Any]]] = {
    "prior:0.5": lambda model, survey: {"priors": 0.5},
    "prior:2": lambda model, survey: {"priors": 2.0},
    "cauchy": lambda model, survey: {"priors": in_family(model, survey, HalfCauchy)},
    "unpooled": lambda model, survey: {"pooling": "none"},
}
FACTORS = (1.25, 1.5, 2.0)  # of every design effect
Step = Callable[[], None]
Scenario = tuple[str, Variant, str]  # its name, how numbers are read, and the name of its priors if they change


@dataclass(frozen=True)
class Plan:
    """What there is to judge a report by: its printed shares, the models to be fitted, and the scenarios."""

    shares: pd.DataFrame
    models: Sequence[Planned]
    scenarios: Sequence[Scenario]

    @property
    def steps(self) -> int:
        """How many steps `judge_report` takes: models, then scenarios."""
        return len(self.models) + len(self.scenarios)


@dataclass(frozen=True)
class Fitted:
    """A model of a report as given: its fits, as given and in scenarios, and the draws of the numbers it holds.

    A later scenario weighs the draws of the fits that there are before it is fitted itself.
    """

    planned: Planned
    pair: Pair
    draws: Mapping[str, Array]
    known: list[tuple[Weighed, Mapping[str, Array]]]

    def under(self, pair: Pair, *, engine: str, seed: int) -> Mapping[str, Array]:
        """Return the draws under another model or other numbers: weighed anew, or fitted; none if it does not pass."""
        for weighed, draws in (self.known[0], *self.known[:0:-1]):  # as given, then the latest
            chosen = weighed.choose(*pair)
            if chosen is not None:
                return {name: each[chosen.kept] for name, each in draws.items()}
        fit = refit(*pair, engine=engine, seed=seed)
        if fit.attrs["unconverged"]:
            return {}
        weighed = Weighed(fit)
        self.known.append((weighed, read_draws(self.planned, weighed)))
        return self.known[-1][1]


@dataclass(frozen=True)
class Judged:
    """The claims of a report and the models behind them.

    Attributes
    ----------
    shares
        As `list_shares`.
    planned, fits
        The models that were fitted, and the fit of each by name.
    models
        By model that passed the gate, the draws of each printed number that it holds.
    verdicts
        By claim.
    scenarios
        Probability of each claim (row) in each scenario (column).
    """

    shares: pd.DataFrame
    planned: Sequence[Planned]
    fits: Mapping[str, xr.DataTree]
    models: Mapping[str, Mapping[str, Array]]
    verdicts: Mapping[str, Verdict]
    scenarios: pd.DataFrame


def plan_report(report: Report) -> Plan:
    """Return what there is to judge a report by."""
    shares = list_shares(report)
    return Plan(shares, plan_models(report, shares), _scenarios(report, shares))


def judge_report(report: Report, plan: Plan, *, engine: str, seed: int, step: Step = lambda: None) -> Judged:
    """Fit the models of a report and judge its claims, as given and in every scenario."""
    shares, base, fitted = plan.shares, {}, {}
    for planned in plan.models:
        pair = make_model(planned, shares)
        fit = base[planned.name] = refit(*pair, engine=engine, seed=seed)
        if not fit.attrs["unconverged"]:
            weighed = Weighed(fit)
            draws = read_draws(planned, weighed)
            fitted[planned.name] = Fitted(planned, pair, draws, [(weighed, draws)])
        step()
    evidence = Evidence(report, shares, {name: each.draws for name, each in fitted.items()}, seed)
    verdicts = judge_claims(evidence)
    needed = {model for verdict in verdicts.values() for model in verdict.facts.get("models", ())}
    used = [each for name, each in fitted.items() if name in needed]
    given = _probabilities(verdicts)
    settled = given[[np.isnan(verdict.p) or not verdict.numbers for verdict in verdicts.values()]]
    table = {GIVEN: given}
    again = "laplace" if engine == "auto" else engine
    for name, variant, prior in plan.scenarios:
        table[name] = _again(evidence, used, (variant, prior), engine=again, settled=settled)
        step()
    return Judged(shares, plan.models, base, evidence.models, verdicts, pd.DataFrame(table))


def tabulate_sensitivity(scenarios: pd.DataFrame) -> pd.DataFrame:
    """Return, for each claim, the lowest and highest probability, and what turns its verdict (`stand`)."""
    rows = []
    for claim, row in scenarios.iterrows():
        found = stand({str(name): float(p) for name, p in row.items()}, base=GIVEN)
        turned = [str(name) for name, p in row.items() if not np.isnan(p) and _class(p) != found["class"]]
        turned = sorted(turned, key=lambda name: -abs(row[name] - row[GIVEN])) if found["class"] else []
        rows.append({"claim": claim, "lowest": found["lowest"], "highest": found["highest"],
                     "scenarios": found["scenarios"], "turned": turned})  # fmt: skip
    return pd.DataFrame(rows, columns=["claim", "lowest", "highest", "scenarios", "turned"]).set_index("claim")


# ---- inside


def _class(p: float) -> str:
    return str(stand({GIVEN: float(p)}, base=GIVEN)["class"])


def _scenarios(report: Report, shares: pd.DataFrame) -> list[Scenario]:
    found = [(variant.name, variant, "") for variant in list_variants(report, shares)]
    found += [(f"factor:{factor:g}", Variant(factor=factor), "") for factor in FACTORS]
    return [*found, *((name, Variant(), name) for name in PRIORS)]


def _again(
    evidence: Evidence, used: Sequence[Fitted], scenario: tuple[Variant, str], *, engine: str, settled: pd.Series
) -> pd.Series:
    """Return the probability of each claim in a scenario; a model that it does not pass on keeps no numbers.

    What is `settled` is so in every scenario: what cannot be judged, and what rests on no printed share.
    """
    variant, prior = scenario
    shares = vary(evidence.shares, variant)
    models: dict[str, Mapping[str, Array]] = {}
    for each in used:
        if not prior and _alike(each.planned, shares, evidence.shares):
            models[each.planned.name] = each.draws
            continue
        try:
            pair = _other_priors(each.pair, prior) if prior else make_model(each.planned, shares)
            models[each.planned.name] = each.under(pair, engine=engine, seed=evidence.seed)
        except ValueError:
            continue
    varied = Evidence(evidence.report, shares, models, evidence.seed, drawn=evidence.drawn)
    verdicts = judge_claims(varied, without=settled.index)
    lost = {name for each in used for name in each.draws} - {name for each in models.values() for name in each}
    p = {name: np.nan if lost & set(verdict.numbers) else verdict.p for name, verdict in verdicts.items()}
    found: pd.Series = pd.concat([settled, pd.Series(p, dtype=float)])
    return found


def _other_priors(pair: Pair, prior: str) -> Pair:
    model, survey, _ = change_scenario(*pair, PRIORS[prior](*pair))
    return model, survey


def _alike(planned: Planned, one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Return whether a model has the same numbers in both."""
    names = [*planned.cells.index, *planned.wholes.values()]
    return one.loc[names].equals(other.loc[names])


def _probabilities(verdicts: Mapping[str, Verdict]) -> pd.Series:
    return pd.Series({name: verdict.p for name, verdict in verdicts.items()}, dtype=float)
