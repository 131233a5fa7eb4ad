"""Posteriors are read by name and label: another order changes nothing, a part is refused by name."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import navmodels as nav
from navmodels.fits.posteriors import in_order
from navmodels.models import designs
from navmodels.sensitivity import power_scale


@pytest.fixture(scope="module")
def fit(made_fit, model, survey):
    return made_fit(model, survey, draws=200, seed=3)


def with_posterior(fit, change):
    """Return a fit whose posterior is changed, and nothing else."""
    changed = fit.copy()
    changed["posterior"] = xr.DataTree(change(fit["posterior"].to_dataset()))
    return changed


def turned(posterior):
    """Return a posterior with the levels of every dim the other way round, and dims too."""
    dims = [dim for dim in posterior.dims if dim not in ("chain", "draw")]
    return posterior.isel({dim: slice(None, None, -1) for dim in dims}).transpose(*reversed(list(posterior.dims)))


def test_the_order_of_levels_and_dims_changes_nothing(fit):
    other = with_posterior(fit, turned)
    assert other["posterior"]["county"].to_numpy().tolist() == list("DCBA")
    for by in ("county", ["county", "sector"], "year"):
        assert nav.estimate(other, by=by).equals(nav.estimate(fit, by=by))
    population = pd.DataFrame({"county": ["A", "new"], "sector": "public", "year": [2021, 2024], "weight": 1.0})
    both = [nav.estimate(each, by="county", population=population, new_levels="allow") for each in (fit, other)]
    assert both[0].equals(both[1])
    assert nav.shrinkage(other, by="county").equals(nav.shrinkage(fit, by="county"))
    assert nav.replicate(other, draws=3).equals(nav.replicate(fit, draws=3))


def test_it_is_the_level_and_not_the_place_that_is_read(fit):
    draws = nav.estimate(with_posterior(fit, turned), by=["county", "sector", "year"], scale="linear")
    posterior, at = fit["posterior"], {"county": "B", "sector": "public", "year": 2021}
    expected = posterior["intercept"] + posterior["county:sector_effect"].sel({"county:sector": "B:public"}, drop=True)
    for name in at:
        expected = expected + posterior[f"{name}_effect"].sel({name: at[name]}, drop=True)
    expected = expected + posterior["year_slope_effect"].sel(year_slope=2021, drop=True)
    assert np.abs(draws.sel(at, drop=True) - expected).max() < 1e-12


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p.sel(county=["B", "C"]), "'county'.*it lacks 'A', 'D'.*select from what estimate returns"),
        (lambda p: p.sel(county=["A", "A", "B", "C", "D"]), "'county'.*it has twice 'A'"),
        (lambda p: p.assign_coords(county=list("ABCX")), "it lacks 'D'; it has unknown 'X'"),
        (lambda p: p.drop_vars("county"), "no labels of 'county'"),
        (lambda p: p.drop_vars("county_effect"), "the posterior has no 'county_effect'"),
        (lambda p: p.drop_vars("intercept"), "the posterior has no 'intercept'"),
        (lambda p: p.isel(county=0), "'county_effect' of the posterior has dims"),
        (lambda p: p.isel(chain=0), "'intercept' of the posterior has dims"),
        (lambda p: p.isel(draw=slice(0)), "'intercept' of the posterior has dims.*sizes"),
        (lambda p: p.assign(county_sd=p["county_sd"].mean("draw")), "'county_sd' of the posterior has dims"),
        (lambda p: p.assign(intercept=p["intercept"].astype(str)), "'intercept' of the posterior.*type <U"),
    ],
)
def test_a_posterior_of_something_else_is_refused(fit, change, words):
    other = with_posterior(fit, change)
    for read in (
        lambda: nav.estimate(other, by="sector"),
        lambda: nav.replicate(other, draws=2),
        lambda: nav.shrinkage(other, by="sector"),
        lambda: power_scale(other, estimand=lambda _: nav.estimate(fit, by="sector")),
    ):
        with pytest.raises(ValueError, match=words):
            read()


def test_a_standard_deviation_is_asked_for_where_it_is_needed(fit):
    other = with_posterior(fit, lambda p: p.drop_vars("county_sd"))
    assert nav.estimate(other, by="county").equals(nav.estimate(fit, by="county"))
    population = pd.DataFrame({"county": ["new"], "sector": "public", "year": [2021], "weight": 1.0})
    for read in (
        lambda: nav.estimate(other, population=population, new_levels="allow"),
        lambda: nav.shrinkage(other, by="county"),
        lambda: power_scale(other, estimand=lambda _: nav.estimate(fit, by="sector")),
    ):
        with pytest.raises(ValueError, match="the posterior has no 'county_sd'"):
            read()


def test_the_remedy_works(fit):
    part = nav.estimate(fit, by="county").sel(county=["B", "C"])
    assert part["county"].to_numpy().tolist() == ["B", "C"]


def test_cuts_are_read_by_label():
    frame = pd.DataFrame({"g": list("ABC"), 1: [3, 4, 5], 2: [6, 2, 9], 3: [2, 8, 1]})
    survey = nav.Survey.from_counts(frame, by="g", counts=[1, 2, 3])
    design = designs.design(nav.Model(nav.Rating(), nav.Group("g", scale=nav.Known(0.4))), survey)
    values = np.random.default_rng(1).normal(size=(2, 5, 2))
    effect = np.random.default_rng(2).normal(size=(2, 5, 3))
    posterior = xr.Dataset(
        {"threshold": (("chain", "draw", "cut"), values), "g_effect": (("chain", "draw", "g"), effect)},
        {"cut": list(design.channels.labels), "g": list("ABC")},
    )
    again = in_order(design, posterior.isel(cut=[1, 0], g=[2, 0, 1]))
    assert (again["threshold"].to_numpy() == values).all()
    assert (again["g_effect"].to_numpy() == effect).all()
    with pytest.raises(ValueError, match=r"'cut'.*it lacks 3"):
        in_order(design, posterior.isel(cut=[0]))
