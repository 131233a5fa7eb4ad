import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from navmodels.data import Survey
from navmodels.likelihoods import Reported, Share
from navmodels.likelihoods.outcomes import effective_counts


def reported(**columns):
    """Survey of one published number a row; keywords that are no columns go on to from_report."""
    options = {name: columns.pop(name) for name in ("unit", "digits", "design_effect") if name in columns}
    frame = pd.DataFrame({"row": [f"row {i:04d}" for i in range(len(columns["share"]))], **columns})
    given = {name: name for name in ("lower", "upper", "se", "n") if name in columns}
    return Survey.from_report(frame, by="row", **given, **options)


def log_likelihood(survey, eta):
    outcome = Reported() if survey.kind == "reported" else Share()
    eta = np.asarray(eta, dtype=float)[..., None, None]  # the same for every cell
    eta = np.broadcast_to(eta, (*eta.shape[:-2], survey.cells.sizes["cell"], 1))
    return outcome.log_likelihood(eta, outcome.arrays(survey))


# ---- shares


@pytest.mark.parametrize("eta", [-30.0, -2.0, 0.0, 0.7, 5.0])
def test_share_is_binomial(eta):
    frame = pd.DataFrame({"office": list("ABCD"), "k": [0, 3, 8, 50], "n": [5, 6, 8, 197]})
    survey = Survey.from_counts(frame, by="office", positive="k", n="n")
    expected = stats.binom.logpmf(frame["k"], frame["n"], special.expit(eta))
    assert log_likelihood(survey, eta) == pytest.approx(expected, rel=1e-12, abs=1e-11)


def test_share_without_answers_says_nothing():
    frame = pd.DataFrame({"office": ["A", "B"], "k": [0, 2], "n": [0, 3]})
    survey = Survey.from_counts(frame, by="office", positive="k", n="n")
    assert log_likelihood(survey, [-700.0, 0.0, 700.0])[:, 0].tolist() == [0.0, 0.0, 0.0]


def test_splitting_a_cell_adds_a_constant():
    whole = Survey.from_counts(pd.DataFrame({"a": ["x"], "k": [7], "n": [12]}), by="a", positive="k", n="n")
    parts = Survey.from_counts(pd.DataFrame({"a": ["x", "y"], "k": [3, 4], "n": [8, 4]}), by="a", positive="k", n="n")
    eta = np.linspace(-4, 4, 9)
    gap = log_likelihood(parts, eta).sum(axis=-1) - log_likelihood(whole, eta).sum(axis=-1)
    # log C(8,3) C(4,4) / C(12,7)
    assert gap == pytest.approx(np.full(9, np.log(56 * 1 / 792)), abs=1e-12)


def test_effective_counts_by_hand():
    rows = pd.DataFrame({"office": ["A"] * 3 + ["B"], "yes": [1, 0, 1, 1], "w": [1.0, 2.0, 3.0, 5.0]})
    survey = Survey.from_responses(rows, outcome="yes", by="office", weights="w", weighting="effective")
    count = effective_counts(survey)
    # A: n = 6²/14, weighted share 4/6; B: one respondent whatever the weight
    assert count.sum(axis=1) == pytest.approx([36 / 14, 1.0], rel=1e-14)
    assert count[:, 1] == pytest.approx([36 / 14 * 4 / 6, 1.0], rel=1e-14)


def test_weights_of_one_give_the_counts_to_the_last_bit():
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"office": rng.integers(0, 97, 5000), "yes": rng.integers(0, 2, 5000), "w": 1.0})
    plain = Survey.from_responses(rows, outcome="yes", by="office")
    weighted = Survey.from_responses(rows, outcome="yes", by="office", weights="w", weighting="effective")
    one, two = Share().arrays(plain), Share().arrays(weighted)
    assert all((one[name] == two[name]).all() for name in one)


def test_draws_of_a_share_have_the_binomial_moments():
    frame = pd.DataFrame({"office": ["A", "B"], "k": [1, 1], "n": [10, 40]})
    data = Share().arrays(Survey.from_counts(frame, by="office", positive="k", n="n"))
    drawn = Share().draw(np.full((40_000, 2, 1), special.logit(0.3)), data, np.random.default_rng(1))
    assert drawn.mean(axis=0) == pytest.approx([3.0, 12.0], abs=4 * np.sqrt(0.21 * 40 / 40_000))
    assert drawn.var(axis=0) == pytest.approx([2.1, 8.4], rel=0.04)


# ---- published numbers, exact


@pytest.mark.parametrize("eta", [-3.0, -0.4, 0.0, 0.9, 4.0])
@pytest.mark.parametrize("n", [24, 43, 150, 1589])
def test_exact_rows_are_sums_of_binomial_probabilities(n, eta):
    count = np.arange(n + 1)
    printed = np.unique(np.round(100 * count / n))
    survey = reported(share=printed, n=np.full(len(printed), n))
    chance = stats.binom.pmf(count, n, special.expit(eta))
    near = np.abs(100 * count / n - printed[:, None]) <= 0.5 + 1e-9  # both sides of a tie
    expected = (near * chance).sum(axis=1)
    assert np.exp(log_likelihood(survey, eta)) == pytest.approx(expected, rel=1e-9, abs=1e-280)


@pytest.mark.parametrize("eta", [-700.0, -30.0, -1.2, 0.0, 3.3, 700.0])
@pytest.mark.parametrize("n", [43, 146, 333])  # no count lies halfway between two whole percents
def test_all_that_may_be_printed_adds_to_one(n, eta):
    printed = np.unique(np.round(100 * np.arange(n + 1) / n))
    survey = reported(share=printed, n=np.full(len(printed), n))
    assert np.exp(log_likelihood(survey, eta)).sum() == pytest.approx(1.0, abs=1e-10)


def test_zero_and_hundred_percent():
    survey = reported(share=[0, 100], n=[24, 24])
    assert log_likelihood(survey, 1.0) == pytest.approx(24 * np.log([special.expit(-1.0), special.expit(1.0)]))


def test_design_effect_shrinks_the_trials_of_zero_percent():
    survey = reported(share=[0, 50], n=[30, 30], design_effect=1.5)
    assert log_likelihood(survey, 0.0)[0] == pytest.approx(20 * np.log(0.5))


# ---- published numbers, rounded normal


@pytest.mark.parametrize("eta", [0.3, 0.6, 0.9, 1.2])
def test_normal_rows_are_differences_of_distribution_functions(eta):
    survey = reported(share=[71.0, 58.0], lower=[66.0, 52.0], upper=[76.0, 64.0])
    low, high = special.logit([0.705, 0.575]), special.logit([0.715, 0.585])
    # standard error from both half-widths on the logit scale
    sd = (special.logit([0.76, 0.64]) - special.logit([0.66, 0.52])) / (2 * stats.norm.ppf(0.975))
    expected = np.log(stats.norm.cdf((high - eta) / sd) - stats.norm.cdf((low - eta) / sd))
    assert log_likelihood(survey, eta) == pytest.approx(expected, rel=1e-7)


def test_a_share_from_n_and_design_effect():
    survey = reported(share=[40.0], n=[500], design_effect=1.24)
    sd = np.sqrt(1.24 / (500 * 0.4 * 0.6))
    limits = special.logit([0.395, 0.405])
    expected = np.log(np.diff(stats.norm.cdf((limits + 0.5) / sd)))
    assert log_likelihood(survey, -0.5) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("eta", [-7.3, 0.0, 3.5])
def test_all_printed_means_add_to_one(eta):
    survey = reported(share=np.arange(-80.0, 81.0), se=np.full(161, 4.0), unit="identity")
    assert np.exp(log_likelihood(survey, eta)).sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("eta", [-700.0, -60.0, 60.0, 700.0])
def test_far_tails_follow_the_density(eta):
    # with h small, Φ(d+h) - Φ(d-h) = 2 φ(d) sinh(hd)/d to a relative h²
    survey = reported(share=[4.6], se=[0.02], unit="identity", digits=3)  # with more digits it would be taken as exact
    d, h = abs(4.6 - eta) / 0.02, 0.0005 / 0.02
    expected = stats.norm.logpdf(d) + h * d - np.log(d) + np.log1p(-np.exp(-2 * h * d))
    assert log_likelihood(survey, eta) == pytest.approx([expected], rel=1e-9)


@pytest.mark.parametrize("estimate", [412345.678901234, 1 / 3])
def test_numbers_finer_than_their_error_keep_their_digits(estimate):
    survey = reported(share=[estimate], se=[100.0], unit="identity")
    shift = np.array([0.0, 50.0, -100.0, 300.0])
    found = log_likelihood(survey, estimate + shift)[:, 0]
    # the density times a width of 2e-5 standard errors
    assert found == pytest.approx(stats.norm.logpdf(shift / 100) + np.log(2e-5), abs=1e-9)


def test_rows_of_both_kinds_keep_their_places():
    survey = reported(share=[29.0, 71.0, 0.0], lower=[np.nan, 66.0, np.nan], upper=[np.nan, 76.0, np.nan], n=[24] * 3)
    alone = [
        reported(share=[29.0], n=[24]),
        reported(share=[71.0], lower=[66.0], upper=[76.0]),
        reported(share=[0.0], n=[24]),
    ]
    expected = [log_likelihood(each, 0.4)[0] for each in alone]
    assert log_likelihood(survey, 0.4) == pytest.approx(expected, rel=1e-14)


def test_draws_of_published_numbers_are_in_the_printed_unit():
    rng = np.random.default_rng(1)
    survey = reported(share=[29.0, 71.0], lower=[np.nan, 66.0], upper=[np.nan, 76.0], n=[24, 24])
    data = Reported().arrays(survey)
    eta = np.tile(special.logit([0.3, 0.7])[:, None], (40_000, 1, 1))
    drawn = Reported().draw(eta, data, rng)
    assert drawn[:, 0] * 24 / 100 == pytest.approx(np.round(drawn[:, 0] * 24 / 100), abs=1e-9)
    assert drawn[:, 0].mean() == pytest.approx(30.0, abs=4 * 100 * np.sqrt(0.21 / 24 / 40_000))
    assert np.quantile(drawn[:, 1], [0.025, 0.5, 0.975]) == pytest.approx([64.9, 70.0, 74.7], abs=0.3)
    mean = reported(share=[4.6], se=[0.5], unit="identity")
    drawn = Reported().draw(np.full((40_000, 1, 1), 4.0), Reported().arrays(mean), rng)
    assert drawn.mean() == pytest.approx(4.0, abs=0.01)
    assert drawn.std() == pytest.approx(0.5, abs=0.01)
