"""The audit of the accessibility study 2025: which models are fitted, and what is held against what."""

from dataclasses import replace

import pandas as pd
import xarray as xr

import navmodels as nav
from navmodels.reports import accessibility_counts as counts
from navmodels.reports import accessibility_ledger as numbers
from navmodels.reports.accessibility_bases import with_bases
from navmodels.reports.accessibility_claims import audit_accessibility_claims, probabilities
from navmodels.reports.accessibility_comparisons import GroupEvidence
from navmodels.reports.accessibility_contradictions import contradictions
from navmodels.reports.accessibility_display import draw_accessibility, summarise_accessibility
from navmodels.reports.accessibility_distributions import distributions
from navmodels.reports.accessibility_models import cell_draws, group_cells, group_plan
from navmodels.reports.accessibility_ratings import rating_draws, rating_plan, rating_table
from navmodels.reports.accessibility_relations import relations
from navmodels.reports.accessibility_surveys import survey_sizes
from navmodels.reports.audits import Audit, fit_plan, fit_table
from navmodels.reports.findings import combine, tabulate, unsaid
from navmodels.reports.ledger import assemble_ledger
from navmodels.reports.standing import standing

REPORT = "accessibility_2025"
SEED = 2025
TABLES = ("estimates", "groups", "surveys", "person_user_trend", "contact_volumes", "claims")


def audit_accessibility(*, engine: str = "auto", progress: bool = False) -> Audit:
    """Fit every model of the audit and hold every number and comparison against it."""
    tables = {name: nav.load_report(REPORT, name) for name in TABLES}
    estimates = with_bases(tables["estimates"])
    cells = group_cells(estimates)
    plans = group_plan(cells), rating_plan(estimates)
    fits = fit_plan(plans[0] | plans[1], engine=engine, seed=SEED, progress=progress)
    grouped, rated = ({name: fits[name] for name in plan} for plan in plans)
    draws = {name: cell_draws(fit) for name, fit in _usable(grouped).items()}
    rated_draws = {name: rating_draws(fit) for name, fit in _usable(rated).items()}
    draws |= rated_draws
    size = next((len(one) for each in draws.values() for one in each.values()), 4000)
    evidence = GroupEvidence(estimates, cells, draws, seed=SEED, draws=size)
    claims = audit_accessibility_claims(tables["claims"], evidence)
    claims["sensitivity"] = standing(
        claims["p"].where(claims["p_pooled"].notna()),
        {name: plans[0][name] for name in evidence.models},
        lambda fits: probabilities(
            tables["claims"],
            replace(evidence, fits=rated_draws | {name: cell_draws(fit) for name, fit in fits.items()}),
        ),
        engine=engine,
        seed=SEED,
        progress=progress,
    )
    return Audit(
        ledger=_ledger(tables, estimates, grouped, rated, cells),
        claims=claims,
        fits=fit_table(fits),
        tables={"shrinkage": _shrinkage(grouped, cells), "ratings": rating_table(rated)},
        summarise=summarise_accessibility,
        draw=draw_accessibility,
    )


# ---- inside


def _usable(fits: dict[str, xr.DataTree]) -> dict[str, xr.DataTree]:
    """Return the fits that passed the gate; no statement rests on the others."""
    return {name: fit for name, fit in fits.items() if not fit.attrs["unconverged"]}


def _ledger(
    tables: dict[str, pd.DataFrame],
    estimates: pd.DataFrame,
    grouped: dict[str, xr.DataTree],
    rated: dict[str, xr.DataTree],
    cells: pd.DataFrame,
) -> pd.DataFrame:
    """Return one row for each published number: checks against other numbers first, then what the models say."""
    whole = numbers.rated_estimates(rated, estimates)
    pooled = numbers.pooled_estimates(grouped, cells) | whole
    single = numbers.single_intervals(estimates)
    sums = counts.group_sums(tables["groups"])
    checked = combine(
        counts.shares_of_counts(tables["estimates"], tables["groups"]),
        sums,
        survey_sizes(tables["surveys"], tables["groups"], tables["contact_volumes"]),
        counts.whole_counts(estimates, fed=list(pooled)),
        distributions(tables["estimates"], tables["person_user_trend"]),
        relations(tables["estimates"]),
        contradictions(tables["estimates"], sums, tables["groups"]),
    )
    found = combine(unsaid(checked, numbers.estimate_findings(estimates, pooled)), checked)
    found = combine(found, unsaid(found, numbers.other_findings(tables, found, whole)))
    ledger = assemble_ledger(nav.load_report(REPORT), found, tabulate([]))
    return numbers.with_intervals(ledger, estimates, pooled, single)


def _shrinkage(fits: dict[str, xr.DataTree], cells: pd.DataFrame) -> pd.DataFrame:
    """Return direct and pooled side by side for every model as assumed; without the pooled where the gate is closed."""
    tables = []
    for model in cells["model"].unique():
        try:
            tables.append(nav.shrinkage(fits[model], by=["question", "group"]).assign(model=model))
        except nav.NotConvergedError as error:
            tables.append(pd.DataFrame({"model": [model], "unconverged": [str(error)]}))
    together = pd.concat(tables, ignore_index=True)
    return together[["model", *(name for name in together if name != "model")]]
