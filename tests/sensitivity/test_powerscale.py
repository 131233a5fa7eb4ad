"""Reweighted draws against fits with the scaled prior or likelihood; sensitivities against ArviZ; labels of conflicts.

A normal or half-normal prior to the power α is one with its scale over √α; a likelihood of counts to the power α is one
with a design effect of 1/α.
"""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from arviz_stats import psense
from scipy import stats

import navmodels as nav
from navmodels.data.variants import with_design_effect
from navmodels.fits.records import recall_design
from navmodels.sensitivity.powerscale import POWERS, log_prior
from navmodels.sensitivity.powerscale import _at_power as at_power

DRAWS = 4000
COUNTS = pd.DataFrame(
    {
        "office": list("AABBCCDD"),
        "sector": ["private", "public"] * 4,
        "k": [8, 3, 9, 11, 4, 2, 12, 9],
        "n": [10, 9, 12, 13, 9, 8, 13, 12],
    }
)
ANSWERS = pd.DataFrame(
    {"year": [2021, 2022, 2023, 2024], "new": [0, 0, 1, 1], "1": [6, 2, 4, 1], "2": [3, 5, 4, 4], "3": [1, 4, 6, 8]}
)


def share(power=1.0):
    root = np.sqrt(power)
    terms = nav.Effect("sector", scale=0.4 / root), nav.Group("office", scale=0.5 / root)
    return nav.Model(nav.Share(), *terms, intercept_scale=0.8 / root)


def rating(power=1.0):
    """The trend's standard deviation is known, and then its steps are at the top: they are scaled too."""
    root = np.sqrt(power)
    effect = nav.Effect("new", scale=0.3 / root, numeric=True, mean=0.5)
    trend = nav.Trend("year", scale=nav.Known(0.5 / root))
    return nav.Model(nav.Rating(), effect, trend, intercept_scale=1.0 / root)


MODELS = {"share": (share, {"by": ["office", "sector"]}), "rating": (rating, {"by": "year", "cut": 3})}


def survey_of(name):
    if name == "share":
        return nav.Survey.from_counts(COUNTS, by=["office", "sector"], positive="k", n="n")
    return nav.Survey.from_counts(ANSWERS, by=["year", "new"], counts=["1", "2", "3"], categories=[1, 2, 3])


@pytest.fixture(scope="module")
def fits():
    return {name: nav.fit(model(), survey_of(name), seed=1, draws=DRAWS) for name, (model, _) in MODELS.items()}


@pytest.fixture(scope="module")
def tables(fits):
    return {name: nav.power_scale(fits[name], estimand=asked) for name, (_, asked) in MODELS.items()}


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("what", ["prior", "likelihood"])
@pytest.mark.parametrize("name", MODELS)
def test_as_fitted_with_the_power(tables, name, what, power):
    (model, asked), table = MODELS[name], tables[name]
    survey = survey_of(name)
    scaled = (model(power), survey) if what == "prior" else (model(), with_design_effect(survey, 1 / power))
    refitted = nav.summarise(nav.estimate(nav.fit(*scaled, seed=2, draws=DRAWS), **asked))
    error = table["sd"] * np.sqrt(2 / (4 * DRAWS))  # Monte Carlo, of both
    assert (abs(table[f"{what}_{power:g}"] - refitted["mean"]) < 4 * error).all()
    assert (abs(table["mean"] - refitted["mean"]) > 4 * error).any()  # it is another posterior
    assert table["k"].unique().item() < 0.5


def test_prior_at_the_top_by_hand(fits):
    fit = fits["share"]
    posterior = fit["posterior"].to_dataset()
    expected = (
        stats.norm.logpdf(posterior["intercept"], scale=0.8)
        + stats.halfnorm.logpdf(posterior["office_sd"], scale=0.5)
        + stats.norm.logpdf(posterior["sector_effect"].sel(sector="public"), scale=0.4)
    )
    found = log_prior(recall_design(fit), posterior)
    assert np.ptp(found.to_numpy() - expected) < 1e-10  # a constant apart


def test_sensitivities_are_those_of_arviz(fits, tables):
    fit = fits["share"]
    draws = nav.estimate(fit, by=["office", "sector"]).drop_vars("n")
    posterior = fit["posterior"].to_dataset()
    prior = xr.Dataset(
        {
            "intercept": -0.5 * (posterior["intercept"] / 0.8) ** 2,
            "office_sd": -0.5 * (posterior["office_sd"] / 0.5) ** 2,
            "sector": -0.5 * (posterior["sector_effect"].sel(sector="public", drop=True) / 0.4) ** 2,
        }
    )
    groups = {"posterior": draws.to_dataset(), "log_prior": prior, "log_likelihood": fit["log_likelihood"].to_dataset()}
    tree = xr.DataTree.from_dict(groups)
    for name in ("prior", "likelihood"):
        expected = psense(tree, group=name)["share"].to_numpy().ravel()
        assert tables["share"][name].to_numpy() == pytest.approx(expected, rel=1e-8)


def office(k, n, **more):
    table = pd.DataFrame({"office": list("ABCD"), "k": k, "n": n})
    survey = nav.Survey.from_counts(table, by="office", positive="k", n="n")
    return nav.fit(nav.Model(nav.Share(), nav.Group("office", scale=0.3), **more), survey, seed=1)


@pytest.mark.filterwarnings("ignore::navmodels.PriorConflictWarning")  # planted
def test_labels_of_planted_cases():
    conflict = nav.power_scale(office([56, 55, 57, 58], [60] * 4, intercept_scale=0.4), estimand={"by": ()})
    assert conflict["conflict"].tolist() == ["prior-data conflict"]
    strong = nav.power_scale(office([1, 0, 1, 1], [1] * 4, intercept_scale=0.1), estimand={"by": ()})
    assert strong["conflict"].tolist() == ["strong prior or weak likelihood"]
    agreed = nav.power_scale(office([520, 480, 510, 490], [1000] * 4), estimand={"by": ()})
    assert agreed["conflict"].tolist() == [""]
    assert agreed["prior"].item() < 0.05 < agreed["likelihood"].item()


def test_the_default_is_the_first_term_and_functions_are_taken(fits):
    assert nav.power_scale(fits["share"])["sector"].tolist() == ["private", "public"]
    alone = nav.power_scale(fits["share"], estimand=lambda fit: fit["posterior"].to_dataset()["office_sd"])
    assert alone["mean"].item() == pytest.approx(float(fits["share"]["posterior"]["office_sd"].mean()), rel=1e-12)
    assert list(alone.columns) == [
        "mean", "sd", "prior", "likelihood", "conflict",
        "prior_0.8", "prior_1.25", "likelihood_0.8", "likelihood_1.25", "k",
    ]  # fmt: skip


def test_combinations_that_do_not_occur_have_no_row(survey, model):
    fit = nav.fit(model, survey, seed=1)
    table = nav.power_scale(fit, estimand={"by": ["county", "sector"]})
    assert len(table) == 7  # county D has no public cells
    assert table.notna().all(axis=None)


def test_means_that_weights_cannot_give_are_missing():
    rng = np.random.default_rng(1)
    draws = xr.DataArray(rng.normal(size=(4, 1000)), dims=("chain", "draw"))
    mean, k = at_power(draws, draws.copy(data=40 * rng.normal(size=(4, 1000))), 0.8)
    assert k > 0.7
    assert bool(mean.isnull())


def test_fits_that_did_not_pass_are_refused(fits):
    fit = fits["share"].copy()
    fit.attrs["unconverged"] = "R-hat 2"
    with pytest.raises(nav.NotConvergedError, match="did not converge: R-hat 2"):
        nav.power_scale(fit)
