import io

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from navmodels.plots import alt_text, plot_change, plot_groups, plot_reported, plot_trend
from navmodels.plots.words import chance, label_text, number, signed

matplotlib.use("Agg")

TABLE = pd.DataFrame({"year": [2023, 2024], "mean": [0.55, 0.61], "lower": [0.52, 0.58], "upper": [0.58, 0.64]})


def test_numbers_in_words() -> None:
    assert number(61.04, percent=True) == "61.0%"
    assert number(-0.04, percent=True) == "0.0%"
    assert number(-1234.567, percent=False) == "−1,234.57"
    assert (label_text(2024.0), label_text(2024), label_text(np.float64(2.5)), label_text("Oslo")) == (
        "2024",
        "2024",
        "2.5",
        "Oslo",
    )
    assert (signed(2.34), signed(-2.349, digits=2), signed(-0.04), signed(np.nan)) == (
        "+2.3",
        "−2.35",
        "+0.0",
        "unknown",
    )
    assert [chance(p) for p in (0.999, 0.5, 0.001, np.nan)] == [">0.99", "0.50", "<0.01", "unknown"]


def test_alt_text_travels_in_png_and_svg() -> None:
    ax = plot_trend(TABLE, title="Satisfied employers")
    text = alt_text(ax)
    assert text.startswith("Satisfied employers. Line chart by year, 2023 to 2024, with intervals.")
    png, svg = io.BytesIO(), io.BytesIO()
    ax.figure.savefig(png, format="png", metadata={"Description": text})
    ax.figure.savefig(svg, format="svg", metadata={"Description": text})
    plt.close(ax.figure)
    assert Image.open(png).text["Description"] == text  # type: ignore[attr-defined]
    assert text in svg.getvalue().decode()


def test_an_ax_drawn_by_others_has_no_alt_text() -> None:
    figure, ax = plt.subplots()
    with pytest.raises(ValueError, match="no alternative text"):
        alt_text(ax)
    plt.close(figure)


GROUPS = TABLE.rename(columns={"mean": "direct", "lower": "direct_lower", "upper": "direct_upper"}).assign(
    n=9, pooled=0.5, pooled_lower=0.4, pooled_upper=0.6
)
REPORTED = TABLE.assign(published=0.5, published_lower=0.4, published_upper=0.6)
CHANGE = TABLE.assign(year_from=2021, p_increase=0.9, **{"class": "tendency"})


@pytest.mark.parametrize(
    ("plot", "table"),
    [(plot_trend, TABLE), (plot_groups, GROUPS), (plot_reported, REPORTED), (plot_change, CHANGE)],
    ids=["trend", "groups", "reported", "change"],
)
def test_simulated_and_unconverged_say_so(plot, table) -> None:
    ax = plot(table)
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    assert not any(word in alt_text(ax) + ax.get_xlabel() for word in ("Simulated", "converge"))
    marked = table.assign(unconverged="R-hat 1.2")
    marked.attrs["simulated"] = "simulated from a model, seed 1"
    again = plot(marked)
    assert [tick.get_text() for tick in again.get_yticklabels()] == names
    for words in (again.get_xlabel().split("\n")[-1], alt_text(again)):
        assert words.startswith("Simulated data. The fit did not converge. ")
    plt.close("all")
