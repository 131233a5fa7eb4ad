import pandas as pd
import pytest

from navmodels.data import Survey
from navmodels.data.scales import Scale, answer_categories


def categories(values, **changes):
    answers = pd.Series(values, name="answer")
    return answer_categories(answers, Scale(**changes))


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
