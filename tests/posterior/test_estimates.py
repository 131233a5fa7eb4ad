import numpy as np
import pandas as pd
import pytest
from scipy import special

import navmodels as nav

FACTORS = ["year", "county", "sector"]


@pytest.fixture(scope="module")
def fit(made_fit, model, survey):
    return made_fit(model, survey)


def by_hand(fit, frame):
    """Return the linear predictor of each row of a frame with year, county and sector; dims (chain, draw, row)."""
    posterior = fit["posterior"]
    both = (frame["county"] + ":" + frame["sector"]).tolist()
    parts = [
        posterior["sector_effect"].sel(sector=frame["sector"].tolist()),
        posterior["county_effect"].sel(county=frame["county"].tolist()),
        posterior["county:sector_effect"].sel({"county:sector": both}),
        posterior["year_effect"].sel(year=frame["year"].tolist()),
        posterior["year_slope_effect"].sel(year_slope=frame["year"].tolist()),
    ]
    return posterior["intercept"].to_numpy()[:, :, None] + sum(part.to_numpy() for part in parts)


def test_average_over_the_respondents(fit, counts):
    share = special.expit(by_hand(fit, counts))
    weight = counts["n"].to_numpy()
    overall = nav.estimate(fit)
    assert overall.dims == ("chain", "draw")
    assert overall.to_numpy() == pytest.approx((share * weight).sum(axis=-1) / weight.sum(), rel=1e-12)
    assert float(overall["n"]) == weight.sum()
    county = nav.estimate(fit, by="county")
    for letter in "ABCD":
        rows = (counts["county"] == letter).to_numpy()
        expected = (share[..., rows] * weight[rows]).sum(axis=-1) / weight[rows].sum()
        assert county.sel(county=letter).to_numpy() == pytest.approx(expected, rel=1e-12)
        assert float(county["n"].sel(county=letter)) == weight[rows].sum()


def test_dims_coords_and_name(fit):
    draws = nav.estimate(fit, by=["sector", "year"])
    assert draws.dims == ("chain", "draw", "sector", "year")
    assert draws["sector"].to_numpy().tolist() == ["private", "public"]
    assert draws["year"].to_numpy().tolist() == [2019, 2021, 2022]  # the years of the survey, not the gap
    assert draws.name == "share"
    assert draws.attrs["engine"] == "made"
    assert (draws.attrs["quantity"], draws.attrs["scale"]) == ("estimate", "response")


def test_combinations_that_do_not_occur_are_missing(fit):
    draws = nav.estimate(fit, by=["county", "sector"])
    assert draws.sel(county="D", sector="public").isnull().all()
    assert np.isnan(draws["n"].sel(county="D", sector="public"))
    assert len(nav.summarise(draws)) == 7


def test_linear_scale(fit, counts):
    eta, weight = by_hand(fit, counts), counts["n"].to_numpy()
    linear = nav.estimate(fit, scale="linear")
    assert linear.to_numpy() == pytest.approx((eta * weight).sum(axis=-1) / weight.sum(), rel=1e-12, abs=1e-14)


def test_population_weights(fit, counts):
    population = counts[FACTORS].assign(weight=np.arange(len(counts), dtype=float))
    weight = population["weight"].to_numpy()
    share = special.expit(by_hand(fit, counts))
    for frame in (population, population.sample(frac=1, random_state=1)):
        draws = nav.estimate(fit, population=frame)
        assert draws.to_numpy() == pytest.approx((share * weight).sum(axis=-1) / weight.sum(), rel=1e-12)
    rows = ((counts["year"] == 2021) & (counts["county"] == "B")).to_numpy()
    expected = (share[..., rows] * weight[rows]).sum(axis=-1) / weight[rows].sum()
    cell = nav.estimate(fit, by=["county", "year"], population=population).sel(county="B", year=2021)
    assert cell.to_numpy() == pytest.approx(expected, rel=1e-12)
    assert float(cell["n"]) == counts.loc[rows, "n"].sum()


def test_a_survey_with_a_population_uses_it(made_fit, model, counts):
    population = counts[FACTORS].assign(weight=2.0 ** np.arange(len(counts)))
    survey = nav.Survey.from_counts(counts, by=FACTORS, positive="k", n="n", population=population)
    fit = made_fit(model, survey)
    assert nav.estimate(fit, by="year").equals(nav.estimate(fit, by="year", population=population))


def test_nobody_answered(made_fit, counts):
    # a year in a gap, predicted by the walk: n = 0
    fit = made_fit(
        nav.Model(nav.Share(), nav.Trend("year")), nav.Survey.from_counts(counts, by=FACTORS, positive="k", n="n")
    )
    draws = nav.estimate(fit, by="year", population=pd.DataFrame({"year": [2019, 2020], "weight": [1.0, 1.0]}))
    assert draws["n"].to_numpy().tolist() == [counts.loc[counts["year"] == 2019, "n"].sum(), 0.0]
    eta = fit["posterior"]["intercept"] + fit["posterior"]["year_effect"].sel(year=2020)
    assert draws.sel(year=2020).to_numpy() == pytest.approx(special.expit(eta.to_numpy()), rel=1e-12)


def test_a_combination_that_was_not_seen(fit, counts):
    population = pd.DataFrame({"year": [2022], "county": ["D"], "sector": ["public"], "weight": [1.0]})
    linear = nav.estimate(fit, population=population, scale="linear")
    seen = nav.estimate(fit, population=population.assign(sector="private"), scale="linear")
    posterior = fit["posterior"]
    sector = posterior["sector_effect"]
    known = posterior["county:sector_effect"].sel({"county:sector": "D:private"}).drop_vars("county:sector")
    shift = linear - seen - (sector.sel(sector="public", drop=True) - sector.sel(sector="private", drop=True)) + known
    # what remains is drawn from the group's distribution: normal, sd that of each draw
    z = (shift / posterior["county:sector_sd"]).to_numpy().ravel()
    assert z.mean() == pytest.approx(0.0, abs=4 / np.sqrt(len(z)))
    assert z.std() == pytest.approx(1.0, abs=4 / np.sqrt(2 * len(z)))
    assert abs(np.corrcoef(z, known.to_numpy().ravel())[0, 1]) < 4 / np.sqrt(len(z))
    assert float(linear["n"]) == 0
    assert nav.estimate(fit, population=population, scale="linear").equals(linear)  # the same draws each time


def test_prediction_in_chunks_is_prediction_at_once(fit, monkeypatch):
    whole = nav.estimate(fit, by="county")
    monkeypatch.setattr("navmodels.posterior.estimates.CHUNK", 1000)
    assert nav.estimate(fit, by="county").to_numpy() == pytest.approx(whole.to_numpy(), rel=1e-14)


def test_models_without_terms(made_fit, survey, counts):
    fit = made_fit(nav.Model(nav.Share()), survey)
    draws = nav.estimate(fit)
    assert draws.to_numpy() == pytest.approx(special.expit(fit["posterior"]["intercept"].to_numpy()), rel=1e-14)
    assert float(draws["n"]) == counts["n"].sum()
    assert nav.check(fit)["passed"].all()
    assert len(nav.summarise(draws)) == 1
    with pytest.raises(ValueError, match="the model has no factors"):
        nav.estimate(fit, population=pd.DataFrame({"weight": [1.0]}))
    with pytest.raises(ValueError, match="by is 'county'"):
        nav.estimate(fit, by="county")


def test_published_numbers(made_fit, schools):
    fit = made_fit(nav.Model(nav.Reported(), nav.Group("school")), schools)
    eta = fit["posterior"]["intercept"] + fit["posterior"]["school_effect"]
    draws = nav.estimate(fit, by="school")
    assert draws.name == "mean"
    assert draws.to_numpy() == pytest.approx(eta.to_numpy(), rel=1e-14)
    assert nav.estimate(fit).to_numpy() == pytest.approx(
        eta.mean("school").to_numpy(), rel=1e-12
    )  # no n: equal weights
    frame = pd.DataFrame({"office": list("AB"), "share": [29, 71], "n": [24, 96]})
    survey = nav.Survey.from_report(frame, by="office", n="n")
    fit = made_fit(nav.Model(nav.Reported(), nav.Group("office")), survey)
    share = special.expit(fit["posterior"]["intercept"] + fit["posterior"]["office_effect"]).to_numpy()
    assert nav.estimate(fit).to_numpy() == pytest.approx(share @ [0.2, 0.8], rel=1e-12)


def test_what_is_refused(fit, counts):
    population = counts[FACTORS].assign(weight=1.0)
    with pytest.raises(ValueError, match=r"by is 'conty'; allowed: .* Did you mean 'county'\?"):
        nav.estimate(fit, by="conty")
    with pytest.raises(ValueError, match="scale is 'logit'; allowed: 'response', 'linear'"):
        nav.estimate(fit, scale="logit")
    with pytest.raises(ValueError, match="cut= and category= are for ratings and choices"):
        nav.estimate(fit, cut=4)
    with pytest.raises(ValueError, match=r"'privat'.*Did you mean 'private'\?"):
        nav.estimate(fit, population=population.replace({"sector": {"private": "privat"}}))
    with pytest.raises(ValueError, match="a walk from 2019 to 2022; it can go on to coming years, not to 2010"):
        nav.estimate(fit, population=population.replace({"year": {2019: 2010}}))
    with pytest.raises(ValueError, match="'weight'"):
        nav.estimate(fit, population=population.drop(columns="weight"))
    with pytest.raises(ValueError, match="more than once"):
        nav.estimate(fit, population=pd.concat([population, population.iloc[:1]]))
    none = population.assign(weight=np.where(population["county"] == "A", 0.0, 1.0))
    with pytest.warns(UserWarning, match="the population has no weight in 'A', so that there is no estimate of it"):
        others = nav.estimate(fit, by="county", population=none)
    assert others["county"].values.tolist() == ["B", "C", "D"]
    same = population.assign(weight=1.0)
    assert (others == nav.estimate(fit, by="county", population=same).sel(county=["B", "C", "D"])).all()
    with pytest.raises(ValueError, match="all population weights are zero"):
        nav.estimate(fit, by="county", population=population.assign(weight=0.0))
    with pytest.raises(TypeError, match=r"population was given a list; allowed: a pandas DataFrame"):
        nav.estimate(fit, by="county", population=[1])
