import subprocess
import sys

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from navmodels.plots import plot_trend
from navmodels.plots.style import percent_tick, spread

matplotlib.use("Agg")

TABLE = pd.DataFrame({"year": [2023, 2024], "mean": [0.55, 0.61], "lower": [0.52, 0.58], "upper": [0.58, 0.64]})


def test_spread_leaves_labels_that_do_not_touch() -> None:
    np.testing.assert_allclose(spread(np.array([0.8, 0.2, 0.5]), np.full(3, 0.1)), [0.8, 0.2, 0.5])


def test_spread_moves_touching_labels_equally_and_keeps_their_order() -> None:
    np.testing.assert_allclose(spread(np.array([0.52, 0.48]), np.full(2, 0.2)), [0.6, 0.4])
    np.testing.assert_allclose(spread(np.array([0.5, 0.5, 0.5]), np.array([0.1, 0.3, 0.1])), [0.3, 0.5, 0.7])


def test_spread_stays_inside_and_else_starts_at_the_bottom() -> None:
    np.testing.assert_allclose(spread(np.array([1.0, 0.98]), np.full(2, 0.2)), [0.9, 0.7])
    np.testing.assert_allclose(spread(np.array([0.0]), np.full(1, 0.2)), [0.1])
    np.testing.assert_allclose(spread(np.array([0.4, 0.5, 0.6]), np.full(3, 0.5)), [0.25, 0.75, 1.25])


def test_ticks_in_percent() -> None:
    assert (percent_tick(45.0), percent_tick(2.5), percent_tick(-5.0)) == ("45%", "2.5%", "−5%")


def test_plotting_leaves_the_style_of_others_alone() -> None:
    before = dict(matplotlib.rcParams)
    plt.close(plot_trend(TABLE).figure)
    assert dict(matplotlib.rcParams) == before


def test_the_room_loads_without_matplotlib() -> None:
    code = "import sys, navmodels.plots; print('matplotlib' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert answer.stdout.strip() == "False"
