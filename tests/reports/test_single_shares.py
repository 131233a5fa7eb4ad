import numpy as np
import pytest
from scipy import stats

from navmodels.reports.single_shares import beta_draws, counts_printing, dirichlet_draws, possible_counts


@pytest.mark.parametrize(
    ("share", "n", "counts"),
    [(24, 45, [11]), (43, 45, []), (66, 24, []), (0, 200, [0, 1]), (100, 50, [50]), (50, 339, [168, 169, 170, 171])],
)
def test_counts_that_print_as_a_share(share, n, counts):
    assert counts_printing(share, n).tolist() == counts


def test_ties_count_both_ways():
    assert counts_printing(2, 40).tolist() == [1]  # 2.5 % prints as 2 or 3
    assert counts_printing(3, 40).tolist() == [1]


def test_without_a_whole_count_the_rounding_is_filled():
    assert possible_counts(43, 45).tolist() == pytest.approx([19.125, 19.2375, 19.35, 19.4625, 19.575])
    assert possible_counts(60, 100, half=2.5).tolist() == [58, 59, 60, 61, 62]


def test_draws_are_fixed_by_name_and_seed():
    one, same, other = (beta_draws(np.array([11.0]), 45, name=name, seed=1) for name in ("a", "a", "b"))
    assert np.array_equal(one, same)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
    assert one.mean() == pytest.approx(11.5 / 46, abs=0.002)


def test_answers_of_the_same_respondents_are_a_dirichlet():
    drawn = dirichlet_draws(np.array([30.0, 20.0]), 100, name="x", seed=1)
    exact = stats.dirichlet([30.5, 20.5, 50.5])
    assert drawn.mean(axis=0) == pytest.approx(exact.mean()[:2], abs=0.002)
    assert np.cov(drawn.T) == pytest.approx(exact.cov()[:2, :2], abs=1e-4)
