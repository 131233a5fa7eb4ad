"""What each share of the accessibility study stands on: a base in print, a sum of printed ones, or an assumed one.

The report prints the sizes of its groups, but not of every subset it speaks of. Where a base is assumed, the text says
from what, and callers repeat what rests on it with half and double. Nothing is estimated here.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from navmodels.reports.findings import HALF
from navmodels.reports.single_shares import counts_printing

WEIGHTED = ("resident",)  # surveys with weights, whose counts need not be whole
ANSWERED = 0.9  # a base in print may be too large by those who did not answer; never by more than this

# groups whose size is the sum or difference of sizes in print
SUMS = {
    ("vulnerable_user", "age_two", "age_over_30"): (264, "104 + 134 + 26"),
    ("vulnerable_user", "age_two", "age_under_45"): (179, "75 + 104"),
    ("vulnerable_user", "age_two", "age_over_45"): (160, "134 + 26"),
    ("vulnerable_user", "age_two", "under_45_and_over_65"): (205, "75 + 104 + 26"),
    ("employer", "industry", "other_than_manufacturing"): (493, "574 − 81"),
    ("employer", "contact_with_nav", "no_contact"): (99, "673 − 574"),
    ("resident", "contact_with_nav", "no_contact"): (1714, "3 303 − 1 589"),
}
# groups whose size follows from shares in print
ASSUMED = {
    ("vulnerable_user", "mother_tongue", "other_mother_tongue"): (139, "41 % of 339"),
    ("vulnerable_user", "mother_tongue", "norwegian_mother_tongue"): (200, "59 % of 339"),
    ("vulnerable_user", "mother_tongue_within_no_benefit", "other_mother_tongue"): (43, "77 % of 56"),
    ("vulnerable_user", "mother_tongue_within_no_benefit", "norwegian_mother_tongue"): (13, "23 % of 56"),
    ("vulnerable_user", "mother_tongue_within_phoning_centre", "other_mother_tongue"): (56, "40 % of 139"),
    ("vulnerable_user", "mother_tongue_within_phoning_centre", "norwegian_mother_tongue"): (80, "40 % of 200"),
    ("vulnerable_user", "channel_used", "phones_contact_centre"): (136, "40 % of 339"),
    ("vulnerable_user", "channel_used", "uses_other_channels"): (203, "60 % of 339"),
    ("office", "office_size_large_small", "large_office"): (24, "33 % of 74, which mixes 95 and 52 into 66 %"),
    ("office", "office_size_large_small", "small_office"): (50, "67 % of 74, which mixes 95 and 52 into 66 %"),
    ("partner", "municipal_unit", "refugee_service"): (100, "30 % of 334"),
    ("partner", "municipal_unit", "child_welfare"): (63, "19 % of 334"),
    ("partner", "municipal_unit", "municipal_health_service"): (40, "12 % of 334"),
    ("resident", "receives_from_nav", "receives_benefits"): (461, "23 % and 6 % of 1 589"),
    ("resident", "channel_satisfaction", "dissatisfied_with_all_used"): (28, "8 % of 22 % of 1 589"),
}
# questions that only some of a group were asked
SUBSETS = {
    ("dissatisfaction_reason", "benefit", "social_and_state"): (
        16,
        "35 % of 43, and a base at which 50 and 56 % print",
    ),
    ("dissatisfaction_reason", "benefit", "no_benefit"): (16, "27 % of 56, and a base at which 44 and 50 % print"),
    ("dissatisfaction_reason", "mother_tongue", "other_mother_tongue"): (28, "30 % of 94, which mixes into 33 %"),
    ("dissatisfaction_reason", "mother_tongue", "norwegian_mother_tongue"): (66, "70 % of 94, which mixes into 33 %"),
    ("dissatisfaction_reason", "all", "all"): (94, "28 % of 339, dissatisfied by the mix of channels"),
    ("voluntary_help_with_translation", "mother_tongue", "other_mother_tongue"): (15, "12 % of 139, where 27 % prints"),
    ("channel_satisfaction", "all", "all"): (350, "22 % of 1 589"),
}
# questions to some of a group, of whom nothing in print says how many: a part of the group is assumed
PART = 0.25
GROUPS = {
    ("resident", "all", "all"): 1589, ("employer", "all", "all"): 574,
    ("vulnerable_user", "benefit", "no_benefit"): 56,
}  # fmt: skip


def with_bases(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the estimates with what each share stands on.

    Returns
    -------
    pandas.DataFrame
        The columns given, then `base` (respondents, NaN where none can be had), `base_kind` ("printed", "sum",
        "assumed", or empty), `base_how`, `half` (half the last digit, percent), `hedged` (the printed number is only
        a bound or about), `fits` (False where no whole count out of the printed base prints as the share), `entered`
        (the base used: the largest within a tenth of the printed one at which a count prints so).

    Examples
    --------
    >>> from navmodels import load_report
    >>> table = with_bases(load_report("accessibility_2025", "estimates"))
    >>> gp = table[(table["group"] == "gp") & (table["item_id"] == "improvement")]
    >>> gp[["category", "share", "base", "fits", "entered"]].to_records(index=False).tolist()
    [('direct_contact', 43.0, 45.0, False, 44.0), ('better_digital_systems', 14.0, 45.0, False, 44.0)]
    """
    rows = [_base(row) for row in estimates.itertuples()]
    return pd.concat([estimates, pd.DataFrame(rows, index=estimates.index)], axis=1)


# ---- inside


def _base(row: Any) -> dict[str, Any]:
    base, kind, how = _size(row)
    half = HALF["approx" if row.quality in ("approx", "rounded") else "exact"]
    found: dict[str, Any] = {
        "base": base, "base_kind": kind, "base_how": how, "half": half, "hedged": row.bound != "eq",
        "fits": True, "entered": base,
    }  # fmt: skip
    if pd.isna(row.share) or pd.isna(base) or half > 0.5 or row.survey_id in WEIGHTED:
        return found
    if kind == "printed" and pd.notna(row.count):
        return found | {"fits": bool(row.count in counts_printing(row.share, base))}
    sizes = range(int(base), int(ANSWERED * base) - 1, -1)
    entered = next((m for m in sizes if len(counts_printing(row.share, m))), base)
    return found | {"fits": bool(len(counts_printing(row.share, base))), "entered": float(entered)}


def _size(row: Any) -> tuple[float, str, str]:
    """Return base, how it is known, and from what."""
    if pd.notna(row.n):
        return float(row.n), "printed", ""
    key = (row.survey_id, row.group_dim, row.group)
    subset = (row.item_id, row.group_dim, row.group)
    known: Mapping[Any, tuple[int, str]]
    for known, place, kind in ((SUBSETS, subset, "assumed"), (SUMS, key, "sum"), (ASSUMED, key, "assumed")):
        if place in known:
            return float(known[place][0]), kind, known[place][1]
    if key in GROUPS:
        how = f"a quarter of {GROUPS[key]:,}, since nothing in print says how many were asked"
        return float(round(PART * GROUPS[key])), "assumed", how
    return float("nan"), "", ""
