import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import navmodels as nav

COLUMNS = [
    *("office", "direct", "direct_lower", "direct_upper", "n", "n_effective", "pooled", "pooled_lower", "pooled_upper"),
    *("prob", "pooling_factor", "sd_reduction"),
]


@pytest.fixture(scope="module")
def offices():
    return pd.DataFrame({"office": list("ABCD"), "k": [30, 0, 8, 0], "n": [60, 5, 8, 0]})


@pytest.fixture(scope="module")
def fit(made_fit, offices):
    survey = nav.Survey.from_counts(
        offices, by="office", positive="k", n="n", population=offices[["office"]].assign(weight=1.0)
    )
    return made_fit(nav.Model(nav.Share(), nav.Group("office")), survey)


def test_direct_estimates(fit):
    table = nav.shrinkage(fit, by="office")
    assert table.columns.tolist() == COLUMNS
    assert table["direct"].tolist()[:3] == [0.5, 0.0, 1.0]
    assert table["n"].tolist() == [60, 5, 8, 0]
    lower, upper = table["direct_lower"].to_numpy(), table["direct_upper"].to_numpy()
    # logit interval for 30 of 60: 0 ± 1.96 / sqrt(60 × 0.25)
    half = stats.norm.ppf(0.975) / np.sqrt(15)
    assert [lower[0], upper[0]] == pytest.approx(special.expit([-half, half]), rel=1e-12)
    # Clopper & Pearson for 0 of 5 and 8 of 8
    assert [lower[1], upper[1]] == pytest.approx([0.0, stats.beta.ppf(0.975, 1, 5)], rel=1e-12)
    assert [lower[2], upper[2]] == pytest.approx([stats.beta.ppf(0.025, 8, 1), 1.0], rel=1e-12)
    assert table.loc[3, ["direct", "direct_lower", "direct_upper", "sd_reduction"]].isna().all()


def test_pooled_estimates_and_factors(fit):
    table, draws = nav.shrinkage(fit, by="office"), nav.estimate(fit, by="office")
    pooled = nav.summarise(draws)
    assert table["pooled"].tolist() == pooled["mean"].tolist()
    assert table["pooled_upper"].tolist() == pooled["upper"].tolist()
    between = fit["posterior"]["office_sd"].to_numpy().ravel()[:, None] ** 2
    p, n = pooled["mean"].to_numpy(), np.array([60, 5, 8])
    sampling = 1 / (n * p[:3] * (1 - p[:3]))
    assert table["pooling_factor"].to_numpy()[:3] == pytest.approx(
        1 - (between / (between + sampling)).mean(axis=0), rel=1e-12
    )
    assert table["pooling_factor"][3] == 1.0  # nobody answered: nothing but the others
    assert table["sd_reduction"][0] == pytest.approx(1 - pooled["sd"][0] / np.sqrt(0.25 / 60), rel=1e-12)
    assert table["sd_reduction"][1:3].isna().all()  # 0 and 100 %: the standard error says nothing


def test_published_means_have_the_normal_formula(made_fit, schools):
    fit = made_fit(nav.Model(nav.Reported(), nav.Group("school", scale=5)), schools)
    table = nav.shrinkage(fit, by="school")
    se = np.array([15, 10, 16, 11, 9, 11, 10, 18.0])
    between = fit["posterior"]["school_sd"].to_numpy().ravel()[:, None] ** 2
    assert table["pooling_factor"].to_numpy() == pytest.approx((se**2 / (between + se**2)).mean(axis=0), rel=1e-12)
    assert table["direct"].tolist() == [28, 8, -3, 7, -1, 1, 18, 12]
    half = stats.norm.ppf(0.975) * se
    assert table["direct_upper"].to_numpy() == pytest.approx(table["direct"] + half, rel=1e-12)
    assert table["n_effective"].isna().all()


def test_published_shares(made_fit):
    frame = pd.DataFrame(
        {"office": list("AB"), "share": [25, 71], "lower": [np.nan, 66], "upper": [np.nan, 76], "n": [24, 300]}
    )
    survey = nav.Survey.from_report(frame, by="office", lower="lower", upper="upper", n="n")
    table = nav.shrinkage(made_fit(nav.Model(nav.Reported(), nav.Group("office")), survey), by="office")
    assert table["direct"].tolist() == [0.25, 0.71]
    half = stats.norm.ppf(0.975) / np.sqrt(24 * 0.25 * 0.75)
    assert table["direct_lower"][0] == pytest.approx(special.expit(special.logit(0.25) - half), rel=1e-12)
    # the printed interval's width on the logit scale comes back, centred on the printed share
    width = special.logit(0.76) - special.logit(0.66)
    found = special.logit(table["direct_upper"][1]) - special.logit(table["direct_lower"][1])
    assert found == pytest.approx(width, rel=1e-12)
    assert table["n_effective"][0] == pytest.approx(24, rel=1e-12)
    assert table["n"].tolist() == [24, 300]


def test_weighted_responses(made_fit):
    rows = pd.DataFrame({"office": ["A"] * 3 + ["B"] * 2, "yes": [1, 0, 1, 0, 1], "w": [1.0, 2, 3, 1, 1]})
    survey = nav.Survey.from_responses(rows, outcome="yes", by="office", weights="w")
    table = nav.shrinkage(made_fit(nav.Model(nav.Share(), nav.Group("office")), survey), by="office")
    assert table["direct"].to_numpy() == pytest.approx([4 / 6, 0.5], rel=1e-14)
    assert table["n"].tolist() == [3, 2]
    assert table["n_effective"].to_numpy() == pytest.approx([36 / 14, 2], rel=1e-14)


def test_groups_without_a_term_of_their_own(made_fit, model, survey, counts):
    fit = made_fit(model, survey)
    assert nav.shrinkage(fit, by="sector")["pooling_factor"].isna().all()
    both = nav.shrinkage(fit, by=["sector", "county"])
    assert both.columns.tolist()[:3] == ["sector", "county", "direct"]
    direct = counts.groupby(["sector", "county"])[["k", "n"]].sum().eval("k / n")
    assert both["direct"].to_numpy() == pytest.approx(direct.to_numpy(), rel=1e-14)
    assert both["pooling_factor"].between(0, 1).all()


def test_what_is_refused(fit):
    with pytest.raises(ValueError, match="shrinkage compares groups"):
        nav.shrinkage(fit, by=())
    with pytest.raises(ValueError, match="by is 'county'; allowed: 'office'"):
        nav.shrinkage(fit, by="county")


RATINGS = pd.DataFrame({"office": ["A", "B", "C"], "1": [20, 40, 3], "2": [50, 20, 5], "3": [30, 40, 1]})


def rated(outcome, **options):
    counts = {"counts": ["1", "2", "3"], "categories": [1, 2, 3], **options}
    survey = nav.Survey.from_counts(RATINGS, by="office", **counts)
    return nav.fit(nav.Model(outcome, nav.Group("office")), survey, engine="laplace", seed=1)


def test_direct_scores_and_shares_of_a_rating_by_hand():
    fit = rated(nav.Rating())
    mean = nav.shrinkage(fit, by="office").set_index("office")
    assert mean["direct"].tolist() == pytest.approx([2.1, 2.0, 16 / 9])
    se = np.sqrt((20 * 1 + 50 * 4 + 30 * 9) / 100 - 2.1**2) / 10  # of A
    assert mean.loc["A", "direct_upper"] - 2.1 == pytest.approx(stats.norm.ppf(0.975) * se)
    share = nav.shrinkage(fit, by="office", cut=3).set_index("office")
    assert share["direct"].tolist() == pytest.approx([0.3, 0.4, 1 / 9])
    assert share["pooling_factor"].tolist() == pytest.approx(
        mean["pooling_factor"].tolist()
    )  # of the group, not the cut
    assert nav.shrinkage(fit, by="office", category=2)["direct"].tolist() == pytest.approx([0.5, 0.2, 5 / 9])


def test_pooling_factor_of_two_categories_is_that_of_the_share():
    table = RATINGS.assign(n=RATINGS["1"] + RATINGS["2"])
    group = nav.Group("office")
    share = nav.Survey.from_counts(table, by="office", positive="2", n="n")
    rating = nav.Survey.from_counts(table, by="office", counts=["1", "2"], categories=[0, 1])
    one, two = (
        nav.shrinkage(nav.fit(nav.Model(outcome, group), survey, engine="laplace", seed=1), by="office", **options)
        for outcome, survey, options in ((nav.Share(), share, {}), (nav.Rating(), rating, {"cut": 1}))
    )
    columns = ["direct", "direct_lower", "direct_upper", "n_effective"]
    assert one[columns].to_numpy() == pytest.approx(two[columns].to_numpy(), rel=1e-12)
    assert one["pooling_factor"].tolist() == pytest.approx(two["pooling_factor"].tolist(), abs=0.01)


def test_known_standard_deviation_has_a_pooling_factor():
    survey = nav.Survey.from_counts(RATINGS.assign(n=100), by="office", positive="1", n="n")
    fit = nav.fit(nav.Model(nav.Share(), nav.Group("office", scale=nav.Known(0.5))), survey, engine="laplace", seed=1)
    table = nav.shrinkage(fit, by="office")
    p = table["pooled"]
    assert table["pooling_factor"].tolist() == pytest.approx((1 / (1 + 0.25 * 100 * p * (1 - p))).tolist())


def test_a_choice_has_one_share_a_table():
    fit = rated(nav.Choice(), ordered=False)
    assert nav.shrinkage(fit, by="office", category=1)["direct"].tolist() == pytest.approx([0.2, 0.4, 1 / 3])
    assert nav.shrinkage(fit, by="office", category=1)["pooling_factor"].isna().all()
    with pytest.raises(ValueError, match="one share or mean a group"):
        nav.shrinkage(fit, by="office")
