from collections.abc import Iterator
from itertools import pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.text import Text

from navmodels.plots import alt_text, plot_sensitivity
from navmodels.plots.strips import _stacked, _turned
from navmodels.sensitivity import conclusions
from navmodels.sensitivity.verdicts import classify_probability

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


TABLE = pd.DataFrame(
    {
        "statement": ["A is above B", "B is above C"],
        "p": [0.97, 0.60],
        "class": ["stands", "open"],
        "lowest": [0.70, 0.40],
        "highest": [0.99, 0.70],
        "turned": [2, 0],
        "scenarios": [4, 3],
        "verdict": ["depends on 'no C', 'prior × 2'", "open in all"],
        "as given": [0.97, 0.60],
        "prior × 2": [0.90, 0.70],
        "no C": [0.70, np.nan],
        "cut at 5": [0.99, 0.40],
    }
)


def made(statements: int, scenarios: int) -> pd.DataFrame:
    """Made by `conclusions` from draws whose groups lie close together, so that scenarios turn classes."""
    rng = np.random.default_rng(statements + scenarios)
    groups = [f"Group {i}" for i in range(statements + 1)]
    names = ["as given", *(f"prior scale of county:industry {i} × 0.5" for i in range(1, scenarios))]
    mean = rng.normal(0, 0.03, (len(groups), 1)) + rng.normal(0, 0.01, (len(groups), scenarios))
    draws = xr.DataArray(
        rng.normal(mean, 0.02, (4, 500, *mean.shape)),
        dims=("chain", "draw", "county", "scenario"),
        coords={"county": groups, "scenario": names},
    )
    stated = {
        f"{a} is above {b}, as the report of that year says": lambda x, a=a, b=b: x.sel(county=a) > x.sel(county=b)
        for a, b in pairwise(groups)
    }
    return conclusions(draws, stated, base="as given")


def points(ax: plt.Axes, marker: str) -> np.ndarray:
    found = [np.column_stack(line.get_data()) for line in ax.lines if line.get_marker() == marker]
    return np.concatenate([each for each in found if np.isfinite(each).all()])


def named(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text() in TABLE.columns]


def test_a_point_for_each_scenario_on_the_row_of_its_statement() -> None:
    ax = plot_sensitivity(TABLE, kind="strip")
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["A is above B", "B is above C"]
    np.testing.assert_allclose(points(ax, "s"), [[0.97, 0], [0.60, 1]])
    np.testing.assert_allclose(points(ax, "D"), [[0.90, 0], [0.70, 0]])
    np.testing.assert_allclose(points(ax, "o"), [[0.99, 0], [0.70, 1], [0.40, 1]])
    spans = np.array([line.get_segments()[0] for line in ax.collections])
    np.testing.assert_allclose(spans[:, :, 0], [[0.70, 0.99], [0.40, 0.70]])


def test_limits_are_those_of_the_classes() -> None:
    ax = plot_sensitivity(TABLE, kind="strip")
    limits = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "None"]
    np.testing.assert_allclose(limits, [0.05, 0.20, 0.80, 0.95])
    classes = {text.get_text().replace("\n", " "): text.xy[0] for text in ax.texts[:5]}
    assert {name: classify_probability(x) for name, x in classes.items()} == {name: name for name in classes}
    assert len(classes) == 5
    np.testing.assert_allclose(ax.get_xticks(), [0, 0.05, 0.2, 0.8, 0.95, 0.5, 1])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "0.05", "0.2", "0.8", "0.95", "0.5", "1"]


def test_another_class_is_what_conclusions_call_another() -> None:
    at = np.array([0, 0.01, 0.05, 1 - 0.95, 0.0501, 0.19, 1 - 0.8, 0.2, 0.5, 0.7999, 0.8, 0.9, 0.9499, 0.95, 1])
    classes = np.array([classify_probability(p) for p in at])
    for own in range(len(at)):
        assert list(_turned(at[None], own)[0]) == list(classes != classes[own])
    assert not _turned(np.array([[np.nan, 0.5, 0.9]]), 0).any()
    assert list(_turned(np.array([[0.5, np.nan, 0.9]]), 0)[0]) == [False, False, True]


def test_as_many_are_marked_as_the_table_counts() -> None:
    table = made(6, 30)
    ax = plot_sensitivity(table, kind="strip")
    assert len(points(ax, "D")) == table["turned"].sum() > 20
    assert len(points(ax, "o")) == 6 * 29 - table["turned"].sum()


def test_the_farthest_of_another_class_are_named_on_their_side() -> None:
    assert named(plot_sensitivity(TABLE, kind="strip")) == ["no C"]
    both = TABLE.iloc[[1]].assign(**{"no C": 0.1, "cut at 5": 0.85, "prior × 2": 0.82})
    ax = plot_sensitivity(both, kind="strip")
    where = {text.get_text(): text.get_position() for text in ax.texts if text.get_text() in named(ax)}
    assert set(where) == {"no C", "cut at 5"}
    assert (where["no C"][0], where["cut at 5"][0]) == (0.1, 0.85)
    assert where["no C"][1] > 0 > where["cut at 5"][1]  # under and over the row; y runs down


def test_the_margin_gives_the_verdict_and_what_could_not_be_judged() -> None:
    ax = plot_sensitivity(TABLE, kind="strip")
    verdicts = [text.get_text().replace("\n", " ") for text in ax.texts if getattr(text, "xy", (0,))[0] == 1.02]
    assert verdicts == ["depends on 'no C', 'prior × 2'", "open in all (judged in 3 of 4)"]


def test_a_statement_that_the_base_cannot_judge_has_no_square() -> None:
    lost = TABLE.iloc[[0]].assign(**{"p": np.nan, "as given": np.nan, "verdict": "not to be judged in 'as given'"})
    ax = plot_sensitivity(pd.concat([TABLE.iloc[[1]], lost]), kind="strip")
    np.testing.assert_allclose(points(ax, "s"), [[0.6, 0]])
    assert not [line for line in ax.lines if line.get_marker() == "D" and len(line.get_xdata())]
    assert "probability unknown in 'as given', from 0.70 in 'no C' to 0.99 in 'cut at 5'" in alt_text(ax)
    nowhere = lost.assign(**dict.fromkeys(["prior × 2", "no C", "cut at 5"], np.nan))
    assert "A is above B: judged in no scenario" in alt_text(plot_sensitivity(nowhere, kind="strip"))


def test_points_that_would_cover_each_other_are_stacked() -> None:
    np.testing.assert_allclose(_stacked(np.array([0.5, 0.9, np.nan])), 0)
    np.testing.assert_allclose(_stacked(np.array([0.5, 0.1, 0.5, 0.5])), [0, 0, -0.1, 0.1])
    many = _stacked(np.full(40, 0.99))
    assert (many.min(), many.max()) == pytest.approx((-0.17, 0.17 * 19 / 20))
    assert len(set(many.round(9))) == 40


def test_alt_text_says_ends_and_verdict() -> None:
    table = TABLE.copy()
    table.attrs["simulated"] = "simulated from a model, seed 1"
    ax = plot_sensitivity(table, kind="strip", title="What stands?")
    assert ax.get_xlabel().endswith("\nSimulated data. Right: verdict.")
    assert alt_text(ax) == (
        "What stands? Simulated data. Strip plot of the probability of 2 statements in 4 scenarios. "
        "A is above B: probability 0.97 in 'as given', from 0.70 in 'no C' to 0.99 in 'cut at 5', "
        "depends on 'no C', 'prior × 2'. "
        "B is above C: probability 0.60 in 'as given', from 0.40 in 'cut at 5' to 0.70 in 'prior × 2', "
        "open in all (judged in 3 of 4)."
    )


@pytest.mark.parametrize(("statements", "scenarios"), [(1, 5), (3, 40), (15, 40)])
def test_words_do_not_overlap_and_nothing_leaves_the_figure(statements: int, scenarios: int) -> None:
    ax = plot_sensitivity(made(statements, scenarios), kind="strip", title="What stands in all scenarios")
    ax.figure.canvas.draw()
    boxes = [Text.get_window_extent(text) for text in ax.texts]
    verdicts = [box for box in boxes if box.x0 > ax.bbox.x1]
    assert len(verdicts) == statements
    assert all(low.y1 <= high.y0 for high, low in pairwise(verdicts))
    inside = [box for box in boxes if box.x0 <= ax.bbox.x1]
    assert not any(a.overlaps(b) for i, a in enumerate(inside) for b in inside[:i])
    said = [*boxes, ax.xaxis.label.get_window_extent(), *(name.get_window_extent() for name in ax.get_yticklabels())]
    assert min(box.x0 for box in said) >= 0
    assert min(box.y0 for box in said) >= 0
    assert max(box.x1 for box in said) <= ax.figure.bbox.x1
    (title,) = [each for each in ax.findobj(Text) if each.get_text() == "What stands in all scenarios"]
    assert title.get_window_extent().y0 >= max(box.y1 for box in inside)
    assert ax.bbox.width > 0.4 * ax.figure.bbox.width


@pytest.mark.parametrize(
    ("table", "more", "message"),
    [
        (TABLE.iloc[:0], {}, "no rows"),
        (TABLE, {"base": "prior x 2"}, "unknown base 'prior x 2'.*nearest to 'prior x 2' is 'prior × 2'"),
        (TABLE, {"base": "cut at 5"}, "'p' is not the probability in 'cut at 5': the verdicts are of another base"),
        (TABLE.assign(statement="A"), {}, "several rows are named 'A'.*a row for each statement"),
        (TABLE.assign(**{"no C": [0.5, 1.5]}), {}, "'no C' has 1.5 in row 1: a probability is 0 to 1"),
        (TABLE.assign(remark="see above"), {}, "'remark' must be numbers"),
    ],
)
def test_errors_say_what_is_wrong(table: pd.DataFrame, more: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot_sensitivity(table, kind="strip", **more)
    assert plt.get_fignums() == []
