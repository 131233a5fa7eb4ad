"""The audit of Nav's employer survey 2024: which models are fitted, and what is held against what."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import xarray as xr

import navmodels as nav
from navmodels.reports import (
    associations,
    bases,
    batteries,
    intervals,
    item_models,
    phone_calls,
    regressions,
    restatements,
    series,
    totals,
    units,
)
from navmodels.reports.audits import Audit, Plan, fit_plan, fit_table
from navmodels.reports.claims import FACTORS, audit_employer_claims
from navmodels.reports.employer_display import draw_employer, summarise_employer
from navmodels.reports.evidence import EmployerEvidence
from navmodels.reports.findings import combine
from navmodels.reports.ledger import assemble_ledger, model_findings
from navmodels.reports.standing import standing
from navmodels.reports.verdicts import DOWN, SAME

REPORT = "employer_2024"
SEED = 2024
SHARES = ("six-point shares", "multiple choice")
TABLES = ("items", "trends", "changes", "groups", "regressions", "phone_combinations", "claims")


def audit_employer(*, engine: str = "auto", progress: bool = False) -> Audit:
    """Fit every model of the audit and hold every number and statement against it."""
    tables = {name: nav.load_report(REPORT, name) for name in TABLES}
    items = tables["items"]
    design_effect, _ = intervals.estimate_design_effect(items)
    levels = series.series_levels(items, tables["trends"], tables["changes"])
    plan = _plan(tables, levels, design_effect)
    fits = fit_plan(plan, engine=engine, seed=SEED, progress=progress)
    evidence = _evidence(fits, tables, levels, design_effect)
    claims = audit_employer_claims(tables["claims"], evidence)
    claims["sensitivity"] = standing(
        _stated(claims),
        {name: plan[name] for name in _behind(levels)},
        lambda fits: _stated_by(fits, claims, evidence, tables, levels),
        engine=engine,
        seed=SEED,
        progress=progress,
    )
    found = combine(
        intervals.share_intervals(items, design_effect=design_effect),
        intervals.mean_intervals(items),
        restatements.text_shares(items, tables["trends"], design_effect=design_effect),
        bases.contact_person(items, tables["trends"]),
        bases.filtered_bases(items),
        bases.restructuring_help(items, tables["trends"]),
        totals.sector_totals(items, tables["trends"]),
        totals.exclusive_answers(items),
        totals.sample_facts(tables["groups"]),
        phone_calls.phone_combinations(tables["phone_combinations"], items, tables["trends"]),
        regressions.regression_findings(tables["regressions"], items),
    )
    return Audit(
        ledger=assemble_ledger(nav.load_report(REPORT), found, model_findings(evidence, tables)),
        claims=_with_associations(claims, tables),
        fits=fit_table(fits),
        tables={
            "shrinkage": _shrinkage(fits["six-point shares"]),
            "trends": _trend_table(evidence, levels),
            "sectors": _sector_table(evidence, levels),
        },
        summarise=summarise_employer,
        draw=draw_employer,
        facts={"design_effect": design_effect},
    )


# ---- inside


def _plan(tables: dict[str, pd.DataFrame], levels: pd.DataFrame, design_effect: float) -> Plan:
    """Return every model that is fitted, by name."""
    surveys = item_models.pooled_surveys(tables["items"], design_effect=design_effect)
    plan = {
        "six-point shares": (item_models.pooled_model("share"), surveys["share"]),
        "six-point means": (item_models.pooled_model("mean"), surveys["mean"]),
        "multiple choice": (item_models.pooled_model("choice"), surveys["choice"]),
        "units phoned": (
            units.unit_model(),
            units.unit_survey(tables["phone_combinations"], design_effect=design_effect),
        ),
    }
    for factor in FACTORS:
        base = {"design_effect": design_effect, "base_factor": factor}
        for kind, rows in _kinds(levels).items():
            plan[_joint(kind, factor)] = (batteries.battery_model(), batteries.battery_survey(rows, **base))
    return plan


def _evidence(
    fits: dict[str, xr.DataTree], tables: dict[str, pd.DataFrame], levels: pd.DataFrame, design_effect: float
) -> EmployerEvidence:
    kinds = _kinds(levels)
    pairs = {kind: batteries.asked_pairs(tables["claims"], rows) for kind, rows in kinds.items()}

    def usable(factor: float) -> dict[str, xr.DataTree]:
        """Return the fit of each kind that may be used: a repetition that failed the gate is left out."""
        joint = {kind: fits[_joint(kind, factor)] for kind in kinds}
        return {kind: fit for kind, fit in joint.items() if factor == 1.0 or not fit.attrs["unconverged"]}

    battery = dict(zip(tables["items"]["item_id"], tables["items"]["battery"], strict=True))
    return EmployerEvidence(
        levels=levels,
        series={
            factor: [batteries.series_draws(fit, kinds[kind], pairs[kind]) for kind, fit in usable(factor).items()]
            for factor in FACTORS
        },
        sectors={
            factor: [batteries.sector_draws(fit, kinds[kind]) for kind, fit in usable(factor).items()]
            for factor in FACTORS
        },
        items=[item_models.item_draws(fits[name]) for name in SHARES],
        means=item_models.item_draws(fits["six-point means"]),
        units=nav.estimate(fits["units phoned"], by=["column", "unit"]).unstack(),
        battery=battery,
        trends=tables["trends"],
        design_effect=design_effect,
    )


def _behind(levels: pd.DataFrame) -> list[str]:
    """Return the models that statements are judged by, with the bases as assumed."""
    return [*(_joint(kind, 1.0) for kind in _kinds(levels)), *SHARES, "units phoned"]


def _stated_by(
    fits: Mapping[str, xr.DataTree],
    claims: pd.DataFrame,
    evidence: EmployerEvidence,
    tables: dict[str, pd.DataFrame],
    levels: pd.DataFrame,
) -> pd.Series:
    """Return the probability of each statement with the fits of a scenario; missing when one of them is missing."""
    if not set(_behind(levels)) <= set(fits):
        return pd.Series(float("nan"), index=claims.index)
    kinds = _kinds(levels)
    joint = {kind: fits[_joint(kind, 1.0)] for kind in kinds}
    pairs = {kind: batteries.asked_pairs(tables["claims"], rows) for kind, rows in kinds.items()}
    other = replace(
        evidence,
        series={1.0: [batteries.series_draws(fit, kinds[kind], pairs[kind]) for kind, fit in joint.items()]},
        sectors={1.0: [batteries.sector_draws(fit, kinds[kind]) for kind, fit in joint.items()]},
        items=[item_models.item_draws(fits[name]) for name in SHARES],
        units=nav.estimate(fits["units phoned"], by=["column", "unit"]).unstack(),
    )
    return _stated(audit_employer_claims(tables["claims"], other))


def _stated(claims: pd.DataFrame) -> pd.Series:
    """Return the probability of each statement as it is worded; missing for those that nothing changed."""
    p = claims["p_increase"].astype(float)
    turned = claims["kind"].ne("order") & claims["direction"].isin(DOWN)
    return p.where(~turned, 1 - p).where(~claims["direction"].isin(SAME))


def _kinds(levels: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of the joint models: six-point items and answers vary on scales of their own."""
    rows = batteries.repeated(levels)
    return {kind: rows[rows["kind"] == kind] for kind in series.KINDS}


def _joint(kind: str, factor: float) -> str:
    return f"{kind} by sector and year, base × {factor:g}"


def _with_associations(claims: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return all statements in the order of the report, those about regressions with their verdicts."""
    verdicts = associations.association_verdicts(tables["claims"], tables["regressions"]).rename(
        columns={"verdict": "status"}
    )
    about = tables["claims"].merge(verdicts, on="claim", how="inner", validate="one_to_one")
    together = pd.concat([claims, about], ignore_index=True)
    order = {claim: place for place, claim in enumerate(tables["claims"]["claim"])}
    return together.sort_values("claim", key=lambda column: column.map(order)).reset_index(drop=True)


def _shrinkage(fit: xr.DataTree) -> pd.DataFrame:
    """Return direct and pooled side by side; without the pooled ones when the fit did not pass the gate."""
    try:
        return nav.shrinkage(fit, by=["battery", "item"])
    except nav.NotConvergedError as error:
        return pd.DataFrame({"unconverged": [str(error)]})


def _trend_table(evidence: EmployerEvidence, levels: pd.DataFrame) -> pd.DataFrame:
    """Return the modelled share of each series and year with the published one beside it."""
    published = levels.assign(published=levels["share"] / 100)[["series", "year", "published", "source"]]
    return evidence.years_table.merge(published, on=["series", "year"], how="left")


def _sector_table(evidence: EmployerEvidence, levels: pd.DataFrame) -> pd.DataFrame:
    """Return the modelled share of both sectors with the published one and its direct interval beside it."""
    printed = levels.assign(item_year=levels["item"] + " " + levels["year"].astype(str), sector=levels["group"])
    low, high = intervals.ends(printed["share"].to_numpy(float), printed["n"].to_numpy(float) / evidence.design_effect)
    printed = printed.assign(published=printed["share"] / 100, published_lower=low / 100, published_upper=high / 100)
    columns = ["item_year", "sector", "published", "published_lower", "published_upper"]
    return evidence.sectors_table.merge(printed[columns], on=["item_year", "sector"], how="left")
