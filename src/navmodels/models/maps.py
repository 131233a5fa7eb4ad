"""Maps: which areas are neighbours, and the scaled spatial structure that follows from it.

For the term `Region`, whose structured part is an intrinsic conditional autoregression (ICAR). Not for drawing: a map
here has no shapes and no distances, only neighbours.
"""

import csv
import importlib.resources
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import linalg
from scipy.sparse import csgraph

from navmodels import checks

Array = npt.NDArray[np.float64]
Label = str | int
Neighbours = tuple[tuple[Label, tuple[Label, ...]], ...]  # areas sorted, the neighbours of each sorted


def load_map(name: str) -> Neighbours:
    """Return a map that comes with navmodels: each area with its neighbours.

    "nav_counties" has Nav's 12 counties; neighbours are those that share a border on land.

    Raises
    ------
    ValueError
        When there is no map of this name.

    Examples
    --------
    >>> from navmodels.models.maps import load_map
    >>> dict(load_map("nav_counties"))["Oslo"]
    ('Vest-Viken', 'Øst-Viken')
    """
    folder = importlib.resources.files("navmodels.data") / "maps"
    names = sorted(entry.name.removesuffix(".csv") for entry in folder.iterdir() if entry.name.endswith(".csv"))
    checks.one_of(name, names, what="map")
    lists: dict[str, list[str]] = {}
    with (folder / f"{name}.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            lists.setdefault(row["area"], []).append(row["neighbour"])
    return check_map(lists)


def check_map(neighbours: Mapping[Any, Iterable[Any]]) -> Neighbours:
    """Return a map in its one form, areas and neighbours sorted, when it holds together.

    Parameters
    ----------
    neighbours
        For each area its neighbours, for instance a dict of lists. Labels are text or whole numbers. An area whose
        list is empty is an island.

    Raises
    ------
    ValueError
        When there are no areas, labels are of different kinds or look alike, or neighbours are not mutual, listed
        twice, no area of the map, or the area itself. All such faults are named at once.

    Examples
    --------
    >>> from navmodels.models.maps import check_map
    >>> check_map({"B": ["A"], "A": ["B"], "Island": []})
    (('A', ('B',)), ('B', ('A',)), ('Island', ()))
    >>> check_map({"A": ["B"], "B": []})
    Traceback (most recent call last):
    ...
    ValueError: faults in the map: 'A' lists 'B' but 'B' does not list 'A'.
    """
    if not isinstance(neighbours, Mapping) or not neighbours:
        given = "no areas" if isinstance(neighbours, Mapping) else f"a {type(neighbours).__name__}"
        raise ValueError(f"a map is given as {{area: [its neighbours], ...}}, with one area or more; given: {given}.")
    lists = {checks.plain(area): _listed(area, near) for area, near in neighbours.items()}
    _one_kind([*lists, *(other for near in lists.values() for other in near)])
    areas = checks.level_order(pd.Series(list(lists), name="area", dtype=object))
    faults = [fault for area in areas for fault in _faults(area, lists)]
    if faults:
        raise ValueError(f"faults in the map: {' '.join(faults)}")
    return tuple((area, tuple(sorted(lists[area]))) for area in areas)


def parts(neighbours: Neighbours) -> list[list[int]]:
    """Return the connected parts of a map: the places of their areas, in order.

    Examples
    --------
    >>> from navmodels.models.maps import check_map, parts
    >>> parts(check_map({"A": ["C"], "B": [], "C": ["A"]}))
    [[0, 2], [1]]
    """
    count, part = csgraph.connected_components(precision(neighbours), directed=False)
    return sorted(np.flatnonzero(part == number).tolist() for number in range(count))


def precision(neighbours: Neighbours) -> Array:
    """Return the structure matrix D - W of the ICAR; dims (area, area).

    W is 1 for neighbours, D counts them: ``x' (D - W) x`` adds up the squared differences over all borders (Besag,
    York & Mollié 1991).

    Examples
    --------
    >>> from navmodels.models.maps import check_map, precision
    >>> precision(check_map({"A": ["B"], "B": ["A", "C"], "C": ["B"]}))
    array([[ 1., -1.,  0.],
           [-1.,  2., -1.],
           [ 0., -1.,  1.]])
    """
    place = {area: row for row, (area, _) in enumerate(neighbours)}
    adjacent = np.zeros((len(place), len(place)))
    for area, near in neighbours:
        adjacent[place[area], [place[other] for other in near]] = 1.0
    structure: Array = np.diag(adjacent.sum(axis=1)) - adjacent
    return structure


def region_basis(neighbours: Neighbours) -> Array:
    """Return B with B B' the scaled covariance of the ICAR; dims (area, coefficient).

    In each connected part the covariance is the generalised inverse of the structure matrix, scaled to unit geometric
    mean of the marginal variances (Sørbye & Rue 2014), so that a prior means the same on any map; part by part, as
    Freni-Sterrantino, Ventrucci & Rue (2018) advise. The effects of a part sum to zero: a part of n areas has n - 1
    coefficients, smooth ones first. An island has one of its own, with variance 1.

    Examples
    --------
    >>> from navmodels.models.maps import load_map, region_basis
    >>> basis = region_basis(load_map("nav_counties"))
    >>> basis.shape
    (12, 11)
    >>> bool(np.isclose(np.exp(np.mean(np.log((basis**2).sum(axis=1)))), 1.0))
    True
    """
    structure, places = precision(neighbours), parts(neighbours)
    blocks = linalg.block_diag(*(_part_basis(structure[np.ix_(part, part)]) for part in places))
    basis: Array = np.empty_like(blocks)
    basis[np.concatenate(places)] = blocks
    return basis


# ---- inside


def _listed(area: object, near: Any) -> list[Any]:
    if isinstance(near, str) or not isinstance(near, Iterable):
        raise ValueError(  # noqa: TRY004 one kind of error for what is given
            f"the neighbours of {area!r} are {near!r}; allowed: a list of labels, an empty one for an island."
        )
    return [checks.plain(other) for other in near]


def _one_kind(labels: list[Any]) -> None:
    """Raise unless all labels are text or all are whole numbers."""
    examples: dict[str, Any] = {}
    for label in labels:
        examples.setdefault(_kind(label), label)
    if set(examples) not in ({"text"}, {"whole number"}):
        found = ", ".join(f"{label!r} ({kind})" for kind, label in examples.items())
        raise ValueError(f"the map has labels such as {found}; allowed: text or whole numbers, one kind in a map.")


def _kind(label: object) -> str:
    if isinstance(label, int) and not isinstance(label, bool):
        return "whole number"
    return "text" if isinstance(label, str) else type(label).__name__


def _faults(area: Label, lists: Mapping[Label, list[Label]]) -> list[str]:
    """Return what is wrong with the neighbours of one area, a sentence each."""
    faults = []
    for other in sorted(set(lists[area])):
        if lists[area].count(other) > 1:
            faults.append(f"{area!r} lists {other!r} more than once.")
        if other == area:
            faults.append(f"{area!r} is its own neighbour.")
        elif other not in lists:
            faults.append(f"{area!r} lists {other!r}, which is no area of the map.{checks.nearest(other, lists)}")
        elif area not in lists[other]:
            faults.append(f"{area!r} lists {other!r} but {other!r} does not list {area!r}.")
    return faults


def _part_basis(structure: Array) -> Array:
    """Return the basis of one connected part; dims (area, coefficient)."""
    if len(structure) == 1:
        return np.ones((1, 1))
    values, vectors = linalg.eigh(structure)  # ascending: the constant, with value 0, comes first
    basis = np.asarray(vectors[:, 1:] / np.sqrt(values[1:]))
    size = np.abs(basis)
    largest = np.argmax(size > (1 - 1e-6) * size.max(axis=0), axis=0)  # the first of those that tie
    variance = (basis**2).sum(axis=1)
    sign = np.sign(basis[largest, np.arange(basis.shape[1])])
    return np.asarray(sign * basis / np.sqrt(np.exp(np.mean(np.log(variance)))))
