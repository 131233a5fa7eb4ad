"""Totals recomputed: sectors mixed into the whole, exclusive answers that add up, and the facts of the sample.

For printed numbers that other printed numbers imply, with the rounding of each carried along: a total is reproduced
when some unrounded parts that print as printed give it. The same answers on another base are in `bases`, table 1 of
the report in `phone_calls`. Nothing is sampled here.
"""

from itertools import product
from typing import Any

import pandas as pd

from navmodels.reports.findings import HALF, Finding, overlap, records, spell, tabulate


def sector_totals(items: pd.DataFrame, trends: pd.DataFrame, *, private: float = 72.0) -> pd.DataFrame:
    """Return what the two sectors, mixed as the respondents are, give for each total that is printed with them.

    The mix, both sectors and the total are whole percents, so the total lies between the extremes over their
    rounding. Where only one sector is printed, the reason says what the total then needs from the other. The mix is
    that of all respondents in 2024; a question that not all answer may have another.

    Parameters
    ----------
    items, trends
        Published tables, as from `load_report`; the index is the row in print.
    private
        Percent of the respondents that are private; the rest are public.

    Returns
    -------
    Findings for `share`: of totals in items and trends, of the two sectors ("input"), and of sectors without the
    other or without a total ("not reproducible").

    Examples
    --------
    >>> from navmodels import load_report
    >>> items, trends = (load_report("employer_2024", table) for table in ("items", "trends"))
    >>> found = sector_totals(items, trends)
    >>> prevention = trends.index[(trends["item_id"] == "ia_prevention_assist") & (trends["year"] == 2024)]
    >>> chosen = found[(found["table"] == "trends") & found["row"].isin(prevention)]
    >>> chosen[["ours", "status"]].assign(printed=trends.loc[chosen["row"], "share"].to_list()).round(1)
        ours      status  printed
    25  59.2  reproduced     60.0
    26  59.2     differs     63.0
    28   NaN       input     65.0
    29   NaN       input     57.0
    """
    sectors = trends[trends["group_dim"] == "sector"]
    found = []
    for (item, year), rows in sectors.groupby(["item_id", "year"], sort=False):
        parts = {row.group: row for row in records(rows)}
        totals = _totals(items, trends, item=str(item), year=int(str(year)))
        if len(parts) == 2:
            found += _mixed(parts, totals, private=private)
        else:
            found += [_other_sector(row, totals, private=private) for row in parts.values()]
    return tabulate(found)


def exclusive_answers(items: pd.DataFrame) -> pd.DataFrame:
    """Return what the other answers leave of 100 for each answer of a question that takes only one.

    The contact person is left out: `contact_person` adds it up on both bases.

    Examples
    --------
    >>> from navmodels import load_report
    >>> found = exclusive_answers(load_report("employer_2024", "items"))
    >>> found[["ours", "lower", "upper", "status"]].head(3)
       ours  lower  upper  status
    0  75.0   74.0   76.0  agrees
    1  24.0   23.0   25.0  agrees
    2   1.0    0.0    2.0  agrees
    """
    chosen = items[(items["kind"] == "nominal") & (items["battery"] != "contact_person")]
    found = []
    for _, answers in chosen.groupby("battery", sort=False):
        total, reach = answers["share"].sum(), 0.5 * (len(answers) - 1)
        for row in records(answers):
            ours = 100 - (total - row.share)
            fits = overlap(ours - reach, ours + reach, row.share, half=0.5)
            reason = (
                f"The other answers leave {ours:g} % (from {ours - reach:g} to {ours + reach:g} % with rounding); "
                f"{row.share:g} % is printed, and all {len(answers)} answers add up to {total:g} %."
            )
            status = "agrees" if fits else "differs"
            found.append(Finding("items", row.Index, "share", status, reason, ours, ours - reach, ours + reach))
    return tabulate(found)


def sample_facts(groups: pd.DataFrame) -> pd.DataFrame:
    """Return the response rate from the two counts, and the counts and the sector mix as inputs.

    Examples
    --------
    >>> from navmodels import load_report
    >>> found = sample_facts(load_report("employer_2024", "groups"))
    >>> found.loc[found["status"] == "reproduced", ["row", "ours"]].round(2)
       row   ours
    2    2  27.25
    """
    facts = {(row.section, row.key): row for row in records(groups)}
    gross, complete = facts["sample", "gross_sample"], facts["sample", "complete_responses"]
    rate, private, public = facts["sample", "response_rate"], *(facts["sector_mix", sector] for sector in SECTORS)
    ours = 100 * complete.value / gross.value
    text = f"{complete.value:g} of {gross.value:g} establishments are {ours:.2f} %"
    mix = f"{private.value:g} % private and {public.value:g} % public add up to {private.value + public.value:g} %"
    fits = overlap(ours, ours, rate.value, half=0.5)
    return tabulate(
        [
            *(
                Finding("groups", row.Index, "value", "input", f"Used to compute the response rate: {text}.")
                for row in (gross, complete)
            ),
            Finding(
                "groups", rate.Index, "value", "reproduced" if fits else "differs",
                f"{text}; {rate.value:g} % is printed.", ours, ours, ours,
            ),
            *(
                Finding("groups", row.Index, "value", "input", f"Used to mix the sectors into totals: {mix}.")
                for row in (private, public)
            ),
        ]
    )  # fmt: skip


# ---- inside

SECTORS = ("private", "public")


def _mixed(parts: dict[str, Any], totals: list[tuple[str, Any]], *, private: float) -> list[Finding]:
    """Return the findings for a pair of sectors and the totals printed with them."""
    one, two = (parts[sector] for sector in SECTORS)
    ours, low, high = mix(one.share, two.share, private=private, half=(HALF[one.quality], HALF[two.quality]))
    text = (
        f"{private:g} % private at {one.share:g} % and {100 - private:g} % public at {two.share:g} % give {ours:.1f} % "
        f"({low:.1f}–{high:.1f} % with rounding)"
    )
    printed = sorted({row.share for _, row in totals})
    found = []
    for table, row in totals:
        fits = overlap(low, high, row.share, half=HALF[getattr(row, "quality", "exact")])
        reason = f"{text}; {row.share:g} % is printed{_support(low, high, printed)}."
        status = "reproduced" if fits else "differs"
        found.append(Finding(table, row.Index, "share", status, reason, ours, low, high))
    swapped, *_ = mix(two.share, one.share, private=private)
    for row in parts.values():
        if totals:
            status = "input"
            reason = (
                f"Used with the other sector to compute the total: {text}, and {spell(printed)} % is printed; "
                f"the other way round the sectors would give {swapped:.1f} %."
            )
        else:
            status, reason = "not reproducible", f"No total is printed for {row.year}; {text}, if the mix of 2024 held."
        found.append(Finding("trends", row.Index, "share", status, reason))
    return found


def _support(low: float, high: float, printed: list[float]) -> str:
    """Return which of several printed totals the mix supports, when it tells them apart."""
    fitting = [share for share in printed if overlap(low, high, share, half=0.5)]
    if not fitting or len(fitting) == len(printed):
        return ""
    others = [share for share in printed if share not in fitting]
    return f"; of the totals in print the mix supports {spell(fitting)} %, not {spell(others)} %"


def _other_sector(row: Any, totals: list[tuple[str, Any]], *, private: float) -> Finding:
    """Return the finding for a sector printed without the other: what the total needs from the other."""
    other = SECTORS[row.group == "private"]
    if not totals:
        reason = (
            f"Neither the {other} share nor a total is printed for {row.year}, so {row.share:g} % has nothing to be "
            "computed from."
        )
        return Finding("trends", row.Index, "share", "not reproducible", reason)
    total = totals[0][1].share
    weight = private if row.group == "private" else 100 - private
    needed = [
        (100 * (total + a) - (weight + c) * (row.share + b)) / (100 - weight - c)
        for a, b, c in product((-0.5, 0.5), repeat=3)
    ]
    low, high = min(needed), max(needed)
    possible = high >= 0 and low <= 100
    reason = (
        f"The {other} share is not printed: with {weight:g} % {row.group} at {row.share:g} %, the total of {total:g} % "
        f"needs {low:.1f}–{high:.1f} % there{'' if possible else ', which cannot be'}"
        f"{'' if row.year == 2024 else ', if the mix of 2024 held'}."
    )
    return Finding("trends", row.Index, "share", "not reproducible" if possible else "differs", reason)


def mix(
    one: float, two: float, *, private: float, half: tuple[float, float] = (0.5, 0.5)
) -> tuple[float, float, float]:
    """Return the mixed share (percent) and its extremes over the rounding of the mix and of both shares."""
    corners = [
        ((private + w) * (one + a) + (100 - private - w) * (two + b)) / 100
        for w, a, b in product((-0.5, 0.5), (-half[0], half[0]), (-half[1], half[1]))
    ]
    return (private * one + (100 - private) * two) / 100, min(corners), max(corners)


def _totals(items: pd.DataFrame, trends: pd.DataFrame, *, item: str, year: int) -> list[tuple[str, Any]]:
    """Return the rows of trends and items that print the share of all establishments for an item and year."""
    said = trends[(trends["item_id"] == item) & (trends["group"] == "all") & (trends["year"] == year)]
    listed = items[(items["item_id"] == item) & (items["battery"] != "contact_person") & (year == 2024)]
    return [("trends", row) for row in records(said)] + [("items", row) for row in records(listed)]
