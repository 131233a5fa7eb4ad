"""Tipping points against fits at the solved value, and against a closed form."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import special, stats

import navmodels as nav
from navmodels.sensitivity import tipping

TABLE = pd.DataFrame({"year": [2022, 2023, 2024], "digital": [0, 0, 1], "k": [290, 300, 345], "n": [500, 500, 500]})
MODEL = nav.Model(nav.Share(), nav.Group("year", scale=1.0), nav.Effect("digital", numeric=True, scale=0.5))
AS_ASKED = pd.DataFrame({"year": [2022, 2023, 2024], "digital": [0, 0, 0], "weight": 1.0})
ESTIMAND = {"by": "year", "population": AS_ASKED}


@pytest.fixture(scope="module")
def survey():
    return nav.Survey.from_counts(TABLE, by=["year", "digital"], positive="k", n="n")


def rose(share):
    return share.sel(year=2024) > share.sel(year=2023)


def find(survey, **options):
    asked = {"effect": "digital", "estimand": ESTIMAND, "statement": rose, "seed": 1, **options}
    return nav.find_tipping_effect(MODEL, survey, **asked).iloc[0]


@pytest.mark.parametrize("prob", [0.5, 0.95])
def test_at_the_solved_effect_the_probability_is_the_one_asked_for(survey, prob):
    found = find(survey, prob=prob)
    known = nav.Effect("digital", numeric=True, scale=tipping.KNOWN, mean=found["size"])
    fit = nav.fit(nav.Model(nav.Share(), MODEL.terms[0], known), survey, seed=99, draws=4000)
    p = float(rose(nav.estimate(fit, **ESTIMAND)).mean())
    assert abs(p - prob) < 4 * np.sqrt(prob * (1 - prob) * (1 / 4000 + 1 / 16000))
    assert found["at_size"] == pytest.approx(prob, abs=0.005)
    assert found["statement_at_zero"] > 0.99
    assert 0 < found["size"] < special.logit(0.69) - special.logit(0.60) + 0.1


def test_the_larger_the_probability_the_smaller_the_effect_it_allows(survey):
    sizes = [find(survey, prob=prob)["size"] for prob in (0.5, 0.8, 0.95)]
    assert sizes == sorted(sizes, reverse=True)


def test_the_other_direction_is_a_negative_size(survey):
    fell = find(survey, statement=lambda share: share.sel(year=2024) > share.sel(year=2023) + 0.15)
    assert fell["statement_at_zero"] < 0.5
    assert fell["size"] < 0


def test_no_crossing_is_missing(survey):
    found = find(survey, statement=lambda share: share.sel(year=2023) < 0.95, most=0.3)
    assert np.isnan(found["size"])
    assert np.isnan(found["at_size"])
    assert found["statement_at_zero"] == 1.0


def test_effects_that_the_model_does_not_have(survey):
    with pytest.raises(ValueError, match="Did you mean 'digital'"):
        find(survey, effect="digitl")
    levels = nav.Model(nav.Share(), nav.Effect("year"), nav.Effect("digital", numeric=True))
    with pytest.raises(ValueError, match="allowed: 'digital'"):  # years are levels here, no covariate
        nav.find_tipping_effect(levels, survey, effect="year", estimand=ESTIMAND, statement=rose)
    with pytest.raises(ValueError, match="prob is 1"):
        find(survey, prob=1)


# ---- people who did not answer


def normal_draws(mean=0.62, sd=0.02, size=4000):
    """Return draws whose quantiles are those of a normal."""
    values = np.random.default_rng(1).permutation(stats.norm.ppf((np.arange(size) + 0.5) / size, mean, sd))
    return xr.DataArray(values.reshape(4, -1, 1), dims=("chain", "draw", "office"), coords={"office": ["A"]})


@pytest.mark.parametrize("prob", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("response", [0.27, 0.6])
def test_nonresponse_in_closed_form(response, prob):
    """P(r p + (1 − r) σ(logit p + δ) > 0.55) is the normal's at the p that gives just 0.55."""
    found = nav.find_tipping_nonresponse(
        normal_draws(), response=response, where={"office": "A"}, prob=prob,
        statement=lambda share: share.sel(office="A") > 0.55,
    ).iloc[0]  # fmt: skip
    p = stats.norm.ppf(1 - prob, 0.62, 0.02)
    expected = special.logit((0.55 - response * p) / (1 - response)) - special.logit(p)
    assert found["size"] == pytest.approx(expected, abs=0.005)
    assert found["at_size"] == pytest.approx(prob, abs=0.003)
    assert found["statement_at_zero"] == pytest.approx(stats.norm.sf(0.55, 0.62, 0.02), abs=0.001)


def test_nonresponse_beyond_the_most_is_missing():
    def ask(most):
        return nav.find_tipping_nonresponse(
            normal_draws(), response=0.9, where={"office": "A"}, most=most,
            statement=lambda share: share.sel(office="A") > 0.55,
        )["size"].item()  # fmt: skip

    expected = special.logit((0.56 - 0.9 * 0.62) / 0.1) - special.logit(0.62)
    assert expected < -4
    assert np.isnan(ask(2.0))
    assert np.isnan(ask(0.1))  # below the first size that would be tried
    assert np.isnan(ask(50.0))  # 0.9 × 0.62 is above 0.55 whatever the others say


def test_only_the_entries_named_differ():
    draws = normal_draws().isel(office=0, drop=True)
    both = xr.concat([draws - 0.05, draws], pd.Index([2023, 2024], name="year"))
    asked = {"response": 0.5, "statement": lambda x: x.sel(year=2024) > x.sel(year=2023)}
    later = nav.find_tipping_nonresponse(both, where={"year": 2024}, **asked)["size"].item()
    earlier = nav.find_tipping_nonresponse(both, where={"year": 2023}, **asked)["size"].item()
    assert later < 0 < earlier
    everywhere = nav.find_tipping_nonresponse(both, where={}, **asked)["size"].item()
    assert np.isnan(everywhere)  # both years move together


def test_nonresponse_errors():
    def ask(draws=None, **options):
        given = {"response": 0.5, "where": {"office": "A"}, "statement": lambda x: x.sel(office="A") > 0.5, **options}
        return nav.find_tipping_nonresponse(normal_draws() if draws is None else draws, **given)

    for response in (0.0, 1.0, 27):
        with pytest.raises(ValueError, match="allowed: a proportion between 0 and 1"):
            ask(response=response)
    with pytest.raises(ValueError, match="no proportions"):
        ask(100 * normal_draws())
    with pytest.raises(ValueError, match="dim in where is 'ofice'"):
        ask(where={"ofice": "A"})
    with pytest.raises(ValueError, match="level of 'office' is 'B'"):
        ask(where={"office": "B"})
    with pytest.raises(ValueError, match="most -1"):
        ask(most=-1)
    with pytest.raises(nav.NotConvergedError, match="R-hat 2"):
        ask(normal_draws().assign_attrs(unconverged="R-hat 2"))
    with pytest.raises(ValueError, match="draws need the dims"):
        ask(normal_draws().isel(chain=0))
