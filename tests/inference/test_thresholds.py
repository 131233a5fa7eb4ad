"""Thresholds by level: batteries in which items never used a category."""

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import navmodels as nav


def battery(count, **by):
    """A survey of one row an item, dims (item, category)."""
    names = list(range(1, len(count[0]) + 1))
    frame = pd.DataFrame(count, columns=names).assign(item=[f"q{place:02d}" for place in range(len(count))], **by)
    return nav.Survey.from_counts(frame, by="item", counts=names, categories=names)


def simulated(seed, *, items=10, n=20, spread=0.2):
    """Counts of a battery on a six-point scale that hardly uses its lower half."""
    rng = np.random.default_rng(seed)
    middle = special.logit(np.cumsum([0.02, 0.03, 0.08, 0.2, 0.37]))
    each = np.sort(middle + rng.normal(0, 0.5, (items, 1)) + rng.normal(0, spread, (items, 5)), axis=1)
    share = np.diff(special.expit(each), prepend=0.0, append=1.0, axis=1)
    return rng.multinomial(n, share)


def by_quadrature(count, *, intercept_scale, scale):
    """Posterior means of P(y ≥ 2) and P(y ≥ 3), dims (item, cut), and of the standard deviation; three categories."""
    base, own = np.linspace(-6, 6, 121), np.linspace(-9, 9, 451)
    spread = np.arange(0.05, 4.0, 0.1) * scale  # middles of equal parts
    ordered = [np.triu(np.ones((len(grid),) * 2)) - 0.5 * np.eye(len(grid)) for grid in (base, own)]
    density = stats.norm.pdf(base, scale=intercept_scale)
    common = ordered[0] * density[:, None] * density
    low, high = np.log(special.expit(own)), np.log(special.expit(-own))
    between = np.maximum(special.expit(own) - special.expit(own)[:, None], 1e-300)
    likelihood = [
        ordered[1] * np.exp(first * low[:, None] + middle * np.log(between) + last * high)
        for first, middle, last in count
    ]
    above = special.expit(-own)
    total, mean, answers = 0.0, 0.0, np.zeros((len(count), 2))
    for tau in spread:
        near = stats.norm.pdf(own[:, None] - base, scale=tau)
        inside = [near.T @ each @ near for each in likelihood]
        weight = stats.norm.pdf(tau, scale=scale) * (common * np.prod(inside, axis=0))
        total, mean = total + weight.sum(), mean + tau * weight.sum()
        for item, each in enumerate(likelihood):
            share = weight / np.maximum(inside[item], 1e-300)
            answers[item, 0] += (share * (near.T @ (above[:, None] * each) @ near)).sum()
            answers[item, 1] += (share * (near.T @ (each * above) @ near)).sum()
    return answers / total, mean / total


@pytest.mark.sampling
@pytest.mark.parametrize("count", [[[3, 0, 5], [1, 0, 6]], [[4, 0, 4], [2, 3, 2]], [[0, 0, 6], [2, 1, 4]]])
def test_unused_categories_by_quadrature(count):
    answers, mean = by_quadrature(count, intercept_scale=1.5, scale=1.0)
    model = nav.Model(nav.Rating(by="item", scale=1.0), intercept_scale=1.5)
    fit = nav.fit(model, battery(count), engine="laplace", draws=4000, seed=1)
    assert fit.attrs["unconverged"] == ""
    assert float(fit["posterior"]["item_threshold_sd"].mean()) == pytest.approx(mean, abs=0.03)
    found = nav.estimate(fit, by="item", cut=[2, 3]).mean(("chain", "draw")).transpose("item", "cut")
    assert found.to_numpy() == pytest.approx(answers, abs=0.006)


@pytest.mark.sampling
def test_draws_again_are_of_the_same_posterior(monkeypatch):
    from navmodels.inference import laplace

    answers, mean = by_quadrature([[3, 0, 5], [1, 0, 6]], intercept_scale=1.5, scale=1.0)
    monkeypatch.setattr(laplace, "k_limit", lambda size: -1.0)  # nothing passes: all that there is is tried
    model = nav.Model(nav.Rating(by="item", scale=1.0), intercept_scale=1.5)
    fit = nav.fit(model, battery([[3, 0, 5], [1, 0, 6]]), engine="laplace", draws=4000, seed=1)
    assert float(fit["posterior"]["item_threshold_sd"].mean()) == pytest.approx(mean, abs=0.03)
    found = nav.estimate(fit, by="item", cut=[2, 3]).mean(("chain", "draw")).transpose("item", "cut")
    assert found.to_numpy() == pytest.approx(answers, abs=0.006)


@pytest.mark.sampling
def test_batteries_of_ten_items_with_twenty_answers():
    model = nav.Model(nav.Rating(by="item"), nav.Group("item"))
    for seed in range(3):
        count = simulated(seed)
        assert (count == 0).sum() >= 10
        assert nav.fit(model, battery(count), engine="laplace", seed=1).attrs["unconverged"] == ""


def test_more_categories_than_nuts_takes_are_refused_with_a_way():
    count = np.random.default_rng(1).integers(0, 2, (1, 101))
    with pytest.raises(ValueError, match=r"at most 30 categories, and the answers have 101.*range\(11\)"):
        nav.fit(nav.Model(nav.Rating()), battery(count), engine="nuts", seed=1)
