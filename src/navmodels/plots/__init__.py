"""What is shown: tables and draws in, matplotlib Axes out.

Nothing is estimated here: a number in a figure is a number of the table it was given, and that table is
the data behind the figure. Matplotlib is imported when a figure is drawn, not when this room is.
"""

from navmodels.plots.changes import plot_change
from navmodels.plots.checks import plot_check
from navmodels.plots.groups import plot_groups
from navmodels.plots.ranks import plot_ranks
from navmodels.plots.ratings import plot_ratings
from navmodels.plots.reported import plot_reported
from navmodels.plots.scenarios import plot_sensitivity
from navmodels.plots.trends import plot_trend
from navmodels.plots.words import alt_text

__all__ = [
    "alt_text",
    "plot_change",
    "plot_check",
    "plot_groups",
    "plot_ranks",
    "plot_ratings",
    "plot_reported",
    "plot_sensitivity",
    "plot_trend",
]
