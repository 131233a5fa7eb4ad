"""Respondents with a known truth."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

import navmodels as nav

MODEL = nav.Model(nav.Share(), nav.Group("office"), nav.Effect("sector"), nav.Trend("year"))
CELLS = pd.DataFrame(
    [(office, sector, year) for office in "AB" for sector in ("private", "public") for year in (2022, 2024)],
    columns=["office", "sector", "year"],
).assign(n=4000)
TRUTH = {
    "intercept": 0.5,
    "office": {"A": 0.4, "B": -0.2},
    "sector": {"private": -0.1, "public": 0.1},
    "year": {2022: -0.3, 2023: 0.0, 2024: 0.3},
}


def test_shares_of_cells_are_the_true_ones():
    rows = nav.simulate_responses(MODEL, TRUTH, cells=CELLS, seed=1)
    true = [
        special.expit(0.5 + TRUTH["office"][row.office] + TRUTH["sector"][row.sector] + TRUTH["year"][row.year])
        for row in CELLS.itertuples()
    ]
    assert rows.attrs["truth"]["share"] == pytest.approx(true, abs=1e-4)
    share = rows.groupby(["office", "sector", "year"])["answer"].mean().to_numpy()
    z = (share - true) / np.sqrt(np.array(true) * (1 - np.array(true)) / 4000)
    assert np.abs(z).max() < 4  # of 8 cells
    assert len(rows) == 8 * 4000


def test_it_says_simulated_and_a_survey_carries_that_on():
    rows = nav.simulate_responses(MODEL, TRUTH, cells=CELLS.assign(n=10), seed=1)
    assert rows.attrs["simulated"].startswith("simulated from Model(Share()")
    survey = nav.Survey.from_responses(rows, outcome="answer", by=["office", "sector", "year"])
    assert "(simulated)" in repr(survey)


def test_same_seed_same_rows_and_another_seed_others():
    first, again, other = (nav.simulate_responses(MODEL, TRUTH, cells=CELLS, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert (first["answer"] != other["answer"]).any()


def test_effects_drawn_with_a_standard_deviation_have_it():
    cells = pd.DataFrame({"office": [f"office {number}" for number in range(2000)], "n": 1})
    model = nav.Model(nav.Share(), nav.Group("office"))
    rows = nav.simulate_responses(model, {"intercept": 0.0, "office_sd": 0.3}, cells=cells, seed=1)
    drawn = np.array(list(rows.attrs["truth"]["office"].values()))
    assert drawn.std() == pytest.approx(0.3, abs=4 * 0.3 / np.sqrt(2 * 2000))


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ({"intercept": 0.0}, "either 'office' .* or 'office_sd'"),
        ({"office_sd": 1.0, "sector_sd": 1.0, "year_sd": 1.0}, "needs 'intercept'"),
        ({**TRUTH, "ofice": {}}, "Did you mean 'office'"),
        ({**TRUTH, "office_sd": 1.0}, "either 'office' .* or 'office_sd'"),
        ({**TRUTH, "office": {"A": 1.0, "C": 2.0}}, r"lacks \('B',\) and has \('C',\) too much"),
    ],
)
def test_a_truth_that_does_not_fit_is_refused(truth, message):
    with pytest.raises(ValueError, match=message):
        nav.simulate_responses(MODEL, truth, cells=CELLS, seed=1)


def test_fractional_respondents_are_refused_by_row():
    with pytest.raises(ValueError, match="no whole number in row 2"):
        nav.simulate_responses(MODEL, TRUTH, cells=CELLS.assign(n=[1, 2, 2.5, 1, 1, 1, 1, 1]), seed=1)


LARGE = pd.DataFrame({"office": ["A", "B"], "n": [40_000, 40_000]})


def test_ratings_have_the_shares_of_their_thresholds():
    model = nav.Model(nav.Rating(), nav.Group("office"))
    truth = {"threshold": {2: -1.0, 3: 0.0, 4: 2.0}, "office": {"A": 0.5, "B": -0.5}}
    rows = nav.simulate_responses(model, truth, cells=LARGE, seed=1)
    below = special.expit(np.array([-1.0, 0.0, 2.0]) - 0.5)
    expected = np.diff(np.concatenate([[0.0], below, [1.0]]))
    assert rows.attrs["truth"]["share"][0] == pytest.approx(expected, abs=1e-4)
    drawn = rows.loc[rows["office"] == "A", "answer"].value_counts(normalize=True).sort_index()
    assert drawn.index.tolist() == [1, 2, 3, 4]
    assert drawn.to_numpy() == pytest.approx(expected, abs=4 * 0.5 / 200)
    assert rows.attrs["truth"]["threshold"] == truth["threshold"]


def test_choices_have_the_shares_of_their_logits():
    model = nav.Model(nav.Choice(), nav.Effect("office"))
    office = {"A": {"web": 1.0, "phone": 0.0, "visit": 0.0}, "B": {"web": 0.0, "phone": 0.0, "visit": 0.0}}
    truth = {"intercept": {"web": 0.0, "phone": 1.0, "visit": -1.0}, "office": office}
    rows = nav.simulate_responses(model, truth, cells=LARGE, seed=1)
    expected = special.softmax([1.0, 1.0, -1.0])
    assert rows.attrs["truth"]["share"][0] == pytest.approx(expected, abs=1e-4)
    drawn = rows.loc[rows["office"] == "A", "answer"].value_counts(normalize=True)[["web", "phone", "visit"]]
    assert drawn.to_numpy() == pytest.approx(expected, abs=4 * 0.5 / 200)


@pytest.mark.parametrize(
    ("outcome", "truth", "message"),
    [
        (nav.Rating(), {"threshold": [1.0, 0.0], "office_sd": 0.1}, "in rising order"),
        (nav.Rating(), {"office_sd": 0.1}, "truth needs 'threshold'"),
        (nav.Choice(), {"intercept": 1.0, "office_sd": 0.1}, "a mapping from each category"),
        (nav.Choice(), {"intercept": {"a": 0, "b": 1}, "office": {"A": 1.0, "B": {}}}, "truth of 'office' at"),
    ],
)
def test_truths_of_several_categories_that_cannot_be(outcome, truth, message):
    with pytest.raises(ValueError, match=message):
        nav.simulate_responses(nav.Model(outcome, nav.Group("office")), truth, cells=LARGE, seed=1)
