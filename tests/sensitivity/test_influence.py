"""leave_out against fits without each level, on a table with an influential county."""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from navmodels.gate.convergence import k_limit
from navmodels.sensitivity import influence

MODEL = nav.Model(nav.Share(), nav.Group("county"), nav.Effect("sector"))


@pytest.fixture(scope="module")
def survey():
    """Seven counties of 12 a sector at about 60 %, and one of 400 where the sectors differ the other way."""
    rng = np.random.default_rng(4)
    index = pd.MultiIndex.from_product([list("ABCDEFGH"), ["private", "public"]], names=["county", "sector"])
    table = index.to_frame(index=False)
    table["n"] = np.where(table["county"] == "H", 400, 12)
    table["k"] = rng.binomial(table["n"], np.where(table["sector"] == "public", 0.7, 0.5))
    table.loc[table["county"] == "H", "k"] = 340, 220
    return nav.Survey.from_counts(table, by=["county", "sector"], positive="k", n="n")


@pytest.fixture(scope="module")
def table(survey):
    return nav.leave_out(MODEL, survey, along="county", estimand={"by": "sector"}, seed=1)


@pytest.fixture(scope="module")
def refits(survey):
    """Return mean and sd of each sector in a fit without each county."""
    out = {}
    for county in "ABCDEFGH":
        found = nav.summarise(nav.estimate(nav.fit(MODEL, survey.drop(county=county), seed=1), by="sector"))
        out |= {(county, row.sector): (row.mean, row.sd) for row in found.itertuples()}
    return pd.DataFrame(out, index=["mean", "sd"]).T


def test_weights_agree_with_fits_and_fits_are_themselves(table, refits):
    table = table.set_index(["left_out", "sector"])
    by_weights = table["method"] == "weights"
    off = (table["mean"] - refits["mean"]) / refits["sd"]
    assert abs(off[by_weights]).max() < 0.1
    assert (table["sd"] / refits["sd"])[by_weights].to_numpy() == pytest.approx(1.0, abs=0.1)
    assert table.loc[~by_weights, ["mean", "sd"]].to_numpy() == pytest.approx(
        refits.loc[table.index[~by_weights]].to_numpy(), rel=1e-12
    )


def test_method_follows_k(table):
    limit = k_limit(4000)
    assert limit == 0.7
    assert (table["method"] == np.where(table["k"] < limit, "weights", "refit")).all()
    assert table.groupby("left_out")["method"].first()["H"] == "refit"
    assert (table["method"] == "weights").sum() >= 8


def test_the_influential_county_is_found(table, survey):
    largest = table.loc[table["shift"].abs().idxmax(), "left_out"]
    assert largest == "H"
    assert table["shift"].to_numpy() == pytest.approx((table["mean"] - table["mean_all"]) / table["sd_all"], rel=1e-12)
    fit = nav.fit(MODEL, survey, seed=1)
    cells = survey.to_pandas()
    others = cells[cells["county"] != "H"][["county", "sector", "weight"]]
    expected = nav.summarise(nav.estimate(fit, by="sector", population=others))
    found = table[table["left_out"] == "H"]
    assert found["mean_all"].to_numpy() == pytest.approx(expected["mean"].to_numpy(), rel=1e-12)
    assert found["sd_all"].to_numpy() == pytest.approx(expected["sd"].to_numpy(), rel=1e-12)


def test_a_population_loses_the_level(survey):
    people = survey.to_pandas()[["county", "sector"]].assign(weight=np.arange(1.0, 17.0))
    estimand = {"by": "sector", "population": people}
    table = nav.leave_out(MODEL, survey, along="county", estimand=estimand, seed=1)
    others = people[people["county"] != "H"]
    again = nav.estimate(nav.fit(MODEL, survey.drop(county="H"), seed=1), by="sector", population=others)
    expected = nav.summarise(again)["mean"].to_numpy()
    assert table[table["left_out"] == "H"]["mean"].to_numpy() == pytest.approx(expected, rel=1e-12)


def test_nobody_answered_in_a_level():
    table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 0], "n": [60, 80, 75, 0]})
    population = pd.DataFrame({"office": list("ABCD"), "weight": 1.0})
    survey = nav.Survey.from_counts(table, by="office", positive="k", n="n", population=population)
    model = nav.Model(nav.Share(), nav.Group("office"))
    out = nav.leave_out(model, survey, along="office", estimand={}, seed=1)
    row = out[out["left_out"] == "D"].iloc[0]
    assert (row["k"], row["method"]) == (-np.inf, "weights")
    assert row["mean"] == pytest.approx(row["mean_all"], rel=1e-12)
    assert list(out.columns) == ["left_out", "mean", "sd", "mean_all", "sd_all", "shift", "k", "method"]


def test_what_cannot_be_left_out(survey):
    with pytest.raises(ValueError, match="Did you mean 'county'"):
        nav.leave_out(MODEL, survey, along="conty", estimand={"by": "sector"})
    with pytest.raises(ValueError, match="'sector' has 2 levels; at least three are needed"):
        nav.leave_out(MODEL, survey, along="sector", estimand={"by": "county"})


def test_fits_that_do_not_pass_are_refused(survey, monkeypatch):
    real = influence.fit

    def fit(model, survey, **options):
        out = real(model, survey, **options)
        out.attrs["unconverged"] = "R-hat 2"
        return out

    monkeypatch.setattr(influence, "fit", fit)
    with pytest.raises(nav.NotConvergedError, match="the fit of all groups did not converge: R-hat 2"):
        nav.leave_out(MODEL, survey, along="county", estimand={"by": "sector"}, seed=1)
