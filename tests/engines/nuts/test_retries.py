"""Which run NUTS makes, when it makes another, and which of two it keeps."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from navmodels.engines.nuts import retries
from navmodels.gate.convergence import CRITERION_COLUMNS
from navmodels.models import designs


@pytest.fixture
def design(model, survey):
    return designs.design(model, survey)


@pytest.fixture
def take(design, made_fit, monkeypatch):
    """Return a function that samples with made draws, each spoilt by a function: attributes, options, place kept."""

    def inner(*spoilers, draws=1000):
        taken = []

        def sample(given, **options):
            tree = made_fit(given.model, given.survey, draws=options["draws"], seed=len(taken))
            posterior, statistics = tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset().copy(deep=True)
            spoilers[len(taken)](posterior, statistics)
            taken.append(options | {"first": float(posterior["intercept"][0, 0])})  # which thinning keeps
            return posterior, statistics

        monkeypatch.setattr(retries, "sample_nuts", sample)
        groups, attrs = retries.sample_with_retry(design, draws=draws, chains=4, seed=9, progress=False)
        kept = float(groups["posterior"]["intercept"][0, 0])
        return attrs, taken, [each["first"] for each in taken].index(kept)

    return inner


def good(posterior, statistics):
    pass


def diverging(times):
    def spoil(posterior, statistics):
        statistics["diverging"].to_numpy()[0, :times] = True

    return spoil


def slow(posterior, statistics):
    values = posterior["county_sd"].to_numpy()
    values[:] = 0.3 + 0.01 * np.repeat(np.random.default_rng(1).normal(size=(4, values.shape[1] // 20)), 20, axis=1)


def apart(posterior, statistics):
    posterior["intercept"].to_numpy()[3] += 5


def test_one_run_that_passes_is_enough(take):
    attrs, taken, _ = take(good)
    assert attrs == {"coordinates": "whitened", "divergences": 0, "unconverged": ""}
    assert len(taken) == 1
    options = taken[0]
    assert {name: options[name] for name in ("tune", "accept", "draws", "chains", "seed", "progress")} == {
        "tune": 1000, "accept": 0.95, "draws": 1000, "chains": 4, "seed": 9, "progress": False,
    }  # fmt: skip
    assert options["coordinates"].curvature.shape == (16, 16)


def test_a_second_run_is_longer_and_in_plain_coordinates(take):
    attrs, taken, kept = take(diverging(3), good)
    assert attrs == {
        "coordinates": "non-centred (second walk; the first failed: divergences 3 for all chains (limit 0))",
        "divergences": 0,
        "unconverged": "",
    }
    assert kept == 1
    assert (taken[1]["tune"], taken[1]["accept"], taken[1]["seed"]) == (2000, 0.99, 9)
    plain = taken[1]["coordinates"]
    assert plain.curvature.shape == (16, 16)
    assert not plain.curvature.any()
    assert not plain.pull.any()


def test_of_two_that_fail_alike_the_second_is_kept(take):
    attrs, _, kept = take(diverging(3), diverging(7))
    assert kept == 1
    assert (attrs["divergences"], attrs["unconverged"]) == (7, "divergences 7 for all chains (limit 0)")


def test_of_two_that_fail_the_one_with_fewer_failures_is_kept(take):
    attrs, _, kept = take(diverging(3), apart)
    assert kept == 0
    assert (attrs["divergences"], attrs["unconverged"]) == (3, "divergences 3 for all chains (limit 0)")


@pytest.mark.parametrize(
    ("draws", "failing", "number"),
    [
        (999, ["bulk ESS", "tail ESS"], 1),
        (20, ["tail ESS"], 1),
        (999, ["R-hat", "bulk ESS"], 2),
        (1000, ["bulk ESS"], 2),
        (20, ["E-BFMI"], 2),
    ],
)
def test_too_few_draws_asked_for_are_no_reason_for_another_run(take, monkeypatch, draws, failing, number):
    rows = [(name, "county_sd", 0.0, 1.0, False) for name in failing] + [("divergences", "all chains", 0.0, 0.0, True)]
    monkeypatch.setattr(retries, "check", lambda _: pd.DataFrame(rows, columns=CRITERION_COLUMNS))
    attrs, taken, _ = take(good, good, draws=draws)
    assert len(taken) == number
    assert attrs["coordinates"].startswith("non-centred" if set(failing) - retries.EFFECTIVE else "whitened")
    longer = failing == ["bulk ESS"]  # and nothing else is wrong, of 1,000 draws
    assert taken[-1]["draws"] == (4 * draws if longer else draws)
    assert attrs["unconverged"] == "; ".join(f"{name} 0 for county_sd (limit 1)" for name in failing)


def test_of_a_longer_walk_one_draw_in_four_is_kept_and_every_divergence(design, made_fit, monkeypatch):
    tree = made_fit(design.model, design.survey, draws=4000)
    posterior, statistics = tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset().copy(deep=True)
    statistics["diverging"].to_numpy()[2, 5] = True  # the second of its four
    monkeypatch.setattr(retries, "sample_nuts", lambda *_, **__: (posterior, statistics))
    walk = retries._walk(design, retries.RUNS[0], 4, draws=1000, chains=4, seed=1, progress=False)
    assert walk.groups["posterior"].sizes["draw"] == 1000
    found = walk.groups["posterior"]["intercept"].to_numpy()
    assert np.array_equal(found, posterior["intercept"].to_numpy()[:, ::4])
    assert np.argwhere(walk.groups["sample_stats"]["diverging"].to_numpy()).tolist() == [[2, 1]]
    assert walk.failing == ["divergences"]


def test_slow_chains_are_one(take):
    _, taken, kept = take(slow, good)
    assert (len(taken), kept) == (2, 1)


def test_the_groups_are_those_of_the_run_that_is_kept(design, made_fit, monkeypatch):
    tree = made_fit(design.model, design.survey)
    given = tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()
    monkeypatch.setattr(retries, "sample_nuts", lambda *_, **__: given)
    groups, _ = retries.sample_with_retry(design, draws=1000, chains=4, seed=1, progress=False)
    assert list(groups) == ["posterior", "sample_stats"]
    for found, expected in zip(groups.values(), given, strict=True):
        xr.testing.assert_identical(found, expected)
