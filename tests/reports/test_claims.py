from dataclasses import replace

import pandas as pd
import pytest

from navmodels.reports.claims import audit_employer_claims
from navmodels.reports.evidence import EmployerEvidence

BATTERY = {"likes": "opinions", "trusts": "opinions", "opinion_other": "opinions", "phones": "channels"}
COLUMNS = ["series", "item", "group", "year", "share", "n", "n_printed", "extra_sd", "source"]
NUMBERS = ["mean", "lower", "upper", "p_increase", "class"]


def statement(**given):
    """Return one statement with the columns of the published table."""
    row = {
        "claim": "one", "kind": "change", "item": "visit_recruit_vacancies", "item_b": None, "group_dim": "all",
        "group": "all", "group_b": None, "year_from": pd.NA, "year_to": 2024, "direction": "up", "stated": "difference",
        "note": None,
    } | given  # fmt: skip
    types = {"year_from": "Int64", "year_to": "Int64", "item_b": "str", "group_b": "str", "note": "str"}
    return pd.DataFrame([row]).astype(types)


def audited(claims, evidence):
    found = audit_employer_claims(claims, evidence)
    assert len(found) == len(claims)
    return found.iloc[0]


def direct(*rows):
    return pd.DataFrame([(item, item, "all", *rest, 0.0, source) for item, *rest, source in rows], columns=COLUMNS)


@pytest.fixture(scope="module")
def years(labelled):
    """Return a function from z to draws of one series whose change 2023–2024 has an sd of one point."""

    def draws(z, series="visit_recruit_vacancies"):
        pair = labelled("year", {2023: (0.21, 0.0), 2024: (0.21 + 0.01 * z, 0.01)})
        return pair.expand_dims(series=[series], axis=2)

    return draws


@pytest.fixture
def evidence(labelled, published, years):
    levels = direct(
        ("visit_recruit_vacancies", 2023, 21.0, 2005.0, False, "text"),
        ("visit_recruit_vacancies", 2024, 19.0, 2005.0, True, "appendix 2"),
        ("likes", 2024, 60.0, 1000.0, True, "appendix 2"),
        ("trusts", 2024, 50.0, 1000.0, True, "appendix 2"),
    )
    sectors = pd.DataFrame(
        [
            ("likes (public)", "likes", "public", 2024, 65.0, 280.0, False, 0.0, "text"),
            ("likes (private)", "likes", "private", 2024, 58.0, 720.0, False, 0.0, "text"),
            ("trusts (public)", "trusts", "public", 2024, 65.0, 280.0, False, 0.0, "text"),
        ],
        columns=COLUMNS,
    )
    both = labelled("sector", {"private": (0.58, 0.0), "public": (0.65, 0.02)}).expand_dims(
        item_year=["likes 2024"], axis=2
    )
    items = labelled("item", {"likes": (0.6, 0.01), "trusts": (0.5, 0.01), "opinion_other": (0.9, 0.001)})
    units = labelled("unit", {"local_office": (0.45, 0.01), "aa_support": (0.11, 0.01), "nobody": (0.2, 0.01)})
    units = units.where(units["unit"] != "nobody").expand_dims(column=["only_this_unit"], axis=2)
    return EmployerEvidence(
        levels=pd.concat([levels, sectors], ignore_index=True),
        series={1.0: [years(-1.9)]},
        sectors={1.0: [both]},
        items=[items],
        means=items,
        units=units,
        battery=BATTERY,
        trends=published["trends"],
        design_effect=1.24,
    )


# ---- changes


def test_change_with_both_levels(evidence):
    row = audited(statement(year_from=2023, direction="down"), evidence)
    assert row[["published_from", "published_to"]].tolist() == [21.0, 19.0]
    assert row[["mean", "lower", "upper"]].tolist() == pytest.approx([-1.9, -3.86, 0.06], abs=0.01)
    assert (row["class"], row["status"], row["report_rule"]) == ("tendency", "differs", "intervals overlap")
    assert row["reason"].startswith(
        "Not clear at 95 %. The model has -1.9 points (-3.9 to 0.1), P(above zero) = 0.029: tendency. "
        "2023: 21 % (text), base not printed, assumed 2 005: that of 2024; 2024: 19 %, n = 2 005 (appendix 2)."
    )


def test_a_contradiction_in_print_shows_both_sides(evidence):
    """The text has 26 % and a rise, appendix 2 has 19 %: 5 / √(1.24 (21 × 79 + 26 × 74) / 2005) = 3.36."""
    row = audited(statement(year_from=2023), evidence)
    assert row["status"] == "differs"
    assert row["reason"].endswith(
        "Contradiction in print: the text has 26 % for 2024, appendix 2 19 %. With the text's own number the direct "
        "change would be +5 points (z = 3.4: up), so the statement rests on the text's number; the appendix has n and "
        "interval and is what we compute from."
    )
    down = audited(statement(year_from=2023, direction="down"), evidence)
    assert "so the statement fails even with the text's number" in down["reason"]


def test_no_contradiction_without_another_number_in_the_text(evidence, published):
    quiet = replace(evidence, trends=published["trends"].assign(quality="approx"))
    assert "Contradiction" not in audited(statement(year_from=2023), quiet)["reason"]
    within = published["trends"].assign(share=19.9)  # less than a point from the appendix
    assert "Contradiction" not in audited(statement(year_from=2023), replace(evidence, trends=within))["reason"]


@pytest.mark.parametrize(
    ("half", "double", "sentence"),
    [
        (3.0, 3.0, ""),
        (1.5, 3.0, " The verdict turns with half the assumed bases."),
        (3.0, 1.5, " The verdict turns with double the assumed bases."),
        (1.5, 1.5, " The verdict turns with half and with double the assumed bases."),
    ],
)
def test_verdicts_that_turn_with_other_bases(evidence, years, half, double, sentence):
    plain = replace(evidence, trends=evidence.trends.iloc[:0])
    row = audited(
        statement(year_from=2023), replace(plain, series={1.0: [years(2.1)], 0.5: [years(half)], 2.0: [years(double)]})
    )
    status = {3.0: "agrees", 1.5: "differs"}
    assert row[["status", "status_half_base", "status_double_base"]].tolist() == [
        "agrees",
        status[half],
        status[double],
    ]
    assert row["reason"].endswith("n = 2 005 (appendix 2)." + sentence)


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({"year_from": 2022}, "2022"),
        ({"year_from": 2023, "year_to": 2025}, "2025"),
        ({"year_from": 2019, "year_to": 2022}, "2019 and 2022"),
    ],
)
def test_levels_that_are_not_in_print_are_named(evidence, given, lacking):
    row = audited(statement(**given), evidence)
    assert row["status"] == "not reproducible"
    assert row["reason"] == f"No level is in print for {lacking}, only the direction."
    assert not set(NUMBERS) & set(row.index)


def test_a_level_not_in_print_is_filled_in_where_the_model_knows_the_series(evidence, labelled):
    three = labelled("year", {2022: (0.5, 0.0), 2023: (0.2, 0.01), 2024: (0.51, 0.01)})
    draws = three.expand_dims(series=["visit_recruit_vacancies"], axis=2)
    row = audited(statement(year_from=2022), replace(evidence, series={1.0: [draws]}))
    assert row["status"] == "not reproducible"
    assert row["reason"] == (
        "No level is in print for 2022, only the direction. Filled in from the other years and series, the model has "
        "+1.0 points (-1.0 to 3.0)."
    )
    gap = draws.where(draws["year"] != 2022)
    row = audited(statement(year_from=2022), replace(evidence, series={1.0: [gap]}))
    assert row["reason"] == "No level is in print for 2022, only the direction."


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "The report names no year to compare with."),
        ({"year_from": 2023, "group_b": "private"}, "A change of a gap needs four levels"),
        ({"year_from": 2023, "item_b": "likes"}, "A change of a gap needs four levels"),
    ],
)
def test_changes_that_cannot_be_judged(evidence, given, reason):
    row = audited(statement(**given), evidence)
    assert row["status"] == "not reproducible"
    assert row["reason"].startswith(reason)


@pytest.mark.parametrize(
    ("second", "rule"),
    [  # by hand with n = 2005 / 1.24 = 1616.9: 21 % has expit(-1.3249 ± 1.96 / √(1616.9 × 0.1659)) = 19.08 to 23.06 %
        (25.0, "intervals overlap"),  # starts at 22.95 %
        (26.0, "intervals do not overlap"),  # 23.92 %
        (18.0, "intervals overlap"),  # ends at 19.95 %
        (17.0, "intervals do not overlap"),  # 18.91 %
    ],
)
def test_the_rule_of_the_report(evidence, second, rule):
    levels = direct(
        ("visit_recruit_vacancies", 2023, 21.0, 2005.0, False, "text"),
        ("visit_recruit_vacancies", 2024, second, 2005.0, True, "appendix 2"),
    )
    assert audited(statement(year_from=2023), replace(evidence, levels=levels))["report_rule"] == rule


def test_a_repetition_without_the_kind_of_the_item_is_left_out(evidence, years):
    others = [years(0.0, series="likes")]
    series = {1.0: [*others, years(2.1)], 0.5: [*others, years(3.0)], 2.0: others}
    row = audited(statement(year_from=2023), replace(evidence, trends=evidence.trends.iloc[:0], series=series))
    assert (row["mean"], row["status"], row["status_half_base"]) == (pytest.approx(2.1), "agrees", "agrees")
    assert "status_double_base" not in row.index
    assert "A repetition with other bases did not pass the gate" in row["reason"]


# ---- differences


def sector(**given):
    return statement(
        **{"kind": "difference", "item": "likes", "group_dim": "sector", "group": "public", "group_b": "private"}
        | {"direction": "higher"}
        | given
    )


def test_difference_between_sectors(evidence):
    row = audited(sector(), evidence)
    assert row[["published_from", "published_to"]].tolist() == [58.0, 65.0]
    assert row[["mean", "lower", "upper"]].tolist() == pytest.approx([7.0, 3.08, 10.92], abs=0.02)
    assert (row["class"], row["status"], row["report_rule"]) == ("higher", "agrees", "intervals overlap")
    assert row["reason"] == (
        "The model has +7.0 points (3.1 to 10.9), P(above zero) > 0.999: higher. public 2024: 65 % (text), base not "
        "printed, assumed 280: that of 2024 times the 28 % of its sector; private 2024: 58 % (text), base not printed, "
        "assumed 720: that of 2024 times the 72 % of its sector."
    )
    turned = audited(sector(group="private", group_b="public"), evidence)
    assert (turned["mean"], turned["class"], turned["status"]) == (pytest.approx(-7.0), "lower", "differs")
    assert turned["reason"].startswith("The model has -7.0 points")  # clear, the other way


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"item": "trusts"}, "No level is in print for the private sector in 2024."),
        ({"item": "phones"}, "No level is in print for the public and the private sector in 2024."),
        ({"year_to": pd.NA}, "No level is in print for the public and the private sector."),
    ],
)
def test_levels_of_sectors_that_are_not_in_print(evidence, given, reason):
    row = audited(sector(**given), evidence)
    assert (row["status"], row["reason"]) == ("not reproducible", reason)


def test_difference_between_items(evidence):
    row = audited(statement(kind="difference", item="likes", item_b="trusts", direction="higher"), evidence)
    assert row[["published_from", "published_to"]].tolist() == [50.0, 60.0]
    assert (row["mean"], row["class"], row["status"]) == (pytest.approx(10.0), "higher", "agrees")
    assert row["report_rule"] == "intervals do not overlap"
    assert "their covariance is not in print" in row["reason"]


def test_difference_between_units(evidence):
    given = {"kind": "difference", "item": "called_only_this_unit", "group_dim": "unit_called", "group": "local_office"}
    row = audited(statement(**given, group_b="aa_support", direction="lower"), evidence)
    assert (row["mean"], row["class"], row["status"]) == (pytest.approx(34.0), "higher", "differs")
    rest = audited(statement(**given, group_b="rest", direction="higher"), evidence)
    assert (rest["status"], rest["reason"]) == (
        "not reproducible",
        "The report prints no levels of called_only_this_unit by unit_called that could be compared.",
    )


@pytest.mark.parametrize("given", [{"item_b": "phones"}, {"item_b": "trusts", "year_to": 2023}, {"item_b": None}])
def test_items_without_two_levels(evidence, given):
    row = audited(statement(**{"kind": "difference", "item": "likes", "direction": "higher"} | given), evidence)
    assert row["status"] == "not reproducible"
    assert row["reason"].startswith("The report does not print both levels")


# ---- orders


def test_order_leaves_remainders_out(evidence):
    row = audited(statement(kind="order", item="likes", direction="highest"), evidence)
    assert (row["p_increase"], row["class"], row["status"]) == (1.0, "clear", "agrees")
    assert row["reason"] == (
        "P(order as stated) > 0.999: clear. Probability of being first of the 2 items of its battery (opinions)."
    )
    lowest = audited(statement(kind="order", item="likes", direction="lowest"), evidence)
    assert (lowest["p_increase"], lowest["status"]) == (0.0, "differs")
    assert lowest["reason"].startswith("Not clear at 95 %. P(order as stated) < 0.001: open.")


@pytest.mark.parametrize("note", ["among the five asked", "among the five asked."])
def test_the_note_of_an_order_ends_its_reason(evidence, note):
    row = audited(statement(kind="order", item="likes", direction="highest", note=note), evidence)
    assert row["reason"].endswith(" of the 2 items of its battery (opinions). Note: among the five asked.")


def test_several_named_first_share_the_first_places(evidence):
    both = pd.concat(
        [statement(claim=name, kind="order", item=name, direction="highest") for name in ("likes", "trusts")],
        ignore_index=True,
    )
    found = audit_employer_claims(both, evidence)
    assert found["p_increase"].tolist() == [1.0, 1.0]
    assert found["reason"].str.contains("among the first 2 of the 2 items").all()


def test_order_of_units(evidence):
    given = {"kind": "order", "item": "called_only_this_unit", "group_dim": "unit_called", "direction": "highest"}
    row = audited(statement(**given, group="local_office"), evidence)
    assert (row["p_increase"], row["status"]) == (1.0, "agrees")
    row = audited(statement(**given, group="aa_support"), evidence)
    assert (row["p_increase"], row["status"]) == (0.0, "differs")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"item": "unknown"}, "The report does not print the levels that would be ordered."),
        ({"item": "likes", "year_to": 2023}, "The report does not print the levels that would be ordered."),
        ({"item": "phones"}, "The item has no n in print."),
    ],
)
def test_orders_that_cannot_be_judged(evidence, given, reason):
    row = audited(statement(**{"kind": "order", "direction": "highest"} | given), evidence)
    assert (row["status"], row["reason"]) == ("not reproducible", reason)


# ---- all statements of the report, with made draws


def test_associations_are_judged_elsewhere(evidence):
    both = pd.concat([statement(year_from=2023), statement(claim="two", kind="association")], ignore_index=True)
    assert audit_employer_claims(both, evidence)["claim"].tolist() == ["one"]


def test_every_statement_has_status_and_reason(made_audit, published):
    claims = made_audit.claims
    pd.testing.assert_frame_equal(claims[published["claims"].columns], published["claims"])
    assert len(claims) == 325
    assert set(claims["status"]) == {"agrees", "differs", "not reproducible"}
    assert claims["reason"].str.endswith(".").all()
    assert (claims["reason"].str.len() > 20).all()
    assert not claims["reason"].str.contains(r"nan|<NA>|None|\.\.|  ").any()


def test_statements_that_differ_say_whether_the_opposite_is_clear(made_audit):
    claims = made_audit.claims[made_audit.claims["kind"] != "association"]
    unclear = claims["class"].isin(["tendency", "open", "no clear change", "no clear difference"])
    said = claims["reason"].str.startswith("Not clear at 95 %. ")
    assert said.tolist() == (unclear & (claims["status"] == "differs")).tolist()
    assert said.any()


def test_what_cannot_be_judged_does_not_depend_on_draws(made_audit):
    claims = made_audit.claims
    nothing = claims[claims["status"] == "not reproducible"]
    assert nothing["kind"].value_counts().to_dict() == {"change": 86, "difference": 79, "order": 8, "association": 3}
    assert nothing[[*NUMBERS, "published_from", "published_to", "report_rule", "status_half_base"]].isna().all().all()
    judged = claims[(claims["status"] != "not reproducible") & (claims["kind"] != "association")]
    assert judged[["p_increase", "class"]].notna().all().all()
    assert judged.loc[judged["kind"] != "order", ["mean", "lower", "upper"]].notna().all().all()
    two = judged[judged["status_half_base"].notna()]
    assert len(two) == len(judged[(judged["kind"] == "change") | (judged["group_dim"] == "sector")])
    assert two[["status_double_base", "published_from", "published_to", "report_rule"]].notna().all().all()


def test_the_rule_of_the_report_on_all_statements(made_audit):
    rules = made_audit.claims.set_index("claim")["report_rule"]
    assert rules.value_counts().to_dict() == {"intervals do not overlap": 77, "intervals overlap": 27}
    assert rules["staff_available_2023_2024"] == "intervals do not overlap"
    assert rules["visit_recruit_vacancies_2023_2024"] == "intervals overlap"
    assert rules["satisfaction_overall_2021_public_private"] == "intervals do not overlap"


def test_turning_verdicts_say_so(made_audit):
    claims = made_audit.claims
    for name, word in (("status_half_base", "half"), ("status_double_base", "double")):
        turned = claims[name].notna() & (claims[name] != claims["status"])
        said = claims["reason"].str.contains(rf"The verdict turns with .*\b{word}\b.*the assumed bases\.$")
        assert turned.tolist() == said.tolist()


def test_published_levels_come_with_their_bases(made_audit):
    row = made_audit.claims.set_index("claim").loc["visit_recruit_vacancies_2023_2024"]
    assert (row["published_from"], row["published_to"]) == (21, 19)
    assert "2023: 21 % (text), base not printed, assumed 2 005: that of 2024" in row["reason"]
    assert "With the text's own number the direct change would be +5 points (z = 3.4: up)" in row["reason"]
