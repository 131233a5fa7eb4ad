"""What compiled code may be handed: every place within the array it points into. Looked at once, before it runs.

Compiled code does not look itself: a place outside an array is read, or written, where something else stands.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]


def require_places(places: npt.NDArray[Any], size: int, *, what: str) -> None:
    """Raise when a place lies outside 0 … size − 1, or is no whole number.

    Raises
    ------
    ValueError
        Naming what the places are of, the first one outside and how many there are.

    Examples
    --------
    >>> require_places(np.array([0, 2]), 3, what="level of a cell")
    """
    if places.dtype.kind not in "iu":
        raise ValueError(f"{what} is of type {places.dtype}; needed: whole numbers.")
    if places.size and (places.min() < 0 or places.max() >= size):
        bad = places[(places < 0) | (places >= size)]
        raise ValueError(f"{what}: {bad[0]} is not among the {size} there are (0 to {size - 1}).")


def require_shape(array: npt.NDArray[Any], shape: tuple[int, ...], *, what: str) -> None:
    """Raise unless an array has a shape.

    Raises
    ------
    ValueError
        Naming what the array is, its shape and the shape needed.

    Examples
    --------
    >>> require_shape(np.zeros((2, 3)), (2, 3), what="the table")
    """
    if array.shape != shape:
        raise ValueError(f"{what} has the shape {array.shape}; needed: {shape}.")


def require_layout(layout: Any) -> None:
    """Raise when a place of a `layouts.Layout` lies outside the array it points into.

    Raises
    ------
    ValueError
        Naming the array.
    """
    levels, size, cells = int(layout.blocks[-1, 1]), len(layout.start) - 1, len(layout.own)
    mixes, varying = layout.terms.shape
    within = {
        "own": size, "mix": mixes, "terms": levels, "position": len(layout.columns), "columns": levels,
        "fed": layout.channels, "start": len(layout.columns) + 1,
    }  # fmt: skip
    for name, most in within.items():
        require_places(getattr(layout, name), most, what=f"{name!r} of the layout")
    shapes = {
        "mix": (cells,), "position": (cells, varying), "offset": (cells,), "fed": (levels,), "weight": (mixes, varying),
        "nested_weight": layout.columns.shape,
    }  # fmt: skip
    for name, shape in shapes.items():
        require_shape(getattr(layout, name), shape, what=f"{name!r} of the layout")
    met = np.diff(layout.start)
    require_places(
        met - np.where(np.bincount(layout.own, minlength=size) > 0, layout.nested, 0), levels + 1, what="met"
    )
    for first, last, begin, end, basis, _ in layout.blocks:
        if basis < 0:
            require_shape(np.empty(last - first), (end - begin,), what="a block without basis")
        else:
            require_places(basis + np.array([(last - first) * (end - begin)]), len(layout.bases) + 1, what="'bases'")
