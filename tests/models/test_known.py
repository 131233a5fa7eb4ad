"""Known standard deviations and prior means of slopes: with normal numbers the posterior is normal, in closed form."""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav

TABLE = pd.DataFrame(
    {
        "school": list("ABCDEF"),
        "hours": [0.0, 1.0, 2.0, 0.0, 1.0, 3.0],
        "y": [2.8, 0.8, -0.3, 0.7, -0.1, 0.1],
        "se": [1.5, 1.0, 1.6, 1.1, 0.9, 1.1],
    }
)
TAU, SLOPE, SLOPE_SD, INTERCEPT = 0.7, 1.2, 0.4, 1.5
MODEL = nav.Model(
    nav.Reported(),
    nav.Group("school", scale=nav.Known(TAU)),
    nav.Effect("hours", numeric=True, scale=SLOPE_SD, mean=SLOPE),
    intercept_scale=INTERCEPT,
)


@pytest.fixture(scope="module")
def survey():
    columns = {"estimate": "y", "se": "se", "unit": "identity", "digits": 12}
    return nav.Survey.from_report(TABLE, by=["school", "hours"], **columns)


def exact():
    """Return mean and sd of each cell's η and of intercept and slope: the normal equations of the linear model."""
    basis = np.column_stack([np.ones(6), TABLE["hours"], np.eye(6)])
    prior = np.r_[1 / INTERCEPT**2, 1 / SLOPE_SD**2, np.full(6, 1 / TAU**2)]
    start = np.r_[0.0, SLOPE, np.zeros(6)]
    weight = 1 / TABLE["se"].to_numpy() ** 2
    covariance = np.linalg.inv(basis.T @ (weight[:, None] * basis) + np.diag(prior))
    mean = covariance @ (basis.T @ (weight * TABLE["y"].to_numpy()) + prior * start)
    cells = basis @ mean, np.sqrt(np.diag(basis @ covariance @ basis.T))
    return cells, (mean[:2], np.sqrt(np.diag(covariance)[:2]))


def assert_normal(draws, mean, sd, *, size):
    """Assert that draws, dims (sample, quantity), have these means and standard deviations, but for Monte Carlo."""
    assert abs(draws.mean(axis=0) - mean).max() < (4 * sd / np.sqrt(size)).max()
    assert draws.std(axis=0, ddof=1) / sd == pytest.approx(np.ones(len(sd)), abs=4 / np.sqrt(2 * size))


@pytest.mark.parametrize("engine", ["laplace", pytest.param("nuts", marks=pytest.mark.sampling)])
def test_posterior_is_the_exact_one(survey, engine):
    fit = nav.fit(MODEL, survey, seed=1, draws=4000, engine=engine)
    posterior = fit["posterior"].to_dataset()
    assert set(posterior.data_vars) == {"intercept", "school_effect", "hours_effect"}  # no school_sd
    (mean, sd), (top, top_sd) = exact()
    size = 16_000 if engine == "laplace" else 6_000
    draws = nav.estimate(fit, by="school").transpose("chain", "draw", "school").to_numpy().reshape(-1, 6)
    assert_normal(draws, mean, sd, size=size)
    slope = posterior["hours_effect"].sel(hours=1.0)
    both = np.column_stack([posterior["intercept"].to_numpy().ravel(), slope.to_numpy().ravel()])
    assert_normal(both, top, top_sd, size=size)


def test_new_values_of_the_covariate_lie_on_the_line(survey):
    fit = nav.fit(MODEL, survey, seed=1)
    effect = fit["posterior"].to_dataset()["hours_effect"]
    people = pd.DataFrame({"school": ["A", "A"], "hours": [1.0, 5.0], "weight": 1.0})
    by_hours = nav.estimate(fit, by="hours", population=people, scale="linear")
    step = by_hours.sel(hours=5.0) - by_hours.sel(hours=1.0)
    assert step.to_numpy() == pytest.approx(4 * effect.sel(hours=1.0).to_numpy(), rel=1e-9)


def test_a_tight_prior_is_the_effect():
    table = pd.DataFrame({"year": [2023, 2024], "new": [0, 1], "k": [300, 345], "n": [500, 500]})
    survey = nav.Survey.from_counts(table, by=["year", "new"], positive="k", n="n")
    for size in (-0.5, 0.0, 0.8):
        model = nav.Model(nav.Share(), nav.Effect("new", numeric=True, scale=1e-4, mean=size))
        effect = nav.fit(model, survey, seed=1)["posterior"]["new_effect"]
        assert effect.sel(new=1).to_numpy() == pytest.approx(size, abs=6e-4)


def test_they_are_written_and_read():
    again = nav.Model.from_json(MODEL.to_json())
    assert again == MODEL
    assert repr(again) == (
        "Model(Reported(), Group('school', scale=Known(scale=0.7)), "
        "Effect('hours', scale=0.4, numeric=True, mean=1.2), intercept_scale=1.5)"
    )


def test_known_standard_deviations_that_are_none():
    for scale in (0.0, -1.0, np.inf, np.nan, True):
        with pytest.raises(ValueError, match="scale of Known is .*; allowed: a positive number"):
            nav.Group("school", scale=nav.Known(scale))


@pytest.mark.parametrize("mean", [np.nan, np.inf, True, "0.1"])
def test_prior_means_that_are_none(mean):
    with pytest.raises(ValueError, match=r"mean of Effect\('hours'\) is .*; allowed: a finite number"):
        nav.Effect("hours", numeric=True, mean=mean)


def test_levels_and_choices_have_no_prior_mean():
    table = pd.DataFrame({"year": [1, 2], "k": [3, 4], "n": [6, 8]})
    survey = nav.Survey.from_counts(table, by="year", positive="k", n="n")
    with pytest.raises(ValueError, match="has a prior mean, which is for covariates; say numeric=True"):
        nav.fit(nav.Model(nav.Share(), nav.Effect("year", mean=0.2)), survey)
    frame = pd.DataFrame({"year": [1, 2], "a": [3, 4], "b": [6, 8], "c": [5, 5]})
    choice = nav.Survey.from_counts(frame, by="year", counts=["a", "b", "c"], ordered=False)
    with pytest.raises(ValueError, match="not for outcomes of several categories without order"):
        nav.fit(nav.Model(nav.Choice(), nav.Effect("year", numeric=True, mean=0.2)), choice)
