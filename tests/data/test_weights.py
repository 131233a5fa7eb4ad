import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from navmodels.data.weights import check_weights, design_effect, effective_n

weights = st.lists(st.floats(0.01, 100), min_size=1, max_size=50)


def test_by_hand():
    # sum 6, sum of squares 14: 3 * 14 / 36 and 36 / 14
    assert design_effect([1, 2, 3]) == pytest.approx(7 / 6, rel=1e-15)
    assert effective_n([1, 2, 3]) == pytest.approx(18 / 7, rel=1e-15)


def test_two_strata_of_kish():
    # Kish (1965, 11.7): 1 + cv² of the weights; half the sample at weight 1, half at weight 3: 1 + (1/2)²
    assert design_effect(np.repeat([1.0, 3.0], 50)) == pytest.approx(1.25, rel=1e-15)


@pytest.mark.parametrize("weight", [0.1, 1 / 3, 7.0, 1e-300, 1e300])
def test_equal_weights_cost_nothing(weight):
    assert design_effect([weight] * 197) == 1
    assert effective_n([weight] * 197) == 197


def test_one_weight_carries_all():
    assert design_effect([0, 0, 5, 0]) == 1  # rows of weight zero are no respondents
    assert effective_n([0, 0, 5, 0]) == 1


@settings(deadline=None)
@given(weights, st.floats(1e-6, 1e6))
def test_only_ratios_matter(given_weights, factor):
    scaled = np.array(given_weights) * factor
    assert design_effect(scaled) == pytest.approx(design_effect(given_weights), rel=1e-12)


@settings(deadline=None)
@given(weights)
def test_effective_n_lies_between_one_and_n(given_weights):
    assert 1 - 1e-12 <= effective_n(given_weights) <= len(given_weights) * (1 + 1e-12)


def test_check_weights_changes_nothing():
    given_weights = pd.Series([2, 0, 3], index=["c", "a", "b"])
    assert check_weights(given_weights).tolist() == [2.0, 0.0, 3.0]


@pytest.mark.parametrize("function", [design_effect, effective_n, check_weights])
@pytest.mark.parametrize(
    ("given_weights", "message"),
    [
        ([], "no weights"),
        ([1, np.nan, 2], r"nan.* in row 1 \(1 of 3\)"),
        ([1, None, 2], r"nan.* in row 1 \(1 of 3\)"),
        ([np.inf, 1, -np.inf], r"inf.* in rows 0, 2 \(2 of 3\)"),
        ([1, 1, -0.5], r"-0\.5.* in row 2 \(1 of 3\)"),
        (["1", "2"], "must be numbers"),
        (pd.Series([1.0, -1.0], index=["a", "b"], name="w"), r"column 'w' .*row 'b'"),
        (pd.Series([1, pd.NA], dtype="Int64"), r"in row 1 \(1 of 2\)"),
    ],
)
def test_unusable_weights_are_named(function, given_weights, message):
    with pytest.raises(ValueError, match=message):
        function(given_weights)


@pytest.mark.parametrize("function", [design_effect, effective_n])
def test_all_zero(function):
    with pytest.raises(ValueError, match="all 3 weights are zero"):
        function([0, 0, 0])
