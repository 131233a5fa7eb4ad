from collections.abc import Iterator
from itertools import pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from navmodels.plots import alt_text, plot_groups
from navmodels.plots.style import BLUE, VERMILLION

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


TABLE = pd.DataFrame(
    {
        "county": ["Oslo", "Finnmark", "Nordland"],
        "direct": [0.58, 0.80, np.nan],
        "direct_lower": [0.54, 0.55, np.nan],
        "direct_upper": [0.62, 0.93, np.nan],
        "n": [1612, 15, 0],
        "n_effective": [1300.0, 12.1, 0.0],
        "pooled": [0.581, 0.66, 0.60],
        "pooled_lower": [0.545, 0.55, 0.45],
        "pooled_upper": [0.615, 0.77, 0.74],
        "pooling_factor": [0.05, 0.7, 1.0],
        "sd_reduction": [0.1, 0.4, np.nan],
        "prob": 0.95,
    }
)


def points(ax: plt.Axes, colour: str) -> list[plt.Line2D]:
    return [line for line in ax.lines if line.get_marker() == "o" and to_hex(line.get_color()).upper() == colour]


def test_direct_is_hollow_and_pooled_is_filled_with_the_table_s_numbers() -> None:
    ax = plot_groups(TABLE)
    direct, pooled = points(ax, VERMILLION), points(ax, BLUE)
    np.testing.assert_allclose([line.get_xdata()[0] for line in direct], [58, 80])
    np.testing.assert_allclose([line.get_xdata()[0] for line in pooled], [58.1, 66, 60])
    assert {line.get_markerfacecolor() for line in direct} == {"white"}
    assert {line.get_markerfacecolor() for line in pooled} == {BLUE}
    np.testing.assert_allclose([line.get_ydata()[0] for line in direct], [-0.15, 0.85])
    np.testing.assert_allclose([line.get_ydata()[0] for line in pooled], [0.15, 1.15, 2.15])
    ends = np.array([bar.get_segments()[0][:, 0] for bar in ax.collections])
    np.testing.assert_allclose(ends, [[54, 62], [54.5, 61.5], [55, 93], [55, 77], [45, 74]])


def test_a_line_joins_the_two_of_a_group() -> None:
    ax = plot_groups(TABLE)
    joins = [line.get_xdata() for line in ax.lines if line.get_marker() == "None"]
    np.testing.assert_allclose(joins, [[58, 58.1], [80, 66]])


def test_n_stands_beside_each_row_in_the_margin() -> None:
    ax = plot_groups(TABLE, title="Satisfied")
    assert [text.get_text() for text in ax.texts] == ["n = 1,612", "n = 15", "n = 0"]
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert all(box.x0 >= ax.bbox.x1 and box.x1 <= ax.figure.bbox.x1 for box in boxes)
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(boxes))


def test_alt_text_says_both_estimates_and_n() -> None:
    assert alt_text(plot_groups(TABLE, title="Satisfied")) == (
        "Satisfied. Dot plot of the direct and the pooled estimate for 3 groups, with 95% intervals. "
        "Oslo: direct 58.0% (54.0% to 62.0%), pooled 58.1% (54.5% to 61.5%), n = 1,612. "
        "Finnmark: direct 80.0% (55.0% to 93.0%), pooled 66.0% (55.0% to 77.0%), n = 15. "
        "Nordland: direct not shown, pooled 60.0% (45.0% to 74.0%), n = 0."
    )


def test_a_suppressed_group_is_not_shown_and_says_so() -> None:
    table = TABLE.astype({"n": float})
    table.loc[1, ["direct", "direct_lower", "direct_upper", "pooled", "pooled_lower", "pooled_upper", "n"]] = np.nan
    ax = plot_groups(table)
    assert [text.get_text() for text in ax.texts] == ["not shown", "n = 1,612", "n not shown", "n = 0"]
    assert "Finnmark: direct not shown, pooled not shown, n not shown." in alt_text(ax)


def test_order_labels_and_scale_are_those_asked_for() -> None:
    table = TABLE.iloc[[2, 0]].assign(size=["small", "large"])
    ax = plot_groups(table, percent=False)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["Nordland, small", "Oslo, large"]
    np.testing.assert_allclose(points(ax, BLUE)[0].get_xdata(), [0.60])
    ax = plot_groups(table, label="size")
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["small", "large"]


def test_nullable_numbers_are_drawn_too() -> None:
    ax = plot_groups(TABLE.convert_dtypes())
    np.testing.assert_allclose([line.get_xdata()[0] for line in points(ax, VERMILLION)], [58, 80])


def test_draws_on_the_ax_given_and_makes_no_figure() -> None:
    _, ax = plt.subplots()
    before = plt.get_fignums()
    assert plot_groups(TABLE, ax=ax) is ax
    assert plt.get_fignums() == before
    assert len(points(ax, BLUE)) == 3


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE.rename(columns={"pooled": "pool"}), "lacks 'pooled'.*nearest to 'pooled' is 'pool"),
        (TABLE.iloc[:0], "no rows"),
        (TABLE.drop(columns="county"), "several rows are named 'all'"),
        (TABLE.assign(direct=TABLE["direct"] * 100), "'direct' has 58"),
        (TABLE.assign(county=["Oslo", np.nan, "Nordland"]), "'county' is missing in row 1"),
    ],
)
def test_errors_say_what_is_wrong(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot_groups(table)
    assert plt.get_fignums() == []
