"""Every change does what a fit made by hand with it does; what goes wrong in one scenario leaves the others alone."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import navmodels as nav
from navmodels.data.variants import with_design_effect, with_minimum, with_weighting
from navmodels.sensitivity import scenarios as module
from navmodels.sensitivity.changes import CHANGES, change_scenario

mpl.use("agg")
pytestmark = pytest.mark.filterwarnings("ignore:survey weights are unequal")  # so that weighting can be varied
SEED = 7
BY = {"by": ["office", "year"]}


@pytest.fixture(scope="module")
def rows():
    """Respondents of four offices in three years, with weights; office D is named before A."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"office": rng.choice(list("DABC"), 600, p=[0.1, 0.3, 0.3, 0.3])})
    frame["office"] = pd.Categorical(frame["office"], categories=list("DABC"))
    frame["year"] = rng.choice([2021, 2023, 2024], 600)
    frame["sector"] = rng.choice(["private", "public"], 600)
    frame["satisfied"] = (
        rng.random(600) < 0.5 + 0.1 * (frame["office"] == "A") + 0.05 * (frame["year"] - 2021)
    ).astype(int)
    return frame.assign(w=rng.uniform(0.5, 2.0, 600))


@pytest.fixture(scope="module")
def survey(rows):
    return nav.Survey.from_responses(rows, outcome="satisfied", by=["office", "year", "sector"], weights="w")


MODEL = nav.Model(
    nav.Share(), nav.Group("office", scale=nav.HalfStudentT(0.5)), nav.Group("office", "year"), nav.Trend("year")
)
RATING = pd.DataFrame({"office": list("ABC"), "1": [20, 60, 5], "2": [150, 40, 9], "3": [30, 100, 16]})


@pytest.fixture(scope="module")
def rating():
    return nav.Survey.from_counts(RATING, by="office", counts=["1", "2", "3"], categories=[1, 2, 3])


def by_hand(model, survey, **estimand):
    return nav.estimate(nav.fit(model, survey, seed=SEED), **{**BY, **estimand})


def within_monte_carlo_error(found, expected, effective):
    """Four standard errors of the means and standard deviations of both, the one of so many effective draws."""
    over, error = (
        ("chain", "draw"),
        np.sqrt(1 / effective + 1 / expected.stack(sample=("chain", "draw")).sizes["sample"]),
    )
    assert float(abs((found.mean(over) - expected.mean(over)) / expected.std(over)).max()) < 4 * error
    assert (
        float(abs(np.log(found.std(over) / expected.std(over))).max()) < 4 * error
    )  # of heavy tails, twice a normal's


def test_what_leaves_the_coefficients_alone_is_weighed(draws):
    made = {name: entry["how"] for name, entry in draws.attrs["made"].items()}
    assert list(made) == list(CASES)
    for name in ("priors of all", "intercept"):
        assert made[name] == "reweighted"
        assert draws.attrs["made"][name]["pareto_k"] < 0.7
        assert 1000 <= draws.attrs["made"][name]["effective_draws"] <= 4000
    for name in ("as given", "model", "none", "complete", "drop", "min_n", "several"):
        assert made[name] == "refit"


def with_terms(*terms):
    return nav.Model(nav.Share(), *terms)


OTHER = with_terms(nav.Group("office"), nav.Effect("year"))
AS_PEOPLE = pd.DataFrame({"office": list("DAB") * 3, "year": np.repeat([2021, 2023, 2024], 3), "weight": 1.0})
OFFICE, BOTH, YEAR = MODEL.terms
CASES = {  # scenario, and the model, survey and estimand by hand
    "as given": ({}, lambda s: (MODEL, s, {})),
    "model": ({"model": OTHER}, lambda s: (OTHER, s, {})),
    "survey": ({"survey": "less"}, lambda s: (MODEL, s.drop(sector="public"), {})),
    "priors of all": (
        {"priors": 2},
        lambda s: (
            with_terms(
                nav.Group("office", scale=nav.HalfStudentT(1.0)),
                nav.Group("office", "year", scale=1.0),
                nav.Trend("year", scale=0.6),
            ),
            s,
            {},
        ),
    ),
    "prior of one": (
        {"priors": {"office:year": nav.HalfCauchy(0.2), "year": 1.0}},
        lambda s: (
            with_terms(
                OFFICE, nav.Group("office", "year", scale=nav.HalfCauchy(0.2)), nav.Trend("year", scale=1.0)
            ),
            s,
            {},
        ),
    ),
    "intercept": (
        {"intercept_scale": 3.0},
        lambda s: (nav.Model(nav.Share(), *MODEL.terms, intercept_scale=3.0), s, {}),
    ),
    "none": (
        {"pooling": "none"},
        lambda s: (
            with_terms(
                nav.Group("office", scale=nav.Known(10.0)), nav.Group("office", "year", scale=nav.Known(10.0)), YEAR
            ),
            s,
            {},
        ),
    ),
    "complete": (
        {"pooling": {"office:year": "complete"}},
        lambda s: (with_terms(OFFICE, nav.Group("office", "year", scale=nav.Known(1e-6)), YEAR), s, {}),
    ),
    "drop": ({"drop": {"office": "B"}}, lambda s: (MODEL, s.drop(office="B"), {})),
    "min_n": ({"min_n": 30}, lambda s: (MODEL, with_minimum(s.collapse(["office", "year"]), 30), {})),
    "design effect": ({"design_effect": 1.5}, lambda s: (MODEL, with_design_effect(s, 1.5), {})),
    "weighting": ({"weighting": "effective"}, lambda s: (MODEL, with_weighting(s, "effective"), {})),
    "population": ({"population": AS_PEOPLE}, lambda s: (MODEL, s, {"population": AS_PEOPLE})),
    "scale": ({"scale": "linear"}, lambda s: (MODEL, s, {"scale": "linear"})),
    "several": (
        {"intercept_scale": 2.0, "drop": {"year": [2023]}, "weighting": "none"},
        lambda s: (
            nav.Model(nav.Share(), *MODEL.terms, intercept_scale=2.0), with_weighting(s.drop(year=2023), "none"), {},
        ),
    ),
}  # fmt: skip


def test_cases_cover_every_change():
    used = {name for scenario, _ in CASES.values() for name in scenario}
    assert used >= {*CHANGES, *module.READ_OFF} - {"cut", "category"}  # these two are below, with a rating


@pytest.fixture(scope="module")
def scenarios(survey):
    out = {name: dict(scenario) for name, (scenario, _) in CASES.items()}
    out["survey"] = {"survey": survey.drop(sector="public")}
    return out


@pytest.fixture(scope="module")
def draws(survey, scenarios):
    return nav.refit_scenarios(MODEL, survey, scenarios, estimand=BY, seed=SEED)


@pytest.mark.parametrize("name", CASES)
def test_a_change_is_a_fit_by_hand(draws, survey, name):
    model, given, estimand = CASES[name][1](survey)
    expected = by_hand(model, given, **estimand)
    found = draws.sel(scenario=name, office=expected["office"], year=expected["year"])
    made = draws.attrs["made"][name]
    if made["how"] == "refit":
        assert np.array_equal(found.to_numpy(), expected.to_numpy(), equal_nan=True)
    else:
        within_monte_carlo_error(found, expected, made["effective_draws"])
    if name not in ("as given", "population"):  # of which every cell is as it was
        assert not np.array_equal(
            found, draws.sel(scenario="as given", office=expected["office"], year=expected["year"])
        )


def test_dims_order_and_what_draws_carry(draws, survey):
    assert draws.dims == ("chain", "draw", "office", "year", "scenario")
    assert draws["office"].to_numpy().tolist() == list("DABC")
    assert draws["year"].to_numpy().tolist() == [2021, 2023, 2024]
    assert draws["scenario"].to_numpy().tolist() == list(CASES)
    assert draws.attrs["failed"] == {}
    assert (draws.attrs["engine"], draws.attrs["seed"], draws.attrs["unconverged"]) == ("laplace", SEED, "")
    as_given = by_hand(MODEL, survey)
    assert draws.name == as_given.name
    assert draws["n"].sel(scenario="as given").equals(as_given["n"].assign_coords(scenario="as given"))


def test_a_population_may_have_levels_that_a_scenario_leaves_out(survey):
    estimand = {"by": "office", "population": AS_PEOPLE}
    scenarios = {"as given": {}, "without B": {"drop": {"office": "B"}}}
    draws = nav.refit_scenarios(MODEL, survey, scenarios, estimand=estimand, seed=SEED)
    assert draws.attrs["failed"] == {}
    less = nav.fit(MODEL, survey.drop(office="B"), seed=SEED)
    expected = nav.estimate(less, **estimand, new_levels=["B"])
    found = draws.sel(scenario="without B", office=expected["office"])
    assert np.array_equal(found.to_numpy(), expected.to_numpy())
    misspelt = {**estimand, "population": AS_PEOPLE.replace({"office": {"B": "b"}})}
    with pytest.raises(ValueError, match=r"none of the 1 scenarios.*'b' in column 'office'"):
        nav.refit_scenarios(MODEL, survey, {"as given": {}}, estimand=misspelt, seed=SEED)


def test_left_out_groups_are_missing_in_every_draw_and_nothing_else_is(draws):
    missing = draws.isnull()
    assert bool((missing.any(("chain", "draw")) == missing.all(("chain", "draw"))).all())
    assert missing.isel(chain=0, draw=0).sel(scenario="drop").sum("year").to_series().to_dict() == {
        "D": 0, "A": 0, "B": 3, "C": 0,
    }  # fmt: skip
    assert bool(missing.sel(scenario="several", year=2023).all())
    assert bool(missing.sel(scenario="min_n", office="D").all())  # a tenth of 600 in three years
    assert not missing.sel(scenario=["as given", "none", "complete", "model", "weighting"]).any()


def test_levels_keep_their_order_when_the_first_scenario_lacks_one(survey):
    few = {"without D": {"drop": {"office": "D"}}, "as given": {}}
    out = nav.refit_scenarios(MODEL, survey, few, estimand=BY, seed=SEED)
    assert out["office"].to_numpy().tolist() == list("DABC")


# ---- one fit for several scenarios


@pytest.fixture
def counted(monkeypatch):
    """Return the list of models that are fitted."""
    calls, real = [], module.fit

    def counting(model, survey, **options):
        calls.append((model, options))
        return real(model, survey, **options)

    monkeypatch.setattr(module, "fit", counting)
    return calls


def test_cuts_and_categories_share_one_fit(rating, counted):
    model = nav.Model(nav.Rating(), nav.Group("office"))
    asked = {
        "score": {},
        "cut at 2": {"cut": 2},
        "cut at 3": {"cut": 3},
        "top": {"category": 3},
        "wide": {"priors": 2.0},
    }
    draws = nav.refit_scenarios(model, rating, asked, estimand={"by": "office"}, seed=SEED)
    assert len(counted) == 1  # wide scales are weighed
    fit = nav.fit(model, rating, seed=SEED)
    for name in ("score", "cut at 2", "cut at 3", "top"):
        assert np.array_equal(draws.sel(scenario=name), nav.estimate(fit, by="office", **asked[name]))
    assert np.array_equal(draws.sel(scenario="cut at 3"), draws.sel(scenario="top"))


def test_the_same_changes_share_one_fit_and_all_have_one_seed(survey, counted):
    same = {
        "as given": {},
        "unweighted": {"weighting": "frame"},
        "once": {"priors": 1.0},
        "again": {"design_effect": 1.0},
    }
    draws = nav.refit_scenarios(MODEL, survey, {**same, "wide": {"priors": 2.0}}, estimand={"by": "office"})
    assert len(counted) == 1  # wide scales are weighed
    assert len({options["seed"] for _, options in counted}) == 1
    assert np.array_equal(draws.sel(scenario="as given"), draws.sel(scenario="again"))


# ---- what fails


def test_one_failure_leaves_the_others(survey):
    few = {
        "as given": {},
        "no such office": {"drop": {"office": "E"}},
        "one year": {"drop": {"year": [2021, 2023]}},
        "cut of a share": {"cut": 3},
        "no scale": {"priors": "wide"},
        "no model": {"model": "another"},
        "wide": {"priors": 2.0},
    }
    with pytest.warns(UserWarning, match="is left out") as caught:
        draws = nav.refit_scenarios(MODEL, survey, few, estimand=BY, seed=SEED)
    failed = draws.attrs["failed"]
    assert list(failed) == ["no such office", "one year", "cut of a share", "no scale", "no model"]
    reasons = ("level of 'office' is 'E'", "at least two levels", "ratings and choices", "positive", "a Model")
    for said, name, words in zip(caught, failed, reasons, strict=True):
        assert words in failed[name]
        assert f"scenario {name!r} is left out: " in str(said.message)
    assert draws["scenario"].to_numpy().tolist() == list(few)
    assert bool(draws.sel(scenario=list(failed)).isnull().all())
    assert np.array_equal(draws.sel(scenario="as given"), by_hand(MODEL, survey))
    assert nav.summarise(draws)["scenario"].unique().tolist() == ["as given", "wide"]
    table = nav.conclusions(draws, {"A": lambda x: x.sel(office="A", year=2021) > 0.5}, base="as given")
    assert table["scenarios"].tolist() == [2]


def test_a_fit_that_does_not_pass_the_gate_is_left_out(survey, monkeypatch):
    real = module.fit

    def fit(model, survey, **options):
        out = real(model, survey, **options)
        out.attrs["unconverged"] = "R-hat 1.7" if model.intercept_scale == 3.0 else ""
        return out

    monkeypatch.setattr(module, "fit", fit)
    few = {"as given": {}, "intercept": {"intercept_scale": 3.0, "drop": {"office": "B"}}}
    with pytest.warns(UserWarning, match="'intercept' is left out: did not pass the gate: R-hat 1.7"):
        draws = nav.refit_scenarios(MODEL, survey, few, estimand=BY, seed=SEED)
    assert bool(draws.sel(scenario="intercept").isnull().all())
    assert draws.attrs["unconverged"] == ""


def test_when_all_fail_the_first_reason_is_told(survey):
    with pytest.raises(
        ValueError, match=r"none of the 2 scenarios could be used; the first, 'a': ValueError: factor is 'county'"
    ):
        nav.refit_scenarios(MODEL, survey, {"a": {"drop": {"county": 1}}, "b": {"min_n": 1e6}}, estimand=BY)


def test_scenarios_that_are_none(survey):
    with pytest.raises(ValueError, match="there are no scenarios"):
        nav.refit_scenarios(MODEL, survey, {}, estimand=BY)
    with pytest.raises(TypeError, match=r"scenario 'wide' is 2\.0; allowed: a mapping of changes"):
        nav.refit_scenarios(MODEL, survey, {"wide": 2.0}, estimand=BY)
    with pytest.raises(ValueError, match=r"a change of scenario 'wide' is 'prior'.* Did you mean 'priors'"):
        nav.refit_scenarios(MODEL, survey, {"wide": {"prior": 2.0}}, estimand=BY)
    with pytest.raises(ValueError, match="'cut'"):
        nav.refit_scenarios(MODEL, survey, {"cut": {"cut": 2}}, estimand=lambda fit: fit)
    with pytest.raises(ValueError, match="'by'"):  # its draws would have other dims
        nav.refit_scenarios(MODEL, survey, {"by": {"by": "office"}}, estimand=BY)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"priors": {"offices": 1.0}}, "Did you mean 'office'"),
        ({"priors": 0.0}, "allowed: a positive number"),
        ({"priors": {"year": -1.0}}, "allowed: a positive number"),
        ({"pooling": {"year": "none"}}, "Group whose pooling changes is 'year'"),
        ({"pooling": "partly"}, "pooling of 'office' is 'partly'"),
        ({"design_effect": 0}, "allowed: a positive number"),
        ({"weighting": "no"}, "weighting is 'no'"),
        ({"intercept_scale": 0}, "allowed: a positive number"),
        ({"min_n": 10_000}, "no cell has 10000 respondents"),
    ],
)
def test_changes_that_cannot_be_made_say_why(survey, change, message):
    with pytest.raises(ValueError, match=message):
        change_scenario(MODEL, survey, change)


def test_structured_terms_follow_those_they_are_tied_to(survey):
    model = with_terms(nav.Group("office"), nav.Group("year"), nav.Group("office", "year", scale="structured"))
    changed, _, _ = change_scenario(model, survey, {"priors": 2.0})
    assert {term.label: term.scale for term in changed.terms} == {
        "office": 1.0, "year": 1.0, "office:year": "structured",
    }  # fmt: skip


def test_region_and_effect_keep_all_else():
    neighbours = {"north": ["middle"], "middle": ["north", "south"], "south": ["middle"]}
    effect = nav.Effect("new", scale=0.1, numeric=True, mean=0.2)
    model = with_terms(nav.Region("area", neighbours=neighbours), effect)
    rows = pd.DataFrame(
        {"office": list("aabb"), "year": [2020, 2021] * 2, "area": ["north", "middle", "south", "north"]}
    )
    survey = nav.Survey.from_counts(rows.assign(new=[0, 1, 1, 0], k=3, n=9), by=[*rows, "new"], positive="k", n="n")
    changed = change_scenario(model, survey, {"priors": 0.5})[0]
    assert changed.terms == (nav.Region("area", neighbours=neighbours, scale=0.25), replace(effect, scale=0.05))


# ---- functions of a fit


def office_sd(fit):
    return fit["posterior"].to_dataset()["office_sd"]


def test_a_function_of_the_fit(survey):
    few = {"as given": {}, "wide": {"priors": {"office": 2.0}}}
    draws = nav.refit_scenarios(MODEL, survey, few, estimand=office_sd, seed=SEED)
    wide = with_terms(nav.Group("office", scale=2.0), BOTH, YEAR)
    assert draws.dims == ("chain", "draw", "scenario")
    effective = draws.attrs["made"]["wide"]["effective_draws"]
    within_monte_carlo_error(draws.sel(scenario="wide"), office_sd(nav.fit(wide, survey, seed=SEED)), effective)
    assert (draws.attrs["engine"], draws.attrs["unconverged"], draws.name) == ("laplace", "", "office_sd")
    assert nav.summarise(draws)["scenario"].tolist() == ["as given", "wide"]


def test_functions_that_return_no_draws(survey):
    with pytest.raises(ValueError, match="draws need the dims 'chain' and 'draw'; given: a float"):
        nav.refit_scenarios(MODEL, survey, {"as given": {}}, estimand=lambda fit: 0.5)

    def awkward(fit):
        draws = nav.estimate(fit, by="office")
        return draws.mean("office") if draws.sizes["office"] == 3 else draws

    few = {"as given": {}, "without A": {"drop": {"office": "A"}}}
    with pytest.warns(UserWarning, match=r"'without A' is left out: its draws have the dims \('chain', 'draw'\)"):
        nav.refit_scenarios(MODEL, survey, few, estimand=awkward, seed=SEED)


# ---- elsewhere


FEW = {
    "as given": {},
    "wide": {"priors": 2.0},
    "without B": {"drop": {"office": "B"}},
    "bad": {"drop": {"office": "E"}},
}


@pytest.fixture(scope="module")
def here(survey):
    with pytest.warns(UserWarning, match="scenario 'bad' is left out"):
        return nav.refit_scenarios(MODEL, survey, FEW, estimand=BY, seed=SEED)


@pytest.mark.filterwarnings("ignore:scenario 'bad' is left out")
def test_a_pool_of_processes_gives_the_same_draws(survey, here):
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        there = nav.refit_scenarios(MODEL, survey, FEW, estimand=BY, seed=SEED, executor=pool)
        few, estimand = {"as given": {}, "wide": {"priors": 2.0}}, partial(nav.estimate, **BY)
        by_function = nav.refit_scenarios(MODEL, survey, few, estimand=estimand, seed=SEED, executor=pool)
    xr.testing.assert_identical(here, there)
    assert np.array_equal(by_function, here.sel(scenario=["as given", "wide"]))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:scenario 'bad' is left out")
def test_short_dask_gives_the_same_draws(survey, here):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
        client.get_executor() as executor,
    ):
        there = nav.refit_scenarios(MODEL, survey, FEW, estimand=BY, seed=SEED, executor=executor)
    xr.testing.assert_identical(here, there)


# ---- what takes the draws


def test_tables_are_those_of_each_scenario(draws, survey):
    table = nav.summarise(draws).set_index(["office", "year", "scenario"])
    expected = nav.summarise(by_hand(MODEL, survey)).set_index(["office", "year"])
    found = table.xs("as given", level="scenario")
    for column in ("mean", "sd", "lower", "upper"):
        assert found[column].to_numpy() == pytest.approx(expected.loc[found.index, column].to_numpy(), rel=1e-12)
    assert ("B", 2021, "drop") not in table.index
    assert len(table) == int(draws.isel(chain=0, draw=0).notnull().sum())


def test_verbs_are_those_of_each_scenario(draws, survey):
    alone = by_hand(MODEL, survey)
    change = nav.change(draws, along="year").sel(scenario="as given")
    assert np.array_equal(change, nav.change(alone, along="year"))
    against = nav.contrast(draws, along="office", reference="A")
    assert np.array_equal(against.sel(scenario="as given"), nav.contrast(alone, along="office", reference="A"))
    assert bool(against.sel(scenario="drop", office="B").isnull().all())
    table = nav.summarise(nav.change(draws.sel(office="A", scenario=["as given", "none"]), along="year"))
    assert set(table.columns) >= {"scenario", "year_from", "p_increase", "class"}
    above = nav.exceed(draws, threshold=0.6).set_index(["scenario", "office", "year"])["p_above"]
    assert above["as given", "A", 2024] == float((alone.sel(office="A", year=2024) > 0.6).mean())
    assert ("drop", "B", 2024) not in above.index


def test_ranks_need_scenarios_with_all_groups(draws, survey):
    with pytest.raises(ValueError, match="missing values along 'office'"):
        nav.rank(draws, along="office")
    ranks = nav.rank(draws.dropna("scenario"), along="office")
    assert "drop" not in ranks["scenario"]
    assert np.array_equal(ranks.sel(scenario="as given"), nav.rank(by_hand(MODEL, survey), along="office"))


def test_plots_take_the_tables(draws):
    shown = draws.sel(scenario=["as given", "none", "drop"])
    table = nav.summarise(shown)
    ax = nav.plot_trend(table[table["office"] == "A"].drop(columns=["n", "office"], errors="ignore"), by="scenario")
    labels = " ".join(text.get_text() for text in ax.texts)
    assert all(name in labels for name in ("as given", "none", "drop"))
    change = nav.summarise(nav.change(shown.sel(office="A", year=[2021, 2024]), along="year"))
    ax = nav.plot_change(change, label="scenario")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["as given", "none", "drop"]
    ranks = nav.rank(shown.sel(year=2024, scenario="none"), along="office")
    nav.plot_ranks(ranks)
