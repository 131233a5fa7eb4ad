import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from navmodels.data import Survey
from navmodels.data.weights import design_effect
from navmodels.reports.answers import cut, rating_shares, whole
from navmodels.reports.library import load_report
from navmodels.reports.twins import simulate_report


def printed_items():
    """Return the items of appendix 2 by id: share, n, mean and its standard error where rated, kind, battery."""
    numbers = load_report("employer_2024", "numbers").query("reference == 'appendix 2'")
    means = (
        numbers[numbers["statistic"] == "mean"].set_index("item")[["value", "se"]].set_axis(["mean", "mean_se"], axis=1)
    )
    items = load_report("employer_2024", "items").query("survey == 'employers'").set_index("item")[["kind", "battery"]]
    shares = numbers[numbers["statistic"] == "share"].rename(columns={"value": "share"})
    return shares.join(means, on="item").join(items, on="item").set_index("id")


ITEMS = printed_items()
RATED = ITEMS[ITEMS["kind"] == "scale"]
TICKED = ITEMS[(ITEMS["kind"] != "scale") & ITEMS["n"].notna()]


@pytest.fixture(scope="module", params=[7, 17])  # 17: nobody answers 1 to aa_support_service
def twin(request):
    return simulate_report("employer_2024", seed=request.param)


def answers(twin, item):
    """Return answers and weights of those who answered."""
    rows = twin[[item, "weight"]].dropna()
    return rows[item].astype(float).to_numpy(), rows["weight"].to_numpy()


def group_shares(twin, item, cut=1):
    """Return the unweighted proportion answering `cut` or higher in each sector."""
    rows = twin.dropna(subset=[item])
    return (rows[item] >= cut).groupby(rows["sector"]).mean()


def test_every_six_point_item_prints_as_published(twin):
    assert len(RATED) == 91
    for item, row in RATED.iterrows():
        answer, weight = answers(twin, item)
        assert set(answer) <= {1, 2, 3, 4, 5, 6}
        assert len(answer) == row["n"], item
        assert f"{np.average(answer, weights=weight):.1f}" == f"{row['mean']:.1f}", item
        assert f"{100 * np.average(answer >= 4, weights=weight):.0f}" == f"{row['share']:.0f}", item


def test_every_other_item_with_a_printed_n_prints_as_published(twin):
    assert len(TICKED) == 83
    for item, row in TICKED.iterrows():
        answer, weight = answers(twin, item)
        assert set(answer) == {0, 1}
        assert len(answer) == row["n"], item
        assert f"{100 * np.average(answer, weights=weight):.0f}" == f"{row['share']:.0f}", item
    assert twin.attrs["left_out"] == ["help_upskilling", "help_alternative_work"]
    assert not set(twin.attrs["left_out"]) & set(twin.columns)


def test_items_stand_in_the_order_of_the_report_as_nullable_integers(twin):
    assert twin.columns[7:].tolist() == ITEMS.index[ITEMS["n"].notna()].tolist()
    assert (twin.dtypes.iloc[7:] == "Int8").all()


def test_standard_errors_of_the_means_print_mostly_as_published(twin):
    matches = 0
    for item, row in RATED.iterrows():
        answer, weight = answers(twin, item)
        variance = np.average((answer - np.average(answer, weights=weight)) ** 2, weights=weight)
        matches += f"{np.sqrt(1.24 * variance / len(answer)):.2f}" == f"{row['mean_se']:.2f}"
    assert matches >= 78  # of 91; nothing but the curvature is fitted to them


def test_nominal_answers_exclude_each_other(twin):
    for battery, rows in TICKED[TICKED["kind"] == "single"].groupby("item"):
        given = twin[rows.index].dropna()
        assert len(given) == rows["n"].iloc[0], battery
        assert (given.sum(axis=1) == 1).all(), battery


@pytest.mark.parametrize("alone", ["sit_none", "talked_dont_know", "hire_none", "hire_dont_know", "chall_none"])
def test_none_and_dont_know_exclude_all_other_answers(twin, alone):
    battery = TICKED.index[TICKED["battery"] == ITEMS.loc[alone, "battery"]]
    assert (twin.loc[twin[alone] == 1, battery].sum(axis=1) == 1).all()


def test_respondents_sectors_and_sizes_are_the_printed_ones(twin):
    assert len(twin) == 4115
    assert twin["respondent"].is_unique
    assert twin["respondent"].str.fullmatch(r"simulated-\d{4}").all()
    assert twin["year"].unique().tolist() == [2024]
    assert twin["sector"].value_counts().to_dict() == {"private": 2963, "public": 1152}  # 72 and 28 %
    small = (twin["size"] == "under 10").groupby(twin["sector"]).mean()
    assert small["private"] == pytest.approx(0.26, abs=0.0005)
    assert small["public"] == pytest.approx(0.07, abs=0.0005)
    assert twin["size"].cat.categories.tolist() == ["under 10", "10-49", "50-249", "250+"]
    assert twin["size"].cat.ordered


def test_counties_and_industries_have_their_printed_names(twin):
    groups = load_report("employer_2024", "groups").query("group != 'each'")
    county = groups.loc[groups["group_dim"] == "county", "label_nb"]
    industry = groups.loc[groups["group_dim"] == "industry", "label_nb"]
    assert set(twin["county"]) == set(county)
    assert set(twin["industry"]) == set(industry)
    assert twin["county"].nunique() == twin["industry"].nunique() == 12


def test_weights_are_by_county_with_the_design_effect_of_the_report(twin):
    assert (twin.groupby("county")["weight"].nunique() == 1).all()
    assert twin["weight"].mean() == pytest.approx(1, abs=1e-12)
    assert design_effect(twin["weight"]) == pytest.approx(1.24, abs=0.005)


def test_the_same_seed_gives_the_same_rows_and_another_seed_gives_others():
    first, again, other = (simulate_report("employer_2024", seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert first.attrs == again.attrs
    assert (first["county"] != other["county"]).mean() > 0.5
    assert first.attrs["truth"]["county"] != other.attrs["truth"]["county"]


def test_attributes_say_simulated():
    attrs = simulate_report("employer_2024", seed=7).attrs
    assert attrs["simulated"] == "simulated from the published margins of employer_2024, seed 7"
    assert attrs["title"].startswith("Simulated")


def test_true_effects_have_their_stated_spread(twin):
    truth = twin.attrs["truth"]
    for name, levels, sd in [("county", 12, 0.15), ("industry", 12, 0.2), ("county:industry", 144, 0.1)]:
        effects = np.array(list(truth[name].values()))
        assert len(effects) == levels
        assert effects.mean() == pytest.approx(0, abs=1e-12)
        assert effects.std() == pytest.approx(sd)
    assert truth["sector"] == {"public": 0.05, "private": -0.05}
    assert set(truth["county"]) == set(twin["county"])
    assert set(twin["county"] + ":" + twin["industry"]) <= set(truth["county:industry"])


@pytest.mark.parametrize(("factor", "least"), [("county", 0.5), ("industry", 0.6)])
def test_deviations_in_the_answers_follow_the_true_effects(twin, factor, least):
    observed = twin["satisfaction_overall"].astype(float).groupby(twin[factor]).mean()
    true = pd.Series(twin.attrs["truth"][factor]).reindex(observed.index)
    assert np.corrcoef(observed, true)[0, 1] > least


def test_answers_follow_the_true_proportional_odds_model(twin):
    truth = twin.attrs["truth"]
    rows = twin.dropna(subset=["satisfaction_overall"])
    effect = sum(rows[name].map(truth[name]) for name in ("county", "industry", "sector"))
    effect += (rows["county"] + ":" + rows["industry"]).map(truth["county:industry"])
    assert list(truth["cut"]) == [2, 3, 4, 5, 6]
    for k, at in truth["cut"].items():
        expected = expit(effect - at)
        higher = rows["satisfaction_overall"] >= k
        sd = np.sqrt((expected * (1 - expected)).sum())
        assert abs(higher.sum() - expected.sum()) < 4 * sd
        top = effect > effect.median()  # the effects move every cut by the same odds
        halves = [(higher[half], expected[half]) for half in (top, ~top)]
        found, gap = (logit(np.mean(halves[0][i])) - logit(np.mean(halves[1][i])) for i in (0, 1))
        error = np.sqrt(sum(1 / (len(p) * p.mean() * (1 - p.mean())) for _, p in halves))
        assert abs(found - gap) < 4 * error


def test_answers_of_a_respondent_go_together(twin):
    together = twin[["satisfaction_overall", "trust_nav", "understands_needs"]].astype(float).corr().to_numpy()
    assert (together[np.triu_indices(3, 1)] > 0.4).all()
    assert (together[np.triu_indices(3, 1)] < 0.6).all()


def test_larger_establishments_use_more_services(twin):
    used = twin["nav_visit"].notna().groupby(twin["size"], observed=True).mean()
    assert used["250+"] > used["under 10"] + 0.1


@pytest.mark.parametrize(
    ("item", "from_answer", "public", "private"),
    [
        ("ia_prevention_assist", 4, 0.65, 0.57),
        ("contact_appointment", 1, 0.63, 0.44),
        ("chall_alternative_work", 1, 0.19, 0.05),
    ],
)
def test_sectors_differ_where_the_report_prints_both(twin, item, from_answer, public, private):
    shares = group_shares(twin, item, from_answer)
    assert shares["public"] == pytest.approx(public, abs=0.08)
    assert shares["private"] == pytest.approx(private, abs=0.05)


def test_a_survey_of_the_twin_says_simulated(twin):
    survey = Survey.from_responses(
        twin,
        outcome="satisfaction_overall",
        by=["county", "sector"],
        categories=range(1, 7),
        weights="weight",
        missing="drop",
    )
    assert survey.cells["count"].sum() == 4059
    assert survey.cells.attrs["dropped"] == 56
    assert survey.cells["weighted"].sum("cell").sel(category=[4, 5, 6]).sum() / survey.cells[
        "weighted"
    ].sum() == pytest.approx(0.86, abs=0.005)
    assert "simulated" in repr(survey)
    assert survey.cells.attrs["simulated"] == twin.attrs["simulated"]


def test_without_a_name_it_is_the_report_that_has_a_twin():
    pd.testing.assert_frame_equal(simulate_report(seed=7), simulate_report("employer_2024", seed=7))


def test_an_unknown_report_names_the_nearest():
    with pytest.raises(ValueError, match=r"'employer_2042'; allowed: 'employer_2024'.*employer_2024"):
        simulate_report("employer_2042", seed=1)


def test_a_report_without_a_twin_is_told_so():
    with pytest.raises(ValueError, match="'accessibility_2025' has no twin yet; allowed: 'employer_2024'"):
        simulate_report("accessibility_2025", seed=1)


@pytest.mark.parametrize("seed", [-1, 1.5, "7", None, True])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ValueError, match="allowed: a whole number from 0"):
        simulate_report("employer_2024", seed=seed)


@pytest.mark.parametrize(("mean", "share"), [(4.6, 0.86), (3.1, 0.42), (5.2, 0.94)])
def test_rating_shares_have_the_mean_and_the_share(mean, share):
    p = rating_shares(mean, share, {"categories": 6, "positive": 4, "curvature": 0.25})
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert p @ np.arange(1, 7) == pytest.approx(mean, abs=1e-9)
    assert p[3:].sum() == pytest.approx(share, abs=1e-12)


def test_whole_numbers_go_to_the_largest_remainders():
    assert whole([1, 1, 1], 4).tolist() == [2, 1, 1]
    assert whole([0.5, 0.3, 0.2], 11).tolist() == [6, 3, 2]  # 5.5, 3.3, 2.2


def test_a_cut_counts_weights_not_rows():
    latent, weights = np.array([3.0, 1.0, 2.0, 4.0]), np.array([1.0, 3.0, 1.0, 1.0])
    assert cut(latent, weights, np.array([0.5, 0.5])).tolist() == [1, 0, 1, 1]
