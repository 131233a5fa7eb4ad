"""Totals recomputed: bases, sums of exclusive answers, and sectors mixed into the whole.

For printed numbers that other printed numbers imply, with the rounding of each carried along: a total is reproduced
when some unrounded parts that print as printed give it. Table 1 of the report is in `phone_calls`; nothing is
sampled here.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pandas as pd

from navmodels.reproduction.findings import TOLERANCE, Finding, overlap, tabulate

ANSWERS = ("contact_person_yes", "contact_person_want", "contact_person_not_needed")
HALF = {"exact": 0.5, "rounded": 2.5, "approx": 2.5}  # percent: a whole number, or one in words ("about a fifth")


def contact_person(items: pd.DataFrame, trends: pd.DataFrame, *, respondents: int = 4115) -> pd.DataFrame:
    """Return the one table of answers on the contact person that prints as both the appendix and the text.

    The appendix leaves don't know out of its base (n), the text keeps it in (all respondents). A share on one base is
    the ratio of the two n times the share on the other, so both bound the same unrounded share; and the three answers
    add up to 100 without don't know. The ratio counts respondents, unweighted.

    Parameters
    ----------
    items, trends
        Published tables, as from `load_report`; the index is the row in print.
    respondents
        Respondents of the survey, don't know included.

    Returns
    -------
    Findings for `share` of the three answers in items, and of the four in trends (all establishments, 2024). `ours`
    is that one table, on either base, or what the other base gives if there is none; lower and upper are what the
    other base leaves.

    Examples
    --------
    >>> from navmodels.data import load_report
    >>> items, trends = (load_report("employer_2024", table) for table in ("items", "trends"))
    >>> contact_person(items, trends)[["table", "ours", "status"]].round(1)
        table  ours      status
    0   items  35.9  reproduced
    1   items  33.4  reproduced
    2   items  30.7  reproduced
    3  trends  28.7  reproduced
    4  trends  26.7  reproduced
    5  trends  24.6  reproduced
    6  trends  20.1  reproduced
    """
    answered = [_only(items, item) for item in ANSWERS]
    of_all = [_only(_all_2024(trends), item) for item in ANSWERS]
    n = int(answered[0].n)
    ratio = n / respondents
    limits = [
        (max(one.share - 0.5, (other.share - 0.5) / ratio), min(one.share + 0.5, (other.share + 0.5) / ratio))
        for one, other in zip(answered, of_all, strict=True)
    ]
    table = _adding_up(limits, total=100.0)
    unknown = _only(_all_2024(trends), "contact_person_dk")
    share = 100 * (1 - ratio)
    if table is None:
        status = "differs"
        reason = f"No table of answers adds up to 100 and prints as both the appendix (n = {n}) and the text ({respondents} respondents)."
    else:
        status = "reproduced"
        reason = (
            f"One table prints as both: {_spell(table)} % of {n} without don't know, and {_spell([ratio * one for one in table])} % "
            f"of {respondents} with {share:.1f} % don't know (yes, wants one, needs none)."
        )
    found = []
    for place, (one, other) in enumerate(zip(answered, of_all, strict=True)):
        ours = other.share / ratio if table is None else table[place]
        low, high = (other.share - 0.5) / ratio, (other.share + 0.5) / ratio
        found.append(Finding("items", one.Index, "share", status, reason, ours, low, high))
        ours = ratio * (one.share if table is None else table[place])
        low, high = ratio * (one.share - 0.5), ratio * (one.share + 0.5)
        found.append(Finding("trends", other.Index, "share", status, reason, ours, low, high))
    fits = overlap(share, share, unknown.share, half=0.5)
    reason = f"{n} of {respondents} answered without don't know, which leaves {share:.1f} % (unweighted); the text says about {unknown.share:g} %."
    found.append(
        Finding("trends", unknown.Index, "share", "reproduced" if fits else "differs", reason, share, share, share)
    )
    return tabulate(sorted(found, key=lambda one: one.table))


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
    >>> from navmodels.data import load_report
    >>> items, trends = (load_report("employer_2024", table) for table in ("items", "trends"))
    >>> found = sector_totals(items, trends)
    >>> prevention = found[found["ours"].round(1) == 59.2]
    >>> printed = trends.loc[[row for row in prevention["row"] if row in trends.index], "share"]
    >>> prevention[prevention["table"] == "trends"]["status"].tolist()
    ['reproduced', 'differs']
    """
    sectors = trends[trends["group_dim"] == "sector"]
    found = []
    for (item, year), rows in sectors.groupby(["item_id", "year"], sort=False):
        parts = {row.group: row for row in rows.itertuples()}
        totals = _totals(items, trends, item=item, year=year)
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
    >>> from navmodels.data import load_report
    >>> found = exclusive_answers(load_report("employer_2024", "items"))
    >>> found[["ours", "lower", "upper", "status"]].iloc[0].tolist()
    [75.0, 74.0, 76.0, 'agrees']
    """
    chosen = items[(items["kind"] == "nominal") & (items["battery"] != "contact_person")]
    found = []
    for _, answers in chosen.groupby("battery", sort=False):
        total, reach = answers["share"].sum(), 0.5 * (len(answers) - 1)
        for row in answers.itertuples():
            ours = 100 - (total - row.share)
            fits = overlap(ours - reach, ours + reach, row.share, half=0.5)
            reason = (
                f"The other answers leave {ours:g} % (from {ours - reach:g} to {ours + reach:g} % with rounding); "
                f"{row.share:g} % is printed, and all {len(answers)} answers add up to {total:g} %."
            )
            status = "agrees" if fits else "differs"
            found.append(Finding("items", row.Index, "share", status, reason, ours, ours - reach, ours + reach))
    return tabulate(found)


# ---- inside


def _mixed(parts: dict[str, Any], totals: list[tuple[str, Any]], *, private: float) -> list[Finding]:
    """Return the findings for a pair of sectors and the totals printed with them."""
    one, two = parts["private"].share, parts["public"].share
    half = {sector: HALF[row.quality] for sector, row in parts.items()}
    ours, low, high = _mix(one, two, private=private, half=(half["private"], half["public"]))
    text = f"{private:g} % private at {one:g} % and {100 - private:g} % public at {two:g} % give {ours:.1f} % ({low:.1f}–{high:.1f} % with rounding)"
    printed = sorted({row.share for _, row in totals})
    fitting = [share for share in printed if overlap(low, high, share, half=0.5)]
    against = f", which supports {_spell(fitting)} % and not {_spell(set(printed) - set(fitting))} %" if 0 < len(fitting) < len(printed) else ""
    found = []
    for table, row in totals:
        status = "reproduced" if overlap(low, high, row.share, half=HALF[row.quality]) else "differs"
        found.append(Finding(table, row.Index, "share", status, f"{text}; {row.share:g} % is printed{against}.", ours, low, high))
    swapped, *_ = _mix(two, one, private=private, half=(0.5, 0.5))
    for row in parts.values():
        if totals:
            reason = f"Used with the other sector to compute the total: {text}; exchanged, the sectors would give {swapped:.1f} %, and {_spell(printed)} % is printed."
        else:
            reason = f"No total is printed for {row.year}; {text}, if the mix of 2024 held."
        found.append(Finding("trends", row.Index, "share", "input" if totals else "not reproducible", reason))
    return found
