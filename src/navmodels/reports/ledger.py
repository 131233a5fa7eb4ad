"""The ledger: one row for every published number, with what our computation says of it.

Statuses: *reproduced* (an independent computation gives the printed digits), *agrees* / *differs* (a model or another
printed number against it), *input* (the number fed a model; the pooled value stands beside it), *not reproducible*.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import xarray as xr

import navmodels as nav
from navmodels.reports.evidence import EmployerEvidence
from navmodels.reports.findings import FINDING_COLUMNS, HALF, TOLERANCE, Finding, records, tabulate
from navmodels.reports.series import series_name
from navmodels.reports.verdicts import Row, compare_each

KEY = ["table", "row", "quantity"]


def assemble_ledger(numbers: pd.DataFrame, found: pd.DataFrame, modelled: pd.DataFrame) -> pd.DataFrame:
    """Return the published numbers with findings; where both speak, an independent check comes before a model's.

    Raises
    ------
    RuntimeError
        When a number has no status or no reason, or a finding is about no published number: the audit has a hole.
    """
    first = pd.concat([found, modelled]).drop_duplicates(KEY, keep="first")
    input_ = modelled[modelled["status"] == "input"].set_index(KEY)
    kept = first.set_index(KEY)
    extra = kept.index.intersection(input_.index)
    also = input_.loc[extra, "reason"]
    reasons = kept.loc[extra, "reason"]
    kept.loc[extra, "reason"] = reasons.where(reasons == also, reasons + " " + also)
    ledger = numbers.rename(columns={"value": "published"}).merge(
        kept.reset_index(), on=KEY, how="outer", validate="one_to_one", indicator=True
    )
    ledger["status"] = _settled(ledger)
    stray = ledger[ledger["_merge"] == "right_only"]
    holes = ledger[ledger["status"].isna() | ledger["reason"].fillna("").eq("")]
    if len(stray) or len(holes):
        raise RuntimeError(
            f"the audit has holes: {len(stray)} findings about no number, {len(holes)} numbers without status:\n"
            f"{holes[KEY].head()}\n{stray[KEY].head()}"
        )
    order = [
        "table",
        "row",
        "item",
        "label",
        "group_dim",
        "group",
        "year",
        "quantity",
        "reference",
        "published",
        "unit",
    ]
    ledger = ledger.sort_values(["table", "row"], kind="stable")
    return ledger[[*order, *(name for name in FINDING_COLUMNS if name not in KEY), "note"]].reset_index(drop=True)


def model_findings(evidence: EmployerEvidence, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what the models say of numbers that fed them or that can be held against them."""
    found = tabulate(
        [
            *_items(evidence, tables["items"]),
            *_trends(evidence, tables["trends"]),
            *_changes(evidence, tables["changes"]),
            *_context(tables["groups"]),
        ]
    )
    used = (*evidence.items, evidence.means, *(draws for each in evidence.series.values() for draws in each))
    failed = {draws.attrs.get("unconverged", "") for draws in used}
    if any(failed):  # said on every row that carries a model's number
        note = f" A model did not pass the gate: {'; '.join(sorted(filter(None, failed)))}."
        found.loc[found["ours"].notna(), "reason"] += note
    return found


# ---- inside


def _settled(ledger: pd.DataFrame) -> pd.Series:
    """Return the statuses, "reproduced" only where our number prints as the published one; a range around it agrees."""
    half = ledger["quantity"].map({"mean_ci_low": 0.05, "mean_ci_high": 0.05}).fillna(0.5)
    prints = (ledger["ours"] - ledger["published"]).abs() <= half + TOLERANCE
    return ledger["status"].mask((ledger["status"] == "reproduced") & ledger["ours"].notna() & ~prints, "agrees")


def _by_item(*each: xr.DataArray) -> dict[str, Row]:
    tables = [nav.summarise(draws, allow_unconverged=True) for draws in each]
    return {row["item"]: row for table in tables for row in table.to_dict("records")}


def _items(evidence: EmployerEvidence, items: pd.DataFrame) -> Iterator[Finding]:
    shares, means = _by_item(*evidence.items), _by_item(evidence.means)
    n_use = f"Sets the precision of the share in the pooled model, with design effect {evidence.design_effect:.2f}."
    for row in records(items):
        if row.item_id not in shares:
            reason = "No usable n is in print, so the share can feed no model."
            yield Finding("items", row.Index, "share", "not reproducible", reason)
            continue
        yield _pooled("share", row, shares[row.item_id], 100.0, "share")
        yield Finding("items", row.Index, "n", "input", n_use)
        if row.item_id in means:
            yield _pooled("mean", row, means[row.item_id], 1.0, "mean")
            sd = means[row.item_id]["sd"]
            reason = f"Sets the precision of the mean in the pooled model; the pooled mean has a sd of {sd:.3f}."
            yield Finding("items", row.Index, "mean_se", "input", reason, ours=sd)


def _pooled(quantity: str, row: Any, pooled: Row, unit: float, word: str) -> Finding:
    value, lower, upper = (unit * float(pooled[name]) for name in ("mean", "lower", "upper"))
    digits = 1 if unit == 100 else 2
    found = f"{value:.{digits}f} ({lower:.{digits}f} to {upper:.{digits}f})"
    reason = f"Fed the pooled model; partially pooled within its battery the {word} is {found}."
    return Finding("items", row.Index, quantity, "input", reason, ours=value, lower=lower, upper=upper)


def _trends(evidence: EmployerEvidence, trends: pd.DataFrame) -> Iterator[Finding]:
    """Return for each share in the text: whether it fed a joint model, or how it compares with it."""
    years = {(row["series"], row["year"]): row for row in evidence.years_table.to_dict("records")}
    for row in records(trends):
        key = (series_name(row.item_id, row.group), int(row.year))
        level = evidence.level.get(key)
        if key in years:
            yield _against_model(row, years[key], fed=level is not None and level.share == row.share)
        else:
            yield Finding("trends", row.Index, "share", "not reproducible", _no_model(row, level is not None))


def _against_model(row: Any, model: Row, *, fed: bool) -> Finding:
    value, lower, upper = (100 * float(model[column]) for column in ("mean", "lower", "upper"))
    numbers = {"ours": value, "lower": lower, "upper": upper}
    found = f"the joint model of items, sectors and years, which has {value:.1f} % ({lower:.1f} to {upper:.1f})"
    if fed:
        reason = f"Fed {found}."
        return Finding("trends", row.Index, "share", "input", reason, **numbers)
    half = HALF.get(row.quality, 0.5)
    inside = lower - half <= row.share <= upper + half
    reason = f"Did not feed {found}; the printed number lies {'inside' if inside else 'outside'}."
    return Finding("trends", row.Index, "share", "agrees" if inside else "differs", reason, **numbers)


def _no_model(row: Any, known: bool) -> str:
    if row.group_dim in ("all", "sector") and known:
        return (
            "Printed for one year and one group only, without base or interval: there is nothing to compute it from or "
            "compare it with."
        )
    return f"Printed for {row.group} ({row.group_dim}) without base or interval: there is nothing to compute it from."


def _changes(evidence: EmployerEvidence, changes: pd.DataFrame) -> Iterator[Finding]:
    """Return for each printed size of a change: what the joint model has."""
    printed = records(changes[changes["quality"] == "exact"])
    pairs = [(series_name(row.item_id, row.group), int(row.year_from), int(row.year_to)) for row in printed]
    compared = compare_each(evidence.series[1.0], pairs)
    for row, pair in zip(printed, pairs, strict=True):
        value, lower, upper = (100 * float(compared[pair][column]) for column in ("mean", "lower", "upper"))
        levels = [evidence.level.get((pair[0], year)) for year in pair[1:]]
        implied = [level.year for level in levels if level is not None and level.source.startswith("implied")]
        numbers = {"ours": value, "lower": lower, "upper": upper}
        found = (
            f"the joint model has {value:+.1f} points ({lower:.1f} to {upper:.1f}), "
            f"P(above zero) {compared[pair]['p_increase']:.3f}"
        )
        if implied:
            reason = f"Gave the level of {implied[0]}, which is not in print, and so fed the joint model; {found}."
            yield Finding("changes", row.Index, "change_pp", "input", reason, **numbers)
        else:
            inside = lower - 0.5 <= row.change_pp <= upper + 0.5
            reason = f"Not used; from the levels in print {found}."
            yield Finding("changes", row.Index, "change_pp", "agrees" if inside else "differs", reason, **numbers)


def _context(groups: pd.DataFrame) -> Iterator[Finding]:
    """Return the facts around the survey that no computation of ours can reach."""
    for row in records(groups[groups["value"].notna()]):
        if row.section == "contrast":
            reason = "A difference between sectors whose levels are not both in print; no base or interval."
        else:
            reason = "A fact about fieldwork, frame or Nav's own counts; the survey's numbers say nothing of it."
        yield Finding("groups", row.Index, "value", "not reproducible", reason)
