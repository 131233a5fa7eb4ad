"""Markdown tables, numbers and slopes."""

import pytest

from benchmarks import tables


def test_text_to_the_left_and_numbers_to_the_right():
    rows = [{"tool": "a | b", "k-hat": "-0.10"}, {"tool": "c\nd", "k-hat": tables.NONE}]
    assert tables.markdown_table(rows).splitlines() == [
        "| tool   | k-hat |",
        "| :----- | ----: |",
        "| a \\| b | -0.10 |",
        "| c d    |     – |",
    ]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(None, 1, "–"), (float("nan"), 1, "–"), (0.0, 1, "0.0"), (1234.56, 1, "1,234.6"), (0.126, 2, "0.13")],
)
def test_numbers_as_shown(value, digits, text):
    assert tables.shown(value, digits) == text


@pytest.mark.parametrize("power", [0.0, 1.0, 2.5])
def test_slope_of_a_power(power):
    sizes = [10, 30, 100, 1_000]
    assert tables.log_log_slope(sizes, [0.1 * size**power for size in sizes]) == pytest.approx(power, abs=1e-9)
