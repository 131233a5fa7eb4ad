"""What `fit` takes, which engine it chooses, and what the choice loads."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import threadpoolctl
import xarray as xr

import navmodels as nav
from navmodels.engines.laplace import sampling as laplace
from navmodels.engines.nuts import retries


@pytest.fixture(scope="module")
def offices():
    frame = pd.DataFrame({"office": list("ABC"), "k": [3, 5, 9], "n": [6, 8, 12]})
    return nav.Survey.from_counts(frame, by="office", positive="k", n="n")


@pytest.fixture(scope="module")
def grouped():
    return nav.Model(nav.Share(), nav.Group("office"))


def test_engines_by_name(grouped, offices):
    with pytest.raises(
        ValueError, match=r"engine is 'nutz'; allowed: 'auto', 'laplace', 'nuts'\. Did you mean 'nuts'\?"
    ):
        nav.fit(grouped, offices, engine="nutz")


@pytest.mark.parametrize("engine", ["auto", "laplace", "nuts"])
@pytest.mark.parametrize("given", [{"draws": 3}, {"chains": 0}, {"draws": 10.0}, {"chains": "4"}])
def test_lengths(grouped, offices, given, engine):
    with pytest.raises(ValueError, match="allowed: whole numbers, at least 4 draws and 2 chains"):
        nav.fit(grouped, offices, engine=engine, **given)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True])
def test_seeds(grouped, offices, seed):
    with pytest.raises(ValueError, match="allowed: a whole number from 0, or None"):
        nav.fit(grouped, offices, seed=seed)


def test_model_and_survey_must_fit(offices):
    with pytest.raises(ValueError, match="names the factor 'county'"):
        nav.fit(nav.Model(nav.Share(), nav.Group("county")), offices)


def test_without_a_seed_each_fit_draws_its_own(grouped, offices):
    one, two = (nav.fit(grouped, offices, engine="laplace", draws=10) for _ in range(2))
    assert one.attrs["seed"] != two.attrs["seed"]
    again = nav.fit(grouped, offices, engine="laplace", draws=10, seed=one.attrs["seed"])
    assert (again["posterior"]["intercept"] == one["posterior"]["intercept"]).all()
    assert not (two["posterior"]["intercept"] == one["posterior"]["intercept"]).any()


def test_a_whole_number_of_numpy_is_a_seed(grouped, offices):
    one, two = (nav.fit(grouped, offices, draws=10, seed=seed) for seed in (7, np.int64(7)))
    assert type(two.attrs["seed"]) is int
    assert (one["posterior"]["intercept"] == two["posterior"]["intercept"]).all()


def test_groups_and_attributes(grouped, offices):
    fit = nav.fit(grouped, offices, seed=5)
    assert set(fit.children) == {"posterior", "sample_stats", "log_likelihood", "observed_data", "survey"}
    assert fit["observed_data"]["positive"].to_numpy().tolist() == [3.0, 5.0, 9.0]
    assert fit["posterior"].sizes == {"chain": 4, "draw": 1000, "office": 3}
    assert set(fit["posterior"].data_vars) == {"intercept", "office_effect", "office_sd"}
    attrs = fit.attrs
    assert (attrs["engine"], attrs["reason"], attrs["unconverged"]) == ("laplace", "its check passed", "")
    assert (attrs["seed"], attrs["weighting"], attrs["simulated"]) == (5, "none", "")
    packages = ["navmodels", "pymc", "nutpie", "arviz", "numpy"]
    assert [pair.split("=")[0] for pair in attrs["versions"].split()] == packages
    assert nav.Model.from_json(attrs["model"]) == grouped
    for value in attrs.values():
        assert isinstance(value, str | int | float)  # what a file can hold


# ---- which engine


@pytest.fixture
def nuts(monkeypatch, made_fit):
    """NUTS in name only: made draws, and a list of what was asked of it."""
    asked = []

    def sample(design, **options):
        asked.append(options)
        tree = made_fit(design.model, design.survey)
        groups = {"posterior": tree["posterior"].to_dataset(), "sample_stats": tree["sample_stats"].to_dataset()}
        return groups, {"coordinates": "made", "divergences": 0, "unconverged": ""}

    monkeypatch.setattr(retries, "sample_with_retry", sample)
    return asked


def spoil(monkeypatch, **attrs):
    """Make laplace return other attributes than it should."""
    inner = laplace.sample_laplace

    def spoiled(design, **options):
        posterior, statistics, made = inner(design, **options)
        return posterior, statistics, made | attrs

    monkeypatch.setattr(laplace, "sample_laplace", spoiled)


def test_auto_is_laplace_when_its_check_passes(grouped, offices, nuts):
    auto, asked_for = nav.fit(grouped, offices, seed=1), nav.fit(grouped, offices, engine="laplace", seed=1)
    assert nuts == []
    assert (auto.attrs["reason"], asked_for.attrs["reason"]) == ("its check passed", "asked for")
    xr.testing.assert_identical(auto["posterior"].to_dataset(), asked_for["posterior"].to_dataset())


@pytest.mark.parametrize(
    ("attrs", "reason"),
    [
        ({"pareto_k": 0.83}, r"Pareto k 0.83 for joint importance ratios (limit 0.7)"),
        ({"pareto_k": np.nan}, r"Pareto k nan for joint importance ratios (limit 0.7)"),
        ({"effective_draws": 399.0}, r"effective draws 399 for joint importance ratios (limit 400)"),
        ({"unsolved": 3}, r"modes not found 3 for all points (limit 0)"),
    ],
)
def test_auto_is_nuts_when_it_does_not(grouped, offices, nuts, monkeypatch, attrs, reason):
    spoil(monkeypatch, **attrs)
    fit = nav.fit(grouped, offices, draws=1000, chains=4, seed=8)
    assert nuts == [{"draws": 1000, "chains": 4, "seed": 8, "progress": False}]
    assert (fit.attrs["engine"], fit.attrs["coordinates"], fit.attrs["unconverged"]) == ("nuts", "made", "")
    assert fit.attrs["reason"] == f"laplace did not pass its check: {reason}"
    if "pareto_k" in attrs:  # kept, so that a reader sees how far off it was
        np.testing.assert_equal(fit.attrs["pareto_k"], attrs["pareto_k"])
    assert set(fit["sample_stats"].data_vars) >= {"diverging", "energy"}  # those of nuts
    assert nav.check(fit)["criterion"].tolist()[0] == "R-hat"
    assert fit["log_likelihood"]["positive"].shape == (4, 1000, 3)


def test_laplace_asked_for_stays_laplace_and_says_that_it_failed(grouped, offices, nuts, monkeypatch):
    spoil(monkeypatch, pareto_k=0.83)
    fit = nav.fit(grouped, offices, engine="laplace", seed=8)
    assert nuts == []
    assert fit.attrs["engine"] == "laplace"
    assert fit.attrs["unconverged"] == "Pareto k 0.83 for joint importance ratios (limit 0.7)"
    with pytest.raises(nav.NotConvergedError, match=r"Pareto k 0\.83"):
        nav.summarise(nav.estimate(fit, by="office"))


def test_nuts_asked_for_runs_no_laplace(grouped, offices, nuts, monkeypatch):
    monkeypatch.setattr(laplace, "sample_laplace", lambda *_, **__: pytest.fail("laplace ran"))
    fit = nav.fit(grouped, offices, engine="nuts", seed=8)
    assert (fit.attrs["engine"], fit.attrs["reason"]) == ("nuts", "asked for")
    assert "pareto_k" not in fit.attrs
    assert len(nuts) == 1


def test_both_engines_run_with_one_thread_of_blas(grouped, offices, nuts, monkeypatch):
    def threads():
        return [each["num_threads"] for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas"]

    seen, inner = [], laplace.sample_laplace
    monkeypatch.setattr(laplace, "sample_laplace", lambda *a, **k: (seen.append(threads()), inner(*a, **k))[1])
    made = retries.sample_with_retry
    monkeypatch.setattr(retries, "sample_with_retry", lambda *a, **k: (seen.append(threads()), made(*a, **k))[1])
    with threadpoolctl.threadpool_limits(2, "blas"):
        before = threads()
        nav.fit(grouped, offices, engine="laplace", seed=1)
        nav.fit(grouped, offices, engine="nuts", seed=1)
        assert threads() == before
    assert len(seen) == 2
    assert seen[0]
    assert all(set(each) == {1} for each in seen)


LIGHT = """
import json, sys
import pandas as pd, threadpoolctl
import navmodels as nav
from navmodels.engines.laplace import sampling as laplace

frame = pd.DataFrame({"office": list("ABC"), "k": [3, 5, 9], "n": [6, 8, 12]})
survey = nav.Survey.from_counts(frame, by="office", positive="k", n="n")
inner, seen = laplace.propose, []

def spy(*given):
    seen.extend(each["num_threads"] for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas")
    inner(*given)

laplace.propose = spy
fit = nav.fit(nav.Model(nav.Share(), nav.Group("office")), survey, seed=1)
nav.summarise(nav.estimate(fit, by="office"))
nav.check(fit)
print(json.dumps([fit.attrs["engine"], sorted(set(seen)), sorted({name.split(".")[0] for name in sys.modules})]))
"""


def test_laplace_loads_no_sampler_and_no_plots():
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)  # noqa: S603
    engine, threads, loaded = json.loads(done.stdout)
    assert engine == "laplace"
    assert threads == [1]  # also of libraries that are loaded late
    # xarray itself loads dask where it is installed
    heavy = {"pymc", "pytensor", "nutpie", "matplotlib", "arviz", "arviz_plots", "narwhals", "distributed", "sklearn"}
    assert not set(loaded) & (heavy | {"arviz_base", "arviz_stats"})
    assert {"numba", "scipy"} <= set(loaded)  # so that the test could fail


# ---- weights that are not used


def test_weights_that_are_not_used_are_told(grouped):
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"office": rng.choice(list("ABC"), 600), "young": rng.choice([0, 1], 600)})
    rows["w"] = np.where(rows["young"] == 1, 2.0, 0.5)
    rows["yes"] = (rng.random(600) < 0.4 + 0.4 * rows["young"]).astype(int)
    asked = {"outcome": "yes", "weights": "w"}
    offices = rows.assign(wy=rows["w"] * rows["yes"]).groupby("office")
    plain = np.average(offices["yes"].mean(), weights=offices["w"].sum())
    used = rows["w"] @ rows["yes"] / rows["w"].sum()
    words = (
        rf"unequal within 3 of 3 cells, where they are not used: {100 * plain:.1f} % without them, "
        rf"{100 * used:.1f} % with them\. .*in by= and as terms of the model.*weighting='effective'"
    )
    for by in ("office", ["office", "young"]):  # the model sums over what it does not use
        survey = nav.Survey.from_responses(rows, **asked, by=by)
        with pytest.warns(UserWarning, match=words):
            nav.fit(grouped, survey, engine="laplace", seed=1)
    # both remedies: no warning, and the weighted share within a few standard errors
    model = nav.Model(nav.Share(), nav.Group("office"), nav.Effect("young"))
    survey = nav.Survey.from_responses(rows, **asked, by=["office", "young"])
    both = [nav.fit(model, survey, engine="laplace", seed=1)]
    survey = nav.Survey.from_responses(rows, **asked, by="office", weighting="effective")
    both.append(nav.fit(grouped, survey, engine="laplace", seed=1))
    for each in both:
        assert nav.summarise(nav.estimate(each))["mean"].item() == pytest.approx(used, abs=0.01)
    assert plain - used < -0.05


def test_weights_of_ratings_name_the_answer_that_differs():
    rows = pd.DataFrame(
        {"office": ["A", "A", "A", "B", "B"], "answer": [1, 2, 3, 1, 2], "w": [1.0, 1.0, 2.0, 1.0, 1.0]}
    )
    survey = nav.Survey.from_responses(rows, outcome="answer", by="office", categories=[1, 2, 3], weights="w")
    # 3: (4/6) (1/3) without weights, (4/6) (2/4) with them
    assert "unequal within 1 of 2 cells, where they are not used: 22.2 % answer 3 without them, 33.3 % with" in repr(
        survey
    )
