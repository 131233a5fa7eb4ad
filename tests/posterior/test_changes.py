import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import special, stats

import navmodels as nav
from navmodels.posterior import intervals_overlap
from navmodels.posterior.changes import classify


def draws_of(values, years=(2021, 2023, 2024)):
    return xr.DataArray(values, dims=("chain", "draw", "year"), coords={"year": list(years)}, name="share")


def exact(*normals, size=1000):
    """Draws whose quantiles are those of normal(mean, sd), with well mixed chains, for each pair; dims (..., year)."""
    order = np.random.default_rng(1).permutation(4 * size)
    grid = stats.norm.ppf((np.arange(4 * size) + 0.5) / (4 * size))[order].reshape(4, size)
    return np.stack([mean + sd * grid for mean, sd in normals], axis=-1)


@pytest.fixture(scope="module")
def shares():
    return draws_of(special.expit(np.random.default_rng(1).normal(0.5, 0.2, size=(4, 500, 3))))


def test_change_by_hand(shares):
    values = shares.to_numpy()
    step = nav.change(shares)
    assert step.to_numpy() == pytest.approx(values[..., 1:] - values[..., :-1], rel=1e-14)
    assert step["year"].to_numpy().tolist() == [2023, 2024]
    assert step["year_from"].to_numpy().tolist() == [2021, 2023]
    far = nav.change(shares, lag=2, kind="ratio")
    assert far.to_numpy()[..., 0] == pytest.approx(values[..., 2] / values[..., 0], rel=1e-14)
    odds = values / (1 - values)
    log_odds = nav.change(shares, kind="log odds ratio").to_numpy()
    assert log_odds == pytest.approx(np.log(odds[..., 1:] / odds[..., :-1]), rel=1e-10, abs=1e-13)


def test_what_the_years_share_cancels():
    common = np.random.default_rng(1).normal(0, 1, size=(4, 500, 1))
    table = nav.summarise(nav.change(draws_of(common + np.array([0.0, 0.25, 0.25]))))
    assert table["sd"].to_numpy() == pytest.approx([0.0, 0.0], abs=1e-15)
    assert table["mean"].to_numpy() == pytest.approx([0.25, 0.0], abs=1e-15)


def test_other_dims_stay(shares):
    both = xr.concat([shares, shares + 0.1], pd.Index(["A", "B"], name="county")).transpose(
        "chain", "county", "draw", "year"
    )
    step = nav.change(both)
    assert step.dims == ("chain", "county", "draw", "year")
    assert step.sel(county="B").to_numpy() == pytest.approx(nav.change(shares).to_numpy(), abs=1e-14)


def test_classes_at_the_edges():
    # 95 % excludes zero beyond 1.96 sd, 90 % beyond 1.645 sd
    means = [1.97, 1.95, 1.65, 1.63, 0.0, -1.63, -1.65, -1.95, -1.97]
    change = draws_of(exact(*((mean, 1.0) for mean in means)), range(9)).assign_attrs(
        quantity="change", kind="difference"
    )
    for prob in (0.5, 0.95):
        table = nav.summarise(change, prob=prob)
        assert table["class"].tolist() == [
            *("increase", "tendency", "tendency", "no clear change", "no clear change"),
            *("no clear change", "tendency", "tendency", "decrease"),
        ]
    assert table["p_increase"].to_numpy() == pytest.approx(stats.norm.cdf(means), abs=1e-3)
    # a ratio is judged against 1
    ratio = (change + 1).assign_attrs(quantity="change", kind="ratio")
    assert nav.summarise(ratio)["class"].tolist() == table["class"].tolist()
    assert nav.summarise(ratio)["p_increase"].tolist() == table["p_increase"].tolist()


def test_an_end_exactly_at_no_change_does_not_exclude_it():
    ends = [
        pd.Series(each)
        for each in ([0.0, -0.2, 1e-9, -0.2], [0.2, 0.0, 0.2, -1e-9], [0.0, -0.1, 0.1, -0.1], [0.1, 0.0, 0.1, -0.1])
    ]
    assert classify(*ends, null=0.0) == ["no clear change", "no clear change", "increase", "decrease"]


def test_what_change_refuses(shares):
    with pytest.raises(ValueError, match=r"along is 'yaer'; allowed: 'year'\. Did you mean 'year'\?"):
        nav.change(shares, along="yaer")
    with pytest.raises(ValueError, match="kind is 'percent'; allowed: 'difference', 'ratio', 'log odds ratio'"):
        nav.change(shares, kind="percent")
    with pytest.raises(ValueError, match="lag is 3 and 'year' has 3 levels; allowed: 1 to 2"):
        nav.change(shares, lag=3)
    with pytest.raises(ValueError, match="lag is 0"):
        nav.change(shares, lag=0)
    with pytest.raises(ValueError, match="out of order: 2023, 2021, 2024"):
        nav.change(shares.assign_coords(year=[2023, 2021, 2024]))
    with pytest.raises(ValueError, match="draws need the dims 'chain' and 'draw'"):
        nav.change(shares.mean("chain"))


def test_change_of_an_estimate(made_fit, model, survey):
    draws = nav.estimate(made_fit(model, survey), by=["sector", "year"])
    table = nav.summarise(nav.change(draws))
    assert table.columns.tolist() == [
        *("sector", "year", "year_from", "mean", "median", "sd", "lower", "upper", "prob", "p_increase", "class")
    ]
    assert table["year_from"].tolist() == [2019, 2021, 2019, 2021]
    wide = draws.mean(("chain", "draw"))
    assert table["mean"].to_numpy() == pytest.approx(wide.diff("year").to_numpy().ravel(), rel=1e-9)


# ---- overlapping intervals


def test_overlap_by_hand():
    table = pd.DataFrame(
        {
            "county": ["A", "A", "A", "B", "B"],
            "year": [2024, 2021, 2023, 2021, 2024],
            "lower": [0.56, 0.40, 0.45, 0.1, 0.2],
            "upper": [0.60, 0.45, 0.55, 0.2, 0.3],
        }
    )
    result = intervals_overlap(table)
    assert result.to_dict("list") == {
        "county": ["A", "A", "B"],
        "year": [2023, 2024, 2024],
        "year_from": [2021, 2023, 2021],
        "overlap": [True, False, True],  # touching ends overlap
    }
    assert intervals_overlap(table, lag=2)["overlap"].tolist() == [False]


def test_overlap_of_a_summary(made_fit, model, survey):
    table = nav.summarise(nav.estimate(made_fit(model, survey), by=["sector", "year"]))
    result = intervals_overlap(table.assign(unconverged="stamped"))
    assert result.columns.tolist() == ["sector", "year", "year_from", "overlap"]
    assert len(result) == 4


def test_a_missing_interval_shows_no_difference():
    table = pd.DataFrame({"year": [2021, 2022, 2023], "lower": [0.1, np.nan, 0.5], "upper": [0.2, np.nan, 0.6]})
    assert intervals_overlap(table)["overlap"].tolist() == [True, True]


def test_overlap_needs_its_columns():
    with pytest.raises(ValueError, match="'lower'"):
        intervals_overlap(pd.DataFrame({"year": [1], "upper": [0.2]}))


# ---- grids with holes


def holey():
    """Return draws of A surveyed in 2019, 2021 and 2022, D in 2019 and 2022, and E in 2019 only."""
    values = np.random.default_rng(1).normal(0.5, 0.01, size=(4, 500, 3, 3))
    values[:, :, 1, 1] = np.nan
    values[:, :, 2, 1:] = np.nan
    coords = {"county": ["A", "D", "E"], "year": [2019, 2021, 2022]}
    attrs = {"quantity": "estimate", "statistic": "share", "scale": "response"}
    return xr.DataArray(values, coords, ("chain", "draw", "county", "year"), "share", attrs)


def test_a_group_is_compared_with_its_own_survey_before():
    draws = holey()
    table = nav.summarise(nav.change(draws))
    assert table[["county", "year"]].values.tolist() == [["A", 2021], ["A", 2022], ["D", 2022], ["E", 2019]]
    assert table["year_from"].tolist()[:3] == [2019, 2021, 2019]
    assert table["year_from"].isna().tolist() == [False, False, False, True]
    expected = (draws.sel(county="D", year=2022) - draws.sel(county="D", year=2019)).mean().item()
    assert table["mean"][2] == pytest.approx(expected, rel=1e-12)
    assert table["class"][3] == "only one year"
    assert table.loc[3, ["mean", "lower", "p_increase"]].isna().all()


def test_two_lags_back_in_a_grid_with_holes():
    table = nav.summarise(nav.change(holey(), lag=2))
    assert table[["county", "year", "class"]].values.tolist()[1:] == [
        ["D", 2022, "no year 2 before"],
        ["E", 2019, "no year 2 before"],
    ]
    assert table["year_from"].tolist()[0] == 2019


def test_labels_of_time_with_holes():
    draws = holey().assign_coords(year=["2019Q4", "2020Q1", "2020Q2"])
    table = nav.summarise(nav.change(draws))
    assert table["year_from"].tolist()[:3] == ["2019Q4", "2020Q1", "2019Q4"]
    assert table["year_from"].isna().tolist() == [False, False, False, True]


def test_labels_that_are_not_in_order_of_time():
    labels = ["1. kvartal 2023", "1. kvartal 2024", "2. kvartal 2023"]
    draws = holey().sel(county=["A"]).assign_coords(year=labels)
    with pytest.raises(
        ValueError, match=r"'2\. kvartal 2023' comes after '1\. kvartal 2024'.*isel\(year=\[0, 2, 1\]\)"
    ):
        nav.change(draws)
    assert nav.change(draws.isel(year=[0, 2, 1]))["year_from"].values.tolist() == [labels[0], labels[2]]


def test_plotting_a_group_with_one_year():
    ax = nav.plot_change(nav.summarise(nav.change(holey())))
    assert "only one year" in [text.get_text() for text in ax.texts]
    plt.close(ax.figure)


# ---- kinds that have no value


@pytest.mark.parametrize(
    ("attrs", "kind", "reason"),
    [
        ({"statistic": "mean"}, "log odds ratio", "the draws are means, which have no log odds ratio"),
        ({"quantity": "change", "kind": "difference"}, "log odds ratio", r"changes \(difference\), which have no log"),
        ({"quantity": "contrast", "kind": "difference"}, "ratio", r"contrasts \(difference\), which have no ratio"),
        ({"scale": "linear"}, "log odds ratio", "linear predictors, which have no log odds ratio"),
        ({"quantity": "rank"}, "difference", "the draws are ranks"),
    ],
)
def test_kinds_that_draws_do_not_have(attrs, kind, reason):
    draws = holey().sel(county=["A"]).assign_attrs(attrs)
    for compare in (lambda: nav.change(draws, kind=kind), lambda: nav.contrast(draws, along="year", kind=kind)):
        with pytest.raises(ValueError, match=reason):
            compare()


def test_values_that_have_no_odds_or_ratio():
    draws = holey().sel(county=["A"])
    with pytest.raises(ValueError, match=r"have no log odds ratio: it is of shares, between 0 and 1"):
        nav.change(100 * draws, kind="log odds ratio")
    with pytest.raises(ValueError, match=r"have no ratio: it is of numbers above 0"):
        nav.change(draws - 0.5, kind="ratio")


def test_the_remedy_works():
    draws = holey().sel(county=["A"])
    first = nav.change(draws, kind="log odds ratio")
    out = nav.contrast(first, along="year", reference=2021)
    logit = np.log(draws / (1 - draws))
    expected = logit.sel(year=2022) - 2 * logit.sel(year=2021) + logit.sel(year=2019)
    assert out.sel(year=2022).to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9)


# ---- the mean of levels that are not there throughout


def test_a_mean_of_other_levels_here_than_there_is_refused_and_the_remedies_work():
    draws = holey()
    with pytest.raises(
        ValueError, match=r"'D', 'E' are missing for some year\. Name a reference=.*instance 'A', or leave"
    ):
        nav.contrast(draws, along="county")
    kept = nav.contrast(draws.dropna("county", how="any"), along="county")
    assert kept["county"].values.tolist() == ["A"]
    assert len(nav.summarise(nav.contrast(draws, along="county", reference="A"))) == 3
    within = nav.contrast(draws.sel(county=["A", "D"]).isel(year=[0, 2]), along="county")
    assert len(nav.summarise(within)) == 4


def test_thresholds_that_shares_cannot_reach():
    draws = holey().sel(county=["A"])
    with pytest.raises(ValueError, match=r"threshold is 80, but the draws are shares, from 0 to 1: 5 % is 0\.05"):
        nav.exceed(draws, threshold=80)
    with pytest.raises(ValueError, match="differences of shares, from -1 to 1"):
        nav.exceed(nav.change(draws), threshold=5)
    assert nav.exceed(100 * draws, threshold=80)["p_above"].tolist() == [0.0] * 3
