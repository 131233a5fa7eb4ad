"""The published numbers: as many as were read, within their limits, each with a place in its report.

Expected counts are those of the publications: 176 items, 91 of them rated, in appendix 2 of the employer survey.
"""

import importlib.resources

import numpy as np
import pandas as pd
import pytest

from navmodels.reports.library import find_folder, list_reports, load_report, open_report

EMPLOYER, ACCESSIBILITY = "employer_2024", "accessibility_2025"
BOTH = pytest.mark.parametrize("report", [EMPLOYER, ACCESSIBILITY])
PLACE = r"^(?:section|chapter|figure|table|Figur|Tabell|Vedlegg|appendix|summary|box)\b"


@pytest.fixture(scope="module")
def appendix() -> pd.DataFrame:
    numbers = load_report(EMPLOYER, "numbers")
    return numbers[numbers["reference"] == "appendix 2"]


@BOTH
def test_every_number_has_a_place_in_the_report(report: str) -> None:
    for table in ("numbers", "claims"):
        assert load_report(report, table)["reference"].str.contains(PLACE).all()


@BOTH
def test_columns_and_types(report: str) -> None:
    for table in list_reports().set_index("report").loc[report, "tables"].split(", "):
        frame = load_report(report, table)
        assert list(frame.attrs["columns"]) == list(frame.columns)
        assert (frame.attrs["report"], frame.attrs["table"], frame.index.name) == (report, table, "row")
        for column in frame:
            if column in ("n", "count", "population", "among") and table != "bases":
                assert frame[column].dtype == "Int64", (table, column)
            elif column in ("value", "lower", "upper", "se", "share", "level"):
                assert frame[column].dtype == float, (table, column)
            elif column != "n":
                assert pd.api.types.is_string_dtype(frame[column]), (table, column)


@BOTH
def test_shares_are_percent(report: str) -> None:
    numbers = load_report(report, "numbers")
    shares = numbers.loc[numbers["statistic"] == "share", ["value", "lower", "upper"]]
    answers = ~numbers.loc[shares.index, "item"].str.contains("row_sum")
    assert (shares[answers].stack().dropna().between(0, 100)).all()


def test_intervals_of_items_hold_their_estimates(appendix: pd.DataFrame) -> None:
    shares, means = (appendix[appendix["statistic"] == name] for name in ("share", "mean"))
    assert (len(shares), len(means)) == (176, 91)
    assert (shares["lower"] <= shares["value"]).all()
    assert (shares["value"] <= shares["upper"]).all()
    assert means[["value", "lower", "upper"]].apply(lambda column: column.between(1, 6)).all(axis=None)
    assert (shares["n"].min(), shares["n"].max()) == (134, 4115)
    assert shares.loc[shares["n"].isna(), "id"].tolist() == ["help_upskilling", "help_alternative_work"]


def test_st_avvik_is_the_standard_error_of_all_91_means(appendix: pd.DataFrame) -> None:
    means = appendix[appendix["statistic"] == "mean"]
    # mean and ends are printed with one decimal, the standard error with two
    slack = 0.05 + 0.05 + 1.96 * 0.005 + 1e-9
    for end, sign in (("lower", -1), ("upper", 1)):
        assert (means["value"] + sign * 1.96 * means["se"] - means[end]).abs().max() <= slack


def test_distributions_of_person_users_add_to_100() -> None:
    numbers = load_report(ACCESSIBILITY, "numbers").query("survey == 'person_user_nav' and time == '2023'")
    scale = numbers[numbers["answer"].str[0].isin(list("123456"))]
    totals = scale.groupby("group")["value"].sum()
    assert len(totals) == 7
    assert (totals == 100).all()


def test_waits_are_seconds() -> None:
    """01:43 and 02:27 are printed."""
    waits = load_report(ACCESSIBILITY, "numbers").query("unit == 'seconds'")
    assert sorted(waits["value"])[:2] == [103, 147]


def test_accessibility_by_benefit_adds_as_printed() -> None:
    numbers = load_report(ACCESSIBILITY, "numbers")
    ease = numbers.query("survey == 'resident' and item == 'accessibility' and group_dim == 'benefit'")
    ease = ease.drop_duplicates(["answer", "group"])
    sums = ease.groupby("group")["value"].sum()
    assert sums.to_dict() == {"disability": 100, "parental_etc": 89, "pension": 98, "sickness_or_aap": 102}


def test_long_form_has_one_row_for_each_number() -> None:
    numbers = load_report(EMPLOYER)
    assert numbers["number"].is_unique
    assert numbers[["number", "table", "row", "quantity", "value", "unit"]].notna().all(axis=None)
    of_appendix = numbers[numbers["reference"] == "appendix 2"]["quantity"].value_counts().to_dict()
    assert of_appendix == {"n": 174, **dict.fromkeys(["value", "se", "lower", "upper"], 176 + 91)}
    models = numbers[numbers["table"] == "coefficients"]
    assert models["item"].nunique() >= 1
    assert len(models) == 59
    assert sorted(models.loc[models["number"].str.contains("_n_20"), "value"]) == [309, 2003, 2089, 2365, 2712]


@BOTH
def test_long_form_agrees_with_the_tables(report: str) -> None:
    long = load_report(report)
    for (table, quantity), rows in long[long["table"] != "surveys"].groupby(["table", "quantity"]):
        printed = load_report(report, table).loc[rows["row"], quantity].astype(float)
        assert np.array_equal(printed, rows["value"]), (table, quantity)


def test_claims_are_statements_and_not_among_the_numbers() -> None:
    assert "claims" not in set(load_report(EMPLOYER)["table"])


def test_reports_are_listed_with_their_tables() -> None:
    listed = list_reports().set_index("report")
    assert listed["year"].to_dict() == {EMPLOYER: 2024, ACCESSIBILITY: 2025}
    assert listed["tables"].str.startswith("numbers, groups, items, bases, relations").all()
    assert listed["numbers"].to_dict() == {name: len(load_report(name)) for name in listed.index}


def test_a_frame_can_be_changed_without_changing_the_next_one() -> None:
    first = load_report(EMPLOYER, "numbers")
    first.loc[2, "value"] = -1.0
    assert load_report(EMPLOYER, "numbers").loc[2, "value"] == 55


def test_a_folder_of_ones_own_is_read_too() -> None:
    folder = find_folder(EMPLOYER)
    pd.testing.assert_frame_equal(load_report(folder, "claims"), load_report(EMPLOYER, "claims"))
    assert open_report(folder).surveys == open_report(EMPLOYER).surveys


def test_unknown_report_names_the_nearest() -> None:
    with pytest.raises(
        ValueError,
        match=r"report is 'employer_2023'.*'accessibility_2025'.*a folder of tables\. Did you mean 'employer_2024'",
    ):
        load_report("employer_2023")


def test_unknown_table_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"table of employer_2024 is 'number'.*'items'.*Did you mean 'numbers'"):
        load_report(EMPLOYER, "number")


@pytest.mark.parametrize(
    ("report", "table", "now"),
    [
        (EMPLOYER, "trends", 'rows whose statistic is "share"'),
        (EMPLOYER, "regressions", 'read the table "coefficients"'),
        (ACCESSIBILITY, "estimates", 'read the table "numbers"'),
    ],
)
def test_tables_of_earlier_versions_say_how_they_are_read_now(report: str, table: str, now: str) -> None:
    with pytest.raises(ValueError, match=f"{report} has no table '{table}' any more") as raised:
        load_report(report, table)
    assert now in str(raised.value)


@BOTH
def test_files_are_utf8_with_unix_line_ends(report: str) -> None:
    files = list((importlib.resources.files("navmodels.reports") / "published" / report).iterdir())
    assert len(files) >= 6
    for file in files:
        text = file.read_bytes().decode("utf-8")
        assert "\r" not in text, file.name
        assert "\ufffd" not in text, file.name
