"""Printed numbers as text: what each says is known from how it is written; ambiguous or other text is no number."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from navmodels.checks import numeric
from navmodels.checks.numerals import as_written, read_numeral, recipe


@pytest.mark.parametrize(
    ("text", "options", "value"),
    [
        ("68", {}, 68.0),
        (" 68.1 ", {}, 68.1),
        ("68,1", {"decimal": ","}, 68.1),
        (",5", {"decimal": ","}, 0.5),
        ("68 %", {}, 68.0),
        ("68\u00a0%", {}, 68.0),
        ("1 400", {}, 1400.0),
        ("1\u00a0400 000", {}, 1_400_000.0),
        ("1\u202f400", {}, 1400.0),
        ("1\u2009400,5", {"decimal": ","}, 1400.5),
        ("1,400", {"thousands": ","}, 1400.0),
        ("1.400,5", {"decimal": ",", "thousands": "."}, 1400.5),
        ("1'400", {"thousands": "'"}, 1400.0),
        ("-3", {}, -3.0),
        ("\u22123,5", {"decimal": ","}, -3.5),
        ("12*", {}, 12.0),
        ("12†", {}, 12.0),
        ("12\u00b9", {}, 12.0),
        ("12a", {}, 12.0),
        ("12 a)", {}, 12.0),
        ("12 1)", {}, 12.0),
        ("12 % *", {}, None),  # a mark that stands alone may be anything
        ("68,1", {}, None),
        ("1,400", {}, None),
        ("1 40", {}, None),
        ("12 345 6", {}, None),
        ("<5", {}, None),
        (":", {}, None),
        ("-", {}, None),
        ("", {}, None),
        ("18-24", {}, None),
        ("67+", {}, None),
        ("nan", {}, None),
        ("inf", {}, None),
        ("1e3", {}, None),
        ("0x10", {}, None),
        ("1_000", {}, None),
        ("٣", {}, None),  # digits of another script
    ],
)
def test_what_a_printed_number_says(text, options, value):
    found = read_numeral(text, **options)
    assert (None if found is None else found.value) == value


def test_marks_and_percent_signs_are_kept_apart():
    assert (read_numeral("12*").mark, read_numeral("12 a)").mark, read_numeral("12").mark) == ("*", "a)", "")
    assert (read_numeral("12 %").percent, read_numeral("12").percent) == (True, False)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", "2.5"], "Turn the column into numbers with .astype(float)."),
        (["68,1", "70"], "nav.read_table(path, decimal=',')."),
        (["<5", "6,5", ":"], "nav.read_table(path, decimal=',', suppressed=('<5', ':'))."),
        (["1.400,5", "300,1"], "nav.read_table(path, decimal=',', thousands='.')."),
        (["1,400.5", "30.1"], "nav.read_table(path, thousands=',')."),
        (["1,400", "334"], "decimal=',') if the comma is a decimal one, with nav.read_table(path, thousands=',') if"),
        (["north", "south"], "Name a column that holds numbers."),
    ],
)
def test_the_recipe_reads_what_it_is_given(texts, expected):
    assert expected in recipe(texts)


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([66.7, 33.3, 50.0], dtype="float32"),
        pd.Series([66.7, 33.3, 50.0], dtype="float16"),
        pd.Series([66.7, 33.3, 50.0], dtype="Float32"),
        pd.Series([66.7, 33.3, 50.0], dtype="Float64"),
        pd.Series([66.7, 33.3, 50.0], dtype="float32").astype(float),
        pd.Series([0.667, 0.333, 0.5], dtype="float32") * 100,
        pd.Series([Decimal("66.7"), Decimal("33.30"), Decimal("50")]),
        pd.Series([np.float32(66.7), 33.3, Decimal("50.0")], dtype=object),
        pd.Categorical([66.7, 33.3, 50.0]),
    ],
)
def test_numbers_have_the_digits_they_were_written_with(column):
    assert numeric(as_written(pd.Series(column, name="p"))).tolist() == [66.7, 33.3, 50.0]


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "Int32", "UInt8"])
def test_whole_numbers_of_any_width(dtype):
    assert numeric(as_written(pd.Series([30, 40], dtype=dtype))).tolist() == [30.0, 40.0]


def test_gaps_of_nullable_numbers_stay_gaps():
    for dtype in ("Int16", "Float32", "Float64"):
        found = numeric(as_written(pd.Series([30, None], dtype=dtype)), gaps=True)
        assert found.isna().tolist() == [False, True]


def test_numbers_beyond_single_precision_are_left_alone():
    given = [16_777_216.0, 12_345.0625, 1 / 3, 1_006_632_960.0]
    assert as_written(pd.Series(given)).tolist() == given
    assert as_written(pd.Series([1_234_567, 16_777_215], dtype="float32")).tolist() == [1_234_567.0, 16_777_215.0]
    assert as_written(pd.Series([512_345.5], dtype="float32")).tolist() == [512_345.5]
