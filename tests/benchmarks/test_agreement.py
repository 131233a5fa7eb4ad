"""Means and standard deviations against a reference, and the effective size of known draws."""

import numpy as np
import pytest
import xarray as xr

from benchmarks import agreement


@pytest.fixture
def posterior():
    rng = np.random.default_rng(1)
    draws = rng.normal(2.0, 3.0, size=(4, 500))
    still = np.zeros((4, 500))
    return xr.Dataset(
        {
            "intercept": (("chain", "draw"), draws),
            "county_effect": (("chain", "draw", "county"), np.stack([draws + 1, still, 2 * draws], axis=2)),
        },
        coords={"county": ["A", "B", "C"]},
    )


def test_moments_leave_constants_out(posterior):
    found = agreement.moments(posterior)
    assert list(found) == ["intercept", "county_effect[A]", "county_effect[C]"]
    mean, sd = found["intercept"]
    assert found["intercept"] == pytest.approx((2.0, 3.0), abs=0.25)
    assert found["county_effect[A]"] == pytest.approx((mean + 1, sd))
    assert found["county_effect[C]"] == pytest.approx((2 * mean, 2 * sd))


def test_the_smallest_effective_size_is_of_the_worst(posterior):
    independent = agreement.smallest_ess(posterior)
    assert 1_400 < independent < 2_600  # of 2,000 independent draws
    walk = np.cumsum(np.random.default_rng(2).normal(size=(4, 500)), axis=1)
    assert agreement.smallest_ess(posterior.assign(walk=(("chain", "draw"), walk))) < 50


def test_the_largest_gap_and_the_range_of_ratios():
    reference = {"a": (1.0, 0.5), "b": (0.0, 2.0), "c": (3.0, 1.0)}
    found = agreement.compare({"a": (1.1, 0.4), "b": (-1.0, 2.0), "c": (3.0, 1.25)}, reference)
    assert (found.mean_gap, found.sd_low, found.sd_high, found.count) == (0.5, 0.8, 1.25, 3)


def test_point_estimates_have_a_gap_and_no_ratio():
    found = agreement.compare({"a": (1.5, None)}, {"a": (1.0, 0.5)})
    assert found.mean_gap == 1.0
    assert np.isnan([found.sd_low, found.sd_high]).all()


def test_sets_that_are_not_about_the_same_are_refused():
    with pytest.raises(ValueError, match=r"1 quantities are in one set only, for instance \['b'\]"):
        agreement.compare({"a": (1.0, 1.0)}, {"a": (1.0, 1.0), "b": (1.0, 1.0)})
