"""What is shown: tables in, matplotlib Axes out.

Nothing is estimated here: a number in a figure is a number of the table it was given, and that table is
the data behind the figure. Matplotlib is imported when a figure is drawn, not when this room is.
"""

from navmodels.plots.changes import plot_change
from navmodels.plots.groups import plot_groups
from navmodels.plots.reported import plot_reported
from navmodels.plots.style import alt_text
from navmodels.plots.trends import plot_trend

__all__ = ["alt_text", "plot_change", "plot_groups", "plot_reported", "plot_trend"]
