from collections.abc import Iterator
from itertools import pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from navmodels.plots import alt_text, plot_trend
from navmodels.plots.style import COLOURS, MARKERS

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def trend(**lines: list[float]) -> pd.DataFrame:
    """Three years for each line, intervals of ±3 points, shuffled so that time must be put in order."""
    rows = [
        {"year": year, "sector": name, "mean": mean, "lower": mean - 0.03, "upper": mean + 0.03, "prob": 0.95}
        for name, means in lines.items()
        for year, mean in zip([2024, 2021, 2022], means, strict=True)
    ]
    return pd.DataFrame(rows)


TWO = trend(public=[0.66, 0.70, 0.64], private=[0.61, 0.55, 0.58])


def bars(ax: plt.Axes, line: int) -> np.ndarray:
    return np.array(ax.collections[line].get_segments())[:, :, 1]


def test_lines_and_bars_carry_the_table_in_order_of_time() -> None:
    ax = plot_trend(TWO, by="sector")
    public, private = ax.lines
    np.testing.assert_allclose(public.get_ydata(), [70, 64, 66])
    np.testing.assert_allclose(private.get_ydata(), [55, 58, 61])
    np.testing.assert_allclose(bars(ax, 0)[np.argsort(bars(ax, 0)[:, 0])], [[61, 67], [63, 69], [67, 73]])
    np.testing.assert_allclose(public.get_xdata(), [2021, 2022, 2024], atol=0.1)
    np.testing.assert_allclose(private.get_xdata() - public.get_xdata(), 0.045)
    assert list(ax.get_xticks()) == [2021, 2022, 2024]
    ax.figure.draw_without_rendering()
    assert {tick.get_text() for tick in ax.get_yticklabels()} >= {"55%", "60%", "65%", "70%"}


def test_percent_false_draws_the_numbers_as_they_are() -> None:
    table = TWO.assign(mean=TWO["mean"] * 6, lower=TWO["lower"] * 6, upper=TWO["upper"] * 6)
    ax = plot_trend(table, by="sector", percent=False)
    np.testing.assert_allclose(ax.lines[1].get_ydata(), [3.30, 3.48, 3.66])
    assert [text.get_text() for text in ax.texts] == ["public 3.96", "private 3.66"]


def test_published_shares_are_open_markers() -> None:
    ax = plot_trend(TWO.assign(published=[0.67, 0.71, np.nan, 0.6, 0.55, 0.58]), by="sector")
    open_ones = [line for line in ax.lines if line.get_fillstyle() == "none"]
    np.testing.assert_allclose(open_ones[0].get_ydata(), [71, np.nan, 67])
    np.testing.assert_allclose(open_ones[1].get_ydata(), [55, 58, 60])
    assert [line.get_linestyle() for line in open_ones] == ["None", "None"]
    assert "Open markers: as published" in ax.get_xlabel()
    assert "published 67.0% in 2024" in alt_text(ax)


def test_eight_lines_differ_in_colour_and_marker_and_their_labels_do_not_overlap() -> None:
    table = trend(**{f"industry number {i} with a long name": [0.6 + i / 500, 0.5, 0.55] for i in range(8)})
    figure, axs = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for ax in [plot_trend(table, by="sector"), *(plot_trend(table, by="sector", ax=ax) for ax in axs)]:
        ax.figure.canvas.draw()
        assert [to_hex(line.get_color()).upper() for line in ax.lines] == list(COLOURS)
        assert [line.get_marker() for line in ax.lines] == list(MARKERS)
        boxes = sorted((Text.get_window_extent(text) for text in ax.texts), key=lambda box: box.y0)
        assert len(boxes) == 8
        assert all(low.y1 <= high.y0 for low, high in pairwise(boxes))
        assert [text.get_text().split()[2] for text in sorted(ax.texts, key=lambda t: t.get_position()[1])] == [
            str(i) for i in range(8)
        ]
        assert max(box.x1 for box in boxes) <= ax.figure.bbox.x1
    assert axs[0].get_figure() is figure


def test_yellow_is_not_among_the_colours() -> None:
    assert "#F0E442" not in COLOURS
    assert len(set(COLOURS)) == len(set(MARKERS)) == 8


def test_alt_text_says_ends_extremes_and_interval() -> None:
    assert alt_text(plot_trend(TWO, by="sector", title="Satisfied")) == (
        "Satisfied. Line chart by year, 2021 to 2024, with 95% intervals. "
        "public: from 70.0% in 2021 to 66.0% (63.0% to 69.0%) in 2024; "
        "lowest 64.0% in 2022, highest 70.0% in 2021. "
        "private: from 55.0% in 2021 to 61.0% (58.0% to 64.0%) in 2024; "
        "lowest 55.0% in 2021, highest 61.0% in 2024."
    )


def test_a_missing_mean_is_a_gap_and_is_said() -> None:
    table = TWO.copy()
    table.loc[table["year"].eq(2022) & table["sector"].eq("public"), ["mean", "lower", "upper"]] = np.nan
    ax = plot_trend(table, by="sector")
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [70, np.nan, 66])
    assert bars(ax, 0).shape == (2, 2)
    assert "not shown in 2022" in alt_text(ax)


def test_times_that_are_words_stand_in_the_order_of_table_or_categories() -> None:
    table = trend(all=[0.6, 0.5, 0.55]).drop(columns="sector").assign(year=["spring", "autumn", "winter"])
    ax = plot_trend(table)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [60, 50, 55])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["spring", "autumn", "winter"]
    order = ["autumn", "winter", "spring", "summer"]
    ax = plot_trend(table.assign(year=pd.Categorical(table["year"], order, ordered=True)))
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [50, 55, 60])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == order[:3]


def test_more_than_twelve_times_are_thinned_to_the_last() -> None:
    table = pd.DataFrame({"year": range(2000, 2025), "mean": 0.5, "lower": 0.4, "upper": 0.6})
    assert list(plot_trend(table).get_xticks()) == list(range(2000, 2025, 3))


def test_draws_on_the_ax_given_and_makes_no_figure() -> None:
    figure, ax = plt.subplots()
    before = plt.get_fignums()
    assert plot_trend(TWO, by="sector", ax=ax, title="Given") is ax
    assert plt.get_fignums() == before
    assert ax.get_title(loc="left") == "Given"
    assert plot_trend(TWO, by="sector").get_figure() is not figure
    assert len(plt.get_fignums()) == 2


def test_lines_by_two_columns() -> None:
    table = TWO.assign(size="large")
    ax = plot_trend(table, by=["sector", "size"])
    assert [text.get_text() for text in ax.texts] == ["public, large 66.0%", "private, large 61.0%"]


@pytest.mark.parametrize(
    ("table", "by", "message"),
    [
        (
            TWO.rename(columns={"lower": "lowr"}),
            "sector",
            r"lacks 'lower'; it has .*'lowr'.*nearest to 'lower' is 'lowr'",
        ),
        (TWO, "sectr", r"lacks 'sectr'; .*nearest to 'sectr' is 'sector'"),
        (TWO.iloc[:0], "sector", "no rows"),
        (TWO, None, r"several rows for year 2024.*by=.*'sector'"),
        (pd.concat([TWO, TWO.iloc[:1]]), "sector", "several rows for year 2024, public: or select rows"),
        (TWO.assign(sector=["a", None] * 3), "sector", "'sector' is missing in row 1, 3, 5"),
        (TWO.assign(mean=TWO["mean"] * 6), "sector", "'mean' has 3.96.*percent=False"),
        (TWO.assign(mean=TWO["mean"].astype(str)), "sector", "'mean' must be numbers, not str"),
        (
            TWO.assign(mean=TWO["mean"].where(TWO["sector"] == "public")),
            "sector",
            "no value to draw for 'private'",
        ),
        (TWO.assign(year=pd.to_datetime(TWO["year"].astype(str))), "sector", "'year' holds dates"),
        (
            trend(**{f"g{i}": [0.5, 0.5, 0.5] for i in range(9)}),
            "sector",
            "9 lines .* 8 is the most.*small multiples",
        ),
    ],
)
def test_errors_say_what_is_wrong(table: pd.DataFrame, by: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot_trend(table, by=by)
    assert plt.get_fignums() == []


def test_draws_are_sent_to_summarise() -> None:
    with pytest.raises(TypeError, match="not a ndarray: summarise first"):
        plot_trend(np.zeros(3))  # type: ignore[arg-type]
