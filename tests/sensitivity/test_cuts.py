"""Several cuts from one fit: the same draws as one by one, and what common thresholds imply for the sign."""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav

TABLE = pd.DataFrame({"office": list("ABC"), "1": [20, 60, 5], "2": [150, 40, 9], "3": [30, 100, 16]})


def fitted(outcome):
    survey = nav.Survey.from_counts(TABLE, by="office", counts=["1", "2", "3"], categories=[1, 2, 3])
    return nav.fit(nav.Model(outcome, nav.Group("office")), survey, seed=1)


@pytest.fixture(scope="module")
def common():
    return fitted(nav.Rating())


def test_cuts_are_the_draws_of_each_cut(common):
    draws = nav.cut_points(common, cuts=[2, 3], by="office")
    assert draws.dims == ("chain", "draw", "office", "cut")
    for cut in (2, 3):
        assert np.array_equal(draws.sel(cut=cut), nav.estimate(common, by="office", cut=cut))
    assert (draws.sel(cut=2) > draws.sel(cut=3)).all()


def test_with_common_thresholds_the_sign_is_the_same_at_every_cut(common):
    against = nav.contrast(nav.cut_points(common, cuts=[2, 3], by="office"), along="office", reference="A")
    assert (np.sign(against.sel(cut=2)) == np.sign(against.sel(cut=3))).all()


def test_thresholds_by_group_let_the_sign_turn():
    draws = nav.cut_points(fitted(nav.Rating(by="office")), cuts=[2, 3], by="office")
    table = nav.summarise(nav.contrast(draws, along="office", reference="A")).set_index(["office", "cut"])["p_above"]
    # B has 70 % at 2 or higher against 90 % of A, and 50 % at 3 against 15 %
    assert table["B", 2] < 0.01
    assert table["B", 3] > 0.99


def test_cuts_that_do_not_exist_are_named(common):
    with pytest.raises(ValueError, match="cut is 4; allowed: 2, 3"):
        nav.cut_points(common, cuts=[3, 4], by="office")
    with pytest.raises(ValueError, match="cut is 1; allowed: 2, 3"):
        nav.cut_points(common, cuts=[1], by="office")


def test_shares_have_no_cuts():
    table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    survey = nav.Survey.from_counts(table, by="office", positive="k", n="n")
    with pytest.raises(ValueError, match="for ratings and choices"):
        nav.cut_points(nav.fit(nav.Model(nav.Share(), nav.Group("office")), survey, seed=1), cuts=[1], by="office")
