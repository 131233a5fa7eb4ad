"""The published numbers: as many as were read, within their limits, and each with a place in its report."""

import importlib.resources

import numpy as np
import pandas as pd
import pytest

from navmodels.reports.folders import list_reports, load_report

EMPLOYER, ACCESSIBILITY = "employer_2024", "accessibility_2025"

# rows read from the two reports, table by table
ROWS = {
    (EMPLOYER, "items"): 176,
    (EMPLOYER, "trends"): 209,
    (EMPLOYER, "changes"): 66,
    (EMPLOYER, "groups"): 105,
    (EMPLOYER, "regressions"): 59,
    (EMPLOYER, "phone_combinations"): 5,
    (ACCESSIBILITY, "estimates"): 602,
    (ACCESSIBILITY, "groups"): 200,
    (ACCESSIBILITY, "surveys"): 11,
    (ACCESSIBILITY, "person_user_trend"): 50,
    (ACCESSIBILITY, "contact_volumes"): 32,
}
EVERY = pytest.mark.parametrize(("report", "table"), ROWS)
BOTH = pytest.mark.parametrize("report", [EMPLOYER, ACCESSIBILITY])

# what tells two rows of a table apart; the same thing printed twice differs in its place
KEYS = {
    (EMPLOYER, "items"): ["item_id"],
    (EMPLOYER, "trends"): ["item_id", "group_dim", "group", "year", "reference"],
    (EMPLOYER, "changes"): ["item_id", "group_dim", "group", "year_from", "year_to"],
    (EMPLOYER, "groups"): ["section", "key"],
    (EMPLOYER, "regressions"): ["outcome", "year", "term"],
    (EMPLOYER, "phone_combinations"): ["unit_called"],
    (ACCESSIBILITY, "estimates"): [
        "survey_id",
        "item_id",
        "category",
        "group_dim",
        "group",
        "year",
        "reference",
    ],
    (ACCESSIBILITY, "groups"): ["survey_id", "group_dim", "group"],
    (ACCESSIBILITY, "surveys"): ["survey_id"],
    (ACCESSIBILITY, "person_user_trend"): ["year", "group_dim", "group", "answer_1_to_6"],
    (ACCESSIBILITY, "contact_volumes"): ["series", "group", "period"],
}


@pytest.fixture(scope="module")
def items() -> pd.DataFrame:
    return load_report(EMPLOYER, "items")


@EVERY
def test_every_row_is_there_once(report: str, table: str) -> None:
    frame = load_report(report, table)
    assert len(frame) == ROWS[report, table]
    assert not frame.duplicated(KEYS[report, table]).any()


@EVERY
def test_every_row_has_a_place_in_the_report_and_no_row_names_a_line(report: str, table: str) -> None:
    frame = load_report(report, table)
    assert "seed_line" not in frame
    place = r"^(?:section|chapter|figure|table|Figur|Tabell|Vedlegg|appendix|summary|box)\b"
    assert frame["reference"].str.contains(place).all()
    for column in frame.columns.intersection(["reference", "note", "source_note", "base_note"]):
        assert not frame[column].str.contains(r"\blines?\b|checks\.md|CONFLICT|\(\d{3,4}\)", na=False).any(), column


@EVERY
def test_columns_types_and_attrs_are_those_of_report_toml(report: str, table: str) -> None:
    frame = load_report(report, table)
    assert list(frame.attrs["columns"]) == list(frame.columns)
    assert (frame.attrs["report"], frame.attrs["table"]) == (report, table)
    assert set(frame.attrs["units"]) - {"R2", "N"} <= set(frame.columns)
    for column in frame.columns:
        kind = str(frame[column].dtype)
        if column in ("n", "n_total", "n_used", "count", "invited") or column.startswith("year"):
            assert kind == "Int64", column
        elif column in frame.attrs["units"]:
            assert kind == "float64", column
        elif column != "answer_1_to_6":
            assert pd.api.types.is_string_dtype(frame[column]), column


@EVERY
def test_shares_are_percent(report: str, table: str) -> None:
    frame = load_report(report, table)
    percent = [column for column, unit in frame.attrs["units"].items() if unit == "percent"]
    sums = frame[[column for column in percent if column != "row_sum_printed"]]
    assert sums.isna().to_numpy().sum() + ((sums >= 0) & (sums <= 100)).to_numpy().sum() == sums.size


def test_item_intervals_hold_their_estimates(items: pd.DataFrame) -> None:
    likert = items[items["kind"] == "likert6"]
    assert (items["share_ci_low"] <= items["share"]).all()
    assert (items["share"] <= items["share_ci_high"]).all()
    assert likert[["mean", "mean_ci_low", "mean_ci_high"]].apply(lambda column: column.between(1, 6)).all(axis=None)
    assert items["n"].min() == 134
    assert items["n"].max() == 4115
    assert items.loc[items["n"].isna(), "item_id"].tolist() == ["help_upskilling", "help_alternative_work"]


def test_st_avvik_is_the_standard_error_of_all_91_means(items: pd.DataFrame) -> None:
    likert = items[items["kind"] == "likert6"]
    assert len(likert) == 91
    assert items.loc[items["kind"] != "likert6", ["mean", "mean_se"]].isna().all(axis=None)
    # mean and ends are printed with one decimal, the standard error with two
    slack = 0.05 + 0.05 + 1.96 * 0.005 + 1e-9
    for end, sign in (("mean_ci_low", -1), ("mean_ci_high", 1)):
        gap = likert["mean"] + sign * 1.96 * likert["mean_se"] - likert[end]
        assert gap.abs().max() <= slack


def test_some_numbers_as_printed(items: pd.DataFrame) -> None:
    overall = items.set_index("item_id").loc["satisfaction_overall"]
    assert overall[["mean", "mean_se", "mean_ci_low", "mean_ci_high"]].tolist() == [4.6, 0.02, 4.5, 4.6]
    assert overall[["share", "share_se", "share_ci_low", "share_ci_high", "n"]].tolist() == [
        86,
        1,
        85,
        88,
        4059,
    ]
    surveys = load_report(ACCESSIBILITY, "surveys").set_index("survey_id")["n_used"]
    assert surveys[["resident", "vulnerable_user", "office", "employer", "partner"]].tolist() == [
        1589,
        339,
        74,
        574,
        623,
    ]
    wait = load_report(ACCESSIBILITY, "contact_volumes").query("series == 'phone_wait'")
    assert wait["printed"].tolist() == ["01:43", "02:27"]
    assert wait["value"].tolist() == [103, 147]


def test_person_user_distributions_of_2023_add_to_100() -> None:
    trend = load_report(ACCESSIBILITY, "person_user_trend").dropna(subset=["share"])
    totals = trend.groupby("group")["share"].sum()
    assert len(totals) == 7
    assert (totals == 100).all()


def test_groups_rows_hold_a_number_or_a_text_and_labels_keep_their_order() -> None:
    groups = load_report(EMPLOYER, "groups")
    assert (groups["value"].notna() ^ groups["text"].notna()).all()
    sample = groups.set_index(["section", "key"])["value"]
    assert sample["sample"].tolist() == [15100, 4115, 27]
    assert sample["sector_mix"].to_dict() == {"private": 72, "public": 28}
    assert groups.loc[groups["section"] == "nav_county", "text"].tolist()[:2] == [
        "Rogaland",
        "Møre og Romsdal",
    ]


@pytest.mark.parametrize(
    ("item", "wording", "printed"),
    [
        (
            "ia_prevention_assist",
            "63 % in the summary, 60 % in section 6.4",
            {("items", 60), ("trends", 60), ("trends", 63)},
        ),
        ("impr_nav_easier_contact", "57 % in section 5.5", {("items", 53), ("trends", 53), ("trends", 57)}),
        ("talked_working_life_centre", "29 % in section 3.2, 28 %", {("items", 28), ("trends", 29)}),
        ("hire_needs_norwegian", "15 % in section 5.2, 14 %", {("items", 14), ("trends", 15)}),
        ("visit_recruit_vacancies", "26 % in section 3.3, 19 %", {("items", 19), ("trends", 26)}),
        ("visit_recruit_inclusive", "33 %) in section 3.3, 27 %", {("items", 27), ("trends", 33)}),
        ("visit_prevent_absence", "24 % in section 3.3, 23 %", {("items", 23), ("trends", 24)}),
        ("visit_health_followup", "47 % in section 3.3, 46 %", {("items", 46), ("trends", 47)}),
        ("workplace_accommodation", "69 % in section 6.1, 68 %", {("items", 68), ("trends", 69)}),
        ("contact_person_yes", "29 % in section 3.6 and figure 14, 36 %", {("items", 36), ("trends", 29)}),
    ],
)
def test_contradictions_in_print_stand_on_every_row(item: str, wording: str, printed: set[tuple[str, int]]) -> None:
    numbers = load_report(EMPLOYER)
    shares = numbers[(numbers["item"] == item) & (numbers["quantity"] == "share") & (numbers["group"] == "all")]
    shares = shares[shares["year"] == 2024]
    assert set(zip(shares["table"], shares["value"], strict=True)) == printed
    assert shares["note"].str.startswith("contradiction: ").all()
    assert shares["note"].str.contains(wording, regex=False).all()


def test_contradictions_of_the_accessibility_study() -> None:
    estimates = load_report(ACCESSIBILITY, "estimates")
    unmet = estimates[(estimates["category"] == "needs_not_met") & (estimates["group"] == "all")]
    assert unmet["share"].tolist() == [33, 38]
    assert unmet["note"].tolist() == ["contradiction: 33 % in section 4.2.3, 38 % in the box of section 4.2.3"] * 2
    ease = estimates.query("survey_id == 'resident' and item_id == 'accessibility' and group_dim == 'benefit'")
    sums = ease.groupby("group")["share"].sum()
    assert sums.to_dict() == {"disability": 100, "parental_etc": 89, "pension": 98, "sickness_or_aap": 102}
    assert (ease["note"].str.startswith("contradiction: ", na=False) == (ease["group"] != "disability")).all()
    groups = load_report(ACCESSIBILITY, "groups").query("survey_id == 'vulnerable_user' and group_dim == 'benefit'")
    assert groups["n"].sum() == 345
    assert groups["note"].str.contains("add to 345, N is 339").all()


def test_long_form_has_one_row_for_each_number() -> None:
    numbers = load_report(EMPLOYER)
    counts = numbers["table"].value_counts().to_dict()
    # phone: five rows of eight columns without the diagonal; changes: 11 stated, 3 of them computed
    assert counts == {
        "items": 91 * 8 + 85 * 4 + 174,
        "trends": 209,
        "regressions": 59,
        "phone_combinations": 35,
        "groups": 18,
        "changes": 8,
    }
    of_items = numbers.loc[numbers["table"] == "items", "quantity"].value_counts().to_dict()
    assert of_items == {"n": 174} | dict.fromkeys(
        ["share", "share_se", "share_ci_low", "share_ci_high"], 176
    ) | dict.fromkeys(["mean", "mean_se", "mean_ci_low", "mean_ci_high"], 91)
    models = numbers[numbers["table"] == "regressions"]
    assert models["quantity"].value_counts().to_dict() == {"coef": 49, "R2": 5, "N": 5}
    assert models.loc[models["quantity"] == "N", "value"].tolist() == [2003, 2712, 2089, 2365, 309]
    assert set(models.loc[models["quantity"] == "N", "unit"]) == {"establishments"}

    counts = load_report(ACCESSIBILITY)["table"].value_counts().to_dict()
    assert counts == {
        "estimates": 598 + 441 + 117,
        "groups": 145 + 161 + 37,
        "person_user_trend": 50 + 42,
        "contact_volumes": 32 + 1,
        "surveys": 9 + 7 + 1 + 1,
    }


@BOTH
def test_long_form_agrees_with_the_tables_cell_by_cell(report: str) -> None:
    numbers = load_report(report)
    columns = "table row item label group_dim group year quantity value unit reference quality note"
    assert list(numbers.columns) == columns.split()
    assert numbers.drop(columns=["label", "year", "note"]).notna().all(axis=None)
    assert not numbers.duplicated(["table", "row", "quantity"]).any()
    assert not numbers.duplicated(["table", "item", "group_dim", "group", "year", "quantity", "reference"]).any()
    for table, part in numbers.groupby("table"):
        frame = load_report(report, str(table))
        for quantity, rows in part.groupby("quantity"):
            column = "coef" if quantity in ("R2", "N") else str(quantity)
            assert np.array_equal(frame[column].iloc[rows["row"]].astype(float), rows["value"]), (
                table,
                quantity,
            )
            assert frame["reference"].iloc[rows["row"]].tolist() == rows["reference"].tolist()


def test_computed_changes_are_in_the_table_but_are_no_published_numbers() -> None:
    changes = load_report(EMPLOYER, "changes")
    assert changes["quality"].value_counts().to_dict() == {"direction": 55, "exact": 8, "computed": 3}
    assert (changes["change_pp"].isna() == (changes["quality"] == "direction")).all()
    stated = load_report(EMPLOYER).query("table == 'changes'")["value"]
    assert sorted(stated) == [5, 9, 10, 11, 11, 13, 13, 13]


def test_claims_are_statements_and_not_among_the_numbers() -> None:
    assert "claims" not in set(load_report(EMPLOYER)["table"])


def test_reports_are_listed_with_their_tables() -> None:
    listed = list_reports().set_index("report")
    assert set(listed.index) == {EMPLOYER, ACCESSIBILITY}
    assert listed["year"].to_dict() == {EMPLOYER: 2024, ACCESSIBILITY: 2025}
    assert listed["numbers"].to_dict() == {EMPLOYER: 1571, ACCESSIBILITY: 1642}
    for report, table in ROWS:
        assert table in listed.loc[report, "tables"].split(", ")


def test_a_frame_can_be_changed_without_changing_the_next_one() -> None:
    first = load_report(EMPLOYER, "items")
    first.loc[0, "share"] = -1.0
    assert load_report(EMPLOYER, "items").loc[0, "share"] == 55


def test_unknown_report_names_the_nearest() -> None:
    with pytest.raises(
        ValueError, match=r"report is 'employer_2023'.*'accessibility_2025'.*Did you mean 'employer_2024'"
    ):
        load_report("employer_2023")


def test_unknown_table_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"table of employer_2024 is 'trend'.*'items'.*Did you mean 'trends'"):
        load_report(EMPLOYER, "trend")
    with pytest.raises(ValueError, match=r"table of accessibility_2025 is 'items'"):
        load_report(ACCESSIBILITY, "items")


@BOTH
def test_files_are_utf8_with_unix_line_ends(report: str) -> None:
    files = list((importlib.resources.files("navmodels.reports") / "published" / report).iterdir())
    assert len(files) >= 6
    for file in files:
        text = file.read_bytes().decode("utf-8")
        assert "\r" not in text, file.name
        assert "\ufffd" not in text, file.name
