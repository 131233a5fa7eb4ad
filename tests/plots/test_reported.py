from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from navmodels.plots import alt_text, plot_reported

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


TABLE = pd.DataFrame(
    {
        "item": ["Contact", "Advice"],
        "sector": ["public", "private"],
        "published": [0.53, 0.63],
        "published_lower": [0.51, np.nan],
        "published_upper": [0.55, np.nan],
        "mean": [0.532, 0.62],
        "lower": [0.514, 0.58],
        "upper": [0.549, 0.65],
        "prob": 0.9,
    }
)


def points(ax: plt.Axes, marker: str) -> list[float]:
    return [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == marker]


def test_published_stands_beside_modelled() -> None:
    ax = plot_reported(TABLE)
    np.testing.assert_allclose(points(ax, "D"), [53, 63])
    np.testing.assert_allclose(points(ax, "o"), [53.2, 62])
    assert {line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "D"} == {"white"}
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["Contact, public", "Advice, private"]
    assert ax.get_xlabel() == "◇ published   ● modelled\nBars: 90% intervals."


def test_a_number_published_without_an_interval_has_no_bar() -> None:
    ax = plot_reported(TABLE)
    ends = np.array([bar.get_segments()[0][:, 0] for bar in ax.collections])
    np.testing.assert_allclose(ends, [[51, 55], [51.4, 54.9], [58, 65]])


def test_alt_text_says_both_numbers() -> None:
    assert alt_text(plot_reported(TABLE, label="item", title="Employers")) == (
        "Employers. Dot plot of 2 published numbers beside the model's estimate, with 90% intervals. "
        "Contact: published 53.0% (51.0% to 55.0%), modelled 53.2% (51.4% to 54.9%). "
        "Advice: published 63.0% (no interval), modelled 62.0% (58.0% to 65.0%)."
    )


def test_scores_are_drawn_as_they_are() -> None:
    scores = TABLE.drop(columns="prob")
    columns = scores.columns[2:]
    ax = plot_reported(scores.assign(**{name: 6 * scores[name] for name in columns}), percent=False)
    np.testing.assert_allclose(points(ax, "D"), [3.18, 3.78])
    assert "published 3.18 (3.06 to 3.30)" in alt_text(ax)
    assert "with intervals." in alt_text(ax)


def test_nothing_is_clipped() -> None:
    table = TABLE.assign(item=["A name so long that it has to be broken into several lines to fit the page"] * 2)
    ax = plot_reported(table, title="A title that is so long that it has to be broken into several lines to fit")
    ax.figure.canvas.draw()
    left, right = ax.get_xlim()
    ticks = [tick for tick in ax.get_xticklabels() if left <= tick.get_position()[0] <= right]
    title = next(text for text in ax.findobj(Text) if text.get_text().startswith("A title"))
    texts = [*ax.get_yticklabels(), *ticks, ax.xaxis.label, title]
    assert title.get_text().count("\n") == 1
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    assert all(box.x0 >= 0 and box.x1 <= ax.figure.bbox.x1 for box in boxes)
    assert all(box.y0 >= 0 and box.y1 <= ax.figure.bbox.y1 for box in boxes)


def test_draws_on_the_ax_given_and_makes_no_figure() -> None:
    _, ax = plt.subplots()
    before = plt.get_fignums()
    assert plot_reported(TABLE, ax=ax) is ax
    assert plt.get_fignums() == before
    assert len(points(ax, "o")) == 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE.drop(columns="published_lower"), "lacks 'published_lower'.*'published_upper'"),
        (TABLE.iloc[:0], "no rows"),
        (TABLE.assign(item="Contact", sector="all"), "several rows are named 'Contact, all'"),
        (TABLE.assign(published=[53, 63]), "'published' has 53"),
    ],
)
def test_errors_say_what_is_wrong(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot_reported(table)
    assert plt.get_fignums() == []
