import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from navmodels.models import Effect, Group, HalfCauchy, HalfNormal, Trend, designs
from navmodels.models.blocks import Scale, random_walk_basis

LETTERS = {"county": tuple("ABCD"), "sector": ("private", "public")}


def cells(**columns):
    return pd.DataFrame(columns)


def covariance(block):
    basis = np.eye(block.size) if block.basis is None else block.basis
    return basis @ basis.T


@pytest.mark.parametrize("size", [2, 3, 12])
def test_contrasts_sum_to_zero_with_equal_variances(size):
    levels = tuple(f"level {i:02d}" for i in range(size))
    (block,) = Effect("x", scale=0.7).blocks(cells(x=list(levels)), {"x": levels})
    assert block.basis.shape == (size, size - 1)
    assert block.basis.sum(axis=0) == pytest.approx(np.zeros(size - 1), abs=1e-14)
    # exchangeable, constrained to sum to 0: variance 1, correlation -1/(size - 1), whatever the order of the levels
    expected = np.where(np.eye(size) == 1, 1.0, -1 / (size - 1))
    assert covariance(block) == pytest.approx(expected, abs=1e-14)
    assert (block.scale, block.parameters, block.sd) == (Scale(0.7), {}, None)


def test_relabelling_permutes_the_index_and_nothing_else():
    column = ["B", "A", "D", "C", "A"]
    (one,) = Effect("county").blocks(cells(county=column), {"county": tuple("ABCD")})
    (two,) = Effect("county").blocks(cells(county=column), {"county": tuple("DBAC")})
    assert one.index.tolist() == [1, 0, 3, 2, 0]
    assert two.index.tolist() == [1, 2, 0, 3, 2]
    pair = np.ix_(one.index, one.index), np.ix_(two.index, two.index)
    assert covariance(one)[pair[0]] == pytest.approx(covariance(two)[pair[1]], abs=1e-14)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("size", [3, 4, 9, 17])
def test_random_walk_is_the_scaled_generalised_inverse(size, order):
    basis = random_walk_basis(size, order=order)
    assert basis.shape == (size, size - order)
    difference = np.diff(np.eye(size), n=order, axis=0)
    inverse = np.linalg.pinv(difference.T @ difference, rcond=1e-12)
    scaled = inverse / np.exp(np.mean(np.log(np.diag(inverse))))
    assert basis @ basis.T == pytest.approx(scaled, abs=1e-9)
    assert np.exp(np.mean(np.log((basis**2).sum(axis=1)))) == pytest.approx(1.0, rel=1e-12)
    assert np.ones(size) @ basis == pytest.approx(np.zeros(size - order), abs=1e-10)
    if order == 2:
        assert np.arange(size) @ basis == pytest.approx(np.zeros(size - 2), abs=1e-9)


def test_variances_of_a_walk_of_three_by_hand():
    # pinv(D'D) of three points has the diagonal 5/9, 2/9, 5/9; its geometric mean is (50/729)^(1/3)
    expected = np.array([5, 2, 5]) / 9 / (50 / 729) ** (1 / 3)
    assert (random_walk_basis(3, order=1) ** 2).sum(axis=1) == pytest.approx(expected, rel=1e-12)


def test_increments_vary_in_proportion_to_the_gap():
    levels = {"year": (2008, 2012, 2013, 2022)}
    (block,) = Trend("year").blocks(cells(year=[2022, 2008, 2012, 2013]), levels)
    assert [level[0] for level in block.levels] == list(range(2008, 2023))
    assert block.index.tolist() == [14, 0, 4, 5]
    step = np.diff(block.basis[[0, 4, 5, 14]], axis=0)
    variance = (step**2).sum(axis=1)
    assert variance / variance[1] == pytest.approx([4.0, 1.0, 9.0], rel=1e-10)
    assert step[0] @ step[2] == pytest.approx(0.0, abs=1e-12)  # and independent


def test_order_two_leaves_the_line_to_a_block_of_its_own():
    walk, slope = Trend("year", order=2, scale=HalfCauchy(1)).blocks(cells(year=[2020, 2023]), {"year": (2020, 2023)})
    assert (walk.name, slope.name) == ("year", "year_slope")
    assert (walk.sd, walk.parameters) == ("year_sd", {"year_sd": HalfCauchy(1)})
    assert (slope.scale, slope.parameters) == (Scale(1.0), {})
    # centred line of four years: -3, -1, 1, 3, geometric mean of the squares 3
    assert slope.basis[:, 0] == pytest.approx(np.array([-3, -1, 1, 3]) / np.sqrt(3), rel=1e-12)
    assert slope.basis.T @ walk.basis == pytest.approx(np.zeros((1, 2)), abs=1e-12)
    _, odd = Trend("year", order=2).blocks(cells(year=[1, 3]), {"year": (1, 3)})
    assert odd.basis[:, 0].tolist() == [-1.0, 0.0, 1.0]


def test_group_keeps_the_order_of_the_levels():
    (block,) = Group("county").blocks(cells(county=["A", "C", "B"]), {"county": ("C", "A", "B")})
    assert block.labels == ["C", "A", "B"]
    assert block.index.tolist() == [1, 0, 2]
    assert block.basis is None
    assert block.size == 3
    assert block.parameters == {"county_sd": HalfNormal(0.5)}
    assert block.scale == Scale(1.0, (("county_sd", "itself"),))
    assert block.sd == "county_sd"


def test_interaction_has_the_combinations_that_occur():
    frame = cells(county=["B", "A", "A", "D"], sector=["public", "public", "private", "private"])
    (block,) = Group("county", "sector").blocks(frame, LETTERS)
    assert block.labels == ["A:private", "A:public", "B:public", "D:private"]
    assert block.index.tolist() == [2, 1, 0, 3]
    assert block.factors == ("county", "sector")


def test_effect_of_a_block():
    (block,) = Group("county").blocks(cells(county=["A", "B"]), {"county": ("A", "B")})
    assert block.effect([2.0, 3.0], np.array([[1.0, -1.0], [0.5, 0.0]])).tolist() == [[2.0, -2.0], [1.5, 0.0]]
    (walk,) = Trend("year").blocks(cells(year=[1, 2]), {"year": (1, 2)})
    assert np.abs(walk.effect(2.0, np.ones(1))) == pytest.approx([2.0, 2.0])


@pytest.mark.parametrize("term", [Group("county"), Effect("county"), Group("sector", "county"), Trend("county")])
def test_a_single_level_is_refused(term):
    with pytest.raises(ValueError, match="at least two levels; the survey has only 'A'"):
        term.blocks(cells(county=["A"], sector=["private"]), {**LETTERS, "county": ("A",)})


@pytest.mark.parametrize("levels", [("first", "second"), (2020.5, 2021.0), (False, True)])
def test_years_must_be_whole_numbers(levels):
    with pytest.raises(ValueError, match="whole numbers such as years"):
        Trend("year").blocks(cells(year=list(levels)), {"year": levels})


def test_whole_floats_are_years():
    (block,) = Trend("year").blocks(cells(year=[2020.0, 2022.0]), {"year": (2020.0, 2022.0)})
    assert block.index.tolist() == [0, 2]


def test_order_two_needs_three_years():
    with pytest.raises(ValueError, match="needs more than 2 years from first to last; the survey has 2023, 2024"):
        Trend("year", order=2).blocks(cells(year=[2023, 2024]), {"year": (2023, 2024)})


@pytest.mark.parametrize("order", [0, 3, "1"])
def test_order_is_one_or_two(order):
    with pytest.raises(ValueError, match=r"order of Trend\('year'\) is .*allowed: 1, 2"):
        Trend("year", order=order)


def test_scales_and_names_are_checked():
    with pytest.raises(ValueError, match=r"scale of Effect\('sector'\) is -1"):
        Effect("sector", scale=-1)
    with pytest.raises(ValueError, match="scale is 0"):
        Group("county", scale=0)
    with pytest.raises(ValueError, match="scale of HalfCauchy is -5"):
        Trend("year", scale=HalfCauchy(-5))
    for names in [(), ("county", "county"), ("county", 3)]:
        with pytest.raises(ValueError, match="one or more different factor names"):
            Group(*names)


# ---- time


def times(levels):
    frame = pd.DataFrame({"t": levels, "k": range(3, 3 + len(levels)), "n": 30})
    survey = nav.Survey.from_counts(frame, by="t", positive="k", n="n")
    return [level for (level,) in designs.design(nav.Model(nav.Share(), nav.Trend("t")), survey).blocks[0].levels]


@pytest.mark.parametrize(
    ("levels", "remedy", "numbered"),
    [
        ([202211, 202212, 202301], r"12 \* \(column // 100\) \+ column % 100", lambda t: 12 * (t // 100) + t % 100),
        ([20234, 20241], r"4 \* \(column // 10\) \+ column % 10", lambda t: 4 * (t // 10) + t % 10),
        (
            ["2023Q4", "2024Q1"],
            r"times = pd\.PeriodIndex\(column, freq='Q'\); 4 \* times\.year \+ times\.quarter",
            lambda t: 4 * pd.PeriodIndex(t, freq="Q").year + pd.PeriodIndex(t, freq="Q").quarter,
        ),
        (
            ["2023-12", "2024-01"],
            r"times = pd\.PeriodIndex\(column, freq='M'\); 12 \* times\.year \+ times\.month",
            lambda t: 12 * pd.PeriodIndex(t, freq="M").year + pd.PeriodIndex(t, freq="M").month,
        ),
        (
            ["1. kvartal 2023", "2. kvartal 2023"],
            r"column\.map",
            lambda t: t.map({each: n for n, each in enumerate(t)}),
        ),
    ],
)
def test_months_and_quarters_are_refused_with_a_remedy_that_works(levels, remedy, numbered):
    with pytest.raises(ValueError, match=remedy):
        times(levels)
    found = times(list(numbered(pd.Series(levels))))
    assert len(found) == len(levels)
    assert np.diff(found).tolist() == [1] * (len(levels) - 1)


def test_years_and_months_of_one_year_are_times():
    assert times([2019, 2022]) == [2019, 2020, 2021, 2022]
    assert times([202301, 202303]) == [202301, 202302, 202303]


def test_periods_and_dates_are_refused_with_the_way_to_number_them():
    with pytest.raises(ValueError, match=r"number them on for a Trend: 4 \* \.dt\.year \+ \.dt\.quarter"):
        times(list(pd.period_range("2023Q1", periods=2, freq="Q")))
    with pytest.raises(ValueError, match=r"\.dt\.year"):
        times(list(pd.to_datetime(["2023-01-01", "2024-01-01"])))
