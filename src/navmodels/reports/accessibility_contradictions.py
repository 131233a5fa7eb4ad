"""Contradictions of the accessibility study that no sum shows: two numbers for one thing, or words against numbers.

Each is said on the numbers it concerns, with which side other numbers support. Nothing is computed here.
"""

import pandas as pd

from navmodels.reports.accessibility_relations import Key, key_of
from navmodels.reports.findings import Finding, records, tabulate

# what the report says against its own numbers; the quantity; the numbers
CONTRADICTED: list[tuple[str, str, tuple[Key, ...]]] = [
    (
        "over 70 % are sick or disabled in section 4.2.1, 42 % in Tabell E-4",
        "share",
        (
            "vulnerable_user/sick_or_disabled/yes/all/all",
            "vulnerable_user/composition_labour_status/long_term_sick_or_disabled/all/all",
        ),
    ),
    (
        (
            "33 % in section 4.2.3, 38 % in its box; with 49 and 26 % by mother tongue 33 needs 30 % and 38 needs"
            " 52 % of the base to have another mother tongue, and since these are less often dissatisfied, 33 "
            "fits better"
        ),
        "share",
        ("vulnerable_user/dissatisfaction_reason/needs_not_met/all/all",),
    ),
    (
        "63 % and the rest, 41 %, are 104 %",
        "share",
        (
            "vulnerable_user/state_benefit_type/sickness_aap_or_disability/benefit/social_and_state",
            "vulnerable_user/state_benefit_type/parental_pension_or_unemployment/benefit/social_and_state",
        ),
    ),
    (
        (
            "the sentence says more with Norwegian mother tongue but has 46 % for them and 65 % for others; 6 of "
            "13 and 28 of 43 print so in this order, so the word may be the error"
        ),
        "share",
        (
            "vulnerable_user/can_contact_employee_directly/yes/mother_tongue_within_no_benefit/norwegian_mother_tongue",
            "vulnerable_user/can_contact_employee_directly/yes/mother_tongue_within_no_benefit/other_mother_tongue",
        ),
    ),
    (
        "27 and 38 % by mother tongue cannot mix into the 51 % who phoned directly; base or wording differs",
        "share",
        (
            "vulnerable_user/contact_channel/phoned_counsellor/mother_tongue/other_mother_tongue",
            "vulnerable_user/contact_channel/phoned_counsellor/mother_tongue/norwegian_mother_tongue",
        ),
    ),
    (
        (
            "66 and 54 % by host collaboration cannot mix into the 48 % of all offices; the former probably "
            "include those that say most"
        ),
        "share",
        (
            "office/outreach_any/yes/office_host_collaboration/host_collaboration",
            "office/outreach_any/yes/office_host_collaboration/not_host_collaboration",
        ),
    ),
    (
        (
            "section 5.1 calls the share falling with size and names the large twice (74, 55, 37); 37 is read as "
            "the small ones"
        ),
        "share",
        (
            "employer/phoned_centre_about/sick_leave_follow_up/employer_size/100_plus",
            "employer/phoned_centre_about/sick_leave_follow_up/employer_size/20_99",
            "employer/phoned_centre_about/sick_leave_follow_up/employer_size/under_20",
        ),
    ),
    (
        (
            "13 and 3 % are called shares of those who did not reach a person, but with the 81 % who did they "
            "make 97 % of all who phoned"
        ),
        "share",
        (
            "employer/contact_centre_call_reach/wait_too_long/all/all",
            "employer/contact_centre_call_reach/never_called_back/all/all",
        ),
    ),
    (
        (
            "half of the dissatisfied have reasons not directly about access, 22 % only such reasons; perhaps two"
            " measures"
        ),
        "share",
        (
            "vulnerable_user/dissatisfaction_reason/only_reasons_not_about_accessibility/all/all",
            "vulnerable_user/dissatisfaction_reason/reasons_not_directly_about_accessibility/all/all",
        ),
    ),
    (
        "29 % of all respondents in the summary and chapter 7, of the dissatisfied in section 4.2.3",
        "share",
        ("vulnerable_user/dissatisfaction_reason/too_little_information_and_guidance/all/all",),
    ),
    (
        "78 and 22 % leave nobody without higher education, in a sample called representative",
        "share",
        (
            "resident/education_level/four_years_plus_higher/all/all",
            "resident/education_level/one_to_three_years_higher/all/all",
        ),
    ),
    (
        "62 host collaborations of 248 offices are 25 %, 21 % is printed",
        "share",
        ("all_nav_offices/composition_office_host_collaboration/host_collaboration/all/all",),
    ),
    (
        "below figure 6-7 the whole is 620, elsewhere 623; the sizes of the groups are those of 623",
        "n",
        (
            "partner/improvement/direct_contact/partner_type/gp",
            "partner/improvement/better_digital_systems/partner_type/gp",
            "partner/improvement/better_digital_systems/partner_type/measure_organiser",
            "partner/improvement/better_digital_systems/partner_type/other_health",
        ),
    ),
]


def contradictions(estimates: pd.DataFrame, group_findings: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return the contradictions that no sum shows, and those of group sizes for the counts they are printed as.

    Examples
    --------
    >>> from navmodels import load_report
    >>> from navmodels.reports.accessibility_counts import group_sums
    >>> estimates, groups = (load_report("accessibility_2025", table) for table in ("estimates", "groups"))
    >>> found = contradictions(estimates, group_sums(groups), groups)
    >>> found.groupby("quantity")["status"].value_counts().to_dict()
    {('count', 'differs'): 17, ('n', 'differs'): 4, ('share', 'differs'): 23}
    """
    found = []
    for row in records(estimates):
        for text, quantity, keys in CONTRADICTED:
            if key_of(row) in keys:
                found.append(Finding("estimates", row.Index, quantity, "differs", f"Contradiction: {text}."))
    wrong = group_findings[(group_findings["status"] == "differs") & (group_findings["quantity"] == "n")]
    for row in records(wrong.merge(groups[["survey_id", "group_dim", "group"]], left_on="row", right_index=True)):
        same = estimates[
            (estimates["survey_id"] == row.survey_id) & (estimates["item_id"] == f"composition_{row.group_dim}")
            & (estimates["category"] == row.group) & estimates["count"].notna()
        ]  # fmt: skip
        found += [Finding("estimates", int(place), "count", "differs", row.reason, row.ours) for place in same.index]
    return tabulate(found)
