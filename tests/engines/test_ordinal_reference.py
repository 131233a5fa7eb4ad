"""Ratings of wine by nine judges: both engines against R's brms with the same priors (tests/reference/ordinal.R)."""

from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy import special

import navmodels as nav

REFERENCE = Path(__file__).parents[1] / "reference"
CUTS = {2: "1|2", 3: "2|3", 4: "3|4", 5: "4|5"}


@pytest.fixture(scope="module")
def wine():
    rows = pd.read_csv(REFERENCE / "ordinal_wine.csv")
    return nav.Survey.from_responses(rows, outcome="rating", by=["judge", "temp", "contact"], categories=range(1, 6))


def brms(tool):
    return pd.read_csv(REFERENCE / "ordinal.csv").query("tool == @tool").set_index("quantity")


def draws_of(fit):
    """Draws of every quantity of the reference, dims (chain, draw); effects of two levels are ± b."""
    posterior = fit["posterior"]
    out = {f"threshold {name}": posterior["threshold"].sel(cut=cut) for cut, name in CUTS.items()}
    temp, contact = posterior["temp_effect"], posterior["contact_effect"]
    assert np.abs(temp.sum("temp")).max() < 1e-12
    assert np.abs(contact.sum("contact")).max() < 1e-12
    out |= {"b_temp": temp.sel(temp="warm"), "b_contact": contact.sel(contact="yes"), "sd_judge": posterior["judge_sd"]}
    out |= {f"judge {judge}": posterior["judge_effect"].sel(judge=judge) for judge in range(1, 10)}
    for warm, yes in (("cold", "no"), ("warm", "yes")):
        eta = temp.sel(temp=warm) + contact.sel(contact=yes) - posterior["threshold"].sel(cut=4)
        out[f"P(y>=4) {warm} {yes}"] = special.expit(eta)
    return out


def agrees(fit, expected):
    """Assert means within four Monte Carlo errors of both, and sds within the error of the fewer draws."""
    found = draws_of(fit)
    assert set(found) == set(expected.index)
    assert fit.attrs["unconverged"] == ""
    for name, draws in found.items():
        values, wanted = draws.to_numpy(), expected.loc[name]
        if fit.attrs["engine"] == "laplace":
            size = min(fit.attrs["effective_draws"], values.size)
            error, spread = values.std() / np.sqrt(size), 1 / np.sqrt(2 * min(size, fit.attrs["effective_spread"]))
        else:
            error = float(az.mcse(values, method="mean"))
            spread = float(az.mcse(values, method="sd")) / values.std()
        allowed = 4 * np.hypot(error, wanted["mcse"])
        assert allowed < 0.25 * wanted["sd"], name  # so that the test could fail
        assert values.mean() == pytest.approx(wanted["estimate"], abs=allowed), name
        # brms' own sd is of some 50,000 draws; what is skewed errs by more than a normal
        assert values.std() == pytest.approx(wanted["sd"], rel=5 * spread + 0.01), name


@pytest.mark.parametrize(
    ("engine", "draws"),
    [pytest.param("laplace", 5000, id="laplace"), pytest.param("nuts", 4000, marks=pytest.mark.slow, id="short nuts")],
)
def test_equal_priors(wine, engine, draws):
    terms = nav.Effect("temp", scale=1), nav.Effect("contact", scale=1), nav.Group("judge", scale=0.5)
    model = nav.Model(nav.Rating(), *terms, intercept_scale=1.5)
    agrees(nav.fit(model, wine, engine=engine, draws=draws, seed=7), brms("brms equal priors"))


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "draws"), [("laplace", 5000), ("nuts", 4000)])
def test_wide_priors(wine, engine, draws):
    terms = nav.Effect("temp", scale=100), nav.Effect("contact", scale=100), nav.Group("judge", scale=100)
    model = nav.Model(nav.Rating(), *terms, intercept_scale=100)
    agrees(nav.fit(model, wine, engine=engine, draws=draws, seed=7), brms("brms wide priors"))


def test_a_cell_for_each_respondent_changes_nothing_but_the_constant(wine):
    """One row a respondent or counts by cell: the likelihoods differ by the multinomial constants."""
    rows = pd.read_csv(REFERENCE / "ordinal_wine.csv").assign(row=range(72))
    single = nav.Survey.from_responses(
        rows, outcome="rating", by=["judge", "temp", "contact", "row"], categories=range(1, 6)
    )
    model = nav.Model(nav.Rating(), nav.Effect("temp"), nav.Effect("contact"), nav.Group("judge"))
    one = nav.models.design(nav.Model(nav.Rating(), *model.terms, nav.Effect("row")), single)
    whole = nav.models.design(model, wine)
    rng = np.random.default_rng(1)
    for _ in range(3):
        thresholds = np.sort(rng.normal(0, 2, 4))
        judge, temp, contact = rng.normal(0, 1, 9), rng.normal(), rng.normal()
        totals = []
        for design in (one, whole):
            cells = design.cells
            eta = judge[cells["judge"] - 1] + np.where(cells["temp"] == "warm", temp, -temp)
            eta = eta + np.where(cells["contact"] == "yes", contact, -contact)
            channels = np.column_stack([eta, np.tile(thresholds, (len(cells), 1))])
            totals.append(
                model.outcome.log_likelihood(channels[None], design.data).sum() - design.data["constant"].sum()
            )
        assert totals[0] == pytest.approx(totals[1], rel=1e-12)
