"""Figures on the pages: an Axes that ends a cell is shown as an image that says itself in words.

Not part of the library: only the documentation imports it.
"""

import base64
import html
import io

from IPython import get_ipython
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from myst_nb import glue

from navmodels.plots import alt_text


def show_axes() -> None:
    """Let Axes be shown as an image with the alternative text of the plot."""
    get_ipython().display_formatter.formatters["text/html"].for_type(Axes, _image)


def glue_all(**facts: object) -> None:
    """Make numbers available to the prose of the page, under their names."""
    for name, value in facts.items():
        glue(name, value, display=False)


# ---- inside


def _image(ax: Axes) -> str:
    buffer = io.BytesIO()
    figure = ax.get_figure()
    figure.savefig(buffer, format="png", dpi=160, bbox_inches="tight")
    plt.close(figure)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img class="figure" alt="{html.escape(alt_text(ax), quote=True)}" src="data:image/png;base64,{data}">'
