import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from navmodels.likelihoods import Reported, Share
from navmodels.models import Effect, Exponential, Group, HalfStudentT, Model, Trend, designs


def test_repr_is_the_model(model):
    assert repr(model) == (
        "Model(Share(), Effect('sector'), Group('county'), "
        "Group('county', 'sector', scale=HalfStudentT(scale=0.3, nu=3.0)), Trend('year', order=2))"
    )
    told = "Model(Reported(), Effect('age', numeric=True), intercept_scale=20, intercept_mean=65)"
    assert repr(Model(Reported(), Effect("age", numeric=True), intercept_scale=20, intercept_mean=65)) == told
    assert model.factors == ("sector", "county", "year")


def test_json_round_trip():
    scales = (0.5, HalfStudentT(0.3, nu=4), Exponential(1.0), np.float32(0.25), np.int64(2))
    groups = [Group(f"factor {place}", scale=scale) for place, scale in enumerate(scales)]
    model = Model(Reported(), *groups, Effect("a", scale=2), Trend("b", order=2), intercept_scale=5)
    again = Model.from_json(model.to_json())
    assert again == model
    assert hash(again) == hash(model)
    assert json.loads(model.to_json())["parts"][2]["scale"] == {"type": "HalfStudentT", "scale": 0.3, "nu": 4}


def test_a_model_is_frozen(model):
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.intercept_scale = 3.0


def test_what_a_model_may_hold():
    with pytest.raises(TypeError, match="the first argument is the outcome"):
        Model(Group("county"))
    with pytest.raises(TypeError, match="a term is an Effect, a Slope, a Group, a Trend or a Region; given: 'county'"):
        Model(Share(), "county")
    with pytest.raises(ValueError, match="two terms are about 'year'"):
        Model(Share(), Group("year"), Trend("year"))
    with pytest.raises(ValueError, match="intercept_scale is 0"):
        Model(Share(), intercept_scale=0)


@pytest.mark.parametrize("name", ["cell", "chain", "n", "mean", "intercept", "public/private"])
def test_names_that_fits_need_themselves(name):
    with pytest.raises(ValueError, match=f"factors may not be called '{name}'"):
        Model(Share(), Group("county", name))


def test_outcome_and_survey_must_fit(survey, schools):
    with pytest.raises(
        ValueError,
        match=r"Share\(\) models a survey of kind 'share'; this one is of kind 'reported'\. Use Reported\(\)\.$",
    ):
        designs.design(Model(Share()), schools)
    with pytest.raises(
        ValueError, match=r"Reported\(\) models a survey of kind 'reported'; this one is of kind 'share'"
    ):
        designs.design(Model(Reported()), survey)
    rows = pd.DataFrame({"office": ["A", "B"], "answer": [1, 2]})
    rating = nav.Survey.from_responses(rows, outcome="answer", by="office", categories=[1, 2, 3])
    with pytest.raises(ValueError, match=r"kind 'rating'\. Use Rating\(\), or cut .* with survey\.dichotomise"):
        designs.design(Model(Share()), rating)


def test_unknown_factor_with_the_nearest(survey):
    with pytest.raises(ValueError, match=r"names the factor 'county_'; the survey has .* Did you mean 'county'\?"):
        designs.design(Model(Share(), Group("county_")), survey)


def test_cells_are_collapsed_over_what_the_model_does_not_use(survey, counts):
    design = designs.design(Model(Share(), Group("county")), survey)
    expected = counts.groupby("county")[["k", "n"]].sum()
    assert design.cells["county"].tolist() == list("ABCD")
    assert design.data["positive"].tolist() == expected["k"].tolist()
    assert design.data["n"].tolist() == expected["n"].tolist()
    nothing = designs.design(Model(Share()), survey)
    assert nothing.data["positive"].tolist() == [counts["k"].sum()]
    assert nothing.blocks == ()


def test_linear_predictor_adds_the_effects(survey):
    design = designs.design(Model(Share(), Group("county"), Effect("sector")), survey)
    effects = {"county": np.array([[1.0, 2, 3, 4], [0, 0, 0, 0]]), "sector": np.array([[-10.0, 10], [0.5, -0.5]])}
    by_channel = {name: values[..., None] for name, values in effects.items()}
    eta = design.linear_predictor(np.array([[100.0], [0.0]]), by_channel)
    place = {letter: number for number, letter in enumerate("ABCD", start=1)}
    sign = {"private": -10, "public": 10}
    first = [100 + place[c] + sign[s] for c, s in zip(design.cells["county"], design.cells["sector"], strict=True)]
    assert eta.shape == (2, 7, 1)
    assert eta[0, :, 0].tolist() == first
    assert eta[1, :, 0].tolist() == [0.5 if s == "private" else -0.5 for s in design.cells["sector"]]
