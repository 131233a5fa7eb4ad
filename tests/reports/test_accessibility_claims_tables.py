"""The claims of the accessibility study 2025, as data: every comparison that its text draws, joined to the estimates.

How a row reads:

- difference: `group` against `group_b`, which lies in `group_dim_b` when that is given; "all" is everyone in the
  survey, "others" every other group of the dimension.
- order: `group` is an extreme among the groups of its dimension, printed or not.
- level: the share of `group` is above or below `level` percent.
- answer: `category` against `category_b` (of `item_b`, when that is given) in the same group.
- survey: as a difference, with the other side in `survey_id_b`.

The direction is the one the text states, also where its own numbers disagree.
"""

import re
from importlib.resources import files

import pandas as pd
import pytest

from navmodels.reports.folders import load_report

PUBLISHED = files("navmodels") / "reports" / "published" / "accessibility_2025"
DIRECTIONS = {
    "difference": {"higher", "lower", "same"},
    "order": {"highest", "lowest"},
    "level": {"above", "below"},
    "answer": {"higher", "same"},
    "survey": {"higher", "lower"},
}
# what the text speaks of and no table has a number for
UNPRINTED_ITEMS = {
    ("resident", "last_contact_achieved"),
    ("resident", "improvement"),
    ("employer", "contact_centre_phone_satisfaction"),
    ("partner", "contact_centre_phone_satisfaction"),
    ("resident", "contact_centre_phone_satisfaction"),
}
UNPRINTED_GROUPS = {
    ("vulnerable_user", "mother_tongue_within_social_assistance", "other_mother_tongue"),
    ("vulnerable_user", "mother_tongue_within_social_assistance", "norwegian_mother_tongue"),
    ("vulnerable_user", "mother_tongue_within_other_benefits", "other_mother_tongue"),
    ("vulnerable_user", "mother_tongue_within_other_benefits", "norwegian_mother_tongue"),
    ("employer", "fixed_contact_person", "has"),
}
# the words of the report against its own numbers
PRINT_DISAGREES = {
    "user_can_contact_employee_directly_mother_tongue_within_no_benefit"
    "_norwegian_mother_tongue_v_other_mother_tongue",  # more with Norwegian, 46 and 65
    "resident_accessibility_mostly_easy_parental_etc_highest",  # 52, below 55 and 53
    "resident_accessibility_mostly_easy_pension_v_sickness_or_aap",  # more satisfied, 53 and 55
    "resident_composition_age_table_b1_age_65plus_v_age_25_34",  # most over 65, 16 and 23
    "resident_composition_labour_status_retired_v_population_ssb_12423",  # over-represented, 16 and 16
    "employer_phoned_centre_about_sick_leave_follow_up_under_20_above_50",  # most whatever the size, 37
}
PLACE = re.compile(
    r"summary|chapter \d|section \d(\.\d){1,2}( \(box\))?|box after section 4\.4(, chart for 2023)?"
    r"|Figur \d-\d+|Tabell [\dA-E]-\d|Vedlegg [A-E]"
)

Side = tuple[str, str, str, str, str]


def table(name: str) -> pd.DataFrame:
    with PUBLISHED.joinpath(f"{name}.csv").open(encoding="utf-8") as lines:
        return pd.read_csv(lines, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def claims() -> pd.DataFrame:
    return table("claims").set_index("claim", drop=False)


@pytest.fixture(scope="module")
def printed() -> dict[Side, set[float]]:
    """The printed shares of each side; several where the report contradicts itself."""
    shares: dict[Side, set[float]] = {}
    for row in table("estimates").query("share != ''").itertuples():
        side = (row.survey_id, row.item_id, row.category, row.group_dim, row.group)
        shares.setdefault(side, set()).add(float(row.share))
    return shares


def first(row: pd.Series) -> Side:
    return row["survey_id"], row["item_id"], row["category"], row["group_dim"], row["group"]


def second(row: pd.Series) -> Side:
    group_dim, group = row["group_dim_b"] or row["group_dim"], row["group_b"]
    if row["kind"] == "answer":
        group_dim, group = row["group_dim"], row["group"]
    elif group == "all":
        group_dim = "all"
    return (
        row["survey_id_b"] or row["survey_id"],
        row["item_b"] or row["item_id"],
        row["category_b"] or row["category"],
        group_dim,
        group,
    )


def test_names_are_unique_words(claims: pd.DataFrame) -> None:
    assert len(claims) == 322
    assert claims["claim"].is_unique
    assert claims["claim"].str.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*").all()


def test_no_comparison_twice_nor_the_other_way_round(claims: pd.DataFrame) -> None:
    pairs = claims.query("kind not in ['order', 'level'] and group_b != 'others'")
    sides = [frozenset([first(row), second(row)]) for _, row in pairs.iterrows()]
    assert len(set(sides)) == len(sides)
    assert all(len(side) == 2 for side in sides)
    assert not claims.duplicated(["kind", *claims.columns[2:12], "direction", "level"]).any()


def test_vocabulary(claims: pd.DataFrame) -> None:
    assert claims["kind"].value_counts().to_dict() == {
        "difference": 161,
        "level": 57,
        "order": 45,
        "answer": 31,
        "survey": 28,
    }
    for kind, rows in claims.groupby("kind"):
        assert set(rows["direction"]) <= DIRECTIONS[str(kind)], kind
    for column in ("overlap", "comparable"):
        assert set(claims[column]) == {"yes", "no"}
    for column in ("share", "share_b"):
        assert claims[column].str.fullmatch(r"\d*").all()


def test_shape_of_each_kind(claims: pd.DataFrame) -> None:
    of = dict(iter(claims.groupby("kind")))
    assert of["difference"]["group_b"].ne("").all()
    assert of["difference"][["category_b", "item_b", "survey_id_b", "level"]].eq("").all(axis=None)
    assert of["order"]["group_b"].eq("others").all()
    assert of["order"][["share_b", "category_b", "item_b", "survey_id_b", "level"]].eq("").all(axis=None)
    assert set(of["level"]["level"]) == {"50", "70"}
    assert of["level"][["group_b", "share_b", "category_b", "item_b", "survey_id_b"]].eq("").all(axis=None)
    assert of["answer"]["category_b"].ne("").all()
    assert of["answer"][["group_b", "survey_id_b", "level"]].eq("").all(axis=None)
    assert of["survey"][["survey_id_b", "group_b"]].ne("").all(axis=None)
    assert (of["survey"]["survey_id_b"] != of["survey"]["survey_id"]).all()
    assert claims.query("group_b == 'others'")["share_b"].eq("").all()


def test_every_share_stands_in_the_estimates(claims: pd.DataFrame, printed: dict[Side, set[float]]) -> None:
    for name, row in claims.iterrows():
        if row["share"]:
            assert float(row["share"]) in printed[first(row)], name
        if row["share_b"]:
            assert float(row["share_b"]) in printed[second(row)], name


def test_most_comparisons_have_both_sides_in_print(claims: pd.DataFrame) -> None:
    both = claims.query("share != '' and share_b != ''")
    assert len(both) == 165
    assert len(both.query("comparable == 'yes' and kind == 'difference'")) == 118
    said = both[~both["note"].str.startswith("implied: ")]
    assert len(said) == 114


def test_a_share_left_out_is_a_bound_or_not_in_print(claims: pd.DataFrame, printed: dict[Side, set[float]]) -> None:
    bounds = table("estimates").query("bound in ['gt', 'lt']")
    only_bound = {(r.survey_id, r.item_id, r.category, r.group_dim, r.group) for r in bounds.itertuples()}
    for name, row in claims.iterrows():
        if not row["share"]:
            assert first(row) in only_bound or first(row) not in printed or row["note"].count("no number printed"), name
        if not row["share_b"] and row["group_b"] not in ("", "others"):
            assert second(row) in only_bound or second(row) not in printed, name


def test_items_answers_and_groups_are_known(claims: pd.DataFrame) -> None:
    estimates, groups = table("estimates"), table("groups")
    items = set(estimates[["survey_id", "item_id"]].itertuples(index=False, name=None))
    answers = set(estimates[["item_id", "category"]].itertuples(index=False, name=None))
    known = {
        key
        for frame in (estimates, groups)
        for key in frame[["survey_id", "group_dim", "group"]].itertuples(index=False, name=None)
    }
    known |= {(survey, "all", "all") for survey in estimates["survey_id"]} | UNPRINTED_GROUPS
    used_items, used_groups = set(), set()
    for name, row in claims.iterrows():
        for survey, item, category, group_dim, group in (first(row), second(row))[: 1 if row["kind"] == "level" else 2]:
            used_items.add((survey, item))
            used_groups.add((survey, group_dim, group))
            assert (survey, item) in items | UNPRINTED_ITEMS, name
            assert (item, category) in answers or item in {i for _, i in UNPRINTED_ITEMS}, name
            assert group == "others" or (survey, group_dim, group) in known, name
    assert used_items >= UNPRINTED_ITEMS
    assert used_groups >= UNPRINTED_GROUPS


def test_directions_agree_with_the_print_save_where_it_contradicts_itself(
    claims: pd.DataFrame, printed: dict[Side, set[float]]
) -> None:
    disagree = set()
    for name, row in claims.query("share != ''").iterrows():
        share = float(row["share"])
        if row["kind"] == "level":
            others = [float(row["level"])]
        elif row["kind"] == "order":
            survey, item, category, group_dim, group = first(row)
            others = [
                value
                for (*same, other), values in printed.items()
                if same == [survey, item, category, group_dim] and other != group
                for value in values
            ]
        else:
            others = [float(row["share_b"])] if row["share_b"] else []
        agrees = {
            "higher": all(share > other for other in others),
            "lower": all(share < other for other in others),
            "same": all(abs(share - other) <= 6 for other in others),
            "highest": all(share >= other for other in others),
            "lowest": all(share <= other for other in others),
            "above": all(share > other for other in others),
            "below": all(share < other for other in others),
        }[row["direction"]]
        disagree |= set() if agrees else {name}
    assert disagree == PRINT_DISAGREES
    assert claims.loc[list(PRINT_DISAGREES), "note"].str.contains("contradiction: ").all()


def test_overlap(claims: pd.DataFrame) -> None:
    """Part against whole, residents' benefits and several answers overlap; exclusive groups do not."""
    within = claims.query("kind in ['difference', 'order']")
    assert (within.query("group_b == 'all'")["overlap"] == "yes").all()
    residents = within.query("survey_id == 'resident' and group_dim == 'benefit'")
    assert len(residents) == 30
    assert (residents["overlap"] == "yes").all()
    rest = within.query("group_b != 'all'").drop(residents.index)
    assert set(rest.query("overlap == 'yes'").index) == {
        "user_satisfaction_contact_dissatisfied_phones_contact_centre_v_uses_other_channels",
        "partner_fixed_contact_person_has_refugee_service_v_municipal",
    }
    several = set(table("estimates").query("multi_select == 'yes'")["item_id"]) - {"contact_centre_call_reach"}
    answers = claims.query("kind == 'answer' and overlap == 'no'")
    assert not set(answers["item_id"]) & several


def test_comparable(claims: pd.DataFrame) -> None:
    across = claims.query("kind == 'survey'")
    fair = across.query("comparable == 'yes'")
    assert set(fair["survey_id_b"]) == {"all_nav_offices"}
    assert len(fair) == 4
    assert across.query("comparable == 'no'")["note"].str.contains("other |another|against|starts at").all()
    assert set(claims.query("kind != 'survey' and comparable == 'no'").index) == {
        "resident_tried_contact_without_success_disability_v_others",
        "resident_channel_dissatisfied_chatbot_dissatisfied_v_channel_dissatisfied_phone_centre",
    }


def test_references_and_notes(claims: pd.DataFrame) -> None:
    places = claims["reference"].str.split("; ").explode()
    assert places.map(lambda place: PLACE.fullmatch(place) is not None).all()
    assert not claims["note"].str.contains(r"\blines?\b|[æøå]", case=False).any()
    implied = claims["note"].str.contains("implied: ")
    assert (implied == claims["note"].str.startswith("implied: ")).all()
    assert claims["note"].str.contains("contradiction: ").sum() == 45


def test_a_base_without_size_is_noted(claims: pd.DataFrame) -> None:
    """Reference populations have no size; everybody else's is noted when it is missing."""
    frame = table("estimates").query("n != ''")
    sized = {(r.survey_id, r.item_id, r.category, r.group_dim, r.group) for r in frame.itertuples()}
    for name, row in claims.iterrows():
        sides = [side for side, share in ((first(row), row["share"]), (second(row), row["share_b"])) if share]
        missing = [side for side in sides if side not in sized and not side[0].startswith(("all_", "population_"))]
        assert bool(missing) == ("size not printed: " in row["note"]), name


def test_load_report_gives_the_claims_and_counts_none_as_numbers() -> None:
    claims = load_report("accessibility_2025", "claims")
    assert list(claims.attrs["columns"]) == list(claims.columns)
    assert (str(claims["level"].dtype), str(claims["share"].dtype)) == ("Int64", "float64")
    assert "claims" not in set(load_report("accessibility_2025")["table"])


@pytest.mark.parametrize(
    ("claim", "direction", "share", "share_b"),
    [
        ("user_satisfaction_contact_dissatisfied_disability_v_social_and_state", "higher", 40, 35),
        ("user_satisfaction_contact_satisfied_social_assistance_highest", "highest", 76, None),
        ("user_satisfaction_contact_satisfied_other_mother_tongue_v_norwegian_mother_tongue", "higher", 60, 44),
        ("user_satisfaction_contact_dissatisfied_age_19_30_v_age_46_64", "lower", 15, 35),
        ("user_can_contact_employee_directly_other_mother_tongue_v_norwegian_mother_tongue", "lower", 50, 62),
        ("user_improvement_direct_contact_with_counsellor_social_and_state_v_all", "higher", 30, 17),
        ("user_improvement_easier_interpreter_other_mother_tongue_v_norwegian_mother_tongue", "higher", 4, 0),
        ("office_user_channel_most_used_walk_in_host_collaboration_v_not_host_collaboration", "lower", 29, 54),
        ("office_outreach_any_host_collaboration_v_not_host_collaboration", "higher", 66, 54),
        (
            "office_partner_difficulty_cause_no_channel_for_sharing_information_large_office_v_small_office",
            "higher",
            95,
            52,
        ),
        ("resident_accessibility_mostly_difficult_disability_v_sickness_or_aap", "higher", 24, 10),
        ("resident_channel_dissatisfied_chatbot_dissatisfied_v_channel_dissatisfied_phone_centre", "higher", 39, 30),
        ("employer_fixed_contact_person_wants_100_plus_v_under_20", "higher", 57, 28),
        ("employer_fixed_contact_person_has_manufacturing_v_other_than_manufacturing", "higher", 32, 17),
        ("employer_accessibility_mostly_difficult_professional_services_v_education", "higher", 25, 12),
        ("employer_phoned_centre_about_sick_leave_follow_up_100_plus_v_20_99", "higher", 74, 55),
        ("partner_accessibility_mostly_difficult_gp_v_all", "higher", 24, 14),
        ("partner_accessibility_mostly_easy_upper_secondary_followup_highest", "highest", 58, None),
        ("partner_improvement_better_digital_systems_measure_organiser_v_gp", "higher", 21, 14),
        (
            "nav_survey_satisfaction_nav_overall_6_very_satisfied_other_mother_tongue_v_norwegian_mother_tongue",
            "higher",
            36,
            29,
        ),
    ],
)
def test_comparisons_read_by_hand(
    claims: pd.DataFrame, claim: str, direction: str, share: int, share_b: int | None
) -> None:
    row = claims.loc[claim]
    assert row["direction"] == direction
    assert [row["share"], row["share_b"]] == [str(share), "" if share_b is None else str(share_b)]


def test_sentences_read_by_hand_without_a_number(claims: pd.DataFrame) -> None:
    assert claims.loc["user_satisfaction_contact_satisfied_above_50", ["direction", "level"]].tolist() == [
        "above",
        "50",
    ]
    assert claims.loc["employer_accessibility_mostly_easy_below_50", ["direction", "share"]].tolist() == ["below", ""]
    partners = claims.loc["partner_accessibility_mostly_easy_v_employer"]
    assert partners[["direction", "share", "share_b", "comparable"]].tolist() == ["higher", "45", "", "no"]
    assert claims.loc["user_improvement_longer_opening_hours_v_resident", "direction"] == "higher"
