"""The same survey read otherwise equals the survey made otherwise from the start; nothing else of it changes."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import navmodels as nav
from navmodels.data.variants import with_design_effect, with_minimum, with_weighting
from navmodels.likelihoods.outcomes import effective_counts

PRINTED = pd.DataFrame(
    {
        "office": list("ABCD"),
        "share": [62.0, 40.0, 0.0, 55.0],
        "n": [100.0, 50.0, 12.0, np.nan],
        "low": [np.nan, 30.0, np.nan, 45.0],
        "high": [np.nan, 51.0, np.nan, 65.0],
    }
)


def reported(design_effect=1.0):
    columns = {"estimate": "share", "n": "n", "lower": "low", "upper": "high"}
    return nav.Survey.from_report(PRINTED, by="office", design_effect=design_effect, **columns)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "office": rng.choice(list("ABC"), 200),
            "sector": rng.choice(["private", "public"], 200),
            "satisfied": rng.integers(0, 2, 200),
            "w": rng.uniform(0.5, 3.0, 200),
        }
    )


def weighted(rows, weighting, population=None):
    return nav.Survey.from_responses(
        rows, outcome="satisfied", by=["office", "sector"], weights="w", weighting=weighting, population=population
    )


def test_design_effect_of_published_numbers_is_as_read_with_it():
    found = with_design_effect(reported(), 2.0)
    xr.testing.assert_identical(found.cells, reported(2.0).cells)
    assert found.levels == reported(2.0).levels
    xr.testing.assert_identical(with_design_effect(found, 1.0).cells, reported().cells)


def test_design_effect_touches_only_what_n_makes_precise():
    before, after = reported().cells.to_dataframe(), with_design_effect(reported(), 2.0).cells.to_dataframe()
    assert before["trials"].tolist()[:1] == [100.0]  # counts out of n, exactly
    assert (after["trials"][0], after["count_low"][0], after["count_high"][0]) == (50.0, 31.0, 31.0)  # over two
    assert before["sd"][[1, 3]].tolist() == after["sd"][[1, 3]].tolist()  # from printed intervals
    assert (before["trials"][2], after["trials"][2]) == (12.0, 6.0)  # 0 %: counts either way


def test_design_effect_divides_counts(survey):
    found = with_design_effect(survey, 1.6)
    xr.testing.assert_equal(found.cells, survey.cells)
    assert effective_counts(found) == pytest.approx(effective_counts(survey) / 1.6, rel=1e-14)
    again = with_design_effect(found, np.float64(2.0))
    assert effective_counts(again) == pytest.approx(effective_counts(survey) / 2.0, rel=1e-14)


def test_a_design_effect_widens_as_its_root():
    table = pd.DataFrame({"office": ["A", "B"], "k": [3000, 5500], "n": [10_000, 10_000]})
    survey = nav.Survey.from_counts(table, by="office", positive="k", n="n")
    model = nav.Model(nav.Share(), nav.Effect("office", scale=3.0), intercept_scale=3.0)
    sd = [
        nav.summarise(nav.estimate(nav.fit(model, each, seed=1), by="office"))["sd"].to_numpy()
        for each in (survey, with_design_effect(survey, 4.0))
    ]
    assert sd[1] / sd[0] == pytest.approx([2.0, 2.0], rel=0.05)


@pytest.mark.parametrize("value", [0, -1.0, np.nan, np.inf, "2", True, None])
def test_design_effects_that_are_none(survey, value):
    with pytest.raises(ValueError, match="allowed: a positive number"):
        with_design_effect(survey, value)


def test_effective_weights_have_a_design_effect_of_their_own(rows):
    with pytest.raises(ValueError, match="follows from the weights"):
        with_design_effect(weighted(rows, "effective"), 2.0)


@pytest.mark.parametrize("population", [False, True])
@pytest.mark.parametrize("now", ["frame", "effective", "none"])
@pytest.mark.parametrize("before", ["frame", "effective"])
def test_weighting_is_as_made_with_it(rows, before, now, population):
    index = pd.MultiIndex.from_product([list("ABC"), ["private", "public"]], names=["office", "sector"])
    frame = index.to_frame(index=False).assign(weight=[5.0, 9, 2, 7, 1, 4]) if population else None
    found, made = with_weighting(weighted(rows, before, frame), now), weighted(rows, now, frame)
    xr.testing.assert_allclose(found.cells, made.cells, rtol=1e-14)
    assert found.cells.attrs == made.cells.attrs


def test_weighting_cannot_be_guessed(rows, survey):
    with pytest.raises(ValueError, match="Did you mean 'frame'"):
        with_weighting(survey, "frames")
    with pytest.raises(ValueError, match="published numbers have no weights"):
        with_weighting(reported(), "none")
    with pytest.raises(ValueError, match="does not have its weights"):
        with_weighting(survey, "effective")
    with pytest.raises(ValueError, match="does not have its weights"):
        with_weighting(with_weighting(weighted(rows, "frame"), "none"), "frame")


def test_small_cells_go_and_so_do_levels_without_a_cell():
    table = pd.DataFrame({"office": list("ABBC"), "year": [1, 1, 2, 2], "k": [3, 5, 4, 9], "n": [6, 8, 7, 20]})
    survey = nav.Survey.from_counts(table, by=["office", "year"], positive="k", n="n")
    found = with_minimum(survey, 8)
    assert found.to_pandas()[["office", "year", "n"]].to_numpy().tolist() == [["B", 1, 8.0], ["C", 2, 20.0]]
    assert found.levels == {"office": ("B", "C"), "year": (1, 2)}
    assert with_minimum(survey, 8.5).levels == {"office": ("C",), "year": (2,)}
    xr.testing.assert_identical(with_minimum(survey, 6).cells, survey.cells)
    with pytest.raises(ValueError, match=r"no cell has 21 respondents or more; the largest has 20"):
        with_minimum(survey, 21)


def test_small_published_cells_go_and_those_without_a_base_stay():
    assert with_minimum(reported(), 51).levels == {"office": ("A", "D")}


def test_printed_decimals_are_those_of_the_whole_table_also_when_rows_are_dropped():
    table = pd.DataFrame({"office": ["A", "B"], "share": [50.0, 62.5], "n": [400, 400]})
    survey = nav.Survey.from_report(table, by="office", estimate="share", n="n", design_effect=1.5)
    alone = with_design_effect(survey.drop(office="B"), 1.5)
    # 50.0 stands beside 62.5, so it is 49.95 to 50.05, not 49.5 to 50.5
    assert alone.cells["high"].values == pytest.approx(np.log(0.5005 / 0.4995), rel=1e-9)
    assert alone.cells["high"].values == pytest.approx(survey.cells["high"].values[:1])
