from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from scipy.stats import binomtest

from navmodels.data.direct import direct_estimate

REFERENCE = Path(__file__).parents[1] / "reference"
COLUMNS = ["estimate", "se", "lower", "upper", "n", "n_effective", "design_effect", "df", "interval"]
SIMULATED = pd.read_csv(REFERENCE / "direct_estimate_simulated.csv")
OUTCOMES = {"share": "satisfied", "mean": "score"}


@pytest.fixture(scope="module")
def from_r():
    return pd.read_csv(REFERENCE / "direct_estimate.csv")


@pytest.mark.parametrize("weights", ["weight", None])
@pytest.mark.parametrize("by", [(), ("county",), ("county", "sector")])
@pytest.mark.parametrize(("statistic", "interval"), [("share", "logit"), ("share", "wald"), ("mean", "wald")])
def test_agrees_with_r_survey(from_r, weights, by, statistic, interval):
    table = direct_estimate(
        SIMULATED, outcome=OUTCOMES[statistic], by=by, weights=weights, statistic=statistic, interval=interval
    )
    expected = from_r[
        (from_r["weighted"] == (weights is not None))
        & (from_r["statistic"] == statistic)
        & (from_r["interval"] == interval)
        & (from_r["county"].notna() == ("county" in by))
        & (from_r["sector"].notna() == ("sector" in by))
    ]
    assert len(table) == len(expected) == [1, 3, 6][len(by)]
    for name in by:
        assert table[name].tolist() == expected[name].tolist()
    for name in ["estimate", "se", "lower", "upper", "design_effect"]:
        np.testing.assert_allclose(table[name], expected[name], rtol=1e-8, err_msg=name)
    assert table["n"].tolist() == expected["n"].tolist()
    assert table["df"].tolist() == expected["df"].tolist()
    np.testing.assert_allclose(table["n_effective"], expected["n"] / expected["design_effect"], rtol=1e-8)
    assert set(table["interval"]) == {interval}


def test_columns():
    table = direct_estimate(SIMULATED, outcome="satisfied", by=["sector", "county"])
    assert list(table.columns) == ["sector", "county", *COLUMNS]
    assert list(direct_estimate(SIMULATED, outcome="satisfied").columns) == COLUMNS


def test_mean_reads_the_default_interval_as_wald():
    default = direct_estimate(SIMULATED, outcome="score", statistic="mean")
    assert_frame_equal(default, direct_estimate(SIMULATED, outcome="score", statistic="mean", interval="wald"))
    assert default["interval"].item() == "wald"


def test_equal_weights_have_design_effect_one_exactly():
    for weights in [SIMULATED["weight"] * 0 + 0.1, SIMULATED["weight"] * 0 + 3]:
        frame = SIMULATED.assign(weight=weights)
        row = direct_estimate(frame, outcome="score", statistic="mean", weights="weight").iloc[0]
        assert row["design_effect"] == 1
        assert row["n_effective"] == row["n"] == 200


def test_prob_is_the_level():
    narrow = direct_estimate(SIMULATED, outcome="score", statistic="mean", prob=0.5).iloc[0]
    # t quantile 0.75 with 199 degrees of freedom, R: qt(0.75, 199)
    assert narrow["upper"] - narrow["estimate"] == pytest.approx(0.675724595611 * narrow["se"], rel=1e-8)


@pytest.mark.parametrize("interval", ["logit", "wald"])
@pytest.mark.parametrize("answer", [0, 1])
def test_all_alike_gets_the_exact_interval(answer, interval):
    frame = pd.DataFrame({"y": [answer] * 12 + [0, 1], "g": ["a"] * 12 + ["b"] * 2})
    row = direct_estimate(frame, outcome="y", by="g", interval=interval).iloc[0]
    exact = binomtest(12 * answer, 12).proportion_ci(0.95, method="exact")
    assert (row["lower"], row["upper"]) == pytest.approx((exact.low, exact.high), rel=1e-10)
    assert (row["estimate"], row["se"], row["design_effect"]) == (answer, 0, 1)
    assert row["interval"] == "exact"


def test_all_alike_and_weighted_uses_kish_effective_n():
    frame = pd.DataFrame({"y": [0, 0, 0, 0], "w": [1.0, 1, 1, 3]})
    row = direct_estimate(frame, outcome="y", weights="w").iloc[0]
    exact = binomtest(0, 3).proportion_ci(0.95, method="exact")  # effective n is 36 / 12
    assert row["design_effect"] == pytest.approx(4 / 3, rel=1e-15)
    assert row["n_effective"] == pytest.approx(3, rel=1e-15)
    assert row["upper"] == pytest.approx(exact.high, rel=1e-10)


def test_one_respondent_in_a_group():
    frame = pd.DataFrame({"y": [1, 0, 1], "g": ["a", "b", "b"]})
    share = direct_estimate(frame, outcome="y", by="g").iloc[0]
    assert (share["lower"], share["upper"]) == pytest.approx((0.025, 1.0), rel=1e-12)
    mean = direct_estimate(frame, outcome="y", by="g", statistic="mean").iloc[0]
    assert (mean["estimate"], mean["se"], mean["n"], mean["df"]) == (1, 0, 1, 0)
    assert np.isnan([mean["lower"], mean["upper"]]).all()  # as R: qt(0.975, 0) is NaN


def test_a_vanishing_weight_next_to_all_alike():
    frame = pd.DataFrame({"y": [1, 1, 0], "w": [1.0, 1.0, 1e-200]})
    row = direct_estimate(frame, outcome="y", weights="w").iloc[0]
    assert (row["estimate"], row["interval"]) == (1, "exact")
    assert row["lower"] == pytest.approx(np.sqrt(0.025), rel=1e-12)


def test_groups_are_sorted_and_categories_keep_their_order():
    frame = pd.DataFrame(
        {"y": [0, 1, 1, 0], "year": [2024, 2023, 2024, 2023], "size": ["big", "small", "small", "big"]}
    )
    frame["size"] = pd.Categorical(frame["size"], categories=["small", "medium", "big"], ordered=True)
    table = direct_estimate(frame, outcome="y", by=["size", "year"])
    assert table["size"].tolist() == ["small", "small", "big", "big"]
    assert table["year"].tolist() == [2023, 2024, 2023, 2024]
    assert table["estimate"].tolist() == [1, 1, 0, 0]
    assert table["size"].dtype == frame["size"].dtype


@pytest.mark.parametrize("dtype", ["bool", "boolean", "Int64", "float64", "object", "category"])
def test_kinds_of_zero_and_one(dtype):
    as_given = direct_estimate(SIMULATED, outcome="satisfied", by="county", weights="weight")
    frame = SIMULATED.assign(satisfied=SIMULATED["satisfied"].astype(dtype))
    assert_frame_equal(direct_estimate(frame, outcome="satisfied", by="county", weights="weight"), as_given)


def test_frame_is_left_as_it_was():
    before = SIMULATED.copy()
    direct_estimate(SIMULATED, outcome="satisfied", by="county", weights="weight")
    assert_frame_equal(SIMULATED, before)


respondents = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from("abc"), st.floats(0.05, 20)), min_size=2, max_size=40
).map(lambda rows: pd.DataFrame(rows, columns=["y", "g", "w"]))
statistics = st.sampled_from(["share", "mean"])


@settings(max_examples=50, deadline=None)
@given(respondents, statistics, st.floats(1e-3, 1e3))
def test_only_ratios_of_weights_matter(frame, statistic, factor):
    once = direct_estimate(frame, outcome="y", by="g", weights="w", statistic=statistic)
    scaled = frame.assign(w=frame["w"] * factor)
    again = direct_estimate(scaled, outcome="y", by="g", weights="w", statistic=statistic)
    assert_frame_equal(once, again, rtol=1e-9)


@settings(max_examples=50, deadline=None)
@given(respondents, statistics)
def test_weights_of_one_are_no_weights(frame, statistic):
    ones = direct_estimate(frame.assign(w=1), outcome="y", by="g", weights="w", statistic=statistic)
    none = direct_estimate(frame, outcome="y", by="g", statistic=statistic)
    assert_frame_equal(ones, none, check_exact=True)


@settings(max_examples=50, deadline=None)
@given(respondents, statistics, st.randoms())
def test_order_of_rows_does_not_matter(frame, statistic, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    once = direct_estimate(frame, outcome="y", by="g", weights="w", statistic=statistic)
    again = direct_estimate(frame.iloc[order], outcome="y", by="g", weights="w", statistic=statistic)
    assert_frame_equal(once, again, rtol=1e-9)


SMALL = pd.DataFrame(
    {"y": [0, 1, 1, 0], "score": [1.0, 2, 3, 4], "county": ["a", "a", "b", "b"], "w": [1.0, 2, 1, 2]},
    index=[10, 11, 12, 13],
)


@pytest.mark.parametrize(
    ("changed", "arguments", "message"),
    [
        ({}, {"outcome": "scor"}, "Did you mean 'score'"),
        ({}, {"by": "cuonty"}, "Did you mean 'county'"),
        ({}, {"by": ["county", "county"]}, "more than once"),
        ({}, {"weights": "weights"}, "'weights', which the frame does not have"),
        ({}, {"statistic": "shares"}, "Did you mean 'share'"),
        ({}, {"interval": "logistic"}, "Did you mean 'logit'"),
        ({}, {"interval": "exact"}, "'logit', 'wald'"),
        ({}, {"prob": 95}, "prob is 95"),
        ({}, {"prob": 1}, "prob is 1"),
        ({}, {"prob": 0}, "prob is 0"),
        ({}, {"prob": np.nan}, "prob is nan"),
        ({"y": [0, None, 1, 1]}, {}, r"'y' is missing in row 11 \(1 of 4\)"),
        ({"county": ["a", None, "b", None]}, {}, r"'county' is missing in rows 11, 13 \(2 of 4\)"),
        ({"y": [0, 1, 4, 6]}, {}, r"holds 4, 6 in rows 12, 13 \(2 of 4\)\. Dichotomise"),
        ({"y": ["0", "1", "1", "0"]}, {}, "0/1 or True/False"),
        ({"score": ["1", "2", "3", "4"]}, {"outcome": "score", "statistic": "mean"}, "a mean needs numbers"),
        (
            {"score": [1, np.inf, 3, 4]},
            {"outcome": "score", "statistic": "mean"},
            r"inf.* in row 11 \(1 of 4\)",
        ),
        ({"w": [1, np.nan, 1, 1]}, {"weights": "w"}, r"nan.* in row 11 \(1 of 4\)"),
        ({"w": [1, np.inf, 1, 1]}, {"weights": "w"}, r"inf.* in row 11 \(1 of 4\)"),
        ({"w": [1, 1, -2, 1]}, {"weights": "w"}, r"-2.* in row 12 \(1 of 4\)"),
        ({"w": [1, 1, 0, 0]}, {"weights": "w"}, "all weights are zero in county='b'"),
        ({"w": [0, 0, 0, 0]}, {"weights": "w", "by": ()}, "all weights are zero in the whole frame"),
        ({"n": ["a", "a", "b", "b"]}, {"by": "n"}, "by names 'n', which the result"),
        ({"county": ["a", "a ", "b", "b"]}, {}, "'a' and 'a '"),
    ],
)
def test_errors_say_what_and_where(changed, arguments, message):
    with pytest.raises(ValueError, match=message):
        direct_estimate(SMALL.assign(**changed), **{"outcome": "y", "by": "county", **arguments})


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows(rows):
    with pytest.raises(ValueError, match=f"two rows or more; the frame has {rows}"):
        direct_estimate(SMALL.iloc[:rows], outcome="y")
