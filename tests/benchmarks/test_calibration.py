"""The machinery on ranks whose answer is known, the cases' processes, and a short run of the real engine."""

from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import special, stats

import navmodels as nav
from benchmarks import calibration
from navmodels.models import designs

Ranks = npt.NDArray[np.int64]


def toy_ranks(simulations: int, *, widen: float = 1.0, ignore_data: bool = False) -> dict[str, Ranks]:
    """Return ranks of θ ~ N(0, 1) and of its log-likelihood given y ~ N(θ, 1), for 99 draws of an engine."""
    rng = np.random.default_rng(7)
    theta = rng.normal(size=simulations)
    y = theta + rng.normal(size=simulations)
    centre, spread = (0.0 * y, 1.0) if ignore_data else (y / 2, widen * np.sqrt(0.5))
    draws = centre[:, None] + spread * rng.normal(size=(simulations, 99))
    fit = (draws - y[:, None]) ** 2 > ((theta - y) ** 2)[:, None]
    return {"theta": (draws < theta[:, None]).sum(axis=1), "log-likelihood": fit.sum(axis=1)}


def test_probability_of_ranks_is_that_of_an_enumeration() -> None:
    every = [np.array(ranks) for ranks in product(range(4), repeat=3)]  # 3 simulations, ranks 0 to 3: 64 equally likely

    def worst(ranks: Ranks) -> float:
        below = [(ranks < point).sum() for point in (1, 2, 3)]
        return min(
            2 * min(stats.binom.cdf(k, 3, point / 4), stats.binom.sf(k - 1, 3, point / 4))
            for k, point in zip(below, (1, 2, 3), strict=True)
        )

    extreme = np.array([worst(ranks) for ranks in every])
    expected = [(extreme <= each + 1e-12).mean() for each in extreme]
    assert [calibration.uniformity(ranks, kept=3) for ranks in every] == pytest.approx(expected, abs=1e-12)


def test_envelope_holds_uniform_ranks_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    low, high = calibration.envelope(200)
    below = np.array([calibration.ecdf(rng.integers(0, 100, 200)) for _ in range(4000)])
    inside = ((low <= below) & (below <= high)).all(axis=1).mean()
    assert 0.94 < inside < 0.965  # standard error 0.0034
    pointwise = ((low <= below) & (below <= high)).mean(axis=0)
    assert pointwise.min() > 0.985  # simultaneous, so each point alone holds more


def test_ranks_outside_the_envelope_are_those_with_a_small_probability() -> None:
    rng = np.random.default_rng(2)
    low, high = calibration.envelope(100)
    seen = []
    for _ in range(300):
        ranks = rng.binomial(99, rng.beta(1.3, 1.3, 100))
        inside = bool(((low <= calibration.ecdf(ranks)) & (calibration.ecdf(ranks) <= high)).all())
        assert inside == (calibration.uniformity(ranks) > 0.05)
        seen.append(inside)
    assert 0.1 < np.mean(seen) < 0.9


def test_ties_take_a_random_part() -> None:
    rng = np.random.default_rng(3)
    ranks = [calibration.rank(0.0, np.array([-1.0, 0.0, 0.0, 2.0]), rng) for _ in range(3000)]
    assert np.bincount(ranks) / 3000 == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3], abs=0.04)


def test_right_engine_passes() -> None:
    ranks = toy_ranks(1000)
    assert calibration.uniformity(ranks["theta"]) > 0.001
    assert calibration.uniformity(ranks["log-likelihood"]) > 0.001


@pytest.mark.parametrize("widen", [1.3, 1 / 1.3])
def test_draws_too_wide_or_too_narrow_are_detected(widen: float) -> None:
    ranks = toy_ranks(1000, widen=widen)
    assert calibration.uniformity(ranks["theta"]) < 1e-4
    assert calibration.uniformity(ranks["log-likelihood"]) < 1e-4


def test_log_likelihood_detects_an_engine_that_returns_the_prior() -> None:
    ranks = toy_ranks(1000, ignore_data=True)
    assert calibration.uniformity(ranks["theta"]) > 0.001  # blind
    assert calibration.uniformity(ranks["log-likelihood"]) < 1e-12


def test_prior_draws_follow_the_priors() -> None:
    rng = np.random.default_rng(4)
    case = calibration.cases()["share, large cells"]
    draws = [calibration.draw_prior(case.design, rng) for _ in range(2000)]
    scale = np.array([each.parameters["county_sd"][0] for each in draws])
    assert stats.kstest(scale, stats.halfnorm(scale=0.5).cdf).pvalue > 0.01
    assert stats.kstest([each.base[0, 0] for each in draws], stats.norm(scale=1.5).cdf).pvalue > 0.01
    standard = np.array([each.effects["county"][0, :, 0] for each in draws]) / scale[:, None]
    assert stats.kstest(standard.ravel(), stats.norm.cdf).pvalue > 0.01
    walk = np.array([each.effects["year_slope"][0, :, 0] for each in draws])[:, [0, 1, 3, 4]]  # the middle is exactly 0
    assert np.exp(np.log(walk.var(axis=0)).mean()) == pytest.approx(1.0, abs=0.1)  # unit variance, fixed scale 1


def test_thresholds_of_the_prior_are_normals_in_order() -> None:
    rng = np.random.default_rng(4)
    design = calibration.cases()["rating"].design
    draws = np.array([calibration.draw_prior(design, rng).base[0] for _ in range(4000)])
    assert (draws[:, 0] == 0).all()  # the linear predictor has no intercept
    assert (np.diff(draws[:, 1:]) > 0).all()
    normal = stats.norm(scale=1.5).cdf
    for place in range(1, 6):  # the j-th smallest of five uniforms is beta(j, 6 - j)
        assert stats.kstest(normal(draws[:, place]), stats.beta(place, 6 - place).cdf).pvalue > 0.01


def test_thresholds_by_item_are_in_order_for_every_item_and_that_moves_their_prior() -> None:
    rng = np.random.default_rng(4)
    design = calibration.cases()["rating, thresholds by item"].design
    draws = [calibration.draw_prior(design, rng) for _ in range(1000)]
    thresholds = np.array([each.base[0, 1:] + each.effects["item_threshold"][0] for each in draws])
    assert thresholds.shape == (1000, 4, 5)
    assert np.diff(thresholds).min() > 0
    scale = np.array([each.parameters["item_threshold_sd"][0] for each in draws])
    free = np.array([calibration._draw_freely(design, rng).parameters["item_threshold_sd"][0] for _ in range(1000)])
    assert scale.mean() < 0.5 * free.mean()  # large deviations are mostly out of order
    assert free.mean() == pytest.approx(0.5 * np.sqrt(2 / np.pi), abs=0.03)


def test_any_two_categories_of_a_choice_have_the_priors_log_odds() -> None:
    rng = np.random.default_rng(4)
    design = calibration.cases()["choice"].design
    draws = [calibration.draw_prior(design, rng) for _ in range(3000)]
    logit = np.array([design.channels.shown(each.base[0], design.channels.common)[1] for each in draws])
    assert logit.sum(axis=1) == pytest.approx(0, abs=1e-12)
    for first, second in combinations(range(4), 2):
        assert stats.kstest(logit[:, first] - logit[:, second], stats.norm(scale=1.5).cdf).pvalue > 0.01
    scale = np.array([each.parameters["county_sd"][0] for each in draws])
    county = np.array(
        [design.channels.shown(each.effects["county"][0, 0], design.channels.common)[1] for each in draws]
    )
    assert stats.kstest((county[:, 0] - county[:, 3]) / scale, stats.norm.cdf).pvalue > 0.01


def test_parts_of_a_map_share_a_standard_deviation() -> None:
    rng = np.random.default_rng(4)
    design = calibration.cases()["share on a map"].design
    draws = [calibration.draw_prior(design, rng) for _ in range(2000)]
    spatial = np.array([each.parameters["county_spatial_share"][0] for each in draws])
    assert stats.kstest(spatial, stats.uniform.cdf).pvalue > 0.01
    sd = np.array([each.parameters["county_sd"][0] for each in draws])
    own = np.array([each.effects["county_own"][0, :, 0] for each in draws])
    assert stats.kstest((own / (sd * np.sqrt(1 - spatial))[:, None]).ravel(), stats.norm.cdf).pvalue > 0.01


def test_quantities_of_a_choice_are_of_every_category() -> None:
    design = calibration.cases()["choice"].design
    truth = calibration.draw_prior(design, np.random.default_rng(5))
    found = calibration.quantities(design, truth)
    share = [found[f"{category} in sector private"][0] for category in ("chat", "form", "phone", "visit")]
    assert sum(share) == pytest.approx(1)
    assert sum(found[f"county H {category}"][0] for category in ("chat", "form", "phone", "visit")) == pytest.approx(0)
    p = special.softmax(
        design.channels.shown(design.linear_predictor(truth.base, truth.effects)[0], design.channels.common)[1], axis=1
    )
    private = (design.cells["sector"] == "private").to_numpy()
    weight = design.survey.cells["weight"].to_numpy()[private]
    assert share == pytest.approx(weight @ p[private] / weight.sum())


def test_printed_counts_are_the_process_of_their_likelihood() -> None:
    case = calibration.cases()["reported, counts"]
    for n in np.unique(case.design.data["trials"])[::4]:
        prints = np.unique(np.round(100 * np.arange(n + 1) / n))
        table = pd.DataFrame({"row": np.arange(len(prints)), "share": prints, "n": n})
        design = designs.design(nav.Model(nav.Reported()), nav.Survey.from_report(table, by="row", n="n"))
        probability = np.exp(design.model.outcome.log_likelihood(np.full((len(prints), 1), 0.7), design.data))
        assert probability.sum() == pytest.approx(1.0, abs=1e-12)


def test_printed_intervals_give_back_the_standard_error_and_edges_are_given_up() -> None:
    case = calibration.cases()["reported, intervals"]
    drawn = np.linspace(0.6, 99.4, len(case.design.cells))
    survey = case.read(drawn)
    assert survey is not None
    assert survey.cells["sd"].to_numpy() == pytest.approx(case.design.data["sd"], rel=1e-9)
    edges = survey.cells["low"].to_numpy()[[0, -1]], survey.cells["high"].to_numpy()[[0, -1]]
    assert np.concatenate(edges) == pytest.approx(special.logit([0.005, 0.985, 0.015, 0.995]))
    assert case.read(np.where(drawn < 1, 0.4, drawn)) is None
    assert case.read(np.where(drawn > 99, 99.6, drawn)) is None


def test_table_says_what_the_ranks_are() -> None:
    rng = np.random.default_rng(5)
    right, wrong = rng.integers(0, 100, 400), rng.integers(5, 95, 400)
    made = [
        calibration.Simulated({"a": int(a), "b": int(b)}, "nuts" if i < 3 else "laplace", "R-hat" if i < 2 else "", 0)
        for i, (a, b) in enumerate(zip(right, wrong, strict=True))
    ]
    table = calibration.judge(made, case="share, tiny groups").set_index("quantity")
    assert table["inside"].to_dict() == {"a": True, "b": False}
    assert table.loc["b", "covered"] == 1.0
    assert table.loc["a", "covered"] == pytest.approx(((right >= 5) & (right < 95)).mean())
    assert table.loc["b", "distance"] == pytest.approx(
        max(abs((wrong < point).mean() - point / 100) for point in range(1, 100))
    )
    line = next(
        line
        for line in calibration.report({"share, tiny groups": made}, engine="auto", seed=1).splitlines()
        if "**" in line
    )
    assert [cell.strip() for cell in line.split("|")][2:7] == ["400", "3", "2", "0", "1 of 2"]


@pytest.mark.sampling
def test_same_seed_gives_the_same_ranks() -> None:
    case, seed = calibration.cases()["reported, counts"], np.random.SeedSequence(11)
    one, two = (calibration.simulate(case, seed, engine="laplace") for _ in range(2))
    assert one == two
    assert {"intercept", "county_sd", "county H", "year_sd", "year 2023", "mean of county A", "log-likelihood"} == set(
        one.ranks
    )
    assert calibration.simulate(case, np.random.SeedSequence(12), engine="laplace").ranks != one.ranks


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), [("share, tiny groups", 100), ("reported, counts", 100), ("rating", 60)])
def test_short_calibration_of_laplace(name: str, size: int) -> None:
    seeds = np.random.SeedSequence(2022).spawn(size)
    made = [calibration.simulate(calibration.cases()[name], seed, engine="laplace") for seed in seeds]
    assert sum(bool(each.unconverged) for each in made) <= 5
    table = calibration.judge(made, case=name)
    assert (table["p"] * len(table)).min() > 0.001


@pytest.mark.slow
def test_short_calibration_detects_wider_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    right = calibration.refit

    def wider(*args: Any, **keywords: Any) -> Any:
        fit = right(*args, **keywords)
        effect = fit["posterior"]["county_effect"]
        centre = effect.mean(dim=("chain", "draw"))
        fit["posterior"]["county_effect"] = centre + 1.3 * (effect - centre)
        return fit

    monkeypatch.setattr(calibration, "refit", wider)
    seeds = np.random.SeedSequence(2022).spawn(60)
    made = [calibration.simulate(calibration.cases()["share, large cells"], seed, engine="laplace") for seed in seeds]
    table = calibration.judge(made, case="wider").set_index("quantity")
    assert table.loc["log-likelihood", "p"] < 1e-4
