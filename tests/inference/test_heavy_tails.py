"""Groups whose answers are all alike under heavy-tailed priors, and plateaus of printed numbers: exact answers."""

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import navmodels as nav


def tail_by_quadrature(k, n, prior):
    """Return quartiles and 95 % quantile of the scale of one Group: sums over intercept and linear predictors."""
    u, a, eta = np.linspace(-3, 6.5, 191), 1.5 * np.linspace(-5, 5, 101), np.linspace(-60, 60, 2401)
    s = np.asarray(prior.from_normal(u))
    log_weight = stats.norm.logpdf(u)[:, None] + stats.norm.logpdf(a, scale=1.5)
    for place, scale in enumerate(s):
        density = stats.norm.pdf(eta, a[:, None], scale) * (eta[1] - eta[0])
        beyond = special.ndtr((-60 - a) / scale), special.ndtr((a - 60) / scale)
        for positive, total in zip(k, n, strict=True):
            likelihood = np.exp(-positive * np.logaddexp(0, -eta) - (total - positive) * np.logaddexp(0, eta))
            mass = density @ likelihood + beyond[0] * likelihood[0] + beyond[1] * likelihood[-1]
            log_weight[place] += np.log(np.maximum(mass, 1e-300))
    weight = np.exp(log_weight - log_weight.max()).sum(axis=1)
    below = np.cumsum(weight) / weight.sum()
    return np.exp(np.interp([0.25, 0.5, 0.75, 0.95], below, np.log(s)))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("k", "n", "prior"),
    [
        ([0, 0, 30, 30], [30] * 4, nav.HalfCauchy(1.0)),
        ([1000, 0, 1000, 0, 1000], [1000] * 5, nav.HalfCauchy(5.0)),
        ([0, 12, 0, 7], [10, 12, 30, 15], nav.HalfStudentT(1.0, nu=2)),
    ],
)
def test_the_tail_of_a_scale_is_reached(k, n, prior, seed):
    frame = pd.DataFrame({"g": [f"g{place}" for place in range(len(k))], "k": k, "n": n})
    survey = nav.Survey.from_counts(frame, by="g", positive="k", n="n")
    fit = nav.fit(nav.Model(nav.Share(), nav.Group("g", scale=prior)), survey, engine="laplace", seed=seed)
    assert fit.attrs["unconverged"] == ""
    found = np.quantile(fit["posterior"]["g_sd"], [0.25, 0.5, 0.75, 0.95])
    assert np.log(found / tail_by_quadrature(k, n, prior)) == pytest.approx(np.zeros(4), abs=0.25)


@pytest.mark.parametrize(("groups", "n"), [(5, 10**6), (43, 10**6), (5, 10**9)])
def test_whole_percents_of_very_large_samples_are_uniform_between_their_limits(groups, n):
    share = np.random.default_rng(1).integers(20, 80, groups)
    frame = pd.DataFrame({"g": [f"{place:02d}" for place in range(groups)], "share": share, "n": n})
    survey = nav.Survey.from_report(frame, by="g", n="n")
    fit = nav.fit(nav.Model(nav.Reported(), nav.Group("g")), survey, engine="laplace", seed=1)
    assert fit.attrs["unconverged"] == ""
    found = 100 * nav.estimate(fit, by="g").to_numpy().reshape(-1, groups)
    assert found.mean(axis=0) == pytest.approx(share, abs=0.04)
    assert found.std(axis=0) == pytest.approx(np.full(groups, 1 / np.sqrt(12)), rel=0.06)


@pytest.mark.parametrize("share", [29, 0, 100])
def test_nothing_jumps_at_a_design_effect_of_one(share):
    frame = pd.DataFrame({"g": list("abc"), "share": [share, 54, 39], "n": [24, 41, 36]})
    model, found = nav.Model(nav.Reported(), nav.Group("g")), []
    eta = np.linspace(-5, 5, 41)[:, None, None] * np.ones((1, 3, 1))
    for design_effect in (1.0, 1.0001, 1.2, 1.6, 2.4):
        survey = nav.Survey.from_report(frame, by="g", n="n", design_effect=design_effect)
        draws = nav.estimate(nav.fit(model, survey, engine="laplace", seed=1), by="g").sel(g="a")
        likelihood = model.outcome.log_likelihood(eta, model.outcome.arrays(survey))
        found.append((float(draws.mean()), float(draws.std()), likelihood))
    assert found[1][:2] == pytest.approx(found[0][:2], rel=0.02)  # Monte Carlo
    assert found[1][2] == pytest.approx(found[0][2], rel=2e-3, abs=2e-3)
    moves = np.diff([mean for mean, *_ in found[1:]])
    assert (np.sign(moves) == (1 if share < 45 else -1)).all()  # ever nearer to the others
