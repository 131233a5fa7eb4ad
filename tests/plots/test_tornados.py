from collections.abc import Iterator
from itertools import pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from navmodels.plots import alt_text, plot_sensitivity
from navmodels.plots.style import BLACK, BLUE, VERMILLION

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


TABLE = pd.DataFrame(
    {
        "scenario": ["prior scales × 2", "as given", "without Oslo", "cut at 5"],
        "mean": [0.56, 0.55, 0.48, 0.581],
        "lower": [0.52, 0.52, 0.44, 0.55],
        "upper": [0.60, 0.58, 0.52, 0.61],
        "prob": 0.95,
    }
)
MEAN = np.array([0.02, 0.01, -0.06, 0.0])
CONTRAST = TABLE.assign(mean=MEAN, lower=MEAN - 0.04, upper=MEAN + 0.04, p_above=[0.84, 0.69, 0.002, np.nan])


def made(scenarios: int) -> pd.DataFrame:
    rng = np.random.default_rng(scenarios)
    mean = np.append(0.5, rng.normal(0.5, 0.05, scenarios - 1))
    names = [f"prior scale of county:industry number {i} × 0.5" if i % 3 else f"without {i}" for i in range(scenarios)]
    return pd.DataFrame(
        {"scenario": ["as given", *names[1:]], "mean": mean, "lower": mean - 0.06, "upper": mean + 0.06, "prob": 0.95}
    )


def rows(ax: plt.Axes) -> list[str]:
    return [tick.get_text() for tick in ax.get_yticklabels()]


def points(ax: plt.Axes, marker: str) -> list[tuple[float, float]]:
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in ax.lines if line.get_marker() == marker
    ]


def margin(ax: plt.Axes, y: int) -> list[str]:
    return [text.get_text() for text in ax.texts if text.xy[1] == y]


def test_the_base_is_first_and_then_the_farthest() -> None:
    ax = plot_sensitivity(TABLE)
    assert rows(ax) == ["as given", "without Oslo", "cut at 5", "prior scales × 2"]
    assert ax.get_ylim() == (3.5, -0.5)
    assert points(ax, "s") == [pytest.approx((55, 0))]
    bars = [collection.get_segments()[0] for collection in ax.collections]
    np.testing.assert_allclose([bar[:, 0] for bar in bars], [[52, 58], [44, 52], [55, 61], [52, 60]])
    np.testing.assert_allclose([bar[:, 1] for bar in bars], [[y, y] for y in range(4)])


def test_line_and_band_are_the_base_s_and_what_leaves_the_band_is_marked() -> None:
    ax = plot_sensitivity(TABLE)
    (band,) = ax.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((52, 58))
    (line,) = [line for line in ax.lines if line.get_marker() == "None"]
    np.testing.assert_allclose(line.get_xdata(), [55, 55])
    assert points(ax, "D") == [pytest.approx((48, 1)), pytest.approx((58.1, 2))]
    assert points(ax, "o") == [pytest.approx((56, 3))]
    colours = {line.get_marker(): to_hex(line.get_color()).upper() for line in ax.lines}
    assert (colours["s"], colours["D"], colours["o"]) == (BLACK, VERMILLION, BLUE)
    assert "◆ outside: 2 of 3" in ax.get_xlabel()
    other = plot_sensitivity(TABLE, base="cut at 5")
    assert rows(other)[0] == "cut at 5"
    assert "■ cut at 5   ○ mean in its interval   ◆ outside: 1 of 3" in other.get_xlabel()


def test_the_margin_gives_mean_and_shift() -> None:
    ax = plot_sensitivity(TABLE)
    assert [margin(ax, y) for y in range(4)] == [["55.0%"], ["48.0%", "−7.0"], ["58.1%", "+3.1"], ["56.0%", "+1.0"]]
    scores = TABLE.assign(**{name: 6 * TABLE[name] for name in ("mean", "lower", "upper")})
    ax = plot_sensitivity(scores, percent=False)
    assert margin(ax, 1) == ["2.88", "−0.42"]
    assert points(ax, "s") == [pytest.approx((3.3, 0))]


def test_a_contrast_has_a_zero_line_signs_and_probabilities() -> None:
    ax = plot_sensitivity(CONTRAST)
    lines = {line.get_linestyle(): line.get_xdata()[0] for line in ax.lines if line.get_marker() == "None"}
    assert lines == {"-": pytest.approx(1), "--": 0}
    assert [margin(ax, y) for y in range(2)] == [["+1.0", "0.69"], ["−6.0", "−7.0", "<0.01"]]
    assert sorted(margin(ax, 2) + margin(ax, 3)) == sorted(["+2.0", "+1.0", "0.84", "+0.0", "−1.0", "unknown"])
    assert ax.get_xlabel().startswith("Difference in percentage points. Dashed: 0\n")
    assert ax.get_xlabel().endswith("Right: mean, shift from 'as given', P(above).")
    ax = plot_sensitivity(CONTRAST.rename(columns={"p_above": "p_increase"}), percent=False)
    assert ax.get_xlabel().startswith("Difference. Dashed: 0\n")
    assert ax.get_xlabel().endswith("P(up).")


@pytest.mark.parametrize(("table", "value", "at"), [(TABLE, 0.5, 50), (CONTRAST, -0.025, -2.5), (TABLE, None, None)])
def test_a_value_is_marked_where_it_is_asked(table: pd.DataFrame, value: float | None, at: float | None) -> None:
    ax = plot_sensitivity(table, value=value)
    dashed = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--"]
    assert dashed == ([] if at is None else [at])
    assert ("Dashed" in ax.get_xlabel()) == (at is not None)
    assert at is None or f"Dashed: {str(at).replace('-', '−')}\n" in ax.get_xlabel()


def test_a_scenario_without_a_mean_is_at_the_end_and_says_so() -> None:
    table = CONTRAST.copy()
    table.loc[0, ["mean", "lower", "upper", "p_above"]] = np.nan
    table.loc[2, ["lower", "upper"]] = np.nan
    ax = plot_sensitivity(table)
    assert rows(ax) == ["as given", "without Oslo", "cut at 5", "prior scales × 2"]
    assert margin(ax, 3) == ["not shown"]
    assert "◆ outside: 1 of 2" in ax.get_xlabel()
    assert alt_text(ax).endswith("prior scales × 2: not shown.")
    assert "without Oslo: −6.0 (no interval), shift −7.0, P(above) <0.01." in alt_text(ax)


def test_alt_text_says_base_and_shifts() -> None:
    table = TABLE.copy()
    table.attrs["simulated"] = "simulated from a model, seed 1"
    ax = plot_sensitivity(table, title="Satisfied")
    assert "\nSimulated data. Bars: 95% intervals.\n" in ax.get_xlabel()
    assert alt_text(ax) == (
        "Satisfied. Simulated data. Tornado plot of 4 scenarios, with 95% intervals. "
        "The mean is outside the interval of 'as given' in 2 of 3. "
        "as given: 55.0% (52.0% to 58.0%). "
        "without Oslo: 48.0% (44.0% to 52.0%), shift −7.0. "
        "cut at 5: 58.1% (55.0% to 61.0%), shift +3.1. "
        "prior scales × 2: 56.0% (52.0% to 60.0%), shift +1.0."
    )


@pytest.mark.parametrize("contrast", [False, True])
@pytest.mark.parametrize("scenarios", [1, 5, 15, 40])
def test_names_do_not_overlap_and_nothing_leaves_the_figure(scenarios: int, contrast: bool) -> None:
    table = made(scenarios)
    ax = plot_sensitivity(table.assign(p_above=0.5) if contrast else table, title="Share answering 4 to 6 in Oslo")
    ax.figure.canvas.draw()
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert len(boxes) == scenarios
    assert all(low.y1 <= high.y0 for high, low in pairwise(boxes))
    said = [*boxes, *(Text.get_window_extent(text) for text in ax.texts), ax.xaxis.label.get_window_extent()]
    assert min(box.x0 for box in said) >= 0
    assert min(box.y0 for box in said) >= 0
    assert max(box.x1 for box in said) <= ax.figure.bbox.x1
    assert ax.bbox.width > 0.3 * ax.figure.bbox.width


@pytest.mark.parametrize(
    ("table", "more", "message"),
    [
        (TABLE.rename(columns={"lower": "lowr"}), {}, "lacks 'lower'.*nearest to 'lower' is 'lowr'"),
        (TABLE.iloc[:0], {}, "no rows"),
        (TABLE, {"base": "as givn"}, "unknown base 'as givn'.*nearest to 'as givn' is 'as given'"),
        (made(40), {"base": "x"}, "allowed: 'as given', .* and 32 more"),
        (
            pd.concat([TABLE.assign(county="Oslo"), TABLE.assign(county="Troms")]),
            {},
            "several rows are named .*one quantity.*the table also has 'county'",
        ),
        (TABLE.assign(mean=TABLE["mean"].where(TABLE["scenario"] != "as given")), {}, "base 'as given' lacks mean"),
        (TABLE.assign(mean=100 * TABLE["mean"]), {}, "proportions from 0 to 1, but 'mean' has 56.*percent=False"),
        (CONTRAST.drop(columns="p_above"), {}, r"proportions from 0 to 1, but 'mean' has -0\.06"),
        (CONTRAST.assign(mean=1.2), {}, r"proportions from -1 to 1, but 'mean' has 1\.2"),
    ],
)
def test_errors_say_what_is_wrong(table: pd.DataFrame, more: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot_sensitivity(table, **more)
    assert plt.get_fignums() == []
