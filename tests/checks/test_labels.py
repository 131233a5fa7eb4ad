import pandas as pd
import pytest

from navmodels import checks

COMPOSED, DECOMPOSED = "Ås", "A\N{COMBINING RING ABOVE}s"


@pytest.mark.parametrize(
    ("column", "levels"),
    [
        (["b", "a", "b"], ("a", "b")),
        ([10, 9, 10], (9, 10)),
        (pd.Series([2.5, 1, 2.5], dtype=object), (1, 2.5)),
        ([True, False], (False, True)),
        (pd.Categorical(["low", "high"], ["low", "middle", "high"]), ("low", "high")),
        (pd.Categorical([3, 1], [3, 2, 1]), (3, 1)),
        (pd.Series([2, 1], dtype="Int64"), (1, 2)),
    ],
)
def test_levels_are_sorted_or_in_categorical_order(column, levels):
    found = checks.level_order(pd.Series(column))
    assert found == levels
    assert [type(level) for level in found] == [type(level) for level in levels]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["a", 1, "b"], r"'x' has labels such as 'a' \(text\) in row 0, 1 \(number\) in row 1; .*\.astype\(str\)"),
        ([0, True], r"0 \(number\) in row 0, True \(True/False\) in row 1"),
        ([True, 1], r"True \(True/False\) in row 0, 1 \(number\) in row 1"),
        (pd.Categorical(["a", 1]), r"'a' \(text\) in row 0, 1 \(number\) in row 1"),
        (pd.to_datetime(["2024-01-01", "2024-02-01"]), r"\(Timestamp\) in row 0; .*\.dt\.year"),
        (pd.cut([20, 70], [18, 67, 99]), r"\(Interval\) in row 0; .*\.cat\.rename_categories\(str\), which keeps"),
        ([("a", 1), ("b", 2)], r"\(tuple\) in row 0; allowed: text, numbers or True/False"),
    ],
)
def test_labels_are_of_one_kind(column, message):
    labels = column if isinstance(column, pd.Categorical | pd.DatetimeIndex) else pd.Series(column, dtype=object)
    with pytest.raises(ValueError, match=message):
        checks.level_order(pd.Series(labels, name="x"))


def test_the_advice_for_intervals_works():
    age = pd.Series(pd.cut([70, 20], [18, 67, 99])).cat.rename_categories(str)
    assert checks.level_order(age) == ("(18, 67]", "(67, 99]")


@pytest.mark.parametrize("other", [DECOMPOSED, COMPOSED + " ", " " + COMPOSED])
@pytest.mark.parametrize("kind", ["str", "object", "category"])
def test_labels_that_look_alike(other, kind):
    column = pd.Series([COMPOSED, "Moss", other], index=[5, 6, 7], name="place", dtype=object).astype(kind)
    with pytest.raises(ValueError, match=r"'place' has the labels .* the same after Unicode") as error:
        checks.level_order(column)
    assert f"{COMPOSED!r} in row 5 (1 of 3)" in str(error.value)
    assert f"{other!r} in row 7 (1 of 3)" in str(error.value)


@pytest.mark.parametrize("kind", ["str", "object"])
def test_labels_that_differ_in_capitals_are_asked_about(kind):
    column = pd.Series(["Oslo", "Agder", "oslo", "Oslo"], index=[5, 6, 7, 8], name="county", dtype=kind)
    with pytest.raises(ValueError, match=r"'Oslo' and 'oslo', the same but for capitals") as error:
        checks.level_order(column)
    assert "'Oslo' in rows 5, 8 (2 of 4), 'oslo' in row 7 (1 of 4)" in str(error.value)
    assert checks.level_order(column.replace({"oslo": "Oslo"})) == ("Agder", "Oslo")  # the two remedies it names
    assert checks.level_order(column.astype("category")) == ("Agder", "Oslo", "oslo")
    assert ".replace({'oslo': 'Oslo'})" in str(error.value)
    assert ".astype('category')" in str(error.value)


@pytest.mark.parametrize("answer", ["yes", "YES", "Yes ", "Ye\u00adS", "Yes\N{ZERO WIDTH SPACE}"])
def test_answers_that_look_like_a_positive_one(answer):
    answers = pd.Series(["Yes", "No", answer, None], name="satisfied")
    with pytest.raises(
        ValueError, match=r"'satisfied' holds '.*' in row 2 \(1 of 4\), which looks like 'Yes' in row 0"
    ):
        checks.require_listed(answers, ["Yes"])
    checks.require_listed(answers, ["Yes", answer])
    checks.require_listed(answers.replace({answer: "Yes"}), ["Yes"])
    checks.require_listed(pd.Series(["Yes", "No", "no"]), ["Yes"])  # both count as negative, which they are
