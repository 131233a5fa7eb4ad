"""What every term does with its factors: a name made of them, a default scale, a word where levels are too few."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import pandas as pd

from navmodels import checks
from navmodels.models.yardsticks import Yardstick


class Labelled(ABC):
    """What terms share: a name made of their factors, and a default scale."""

    usual: ClassVar[float]  # scale that stands for None, in logits

    @property
    @abstractmethod
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""

    @property
    def label(self) -> str:
        """Name of the term: the factors joined by ':'."""
        return ":".join(self.factors)

    def default_scale(self, cells: pd.DataFrame, by: Yardstick) -> float:
        """Return the scale that stands for None in a survey with these cells."""
        return self.usual * by.unit


def several(levels: Sequence[Any], term: Any) -> list[Any]:
    """Return the levels of a factor as a list; raise when there are fewer than two."""
    if len(levels) < 2:
        raise ValueError(
            f"{term} needs a factor with at least two levels; the survey has only {checks.listing(levels)}. "
            "Leave the term out."
        )
    return list(levels)


def shown_scale(scale: Any) -> str:
    """Return a scale as the repr of a term shows it: nothing for the default."""
    return "" if scale is None else f", scale={scale!r}"
