"""Every real walk of NUTS: against exact answers (quadrature, conjugate posteriors, a published one), and refits.

Each structure is compiled once a process, which takes longer than to walk it: fits here share few structures, and
stand in one file, so that one process of several makes them all.
"""

import ctypes
from functools import partial

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from arviz_stats.base import array_stats
from scipy import integrate, special, stats

import navmodels as nav
from navmodels.engines.laplace import sampling as laplace
from navmodels.engines.nuts import retries
from navmodels.engines.nuts import sampling as nuts
from navmodels.engines.nuts.coordinates import plain_coordinates, whitened_coordinates
from navmodels.engines.nuts.graph import build_sampling_graph
from navmodels.models import designs

pytestmark = pytest.mark.sampling

fit_by_nuts = partial(nav.fit, engine="nuts")


def agree(draws, *, mean, sd, within=4):
    """Assert mean and standard deviation within so many Monte Carlo standard errors."""
    error = float(az.mcse(draws.rename("x").to_dataset(), method="mean")["x"])
    error_sd = float(az.mcse(draws.rename("x").to_dataset(), method="sd")["x"])
    assert float(draws.mean()) == pytest.approx(mean, abs=within * error)
    assert float(draws.std(ddof=1)) == pytest.approx(sd, abs=within * error_sd)


def moments(log_density, functions, low, high):
    """Return the mean and sd by quadrature of quantities with a given mean and variance at each value of a variable."""
    peak = max(log_density(x) for x in np.linspace(low, high, 2001)[1:-1])

    def expect(function):
        value, _ = integrate.quad(lambda x: function(x) * np.exp(log_density(x) - peak), low, high, limit=400)
        return value

    total = expect(lambda x: 1.0)
    result = []
    for mean, variance in functions:
        first = expect(mean) / total
        second = expect(lambda x, mean=mean, variance=variance: mean(x) ** 2 + variance(x)) / total
        result.append((first, np.sqrt(second - first**2)))
    return result


# ---- one share


@pytest.fixture(scope="module")
def one_share():
    frame = pd.DataFrame({"office": ["A", "B"], "k": [20, 17], "n": [30, 20]})
    survey = nav.Survey.from_counts(frame, by="office", positive="k", n="n")
    return fit_by_nuts(nav.Model(nav.Share(), intercept_scale=2), survey, draws=2000, seed=1)


def test_one_share_against_quadrature(one_share):
    def log_density(eta):
        return stats.binom.logpmf(37, 50, special.expit(eta)) + stats.norm.logpdf(eta, scale=2)

    none = lambda x: 0.0  # noqa: E731
    (eta, share) = moments(log_density, [(lambda x: x, none), (special.expit, none)], -3, 5)
    agree(one_share["posterior"]["intercept"], mean=eta[0], sd=eta[1])
    agree(nav.estimate(one_share), mean=share[0], sd=share[1])


def test_one_share_under_a_uniform_prior_is_beta(one_share):
    # the normal prior is divided out: a uniform share is a logistic intercept, p (1 - p); posterior Beta(38, 14)
    eta = one_share["posterior"]["intercept"]
    weight = np.exp(stats.logistic.logpdf(eta) - stats.norm.logpdf(eta, scale=2))
    share, exact = special.expit(eta), stats.beta(38, 14)
    total = float(weight.mean())
    for function, value in ((share, exact.mean()), ((share - exact.mean()) ** 2, exact.var())):
        ratio = weight * (function - value) / total
        error = float(az.mcse(ratio.rename("x").to_dataset(), method="mean")["x"])
        assert float(ratio.mean()) == pytest.approx(0.0, abs=4 * error)
        assert error < 0.03 * np.sqrt(exact.var())  # so that the test could fail


def test_what_a_fit_tells(one_share):
    assert nav.check(one_share)["passed"].all()
    attrs = one_share.attrs
    assert (attrs["engine"], attrs["seed"], attrs["divergences"], attrs["unconverged"]) == ("nuts", 1, 0, "")
    assert [pair.split("=")[0] for pair in attrs["versions"].split()] == [
        "navmodels",
        "pymc",
        "nutpie",
        "arviz",
        "numpy",
    ]
    assert set(one_share["posterior"].data_vars) == {"intercept"}
    assert one_share["posterior"].sizes == {"chain": 4, "draw": 2000}
    assert one_share["observed_data"]["positive"].to_numpy().tolist() == [37.0]
    # the log-likelihood at each draw is the binomial's
    first = float(one_share["posterior"]["intercept"][2, 5])
    expected = stats.binom.logpmf(37, 50, special.expit(first))
    assert float(one_share["log_likelihood"]["positive"][2, 5, 0]) == pytest.approx(expected, rel=1e-10)


# ---- normal and normal

Y, SE = np.array([2.11, -0.37, 1.52, 3.94, 0.68]), np.array([0.9, 1.1, 0.4, 1.6, 0.7])


MANY, ERROR = np.array([1.31, 0.42, 0.87, 1.95, 1.12, 0.66, 1.48, 0.23, 1.04, 0.79, 1.57, 0.91]), np.full(12, 0.5)


def means(mean, se):
    frame = pd.DataFrame({"office": list("ABCDEFGHIJKL")[: len(mean)], "mean": mean, "se": se})
    return nav.Survey.from_report(frame, by="office", estimate="mean", se="se", unit="identity")


@pytest.fixture(scope="module")
def common_mean():
    return fit_by_nuts(nav.Model(nav.Reported(), intercept_scale=2), means(MANY, ERROR), draws=8000, seed=2)


@pytest.fixture(scope="module")
def grouped_means():
    model = nav.Model(nav.Reported(), nav.Group("office", scale=1), intercept_scale=2)
    return fit_by_nuts(model, means(Y, SE), draws=2000, seed=3)


def normal_posterior(y, variance, prior_variance):
    precision = 1 / prior_variance + (1 / variance).sum()
    return (y / variance).sum() / precision, 1 / precision


def test_common_mean_is_conjugate(common_mean):
    mean, variance = normal_posterior(MANY, ERROR**2 + 0.01**2 / 12, 4.0)
    agree(common_mean["posterior"]["intercept"], mean=mean, sd=np.sqrt(variance))
    agree(nav.estimate(common_mean), mean=mean, sd=np.sqrt(variance))


def test_loo_is_exact(common_mean):
    loo = az.loo(common_mean)
    expected = 0.0
    for place in range(12):
        rest = np.arange(12) != place
        mean, variance = normal_posterior(MANY[rest], ERROR[rest] ** 2, 4.0)
        ends = (MANY[place] + np.array([-0.005, 0.005]) - mean) / np.sqrt(variance + ERROR[place] ** 2)
        expected += np.log(np.diff(stats.norm.cdf(ends))[0])
    assert loo.elpd == pytest.approx(expected, abs=0.03)


def test_groups_against_quadrature(grouped_means):
    def given(tau):  # posterior of (intercept, effects) given tau: normal
        prior = np.diag([4.0, *np.full(5, tau**2)])
        design = np.column_stack([np.ones(5), np.eye(5)])
        cover = design @ prior @ design.T + np.diag(SE**2)
        gain = np.linalg.solve(cover, design @ prior).T
        return gain @ Y, np.diag(prior - gain @ design @ prior), cover

    def log_density(tau):
        return stats.multivariate_normal.logpdf(Y, cov=given(tau)[2]) + stats.halfnorm.logpdf(tau)

    parts = [(lambda t, i=i: given(t)[0][i], lambda t, i=i: given(t)[1][i]) for i in range(6)]
    expected = moments(log_density, [(lambda t: t, lambda t: 0.0), *parts], 1e-9, 6)
    posterior = grouped_means["posterior"]
    agree(posterior["office_sd"], mean=expected[0][0], sd=expected[0][1])
    agree(posterior["intercept"], mean=expected[1][0], sd=expected[1][1])
    for place, (mean, sd) in enumerate(expected[2:]):
        agree(posterior["office_effect"].isel(office=place, drop=True), mean=mean, sd=sd)


def test_pooling_factor_against_quadrature(grouped_means):
    def log_density(tau):
        cover = 4.0 + np.diag(SE**2 + tau**2)
        return stats.multivariate_normal.logpdf(Y, cov=cover) + stats.halfnorm.logpdf(tau)

    kept = [(lambda t, v=v: v / (v + t**2), lambda t: 0.0) for v in SE**2]
    expected = [mean for mean, _ in moments(log_density, kept, 1e-9, 6)]
    fit = grouped_means.copy()
    fit.attrs["unconverged"] = ""  # the quadrature is the judge here
    table = nav.shrinkage(fit, by="office")
    assert table["pooling_factor"].to_numpy() == pytest.approx(expected, abs=0.02)
    assert table["direct"].to_numpy() == pytest.approx(Y)
    sd = nav.estimate(fit, by="office").std(("chain", "draw"), ddof=1).to_numpy()
    assert table["sd_reduction"].to_numpy() == pytest.approx(1 - sd / SE, rel=1e-10)


# ---- published


def test_eight_schools(schools):
    """Reference means of posteriordb, eight_schools-eight_schools_noncentered (Magnusson et al. 2022)."""
    model = nav.Model(nav.Reported(), nav.Group("school", scale=nav.HalfCauchy(5)), intercept_scale=5)
    fit = fit_by_nuts(model, schools, draws=4000, seed=1)
    assert float(fit["posterior"]["intercept"].mean()) == pytest.approx(4.41, abs=0.15)
    assert float(fit["posterior"]["school_sd"].mean()) == pytest.approx(3.60, abs=0.15)
    theta = nav.estimate(fit, by="school").mean(("chain", "draw")).to_numpy()
    assert theta == pytest.approx([6.15, 4.94, 3.91, 4.80, 3.61, 4.05, 6.32, 4.88], abs=0.15)


# ---- fits that must be the same, and walks that fail: three offices

GROUPED = nav.Model(nav.Share(), nav.Group("office"))


@pytest.fixture
def offices():
    frame = pd.DataFrame({"office": list("ABC"), "k": [3, 5, 9], "n": [6, 8, 12]})
    return nav.Survey.from_counts(frame, by="office", positive="k", n="n")


def same_draws(one, two):
    return all((one[name] == two[name]).all() for name in one.data_vars)


@pytest.mark.slow
def test_short_weights_of_one_change_nothing():
    rng = np.random.default_rng(4)
    rows = pd.DataFrame({"office": rng.choice(list("ABC"), 199), "yes": rng.integers(0, 2, 199), "w": 1.0})
    plain = nav.Survey.from_responses(rows, outcome="yes", by="office")
    weighted = nav.Survey.from_responses(rows, outcome="yes", by="office", weights="w", weighting="effective")
    one, two, other = (
        fit_by_nuts(GROUPED, plain, seed=5),
        fit_by_nuts(GROUPED, weighted, seed=5),
        fit_by_nuts(GROUPED, plain, seed=6),
    )
    assert same_draws(one["posterior"].to_dataset(), two["posterior"].to_dataset())
    assert not same_draws(one["posterior"].to_dataset(), other["posterior"].to_dataset())
    assert (one.attrs["weighting"], two.attrs["weighting"]) == ("none", "effective")


def test_order_of_rows_and_names_of_groups_change_nothing_that_is_reported():
    frame = pd.DataFrame({"office": list("ABC"), "k": [30, 51, 44], "n": [60, 80, 75]})
    moved = frame.iloc[[2, 0, 1]].replace({"office": {"A": "B", "B": "C", "C": "A"}})
    tables = []
    for each in (frame, moved):
        survey = nav.Survey.from_counts(each, by="office", positive="k", n="n")
        fit = fit_by_nuts(GROUPED, survey, draws=2000, seed=1)
        draws = nav.estimate(fit, by="office")
        tables.append(draws.mean(("chain", "draw")).to_series())
    one, two = tables[0], tables[1].loc[list("BCA")]
    assert one.to_numpy() == pytest.approx(two.to_numpy(), abs=0.005)  # Monte Carlo error is near 0.001


def test_a_fit_that_is_too_short_says_so(offices):
    fit = fit_by_nuts(GROUPED, offices, draws=20, chains=2, seed=np.int64(3))
    assert fit["posterior"].sizes["draw"] == 20
    assert "bulk ESS" in fit.attrs["unconverged"]
    assert "(limit 200)" in fit.attrs["unconverged"]
    with pytest.raises(nav.NotConvergedError, match="bulk ESS"):
        nav.summarise(nav.estimate(fit))


def test_auto_falls_back_to_a_real_walk(offices, monkeypatch):
    inner = laplace.sample_laplace

    def spoiled(design, **options):
        posterior, statistics, attrs = inner(design, **options)
        return posterior, statistics, attrs | {"pareto_k": 0.83}

    monkeypatch.setattr(laplace, "sample_laplace", spoiled)
    fit, plain = nav.fit(GROUPED, offices, seed=1), fit_by_nuts(GROUPED, offices, seed=1)
    assert fit.attrs["engine"] == "nuts"
    assert fit.attrs["reason"].startswith("laplace did not pass its check: Pareto k 0.83")
    xr.testing.assert_equal(fit["posterior"].to_dataset(), plain["posterior"].to_dataset())


def test_a_failed_gate_is_walked_again_and_said(offices, monkeypatch):
    table = pd.DataFrame({"criterion": ["R-hat"], "worst": ["x"], "value": [2.0], "limit": [1.01], "passed": [False]})
    monkeypatch.setattr(retries, "check", lambda fit: table)
    fit = fit_by_nuts(GROUPED, offices, draws=100, seed=5)
    assert "the first failed: R-hat 2 for x" in fit.attrs["coordinates"]
    assert fit.attrs["unconverged"].startswith("R-hat 2")


# ---- every kind of term: a fit as ArviZ sees it


@pytest.fixture(scope="module")
def fit_of_all_terms(model, survey):
    return fit_by_nuts(model, survey, draws=2000, seed=2)


@pytest.mark.filterwarnings("ignore:Estimated shape parameter:UserWarning")  # a fact about these data
def test_arviz_reads_a_fit(fit_of_all_terms):
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    table = az.summary(fit_of_all_terms, var_names=["county_effect", "county_sd"], round_to="none")
    effect = fit_of_all_terms["posterior"]["county_effect"].mean(("chain", "draw"))
    assert table.loc["county_effect[C]", "mean"] == pytest.approx(float(effect.sel(county="C")), rel=1e-12)
    loo = az.loo(fit_of_all_terms)
    assert loo.n_data_points == 21
    assert -100 < loo.elpd < -40
    for plot in (az.plot_trace, az.plot_forest):
        plot(fit_of_all_terms)
        plt.close("all")


def test_the_middle_of_an_odd_slope(model, counts, made_fit):
    # ArviZ divides by the standard deviation of what is exactly zero; the gate does not
    odd = counts[counts["year"] != 2022]
    survey = nav.Survey.from_counts(odd, by=["year", "county", "sector"], positive="k", n="n")
    fit = made_fit(model, survey)
    assert (fit["posterior"]["year_slope_effect"].sel(year_slope=2020) == 0).all()
    assert nav.check(fit)["passed"].all()
    with pytest.warns(RuntimeWarning, match="invalid value"):
        table = az.summary(fit)
    assert np.isnan(table.loc["year_slope_effect[2020]", "r_hat"])


@pytest.mark.filterwarnings("ignore:Estimated shape parameter:UserWarning")
def test_a_fit_on_disk(fit_of_all_terms, tmp_path):
    again = nav.load_fit(nav.save_fit(fit_of_all_terms, tmp_path / "fit.nc"))
    xr.testing.assert_identical(again["posterior"].to_dataset(), fit_of_all_terms["posterior"].to_dataset())
    assert nav.estimate(again, by="county").identical(nav.estimate(fit_of_all_terms, by="county"))
    assert az.loo(again).elpd == az.loo(fit_of_all_terms).elpd


def test_engines_give_the_same_names_dims_and_numbers(model, survey, fit_of_all_terms):
    one = nav.fit(model, survey, engine="laplace", draws=2000, seed=1)
    found, expected = one["posterior"].to_dataset(), fit_of_all_terms["posterior"].to_dataset()
    size = array_stats.ess(expected["county:sector_sd"].to_numpy(), chain_axis=0, draw_axis=1)  # mixes worst
    assert set(found.data_vars) == set(expected.data_vars)
    for name, values in expected.data_vars.items():
        assert found[name].dims == values.dims
        assert found[name].dtype == values.dtype
        assert all(found[dim].to_numpy().tolist() == values[dim].to_numpy().tolist() for dim in values.dims)
        sd = values.std(("chain", "draw"))
        off = np.abs(found[name].mean(("chain", "draw")) - values.mean(("chain", "draw")))
        assert (off <= 4 * np.sqrt(1 / size + 1 / laplace.POINTS) * sd + 1e-12).all()  # Monte Carlo error of both


# ---- compiled once


def log_density(compiled, point):
    """Value and gradient as nutpie computes them, from the compiled code and the numbers it holds now."""
    signature = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)
    gradient, value = np.empty(len(point)), np.empty(1)
    places = (point.ctypes.data, gradient.ctypes.data, value.ctypes.data, compiled.user_data.ctypes.data)
    assert signature(compiled.compiled_logp_func.address)(len(point), *places) == 0
    return value[0], gradient


def fresh_density(design, coordinates, point):
    """The same from the graph, made anew and computed in Python."""
    graph = build_sampling_graph(design, coordinates)
    at, first = {}, 0
    for name, value in graph.initial_point().items():
        at[name] = point[first : first + value.size].reshape(value.shape)
        first += value.size
    return graph.compile_logp(mode="FAST_COMPILE")(at), graph.compile_dlogp(mode="FAST_COMPILE")(at)


@pytest.fixture
def counted(monkeypatch):
    """Lists that grow with whatever is compiled: by nutpie, by PyTensor, by numba."""
    import nutpie
    from numba.core import event
    from pytensor.compile import maker

    models, functions = [], []
    compile_model, prepare = nutpie.compile_pymc_model, maker.FunctionMaker.__init__

    def count_models(graph):
        models.append(graph)
        return compile_model(graph)

    def count_functions(self, *args, **kwargs):
        functions.append(self)
        prepare(self, *args, **kwargs)

    monkeypatch.setattr(nutpie, "compile_pymc_model", count_models)
    monkeypatch.setattr(maker.FunctionMaker, "__init__", count_functions)
    monkeypatch.setattr(nuts, "_compiled", dict(nuts._compiled))
    with event.install_recorder("numba:compile") as recorder:
        yield models, functions, recorder.buffer


@pytest.mark.usefixtures("fit_of_all_terms")  # compiled by it, if not before
def test_a_refit_compiles_nothing_and_is_a_fresh_compile(model, survey, counts, counted):
    models, functions, numba_events = counted
    first = fit_by_nuts(model, survey, draws=300, seed=5)
    # effective counts, which are not whole; fewer cells; other scales of priors
    rows = counts.iloc[1:].loc[lambda frame: frame.index.repeat(frame["n"])]
    rows = rows.assign(yes=rows.groupby(level=0).cumcount() < rows["k"], w=np.linspace(0.5, 2, len(rows)))
    by = ["year", "county", "sector"]
    other = nav.Survey.from_responses(rows, outcome="yes", by=by, weights="w", weighting="effective")
    wider = nav.Model(
        nav.Share(),
        nav.Effect("sector", scale=0.4),
        nav.Group("county", scale=1.5),
        nav.Group("county", "sector", scale=nav.HalfStudentT(0.6)),
        nav.Trend("year", order=2, scale=0.1),
        intercept_scale=2.5,
    )
    assert other.cells.sizes["cell"] == survey.cells.sizes["cell"] - 1
    refit = fit_by_nuts(wider, other, draws=300, seed=5)
    assert (len(models), len(functions), len(numba_events)) == (0, 0, 0)
    nuts._compiled.clear()
    fresh = fit_by_nuts(wider, other, draws=300, seed=5)
    assert (len(models), len(functions) > 0, len(numba_events) > 0) == (1, True, True)
    for name in fresh["posterior"].data_vars:
        np.testing.assert_array_equal(refit["posterior"][name], fresh["posterior"][name])
    assert not np.allclose(first["posterior"]["intercept"], fresh["posterior"]["intercept"])
    # and back: the first numbers are not kept by the second fit
    again = fit_by_nuts(model, survey, draws=300, seed=5)
    assert len(models) == 1
    np.testing.assert_array_equal(again["posterior"]["county_effect"], first["posterior"]["county_effect"])


def printed(share, n):
    """Five offices: three unweighted with n, two with intervals; how many counts print so differs by n."""
    table = pd.DataFrame({"office": list("ABCDE"), "share": share, "n": n})
    half = np.array([np.nan, np.nan, np.nan, 5, 7])
    table = table.assign(lower=table["share"] - half, upper=table["share"] + half)
    return nav.Survey.from_report(table, by="office", n="n", lower="lower", upper="upper")


@pytest.mark.slow
def test_short_log_density_of_a_refit_is_that_of_a_fresh_graph():
    one = printed([29, 50, 93, 71, 60], [24, 30, 300, 80, 90])
    other = printed([31, 44, 8, 62, 81], [900, 25, 700, 80, 90])
    rng = np.random.default_rng(4)
    lengths, codes = [], set()
    for survey, scale in ((one, 0.5), (other, 1.3)):
        design = designs.design(nav.Model(nav.Reported(), nav.Group("office", scale=scale)), survey)
        lengths.append(len(design.data["log_choose"]))
        for coordinates in (whitened_coordinates, plain_coordinates):
            at = coordinates(design)
            compiled = nuts.compile_once(design, at)
            codes.add(compiled.compiled_logp_func.address)
            for _ in range(3):
                point = rng.normal(size=compiled.n_dim)
                value, gradient = log_density(compiled, point)
                expected, slope = fresh_density(design, at, point)
                assert value == pytest.approx(float(expected), rel=1e-12, abs=1e-10)
                assert gradient == pytest.approx(slope, rel=1e-10, abs=1e-10)
    assert len(codes) == 1  # compiled once, for all of them
    assert lengths[0] != lengths[1]  # the flat numbers may change their length


def test_a_refit_starts_from_its_own_rough_mode(model, survey):
    design = designs.design(model, survey)
    at = whitened_coordinates(design)
    start = nuts.compile_once(design, at).initial_point_func(7)
    learned = [at.parameters[name] for name in ("county_sd", "county:sector_sd", "year_sd")]
    rough = np.concatenate([np.log(learned), np.zeros(len(at.pull))])
    assert np.abs(start - rough).max() <= 1
    assert (start == nuts.compile_once(design, at).initial_point_func(7)).all()
    assert (start != nuts.compile_once(design, at).initial_point_func(8)).all()


def test_numbers_of_another_type_are_refused(model, survey):
    design = designs.design(model, survey)
    at = plain_coordinates(design)
    compiled, numbers = nuts.compile_once(design, at), nuts.graph_numbers(design, at)
    for name, wrong in (("table", np.float32), ("index", np.int64)):
        with pytest.raises(
            TypeError, match=rf"{name} was compiled as \w+ with 2 dims; given: {np.dtype(wrong)} with 2"
        ):
            nuts._exchange(compiled, {**numbers, name: numbers[name].astype(wrong)}, start=None)


def test_the_graph_that_nuts_samples_is_small(model, survey):
    design = designs.design(model, survey)
    compiled = nuts.compile_once(design, plain_coordinates(design))
    assert (
        len(compiled.logp_func.maker.fgraph.apply_nodes) < 80
    )  # each costs time to compile; the mean of the intercept is four, whitening twelve
    assert len(compiled.shared_var_keys) == 4  # and so does each array of numbers


@pytest.mark.slow
def test_sums_of_crossed_groups_of_few_levels_pass_at_once_and_as_laplace_has_them():
    # simulated: what a battery, its items and its years have in common is known in sum only
    levels = [list("ABCD"), list("pqr"), range(2020, 2025)]
    cells = pd.MultiIndex.from_product(levels, names=["battery", "item", "year"]).to_frame(index=False)
    rng = np.random.default_rng(12)
    of = {size: rng.normal(0, 0.3, size) for size in (4, 12, 20)}
    place = cells.groupby(["battery", "item"]).ngroup(), cells.groupby(["battery", "year"]).ngroup()
    logit = of[4][place[0] // 3] + of[12][place[0]] + of[20][place[1]] + rng.normal(0, 0.2, len(cells))
    cells["n"] = 600
    cells["k"] = rng.binomial(600, 1 / (1 + np.exp(-logit)))
    survey = nav.Survey.from_counts(cells, by=["battery", "item", "year"], positive="k", n="n")
    groups = [("battery",), ("battery", "item"), ("battery", "year"), ("battery", "item", "year")]
    model = nav.Model(nav.Share(), *(nav.Group(*names) for names in groups), nav.Trend("year", order=1))
    walked, weighted = (nav.fit(model, survey, engine=engine, draws=4000, seed=1) for engine in ("nuts", "laplace"))
    assert (walked.attrs["coordinates"], walked.attrs["unconverged"], weighted.attrs["unconverged"]) == (
        "whitened", "", "",
    )  # fmt: skip
    shares = [nav.estimate(each, by=["battery", "item", "year"]) for each in (walked, weighted)]
    mean, sd = ([getattr(each, how)(("chain", "draw")) for each in shares] for how in ("mean", "std"))
    assert float((abs(mean[0] - mean[1]) / sd[0]).max()) < 0.1
    # 16,000 draws each: the sd of a normal is known to 1 / sqrt(2 ESS), 0.6 % by laplace and 1 % by nuts where ESS is
    # 5,000, so that the largest of 60 ratios is off by less than 4 % by chance
    assert float(abs(sd[1] / sd[0] - 1).max()) < 0.05
