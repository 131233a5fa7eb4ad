"""Every model of a report fitted, its claims judged, and judged again as numbers and priors may be read otherwise.

Assumed bases halved and doubled, other readings, other design effects, other priors and no pooling. A scenario that
changes nothing for a model is not fitted again. Complete pooling is no scenario: it leaves no difference to speak of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from navmodels.engines.fitting import refit
from navmodels.fits.records import data_hash
from navmodels.models.designs import spell_out
from navmodels.models.priors import HalfCauchy
from navmodels.reports.folders import Report
from navmodels.reports.printed_shares import Array, Variant, list_shares, list_variants, vary
from navmodels.reports.sides import Evidence
from navmodels.reports.templates import Pair, Planned, make_model, plan_models, read_draws
from navmodels.reports.verdicts import Verdict, judge_claims
from navmodels.sensitivity.changes import change_scenario, in_family
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


@dataclass
class Fits:
    """The fits of a report's models, each made once: what differs in nothing is the same fit."""

    engine: str
    seed: int
    step: Step = lambda: None
    made: dict[str, xr.DataTree] = field(default_factory=dict)

    def of(self, model: Any, survey: Any, *, engine: str) -> xr.DataTree:
        """Return the fit of a model."""
        told = spell_out(model, survey).to_json()
        key = f"{told} {data_hash(survey)} {dict(survey.levels)} {sorted(survey.cells.attrs.items())}"
        if key not in self.made:
            self.made[key] = refit(model, survey, engine=engine, seed=self.seed)
        return self.made[key]


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


def judge_report(report: Report, *, engine: str, seed: int, step: Step = lambda: None, repeat: bool = True) -> Judged:
    """Fit the models of a report and judge its claims, as given and (with `repeat`) in every scenario."""
    shares = list_shares(report)
    planned = plan_models(report, shares)
    fits = Fits(engine, seed)
    made = {each.name: make_model(each, shares) for each in planned}
    base = {}
    for name, pair in made.items():
        base[name] = fits.of(*pair, engine=engine)
        step()
    passed = [each for each in planned if not base[each.name].attrs["unconverged"]]
    models = {each.name: read_draws(each, base[each.name]) for each in passed}
    evidence = Evidence(report, shares, models, seed)
    verdicts = judge_claims(evidence)
    table = {GIVEN: _probabilities(verdicts)}
    needed = {model for verdict in verdicts.values() for model in verdict.facts.get("models", ())}
    used = [each for each in passed if each.name in needed]
    open_ = [claim for claim, verdict in verdicts.items() if np.isnan(verdict.p)]
    for name, variant, prior in _scenarios(report, shares) if repeat else ():
        again = [(each, made[each.name]) for each in used]
        table[name] = _again(evidence, again, (variant, prior), fits, without=open_)
        step()
    return Judged(shares, planned, base, models, verdicts, pd.DataFrame(table))


def count_steps(report: Report) -> int:
    """Return how many steps `judge_report` takes: models, then scenarios."""
    shares = list_shares(report)
    return len(plan_models(report, shares)) + len(_scenarios(report, shares))


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


def _scenarios(report: Report, shares: pd.DataFrame) -> list[tuple[str, Variant, str]]:
    found = [(variant.name, variant, "") for variant in list_variants(report, shares)]
    found += [(f"factor:{factor:g}", Variant(factor=factor), "") for factor in FACTORS]
    return [*found, *((name, Variant(), name) for name in PRIORS)]


def _again(
    evidence: Evidence,
    made: Sequence[tuple[Planned, Pair]],
    scenario: tuple[Variant, str],
    fits: Fits,
    *,
    without: Sequence[str],
) -> pd.Series:  # fmt: skip
    """Return the probability of each claim in a scenario; a model that it does not pass on keeps no numbers."""
    variant, prior = scenario
    shares = vary(evidence.shares, variant)
    engine = "laplace" if fits.engine == "auto" else fits.engine
    models: dict[str, Mapping[str, Array]] = {}
    for each, (model, survey) in made:
        if not prior and _alike(each, shares, evidence.shares):
            models[each.name] = evidence.models[each.name]
            continue
        try:
            if prior:
                model, survey, _ = change_scenario(model, survey, PRIORS[prior](model, survey))
            else:
                model, survey = make_model(each, shares)
            fit = fits.of(model, survey, engine=engine)
        except ValueError:
            continue
        if not fit.attrs["unconverged"]:
            models[each.name] = read_draws(each, fit)
    varied = Evidence(evidence.report, shares, models, evidence.seed, drawn=evidence.drawn)
    verdicts = judge_claims(varied, without=without)
    given = {name for each, _ in made for name in each.cells.index}
    lost = given - {name for each in models.values() for name in each}
    p = {name: np.nan if lost & set(verdict.numbers) else verdict.p for name, verdict in verdicts.items()}
    return pd.Series(p, dtype=float)


def _alike(planned: Planned, one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Return whether a model has the same numbers in both."""
    names = [*planned.cells.index, *planned.wholes.values()]
    return one.loc[names].equals(other.loc[names])


def _probabilities(verdicts: Mapping[str, Verdict]) -> pd.Series:
    return pd.Series({name: verdict.p for name, verdict in verdicts.items()}, dtype=float)
