"""Draws of the laplace engine against exact answers: quadrature, conjugate posteriors, published reference means."""

from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import integrate, special, stats

import navmodels as nav
from navmodels.engines.laplace import proposals
from navmodels.engines.laplace import sampling as laplace
from navmodels.engines.laplace.sampling import sample_laplace
from navmodels.engines.laplace.targets import make_target
from navmodels.models import designs

LETTERS = [chr(65 + place) for place in range(26)]


def shares(k, n):
    frame = pd.DataFrame({"office": LETTERS[: len(k)], "k": k, "n": n})
    return nav.Survey.from_counts(frame, by="office", positive="k", n="n")


def means(y, se, **factors):
    frame = pd.DataFrame({**(factors or {"office": LETTERS[: len(y)]}), "y": y, "se": se})
    return nav.Survey.from_report(frame, by=list(factors or ["office"]), estimate="y", se="se", unit="identity")


def flat(posterior):
    """Return {name: draws} of every scalar of a posterior."""
    out = {}
    for name, values in posterior.data_vars.items():
        array = values.to_numpy().reshape(values.sizes["chain"] * values.sizes["draw"], -1)
        labels = posterior[values.dims[2]].to_numpy() if values.ndim == 3 else [""]
        out |= {f"{name}[{label}]" if values.ndim == 3 else name: array[:, j] for j, label in enumerate(labels)}
    return out


def agree(fit, expected, *, within=4):
    """Assert means and sds within so many Monte Carlo standard errors of as many draws as the ratios are worth."""
    draws = flat(fit["posterior"].to_dataset())
    assert set(expected) <= set(draws)
    for name, (mean, sd) in expected.items():
        size = min(fit.attrs["effective_draws"], draws[name].size)
        spread = np.sqrt((stats.kurtosis(draws[name], fisher=False) - 1) / 4 / size)
        assert draws[name].mean() == pytest.approx(mean, abs=within * sd / np.sqrt(size)), name
        assert draws[name].std() == pytest.approx(sd, rel=within * spread), name


def evidence_agrees(fit, expected, *, within=4):
    size = fit.attrs["proposals"]
    error = np.sqrt((size / fit.attrs["effective_draws"] - 1) / size)  # of the log of a mean of weights
    assert fit.attrs["log_marginal_likelihood"] == pytest.approx(expected, abs=within * error)
    assert error < 0.02  # so that the test could fail


# ---- shares: quadrature over scale, intercept and each effect


def quadrature(k, n, prior, *, intercept_scale=1.5):
    """Return the log-evidence, and {name: (mean, sd)}, of offices with one Group: sums over equally spaced points."""
    u, z = np.linspace(-7, 7, 71), np.linspace(-8, 8, 201)
    a = intercept_scale * np.linspace(-6.5, 6.5, 281)
    s = prior.from_normal(u)
    within = stats.norm.logpdf(z) + np.log(z[1] - z[0])
    log_weight = stats.norm.logpdf(u)[:, None] + stats.norm.logpdf(a, scale=intercept_scale)
    moments = []
    for positive, total in zip(k, n, strict=True):
        choose = special.gammaln(total + 1) - special.gammaln(positive + 1) - special.gammaln(total - positive + 1)
        parts = np.empty((3, len(u), len(a)))
        for place, scale in enumerate(s):
            eta = a[:, None] + scale * z
            density = np.exp(choose + positive * eta - total * np.logaddexp(0, eta) + within)
            parts[:, place] = np.stack([density @ (scale * z) ** power for power in range(3)])
        log_weight += np.log(parts[0])
        moments.append(parts[1:] / parts[0])
    weight = np.exp(log_weight - log_weight.max())
    evidence = log_weight.max() + np.log(weight.sum() * (u[1] - u[0]) * (a[1] - a[0]))
    weight /= weight.sum()
    pairs = {"intercept": (a, a**2), "office_sd": (s[:, None], s[:, None] ** 2)}
    pairs |= {f"office_effect[{LETTERS[place]}]": tuple(each) for place, each in enumerate(moments)}
    sums = {name: ((weight * one).sum(), (weight * two).sum()) for name, (one, two) in pairs.items()}
    return evidence, {name: (one, np.sqrt(two - one**2)) for name, (one, two) in sums.items()}


CASES = {
    "four offices": ([30, 51, 44, 38], [60, 80, 75, 66], nav.HalfNormal(0.5)),
    "two offices": ([3, 11], [9, 14], nav.HalfNormal(0.5)),
    "three that differ": ([2, 30, 58], [60, 60, 60], nav.Exponential(0.5)),
    "tiny": ([0, 2, 1, 3, 0], [2, 2, 1, 3, 3], nav.HalfNormal(2.5)),
    "no answers in one": ([7, 0, 5], [9, 0, 12], nav.HalfStudentT(0.5)),
    "identical": ([12, 12, 12, 12, 12], [20, 20, 20, 20, 20], nav.HalfNormal(0.5)),
    "all positive": ([3, 3, 3], [3, 3, 3], nav.HalfNormal(0.5)),
}


@pytest.mark.parametrize("case", CASES)
def test_shares_against_quadrature(case):
    k, n, prior = CASES[case]
    fit = nav.fit(nav.Model(nav.Share(), nav.Group("office", scale=prior)), shares(k, n), engine="laplace", seed=1)
    assert fit.attrs["unconverged"] == ""
    evidence, expected = quadrature(k, n, prior)
    agree(fit, expected)
    evidence_agrees(fit, evidence)


def test_error_over_seeds_is_the_error_stated():
    k, n, prior = CASES["tiny"]
    design = designs.design(nav.Model(nav.Share(), nav.Group("office", scale=prior)), shares(k, n))
    evidence, expected = quadrature(k, n, prior)
    off, evidences = [], []
    for seed in range(60):
        posterior, _, attrs = sample_laplace(design, draws=1000, chains=4, seed=seed)
        draws, size = flat(posterior), min(attrs["effective_draws"], 4000)
        off.append([(draws[name].mean() - mean) / sd * np.sqrt(size) for name, (mean, sd) in expected.items()])
        evidences.append(attrs["log_marginal_likelihood"])
    off = np.array(off)
    assert np.abs(off.mean(axis=0)).max() < 4 / np.sqrt(60)  # no bias
    assert np.sqrt((off**2).mean(axis=0)).max() < 1.25
    assert np.mean(evidences) == pytest.approx(evidence, abs=4 * np.std(evidences) / np.sqrt(60))


def test_error_over_seeds_of_several_scales_is_that_of_as_many_draws():
    """Points of the standard deviations are fewer than draws, but evenly spread."""
    rng, names = np.random.default_rng(2), ["age", "county", "sector", "year"]
    frame = pd.MultiIndex.from_product([list("ab")] * 4, names=names).to_frame(index=False)
    frame = frame.assign(n=rng.integers(3, 9, 16), k=lambda given: rng.binomial(given["n"], 0.6))
    survey = nav.Survey.from_counts(frame, by=names, positive="k", n="n")
    design = designs.design(nav.Model(nav.Share(), *(nav.Group(name) for name in names)), survey)
    ends, errors = [], []
    for seed in range(20):
        posterior, _, _ = sample_laplace(design, draws=1000, chains=4, seed=seed)
        scales = posterior[[f"{name}_sd" for name in names]]
        ends.append(scales.quantile((0.025, 0.5, 0.975), dim=("chain", "draw")).to_array())
        errors.append([az.mcse(scales, method="quantile", prob=prob).to_array() for prob in (0.025, 0.5, 0.975)])
    ratio = np.std(ends, axis=0).T / np.mean(errors, axis=0)
    assert (ratio.mean(axis=1) < 1.25).all()


def test_without_groups_against_quadrature():
    fit = nav.fit(nav.Model(nav.Share(), intercept_scale=2), shares([20, 17], [30, 20]), engine="laplace", seed=1)

    def density(eta, power):
        return eta**power * stats.binom.pmf(37, 50, special.expit(eta)) * stats.norm.pdf(eta, scale=2)

    total, one, two = (integrate.quad(density, -3, 5, args=(power,))[0] for power in range(3))
    agree(fit, {"intercept": (one / total, np.sqrt(two / total - (one / total) ** 2))})
    evidence_agrees(fit, np.log(total))


# ---- printed means: normal given the scales


def basis_columns(design):
    """Return the columns of the linear predictor for scale 1, the intercept first."""
    cells = len(design.cells)
    parts = [np.full((cells, 1), design.intercept_scale)]
    for block in design.blocks:
        parts.append((np.eye(len(block.levels)) if block.basis is None else block.basis)[block.index])
    return parts


def conditional(design, scales):
    """Return log-evidence, and mean and covariance of the whitened coefficients, for given scales of each block."""
    data, parts = design.data, basis_columns(design)
    columns = np.hstack([scale * each for scale, each in zip([1.0, *scales], parts, strict=True)])
    noise = np.diag(data["sd"] ** 2 + data["half"] ** 2 / 3)  # rounding is a uniform error, nearly
    cover = columns @ columns.T + noise
    width = (design.survey.cells["high"] - design.survey.cells["low"]).to_numpy()  # as printed
    log_density = stats.multivariate_normal.logpdf(data["centre"], cov=cover) + np.log(width).sum()
    gain = np.linalg.solve(cover, columns).T
    return log_density, gain @ data["centre"], np.eye(columns.shape[1]) - gain @ columns


def named_moments(design, scales, mean, cover):
    """Return {name: (mean, second moment)} of intercept and effects by level."""
    scale = design.intercept_scale
    out = {"intercept": (scale * mean[0], scale**2 * (cover[0, 0] + mean[0] ** 2))}
    first = 1
    for block, scale in zip(design.blocks, scales, strict=True):
        rows = scale * (np.eye(len(block.levels)) if block.basis is None else block.basis)
        part = slice(first, first + rows.shape[1])
        one, two = rows @ mean[part], np.einsum("lc,cd,ld->l", rows, cover[part, part], rows)
        out |= {
            f"{block.name}_effect[{label}]": (m, v + m**2) for label, m, v in zip(block.labels, one, two, strict=True)
        }
        first += rows.shape[1]
    return out


def over_scales(design, grid):
    """Return log-evidence and {name: (mean, sd)} by sums over a grid of u, dims (point, learned scale)."""
    log_weights, moments = [], []
    for u in grid:
        column = iter(u)
        scales = [block.scale.fixed if block.sd is None else float(block.parameters[block.sd].from_normal(next(column)))
                  for block in design.blocks]  # fmt: skip
        log_density, mean, cover = conditional(design, scales)
        log_weights.append(log_density + stats.norm.logpdf(u).sum())
        given = named_moments(design, scales, mean, cover)
        taken = {block.sd: scale for block, scale in zip(design.blocks, scales, strict=True) if block.sd is not None}
        given |= {name: (scale, scale**2) for name, scale in taken.items()}
        moments.append(given)
    weight = np.exp(np.array(log_weights) - max(log_weights))
    step = np.prod([np.diff(np.unique(axis)).min() for axis in grid.T])
    evidence = max(log_weights) + np.log(weight.sum() * step)
    weight /= weight.sum()
    sums = {name: weight @ np.array([each[name] for each in moments]) for name in moments[0]}
    return evidence, {name: (one, np.sqrt(two - one**2)) for name, (one, two) in sums.items()}


def test_fixed_scales_are_conjugate():
    survey = means([2.11, -0.37, 1.52, 3.94], [0.9, 1.1, 0.4, 1.6])
    design = designs.design(nav.Model(nav.Reported(), nav.Effect("office", scale=2), intercept_scale=2), survey)
    fit = nav.fit(design.model, survey, engine="laplace", draws=5000, seed=1)
    evidence, mean, cover = conditional(design, [2.0])
    moments = named_moments(design, [2.0], mean, cover)
    agree(fit, {name: (one, np.sqrt(two - one**2)) for name, (one, two) in moments.items()})
    evidence_agrees(fit, evidence)
    # draws are wider than a normal by design, so that even here the ratios do some work
    assert fit.attrs["pareto_k"] < 0.3
    assert fit.attrs["effective_draws"] > 0.6 * fit.attrs["proposals"]


def test_several_terms_against_quadrature():
    rng = np.random.default_rng(8)
    table = pd.MultiIndex.from_product([list("AB"), [2019, 2021, 2022]], names=["county", "year"]).to_frame(index=False)
    y = np.round(1 + 0.5 * (table["county"] == "B") + rng.normal(0, 0.6, 6), 2)
    survey = means(y, np.full(6, 0.31), county=table["county"], year=table["year"])
    terms = nav.Effect("county"), nav.Group("county", "year", scale=1), nav.Trend("year", order=2, scale=1)
    design = designs.design(nav.Model(nav.Reported(), *terms, intercept_scale=3), survey)
    axis = np.linspace(-6, 6, 41)
    evidence, expected = over_scales(design, np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2))
    fit = nav.fit(design.model, survey, engine="laplace", draws=5000, seed=1)
    assert len(expected) == 1 + 2 + 6 + 4 + 4 + 2
    agree(fit, expected)
    evidence_agrees(fit, evidence)


def test_eight_schools(schools):
    """Quadrature over the scale; reference means of posteriordb, eight_schools-eight_schools_noncentered."""
    model = nav.Model(nav.Reported(), nav.Group("school", scale=nav.HalfCauchy(5)), intercept_scale=5)
    evidence, expected = over_scales(designs.design(model, schools), np.linspace(-7, 7, 141)[:, None])
    fit = nav.fit(model, schools, engine="laplace", draws=5000, seed=1)
    assert fit.attrs["unconverged"] == ""
    agree(fit, expected)
    evidence_agrees(fit, evidence)
    assert expected["intercept"][0] == pytest.approx(4.41, abs=0.03)
    assert expected["school_sd"][0] == pytest.approx(3.60, abs=0.03)
    theta = nav.estimate(fit, by="school").mean(("chain", "draw")).to_numpy()
    assert theta == pytest.approx([6.15, 4.94, 3.91, 4.80, 3.61, 4.05, 6.32, 4.88], abs=0.1)


# ---- the check, when proposals are bad


@pytest.mark.parametrize(
    ("shift", "narrower", "flagged"),
    [(0, 0.1, False), (2, 1.0, False), (5, 1.0, False), (5, 0.1, True), (5, 0.03, True)],
)
def test_a_bad_proposal_is_mended_or_flagged(shift, narrower, flagged, monkeypatch):
    """Points of the standard deviation several sds off, or far too close to each other."""
    inner = laplace.find_proposal

    def spoilt(target):
        proposal = inner(target)
        return replace(proposal, centre=proposal.centre + shift, side=proposal.side * narrower)

    monkeypatch.setattr(laplace, "find_proposal", spoilt)
    k, n, prior = CASES["tiny"]
    fit = nav.fit(nav.Model(nav.Share(), nav.Group("office", scale=prior)), shares(k, n), engine="laplace", seed=1)
    assert bool(fit.attrs["unconverged"]) == flagged
    assert fit.attrs["proposals"] > 8192 or shift == 2  # it has tried more
    if flagged:
        assert fit.attrs["pareto_k"] > 0.7
    else:
        agree(fit, quadrature(k, n, prior)[1])


def test_the_search_turns_back_where_newton_does_not_arrive(monkeypatch):
    k, n, prior = CASES["tiny"]
    inner, walled = proposals.find_mode, []

    def find_mode(layout, cells, scale, own_scale, *rest):
        found = inner(layout, cells, scale, own_scale, *rest)
        walled.append(own_scale > 0.9)
        return found._replace(arrived=found.arrived and not walled[-1])

    monkeypatch.setattr(proposals, "find_mode", find_mode)
    fit = nav.fit(nav.Model(nav.Share(), nav.Group("office", scale=prior)), shares(k, n), engine="laplace", seed=1)
    assert any(walled)  # the search has been there
    assert fit.attrs["unconverged"] == ""
    agree(fit, quadrature(k, n, prior)[1])


def test_the_search_turns_back_where_data_would_be_more_probable_than_one(monkeypatch):
    """Nearly unanimous groups under a heavy-tailed prior: at scales of thousands the approximation breaks down."""
    k = [0, 0, 0, 5, 9, 1, 3, 4, 6, 7, 9, 5, 12, 4, 3, 4, 3, 4, 1, 0, 0, 0, 0, 0, 2, 1, 4, 3, 1, 8]
    n = [1, 1, 4, 5, 9, 1, 3, 4, 6, 7, 9, 5, 12, 4, 3, 4, 3, 4, 2, 2, 1, 11, 11, 6, 2, 1, 5, 3, 1, 8]
    k += [0, 0, 0, 1, 1, 10, 3, 2, 2, 2, 3, 9, 2, 3, 2, 0, 0, 0, 2, 7, 3, 7, 8, 10, 5, 6, 12, 0, 0, 0]
    n += [2, 6, 1, 1, 1, 10, 3, 2, 2, 2, 3, 9, 2, 3, 2, 8, 5, 1, 2, 7, 3, 7, 8, 10, 5, 6, 12, 2, 2, 4]
    frame = pd.MultiIndex.from_product([LETTERS[:20], range(2021, 2024)], names=["office", "year"]).to_frame(
        index=False
    )
    survey = nav.Survey.from_counts(frame.assign(k=k, n=n), by=["office", "year"], positive="k", n="n")
    prior = nav.HalfStudentT(1.0, 3.0)
    model = nav.Model(nav.Share(), nav.Group("office", scale=prior), nav.Trend("year", scale=nav.Exponential(0.5)))
    inner, heights = proposals.Search.solve, []

    def solve(search, u):
        height, mode, arrived = inner(search, u)
        heights.append(height)
        return height, mode, arrived

    monkeypatch.setattr(proposals.Search, "solve", solve)
    centre = proposals.find_proposal(make_target(designs.design(model, survey))).centre
    assert min(heights) > 0  # minus the log of a probability, and of a density below one
    assert 2 < centre[0] < 6


# ---- what the engine gives


@pytest.fixture(scope="module")
def fit(model, survey):
    return nav.fit(model, survey, engine="laplace", seed=3)


def test_names_dims_and_coords_are_those_of_any_fit(fit, made_fit, model, survey):
    one, other = fit["posterior"].to_dataset(), made_fit(model, survey)["posterior"].to_dataset()
    assert set(one.data_vars) == set(other.data_vars)
    assert {name: values.dims for name, values in one.data_vars.items()} == {
        name: values.dims for name, values in other.data_vars.items()
    }
    assert all(one[name].to_numpy().tolist() == other[name].to_numpy().tolist() for name in other.coords)
    assert set(one.coords) == {*other.coords, "gate_verdict", "fitted_by"}  # the mark of the gate


def test_attributes_tell_what_was_done(fit):
    attrs = fit.attrs
    assert (attrs["engine"], attrs["reason"], attrs["unconverged"], attrs["seed"]) == ("laplace", "asked for", "", 3)
    assert attrs["pareto_k"] < 0.5
    assert attrs["proposals"] >= 4000
    assert 0.5 * attrs["proposals"] < attrs["effective_draws"] < attrs["proposals"]
    assert (attrs["unsolved"], attrs["divergences"]) == (0, 0)
    assert "R-hat is not the check" in attrs["r_hat"]
    assert attrs["seconds"] < 30


def test_log_ratios_belong_to_the_draws(fit):
    """Prior x likelihood over the density of proposals: about the evidence, and the same for the same draw."""
    ratio = fit["sample_stats"]["log_ratio"]
    assert ratio.dims == ("chain", "draw")
    assert float(ratio.mean()) == pytest.approx(fit.attrs["log_marginal_likelihood"], abs=1.0)
    frame = pd.DataFrame({"ratio": ratio.to_numpy().ravel(), "a": fit["posterior"]["intercept"].to_numpy().ravel()})
    assert (frame.groupby("a")["ratio"].nunique() == 1).all()
    assert frame["a"].nunique() > 2500  # most are kept once


@pytest.mark.parametrize(("draws", "chains"), [(37, 3), (4, 2), (5000, 4)])
def test_shapes(model, survey, draws, chains):
    fit = nav.fit(model, survey, engine="laplace", draws=draws, chains=chains, seed=1)
    assert fit["posterior"].sizes == {"chain": chains, "draw": draws, "sector": 2, "county": 4, "county:sector": 7,
                                      "year": 4, "year_slope": 4}  # fmt: skip
    assert fit["log_likelihood"]["positive"].shape == (chains, draws, 21)
    assert fit.attrs["proposals"] >= max(2048, draws * chains)
    few = draws < 100  # which are too few to be summarised
    expected = f"effective draws {draws * chains} for the draws kept (limit {100 * chains})"
    assert fit.attrs["unconverged"] == (expected if few else "")
    moving = fit["posterior"]["intercept"].std("draw")
    assert (moving > 0.05).all()


def test_chains_are_alike(fit):
    means = fit["posterior"]["intercept"].mean("draw")
    sd = float(fit["posterior"]["intercept"].std())
    assert means.to_numpy() == pytest.approx(np.full(4, float(means.mean())), abs=4 * sd / np.sqrt(1000))
    assert float(az.rhat(fit["posterior"].to_dataset())["intercept"]) < 1.01


def same(one, other):
    return all((one[name] == other[name]).all() for name in one.data_vars)


def test_a_seed_fixes_everything_whatever_the_threads(fit, model, survey, monkeypatch):
    evidence = fit.attrs["log_marginal_likelihood"]
    for cores in ({0}, set(range(5))):
        monkeypatch.setattr("os.sched_getaffinity", lambda _, cores=cores: cores)
        again = nav.fit(model, survey, engine="laplace", seed=3)
        assert same(again["posterior"], fit["posterior"])
        assert again.attrs["log_marginal_likelihood"] == evidence
        assert again.attrs["pareto_k"] == fit.attrs["pareto_k"]
    other = nav.fit(model, survey, engine="laplace", seed=4)
    assert not (other["posterior"]["intercept"] == fit["posterior"]["intercept"]).any()


def test_order_of_rows_changes_nothing(fit, model, counts):
    mixed = nav.Survey.from_counts(counts.sample(frac=1, random_state=1), by=["year", "county", "sector"],
                                   positive="k", n="n")  # fmt: skip
    again = nav.fit(model, mixed, engine="laplace", seed=3)
    for name, mean in fit["posterior"].mean(("chain", "draw")).data_vars.items():
        sd = fit["posterior"][name].std(("chain", "draw")).to_numpy()
        assert (np.abs(again["posterior"][name].mean(("chain", "draw")) - mean).to_numpy() <= 0.1 * sd + 1e-12).all()


def test_enormous_counts_give_the_shares_themselves(counts):
    """Two million times as many respondents are the same cells, only sharper."""
    large = counts.assign(n=counts["n"] * 2_000_000, k=counts["k"] * 2_000_000)
    survey = nav.Survey.from_counts(large, by=["year", "county", "sector"], positive="k", n="n")
    model = nav.Model(nav.Share(), nav.Group("county"), nav.Group("year", "county", "sector"))
    fit = nav.fit(model, survey, engine="laplace", seed=1)
    assert fit.attrs["unconverged"] == ""
    share = nav.estimate(fit, by=["year", "county", "sector"]).mean(("chain", "draw"))
    direct = counts.set_index(["year", "county", "sector"])["k"] / counts.set_index(["year", "county", "sector"])["n"]
    found = share.to_series().dropna()
    assert found.to_numpy() == pytest.approx(direct.loc[found.index].to_numpy(), abs=1e-4)


@pytest.mark.filterwarnings("ignore:Estimated shape parameter:UserWarning")  # a fact about these data
def test_arviz_reads_it(fit, survey):
    table = az.summary(fit, var_names=["county_effect", "county_sd"], round_to="none")
    effect = fit["posterior"]["county_effect"].mean(("chain", "draw"))
    assert table.loc["county_effect[C]", "mean"] == pytest.approx(float(effect.sel(county="C")), rel=1e-12)
    loo = az.loo(fit)
    assert loo.n_data_points == 21
    assert -100 < loo.elpd < -40


def test_it_can_be_summarised_and_predicted(fit):
    table = nav.summarise(nav.change(nav.estimate(fit, by=["county", "year"])))
    assert table["mean"].abs().max() < 0.5
    assert "unconverged" not in table
    assert nav.check(fit)["passed"].all()


# ---- data that other engines stumble over


@pytest.mark.filterwarnings("ignore::navmodels.PriorConflictWarning")  # some are harder than the prior foresees
@pytest.mark.parametrize("scale", [0.5, 2.5])
@pytest.mark.parametrize(
    ("k", "n"),
    [
        ([0] * 6, [3] * 6),
        ([5] * 6, [5] * 6),
        ([0, 3] * 4, [3] * 8),
        ([0, 1] * 4, [1] * 8),
        ([4, 0, 0], [7, 0, 0]),
        ([0, 0], [0, 0]),
        ([1e7, 5e7, 9.9e7, 3e7], [1e8] * 4),
        ([0, 1e8], [1e8] * 2),
    ],
)
def test_hard_data_give_finite_draws_and_a_verdict(k, n, scale):
    fit = nav.fit(nav.Model(nav.Share(), nav.Group("office", scale=scale)), shares(k, n), engine="laplace", seed=1)
    assert all(np.isfinite(values).all() for values in flat(fit["posterior"].to_dataset()).values())
    assert fit.attrs["unsolved"] == 0
    assert np.isfinite(fit.attrs["log_marginal_likelihood"])
    sd = fit["posterior"]["office_sd"].to_numpy()
    assert (sd >= 0).all()
    if sum(n) == 0:  # the prior
        assert sd.mean() == pytest.approx(scale * np.sqrt(2 / np.pi), rel=0.03)
        assert float(fit["posterior"]["intercept"].std()) == pytest.approx(1.5, rel=0.03)


@pytest.mark.parametrize(
    ("size", "prior"), [(2, nav.HalfCauchy(1)), (2, nav.HalfCauchy(5)), (3, nav.HalfStudentT(2.5))]
)
def test_far_points_of_a_heavy_prior_do_not_end_a_fit(size, prior):
    """Separated cells of 10 answers: the fit may say that it failed, but neither raises nor warns."""
    table = pd.MultiIndex.from_product([list("abcd")[:size], range(size)], names=["row", "year"]).to_frame(index=False)
    frame = table.assign(n=10, k=10 * (np.arange(len(table)) % 2))
    survey = nav.Survey.from_counts(frame, by=["row", "year"], positive="k", n="n")
    terms = [nav.Group(*names, scale=prior) for names in (["row"], ["year"], ["row", "year"])]
    fit = nav.fit(nav.Model(nav.Share(), *terms), survey, engine="laplace", seed=1)
    assert np.isfinite(fit.attrs["log_marginal_likelihood"])


def test_systems_without_affinity(model, survey, monkeypatch):
    monkeypatch.delattr("os.sched_getaffinity")
    assert nav.fit(model, survey, engine="laplace", draws=10, seed=1).attrs["engine"] == "laplace"


def test_points_without_weight_do_not_fail_the_check():
    model = nav.Model(nav.Share(), nav.Group("office", scale=nav.HalfCauchy(5)))
    fits = [nav.fit(model, shares([0, 5, 0], [0, 9, 0]), engine="laplace", seed=seed) for seed in range(10)]
    assert [fit.attrs["unconverged"] for fit in fits] == [""] * 10


# ---- where Laplace is wrong the check says so: long walks of NUTS on data that a normal approximation suits badly

SMALL = [1, 2, 3] * 4
APART = np.array([-3.2, 2.4, 0.3, -1.5, 1.9, -0.6, 3.1, -2.4, 0.9, 1.2, -1.9, -0.2])  # sd 2, in logits
HARDEST = {
    "separated, narrow prior": ([0, 2, 0, 1, 0, 3, 1, 2, 0, 0, 0, 3], SMALL, 0.5),
    "separated": ([0, 2, 0, 1, 0, 3, 1, 2, 0, 0, 0, 3], SMALL, 2.5),
    "all zero, narrow prior": ([0] * 12, SMALL, 0.5),
    "all zero": ([0] * 12, SMALL, 2.5),
    "identical": ([12] * 12, [20] * 12, 0.5),
    "identical and large": ([1200] * 12, [2000] * 12, 0.5),
    "eight prior scales away": (np.round(40 * special.expit(APART)), [40] * 12, 0.25),
    "eight prior scales away and separated": (np.round(40 * special.expit(2 * APART)), [40] * 12, 0.5),
    "one office with answers, narrow prior": ([4] + [0] * 11, [7] + [0] * 11, 0.5),
    "one office with answers": ([7] + [0] * 11, [7] + [0] * 11, 2.5),
    "four years, bent": ([60, 300, 80, 350], [400] * 4, 0.3),
    "four years, separated": ([2, 0, 1, 3], [2, 1, 1, 3], 2.5),
}


def posed(k, n, scale):
    """Return the model and the survey: offices in a Group, or few years in a Trend of order 2."""
    if len(k) == 4:
        frame = pd.DataFrame({"year": [2019, 2021, 2022, 2024], "k": k, "n": n})
        survey = nav.Survey.from_counts(frame, by="year", positive="k", n="n")
        return nav.Model(nav.Share(), nav.Trend("year", order=2, scale=scale)), survey
    return nav.Model(nav.Share(), nav.Group("office", scale=scale)), shares(k, n)


def reported(fit):
    """Return {name: draws, dims (chain, draw)} of all that is learned and of shares and their changes."""
    by = "office" if "office" in fit["survey"].coords else "year"
    population = pd.DataFrame({by: fit["survey"][by].to_numpy(), "weight": 1.0})
    share = nav.estimate(fit, by=by, population=population)
    parts = {**fit["posterior"].data_vars, "share": share, "overall": nav.estimate(fit, population=population)}
    if by == "year":
        parts["change"] = nav.change(share)
    out = {}
    for name, values in parts.items():
        array = values.transpose("chain", "draw", ...).to_numpy()
        columns = array.reshape(*array.shape[:2], -1)
        out |= {f"{name}[{j}]": columns[:, :, j] for j in range(columns.shape[2])}
    return {name: values for name, values in out.items() if np.isfinite(values).all() and values.std() > 0}


def summary(draws, size=None):
    """Return mean, sd and ends of the 95 % interval, and their Monte Carlo errors: of chains, or of `size` draws."""
    numbers = np.array([draws.mean(), draws.std(), *np.quantile(draws, (0.025, 0.975))])
    tree = {"x": xr.DataArray(draws, dims=("chain", "draw"))}
    if size is None:
        ways = ({"method": "mean"}, {"method": "sd"}, *({"method": "quantile", "prob": p} for p in (0.025, 0.975)))
        return numbers, np.array([float(az.mcse(xr.Dataset(tree), **way)["x"]) for way in ways])
    ends = [float(az.mcse(xr.Dataset(tree), method="quantile", prob=p)["x"]) for p in (0.025, 0.975)]
    kurtosis = stats.kurtosis(draws.ravel(), fisher=False)
    of_moments = numbers[1] * np.sqrt(np.array([1, (kurtosis - 1) / 4]) / size)
    return numbers, np.concatenate([of_moments, np.array(ends) * np.sqrt(draws.size / size)])


LIMITS = np.array([0.1, 0.05, 0.15, 0.15])  # of mean, sd and interval ends, in posterior standard deviations


def beyond(fit, walk):
    """Return {quantity: differences in sds} of what differs by more than the limits and three Monte Carlo errors."""
    size = min(fit.attrs["effective_draws"], fit["posterior"].sizes["chain"] * fit["posterior"].sizes["draw"])
    found, expected = reported(fit), reported(walk)
    assert set(found) == set(expected)
    out = {}
    for name, draws in expected.items():
        (right, error), (given, own_error) = summary(draws), summary(found[name], size)
        difference, allowed = np.abs(given - right) / right[1], LIMITS + 3 * np.hypot(error, own_error) / right[1]
        if (difference > allowed).any():
            out[name] = difference.round(3).tolist()
    return out


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::navmodels.PriorConflictWarning")  # some priors are narrow on purpose
@pytest.mark.parametrize("case", HARDEST)
def test_short_where_laplace_is_wrong_its_check_says_so(case):
    model, survey = posed(*HARDEST[case])
    walk = nav.fit(model, survey, engine="nuts", draws=8000, seed=1)
    assert walk.attrs["unconverged"] == ""
    for seed in (1, 2, 3):
        fit = nav.fit(model, survey, engine="laplace", seed=seed)
        assert fit.attrs["unconverged"] != "" or beyond(fit, walk) == {}, fit.attrs["pareto_k"]
