import numpy as np
import pytest
import xarray as xr
from scipy import stats

import navmodels as nav


def normal_draws(mean=0.8, sd=0.1, **attrs):
    order = np.random.default_rng(1).permutation(4000)
    values = mean + sd * stats.norm.ppf((np.arange(4000) + 0.5) / 4000)[order].reshape(4, 1000)
    return xr.DataArray(values, dims=("chain", "draw"), attrs=attrs)


def test_one_quantity():
    table = nav.summarise(normal_draws(), prob=0.8)
    assert table.columns.tolist() == ["mean", "median", "sd", "lower", "upper", "prob", "unconverged"]
    row = table.iloc[0]
    assert row["mean"] == pytest.approx(0.8, abs=1e-12)
    assert row["median"] == pytest.approx(0.8, abs=1e-6)
    assert row["sd"] == pytest.approx(0.1, rel=2e-3)
    assert [row["lower"], row["upper"]] == pytest.approx(0.8 + 0.1 * stats.norm.ppf([0.1, 0.9]), abs=1e-4)
    assert row["prob"] == 0.8


def test_rows_and_columns(made_fit, model, survey):
    draws = nav.estimate(made_fit(model, survey), by=["county", "sector"])
    table = nav.summarise(draws)
    assert table.columns.tolist() == ["county", "sector", "n", "mean", "median", "sd", "lower", "upper", "prob"]
    assert list(zip(table["county"], table["sector"], strict=True))[-2:] == [("C", "public"), ("D", "private")]
    values = draws.sel(county="B", sector="public").to_numpy().ravel()
    row = table.iloc[3]
    assert row["mean"] == pytest.approx(values.mean(), rel=1e-12)
    assert row["sd"] == pytest.approx(values.std(ddof=1), rel=1e-12)
    assert [row["lower"], row["median"], row["upper"]] == pytest.approx(
        np.quantile(values, [0.025, 0.5, 0.975]), rel=1e-12
    )


def test_where_the_numbers_come_from():
    draws = normal_draws(engine="nuts", seed=3, simulated="simulated, seed 7", weighting="none", other="x")
    assert nav.summarise(draws).attrs == {
        "untraced": True,
        "engine": "nuts",
        "seed": 3,
        "simulated": "simulated, seed 7",
        "weighting": "none",
    }
    assert "simulated" not in nav.summarise(draws.assign_attrs(simulated="")).attrs


def test_a_selected_level_stays_as_a_column(made_fit, model, survey):
    draws = nav.estimate(made_fit(model, survey), by=["county", "sector"])
    table = nav.summarise(draws.sel(county="A"))
    assert table["county"].tolist() == ["A", "A"]


@pytest.mark.parametrize("prob", [0, 1, 95, -0.1])
def test_prob(prob):
    with pytest.raises(ValueError, match="allowed: between 0 and 1"):
        nav.summarise(normal_draws(), prob=prob)
