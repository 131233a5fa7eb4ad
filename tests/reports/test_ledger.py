from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from navmodels.reports.evidence import EmployerEvidence
from navmodels.reports.findings import STATUSES, Finding, tabulate
from navmodels.reports.ledger import assemble_ledger, model_findings

ORDER = [
    *("table", "row", "item", "label", "group_dim", "group", "year", "quantity", "reference", "published", "unit"),
    *("ours", "lower", "upper", "status", "reason", "note"),
]


@pytest.fixture
def numbers():
    """Return three numbers in print of one row, in the order of the ledger."""
    return nav.load_report("employer_2024").iloc[:3].sort_values("quantity")


def about(numbers, *said):
    """Return findings about the first numbers: (status, reason) each."""
    keys = numbers[["table", "row", "quantity"]].itertuples(index=False)
    return tabulate([Finding(*key, *one) for key, one in zip(keys, said, strict=False)])


NOTHING = tabulate([])


# ---- joining


def test_one_row_for_each_number(numbers):
    found = about(numbers, ("reproduced", "One."), ("differs", "Two."), ("not reproducible", "Three."))
    ledger = assemble_ledger(numbers, found.iloc[::-1], NOTHING)
    assert ledger.columns.tolist() == ORDER
    assert ledger["reason"].tolist() == ["One.", "Two.", "Three."]
    assert ledger["published"].tolist() == numbers["value"].tolist()


def test_an_independent_check_comes_before_a_model(numbers):
    found = about(numbers, ("reproduced", "Checked."), ("differs", "Checked."), ("agrees", "Same."))
    modelled = about(numbers, ("input", "Fed."), ("agrees", "Model."), ("input", "Same."))
    ledger = assemble_ledger(numbers, found, modelled)
    assert ledger["status"].tolist() == ["reproduced", "differs", "agrees"]
    assert ledger["reason"].tolist() == ["Checked. Fed.", "Checked.", "Same."]


def test_models_speak_where_no_check_does(numbers):
    found = about(numbers, ("reproduced", "Checked."))
    modelled = about(numbers, ("input", "Fed."), ("input", "Fed."), ("differs", "Model."))
    ledger = assemble_ledger(numbers, found, modelled)
    assert ledger["status"].tolist() == ["reproduced", "input", "differs"]
    assert ledger["reason"].tolist() == ["Checked. Fed.", "Fed.", "Model."]


@pytest.mark.parametrize(
    ("quantity", "printed", "ours", "status"),
    [
        ("n", 3076.0, 3076.5, "reproduced"),  # a tie may have been rounded either way
        ("n", 3076.0, 3076.6, "agrees"),
        ("share_ci_low", 50.0, 49.5, "reproduced"),
        ("share_ci_low", 50.0, 49.4, "agrees"),
        ("mean_ci_high", 4.3, 4.35, "reproduced"),
        ("mean_ci_high", 4.3, 4.36, "agrees"),  # one decimal is printed
        ("mean_ci_low", 4.3, 4.24, "agrees"),
        ("n", 3076.0, np.nan, "reproduced"),
    ],
)
def test_only_what_prints_as_published_is_reproduced(numbers, quantity, printed, ours, status):
    number = numbers.iloc[:1].assign(quantity=quantity, value=printed)
    key = number[["table", "row", "quantity"]].iloc[0].tolist()
    ledger = assemble_ledger(number, tabulate([Finding(*key, "reproduced", "Fits.", ours=ours)]), NOTHING)
    assert ledger["status"].tolist() == [status]


def test_no_other_status_is_settled_anew(numbers):
    number = numbers.iloc[:1].assign(value=50.0)
    key = number[["table", "row", "quantity"]].iloc[0].tolist()
    for status in ("differs", "input", "not reproducible"):
        ledger = assemble_ledger(number, tabulate([Finding(*key, status, "Said.", ours=40.0)]), NOTHING)
        assert ledger["status"].tolist() == [status]


def test_a_number_without_a_status_is_a_hole(numbers):
    found = about(numbers, ("reproduced", "One."), ("reproduced", "Two."))
    with pytest.raises(RuntimeError, match="0 findings about no number, 1 numbers without status"):
        assemble_ledger(numbers, found, NOTHING)


def test_a_number_without_a_reason_is_a_hole(numbers):
    found = about(numbers, ("reproduced", "One."), ("reproduced", ""), ("reproduced", "Three."))
    with pytest.raises(RuntimeError, match=r"1 numbers without status:\n.*\n.*share_ci_low"):
        assemble_ledger(numbers, found, NOTHING)


def test_a_finding_about_no_number_is_a_hole(numbers):
    found = about(numbers, *[("reproduced", "Fits.")] * 3)
    stray = tabulate([Finding("items", 9999, "share", "agrees", "Of nothing.")])
    with pytest.raises(RuntimeError, match=r"1 findings about no number, 0 numbers without status:\n(.*\n)+.*9999"):
        assemble_ledger(numbers, pd.concat([found, stray]), NOTHING)


def test_a_number_twice_in_print_is_refused(numbers):
    found = about(numbers, *[("reproduced", "Fits.")] * 3)
    with pytest.raises(pd.errors.MergeError):
        assemble_ledger(pd.concat([numbers, numbers.iloc[:1]]), found, NOTHING)


@pytest.fixture
def evidence(labelled):
    """Return evidence of one item over two years and in both sectors, and of one printed for a single year."""
    levels = pd.DataFrame(
        [
            ("a", "a", "all", 2023, 60.0, 1000.0, False, 0.0, "text"),
            ("a", "a", "all", 2024, 65.0, 1000.0, True, 0.0, "appendix 2"),
            ("c", "c", "all", 2024, 10.0, 1000.0, False, 0.0, "text"),
        ],
        columns=["series", "item", "group", "year", "share", "n", "n_printed", "extra_sd", "source"],
    )
    years = labelled("year", {2023: (0.60, 0.01), 2024: (0.65, 0.01)}).expand_dims(series=["a"], axis=2)
    public = labelled("year", {2022: (0.40, 0.01)}).expand_dims(series=["a (public)"], axis=2)
    return EmployerEvidence(
        levels=levels,
        series={1.0: [years, public]},
        sectors={1.0: []},
        items=[labelled("item", {"a": (0.65, 0.01)}), labelled("item", {"b": (0.20, 0.01)})],
        means=labelled("item", {"a": (4.7, 0.02)}),
        units=labelled("unit", {"x": (0.5, 0.01)}),
        battery={"a": "opinion", "b": "choice"},
        trends=pd.DataFrame(),
        design_effect=1.24,
    )


def found(evidence, **tables):
    """Return model findings about these tables, those not given empty."""
    empty = {
        "items": pd.DataFrame(columns=["item_id"]),
        "trends": pd.DataFrame(columns=["item_id"]),
        "changes": pd.DataFrame(columns=["quality"]),
        "groups": pd.DataFrame(columns=["section", "value"]),
    }
    return model_findings(evidence, empty | tables)


def test_pooled_items(evidence):
    table = found(evidence, items=pd.DataFrame({"item_id": ["a", "b", "none"]}))
    assert table[["row", "quantity", "status"]].apply(tuple, axis=1).tolist() == [
        (0, "share", "input"), (0, "n", "input"), (0, "mean", "input"), (0, "mean_se", "input"),
        (1, "share", "input"), (1, "n", "input"),
        (2, "share", "not reproducible"),
    ]  # fmt: skip
    share, n, mean, se = table.iloc[0], table.iloc[1], table.iloc[2], table.iloc[3]
    assert share[["ours", "lower", "upper"]].tolist() == pytest.approx([65.0, 63.04, 66.96], abs=0.01)
    assert share["reason"] == (
        "Fed the pooled model; partially pooled within its battery the share is 65.0 (63.0 to 67.0)."
    )
    assert n["reason"] == "Sets the precision of the share in the pooled model, with design effect 1.24."
    assert mean[["ours", "lower", "upper"]].tolist() == pytest.approx([4.7, 4.661, 4.739], abs=1e-3)
    assert se["ours"] == pytest.approx(0.02, abs=1e-4)
    assert "sd of 0.020" in se["reason"]
    assert table["reason"].iloc[-1] == "No usable n is in print, so the share can feed no model."


def trend(**given):
    row = {"item_id": "a", "group_dim": "all", "group": "all", "year": 2024, "share": 65.0, "quality": "exact"} | given
    return pd.DataFrame([row])


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({}, "input", "Fed the joint model of items, sectors and years, which has 65.0 % (63.0 to 67.0)."),
        ({"share": 66.0}, "agrees", "Did not feed"),
        ({"share": 67.4}, "agrees", "the printed number lies inside."),  # 66.96 + 0.5
        ({"share": 67.5}, "differs", "the printed number lies outside."),
        ({"share": 62.5}, "differs", "the printed number lies outside."),  # 63.04 − 0.5 = 62.54
        ({"share": 69.4, "quality": "approx"}, "agrees", "lies inside."),  # in words: 66.96 + 2.5
        ({"share": 69.5, "quality": "approx"}, "differs", "lies outside."),
        ({"year": 2022, "group_dim": "sector", "group": "public", "share": 40.0}, "agrees", "40.0 % (38.0 to 42.0)"),
        ({"year": 2022, "group_dim": "sector", "group": "public", "share": 50.0}, "differs", "40.0 % (38.0 to 42.0)"),
        ({"item_id": "c", "share": 10.0}, "not reproducible", "Printed for one year and one group only"),
        ({"group_dim": "subgroup", "group": "large"}, "not reproducible", "Printed for large (subgroup)"),
    ],
)
def test_shares_in_the_text(evidence, given, status, words):
    row = found(evidence, trends=trend(**given)).iloc[0]
    assert (row["table"], row["quantity"], row["status"]) == ("trends", "share", status)
    assert words in row["reason"]
    if status != "not reproducible":
        assert row["ours"] == pytest.approx(40.0 if given.get("group") == "public" else 65.0)


def change(pp, quality="exact"):
    row = {"item_id": "a", "group": "all", "year_from": 2023, "year_to": 2024, "change_pp": pp, "quality": quality}
    return pd.DataFrame([row])


@pytest.mark.parametrize(("pp", "status"), [(5, "agrees"), (8.2, "agrees"), (8.4, "differs"), (1.6, "differs")])
def test_sizes_of_changes(evidence, pp, status):
    row = found(evidence, changes=change(pp)).iloc[0]  # 5 ± 1.96 √2, and half a point for rounding: 1.73 to 8.27
    assert row["status"] == status
    assert row[["ours", "lower", "upper"]].tolist() == pytest.approx([5.0, 2.23, 7.77], abs=0.1)
    assert row["reason"].startswith("Not used; from the levels in print the joint model has +5.0 points (")


def test_a_change_that_gave_a_level_is_input(evidence):
    levels = evidence.levels.assign(source=["implied by the printed change of +5 points to 2024", "appendix 2", "text"])
    row = found(replace(evidence, levels=levels), changes=change(5)).iloc[0]
    assert row["status"] == "input"
    assert row["reason"].startswith(
        "Gave the level of 2023, which is not in print, and so fed the joint model; the joint"
    )


def test_changes_without_an_exact_size_are_no_numbers(evidence):
    assert found(evidence, changes=change(5, "computed")).empty


def test_facts_around_the_survey(evidence):
    groups = pd.DataFrame({"section": ["contrast", "fieldwork", "fieldwork"], "value": [6.0, 27.0, np.nan]})
    table = found(evidence, groups=groups)
    assert table["row"].tolist() == [0, 1]
    assert (table["status"] == "not reproducible").all()
    assert table["reason"].str.startswith("A difference between sectors").tolist() == [True, False]


# ---- the whole report, with made models


def test_one_row_for_each_number_in_print(made_audit):
    ledger, numbers = made_audit.ledger, nav.load_report("employer_2024")
    assert len(ledger) == len(numbers) == 1571
    key = ["table", "row", "quantity"]
    both = ledger.merge(numbers, on=key, validate="one_to_one", suffixes=("", "_print"))
    assert len(both) == 1571
    assert (both["published"] == both["value"]).all()
    assert (both["reference"] == both["reference_print"]).all()
    assert ledger["table"].value_counts().to_dict() == {
        "items": 1242, "trends": 209, "regressions": 59, "phone_combinations": 35, "groups": 18, "changes": 8
    }  # fmt: skip


def test_every_number_has_status_and_reason(made_audit):
    ledger = made_audit.ledger
    assert ledger.columns.tolist() == ORDER
    assert set(ledger["status"]) == set(STATUSES)
    assert ledger["reason"].str.endswith(".").all()
    assert not ledger["reason"].str.contains(r"\bnan\b|<NA>|None").any()
    assert ledger.loc[ledger["status"] == "reproduced", "ours"].notna().all()


def test_numbers_that_draws_cannot_move(made_audit):
    counts = made_audit.ledger.groupby(["table", "quantity", "status"]).size()
    for quantity, each in (("share", 174), ("mean", 91)):
        for end in ("low", "high"):
            assert counts["items", f"{quantity}_ci_{end}", "reproduced"] == each
    assert counts["items", "share_ci_low", "not reproducible"] == 2
    assert counts["items", "share_se", "reproduced"] == 172
    assert counts["items", "n", "agrees"] == 9  # our range holds the printed base, its middle prints otherwise
    assert counts["phone_combinations", "n", "agrees"] == 5  # every row of table 1
    assert (made_audit.ledger["status"] == "reproduced").sum() == 797


def test_what_is_reproduced_prints_as_published(made_audit):
    done = made_audit.ledger[made_audit.ledger["status"] == "reproduced"]
    half = np.where(done["quantity"].isin(["mean_ci_low", "mean_ci_high"]), 0.05, 0.5)
    assert ((done["ours"] - done["published"]).abs() <= half + 1e-9).all()


def test_two_shares_of_one_item_in_print(made_audit):
    ledger = made_audit.ledger
    rows = ledger[(ledger["item"] == "ia_prevention_assist") & (ledger["group"] == "all") & (ledger["year"] == 2024)]
    text = rows[rows["table"] == "trends"].set_index("published")
    assert text["status"].to_dict() == {60.0: "reproduced", 63.0: "differs"}
    assert "supports 60 %, not the 63 %" in text.loc[63.0, "reason"]
    assert "Fed the joint model" in text.loc[60.0, "reason"]
