from collections.abc import Iterator
from itertools import pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from navmodels.plots import alt_text, plot_check
from navmodels.plots.style import BLUE, VERMILLION

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


TABLE = pd.DataFrame(
    {
        "county": ["Oslo", "Troms", "Agder", "Finnmark"],
        "n": [612, 40, 85, 12],
        "observed": [0.58, 0.80, 0.63, 0.25],
        "expected": [0.575, 0.61, 0.62, 0.60],
        "lower": [0.53, 0.44, 0.51, 0.33],
        "upper": [0.63, 0.77, 0.73, 0.83],
        "prob": 0.95,
        "residual": [0.2, 2.25, 0.2, -2.7],
        "p": [0.84, 0.0213, 0.86, 0.0002],
    }
)


def made(cells: int) -> pd.DataFrame:
    rng = np.random.default_rng(cells)
    residual = rng.normal(0, 1.3, cells)
    expected, sd = rng.uniform(0.4, 0.6, cells), rng.uniform(0.01, 0.08, cells)
    return pd.DataFrame(
        {
            "county": [f"County {i}{' with a name that needs two lines' * (i % 5 == 0)}" for i in range(cells)],
            "observed": expected + residual * sd,
            "expected": expected,
            "lower": expected - 1.96 * sd,
            "upper": expected + 1.96 * sd,
            "residual": residual,
            "p": 0.5,
        }
    )


def points(ax: plt.Axes, marker: str) -> np.ndarray:
    (line,) = [line for line in ax.lines if line.get_marker() == marker]
    return np.column_stack(line.get_data())


def test_observed_stands_over_expected_with_the_predictive_interval() -> None:
    ax = plot_check(TABLE)
    np.testing.assert_allclose(points(ax, "o"), [[57.5, 58], [62, 63]])
    np.testing.assert_allclose(points(ax, "D"), [[61, 80], [60, 25]])
    bars = np.array(ax.collections[0].get_segments())
    np.testing.assert_allclose(bars[:, :, 0], np.repeat([[57.5], [61], [62], [60]], 2, axis=1))
    np.testing.assert_allclose(bars[:, :, 1], [[53, 63], [44, 77], [51, 73], [33, 83]])
    np.testing.assert_allclose(points(ax, "None"), [[25, 25], [83, 83]])
    assert (ax.get_ylabel(), ax.get_xlabel().split("\n")[0]) == ("Observed", "Expected")


def test_outside_the_interval_is_marker_and_colour_and_is_counted() -> None:
    ax = plot_check(TABLE)
    colours = {line.get_marker(): to_hex(line.get_color()).upper() for line in ax.lines}
    assert (colours["o"], colours["D"]) == (BLUE, VERMILLION)
    assert "Outside the 95% interval: 2 of 4 (about 0 by chance)." in ax.get_xlabel()
    many = made(100).assign(prob=0.8)
    outside = (many["residual"].abs() > 1.96).sum()
    assert f"Outside the 80% interval: {outside} of 100 (about 20 by chance)." in alt_text(plot_check(many))
    assert "Outside the interval: 2 of 4." in alt_text(plot_check(TABLE.drop(columns="prob")))


def test_residuals_stand_over_expected_with_a_band() -> None:
    ax = plot_check(TABLE, kind="residuals")
    np.testing.assert_allclose(points(ax, "o"), [[57.5, 0.2], [62, 0.2]])
    np.testing.assert_allclose(points(ax, "D"), [[61, 2.25], [60, -2.7]])
    (band,) = ax.patches
    assert (band.get_y(), band.get_y() + band.get_height()) == (-2, 2)
    assert list(points(ax, "None")[:, 1]) == [0, 0]
    assert ax.get_ylabel() == "Residual (predictive sd)"
    assert alt_text(ax).startswith("Residual (predictive sd) against expected of 4 cells.")


def test_the_largest_residuals_are_named() -> None:
    ax = plot_check(TABLE, worst=2)
    assert [text.get_text() for text in ax.texts] == ["Finnmark −2.7", "Troms +2.2"]
    np.testing.assert_allclose([text.xy for text in ax.texts], [[60, 25], [61, 80]])
    ax = plot_check(TABLE, worst=0)
    assert len(ax.texts) == 0
    assert "Named" not in ax.get_xlabel()
    assert "Largest" not in alt_text(ax)


@pytest.mark.parametrize("kind", ["values", "residuals"])
@pytest.mark.parametrize("cells", [3, 8, 24, 400])
def test_names_stand_in_the_margin_without_overlap(cells: int, kind: str) -> None:
    ax = plot_check(made(cells), kind=kind, worst=8, title="Cells of the survey")
    ax.figure.canvas.draw()
    boxes = sorted((Text.get_window_extent(text) for text in ax.texts), key=lambda box: box.y0)
    assert len(boxes) == min(cells, 8)
    assert all(low.y1 <= high.y0 for low, high in pairwise(boxes))
    assert all(box.x0 >= ax.bbox.x1 and box.x1 <= ax.figure.bbox.x1 for box in boxes)
    assert ax.xaxis.label.get_window_extent().x1 <= ax.figure.bbox.x1
    assert ax.xaxis.label.get_window_extent().y0 >= 0


def test_alt_text_says_the_worst() -> None:
    assert alt_text(plot_check(TABLE, worst=2, title="Does it fit?")) == (
        "Does it fit? Observed against expected of 4 cells. Outside the 95% interval: 2 of 4 (about 0 by chance). "
        "Largest residuals: "
        "Finnmark: observed 25.0%, expected 60.0% (33.0% to 83.0%), residual −2.7, p < 0.001. "
        "Troms: observed 80.0%, expected 61.0% (44.0% to 77.0%), residual +2.2, p = 0.021."
    )


def test_a_cell_without_an_observed_value_is_counted_and_not_drawn() -> None:
    table = TABLE.astype({"n": float}).convert_dtypes()
    table.loc[3, ["observed", "residual", "p"]] = pd.NA
    ax = plot_check(table)
    assert len(points(ax, "D")) == 1
    assert [text.get_text() for text in ax.texts] == ["Troms +2.2", "Oslo +0.2", "Agder +0.2"]
    assert "1 of 3 (about 0 by chance). Without an observed value: 1." in ax.get_xlabel()


def test_a_rating_s_cells_are_named_with_their_category() -> None:
    table = TABLE.assign(category=[1, 2, 3, 4], county="Oslo")
    assert plot_check(table, worst=1).texts[0].get_text() == "Oslo, 4 −2.7"
    assert plot_check(table, worst=1, label="category").texts[0].get_text() == "4 −2.7"


def test_scores_are_drawn_as_they_are() -> None:
    values = ["observed", "expected", "lower", "upper"]
    ax = plot_check(TABLE.assign(**{name: 6 * TABLE[name] for name in values}), percent=False)
    np.testing.assert_allclose(points(ax, "D"), [[3.66, 4.8], [3.6, 1.5]])
    assert "observed 1.50, expected 3.60 (1.98 to 4.98)" in alt_text(ax)


def test_percent_ticks_stand_where_proportions_do() -> None:
    for kind, ends in (("values", ("%", "%")), ("residuals", ("%", ""))):
        ax = plot_check(TABLE, kind=kind)
        ax.figure.draw_without_rendering()
        x, y = ax.get_xticklabels()[1].get_text(), ax.get_yticklabels()[1].get_text()
        assert (x[-1:] == "%", y[-1:] == "%") == tuple(end == "%" for end in ends)


def test_simulated_data_says_so() -> None:
    table = TABLE.copy()
    table.attrs["simulated"] = "simulated from a model, seed 1"
    ax = plot_check(table)
    assert "Simulated data." in ax.get_xlabel()
    assert "Simulated data." in alt_text(ax)


def test_two_kinds_stand_side_by_side_on_the_axes_given() -> None:
    _, axs = plt.subplots(1, 2, figsize=(13, 5), layout="constrained")
    before = plt.get_fignums()
    for kind, ax in zip(("values", "residuals"), axs, strict=True):
        assert plot_check(TABLE, kind=kind, ax=ax) is ax
    assert plt.get_fignums() == before
    assert [len(points(ax, "D")) for ax in axs] == [2, 2]


@pytest.mark.parametrize(
    ("table", "more", "message"),
    [
        (TABLE.rename(columns={"residual": "residuals"}), {}, "lacks 'residual'.*nearest to 'residual' is 'residuals'"),
        (TABLE.drop(columns=["lower", "p"]), {}, "lacks 'lower', 'p'; it has 'county'"),
        (TABLE.iloc[:0], {}, "no rows"),
        (TABLE.assign(observed=np.nan), {}, "no row has an observed value"),
        (TABLE.assign(county="Oslo"), {}, r"several rows are named 'Oslo'.*label=\[...\]"),
        (TABLE.assign(observed=100 * TABLE["observed"]), {}, "'observed' has 58.*percent=False"),
        (TABLE, {"kind": "residual"}, "unknown kind 'residual'; .*'values', 'residuals'.*nearest .* is 'residuals'"),
        (TABLE, {"worst": -1}, "worst is -1; allowed: 0"),
    ],
)
def test_errors_say_what_is_wrong(table: pd.DataFrame, more: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot_check(table, **more)
    assert plt.get_fignums() == []
