from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from navmodels.plots import plot_sensitivity

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


TORNADO = pd.DataFrame({"scenario": ["as given", "other"], "mean": [0.5, 0.6], "lower": 0.4, "upper": 0.7})
STRIP = pd.DataFrame({"statement": ["A above B"], "p": [0.9], "verdict": ["leans in all"], "as given": [0.9]})


def test_each_kind_asks_for_its_table() -> None:
    with pytest.raises(ValueError, match="lacks 'scenario', 'mean', 'lower', 'upper'; it has 'statement'"):
        plot_sensitivity(STRIP)
    with pytest.raises(ValueError, match="lacks 'statement', 'p', 'verdict'; it has 'scenario'"):
        plot_sensitivity(TORNADO, kind="strip")
    for kind in ("tornado", "strip"):
        with pytest.raises(TypeError, match="not a ndarray: summarise first"):
            plot_sensitivity(np.zeros(3), kind=kind)  # type: ignore[arg-type]
    assert plt.get_fignums() == []


def test_an_unknown_kind_is_named_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"unknown kind 'strips'; .*'tornado', 'strip' \(nearest .* is 'strip'\)"):
        plot_sensitivity(TORNADO, kind="strips")


def test_a_value_is_not_drawn_on_a_strip() -> None:
    with pytest.raises(ValueError, match=r"value is 0\.5, but a strip is on a scale of probability"):
        plot_sensitivity(STRIP, kind="strip", value=0.5)


def test_draws_on_the_ax_given_and_makes_no_figure() -> None:
    _, axs = plt.subplots(1, 2, figsize=(13, 4), layout="constrained")
    before = plt.get_fignums()
    for kind, table, ax in zip(("tornado", "strip"), (TORNADO, STRIP), axs, strict=True):
        assert plot_sensitivity(table, kind=kind, ax=ax, title="Given") is ax
        assert ax.get_title(loc="left") == "Given"
    assert plt.get_fignums() == before
