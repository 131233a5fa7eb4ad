"""Answers do not depend on the unit of a mean, nor on where a covariate's zero lies: REML, quadrature, Newton."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special

import navmodels as nav
from navmodels.fits.records import recall_design

RNG = np.random.default_rng(8)
SE = RNG.uniform(0.07, 0.24, 41).round(3)
MILK = (RNG.normal(1.0, 0.22, 41) + SE * RNG.normal(size=41)).round(3)  # dollars a litre in 41 areas: invented


def areas(mean, se, *, terms=None, **options):
    """Estimates of areas and the fit, with default priors."""
    frame = pd.DataFrame({"area": [f"a{place:02d}" for place in range(len(mean))], "mean": mean, "se": se})
    survey = nav.Survey.from_report(frame, by="area", estimate="mean", se="se", unit="identity", **options)
    fit = nav.fit(nav.Model(nav.Reported(), *(terms or [nav.Group("area")])), survey, engine="laplace", seed=1)
    return nav.summarise(nav.estimate(fit, by="area")), fit


def eblup(y, v):
    """Empirical best linear unbiased predictor with the between-area variance by REML."""

    def height(log):
        weight = 1 / (np.exp(log) + v)
        mean = np.sum(weight * y) / weight.sum()
        return 0.5 * (-np.log(weight).sum() + np.log(weight.sum()) + np.sum(weight * (y - mean) ** 2))

    start = np.log(np.var(y))
    between = np.exp(optimize.minimize_scalar(height, bounds=(start - 12, start + 5), method="bounded").x)
    weight = 1 / (between + v)
    pooled, kept = np.sum(weight * y) / weight.sum(), between / (between + v)
    return kept * y + (1 - kept) * pooled, np.sqrt(between)


@pytest.fixture(scope="module")
def dollars():
    return areas(MILK, SE)


def test_areas_are_those_of_the_eblup(dollars):
    table, fit = dollars
    expected, between = eblup(MILK, SE**2)
    assert np.abs((table["mean"] - expected) / table["sd"]).max() < 0.4
    assert float(fit["posterior"]["area_sd"].mean()) == pytest.approx(between, rel=0.1)
    assert not fit.attrs["prior_conflict"]


@pytest.mark.parametrize("spread", [2.0, 4.0, 12.0])
def test_an_index_from_0_to_100_is_pooled_as_the_eblup_does(spread):
    rng = np.random.default_rng(2)
    index = (rng.normal(65, spread, 15) + 1.5 * rng.normal(size=15)).round(1)
    table, _ = areas(index, np.full(15, 1.5))
    expected, _ = eblup(index, np.full(15, 2.25))
    assert np.abs((table["mean"] - expected) / table["sd"]).max() < 0.4


@pytest.mark.parametrize(("factor", "shift"), [(100, 0), (10_000, 0), (1e-3, 0), (1, 40), (1, -1)])
def test_another_unit_or_zero_changes_nothing(dollars, factor, shift):
    table, fit = areas(factor * MILK + shift, factor * SE)
    for column in ("mean", "lower", "upper"):
        found = (table[column] - shift) / factor
        assert found.to_numpy() == pytest.approx(dollars[0][column].to_numpy(), abs=1e-6)
    assert float(fit["posterior"]["area_sd"].mean()) / factor == pytest.approx(
        float(dollars[1]["posterior"]["area_sd"].mean()), abs=1e-6
    )
    assert float(fit["posterior"]["intercept"].mean()) == pytest.approx(
        factor * float(dollars[1]["posterior"]["intercept"].mean()) + shift, abs=1e-6 * factor
    )


def test_five_offices_are_those_of_the_exact_normal_model():
    y, error = np.array([45.2, 55.1, 60.3, 66.0, 75.4]), 4.0
    table, fit = areas(y, np.full(5, error), digits=6)
    design = recall_design(fit)
    mean, wide, narrow = design.intercept_mean, design.intercept_scale, design.parameters["area_sd"].scale
    grid = (np.arange(4000) + 0.5) / 4000 * 6 * narrow
    logs, means = [], []
    for sd in grid:
        cover = np.eye(5) * (error**2 + sd**2) + wide**2
        solved = np.linalg.solve(cover, y - mean)
        logs.append(-0.5 * ((sd / narrow) ** 2 + np.linalg.slogdet(cover)[1] + (y - mean) @ solved))
        means.append(mean + (np.eye(5) * sd**2 + wide**2) @ solved)
    weight = np.exp(np.array(logs) - max(logs))
    expected = weight @ np.array(means) / weight.sum()
    size = fit.attrs["effective_draws"]
    assert np.abs((table["mean"] - expected) / table["sd"]).max() < 5 / np.sqrt(size)


YEARS = np.arange(2015, 2025)
COUNTS = np.array([127, 151, 166, 178, 199, 205, 220, 246, 251, 281])  # of 400 each year: invented


def newton(x, k, n):
    """Coefficients of a logistic regression."""
    design = np.column_stack([np.ones(len(x)), x])
    found = np.zeros(2)
    for _ in range(30):
        p = special.expit(design @ found)
        found += np.linalg.solve((design.T * n * p * (1 - p)) @ design, design.T @ (k - n * p))
    return found, np.linalg.inv((design.T * n * p * (1 - p)) @ design)


def by_year(x, **options):
    frame = pd.DataFrame({"year": x, "k": COUNTS, "n": 400})
    survey = nav.Survey.from_counts(frame, by="year", positive="k", n="n")
    model = nav.Model(nav.Share(), nav.Effect("year", numeric=True, **options))
    return nav.fit(model, survey, engine="laplace", seed=1)


@pytest.fixture(scope="module")
def years():
    return by_year(YEARS)


def test_a_rise_over_the_years_is_that_of_newton(years):
    (_, slope), cover = newton(YEARS - 2019.5, COUNTS, 400)
    table = nav.summarise(nav.estimate(years, by="year"))
    expected = special.expit(newton(YEARS - 2019.5, COUNTS, 400)[0] @ [np.ones(10), YEARS - 2019.5])
    assert np.abs(table["mean"] - expected).max() < 0.004
    found, error = years["posterior"]["year_slope"], np.sqrt(cover[1, 1])
    assert float(found.mean()) == pytest.approx(slope, abs=0.15 * error)  # the prior weighs 1/250 of the data
    assert float(found.std()) == pytest.approx(error, rel=0.05)


@pytest.mark.parametrize(("factor", "shift"), [(1.0, -2019.5), (0.1, -201.5), (365.25, 0.0)])
def test_a_covariate_may_have_any_zero_and_unit(years, factor, shift):
    moved = by_year(factor * YEARS + shift)
    given, found = (nav.estimate(fit, by="year").mean(("chain", "draw")).to_numpy() for fit in (years, moved))
    assert found == pytest.approx(given, abs=1e-6)
    slope = float(years["posterior"]["year_slope"].mean())
    assert float(moved["posterior"]["year_slope"].mean()) * factor == pytest.approx(slope, abs=1e-8)


def test_coming_years_lie_on_the_line(years):
    later = pd.DataFrame({"year": [2024, 2026], "weight": 1.0})
    line = nav.estimate(years, by="year", population=later, scale="linear")
    rise = line.sel(year=2026) - line.sel(year=2024)
    assert np.abs(rise - 2 * years["posterior"]["year_slope"]).max() < 1e-10


def test_codes_with_decimals_are_levels():
    frame = pd.DataFrame({"section": [1.1, 1.2, 2.1, 2.2, 3.1], "k": [10, 50, 12, 48, 30], "n": 60})
    survey = nav.Survey.from_counts(frame, by="section", positive="k", n="n")
    fit = nav.fit(nav.Model(nav.Share(), nav.Effect("section")), survey, engine="laplace", seed=1)
    table = nav.summarise(nav.estimate(fit, by="section"))
    assert np.abs(table["mean"] - frame["k"] / frame["n"]).max() < 0.03
    assert "section_slope" not in fit["posterior"]
