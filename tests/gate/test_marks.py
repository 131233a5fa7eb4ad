"""Whatever xarray does with draws, `summarise` knows whether every fit behind them passed."""

import numpy as np
import pytest
import xarray as xr

import navmodels as nav
from navmodels.gate.marks import UNTRACED, mark, mark_together, verdicts

REASON = "Pareto k 0.9 for joint importance ratios (limit 0.7)"


def made(verdict, seed=0):
    """Return draws that are independent and would pass any check of chains."""
    values = np.random.default_rng(seed).normal(0.6, 0.05, size=(4, 500, 2))
    coords = {"chain": range(4), "draw": range(500), "office": ["A", "B"]}
    attrs = {"engine": "laplace", "unconverged": verdict}
    return mark(xr.DataArray(values, coords, ("chain", "draw", "office"), "share", attrs), attrs)


GOOD, OTHER, BAD = made(""), made("", 1), made(REASON, 2)
WEIGHTS = xr.DataArray([0.3, 0.7], dims="office", coords={"office": ["A", "B"]})

WAYS = {
    "itself": lambda bad: bad,
    "bad less good": lambda bad: bad - GOOD,
    "good less bad": lambda bad: GOOD - bad,
    "mean of both": lambda bad: (GOOD + bad) / 2,
    "percent": lambda bad: 100 * bad,
    "complement": lambda bad: 1 - bad,
    "numpy": lambda bad: np.exp(bad),
    "apply_ufunc": lambda bad: xr.apply_ufunc(np.exp, bad),
    "two of apply_ufunc": lambda bad: xr.apply_ufunc(np.subtract, GOOD, bad),
    "along a new dim": lambda bad: xr.concat([GOOD, bad], "fit"),
    "along groups": lambda bad: xr.concat([GOOD.isel(office=[0]), bad.isel(office=[1])], "office"),
    "more draws": lambda bad: xr.concat([GOOD, bad], "draw"),
    "mean over groups": lambda bad: bad.mean("office"),
    "weighted": lambda bad: bad.weighted(WEIGHTS).mean("office"),
    "dot": lambda bad: xr.dot(bad, WEIGHTS, dim="office"),
    "one group": lambda bad: bad.sel(office="A"),
    "where": lambda bad: xr.where(bad > 0.6, bad, GOOD),
    "where method": lambda bad: GOOD.where(GOOD > 0.6, bad),
    "fillna": lambda bad: GOOD.where(GOOD > 0.6).fillna(bad),
    "dataset": lambda bad: bad.to_dataset(name="x")["x"],
    "to_array": lambda bad: xr.Dataset({"a": bad, "b": bad}).to_array(),
    "stacked": lambda bad: bad.stack(both=("office",)),
    "groupby": lambda bad: bad.groupby("office").map(lambda each: each - 0.1),
    "rename": lambda bad: bad.rename("other").rename(office="place"),
    "astype": lambda bad: bad.astype("float32"),
    "align": lambda bad: xr.align(bad, GOOD)[0],
    "difference of groups": lambda bad: bad.diff("office"),
    "change": lambda bad: nav.change(bad, along="office"),
    "contrast": lambda bad: nav.contrast(bad - GOOD, along="office"),
    "rank": lambda bad: nav.rank(bad, along="office"),
    "rank between fits": lambda bad: nav.rank(xr.concat([GOOD, bad], "fit"), along="fit").isel(fit=0),
    "contrast of fits": lambda bad: nav.contrast(xr.concat([GOOD, bad], "fit"), along="fit").isel(fit=0),
}


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of xarray, about defaults of concat
@pytest.mark.parametrize("keep", [True, False], ids=["attributes kept", "attributes dropped"])
@pytest.mark.parametrize("way", WAYS)
def test_no_way_around_the_gate(way, keep):
    """Older versions of xarray drop attributes in arithmetic; the mark does not hang on them."""
    with xr.set_options(keep_attrs=keep):
        draws = WAYS[way](BAD if keep else BAD.drop_attrs())
        with pytest.raises(nav.NotConvergedError):
            nav.summarise(draws)
        with pytest.raises(nav.NotConvergedError):
            nav.exceed(draws, threshold=0.5)
        passed = WAYS[way](OTHER if keep else OTHER.drop_attrs())
        assert "unconverged" not in nav.summarise(passed)


def test_looking_anyway_is_stamped():
    assert set(nav.summarise(BAD, allow_unconverged=True)["unconverged"]) == {REASON}
    mixed = nav.summarise(BAD - GOOD, allow_unconverged=True)["unconverged"]
    assert mixed.str.contains("one did not pass").all()
    assert set(nav.exceed(BAD, threshold=0.5, allow_unconverged=True)["unconverged"]) == {REASON}


def test_draws_made_elsewhere_are_judged_by_their_chains_and_stamped():
    bare = xr.DataArray(GOOD.to_numpy(), dims=GOOD.dims)
    assert set(nav.summarise(bare)["unconverged"]) == {UNTRACED}
    assert nav.summarise(bare).attrs == {"untraced": True}
    assert set(nav.exceed(bare, threshold=0.5)["unconverged"]) == {UNTRACED}
    bare[0] += 1
    with pytest.raises(nav.NotConvergedError, match="R-hat"):
        nav.summarise(bare)


def test_the_mark_takes_no_column_of_a_table():
    assert nav.summarise(GOOD).columns.tolist() == ["office", "mean", "median", "sd", "lower", "upper", "prob"]


def test_one_verdict_for_what_is_compared():
    both = BAD.drop_attrs().assign_coords(gate_verdict=("office", ["passed", REASON]))
    assert mark_together(both, "office").coords["gate_verdict"].item() == REASON
    assert verdicts(both.isel(office=0)) == []


def test_the_posterior_of_a_fit_carries_its_verdict(model, survey):
    fit = nav.fit(model, survey, engine="laplace", draws=200, seed=1)
    assert "unconverged" not in nav.summarise(fit["posterior"]["county_sd"])
    assert "unconverged" not in nav.summarise(fit.sel(county=["A", "B"])["posterior"]["county_effect"])
    assert nav.check(fit)["passed"].all()
    failed = fit["posterior"].to_dataset().map(lambda values: mark(values, {"unconverged": REASON}))
    with pytest.raises(nav.NotConvergedError, match="Pareto k"):
        nav.summarise(failed["county_sd"])


def test_few_draws_of_auto_stay_with_laplace_and_are_refused(model, survey):
    fit = nav.fit(model, survey, draws=8, seed=1)
    assert fit.attrs["engine"] == "laplace"
    assert fit.attrs["unconverged"] == "effective draws 32 for the draws kept (limit 400)"
    for draws in (nav.estimate(fit, by="county"), fit["posterior"]["county_sd"]):
        with pytest.raises(nav.NotConvergedError, match=r"Fit longer \(draws=\)"):
            nav.summarise(draws)
