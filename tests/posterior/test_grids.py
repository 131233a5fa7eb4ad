"""Draws by nested factors: only what exists, under the labels it had in a grid."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import navmodels as nav
from navmodels.posterior.entries import describe_entries
from navmodels.posterior.grids import lay_out, spread

MUNIS = list("bacdefgh")


@pytest.fixture
def nested():
    """Two years of twelve offices in eight municipalities, one office of one year only: keys, and draws of each."""
    keys = pd.DataFrame(
        {"muni": list("hgfedcbahgfe") * 2, "office": list("ABCDEFGHIJKL") * 2, "year": [2020] * 12 + [2021] * 12}
    ).iloc[:23]
    draws = np.random.default_rng(1).random((4, 200, 23))
    levels = {"muni": MUNIS, "office": list("ABCDEFGHIJKL"), "year": [2020, 2021]}
    out = lay_out(draws, keys, levels, np.arange(23.0))
    return keys, draws, out.assign_attrs(engine="laplace", unconverged="").rename("share")


def test_nested_factors_share_a_dim_and_a_crossed_one_keeps_its_own(nested):
    keys, draws, out = nested
    assert out.dims == ("chain", "draw", "muni:office", "year")
    assert out.shape == (4, 200, 12, 2)
    for number, key in enumerate(keys.to_dict("records")):
        assert (out.sel(key) == draws[:, :, number]).all()
        assert out["n"].sel(key) == number
    assert out.unstack().sizes == {"chain": 4, "draw": 200, "year": 2, "muni": 8, "office": 12}


def test_several_levels_of_a_shared_dim_are_taken_with_where(nested):
    out = nested[2]
    some = nav.summarise(out.where(out["office"].isin(["A", "B"]), drop=True))
    assert sorted(map(tuple, some[["office", "year"]].values)) == [("A", 2020), ("A", 2021), ("B", 2020), ("B", 2021)]


@pytest.mark.parametrize(("items", "shared"), [(100, False), (2001, True)])
def test_crossed_factors_have_a_grid_with_holes_unless_it_is_large(items, shared):
    # every item was asked in one or two of ten years
    keys = pd.DataFrame([(i, y) for i in range(items) for y in {2010 + i % 10, 2010 + i % 7}], columns=["item", "year"])
    draws = np.random.default_rng(1).random((1, 2, len(keys)))
    out = lay_out(draws, keys, {"item": list(range(items)), "year": list(range(2010, 2020))}, np.ones(len(keys)))
    assert out.dims[2:] == (("item:year",) if shared else ("item", "year"))
    assert int(out.notnull().sum()) == draws.size
    assert (out.sel(item=55, year=2015) == draws[:, :, [*keys.itertuples(index=False)].index((55, 2015))]).all()


def test_the_order_of_levels_is_kept(nested):
    assert list(dict.fromkeys(nested[2]["muni"].values)) == MUNIS


def test_tables_have_a_column_for_each_factor(nested):
    keys, draws, out = nested
    table = nav.summarise(out)
    assert table.columns.tolist()[:4] == ["muni", "office", "year", "n"]
    expected = keys.assign(mean=draws.mean(axis=(0, 1)))
    both = table.merge(expected, on=["muni", "office", "year"])
    assert len(both) == len(table) == 23
    assert both["mean_x"].to_numpy() == pytest.approx(both["mean_y"].to_numpy(), rel=1e-12)


def test_a_factor_within_a_shared_dim_gets_its_own_when_compared(nested):
    keys, draws, out = nested
    apart = spread(out, "office")
    assert apart.dims == ("chain", "draw", "office", "muni", "year")
    for number, key in enumerate(keys.to_dict("records")):
        assert (apart.sel(key) == draws[:, :, number]).all()
        assert apart["n"].sel(key) == number
    assert int(apart.notnull().sum()) == draws.size


def test_change_contrast_and_rank_of_nested_factors(nested):
    _, draws, out = nested
    change = nav.summarise(nav.change(out)).set_index("office")
    assert change.loc["A", "mean"] == pytest.approx((draws[:, :, 12] - draws[:, :, 0]).mean(), rel=1e-12)
    assert change.loc["L", "class"] == "only one year"
    year = out.sel(year=2020, drop=True)
    against = nav.contrast(year, along="muni:office", reference=("h", "A"))
    assert nav.summarise(against).set_index("office").loc["C", "mean"] == pytest.approx(
        (draws[:, :, 2] - draws[:, :, 0]).mean(), rel=1e-12
    )
    ranks = nav.summarise(nav.rank(year, along="muni:office")).set_index("office")["mean"]
    expected = (draws[:, :, :12] >= draws[:, :, [4]]).sum(axis=2).mean()
    assert ranks["E"] == pytest.approx(expected, rel=1e-12)
    with pytest.warns(UserWarning, match="the reference 'A' is missing for muni"):
        within = nav.summarise(nav.contrast(year, along="office", reference="A"))
    assert within[["muni", "office"]].values.tolist() == [["h", "I"]]


def test_estimates_of_offices_within_municipalities(made_fit):
    frame = pd.DataFrame([(f"m{m}", f"m{m}o{o}") for m in range(10) for o in range(3)], columns=["muni", "office"])
    survey = nav.Survey.from_counts(frame.assign(k=3, n=6), by=["muni", "office"], positive="k", n="n")
    fit = made_fit(nav.Model(nav.Share(), nav.Group("muni"), nav.Group("muni", "office")), survey)
    draws = nav.estimate(fit, by=["muni", "office"])
    assert draws.dims == ("chain", "draw", "muni:office")
    posterior = fit["posterior"]
    eta = posterior["intercept"] + posterior["muni_effect"].sel(muni="m4")
    eta = eta + posterior["muni:office_effect"].sel({"muni:office": "m4:m4o1"})
    found = draws.sel(muni="m4", office="m4o1").to_numpy()
    assert found == pytest.approx(1 / (1 + np.exp(-eta.to_numpy())), rel=1e-12)
    table = nav.shrinkage(fit, by=["muni", "office"])
    assert len(table) == 30
    assert table["direct"].tolist() == [0.5] * 30


def test_a_group_that_nobody_answered_in_is_predicted_and_the_others_are_as_before(made_fit):
    frame = pd.DataFrame({"g": list("AABBCC"), "sex": ["f", "m"] * 3, "k": [3, 2, 4, 5, 0, 0], "n": [6, 9, 8, 7, 0, 0]})
    survey = nav.Survey.from_counts(frame, by=["g", "sex"], positive="k", n="n")
    fit = made_fit(nav.Model(nav.Share(), nav.Group("g"), nav.Effect("sex")), survey)
    draws = nav.estimate(fit, by="g")
    cells = nav.estimate(fit, by=["g", "sex"])
    assert draws["n"].values.tolist() == [15.0, 15.0, 0.0]
    assert draws.sel(g="C").to_numpy() == pytest.approx(cells.sel(g="C").mean("sex").to_numpy(), rel=1e-12)
    weighted = (6 * cells.sel(g="A", sex="f") + 9 * cells.sel(g="A", sex="m")) / 15
    assert draws.sel(g="A").to_numpy() == pytest.approx(weighted.to_numpy(), rel=1e-12)
    table = nav.shrinkage(fit, by="g").set_index("g")
    assert np.isnan(table.loc["C", "direct"])
    assert table.loc["C", "n"] == 0
    assert table.loc["A", "direct"] == pytest.approx(5 / 15)


@pytest.mark.parametrize("size", [7, 4000])
def test_quantiles_are_those_of_numpy(size):
    values = np.random.default_rng(1).normal(size=(1, size, 5)).round(1)
    values[0, 3, 4] = np.nan
    at = (0.025, 0.5, 0.95)
    found = describe_entries(xr.DataArray(values, dims=("chain", "draw", "g")), at, null=0.1)
    expected = np.quantile(values[0], at, axis=0)
    assert found["quantiles"] == pytest.approx(expected, rel=1e-12, abs=1e-14, nan_ok=True)
    assert found["sd"] == pytest.approx(values[0].std(axis=0, ddof=1), rel=1e-12, nan_ok=True)
    assert found["above"][:4] == pytest.approx((values[0, :, :4] > 0.1).mean(axis=0))
    assert np.isnan(found["above"][4])
