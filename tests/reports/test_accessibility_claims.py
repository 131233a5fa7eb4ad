"""Comparisons of the accessibility study, with the models made up or left out, against integrals."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import navmodels as nav
from navmodels.reports.accessibility_bases import with_bases
from navmodels.reports.accessibility_claims import LIMITS, audit_accessibility_claims, verdict_of
from navmodels.reports.accessibility_comparisons import GroupEvidence, words
from navmodels.reports.accessibility_models import REST, group_cells, group_survey
from navmodels.reports.single_shares import counts_printing

BLANK = ("group_b", "category_b", "item_b", "survey_id_b", "group_dim_b", "level", "share", "share_b")


def statement(kind, place, direction, **more):
    """Return one row of claims; place is survey/item/category/dim/group."""
    survey, item, category, dim, group = place.split("/")
    row = {"claim": "x", "kind": kind, "survey_id": survey, "item_id": item, "category": category, "group_dim": dim}
    row |= {"group": group, "direction": direction, "overlap": "no", "comparable": "yes", "reference": "section 1"}
    return pd.DataFrame([{**dict.fromkeys(BLANK, np.nan), **row, **more}])


@pytest.fixture(scope="module")
def evidence():
    """Return what is in print, without any model."""
    estimates = with_bases(nav.load_report("accessibility_2025", "estimates"))
    return GroupEvidence(estimates, group_cells(estimates), {}, seed=1, draws=8000)


@pytest.fixture
def judge(evidence):
    return lambda claim, **fits: audit_accessibility_claims(
        claim, GroupEvidence(evidence.estimates, evidence.cells, fits, 1)
    ).iloc[0]


def above(first, second):
    """Return P(first > second) of two mixtures of Jeffreys posteriors, each (counts, n), by integration."""
    grid = np.linspace(0, 1, 20001)[1:-1]
    density = np.mean([stats.beta(k + 0.5, first[1] - k + 0.5).pdf(grid) for k in first[0]], axis=0)
    below = np.mean([stats.beta(k + 0.5, second[1] - k + 0.5).cdf(grid) for k in second[0]], axis=0)
    return float(np.trapezoid(density * below, grid))


# ---- one at a time, by integration


def test_gp_against_the_whole_they_belong_to(judge):
    place = "partner/accessibility/mostly_difficult/partner_type/gp"
    found = judge(statement("difference", place, "higher", group_b="all", overlap="yes"))
    rest = (14 * 623 - 24 * 45) / 578
    half = (0.5 * 623 + 0.5 * 45) / 578
    exact = above(([11.0], 45), (counts_printing(rest, 578, half=half), 578))
    assert found["p_unpooled"] == pytest.approx(exact, abs=0.004)
    assert np.isnan(found["p_pooled"])
    assert (found["verdict"], found["smallest_base"], found["base_assumed"]) == ("stands", 45, "no")
    assert "held against the 578 outside it" in found["reason"]
    assert "taken as independent" not in found["reason"]


def test_two_groups(judge):
    place = "office/user_channel_most_used/walk_in/office_host_collaboration/host_collaboration"
    found = judge(statement("difference", place, "lower", group_b="not_host_collaboration"))
    assert found["p"] == pytest.approx(above(([22.0], 41), ([7.0], 24)), abs=0.004)
    assert (found["printed"], found["printed_b"]) == (29, 54)
    assert found["mean"] == pytest.approx(100 * (7.5 / 25 - 22.5 / 42), abs=0.5)


@pytest.mark.parametrize(("direction", "verdict"), [("above", "stands"), ("below", "open")])
def test_level(judge, direction, verdict):
    place = "vulnerable_user/satisfaction_contact/satisfied/benefit/social_assistance"
    found = judge(statement("level", place, direction, level=50.0))
    exact = float(stats.beta(44.5, 14.5).sf(0.5))
    assert found["p"] == pytest.approx(exact if direction == "above" else 1 - exact, abs=0.001)
    assert found["verdict"] == verdict


def test_answers_of_the_same_respondents_are_not_independent(judge):
    place = "vulnerable_user/improvement/shorter_reply_time/all/all"
    found = judge(statement("answer", place, "higher", category_b="shorter_phone_wait"))
    k, m = (np.mean(counts_printing(share, 339)) for share in (22, 18))
    p, q = (k + 0.5) / 340.5, (m + 0.5) / 340.5
    sd = np.sqrt((p + q - (p - q) ** 2) / 341.5)  # of a Dirichlet
    assert found["p"] == pytest.approx(stats.norm.cdf((p - q) / sd), abs=0.01)
    assert "cautious" in found["reason"]


def test_register_has_no_sampling_error(judge):
    place = "office/composition_office_size_fte/fte_over_100/all/all"
    claim = statement("survey", place, "higher", group_b="all", survey_id_b="all_nav_offices", share=25.0, share_b=16.0)
    assert judge(claim)["p"] == pytest.approx(float(stats.beta(16.5, 49.5).sf(0.16)), abs=0.003)


def test_highest_is_against_the_best_of_the_others(judge):
    place = "employer/fixed_contact_person/wants/employer_size/100_plus"
    found = judge(statement("order", place, "highest", group_b="others"))
    against = [above(([40.0], 70), (counts_printing(share, n), n)) for share, n in ((28, 255), (34, 249))]
    assert np.prod(against) - 0.005 <= found["p"] <= min(against) + 0.005
    assert found["verdict"] == "stands"


def test_same_is_within_five_points(judge):
    place = "partner/fixed_contact_person/no_need/partner_type/gp"
    found = judge(statement("difference", place, "same", group_b="other_health", share=60.0, share_b=60.0))
    assert 0.3 < found["p"] < 0.45  # ± 5 points are about half a standard error
    assert "P(same by at most 5 points)" in found["reason"]


def test_assumed_bases_are_halved_and_doubled(judge):
    place = "vulnerable_user/can_contact_employee_directly/yes/mother_tongue/other_mother_tongue"
    found = judge(statement("difference", place, "lower", group_b="norwegian_mother_tongue"))
    exact = [stats.norm.cdf(0.12 / np.sqrt(0.25 / (139 * f) + 0.62 * 0.38 / (200 * f))) for f in (1.0, 0.5, 2.0)]
    assert found["p"] == pytest.approx(exact[0], abs=0.01)
    columns = ["verdict", "verdict_half_base", "verdict_double_base"]
    assert found[columns].tolist() == [verdict_of(p) for p in exact] == ["stands", "leans", "stands"]
    assert "With half the assumed base the verdict is leans." in found["reason"]
    assert "41 % of 339" in found["reason"]


def test_weighted_survey_is_repeated_with_a_design_effect(judge):
    place = "resident/has_fixed_counsellor/yes/benefit/parental_etc"
    found = judge(statement("difference", place, "higher", group_b="pension", overlap="yes"))
    exact = [stats.norm.cdf(0.07 / np.sqrt(d * (0.13 * 0.87 / 134 + 0.06 * 0.94 / 170))) for d in (1.0, 1.5)]
    assert [verdict_of(p) for p in exact] == ["stands", "stands"]
    assert (found["verdict"], found["verdict_design_effect"]) == ("stands", "stands")
    assert "weighted" in found["reason"]
    assert "groups overlap by a number not in print" in found["reason"]


def test_unsafe_values_are_tried_both_ways(judge):
    place = "resident/accessibility/mostly_easy/benefit/parental_etc"
    found = judge(statement("order", place, "highest", group_b="others"))
    assert found["p"] < 0.3  # 52 below 55 and 53
    assert found["verdict"] == "open"
    assert found["verdict_complement"] == "leans"  # 63 above 55 and 53


def test_bound_on_the_cautious_side_is_used_and_others_are_not(judge):
    place = "partner/formalised_cooperation/has/partner_type/gp"
    lower = judge(statement("difference", place, "lower", group_b="measure_organiser"))
    assert lower["p"] > 0.99  # under 50 against 86
    assert "is a bound; taken as it stands" in lower["reason"]
    higher = judge(statement("difference", place, "higher", group_b="measure_organiser"))
    assert pd.isna(higher["verdict"])
    assert higher["reason"] == "Cannot be judged: the share of GP is printed only as under 50 %."


@pytest.mark.parametrize(
    ("claim", "lacks"),
    [
        (
            statement("difference", "partner/improvement/direct_contact/partner_type/gp", "higher", group_b="others"),
            "neither the share of the others nor that of all is in print with a base",
        ),
        (
            statement(
                "difference", "vulnerable_user/improvement/counsellor_competence/benefit/aap", "higher", group_b="all"
            ),
            "no share of aap is in print",
        ),
        (
            statement("order", "employer/contact_channel/nav_no/employer_size/100_plus", "highest", group_b="others"),
            "no other group of this question has its share in print",
        ),
        (
            statement("level", "vulnerable_user/satisfaction_contact/satisfied/all/all", "above", level=50.0),
            "printed only as over 50 %",
        ),
    ],
)
def test_what_cannot_be_judged_says_why(judge, claim, lacks):
    found = judge(claim)
    assert pd.isna(found["verdict"])
    assert np.isnan(found["p"])
    assert lacks in found["reason"]


# ---- pooled draws


def test_pooled_draws_decide_and_the_rest_is_weighted_in(judge):
    """The others are the two other groups and the rest, weighted by size: 0.5, 0.5 and 0.1 by 334, 29 and 200."""
    question = "accessibility: mostly_easy"
    shares = {"upper_secondary_followup": 0.4, "municipal": 0.5, "measure_organiser": 0.5, REST: 0.1}
    cells = {(question, group): np.full(4000, share) for group, share in shares.items()}
    place = f"partner/{question.replace(': ', '/')}/partner_type/upper_secondary_followup"
    claim = statement("difference", place, "higher", group_b="all", overlap="yes")
    found = judge(claim, **{"partner × partner_type": cells})
    others = (334 * 0.5 + 29 * 0.5 + 200 * 0.1) / 563
    assert found["mean"] == pytest.approx(100 * (0.4 - others))
    assert (found["p_pooled"], found["p"], found["verdict"]) == (1.0, 1.0, "stands")
    assert 0.9 < found["p_unpooled"] < 1.0


def test_variants_use_their_own_models(judge):
    question = "can_contact_employee_directly: yes"
    groups = ("other_mother_tongue", "norwegian_mother_tongue")

    def cells(first, second):
        return {(question, group): np.full(4000, share) for group, share in zip(groups, (first, second), strict=True)}

    name = "vulnerable_user × mother_tongue"
    fits = {name: cells(0.5, 0.6), f"{name}, base × 0.5": cells(0.6, 0.5), f"{name}, base × 2": cells(0.5, 0.6)}
    place = f"vulnerable_user/{question.replace(': ', '/')}/mother_tongue/other_mother_tongue"
    found = judge(statement("difference", place, "lower", group_b="norwegian_mother_tongue"), **fits)
    columns = ["verdict", "verdict_half_base", "verdict_double_base"]
    assert found[columns].tolist() == ["stands", "open", "stands"]


def test_verdicts():
    assert [verdict_of(p) for p in (*LIMITS, 0.9499, 0.7999, 0.0)] == ["stands", "leans", "leans", "open", "open"]


def test_words():
    assert words("social_and_state") == "social and state"


# ---- cells of the models


def test_cells(evidence):
    cells = evidence.cells
    assert cells.groupby("model")["question"].nunique().to_dict() == {
        "employer × employer_size": 7,
        "employer × industry": 2,
        "office × office_host_collaboration": 6,
        "partner × partner_type": 7,
        "resident × age": 3,
        "resident × benefit": 6,
        "vulnerable_user × age": 7,
        "vulnerable_user × benefit": 13,
        "vulnerable_user × mother_tongue": 13,
    }
    assert (cells.groupby(["model", "question"])["group"].nunique() >= 2).all()
    assert not cells.duplicated(["model", "question", "group"]).any()
    rest = cells[(cells["group"] == REST) & (cells["question"] == "accessibility: mostly_difficult")].iloc[0]
    assert (rest["n"], rest["share"]) == (578 + 45 - 44 - 1, 13)
    fixed = cells[(cells["model"] == "partner × partner_type") & (cells["question"] == "fixed_contact_person: no_need")]
    assert fixed.empty  # one number for two groups together


def test_shares_enter_exactly_where_a_count_prints_so(evidence):
    cells = evidence.cells[evidence.cells["model"] == "office × office_host_collaboration"]
    survey = group_survey(cells)
    table = survey.to_xarray().to_dataframe()
    walk_in = table[table["question"] == "user_channel_most_used: walk_in"].set_index("group")
    assert walk_in["count_low"].to_dict() == {"host_collaboration": 7, "not_host_collaboration": 22}
    odd = table[(table["question"] == "outreach_any: yes") & (table["group"] == "host_collaboration")].iloc[0]
    assert np.isnan(odd["trials"])  # 66 % of 24 is no count
    assert odd["sd"] == pytest.approx(np.sqrt(0.66 * 0.34 / 24) / (0.66 * 0.34))


def test_bases_of_a_variant(evidence):
    cells = evidence.cells[evidence.cells["model"] == "vulnerable_user × mother_tongue"]
    assert cells["assumed"].all()
    whole, half = (group_survey(cells, base_factor=factor).cells["n"].to_numpy() for factor in (1.0, 0.5))
    assert np.abs(half - whole / 2).max() <= 0.5
