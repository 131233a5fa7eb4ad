"""The claims of the employer survey 2024, as data: every statement of change or difference in the report.

How a row reads:

- change: `item` in `year_to` against `year_from`. With `group_b` or `item_b` the gap: first minus second.
- difference: `group` against `group_b`, or `item` against `item_b`, in `year_to`.
- order: `item` (or `group`) is an extreme of the set that the note names. With `group_b` the gap is extreme.
- association: `item` is the outcome, `item_b` the predictor. With `year_from` two years are compared; with
  the group dimension `predictor` two coefficients (`rest` stands for all the others).

Where the report only implies a statement, its note begins with "implied"; where two printed numbers or words
disagree it holds "contradiction:".
"""

import re
from importlib.resources import files

import pandas as pd
import pytest

PUBLISHED = files("navmodels") / "reports" / "published" / "employer_2024"
DIRECTIONS = {
    "change": {"up", "down", "unchanged"},
    "difference": {"higher", "lower", "equal"},
    "order": {"highest", "lowest"},
    "association": {"positive", "none", "stronger", "weaker", "equal"},
}
STATED = {"significant", "not significant", "tendency", "difference", "strong", "small"}
GROUPS = {
    "all": {"all"},
    "sector": {"public", "private"},
    "size": {"small", "large", "smallest", "largest"},
    "industry": {"each", "rest"},
    "county": {"each", "rest"},
    "survey": {"employers", "person_users"},
    "contact_person": {"yes", "no", "want", "not_needed"},
    "nav_hire": {"yes", "no"},
    "unit_called": {"employer_phone", "local_office", "aa_support", "rest"},
    "subgroup": {"has_restructuring_challenge"},
}
COMPOUND = {
    "assist_recruitment",
    "assist_restructuring",
    "called_also_employer_phone",
    "called_also_local_office",
    "called_also_working_life_centre",
    "called_only_this_unit",
    "chan_nav_related_all",
    "corona_challenges",
    "digital_solutions_each",
    "exp_assist_recruit_inclusive",
    "exp_assist_recruit_vacancies",
    "exp_assist_recruitment",
    "exp_ia_prevention_assist",
    "exp_workplace_accommodation",
    "hire_inclusive_any",
    "hire_relevance_all_three",
    "interaction_aspects_all",
    "interaction_aspects_any",
    "interaction_aspects_other",
    "measures_followup",
    "recruitment_channels_count",
    "satisfaction_overall_low12",
    "satisfaction_overall_mid34",
    "service_cooperation_each",
    "staff_aspects",
    "survey_results",
    "trust_discretionary_bodies",
    "trust_rule_bound_bodies",
}
PLACE = re.compile(r"(summary|section \d(\.\d)?|appendix \d)(, (figure \d+|table \d))?")


def table(name: str) -> pd.DataFrame:
    with PUBLISHED.joinpath(f"{name}.csv").open(encoding="utf-8") as lines:
        return pd.read_csv(lines, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def claims() -> pd.DataFrame:
    return table("claims").set_index("claim", drop=False)


def printed_levels() -> dict[tuple[str, str, str, str], list[int]]:
    """Levels printed as exact, by item, group and year; several where the print disagrees with itself."""
    trends = table("trends").query("quality == 'exact'")
    keys = trends[["item_id", "group_dim", "group", "year"]].itertuples(index=False, name=None)
    levels: dict[tuple[str, str, str, str], list[int]] = {}
    for key, share in zip(keys, trends["share"], strict=True):
        levels.setdefault(key, []).append(int(share))
    return levels


def test_ids_are_unique_words(claims: pd.DataFrame) -> None:
    assert len(claims) == 325
    assert claims["claim"].is_unique
    assert claims["claim"].str.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*").all()


def test_no_statement_twice(claims: pd.DataFrame) -> None:
    content = ["kind", "item", "item_b", "group_dim", "group", "group_b", "year_from", "year_to"]
    assert not claims.duplicated(content).any()


def test_vocabulary(claims: pd.DataFrame) -> None:
    assert claims["kind"].value_counts().to_dict() == {
        "change": 167,
        "difference": 103,
        "association": 32,
        "order": 23,
    }
    for kind, rows in claims.groupby("kind"):
        assert set(rows["direction"]) == DIRECTIONS[str(kind)]
    assert set(claims["stated"]) == STATED
    for column in ("year_from", "year_to"):
        assert claims[column].isin(["", *map(str, range(2008, 2025))]).all()
    assert claims["change_pp"].str.fullmatch(r"\d*").all()
    for dim, rows in claims.query("group_dim != 'predictor'").groupby("group_dim"):
        assert set(rows["group"]) | set(rows["group_b"]) - {""} <= GROUPS[str(dim)], dim


def test_shape_of_each_kind(claims: pd.DataFrame) -> None:
    change, difference = claims.query("kind == 'change'"), claims.query("kind == 'difference'")
    assert change["year_to"].ne("").all()
    assert set(change.query("year_from == ''").index) == {
        "trust_nav_v_municipality_until_2024",
        "followup_organiser_until_2024",
    }
    assert change.query("year_from != ''").eval("year_from < year_to").all()
    assert difference["year_from"].eq("").all()
    assert (difference["item_b"].ne("") ^ difference["group_b"].ne("")).all()
    assert claims.query("kind == 'order'")[["year_from", "item_b"]].eq("").all().all()
    association = claims.query("kind == 'association'")
    assert association["item_b"].ne("").all()
    assert set(association["group_dim"]) == {"all", "predictor"}
    predictor = association.query("group_dim == 'predictor'")
    assert predictor["group"].eq(predictor["item_b"]).all()
    undated = claims.query("year_to == ''")
    assert set(undated["kind"]) == {"association", "difference"}
    assert undated["note"].str.contains("not printed|no year").all()


def test_every_published_change_is_carried_once(claims: pd.DataFrame) -> None:
    published = table("changes")
    carried = claims.query("changes_row != ''").set_index("changes_row", drop=False)
    assert sorted(map(int, carried.index)) == list(range(66)) == list(published.index)
    assert set(carried["kind"]) == {"change"}
    rows = carried.loc[published.index.map(str)]
    assert rows["item"].tolist() == published["item_id"].tolist()
    for column in ("group_dim", "group", "year_from", "year_to", "change_pp"):
        assert rows[column].tolist() == published[column].tolist()
    words = {"yes": "significant", "no": "not significant", "tendency": "tendency"}
    plain = rows["stated"].where(rows["stated"].isin(words.values()), "unstated")
    assert plain.tolist() == published["stated_significant"].replace(words).tolist()


def test_every_item_is_known(claims: pd.DataFrame) -> None:
    known = set(table("items")["item_id"]) | set(table("trends")["item_id"])
    named = (set(claims["item"]) | set(claims["item_b"])) - {""}
    assert named - known == COMPOUND


def test_references_and_notes(claims: pd.DataFrame) -> None:
    places = claims["reference"].str.split("; ").explode()
    assert places.map(lambda place: PLACE.fullmatch(place) is not None).all()
    assert not claims["note"].str.contains(r"\blines?\b", case=False).any()
    orders = claims.query("kind == 'order' and group_b == '' and group_dim == 'all'")
    assert orders["note"].str.contains("among|of the channels|still the most frequent").all()


def test_directions_agree_with_printed_levels(claims: pd.DataFrame) -> None:
    """Wherever both levels are printed they differ as the claim says (unchanged: by two points at most)."""
    levels = printed_levels()
    signs = {"up": 1, "higher": 1, "down": -1, "lower": -1}
    compared = 0
    for row in claims.query("kind in ['change', 'difference']").itertuples():
        if row.kind == "change" and (row.item_b or row.group_b):
            continue
        first = levels.get((row.item, row.group_dim, row.group, row.year_to))
        other = levels.get(
            (row.item_b or row.item, row.group_dim, row.group_b or row.group, row.year_from or row.year_to)
        )
        if not first or not other:
            continue
        compared += 1
        gap = [a - b for a in first for b in other]
        if row.direction in signs:
            assert min(signs[row.direction] * g for g in gap) > 0, row.claim
        else:
            assert min(map(abs, gap)) <= 2, row.claim
    assert compared >= 60


@pytest.mark.parametrize(
    ("claim", "direction", "stated"),
    [
        ("satisfaction_overall_2018_2022", "up", "strong"),
        ("satisfaction_overall_2023_2024", "unchanged", "not significant"),
        ("satisfaction_overall_2021_public_private", "higher", "strong"),
        ("satisfaction_overall_2024_public_private", "equal", "not significant"),
        ("trust_nav_v_municipality_2024", "higher", "difference"),
        ("trust_tax_highest_2024", "highest", "strong"),
        ("staff_available_2023_2024", "up", "strong"),
        ("understands_needs_2023_2024", "down", "strong"),
        ("satisfaction_overall_by_understands_needs_v_rest_2023", "stronger", "strong"),
        ("satisfaction_overall_by_understands_needs_2023_2024", "weaker", "difference"),
        ("satisfaction_overall_by_rules_easy_2024", "positive", "significant"),
        ("clear_information_by_phone_availability_2023", "positive", "significant"),
        ("clear_information_by_phone_availability_2024", "none", "not significant"),
        ("clear_information_by_staff_quick_efficient_v_rest_2024", "stronger", "difference"),
        ("rules_easy_lowest_2024", "lowest", "strong"),
        ("contact_phone_2023_2024", "down", "strong"),
        ("contact_appointment_2019_2024", "unchanged", "difference"),
        ("contact_person_not_needed_2024_private_public", "higher", "strong"),
        ("hire_some_help_over_time_2023_2024", "up", "significant"),
        ("hired_6m_yes_2021_2022", "up", "strong"),
        ("chan_internal_2024_public_private", "higher", "small"),
        ("impr_nav_easier_contact_v_organiser_2024", "higher", "strong"),
        ("ia_prevention_assist_2022_2023", "up", "tendency"),
        ("ia_expert_subsidy_2024_public_private", "equal", "not significant"),
        ("assist_temp_layoff_2019_2024", "up", "significant"),
        ("who_manager_2024_small_large", "higher", "difference"),
    ],
)
def test_statements_read_by_hand(claims: pd.DataFrame, claim: str, direction: str, stated: str) -> None:
    assert claims.loc[claim, ["direction", "stated"]].tolist() == [direction, stated]


def test_sizes_read_by_hand(claims: pd.DataFrame) -> None:
    """The differences printed in points; the sectors' three are not in the table of changes."""
    printed = claims.query("change_pp != '' and changes_row == ''")["change_pp"].astype(int)
    assert printed.to_dict() == {
        "hire_some_help_over_time_2024_private_public": 10,
        "sick_followup_assist_2023_public_private": 10,
        "dialogue_meetings_2023_public_private": 10,
    }
    carried = claims.query("change_pp != '' and changes_row != ''")["change_pp"].astype(int)
    assert len(carried) == 11
    assert carried["rules_easy_2018_2024"] == 13
    assert carried["info_navno_2023_2024"] == 5


def test_contradictions_in_print_are_noted(claims: pd.DataFrame) -> None:
    noted = set(claims.index[claims["note"].str.contains("contradiction:")])
    assert {
        "satisfaction_overall_2018_2022",  # 74 printed, 73 by the printed change
        "impr_nav_easier_contact_v_organiser_2024",  # 57 and 53
        "ia_prevention_assist_2023_2024",  # 63 and 60
        "workplace_accommodation_2023_2024",  # 69 and 68
        "visit_recruit_vacancies_2023_2024",  # 26 and 19
        "contact_person_not_needed_2024_private_public",  # order of the two numbers
        "clear_information_by_know_how_contact_2024",  # prose and stars
        "hire_needs_norwegian_highest_2024",  # 15 and 14
    } <= noted
    assert len(noted) == 21
