"""What one logit stands for: against the equation it solves, in any unit, and where there is little to see."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

import navmodels as nav
from navmodels.models import designs
from navmodels.models.designs import spell_out
from navmodels.models.yardsticks import SPREADS, between, yardstick

RNG = np.random.default_rng(3)
ERROR = RNG.uniform(0.5, 2.0, 20)
MEAN = RNG.normal(60, 3, 20) + ERROR * RNG.normal(size=20)


def means(mean, error, **options):
    frame = pd.DataFrame({"office": [f"o{place:02d}" for place in range(len(mean))], "mean": mean, "se": error})
    return nav.Survey.from_report(frame, by="office", estimate="mean", se="se", unit="identity", **options)


def test_the_spread_makes_the_weighted_sum_of_squares_its_expectation():
    def excess(variance):
        weight = 1 / (variance + ERROR**2)
        return np.sum(weight * (MEAN - np.average(MEAN, weights=weight)) ** 2) - 19

    root = optimize.brentq(excess, 0.0, 1000.0, xtol=1e-12)
    spread, average = between(MEAN, ERROR)
    assert spread == pytest.approx(np.sqrt(root), rel=1e-8)
    assert average == pytest.approx(np.average(MEAN, weights=1 / (root + ERROR**2)), rel=1e-9)


def test_means_that_do_not_differ_have_a_spread_of_nothing_and_a_yardstick_of_their_error():
    assert between(np.full(5, 3.0), np.ones(5)) == (0.0, 3.0)
    assert yardstick(means([3.0, 3.1, 2.9, 3.0], [0.4, 0.5, 0.5, 0.6], digits=6)).unit == pytest.approx(SPREADS * 0.5)
    assert yardstick(means([3.0], [0.4], digits=6)).unit == pytest.approx(SPREADS * 0.4)


def test_one_group_that_is_told_badly_or_exactly_does_not_set_the_scale():
    calm = np.array([10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0])
    for error, mean in ((40.0, 70.0), (1e-4, 13.0)):
        spread, _ = between(np.append(calm, mean), np.append(np.full(7, 0.1), error))
        assert 1.5 < spread < 3.0  # that of the seven alone is 2.2


@pytest.mark.parametrize(("factor", "shift"), [(100.0, 0.0), (1e-4, 0.0), (1.0, -60.0), (-1.0, 0.0)])
def test_unit_and_level_move_with_the_numbers(factor, shift):
    given, moved = yardstick(means(MEAN, ERROR)), yardstick(means(factor * MEAN + shift, abs(factor) * ERROR))
    assert moved.unit == pytest.approx(abs(factor) * given.unit, rel=1e-9)
    assert moved.level == pytest.approx(factor * given.level + shift, rel=1e-9, abs=1e-9)


def test_shares_are_in_logits_whatever_they_are():
    frame = pd.DataFrame({"office": list("ABC"), "share": [1.0, 2.0, 3.0], "n": 500})
    told = yardstick(nav.Survey.from_report(frame, by="office", estimate="share", n="n"))
    assert (told.unit, told.level, told.weight.tolist()) == (1.0, 0.0, [500, 500, 500])


def test_defaults_are_spelled_out_in_the_unit_of_the_means():
    survey = means(MEAN, ERROR)
    spread, level = between(MEAN, ERROR)
    model = nav.Model(nav.Reported(), nav.Group("office"))
    told = spell_out(model, survey)
    assert told.terms[0].scale == pytest.approx(spread, rel=1e-9)
    assert (told.intercept_scale, told.intercept_mean) == pytest.approx((3 * spread, level), rel=1e-9)
    assert spell_out(told, survey) == told
    design = designs.design(model, survey)
    assert (design.intercept_scale, design.intercept_mean) == (told.intercept_scale, told.intercept_mean)
    assert (model.intercept_scale, model.terms[0].scale) == (None, None)


def test_numbers_that_are_given_keep_their_meaning():
    survey = means(MEAN, ERROR)
    design = designs.design(nav.Model(nav.Reported(), nav.Group("office", scale=0.5), intercept_scale=60.0), survey)
    assert (design.intercept_mean, design.intercept_scale, design.parameters["office_sd"].scale) == (0.0, 60.0, 0.5)
    around = designs.design(nav.Model(nav.Reported(), intercept_scale=8.0, intercept_mean=55.0), survey)
    assert (around.intercept_mean, around.intercept_scale) == (55.0, 8.0)


def test_an_interaction_tied_to_its_parts_keeps_its_unit():
    frame = pd.DataFrame([(a, b) for a in "ABC" for b in "xy"], columns=["a", "b"])
    frame["mean"], frame["se"] = [1.0, 2.0, 3.5, 3.0, 5.0, 6.0], 0.2
    terms = [nav.Group("a"), nav.Group("b"), nav.Group("a", "b", scale="structured")]
    scales = []
    for factor in (1.0, 100.0):
        given = frame.assign(mean=factor * frame["mean"], se=factor * frame["se"])
        options = {"estimate": "mean", "se": "se", "unit": "identity", "digits": 6}
        survey = nav.Survey.from_report(given, by=["a", "b"], **options)
        block = designs.design(nav.Model(nav.Reported(), *terms), survey).blocks[2]
        scales.append(block.scale.of({"a_sd": factor * 0.7, "b_sd": factor * 0.4, "a:b_ratio": 0.5}))
    assert scales[1] == pytest.approx(100 * scales[0], rel=1e-9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"intercept_scale": 4.0}, "average 60.*normal around 0 with standard deviation 4, .*leave intercept_scale"),
        ({"intercept_scale": 1.0, "intercept_mean": 20.0}, "normal around 20 with standard deviation 1"),
    ],
)
def test_an_intercept_that_does_not_reach_the_means_is_refused_and_the_advice_works(options, words):
    survey = means(MEAN, ERROR)
    with pytest.raises(ValueError, match=words):
        designs.design(nav.Model(nav.Reported(), nav.Group("office"), **options), survey)
    designs.design(nav.Model(nav.Reported(), nav.Group("office")), survey)


def test_what_the_middle_of_an_intercept_may_be():
    with pytest.raises(ValueError, match="intercept_mean is nan; allowed: a finite number"):
        nav.Model(nav.Share(), intercept_mean=np.nan)
    with pytest.raises(ValueError, match=r"intercept_mean is for outcomes with one intercept.*given: Rating\(\)"):
        nav.Model(nav.Rating(), intercept_mean=1.0)
