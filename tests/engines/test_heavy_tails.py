"""Groups whose answers are all alike under heavy-tailed priors, and plateaus of printed numbers: exact answers."""

import functools

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import navmodels as nav
from navmodels.engines.laplace.sampling import Weighted


@functools.cache
def tail_by_quadrature(k, n, prior):
    """Return quartiles and 95 % quantile of the scale of one Group: sums over intercept and linear predictors."""
    u, a, eta = np.linspace(-3, 6.5, 96), 1.5 * np.linspace(-5, 5, 61), np.linspace(-60, 60, 2401)
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
    below = (np.cumsum(weight) - weight / 2) / weight.sum()
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
    assert np.log(found / tail_by_quadrature(tuple(k), tuple(n), prior)) == pytest.approx(np.zeros(4), abs=0.25)


def two_tails_by_quadrature(k, n, county, prior):
    """Return the 95 % quantiles of the scales of counties and of the offices in them: sums as above, one in another."""
    u, a, x = np.linspace(-3, 6, 28), 1.5 * np.linspace(-4, 4, 25), np.linspace(-60, 60, 601)
    s, k, n = np.maximum(prior.from_normal(u), 0.25), np.array(k), np.array(n)  # 0.25: a step of x is 0.2
    likelihood = np.exp(-k * np.logaddexp(0, -x[:, None]) - (n - k) * np.logaddexp(0, x[:, None]))
    log_weight = np.empty((len(u), len(u)))
    for office, within in enumerate(s):
        mass = spread_out(likelihood, x, x, within)
        together = np.stack([mass[:, county == each].prod(axis=1) for each in np.unique(county)], axis=1)
        for place, between in enumerate(s):
            log_mass = np.log(np.maximum(spread_out(together, x, a, between), 1e-300)).sum(axis=1)
            log_weight[place, office] = special.logsumexp(log_mass + stats.norm.logpdf(a, scale=1.5))
    log_weight += stats.norm.logpdf(u)[:, None] + stats.norm.logpdf(u)
    weight = special.softmax(log_weight)
    sums = [np.cumsum(each) - each / 2 for each in (weight.sum(axis=1), weight.sum(axis=0))]
    return np.exp([np.interp(0.95, below, np.log(s)) for below in sums])


def spread_out(values, x, centre, scale):
    """Return means of values at x under normals around centres; beyond the ends of x values stay as they are there."""
    inside = stats.norm.pdf(x, centre[:, None], scale) * (x[1] - x[0]) @ values
    low, high = special.ndtr((x[0] - centre) / scale), special.ndtr((centre - x[-1]) / scale)
    return inside + np.outer(low, values[0]) + np.outer(high, values[-1])


@pytest.mark.parametrize("scale", [nav.HalfCauchy(5.0), nav.HalfCauchy(1.0)])
@pytest.mark.parametrize(
    ("k", "n", "county"),
    [
        ([0, 0, 0, 0, 50, 50, 3, 50], [50] * 8, [0, 0, 1, 1, 2, 2, 3, 3]),  # whole counties apart
        ([0, 20, 10, 20, 0, 8], [20] * 6, [0, 0, 0, 1, 1, 1]),  # offices only
    ],
)
def test_tails_of_nested_scales_are_reached_or_said_not_to_be(k, n, county, scale):
    frame = pd.DataFrame({"county": [f"c{each}" for each in county], "office": [*"abcdefgh"[: len(k)]], "k": k, "n": n})
    survey = nav.Survey.from_counts(frame, by=["county", "office"], positive="k", n="n")
    model = nav.Model(nav.Share(), nav.Group("county", scale=scale), nav.Group("office", scale=scale))
    expected = two_tails_by_quadrature(k, n, np.array(county), scale)
    for seed in range(2):
        fit = nav.fit(model, survey, engine="laplace", seed=seed)
        found = [float(np.quantile(fit["posterior"][name], 0.95)) for name in ("county_sd", "office_sd")]
        assert fit.attrs["unconverged"] != "" or np.log(found / expected) == pytest.approx(np.zeros(2), abs=0.25)
        assert fit.attrs["unconverged"] == "" or len(k) == 8


def test_how_far_draws_are_from_laplace():
    u = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)[:, None]  # as proposed: standard normal
    even, none = np.zeros((4000, 2)), np.zeros((4000, 2, 0))
    for shift in (0.0, 0.2, 0.5):
        height = shift * u[:, 0]  # a normal around shift, over the standard one
        found = Weighted(u, none, even, np.ones(4000, bool), height).apart(np.full(8000, 1 / 8000))
        assert found == pytest.approx([2 * stats.norm.cdf(shift / 2) - 1], abs=0.01)
    height[u[:, 0] > stats.norm.ppf(0.7)] = -np.inf  # where the approximation breaks down and 0.3 of the draws are
    assert Weighted(u, none, even, np.ones(4000, bool), height).apart(np.full(8000, 1 / 8000))[0] >= 0.3 - 1e-9


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
