from .cuts import cut_points as cut_points
