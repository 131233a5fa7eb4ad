import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from navmodels.data import Survey
from navmodels.data.responses import answer_categories, count_answers

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


def categories(values, **changes):
    answers = pd.Series(values, name="answer")
    return answer_categories(answers, **{"categories": None, "ordered": True, "positive": None} | changes)


def test_categories_are_kept_in_their_order():
    assert categories([3, 1], categories=range(1, 7)) == (1, 2, 3, 4, 5, 6)
    assert categories(["b"], categories=["c", "b", "a"]) == ("c", "b", "a")
    assert categories([3], categories=[3, 1, 2], ordered=False) == (3, 1, 2)
    assert categories([0, 1]) == (1,)
    assert categories([True, False]) == (1,)


@pytest.mark.parametrize(
    ("values", "changes", "message"),
    [
        (
            [0, 1, 2],
            {},
            r"'answer' holds 2 in row 2 \(1 of 3\); allowed for a share: 0 and 1\. .*categories=.*positive=",
        ),
        (["0", "1"], {}, r"'answer' holds '0', '1' in rows 0, 1 \(2 of 2\)"),
        (
            [1, 7],
            {"categories": range(1, 7)},
            r"'answer' holds 7 in row 1 \(1 of 2\), not among the categories 1, .*6\.",
        ),
        (["1"], {"categories": [1, 2]}, r"holds '1' in row 0 .* Did you mean 1\?"),
        (["goood"], {"categories": ["bad", "good"]}, r"'goood' in row 0 .* Did you mean 'good'\?"),
        ([1], {"categories": [2, 1, 3]}, r"out of order: 2, 1, 3; allowed, lowest first: 1, 2, 3\..*ordered=False"),
        ([1], {"categories": [1, 1, 2]}, "categories are 1, 1, 2; allowed: at least two, each once"),
        ([1], {"categories": [1]}, "categories are 1; allowed: at least two"),
        (
            [1],
            {"categories": [1, "don't know"]},
            r"'categories' has labels such as 1 \(number\).*\"don't know\" \(text\)",
        ),
        ([1], {"categories": [1, 2], "positive": 2}, r"not both; .*\.dichotomise\(cut\)"),
        (["no", "yes"], {"positive": "yess"}, r"'yess', which never occurs in .*'no', 'yes'\. Did you mean 'yes'\?"),
        (
            [1, 2],
            {"positive": 3},
            r"positive is 3, which never occurs in column 'answer'; it holds 1, 2\..*categorical",
        ),
        ([1, 2], {"positive": [3, 4]}, r"positive is 3, which never occurs in column 'answer'; it holds 1, 2\."),
        (["no", "yes"], {"positive": ["yes", "maybe"]}, r"positive is 'maybe', which never occurs .*'no', 'yes'\."),
        ([1, 2], {"positive": []}, r"positive is empty; allowed: one or more of 1, 2"),
    ],
)
def test_bad_categories(values, changes, message):
    with pytest.raises(ValueError, match=message):
        categories(values, **changes)


def test_an_ordered_column_has_the_last_word_on_order():
    answers = pd.Categorical(["low", "high"], ["low", "middle", "high"], ordered=True)
    assert categories(answers, categories=["low", "middle", "high"]) == ("low", "middle", "high")
    assert categories(answers, categories=["high", "low", "middle"], ordered=False) == ("high", "low", "middle")
    with pytest.raises(ValueError, match=r"out of order: 'low', 'high', 'middle'; .* first: 'low', 'middle', 'high'"):
        categories(answers, categories=["low", "high", "middle"])


def test_a_positive_answer_nobody_gave_is_known_to_a_categorical_column():
    answers = pd.Categorical([4, 2], range(1, 7))
    assert categories(answers, positive=[4, 5, 6]) == (4, 5, 6)
    assert categories(pd.Categorical(["no"], ["no", "yes"]), positive="yes") == ("yes",)
    with pytest.raises(ValueError, match="positive is 7, which never occurs"):
        categories(answers, positive=7)


def test_a_rating_nobody_gave_may_stand_beside_one_that_occurs():
    """Four to six is the upper half of six points, also where nobody gave a six."""
    assert categories([2, 4, 5], positive=[4, 5, 6]) == (4, 5, 6)


def test_answers_that_look_alike_are_not_counted_as_a_no():
    rows = pd.DataFrame({"office": list("AABB"), "satisfied": ["Yes", "yes", "No", "Yes\u00a0"]})
    asked = {"outcome": "satisfied", "by": "office"}
    with pytest.raises(ValueError, match=r"'yes' in row 1 \(1 of 4\), which looks like 'Yes' in row 0 \(1 of 4\)"):
        Survey.from_responses(rows, **asked, positive="Yes")
    both = Survey.from_responses(rows, **asked, positive=["Yes", "yes", "Yes\u00a0"])
    assert both.to_pandas()["positive"].tolist() == [2.0, 1.0]
    alike = rows.replace({"yes": "Yes", "Yes\u00a0": "Yes"})
    assert Survey.from_responses(alike, **asked, positive="Yes").to_pandas()["positive"].tolist() == [2.0, 1.0]
    with pytest.raises(ValueError, match=r"'yes', 'Yes\\xa0' in rows 1, 3 \(2 of 4\), not among the categories"):
        Survey.from_responses(rows, **asked, categories=["No", "Yes"], ordered=False)
    with pytest.raises(
        ValueError, match=r"'Yes' and 'yes', the same but for capitals: .*another name where they are two"
    ):
        Survey.from_responses(rows, **asked, categories=["No", "Yes", "yes"], ordered=False)
    items = pd.DataFrame({"one": ["Yes", "No"], "two": ["No", "yes"]})
    with pytest.raises(ValueError, match=r"column 'two' holds 'yes' in row 1 \(1 of 2\), which looks like 'Yes', an"):
        Survey.from_items(items, items=["one", "two"], positive="Yes")


def test_labels_that_differ_in_capitals_are_two_where_declared():
    rows = pd.DataFrame({"form": ["a", "A", "a"], "satisfied": [1, 0, 1]})
    with pytest.raises(ValueError, match=r"'form' has the labels 'A' and 'a', the same but for capitals"):
        Survey.from_responses(rows, outcome="satisfied", by="form")
    declared = rows.astype({"form": "category"})
    assert Survey.from_responses(declared, outcome="satisfied", by="form").levels == {"form": ("A", "a")}
