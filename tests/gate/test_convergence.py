import numpy as np
import pandas as pd
import pytest
import xarray as xr

import navmodels as nav
from navmodels.gate.convergence import advice, check, describe_failures, failures, k_limit
from navmodels.gate.marks import mark

CRITERIA = ["R-hat", "bulk ESS", "tail ESS", "divergences", "tree depth limit", "E-BFMI"]


@pytest.fixture
def tree():
    """A fit that passes: independent normal draws of an intercept and of three offices."""
    rng = np.random.default_rng(1)
    dims = ("chain", "draw")
    posterior = xr.Dataset(
        {
            "intercept": (dims, rng.normal(size=(4, 1000))),
            "office_effect": ((*dims, "office"), rng.normal(size=(4, 1000, 3))),
        },
        coords={"office": list("ABC")},
    )
    quiet = np.zeros((4, 1000), dtype=bool)
    stats = {"diverging": quiet, "maxdepth_reached": quiet.copy(), "energy": rng.normal(size=(4, 1000))}
    return xr.DataTree.from_dict(
        {"posterior": posterior, "sample_stats": xr.Dataset({name: (dims, each) for name, each in stats.items()})}
    )


def failed(tree):
    """Return {criterion: worst} of what did not pass."""
    table = check(tree)
    assert table["criterion"].tolist() == CRITERIA
    return table[~table["passed"]].set_index("criterion")["worst"].to_dict()


def office_b(tree):
    return tree["posterior"]["office_effect"].to_numpy()[:, :, 1]  # a view


def test_good_draws_pass(tree):
    table = check(tree).set_index("criterion")
    assert failed(tree) == {}
    assert describe_failures(check(tree)) == ""
    assert table.loc["R-hat", "limit"] == 1.01
    assert table.loc["bulk ESS", "limit"] == 400
    # independent draws: effective size near 4000, E-BFMI near 2
    assert table.loc["bulk ESS", "value"] == pytest.approx(4000, rel=0.1)
    assert table.loc["E-BFMI", "value"] == pytest.approx(2.0, abs=0.15)


def test_values_are_those_of_arviz(tree):
    import arviz as az

    office_b(tree)[:] = np.cumsum(office_b(tree), axis=1)
    table = check(tree).set_index("criterion")["value"]
    posterior = tree["posterior"].to_dataset()
    assert table["R-hat"] == pytest.approx(float(az.rhat(posterior)["office_effect"].max()), rel=1e-12)
    assert table["bulk ESS"] == pytest.approx(float(az.ess(posterior, method="bulk")["office_effect"].min()), rel=1e-12)
    tail = az.ess(posterior, method="tail", prob=(0.05, 0.95))
    assert table["tail ESS"] == pytest.approx(float(tail["office_effect"].min()), rel=1e-12)


def test_a_stuck_chain(tree):
    office_b(tree)[2] = 0.3
    assert failed(tree)["R-hat"] == "office_effect[B]"


def test_a_shifted_chain(tree):
    office_b(tree)[3] += 3
    assert failed(tree) == dict.fromkeys(["R-hat", "bulk ESS", "tail ESS"], "office_effect[B]")


def test_a_slow_chain(tree):
    tree["posterior"]["intercept"].to_numpy()[:] = np.repeat(np.random.default_rng(1).normal(size=(4, 50)), 20, axis=1)
    assert failed(tree)["bulk ESS"] == "intercept"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_cannot_be_judged_fails(tree, value):
    office_b(tree)[1, 17] = value
    assert failed(tree) == dict.fromkeys(["R-hat", "bulk ESS", "tail ESS"], "office_effect[B]")
    assert np.isnan(check(tree)["value"][:3]).all()


def test_zero_by_construction_passes_and_any_other_constant_fails(tree):
    office_b(tree)[:] = 0.0
    assert failed(tree) == {}
    office_b(tree)[:] = 0.3
    assert failed(tree)["R-hat"] == "office_effect[B]"


def test_divergences(tree):
    tree["sample_stats"]["diverging"].to_numpy()[1, :3] = True
    assert failed(tree) == {"divergences": "all chains"}
    assert describe_failures(check(tree)) == "divergences 3 for all chains (limit 0)"


def test_tree_depth_is_shown_and_fails_nothing(tree):
    tree["sample_stats"]["maxdepth_reached"].to_numpy()[0, 5:9] = True
    assert failed(tree) == {}
    assert check(tree).set_index("criterion").loc["tree depth limit", "value"] == 4.0


def test_low_energy_fraction(tree):
    energy = tree["sample_stats"]["energy"].to_numpy()
    energy[2] = np.cumsum(energy[2])
    assert failed(tree) == {"E-BFMI": "chain 2"}


@pytest.mark.parametrize("value", [1.0, np.nan])
def test_energy_that_cannot_be_judged_fails(tree, value):
    tree["sample_stats"]["energy"].to_numpy()[1] = value
    assert failed(tree) == {"E-BFMI": "chain 1"}


def test_one_chain_cannot_be_judged(tree):
    assert failed(tree.isel(chain=[0]))["R-hat"] == "intercept"


def test_an_intercept_is_enough(tree):
    del tree["posterior"]["office_effect"]
    assert failed(tree) == {}


# ---- laplace: importance ratios instead of chains

PASSING = {
    "engine": "laplace",
    "pareto_k": 0.31,
    "effective_draws": 5230.0,
    "effective_spread": 2750.0,
    "hardest": "office_sd",
    "apart": 0.02,
    "farthest": "office_sd",
    "proposals": 8192,
    "unsolved": 0,
}


@pytest.fixture
def weighted(tree):
    """A fit of laplace that passes; its chains are judged by nobody."""
    tree["posterior"]["intercept"].to_numpy()[:] = np.cumsum(tree["posterior"]["intercept"].to_numpy(), axis=1)
    tree["posterior"]["intercept"].to_numpy()[3] += 100
    tree.attrs = dict(PASSING)
    return tree


def test_a_fit_of_laplace_is_judged_by_its_ratios(weighted):
    table = check(weighted)
    criteria = ["Pareto k", "effective draws", "effective spread", "scales by Laplace", "modes not found", "not finite"]
    assert table["criterion"].tolist() == criteria
    assert table["worst"].tolist() == ["joint importance ratios"] * 2 + ["office_sd"] * 2 + [
        "all points",
        "all variables",
    ]
    assert table["value"].tolist() == [0.31, 5230.0, 2750.0, 0.02, 0.0, 0.0]
    assert table["limit"].tolist() == [0.7, 400.0, 400.0, 0.1, 0.0, 0.0]
    assert table["passed"].tolist() == [True] * 6
    assert describe_failures(table) == ""


@pytest.mark.parametrize(
    ("attrs", "reason"),
    [
        ({"pareto_k": 0.7}, "Pareto k 0.7 for joint importance ratios (limit 0.7)"),
        ({"pareto_k": 1.284}, "Pareto k 1.284 for joint importance ratios (limit 0.7)"),
        ({"pareto_k": np.inf}, "Pareto k inf for joint importance ratios (limit 0.7)"),
        ({"pareto_k": np.nan}, "Pareto k nan for joint importance ratios (limit 0.7)"),
        ({"pareto_k": 0.6, "proposals": 100}, "Pareto k 0.6 for joint importance ratios (limit 0.5)"),
        ({"effective_draws": 399.9}, "effective draws 399.9 for joint importance ratios (limit 400)"),
        ({"effective_draws": np.nan}, "effective draws nan for joint importance ratios (limit 400)"),
        ({"effective_spread": 399.9}, "effective spread 399.9 for office_sd (limit 400)"),
        ({"effective_spread": np.nan}, "effective spread nan for office_sd (limit 400)"),
        ({"apart": 0.11}, "scales by Laplace 0.11 for office_sd (limit 0.1)"),
        ({"apart": np.nan}, "scales by Laplace nan for office_sd (limit 0.1)"),
        ({"unsolved": 1}, "modes not found 1 for all points (limit 0)"),
    ],
)
def test_what_fails_a_fit_of_laplace(weighted, attrs, reason):
    weighted.attrs |= attrs
    assert describe_failures(check(weighted)) == reason


def test_enough_draws_depends_on_the_chains(weighted):
    weighted.attrs["effective_draws"] = 250.0
    assert not check(weighted)["passed"].all()
    assert check(weighted.isel(chain=slice(2)))["passed"].all()


def test_a_few_draws_are_no_fit(weighted):
    few = weighted.isel(draw=slice(8))
    assert describe_failures(check(few)) == "effective draws 32 for the draws kept (limit 400)"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_draws_of_laplace_that_are_not_finite(weighted, value):
    office_b(weighted)[1, 17] = value
    assert describe_failures(check(weighted)) == "not finite 1 for office_effect (limit 0)"


@pytest.mark.parametrize(("proposals", "limit"), [(10, 0.0), (100, 0.5), (1000, 2 / 3), (2154, 0.7), (32768, 0.7)])
def test_limit_of_the_ratios(proposals, limit):
    """1 − 1/log10 S, at most 0.7 (Vehtari, Simpson, Gelman, Yao & Gabry 2024)."""
    assert k_limit(proposals) == pytest.approx(limit, abs=5e-5)


def test_draws_of_laplace_are_judged_by_the_verdict_of_their_fit():
    """Chains that disagree say nothing here, for draws are resampled; numbers that are not finite do."""
    values = np.random.default_rng(1).normal(size=(4, 1000, 3))
    values[3] += 5
    assert failures(share(values, engine="laplace", unconverged="")) == ""
    assert "R-hat" in failures(share(values, engine="nuts", unconverged=""))
    verdict = "Pareto k 0.9 for joint importance ratios (limit 0.7)"
    assert failures(share(values, engine="laplace", unconverged=verdict)) == verdict
    values[1, 4, 2] = np.nan
    values[2, 5, 0] = -np.inf
    assert failures(share(values, engine="laplace", unconverged="")) == "2 entries of share are not finite"
    values[:, :, 2] = np.nan  # missing everywhere: no quantity
    assert failures(share(values, engine="laplace", unconverged="")) == "1 entries of share are not finite"


def test_summarise_refuses_a_fit_whose_ratios_failed(model, survey):
    fit = nav.fit(model, survey, engine="laplace", seed=1)
    share = nav.estimate(fit, by=["county", "year"])
    assert "unconverged" not in nav.summarise(share)
    fit.attrs["pareto_k"] = 0.71
    reason = describe_failures(nav.check(fit))
    assert reason == "Pareto k 0.71 for joint importance ratios (limit 0.7)"
    fit.attrs["unconverged"] = reason
    share = nav.estimate(fit, by=["county", "year"])
    for draws in (share, nav.change(share), nav.contrast(share, along="county"), nav.rank(share, along="county")):
        with pytest.raises(nav.NotConvergedError, match=r"Pareto k 0\.71 for joint importance ratios"):
            nav.summarise(draws)
        stamped = nav.summarise(draws, allow_unconverged=True)
        assert set(stamped["unconverged"]) == {reason}


def test_a_tree_that_is_no_fit():
    with pytest.raises(ValueError, match="a fit has the groups posterior and sample_stats"):
        check(xr.DataTree.from_dict({"prior": xr.Dataset()}))


# ---- draws of a reported quantity


def share(values, **attrs):
    dims = ("chain", "draw", "office")[: np.ndim(values)]
    coords = {"office": list("ABCDEF")[: np.shape(values)[2]]} if np.ndim(values) == 3 else {}
    return xr.DataArray(values, dims=dims, coords=coords, attrs=attrs, name="share")


def test_good_draws_have_no_failures():
    assert failures(share(np.random.default_rng(1).normal(size=(4, 1000, 3)))) == ""
    assert failures(share(np.random.default_rng(1).normal(size=(4, 1000)))) == ""


def test_the_failing_entry_is_named():
    values = np.random.default_rng(1).normal(size=(4, 1000, 3))
    values[0, :, 2] += 2
    reason = failures(share(values))
    assert "R-hat" in reason
    assert "share[C]" in reason
    assert "share[A]" not in reason


def test_order_of_dims_does_not_matter():
    values = np.random.default_rng(1).normal(size=(4, 1000, 3))
    values[0, :, 2] += 2
    assert failures(share(values).transpose("office", "draw", "chain")) == failures(share(values))


def test_the_verdict_of_the_fit_is_carried():
    good = np.random.default_rng(1).normal(size=(4, 1000))
    assert failures(share(good, unconverged="divergences 3 for all chains (limit 0)")).startswith("divergences 3")


def test_constants_pass_and_stuck_chains_do_not():
    values = np.random.default_rng(1).normal(size=(4, 1000, 3))
    values[:, :, 0] = 0.5
    assert failures(share(values)) == ""
    assert failures(share(values[:, :, :1])) == ""
    values[1, :, 1] = 0.5
    assert "R-hat" in failures(share(values))


def test_missing_everywhere_is_no_quantity_and_missing_somewhere_fails():
    values = np.random.default_rng(1).normal(size=(4, 1000, 3))
    values[:, :, 0] = np.nan
    assert failures(share(values)) == ""
    values[2, 5, 1] = np.nan
    values[:, :, 2] = np.inf
    assert "R-hat nan for share[C]" in failures(share(values[:, :, [0, 2]]).assign_coords(office=["A", "C"]))
    assert "R-hat nan for share[B]" in failures(share(values))


def test_summarise_refuses_and_stamps():
    values = np.random.default_rng(1).normal(size=(4, 1000, 2))
    values[3, :, 1] += 1
    draws = share(values)
    with pytest.raises(nav.NotConvergedError, match=r"did not converge: R-hat 1\..* for share\[B\] \(limit 1.01\)"):
        nav.summarise(draws)
    with pytest.raises(nav.NotConvergedError, match=r"share\[B\]"):
        nav.exceed(draws, threshold=0.0)
    stamped = nav.summarise(draws, allow_unconverged=True)
    assert stamped["unconverged"].tolist() == [failures(draws)] * 2
    assert stamped["mean"].to_numpy() == pytest.approx(values.mean(axis=(0, 1)), rel=1e-12)
    assert "unconverged" not in nav.summarise(mark(share(values[:, :, :1]), {"unconverged": ""}))


def test_attrs_of_the_fit_travel_with_the_draws(made_fit, model, survey):
    fit = made_fit(model, survey)
    fit.attrs["unconverged"] = "R-hat 1.2 for county_sd (limit 1.01)"
    share = nav.estimate(fit, by=["county", "year"])
    for draws in (share, nav.change(share), nav.contrast(share, along="county"), share.sel(county="A")):
        with pytest.raises(nav.NotConvergedError, match=r"R-hat 1\.2 for county_sd"):
            nav.summarise(draws)
    with pytest.raises(nav.NotConvergedError, match=r"R-hat 1\.2 for county_sd"):
        nav.shrinkage(fit, by="county")


def test_labels_of_several_dims():
    rng = np.random.default_rng(1)
    draws = xr.DataArray(
        rng.normal(size=(4, 500, 2, 2)),
        dims=("chain", "draw", "county", "year"),
        coords={"county": ["A", "B"], "year": [2023, 2024]},
    )
    draws[0, :, 1, 0] += 5
    assert "the quantity[B, 2023]" in failures(draws)


def test_a_rank_that_hardly_ever_changes_can_be_summarised():
    rng = np.random.default_rng(1)
    values = rng.normal([0.0, 3.5, 3.5], 1.0, size=(4, 1000, 3))
    table = nav.summarise(nav.rank(share(values), along="office"))
    assert table["mean"].sum() == pytest.approx(6.0)
    assert pd.Series(table["median"]).tolist()[0] == 3.0


def marked(values, verdict="", **attrs):
    return mark(share(values, engine="laplace", **attrs), {"unconverged": verdict})


@pytest.mark.parametrize(
    "few",
    [
        lambda draws: draws.isel(draw=slice(8)),
        lambda draws: draws.isel(draw=[3]),
        lambda draws: draws.isel(draw=slice(None, None, 20)),
        lambda draws: draws.isel(chain=[0], draw=slice(100)),
    ],
)
def test_a_slice_of_draws_is_too_few_to_judge(few):
    draws = marked(np.random.default_rng(1).normal(size=(4, 1000, 3)))
    assert failures(draws) == failures(draws.isel(office=[1])) == failures(draws.isel(chain=[0])) == ""
    with pytest.raises(nav.NotConvergedError, match=r"draws \d+ for share \(limit [24]00\)\. Fit longer"):
        nav.summarise(few(draws))
    assert "unconverged" in nav.summarise(few(draws), allow_unconverged=True)


@pytest.mark.parametrize(
    ("reason", "advised"),
    [
        ("R-hat 1.2 for a (limit 1.01)", "Fit longer (draws=), simplify the model, or look anyway"),
        ("tail ESS 20 for a (limit 400); R-hat 1.2 for a (limit 1.01)", "Fit longer"),
        ("R-hat nan for a (limit 1.01)", "Look anyway"),
        ("Pareto k 0.9 for joint importance ratios (limit 0.7)", "Simplify the model or look anyway"),
        ("divergences 3 for all chains (limit 0); R-hat 1.2 for a (limit 1.01)", "Simplify the model or look anyway"),
        ("2 entries of share are not finite", "Look anyway"),
    ],
)
def test_longer_is_advised_only_where_it_can_help(reason, advised):
    assert advice(reason).strip().startswith(advised)
