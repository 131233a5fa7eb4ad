"""Draws weighed anew are those of the posterior that quadrature gives; where weights cannot tell, there are none."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import navmodels as nav
from navmodels.sensitivity.reweighting import Weighed

ALONE = pd.DataFrame({"office": ["A"], "k": [9], "n": [12]})
FOUR = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})


def survey(table):
    return nav.Survey.from_counts(table, by="office", positive="k", n="n")


def exact(k, n, scale):
    """Mean and standard deviation of an intercept, by quadrature."""

    def density(x, power):
        return x**power * np.exp(k * x - n * np.logaddexp(0, x)) * stats.norm.pdf(x, 0, scale)

    whole, first, second = (integrate.quad(density, -12, 12, args=(power,), epsabs=0)[0] for power in range(3))
    return first / whole, np.sqrt(second / whole - (first / whole) ** 2)


@pytest.fixture(scope="module")
def alone():
    return Weighed(nav.fit(nav.Model(nav.Share()), survey(ALONE), seed=3))


@pytest.mark.parametrize(("k", "n", "scale"), [(9, 12, 0.8), (9, 12, 4.0), (8, 12, 1.5), (10, 14, 1.0)])
def test_other_priors_and_other_numbers_against_quadrature(alone, k, n, scale):
    model = nav.Model(nav.Share(), intercept_scale=scale)
    chosen = alone.choose(model, survey(ALONE.assign(k=k, n=n)))
    found = chosen.pick(alone.fit["posterior"]["intercept"]).to_numpy()
    mean, sd = exact(k, n, scale)
    error = 4 / np.sqrt(chosen.effective_draws) + 4 / np.sqrt(4000)
    assert abs(found.mean() - mean) < error * sd
    assert abs(found.std() / sd - 1) < error
    assert chosen.pareto_k < 0.7
    again = nav.estimate(chosen.fit(alone.fit), by=())
    assert np.allclose(again, 1 / (1 + np.exp(-found)))


def test_the_same_model_keeps_every_draw(alone):
    chosen = alone.choose(nav.Model(nav.Share()), survey(ALONE))
    assert not chosen.moved
    assert np.array_equal(chosen.kept, np.arange(4000))
    assert chosen.effective_draws == pytest.approx(4000)


def test_what_was_weighed_says_so_and_has_its_own_likelihood(alone):
    other = survey(ALONE.assign(k=8))
    made = alone.choose(nav.Model(nav.Share()), other).fit(alone.fit)
    assert made.attrs["reason"] == "the draws of another fit, weighed anew"
    assert np.isnan(made.attrs["log_marginal_likelihood"])
    x = made["posterior"]["intercept"].to_numpy()
    expected = stats.binom.logpmf(8, 12, 1 / (1 + np.exp(-x)))
    assert np.allclose(made["log_likelihood"]["positive"].to_numpy()[..., 0], expected)


def test_where_weights_cannot_tell_there_are_none():
    model = nav.Model(nav.Share(), nav.Group("office"))
    weighed = Weighed(nav.fit(model, survey(FOUR), seed=1))
    refused = {
        "no learned scale": (nav.Model(nav.Share(), nav.Group("office", scale=nav.Known(10.0))), FOUR),
        "other terms": (nav.Model(nav.Share(), nav.Effect("office")), FOUR),
        "fewer levels": (model, FOUR.head(3)),
        "far numbers": (model, FOUR.assign(k=[5, 75, 10, 60])),
        "far priors": (nav.Model(nav.Share(), nav.Group("office", scale=1e-4)), FOUR),
    }
    for name, (other, table) in refused.items():
        assert weighed.choose(other, survey(table)) is None, name
    assert weighed.choose(nav.Model(nav.Share(), nav.Group("office", scale=0.4)), survey(FOUR)) is not None
