"""Groups: levels that are partially pooled, and combinations of the levels of several factors."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels import checks
from navmodels.models.blocks import Block, Level, standard_deviation
from navmodels.models.factors import Labelled, several, shown_scale
from navmodels.models.priors import HalfNormal, Prior, as_prior
from navmodels.models.yardsticks import LOGITS, Yardstick

Array = npt.NDArray[np.float64]

STRUCTURED = "structured"  # a scale that is a ratio to the standard deviations of the parts' own terms


@dataclass(frozen=True, init=False)
class Group(Labelled):
    """Partial pooling: exchangeable levels, normal around zero with a standard deviation to be learned.

    With several names, the combinations of their levels that occur: an interaction when the parts have terms of their
    own, nesting when the outer one has. (Gelman & Hill 2007.) Levels that were not observed can be predicted: their
    effect is drawn from the same normal.

    Parameters
    ----------
    *names
        One or more factors.
    scale
        Scale of the half-normal prior on the standard deviation (logits for shares), or a prior. "structured", for
        several names: the standard deviation is the product of those of the parts' own terms and a ratio with a
        half-normal prior of scale 1, so that interactions of parts that hardly matter hardly matter (Si et al. 2020).
        None: 0.5 logits; of published means, as far as they lie apart (see `priors`).

    Examples
    --------
    >>> Group("county", "industry")
    Group('county', 'industry')
    """

    usual = 0.5

    names: tuple[str, ...]
    scale: float | Prior | str | None

    def __init__(self, *names: str, scale: float | Prior | str | None = None) -> None:
        if not names or len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"Group needs one or more different factor names; given: {checks.listing(names)}.")
        if isinstance(scale, str):
            checks.one_of(scale, (STRUCTURED,), what=f"scale of Group({', '.join(map(repr, names))})")
            if len(names) < 2:
                raise ValueError(
                    f"scale={STRUCTURED!r} is for the combination of several factors; given: {names[0]!r}."
                )
        elif scale is not None:
            as_prior(scale)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "scale", scale)

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return self.names

    def __repr__(self) -> str:
        return f"Group({', '.join(map(repr, self.names))}{shown_scale(self.scale)})"

    def blocks(self, cells: pd.DataFrame, levels: Mapping[str, Sequence[Any]], by: Yardstick = LOGITS) -> list[Block]:
        """Return the block of this term for the cells of a survey; a structured scale is tied to others by `tie`."""
        for name in self.names:
            several(levels[name], self)
        order = {name: {level: place for place, level in enumerate(levels[name])} for name in self.names}
        keys = list(zip(*(cells[name].tolist() for name in self.names), strict=True))
        found = sorted(
            set(keys),
            key=lambda key: [order[name][level] for name, level in zip(self.names, key, strict=True)],
        )
        place = {key: row for row, key in enumerate(found)}
        index = np.array([place[key] for key in keys], dtype=np.intp)
        own = HalfNormal(1.0) if isinstance(self.scale, str) else self.scale
        scale, parameters = standard_deviation(self.label, self.default_scale(cells, by) if own is None else own)
        return [Block(self.label, self.names, tuple(found), None, index, scale, parameters, beyond=draw_anew)]


def draw_anew(block: Block, new: Sequence[Level], effect: Array, scale: Array, rng: np.random.Generator) -> Array:
    """Return effects drawn from the group's distribution: one draw a new level and posterior draw.

    The random numbers of a level go with its labels, whatever other levels are new.
    """
    key = int(rng.integers(2**63))
    streams = [np.random.default_rng([key, *_written(level)]) for level in new]
    return np.asarray(scale)[:, None] * np.stack([each.normal(size=len(effect)) for each in streams], axis=1)


# ---- inside


def _written(level: Level) -> bytes:
    """Return a level as bytes that no other level has: ("p:q", "r") is not ("p", "q:r"), nor 1 "1"."""
    numbers = [
        each if isinstance(each, str) or each % 1 else int(each) for each in map(checks.plain, level)
    ]  # 1.0 is 1
    return json.dumps(numbers).encode()
