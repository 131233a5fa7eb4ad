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
    from navmodels.engines.laplace import sampling as laplace

    answers, mean = by_quadrature([[3, 0, 5], [1, 0, 6]], intercept_scale=1.5, scale=1.0)
    monkeypatch.setattr(laplace, "k_limit", lambda size: -1.0)  # nothing passes: all that there is is tried
    model = nav.Model(nav.Rating(by="item", scale=1.0), intercept_scale=1.5)
    fit = nav.fit(model, battery([[3, 0, 5], [1, 0, 6]]), engine="laplace", draws=4000, seed=1)
    assert float(fit["posterior"]["item_threshold_sd"].mean()) == pytest.approx(mean, abs=0.03)
    found = nav.estimate(fit, by="item", cut=[2, 3]).mean(("chain", "draw")).transpose("item", "cut")
    assert found.to_numpy() == pytest.approx(answers, abs=0.006)


def from_the_prior(count, *, draws, inner):
    """Posterior means and sds by item of the mean score and, beside them, of both standard deviations and thresholds.

    Draws of what is common come from the prior; the likelihood of each item is an average over draws of what is its
    own, of which those out of order count as zero. Returns the number of effective draws too.
    """
    rng, (items, size) = np.random.default_rng(0), np.shape(count)
    common = np.sort(rng.normal(0, 1.5, (draws, size - 1)), axis=1)
    tau, sigma = np.abs(rng.normal(0, 0.5, (2, draws)))
    likelihood, first, second = np.empty((3, items, draws))
    for item in range(items):
        for part in np.array_split(np.arange(draws), draws // 1000):
            own = common[part, None] + tau[part, None, None] * rng.normal(size=(len(part), inner, size - 1))
            effect = sigma[part, None] * rng.normal(size=(len(part), inner))
            share = np.diff(special.expit(own - effect[..., None]), prepend=0.0, append=1.0, axis=-1)
            each = np.exp(special.xlogy(count[item], np.maximum(share, 0)).sum(axis=-1)) * (np.diff(own) > 0).all(-1)
            score = share @ np.arange(1.0, size + 1)
            for total, power in ((likelihood, 0), (first, 1), (second, 2)):
                total[item, part] = (each * score**power).mean(axis=1)
    weight = likelihood.prod(axis=0) / likelihood.prod(axis=0).sum()
    kept = weight > 0
    moments = [(power[:, kept] / likelihood[:, kept]) @ weight[kept] for power in (first, second)]
    beside = np.column_stack([tau, sigma, common])
    moments = [np.append(moments[0], weight @ beside), np.append(moments[1], weight @ beside**2)]
    return moments[0], np.sqrt(moments[1] - moments[0] ** 2), 1 / (weight**2).sum()


@pytest.mark.sampling
@pytest.mark.parametrize("again", [False, True])
def test_battery_against_draws_from_its_prior(monkeypatch, again):
    from navmodels.engines.laplace import sampling as laplace

    if again:  # nothing passes: what belongs to each item, its own effect too, is drawn several times
        monkeypatch.setattr(laplace, "k_limit", lambda size: -1.0)
    count = [[3, 0, 5, 2], [1, 4, 0, 4], [2, 3, 4, 1], [0, 2, 3, 5]]
    mean, sd, effective = from_the_prior(count, draws=60_000, inner=32)
    assert effective > 2000
    model = nav.Model(nav.Rating(by="item"), nav.Group("item"), intercept_scale=1.5)
    fit = nav.fit(model, battery(count), engine="laplace", draws=4000, seed=1)
    posterior = fit["posterior"]
    found = [nav.estimate(fit, by="item"), posterior["item_threshold_sd"], posterior["item_sd"], posterior["threshold"]]
    drawn = np.column_stack([each.stack(draw_=("chain", "draw")).transpose("draw_", ...) for each in found])
    assert np.abs(drawn.mean(axis=0) - mean) / sd == pytest.approx(0, abs=0.1)
    assert drawn.std(axis=0) / sd == pytest.approx(1, abs=0.08)


@pytest.mark.sampling
def test_batteries_of_ten_items_with_twenty_answers():
    model = nav.Model(nav.Rating(by="item"), nav.Group("item"))
    for seed in range(3):
        count = simulated(seed)
        assert (count == 0).sum() >= 10
        assert nav.fit(model, battery(count), engine="laplace", seed=1).attrs["unconverged"] == ""


def test_more_categories_than_nuts_takes_are_refused_with_a_way():
    count = np.random.default_rng(1).integers(0, 2, (1, 101))
    with pytest.raises(ValueError, match=r"at most 41 categories of a rating, and the answers have 101.*range\(11\)"):
        nav.fit(nav.Model(nav.Rating()), battery(count), engine="nuts", seed=1)


def put_together(count):
    """The same answers with neighbouring categories as one, two by two."""
    return np.asarray(count).reshape(len(count), -1, 2).sum(axis=2)


@pytest.mark.sampling
def test_unused_categories_are_named_where_they_may_be_the_reason(monkeypatch):
    from navmodels.gate import convergence

    count = [[3, 0, 5, 2], [1, 4, 2, 4], [2, 0, 6, 0]]
    model = nav.Model(nav.Rating(by="item"))
    with monkeypatch.context() as patch:
        patch.setattr(convergence, "k_limit", lambda size: -9.0)
        fit = nav.fit(model, battery(count), engine="laplace", seed=1)
        reason = fit.attrs["unconverged"]
        assert "thresholds are left free by 'q02' and 1 more, where nobody chose 2, 4: Rating() has" in reason
        with pytest.raises(nav.NotConvergedError, match=r"nobody chose 2, 4.*Simplify the model or look anyway"):
            nav.summarise(nav.estimate(fit, by="item"))
        every = nav.fit(model, battery([[3, 1, 5, 2], [1, 4, 2, 4]]), engine="laplace", seed=1).attrs["unconverged"]
        assert every
        assert "left free" not in every
        common = nav.fit(nav.Model(nav.Rating()), battery(count), engine="laplace", seed=1).attrs["unconverged"]
        assert common
        assert "left free" not in common
    assert nav.fit(model, battery(put_together(count)), engine="laplace", seed=1).attrs["unconverged"] == ""
    assert nav.fit(nav.Model(nav.Rating()), battery(count), engine="laplace", seed=1).attrs["unconverged"] == ""


def test_unused_categories_by_level():
    said = nav.Rating(by="item").left_free(battery([[3, 0, 5], [0, 0, 6], [1, 1, 1]]))
    assert said.startswith("by 'q01' and 1 more, where nobody chose 1, 2: ")  # q00 lacks one category, q02 none
    assert nav.Rating(by="item").left_free(battery([[3, 1, 5]])) == ""
    assert nav.Rating().left_free(battery([[3, 0, 5]])) == ""


def test_nuts_that_ends_says_what_helps_without_a_stack_trace(monkeypatch):
    import nutpie

    from navmodels.engines.nuts import sampling as nuts

    def sample(*args, **settings):
        raise RuntimeError("All initialization points failed\n\nStack backtrace:\n   0: <unknown>")

    monkeypatch.setattr(nuts, "compile_once", lambda *_: None)
    monkeypatch.setattr(nutpie, "sample", sample)
    with pytest.raises(nav.NotConvergedError, match=r"points failed.: put neighbouring") as raised:
        nav.fit(nav.Model(nav.Rating()), battery([[3, 0, 5]]), engine="nuts", seed=1)
    assert "unknown" not in str(raised.value)
