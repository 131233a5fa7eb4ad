"""Priors that the data contradict are named with a remedy that works; priors that they do not are passed over."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import special

import navmodels as nav
from navmodels.engines.fitting import refit
from navmodels.engines.laplace import conflicts

SCORES = pd.DataFrame({"office": list("ABCDE"), "score": [45.2, 55.1, 60.3, 66.0, 75.4], "se": 4.0})


def scores(factor=1.0):
    frame = SCORES.assign(score=factor * SCORES["score"], se=factor * SCORES["se"])
    return nav.Survey.from_report(frame, by="office", estimate="score", se="se", unit="identity")


def shares(logits, n=200):
    frame = pd.DataFrame({"office": [f"o{place}" for place in range(len(logits))], "n": n})
    frame["k"] = np.round(n * special.expit(logits))
    return nav.Survey.from_counts(frame, by="office", positive="k", n="n")


def sentence(model, survey):
    return refit(model, survey, engine="laplace", seed=1).attrs["prior_conflict"]


@pytest.mark.parametrize("factor", [1.0, 100.0])
def test_a_scale_in_the_wrong_unit_is_named_and_the_remedy_works(factor):
    model = nav.Model(nav.Reported(), nav.Group("office", scale=0.5))
    with pytest.warns(nav.PriorConflictWarning, match="office_sd.*leave scale out of Group") as caught:
        fit = nav.fit(model, scores(factor), engine="laplace", seed=1)
    assert str(caught[0].message) == fit.attrs["prior_conflict"]
    assert nav.check(fit)["passed"].all()  # the gate stays open
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nav.fit(nav.Model(nav.Reported(), nav.Group("office")), scores(factor), engine="laplace", seed=1)


def test_offices_that_differ_more_than_logits_usually_do():
    survey = shares(np.linspace(-5, 5, 12), n=2000)
    with pytest.warns(nav.PriorConflictWarning, match=r"give Group\('office', scale="):
        fit = nav.fit(nav.Model(nav.Share(), nav.Group("office")), survey, engine="laplace", seed=1)
    asked = float(fit.attrs["prior_conflict"].split("scale=")[1].rstrip(")"))
    assert 1.6 < asked < 3.3  # the standard deviation of the logits is 3.2
    assert not sentence(nav.Model(nav.Share(), nav.Group("office", scale=asked)), survey)


@pytest.mark.parametrize(
    ("model", "logits"),
    [
        (nav.Model(nav.Share(), nav.Group("office")), [-0.5, 0.0, 0.4, 0.1, 0.7]),
        (nav.Model(nav.Share(), nav.Group("office")), [-1.2, 0.0, 1.0, 0.3, 1.5]),
        (nav.Model(nav.Share(), nav.Effect("office")), [-1.5, 0.0, 2.0, 0.3, 1.5]),
        (nav.Model(nav.Share(), nav.Group("office", scale=nav.HalfCauchy(0.1))), [-3.0, 0.0, 3.0, 1.0, -2.0]),
        (nav.Model(nav.Share(), nav.Group("office", scale=nav.Known(0.1))), [-3.0, 0.0, 3.0, 1.0, -2.0]),
    ],
    ids=["usual", "wide", "effect", "heavy tail", "known"],
)
def test_priors_that_the_data_do_not_contradict_are_passed_over(model, logits):
    assert not sentence(model, shares(np.array(logits)))


def test_groups_that_are_all_or_nothing_ask_for_no_more_than_they_can_tell():
    frame = pd.DataFrame({"office": list("ABCDEFGH"), "k": [0, 3] * 4, "n": 3})
    survey = nav.Survey.from_counts(frame, by="office", positive="k", n="n")
    asked = float(sentence(nav.Model(nav.Share(), nav.Group("office")), survey).split("scale=")[1].rstrip(")"))
    assert 3 < asked < 60  # three answers tell no logit beyond log(2 * 3 + 1) = 2 from a larger one
    assert not sentence(nav.Model(nav.Share(), nav.Group("office", scale=asked)), survey)


def test_a_slope_and_an_effect_that_are_held_at_nothing():
    frame = pd.DataFrame({"year": np.arange(2015, 2025), "n": 400})
    frame["k"] = np.round(400 * special.expit(-0.7 + 0.15 * (frame["year"] - 2015)))
    survey = nav.Survey.from_counts(frame, by="year", positive="k", n="n")
    held = sentence(nav.Model(nav.Share(), nav.Effect("year", scale=0.001, numeric=True)), survey)
    assert "year_slope has scale 0.001" in held
    asked = float(held.split("give Effect('year', scale=")[1].split(",")[0])
    assert 0.05 < asked < 0.15  # the slope is 0.15
    assert not sentence(nav.Model(nav.Share(), nav.Effect("year", scale=asked, numeric=True)), survey)
    assert "year_effect has scale 0.01" in sentence(nav.Model(nav.Share(), nav.Effect("year", scale=0.01)), survey)
    assert not sentence(nav.Model(nav.Share(), nav.Effect("year", numeric=True)), survey)


def test_an_intercept_that_is_held_away_from_the_data():
    rare = shares(np.full(4, -7.0), n=1_000_000)
    model = nav.Model(nav.Share())
    held = sentence(model, rare)
    assert "the prior of the intercept is normal around 0" in held
    asked = float(held.split("intercept_mean=")[1])
    assert asked == pytest.approx(-7.0, abs=0.1)
    assert not sentence(nav.Model(nav.Share(), intercept_mean=asked), rare)
    tight = nav.Model(nav.Reported(), nav.Effect("office"), intercept_scale=7.0)
    assert "leave intercept_scale out" in sentence(tight, scores())


def test_scenarios_say_nothing_of_priors_that_are_meant():
    tight = {"as given": {}, "narrow": {"priors": {"office": 0.01}}, "none": {"pooling": "none"}}
    model = nav.Model(nav.Reported(), nav.Group("office"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draws = nav.refit_scenarios(model, scores(), tight, estimand={"by": "office"}, engine="laplace", seed=1)
    spread = draws.mean(("chain", "draw")).std("office")
    assert float(spread.sel(scenario="narrow")) < 0.1
    printed = SCORES["score"].std(ddof=0)
    assert float(spread.sel(scenario="none")) == pytest.approx(printed, rel=0.02)


def test_evidence_that_is_rough_where_it_is_looked_at_again_is_no_error():
    told = {3.0: 0.0, 6.0: 10.0, 12.0: 5.0}  # at the doublings; a last digit away it is as high as beyond
    assert conflicts._asked_for(lambda value: told.get(value, 9.5), 0.0, 3.0) == pytest.approx(6.0, rel=1e-12)
