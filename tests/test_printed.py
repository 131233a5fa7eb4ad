import numpy as np
import pandas as pd
import pytest
from scipy import stats

from navmodels.printed import count_range, decimals, jeffreys_interval, logit_sd, normal_quantile, share_interval

WHOLE = np.arange(101)


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (86.0, 0, 0),
        (4.65, 0, 2),
        (0.1 + 0.2, 0, 1),
        (100 * 0.29, 0, 0),  # 28.999999999999996
        (100.0, 0, 0),
        (0.0, 0, 0),
        (86.0, 1, 1),
        (4.65, 1, 2),
        (-1.5, 0, 1),
        (0.00012, 0, 5),
        (1250.0, 0, 0),
    ],
)
def test_decimals(value, digits, expected):
    assert decimals(np.array([value]), unit="percent", digits=digits) == expected


def test_a_column_has_one_number_of_decimals():
    """Trailing zeros are lost in a column of numbers: 0.30 beside 0.31, 4.0 beside 3.85."""
    assert decimals(np.array([0.30, 0.31, 0.50]), unit="percent", digits=0) == 2
    assert decimals(np.array([4.0, 3.85]), unit="percent", digits=0) == 2
    assert decimals(np.array([4.0, 3.85]), unit="percent", digits=3) == 3


def test_count_sets_by_brute_force():
    """k/n prints as p when |k/n − p/100| ≤ 1/200, ends included: in whole numbers |200 k − 2 p n| ≤ n."""
    for n in range(1, 201):
        low, high = count_range(WHOLE / 100, np.full(101, float(n)), np.full(101, 0.005))
        k = np.arange(n + 1)
        prints = np.abs(200 * k - 2 * WHOLE[:, None] * n) <= n
        found = (k >= low[:, None]) & (k <= high[:, None])
        np.testing.assert_array_equal(found, prints, err_msg=f"n = {n}")


@pytest.mark.parametrize("n", [1, 7, 24, 41, 99, 100, 101, 199, 200, 1589, 19300])
def test_count_sets_of_all_printed_values_cover_all_counts(n):
    low, high = count_range(WHOLE / 100, np.full(101, float(n)), np.full(101, 0.005))
    covered = np.zeros(n + 1, dtype=int)
    for first, last in zip(low.astype(int), high.astype(int), strict=True):
        covered[first : last + 1] += 1
    ties = sum((200 * k) % n == 0 and (200 * k // n) % 2 == 1 for k in range(n + 1))
    assert covered.min() == 1
    assert (covered == 2).sum() == ties
    assert covered.max() == (2 if ties else 1)


@pytest.mark.parametrize(("k", "n"), [(11, 45), (0, 200), (29, 29)])
def test_interval_of_one_count_is_that_of_jeffreys(k, n):
    exact = stats.beta(k + 0.5, n - k + 0.5).ppf([0.025, 0.975])
    assert jeffreys_interval(np.array([float(k)]), n) == pytest.approx(tuple(exact), abs=1e-8)


def test_interval_of_several_counts_holds_95_percent_of_their_mixture():
    counts = np.arange(168, 172)  # of 339 that print as 50 %: 49.56 % to 50.44 %
    lower, upper = jeffreys_interval(counts, 339)
    each = stats.beta(counts + 0.5, 339 - counts + 0.5)
    assert float(np.mean(each.cdf(lower))) == pytest.approx(0.025, abs=1e-9)
    assert float(np.mean(each.cdf(upper))) == pytest.approx(0.975, abs=1e-9)


@pytest.mark.parametrize("n", [1, 3, 44])
@pytest.mark.parametrize("prob", [0.9, 0.95])
def test_the_interval_of_none_and_of_all_is_that_of_clopper_and_pearson(n, prob):
    lower, upper = share_interval(np.array([0.0, 1.0]), np.inf, n=n, tail=(1 - prob) / 2)
    exact = [stats.binomtest(k, n).proportion_ci(prob, method="exact") for k in (0, n)]
    assert lower.tolist() == pytest.approx([each.low for each in exact], rel=1e-9)
    assert upper.tolist() == pytest.approx([each.high for each in exact], rel=1e-9)


def test_the_interval_of_a_share_is_symmetric_in_logits():
    p, half = 0.2, 0.7
    lower, upper = share_interval(p, half, n=50, tail=0.025)
    odds = p / (1 - p)
    assert lower / (1 - lower) == pytest.approx(odds * np.exp(-half), rel=1e-12)
    assert upper / (1 - upper) == pytest.approx(odds * np.exp(half), rel=1e-12)


def test_an_interval_tells_the_standard_error_it_was_made_with():
    p, half = 0.2, 0.7
    lower, upper = share_interval(p, half, n=50, tail=0.05)
    table = pd.DataFrame({"lower": [100 * lower], "upper": [100 * upper]})
    told = logit_sd(table, pd.Series([p]), unit=100.0, prob=0.9)
    assert told.item() * normal_quantile(0.9) == pytest.approx(half, rel=1e-9)
