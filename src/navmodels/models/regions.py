"""Regions: areas on a map, of which neighbours are alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from navmodels import checks
from navmodels.data.matching import places
from navmodels.models import maps
from navmodels.models.blocks import Block, Scale, standard_deviation
from navmodels.models.factors import Labelled, shown_scale
from navmodels.models.priors import Prior, Proportion, as_prior
from navmodels.models.yardsticks import LOGITS, Yardstick


@dataclass(frozen=True, init=False)
class Region(Labelled):
    """Areas on a map: neighbours are alike, and every area has something of its own (BYM2; Riebler et al. 2016).

    The effect is s (√φ u + √(1 − φ) v): u an intrinsic conditional autoregression on the map, scaled to unit geometric
    mean of its variances within each connected part (Sørbye & Rue 2014; Freni-Sterrantino et al. 2018), v independent.
    The standard deviation s and the spatial proportion φ of the variance (uniform between 0 and 1) are learned. An
    island has no neighbours: its u is a standard normal. Areas of the map that were not observed can be predicted.

    Parameters
    ----------
    name
        The factor; its levels must be areas of the map.
    neighbours
        "nav_counties", or a mapping from each area to its neighbours.
    scale
        Scale of the half-normal prior on s (logits for shares), or a prior. None: 0.5 logits; of published means, as
        far as they lie apart.

    Raises
    ------
    ValueError
        When the map is not symmetric, naming the pairs, or a level of the survey is not on the map.

    Examples
    --------
    >>> Region("area", neighbours={"north": ["middle"], "middle": ["north", "south"], "south": ["middle"]})
    Region('area', neighbours=3 areas)
    """

    usual = 0.5

    name: str
    neighbours: str | maps.Neighbours
    scale: float | Prior | None

    def __init__(
        self,
        name: str,
        *,
        neighbours: str | Mapping[Any, Sequence[Any]] | Any = "nav_counties",
        scale: float | Prior | None = None,
    ) -> None:
        if scale is not None:
            as_prior(scale)
        if isinstance(neighbours, str):
            maps.load_map(neighbours)
        else:
            neighbours = maps.check_map(dict(neighbours))
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "neighbours", neighbours)
        object.__setattr__(self, "scale", scale)

    def __repr__(self) -> str:
        shown = repr(self.neighbours) if isinstance(self.neighbours, str) else f"{len(self.neighbours)} areas"
        return f"Region({self.name!r}, neighbours={shown}{shown_scale(self.scale)})"

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return (self.name,)

    def blocks(self, cells: pd.DataFrame, levels: Mapping[str, Sequence[Any]], by: Yardstick = LOGITS) -> list[Block]:
        """Return the spatial and the independent block of this term for the cells of a survey."""
        map_ = maps.load_map(self.neighbours) if isinstance(self.neighbours, str) else self.neighbours
        areas = [area for area, _ in map_]
        for level in levels[self.name]:
            checks.one_of(level, areas, what=f"{self!r} is about a map; a level of {self.name!r}")
        index = places(cells[self.name], areas)
        keys, share = tuple((area,) for area in areas), f"{self.name}_spatial_share"
        own_scale = self.default_scale(cells, by) if self.scale is None else self.scale
        sd, learned = standard_deviation(self.name, own_scale)
        spatial, own = (Scale(sd.fixed, (*sd.parts, (share, link))) for link in ("root", "root of rest"))
        learned[share] = Proportion()
        basis = maps.region_basis(map_)
        return [
            Block(f"{self.name}_spatial", self.factors, keys, basis, index, spatial, learned),
            Block(f"{self.name}_own", self.factors, keys, None, index, own),
        ]
