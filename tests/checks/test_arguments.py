import numpy as np
import pandas as pd
import pytest

from navmodels import checks
from navmodels.checks import reserved


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


def test_one_of_tells_true_from_1():
    checks.one_of(1.0, (0, 1), what="level")
    checks.one_of(np.int64(1), (0, 1), what="level")
    with pytest.raises(ValueError, match=r"^level is True; allowed: 0, 1\."):
        checks.one_of(True, (0, 1), what="level")
