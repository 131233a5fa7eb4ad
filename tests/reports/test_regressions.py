import numpy as np
import pytest

from navmodels.reports import load_report
from navmodels.reports.regressions import (
    Coefficient,
    certainty,
    coefficients,
    difference,
    error_limits,
    regression_findings,
)

REGRESSIONS, ITEMS = (load_report("employer_2024", table) for table in ("regressions", "items"))


@pytest.mark.parametrize(
    ("stars", "low", "high"),
    [
        (0, 0.095 / 1.959964, np.inf),
        (1, 0.095 / 2.575829, 0.105 / 1.959964),
        (2, 0.095 / 3.290527, 0.105 / 2.575829),
        (3, 0.0, 0.105 / 3.290527),
    ],
)
def test_stars_bound_the_standard_error(stars, low, high):
    assert error_limits(0.10, stars, df=1e9) == pytest.approx((low, high), rel=1e-5)
    assert error_limits(-0.10, stars, df=1e9) == pytest.approx((low, high), rel=1e-5)


def test_few_degrees_of_freedom_narrow_the_bound():
    assert error_limits(0.42, 2, df=302)[1] == pytest.approx(0.425 / 2.592, rel=1e-3)  # t, not z


def test_difference_of_two_years():
    one = Coefficient(0.30, "*", (0.1, 0.2))
    other = Coefficient(0.80, "*", (0.2, 0.3))
    low, high = difference(one, other)
    assert low == pytest.approx(0.49 / np.hypot(0.2, 0.3))
    assert high == pytest.approx(0.51 / np.hypot(0.1, 0.2))
    assert certainty((low, high)) == "possibly significant"
    assert certainty((2.1, np.inf)) == "certainly significant"
    assert certainty((0.4, 0.9)) == "not significant"


def test_every_row_has_a_finding():
    found = regression_findings(REGRESSIONS, ITEMS)
    assert found["row"].tolist() == list(range(59))
    assert found["quantity"].value_counts().to_dict() == {"coef": 49, "R2": 5, "N": 5}
    assert found["status"].value_counts().to_dict() == {"not reproducible": 51, "agrees": 8}
    assert found["reason"].str.endswith(".").all()


def test_reason_of_a_coefficient():
    reason = regression_findings(REGRESSIONS, ITEMS).loc[15, "reason"]  # rules_easy 2024: 0.10*; 0.20*** in 2023
    assert "p < 0.05 with N = 2712 means a standard error between 0.037 and 0.054" in reason
    assert "difference from 0.20 in 2023 has |z| between 1.1 and 3.0, so it is possibly significant" in reason


def test_the_constant_makes_the_plane_pass_through_the_means():
    found = regression_findings(REGRESSIONS, ITEMS)
    shares = ITEMS.set_index("item_id")["share"] / 100
    model = REGRESSIONS[(REGRESSIONS["outcome"] == "satisfaction_overall") & (REGRESSIONS["year"] == 2024)]
    model = model[~model["term"].isin(["constant", "R2", "N"])].set_index("term")["coef"]
    assert len(model) == 8
    assert found.loc[17, "ours"] == pytest.approx(4.6 - float((model * shares[model.index]).sum()))
    assert found.loc[17, "lower"] < 3.25 < found.loc[17, "upper"]
    assert found.loc[45, "lower"] < 2.20 < found.loc[45, "upper"]


def test_impossible_numbers_differ():
    false = REGRESSIONS.copy()
    false.loc[17, "coef"] = 5.25  # constant: the highest prediction would be 7.2
    false.loc[21, "coef"] = 3712.0  # N: above the 3410 answers of staff_coordinated
    found = regression_findings(false, ITEMS)
    assert found.loc[[17, 21], "status"].tolist() == ["differs", "differs"]
    assert found.loc[21, "upper"] == 3410


def test_limits_know_their_coefficient():
    known = coefficients(REGRESSIONS)
    assert len(known) == 49
    assert known["clear_information", 2024, "know_how_contact"].stars == ""
    low, high = known["clear_information", 2023, "number_of_employees"].se  # -0.00*
    assert low == 0
    assert high == pytest.approx(0.005 / 1.9611, rel=1e-4)
