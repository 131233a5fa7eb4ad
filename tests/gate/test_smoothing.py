"""Smoothed weights against ArviZ's, and where k̂ cannot be had."""

import numpy as np
import pytest
from arviz_stats.base import array_stats

from navmodels.gate.smoothing import smooth_weights

rng = np.random.default_rng(1)
RATIOS = {
    "normal": rng.normal(size=4000),
    "few": rng.normal(size=40),
    "bounded": np.log(rng.random(500)),
    "heavy": 3 * rng.standard_t(2, size=8000),
    "some impossible": np.where(rng.random(1000) < 0.3, -np.inf, rng.normal(size=1000)),
    "most impossible": np.where(rng.random(1000) < 0.98, -np.inf, rng.normal(size=1000)),
    "ties": np.round(rng.normal(size=1000), 0),
    "chains": rng.normal(size=(4, 300)),
    "far apart": 1e3 * rng.standard_cauchy(3000),
}


@pytest.mark.parametrize("name", RATIOS)
def test_weights_and_k_are_those_of_arviz(name):
    ratio = RATIOS[name]
    with np.errstate(all="ignore"):
        log_weight, k = array_stats.psislw(-np.round(ratio.ravel(), 9))
    weights, found = smooth_weights(ratio)
    assert weights == pytest.approx(np.exp(log_weight).reshape(ratio.shape), rel=1e-9, abs=1e-15)
    assert weights.sum() == pytest.approx(1.0)
    assert found == pytest.approx(float(k), rel=1e-9, nan_ok=True)


def test_equal_ratios_weigh_nothing():
    weights, k = smooth_weights(np.full((2, 50), 3.0))
    assert (weights == 0.01).all()
    assert k == -np.inf


def test_ratios_without_a_tail_are_refused():
    with pytest.raises(ValueError, match="there are 20 importance ratios; needed: 25 or more"):
        smooth_weights(rng.normal(size=20))
    with pytest.raises(ValueError, match="the 20 largest importance ratios are all the same"):
        smooth_weights(np.repeat([0.0, 1.0], 50))
