from collections.abc import Iterator
from itertools import pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex
from scipy import stats

from navmodels.plots import alt_text, plot_ranks
from navmodels.plots.style import BLUE

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def ranks(rows: list[list[int]], names: list[str], **attrs: str) -> xr.DataArray:
    """Two chains of the rows."""
    values = np.array([rows, rows], dtype=float)
    return xr.DataArray(values, dims=("chain", "draw", "county"), coords={"county": names}, attrs=attrs)


# of 20 draws Oslo is first in 15, Agder first in 5, second in 13 and third in 2, Troms third in 18
DRAWS = ranks([[2, 1, 3]] * 13 + [[3, 1, 2]] * 2 + [[1, 2, 3]] * 5, ["Agder", "Oslo", "Troms"], best="highest")


def strips(ax: plt.Axes) -> np.ndarray:
    """Colours (group, rank)."""
    colours = [to_hex(patch.get_facecolor()) for patch in ax.patches]
    return np.array(colours).reshape(len(ax.get_yticks()), -1)


def texts(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def made(groups: int, spread: float = 0.3) -> xr.DataArray:
    rng = np.random.default_rng(groups)
    values = np.sort(rng.normal(size=groups)) + rng.normal(0, spread, (4, 500, groups))
    names = [f"County {i}{' with a name that needs two lines' * (i % 5 == 0)}" for i in range(groups)]
    return xr.DataArray(
        stats.rankdata(-values, axis=2), dims=("chain", "draw", "county"), coords={"county": names}, name="share"
    )


def test_cells_carry_the_shares_of_the_draws_by_mean_rank() -> None:
    ax = plot_ranks(DRAWS)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["Oslo", "Agder", "Troms"]
    assert texts(ax)[6:] == ["75", "25", "25", "65", "10", "10", "90"]
    assert [tuple(np.round(text.get_position(), 2)) for text in ax.texts[6:9]] == [(1, -0.05), (2, -0.05), (1, 0.95)]
    assert ax.yaxis_inverted()
    assert list(ax.get_xticks()) == [1, 2, 3]
    assert ax.get_xlim() == (0.5, 3.5)


def test_the_darkest_cell_is_the_most_probable_and_an_impossible_one_is_white() -> None:
    colours = strips(plot_ranks(DRAWS))
    assert colours[2, 2] == BLUE.lower()
    assert colours[0, 2] == colours[2, 0] == "#ffffff"
    assert colours[0, 1] == colours[1, 0] != "#ffffff"
    assert [to_hex(text.get_color()) for text in plot_ranks(DRAWS).texts[-2:]] == ["#222222", "#ffffff"]


def test_the_margin_gives_the_most_probable_rank_and_the_interval() -> None:
    ax = plot_ranks(DRAWS)
    assert texts(ax)[:6] == ["rank 1 (75%)", "1 to 2", "rank 2 (65%)", "1 to 3", "rank 3 (90%)", "2 to 3"]
    ends = [line.get_segments()[0][:, 0] for line in ax.collections]
    np.testing.assert_allclose(ends, [[0.55, 2.45], [0.55, 3.45], [1.55, 3.45]])
    assert ax.get_xlabel() == (
        "Rank, highest first\nShade and number: probability in percent. Line: 95% interval.\n"
        "Right: most probable rank, interval."
    )


def test_the_interval_has_equal_tails_and_ends_inside() -> None:
    draws = ranks([[1, 2]] * 1 + [[2, 1]] * 39, ["A", "B"])  # A is first in exactly 2.5 percent
    assert texts(plot_ranks(draws))[3] == "1 to 2"
    assert texts(plot_ranks(draws, prob=0.9))[3] == "2"
    values = made(8, spread=1.0)
    low, high = np.quantile(values[..., 3], [0.25, 0.75], method="inverted_cdf")
    order = np.argsort(values.mean(("chain", "draw")).to_numpy())
    said = texts(plot_ranks(values, prob=0.5))[:16][1::2]
    assert said[list(order).index(3)] == f"{low:.0f} to {high:.0f}"


def test_a_certain_rank_is_not_called_certain() -> None:
    draws = ranks([[1, 2]] * 20, ["A", "B"])
    assert texts(plot_ranks(draws)) == ["rank 1 (>99%)", "1", "rank 2 (>99%)", "2", ">99", ">99"]


def test_alt_text_says_each_group() -> None:
    assert alt_text(plot_ranks(DRAWS, title="Satisfied")) == (
        "Satisfied. Probability of each rank of 3 groups, highest first, ordered by mean rank. "
        "Oslo: rank 1 most probable (75%), 95% interval 1 to 2. "
        "Agder: rank 2 most probable (65%), 95% interval 1 to 3. "
        "Troms: rank 3 most probable (90%), 95% interval 2 to 3."
    )


def test_simulated_data_says_so() -> None:
    ax = plot_ranks(DRAWS.assign_attrs(simulated="simulated from a model, seed 1"))
    assert ax.get_xlabel().startswith("Simulated data. Rank")
    assert alt_text(ax).startswith("Simulated data. Probability")


def test_order_of_dims_and_labels_do_not_matter() -> None:
    assert texts(plot_ranks(DRAWS.transpose("county", "draw", "chain"))) == texts(plot_ranks(DRAWS))
    ax = plot_ranks(DRAWS.assign_coords(county=[2021, 2022, 2023]))
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["2022", "2021", "2023"]


@pytest.mark.parametrize("groups", [3, 8, 12, 16, 24])
def test_no_words_overlap(groups: int) -> None:
    ax = plot_ranks(made(groups, spread=0.5), title="Rank by share satisfied")
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in (*ax.texts, *ax.get_yticklabels())]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    ticks = [tick.get_window_extent() for tick in ax.get_xticklabels()]
    assert all(a.x1 < b.x0 for a, b in pairwise(ticks))
    assert all(box.x0 >= 0 and box.x1 <= ax.figure.bbox.x1 for box in boxes)
    assert len(ax.texts) == 2 * groups if groups > 12 else len(ax.texts) > 2 * groups
    assert ("and number" in ax.get_xlabel()) == (groups <= 12)


def test_without_numbers_the_darkest_shade_is_said() -> None:
    draws = made(24)
    most = max(float((draws == rank).mean(("chain", "draw")).max()) for rank in range(1, 25))
    assert f"Shade: probability, darkest {100 * most:.0f}%. Line" in plot_ranks(draws).get_xlabel()


def test_draws_on_the_ax_given_and_makes_no_figure() -> None:
    _, ax = plt.subplots()
    before = plt.get_fignums()
    assert plot_ranks(DRAWS, ax=ax) is ax
    assert plt.get_fignums() == before
    assert len(ax.patches) == 9


@pytest.mark.parametrize(
    ("draws", "message"),
    [
        (DRAWS.mean("draw"), "given: 'chain', 'county'"),
        (DRAWS.isel(county=0), "given: 'chain', 'draw'"),
        (DRAWS.expand_dims(year=2), r"given: 'year', 'chain', 'draw', 'county'. Choose one .* \.sel"),
        (DRAWS / 4, "whole number from 1 to 3, not 0.5, 0.25, 0.75: rank first"),
        (DRAWS.where(DRAWS > 1), "whole number from 1 to 3, not nan"),
        (DRAWS + 1, "not 4, 4, 4"),
        (DRAWS.assign_coords(county=["Oslo", "Oslo", "Troms"]), "several rows are named 'Oslo'"),
        (DRAWS.assign_attrs(unconverged="R-hat of intercept is 1.30"), "did not converge: R-hat of intercept is 1.30"),
    ],
)
def test_errors_say_what_is_wrong(draws: xr.DataArray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot_ranks(draws)
    assert plt.get_fignums() == []


def test_a_level_is_between_zero_and_one_and_a_table_is_no_draws() -> None:
    with pytest.raises(ValueError, match="prob is 95; allowed: between 0 and 1"):
        plot_ranks(DRAWS, prob=95)
    with pytest.raises(TypeError, match="not a Dataset: rank them first"):
        plot_ranks(DRAWS.to_dataset(name="rank"))  # type: ignore[arg-type]
