"""The same answers on another base: don't know in or out, and the n that a filter question leaves.

For numbers that a ratio of two printed bases links. Bases are counts of respondents and shares are weighted, so a
ratio of counts may miss a weighted share by a little; the reasons say what was divided. Nothing is sampled here.
"""

from typing import Any

import pandas as pd

from navmodels.reports.findings import HALF, TOLERANCE, Finding, overlap, records, spell, tabulate

ANSWERS = ("contact_person_yes", "contact_person_want", "contact_person_not_needed")
FILTERS = {"last_hire": "hired_6m_yes", "restructuring_help": "chall_surplus_staff"}  # battery: who was asked it


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
    >>> from navmodels import load_report
    >>> items, trends = (load_report("employer_2024", table) for table in ("items", "trends"))
    >>> contact_person(items, trends)[["table", "ours", "status"]].round(1)
        table  ours      status
    0   items  35.9  reproduced
    1   items  33.2  reproduced
    2   items  30.9  reproduced
    3  trends  28.7  reproduced
    4  trends  26.6  reproduced
    5  trends  24.7  reproduced
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
    status = "differs" if table is None else "reproduced"
    reason = _one_table(table, n=n, respondents=respondents)
    found = []
    for place, (one, other) in enumerate(zip(answered, of_all, strict=True)):
        ours = other.share / ratio if table is None else table[place]
        low, high = (other.share - 0.5) / ratio, (other.share + 0.5) / ratio
        found.append(Finding("items", one.Index, "share", status, reason, ours, low, high))
        ours = ratio * (one.share if table is None else table[place])
        low, high = ratio * (one.share - 0.5), ratio * (one.share + 0.5)
        found.append(Finding("trends", other.Index, "share", status, reason, ours, low, high))
    found.append(_unknown(_only(_all_2024(trends), "contact_person_dk"), n=n, respondents=respondents))
    return tabulate(sorted(found, key=lambda one: one.table))


def filtered_bases(items: pd.DataFrame) -> pd.DataFrame:
    """Return the n of questions that only those with a certain answer to an earlier one were asked.

    What the last hire was like was asked of those who had hired; the help with surplus staff, of those who have
    surplus staff. The share of that answer times its own n is the n of the question.

    Examples
    --------
    >>> from navmodels import load_report
    >>> found = filtered_bases(load_report("employer_2024", "items"))
    >>> found.drop_duplicates("ours")[["ours", "lower", "upper", "status"]].round(0)
         ours   lower   upper      status
    0  3086.0  3066.0  3107.0  reproduced
    8   145.0   134.0   155.0  reproduced
    """
    found = []
    for battery, answer in FILTERS.items():
        source = _only(items, answer)
        ours, low, high = (source.n * (source.share + reach) / 100 for reach in (0, -0.5, 0.5))
        for row in records(items[(items["battery"] == battery) & items["n"].notna()]):
            status = "reproduced" if overlap(low, high, row.n, half=0.5) else "differs"
            reason = (
                f"{source.share:g} % of {source.n} ({answer}) are {ours:.0f} establishments ({low:.1f}–{high:.1f} "
                f"with rounding); n = {row.n} is printed."
            )
            found.append(Finding("items", row.Index, "n", status, reason, ours, low, high))
    return tabulate(found)


def restructuring_help(items: pd.DataFrame, trends: pd.DataFrame) -> pd.DataFrame:
    """Return what the text's shares on help with restructuring say about each other and about the appendix.

    The text gives who gets help, who wants it, or both together, among those with the challenge; the appendix gives
    one share for each kind of help without saying which, so it cannot be recomputed.

    Examples
    --------
    >>> from navmodels import load_report
    >>> items, trends = (load_report("employer_2024", table) for table in ("items", "trends"))
    >>> restructuring_help(items, trends)["status"].value_counts().to_dict()
    {'not reproducible': 5, 'input': 2, 'agrees': 1}
    """
    said = {row.item_id: row for row in records(trends[trends["item_id"].str.startswith("help_")])}
    gets, wants, either = (said[f"help_alternative_work_{what}"] for what in ("gets", "wants", "gets_or_wants"))
    ours = gets.share + wants.share
    text = f"{gets.share:g} % who get help and {wants.share:g} % who want it are {ours:g} %"
    fits = overlap(ours - 1, ours + 1, either.share, half=HALF[either.quality])
    reason = f"{text} ({ours - 1:g}–{ours + 1:g} % with rounding); the text has about {either.share:g} %."
    status = "agrees" if fits else "differs"
    found = [Finding("trends", either.Index, "share", status, reason, ours, ours - 1, ours + 1)]
    reason = f"Used to compute the share who get or want help: {text}."
    found += [Finding("trends", row.Index, "share", "input", reason) for row in (gets, wants)]
    for item, row in said.items():
        if item in ("help_upskilling_gets_or_wants", "help_surplus_gets_or_wants"):
            reason = (
                f"The text gives {row.share:g} % who get or want help without its two parts, so there is nothing to "
                "add up."
            )
            found.append(Finding("trends", row.Index, "share", "not reproducible", reason))
    for row in records(items[items["battery"] == "restructuring_help"]):
        kind = row.item_id.split("_")[1]
        parts = [f"{one.share:g} % ({_part(item)})" for item, one in said.items() if item.split("_")[1] == kind]
        reason = (
            f"The appendix does not say whether its {row.share:g} % get or want help; the text has {', '.join(parts)}, "
            "so there is no number it could be held against."
        )
        found.append(Finding("items", row.Index, "share", "not reproducible", reason))
    return tabulate(found)


# ---- inside


def _one_table(table: list[float] | None, *, n: int, respondents: int) -> str:
    """Return the reason of `contact_person`: the one table, or that there is none."""
    if table is None:
        return (
            f"No table of answers adds up to 100 and prints as both the appendix (n = {n}) and the text "
            f"({respondents} respondents)."
        )
    of_all = [n / respondents * share for share in table]
    return (
        f"One table prints as both: {spell(table, form='.1f')} % of {n} without don't know (yes, wants one, needs "
        f"none), and {spell(of_all, form='.1f')} % of {respondents} with {100 - sum(of_all):.1f} % don't know."
    )


def _unknown(row: Any, *, n: int, respondents: int) -> Finding:
    """Return the finding for don't know, which the two bases leave."""
    ours = 100 * (1 - n / respondents)
    status = "reproduced" if overlap(ours, ours, row.share, half=0.5) else "differs"
    reason = (
        f"{n} of {respondents} answered other than don't know, which leaves {ours:.1f} % (unweighted); the text has "
        f"about {row.share:g} %."
    )
    return Finding("trends", row.Index, "share", status, reason, ours, ours, ours)


def _only(frame: pd.DataFrame, item: str) -> Any:
    """Return the one row of an item."""
    rows = list(records(frame[frame["item_id"] == item]))
    if len(rows) != 1:
        raise ValueError(f"item {item!r} has {len(rows)} rows in the table; exactly one is needed.")
    return rows[0]


def _all_2024(trends: pd.DataFrame) -> pd.DataFrame:
    return trends[(trends["group"] == "all") & (trends["year"] == 2024)]


def _adding_up(limits: list[tuple[float, float]], *, total: float) -> list[float] | None:
    """Return values within the limits that add up to the total, each as far along its own; None if there are none."""
    low, high = sum(least for least, _ in limits), sum(most for _, most in limits)
    if any(least > most + TOLERANCE for least, most in limits) or not low <= total <= high:
        return None
    along = (total - low) / (high - low) if high > low else 0.0
    return [least + along * (most - least) for least, most in limits]


def _part(item: str) -> str:
    return item.split("_", 2)[2].removeprefix("work_").replace("_", " ")
