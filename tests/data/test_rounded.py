import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from navmodels.data.rounded import read_printed
from navmodels.printed import decimals


def logit(p):
    return np.log(p / (1 - p))


def read(rows, *, unit="percent", digits=0, prob=0.95, design_effect=1.0, index=None):
    frame = pd.DataFrame(rows, index=index).reindex(columns=["estimate", "lower", "upper", "se", "n"]).astype(float)
    shown = decimals(frame["estimate"].to_numpy(), unit=unit, digits=digits)
    return read_printed(frame, unit=unit, digits=shown, prob=prob, design_effect=design_effect)


def counts(percent, n, **changes):
    return read({"estimate": np.atleast_1d(percent), "n": np.atleast_1d(n)}, **changes)


@settings(deadline=None)
@given(st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.integers(0, 2))
def test_a_share_that_was_counted_is_among_the_counts_it_prints_as(count, digits):
    k, n = count
    table = counts(round(100 * k / n, digits), n, digits=digits)
    assert table["count_low"].item() <= k <= table["count_high"].item()
    assert table["trials"].item() == n
    assert table[["low", "high", "sd"]].isna().all(axis=None)


def test_ties_are_counted_with_both():
    # 1 of 200 is 0.5 %, 25 of 200 is 12.5 %
    table = counts([0, 1, 12, 13], [200] * 4)
    assert table["count_low"].tolist() == [0, 1, 23, 25]
    assert table["count_high"].tolist() == [1, 3, 25, 27]


def test_proportions_and_percent_say_the_same():
    table = counts([0.29, 0.54, 0.0, 1.0], [24, 41, 30, 30], unit="proportion", digits=2)
    pd.testing.assert_frame_equal(table, counts([29, 54, 0, 100], [24, 41, 30, 30]))
    assert table["count_low"].tolist() == [7, 22, 0, 30]


def test_a_design_effect_divides_the_trials_of_0_and_100_percent():
    table = counts([0, 100, 100], [100, 100, 1], design_effect=1.24)
    assert table["trials"].tolist() == pytest.approx([100 / 1.24, 100 / 1.24, 1 / 1.24])
    assert table["count_low"].tolist() == pytest.approx([0, 100 / 1.24, 1 / 1.24])
    assert table["count_high"].tolist() == pytest.approx([0, 100 / 1.24, 1 / 1.24])


@pytest.mark.parametrize(
    ("percent", "low", "high"),
    [
        ([86, 4], [0.855, 0.035], [0.865, 0.045]),
        ([86, 4.65], [0.85995, 0.04645], [0.86005, 0.04655]),  # 86 beside 4.65 was printed 86.00
    ],
)
def test_limits_of_rounding_are_logits(percent, low, high):
    table = read({"estimate": percent, "n": [400, 400]}, design_effect=1.2)
    np.testing.assert_allclose(table["low"], logit(np.array(low)), rtol=1e-12)
    np.testing.assert_allclose(table["high"], logit(np.array(high)), rtol=1e-12)
    assert table[["count_low", "count_high", "trials"]].isna().all(axis=None)


def test_proportions_have_two_decimals_at_least():
    table = read({"estimate": [0.5, 0.6], "n": [400, 400]}, unit="proportion", digits=0, design_effect=1.2)
    np.testing.assert_allclose(table["low"], logit(np.array([0.495, 0.595])), rtol=1e-12)
    np.testing.assert_allclose(table["high"], logit(np.array([0.505, 0.605])), rtol=1e-12)


def test_sd_from_n_and_design_effect():
    assert counts(80, 400, design_effect=1.24)["sd"].item() == pytest.approx(
        np.sqrt(1.24 / (400 * 0.8 * 0.2)), rel=1e-12
    )


def test_sd_from_interval():
    table = read({"estimate": [86], "lower": [84], "upper": [88], "se": [9], "n": [10]}, design_effect=3.0)
    assert table["sd"].item() == pytest.approx((logit(0.88) - logit(0.84)) / (2 * 1.959963984540054), rel=1e-12)
    ninety = read({"estimate": [86], "lower": [84], "upper": [88]}, prob=0.9)
    assert ninety["sd"].item() == pytest.approx((logit(0.88) - logit(0.84)) / (2 * 1.6448536269514722), rel=1e-12)


def test_sd_from_the_end_that_has_a_logit():
    table = read({"estimate": [2, 98], "lower": [0, 95], "upper": [5, 100]})
    half = (logit(0.05) - logit(0.02)) / 1.959963984540054
    np.testing.assert_allclose(table["sd"], [half, half], rtol=1e-12)


def test_sd_from_standard_error():
    table = read({"estimate": [80], "se": [2], "n": [400]})
    assert table["sd"].item() == pytest.approx(0.02 / (0.8 * 0.2), rel=1e-12)
    assert np.isnan(table["trials"].item())


def test_rows_may_speak_differently():
    table = read(
        {"estimate": [80, 80, 80, 0], "lower": [75, np.nan, np.nan, np.nan], "upper": [84, np.nan, np.nan, np.nan]}
        | {"se": [np.nan, 2, np.nan, 1], "n": [np.nan, np.nan, 40, 40]}
    )
    assert table["trials"].isna().tolist() == [True, True, False, False]
    assert table["sd"].notna().tolist() == [True, True, False, False]


def test_a_mean_keeps_its_scale():
    table = read({"estimate": [4.65, -1.5], "se": [0.02, 0.5]}, unit="identity", digits=2)
    np.testing.assert_allclose(table["low"], [4.645, -1.505], rtol=1e-12)
    np.testing.assert_allclose(table["high"], [4.655, -1.495], rtol=1e-12)
    assert table["sd"].tolist() == [0.02, 0.5]


def test_a_mean_takes_its_interval_before_its_standard_error():
    table = read({"estimate": [4.65], "lower": [4.61], "upper": [4.69], "se": [0.5]}, unit="identity")
    assert table["sd"].item() == pytest.approx(0.08 / (2 * 1.959963984540054), rel=1e-12)


@pytest.mark.parametrize(
    ("rows", "changes", "message"),
    [
        (
            {"estimate": [54, 55], "n": [41, 41]},
            {},
            r"no count .* \(1 of 2\): in row 'b', 22 of 41 is 53\.66 % and 23 of 41 is 56\.10 %, printed is 55 %",
        ),
        (
            {"estimate": [54, 54], "n": [41, 40.5]},
            {},
            r"'n' holds 40\.5 in row 'b' \(1 of 2\); allowed: whole respondents",
        ),
        ({"estimate": [0, 100], "se": [1, 1]}, {}, r"prints as 0 or 100 % in rows 'a', 'b' \(2 of 2\); .* needs its n"),
        (
            {"estimate": [50, 100], "lower": [40, 100], "upper": [60, 100]},
            {},
            r"prints as 100 % in row 'b' .* needs its n or an interval with width",
        ),
        (
            {"estimate": [50, 60], "n": [30, np.nan]},
            {},
            r"how sure the estimate is in row 'b' \(1 of 2\).*lower=.*se=.*n=",
        ),
        ({"estimate": [50, 60], "se": [3, 0]}, {}, r"how sure the estimate is in row 'b' \(1 of 2\)"),
        ({"estimate": [50, 60], "lower": [45, 60], "upper": [55, 60]}, {}, r"in row 'b' .* its interval has no width"),
        ({"estimate": [4.5, 4.6], "n": [30, 30]}, {"unit": "identity"}, r"in rows 'a', 'b' .*for shares, the number"),
    ],
)
def test_what_cannot_be_read_is_named(rows, changes, message):
    with pytest.raises(ValueError, match=message):
        read(rows, index=["a", "b"], **changes)
