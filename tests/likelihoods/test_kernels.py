"""Kernels against SciPy, quadrature, exact sums and PyMC, to the ends of what doubles hold."""

import numba
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

import navmodels as nav
from navmodels.likelihoods import kernels
from navmodels.likelihoods.normals import log_one_plus

ETA = np.array([-700.0, -300, -40, -8, -1.3, -1e-9, 0, 0.4, 2, 15, 37, 300, 700])
quick = settings(max_examples=150, deadline=None)


def cells(kernel, eta, data):
    """Value, gradient and curvature of each cell with one linear predictor, dims (3, cell)."""
    kind, table, flat = kernels.pack(kernel, data)
    value, gradient, curvature = np.empty(len(eta)), np.empty((len(eta), 1)), np.empty((len(eta), 1))
    kernels.derivatives(kind, one_channel(eta), table, flat, value, gradient, curvature)
    return np.stack([value, gradient[:, 0], curvature[:, 0]])


def one_channel(eta):
    """Linear predictors with dims (..., cell) as those of one channel, dims (..., cell, channel)."""
    return np.asarray(eta, dtype=float)[..., None]


# ---- share


def shares(eta, k, n):
    return cells("share", eta, {"positive": k, "n": n, "constant": choose(n, k)})


def choose(n, k):
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


def crossed(*pairs):
    """Every pair at every linear predictor."""
    eta = np.tile(ETA, len(pairs))
    first, second = np.repeat(np.array(pairs, dtype=float), len(ETA), axis=0).T
    return eta, first, second


def test_share_is_scipys_binomial():
    eta, k, n = crossed((0, 0), (0, 5), (5, 5), (3, 7), (29_000, 100_000))
    near = np.abs(eta) < 10  # farther out expit leaves too few digits of 1 - p
    expected = stats.binom.logpmf(k[near], n[near], special.expit(eta[near]))
    assert shares(eta[near], k[near], n[near])[0] == pytest.approx(expected, rel=1e-11, abs=1e-11)


def test_share_far_out():
    eta, k, n = crossed((0, 0), (0, 5), (5, 5), (3, 7), (0.37, 2.2), (1e6, 3e6))
    value, gradient, curvature = shares(eta, k, n)
    p, q = special.expit(eta), special.expit(-eta)
    value_expected = choose(n, k) + k * special.log_expit(eta) + (n - k) * special.log_expit(-eta)
    assert value == pytest.approx(value_expected, rel=1e-13, abs=1e-300)  # small ones to their last digits too
    assert gradient == pytest.approx(k * q - (n - k) * p, rel=1e-13, abs=1e-300)
    assert curvature == pytest.approx(n * p * q, rel=1e-13, abs=1e-300)
    assert (value[n == 0] == 0).all()
    assert value[(k == 5) & (eta == 300)] == pytest.approx([-5 * np.exp(-300.0)], rel=1e-13)


def test_share_sums_to_one():
    for eta in (-700.0, -3, 0, 1.7, 700):
        k = np.arange(13.0)
        assert np.exp(shares(np.full(13, eta), k, np.full(13, 12.0))[0]).sum() == pytest.approx(1, rel=1e-13)


def test_share_and_normal_are_pymcs():
    import pymc as pm

    eta, k, n = crossed((0, 5), (5, 5), (3, 7), (290, 1000))
    binomial = pm.logp(pm.Binomial.dist(n=n, logit_p=eta), k).eval(mode="FAST_COMPILE")
    near = np.abs(eta) < 30  # PyMC's probabilities become 1 farther out
    assert shares(eta, k, n)[0][near] == pytest.approx(binomial[near], rel=1e-10, abs=1e-10)
    mean = np.array([-40.0, -3, 0, 2.2, 60])
    normal = pm.logp(pm.Normal.dist(mu=mean, sigma=0.7), np.full(5, 1.3)).eval(mode="FAST_COMPILE")
    value, gradient, curvature = intervals(mean, np.full(5, 1.3), np.full(5, 1e-5 * 0.7), np.full(5, 0.7))
    assert value - np.log(2e-5 * 0.7) == pytest.approx(normal, rel=1e-9, abs=1e-9)
    assert gradient == pytest.approx((1.3 - mean) / 0.49, rel=1e-8)
    assert curvature == pytest.approx(1 / 0.49, rel=1e-8)


# ---- reported: an interval of a normal


def intervals(eta, centre, half, sd):
    size = len(eta)
    none = {name: np.full(size, np.nan) for name in ("trials", "first", "step")}
    ends = {"start": np.zeros(size), "stop": np.zeros(size), "log_choose": np.zeros(0)}
    return cells("reported", eta, {"centre": centre, "half": half, "sd": sd, **none, **ends})


def by_quadrature(distance, half):
    """Log of Φ(d + h) − Φ(d − h), slope −E[y] and curvature 1 − V[y] of a normal y between its limits."""
    low = abs(distance) - half
    reach = min(2 * half, 40.0 / max(low, 1.0)) if low > -40 else 80.0  # beyond, nothing is left of the density
    start = max(low, -40.0)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    panels = np.linspace(0, min(reach, abs(distance) + half - start), 65)
    u = (panels[:-1, None] + np.diff(panels)[:, None] * (nodes + 1) / 2).ravel()
    logs = -start * u - u * u / 2
    mass = np.exp(logs - logs.max()) * np.outer(np.diff(panels) / 2, weights).ravel()
    total = mass.sum()
    mean = (mass @ u) / total
    value = np.log(total) + logs.max() - start**2 / 2 - np.log(2 * np.pi) / 2
    return value, -np.copysign(start + mean, distance), 1 - (mass @ (u - mean) ** 2) / total


HALF = [1e-5, 1e-4, 9.99e-4, 1.01e-3, 0.02, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]
AWAY = [0.0, 1e-6, 0.01, 0.5, 1.0, 3.0, 8.0, 9.99, 15.0, 25.3, 37.0, 99.9, 100.0, 101.0, 700.0, 3000.0, 7000.0]


@pytest.mark.parametrize("half", HALF)
def test_interval_by_quadrature(half):
    distance = np.array([*AWAY, *(-away for away in AWAY)])
    one = np.ones(len(distance))
    found = intervals(distance, 0 * one, half * one, one)
    expected = np.array([by_quadrature(each, half) for each in distance]).T
    assert found[0] == pytest.approx(expected[0], rel=1e-11, abs=1e-11)
    assert found[1] == pytest.approx(expected[1], rel=1e-9, abs=1e-10)
    assert found[2] == pytest.approx(expected[2], rel=3e-8, abs=3e-8)
    assert (found[2] >= 0).all()


@pytest.mark.parametrize("half", [0.3, 1.0, 3.0, 10.0])
def test_interval_by_scipys_tails(half):
    distance = np.array([-30.0, -9, -2, -0.4, 0.1, 3, 25, 700])
    upper, lower = special.log_ndtr(-np.abs(distance) + half), special.log_ndtr(-np.abs(distance) - half)
    expected = upper + np.log1p(-np.exp(lower - upper))
    scale = 0.25  # the same in the unit of the linear predictor
    value, *_ = intervals(
        7 + scale * distance, np.full(8, 7.0), np.full(8, half * scale), np.full(8, scale)
    )  # η − centre in sd
    assert value == pytest.approx(expected, rel=1e-11)


def test_intervals_side_by_side_sum_to_one():
    centre = np.arange(-60, 61) * 0.25
    one = np.ones(len(centre))
    for eta in (-3.3, 0.0, 1.9):
        value, gradient, _ = intervals(eta * one, centre, 0.125 * one, 0.8 * one)
        assert np.exp(value).sum() == pytest.approx(1, abs=1e-13)
        assert (np.exp(value) * gradient).sum() == pytest.approx(0, abs=1e-13)


# ---- reported: some counts


def counts(eta, n, first, last):
    """Cells that all print the counts first ... last of n."""
    size, width = len(eta), last - first + 1
    k = np.arange(first, last + 1.0)
    none = dict.fromkeys(("centre", "half", "sd"), np.full(size, np.nan))
    flat = np.tile(choose(n, k), size)
    places = {"start": np.arange(size) * float(width), "stop": (np.arange(size) + 1) * float(width)}
    given = {
        "trials": np.full(size, float(n)),
        "first": np.full(size, float(first)),
        "log_choose": flat,
        "step": np.ones(size),
    }
    return cells("reported", eta, {**none, **given, **places})


def exact_sum(eta, n, first, last):
    k = np.arange(first, last + 1.0)
    logs = choose(n, k) + k * special.log_expit(eta) + (n - k) * special.log_expit(-eta)
    value = special.logsumexp(logs)
    weight = np.exp(logs - value)
    mean, p, q = weight @ k, special.expit(eta), special.expit(-eta)
    slope = weight @ (k * q - (n - k) * p)
    return value, slope, n * p * q - weight @ (k - mean) ** 2


@pytest.mark.parametrize(
    ("n", "first", "last"),
    [(24, 7, 7), (24, 0, 0), (24, 24, 24), (300, 278, 280), (1000, 500, 510), (5000, 1475, 1524)],
)
def test_counts_are_exact_sums(n, first, last):
    found = counts(ETA, n, first, last)
    expected = np.array([exact_sum(eta, n, first, last) for eta in ETA]).T
    assert found[0] == pytest.approx(expected[0], rel=1e-12, abs=1e-300)
    assert found[1] == pytest.approx(expected[1], rel=1e-11, abs=1e-11)
    assert found[2] == pytest.approx(expected[2], rel=1e-9, abs=1e-12)
    near = np.abs(ETA) < 10
    pmf = stats.binom.pmf(np.arange(first, last + 1)[:, None], n, special.expit(ETA[near])).sum(axis=0)
    assert np.exp(found[0][near]) == pytest.approx(pmf, rel=1e-9, abs=1e-300)


def test_all_counts_are_certain():
    value, gradient, curvature = counts(ETA, 24, 0, 24)
    for each in (value, gradient, curvature):
        assert each == pytest.approx(0, abs=1e-12)


def test_one_count_is_a_share():
    k, n = np.full(len(ETA), 7.0), np.full(len(ETA), 24.0)
    assert counts(ETA, 24, 7, 7) == pytest.approx(shares(ETA, k, n), rel=1e-13)


# ---- both


@st.composite
def cell(draw):
    """One cell of either kernel, as a function of the linear predictor, and a linear predictor."""
    kind = draw(st.sampled_from(["share", "interval", "counts"]))
    if kind == "interval":
        sd, half = draw(st.floats(0.01, 3)), draw(st.floats(1e-5, 100))
        eta = draw(st.floats(-30, 30)) * sd
        return lambda x: intervals(x, np.zeros(len(x)), np.full(len(x), half * sd), np.full(len(x), sd)), eta, sd
    n = draw(st.integers(0 if kind == "share" else 1, 2000))
    k = draw(st.integers(0, n))
    eta = draw(st.floats(-30, 30))
    if kind == "share":
        return lambda x: shares(x, np.full(len(x), float(k)), np.full(len(x), float(n))), eta, 1.0
    last = draw(st.integers(k, min(n, k + 30)))
    return lambda x: counts(x, n, k, last), eta, 1.0


@quick
@given(cell())
def test_derivatives_are_those_of_finite_differences(given_cell):
    function, eta, scale = given_cell
    step = 1e-4 * scale
    low, middle, high = function(np.array([eta - step, eta, eta + step])).T
    noise = 1e-15 * max(abs(middle[0]), 1.0)  # of a value, which differences blow up
    slope, bend = (high[0] - low[0]) / (2 * step), -(high[1] - low[1]) / (2 * step)
    size = max(abs(middle[1]), middle[2] * scale)
    assert slope == pytest.approx(middle[1], rel=1e-6, abs=1e-6 * size + 10 * noise / step)
    noise = 1e-12 * max(abs(middle[1]), 1 / scale)
    assert bend == pytest.approx(middle[2], rel=1e-5, abs=1e-6 * middle[2] + 1e-7 / scale**2 + 10 * noise / step)
    assert middle[2] >= 0  # log-concave


@quick
@given(st.lists(st.floats(-700, 700), min_size=1, max_size=9), st.sampled_from(["share", "reported"]))
def test_values_alone_are_the_same(eta, kernel):
    eta, size = np.array(eta), len(eta)
    if kernel == "share":
        data = {"positive": np.arange(size) / 2, "n": np.arange(size) * 1.0, "constant": np.ones(size)}
    else:  # by turns a normal and two counts
        counted = np.arange(size) % 2 == 1
        stop = 2.0 * np.cumsum(counted)
        trials = np.where(counted, 30.0, np.nan)
        data = {"centre": np.zeros(size), "half": np.full(size, 0.2), "sd": np.ones(size), "trials": trials}
        data |= {"first": np.full(size, 11.0), "step": np.ones(size), "start": stop - 2.0 * counted, "stop": stop}
        data |= {"log_choose": np.tile(choose(30, np.array([11.0, 12.0])), counted.sum())}
    kind, table, flat = kernels.pack(kernel, data)
    value = np.empty(size)
    kernels.values(kind, one_channel(eta), table, flat, value)
    assert value == pytest.approx(cells(kernel, eta, data)[0], rel=1e-15)
    rows = kernels.values_of_draws(one_channel([eta, -eta]), kind, table, flat)
    assert rows == pytest.approx(np.stack([value, cells(kernel, -eta, data)[0]]), rel=1e-15)


def test_what_is_not_a_number_stays_so():
    one = np.ones(1)
    for bad in range(3):
        row = [np.full(1, 0.3), one, 2 * one]
        row[bad] = np.full(1, np.nan)
        assert np.isnan(shares(*row)[:2]).all()
    for bad in range(4):
        row = [np.full(1, 0.3), one, 0.2 * one, one]
        row[bad] = np.full(1, np.nan)
        assert np.isnan(intervals(*row)).all()
    assert np.isnan(counts(np.array([np.nan]), 24, 3, 5)).all()
    assert np.isnan(counts(np.array([np.nan]), 24, 3, 3)).all()


def test_kernels_take_no_fast_math_from_their_caller():
    # numba passes it on to functions that do not refuse; log(1 + e) would lose its second term
    log1p = numba.jit(**log_one_plus.targetoptions)(log_one_plus.py_func)
    caller = numba.njit(fastmath=True)(lambda e: log1p(e))
    assert caller(1e-20) == 1e-20
    assert all(not function.targetoptions["fastmath"] for function in (kernels.derivatives, kernels.values))


def test_cells_do_not_touch_each_other():
    eta, k, n = crossed((0, 5), (3, 7))
    alone = np.array([shares(eta[c : c + 1], k[c : c + 1], n[c : c + 1])[:, 0] for c in range(len(eta))]).T
    np.testing.assert_array_equal(shares(eta, k, n), alone)


def test_linear_predictors_are_sums_of_levels():
    rng = np.random.default_rng(1)
    base, effects, index = rng.normal(size=(3, 1)), rng.normal(size=(3, 11)), rng.integers(0, 11, size=(20, 4))
    expected = base + effects[:, index].sum(axis=2)
    found = kernels.linear_predictors(base, effects, index, np.zeros(4, dtype=np.int64))
    assert found.shape == (3, 20, 1)
    assert found[..., 0] == pytest.approx(expected, rel=1e-14)
    none = kernels.linear_predictors(
        base, np.empty((3, 0)), np.empty((20, 0), dtype=np.int64), np.empty(0, dtype=np.int64)
    )
    assert none[..., 0] == pytest.approx(np.repeat(base, 20, axis=1), rel=0)


def test_counts_too_many_to_be_added_up_are_an_interval_on_the_arcsine_scale():
    """Against scipy's binomial: probabilities within 1e-3, derivatives those of finite differences."""
    share = pd.DataFrame({"g": list("abc"), "share": [50.0, 30.0, 4.0], "n": [120_000.0, 10**6, 10**6]})
    survey = nav.Survey.from_report(share, by="g", n="n")
    data, columns = nav.Reported().arrays(survey), survey.cells
    assert len(data["log_choose"]) == 0  # whatever n is
    for place in range(3):
        low, high, n = (float(columns[name][place]) for name in ("count_low", "count_high", "trials"))
        ends = special.logit(np.array([low, high]) / n)
        width = 1 / np.sqrt(low * (1 - low / n))
        eta = np.concatenate([[ends.mean()], *(end + width * np.linspace(-4, 4, 33) for end in ends)])
        p = special.expit(eta)
        exact = stats.binom.cdf(high, n, p) - stats.binom.cdf(low - 1, n, p)
        each = {name: values[[place] * len(eta)] if np.ndim(values) and name != "log_choose" else values
                for name, values in data.items()}  # fmt: skip
        value, gradient, curvature = cells("reported", eta, each)
        assert np.exp(value) == pytest.approx(exact, abs=2e-3)
        assert value[0] == pytest.approx(0.0, abs=1e-3)
        step = 1e-4 * width
        higher, lower = (cells("reported", eta + d, each) for d in (step, -step))
        assert gradient == pytest.approx((higher[0] - lower[0]) / (2 * step), rel=1e-4, abs=1e-4 / width)
        slope = -(higher[1] - lower[1]) / (2 * step)
        assert curvature == pytest.approx(np.maximum(slope, 0.0), rel=1e-3, abs=1e-3 / width**2)
