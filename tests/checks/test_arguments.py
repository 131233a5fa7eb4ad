import numpy as np
import pandas as pd
import pytest

from navmodels import checks
from navmodels.checks import reserved

COMPOSED, DECOMPOSED = "Ås", "A\N{COMBINING RING ABOVE}s"


@pytest.mark.parametrize(
    ("given", "allowed", "answer"),
    [
        ("cuonty", ["county", "year"], " Did you mean 'county'?"),
        ("OSLO", ["Oslo", "Troms"], " Did you mean 'Oslo'?"),
        ("2023", [2023, 2024], " Did you mean 2023?"),
        ("xyz", ["county", "year"], ""),
        (" Oslo", ["Oslo"], " Did you mean 'Oslo'? It differs only in spaces or Unicode form."),
        (DECOMPOSED, [COMPOSED], f" Did you mean '{COMPOSED}'? It differs only in spaces or Unicode form."),
    ],
)
def test_nearest(given, allowed, answer):
    assert checks.nearest(given, allowed) == answer


def test_listing_is_cut_and_shows_plain_numbers():
    assert checks.listing(np.array([1.5, 2.0])) == "1.5, 2.0"
    assert checks.listing(range(12)) == "0, 1, 2, 3, 4, 5, 6, 7 and 4 more"
    assert checks.listing([]) == ""


def test_rows_are_named_by_their_index():
    assert checks.rows(pd.Series([True, False], index=["a", "b"])) == "row 'a' (1 of 2)"
    assert checks.rows(pd.Series([True] * 12)) == "rows 0, 1, 2, 3, 4, 5, 6, 7 and 4 more (12 of 12)"


def test_rows_with_equal_names_are_counted_from_0():
    frame = pd.DataFrame({"x": [7, 8, 9]}, index=["a", "a", "b"])
    assert checks.named_rows(frame, what="f").index.tolist() == [0, 1, 2]
    assert checks.named_rows(frame.iloc[1:], what="f").index.tolist() == ["a", "b"]
    assert frame.index.tolist() == ["a", "a", "b"]
    with pytest.raises(ValueError, match=r"^f was given no rows\.$"):
        checks.named_rows(frame.iloc[:0], what="f")


@pytest.mark.parametrize("value", [0, -1.0, np.inf, np.nan, True, "0.5", None])
def test_positive_numbers(value):
    with pytest.raises(ValueError, match=r"width is .*; allowed: a positive number or None\.$"):
        checks.positive(value, what="width", also=" or None")
    assert checks.positive(np.float32(2.0), what="width") == 2.0


def test_factor_names():
    assert checks.factor_names("county") == ("county",)
    assert checks.factor_names(["year", "county"]) == ("year", "county")
    assert checks.factor_names(()) == ()
    with pytest.raises(ValueError, match=r"by names 'year' more than once: 'year', 'county', 'year'\."):
        checks.factor_names(["year", "county", "year"])
    with pytest.raises(ValueError, match=r"by names 3; allowed: names of columns that are text\. Rename .*\{3: '3'\}"):
        checks.factor_names(["year", 3])


@pytest.mark.parametrize("name", reserved.RESERVED)
def test_reserved_names_are_listed(name):
    with pytest.raises(ValueError, match=rf"by names '{name}', .* rename the column\. Reserved: .*'{name}'"):
        checks.factor_names(["county", name])


def test_known_columns():
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "b"])
    with pytest.raises(ValueError, match=r"^f names column 'aa', .*its columns: 'a', 'b', 'b'\. Did you mean 'a'\?"):
        checks.known_columns(frame, ["aa"], what="f")
    with pytest.raises(ValueError, match=r"^f names column 'a' more than once: 'a', 'a'"):
        checks.known_columns(frame, ["a", "a"], what="f")
    with pytest.raises(ValueError, match=r"^f names column 'b', which the frame has more than once"):
        checks.known_columns(frame, ["b"], what="f")


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1, 0], "object", [1, 0]),
        ([1, None], "object", [1, np.nan]),
        ([1, pd.NA], "object", [1, np.nan]),
        ([1, pd.NA], "Int64", [1, np.nan]),
        ([2, 1], "category", [2, 1]),
        ([True, False], "bool", [1, 0]),
        ([None, None], "object", [np.nan, np.nan]),
    ],
)
def test_numbers_of_any_type_pass(values, dtype, expected):
    column = checks.numeric(pd.Series(values, dtype=dtype), gaps=True)
    np.testing.assert_array_equal(column, expected)
    assert column.dtype == float


@pytest.mark.parametrize(
    ("values", "limits", "message"),
    [
        ([1.0, np.nan], {}, r"'x' holds nan in row 1 \(1 of 2\); allowed: finite numbers\."),
        ([np.inf, 1], {"gaps": True}, r"'x' holds inf in row 0 \(1 of 2\); allowed: finite numbers\."),
        ([-1, 1], {"low": 0.0}, r"'x' holds -1\.0 in row 0 \(1 of 2\); allowed: finite numbers from 0 up\."),
        ([5, 101], {"low": 0.0, "high": 100.0}, r"'x' holds 101\.0 in row 1 .*allowed: finite numbers from 0 to 100\."),
        (["5", 6], {}, r"'x' holds '5' in row 0 \(1 of 2\); allowed: a column of numbers\."),
        (["a", "b"], {}, r"'x' holds 'a', 'b' in rows 0, 1 \(2 of 2\); allowed: a column of numbers\."),
        (
            pd.to_datetime(["2024-01-01"]),
            {},
            r"'x' holds Timestamp.* in row 0 \(1 of 1\); allowed: a column of numbers\.",
        ),
    ],
)
def test_what_is_no_number_is_named(values, limits, message):
    with pytest.raises(ValueError, match=message):
        checks.numeric(pd.Series(values, name="x"), **limits)


def test_limits_are_allowed_themselves():
    assert checks.numeric(pd.Series([0, 100]), low=0.0, high=100.0).tolist() == [0.0, 100.0]


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


def test_one_cell_twice():
    frame = pd.DataFrame({"year": [2023, 2024, 2023], "county": ["a", "a", "a"]})
    with pytest.raises(
        ValueError, match=r"rows 0, 2 \(2 of 3\) .* for instance year=2023, county='a'; each combination"
    ):
        checks.unique_cells(frame, ["year", "county"])
    with pytest.raises(
        ValueError, match=r"rows 0, 1, 2 \(3 of 3\).*for instance the whole sample; without by= there is"
    ):
        checks.unique_cells(frame, [])
    checks.unique_cells(frame.iloc[:2], ["year", "county"])


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


def test_one_of_tells_true_from_1():
    checks.one_of(1.0, (0, 1), what="level")
    checks.one_of(np.int64(1), (0, 1), what="level")
    with pytest.raises(ValueError, match=r"^level is True; allowed: 0, 1\."):
        checks.one_of(True, (0, 1), what="level")
