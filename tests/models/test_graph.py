import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import integrate, special, stats

import navmodels as nav
from navmodels.models.graph import build_graph

pytestmark = pytest.mark.usefixtures("without_numba")


def points(graph, number=5, seed=1):
    """Random points of the unconstrained space."""
    rng = np.random.default_rng(seed)
    start = graph.initial_point()
    return [{name: rng.normal(size=np.shape(value)) for name, value in start.items()} for _ in range(number)]


def textbook(model, survey):
    """The same model from textbook distributions, for the terms of the fixture `model`."""
    blocks = {block.name: block for block in nav.models.design(model, survey).blocks}
    frame = survey.to_pandas()
    with pm.Model() as graph:
        intercept = pm.Normal("intercept", 0, np.float64(1.5))  # a bare 1.5 would be single precision
        sector = pm.Normal("sector_z", shape=1)
        county_sd = pm.HalfNormal("county_sd", np.float64(0.5))
        county = pm.Normal("county_z", shape=4)
        both_sd = pm.HalfStudentT("county:sector_sd", nu=np.float64(3), sigma=np.float64(0.3))
        both = pm.Normal("county:sector_z", shape=7)
        year_sd = pm.HalfNormal("year_sd", np.float64(0.3))
        year = pm.Normal("year_z", shape=2)
        slope = pm.Normal("year_slope_z", shape=1)
        code = {letter: place for place, letter in enumerate("ABCD")}
        county_code = frame["county"].map(code).astype(int).to_numpy()
        public = (frame["sector"] == "public").to_numpy()
        time = frame["year"].astype(int).to_numpy() - 2019
        eta = (
            intercept
            + np.where(public, 1, -1) * np.sign(blocks["sector"].basis[1, 0]) * sector
            + (county_sd * county)[county_code]
            + (both_sd * both)[2 * county_code + public]
            + (year_sd * pm.math.dot(blocks["year"].basis, year))[time]
            + ((np.arange(4) - 1.5) / np.sqrt(3 / 4))[time] * slope
        )
        pm.Binomial(
            "k", n=frame["n"].to_numpy().astype(int), logit_p=eta, observed=frame["positive"].to_numpy().astype(int)
        )
    return graph


def test_all_terms_equal_the_textbook(model, survey):
    ours, theirs = nav.to_pymc(model, survey), textbook(model, survey)
    left, right = ours.compile_logp(), theirs.compile_logp()
    for point in points(ours):
        assert left(point) == pytest.approx(float(right(point)), abs=1e-8)


def test_walk_of_order_one_with_other_priors():
    frame = pd.DataFrame({"year": [2020, 2021, 2024], "k": [3, 9, 20], "n": [10, 30, 40]})
    survey = nav.Survey.from_counts(frame, by="year", positive="k", n="n")
    ours = nav.to_pymc(nav.Model(nav.Share(), nav.Trend("year", scale=nav.HalfCauchy(0.4)), intercept_scale=2), survey)
    basis = nav.models.design(nav.Model(nav.Share(), nav.Trend("year")), survey).blocks[0].basis
    with pm.Model() as theirs:
        intercept = pm.Normal("intercept", 0, np.float64(2))
        sd = pm.HalfCauchy("year_sd", np.float64(0.4))
        z = pm.Normal("year_z", shape=4)
        pm.Binomial("k", n=[10, 30, 40], logit_p=intercept + sd * pm.math.dot(basis[[0, 1, 4]], z), observed=[3, 9, 20])
    left, right = ours.compile_logp(), theirs.compile_logp()
    for point in points(ours):
        assert left(point) == pytest.approx(float(right(point)), abs=1e-8)


@pytest.fixture(scope="module")
def published():
    """Four rows: exact, from an interval, 0 % with n, exact with several counts."""
    frame = pd.DataFrame({"office": list("ABCD"), "share": [29.0, 71, 0, 93], "n": [24, 24, 24, 300]})
    frame = frame.assign(lower=[np.nan, 66, np.nan, np.nan], upper=[np.nan, 76, np.nan, np.nan])
    survey = nav.Survey.from_report(frame, by="office", n="n", lower="lower", upper="upper")
    model = nav.Model(nav.Reported(), nav.Group("office", scale=nav.Exponential(0.4)))
    return model, survey, nav.to_pymc(model, survey)


def reported_by_scipy(point):
    sd = np.exp(point["office_sd_log__"])
    eta = point["intercept"] + sd * point["office_z"]
    p = special.expit(eta)
    error = (special.logit(0.76) - special.logit(0.66)) / (2 * stats.norm.ppf(0.975))
    ends = (special.logit([0.705, 0.715]) - eta[1]) / error
    printed = [
        stats.binom.pmf(7, 24, p[0]),
        np.ptp(stats.norm.cdf(ends if ends[0] < 0 else -ends)),  # in the left tail, where scipy keeps its digits
        (1 - p[2]) ** 24,
        stats.binom.pmf([278, 279, 280], 300, p[3]).sum(),
    ]
    prior = stats.norm.logpdf(point["intercept"], scale=1.5) + stats.expon.logpdf(sd, scale=0.4) + np.log(sd)
    return prior + stats.norm.logpdf(point["office_z"]).sum() + np.log(printed).sum()


def test_published_numbers_equal_scipy(published):
    _, _, graph = published
    log_density = graph.compile_logp()
    for point in points(graph):
        assert log_density(point) == pytest.approx(reported_by_scipy(point), abs=1e-8)


def test_a_published_mean_equals_scipy(schools):
    graph = nav.to_pymc(nav.Model(nav.Reported(), intercept_scale=5), schools)
    log_density = graph.compile_logp()
    y, se = schools.cells["estimate"].to_numpy(), schools.cells["se"].to_numpy()
    for value in (-8.0, 0.0, 4.4):
        chance = stats.norm.cdf((y + 0.5 - value) / se) - stats.norm.cdf((y - 0.5 - value) / se)
        expected = stats.norm.logpdf(value, scale=5) + np.log(chance).sum()
        assert log_density({"intercept": np.array(value)}) == pytest.approx(expected, abs=1e-8)


def test_rounding_far_wider_than_the_error():
    frame = pd.DataFrame({"office": ["A"], "mean": [5], "se": [0.01]})
    survey = nav.Survey.from_report(frame, by="office", estimate="mean", se="se", unit="identity")
    graph = nav.to_pymc(nav.Model(nav.Reported(), intercept_scale=1.5), survey)
    inside, edge = {"intercept": np.array(5.2)}, {"intercept": np.array(5.5)}
    assert graph.compile_logp()(inside) == pytest.approx(stats.norm.logpdf(5.2, scale=1.5), abs=1e-12)
    assert graph.compile_dlogp()(inside) == pytest.approx([-5.2 / 1.5**2], abs=1e-10)
    assert graph.compile_logp()(edge) == pytest.approx(stats.norm.logpdf(5.5, scale=1.5) - np.log(2), abs=1e-9)


@pytest.mark.parametrize("intercept", [-700.0, -30.0, -1.0, 0.5, 30.0, 700.0])
def test_gradient_of_published_numbers(published, intercept):
    model, survey, graph = published
    design = nav.models.design(model, survey)

    def by_hand(value):
        eta = np.full((4, 1), value)
        return model.outcome.log_likelihood(eta, design.data).sum() + stats.norm.logpdf(value, scale=1.5)

    point = {"intercept": np.array(intercept), "office_sd_log__": np.array(0.0), "office_z": np.zeros(4)}
    slope = graph.compile_dlogp([graph["intercept"]])(point)
    step = 1e-3
    expected = (by_hand(intercept + step) - by_hand(intercept - step)) / (2 * step)
    assert slope == pytest.approx([expected], rel=1e-5)
    assert np.isfinite(graph.compile_dlogp()(point)).all()


def test_variables_dims_and_coords(model, survey):
    graph = nav.to_pymc(model, survey)
    assert {variable.name for variable in graph.free_RVs} == {
        *("intercept", "sector_z", "county_z", "county_sd", "county:sector_z", "county:sector_sd"),
        *("year_z", "year_sd", "year_slope_z"),
    }
    assert graph.named_vars_to_dims["county:sector_effect"] == ("county:sector",)
    assert graph.named_vars_to_dims["county_index"] == ("cell",)
    assert graph.named_vars_to_dims["year_z"] == ("year_coefficient",)
    assert graph.coords["year"] == (2019, 2020, 2021, 2022)
    assert graph.coords["county:sector"][-2:] == ("C:public", "D:private")
    assert graph["county_scale"].get_value() == 0.5
    assert graph["positive"].get_value().tolist() == survey.to_pandas()["positive"].tolist()


def test_scales_are_data_of_the_graph():
    frame = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    survey = nav.Survey.from_counts(frame, by="office", positive="k", n="n")
    wide, narrow = (nav.to_pymc(nav.Model(nav.Share(), nav.Group("office", scale=s)), survey) for s in (1.0, 0.2))
    with wide:
        pm.set_data({"office_scale": 0.2})
    point = points(wide, number=1)[0]
    assert wide.compile_logp()(point) == pytest.approx(float(narrow.compile_logp()(point)), rel=1e-14)


def test_order_of_rows_and_unused_factors_do_not_matter(model, survey, counts):
    first = {"n": counts["n"] // 2, "k": counts["k"] // 2}
    rest = {name: counts[name] - values for name, values in first.items()}
    halves = pd.concat([counts.assign(half=1, **first), counts.assign(half=2, **rest)]).sample(frac=1, random_state=1)
    split = nav.Survey.from_counts(halves, by=["half", "sector", "year", "county"], positive="k", n="n")
    assert split.cells.sizes["cell"] == 2 * survey.cells.sizes["cell"]
    left, right = nav.to_pymc(model, survey), nav.to_pymc(model, split)
    one, two = left.compile_logp(), right.compile_logp()
    for point in points(left):
        assert one(point) == pytest.approx(float(two(point)), abs=1e-9)


def test_names_of_groups_do_not_matter(counts):
    model = nav.Model(nav.Share(), nav.Group("county"), nav.Effect("sector"))
    given = counts.groupby(["county", "sector"], as_index=False)[["n", "k"]].sum()
    renamed = given.replace({"county": {"A": "zeta", "D": "alpha"}, "sector": {"public": "a public one"}})
    left, right = (
        nav.to_pymc(model, nav.Survey.from_counts(frame, by=["county", "sector"], positive="k", n="n"))
        for frame in (given, renamed)
    )
    assert right.coords["county"] == ("B", "C", "alpha", "zeta")
    one, two = left.compile_logp(), right.compile_logp()
    for point in points(left):
        moved = {**point, "county_z": point["county_z"][[1, 2, 3, 0]], "sector_z": -point["sector_z"]}
        assert one(point) == pytest.approx(float(two(moved)), abs=1e-9)


def test_prior_predictive_shares_have_the_moments_of_the_prior():
    frame = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    survey = nav.Survey.from_counts(frame, by="office", positive="k", n="n")
    with nav.to_pymc(nav.Model(nav.Share(), intercept_scale=1.5), survey.collapse([])):
        tree = pm.sample_prior_predictive(draws=20_000, random_seed=1)
    drawn = tree["prior_predictive"]["positive_observed"].to_numpy().ravel()
    square, _ = integrate.quad(lambda x: special.expit(x) ** 2 * stats.norm.pdf(x, scale=1.5), -15, 15)
    variance = 14 * (0.5 - square) + 14**2 * (square - 0.25)
    assert drawn.mean() == pytest.approx(7.0, abs=4 * np.sqrt(variance / 20_000))
    assert drawn.var() == pytest.approx(variance, rel=0.03)


def test_predictive_draws_of_published_numbers(published, made_fit):
    model, survey, graph = published
    fit = made_fit(model, survey)
    with graph:
        prior = pm.sample_prior_predictive(draws=500, random_seed=1)
        tree = pm.sample_posterior_predictive(
            fit, freeze_vars=list(fit["posterior"].data_vars), random_seed=1, progressbar=False
        )
    drawn = tree["posterior_predictive"]["estimate_observed"]
    assert drawn.dims == ("chain", "draw", "cell")
    # percent out of 24 or 300 answers; the mean of each row is the posterior mean of its share
    for place, n in ((0, 24), (2, 24), (3, 300)):
        for each in (drawn, prior["prior_predictive"]["estimate_observed"]):
            count = each.isel(cell=place).to_numpy() * n / 100
            assert count == pytest.approx(np.round(count), abs=1e-9)
    share = nav.estimate(fit, by="office").mean(("chain", "draw")).to_numpy()
    assert drawn.mean(("chain", "draw")).to_numpy() == pytest.approx(
        100 * share, abs=4 * 100 * 0.5 / np.sqrt(24 * 4000)
    )


def test_graph_of_a_design_is_that_of_its_model_and_survey(model, survey):
    one, two = nav.to_pymc(model, survey), build_graph(nav.models.design(model, survey))
    point = points(one, number=1)[0]
    assert one.compile_logp()(point) == two.compile_logp()(point)


# ---- what others do with it


@pytest.mark.parametrize("intercept", [-40.0, -1.0, 0.5, 3.0])
def test_second_derivative(published, intercept):
    _, survey, _ = published
    model = nav.Model(nav.Reported())
    data = nav.models.design(model, survey).data
    step = 1e-3
    low, middle, high = (
        model.outcome.log_likelihood(np.full((4, 1), intercept + shift), data).sum() for shift in (-step, 0.0, step)
    )
    expected = (high - 2 * middle + low) / step**2 - 1 / 1.5**2
    hessian = nav.to_pymc(model, survey).compile_d2logp(negate_output=False)
    assert hessian({"intercept": np.array(intercept)}) == pytest.approx(np.array([[expected]]), rel=1e-4)


def test_data_may_be_exchanged_for_more_cells():
    few, many = (
        nav.Survey.from_counts(pd.DataFrame(table), by=["office", "year"], positive="k", n="n")
        for table in (
            {"office": list("ABB"), "year": [1, 1, 2], "k": [3, 5, 2], "n": [6, 8, 9]},
            {"office": list("AABB"), "year": [1, 2, 1, 2], "k": [4, 1, 0, 7], "n": [9, 1, 5, 7]},
        )
    )
    model = nav.Model(nav.Share(), nav.Group("office"), nav.Effect("year"))
    graph, expected = nav.to_pymc(model, few), nav.to_pymc(model, many)
    names = ["positive", "n", "constant", "office_index", "year_index"]
    with graph:
        pm.set_data({name: expected[name].get_value() for name in names}, coords={"cell": range(4)})
    one, two = graph.compile_logp(), expected.compile_logp()
    for point in points(graph):
        assert one(point) == pytest.approx(float(two(point)), abs=1e-12)


def test_others_may_add_to_it(model, survey):
    graph, plain = nav.to_pymc(model, survey), nav.to_pymc(model, survey)
    with graph:
        extra = pm.Normal("extra")
        pm.Normal("measured", graph["county_effect"][0] + extra, 0.1, observed=0.4)
    point = points(graph, number=1)[0]
    rest = {name: value for name, value in point.items() if name != "extra"}
    effect = np.exp(point["county_sd_log__"]) * point["county_z"][0]
    added = stats.norm.logpdf(point["extra"]) + stats.norm.logpdf(0.4, effect + point["extra"], 0.1)
    assert graph.compile_logp()(point) == pytest.approx(plain.compile_logp()(rest) + added, abs=1e-5)


@pytest.mark.sampling
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_pymcs_own_sampler_draws_from_it():
    # 37 of 50 under the prior of one intercept, by quadrature
    survey = nav.Survey.from_counts(
        pd.DataFrame({"office": ["A"], "k": [37], "n": [50]}), by="office", positive="k", n="n"
    )
    with nav.to_pymc(nav.Model(nav.Share()), survey.collapse([])):
        fit = pm.sample(
            draws=500, tune=300, chains=2, cores=1, nuts_sampler="pymc", random_seed=1, progressbar=False, quiet=True
        )
    grid = np.linspace(-4, 6, 4001)
    weight = np.exp(stats.binom.logpmf(37, 50, special.expit(grid)) + stats.norm.logpdf(grid, scale=1.5))
    mean = (weight @ grid) / weight.sum()
    sd = np.sqrt((weight @ (grid - mean) ** 2) / weight.sum())
    draws = fit["posterior"]["intercept"].to_numpy()
    assert draws.mean() == pytest.approx(mean, abs=0.25 * sd)  # 4 errors for an effective size of 250
    assert draws.std() == pytest.approx(sd, rel=0.25)
