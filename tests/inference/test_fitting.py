import numpy as np
import pandas as pd
import pytest

import navmodels as nav


@pytest.fixture(scope="module")
def offices():
    frame = pd.DataFrame({"office": list("ABC"), "k": [3, 5, 9], "n": [6, 8, 12]})
    return nav.Survey.from_counts(frame, by="office", positive="k", n="n")


@pytest.fixture(scope="module")
def grouped():
    return nav.Model(nav.Share(), nav.Group("office"))


def test_engines_by_name(grouped, offices):
    with pytest.raises(ValueError, match=r"engine is 'nutz'; allowed: 'auto', 'nuts'\. Did you mean 'nuts'\?"):
        nav.fit(grouped, offices, engine="nutz")


@pytest.mark.parametrize("given", [{"draws": 3}, {"chains": 0}])
def test_lengths(grouped, offices, given):
    with pytest.raises(ValueError, match="allowed: whole numbers, at least 4 draws and 2 chains"):
        nav.fit(grouped, offices, **given)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True])
def test_seeds(grouped, offices, seed):
    with pytest.raises(ValueError, match="allowed: a whole number from 0, or None"):
        nav.fit(grouped, offices, seed=seed)


def test_model_and_survey_must_fit(offices):
    with pytest.raises(ValueError, match="names the factor 'county'"):
        nav.fit(nav.Model(nav.Share(), nav.Group("county")), offices)


@pytest.mark.sampling
def test_a_fit_that_is_too_short_says_so(grouped, offices):
    fit = nav.fit(grouped, offices, draws=20, chains=2, seed=np.int64(3))
    assert fit["posterior"].sizes["draw"] == 20
    assert "bulk ESS" in fit.attrs["unconverged"]
    assert "(limit 200)" in fit.attrs["unconverged"]
    with pytest.raises(nav.NotConvergedError, match="bulk ESS"):
        nav.summarise(nav.estimate(fit))


@pytest.mark.sampling
def test_without_a_seed_each_fit_draws_its_own(grouped, offices):
    one, two = (nav.fit(grouped, offices, draws=10) for _ in range(2))
    assert one.attrs["seed"] != two.attrs["seed"]
    again = nav.fit(grouped, offices, draws=10, seed=one.attrs["seed"])
    assert (again["posterior"]["intercept"] == one["posterior"]["intercept"]).all()
    assert not (two["posterior"]["intercept"] == one["posterior"]["intercept"]).all()
