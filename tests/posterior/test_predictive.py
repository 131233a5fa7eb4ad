"""Replicated data and leave-one-out: against beta-binomial answers, quadrature, refits and ArviZ."""

import json
import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import special, stats

import navmodels as nav
from navmodels.fits.pointwise import log_likelihood
from navmodels.fits.records import record_design
from navmodels.gate import NotConvergedError
from navmodels.models import designs
from navmodels.posterior import check_fit, estimate, loo, replicate, summarise

DIRICHLET = np.array([4.0, 7.0, 2.0, 10.0])


def known_fit(model, survey, **posterior):
    """Return a fit whose posterior is given: arrays of dims (chain, draw, ...), the last ones with their labels."""
    design = designs.design(model, survey)
    labels = {block.name: block.labels for block in design.blocks}
    labels |= {design.channels.dim: list(design.channels.labels)} if design.channels.dim else {}
    variables = {}
    for name, values in posterior.items():
        first = (name.removesuffix("_effect"),) if name.endswith("_effect") else ()
        further = (design.channels.dim,) if values.ndim > 2 + len(first) else ()
        variables[name] = (("chain", "draw", *first, *further), values)
    used = {dim for dims, _ in variables.values() for dim in dims}
    labels |= {"chain": range(4), "draw": range(next(iter(posterior.values())).shape[1])}
    dataset = xr.Dataset(variables, {name: each for name, each in labels.items() if name in used})
    cells, attrs = record_design(design)
    groups = {"posterior": dataset, "survey": cells, "log_likelihood": log_likelihood(design, dataset)}
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {**attrs, "engine": "made", "seed": 5, "unconverged": "", "weighting": "none", "simulated": ""}
    return tree


def offices(k, n, **more):
    frame = pd.DataFrame({"office": [f"office {i:02d}" for i in range(len(k))], "k": k, "n": n})
    return nav.Survey.from_counts(frame, by="office", positive="k", n="n", **more)


def beta_fit(survey, a, b, *, draws=5000, seed=1):
    """Return a fit whose shares are independent beta draws, so that replicates are beta-binomial."""
    rng = np.random.default_rng(seed)
    eta = special.logit(rng.beta(a, b, (4, draws, len(a))))
    model = nav.Model(nav.Share(), nav.Group("office"))
    return known_fit(model, survey, intercept=np.zeros((4, draws)), office_effect=eta)


def two_sided(distribution, k):
    less = distribution.cdf(k - 1) + distribution.pmf(k) / 2
    return 2 * np.minimum(less, 1 - less)


# ---- shares


A, B, N, K = np.array([8.0, 3, 20, 1]), np.array([12.0, 1, 5, 9]), np.array([40, 7, 90, 1]), np.array([20, 4, 60, 1])


def test_shares_are_beta_binomial():
    table = check_fit(beta_fit(offices(K, N), A, B))
    exact = stats.betabinom(N, A, B)
    columns = ["office", "n", "observed", "expected", "sd", "lower", "upper", "prob", "residual", "p"]
    assert table.columns.tolist() == columns
    assert table["observed"].to_numpy() == pytest.approx(K / N, rel=1e-15)
    assert table["expected"].to_numpy() == pytest.approx(exact.mean() / N, abs=4 * (exact.std() / N).max() / 140)
    assert table["sd"].to_numpy() == pytest.approx(exact.std() / N, rel=0.02)
    assert table["lower"].to_numpy() * N == pytest.approx(exact.ppf(0.025), abs=1.01)
    assert table["upper"].to_numpy() * N == pytest.approx(exact.ppf(0.975), abs=1.01)
    assert table["p"].to_numpy() == pytest.approx(two_sided(exact, K), abs=0.02)
    residual = (table["observed"] - table["expected"]) / table["sd"]
    assert table["residual"].to_numpy() == pytest.approx(residual, rel=1e-14)
    # the sum over all cells, whose beta-binomials are independent
    (row,) = table.attrs["calibration"]["categories"]
    assert (row["category"], row["observed"]) == ("positive", K.sum())
    assert row["expected"] == pytest.approx(exact.mean().sum(), abs=4 * np.sqrt(exact.var().sum()) / 140)
    assert row["upper"] - row["lower"] == pytest.approx(2 * 1.96 * np.sqrt(exact.var().sum()), rel=0.05)


def test_outside_is_counted_as_often_as_discreteness_allows():
    table = check_fit(beta_fit(offices(K, N), A, B))
    exact = stats.betabinom(N, A, B)
    chance = exact.cdf(np.round(table["lower"] * N) - 1) + exact.sf(np.round(table["upper"] * N))
    assert (chance < 0.053).all()
    outside = table.attrs["calibration"]["outside"]
    assert outside["expected"] == pytest.approx(chance.sum(), abs=0.01)
    assert (outside["rows"], outside["observed"]) == (4, 0)
    assert outside["p"] == 1.0
    assert json.loads(json.dumps(table.attrs)) == table.attrs


def test_the_check_summarises_replicates():
    fit = beta_fit(offices(K, N), A, B, draws=300)
    again, table = replicate(fit), check_fit(fit)
    assert again.dims == ("chain", "draw", "cell")
    assert (again.name, again.shape) == ("positive", (4, 300, 4))
    assert again["office"].to_numpy().tolist() == table["office"].tolist()
    assert (again.attrs["quantity"], again.attrs["seed"], again.attrs["engine"]) == ("replicate", 5, "made")
    shares = again / again["size"]
    assert table["expected"].to_numpy() == pytest.approx(shares.mean(("chain", "draw")).to_numpy(), rel=1e-14)
    assert table["sd"].to_numpy() == pytest.approx(shares.std(("chain", "draw"), ddof=1).to_numpy(), rel=1e-12)
    assert (replicate(fit, seed=5) == again).all()
    assert (replicate(fit, seed=6) != again).any()
    assert check_fit(fit, seed=6)["expected"].tolist() != table["expected"].tolist()
    assert summarise(again)["mean"].to_numpy() == pytest.approx(table["expected"] * N, rel=1e-12)


def test_chunks_of_cells_change_nothing_but_the_numbers(monkeypatch):
    fit = beta_fit(offices(K, N), A, B)
    whole, score = check_fit(fit), loo(fit)
    monkeypatch.setattr("navmodels.posterior.predictive.CHUNK", 1)
    monkeypatch.setattr("navmodels.posterior.elpd.CHUNK", 1)
    parts = check_fit(fit)
    assert parts["office"].tolist() == whole["office"].tolist()
    assert parts["observed"].tolist() == whole["observed"].tolist()
    assert parts["expected"].to_numpy() == pytest.approx(whole["expected"], abs=0.02)
    assert loo(fit)["elpd"].tolist() == score["elpd"].tolist()


def test_draws_are_thinned_evenly():
    fit = beta_fit(offices([500_000] * 2, [1_000_000] * 2), np.full(2, 4.0), np.full(2, 4.0), draws=50)
    few = replicate(fit, draws=10)
    assert few["draw"].to_numpy().tolist() == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]
    share = special.expit(fit["posterior"]["office_effect"].to_numpy()[:, ::5])  # n is so large that they nearly agree
    assert few.to_numpy() / 1e6 == pytest.approx(share, abs=0.003)
    assert replicate(fit, draws=80).sizes["draw"] == 50


def test_p_is_uniform_when_the_model_is_true():
    rng = np.random.default_rng(11)
    a, b, n, found, spread, outside = np.full(15, 6.0), np.full(15, 4.0), np.full(15, 150), [], [], []
    for seed in range(100):
        share = rng.beta(a, b)
        table = check_fit(beta_fit(offices(rng.binomial(n, share), n), a, b, draws=100, seed=seed), seed=seed)
        found.extend(table["p"])
        outside.append(table.attrs["calibration"]["outside"]["observed"])
    for seed in range(15):
        wide = rng.beta(a / 3, b / 3)  # a truth more varied than the model says
        spread.extend(
            check_fit(beta_fit(offices(rng.binomial(n, wide), n), a, b, draws=100, seed=seed), seed=seed)["p"]
        )
    assert stats.kstest(found, "uniform").pvalue > 0.01
    assert np.mean(outside) / 15 == pytest.approx(0.05, abs=0.02)
    assert np.mean(np.array(spread) < 0.05) > 0.15


def test_p_of_what_never_occurs_is_small_but_not_zero():
    survey = offices([0, 30], [50, 50])
    table = check_fit(beta_fit(survey, np.array([5e4, 3e4]), np.array([1e3, 2e4])))
    assert table["p"].tolist()[0] == pytest.approx(1 / 20_001, rel=1e-12)  # the observed is one of 20 001
    assert table["residual"][0] < -15
    assert table.attrs["worst"].startswith(
        "1 of 2 lie outside their 95 % interval, 0.0 expected. Worst: office 00 (observed 0.0 %, expected 98.0 %, "
        "p < 0.001); office 01 (observed 60.0 %,"
    )


def test_cells_without_answers_have_no_row():
    population = pd.DataFrame({"office": [f"office {i:02d}" for i in range(3)], "weight": 1.0})
    fit = beta_fit(offices([4, 0, 9], [10, 0, 20], population=population), np.full(3, 5.0), np.full(3, 5.0), draws=200)
    table, score = check_fit(fit), loo(fit)
    assert table["office"].tolist() == score["office"].tolist() == ["office 00", "office 02"]
    assert table.attrs["empty"] == score.attrs["empty"] == 1
    assert replicate(fit)[:, :, 1].max() == 0
    assert table.attrs["calibration"]["categories"][0]["observed"] == 13
    assert table[["expected", "sd", "residual", "p"]].notna().all(axis=None)


def test_weighted_answers():
    rows = pd.DataFrame({"office": ["A"] * 3 + ["B"], "yes": [1, 0, 1, 1], "w": [1.0, 2.0, 3.0, 0.3]})
    survey = nav.Survey.from_responses(rows, outcome="yes", by="office", weights="w", weighting="effective")
    model = nav.Model(nav.Share(), nav.Group("office"))
    fit = known_fit(model, survey, intercept=np.zeros((4, 500)), office_effect=np.zeros((4, 500, 2)))
    again, table = replicate(fit), check_fit(fit)
    assert again["size"].to_numpy().tolist() == [2.0, 1.0]  # A: 6²/14 = 2.6, rounded down
    assert table["n"].tolist() == [3, 1]
    assert table["observed"].to_numpy() == pytest.approx([4 / 6, 1.0], rel=1e-14)
    assert table["sd"].to_numpy() == pytest.approx(np.sqrt([0.25 / 2, 0.25]), rel=0.05)
    (row,) = table.attrs["calibration"]["categories"]
    assert row["observed"] == pytest.approx(36 / 14 * 4 / 6 + 1, rel=1e-12)
    assert row["expected"] == pytest.approx((36 / 14 + 1) / 2, abs=0.1)


# ---- ratings and choices


@pytest.mark.parametrize("ordered", [True, False])
def test_categories_are_dirichlet_multinomial(ordered):
    count = np.array([6, 20, 9, 15])
    frame = pd.DataFrame([count], columns=list("abcd")).assign(office="A")
    labels = [1, 2, 3, 4] if ordered else list("abcd")
    survey = nav.Survey.from_counts(frame, by="office", counts=list("abcd"), categories=labels, ordered=ordered)
    p = np.random.default_rng(4).dirichlet(DIRICHLET, (4, 5000))
    if ordered:
        model, given = nav.Model(nav.Rating()), {"threshold": special.logit(p.cumsum(axis=-1)[..., :-1])}
    else:
        model, given = nav.Model(nav.Choice()), {"intercept": np.log(p) - np.log(p).mean(axis=-1, keepdims=True)}
    fit = known_fit(model, survey, **given)
    exact = stats.betabinom(50, DIRICHLET, DIRICHLET.sum() - DIRICHLET)
    table, again = check_fit(fit), replicate(fit, draws=2000)
    assert again.dims == ("chain", "draw", "cell", "category")
    assert (again.name, again["category"].to_numpy().tolist()) == ("count", labels)
    assert (again.sum("category") == 50).all()
    assert table["category"].tolist() == labels
    assert table["n"].tolist() == [50] * 4
    assert table["observed"].to_numpy() == pytest.approx(count / 50)
    assert table["expected"].to_numpy() == pytest.approx(exact.mean() / 50, abs=4 * exact.std().max() / 50 / 140)
    assert table["sd"].to_numpy() == pytest.approx(exact.std() / 50, rel=0.02)
    assert table["lower"].to_numpy() * 50 == pytest.approx(exact.ppf(0.025), abs=1.01)
    assert table["upper"].to_numpy() * 50 == pytest.approx(exact.ppf(0.975), abs=1.01)
    assert table["p"].to_numpy() == pytest.approx(two_sided(exact, count), abs=0.02)
    rows = table.attrs["calibration"]["categories"]
    assert [row["category"] for row in rows] == labels
    assert [row["observed"] for row in rows] == pytest.approx(count)
    assert [row["p"] for row in rows] == pytest.approx(table["p"])
    assert "category " in table.attrs["worst"]


@pytest.mark.filterwarnings("ignore::navmodels.PriorConflictWarning")  # meant
@pytest.mark.parametrize("ordered", [True, False])
def test_categories_by_cell(ordered):
    rng = np.random.default_rng(8)
    counts = rng.multinomial([60, 80, 75, 66, 90], [0.2, 0.3, 0.5])
    counts[3] = [50, 10, 6]  # against the others
    frame = pd.DataFrame(counts, columns=list("abc")).assign(office=list("ABCDE"))
    survey = nav.Survey.from_counts(frame, by="office", counts=list("abc"), categories=[1, 2, 3], ordered=ordered)
    outcome = nav.Rating() if ordered else nav.Choice()
    fit = nav.fit(nav.Model(outcome, nav.Group("office", scale=0.05)), survey, engine="laplace", draws=250, seed=1)
    table = check_fit(fit)
    assert table["office"].tolist() == [office for office in "ABCDE" for _ in range(3)]
    assert table["observed"].to_numpy() == pytest.approx((counts / counts.sum(axis=1, keepdims=True)).ravel())
    assert ". Worst: D, category 1 (observed 75.8 %" in table.attrs["worst"]
    share = estimate(fit, by="office", category=[1, 2, 3]).mean(("chain", "draw")).to_numpy().ravel()
    assert table["expected"].to_numpy() == pytest.approx(share, abs=0.015)
    observed = [row["observed"] for row in table.attrs["calibration"]["categories"]]
    assert observed == pytest.approx(counts.sum(axis=0))
    score = loo(fit)
    assert score["office"].tolist() == list("ABCDE")
    assert score["elpd"].idxmin() == 3
    assert score["elpd"].to_numpy() == pytest.approx(pointwise_loo(fit, reff=1.0).elpd_i.to_numpy(), rel=1e-12)


# ---- published numbers


def test_published_counts_are_printed_again():
    frame = pd.DataFrame({"office": ["A host", "B own", "C none"], "share": [29, 54, 0], "n": [24, 41, 13]})
    survey = nav.Survey.from_report(frame, by="office", n="n")
    eta = special.logit(np.random.default_rng(3).beta([7, 22, 1], [17, 19, 30], (4, 4000, 3)))
    model = nav.Model(nav.Reported(), nav.Group("office"))
    fit = known_fit(model, survey, intercept=np.zeros((4, 4000)), office_effect=eta)
    again, table = replicate(fit), check_fit(fit)
    assert (again.name, again.attrs["digits"]) == ("estimate", 0)
    k = np.arange(25)
    assert set(np.unique(again[..., 0])) <= set(np.floor(100 * k / 24 + 0.5))  # 12.5 % prints as 13 %
    assert 13.0 in again[..., 0]
    exact = stats.betabinom(frame["n"], [7, 22, 1], [17, 19, 30])
    # 7 of 24 is 29 %, 22 of 41 is 54 %, 0 of 13 is 0 %; no other count prints so
    assert table["p"].to_numpy() == pytest.approx(two_sided(exact, np.array([7, 22, 0])), abs=0.02)
    assert table["expected"].to_numpy() == pytest.approx(100 * exact.mean() / frame["n"], abs=0.5)
    assert table["n"].tolist() == [24, 41, 13]
    assert table.attrs["unit"] == "percent"
    (row,) = table.attrs["calibration"]["categories"]
    assert row["observed"] == pytest.approx(np.average(frame["share"], weights=frame["n"]))
    assert "C none (observed 0.0 %" in table.attrs["worst"]


@pytest.mark.parametrize(
    ("unit", "share", "digits", "expected"),
    [
        ("percent", [29.0, 54.0], 0, 0),
        ("percent", [29.0, 54.5], 0, 1),
        ("percent", [29.0, 54.0], 1, 1),
        ("proportion", [0.5, 0.6], 0, 2),
        ("proportion", [0.5, 0.625], 0, 3),
        ("identity", [-3.0, 4.0], 0, 0),
        ("identity", [-3.0, 4.0], 2, 2),
    ],
)
def test_digits_are_those_that_were_printed(unit, share, digits, expected):
    scale = {"percent": 4.0, "proportion": 0.04, "identity": 4.0}[unit]
    frame = pd.DataFrame({"office": ["A", "B"], "share": share, "se": scale})
    survey = nav.Survey.from_report(frame, by="office", se="se", unit=unit, digits=digits)
    model = nav.Model(nav.Reported(), nav.Group("office"))
    effect = np.random.default_rng(2).normal(size=(4, 100, 2))
    fit = known_fit(model, survey, intercept=np.zeros((4, 100)), office_effect=effect)
    again = replicate(fit)
    assert again.attrs["digits"] == expected
    assert (again.to_numpy() == np.round(again.to_numpy(), expected)).all()
    assert (again.to_numpy() != np.round(again.to_numpy(), expected - 1)).any()


def test_digits_stay_when_rows_are_dropped():
    frame = pd.DataFrame({"office": list("ABC"), "share": [29.0, 54.0, 33.3], "n": [2400, 4100, 300]})
    survey = nav.Survey.from_report(frame, by="office", n="n").drop(office="C")
    model = nav.Model(nav.Reported(), nav.Group("office"))
    fit = known_fit(model, survey, intercept=np.zeros((4, 100)), office_effect=np.zeros((4, 100, 2)))
    assert replicate(fit).attrs["digits"] == 1


def test_published_intervals_are_logit_normal():
    frame = pd.DataFrame({"office": ["A", "B"], "share": [71.0, 20.0], "lower": [66.0, 12.0], "upper": [76.0, 31.0]})
    survey = nav.Survey.from_report(frame, by="office", lower="lower", upper="upper")
    centre, width = np.array([0.5, -0.9]), np.array([0.1, 0.3])
    effect = np.random.default_rng(6).normal(centre, width, (4, 5000, 2))
    model = nav.Model(nav.Reported(), nav.Group("office"))
    fit = known_fit(model, survey, intercept=np.zeros((4, 5000)), office_effect=effect)
    exact = stats.norm(centre, np.hypot(width, survey.cells["sd"].to_numpy()))
    table = check_fit(fit)
    assert table["lower"].to_numpy() == pytest.approx(100 * special.expit(exact.ppf(0.025)), abs=1.01)
    assert table["upper"].to_numpy() == pytest.approx(100 * special.expit(exact.ppf(0.975)), abs=1.01)
    ends = special.logit((frame["share"].to_numpy() + np.array([[-0.5], [0.5]])) / 100)
    less = exact.cdf(ends).mean(axis=0)  # half of what prints the same
    assert table["p"].to_numpy() == pytest.approx(2 * np.minimum(less, 1 - less), abs=0.02)
    (row,) = table.attrs["calibration"]["categories"]
    assert (row["category"], row["observed"]) == ("weighted mean", 45.5)


# ---- the gate, and what is shown


@pytest.fixture(scope="module")
def planted():
    """Twelve offices with the same share but one."""
    rng = np.random.default_rng(2)
    frame = pd.MultiIndex.from_product([[2022, 2023, 2024], list("ABCD")], names=["year", "office"]).to_frame(False)
    frame = frame.assign(n=80, k=rng.binomial(80, 0.6, 12))
    frame.loc[6, "k"] = 20  # 2023, C
    survey = nav.Survey.from_counts(frame, by=["year", "office"], positive="k", n="n")
    model = nav.Model(nav.Share(), nav.Group("office", scale=0.1), nav.Trend("year", scale=0.1))
    return nav.fit(model, survey, engine="laplace", seed=1)


def test_a_planted_cell_is_the_worst(planted):
    table, score = check_fit(planted), loo(planted)
    assert table["p"].idxmin() == table["residual"].abs().idxmax() == score["elpd"].idxmin() == 6
    assert ". Worst: 2023, C (observed 25.0 %, expected" in table.attrs["worst"]
    assert table.attrs["calibration"]["outside"]["observed"] >= 1
    assert table.loc[6, "observed"] < table.loc[6, "lower"]
    assert table.attrs["engine"] == "laplace"


def test_plot_check_draws_the_table(planted):
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    from navmodels.plots import plot_check

    ax = plot_check(check_fit(planted), worst=1)
    assert [text.get_text().split(" −")[0] for text in ax.texts] == ["2023, C"]
    plt.close(ax.figure)


def test_unconverged_fits_are_refused(planted):
    failed = planted.copy()
    failed.attrs = {**planted.attrs, "unconverged": "R-hat 1.2 for intercept (limit 1.01)"}
    for function in (check_fit, loo):
        with pytest.raises(NotConvergedError, match=r"did not converge: R-hat 1\.2 for intercept"):
            function(failed)
        stamped = function(failed, allow_unconverged=True)
        assert set(stamped["unconverged"]) == {"R-hat 1.2 for intercept (limit 1.01)"}
        assert "unconverged" not in function(planted)
    assert replicate(failed, draws=4).attrs["unconverged"] == "R-hat 1.2 for intercept (limit 1.01)"


def test_what_is_refused(planted):
    for draws in (0, 2.5, True):
        with pytest.raises(ValueError, match=r"draws is .*; allowed: a whole number from 1, or None"):
            replicate(planted, draws=draws)
    with pytest.raises(ValueError, match="seed is -1; allowed: a whole number from 0, or None"):
        check_fit(planted, seed=-1)
    with pytest.raises(ValueError, match=r"not made by navmodels\.fit"):
        replicate(xr.DataTree.from_dict({"posterior": xr.Dataset({"a": 1.0})}))


# ---- leave one out


def pointwise_loo(fit, **options):
    import arviz_stats

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Estimated shape parameter of Pareto")
        return arviz_stats.loo(fit, pointwise=True, **options)


def test_loo_is_that_of_arviz(planted):
    table, theirs = loo(planted), pointwise_loo(planted, reff=1.0)
    assert table.columns.tolist() == ["year", "office", "n", "elpd", "p_loo", "k", "passed"]
    assert table["elpd"].to_numpy() == pytest.approx(theirs.elpd_i.to_numpy(), rel=1e-12)
    assert table["k"].to_numpy() == pytest.approx(theirs.pareto_k.to_numpy(), rel=1e-12)
    found = [table.attrs[name] for name in ("elpd", "se", "p_loo", "k_limit")]
    assert found == pytest.approx([theirs.elpd, theirs.se, theirs.p, theirs.good_k], rel=1e-12)
    assert table["p_loo"].sum() == pytest.approx(theirs.p, rel=1e-12)
    assert table.attrs["unreliable"] == (theirs.pareto_k >= 0.7).sum()


def test_chains_count_by_their_effective_draws():
    rng = np.random.default_rng(9)
    noise, walk = rng.normal(size=(2000, 4, 5)), np.zeros((2000, 4, 5))
    for draw in range(1, 2000):
        walk[draw] = 0.9 * walk[draw - 1] + noise[draw]
    effect = 0.1 * walk.transpose(1, 0, 2)
    survey = offices([20, 31, 25, 28, 35], [50] * 5)
    model = nav.Model(nav.Share(), nav.Group("office"))
    fit = known_fit(model, survey, intercept=0.1 * rng.normal(size=(4, 2000)), office_effect=effect)
    table, theirs = loo(fit), pointwise_loo(fit)
    assert table["k"].to_numpy() == pytest.approx(theirs.pareto_k.to_numpy(), rel=1e-12)
    assert table["elpd"].to_numpy() == pytest.approx(theirs.elpd_i.to_numpy(), rel=1e-12)
    independent = pointwise_loo(fit, reff=1.0)
    assert abs(independent.pareto_k - theirs.pareto_k).max() > 0.01  # so it does matter


def test_eight_schools_by_quadrature(schools):
    model = nav.Model(nav.Reported(), nav.Group("school", scale=5.0), intercept_scale=10.0)
    fit = nav.fit(model, schools, engine="laplace", draws=4000, seed=1)
    y, se = schools.cells["estimate"].to_numpy(), schools.cells["sd"].to_numpy()
    mean, between = np.meshgrid(np.linspace(-40, 40, 401), np.linspace(0, 30, 301), indexing="ij")
    prior = stats.norm.pdf(mean, 0, 10) * stats.halfnorm.pdf(between, 0, 5)
    each = stats.norm.pdf(y[:, None, None], mean, np.sqrt(between**2 + se[:, None, None] ** 2))
    others = np.array([prior * np.delete(each, school, axis=0).prod(axis=0) for school in range(8)])
    exact = np.log((each * others).sum(axis=(1, 2)) / others.sum(axis=(1, 2)))
    table = loo(fit)
    assert table["passed"].all()
    assert table["elpd"].to_numpy() == pytest.approx(exact, abs=0.03)
    assert table.attrs["elpd"] == pytest.approx(exact.sum(), abs=0.08)


@pytest.mark.sampling
def test_refits_without_each_cell():
    k, n = np.array([30, 51, 44, 38, 12, 25, 9, 32]), np.array([60, 80, 75, 66, 20, 50, 10, 55])
    model = nav.Model(nav.Share(), nav.Group("office", scale=0.1))
    names = [f"office {i:02d}" for i in range(8)]
    whole = pd.DataFrame({"office": names, "weight": 1.0})
    table = loo(nav.fit(model, offices(k, n), engine="laplace", draws=4000, seed=1))
    assert table["passed"].all()
    exact = []
    for left in range(8):
        kept = np.arange(8) != left
        survey = offices(k * kept, n * kept, population=whole)
        fit = nav.fit(model, survey, engine="laplace", draws=4000, seed=left)
        share = estimate(fit, by="office").sel(office=names[left]).to_numpy()
        exact.append(np.log(stats.binom.pmf(k[left], n[left], share).mean()))
    assert table["elpd"].to_numpy() == pytest.approx(exact, abs=0.05)


def test_cells_that_nothing_else_predicts_are_named():
    survey = offices([2500, 4000, 500, 3000], [5000] * 4)
    model = nav.Model(nav.Share(), nav.Group("office", scale=1.0))
    table = loo(nav.fit(model, survey, engine="laplace", seed=1))
    assert table.attrs["unreliable"] == (table["k"] >= 0.7).sum() == (~table["passed"]).sum() > 0
    worst = table.loc[table["k"].idxmax()]
    assert table.attrs["warning"].startswith(f"k is 0.7 or more in {table.attrs['unreliable']} of 4 cells")
    assert f": {worst['office']} ({worst['k']:.2f})" in table.attrs["warning"]
