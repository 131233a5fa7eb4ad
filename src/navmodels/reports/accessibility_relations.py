"""Shares of the accessibility study that other printed shares give: complements, sums, and groups mixed into the whole.

With the rounding of each carried along. Nothing is sampled here.
"""

from typing import Any

import pandas as pd

from navmodels.reports.findings import Finding, overlap, records, tabulate

Key = str  # survey/item/category/group dimension/group
Terms = list[tuple[float, Key]]

BOTH_TONGUES = "both mother tongues mixed 41 to 59"
SIZES = (255 / 574, 249 / 574, 70 / 574)  # employers by size
OFFICES = (24 / 65, 41 / 65)  # linked offices, in host collaboration or not

# target = constant + sum of weight × share; how it is known
RELATIONS: list[tuple[Key, float, Terms, str]] = [
    (
        "vulnerable_user/other_mother_tongue/yes/benefit/social_assistance",
        100,
        [
            (-1, "vulnerable_user/norwegian_mother_tongue/yes/benefit/social_assistance"),
        ],
        "the complement",
    ),
    (
        "vulnerable_user/norwegian_mother_tongue/yes/benefit/social_assistance",
        100,
        [
            (-1, "vulnerable_user/other_mother_tongue/yes/benefit/social_assistance"),
        ],
        "the complement",
    ),
    (
        "vulnerable_user/receives_benefit/yes/all/all",
        100,
        [
            (-1, "vulnerable_user/composition_benefit_received_multi/none/all/all"),
        ],
        "the complement of those without a benefit in Tabell E-3",
    ),
    (
        "employer/contact_monthly_or_more/yes/employer_size/100_plus",
        0,
        [
            (1, "employer/contact_frequency/weekly_or_more/employer_size/100_plus"),
            (1, "employer/contact_frequency/monthly/employer_size/100_plus"),
        ],
        "weekly and monthly together",
    ),
    (
        "partner/composition_sector/other_or_not_stated/all/all",
        0,
        [
            (1, "partner/sector_annet/other/all/all"),
            (1, "partner/sector_annet/not_stated/all/all"),
        ],
        "other and not stated together",
    ),
    (
        "employer/fixed_contact_person/has/all/all",
        0,
        [
            (SIZES[0], "employer/fixed_contact_person/has/employer_size/under_20"),
            (SIZES[1], "employer/fixed_contact_person/has/employer_size/20_99"),
            (SIZES[2], "employer/fixed_contact_person/has/employer_size/100_plus"),
        ],
        "the three sizes mixed",
    ),
    (
        "employer/fixed_contact_person/has/industry/other_than_manufacturing",
        0,
        [
            (574 / 493, "employer/fixed_contact_person/has/all/all"),
            (-81 / 493, "employer/fixed_contact_person/has/industry/manufacturing"),
        ],
        "all without manufacturing",
    ),
    (
        "vulnerable_user/can_contact_employee_directly/yes/all/all",
        0,
        [
            (0.41, "vulnerable_user/can_contact_employee_directly/yes/mother_tongue/other_mother_tongue"),
            (0.59, "vulnerable_user/can_contact_employee_directly/yes/mother_tongue/norwegian_mother_tongue"),
        ],
        BOTH_TONGUES,
    ),
    (
        "vulnerable_user/improvement/shorter_phone_wait/all/all",
        0,
        [
            (0.41, "vulnerable_user/improvement/shorter_phone_wait/mother_tongue/other_mother_tongue"),
            (0.59, "vulnerable_user/improvement/shorter_phone_wait/mother_tongue/norwegian_mother_tongue"),
        ],
        BOTH_TONGUES,
    ),
    (
        "vulnerable_user/contact_channel/phoned_office_or_counsellor/all/all",
        0,
        [
            (0.41, "vulnerable_user/contact_channel/phoned_counsellor/mother_tongue/other_mother_tongue"),
            (0.59, "vulnerable_user/contact_channel/phoned_counsellor/mother_tongue/norwegian_mother_tongue"),
        ],
        f"{BOTH_TONGUES} (base or wording differs)",
    ),
    (
        "vulnerable_user/satisfaction_contact/satisfied/all/all",
        0,
        [
            (0.41, "vulnerable_user/satisfaction_contact/satisfied/mother_tongue/other_mother_tongue"),
            (0.59, "vulnerable_user/satisfaction_contact/satisfied/mother_tongue/norwegian_mother_tongue"),
        ],
        BOTH_TONGUES,
    ),
    (
        "office/user_channel_most_used/walk_in/all/all",
        0,
        [
            (OFFICES[0], "office/user_channel_most_used/walk_in/office_host_collaboration/host_collaboration"),
            (OFFICES[1], "office/user_channel_most_used/walk_in/office_host_collaboration/not_host_collaboration"),
        ],
        "the 65 linked offices mixed",
    ),
    (
        "office/outreach/some_do/all/all",
        0,
        [
            (OFFICES[0], "office/outreach_any/yes/office_host_collaboration/host_collaboration"),
            (OFFICES[1], "office/outreach_any/yes/office_host_collaboration/not_host_collaboration"),
        ],
        'the 65 linked offices mixed (the parts probably include "most")',
    ),
    (
        "employer/phoned_centre_about/sick_leave_follow_up/all/all",
        0,
        [
            (SIZES[0], "employer/phoned_centre_about/sick_leave_follow_up/employer_size/under_20"),
            (SIZES[1], "employer/phoned_centre_about/sick_leave_follow_up/employer_size/20_99"),
            (SIZES[2], "employer/phoned_centre_about/sick_leave_follow_up/employer_size/100_plus"),
        ],
        "the three sizes mixed, each of which is lower than the whole (base differs)",
    ),
]
# target, and the two parts it must lie between
BETWEEN: list[tuple[Key, tuple[Key, Key]]] = [
    (
        "office/partner_difficulty_cause/no_channel_for_sharing_information/all/all",
        (
            "office/partner_difficulty_cause/no_channel_for_sharing_information/office_size_large_small/large_office",
            "office/partner_difficulty_cause/no_channel_for_sharing_information/office_size_large_small/small_office",
        ),
    ),
    (
        "vulnerable_user/satisfaction_contact/dissatisfied/channel_used/phones_contact_centre",
        (
            "vulnerable_user/satisfaction_contact/dissatisfied/mother_tongue_within_phoning_centre/norwegian_mother_tongue",
            "vulnerable_user/satisfaction_contact/dissatisfied/mother_tongue_within_phoning_centre/other_mother_tongue",
        ),
    ),
]
# printed in two places
ALIKE: list[tuple[Key, Key]] = [
    ("vulnerable_user/employed/yes/all/all", "vulnerable_user/composition_labour_status/employed/all/all"),
]


def relations(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return what other printed shares give for a share: complements, sums, and groups mixed into the whole.

    Examples
    --------
    >>> from navmodels import load_report
    >>> found = relations(load_report("accessibility_2025", "estimates"))
    >>> found["status"].value_counts().to_dict()
    {'reproduced': 9, 'agrees': 6, 'differs': 3}
    """
    known = {key_of(row): row for row in records(estimates[estimates["share"].notna()])}
    found = [_relation(known, *relation) for relation in RELATIONS]
    for target, parts in BETWEEN:
        row, shares = known[target], [known[part].share for part in parts]
        inside = min(shares) <= row.share <= max(shares)
        where = "between" if inside else "outside"
        reason = f"{row.share:g} % lies {where} its two parts, {shares[0]:g} and {shares[1]:g} %."
        found.append(Finding("estimates", row.Index, "share", "agrees" if inside else "differs", reason))
    for one, other in (*ALIKE, *((b, a) for a, b in ALIKE)):
        fits = known[one].share == known[other].share
        reason = f"Printed {'alike' if fits else f'as {known[other].share:g} %'} in {known[other].reference}."
        found.append(Finding("estimates", known[one].Index, "share", "agrees" if fits else "differs", reason))
    return tabulate(found)


def key_of(row: Any) -> Key:
    """Return what a row of the estimates is about, in one word."""
    return "/".join((row.survey_id, row.item_id, row.category, row.group_dim, row.group))


# ---- inside


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
    return Finding(
        "estimates", row.Index, "share", status, f"{'' if fits else 'Contradiction: '}{text}; {printed}.", ours
    )


def _half(row: Any) -> float:
    return 0.5 if row.quality in ("exact", "reconstructed") else 2.5
