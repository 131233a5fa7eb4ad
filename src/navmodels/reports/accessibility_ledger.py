"""What the models say of each published number of the accessibility study, and the interval that none of them has.

Numbers that other printed numbers imply are in `accessibility_counts`, `accessibility_surveys`,
`accessibility_distributions` and `accessibility_relations`; what is left gets its status here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import navmodels as nav
from navmodels.printed import jeffreys_interval
from navmodels.reports.accessibility_bases import WEIGHTED
from navmodels.reports.accessibility_models import DESIGN_EFFECTS
from navmodels.reports.accessibility_ratings import ACCESSIBILITY, ANSWERS, FIGURE, SATISFACTION
from navmodels.reports.findings import Finding, records, tabulate
from navmodels.reports.single_shares import possible_counts

REGISTERS = {
    "population_ssb_12423": "Statistics Norway's population figures",
    "all_nav_offices": "all Nav offices",
    "all_enterprises": "the register of enterprises",
    "employer_survey_nav_2023": "another survey",
}


@dataclass(frozen=True)
class Pooled:
    """What a model says of one printed share, in percent; `failed` says why it may not be used."""

    model: str
    mean: float
    lower: float
    upper: float
    failed: str = ""


def pooled_estimates(fits: Mapping[str, xr.DataTree], cells: pd.DataFrame) -> dict[int, Pooled]:
    """Return the pooled estimate of each row of the estimates that fed a model of groups."""
    found = {}
    for model, rows in cells[cells["row"].notna()].groupby("model", sort=False):
        fit = fits[str(model)]
        table = nav.summarise(nav.estimate(fit, by=["question", "group"]), allow_unconverged=True)
        failed = _failed(fit, table)
        known = table.set_index(["question", "group"])
        for row in records(rows):
            one = known.loc[(row.question, row.group)]
            found[int(row.row)] = _pooled(str(model), one, failed)
    return found


def rated_estimates(fits: Mapping[str, xr.DataTree], estimates: pd.DataFrame) -> dict[int, Pooled]:
    """Return the pooled estimate of each row of the estimates that fed a model of a whole distribution."""
    found = {}
    chosen = {
        FIGURE: ("resident", ACCESSIBILITY, "benefit"),
        "person_user_nav × benefit": ("person_user_nav", SATISFACTION, "benefit"),
        "person_user_nav × mother_tongue": ("person_user_nav", SATISFACTION, "mother_tongue"),
    }
    for model, (survey, item, dim) in chosen.items():
        rows = estimates[
            (estimates["survey_id"] == survey) & (estimates["item_id"] == item) & (estimates["group_dim"] == dim)
        ]
        for score, answer in enumerate(ANSWERS[item], start=1):
            draws = nav.estimate(fits[model], by="group", category=score)
            table = nav.summarise(draws, allow_unconverged=True)
            failed, known = _failed(fits[model], table), table.set_index("group")
            for row in records(rows[rows["category"] == answer]):
                one = known.loc[row.group]
                found[int(row.Index)] = _pooled(model, one, failed)
    return found


def single_intervals(estimates: pd.DataFrame) -> dict[int, tuple[float, float]]:
    """Return the 95 % interval (percent) of each share with a base, by itself (`jeffreys_interval`)."""
    found = {}
    for row in records(estimates[estimates["share"].notna() & estimates["entered"].notna()]):
        if row.bound not in ("gt", "lt"):
            found[int(row.Index)] = _interval(row)
    return found


def estimate_findings(estimates: pd.DataFrame, pooled: Mapping[int, Pooled]) -> pd.DataFrame:
    """Return a status for every number of the estimates, for want of a check against other numbers in print."""
    found: list[Finding] = []
    for row in records(estimates):
        if pd.notna(row.share):
            found.append(_share(row, pooled.get(row.Index)))
        if pd.notna(row.n):
            text = "The base of the interval" + (" and of the pooled model." if row.Index in pooled else ".")
            reason = text if pd.notna(row.share) else "The base of a count of persons; no share is printed."
            found.append(Finding("estimates", row.Index, "n", "input", reason))
        if pd.notna(row.count):
            reason = "A number of persons named in the text; nothing in print gives it."
            found.append(Finding("estimates", row.Index, "count", "not reproducible", reason))
    return tabulate(found)


def other_findings(
    tables: Mapping[str, pd.DataFrame], found: pd.DataFrame, rated: Mapping[int, Pooled]
) -> pd.DataFrame:
    """Return a status for every number of the other tables; `found` are the findings about the estimates.

    A share that stands in the groups and in the estimates has one status.
    """
    return tabulate(
        [
            *_groups(tables["groups"], tables["estimates"], found),
            *_surveys(tables["surveys"]),
            *_trend(tables["person_user_trend"], tables["estimates"], rated),
            *_volumes(tables["contact_volumes"]),
        ]
    )


def with_intervals(
    ledger: pd.DataFrame,
    estimates: pd.DataFrame,
    pooled: Mapping[int, Pooled],
    single: Mapping[int, tuple[float, float]],
) -> pd.DataFrame:
    """Return the ledger with `lower` and `upper` as 95 % intervals: pooled where a model has the share, else by itself.

    Numbers without a base have none. The interval of the share by itself and its base end the reason; the rounding that
    was carried along in a check stands in it too.
    """
    rows = {int(row.Index): row for row in records(estimates)}
    ends = pd.DataFrame(np.nan, index=ledger.index, columns=["lower", "upper"])
    said = pd.Series("", index=ledger.index)
    for place, at in _same_share(ledger, estimates).items():
        if at in single:
            one = pooled.get(at)
            ends.loc[place] = single[at] if one is None or one.failed else (one.lower, one.upper)
            said[place] = f" {_by_itself(rows[at], single[at])}"
    return ledger.assign(lower=ends["lower"], upper=ends["upper"], reason=ledger["reason"] + said)


# ---- inside


def _pooled(model: str, one: pd.Series, failed: str) -> Pooled:
    return Pooled(model, 100 * float(one["mean"]), 100 * float(one["lower"]), 100 * float(one["upper"]), failed)


def _failed(fit: xr.DataTree, table: pd.DataFrame) -> str:
    if fit.attrs["unconverged"]:
        return str(fit.attrs["unconverged"])
    return str(table["unconverged"].iloc[0]) if "unconverged" in table else ""


def _interval(row: Any, *, design_effect: float = 1.0) -> tuple[float, float]:
    n = row.entered / design_effect
    if pd.notna(row.count):
        counts = np.array([float(row.count) / design_effect])
    else:
        counts = possible_counts(row.share, n, half=row.half)
    lower, upper = jeffreys_interval(counts, n)
    return 100 * lower, 100 * upper


def _share(row: Any, pooled: Pooled | None) -> Finding:
    """Return the finding on a share that no other number in print implies."""
    reason = "Nothing else in print says anything about it."
    if row.survey_id in REGISTERS:
        reason = f"About {REGISTERS[row.survey_id]}, printed for comparison; the surveys say nothing of it."
    elif pooled is not None:
        failed = f"Fed the model {pooled.model}, which did not pass the gate: {pooled.failed}."
        return Finding("estimates", row.Index, "share", "input", failed) if pooled.failed else _fed(row.Index, pooled)
    elif row.bound in ("gt", "lt"):
        reason = f"Printed only as {'over' if row.bound == 'gt' else 'under'} {row.share:g} %."
    elif pd.isna(row.entered):
        reason = "No base is in print, and nothing else says anything about it."
    return Finding("estimates", row.Index, "share", "not reproducible", reason)


def _fed(row: int, pooled: Pooled, *, table: str = "estimates") -> Finding:
    found = f"{pooled.mean:.1f} % ({pooled.lower:.1f} to {pooled.upper:.1f})"
    reason = f"Fed the model {pooled.model}; pooled with the other groups it is {found}."
    return Finding(table, row, "share", "input", reason, pooled.mean, pooled.lower, pooled.upper)


def _by_itself(row: Any, ends: tuple[float, float]) -> str:
    """Return the interval of a share by itself, and what its base is."""
    known = {"printed": "", "sum": f", that is {row.base_how}", "assumed": f", assumed: {row.base_how}"}[row.base_kind]
    text = f"By itself: {ends[0]:.1f} to {ends[1]:.1f} % (n = {row.base:,.0f}{known})."
    if row.survey_id in WEIGHTED:
        wide = _interval(row, design_effect=DESIGN_EFFECTS[1])
        text += (
            f" The survey is weighted; with a design effect of {DESIGN_EFFECTS[1]:g}: {wide[0]:.1f} to {wide[1]:.1f} %."
        )
    if row.quality == "reconstructed":
        text += " Which group the number belongs to is read from the order of the labels."
    if row.half > 0.5:
        text += " Printed as about, and read as ± 2.5."
    return text


def _groups(groups: pd.DataFrame, estimates: pd.DataFrame, found: pd.DataFrame) -> Iterator[Finding]:
    about = found[(found["table"] == "estimates") & (found["quantity"] == "share")].set_index("row")
    same = _compositions(estimates)
    for row in records(groups):
        if pd.notna(row.n):
            reason = "The size of a group: the base of its intervals; no sum in print contains it."
            yield Finding("groups", row.Index, "n", "input", reason)
        for quantity in ("share_printed", "share_reference_population"):
            share = getattr(row, quantity)
            if pd.isna(share):
                continue
            whose = "" if quantity == "share_reference_population" else row.survey_id
            at = same.get((whose, row.group_dim, row.group, share))
            if at is None:
                reason = "Printed without a count or a base that gives it."
                yield Finding("groups", row.Index, quantity, "not reproducible", reason)
            else:
                one = about.loc[at].to_dict()
                yield Finding("groups", row.Index, quantity, one["status"], one["reason"], one["ours"])


def _compositions(estimates: pd.DataFrame) -> dict[tuple[str, str, str, float], int]:
    """Return the row of the estimates that prints a group's share, by survey ("" for others), dim, group and share."""
    found: dict[tuple[str, str, str, float], int] = {}
    for row in records(estimates[(estimates["group_dim"] == "all") & estimates["share"].notna()]):
        survey = "" if row.survey_id in REGISTERS else row.survey_id
        place = (row.item_id.removeprefix("composition_"), row.category)
        if row.category == "yes":  # a group that is a question of its own, such as men
            place = ({"men": "sex"}.get(row.item_id, "mother_tongue"), row.item_id)
        found.setdefault((survey, *place, float(row.share)), int(row.Index))
    return found


def _surveys(surveys: pd.DataFrame) -> Iterator[Finding]:
    for row in records(surveys):
        for quantity in ("n_total", "n_used", "invited", "response_rate_pct"):
            if pd.notna(getattr(row, quantity)):
                reason = "A fact about fieldwork; no other number in print gives it."
                yield Finding("surveys", row.Index, quantity, "not reproducible", reason)


def _trend(trend: pd.DataFrame, estimates: pd.DataFrame, rated: Mapping[int, Pooled]) -> Iterator[Finding]:
    rows = estimates[estimates["item_id"] == SATISFACTION]
    known = {(row.group, row.category[0]): row.Index for row in records(rows)}
    for row in records(trend):
        if pd.isna(row.share):
            reason = "The size of the survey that year; the values of the chart are lost."
            yield Finding("person_user_trend", row.Index, "n", "not reproducible", reason)
            continue
        yield Finding("person_user_trend", row.Index, "n", "input", "The base of the model of the whole distribution.")
        one = rated[known[row.group, str(row.answer_1_to_6)]]
        failed = f"Fed the model {one.model}, which did not pass the gate: {one.failed}."
        table = "person_user_trend"
        yield Finding(table, row.Index, "share", "input", failed) if one.failed else _fed(row.Index, one, table=table)


def _volumes(volumes: pd.DataFrame) -> Iterator[Finding]:
    for row in records(volumes):
        for quantity in ("value", "value_high"):
            if pd.notna(getattr(row, quantity)):
                reason = "Nav's own count or a fact about the organisation; no other number in print gives it."
                yield Finding("contact_volumes", row.Index, quantity, "not reproducible", reason)


def _same_share(ledger: pd.DataFrame, estimates: pd.DataFrame) -> dict[Any, int]:
    """Return, for each row of the ledger that is a share of a survey, the row of the estimates that prints it."""
    satisfaction = estimates[estimates["item_id"] == SATISFACTION]
    rated = {(row.group, row.category[0]): int(row.Index) for row in records(satisfaction)}
    same = _compositions(estimates)
    found: dict[Any, int] = {}
    for row in records(ledger):
        if row.table == "estimates" and row.quantity == "share":
            found[row.Index] = int(row.row)
        elif row.table == "person_user_trend" and row.quantity == "share":
            found[row.Index] = rated[row.group, row.item.rsplit("/", 1)[1]]
        elif row.table == "groups" and row.quantity == "share_printed":
            key = (row.item, row.group_dim, row.group, row.published)
            found |= {row.Index: same[key]} if key in same else {}
    return found
