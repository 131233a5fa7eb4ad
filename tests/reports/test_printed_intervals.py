"""Printed intervals, against the appendix of a published report: 174 of shares and 91 of means."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from scipy.stats import norm

import navmodels as nav
from navmodels.reports.printed_intervals import end, estimate_reading, mean_interval, share_interval


@pytest.fixture(scope="module")
def printed() -> dict[str, pd.DataFrame]:
    numbers = nav.load_report("employer_2024", "numbers").query("lower.notna()")
    shares, means = (numbers[numbers["statistic"] == name] for name in ("share", "mean"))
    return {"shares": shares[shares["n"].notna()], "means": means}


def test_one_design_effect_reproduces_every_share_interval(printed: dict[str, pd.DataFrame]) -> None:
    assert estimate_reading(printed["shares"].astype({"n": float}).assign(half=0.5)) == {
        "design_effect": 1.24,
        "form": "logit",
        "intervals": 174,
        "of": 174,
    }


def test_wrong_neighbours_of_intervals_are_refused(printed: dict[str, pd.DataFrame]) -> None:
    """Of the eight intervals around each printed one, at least half are refused: for all 174 shares and 91 means."""
    shares, means = printed["shares"], printed["means"]
    around = [(low, high) for low in (-1, 0, 1) for high in (-1, 0, 1) if (low, high) != (0, 0)]
    value, lower, upper, n = (shares[name].to_numpy(float) for name in ("value", "lower", "upper", "n"))
    facts = {"design_effect": 1.24, "form": "logit"}
    refused = [
        ~share_interval(facts, value, lower + low, upper + high, n, halves=(0.5, 0.5, 0.5))[0][0]
        for low, high in around
    ]
    assert len(shares) == 174
    assert np.mean(refused, axis=0).min() >= 0.5
    value, lower, upper, se = (means[name].to_numpy(float) for name in ("value", "lower", "upper", "se"))
    halves = (0.05, 0.05, 0.05, 0.005)
    assert mean_interval(value, lower, upper, se, halves=halves)[0][0].sum() == 91
    refused = [
        ~mean_interval(value, lower + low / 10, upper + high / 10, se, halves=halves)[0][0] for low, high in around
    ]
    assert np.mean(refused, axis=0).min() >= 0.5


@pytest.mark.parametrize("form", ["logit", "wilson", "wald"])
def test_ends_solve_their_own_equations(form: str) -> None:
    """Wilson's ends are the shares from which the estimate is 1.96 of *their* errors away; Wald's of its own."""
    p, n, z = 0.3, 80.0, norm.ppf(0.975)
    found = [float(end(np.array(100 * p), np.array(n), side=side, form=form)) / 100 for side in (-1, 1)]
    if form == "wilson":
        solved = [optimize.brentq(lambda q: abs(p - q) - z * (q * (1 - q) / n) ** 0.5, *limits)
                  for limits in ((0.1, p), (p, 0.6))]  # fmt: skip
        assert found == pytest.approx(solved, abs=1e-9)
    elif form == "wald":
        assert found == pytest.approx([p - z * (p * (1 - p) / n) ** 0.5, p + z * (p * (1 - p) / n) ** 0.5])
    else:
        odds = [q / (1 - q) for q in (*found, p)]
        assert np.log(odds[1] / odds[2]) == pytest.approx(z / (n * p * (1 - p)) ** 0.5)
        assert odds[0] * odds[1] == pytest.approx(odds[2] ** 2)


def test_other_forms_are_recognised() -> None:
    """Intervals made as Wald's and Wilson's are read as such, with their design effect."""
    share, n = np.array([12.0, 35.0, 55.0, 81.0, 93.0]), np.array([150.0, 220.0, 90.0, 400.0, 130.0])
    for form in ("wald", "wilson"):
        ends = [np.round(end(share, n / 1.5, side=side, form=form), 1) for side in (-1.0, 1.0)]
        table = pd.DataFrame({"value": share, "lower": ends[0], "upper": ends[1], "n": n, "se": np.nan, "half": 0.05})
        found = estimate_reading(table)
        assert (found["form"], found["intervals"]) == (form, 5)
        assert found["design_effect"] == pytest.approx(1.5, abs=0.02)  # one or two hundredths that all print the same
