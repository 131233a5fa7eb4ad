import pandas as pd
import pytest

from navmodels.reports import load_report
from navmodels.reports.associations import association_verdicts

CLAIMS, REGRESSIONS = (load_report("employer_2024", table) for table in ("claims", "regressions"))


def verdict(claims: pd.DataFrame, name: str, regressions: pd.DataFrame = REGRESSIONS) -> str:
    return association_verdicts(claims, regressions).set_index("claim").loc[name, "verdict"]


def test_every_association_has_one_verdict():
    found = association_verdicts(CLAIMS, REGRESSIONS)
    assert found["claim"].tolist() == CLAIMS.loc[CLAIMS["kind"] == "association", "claim"].tolist()
    assert found["verdict"].value_counts().to_dict() == {"agrees": 27, "not reproducible": 3, "differs": 2}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("clear_information_by_know_how_contact_2024", "differs"),  # called significant, no star
        ("comp_industry_by_assist_recruitment", "differs"),  # called strong, smallest of five
        ("comp_industry_by_measures_followup", "agrees"),
        ("clear_information_by_phone_availability_2024", "agrees"),  # called not significant, no star
        ("trust_nav_by_satisfaction_overall", "not reproducible"),
        ("satisfaction_overall_by_staff_aspects_2023_2024", "not reproducible"),
        ("satisfaction_overall_by_understands_needs_v_rest_2023", "agrees"),
    ],
)
def test_verdicts(name, expected):
    assert verdict(CLAIMS, name) == expected


def test_opposite_claims_get_the_opposite_verdict():
    opposite = {"weaker": "stronger", "stronger": "weaker", "positive": "none", "none": "positive"}
    turned = CLAIMS.assign(direction=CLAIMS["direction"].replace(opposite))
    before, after = (association_verdicts(claims, REGRESSIONS).set_index("claim") for claims in (CLAIMS, turned))
    compared = CLAIMS.loc[(CLAIMS["kind"] == "association") & CLAIMS["direction"].isin(list(opposite)), "claim"]
    compared = [name for name in compared if before.loc[name, "verdict"] == "agrees"]
    assert len(compared) == 24
    assert {after.loc[name, "verdict"] for name in compared} == {"differs"}


def test_equal_fails_only_when_the_stars_exclude_it():
    name = "satisfaction_overall_by_understands_needs_v_staff_quick_efficient_2024"
    assert verdict(CLAIMS, name) == "agrees"
    false = REGRESSIONS.copy()
    false.loc[(false["term"] == "understands_needs") & (false["year"] == 2024), "coef"] = 3.3  # ± 1.0 at most
    assert verdict(CLAIMS, name, false) == "differs"


def test_a_change_that_cannot_be_significant_differs():
    name = "satisfaction_overall_by_understands_needs_2023_2024"
    assert verdict(CLAIMS, name) == "agrees"
    false = REGRESSIONS.copy()
    chosen = (false["outcome"] == "satisfaction_overall") & (false["term"] == "understands_needs")
    false.loc[chosen, "coef"], false.loc[chosen, "stars"] = [0.20, 0.18], "*"
    assert verdict(CLAIMS, name, false) == "differs"
