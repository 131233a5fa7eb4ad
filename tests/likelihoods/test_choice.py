"""Unordered categories: likelihood, derivatives, draws, reported quantities and the PyMC graph, without sampling."""

from decimal import Decimal, localcontext

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import navmodels as nav
from navmodels.engines.nuts.coordinates import plain_coordinates, whitened_coordinates
from navmodels.engines.nuts.graph import build_sampling_graph
from navmodels.likelihoods import kernels
from navmodels.likelihoods.choice import contrasts
from navmodels.likelihoods.packing import pair
from navmodels.models import designs


def cells(eta, count):
    """Value, gradient and packed curvature of one cell."""
    eta, count = np.array([eta], dtype=float), np.array([count], dtype=float)
    channels = eta.shape[1]
    data = {"count": count, "constant": np.zeros(1), "contrasts": contrasts(channels + 1)}
    kind, table, flat = kernels.pack("choice", data)
    value, gradient, curvature = np.empty(1), np.empty((1, channels)), np.empty((1, channels * (channels + 1) // 2))
    kernels.derivatives(kind, eta, table, flat, value, gradient, curvature)
    only = np.empty(1)
    kernels.values(kind, eta, table, flat, only)
    assert value == only
    return value[0], gradient[0], curvature[0]


def exact(eta, count):
    """Value, gradient and packed curvature from the definition, in 800 digits."""
    with localcontext() as context:
        context.prec = 800
        matrix = [[Decimal(float(each)) for each in row] for row in contrasts(len(eta) + 1)]
        logit = [sum(weight * Decimal(each) for weight, each in zip(row, eta, strict=True)) for row in matrix]
        exponential = [each.exp() for each in logit]
        total = sum(exponential)
        p = [each / total for each in exponential]
        count = [Decimal(each) for each in count]
        value = sum(n * each.ln() for n, each in zip(count, p, strict=True))
        mean = [sum(each * row[i] for each, row in zip(p, matrix, strict=True)) for i in range(len(eta))]
        gradient = [sum(n * (row[i] - mean[i]) for n, row in zip(count, matrix, strict=True)) for i in range(len(eta))]
        packed = [
            sum(count)
            * sum(each * (row[i] - mean[i]) * (row[j] - mean[j]) for each, row in zip(p, matrix, strict=True))
            for i in range(len(eta))
            for j in range(i + 1)
        ]
        return float(value), [float(each) for each in gradient], [float(each) for each in packed]


ETA = {
    "zero": [0.0, 0.0, 0.0],
    "plain": [0.4, -1.3, 2.0],
    "near ties": [1e-9, -1e-9, 0.0],
    "far": [30.0, -45.0, 8.0],
    "one all but certain": [700.0, 3.0, -2.0],
    "one all but impossible": [-700.0, 1.0, 0.5],
    "all far": [700.0, -700.0, 650.0],
}


@pytest.mark.parametrize("count", [[2.0, 1.0, 3.25, 4.0], [0.0, 5.0, 0.0, 1.0], *np.eye(4).tolist()])
@pytest.mark.parametrize("name", ETA)
def test_likelihood_and_derivatives_against_800_digits(name, count):
    value, gradient, curvature = cells(ETA[name], count)
    expected = exact(ETA[name], count)
    # a logit of hundreds is rounded at 1e-13 of itself, which moves a probability as much
    far = 1e-16 * max(1.0, *map(abs, ETA[name])) * sum(count)
    assert np.isfinite(value)
    assert value == pytest.approx(expected[0], rel=1e-12, abs=0)
    assert gradient == pytest.approx(expected[1], rel=1e-10, abs=10 * max(far, 1e-15))
    assert curvature == pytest.approx(expected[2], rel=1e-10, abs=10 * max(far, 1e-15))


def test_curvature_is_positive_semidefinite():
    rng = np.random.default_rng(4)
    for _ in range(200):
        _, _, packed = cells(rng.normal(0, 4, 3), rng.integers(0, 5, 4))
        full = packed[[[pair(i, j) for j in range(3)] for i in range(3)]]
        assert np.linalg.eigvalsh(full).min() > -1e-12


def test_an_empty_cell_says_nothing():
    value, gradient, curvature = cells(ETA["plain"], np.zeros(4))
    assert value == 0
    assert (gradient == 0).all()
    assert (curvature == 0).all()


@pytest.mark.parametrize("size", [2, 3, 5, 9])
def test_contrasts_add_up_to_zero_and_treat_categories_alike(size):
    matrix = contrasts(size)
    assert matrix.sum(axis=0) == pytest.approx(0, abs=1e-14)
    # with standard normal channels every difference of two logits has variance 1
    cover = matrix @ matrix.T
    between = np.diag(cover)[:, None] + np.diag(cover) - 2 * cover
    assert between[~np.eye(size, dtype=bool)] == pytest.approx(1, rel=1e-13)


# ---- two categories


def table(names, seed=1):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"office": list("ABCDE")})
    return frame.assign(**{name: rng.integers(1, 9 + 3 * place, 5) for place, name in enumerate(names)})


def chosen(frame, **options):
    counts = [name for name in frame.columns if name != "office"]
    return nav.Survey.from_counts(frame, by="office", counts=counts, ordered=False, **options)


NAMES = ["phone", "chat", "meeting"]


@pytest.fixture(scope="module")
def survey():
    return chosen(table(NAMES))


@pytest.fixture(scope="module")
def halves():
    frame = table(["no", "yes"])
    return chosen(frame), nav.Survey.from_counts(
        frame.assign(n=frame["no"] + frame["yes"]), by="office", positive="yes", n="n"
    )


def test_two_categories_are_a_share(halves):
    choice, share = (
        designs.design(nav.Model(outcome), each)
        for outcome, each in zip((nav.Choice(), nav.Share()), halves, strict=True)
    )
    for eta in (-700.0, -40.0, -3.0, 0.0, 1.7, 700.0):
        channels = np.array([[[eta]]])
        left, right = (each.model.outcome.log_likelihood(channels, each.data) for each in (choice, share))
        assert left == pytest.approx(right, rel=1e-10, abs=1e-10)


@pytest.mark.usefixtures("without_numba")
def test_two_categories_have_the_graph_of_a_share(halves):
    choice, share = (
        nav.to_pymc(nav.Model(outcome, nav.Group("office"), intercept_scale=2.0), each)
        for outcome, each in zip((nav.Choice(), nav.Share()), halves, strict=True)
    )
    left, right = choice.compile_logp(), share.compile_logp()
    rng = np.random.default_rng(2)
    for _ in range(5):
        point = {name: rng.normal(size=np.shape(value)) for name, value in share.initial_point().items()}
        same = {name: value for name, value in point.items() if name != "intercept"}
        same["intercept_z"] = np.atleast_1d(point["intercept"]) / 2.0  # not centred, so that its scale is missing
        same["office_z"] = point["office_z"][:, None]
        assert left(same) == pytest.approx(float(right(point)) + np.log(2.0), abs=1e-10)


def test_merging_two_categories_adds_their_probabilities():
    p = np.exp([cells(ETA["plain"], each)[0] for each in np.eye(4)])
    assert p.sum() == pytest.approx(1, rel=1e-13)
    assert p == pytest.approx(special.softmax(contrasts(4) @ ETA["plain"]), rel=1e-13)
    chosen_either = nav.Choice().quantity(chosen(table(list("abcd"))), category=["a", "c"])
    assert chosen_either.predict(np.array([ETA["plain"]])).sum() == pytest.approx(p[0] + p[2], rel=1e-13)


def test_a_category_nobody_chose_stays():
    frame = table(NAMES)
    frame["chat"] = 0
    fit = nav.fit(nav.Model(nav.Choice(), nav.Group("office")), chosen(frame), engine="laplace", seed=1)
    draws = nav.estimate(fit)
    assert draws["category"].values.tolist() == NAMES
    assert draws.sum("category").values == pytest.approx(1, rel=1e-12)
    assert (draws > 0).all()
    assert draws.sel(category="chat").mean() < 0.03  # of some 60 answers
    logits = fit["posterior"]["intercept"]
    assert logits.dims == ("chain", "draw", "category")
    assert np.abs(logits.sum("category")).max() < 1e-12
    assert np.abs(fit["posterior"]["office_effect"].sum("category")).max() < 1e-12


def test_multinomial_constant_is_scipys(survey):
    design = designs.design(nav.Model(nav.Choice(), nav.Group("office")), survey)
    channels = np.column_stack([np.linspace(-1, 1, 5), np.linspace(2, -0.5, 5)])
    found = design.model.outcome.log_likelihood(channels[None], design.data)[0]
    p = special.softmax(channels @ contrasts(3).T, axis=1)
    count = table(NAMES)[NAMES].to_numpy()
    expected = [float(stats.multinomial.logpmf(k, k.sum(), each)) for k, each in zip(count, p, strict=True)]
    assert found == pytest.approx(expected, rel=1e-10)


def test_draws_have_the_moments_of_the_multinomial():
    channels = np.array([[0.5, -1.0], [3.0, 0.2]])
    p = special.softmax(channels @ contrasts(3).T, axis=1)
    data = {"count": np.array([[3.0, 4, 13], [0, 2, 2.9]]), "constant": np.zeros(2)}
    size = 40_000
    rng = np.random.default_rng(3)
    drawn = nav.Choice().draw(np.broadcast_to(channels, (size, 2, 2)), data, rng)
    for cell, n in enumerate((20, 4)):
        counts = drawn[:, cell]
        assert (counts.sum(axis=1) == n).all()
        cover = n * (np.diag(p[cell]) - np.outer(p[cell], p[cell]))
        assert counts.mean(axis=0) == pytest.approx(n * p[cell], abs=4 * np.sqrt(cover.max() / size))
        assert np.cov(counts.T) == pytest.approx(cover, abs=6 * cover.max() / np.sqrt(size))


# ---- reported quantities


@pytest.mark.parametrize(
    ("category", "places", "dim"),
    [("chat", 1, None), (["meeting", "phone"], [2, 0], "category"), (None, [0, 1, 2], "category")],
)
def test_quantities(survey, category, places, dim):
    channels = np.array([[0.7, -1.2]])
    quantity = nav.Choice().quantity(survey, category=category)
    assert (quantity.name, quantity.dim) == ("share", dim)
    expected = special.softmax(contrasts(3) @ channels[0])[places]
    assert quantity.predict(channels)[0] == pytest.approx(expected, rel=1e-13)
    assert quantity.labels == (tuple(np.array(NAMES)[places].tolist()) if dim else ())


def test_a_choice_has_no_cut_and_no_mean_score(survey):
    with pytest.raises(ValueError, match="cut= is for ratings, whose categories are in order; give category="):
        nav.Choice().quantity(survey, cut="chat")
    with pytest.raises(ValueError, match=r"category is 'chatt'; allowed: .*Did you mean 'chat'"):
        nav.Choice().quantity(survey, category="chatt")


def test_a_survey_of_another_kind_is_refused(survey):
    with pytest.raises(ValueError, match=r"Rating\(\) models a survey of kind 'rating'; this one is of kind 'choice'"):
        designs.design(nav.Model(nav.Rating()), survey)


# ---- the graph


MODEL = nav.Model(
    nav.Choice(), nav.Effect("office", scale=0.7), intercept_scale=2.0
), nav.Model(nav.Choice(), nav.Group("office", scale=nav.Exponential(0.4)))  # fmt: skip


def by_hand(model, survey, point):
    """Log-density of the graph's unconstrained space, from the kernel and SciPy's densities."""
    design = designs.design(model, survey)
    total, parameters, effects = stats.norm.logpdf(point["intercept_z"]).sum(), {}, {}
    for name, prior in design.parameters.items():
        log = float(point[f"{name}_log__"])
        parameters[name] = np.exp(log)
        total += float(prior.log_density(parameters[name])) + log
    for block in design.blocks:
        z = point[f"{block.name}_z"]
        total += stats.norm.logpdf(z).sum()
        effects[block.name] = block.effect(block.scale.of(parameters), z.T).T[None]
    eta = design.linear_predictor(design.intercept_scale * point["intercept_z"][None], effects)
    return total + model.outcome.log_likelihood(eta, design.data).sum()


@pytest.mark.parametrize("model", MODEL, ids=["effect", "group"])
def test_the_graph_is_the_model(model, survey, agrees_with):
    graph = nav.to_pymc(model, survey)
    assert graph.named_vars_to_dims["office_effect"] == ("office", "category")
    assert graph.coords["category"] == tuple(NAMES)
    rng, start = np.random.default_rng(1), graph.initial_point()
    points = [{name: rng.normal(size=np.shape(value)) for name, value in start.items()} for _ in range(4)]
    agrees_with(graph, lambda point: by_hand(model, survey, point), points)


@pytest.mark.usefixtures("without_numba")
@pytest.mark.parametrize("coordinates", [whitened_coordinates, plain_coordinates])
@pytest.mark.parametrize("model", MODEL, ids=["effect", "group"])
def test_the_sampling_graph_differs_only_by_the_change_of_variables(model, coordinates, survey, coloured):
    design = designs.design(model, survey)
    at = coordinates(design)
    log_sampled = build_sampling_graph(design, at).compile_logp()
    rng, gaps = np.random.default_rng(3), []
    for _ in range(4):
        w = rng.normal(size=len(at.pull)) * 0.5
        logs = {f"{name}_log__": np.array(rng.normal(-1.0, 0.5)) for name in design.parameters}
        scales = {name: np.exp(float(logs[f"{name}_log__"])) for name in design.parameters}
        (block,) = design.blocks
        v, volume = coloured(design, at, w, [block.scale.of(scales)])
        point = {**logs, "intercept_z": v[:2], "office_z": v[2:].reshape(2, block.size).T}
        found = float(log_sampled({"whitened": w, **logs}))
        gaps.append(found - by_hand(model, survey, point) - volume)
    assert np.ptp(gaps) < 1e-8


@pytest.mark.usefixtures("without_numba")
def test_prior_predictive_answers_of_the_graph(survey):
    import pymc as pm

    with nav.to_pymc(MODEL[1], survey):
        tree = pm.sample_prior_predictive(draws=2000, random_seed=1)
    drawn = tree["prior_predictive"]["count_observed"]
    assert drawn.dims == ("chain", "draw", "cell", "category")
    n = survey.cells["count"].sum("category").to_numpy()
    assert (drawn.sum("category").to_numpy() == n).all()
    # the prior treats categories alike
    share = (drawn.sum("cell") / n.sum()).mean(("chain", "draw"))
    assert share.to_numpy() == pytest.approx(1 / 3, abs=4 * 0.5 / np.sqrt(2000))
