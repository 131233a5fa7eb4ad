import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit

from navmodels.reports import load_report
from navmodels.reports.intervals import (
    Z,
    ends,
    estimate_design_effect,
    mean_intervals,
    share_intervals,
    solve,
    standard_error,
)


@pytest.fixture(scope="module")
def items() -> pd.DataFrame:
    return load_report("employer_2024", "items")


def row(**changed: float) -> pd.DataFrame:
    """One printed row: 65 % of 1000 at design effect 1.25 is 61.63–68.23 %, with standard error 1.69."""
    printed = {"battery": "b", "share": 65.0, "share_se": 2.0, "share_ci_low": 62.0, "share_ci_high": 68.0, "n": 1000}
    return pd.DataFrame([printed | changed])


def test_ends_of_a_share_of_half_where_the_logit_is_known():
    # half width log 3 on the logit scale: expit(±log 3) = 1/4, 3/4
    lower, upper = ends(np.array([50.0]), np.array([4 * Z**2 / np.log(3) ** 2]))
    assert lower[0] == pytest.approx(25, abs=1e-12)
    assert upper[0] == pytest.approx(75, abs=1e-12)
    assert standard_error(np.array([20.0]), np.array([400.0]))[0] == pytest.approx(2)  # √(0.2 · 0.8 / 400)


def test_one_row_by_hand():
    found = share_intervals(row(), design_effect=1.25).set_index("quantity")
    half = Z * np.sqrt(1.25 / (1000 * 0.65 * 0.35))
    assert found.loc["share_ci_low", "ours"] == pytest.approx(100 * expit(logit(0.65) - half), abs=1e-9)
    assert found.loc["share_ci_high", "ours"] == pytest.approx(100 * expit(logit(0.65) + half), abs=1e-9)
    assert found["status"].tolist() == ["reproduced"] * 3
    first = Z * np.sqrt(1.25 / (1000 * 0.645 * 0.355))  # the range: what the rounding of the share leaves
    assert found.loc["share_ci_low", "lower"] == pytest.approx(100 * expit(logit(0.645) - first), abs=1e-9)
    assert (
        "share of 65.00 % with n = 1000 and design effect 1.25 gives 61.63–68.23 %, which prints as 62–68 %"
        in found["reason"].iloc[0]
    )


def test_the_stretch_of_shares_ends_where_a_printed_end_would_turn():
    """Limits of the unrounded share, against a root finder."""
    solved = solve(row(), design_effect=1.25).iloc[0]

    def end(share: float, sign: int) -> float:
        p = share / 100
        return float(100 * expit(logit(p) + sign * Z * np.sqrt(1.25 / (1000 * p * (1 - p)))))

    low = max(64.5, brentq(lambda p: end(p, -1) - 61.5, 50, 80), brentq(lambda p: end(p, 1) - 67.5, 50, 80))
    high = min(65.5, brentq(lambda p: end(p, -1) - 62.5, 50, 80), brentq(lambda p: end(p, 1) - 68.5, 50, 80))
    assert (solved["low"], solved["high"]) == pytest.approx((low, high), abs=1e-9)
    assert (round(low, 2), round(high, 2)) == (64.87, 65.28)  # inside the rounding of 65: both ends bind


def test_bisection_finds_what_a_fine_grid_finds(items):
    known = items[items["n"].notna()]
    solved = solve(known, design_effect=1.24)
    for (_, printed), (_, ours) in zip(known.iterrows(), solved.iterrows(), strict=True):
        shares = printed["share"] + np.linspace(-0.5, 0.5, 10_001)
        lower, upper = ends(shares, np.full_like(shares, printed["n"] / 1.24))
        fits = (abs(lower - printed["share_ci_low"]) <= 0.5) & (abs(upper - printed["share_ci_high"]) <= 0.5)
        assert ours["both"] or not fits.any()
        if fits.any():
            assert shares[fits].min() == pytest.approx(ours["low"], abs=2e-4)
            assert shares[fits].max() == pytest.approx(ours["high"], abs=2e-4)


def test_all_published_intervals_are_reproduced_at_one_design_effect(items):
    value, table = estimate_design_effect(items)
    assert value == 1.24
    best = table.set_index("design_effect").loc[value]
    assert best.tolist() == [174, 172]
    assert table["design_effect"].iloc[[0, -1]].tolist() == [1.0, 2.0]
    assert len(table) == 101
    found = share_intervals(items, design_effect=value)
    assert len(found) == 3 * 176
    assert found.groupby("quantity")["status"].value_counts().to_dict() == {
        ("share_ci_high", "reproduced"): 174,
        ("share_ci_high", "not reproducible"): 2,
        ("share_ci_low", "reproduced"): 174,
        ("share_ci_low", "not reproducible"): 2,
        ("share_se", "reproduced"): 172,
        ("share_se", "differs"): 2,
        ("share_se", "not reproducible"): 2,
    }
    missed = items.loc[found.loc[found["status"] == "differs", "row"], "item_id"].tolist()
    assert missed == ["aa_support_service", "assist_recruit_vacancies"]


def test_our_ends_print_as_the_published_ones(items):
    found = share_intervals(items, design_effect=1.24)
    for quantity in ("share_ci_low", "share_ci_high"):
        one = found[(found["quantity"] == quantity) & (found["status"] == "reproduced")].set_index("row")
        assert (one["ours"] - items[quantity]).abs().max() <= 0.5 + 1e-9
        assert ((one["lower"] <= one["ours"]) & (one["ours"] <= one["upper"])).all()


def test_the_design_effect_behind_a_table_is_found():
    shares = np.linspace(11.3, 88.9, 60)
    n = np.linspace(300, 4000, 60).round()
    lower, upper = ends(shares, n / 1.5)
    columns = {
        "share": shares,
        "share_se": standard_error(shares, n / 1.5),
        "share_ci_low": lower,
        "share_ci_high": upper,
    }
    value, table = estimate_design_effect(pd.DataFrame(columns).round().assign(n=n))
    assert table.set_index("design_effect").loc[1.5].tolist() == [60, 60]
    assert value == pytest.approx(1.5, abs=0.05)


def test_a_falsified_end_differs(items):
    false = items.copy()
    false.loc[15, "share_ci_high"] += 3
    found = share_intervals(false, design_effect=1.24)
    assert found.loc[found["status"] == "differs", "row"].tolist() == [14, 15, 15, 15, 65]
    reason = found.loc[(found["row"] == 15) & (found["quantity"] == "share_ci_high"), "reason"].item()
    assert "gives both ends of the printed 85–91 % with n = 4059" in reason


@pytest.mark.parametrize("changed", [{"share_se": 3.0}, {"share_se": 1.0}])
def test_a_standard_error_that_no_share_gives_differs_alone(changed):
    found = share_intervals(row(**changed), design_effect=1.25).set_index("quantity")
    assert found["status"].to_dict() == {
        "share_ci_low": "reproduced",
        "share_ci_high": "reproduced",
        "share_se": "differs",
    }


def test_a_row_without_n_says_which_n_its_interval_needs(items):
    found = share_intervals(items, design_effect=1.24)
    reasons = found.loc[found["status"] == "not reproducible"].drop_duplicates("row")["reason"].tolist()
    assert "an n from 425 to 704 at design effect 1.24; the 134" in reasons[0]
    assert "an n from 160 to 209 at design effect 1.24; the 134" in reasons[1]
    blank = items[items["item_id"] == "help_upskilling"]
    for n, fits in {424: False, 425: True, 704: True, 705: False}.items():
        assert bool(solve(blank.assign(n=n), design_effect=1.24)["both"].item()) is fits


def test_a_share_near_zero_stays_where_the_ends_rise():
    printed = row(share=0.0, share_ci_low=0.0, share_ci_high=1.0, share_se=0.0)
    solved = solve(printed, design_effect=1.0).iloc[0]
    assert solved["first"] == pytest.approx(50 * (1 - 1 / np.sqrt(1 + Z**2 / 1000)))
    assert solved["both"]
    assert 0 < solved["low"] <= solved["high"] <= 0.5


def test_a_share_that_its_n_cannot_have_is_not_reproduced():
    """1 % of 20 is less than one answer: the ends do not rise there, and no share near it is taken instead."""
    printed = row(share=1.0, share_ci_low=0.0, share_ci_high=14.0, share_se=2.0, n=20)
    solved = solve(printed, design_effect=1.24).iloc[0]
    assert solved["first"] > solved["last"]
    assert not solved["both"]


def test_all_published_mean_intervals_are_reproduced(items):
    found = mean_intervals(items)
    assert len(found) == 2 * 91
    assert (found["status"] == "reproduced").all()
    for quantity in ("mean_ci_low", "mean_ci_high"):
        one = found[found["quantity"] == quantity].set_index("row")
        assert (one["ours"] - items[quantity]).abs().max() <= 0.05 + 1e-9


def mean_row(low: float, high: float) -> pd.DataFrame:
    return pd.DataFrame([{"mean": 4.6, "mean_se": 0.08, "mean_ci_low": low, "mean_ci_high": high}])


def test_mean_intervals_by_hand():
    # 4.6 ± 1.96 · 0.08 is 4.443–4.757: for the lower end to print as 4.5 the mean must be 4.607 or more
    found = mean_intervals(mean_row(4.5, 4.8))
    assert found["status"].tolist() == ["reproduced"] * 2
    assert found["ours"].tolist() == pytest.approx([4.45, 4.45 + 2 * Z * 0.08], abs=1e-12)
    assert found[["lower", "upper"]].iloc[0].tolist() == pytest.approx([4.55 - Z * 0.085, 4.65 - Z * 0.075])


@pytest.mark.parametrize(("low", "high"), [(4.5, 5.1), (4.2, 4.8), (4.4, 4.6), (4.6, 4.8)])
def test_a_mean_interval_that_rounding_cannot_explain_differs(low, high):
    found = mean_intervals(mean_row(low, high))
    assert found["status"].tolist() == ["differs"] * 2
    assert found["ours"].tolist() == pytest.approx([4.6 - Z * 0.08, 4.6 + Z * 0.08])


def test_mean_intervals_agree_with_a_linear_programme(items):
    """The same conditions, handed to a solver that knows nothing of ours."""
    from scipy.optimize import linprog

    rng = np.random.default_rng(1)
    printed = items[items["mean"].notna()].reset_index(drop=True).copy()
    printed["mean_ci_low"] = (printed["mean_ci_low"] + rng.choice([-0.1, 0, 0.1], len(printed))).round(1)
    statuses = mean_intervals(printed).query("quantity == 'mean_ci_low'")["status"].tolist()
    assert {"reproduced", "differs"} == set(statuses)
    for status, (_, one) in zip(statuses, printed.iterrows(), strict=True):
        low, high = one["mean_ci_low"], one["mean_ci_high"]
        limits = [low + 0.05, -(low - 0.05), high + 0.05, -(high - 0.05)]
        bounds = [(one["mean"] - 0.05, one["mean"] + 0.05), (max(one["mean_se"] - 0.005, 0), one["mean_se"] + 0.005)]
        sides = [[1, -Z], [-1, Z], [1, Z], [-1, -Z]]
        feasible = linprog([0, 0], A_ub=sides, b_ub=np.array(limits) + 1e-9, bounds=bounds).success
        assert (status == "reproduced") is feasible
