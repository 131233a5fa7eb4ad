"""Numbers of the accessibility study that other printed numbers imply: each exception that was found by hand."""

import pandas as pd
import pytest

import navmodels as nav
from navmodels.reports.accessibility_bases import with_bases
from navmodels.reports.accessibility_contradictions import CONTRADICTED, contradictions
from navmodels.reports.accessibility_counts import group_sums, shares_of_counts, whole_counts
from navmodels.reports.accessibility_distributions import distributions
from navmodels.reports.accessibility_relations import BETWEEN, RELATIONS, key_of, relations
from navmodels.reports.accessibility_surveys import survey_sizes


@pytest.fixture(scope="module")
def tables():
    names = ("estimates", "groups", "surveys", "person_user_trend", "contact_volumes")
    return {name: nav.load_report("accessibility_2025", name) for name in names}


@pytest.fixture(scope="module")
def bases(tables):
    return with_bases(tables["estimates"])


def about(found, table, *columns):
    return found.merge(table[list(columns)], left_on="row", right_index=True)


# ---- counts


def test_shares_that_are_not_their_counts(tables):
    found = shares_of_counts(tables["estimates"], tables["groups"])
    wrong = found[(found["status"] == "differs") & (found["table"] == "groups")]
    wrong = about(wrong, tables["groups"], "survey_id", "group", "share_printed", "n")
    assert {(row.group, row.n, row.share_printed) for row in wrong.itertuples()} == {
        ("no_benefit", 56, 16),
        ("age_31_45", 104, 30),
        ("not_stated", 5, 1),
        ("other", 47, 9),
        ("qualification_benefit", 7, 1),
        ("measure_benefit", 5, 1),
        ("under_20", 255, 45),
        ("sport_culture", 21, 3),
    }
    assert len(wrong) == 9  # not stated in two tables
    assert (found["status"] == "reproduced").sum() == 104 + 101
    cut = wrong.loc[wrong["reason"].str.contains("cut off"), "group"]
    assert set(cut) == {"no_benefit", "age_31_45", "sport_culture"}


@pytest.mark.parametrize(
    ("survey", "dim", "total", "status"),
    [
        ("vulnerable_user", "age", 339, "reproduced"),
        ("vulnerable_user", "city", 339, "reproduced"),
        ("vulnerable_user", "location_type_units_not_persons", 33, "reproduced"),
        ("vulnerable_user", "benefit", 345, "differs"),
        ("resident", "region", 1589, "reproduced"),
        ("office", "office_host_collaboration", 65, "reproduced"),
        ("employer", "employer_size", 574, "reproduced"),
        ("employer", "industry", 574, "reproduced"),
        ("partner", "sector", 623, "reproduced"),
        ("person_user_nav", "mother_tongue", 19048, "agrees"),
        ("person_user_nav", "benefit", 16249, "agrees"),
    ],
)
def test_sums_of_groups(tables, survey, dim, total, status):
    groups = tables["groups"]
    rows = groups[(groups["survey_id"] == survey) & (groups["group_dim"] == dim) & groups["n"].notna()]
    assert rows["n"].sum() == total
    found = group_sums(groups)
    said = found[found["row"].isin(rows.index) & found["reason"].str.contains(f"add up to {total:,}")]
    assert said["row"].nunique() == len(rows)
    assert set(said["status"]) == {status}


@pytest.mark.parametrize(
    ("dim", "group", "words"),
    [
        ("benefit", "aap", "add up to 345, 6 more than the 339"),
        ("benefit", "no_benefit", "56 without a benefit in the figures of section 4.2, 53 in Tabell E-3"),
        ("benefit_received_multi", "none", "The printed 16 % is 53 of 339 (15.6 %), not 56 (16.5 %)"),
        ("age", "age_31_44", "857 in the chapter"),
        ("age_table_b1", "age_25_34", "818 in annex B"),
        ("age", "age_45_64", "472 in the chapter (472: 45–64 år), 511 in annex B"),
        ("benefit", "pension", "170 in the chapter (170: Pensjon), 187 in annex B"),
        ("benefit", "disability", "176 in the chapter (176: Uføretrygd), 179 in annex B"),
        ("benefit", "parental_etc", "134 in the chapter (134: Foreldrepenger ol.), 147 in annex B"),
        ("benefit", "sickness_or_aap", "178 in the chapter (178: Sykepenger og AAP), 188 in annex B"),
        ("partner_type", "municipal", "the whole is 620 and the municipal units 623, then 334"),
    ],
)
def test_contradictions_between_sizes(tables, dim, group, words):
    found = about(group_sums(tables["groups"]), tables["groups"], "group_dim", "group")
    rows = found[(found["group_dim"] == dim) & (found["group"] == group) & (found["status"] == "differs")]
    assert rows["reason"].str.contains(words, regex=False).any()


def test_ages_of_65_and_more_are_alike_in_both_places(tables):
    found = about(group_sums(tables["groups"]), tables["groups"], "survey_id", "group_dim", "group")
    rows = found[(found["survey_id"] == "resident") & (found["group"] == "age_65plus")]
    assert set(rows["status"]) == {"agrees", "reproduced"}


def test_bases_that_no_whole_count_fits(bases):
    found = about(whole_counts(bases), bases, "group", "share", "base", "entered")
    wrong = found[found["status"] == "differs"]
    assert {(row.group, row.share, row.base, row.entered) for row in wrong.itertuples()} == {
        ("social_and_state", 41, 43, 41),
        ("all", 87, 74, 72),
        ("all", 48, 74, 73),
        ("host_collaboration", 66, 24, 24),
        ("100_plus", 38, 70, 69),
        ("professional_services", 25, 49, 48),
        ("retail", 24, 69, 68),
        ("upper_secondary_followup", 54, 60, 59),
        ("gp", 43, 45, 44),
        ("gp", 14, 45, 44),
    }
    assert set(whole_counts(bases, fed=bases.index)["status"]) == {"input", "differs"}


def test_sizes_of_surveys_and_response_rate(tables):
    found = survey_sizes(tables["surveys"], tables["groups"], tables["contact_volumes"])
    rate = found[found["quantity"] == "response_rate_pct"].iloc[0]
    assert (rate["ours"], rate["status"]) == (pytest.approx(100 * 74 / 101), "reproduced")
    volumes = about(found[found["table"] == "contact_volumes"], tables["contact_volumes"], "series").set_index("series")
    assert volumes.loc["persons_answering_all_surveys", "ours"] == 1589 + 339 + 74 + 673 + 654
    assert volumes.loc["calls_observed", "ours"] == 59
    assert volumes.loc["phone_contacts_fall", "ours"] == 402946 + 85050 - 280000 - 62884
    assert set(volumes.loc[["nav_offices", "host_collaborations"], "status"]) == {"differs"}


# ---- shares of each other


def test_distributions_add_up(tables):
    found = distributions(tables["estimates"], tables["person_user_trend"])
    rows = about(found[found["table"] == "estimates"], tables["estimates"], "survey_id", "item_id", "group", "category")
    rated = rows[rows["item_id"] == "satisfaction_nav_overall"]
    assert len(rated) == 42
    assert set(rated["status"]) == {"agrees"}
    assert rated["reason"].str.contains("all 6 add up to 100 %").all()
    easy = rows[(rows["survey_id"] == "resident") & (rows["category"] == "mostly_easy")].set_index("group")
    assert easy["status"].to_dict() == {
        "sickness_or_aap": "differs",
        "disability": "agrees",
        "parental_etc": "differs",
        "pension": "differs",
    }
    assert easy["ours"].to_dict() == {"sickness_or_aap": 53, "disability": 38, "parental_etc": 63, "pension": 55}
    assert easy.loc["parental_etc", "reason"].startswith(
        "Contradiction: the other answers leave 63 %; all 3 add up to 89"
    )
    other = rows[(rows["survey_id"] == "resident") & rows["category"].isin(["neither", "mostly_difficult"])]
    assert set(other["status"]) == {"agrees", "input"}


def test_whole_counts_of_small_distributions_add_up_to_the_base(tables):
    found = distributions(tables["estimates"], tables["person_user_trend"])
    rows = about(found[found["table"] == "estimates"], tables["estimates"], "survey_id", "item_id", "group", "n")
    exact = rows[rows["status"] == "reproduced"]
    assert exact.groupby(["item_id", "group"])["n"].first().to_dict() == {
        ("composition_county", "all"): 74,
        ("composition_office_size_fte", "all"): 65,
        ("composition_reception_hours_per_week", "all"): 65,
        ("composition_respondent_role", "all"): 74,
        ("office_employees", "host_collaboration"): 24,
        ("office_employees", "not_host_collaboration"): 41,
    }
    county = rows[rows["item_id"] == "composition_county"]
    assert county.groupby("survey_id")["status"].first().to_dict() == {
        "all_nav_offices": "differs",
        "office": "reproduced",
    }
    assert county.loc[county["survey_id"] == "office", "reason"].str.contains("prints the sum 108").all()
    assert county.loc[county["survey_id"] == "all_nav_offices", "reason"].str.contains("add up to 107 %").all()


def test_relations(tables):
    estimates = tables["estimates"]
    names = {key_of(row): row.Index for row in estimates.itertuples() if pd.notna(row.share)}
    assert {target for target, *_ in RELATIONS} | {target for target, _ in BETWEEN} <= set(names)
    found = relations(estimates).drop_duplicates("row").set_index("row")
    fixed = found.loc[names["employer/fixed_contact_person/has/all/all"]]
    assert fixed["ours"] == pytest.approx((255 * 17 + 249 * 23 + 70 * 19) / 574)
    assert fixed["status"] == "reproduced"
    wrong = {key for key, row in names.items() if row in found.index and found.loc[row, "status"] == "differs"}
    assert wrong == {
        "vulnerable_user/contact_channel/phoned_office_or_counsellor/all/all",
        "office/outreach/some_do/all/all",
        "employer/phoned_centre_about/sick_leave_follow_up/all/all",
    }


def test_every_contradiction_finds_its_numbers(tables):
    estimates = tables["estimates"]
    names = {key_of(row) for row in estimates.itertuples()}
    assert {key for *_, keys in CONTRADICTED for key in keys} <= names
    found = contradictions(estimates, group_sums(tables["groups"]), tables["groups"])
    assert set(found["status"]) == {"differs"}
    for text, *_ in CONTRADICTED:
        assert found["reason"].str.contains(text, regex=False).any()
    needs = estimates.index[(estimates["item_id"] == "dissatisfaction_reason") & estimates["share"].isin([33, 38])]
    assert set(needs[:2]) <= set(found["row"])


# ---- bases


def test_bases(bases):
    kinds = bases.loc[bases["share"].notna(), "base_kind"].value_counts()
    assert kinds["printed"] == bases["n"].notna().sum() - 4  # four counts have no share
    known = {key_of(row): (row.base, row.base_kind) for row in bases.itertuples()}
    assert known["vulnerable_user/satisfaction_contact/satisfied/mother_tongue/other_mother_tongue"] == (139, "assumed")
    assert known["vulnerable_user/improvement/simpler_language/age_two/age_over_30"] == (264, "sum")
    assert known["partner/accessibility/mostly_difficult/municipal_unit/municipal_health_service"] == (40, "assumed")
    assert known["employer/contact_centre_call_reach/reached_a_person/all/all"] == (144, "assumed")
    lost = bases[(bases["base_kind"] == "") & bases["share"].notna()]
    assert set(lost["survey_id"]) == {
        *("population_ssb_12423", "all_nav_offices", "all_enterprises", "employer_survey_nav_2023"),
        *("case_count_winter2025", "case_count_autumn2024", "vulnerable_user", "partner"),
    }
    assert (bases.loc[bases["base_kind"] == "assumed", "base_how"].str.len() > 5).all()
