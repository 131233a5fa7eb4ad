import pandas as pd
import pytest

from navmodels.reports import load_report
from navmodels.reports.bases import contact_person, filtered_bases, restructuring_help

ITEMS = load_report("employer_2024", "items")
TRENDS = load_report("employer_2024", "trends")


def printed(found: pd.DataFrame) -> list[float]:
    return [{"items": ITEMS, "trends": TRENDS}[row.table].loc[row.row, "share"] for row in found.itertuples()]


def test_one_table_prints_as_the_appendix_and_as_the_text():
    found = contact_person(ITEMS, TRENDS)
    assert printed(found) == [36, 33, 31, 29, 27, 25, 20]
    assert (found["status"] == "reproduced").all()
    assert (found["ours"] - printed(found)).abs().max() <= 0.5
    assert found["ours"].iloc[:3].sum() == pytest.approx(100)
    assert found["ours"].iloc[3:].sum() == pytest.approx(100)
    ratio = 3288 / 4115
    assert found["ours"].iloc[3:6].to_numpy() == pytest.approx(ratio * found["ours"].iloc[:3].to_numpy())
    # what the text leaves for the appendix, and the other way round: 29 ± 0.5 over the ratio, 36 ± 0.5 times it
    assert found.loc[0, ["lower", "upper"]].tolist() == pytest.approx([28.5 / ratio, 29.5 / ratio])
    assert found.loc[3, ["lower", "upper"]].tolist() == pytest.approx([35.5 * ratio, 36.5 * ratio])
    assert found.loc[6, "ours"] == pytest.approx(100 * 827 / 4115)


def test_a_falsified_answer_leaves_no_table():
    false = TRENDS.copy()
    false.loc[
        (false["item_id"] == "contact_person_want") & (false["group"] == "all") & (false["year"] == 2024), "share"
    ] = 24
    found = contact_person(ITEMS, false)
    assert found["status"].tolist() == ["differs"] * 6 + ["reproduced"]
    assert found.loc[1, "ours"] == pytest.approx(24 * 4115 / 3288)


def test_answers_that_fit_one_by_one_but_do_not_add_up_leave_no_table():
    n = pd.array([1000] * 3, dtype="Int64")
    names = ["contact_person_yes", "contact_person_want", "contact_person_not_needed"]
    items = pd.DataFrame({"item_id": names, "share": [30.0, 30.0, 30.0], "n": n})
    trends = pd.DataFrame(
        {"item_id": [*names, "contact_person_dk"], "share": [30.0, 30.0, 30.0, 0.0], "group": "all", "year": 2024}
    )
    assert contact_person(items, trends, respondents=1000)["status"].tolist() == ["differs"] * 6 + ["reproduced"]


def test_a_missing_answer_is_named():
    with pytest.raises(ValueError, match="'contact_person_want' has 0 rows"):
        contact_person(ITEMS[ITEMS["item_id"] != "contact_person_want"], TRENDS)


def test_those_who_hired_are_the_base_of_the_last_hire():
    found = filtered_bases(ITEMS)
    assert found["ours"].iloc[0] == pytest.approx(0.75 * 4115)
    assert found["status"].tolist() == ["reproduced"] * 9
    false = ITEMS.copy()
    false.loc[false["battery"] == "last_hire", "n"] = 3176
    assert (filtered_bases(false)["status"] == "differs").sum() == 8


def test_who_gets_and_who_wants_help_add_up():
    found = restructuring_help(ITEMS, TRENDS)
    assert found.loc[0, ["ours", "lower", "upper", "status"]].tolist() == [69, 68, 70, "agrees"]
    false = TRENDS.copy()
    false.loc[false["item_id"] == "help_alternative_work_wants", "share"] = 40
    assert restructuring_help(ITEMS, false).loc[0, "status"] == "differs"
