"""Ordered categories: likelihood, its derivatives, draws, reported quantities and the PyMC graph, without sampling."""

from decimal import Decimal, localcontext
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import navmodels as nav
from navmodels.engines.nuts.coordinates import plain_coordinates, whitened_coordinates
from navmodels.engines.nuts.graph import build_sampling_graph
from navmodels.likelihoods import kernels
from navmodels.likelihoods.packing import pair
from navmodels.models import designs

REFERENCE = Path(__file__).parents[1] / "reference"
ETA = [-700.0, -60.0, -8.0, -1.3, -1e-9, 0.0, 0.4, 5.0, 37.0, 300.0, 700.0]
THRESHOLDS = {
    "plain": [-2.1, -0.3, 0.8, 2.5],
    "gap of 1e-8": [-1.0, 0.3, 0.3 + 1e-8, 2.0],
    "gap of 60": [-30.0, 30.0, 31.0, 91.0],
    "two categories": [0.7],
    "far from zero": [640.0, 641.0, 701.0, 702.0],
}


def cells(eta, thresholds, count):
    """Value, gradient and packed curvature of cells with the same thresholds and counts."""
    channels = np.column_stack([eta, np.tile(thresholds, (len(eta), 1))])
    data = {"count": np.tile(np.asarray(count, dtype=float), (len(eta), 1)), "constant": np.zeros(len(eta))}
    kind, table, flat = kernels.pack("rating", data)
    size = channels.shape[1]
    value, gradient = np.empty(len(eta)), np.empty(channels.shape)
    curvature = np.empty((len(eta), size * (size + 1) // 2))
    kernels.derivatives(kind, channels, table, flat, value, gradient, curvature)
    only = np.empty(len(eta))
    kernels.values(kind, channels, table, flat, only)
    assert np.array_equal(value, only)
    return value, gradient, curvature


def exact(eta, thresholds, count):
    """Value, gradient and negative Hessian by (η, κ_1, ...) from the definition, in 700 digits."""
    with localcontext() as context:
        context.prec = 700  # e^-1402 is 1e-609
        size = len(thresholds) + 1
        value, gradient = Decimal(0), [Decimal(0)] * size
        hessian = [[Decimal(0)] * size for _ in range(size)]
        below = [1 / (1 + (Decimal(eta) - Decimal(each)).exp()) for each in thresholds]
        logistic = [None, *below, None]  # P(y ≤ j); None: a constant, 0 or 1
        for category, (low, high) in enumerate(pairwise(logistic)):
            n = Decimal(count[category])
            p = (1 if high is None else high) - (0 if low is None else low)
            value += n * p.ln()
            slope, bend = [Decimal(0)] * size, [[Decimal(0)] * size for _ in range(size)]
            for channel, each, sign in ((category, low, -1), (category + 1, high, 1)):
                if each is None:
                    continue
                density, change = each * (1 - each), each * (1 - each) * (1 - 2 * each)
                for i, chain in ((channel, 1), (0, -1)):  # the threshold, and η with the other sign
                    slope[i] += chain * sign * density
                    for j, other in ((channel, 1), (0, -1)):
                        bend[i][j] += chain * other * sign * change
            for i in range(size):
                gradient[i] += n * slope[i] / p
                for j in range(size):
                    hessian[i][j] -= n * (bend[i][j] / p - slope[i] * slope[j] / p**2)
        packed = [hessian[i][j] for i in range(size) for j in range(i + 1)]
        return float(value), [float(each) for each in gradient], [float(each) for each in packed]


@pytest.mark.parametrize("name", THRESHOLDS)
def test_likelihood_and_derivatives_against_700_digits(name):
    thresholds = THRESHOLDS[name]
    count = [2.0, 1.0, 3.25, 4.0, 2.0][: len(thresholds) + 1]
    value, gradient, curvature = cells(ETA, thresholds, count)
    expected = [exact(eta, thresholds, count) for eta in ETA]
    assert np.isfinite(value).all()
    assert value == pytest.approx([each[0] for each in expected], rel=1e-12)
    for found, wanted in ((gradient, 1), (curvature, 2)):
        want = np.array([each[wanted] for each in expected])
        largest = np.abs(want).max(axis=1, keepdims=True)  # what cancels loses digits of the largest part only
        assert (np.abs(found - want) <= 1e-8 * np.abs(want) + 1e-14 * largest + 1e-14).all()


@pytest.mark.parametrize("category", range(5))
def test_each_category_alone_keeps_its_digits_in_both_tails(category):
    thresholds = THRESHOLDS["plain"]
    count = np.eye(5)[category]
    value, *_ = cells(ETA, thresholds, count)
    assert value == pytest.approx([exact(eta, thresholds, count)[0] for eta in ETA], rel=1e-12, abs=0)
    assert (value < 0).all()  # even where the category is all but certain


def test_thresholds_out_of_order_are_impossible_and_raise_no_doubt():
    for thresholds in ([0.0, 0.0], [1.0, 0.5]):
        for count in ([1.0, 1.0, 1.0], [1.0, 0.0, 1.0]):
            value, gradient, curvature = cells([0.2], thresholds, count)
            assert value == [-np.inf]
            assert np.isfinite(gradient).all()
            assert np.isfinite(curvature).all()


def test_curvature_is_positive_semidefinite():
    rng = np.random.default_rng(4)
    for _ in range(200):
        thresholds = np.sort(rng.normal(0, 3, 4))
        _, _, packed = cells([rng.normal(0, 3)], thresholds, rng.integers(0, 5, 5))
        full = packed[0][[[pair(i, j) for j in range(5)] for i in range(5)]]
        assert np.linalg.eigvalsh(full).min() > -1e-9 * max(1.0, np.abs(full).max())


def test_an_empty_cell_says_nothing():
    value, gradient, curvature = cells(ETA, THRESHOLDS["plain"], np.zeros(5))
    assert (value == 0).all()
    assert (gradient == 0).all()
    assert (curvature == 0).all()


# ---- two categories, and fewer categories


def table(categories, seed=1, **columns):
    """Counts of a few offices."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"office": list("ABCDE")}).assign(**columns)
    for place, category in enumerate(categories):
        frame[f"a{category}"] = rng.integers(1, 9 + 2 * place, len(frame))
    return frame


def rated(frame, *, by="office", **options):
    counts = [name for name in frame.columns if name.startswith("a")]
    categories = [int(name[1:]) for name in counts]
    return nav.Survey.from_counts(frame, by=by, counts=counts, **({"categories": categories} | options))


@pytest.fixture(scope="module")
def halves():
    """The same counts as a rating of two categories and as a share."""
    frame = table([1, 2])
    share = nav.Survey.from_counts(frame.assign(n=frame["a1"] + frame["a2"]), by="office", positive="a2", n="n")
    return rated(frame), share


def test_two_categories_are_a_share(halves):
    rating, share = (
        designs.design(nav.Model(outcome), survey)
        for outcome, survey in zip((nav.Rating(), nav.Share()), halves, strict=True)
    )
    for intercept in (-700.0, -3.0, 0.0, 1.7, 700.0):
        channels = np.array([[[0.3, 0.3 - intercept]]])
        left = rating.model.outcome.log_likelihood(channels, rating.data)
        right = share.model.outcome.log_likelihood(np.array([[[intercept]]]), share.data)
        assert left == pytest.approx(right, rel=1e-10, abs=1e-10)


@pytest.mark.usefixtures("without_numba")
def test_two_categories_have_the_graph_of_a_share(halves):
    rating, share = (
        nav.to_pymc(nav.Model(outcome, nav.Group("office")), survey)
        for outcome, survey in zip((nav.Rating(), nav.Share()), halves, strict=True)
    )
    left, right = rating.compile_logp(), share.compile_logp()
    rng = np.random.default_rng(2)
    for _ in range(5):
        point = {name: rng.normal(size=np.shape(value)) for name, value in share.initial_point().items()}
        same = {name: value for name, value in point.items() if name != "intercept"}
        same["threshold_ordered__"] = -np.atleast_1d(point["intercept"])
        assert left(same) == pytest.approx(float(right(point)), abs=1e-10)


def test_merging_neighbours_adds_their_probabilities():
    thresholds = np.array([-2.1, -0.3, 0.8, 2.5])
    for eta in ETA:
        p = np.exp([cells([eta], thresholds, count)[0][0] for count in np.eye(5)])
        assert p.sum() == pytest.approx(1, rel=1e-13)
        for first in range(4):
            kept = np.delete(thresholds, first)
            count = np.eye(4)[first]
            merged = cells([eta], kept, count)[0][0]
            logs = [cells([eta], thresholds, np.eye(5)[place])[0][0] for place in (first, first + 1)]
            assert merged == pytest.approx(special.logsumexp(logs), rel=1e-12, abs=1e-15)


def test_a_category_nobody_chose_keeps_its_place():
    frame = table([1, 2, 3, 4])
    frame["a3"] = 0
    fit = nav.fit(nav.Model(nav.Rating(), nav.Group("office")), rated(frame), engine="laplace", seed=1)
    assert fit["posterior"]["cut"].values.tolist() == [2, 3, 4]
    assert (fit["posterior"]["threshold"].diff("cut") > 0).all()
    chosen = nav.estimate(fit, category=[1, 2, 3, 4])
    assert chosen.sum("category").values == pytest.approx(1, rel=1e-12)
    assert (chosen > 0).all()
    assert 0 < chosen.sel(category=3).mean() < 0.03  # of some 80 answers
    assert nav.estimate(fit, category=3).equals(chosen.sel(category=3, drop=True).assign_attrs(chosen.attrs))


def test_multinomial_constant_is_scipys():
    frame = table([1, 2, 3])
    design = designs.design(nav.Model(nav.Rating(), nav.Group("office")), rated(frame))
    eta, thresholds = np.linspace(-1, 1, 5), np.array([-0.4, 1.1])
    channels = np.column_stack([eta, np.tile(thresholds, (5, 1))])
    found = design.model.outcome.log_likelihood(channels[None], design.data)[0]
    below = special.expit(thresholds - eta[:, None])
    p = np.column_stack([below[:, 0], below[:, 1] - below[:, 0], 1 - below[:, 1]])
    count = frame[["a1", "a2", "a3"]].to_numpy()
    expected = [float(stats.multinomial.logpmf(k, k.sum(), each)) for k, each in zip(count, p, strict=True)]
    assert found == pytest.approx(expected, rel=1e-10)


def test_wine_equals_clm():
    """R's ordinal::clm of temp * contact: its log-likelihood and probabilities at its estimates."""
    wine = pd.read_csv(REFERENCE / "ordinal_wine.csv")
    clm = pd.read_csv(REFERENCE / "ordinal.csv").query("tool == 'clm'").set_index("quantity")["estimate"]
    rows = wine.assign(row=np.arange(len(wine)))  # one cell a respondent: no multinomial constant
    survey = nav.Survey.from_responses(rows, outcome="rating", by=["row", "temp", "contact"], categories=range(1, 6))
    model = nav.Model(nav.Rating(), nav.Effect("row"), nav.Effect("temp"), nav.Effect("contact"))
    design = designs.design(model, survey)
    warm, yes = (np.where(design.cells[name] == level, 1, -1) for name, level in (("temp", "warm"), ("contact", "yes")))
    eta = clm["b_temp"] * warm + clm["b_contact"] * yes + clm["b_temp:contact"] * warm * yes
    thresholds = clm[[f"threshold {j}|{j + 1}" for j in range(1, 5)]].to_numpy()
    channels = np.column_stack([eta, np.tile(thresholds, (len(eta), 1))])[None]
    assert (design.data["constant"] == 0).all()
    found = model.outcome.log_likelihood(channels, design.data)
    assert found.sum() == pytest.approx(clm["logLik"], abs=1e-9)
    p = model.outcome.quantity(survey, category=[1, 2, 3, 4, 5]).predict(channels)[0]
    for place, cell in design.cells.iterrows():
        wanted = [clm[f"P(y={j}) {cell['temp']} {cell['contact']}"] for j in range(1, 6)]
        assert p[place] == pytest.approx(wanted, rel=1e-9)


# ---- draws


def test_draws_have_the_moments_of_the_multinomial():
    outcome, rng = nav.Rating(), np.random.default_rng(3)
    channels = np.array([[0.5, -1.0, 0.2, 2.0], [-1.0, -1.0, 0.2, 2.0]])
    data = {"count": np.array([[3.0, 4, 5, 8], [0, 2, 2.9, 1]]), "constant": np.zeros(2)}
    below = np.column_stack([special.expit(channels[:, 1:] - channels[:, :1]), np.ones(2)])
    p = np.diff(below, prepend=0, axis=1)
    size = 40_000
    drawn = outcome.draw(np.broadcast_to(channels, (size, 2, 4)), data, rng)
    assert drawn.shape == (size, 2, 4)
    for cell, n in enumerate((20, 5)):  # 5.9 effective answers are rounded down
        counts = drawn[:, cell]
        assert (counts.sum(axis=1) == n).all()
        cover = n * (np.diag(p[cell]) - np.outer(p[cell], p[cell]))
        assert counts.mean(axis=0) == pytest.approx(n * p[cell], abs=4 * np.sqrt(cover.max() / size))
        assert np.cov(counts.T) == pytest.approx(cover, abs=6 * cover.max() / np.sqrt(size))


# ---- reported quantities


CHANNELS = np.array([[0.4, -1.0, 0.2, 2.0]])
P = np.diff([0, *special.expit(CHANNELS[0, 1:] - 0.4), 1])


@pytest.fixture(scope="module")
def survey():
    return rated(table([1, 2, 3, 4]))


@pytest.mark.parametrize(
    ("asked", "expected", "dim"),
    [
        ({"cut": 3}, P[2:].sum(), None),
        ({"cut": 2}, P[1:].sum(), None),
        ({"cut": np.int64(4)}, P[3], None),
        ({"category": 1}, P[0], None),
        ({"category": 3}, P[2], None),
        ({"cut": [2, 4]}, [P[1:].sum(), P[3]], "cut"),
        ({"cut": range(2, 5)}, np.cumsum(P[::-1])[::-1][1:], "cut"),
        ({"category": [4, 1]}, P[[3, 0]], "category"),
        ({}, P @ [1, 2, 3, 4], None),
    ],
)
def test_quantities(survey, asked, expected, dim):
    quantity = nav.Rating().quantity(survey, **asked)
    assert quantity.predict(CHANNELS)[0] == pytest.approx(expected, rel=1e-13)
    assert quantity.dim == dim
    assert quantity.name == ("share" if asked else "mean")
    if dim:
        assert quantity.labels == tuple(asked[dim])


def test_mean_score_takes_the_categories_as_they_are():
    frame = pd.DataFrame({"office": ["A", "B"], "a": [3, 4], "b": [5, 1], "c": [1, 1]})
    survey = nav.Survey.from_counts(frame, by="office", counts=["a", "b", "c"], categories=[-2, 0.5, 10])
    channels = np.array([[0.0, -0.3, 0.9]])
    p = np.diff([0, *special.expit(channels[0, 1:]), 1])
    assert nav.Rating().quantity(survey).predict(channels)[0] == pytest.approx(p @ [-2, 0.5, 10], rel=1e-13)


def test_probabilities_far_out_are_not_negative_and_add_up():
    eta = np.column_stack([ETA, np.tile(THRESHOLDS["gap of 60"], (len(ETA), 1))])
    survey = rated(table([1, 2, 3, 4, 5]))
    p = nav.Rating().quantity(survey, category=[1, 2, 3, 4, 5]).predict(eta)
    assert (p >= 0).all()
    assert p.sum(axis=1) == pytest.approx(1, rel=1e-13)
    assert np.log(p[ETA.index(-60.0)]) == pytest.approx(
        [cells([-60.0], THRESHOLDS["gap of 60"], each)[0][0] for each in np.eye(5)], rel=1e-12, abs=1e-15
    )


def test_unknown_cuts_are_named_with_what_is_allowed(survey):
    with pytest.raises(ValueError, match=r"cut is 7; allowed: 2, 3, 4"):
        nav.Rating().quantity(survey, cut=7)
    with pytest.raises(ValueError, match=r"cut is 1; allowed: 2, 3, 4"):  # everybody answers it or higher
        nav.Rating().quantity(survey, cut=1)
    with pytest.raises(ValueError, match=r"category is 5; allowed: 1, 2, 3, 4"):
        nav.Rating().quantity(survey, category=[1, 5])
    with pytest.raises(ValueError, match="cut is 2 and category 3; allowed: one of them"):
        nav.Rating().quantity(survey, cut=2, category=3)


def test_categories_of_text_need_a_cut():
    frame = pd.DataFrame({"office": ["A", "B"], "x": [3, 4], "y": [5, 1], "z": [1, 1]})
    names = ["misfornøyd", "nøytral", "fornøyd"]
    survey = nav.Survey.from_counts(frame, by="office", counts=["x", "y", "z"], categories=names)
    with pytest.raises(ValueError, match="'misfornøyd', 'nøytral', 'fornøyd' are no numbers, so they have no mean"):
        nav.Rating().quantity(survey)
    with pytest.raises(ValueError, match=r"cut is 'nøytrall'.*Did you mean 'nøytral'"):
        nav.Rating().quantity(survey, cut="nøytrall")
    channels = np.array([[0.0, -1.0, 1.0]])
    assert nav.Rating().quantity(survey, cut="fornøyd").predict(channels) == pytest.approx(special.expit(-1.0))


def test_cuts_are_not_for_shares(halves):
    with pytest.raises(ValueError, match="cut= and category= are for ratings and choices"):
        nav.Share().quantity(halves[1], cut=2)


def test_a_survey_of_another_kind_is_refused(survey, halves):
    with pytest.raises(ValueError, match=r"Rating\(\) models a survey of kind 'rating'; this one is of kind 'share'"):
        designs.design(nav.Model(nav.Rating()), halves[1])
    with pytest.raises(ValueError, match=r"Use Rating\(\), or cut the rating in two"):
        designs.design(nav.Model(nav.Share()), survey)


# ---- thresholds by item


@pytest.fixture(scope="module")
def battery():
    frame = pd.concat([table([1, 2, 3, 4], seed=place, item=item) for place, item in enumerate(["speed", "tone"])])
    return rated(frame, by=["item", "office"])


BY_ITEM = nav.Model(nav.Rating(by="item", scale=0.4), nav.Group("office"), nav.Effect("item"))


def test_thresholds_by_item_are_those_of_all_plus_deviations(battery):
    design = designs.design(BY_ITEM, battery)
    block = design.blocks[-1]
    assert (block.name, block.channels, block.labels) == ("item_threshold", (1, 2, 3), ["speed", "tone"])
    assert design.fed.tolist() == [0, 0, 1, 2, 3]
    assert design.parameters["item_threshold_sd"] == nav.HalfNormal(0.4)
    rng = np.random.default_rng(6)
    effects = {each.name: rng.normal(size=(1, len(each.levels), len(each.channels))) for each in design.blocks}
    base = np.array([[0.0, -1.0, 0.0, 1.0]])
    eta = design.linear_predictor(base, effects)[0]
    for row, cell in design.cells.iterrows():
        item = ["speed", "tone"].index(cell["item"])
        place = list("ABCDE").index(cell["office"])
        assert eta[row, 0] == pytest.approx(effects["office"][0, place, 0] + effects["item"][0, item, 0])
        assert eta[row, 1:] == pytest.approx(base[0, 1:] + effects["item_threshold"][0, item])


def test_softening_adds_an_answer_where_nobody_chose_a_middle_category():
    count = np.array([[3.0, 0, 2, 0], [1, 0, 0, 0], [0, 0, 0, 5]])
    given = count.copy()
    soft = nav.Rating(by="item").soften({"count": count, "constant": np.zeros(3)})
    assert (count == given).all()
    assert (soft["count"] - count).tolist() == [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


# ---- the graph


def points(graph, number=4, seed=1):
    rng = np.random.default_rng(seed)
    start = graph.initial_point()
    return [{name: rng.normal(size=np.shape(value)) for name, value in start.items()} for _ in range(number)]


def by_hand(model, survey, point):
    """Log-density of the graph's unconstrained space, from the kernel and SciPy's densities."""
    design = designs.design(model, survey)
    walked = np.atleast_1d(point["threshold_ordered__"])
    threshold = np.concatenate([walked[:1], walked[0] + np.cumsum(np.exp(walked[1:]))])
    total = stats.norm.logpdf(threshold, scale=design.intercept_scale).sum() + walked[1:].sum()
    parameters = {}
    for name, prior in design.parameters.items():
        log = float(point[f"{name}_log__"])
        parameters[name] = np.exp(log)
        total += float(prior.log_density(parameters[name])) + log
    effects = {}
    for block in design.blocks:
        z = np.atleast_2d(point[f"{block.name}_z"].T)  # dims (channel, coefficient)
        total += stats.norm.logpdf(z).sum()
        effects[block.name] = block.effect(block.scale.of(parameters), z).T[None]
    eta = design.linear_predictor(np.concatenate([[0.0], threshold])[None], effects)
    return total + model.outcome.log_likelihood(eta, design.data).sum()


def test_the_graph_is_the_model(survey, agrees_with):
    model = nav.Model(nav.Rating(), nav.Group("office", scale=nav.HalfStudentT(0.4)), intercept_scale=2.5)
    graph = nav.to_pymc(model, survey)
    agrees_with(graph, lambda point: by_hand(model, survey, point), points(graph))


@pytest.mark.usefixtures("without_numba")
def test_the_graph_of_thresholds_by_item_is_the_model(battery):
    graph = nav.to_pymc(BY_ITEM, battery)
    assert graph.named_vars_to_dims["item_threshold_effect"] == ("item_threshold", "cut")
    assert graph.named_vars_to_dims["threshold"] == ("cut",)
    assert graph.coords["cut"] == (2, 3, 4)
    log_density = graph.compile_logp()
    finite = 0
    for point in points(graph, number=8):
        expected = by_hand(BY_ITEM, battery, point)
        found = float(log_density(point))
        assert found == expected if np.isinf(expected) else found == pytest.approx(expected, abs=1e-8)
        finite += np.isfinite(expected)
    assert finite >= 3


@pytest.mark.usefixtures("without_numba")
def test_prior_predictive_answers_of_the_graph(survey):
    import pymc as pm

    with nav.to_pymc(nav.Model(nav.Rating(), nav.Group("office")), survey):
        tree = pm.sample_prior_predictive(draws=2000, random_seed=1)
    drawn = tree["prior_predictive"]["count_observed"]
    assert drawn.dims == ("chain", "draw", "cell", "category")
    n = survey.cells["count"].sum("category").to_numpy()
    assert (drawn.sum("category").to_numpy() == n).all()
    threshold = tree["prior"]["threshold"]
    assert (threshold.diff("cut") > 0).all()
    # normals kept to rising order are order statistics: the middle one of three has mean 0, variance 0.44867
    middle = threshold.sel(cut=3)
    assert float(middle.mean()) == pytest.approx(0, abs=4 * 1.5 * 0.67 / np.sqrt(2000))
    assert float(middle.std()) == pytest.approx(1.5 * 0.44867**0.5, rel=4 / np.sqrt(2 * 2000))


@pytest.mark.usefixtures("without_numba")
@pytest.mark.parametrize("coordinates", [whitened_coordinates, plain_coordinates])
@pytest.mark.parametrize("case", ["common", "by item"])
def test_the_sampling_graph_differs_only_by_the_change_of_variables(case, coordinates, survey, battery, coloured):
    model, data = {
        "common": (nav.Model(nav.Rating(), nav.Group("office"), intercept_scale=2.0), survey),
        "by item": (BY_ITEM, battery),
    }[case]
    design = designs.design(model, data)
    at = coordinates(design)
    log_sampled = build_sampling_graph(design, at).compile_logp()
    rng, gaps, base = np.random.default_rng(3), [], len(design.channels.common)
    for _ in range(20):
        w = rng.normal(size=len(at.pull)) * 0.3
        logs = {f"{name}_log__": np.array(rng.normal(-1.0, 0.5)) for name in design.parameters}
        scales = {name: np.exp(float(logs[f"{name}_log__"])) for name in design.parameters}
        v, volume = coloured(design, at, w, [block.scale.of(scales) for block in design.blocks])
        point, first = {**logs}, base
        point["threshold_ordered__"] = np.concatenate([[design.intercept_scale * v[0]], v[1:base]])
        for block in design.blocks:
            size = block.size * len(block.channels)
            z = v[first : first + size].reshape(len(block.channels), block.size).T
            point[f"{block.name}_z"] = z if len(block.channels) > 1 else z[:, 0]
            first += size
        expected = by_hand(model, data, point)
        found = float(log_sampled({"whitened": w, **logs}))
        if np.isinf(expected):
            assert np.isinf(found)
        else:
            gaps.append(found - expected - volume)
    assert len(gaps) >= 10
    assert np.ptp(gaps) < 1e-7


def test_evidence_is_that_of_ordered_thresholds_by_quadrature():
    count = np.array([3.0, 2.0, 5.0])
    survey = nav.Survey.from_counts(
        pd.DataFrame({"office": ["A"], "1": count[:1], "2": count[1:2], "3": count[2:]}),
        by="office", counts=["1", "2", "3"], categories=[1, 2, 3],
    )  # fmt: skip
    grid = np.linspace(-9, 9, 3001)
    low, high = np.meshgrid(grid, grid, indexing="ij")
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.stack([special.expit(low), special.expit(high) - special.expit(low), special.expit(-high)])
        log_likelihood = (count[:, None, None] * np.log(p)).sum(axis=0)
    constant = special.gammaln(11) - special.gammaln(count + 1).sum()
    prior = 2 * stats.norm.pdf(low, scale=1.5) * stats.norm.pdf(high, scale=1.5)  # 2! orders
    density = np.where(low < high, np.exp(log_likelihood + constant) * prior, 0.0)
    expected = np.log(np.nansum(density) * (grid[1] - grid[0]) ** 2)
    fit = nav.fit(nav.Model(nav.Rating()), survey, engine="laplace", seed=1)
    assert fit.attrs["log_marginal_likelihood"] == pytest.approx(expected, abs=0.02)


def test_thresholds_of_all_are_in_order_too():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.integers(1, 12, size=(6, 4)), columns=list("1234")).assign(item=list("abcdef"))
    survey = nav.Survey.from_counts(frame, by="item", counts=list("1234"), categories=[1, 2, 3, 4])
    fit = nav.fit(nav.Model(nav.Rating(by="item", scale=3.0), intercept_scale=1.5), survey, engine="laplace", seed=1)
    common = fit["posterior"]["threshold"].transpose("chain", "draw", "cut").to_numpy()
    own = common[:, :, None] + fit["posterior"]["item_threshold_effect"].transpose("chain", "draw", ...).to_numpy()
    assert (np.diff(common, axis=-1) > 0).all()
    assert (np.diff(own, axis=-1) > 0).all()
    assert np.isnan(fit.attrs["log_marginal_likelihood"])
