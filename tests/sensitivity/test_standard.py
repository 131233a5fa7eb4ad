"""Names and number of the standard scenarios of each kind of survey; every one of them can be fitted."""

import warnings

import numpy as np
import pandas as pd
import pytest
from benchmarks.sensitivity import benefit_case

import navmodels as nav
from navmodels.sensitivity.changes import change_scenario

PRIORS = ["as given", "prior scales × 0.5", "prior scales × 2"]
FAMILIES = ["half-Cauchy priors", "half-t priors", "exponential priors"]
INTERCEPT = ["intercept scale × 0.5", "intercept scale × 2"]
DESIGN = ["design effect 1.25", "design effect 1.5", "design effect 2"]


def counts(n=(60, 80, 75)):
    table = pd.DataFrame({"office": list("ABC"), "k": [3, 5, 4], "n": n})
    return nav.Survey.from_counts(table, by="office", positive="k", n="n")


def without(factor, levels):
    return [f"without {factor}={level!r}" for level in levels]


def test_a_share_of_one_group():
    found = nav.standard_scenarios(nav.Model(nav.Share(), nav.Group("office")), counts())
    assert list(found) == [
        *PRIORS, *FAMILIES, *INTERCEPT, "no pooling", *DESIGN,
        *without("office", "ABC"),
    ]  # fmt: skip
    assert found["as given"] == {}
    assert found["half-Cauchy priors"] == {"priors": {"office": nav.HalfCauchy(0.5)}}
    assert found["intercept scale × 2"] == {"intercept_scale": 3.0}
    assert found["without office='B'"] == {"drop": {"office": "B"}}


def test_a_share_with_every_kind_of_term(model, survey):
    found = nav.standard_scenarios(model, survey)
    labels = ["sector", "county", "county:sector", "year"]
    assert list(found) == [
        *PRIORS,
        *(f"prior scale of {label} × {factor}" for label in labels for factor in ("0.5", "2")),
        *FAMILIES, *INTERCEPT,
        "no pooling", "no pooling of county", "no pooling of county:sector", "without county:sector",
        *DESIGN, "cells of 30 or more", "cells of 50 or more", *without("county", "ABCD"),
    ]  # fmt: skip
    assert found["prior scale of county:sector × 2"] == {"priors": {"county:sector": nav.HalfStudentT(0.6)}}
    assert found["half-Cauchy priors"] == {
        "priors": {"county": nav.HalfCauchy(0.5), "county:sector": nav.HalfCauchy(0.3), "year": nav.HalfCauchy(0.3)}
    }  # an Effect has a scale and no prior of it


def test_priors_keep_their_family():
    model = nav.Model(
        nav.Share(), nav.Group("office", scale=nav.Known(0.4)), nav.Group("item", scale=nav.Exponential(1.0)),
        nav.Group("office", "item", scale="structured"),
    )  # fmt: skip
    table = pd.DataFrame({"office": list("AABB"), "item": [1, 2, 1, 2], "k": [3, 5, 4, 2], "n": [60, 80, 75, 70]})
    found = nav.standard_scenarios(model, nav.Survey.from_counts(table, by=["office", "item"], positive="k", n="n"))
    assert found["prior scale of office × 0.5"] == {"priors": {"office": nav.Known(0.2)}}
    assert found["prior scale of item × 2"] == {"priors": {"item": nav.Exponential(2.0)}}
    assert found["half-Cauchy priors"] == {"priors": {"item": nav.HalfCauchy(1.0)}}
    assert not any("office:item ×" in name for name in found)


def test_cuts_of_a_rating():
    frame = pd.DataFrame(np.full((4, 6), 12), columns=[str(score) for score in range(1, 7)]).assign(office=list("ABCD"))
    survey = nav.Survey.from_counts(frame, by="office", counts=list("123456"), categories=range(1, 7))
    found = nav.standard_scenarios(nav.Model(nav.Rating(), nav.Effect("office")), survey)
    assert list(found) == [
        *PRIORS, *INTERCEPT, *(f"cut at {cut}" for cut in range(2, 7)), *DESIGN, *without("office", "ABCD"),
    ]  # fmt: skip
    assert found["cut at 4"] == {"cut": 4}


@pytest.mark.parametrize(
    ("weighting", "expected"),
    [
        ("frame", ["weighting effective", "weighting none", *DESIGN]),
        ("effective", ["weighting frame", "weighting none"]),
        ("none", DESIGN),
    ],
)
def test_weightings_of_microdata(weighting, expected):
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"office": rng.choice(list("AB"), 200), "answer": rng.integers(0, 2, 200)})
    rows["w"] = rng.uniform(0.5, 2, 200)
    survey = nav.Survey.from_responses(rows, outcome="answer", by="office", weights="w", weighting=weighting)
    found = nav.standard_scenarios(nav.Model(nav.Share(), nav.Group("office")), survey)
    assert [name for name in found if name.startswith(("weighting", "design"))] == expected


def test_weights_that_are_all_one_are_no_choice():
    rows = pd.DataFrame({"office": list("AABB"), "answer": [0, 1, 1, 0], "w": 1.0})
    survey = nav.Survey.from_responses(rows, outcome="answer", by="office", weights="w")
    assert not any("weighting" in name for name in nav.standard_scenarios(nav.Model(nav.Share()), survey))


PRINTED = pd.DataFrame({"office": list("ABCD"), "share": [62, 40, 55, 50], "n": [100, 50, 40, 80]})


def test_a_reported_table_with_n():
    survey = nav.Survey.from_report(PRINTED, by="office", estimate="share", n="n", design_effect=1.5)
    model = nav.Model(nav.Reported(), nav.Group("office"))
    found = nav.standard_scenarios(model, survey)
    assert [name for name in found if name.startswith("design")] == ["design effect 1.25", "design effect 2"]
    assert [name for name in found if name.startswith("cells")] == ["cells of 50 or more"]


def test_printed_intervals_hold_their_design_effect():
    table = PRINTED.assign(low=PRINTED["share"] - 9, high=PRINTED["share"] + 9)
    survey = nav.Survey.from_report(table, by="office", estimate="share", lower="low", upper="high")
    found = nav.standard_scenarios(nav.Model(nav.Reported(), nav.Group("office")), survey)
    assert not any(name.startswith(("design", "cells", "weighting")) for name in found)
    assert len(found) == len(PRIORS) + len(FAMILIES) + len(INTERCEPT) + 1 + 4  # no pooling, four offices


def test_small_cells_are_those_of_the_model():
    """Offices of 60 in six sectors of 10: no cell of a model of offices is small."""
    table = pd.DataFrame({"office": list("ABC") * 6, "sector": np.repeat(range(6), 3), "k": 4, "n": 10})
    survey = nav.Survey.from_counts(table, by=["office", "sector"], positive="k", n="n")
    model = nav.Model(nav.Share(), nav.Group("office"))
    assert not any(name.startswith("cells") for name in nav.standard_scenarios(model, survey))
    assert change_scenario(model, survey, {"min_n": 50})[1].cells["count"].sum() == 180
    few = nav.standard_scenarios(model, counts(n=(12, 25, 25)))
    assert [name for name in few if name.startswith("cells")] == ["cells of 20 or more"]  # at 30 nothing would be left


def test_values_of_a_covariate_are_not_left_out():
    table = pd.DataFrame({"age": [20, 30, 40, 50], "office": list("ABCA"), "k": 5, "n": 60})
    survey = nav.Survey.from_counts(table, by=["age", "office"], positive="k", n="n")
    found = nav.standard_scenarios(nav.Model(nav.Share(), nav.Effect("age", numeric=True), nav.Group("office")), survey)
    assert [name for name in found if name.startswith("without")] == without("office", "ABC")


def test_models_that_do_not_fit_the_survey():
    with pytest.raises(ValueError, match="Did you mean 'office'"):
        nav.standard_scenarios(nav.Model(nav.Share(), nav.Group("offices")), counts())


@pytest.mark.parametrize("kind", ["share", "rating"])
def test_every_one_can_be_fitted(kind, model, survey):
    if kind == "rating":
        rng = np.random.default_rng(1)
        frame = pd.DataFrame(rng.integers(5, 20, (4, 3)), columns=list("123")).assign(office=list("ABCD"))
        survey = nav.Survey.from_counts(frame, by="office", counts=list("123"), categories=[1, 2, 3])
        model = nav.Model(nav.Rating(), nav.Group("office"))
    scenarios = nav.standard_scenarios(model, survey)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draws = nav.refit_scenarios(model, survey, scenarios, estimand={"by": model.factors[-1]}, seed=1)
    assert draws.sizes["scenario"] == len(scenarios)
    assert draws.attrs["failed"] == {}


@pytest.fixture(scope="module")
def benefits():
    """Five benefits of 43 to 91 users, and the rest; thirteen questions of the accessibility study."""
    return benefit_case()[:2]


def test_benefit_groups_have_forty(benefits):
    scenarios = nav.standard_scenarios(*benefits)
    assert len(scenarios) >= 40
    assert sum(name.startswith("without question=") for name in scenarios) == 13
    assert sum(name.startswith("without group=") for name in scenarios) == 6


@pytest.mark.slow
def test_benefit_groups_can_all_be_fitted(benefits):
    scenarios = nav.standard_scenarios(*benefits)
    draws = nav.refit_scenarios(*benefits, scenarios, estimand={"by": ["question", "group"]}, seed=1)
    assert draws.attrs["failed"] == {}
    assert draws.sizes["scenario"] == len(scenarios)
