"""Shares of the accessibility study that imply each other: distributions, complements, sums and mixes of groups.

With the rounding of each carried along. Contradictions that no sum shows, since the text contradicts itself in words or
prints two numbers for one thing, are listed at the end. Nothing is sampled here.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from navmodels.reproduction.accessibility_bases import WEIGHTED
from navmodels.reproduction.findings import Finding, overlap, records, tabulate
from navmodels.reproduction.unpooled import counts_printing

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
    " The easy values 55, 52 and 53 are unsafe: swapping 55 and 53 makes sickness benefit and AAP and pension add to 100;"
    " parental benefit needs 63."
)
OFFICES = " Tabell A-1 itself prints the sum {} below this column, which is not that of its rows."

Key = str  # survey/item/category/group dimension/group
WHOLE = "all/all"
VU, EMP = "vulnerable_user", "employer"
# target = constant + sum of weight × share; how it is known
RELATIONS: list[tuple[Key, float, list[tuple[float, Key]], str]] = [
    (f"{VU}/other_mother_tongue/yes/benefit/social_assistance", 100, [(-1, f"{VU}/norwegian_mother_tongue/yes/benefit/social_assistance")], "the complement"),
    (f"{VU}/norwegian_mother_tongue/yes/benefit/social_assistance", 100, [(-1, f"{VU}/other_mother_tongue/yes/benefit/social_assistance")], "the complement"),
    (f"{VU}/receives_benefit/yes/{WHOLE}", 100, [(-1, f"{VU}/composition_benefit_received_multi/none/{WHOLE}")], "the complement of those without a benefit in Tabell E-3"),
    (f"{EMP}/contact_monthly_or_more/yes/employer_size/100_plus", 0, [(1, f"{EMP}/contact_frequency/weekly_or_more/employer_size/100_plus"), (1, f"{EMP}/contact_frequency/monthly/employer_size/100_plus")], "weekly and monthly together"),
    (f"partner/composition_sector/other_or_not_stated/{WHOLE}", 0, [(1, f"partner/sector_annet/other/{WHOLE}"), (1, f"partner/sector_annet/not_stated/{WHOLE}")], "other and not stated together"),
    (f"{EMP}/fixed_contact_person/has/{WHOLE}", 0, [(255 / 574, f"{EMP}/fixed_contact_person/has/employer_size/under_20"), (249 / 574, f"{EMP}/fixed_contact_person/has/employer_size/20_99"), (70 / 574, f"{EMP}/fixed_contact_person/has/employer_size/100_plus")], "the three sizes mixed"),
    (f"{EMP}/fixed_contact_person/has/industry/other_than_manufacturing", 0, [(574 / 493, f"{EMP}/fixed_contact_person/has/{WHOLE}"), (-81 / 493, f"{EMP}/fixed_contact_person/has/industry/manufacturing")], "all without manufacturing"),
    (f"{VU}/can_contact_employee_directly/yes/{WHOLE}", 0, [(0.41, f"{VU}/can_contact_employee_directly/yes/mother_tongue/other_mother_tongue"), (0.59, f"{VU}/can_contact_employee_directly/yes/mother_tongue/norwegian_mother_tongue")], "both mother tongues mixed 41 to 59"),
    (f"{VU}/improvement/shorter_phone_wait/{WHOLE}", 0, [(0.41, f"{VU}/improvement/shorter_phone_wait/mother_tongue/other_mother_tongue"), (0.59, f"{VU}/improvement/shorter_phone_wait/mother_tongue/norwegian_mother_tongue")], "both mother tongues mixed 41 to 59"),
    (f"{VU}/contact_channel/phoned_office_or_counsellor/{WHOLE}", 0, [(0.41, f"{VU}/contact_channel/phoned_counsellor/mother_tongue/other_mother_tongue"), (0.59, f"{VU}/contact_channel/phoned_counsellor/mother_tongue/norwegian_mother_tongue")], "both mother tongues mixed 41 to 59 (base or wording differs)"),
    (f"{VU}/satisfaction_contact/satisfied/{WHOLE}", 0, [(0.41, f"{VU}/satisfaction_contact/satisfied/mother_tongue/other_mother_tongue"), (0.59, f"{VU}/satisfaction_contact/satisfied/mother_tongue/norwegian_mother_tongue")], "both mother tongues mixed 41 to 59"),
    (f"office/user_channel_most_used/walk_in/{WHOLE}", 0, [(24 / 65, "office/user_channel_most_used/walk_in/office_host_collaboration/host_collaboration"), (41 / 65, "office/user_channel_most_used/walk_in/office_host_collaboration/not_host_collaboration")], "the 65 linked offices mixed"),
    (f"office/outreach/some_do/{WHOLE}", 0, [(24 / 65, "office/outreach_any/yes/office_host_collaboration/host_collaboration"), (41 / 65, "office/outreach_any/yes/office_host_collaboration/not_host_collaboration")], "the 65 linked offices mixed (the parts probably include \"most\")"),
    (f"{EMP}/phoned_centre_about/sick_leave_follow_up/{WHOLE}", 0, [(255 / 574, f"{EMP}/phoned_centre_about/sick_leave_follow_up/employer_size/under_20"), (249 / 574, f"{EMP}/phoned_centre_about/sick_leave_follow_up/employer_size/20_99"), (70 / 574, f"{EMP}/phoned_centre_about/sick_leave_follow_up/employer_size/100_plus")], "the three sizes mixed, each of which is lower than the whole (base differs)"),
]  # fmt: skip
BETWEEN: list[tuple[Key, list[Key]]] = [
    (f"office/partner_difficulty_cause/no_channel_for_sharing_information/{WHOLE}", ["office/partner_difficulty_cause/no_channel_for_sharing_information/office_size_large_small/large_office", "office/partner_difficulty_cause/no_channel_for_sharing_information/office_size_large_small/small_office"]),
    (f"{VU}/satisfaction_contact/dissatisfied/channel_used/phones_contact_centre", [f"{VU}/satisfaction_contact/dissatisfied/mother_tongue_within_phoning_centre/norwegian_mother_tongue", f"{VU}/satisfaction_contact/dissatisfied/mother_tongue_within_phoning_centre/other_mother_tongue"]),
]  # fmt: skip
ALIKE: list[tuple[Key, Key]] = [
    (f"{VU}/employed/yes/{WHOLE}", f"{VU}/composition_labour_status/employed/{WHOLE}"),
]
# (keys, quantity, what the report says against them)
CONTRADICTED: list[tuple[list[Key], str, str]] = [
    ([f"{VU}/sick_or_disabled/yes/{WHOLE}", f"{VU}/composition_labour_status/long_term_sick_or_disabled/{WHOLE}"], "share", "over 70 % are sick or disabled in section 4.2.1, 42 % in Tabell E-4"),
    ([f"{VU}/dissatisfaction_reason/needs_not_met/{WHOLE}"], "share", "33 % in section 4.2.3, 38 % in its box; with 49 and 26 % by mother tongue 33 needs 30 % and 38 needs 52 % of the base to have another mother tongue, and since these are less often dissatisfied, 33 fits better"),
    ([f"{VU}/state_benefit_type/sickness_aap_or_disability/benefit/social_and_state", f"{VU}/state_benefit_type/parental_pension_or_unemployment/benefit/social_and_state"], "share", "63 % and the rest, 41 %, are 104 %"),
    ([f"{VU}/can_contact_employee_directly/yes/mother_tongue_within_no_benefit/norwegian_mother_tongue", f"{VU}/can_contact_employee_directly/yes/mother_tongue_within_no_benefit/other_mother_tongue"], "share", "the sentence says more with Norwegian mother tongue but has 46 % for them and 65 % for others; 6 of 13 and 28 of 43 print so in this order, so the word may be the error"),
    ([f"{VU}/contact_channel/phoned_counsellor/mother_tongue/other_mother_tongue", f"{VU}/contact_channel/phoned_counsellor/mother_tongue/norwegian_mother_tongue"], "share", "27 and 38 % by mother tongue cannot mix into the 51 % who phoned directly; base or wording differs"),
    (["office/outreach_any/yes/office_host_collaboration/host_collaboration", "office/outreach_any/yes/office_host_collaboration/not_host_collaboration"], "share", "66 and 54 % by host collaboration cannot mix into the 48 % of all offices; the former probably include those that say most"),
    ([f"{EMP}/phoned_centre_about/sick_leave_follow_up/employer_size/{size}" for size in ("100_plus", "20_99", "under_20")], "share", "section 5.1 calls the share falling with size and names the large twice (74, 55, 37); 37 is read as the small ones"),
    ([f"{EMP}/contact_centre_call_reach/wait_too_long/{WHOLE}", f"{EMP}/contact_centre_call_reach/never_called_back/{WHOLE}"], "share", "13 and 3 % are called shares of those who did not reach a person, but with the 81 % who did they make 97 % of all who phoned"),
    ([f"{VU}/dissatisfaction_reason/only_reasons_not_about_accessibility/{WHOLE}", f"{VU}/dissatisfaction_reason/reasons_not_directly_about_accessibility/{WHOLE}"], "share", "half of the dissatisfied have reasons not directly about access, 22 % only such reasons; perhaps two measures"),
    ([f"{VU}/dissatisfaction_reason/too_little_information_and_guidance/{WHOLE}"], "share", "29 % of all respondents in the summary and chapter 7, of the dissatisfied in section 4.2.3"),
    ([f"resident/education_level/{level}/{WHOLE}" for level in ("four_years_plus_higher", "one_to_three_years_higher")], "share", "78 and 22 % leave nobody without higher education, in a sample called representative"),
    ([f"all_nav_offices/composition_office_host_collaboration/host_collaboration/{WHOLE}"], "share", "62 host collaborations of 248 offices are 25 %, 21 % is printed"),
    ([f"partner/improvement/{what}" for what in ("direct_contact/partner_type/gp", "better_digital_systems/partner_type/gp", "better_digital_systems/partner_type/measure_organiser", "better_digital_systems/partner_type/other_health")], "n", "below figure 6-7 the whole is 620, elsewhere 623; the sizes of the groups are those of 623"),
]  # fmt: skip


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
    >>> from navmodels.data import load_report
    >>> tables = [load_report("accessibility_2025", table) for table in ("estimates", "person_user_trend")]
    >>> found = distributions(*tables)
    >>> parental = tables[0].index[(tables[0]["item_id"] == "accessibility") & (tables[0]["group"] == "parental_etc")]
    >>> found[(found["table"] == "estimates") & found["row"].isin(parental)][["ours", "status"]].values.tolist()
    [[63.0, 'differs'], [45.0, 'differs'], [14.0, 'differs']]
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


def relations(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return what other printed shares give for a share: complements, sums, and groups mixed into the whole.

    Examples
    --------
    >>> from navmodels.data import load_report
    >>> found = relations(load_report("accessibility_2025", "estimates"))
    >>> found["status"].value_counts().to_dict()
    {'reproduced': 9, 'agrees': 6, 'differs': 3}
    """
    known = {_key(row): row for row in records(estimates[estimates["share"].notna()])}
    found = [_relation(known, *relation) for relation in RELATIONS]
    for target, parts in BETWEEN:
        row, shares = known[target], [known[part].share for part in parts]
        inside = min(shares) <= row.share <= max(shares)
        reason = f"{row.share:g} % lies {'between' if inside else 'outside'} its two parts, {shares[0]:g} and {shares[1]:g} %."
        found.append(Finding("estimates", row.Index, "share", "agrees" if inside else "differs", reason))
    for one, other in (*ALIKE, *((b, a) for a, b in ALIKE)):
        fits = known[one].share == known[other].share
        reason = f"Printed {'alike' if fits else f'as {known[other].share:g} %'} in {known[other].reference}."
        found.append(Finding("estimates", known[one].Index, "share", "agrees" if fits else "differs", reason))
    return tabulate(found)


def contradictions(estimates: pd.DataFrame, group_findings: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return the contradictions that no sum shows, and those of group sizes for the counts they are printed as.

    Examples
    --------
    >>> from navmodels.data import load_report
    >>> from navmodels.reproduction.accessibility_counts import group_sums
    >>> estimates, groups = (load_report("accessibility_2025", table) for table in ("estimates", "groups"))
    >>> found = contradictions(estimates, group_sums(groups), groups)
    >>> found.groupby("quantity")["status"].value_counts().to_dict()
    {('count', 'differs'): 17, ('n', 'differs'): 4, ('share', 'differs'): 23}
    """
    found = []
    for row in records(estimates):
        for keys, quantity, text in CONTRADICTED:
            if _key(row) in keys:
                found.append(Finding("estimates", row.Index, quantity, "differs", f"Contradiction: {text}."))
    wrong = group_findings[(group_findings["status"] == "differs") & (group_findings["quantity"] == "n")]
    for row in records(wrong.merge(groups[["survey_id", "group_dim", "group"]], left_on="row", right_index=True)):
        same = estimates[
            (estimates["survey_id"] == row.survey_id) & (estimates["item_id"] == f"composition_{row.group_dim}")
            & (estimates["category"] == row.group) & estimates["count"].notna()
        ]  # fmt: skip
        found += [Finding("estimates", int(place), "count", "differs", row.reason, row.ours) for place in same.index]
    return tabulate(found)


# ---- inside


def _key(row: Any) -> Key:
    return "/".join((row.survey_id, row.item_id, row.category, row.group_dim, row.group))


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
        text = text if fits else f"Contradiction: {text[0].lower()}{text[1:]}"
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


def _relation(
    known: dict[Key, Any], target: Key, constant: float, parts: list[tuple[float, Key]], how: str
) -> Finding:  # fmt: skip
    row = known[target]
    ours = constant + sum(weight * known[part].share for weight, part in parts)
    reach = sum(abs(weight) * _half(known[part]) for weight, part in parts)
    shown = ", ".join(f"{known[part].share:g}" for _, part in parts)
    text = f"{ours:.1f} % ({ours - reach:.1f} to {ours + reach:.1f} % with rounding) from {shown}: {how}"
    if row.bound in ("gt", "lt"):
        fits = ours + reach > row.share if row.bound == "gt" else ours - reach < row.share
        word = "over" if row.bound == "gt" else "under"
        status, printed = "agrees" if fits else "differs", f"{word} {row.share:g} % is printed"
    else:
        fits = overlap(ours - reach, ours + reach, row.share, half=_half(row))
        status, printed = "reproduced" if fits else "differs", f"{row.share:g} % is printed"
    return Finding("estimates", row.Index, "share", status, f"{'' if fits else 'Contradiction: '}{text}; {printed}.", ours)


def _half(row: Any) -> float:
    return 0.5 if row.quality in ("exact", "reconstructed") else 2.5
