import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from navmodels.data import Survey
from navmodels.data.responses import count_answers

ROWS = pd.DataFrame(
    {
        "office": ["B", "A", "A", "B", "A"],
        "year": [2024, 2023, 2023, 2024, 2024],
        "answer": [3, 1, 1, 2, 3],
        "w": [1.0, 2.0, 0.5, 4.0, 1.0],
    },
    index=[10, 11, 12, 13, 14],
)


def counted(frame=ROWS, **changes):
    return count_answers(
        frame, **{"outcome": "answer", "by": ["office", "year"], "weights": "w", "missing": "raise"} | changes
    )


def test_counts_by_hand():
    table, dropped = counted()
    expected = pd.DataFrame(
        {
            "office": pd.Categorical(["A", "A", "B", "B"]),
            "year": pd.Categorical([2023, 2024, 2024, 2024]),
            "category": [1, 3, 2, 3],
            "count": [2, 1, 1, 1],
            "weighted": [2.5, 1.0, 4.0, 1.0],
            "squares": [4.25, 1.0, 16.0, 1.0],
        }
    )
    assert_frame_equal(table, expected)
    assert dropped == 0


def test_row_order_is_irrelevant():
    assert_frame_equal(counted(ROWS.iloc[::-1])[0], counted()[0])


def test_without_weights_all_weigh_one():
    table, _ = counted(weights=None)
    assert table["weighted"].tolist() == table["squares"].tolist() == table["count"].tolist() == [2, 1, 1, 1]


@pytest.mark.parametrize("column", ["count", "weighted", "squares", "category"])
def test_the_answer_may_have_any_name(column):
    table, _ = counted(ROWS.rename(columns={"answer": column}), outcome=column)
    assert table["count"].tolist() == [2, 1, 1, 1]
    assert table["weighted"].tolist() == [2.5, 1.0, 4.0, 1.0]


def test_missing_rows_are_named_or_dropped_and_counted():
    frame = ROWS.assign(answer=[3, None, 1, 2, 3], office=["B", "A", "A", None, None])
    with pytest.raises(ValueError, match=r"column 'answer' is missing in row 11 \(1 of 5\)\..*missing='drop'"):
        counted(frame)
    with pytest.raises(ValueError, match=r"column 'office' is missing in rows 13, 14 \(2 of 5\)\..*missing='drop'"):
        counted(frame.assign(answer=1))
    table, dropped = counted(frame, missing="drop")
    assert dropped == 3
    assert table[["office", "year", "category", "count"]].to_numpy().tolist() == [["A", 2023, 1, 1], ["B", 2024, 3, 1]]
    assert table["office"].cat.categories.tolist() == ["A", "B"]


def test_nothing_left():
    with pytest.raises(ValueError, match="every one of the 5 rows lacks 'answer' or 'office' or 'year'"):
        counted(ROWS.assign(answer=None), missing="drop")


def test_words_for_missing():
    with pytest.raises(ValueError, match=r"missing is 'dropp'; allowed: 'raise', 'drop'\. Did you mean 'drop'\?"):
        counted(missing="dropp")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 1, None, 1, 1], r"'w' holds nan in row 12 \(1 of 5\); allowed: finite numbers from 0 up"),
        ([1, float("inf"), 1, 1, 1], r"'w' holds inf in row 11 \(1 of 5\); allowed: finite numbers from 0 up"),
        ([1, 1, 1, -2, -3], r"'w' holds -2\.0, -3\.0 in rows 13, 14 \(2 of 5\); allowed: finite numbers from 0 up"),
        (["1", "1", "1", "1", "1"], r"'w' holds '1' in rows 10, .* \(5 of 5\); allowed: a column of numbers"),
    ],
)
def test_bad_weights(weights, message):
    with pytest.raises(ValueError, match=message):
        counted(ROWS.assign(w=weights))


def test_labels_that_differ_in_capitals_are_two_where_declared():
    rows = pd.DataFrame({"form": ["a", "A", "a"], "satisfied": [1, 0, 1]})
    with pytest.raises(ValueError, match=r"'form' has the labels 'A' and 'a', the same but for capitals"):
        Survey.from_responses(rows, outcome="satisfied", by="form")
    declared = rows.astype({"form": "category"})
    assert Survey.from_responses(declared, outcome="satisfied", by="form").levels == {"form": ("A", "a")}
