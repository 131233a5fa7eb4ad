"""Table 1 of the employer survey: which units were phoned together, checked against itself and the appendix.

The cells of a row are percent of those who phoned its unit. The pairs in them count twice, once from either side;
its n and its row sum follow from other printed numbers. Nothing is sampled here.
"""

from typing import Any

import pandas as pd

from navmodels.reports.findings import Finding, overlap, records, tabulate


def phone_combinations(phone: pd.DataFrame, items: pd.DataFrame, trends: pd.DataFrame) -> pd.DataFrame:
    """Return what table 1 of the report says about its own numbers and about the shares phoned.

    - a cell: the pair seen from the other unit, share times n of that unit, over n of this one;
    - `only_this_unit`: those who phoned another too are at least the largest cell of the row and at most their sum;
    - `row_sum_printed`: the sum of the cells;
    - `n`: the share of the appendix that phoned the unit times the n of that question;
    - the share in the text (trends): n of the unit over the n of that question.

    Parameters
    ----------
    phone, items, trends
        Published tables, as from `load_report`; the index is the row in print.

    Returns
    -------
    Findings for every number of the table (percent, or establishments for `n`) and for the shares in trends. A count
    is taken to be printed without decimals, since it may be a weighted one.

    Examples
    --------
    >>> from navmodels import load_report
    >>> tables = [load_report("employer_2024", table) for table in ("phone_combinations", "items", "trends")]
    >>> found = phone_combinations(*tables)
    >>> found.groupby(["table", "status"]).size().to_dict() == {
    ...     ("phone_combinations", "agrees"): 5, ("phone_combinations", "reproduced"): 30,
    ...     ("trends", "reproduced"): 4, ("trends", "differs"): 1}
    True
    """
    found = []
    units = {row["unit_called"]: row for _, row in phone.iterrows()}
    for unit, row in units.items():
        others = [other for other in units if other != unit]
        found += [_seen_from(units[other], row) for other in others]
        found += [_alone(row, others), _row_sum(row, others), *_base(row, items, trends)]
    return tabulate(found)


# ---- inside

TABLE = "phone_combinations"


def _seen_from(other: Any, row: Any) -> Finding:
    """Return the finding for one cell: the same pair counted by the other unit."""
    unit, partner = row["unit_called"], other["unit_called"]
    share, printed = other[f"also_{unit}"], row[f"also_{partner}"]
    ours, low, high = ((share + reach) * other["n"] / row["n"] for reach in (0, -0.5, 0.5))
    status = "reproduced" if overlap(low, high, printed, half=0.5) else "differs"
    reason = (
        f"{share:g} % of the {other['n']} who phoned {partner} are {share * other['n'] / 100:.0f} pairs, which is "
        f"{ours:.1f} % of the {row['n']} who phoned {unit} ({low:.1f}–{high:.1f} % with rounding); {printed:g} % is "
        "printed."
    )
    return Finding(TABLE, int(row.name), f"also_{partner}", status, reason, ours, low, high)


def _alone(row: Any, others: list[str]) -> Finding:
    """Return the finding for those who phoned no other unit: only bounds are known."""
    cells = [row[f"also_{other}"] for other in others]
    low, high = max(0.0, 100 - sum(cells) - 0.5 * len(cells)), 100 - max(cells) + 0.5
    only = row["only_this_unit"]
    status = "agrees" if overlap(low, high, only, half=0.5) else "differs"
    reason = (
        f"Those who phoned another unit too are at least the largest of the {len(cells)} cells and at most their "
        f"sum, so {low:g}–{high:g} % phoned this one alone; {only:g} % is printed."
    )
    return Finding(TABLE, int(row.name), "only_this_unit", status, reason, lower=low, upper=high)


def _row_sum(row: Any, others: list[str]) -> Finding:
    cells = [row["only_this_unit"], *(row[f"also_{other}"] for other in others)]
    ours, reach, printed = float(sum(cells)), 0.5 * len(cells), row["row_sum_printed"]
    status = "reproduced" if overlap(ours - reach, ours + reach, printed, half=0.5) else "differs"
    reason = (
        f"The {len(cells)} cells add up to {ours:g} ({ours - reach:g}–{ours + reach:g} with rounding); {printed:g} "
        "is printed."
    )
    return Finding(TABLE, int(row.name), "row_sum_printed", status, reason, ours, ours - reach, ours + reach)


def _base(row: Any, items: pd.DataFrame, trends: pd.DataFrame) -> list[Finding]:
    """Return the findings for n of a unit, and for the share of the text that phoned it."""
    item = f"talked_{row['unit_called']}"
    asked = items[items["item_id"] == item].iloc[0]
    ours, low, high = (asked["n"] * (asked["share"] + reach) / 100 for reach in (0, -0.5, 0.5))
    status = "reproduced" if overlap(low, high, row["n"], half=0.5) else "differs"
    reason = (
        f"{asked['share']:g} % of {asked['n']} (appendix 2) are {ours:.0f} ({low:.1f}–{high:.1f} with rounding); "
        f"n = {row['n']} is printed."
    )
    found = [Finding(TABLE, int(row.name), "n", status, reason, ours, low, high)]
    ours, low, high = (100 * (row["n"] + reach) / asked["n"] for reach in (0, -0.5, 0.5))
    for said in records(trends[(trends["item_id"] == item) & (trends["group"] == "all") & (trends["year"] == 2024)]):
        status = "reproduced" if overlap(low, high, said.share, half=0.5) else "differs"
        reason = (
            f"{row['n']} of {asked['n']} are {ours:.1f} % (unweighted); the text prints {said.share:g} %, the appendix "
            f"{asked['share']:g} %."
        )
        found.append(Finding("trends", said.Index, "share", status, reason, ours, low, high))
    return found
