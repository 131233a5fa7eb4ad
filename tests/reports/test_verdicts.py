import numpy as np
import pandas as pd
import pytest
import xarray as xr

import navmodels as nav
from navmodels.reports.verdicts import compare, direct_z, judge, judge_order

CLEAR, ALMOST, JUST, NOT = 1.99, 1.93, 1.67, 1.62  # z on either side of 1.960 and of 1.645


@pytest.fixture(scope="module")
def pair(labelled):
    """Return a function from z to draws of two levels whose difference has a standard deviation of one point."""

    def draws(z, dim="year", names=(2023, 2024)):
        return labelled(dim, {names[0]: (0.5, 0.0), names[1]: (0.5 + 0.01 * z, 0.01)})

    return draws


def judge_change(draws, *, direction, stated):
    row = compare(draws, [(2023, 2024)])[2023, 2024]
    return judge(row, direction=direction, stated=stated, over_time=True)


def judge_difference(draws, level, reference, *, direction, stated):
    row = compare(draws, [(reference, level)])[reference, level]
    return judge(row, direction=direction, stated=stated, over_time=False)


def test_numbers_of_a_change(pair):
    verdict = judge_change(pair(1.0), direction="up", stated="difference")
    assert verdict.mean == pytest.approx(1.0, abs=1e-6)
    assert verdict.lower == pytest.approx(1 - 1.96, abs=0.01)
    assert verdict.upper == pytest.approx(1 + 1.96, abs=0.01)
    assert verdict.p_increase == pytest.approx(0.8413, abs=5e-4)


@pytest.mark.parametrize(
    ("z", "label", "up", "down", "unchanged"),
    [
        (CLEAR, "increase", "agrees", "differs", "differs"),
        (ALMOST, "tendency", "differs", "differs", "agrees"),
        (JUST, "tendency", "differs", "differs", "agrees"),
        (NOT, "no clear change", "differs", "differs", "agrees"),
        (0.0, "no clear change", "differs", "differs", "agrees"),
        (-ALMOST, "tendency", "differs", "differs", "agrees"),
        (-CLEAR, "decrease", "differs", "agrees", "differs"),
    ],
)
def test_change_at_the_edges(pair, z, label, up, down, unchanged):
    for direction, status in (("up", up), ("down", down), ("unchanged", unchanged)):
        verdict = judge_change(pair(z), direction=direction, stated="difference")
        assert (verdict.label, verdict.status) == (label, status), direction


@pytest.mark.parametrize(
    ("z", "up", "down"),
    [
        (CLEAR, "agrees", "differs"),
        (JUST, "agrees", "differs"),
        (NOT, "differs", "differs"),
        (-JUST, "differs", "agrees"),
    ],
)
def test_a_stated_tendency_needs_90_percent(pair, z, up, down):
    for direction, status in (("up", up), ("down", down)):
        assert judge_change(pair(z), direction=direction, stated="tendency").status == status


@pytest.mark.parametrize(
    ("z", "status"), [(CLEAR, "differs"), (ALMOST, "agrees"), (0.0, "agrees"), (-CLEAR, "differs")]
)
def test_not_significant_is_a_statement_of_no_clear_change(pair, z, status):
    assert judge_change(pair(z), direction="up", stated="not significant").status == status


@pytest.mark.parametrize(
    ("z", "label", "higher", "lower", "equal"),
    [
        (CLEAR, "higher", "agrees", "differs", "differs"),
        (JUST, "tendency", "differs", "differs", "agrees"),
        (NOT, "no clear difference", "differs", "differs", "agrees"),
        (-CLEAR, "lower", "differs", "agrees", "differs"),
    ],
)
def test_difference_at_the_edges(pair, z, label, higher, lower, equal):
    draws = pair(z, "sector", ("private", "public"))
    sectors = ("public", "private")
    for direction, status in (("higher", higher), ("lower", lower), ("equal", equal)):
        verdict = judge_difference(draws, *sectors, direction=direction, stated="difference")
        assert (verdict.label, verdict.status) == (label, status), direction
    lower_stated = judge_difference(draws, *sectors, direction="higher", stated="tendency")
    assert lower_stated.status == ("agrees" if z >= JUST else "differs")


def test_difference_is_first_minus_reference(pair):
    draws = pair(1.0, "sector", ("private", "public"))
    one = judge_difference(draws, "public", "private", direction="higher", stated="difference")
    other = judge_difference(draws, "private", "public", direction="higher", stated="difference")
    assert (one.mean, one.lower) == pytest.approx((1.0, -0.96), abs=0.01)
    assert (other.mean, other.upper) == pytest.approx((-1.0, 0.96), abs=0.01)
    assert one.p_increase == pytest.approx(1 - other.p_increase)


# ---- many pairs at once


@pytest.fixture(scope="module")
def series(labelled):
    """Return draws of two series over three years, one level of them missing."""
    years = {name: labelled("year", {2021: (m, 0.01), 2023: (m + 0.02, 0.02), 2024: (m + 0.03, 0.03)})
             for name, m in (("a", 0.5), ("b", 0.6))}  # fmt: skip
    both = xr.concat([years["a"], years["b"] + 0.001 * years["a"]], pd.Index(["a", "b"], name="series"))
    gap = (both["series"] == "b") & (both["year"] == 2021)
    return both.where(~gap).transpose("chain", "draw", "series", "year")


def test_pairs_are_summarised_as_one_by_one(series):
    asked = [("a", 2021, 2024), ("b", 2023, 2024), ("a", 2024, 2023), ("a", 2021, 2024)]
    found = compare(series, asked)
    assert list(found) == asked[:3]
    for name, first, second in asked:
        draws = series.sel(series=name)
        one = draws.sel(year=[second]) - draws.sel(year=first, drop=True)
        table = nav.summarise(one.assign_attrs(quantity="change", kind="difference"))
        for column in ("mean", "median", "sd", "lower", "upper", "prob", "p_increase", "class"):
            assert found[name, first, second][column] == table[column].item(), column
        assert found[name, first, second]["unconverged"] == ""


def test_pairs_without_draws_have_no_row(series):
    assert compare(series, [("b", 2021, 2024), ("a", 2022, 2024), ("c", 2023, 2024), ("a", 2023, 2025)]) == {}
    assert compare(series, []) == {}


def test_a_pair_that_fails_the_gate_falls_alone(series):
    stuck = series.copy()  # the chains of one level stand apart
    stuck.loc[{"series": "b", "year": 2024}] += xr.DataArray([0.0, 0.5, 1.0, 1.5], dims="chain")
    asked = [("a", 2023, 2024), ("b", 2023, 2024), ("a", 2021, 2023)]
    found, sound = compare(stuck, asked), compare(series, asked)
    for pair in (asked[0], asked[2]):
        assert found[pair] == sound[pair]
    reason = found[asked[1]]["unconverged"]
    assert reason.startswith("the draws did not converge: R-hat ")
    assert "share[b, 2023, 2024]" in reason
    assert found[asked[1]]["mean"] == pytest.approx(sound[asked[1]]["mean"] + 0.75)
    with pytest.raises(nav.NotConvergedError, match="R-hat"):
        judge(found[asked[1]], direction="up", stated="difference", over_time=True)


def test_all_pairs_fall_with_their_fit(series):
    found = compare(series.assign_attrs(unconverged="3 divergences"), [("a", 2023, 2024), ("b", 2023, 2024)])
    assert ["3 divergences" in row["unconverged"] for row in found.values()] == [True, True]


# ---- orders


def ordered(labelled, p):
    """Return draws of three levels: "a" is the highest with probability p, otherwise "b"; "c" is the lowest."""
    draws = labelled("item", {"a": (0.6, 0.0), "b": (0.5, 0.0), "c": (0.4, 0.0)})
    second = np.arange(4000).reshape(4, 1000) >= round(4000 * p)
    return draws.copy(data=np.where(second[..., None] & (draws["item"] == "b").values, 0.7, draws.values))


@pytest.mark.parametrize(
    ("p", "label", "status"),
    [(1.0, "clear", "agrees"), (0.95, "clear", "agrees"), (0.9475, "tendency", "differs"), (0.9, "tendency", "differs"),
     (0.8975, "open", "differs"), (0.0, "open", "differs")],
)  # fmt: skip
def test_order_at_the_edges(labelled, p, label, status):
    verdict = judge_order(ordered(labelled, p), along="item", level="a", among=1, direction="highest")
    assert (verdict.p_increase, verdict.label, verdict.status) == (p, label, status)
    assert np.isnan([verdict.mean, verdict.lower, verdict.upper]).all()


def test_order_among_several_and_from_below(labelled):
    draws = ordered(labelled, 0.5)

    def p(level, among, direction):
        return judge_order(draws, along="item", level=level, among=among, direction=direction).p_increase

    assert [p("a", among, "highest") for among in (1, 2, 3)] == [0.5, 1.0, 1.0]
    assert [p("a", among, "lowest") for among in (1, 2, 3)] == [0.0, 0.5, 1.0]
    assert [p("c", 1, direction) for direction in ("highest", "lowest")] == [0.0, 1.0]


def test_direct_z_by_hand():
    # 5 / √(1.24 (21 × 79 + 26 × 74) / 2005) = 5 / 1.48860
    assert direct_z((21, 2005), (26, 2005), 1.24) == pytest.approx(3.3589, abs=1e-4)
    assert direct_z((26, 2005), (21, 2005), 1.24) == pytest.approx(-3.3589, abs=1e-4)
    # 10 / √(2 (50 × 50 / 100 + 60 × 40 / 400)) = 10 / √62
    assert direct_z((50, 100), (60, 400), 2.0) == pytest.approx(1.2700, abs=1e-4)
