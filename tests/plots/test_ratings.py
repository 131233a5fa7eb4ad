from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from navmodels.plots import alt_text, plot_ratings

matplotlib.use("Agg")

WORDS = ["Very dissatisfied", "Dissatisfied", "Neither nor", "Satisfied", "Very satisfied"]
SIX = {"Oslo": [0.05, 0.10, 0.15, 0.30, 0.25, 0.15], "Finnmark": [0.01, 0.09, 0.20, 0.40, 0.20, 0.10]}
FIVE = {"Oslo": [0.1, 0.2, 0.3, 0.3, 0.1], "Agder": [0.0, 0.1, 0.4, 0.3, 0.2]}


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def answers(stacks: dict[str, list[float]], categories: list, **n: int) -> pd.DataFrame:
    rows = [
        {"county": name, "category": answer, "mean": share, "lower": 0.0, "upper": 1.0, "prob": 0.95}
        for name, shares in stacks.items()
        for answer, share in zip(categories, shares, strict=True)
    ]
    table = pd.DataFrame(rows)
    return table.assign(n=table["county"].map(n)) if n else table


TABLE = answers(SIX, [1, 2, 3, 4, 5, 6], Oslo=1612, Finnmark=15)


def bars(ax: plt.Axes) -> np.ndarray:
    """Row, left and right end of each segment."""
    return np.array([[p.get_y() + p.get_height() / 2, p.get_x(), p.get_x() + p.get_width()] for p in ax.patches])


def texts(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def key(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_an_even_number_of_categories_meets_at_the_line() -> None:
    ax = plot_ratings(TABLE)
    row, left, right = bars(ax).T
    np.testing.assert_allclose(row, np.repeat([0, 1], 6))
    np.testing.assert_allclose(left, [-30, -25, -15, 0, 30, 55, -30, -29, -20, 0, 40, 60], atol=1e-9)
    np.testing.assert_allclose(right[:6], [-25, -15, 0, 30, 55, 70], atol=1e-9)
    (line,) = ax.lines
    assert list(line.get_xdata()) == [0, 0]
    assert ax.get_xlabel() == "Percent of the answers: lower 3 left, higher 3 right of the line"
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["Oslo", "Finnmark"]


def test_of_an_odd_number_the_middle_one_straddles_the_line() -> None:
    ax = plot_ratings(answers(FIVE, WORDS))
    _, left, right = bars(ax).T
    np.testing.assert_allclose(left[:5], [-45, -35, -15, 15, 45], atol=1e-9)
    np.testing.assert_allclose(left[5:], [-30, -30, -20, 20, 50], atol=1e-9)
    np.testing.assert_allclose([right[2], right[7]], [15, 20])
    assert ax.get_xlabel().endswith("lower 2 left, middle 1 across, higher 2 right of the line")


def test_both_sides_of_the_line_count_up_from_zero() -> None:
    ax = plot_ratings(TABLE)
    ax.figure.draw_without_rendering()
    shown = {tick.get_position()[0]: tick.get_text() for tick in ax.get_xticklabels()}
    assert shown[-20] == shown[20] == "20%"


def test_bars_may_start_at_the_left() -> None:
    ax = plot_ratings(TABLE, centre="left")
    _, left, right = bars(ax).T
    np.testing.assert_allclose(left[:6], [0, 5, 15, 30, 60, 85], atol=1e-9)
    np.testing.assert_allclose(right[[5, 11]], [100, 100])
    assert ax.get_xlabel() == "Percent of the answers"


def test_percents_stand_in_their_segments_where_they_fit() -> None:
    ax = plot_ratings(TABLE)
    assert texts(ax) == ["5", "10", "15", "30", "25", "15", "9", "20", "40", "20", "10", "n = 1,612", "n = 15"]
    ax.figure.canvas.draw()
    segments = [patch.get_window_extent() for patch in ax.patches]
    del segments[6]  # Finnmark's 1 percent
    for text, segment in zip(ax.texts, segments, strict=False):
        box = text.get_window_extent()
        assert segment.x0 < box.x0
        assert box.x1 < segment.x1


def test_colours_run_from_yellow_to_dark_and_carry_type_that_reads() -> None:
    ax = plot_ratings(TABLE)
    lightness = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b, _ in (p.get_facecolor() for p in ax.patches[:6])]
    assert lightness == sorted(lightness, reverse=True)
    assert [to_hex(text.get_color()) for text in ax.texts[:6]] == ["#222222"] * 3 + ["#ffffff"] * 3
    assert [to_hex(ax.patches[i].get_facecolor()) for i in (0, 5)] == [
        "#f3db42",
        "#002b62",
    ]  # cividis, 5 and 95 percent


def test_the_key_reads_in_order_also_over_several_lines() -> None:
    assert key(plot_ratings(TABLE)) == ["1", "2", "3", "4", "5", "6"]
    ax = plot_ratings(
        answers(FIVE, WORDS).replace("Oslo", "A county with a long name"),
        title="How satisfied are you with the service that you got from Nav?",
    )
    ax.figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in ax.get_legend().get_texts()}
    assert sorted(boxes, key=lambda name: (-round(boxes[name].y0), boxes[name].x0)) == WORDS
    assert len({round(box.y0) for box in boxes.values()}) == 2
    whole = ax.get_legend().get_window_extent()
    title = ax._left_title.get_window_extent()
    assert ax.bbox.y1 <= whole.y0
    assert whole.y1 <= title.y0
    assert title.y1 <= ax.figure.bbox.y1
    assert whole.x1 <= ax.bbox.x1


def test_categories_stand_in_the_order_of_numbers_categories_or_table() -> None:
    assert key(plot_ratings(TABLE.iloc[::-1])) == ["1", "2", "3", "4", "5", "6"]
    words = answers(FIVE, WORDS).iloc[::-1]
    assert key(plot_ratings(words.assign(category=pd.Categorical(words["category"], [*WORDS, "Unused"])))) == WORDS
    ax = plot_ratings(words)
    assert key(ax)[::2] == WORDS[::-2]
    np.testing.assert_allclose(bars(ax)[:5, 2] - bars(ax)[:5, 1], [20, 30, 40, 10, 0], atol=1e-9)


def test_groups_by_several_columns_and_another_category() -> None:
    table = TABLE.rename(columns={"category": "answer"}).assign(year=2024.0)
    ax = plot_ratings(table, by=["year", "county"], category="answer")
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["2024, Oslo", "2024, Finnmark"]
    only = table[table["county"] == "Oslo"]
    assert plot_ratings(only, by=[], category="answer").get_yticklabels()[0].get_text() == "all"


def test_alt_text_says_every_percent() -> None:
    assert alt_text(plot_ratings(TABLE, title="Satisfied")) == (
        "Satisfied. Stacked bars of 6 ordered answers (1 to 6) for 2 groups. "
        "Oslo: 1 5%, 2 10%, 3 15%, 4 30%, 5 25%, 6 15%, n = 1,612. "
        "Finnmark: 1 1%, 2 9%, 3 20%, 4 40%, 5 20%, 6 10%, n = 15."
    )


def test_simulated_data_says_so() -> None:
    table = TABLE.copy()
    table.attrs["simulated"] = "simulated from a model, seed 1"
    ax = plot_ratings(table)
    assert ax.get_xlabel().startswith("Simulated data. Percent")
    assert alt_text(ax).startswith("Simulated data. Stacked bars")


def test_a_suppressed_group_is_not_shown_and_says_so() -> None:
    table = TABLE.copy()
    table.loc[table["county"] == "Finnmark", ["mean", "n"]] = np.nan
    for each in (table, table.convert_dtypes()):
        ax = plot_ratings(each)
        assert len(ax.patches) == 6
        assert texts(ax)[-3:] == ["not shown", "n = 1,612", "n not shown"]
        assert "Finnmark: not shown." in alt_text(ax)


def test_rounded_shares_may_miss_one_by_two_in_a_hundred() -> None:
    off = TABLE["mean"].where(TABLE.index != 5, 0.169)
    assert len(plot_ratings(TABLE.assign(mean=off)).patches) == 12
    with pytest.raises(ValueError, match=r"add up to 1.02, not to 1; 1 of 2 groups"):
        plot_ratings(TABLE.assign(mean=off.where(TABLE.index != 4, 0.252)))


@pytest.mark.parametrize("groups", [3, 8, 24])
def test_no_words_overlap(groups: int) -> None:
    names = [f"County {i}{' with a name that needs two lines' * (i % 5 == 0)}" for i in range(groups)]
    shares = np.random.default_rng(groups).dirichlet(np.ones(5), groups)
    table = answers(dict(zip(names, shares.tolist(), strict=True)), WORDS, **dict.fromkeys(names, 1234))
    ax = plot_ratings(table, title="Satisfied with Nav")
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in (*ax.texts, *ax.get_yticklabels(), *ax.get_legend().get_texts())]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(box.x0 >= 0 and box.x1 <= ax.figure.bbox.x1 for box in boxes)


def test_draws_on_the_ax_given_and_makes_no_figure() -> None:
    _, ax = plt.subplots()
    before = plt.get_fignums()
    assert plot_ratings(TABLE, ax=ax) is ax
    assert plt.get_fignums() == before
    assert len(ax.patches) == 12


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE.rename(columns={"category": "categry"}), "lacks 'category'.*nearest to 'category' is 'categry'"),
        (TABLE.rename(columns={"mean": "means"}), "lacks 'mean'.*nearest to 'mean' is 'means'"),
        (TABLE.iloc[:0], "no rows"),
        (TABLE[TABLE["category"] == 3], "'category' has one category, 3"),
        (TABLE.drop(columns="county"), r"rows 0, 1, .* more than once, for instance 'all', 1: .*by="),
        (pd.concat([TABLE, TABLE.iloc[[2]]]), "rows 2, 2 give a group and category more than once, .*'Oslo', 3"),
        (TABLE.drop(index=[7]), "'Finnmark' has no row for '2'"),
        (TABLE.assign(mean=100 * TABLE["mean"]), r"'Oslo' \(rows 0, .*\) add up to 100, .*divide percentages by 100"),
        (TABLE.assign(mean=TABLE["mean"] / 2), "add up to 0.5, not to 1; 2 of 2 groups do not"),
        (TABLE.assign(mean=TABLE["mean"].where(TABLE.index != 6, -0.1)), "below 0 in row 6"),
        (TABLE.assign(n=TABLE.index), "'n' has '0', '1', .* for 'Oslo'"),
        (TABLE.assign(county=TABLE["county"].where(TABLE.index != 4)), "'county' is missing in row 4"),
    ],
)
def test_errors_say_what_is_wrong(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot_ratings(table)
    assert plt.get_fignums() == []


def test_an_unknown_centre_is_named_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"unknown centre 'lft'.*'diverging', 'left'.*nearest to 'lft' is 'left'"):
        plot_ratings(TABLE, centre="lft")
