"""Printed intervals at, around and beyond 0 and 100 %, held against the intervals that scipy makes."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import navmodels as nav

Z = 1.959963984540054


def report(rows, **options):
    frame = pd.DataFrame({"g": [chr(65 + place) for place in range(len(rows["p"]))], **rows})
    columns = {
        name: column for name, column in (("lower", "lo"), ("upper", "hi"), ("n", "n"), ("se", "se")) if column in frame
    }
    return nav.Survey.from_report(frame, by="g", estimate="p", **{**columns, **options})


# ---- 0 and 100 %


@pytest.mark.parametrize("n", [1, 3, 10, 44, 200])
@pytest.mark.parametrize("prob", [0.9, 0.95, 0.99])
def test_an_exact_interval_of_none_and_of_all_gives_its_n_back(n, prob):
    """The interval of 0 of n after Clopper and Pearson, not rounded, belongs to n, whatever n is printed beside it."""
    low = 100 * stats.binomtest(n, n).proportion_ci(prob, method="exact").low
    high = 100 * stats.binomtest(0, n).proportion_ci(prob, method="exact").high
    cells = report({"p": [0, 100], "lo": [0, low], "hi": [high, 100], "n": [10 * n, 10 * n]}, prob=prob).cells
    assert cells["trials"].to_numpy().tolist() == [n, n]
    assert cells["count_low"].to_numpy()[0] == 0
    assert cells["count_high"].to_numpy()[1] == n


def test_0_to_8_percent_is_0_of_44():
    cells = report({"p": [0, 4], "lo": [0, 1], "hi": [8, 14], "n": [200, 200]}).cells
    assert cells["trials"].to_numpy()[0] == round(np.log(0.025) / np.log(0.92)) == 44
    assert np.isnan(cells["trials"].to_numpy()[1])
    without_n = report({"p": [0, 4], "lo": [0, 1], "hi": [8, 14]}).cells
    assert without_n["trials"].to_numpy()[0] == 44


def test_an_interval_of_everything_leaves_n_to_speak():
    cells = report({"p": [0, 100, 50], "lo": [0, 0, 0], "hi": [100, 100, 100], "n": [3, 4, 8]}).cells
    assert cells["trials"].to_numpy().tolist() == [3, 4, 8]
    with pytest.raises(ValueError, match=r"prints as 0 % in row 0 \(1 of 1\).* needs its n or an interval with width"):
        report({"p": [0], "lo": [0], "hi": [100]})


def test_the_interval_at_0_counts_in_the_fit():
    """0 % (0 to 8) with n = 200 is the table with 0 of 44 in that row."""
    rows = {"p": [0, 4, 9, 6], "lo": [0, 1, 3, 2], "hi": [8, 14, 20, 16]}
    one, other = (
        report({**rows, "n": [200] * 4}),
        report({**rows, "n": [44, 200, 200, 200], "lo": [None, 1, 3, 2], "hi": [None, 14, 20, 16]}),
    )
    for name in ("count_low", "count_high", "trials", "sd", "low", "high"):
        np.testing.assert_array_equal(one.cells[name], other.cells[name])
    assert "1 interval around 0 or 100 %: as counts out of the n it tells" in repr(one)


# ---- beyond 0 and 100 %


@pytest.mark.parametrize(("p", "n"), [(0.9, 60), (2.0, 45), (99.0, 80)])
def test_a_wald_interval_beyond_the_edge_gives_its_standard_error_back(p, n):
    half = Z * 100 * np.sqrt(p / 100 * (1 - p / 100) / n)
    assert p - half < 0 or p + half > 100
    cells = report({"p": [p, 40], "lo": [p - half, 35], "hi": [p + half, 45], "n": [n, 400]}).cells
    assert cells["sd"].to_numpy()[0] == pytest.approx(1 / np.sqrt(n * p / 100 * (1 - p / 100)), rel=1e-9)


def test_printed_wald_limits_are_taken_and_said():
    survey = report({"p": [0.9, 5.0, 8.3], "lo": [-0.9, 1.0, 4.0], "hi": [2.7, 9.0, 12.6], "n": [60, 80, 110]})
    assert survey.cells["sd"].to_numpy()[0] == pytest.approx(0.018 / Z / (0.009 * 0.991), rel=1e-12)
    assert "1 interval beyond 0 or 100 %: the other side counts" in repr(survey)
    draws = nav.estimate(nav.fit(nav.Model(nav.Reported(), nav.Group("g")), survey, seed=1), by="g")
    assert float(draws.min()) > 0


def test_limits_beyond_both_ends_leave_n_to_speak():
    survey = report({"p": [50], "lo": [-10], "hi": [110], "n": [4]})
    assert survey.cells["trials"].to_numpy().tolist() == [4]
    assert "1 interval beyond both 0 and 100 %: not used" in repr(survey)
    with pytest.raises(ValueError, match=r"nothing says how sure the estimate is in row 0"):
        report({"p": [50], "lo": [-10], "hi": [110]})


@pytest.mark.parametrize(("lo", "hi", "column"), [(-999, 40, "lo"), (-5, 40, "lo"), (20, 999, "hi"), (20, 104, "hi")])
def test_limits_that_no_symmetric_interval_has_are_refused(lo, hi, column):
    with pytest.raises(
        ValueError, match=rf"column '{column}' holds .* in row 0 \(1 of 2\); allowed: .*from 0 to 100, or beyond"
    ) as caught:
        report({"p": [29, 50], "lo": [lo, 40], "hi": [hi, 60], "n": [30, 90]})
    assert "identity" not in str(caught.value)


# ---- without width


def test_without_width_n_counts():
    rows = {"p": [85, 40], "lo": [85, 30], "hi": [85, 50], "n": [700_000, 90]}
    survey = report(rows)
    assert survey.cells["trials"].to_numpy()[0] == 700_000
    assert survey.cells["count_low"].to_numpy()[0] == 0.845 * 700_000
    assert "1 interval without width: not used" in repr(survey)
    weighted = report(rows, design_effect=2.0)
    assert weighted.cells["sd"].to_numpy()[0] == pytest.approx(np.sqrt(2 / (700_000 * 0.85 * 0.15)), rel=1e-12)
    with pytest.raises(ValueError, match=r"how sure the estimate is in row 0 \(1 of 2\)"):
        report({**rows, "n": [None, 90]})


def test_without_width_the_standard_error_comes_before_n():
    cells = report({"p": [50], "lo": [50], "hi": [50], "se": [0.2], "n": [50_000]}).cells
    assert cells["sd"].to_numpy()[0] == pytest.approx(0.002 / 0.25, rel=1e-12)
    mean = report({"p": [4.6], "lo": [4.6], "hi": [4.6], "se": [0.01]}, unit="identity").cells
    assert mean["sd"].to_numpy().tolist() == [0.01]


def test_a_standard_error_printed_as_0_leaves_n_to_speak():
    cells = report({"p": [0, 50], "se": [0.0, 0.0], "n": [30, 10_000]}).cells
    assert cells["trials"].to_numpy().tolist() == [30, 10_000]
