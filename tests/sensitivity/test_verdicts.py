"""Classes, words and gaps of `conclusions`, and whether it tells planted fragile conclusions from solid ones."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import special

import navmodels as nav
from navmodels.sensitivity.verdicts import classify_probability, probability_of


def made(probabilities):
    """Return draws of one entry a scenario, of which just so many of 4,000 are above a half."""
    rng = np.random.default_rng(1)
    values = [np.where(rng.permutation(4000) < round(4000 * p), 0.7, 0.3) for p in probabilities.values()]
    values = np.stack(values, axis=1) + rng.uniform(0, 0.01, size=(4000, len(probabilities)))
    coords = {"scenario": list(probabilities)}
    return xr.DataArray(values.reshape(4, 1000, -1), dims=("chain", "draw", "scenario"), coords=coords)


def above_half(share):
    return share > 0.5


@pytest.mark.parametrize(
    ("p", "word"),
    [
        (1.0, "stands"), (0.95, "stands"), (0.9499, "leans"), (0.80, "leans"), (0.7999, "open"), (0.5, "open"),
        (0.2001, "open"), (0.20, "leans against"), (0.0501, "leans against"), (0.05, "fails"), (0.0, "fails"),
    ],
)  # fmt: skip
def test_classes_are_the_same_on_both_sides(p, word):
    assert classify_probability(p) == word


def test_table_by_hand():
    draws = made({"as given": 0.97, "other prior": 0.96, "without A": 0.85, "cut at 5": 0.3, "weights": 0.1, "n": 0.93})
    table = nav.conclusions(draws, {"above": above_half, "below": lambda x: x < 0.5}, base="as given")
    row = table.iloc[0]
    assert row[["p", "lowest", "highest"]].tolist() == [0.97, 0.1, 0.97]
    assert row[["class", "turned", "scenarios"]].tolist() == ["stands", 4, 6]
    assert row["verdict"] == "depends on 'weights', 'cut at 5', 'without A' and 1 more"
    assert row[["other prior", "without A", "cut at 5"]].tolist() == [0.96, 0.85, 0.3]
    assert table["class"].tolist() == ["stands", "fails"]
    assert table["p"].sum() == pytest.approx(1.0, abs=1e-12)
    shorter = nav.conclusions(draws, {"above": above_half}, base="as given", most=1)
    assert shorter["verdict"][0] == "depends on 'weights' and 3 more"


@pytest.mark.parametrize(("p", "verdict"), [(0.99, "stands in all"), (0.5, "open in all"), (0.01, "fails in all")])
def test_the_same_class_everywhere(p, verdict):
    row = nav.conclusions(made({"as given": p, "other": p}), {"above": above_half}, base="other").iloc[0]
    assert (row["verdict"], row["turned"]) == (verdict, 0)


# ---- what is missing


def offices(missing=(), year=False):
    """Return draws of offices in "as given" and in a scenario in which some are missing: D is highest, A lowest."""
    values = special.expit(np.random.default_rng(1).normal([0.0, 0.5, 1.0, 1.5], 0.02, size=(4, 250, 4)))
    coords = {"office": list("ABCD")}
    draws = xr.DataArray(values, dims=("chain", "draw", "office"), coords=coords)
    if year:  # every office a little higher in 2024
        draws = xr.concat([draws, draws + 0.02], pd.Index([2023, 2024], name="year"))
    less = draws.where(~draws["office"].isin(list(missing)))
    return xr.concat([draws, less], pd.Index(["as given", "less"], name="scenario"))


STATEMENTS = {
    "A above B": lambda x: x.sel(office="A") > x.sel(office="B"),
    "A not above B": lambda x: ~(x.sel(office="A") > x.sel(office="B")),
    "D is highest": lambda x: x.sel(office="D") == x.max("office"),
    "A above the mean": lambda x: x.sel(office="A") > x.mean("office"),
    "A near B": lambda x: abs(x.sel(office="A") - x.sel(office="B")) < 0.05,
    "odds of A above B": lambda x: special.logit(x.sel(office="A")) > special.logit(x.sel(office="B")),
    "C above B": lambda x: x.sel(office="C") > x.sel(office="B"),
    "B is a share": lambda x: (x.sel(office="B") >= 0) & (x.sel(office="B") <= 1),
}


@pytest.mark.parametrize("sentence", STATEMENTS)
def test_a_statement_about_what_is_missing_is_not_judged(sentence):
    p = nav.conclusions(offices("A"), STATEMENTS, base="as given").set_index("statement").loc[sentence]
    speaks = sentence not in ("C above B", "B is a share")
    assert np.isnan(p["less"]) == speaks
    assert p["scenarios"] == 2 - speaks
    assert p["turned"] == 0
    assert p["p"] in (0.0, 1.0)


@pytest.mark.parametrize("sentence", ["A above B", "A not above B", "A near B", "odds of A above B"])
def test_both_sides_missing(sentence):
    assert np.isnan(
        nav.conclusions(offices("AB"), STATEMENTS, base="as given").set_index("statement")["less"][sentence]
    )


@pytest.mark.parametrize("least", [0.0, 0.01, 0.05])
def test_a_change_of_an_office_that_is_missing_throughout(least):
    def rose(x):
        return x.sel(office="A", year=2024) - x.sel(office="A", year=2023) > least

    row = nav.conclusions(offices("A", year=True), {"rose": rose}, base="as given").iloc[0]
    assert np.isnan(row["less"])
    assert row["p"] == float(least < 0.02)


def test_a_failed_scenario_is_judged_in_no_statement():
    table = nav.conclusions(offices("ABCD"), STATEMENTS, base="as given")
    assert table["less"].isna().all()
    assert table["scenarios"].tolist() == [1] * len(STATEMENTS)


def test_a_base_in_which_something_is_missing():
    above, other = nav.conclusions(
        offices("A"), {"A": STATEMENTS["A above B"], "C": STATEMENTS["C above B"]}, base="less"
    ).to_dict("records")
    assert above["verdict"] == "not to be judged in 'less'"
    assert above["class"] == ""
    assert (above["turned"], above["scenarios"]) == (0, 1)
    assert (other["verdict"], other["p"]) == ("stands in all", 1.0)


# ---- errors


def test_statements_that_are_none():
    draws = offices()
    with pytest.raises(ValueError, match=r"'A' returns dims \('chain', 'draw'\) of float64"):
        nav.conclusions(draws, {"A": lambda x: x.sel(office="A")}, base="as given")
    with pytest.raises(ValueError, match=r"'all' returns dims \('chain', 'draw', 'office'\) of bool"):
        nav.conclusions(draws, {"all": lambda x: x > 0.5}, base="as given")
    with pytest.raises(ValueError, match="'mean' returns bool; needed: true or false for each draw"):
        nav.conclusions(draws, {"mean": lambda x: bool(x.mean() > 0.5)}, base="as given")
    with pytest.raises(ValueError, match="the statement 'E' names what the draws do not have"):
        nav.conclusions(draws, {"E": lambda x: x.sel(office="E") > 0.5}, base="as given")


def test_scenarios_that_are_none():
    draws = offices()
    with pytest.raises(ValueError, match="Did you mean 'as given'"):
        nav.conclusions(draws, STATEMENTS, base="as gven")
    with pytest.raises(ValueError, match="base is 'as given'"):
        nav.conclusions(draws.isel(scenario=0, drop=True), STATEMENTS, base="as given")
    with pytest.raises(ValueError, match="may not be called 'verdict'"):
        nav.conclusions(made({"as given": 0.5, "verdict": 0.5}), {"above": above_half}, base="as given")
    with pytest.raises(nav.NotConvergedError, match="'as given' did not converge: R-hat 2"):
        nav.conclusions(draws.assign_attrs(unconverged="R-hat 2"), STATEMENTS, base="as given")


def test_probability_of_one_statement():
    assert probability_of(above_half, made({"a": 0.75}).isel(scenario=0, drop=True), what="above") == 0.75


# ---- planted conclusions


def offices_by_region(seed, share, n):
    k = np.random.default_rng(seed).binomial(n, share)
    table = pd.DataFrame({"region": ["north"] * 3 + ["south"] * 3, "office": list("ABCDEF"), "k": k, "n": n})
    return nav.Survey.from_counts(table, by=["region", "office"], positive="k", n="n")


def solid(seed):
    """Two offices of 1,500 and 0.8 logits between them, beside small ones."""
    survey = offices_by_region(seed, special.expit([0.8, 0.3, 0.5, 0.0, 0.4, 0.2]), [1500, 90, 90, 1500, 90, 90])
    return nav.Model(nav.Share(), nav.Group("office")), survey, "office", ("A", "D")


def one_group(seed):
    """The north is above the south because of one small office; the rest of it is below."""
    survey = offices_by_region(seed, [0.97, 0.50, 0.50, 0.58, 0.58, 0.58], [80, 60, 60, 90, 90, 90])
    model = nav.Model(nav.Share(), nav.Effect("region"), nav.Group("office", scale=1.0))
    return model, survey, "region", ("north", "south")


def one_prior(seed):
    """Twelve respondents an office: between two of them the difference is what the prior of the offices lets it be."""
    survey = offices_by_region(seed, [0.0, 0.6, 0.6, 0.0, 0.6, 0.6], [12] * 6)
    counts = survey.to_pandas()
    counts.loc[[0, 3], "positive"] = 10.0, 5.0
    survey = nav.Survey.from_counts(counts, by=["region", "office"], positive="positive", n="n")
    return nav.Model(nav.Share(), nav.Group("office")), survey, "office", ("A", "D")


def one_cut(seed):
    """A is above D at 3 of 3 and below at 2 or more."""
    rng = np.random.default_rng(seed)
    counts = [rng.multinomial(200, p) for p in ([0.3, 0.2, 0.5], [0.2, 0.5, 0.3], [0.1, 0.75, 0.15])]
    table = pd.DataFrame(counts, columns=["1", "2", "3"]).assign(office=["A", "B", "D"])
    survey = nav.Survey.from_counts(table, by="office", counts=["1", "2", "3"], categories=[1, 2, 3])
    return nav.Model(nav.Rating(by="office"), nav.Group("office")), survey, "office", ("A", "D")


PLANTED = {  # the verdict that is right: None, or a scenario it must depend on
    solid: None,
    one_group: "without office='A'",
    one_prior: "no pooling",
    one_cut: "cut at 2",
}


def rightly_judged(plant, seed):
    """Say whether `conclusions` finds what was planted, over the standard scenarios.

    Without complete pooling, under which no two groups differ: that is assumed there, not learned.
    """
    model, survey, by, (high, low) = plant(seed)
    standard = nav.standard_scenarios(model, survey)
    scenarios = {name: change for name, change in standard.items() if "complete" not in name}
    estimand = {"by": by, "cut": 3} if survey.kind == "rating" else {"by": by}
    draws = nav.refit_scenarios(model, survey, scenarios, estimand=estimand, seed=seed)
    statement = {"above": lambda x: x.sel({by: high}) > x.sel({by: low})}
    row = nav.conclusions(draws, statement, base="as given").iloc[0]
    if PLANTED[plant] is None:
        return row["verdict"] == "stands in all"
    return row["verdict"].startswith("depends on") and classify_probability(row[PLANTED[plant]]) != row["class"]


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: f"short {plant.__name__}")
def test_planted_conclusions_short(plant):
    assert [rightly_judged(plant, seed) for seed in (1, 2)] == [True, True]


@pytest.mark.slow
def test_planted_conclusions():
    right = {(plant.__name__, seed): rightly_judged(plant, seed) for plant in PLANTED for seed in range(100, 125)}
    assert sum(right.values()) >= 95, [key for key, value in right.items() if not value]
