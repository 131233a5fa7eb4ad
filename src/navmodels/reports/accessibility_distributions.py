"""Questions of the accessibility study whose every answer is printed: whether they add up.

With the rounding of each answer carried along. Nothing is sampled here.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from navmodels.reports.accessibility_bases import WEIGHTED
from navmodels.reports.findings import Finding, records, tabulate
from navmodels.reports.single_shares import counts_printing

# questions of which every answer is printed; a respondent gives one
COMPLETE = (
    "accessibility", "satisfaction_nav_overall", "office_employees", "centrality", "channel_satisfaction",
    *(f"composition_{name}" for name in (
        "age", "city", "age_table_b1", "region", "office_size_fte", "county", "reception_hours_per_week",
        "respondent_role", "employer_size", "sector", "industry",
    )),
)  # fmt: skip
# everything of the population is in one of these; several answers of the survey are possible
POPULATION = ("population_ssb_12423", "composition_labour_status")
OTHER_BASE = "dissatisfied_with_all_used"
UNSAFE = (
    " The easy values 55, 52 and 53 are unsafe: swapping 55 and 53 makes sickness benefit and AAP and pension add to"
    " 100; parental benefit needs 63."
)
OFFICES = " Tabell A-1 itself prints the sum {} below this column, which is not that of its rows."


def distributions(estimates: pd.DataFrame, trend: pd.DataFrame) -> pd.DataFrame:
    """Return what the other answers leave of 100 for each answer of a question whose every answer is printed.

    In small samples without weights each share often has one whole count; where these add up to the base exactly, the
    shares are reproduced.

    Parameters
    ----------
    estimates, trend
        Published tables (the satisfaction of 2023 stands in both).

    Examples
    --------
    >>> from navmodels import load_report
    >>> tables = [load_report("accessibility_2025", table) for table in ("estimates", "person_user_trend")]
    >>> found = distributions(*tables)
    >>> parental = tables[0].index[(tables[0]["item_id"] == "accessibility") & (tables[0]["group"] == "parental_etc")]
    >>> found[(found["table"] == "estimates") & found["row"].isin(parental)][["ours", "status"]].values.tolist()
    [[63.0, 'differs'], [45.0, 'input'], [14.0, 'input']]
    """
    chosen = estimates[estimates["item_id"].isin(COMPLETE) & estimates["share"].notna() & (estimates["bound"] == "eq")]
    chosen = chosen[(chosen["category"] != OTHER_BASE) & ~_partial(chosen)]
    population = estimates[(estimates["survey_id"] == POPULATION[0]) & (estimates["item_id"] == POPULATION[1])]
    population = population.drop_duplicates("category")
    found = []
    for _, rows in pd.concat([chosen, population]).groupby(["survey_id", "item_id", "group_dim", "group"], sort=False):
        found += list(_whole_distribution(rows, "estimates"))
    rated = trend[trend["share"].notna()]
    rated = rated.assign(survey_id="person_user_nav", item_id="satisfaction_nav_overall")
    for _, rows in rated.groupby(["group_dim", "group"], sort=False):
        found += list(_whole_distribution(rows, "person_user_trend"))
    return tabulate(found)


# ---- inside


def _partial(rows: pd.DataFrame) -> pd.Series:
    """Return which rows are answers of a question whose other answers are not printed for that group."""
    key = ["survey_id", "item_id", "group_dim", "group"]
    return rows.groupby(key)["share"].transform("sum") < 85


def _whole_distribution(rows: pd.DataFrame, table: str) -> Iterator[Finding]:
    total, reach = float(rows["share"].sum()), 0.5 * len(rows)
    fits = abs(total - 100) <= reach and 98 <= total <= 102
    first = rows.iloc[0]
    counts = _single_counts(rows) if first["survey_id"] not in WEIGHTED and table == "estimates" else None
    exact = fits and counts is not None
    for place, row in enumerate(records(rows)):
        ours = 100 - (total - row.share)
        if exact and counts is not None:
            ours = 100 * counts[place] / float(row.n)
            text = f"The whole counts that print as the {len(rows)} shares add up to {int(sum(counts))}, the base."
        else:
            text = (
                f"The other answers leave {ours:g} %; all {len(rows)} add up to {total:g} %, and rounding explains "
                f"{100 - reach:g} to {100 + reach:g} %."
            )
        status = "reproduced" if exact else "agrees" if fits else "differs"
        if status == "differs" and first["item_id"] == "accessibility" and row.category != "mostly_easy":
            status = "input"  # the text agrees with the other two answers
        text = text if fits else f"Contradiction: {text[0].lower()}{text[1:]}"
        ours = ours if fits or len(rows) == 3 else float("nan")
        yield Finding(table, row.Index, "share", status, text + _said(row, table), ours)


def _single_counts(rows: pd.DataFrame) -> list[float] | None:
    """Return the one count of each share when they add up to the base; None when there are several or they do not."""
    if rows["n"].isna().any() or rows["count"].notna().any():
        return None
    n = float(rows["n"].iloc[0])
    each = [counts_printing(share, n) for share in rows["share"]]
    if any(len(counts) != 1 for counts in each) or sum(float(counts[0]) for counts in each) != n:
        return None
    return [float(counts[0]) for counts in each]


def _said(row: Any, table: str) -> str:
    if table == "estimates" and row.item_id == "accessibility":
        return UNSAFE
    if table == "estimates" and row.item_id == "composition_county":
        return OFFICES.format(108 if row.survey_id == "office" else 106)
    if table == "estimates" and row.item_id == "office_employees":
        return " The text on Tabell A-4 names the same group of offices twice; the table itself adds up."
    return ""
