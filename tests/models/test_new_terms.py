"""Trends by group, numeric covariates, structured interactions and regions: their arrays, and models kept as JSON."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import navmodels as nav
from navmodels.engines.nuts.coordinates import whitened_coordinates
from navmodels.engines.nuts.graph import build_sampling_graph
from navmodels.models import designs
from navmodels.models.blocks import contrast_basis, random_walk_basis
from navmodels.models.graph import build_graph
from navmodels.models.maps import load_map, precision, region_basis

MAP = {"north": ["middle"], "middle": ["north", "south"], "south": ["middle"], "island": []}


def counted(**levels):
    """A survey of shares with every combination of the levels."""
    frame = pd.MultiIndex.from_product(levels.values(), names=levels).to_frame(index=False)
    rng = np.random.default_rng(1)
    frame["n"] = rng.integers(8, 30, len(frame))
    frame["k"] = rng.binomial(frame["n"], 0.6)
    return nav.Survey.from_counts(frame, by=list(levels), positive="k", n="n")


def blocks_of(survey, *terms):
    return {block.name: block for block in designs.design(nav.Model(nav.Share(), *terms), survey).blocks}


def cover(block):
    """Covariance of the effects of a block's levels for scale 1."""
    basis = np.eye(len(block.levels)) if block.basis is None else block.basis
    return basis @ basis.T


# ---- Trend(by=)


SECTORS = ["house", "office", "shop"]


@pytest.fixture(scope="module")
def panel():
    return counted(sector=SECTORS, year=[2019, 2020, 2022, 2023])


@pytest.mark.parametrize("order", [1, 2])
def test_trend_by_is_the_walk_crossed_with_contrasts(panel, order):
    blocks = blocks_of(panel, nav.Trend("year", by="sector", order=order))
    walk = blocks["sector:year"]
    assert walk.levels == tuple((sector, year) for sector in SECTORS for year in range(2019, 2024))
    expected = np.kron(contrast_basis(3), random_walk_basis(5, order=order))
    assert walk.basis == pytest.approx(expected, abs=1e-14)
    assert walk.basis.shape == (15, 2 * (5 - order))
    assert set(blocks) == ({"sector:year"} if order == 1 else {"sector:year", "sector:year_slope"})
    for block in blocks.values():
        for row, cell in designs.design(nav.Model(nav.Share(), nav.Trend("year", by="sector")), panel).cells.iterrows():
            assert block.levels[block.index[row]] == (cell["sector"], cell["year"])


@pytest.mark.parametrize("order", [1, 2])
def test_deviations_add_up_to_zero_over_groups_in_every_year(panel, order):
    rng = np.random.default_rng(2)
    for block in blocks_of(panel, nav.Trend("year", by="sector", order=order)).values():
        effect = block.effect(np.full(7, 0.8), rng.normal(size=(7, block.size))).reshape(7, 3, 5)
        assert np.abs(effect.sum(axis=1)).max() < 1e-13
        assert np.abs(effect.sum(axis=2)).max() < 1e-12  # and over years: the level is another term's
        assert np.abs(effect).max() > 0.1


def test_implied_covariance_is_that_of_groups_times_that_of_the_walk(panel):
    block = blocks_of(panel, nav.Trend("year", by="sector"))["sector:year"]
    groups = 1.5 * (np.eye(3) - 1 / 3)  # unit variance, correlation -1/2
    structure = np.diff(np.eye(5), axis=0).T @ np.diff(np.eye(5), axis=0)
    walk = np.linalg.pinv(structure)
    walk /= np.exp(np.log(np.diag(walk)).mean())
    assert cover(block) == pytest.approx(np.kron(groups, walk), abs=1e-12)
    steps = np.diff(block.basis.reshape(3, 5, -1), axis=1)  # each group's steps have the same variance, independent
    first = steps[0] @ steps[0].T
    assert first == pytest.approx(first[0, 0] * np.eye(4), abs=1e-12)


def test_slopes_by_group_are_lines(panel):
    block = blocks_of(panel, nav.Trend("year", by="sector", order=2))["sector:year_slope"]
    assert block.basis.shape == (15, 2)
    assert np.diff(block.basis.reshape(3, 5, 2), n=2, axis=1) == pytest.approx(0, abs=1e-14)
    assert block.scale.of({}) == 1.0


def test_trend_by_needs_another_factor_with_levels():
    with pytest.raises(ValueError, match=r"by of Trend\('year'\) is 'year' itself; allowed: another factor"):
        nav.Trend("year", by="year")
    with pytest.raises(ValueError, match="needs a factor with at least two levels; the survey has only 'house'"):
        designs.design(
            nav.Model(nav.Share(), nav.Trend("year", by="sector")), counted(sector=["house"], year=[2019, 2020, 2021])
        )
    with pytest.raises(ValueError, match="the model names the factor 'sector'; the survey has 'year'"):
        designs.design(nav.Model(nav.Share(), nav.Trend("year", by="sector")), counted(year=[2019, 2020, 2021]))


def test_common_trend_and_deviations_may_stand_together(panel):
    blocks = blocks_of(panel, nav.Trend("year"), nav.Trend("year", by="sector"))
    assert list(blocks) == ["year", "sector:year"]
    with pytest.raises(ValueError, match="two terms are about 'sector:year'"):
        nav.Model(nav.Share(), nav.Trend("year", by="sector"), nav.Group("sector", "year"))


# ---- numeric Effect


def test_a_numeric_effect_is_a_line_through_the_average_answer():
    survey = counted(dose=[-1.5, 0.0, 0.25, 4.0])
    (block,) = blocks_of(survey, nav.Effect("dose", scale=0.1, numeric=True)).values()
    x = np.array([-1.5, 0.0, 0.25, 4.0])
    x -= np.average(x, weights=survey.cells["count"].sum("category"))
    assert block.basis[:, 0] == pytest.approx(x)
    assert block.effect(0.1, np.array([2.0])) == pytest.approx(0.2 * x)
    assert block.scale.of({}) == 0.1


def test_numbers_are_levels_unless_said():
    survey = counted(new_mode=[0, 1])
    (levels,), (line,) = (
        blocks_of(survey, nav.Effect("new_mode", numeric=numeric)).values() for numeric in (None, True)
    )
    assert np.abs(levels.basis).tolist() == pytest.approx(np.ones((2, 1)))
    assert np.diff(line.basis[:, 0]).tolist() == [1.0]
    decimals = counted(dose=[0.5, 1.0, 1.5])
    (as_levels,) = blocks_of(decimals, nav.Effect("dose")).values()
    assert as_levels.basis.shape == (3, 2)
    assert repr(nav.Effect("dose")) == "Effect('dose')"
    assert repr(nav.Effect("dose", numeric=True)) == "Effect('dose', numeric=True)"


def test_the_default_slope_knows_the_unit_of_the_covariate():
    x = np.array([1.0, 2.0, 4.0, 9.0])
    for factor, zero in ((1.0, 0.0), (100.0, 0.0), (0.01, 7.0)):
        survey = counted(dose=(factor * x + zero).tolist())
        n = survey.cells["count"].sum("category").to_numpy()
        (block,) = blocks_of(survey, nav.Effect("dose", numeric=True)).values()
        # one logit for two standard deviations (Gelman 2008)
        assert block.scale.of({}) == pytest.approx(1 / (2 * factor * np.sqrt(np.cov(x, aweights=n, bias=True))))
    (mode,) = blocks_of(counted(mode=[0, 1]), nav.Effect("mode", numeric=True)).values()
    assert mode.scale.of({}) == 1.0  # two values: one logit from one to the other


def test_a_numeric_effect_needs_numbers():
    with pytest.raises(ValueError, match=r"Effect\('sector'.*needs numbers; the survey has 'house', 'shop'"):
        blocks_of(counted(sector=["house", "shop"]), nav.Effect("sector", numeric=True))


def measured(**levels):
    """Published means with standard errors, all but exactly as printed."""
    frame = pd.MultiIndex.from_product(levels.values(), names=levels).to_frame(index=False)
    frame["y"], frame["se"] = [1.62, 0.31, 2.4, 3.05][: len(frame)], [0.4, 0.7, 0.3, 0.5][: len(frame)]
    return nav.Survey.from_report(frame, by=list(levels), estimate="y", se="se", unit="identity", digits=6)


def conjugate(survey, x, prior_sd, prior_mean):
    """Posterior mean and covariance of coefficients of a normal linear model."""
    y, se = survey.cells["estimate"].to_numpy(), survey.cells["se"].to_numpy()
    precision = np.diag(1 / np.square(prior_sd)) + (x.T / se**2) @ x
    inverse = np.linalg.inv(precision)
    return inverse @ (np.asarray(prior_mean) / np.square(prior_sd) + (x.T / se**2) @ y), inverse


def test_the_prior_mean_of_a_slope_is_conjugate():
    survey = measured(dose=[-1.5, 0.25, 1.0, 3.0])
    model = nav.Model(nav.Reported(), nav.Effect("dose", scale=0.2, numeric=True, mean=0.7), intercept_scale=2.0)
    fit = nav.fit(model, survey, engine="laplace", draws=5000, seed=1)
    dose = np.array(survey.levels["dose"])
    dose -= dose.mean()  # the covariate is centred inside
    mean, cover = conjugate(survey, np.column_stack([np.ones(4), dose]), [2.0, 0.2], [0.0, 0.7])
    size = min(fit.attrs["effective_draws"], 20_000)
    effect = fit["posterior"]["dose_effect"]
    slope = fit["posterior"]["dose_slope"]
    for place, draws in ((0, fit["posterior"]["intercept"]), (1, slope)):
        assert float(draws.mean()) == pytest.approx(mean[place], abs=4 * np.sqrt(cover[place, place] / size))
        assert float(draws.std()) == pytest.approx(np.sqrt(cover[place, place]), rel=4 / np.sqrt(2 * size))
    assert np.abs(effect - slope * xr.DataArray(dose, dims="dose")).max() < 1e-12
    population = pd.DataFrame({"dose": [-4.0], "weight": [1.0]})
    ahead = nav.estimate(fit, population=population) - fit["posterior"]["intercept"]
    assert np.abs(ahead - (-4 - np.mean(survey.levels["dose"])) * slope).max() < 1e-12


@pytest.mark.usefixtures("without_numba")
def test_the_graphs_know_the_prior_mean_of_a_slope(coloured):
    survey = measured(dose=[-1.5, 0.25, 1.0, 3.0])
    model = nav.Model(nav.Reported(), nav.Effect("dose", scale=0.2, numeric=True, mean=0.7), intercept_scale=2.0)
    y, se = survey.cells["estimate"].to_numpy(), survey.cells["se"].to_numpy()
    design = designs.design(model, survey)
    at = whitened_coordinates(design)
    plain, walked = build_graph(design).compile_logp(), build_sampling_graph(design, at).compile_logp()
    rng, gaps = np.random.default_rng(1), []
    for _ in range(4):
        w = rng.normal(size=2)
        v, _ = coloured(design, at, w, [0.2])
        intercept, slope = 2.0 * v[0], 0.7 + 0.2 * v[1]
        dose = np.array(survey.levels["dose"])
        residual = (y - intercept - slope * (dose - dose.mean())) / se
        expected = -0.5 * (v @ v + residual @ residual)
        density = float(plain({"intercept": np.array(intercept), "dose_z": v[1:]}))
        gaps.append((density - expected, float(walked({"whitened": w})) - expected))
    assert np.ptp(gaps, axis=0) == pytest.approx(0, abs=1e-6)  # rounding at the sixth decimal


def test_a_prior_mean_is_for_covariates():
    with pytest.raises(ValueError, match="has a prior mean, which is for covariates; say numeric=True"):
        blocks_of(counted(sector=["house", "shop"]), nav.Effect("sector", mean=0.5))
    with pytest.raises(ValueError, match=r"mean of Effect\('dose'\) is nan; allowed: a finite number"):
        nav.Effect("dose", mean=float("nan"))


def test_a_known_standard_deviation_is_conjugate():
    survey = measured(office=list("ABCD"))
    model = nav.Model(nav.Reported(), nav.Group("office", scale=nav.Known(0.6)), intercept_scale=2.0)
    fit = nav.fit(model, survey, engine="laplace", draws=5000, seed=1)
    assert set(fit["posterior"].data_vars) == {"intercept", "office_effect"}
    mean, cover = conjugate(survey, np.column_stack([np.ones(4), np.eye(4)]), [2.0, *[0.6] * 4], np.zeros(5))
    size = min(fit.attrs["effective_draws"], 20_000)
    for place, office in enumerate("ABCD", start=1):
        draws = fit["posterior"]["office_effect"].sel(office=office)
        assert float(draws.mean()) == pytest.approx(mean[place], abs=4 * np.sqrt(cover[place, place] / size))
        assert float(draws.std()) == pytest.approx(np.sqrt(cover[place, place]), rel=4 / np.sqrt(2 * size))
    new = nav.estimate(fit, population=pd.DataFrame({"office": ["new"], "weight": [1.0]}), new_levels="allow")
    assert float((new - fit["posterior"]["intercept"]).std()) == pytest.approx(0.6, rel=4 / np.sqrt(40_000))


# ---- structured interactions


def test_a_structured_scale_is_a_ratio_times_those_of_the_parts():
    survey = counted(county=list("ABC"), benefit=list("xyz"))
    terms = nav.Group("county"), nav.Group("benefit", scale=0.8), nav.Group("county", "benefit", scale="structured")
    design = designs.design(nav.Model(nav.Share(), *terms), survey)
    block = design.blocks[2]
    parameters = {"county_sd": 0.4, "benefit_sd": 0.3, "county:benefit_ratio": 1.5}
    assert block.scale.of(parameters) == pytest.approx(0.18)
    assert design.blocks[0].scale.of(parameters) == 0.4
    assert design.parameters == {
        "county_sd": nav.HalfNormal(0.5),
        "benefit_sd": nav.HalfNormal(0.8),
        "county:benefit_ratio": nav.HalfNormal(1.0),
    }


def test_structure_follows_effects_trends_regions_and_the_order_of_terms():
    survey = counted(area=list(MAP), sector=["house", "shop"], year=[2019, 2020, 2021])
    terms = (
        nav.Group("area", "sector", scale="structured"),
        nav.Group("sector", "year", scale="structured"),
        nav.Region("area", neighbours=MAP),
        nav.Effect("sector", scale=0.7),
        nav.Trend("year", order=2),
    )
    blocks = blocks_of(survey, *terms)
    parameters = {"area_sd": 0.4, "area_spatial_share": 0.9, "year_sd": 0.2}
    parameters |= {"area:sector_ratio": 2.0, "sector:year_ratio": 0.5}
    assert blocks["area:sector"].scale.of(parameters) == pytest.approx(2.0 * 0.4 * 0.7)  # the whole of the region's sd
    assert blocks["sector:year"].scale.of(parameters) == pytest.approx(0.5 * 0.7 * 0.2)  # the walk, not its slope


def test_known_and_fixed_scales_of_parts_are_numbers():
    survey = counted(county=list("ABC"), sector=["house", "shop"])
    terms = nav.Group("county", scale=nav.Known(0.3)), nav.Effect("sector", scale=0.7)
    block = blocks_of(survey, *terms, nav.Group("county", "sector", scale="structured"))["county:sector"]
    assert block.scale.of({"county:sector_ratio": 2.0}) == pytest.approx(2.0 * 0.3 * 0.7)


def test_structure_needs_parts_and_terms_of_their_own():
    with pytest.raises(ValueError, match="scale='structured' is for the combination of several factors"):
        nav.Group("county", scale="structured")
    with pytest.raises(ValueError, match=r"scale of Group\('a', 'b'\) is 'structurd'.*Did you mean 'structured'"):
        nav.Group("a", "b", scale="structurd")
    survey = counted(county=list("ABC"), benefit=list("xyz"))
    with pytest.raises(ValueError, match=r"there is none for 'benefit'\. Add Group\('benefit'\)"):
        blocks_of(survey, nav.Group("county"), nav.Group("county", "benefit", scale="structured"))


def test_thresholds_by_item_are_no_term_of_the_item():
    frame = pd.MultiIndex.from_product([["speed", "tone"], [1, 2]], names=["item", "wave"]).to_frame(index=False)
    survey = nav.Survey.from_counts(frame.assign(a=3, b=4, c=5), by=["item", "wave"], counts=["a", "b", "c"])
    terms = nav.Group("wave"), nav.Group("item", "wave", scale="structured")
    with pytest.raises(ValueError, match="there is none for 'item'"):
        designs.design(nav.Model(nav.Rating(by="item"), *terms), survey)


# ---- Region


def test_region_has_the_covariance_of_bym2():
    survey = counted(area=["island", "north", "south"])  # the middle is on the map only
    design = designs.design(nav.Model(nav.Share(), nav.Region("area", neighbours=MAP)), survey)
    spatial, own = design.blocks
    assert (spatial.name, own.name) == ("area_spatial", "area_own")
    assert spatial.labels == own.labels == ["island", "middle", "north", "south"]
    assert [spatial.labels[place] for place in spatial.index] == design.cells["area"].tolist()
    structure = np.array([[0, 0, 0, 0], [0, 2, -1, -1], [0, -1, 1, 0], [0, -1, 0, 1]], dtype=float)
    icar = np.linalg.pinv(structure)
    icar[1:, 1:] /= np.exp(np.log(np.diag(icar)[1:]).mean())
    icar[0, 0] = 1.0  # an island is a standard normal
    for s, share in ((0.4, 0.3), (1.2, 0.0), (0.7, 1.0)):
        parameters = {"area_sd": s, "area_spatial_share": share}
        found = sum(block.scale.of(parameters) ** 2 * cover(block) for block in design.blocks)
        assert found == pytest.approx(s**2 * (share * icar + (1 - share) * np.eye(4)), abs=1e-12)


def test_region_over_counties_is_scaled_to_unit_variance():
    counties = load_map("nav_counties")
    basis = region_basis(counties)
    icar = np.linalg.pinv(precision(counties))
    icar /= np.exp(np.log(np.diag(icar)).mean())
    assert basis @ basis.T == pytest.approx(icar, abs=1e-12)
    survey = counted(county=["Oslo", "Nordland"])
    spatial, own = designs.design(nav.Model(nav.Share(), nav.Region("county")), survey).blocks
    assert (len(spatial.levels), spatial.size, own.size) == (12, 11, 12)


def test_an_area_off_the_map_is_named_with_the_nearest():
    survey = counted(county=["Oslo", "Nordlandd"])
    with pytest.raises(ValueError, match=r"a level of 'county' is 'Nordlandd'.*Did you mean 'Nordland'"):
        blocks_of(survey, nav.Region("county"))


def test_an_asymmetric_map_is_refused_by_name():
    with pytest.raises(ValueError, match="'middle' lists 'north' but 'north' does not list 'middle'"):
        nav.Region("area", neighbours={**MAP, "north": []})
    with pytest.raises(ValueError, match=r"map is 'nav_county'.*Did you mean 'nav_counties'"):
        nav.Region("county", neighbours="nav_county")


def test_maps_may_be_given_in_any_order():
    turned = {area: MAP[area][::-1] for area in reversed(MAP)}
    assert nav.Region("area", neighbours=MAP) == nav.Region("area", neighbours=turned)


# ---- kept as JSON, and on disk


MODELS = {
    "share": nav.Model(nav.Share(), intercept_scale=2.0),
    "reported": nav.Model(nav.Reported(), nav.Group("county")),
    "rating": nav.Model(nav.Rating(), nav.Effect("sector", scale=0.7), nav.Trend("year", order=2, scale=0.2)),
    "rating by": nav.Model(nav.Rating(by="item", scale=nav.HalfStudentT(0.3, nu=4)), nav.Group("item")),
    "choice": nav.Model(nav.Choice(), nav.Group("county", "sector", scale=nav.HalfCauchy(0.5))),
    "around": nav.Model(nav.Reported(), nav.Group("a"), intercept_scale=20.0, intercept_mean=65.0),
    "numeric": nav.Model(nav.Share(), nav.Effect("dose", numeric=True), nav.Effect("mode", scale=0.1, numeric=False)),
    "prior mean": nav.Model(nav.Share(), nav.Effect("mode", scale=0.1, numeric=True, mean=-0.2)),
    "known": nav.Model(nav.Share(), nav.Group("county", scale=nav.Known(0.3)), nav.Trend("year", scale=nav.Known(1))),
    "structured": nav.Model(nav.Share(), nav.Group("a"), nav.Group("b"), nav.Group("a", "b", scale="structured")),
    "trend by": nav.Model(nav.Share(), nav.Trend("year", by="sector", scale=nav.Exponential(0.1))),
    "region": nav.Model(nav.Share(), nav.Region("county"), nav.Region("area", neighbours=MAP, scale=0.3)),
    "areas by number": nav.Model(nav.Share(), nav.Region("area", neighbours={1: [2], 2: [1], 3: []})),
}


@pytest.mark.parametrize("name", MODELS)
def test_models_come_back_from_json(name):
    model = MODELS[name]
    again = nav.Model.from_json(model.to_json())
    assert again == model
    assert repr(again) == repr(model)
    assert hash(again) == hash(model)


def test_models_that_differ_in_one_setting_are_different():
    seen = [model.to_json() for model in MODELS.values()]
    seen += [nav.Model(nav.Rating(by="item"), nav.Group("item")).to_json()]
    seen += [nav.Model(nav.Share(), nav.Trend("year", by="county", scale=nav.Exponential(0.1))).to_json()]
    assert len(set(seen)) == len(MODELS) + 2


def saved(fit, folder):
    again = nav.load_fit(nav.save_fit(fit, folder / "fit.nc"))
    assert {name: repr(value) for name, value in again.attrs.items()} == {
        name: repr(value) for name, value in fit.attrs.items()
    }  # NaN differs from NaN
    for name, values in fit["posterior"].data_vars.items():
        assert again["posterior"][name].dims == values.dims
        assert (again["posterior"][name] == values).all()
    return again


def test_a_fit_with_a_region_comes_back_from_disk(tmp_path):
    survey = counted(area=["island", "north", "south"], year=[2019, 2020, 2021])
    model = nav.Model(nav.Share(), nav.Region("area", neighbours=MAP), nav.Trend("year"))
    fit = nav.fit(model, survey, engine="laplace", draws=100, seed=1)
    again = saved(fit, tmp_path)
    population = pd.DataFrame({"area": ["middle", "north"], "year": [2021, 2022], "weight": [1.0, 1.0]})
    one, two = (nav.estimate(each, by=["area", "year"], population=population) for each in (fit, again))
    assert one.identical(two)
    assert np.isfinite(one.sel(area="middle", year=2021)).all()


def test_a_fit_of_ratings_by_item_comes_back_from_disk(tmp_path):
    rng = np.random.default_rng(1)
    frame = pd.MultiIndex.from_product([["speed", "tone"], list("ABC")], names=["item", "office"]).to_frame(index=False)
    frame[["x", "y", "z"]] = rng.integers(3, 12, (6, 3))
    survey = nav.Survey.from_counts(
        frame, by=["item", "office"], counts=["x", "y", "z"], categories=["lav", "middels", "høy"]
    )
    model = nav.Model(nav.Rating(by="item"), nav.Group("office"))
    fit = nav.fit(model, survey, engine="laplace", draws=100, seed=1)
    assert fit["posterior"]["item_threshold_effect"].dims == ("chain", "draw", "item_threshold", "cut")
    again = saved(fit, tmp_path)
    one, two = (nav.estimate(each, by="item", cut="høy") for each in (fit, again))
    assert one.identical(two)
    assert (again["log_likelihood"]["count"] == fit["log_likelihood"]["count"]).all()
