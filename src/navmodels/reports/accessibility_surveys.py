"""Sizes of the surveys, the response rate and volumes of the accessibility study, recomputed from each other.

Sums of groups and shares of bases are in `accessibility_counts`. Nothing is sampled here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from navmodels.reports.findings import Finding, join, records, spell, tabulate

# what is printed elsewhere against the size of a survey
ELSE = {
    "vulnerable_user": " Those of benefit add up to 345.",
    "partner": " Below figure 6-7, 620 is printed.",
}


def survey_sizes(surveys: pd.DataFrame, groups: pd.DataFrame, volumes: pd.DataFrame) -> pd.DataFrame:
    """Return the sizes of the surveys from sums of groups and of each other, the response rate, and sums of volumes.

    Examples
    --------
    >>> from navmodels import load_report
    >>> names = ("surveys", "groups", "contact_volumes")
    >>> found = survey_sizes(*(load_report("accessibility_2025", table) for table in names))
    >>> found.loc[found["status"] == "reproduced"].groupby("table").size().to_dict()
    {'contact_volumes': 3, 'surveys': 13}
    """
    return tabulate([*_sizes(surveys, groups, volumes), *_volumes(volumes)])


# ---- inside


def _sizes(surveys: pd.DataFrame, groups: pd.DataFrame, volumes: pd.DataFrame) -> Iterator[Finding]:
    known = {row.survey_id: row for row in records(surveys)}
    answered = [1589, 339, 74, 673, 654]
    total = next(row for row in records(volumes) if row.series == "persons_answering_all_surveys")
    text = f"{' + '.join(map(str, answered))} = {sum(answered):,}"
    yield Finding(
        "contact_volumes", total.Index, "value", "reproduced" if sum(answered) == total.value else "differs",
        f"The surveys add up: {text}; for residents those analysed are counted.", float(sum(answered)),
    )  # fmt: skip
    for name, quantity in [
        ("resident", "n_used"), ("vulnerable_user", "n_total"), ("office", "n_total"), ("employer", "n_total"),
        ("partner", "n_total"),
    ]:  # fmt: skip
        row = known[name]
        ours = total.value - (sum(answered) - float(getattr(row, quantity)))
        yield Finding("surveys", row.Index, quantity, "reproduced", f"The surveys add up: {text}.", ours)
    for name, dims in {
        "vulnerable_user": ("age", "city"), "resident": ("age_table_b1", "region"),
        "employer": ("employer_size", "sector", "region", "industry"), "partner": ("partner_type", "sector", "region"),
    }.items():  # fmt: skip
        row = known[name]
        sums = [float(groups[(groups["survey_id"] == name) & (groups["group_dim"] == dim)]["n"].sum()) for dim in dims]
        by = join([dim.replace("_", " ") for dim in dims])
        reason = f"The groups of {by} add up to {spell(sums)}.{ELSE.get(name, '')}"
        yield Finding("surveys", row.Index, "n_used", "reproduced", reason, sums[0])
    yield from _rates(known)
    yield from _seen_elsewhere(known)


def _rates(known: Mapping[str, Any]) -> Iterator[Finding]:
    office = known["office"]
    ours = 100 * office.n_total / office.invited
    rate = f"{office.response_rate_pct:g} % is printed"
    reason = f"{office.n_total} of {office.invited} invited offices are {ours:.1f} %; {rate}."
    yield Finding("surveys", office.Index, "response_rate_pct", "reproduced", reason, ours)
    yield Finding("surveys", office.Index, "invited", "input", f"Used to compute the response rate: {reason}")
    rates = {"employer": (574, 673, 85), "partner": (623, 654, 95)}
    for name, (used, answered, percent) in rates.items():
        reason = f"{used} of {answered} analysed are {100 * used / answered:.1f} %, and {percent} % is printed."
        yield Finding("surveys", known[name].Index, "n_total", "agrees", reason, answered)


def _seen_elsewhere(known: Mapping[str, Any]) -> Iterator[Finding]:
    """Return sizes that other numbers give: shares of offices that are whole counts out of 74, calls that add up."""
    office, calls = known["office"], known["inspection_2020_21"]
    reason = "The thirteen shares of Tabell A-1 are whole counts out of 74, and these add up to 74."
    yield Finding("surveys", office.Index, "n_used", "reproduced", reason, 74.0)
    for quantity in ("n_total", "n_used"):
        reason = "15 calls closed by the centre and 44 it tried to transfer are 59."
        yield Finding("surveys", calls.Index, quantity, "reproduced", reason, 59.0)
    resident = known["resident"]
    reason = "1 714 without contact, of whom 15 are 1 %, are left when the 1 589 analysed are taken away."
    yield Finding("surveys", resident.Index, "n_total", "agrees", reason, 3303.0)


def _volumes(volumes: pd.DataFrame) -> Iterator[Finding]:
    known = {(row.series, row.group, row.period): row for row in records(volumes)}
    at = {name: next(row for key, row in known.items() if key[0] == name) for name, _, _ in known}
    observed, closed, tried = (
        at[name] for name in ("calls_observed", "calls_closed_by_centre", "calls_tried_transferred")
    )
    reason = f"{closed.value:g} closed and {tried.value:g} tried transferred are {closed.value + tried.value:g} calls."
    yield Finding("contact_volumes", observed.Index, "value", "reproduced", reason, closed.value + tried.value)
    yield Finding("contact_volumes", closed.Index, "value", "reproduced", reason, observed.value - tried.value)
    yield Finding("contact_volumes", tried.Index, "value", "input", f"Used to add up the calls: {reason}")
    pairs = [("phone_contacts_employers", "employers"), ("phone_contacts_doctors", "doctors and other practitioners")]
    early, late = ([known[name, group, year] for name, group in pairs] for year in ("2019", "2023"))
    ours = sum(row.value for row in early) - sum(row.value for row in late)
    then, now = (" + ".join(f"{row.value:,.0f}" for row in each) for each in (early, late))
    reason = f"{then} in 2019 less {now} in 2023 is {ours:,.0f}"
    yield Finding(
        "contact_volumes", at["phone_contacts_fall"].Index, "value", "agrees" if ours > 140000 else "differs",
        f"{reason}; over 140,000 is printed.", ours,
    )  # fmt: skip
    for row in (*early, *late):
        yield Finding("contact_volumes", row.Index, "value", "input", f"Used to compute the fall: {reason}.")
    offices, hosts = at["nav_offices"], at["host_collaborations"]
    reason = "Contradiction: 62 host collaborations of 248 offices are 25.0 %; annex A prints 21 %."
    for row in (offices, hosts):
        yield Finding("contact_volumes", row.Index, "value", "differs", reason)
