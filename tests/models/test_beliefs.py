"""What `priors` tells, against quantiles by other means: scipy's distributions and draws by the thousand."""

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import navmodels as nav

RNG = np.random.default_rng(11)
SIZE = 400_000


def counted(**levels):
    frame = pd.MultiIndex.from_product(levels.values(), names=levels).to_frame(index=False)
    return nav.Survey.from_counts(frame.assign(k=6, n=10), by=list(levels), positive="k", n="n")


SCORES = pd.DataFrame({"office": list("ABCDE"), "score": [45.2, 55.1, 60.3, 66.0, 75.4], "se": 4.0, "x": range(5)})


def told(model, survey):
    return nav.priors(model, survey).set_index("parameter")


def test_every_parameter_of_a_fit_is_told_in_logits():
    survey = counted(county=list("ABC"), sector=["a", "b"], year=[2021, 2022, 2023, 2024])
    terms = [nav.Effect("sector"), nav.Group("county"), nav.Trend("year", order=2), nav.Group("county", "sector")]
    table = told(nav.Model(nav.Share(), *terms), survey)
    scales = {"intercept": 1.5, "sector_effect": 1.0, "county_sd": 0.5, "year_sd": 0.3, "county:sector_sd": 0.5}
    for name, scale in scales.items():
        assert table.loc[name, "scale"] == pytest.approx(scale)
    assert set(table.index) == {*scales, "year_slope_effect"}
    assert set(table["unit"]) == {"logits"}
    assert table["default"].all()
    assert table.loc["county_sd", ["lower", "upper"]].tolist() == pytest.approx(
        stats.halfnorm.ppf([0.025, 0.975], scale=0.5)
    )
    ends = special.expit(stats.norm.ppf([0.025, 0.975], scale=1.5))
    assert table.loc["intercept", ["implied_lower", "implied_upper"]].tolist() == pytest.approx(ends)


@pytest.mark.parametrize(
    "prior", [nav.HalfNormal(0.5), nav.HalfStudentT(0.4, nu=4), nav.HalfCauchy(0.3), nav.Exponential(0.5)], ids=repr
)
def test_two_groups_differ_as_draws_from_the_prior_do(prior):
    survey = counted(county=list("ABC"))
    row = told(nav.Model(nav.Share(), nav.Group("county", scale=prior)), survey).loc["county_sd"]
    sd = prior.quantile(RNG.random(SIZE))
    apart = np.abs(sd * RNG.normal(size=SIZE) - sd * RNG.normal(size=SIZE))
    inside = special.expit(apart / 2) - special.expit(-apart / 2) <= row["implied_upper"]
    assert inside.mean() == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / SIZE))
    assert row["implied_lower"] == -row["implied_upper"]
    assert not row["default"]


@pytest.mark.parametrize("term", [nav.Effect("year", scale=0.7), nav.Trend("year", scale=nav.Known(0.7))], ids=repr)
def test_levels_with_a_fixed_scale_differ_as_their_covariance_says(term):
    survey = counted(year=[2020, 2021, 2023, 2024])
    model = nav.Model(nav.Share(), term)
    row = told(model, survey).loc["year_effect"]
    (block,) = nav.models.design(model, survey).blocks
    cover = 0.7**2 * block.matrix @ block.matrix.T
    pairs = [(i, j) for i in range(len(cover)) for j in range(i)]
    spread = np.sqrt(np.mean([cover[i, i] + cover[j, j] - 2 * cover[i, j] for i, j in pairs]))
    assert row["implied_upper"] == pytest.approx(np.tanh(stats.norm.ppf(0.975) * spread / 4))


def test_the_slope_of_a_covariate_is_told_in_its_own_unit():
    survey = nav.Survey.from_report(SCORES, by=["office", "x"], estimate="score", se="se", unit="identity", digits=1)
    row = told(nav.Model(nav.Reported(), nav.Effect("x", scale=2.0, numeric=True, mean=3.0)), survey).loc["x_slope"]
    assert row["prior"] == "normal around 3"
    assert row["unit"] == "in the unit of the mean for 1 of x"
    assert row[["lower", "upper"]].tolist() == pytest.approx(stats.norm.ppf([0.025, 0.975], 3.0, 2.0).tolist())
    ends = stats.norm.ppf([0.025, 0.975], 4 * 3.0, 4 * 2.0)  # from x = 0 to 4
    assert row[["implied_lower", "implied_upper"]].tolist() == pytest.approx(ends.tolist())


def test_means_are_told_in_their_unit():
    options = {"by": "office", "estimate": "score", "se": "se", "unit": "identity", "digits": 6}
    model = nav.Model(nav.Reported(), nav.Group("office"))
    points = told(model, nav.Survey.from_report(SCORES, **options))
    cents = told(model, nav.Survey.from_report(SCORES.assign(score=100 * SCORES["score"], se=400.0), **options))
    numbers = ["scale", "lower", "upper", "implied_lower", "implied_upper"]
    assert cents[numbers].to_numpy() == pytest.approx(100 * points[numbers].to_numpy(), rel=1e-9)
    assert points.loc["intercept", "prior"] == "normal around 60.4"
    assert points.loc["office_sd", "implied"].startswith("two levels of 'office' differ by up to ")


def test_what_has_no_number_on_the_scale_of_the_outcome():
    survey = counted(a=list("ABC"), b=["x", "y"], county=["Oslo", "Agder", "Rogaland"])
    terms = [nav.Group("a"), nav.Group("b"), nav.Group("a", "b", scale="structured"), nav.Region("county")]
    table = told(nav.Model(nav.Share(), *terms), survey)
    assert table.loc["a:b_ratio", "unit"] == "times the product of the standard deviations of its parts"
    assert table.loc["county_spatial_share", "prior"] == "uniform from 0 to 1"
    assert table.loc[["a:b_ratio", "county_spatial_share"], "implied_upper"].isna().all()
    assert table.loc["county_sd", "default"]


def test_thresholds_and_choices():
    frame = pd.DataFrame({"item": ["a", "b"], "c1": [3, 4], "c2": [5, 2], "c3": [1, 1]})
    options = {"by": "item", "counts": ["c1", "c2", "c3"], "categories": [1, 2, 3]}
    table = told(nav.Model(nav.Rating(by="item", scale=0.4)), nav.Survey.from_counts(frame, **options))
    assert table.loc["threshold", "prior"] == "normal around 0, in rising order"
    assert (table.loc["item_threshold_sd", "scale"], table.loc["item_threshold_sd", "default"]) == (0.4, False)
    choice = told(nav.Model(nav.Choice()), nav.Survey.from_counts(frame, ordered=False, **options))
    assert choice.loc["intercept", "implied"] == "a share of one category against another of 5.02 to 95 %"


def test_a_fit_shows_its_priors():
    survey = nav.Survey.from_report(SCORES, by="office", estimate="score", se="se", unit="identity", digits=1)
    fit = nav.fit(nav.Model(nav.Reported(), nav.Group("office")), survey, engine="laplace", seed=1)
    assert "prior of office_sd" in repr(fit)
    line = fit["posterior"].attrs["prior of office_sd"]
    assert line.startswith("half-normal, 10.6 in the unit of the mean (default); two levels of 'office' differ by up")
