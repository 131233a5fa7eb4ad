"""Every column and dim that navmodels makes is in one table, and no factor's labels are overwritten."""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from navmodels.checks.reserved import ALONE, COLUMNS, RESERVED, of_fits, require_free
from navmodels.posterior import check_fit, intervals_overlap, loo, replicate
from navmodels.sensitivity import leave_out, power_scale
from navmodels.sensitivity import pooling as poolings

COUNTS = {"k_": [30, 51, 44, 38, 33, 50, 41, 35], "n_": [60, 80, 75, 66] * 2}
FREE = (
    "size",
    "method",
    "group",
    "region",
    "sex",
    "age",
    "index",
    "name",
    "row",
    "value",
    "variable",
    "year_to",
    "prior",
)


def survey(name, labels="ABCD"):
    table = pd.DataFrame({name: list(labels) * 2, "year": [2020] * 4 + [2021] * 4, **COUNTS})
    return nav.Survey.from_counts(table, by=[name, "year"], positive="k_", n="n_")


def fitted(name):
    return nav.fit(nav.Model(nav.Share(), nav.Group(name), nav.Trend("year")), survey(name), seed=1, draws=250)


@pytest.fixture(scope="module")
def fit():
    return fitted("office")


@pytest.fixture(scope="module")
def rating():
    table = pd.DataFrame({"office": list("ABCD"), "a": [9, 12, 30, 8], "b": [20, 22, 9, 14], "c": [7, 8, 9, 22]})
    made = nav.Survey.from_counts(table, by="office", counts=["a", "b", "c"], categories=[1, 2, 3])
    return nav.fit(nav.Model(nav.Rating(), nav.Group("office")), made, seed=1, draws=250)


def made(verb, table, factors=("office", "year", "year_from")):
    columns = [name for name in table.columns if name not in factors]
    assert set(columns) <= {*COLUMNS[verb], *COLUMNS["dims"]}, (verb, columns)
    if verb not in ALONE:  # and so refused by every model
        assert set(of_fits(columns)) == set(columns)


def test_every_column_that_a_verb_makes_is_in_the_table(fit, rating):
    share = nav.estimate(fit, by=["office", "year"])
    made("summarise", nav.summarise(share))
    made("summarise", nav.summarise(nav.change(share)))
    made("summarise", nav.summarise(nav.contrast(share, along="office", reference="A")))
    made("summarise", nav.summarise(nav.contrast(share, along="office")))
    made("summarise", nav.summarise(nav.rank(share, along="office")))
    made("summarise", nav.summarise(share, allow_unconverged=True))
    made("exceed", nav.exceed(share, threshold=0.5))
    made("exceed", nav.exceed(nav.contrast(share, along="office"), threshold=0.0))
    made("shrinkage", nav.shrinkage(fit, by="office"))
    made("check_fit", check_fit(fit))
    made("check_fit", check_fit(rating))
    made("loo", loo(fit))
    made("intervals_overlap", intervals_overlap(nav.summarise(share)))
    made("power_scale", power_scale(fit))
    made("survey", survey("office").to_pandas())
    cuts = nav.estimate(rating, by="office", cut=[2, 3])
    made("summarise", nav.summarise(cuts))
    made("shrinkage", nav.shrinkage(rating, by="office", cut=2))
    made("summarise", nav.summarise(nav.estimate(rating, by="office", category=[1, 2, 3])))


def test_every_dim_and_coordinate_is_in_the_table(fit, rating):
    for tree in (fit, rating):
        for name in ("survey", "observed_data", "log_likelihood"):
            dataset = tree[name].to_dataset()
            assert set(map(str, dataset.variables)) - {"office", "year"} <= {*RESERVED}, name
        assert set(map(str, tree["posterior"].dims)) - {"office", "year"} <= {*RESERVED}
        assert set(map(str, replicate(tree, draws=4).coords)) - {"office", "year"} <= {*RESERVED, "size"}


def test_what_sensitivity_makes_is_in_the_table():
    model = nav.Model(nav.Share(), nav.Group("office"), nav.Trend("year"))
    made("leave_out", leave_out(model, survey("office"), along="office", estimand={"by": "office"}, seed=1))
    made("pooling", poolings(model, survey("office"), by="office", seed=1))
    draws = nav.refit_scenarios(model, survey("office"), {"as given": {}}, estimand={"by": "office"}, seed=1)
    made("summarise", nav.summarise(draws))


def test_direct_estimates():
    rows = pd.DataFrame({"office": list("AABB") * 3, "yes": [1, 0, 1, 1] * 3})
    made("direct_estimate", nav.direct_estimate(rows, outcome="yes", by="office"))


def test_reported_numbers_too():
    table = pd.DataFrame({"office": list("ABC"), "share": [40, 50, 61], "size_": [50, 60, 70]})
    made("survey", nav.Survey.from_report(table, by="office", estimate="share", n="size_").to_pandas())


@pytest.mark.parametrize("name", ["quantile", "k", "p", "passed", "observed", "expected", "residual", "elpd", "p_loo"])
def test_names_that_tables_of_fits_use_are_refused_before_the_fit(name):
    with pytest.raises(
        ValueError, match=rf"factors may not be called '{name}': fits and tables use .*rename the column"
    ):
        nav.Model(nav.Share(), nav.Group(name))
    survey(name)  # which a model need not use


def test_the_level_compared_with_is_refused_beside_its_factor():
    with pytest.raises(ValueError, match=r"not be called 'year_from': .*'year_from' \(a change along 'year'\); rename"):
        nav.Model(nav.Share(), nav.Group("year_from"), nav.Trend("year"))
    assert nav.Model(nav.Share(), nav.Group("year_from")).factors == ("year_from",)


@pytest.mark.parametrize("name", FREE)
def test_common_names_are_free_and_keep_their_labels(name):
    fit, labels = fitted(name), set("ABCD")
    share = nav.estimate(fit, by=[name, "year"])
    tables = [
        nav.summarise(share),
        nav.summarise(nav.change(share)),
        nav.summarise(nav.contrast(share, along="year")),
        nav.summarise(nav.rank(share, along=name)),
        nav.exceed(share, threshold=0.5),
        nav.shrinkage(fit, by=name),
        check_fit(fit),
        loo(fit),
        survey(name).to_pandas(),
    ]
    for table in tables:
        assert set(table[name]) == labels
    again = replicate(fit, draws=4)
    assert set(again[name].values) == labels
    assert again["trials" if name == "size" else "size"].values.tolist() == COUNTS["n_"]


def test_a_verb_refuses_a_name_that_it_alone_needs():
    model = nav.Model(nav.Share(), nav.Group("method"), nav.Trend("year"))
    with pytest.raises(
        ValueError, match=r"^leave_out makes a column 'method', as a factor is called; rename the factor"
    ):
        leave_out(model, survey("method"), along="year", estimand={"by": "method"})
    model = nav.Model(nav.Share(), nav.Group("pooling"))
    with pytest.raises(ValueError, match=r"^pooling makes a column 'pooling'"):
        poolings(model, survey("pooling"), by="pooling")
    with pytest.raises(ValueError, match=r"^power_scale makes a column 'prior'"):
        power_scale(fitted("prior"), estimand={"by": "prior"})
    with pytest.raises(ValueError, match=r"^intervals_overlap makes a column 'overlap'"):
        intervals_overlap(pd.DataFrame({"overlap": ["a"], "year": [1], "lower": [0.1], "upper": [0.2]}))
    require_free(["method"], "pooling")


def test_draws_of_ones_own_keep_their_names(fit):
    draws = nav.estimate(fit, by="office").rename(office="mean")
    with pytest.raises(ValueError, match=r"the draws have 'mean', as a column of the table is called; rename it first"):
        nav.summarise(draws)
    draws = nav.estimate(fit, by=["office", "year"]).rename(office="year_from")
    with pytest.raises(ValueError, match=r"the draws have 'year_from', as a change calls"):
        nav.change(draws)


def test_ratings_of_a_factor_called_group():
    table = pd.DataFrame({"group": list("ABC"), "a": [9, 12, 30], "b": [20, 22, 9], "c": [7, 8, 9]})
    counts = {"counts": ["a", "b", "c"], "categories": [1, 2, 3]}
    fits = [
        nav.fit(nav.Model(nav.Rating(), nav.Group(name)),
                nav.Survey.from_counts(table.rename(columns={"group": name}), by=name, **counts), seed=1, draws=250)
        for name in ("group", "office")
    ]  # fmt: skip
    one, two = (nav.shrinkage(each, by=name, cut=2) for each, name in zip(fits, ("group", "office"), strict=True))
    np.testing.assert_array_equal(one.drop(columns="group"), two.drop(columns="office"))
