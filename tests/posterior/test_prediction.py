"""Estimates of what was not observed: new levels, coming years, unobserved areas, other values of a covariate."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import navmodels as nav
from navmodels.models import designs
from navmodels.models.blocks import contrast_basis

DRAWS = 5000
MAP = {"north": ["middle"], "middle": ["north", "south"], "south": ["middle"], "island": []}


def means(seed=1, *, se=0.4, **levels):
    """Published means with known standard errors: given the scales, everything is normal."""
    frame = pd.MultiIndex.from_product(levels.values(), names=levels).to_frame(index=False)
    rng = np.random.default_rng(seed)
    frame["y"], frame["se"] = np.round(rng.normal(1.0, 0.9, len(frame)), 2), se
    return nav.Survey.from_report(frame, by=list(levels), estimate="y", se="se", unit="identity", digits=2)


def fitted(survey, *terms, seed=1, outcome=None, draws=DRAWS):
    model = nav.Model(outcome or nav.Reported(), *terms, intercept_scale=3.0)
    fit = nav.fit(model, survey, engine="laplace", draws=draws, seed=seed)
    assert fit.attrs["unconverged"] == ""
    return fit


def people(**levels):
    return pd.MultiIndex.from_product(levels.values(), names=levels).to_frame(index=False).assign(weight=1.0)


def is_standard_normal(values):
    """Assert that values are draws of a standard normal, independent of each other along the last axis."""
    flat = np.asarray(values, dtype=float)
    assert stats.kstest(flat.ravel(), "norm", method="asymp").pvalue > 1e-3
    if flat.ndim > 1 and flat.shape[-1] > 1:
        rows = flat.reshape(-1, flat.shape[-1])
        off = np.corrcoef(rows.T)[~np.eye(rows.shape[1], dtype=bool)]
        assert np.abs(off).max() < 4.5 / np.sqrt(len(rows))


# ---- new levels of a Group


SURVEY = means(office=list("ABCDEF"), sector=["private", "public"])


@pytest.fixture(scope="module")
def offices():
    return fitted(SURVEY, nav.Group("office"), nav.Effect("sector"))


def test_a_new_level_has_the_spread_of_the_levels(offices):
    posterior = offices["posterior"]
    draws = nav.estimate(
        offices, by="office", population=people(office=["A", "new"], sector=["private", "public"]), new_levels=["new"]
    )
    effect = draws.sel(office="new") - posterior["intercept"]
    sd = posterior["office_sd"]
    is_standard_normal(effect / sd)
    size, second, fourth = effect.size, float((sd**2).mean()), float((sd**4).mean())
    assert float(effect.mean()) == pytest.approx(0, abs=4 * np.sqrt(second / size))
    assert float((effect**2).mean()) == pytest.approx(second, abs=4 * np.sqrt((3 * fourth - second**2) / size))
    known = posterior["office_effect"].sel(office="A", drop=True) + posterior["intercept"]
    assert np.abs(draws.sel(office="A", drop=True) - known).max() < 1e-12
    assert draws["n"].values[1] == 0
    # nothing but the standard deviation and the overall mean says anything about it
    assert abs(np.corrcoef((effect / sd).values.ravel(), posterior["intercept"].values.ravel())[0, 1]) < 4.5 / size**0.5


def test_new_combinations_that_join_to_the_same_text_are_independent(made_fit):
    frame = pd.DataFrame({"a": list("xxyy"), "b": list("stst"), "k": [3, 9, 4, 6], "n": 10})
    survey = nav.Survey.from_counts(frame, by=["a", "b"], positive="k", n="n")
    fit = made_fit(nav.Model(nav.Share(), nav.Group("a", "b")), survey)
    population = pd.DataFrame({"a": ["p:q", "p"], "b": ["r", "q:r"], "weight": 1.0})
    draws = nav.estimate(fit, by=["a", "b"], population=population, new_levels="allow", scale="linear")
    sd = fit["posterior"]["a:b_sd"]
    new = [
        (draws.sel(a=a, b=b, drop=True) - fit["posterior"]["intercept"]) / sd for a, b in (("p:q", "r"), ("p", "q:r"))
    ]
    is_standard_normal(np.stack([each.to_numpy().ravel() for each in new], axis=1))


def test_new_levels_of_two_terms_do_not_share_random_numbers(made_fit):
    frame = pd.DataFrame({"a": list("xxyy"), "b": list("xyxy"), "k": [3, 9, 4, 6], "n": 10})
    survey = nav.Survey.from_counts(frame, by=["a", "b"], positive="k", n="n")
    fit = made_fit(nav.Model(nav.Share(), nav.Group("a"), nav.Group("b"), nav.Group("a", "b")), survey)
    posterior, z = fit["posterior"], []
    kept = {name: posterior[f"{name}_effect"].to_numpy() for name in "ab"}
    for a, b in (("new", "x"), ("x", "new")):  # the same new label in either term
        population = pd.DataFrame({"a": [a], "b": [b], "weight": [1.0]})
        draws = nav.estimate(fit, population=population, new_levels="allow", scale="linear") - posterior["intercept"]
        z.append((draws - (kept["b"] if a == "new" else kept["a"])[..., 0]).to_numpy().ravel())
    assert abs(np.corrcoef(z)[0, 1]) < 4.5 / np.sqrt(len(z[0]))


def test_the_random_numbers_of_a_new_level_go_with_its_label_alone():
    block = designs.design(nav.Model(nav.Reported(), nav.Group("office")), SURVEY).blocks[0]
    effect, one = np.zeros((50, 6)), np.ones(50)

    def drawn(*levels, seed=1):
        return block.beyond(block, [(level,) for level in levels], effect, one, np.random.default_rng(seed))

    assert (drawn("p", "q")[:, 1] == drawn("q")[:, 0]).all()
    assert (drawn(5)[:, 0] == drawn(5.0)[:, 0]).all()  # the same level
    for one_level, other in ((5, "5"), (5, 5.5), ("a", "A"), ("a", "a ")):
        assert (drawn(one_level) != drawn(other)).all()
    assert (drawn("p") != drawn("p", seed=2)).all()


def test_channels_of_a_choice_have_random_numbers_of_their_own():
    frame = pd.DataFrame({"g": list("abcd"), "r": [9, 4, 5, 6], "s": [5, 5, 9, 3], "t": [7, 4, 8, 9]})
    survey = nav.Survey.from_counts(frame, by="g", counts=["r", "s", "t"], ordered=False)
    fit = nav.fit(nav.Model(nav.Choice(), nav.Group("g", scale=nav.Known(0.5))), survey, engine="laplace", seed=1)
    p = nav.estimate(fit, by="g", population=people(g=["new"]), new_levels="allow").sel(g="new")
    p = p.transpose("chain", "draw", "category")
    effect = np.log(p) - np.log(p).mean("category") - fit["posterior"]["intercept"]
    contrasts = np.array([[1.0, -1.0, 0.0], [1.0, 1.0, -2.0]]) / np.sqrt([[2.0], [6.0]])
    # any two categories differ by sd 0.5: contrasts of length one have sd 0.5 / √2
    is_standard_normal((effect.to_numpy() @ contrasts.T).reshape(-1, 2) * np.sqrt(2) / 0.5)


def test_a_new_level_is_drawn_once_for_all_its_cells(offices):
    posterior = offices["posterior"]
    population = people(office=["new", "newer"], sector=["private", "public"])
    draws = nav.estimate(offices, by=["office", "sector"], population=population, new_levels="allow")
    between = draws.sel(sector="public") - draws.sel(sector="private")
    effect = posterior["sector_effect"].sel(sector="public") - posterior["sector_effect"].sel(sector="private")
    for office in ("new", "newer"):
        assert np.abs(between.sel(office=office, drop=True) - effect).max() < 1e-12
    both = (draws.sel(sector="public") - posterior["intercept"] - posterior["sector_effect"].sel(sector="public")) / (
        posterior["office_sd"]
    )
    is_standard_normal(both.transpose("chain", "draw", "office"))


def test_predictions_come_back_whatever_the_order_of_rows(offices):
    population = people(office=["A", "new", "newer", "newest"], sector=["private", "public"])
    asked = {"by": "office", "new_levels": "allow"}
    one = nav.estimate(offices, population=population, **asked)
    assert one.identical(nav.estimate(offices, population=population, **asked))
    two = nav.estimate(offices, population=population.sample(frac=1, random_state=3), **asked)
    assert np.abs(one - two).max() < 1e-12


def test_draws_of_a_new_level_are_its_own_whatever_else_is_new(offices):
    asked = {"by": "office", "new_levels": "allow"}
    alone = nav.estimate(offices, population=people(office=["new"], sector=["private"]), **asked)
    among = nav.estimate(offices, population=people(office=["more", "new", "z"], sector=["private"]), **asked)
    assert np.abs(alone.sel(office="new") - among.sel(office="new")).max() < 1e-12
    assert np.abs(among.sel(office="more") - among.sel(office="z")).max() > 1


@pytest.mark.parametrize("twin", ["New", "new ", "ｎew"])
def test_new_levels_that_look_alike_are_refused(offices, twin):
    population = people(office=["new", twin], sector=["private"])
    with pytest.raises(ValueError, match=r" looks like '(new|New|ｎew) ?'"):
        nav.estimate(offices, by="office", population=population, new_levels="allow")


def test_a_new_combination_of_known_levels_is_drawn_from_the_interaction():
    frame = pd.DataFrame({"county": list("AABBCC"), "benefit": list("xyxzyz"), "y": [1, 2, 0, 1, 3, 2.5], "se": 0.3})
    survey = nav.Survey.from_report(frame, by=["county", "benefit"], estimate="y", se="se", unit="identity", digits=1)
    fit = fitted(survey, nav.Group("county"), nav.Group("county", "benefit"))
    posterior = fit["posterior"]
    draws = nav.estimate(fit, by=["county", "benefit"], population=people(county=["A"], benefit=["x", "z"]))
    rest = posterior["intercept"] + posterior["county_effect"].sel(county="A", drop=True)
    is_standard_normal((draws.sel(county="A", benefit="z") - rest) / posterior["county:benefit_sd"])
    seen = posterior["county:benefit_effect"].sel({"county:benefit": "A:x"}, drop=True)
    assert np.abs(draws.sel(county="A", benefit="x", drop=True) - rest - seen).max() < 1e-12


def test_a_new_level_against_quadrature(offices):
    """Mean and standard deviation of a new office: conditional normal moments over the posterior of the scale."""
    design = designs.design(nav.Model.from_json(offices.attrs["model"]), SURVEY)
    expected = by_quadrature(design, lambda s: (s["office"] ** 2, np.zeros(len(design.cells))))
    population = people(office=["new"], sector=["private", "public"])
    draws = nav.estimate(offices, population=population, new_levels="allow")
    close(offices, draws, *expected)


# ---- exact answers for published means


def by_quadrature(design, new):
    """Mean and sd of intercept + a new effect: normal given the scales, summed over a grid of the learned ones.

    `new` returns, given the parameters by block, the prior variance of the new effect and its prior covariance with
    the effects of the observed cells.
    """
    data = design.data
    names = list(design.parameters)
    axis = np.linspace(-5, 5, 41 if len(names) > 1 else 161)
    grid = np.stack(np.meshgrid(*[axis] * len(names)), axis=-1).reshape(-1, len(names))
    noise = np.diag(data["sd"] ** 2 + data["half"] ** 2 / 3)  # rounding is a uniform error, nearly
    logs, firsts, seconds = [], [], []
    for u in grid:
        parameters = {
            name: float(prior.from_normal(value))
            for (name, prior), value in zip(design.parameters.items(), u, strict=True)
        }
        cover = np.full((len(data["sd"]),) * 2, design.intercept_scale**2)
        for block in design.blocks:
            basis = (np.eye(len(block.levels)) if block.basis is None else block.basis)[block.index]
            cover = cover + float(block.scale.of(parameters)) ** 2 * basis @ basis.T
        by_block = {name.removesuffix("_sd"): value for name, value in parameters.items()}
        variance, shared = new(by_block)
        with_data = design.intercept_scale**2 + shared
        gain = np.linalg.solve(cover + noise, with_data)
        logs.append(
            stats.multivariate_normal.logpdf(data["centre"] - design.intercept_mean, cov=cover + noise)
            + stats.norm.logpdf(u).sum()
        )
        mean, left = (
            design.intercept_mean + gain @ (data["centre"] - design.intercept_mean),
            design.intercept_scale**2 + variance - gain @ with_data,
        )
        firsts.append(mean)
        seconds.append(left + mean**2)
    weight = np.exp(np.array(logs) - max(logs))
    weight /= weight.sum()
    mean = weight @ firsts
    return mean, np.sqrt(weight @ seconds - mean**2)


def close(fit, draws, mean, sd):
    size = min(fit.attrs["effective_draws"], draws.size)
    values = draws.to_numpy().ravel()
    heavy = np.sqrt((stats.kurtosis(values, fisher=False) - 1) / 4 / size)  # error of the log of an sd
    assert values.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(size))
    assert values.std() == pytest.approx(sd, rel=4 * heavy)


YEARS = [2017, 2018, 2020, 2021, 2022]


def step_sd(years, order):
    """Standard deviation of a step (or change of slope) of a walk of unit geometric-mean variance."""
    differences = np.diff(np.eye(years), n=order, axis=0)
    variances = np.diag(np.linalg.pinv(differences.T @ differences))
    kept = variances[variances > 1e-12]
    return np.exp(-np.log(kept).mean() / 2)


@pytest.fixture(scope="module", params=[1, 2], ids=["order 1", "order 2"])
def walk(request):
    survey = means(year=YEARS)
    return request.param, survey, fitted(survey, nav.Trend("year", order=request.param, scale=0.6))


def forecast(fit, years, **levels):
    by = "year" if not levels else [*levels, "year"]
    return nav.estimate(fit, by=by, population=people(**levels, year=years))


def test_a_forecast_goes_on_as_the_walk_did(walk):
    order, _, fit = walk
    posterior = fit["posterior"]
    draws = forecast(fit, [2020, 2021, 2022, 2023, 2024, 2025, 2026])
    known = posterior["intercept"] + posterior["year_effect"].sel(year=[2020, 2021, 2022])
    if order == 2:
        known = known + posterior["year_slope_effect"].sel(year_slope=[2020, 2021, 2022]).to_numpy()
    assert np.abs(draws.sel(year=[2020, 2021, 2022]).to_numpy() - known.to_numpy()).max() < 1e-12
    path = draws.to_numpy()[..., 3 - order :]
    steps = np.diff(path, n=order, axis=-1) / posterior["year_sd"].to_numpy()[..., None] / step_sd(6, order)
    assert steps.shape[-1] == 4
    is_standard_normal(steps)


def test_the_variance_of_a_forecast_grows(walk):
    """Given the scale, h years ahead: h steps, or sums of sums of them on a straight line."""
    order, _, fit = walk
    draws, sd = forecast(fit, [2021, 2022, 2023, 2025, 2027]), fit["posterior"]["year_sd"]
    last, before = draws.sel(year=2022, drop=True), draws.sel(year=2021, drop=True)
    for ahead in (1, 3, 5):
        line = last if order == 1 else last + ahead * (last - before)
        left = draws.sel(year=2022 + ahead, drop=True) - line
        factor = ahead if order == 1 else sum(k**2 for k in range(1, ahead + 1))
        is_standard_normal(left / (sd * step_sd(6, order) * np.sqrt(factor)))


def test_a_forecast_of_one_year_needs_none_between(walk):
    _, _, fit = walk
    far, near = forecast(fit, [2026]), forecast(fit, [2023, 2024, 2025, 2026])
    assert np.abs(far.sel(year=2026) - near.sel(year=2026)).max() < 1e-12


@pytest.mark.parametrize("ahead", [1, 4])
def test_a_forecast_against_quadrature(walk, ahead):
    """Intercept and walk are normal given the scale: covariances of the coming year with the years observed."""
    order, survey, fit = walk
    design = designs.design(nav.Model.from_json(fit.attrs["model"]), survey)
    walk_block = design.blocks[0]
    if order == 1:
        weight_last = np.array([0.0, 1.0])
        factor = float(ahead)
    else:
        weight_last = np.array([-float(ahead), 1.0 + ahead])
        factor = float(sum(k**2 for k in range(1, ahead + 1)))
    rows = [block.basis[-2:].T @ weight_last for block in design.blocks]  # the line the coming year lies around

    def new(scales):
        s = scales["year"]
        sizes = [s, *(block.scale.fixed for block in design.blocks[1:])]
        variance = (s * step_sd(6, order)) ** 2 * factor
        shared = np.zeros(len(design.cells))
        for block, row, size in zip(design.blocks, rows, sizes, strict=True):
            variance += size**2 * row @ row
            shared = shared + size**2 * block.basis[block.index] @ row
        return variance, shared

    assert walk_block.name == "year"
    close(fit, forecast(fit, [2022 + ahead]), *by_quadrature(design, new))


def test_years_before_the_first_and_parts_of_years_are_refused(walk):
    _, _, fit = walk
    with pytest.raises(
        ValueError, match="'year' is a walk from 2017 to 2022; it can go on to coming years, not to 2015"
    ):
        forecast(fit, [2015, 2022])
    with pytest.raises(ValueError, match=r"coming years, not to 2023\.5"):
        forecast(fit, [2023.5])
    with pytest.raises(ValueError, match=r"coming years, not to '2023'|which the survey does not know"):
        forecast(fit, ["2023"])


def test_the_year_between_surveys_is_on_the_walk(walk):
    order, _, fit = walk
    draws = forecast(fit, [2019])
    posterior = fit["posterior"]
    effect = posterior["intercept"] + posterior["year_effect"].sel(year=2019, drop=True)
    if order == 2:
        effect = effect + posterior["year_slope_effect"].sel(year_slope=2019, drop=True)
    assert np.abs(draws.sel(year=2019, drop=True) - effect).max() < 1e-12


# ---- deviations of groups from a trend


@pytest.fixture(scope="module", params=[1, 2], ids=["order 1", "order 2"])
def by_sector(request):
    survey = means(sector=["house", "office", "shop"], year=[2020, 2021, 2022, 2023])
    return request.param, fitted(survey, nav.Trend("year", by="sector", order=request.param))


def test_forecasts_of_deviations_add_up_to_zero(by_sector):
    order, fit = by_sector
    years = [2022, 2023, 2024, 2025, 2026]
    draws = forecast(fit, years, sector=["house", "office", "shop"]) - fit["posterior"]["intercept"]
    assert np.abs(draws.sum("sector")).max() < 1e-11
    path = draws.transpose("chain", "draw", "sector", "year").to_numpy()[..., 2 - order :]
    steps = np.diff(path, n=order, axis=-1) / fit["posterior"]["sector:year_sd"].to_numpy()[..., None, None]
    steps = steps / step_sd(4, order)
    assert steps.shape[-2:] == (3, 3)
    for group in range(3):  # each has the walk's own variance, and coming steps are independent
        is_standard_normal(steps[..., group, :])
    turned = steps.transpose(0, 1, 3, 2).reshape(-1, 3) @ contrast_basis(3)
    assert np.corrcoef(turned.T)[0, 1] == pytest.approx(0, abs=4.5 / np.sqrt(len(turned)))
    assert np.corrcoef(steps[..., 0, :].ravel(), steps[..., 1, :].ravel())[0, 1] == pytest.approx(-0.5, abs=0.02)


@pytest.mark.parametrize("years", [[2021], [2024], [2021, 2024]])
def test_a_group_without_a_trend_is_named(by_sector, years):
    _, fit = by_sector
    with pytest.raises(ValueError, match=r"'sector:year' has no trend for 'shops'.*Did you mean 'shop'"):
        forecast(fit, years, sector=["house", "shops"])


# ---- what cannot be predicted


def test_a_new_level_of_an_effect_is_named(offices):
    with pytest.raises(ValueError, match=r"population has 'semi-public' in column 'sector'.*Did you mean 'public'"):
        nav.estimate(offices, population=people(office=["A", "new"], sector=["private", "semi-public"]))


@pytest.mark.parametrize("label", ["oslo ", "OSLO", " Oslo", "Oslo"])
def test_a_label_that_looks_like_a_known_one_is_a_slip(label):
    fit = fitted(means(county=["Oslo", "Agder", "Rogaland"]), nav.Group("county"), draws=100)
    population = people(county=[label, "Ny"])
    asked = {"by": "county", "population": population, "new_levels": "allow"}
    if label == "Oslo":
        assert nav.estimate(fit, **asked)["county"].values.tolist() == ["Oslo", "Ny"]
        return
    with pytest.raises(ValueError, match=r"which the survey does not know.*Did you mean 'Oslo'"):
        nav.estimate(fit, **asked)


def test_an_item_without_thresholds_cannot_be_predicted():
    frame = pd.DataFrame({"item": ["speed", "tone"], "a": [3, 6], "b": [5, 9], "c": [4, 2]})
    survey = nav.Survey.from_counts(frame, by="item", counts=["a", "b", "c"], categories=[1, 2, 3])
    fit = fitted(survey, outcome=nav.Rating(by="item"), draws=100)
    with pytest.raises(ValueError, match=r"population has 'tune' in column 'item'.*Did you mean 'tone'"):
        nav.estimate(fit, by="item", population=people(item=["speed", "tune"]))


# ---- areas and covariates


def test_an_unobserved_area_against_quadrature():
    survey = means(area=["island", "north", "south"], se=0.25)
    fit = fitted(survey, nav.Region("area", neighbours=MAP))
    design = designs.design(nav.Model.from_json(fit.attrs["model"]), survey)
    spatial, own = design.blocks
    middle = spatial.labels.index("middle")

    def new(parameters):
        scales = {"area_sd": parameters["area"], "area_spatial_share": parameters["area_spatial_share"]}
        smooth = spatial.scale.of(scales) ** 2 * spatial.basis @ spatial.basis[middle]
        return smooth[middle] + own.scale.of(scales) ** 2, smooth[spatial.index]

    draws = nav.estimate(fit, population=people(area=["middle"]))
    close(fit, draws, *by_quadrature(design, new))
    with pytest.raises(ValueError, match=r"population has 'nort' in column 'area'.*Did you mean 'north'"):
        nav.estimate(fit, population=people(area=["nort"]))


def test_other_values_of_a_covariate_lie_on_its_line():
    fit = fitted(means(dose=[-1.5, 0.25, 1.0]), nav.Effect("dose", scale=0.8, numeric=True))
    draws = nav.estimate(fit, by="dose", population=people(dose=[-3.0, 0.0, 0.25, 4.0]))
    base, slope = draws.sel(dose=0.25, drop=True), fit["posterior"]["dose_slope"]
    for dose in (-3.0, 0.0, 4.0):
        assert np.abs(draws.sel(dose=dose, drop=True) - base - (dose - 0.25) * slope).max() < 1e-11


# ---- ratings and choices


@pytest.fixture(scope="module")
def counted():
    rng = np.random.default_rng(5)
    frame = people(office=list("ABCD"), year=[2021, 2022, 2023]).drop(columns="weight")
    frame[["a", "b", "c"]] = rng.integers(4, 25, (len(frame), 3))
    return frame


def test_ratings_of_a_new_office_in_a_coming_year(counted):
    survey = nav.Survey.from_counts(counted, by=["office", "year"], counts=["a", "b", "c"], categories=[1, 2, 3])
    fit = fitted(survey, nav.Group("office"), nav.Trend("year"), outcome=nav.Rating(), draws=1000)
    population = people(office=["A", "new"], year=[2023, 2024])
    by = {"by": ["office", "year"], "population": population, "new_levels": ["new"]}
    p, score = nav.estimate(fit, **by, category=[1, 2, 3]), nav.estimate(fit, **by)
    assert p.sum("category").to_numpy() == pytest.approx(1, rel=1e-12)
    assert ((p * [1, 2, 3]).sum("category") - score).to_numpy() == pytest.approx(0, abs=1e-12)
    eta = nav.estimate(fit, **by, scale="linear").transpose("chain", "draw", "office", "year")
    posterior = fit["posterior"]
    step = eta.sel(year=2024, drop=True) - eta.sel(year=2023, drop=True)
    assert np.abs(step.sel(office="A", drop=True) - step.sel(office="new", drop=True)).max() < 1e-12
    is_standard_normal(step.sel(office="A", drop=True) / posterior["year_sd"] / step_sd(3, 1))
    new = eta.sel(year=2023, office="new", drop=True) - posterior["year_effect"].sel(year=2023, drop=True)
    is_standard_normal(new / posterior["office_sd"])


def test_choices_of_a_new_office(counted):
    survey = nav.Survey.from_counts(counted, by=["office", "year"], counts=["a", "b", "c"], ordered=False)
    fit = fitted(survey, nav.Group("office"), outcome=nav.Choice(), draws=1000)
    posterior = fit["posterior"]
    population = people(office=["new", "A"])
    p = nav.estimate(fit, by="office", population=population, new_levels="allow").sel(office="new", drop=True)
    effect = np.log(p) - posterior["intercept"]
    for one, other in (("a", "b"), ("b", "c"), ("a", "c")):  # the log-odds of any two have the group's spread
        odds = effect.sel(category=one, drop=True) - effect.sel(category=other, drop=True)
        is_standard_normal(odds / posterior["office_sd"])


@pytest.mark.slow
def test_short_the_other_engine_predicts_the_same():
    survey = means(year=YEARS)
    model = nav.Model(nav.Reported(), nav.Trend("year", scale=0.6), intercept_scale=3.0)
    fits = [nav.fit(model, survey, engine=engine, draws=2000, seed=1) for engine in ("laplace", "nuts")]
    laplace, nuts = (forecast(fit, [2023, 2025]) for fit in fits)
    for year in (2023, 2025):
        one, two = laplace.sel(year=year).to_numpy().ravel(), nuts.sel(year=year).to_numpy().ravel()
        assert one.mean() == pytest.approx(two.mean(), abs=0.1 * two.std())
        assert one.std() == pytest.approx(two.std(), rel=0.1)
