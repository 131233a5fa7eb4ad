from collections.abc import Iterator
from itertools import pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from navmodels.plots import alt_text, plot_change
from navmodels.plots.style import BLUE, COLOURS, GREY, ORANGE, VERMILLION

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


TABLE = pd.DataFrame(
    {
        "item": ["Contact", "Advice", "Follow-up", "Recruitment"],
        "year_from": 2023,
        "year": 2024,
        "mean": [0.042, -0.061, 0.018, -0.0001],
        "lower": [0.010, -0.100, -0.010, -0.030],
        "upper": [0.075, -0.020, 0.046, 0.032],
        "prob": 0.95,
        "p_increase": [0.9951, 0.0012, 0.91, 0.52],
        "class": ["increase", "decrease", "tendency", "no clear change"],
    }
)


def points(ax: plt.Axes) -> list[plt.Line2D]:
    return [line for line in ax.lines if line.get_marker() != "None"]


def test_points_and_bars_carry_the_table_in_percentage_points() -> None:
    ax = plot_change(TABLE)
    np.testing.assert_allclose([line.get_xdata()[0] for line in points(ax)], [4.2, -6.1, 1.8, -0.01])
    assert [line.get_ydata()[0] for line in points(ax)] == [0, 1, 2, 3]
    ends = np.array([bar.get_segments()[0][:, 0] for bar in ax.collections])
    np.testing.assert_allclose(ends, [[1.0, 7.5], [-10, -2], [-1, 4.6], [-3, 3.2]])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == TABLE["item"].to_list()
    assert ax.yaxis_inverted()
    assert ax.get_xlabel() == "Change from 2023 to 2024 in percentage points\nBars: 95% intervals."


def test_a_zero_line_stands_inside_the_figure() -> None:
    ax = plot_change(TABLE.iloc[:1])
    (zero,) = [line for line in ax.lines if line.get_marker() == "None"]
    assert list(zero.get_xdata()) == [0, 0]
    assert ax.get_xlim()[0] < 0 < ax.get_xlim()[1]


def test_class_is_colour_marker_and_word() -> None:
    ax = plot_change(TABLE)
    assert [to_hex(line.get_color()).upper() for line in points(ax)] == [BLUE, VERMILLION, ORANGE, GREY]
    assert [line.get_marker() for line in points(ax)] == [">", "<", "D", "o"]
    assert {to_hex(bar.get_colors()[0]).upper() for bar in ax.collections} <= set(COLOURS)
    words = [text.get_text() for text in ax.texts]
    assert words[1::2] == TABLE["class"].to_list()
    assert words[::2] == ["P(up) >0.99", "P(up) <0.01", "P(up) 0.91", "P(up) 0.52"]


def test_words_stand_in_the_margin_without_overlap() -> None:
    table = pd.concat(
        [
            TABLE.assign(item=[f"{item}, {i}, a name that needs several lines" for item in TABLE["item"]])
            for i in range(5)
        ]
    )
    ax = plot_change(table, title="Change in the share of satisfied employers")
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    chance, kind = boxes[::2], boxes[1::2]
    assert all(a.x1 < b.x0 for a, b in zip(chance, kind, strict=True))
    assert all(box.x0 >= ax.bbox.x1 and box.x1 <= ax.figure.bbox.x1 for box in boxes)
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(chance))
    names = [Text.get_window_extent(tick) for tick in ax.get_yticklabels()]
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(names))
    assert min(box.x0 for box in names) >= 0


def test_alt_text_says_each_change() -> None:
    assert alt_text(plot_change(TABLE, title="Satisfied?")) == (
        "Satisfied? Dot plot of 4 changes from 2023 to 2024 in percentage points, with 95% intervals. "
        "Lowest −6.1 (Advice), highest +4.2 (Contact). "
        "Contact: +4.2 (+1.0 to +7.5), probability of an increase >0.99, increase. "
        "Advice: −6.1 (−10.0 to −2.0), probability of an increase <0.01, decrease. "
        "Follow-up: +1.8 (−1.0 to +4.6), probability of an increase 0.91, tendency. "
        "Recruitment: +0.0 (−3.0 to +3.2), probability of an increase 0.52, no clear change."
    )


def test_a_long_table_is_cut_in_words_only() -> None:
    table = pd.concat([TABLE.assign(item=[f"{item} {i}" for item in TABLE["item"]]) for i in range(6)])
    ax = plot_change(table)
    assert len(points(ax)) == 24
    assert "The first 20 of 24: Contact 0: +4.2" in alt_text(ax)
    assert "Contact 5" not in alt_text(ax).split("The first")[1]


def test_a_suppressed_row_is_not_shown_and_says_so() -> None:
    table = TABLE.copy()
    table.loc[1, ["mean", "lower", "upper", "p_increase"]] = np.nan
    table["class"] = table["class"].where(table["mean"].notna())
    ax = plot_change(table)
    assert len(points(ax)) == 3
    assert [text.get_text() for text in ax.texts][2] == "not shown"
    assert "Advice: not shown." in alt_text(ax)


def test_times_name_the_rows_when_they_differ() -> None:
    table = TABLE.assign(year_from=[2021, 2021, 2023, 2023], year=[2023.0, 2023.0, 2024.0, 2024.0])
    ax = plot_change(table)
    assert ax.get_yticklabels()[0].get_text() == "Contact, 2021 to 2023"
    assert ax.get_xlabel().startswith("Change in percentage points")
    ax = plot_change(TABLE.drop(columns="item").iloc[:1])
    assert ax.get_yticklabels()[0].get_text() == "2023 to 2024"


def test_percent_false_and_another_time() -> None:
    table = TABLE.rename(columns={"year": "wave", "year_from": "wave_from"}).assign(sector="public")
    ax = plot_change(table, along="wave", label=["sector", "item"], percent=False)
    np.testing.assert_allclose(points(ax)[1].get_xdata(), [-0.061])
    assert ax.get_xlabel() == "Change from 2023 to 2024\nBars: 95% intervals."
    assert ax.get_yticklabels()[0].get_text() == "public, Contact"
    assert "Advice: −0.06 (−0.10 to −0.02)" in alt_text(ax)


def test_draws_on_the_ax_given_and_makes_no_figure() -> None:
    _, ax = plt.subplots()
    before = plt.get_fignums()
    assert plot_change(TABLE, ax=ax) is ax
    assert plt.get_fignums() == before
    assert len(points(ax)) == 4


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE.drop(columns=["p_increase", "class"]), r"lacks 'p_increase', 'class'; it has 'item'"),
        (
            TABLE.rename(columns={"year_from": "year_form"}),
            "lacks 'year_from'.*nearest to 'year_from' is 'year_form'",
        ),
        (TABLE.iloc[:0], "no rows"),
        (
            TABLE.replace({"class": {"increase": "increased"}}),
            "unknown class 'increased'.*nearest.*'increase'",
        ),
        (TABLE.assign(item="Contact"), r"several rows are named 'Contact'.*label=\[...\]"),
        (TABLE.assign(mean=[4.2, -6.1, 1.8, 0.1]), "proportions from -1 to 1, but 'mean' has 4.2"),
    ],
)
def test_errors_say_what_is_wrong(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot_change(table)
    assert plt.get_fignums() == []
