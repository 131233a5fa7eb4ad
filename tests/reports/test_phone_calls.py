import pytest

from navmodels.reports import load_report
from navmodels.reports.phone_calls import TABLE, phone_combinations

PHONE, ITEMS, TRENDS = (load_report("employer_2024", table) for table in ("phone_combinations", "items", "trends"))


def test_every_number_of_the_table_holds():
    found = phone_combinations(PHONE, ITEMS, TRENDS)
    own = found[found["table"] == TABLE]
    assert len(own) == 35
    assert not own.duplicated(["row", "quantity"]).any()
    assert own["status"].value_counts().to_dict() == {"reproduced": 30, "agrees": 5}


def test_a_pair_counted_from_the_other_side():
    found = phone_combinations(PHONE, ITEMS, TRENDS).set_index(["row", "quantity"])
    cell = found.loc[(0, "also_local_office")]  # 56 % of 1071 from one side, 32 % of 1853 from the other
    assert cell["ours"] == pytest.approx(32 * 1853 / 1071)
    assert [cell["lower"], cell["upper"]] == pytest.approx([31.5 * 1853 / 1071, 32.5 * 1853 / 1071])


def test_row_sums():
    found = phone_combinations(PHONE, ITEMS, TRENDS)
    sums = found[found["quantity"] == "row_sum_printed"]
    assert sums["ours"].tolist() == [133, 123, 146, 165, 189]  # 133, 123, 147, 165, 189 are printed
    assert (sums["upper"] - sums["ours"]).tolist() == [2.5] * 5


def test_n_supports_the_appendix_against_the_text():
    found = phone_combinations(PHONE, ITEMS, TRENDS)
    text = found[found["table"] == "trends"]
    assert dict(zip(TRENDS.loc[text["row"], "item_id"], text["status"], strict=True)) == {
        "talked_employer_phone": "reproduced",
        "talked_local_office": "reproduced",
        "talked_working_life_centre": "differs",  # 743 of 2689 are 27.6 %: 28 as in the appendix, not 29
        "talked_assistive_tech": "reproduced",
        "talked_aa_support": "reproduced",
    }
    assert text["ours"].iloc[2] == pytest.approx(100 * 743 / 2689)


@pytest.mark.parametrize(
    ("row", "column", "by", "hit"),
    [
        (0, "also_local_office", 4, {(0, "also_local_office"), (1, "also_employer_phone"), (0, "row_sum_printed")}),
        (3, "row_sum_printed", 4, {(3, "row_sum_printed")}),
        (2, "only_this_unit", 18, {(2, "only_this_unit"), (2, "row_sum_printed")}),
        (4, "n", 20, {(4, "n"), (0, "also_aa_support"), (4, "also_employer_phone")}),
    ],
)
def test_a_falsified_number_differs(row, column, by, hit):
    false = PHONE.copy()
    false.loc[row, column] += by
    found = phone_combinations(false, ITEMS, TRENDS)
    differs = found[(found["table"] == TABLE) & (found["status"] == "differs")]
    assert hit <= set(zip(differs["row"], differs["quantity"], strict=True))
