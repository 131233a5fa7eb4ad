"""Formulas: read as trees, and worked out with the rounding of their numbers, against corners tried by hand."""

import itertools

import numpy as np
import pytest

from navmodels.reports.formulas import names_of, parse, reach_of, value_of


@pytest.mark.parametrize(
    "formula",
    ["__import__('os').system('x')", "a ** 2", "a if b else c", "[a]", "a.b.c", "abs(a)", "min(a)", "a < b", "'a'",
     "lambda: a", "a and b", "max(a, b, key=c)", "a +", "", "a; b", "True", "a[0]", "a" + "+a" * 5000],
)  # fmt: skip
def test_anything_but_arithmetic_is_refused(formula: str) -> None:
    with pytest.raises(ValueError, match="allowed: "):
        parse(formula)


def test_deep_brackets_are_no_crash() -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        parse("(" * 2000 + "a" + ")" * 2000)


def test_values() -> None:
    at = {"a": 3.0, "b.n": 8.0}
    assert value_of("-a + b.n / (a - 1) * 2", at) == 5.0
    assert value_of("min(a, b.n, 2) + max(a, 4)", at) == 6.0
    assert names_of("max(b.n, a) - b.n") == ("b.n", "a")


@pytest.mark.parametrize(
    "formula", ["a + b - c", "(31 * a + 120 * b) / 151", "100 * a / (a + b + c)", "max(a, b) - min(b, c)", "a * b / c"]
)
def test_ranges_are_the_corners_of_the_rounding(formula: str) -> None:
    values, halves = {"a": 58.0, "b": 71.0, "c": 66.0}, {"a": 0.5, "b": 0.05, "c": 2.5}
    corners = [
        float(
            value_of(
                formula, {name: values[name] + sign * halves[name] for name, sign in zip("abc", signs, strict=True)}
            )
        )
        for signs in itertools.product((-1, 1), repeat=3)
    ]
    middle, low, high = reach_of(formula, {name: np.array([value]) for name, value in values.items()}, halves)
    assert middle[0] == float(value_of(formula, values))
    assert (low[0], high[0]) == pytest.approx((min(corners), max(corners)), abs=1e-12)


def test_a_division_by_what_may_be_nothing_has_no_end() -> None:
    _, low, high = reach_of("a / b", {"a": np.array([1.0]), "b": np.array([0.5])}, {"b": 0.5})
    assert low[0] == pytest.approx(1.0)
    assert high[0] == np.inf
