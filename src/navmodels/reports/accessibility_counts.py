"""Counts of the accessibility study recomputed: shares of their bases, sums of groups, whole counts.

For printed numbers that other printed counts imply. Sizes of surveys are in `accessibility_surveys`,
shares that imply each other in `accessibility_distributions` and `accessibility_relations`. Nothing is sampled here.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pandas as pd

from navmodels.reports.accessibility_bases import WEIGHTED
from navmodels.reports.findings import Finding, records, spell, tabulate
from navmodels.reports.single_shares import counts_printing

# groups that nobody is in twice, and what their sizes should add up to
WHOLES = {
    ("vulnerable_user", "benefit"): 339, ("vulnerable_user", "age"): 339, ("vulnerable_user", "city"): 339,
    ("vulnerable_user", "location_type_units_not_persons"): 33, ("resident", "age"): 1589,
    ("resident", "age_table_b1"): 1589, ("resident", "region"): 1589, ("office", "office_host_collaboration"): 65,
    ("employer", "employer_size"): 574, ("employer", "sector"): 574, ("employer", "region"): 574,
    ("employer", "industry"): 574, ("partner", "partner_type"): 623, ("partner", "sector"): 623,
    ("partner", "region"): 623, ("person_user_nav", "mother_tongue"): 19300, ("person_user_nav", "benefit"): 19300,
}  # fmt: skip
SAMPLES = {"vulnerable_user": 339, "resident": 1589, "office": 74, "employer": 574, "partner": 623}
# the same persons counted in chapter 4 and in annex B: (dimension, groups) against (dimension, groups)
TWICE = [
    (("age", ("age_18_30", "age_31_44")), ("age_table_b1", ("age_16_24", "age_25_34", "age_35_44"))),
    (("age", ("age_45_64",)), ("age_table_b1", ("age_45_54", "age_55_64"))),
    (("age", ("age_65plus",)), ("age_table_b1", ("age_65plus",))),
    (("benefit", ("pension",)), ("benefit_received_multi", ("pension",))),
    (("benefit", ("disability",)), ("benefit_received_multi", ("disability",))),
    (("benefit", ("parental_etc",)), ("benefit_received_multi", ("parental_etc",))),
    (("benefit", ("sickness_or_aap",)), ("benefit_received_multi", ("aap", "sickness_benefit"))),
]
SMALL = 100  # below it a share in whole percents does not fit every base


def shares_of_counts(estimates: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return the share that each printed count is of its base, for the estimates and for the groups.

    Examples
    --------
    >>> from navmodels import load_report
    >>> found = shares_of_counts(*(load_report("accessibility_2025", table) for table in ("estimates", "groups")))
    >>> found[found["quantity"].str.startswith("share")].groupby(["table", "status"]).size().to_dict()
    ... # doctest: +NORMALIZE_WHITESPACE
    {('estimates', 'differs'): 9, ('estimates', 'reproduced'): 104,
     ('groups', 'differs'): 9, ('groups', 'reproduced'): 101}
    """
    found = []
    for row in records(estimates[estimates["count"].notna() & estimates["share"].notna() & estimates["n"].notna()]):
        found += _share_of(row, "estimates", "share", row.share, row.count, row.n)
    for row in records(groups[groups["n"].notna() & groups["share_printed"].notna()]):
        base = 1714 if row.group == "no_contact_tried_without_success" else SAMPLES[row.survey_id]
        found += _share_of(row, "groups", "share_printed", row.share_printed, row.n, base)
    tried = estimates[estimates["item_id"].eq("tried_contact_without_success") & estimates["count"].notna()]
    for row in records(tried):
        found += _share_of(row, "estimates", "share", row.share, row.count, 1714)
    return tabulate(found)


def group_sums(groups: pd.DataFrame) -> pd.DataFrame:
    """Return what the other groups leave of the whole for each group of which nobody is in two.

    Examples
    --------
    >>> from navmodels import load_report
    >>> groups = load_report("accessibility_2025", "groups")
    >>> found = group_sums(groups).merge(groups, left_on="row", right_index=True)
    >>> found[(found["survey_id"] == "vulnerable_user") & (found["group_dim"] == "age")]["status"].tolist()
    ['reproduced', 'reproduced', 'reproduced', 'reproduced']
    >>> found[found["group_dim"] == "benefit"].groupby(["survey_id", "status"]).size()["vulnerable_user"].to_dict()
    {'differs': 8}
    """
    found = []
    for (survey, dim), whole in WHOLES.items():
        rows = groups[(groups["survey_id"] == survey) & (groups["group_dim"] == dim) & groups["n"].notna()]
        total = int(rows["n"].sum())
        for row in records(rows):
            status = "reproduced" if total == whole else "agrees" if total < whole else "differs"
            ours = whole - (total - row.n) if total == whole else float("nan")
            found.append(Finding("groups", row.Index, "n", status, _sum(survey, dim, total, whole), ours))
    return tabulate([*_other_sums(groups), *_counted_twice(groups), *found])


def whole_counts(estimates: pd.DataFrame, *, fed: Collection[int] = ()) -> pd.DataFrame:
    """Return whether some whole count out of the printed base prints as the share, in surveys without weights.

    A share that no count gives has another base, such as those who answered the question. Above 100 respondents every
    share fits, so nothing is learned there.

    Parameters
    ----------
    estimates
        As from `with_bases`.
    fed
        Rows that feed a model, for which fitting counts are no more than that.

    Examples
    --------
    >>> from navmodels import load_report
    >>> from navmodels.reports.accessibility_bases import with_bases
    >>> found = whole_counts(with_bases(load_report("accessibility_2025", "estimates")))
    >>> found["status"].value_counts().to_dict()
    {'agrees': 114, 'differs': 10}
    """
    chosen = estimates[
        (estimates["base_kind"] == "printed") & (estimates["half"] == 0.5) & (estimates["base"] < SMALL)
        & estimates["share"].notna() & estimates["count"].isna() & ~estimates["survey_id"].isin(WEIGHTED)
    ]  # fmt: skip
    return tabulate(_whole(row, fed=row.Index in fed) for row in records(chosen))


# ---- inside


def _share_of(row: Any, table: str, quantity: str, share: float, count: float, base: float) -> list[Finding]:
    ours = 100 * count / base
    fits = count in counts_printing(share, base)
    text = f"{count:g} of {base:,.0f} is {ours:.1f} %"
    reason = f"{text}; {share:g} % is printed{'' if fits else _cut(share, ours)}."
    found = [Finding(table, row.Index, quantity, "reproduced" if fits else "differs", reason, ours)]
    if table == "estimates":
        used = f"Used to compute the share: {text}, and {share:g} % is printed."
        found += [
            Finding(table, row.Index, name, "input", used) for name in ("count", "n") if pd.notna(getattr(row, name))
        ]
    return found


def _sum(survey: str, dim: str, total: int, whole: int) -> str:
    text = f"The groups add up to {total:,}, and {whole:,} is printed"
    if survey == "office":
        return f"{text} for the offices that could be linked; 74 answered, so 9 are in neither group."
    if total == whole:
        return f"{text} for the whole."
    if total > whole:
        return (
            f"Contradiction: nobody should be in two groups, yet they add up to {total:,}, {total - whole} more than "
            f"the {whole:,} who answered. With 53 without a benefit (Tabell E-3) they would add up to {total - 3}."
        )
    if dim == "age":
        return f"{text}: {whole - total} are in no group, as many as did not state their age in annex B."
    return f"{text} for the whole: {whole - total:,} are in no group, and the report does not say why."


def _counted_twice(groups: pd.DataFrame) -> Iterator[Finding]:
    """Return how the chapter and the annex on residents compare."""
    for sides in TWICE:
        rows = [
            groups[(groups["survey_id"] == "resident") & (groups["group_dim"] == dim) & groups["group"].isin(names)]
            for dim, names in sides
        ]
        totals = [int(each["n"].sum()) for each in rows]
        same = totals[0] == totals[1]
        reason = (
            f"{'Alike' if same else 'Contradiction'}: {totals[0]} in the chapter"
            f" ({_listed(rows[0])}), {totals[1]} in annex B ({_listed(rows[1])})."
        )
        for each, other in zip(rows, totals[::-1], strict=True):
            for row in records(each):
                ours = float(other) if len(each) == 1 else float("nan")
                yield Finding("groups", row.Index, "n", "agrees" if same else "differs", reason, ours)


def _listed(rows: pd.DataFrame) -> str:
    """Return the sizes of groups and the labels they are printed under."""
    return spell(rows["n"]) + ": " + " + ".join(rows["label_nb"])


def _other_sums(groups: pd.DataFrame) -> Iterator[Finding]:
    """Return what contradicts single groups: no benefit in two places, the offices' share of all, N below a figure."""
    known: Mapping[Any, Any] = {(row.survey_id, row.group_dim, row.group): row for row in records(groups)}
    figures = known["vulnerable_user", "benefit", "no_benefit"]
    annex = known["vulnerable_user", "benefit_received_multi", "none"]
    for row, other in ((figures, annex), (annex, figures)):
        reason = (
            f"Contradiction: {figures.n} without a benefit in the figures of section 4.2, {annex.n} in Tabell E-3. "
            f"The printed {figures.share_printed:g} % is {annex.n} of 339 ({100 * annex.n / 339:.1f} %), "
            f"not {figures.n} ({100 * figures.n / 339:.1f} %)."
        )
        yield Finding("groups", row.Index, "n", "differs", reason, float(other.n))
    host = known["office", "office_host_collaboration", "host_collaboration"]
    reason = "Contradiction: 62 host collaborations of 248 offices (section 2.1.2) are 25.0 %; 21 % is printed."
    yield Finding("groups", host.Index, "share_reference_population", "differs", reason, 25.0)
    municipal = known["partner", "partner_type", "municipal"]
    reason = (
        "Contradiction: below figure 6-7 the whole is 620 and the municipal units 623, then 334; elsewhere 623 and "
        "334, with which all groups add up."
    )
    yield Finding("groups", municipal.Index, "n", "differs", reason, 334.0)


def _whole(row: Any, *, fed: bool) -> Finding:
    counts = counts_printing(row.share, row.base)
    if len(counts):
        reason = f"{spell(counts)} of {row.base:g} prints as {row.share:g} %, so the base can be the whole group."
        return Finding(
            "estimates", row.Index, "share", "input" if fed else "agrees", reason, 100 * float(counts[0]) / row.base
        )
    below = int(row.base * row.share / 100)
    shown = " and ".join(f"{k} of {row.base:g} is {100 * k / row.base:.1f} %" for k in (below, below + 1))
    near = f"; out of {row.entered:g} a count does" if row.entered < row.base else ""
    cut = _cut(row.share, 100 * (below + 1) / row.base)
    reason = (
        f"No whole count out of {row.base:g} prints as {row.share:g} % ({shown}){near}. Some did not answer, or the "
        f"base is another{cut}."
    )
    return Finding("estimates", row.Index, "share", "differs", reason, 100 * (below + 1) / row.base)


def _cut(share: float, ours: float) -> str:
    return f", or {ours:.1f} % was cut off instead of rounded" if int(ours) == share else ""
