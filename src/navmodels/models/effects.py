"""Effects: levels that are not pooled, and slopes of covariates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels import checks
from navmodels.data.matching import places
from navmodels.models.blocks import Block, Scale, contrast_basis, follow_line
from navmodels.models.covariates import average, require_numbers, span
from navmodels.models.factors import Labelled, several, shown_scale
from navmodels.models.yardsticks import LOGITS, Yardstick

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Effect(Labelled):
    """Unpooled differences between the levels of a factor, or the slope of a numeric covariate; weakly informative.

    Levels: sum-to-zero contrasts. Each level's deviation from the mean of the levels has prior standard deviation
    `scale` (logits for shares), the same for every level whatever its name or place. Use it for few levels that are
    all there are, such as sector. Numbers, with decimals too, are levels unless ``numeric=True``.

    Covariate: a slope, normal around `mean` with standard deviation `scale`, times the number less its average over
    the answers (over the cells, where n is not known), so that it does not matter where its zero lies: the intercept is
    that of the average answer. For instance 0/1 for a change of survey mode, with a tight `scale`. A fit tells the
    slope as ``<name>_slope``, for each unit of the covariate.

    Parameters
    ----------
    name
        The factor.
    scale
        Prior standard deviation of a level's deviation, or of the slope for each unit of the covariate. None: one logit
        (two spreads of published means) for a level's deviation, and for the slope over two standard deviations of the
        covariate, or over the difference between its two values if it has only two (Gelman 2008).
    numeric
        True: a covariate. Else levels, also when they are numbers.
    mean
        Prior mean of the slope of a covariate, for each unit (logits for shares). Not for outcomes of several
        categories without order.

    Examples
    --------
    >>> Effect("sector"), Effect("new_mode", scale=0.1, numeric=True)
    (Effect('sector'), Effect('new_mode', scale=0.1, numeric=True))
    """

    usual = 1.0

    name: str
    scale: float | None = field(default=None, kw_only=True)
    numeric: bool | None = field(default=None, kw_only=True)
    mean: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        if self.scale is not None:
            checks.positive(self.scale, what=f"scale of Effect({self.name!r})", also=", or None for the default")
        if isinstance(self.mean, bool) or not isinstance(self.mean, int | float) or not np.isfinite(self.mean):
            raise ValueError(f"mean of Effect({self.name!r}) is {self.mean!r}; allowed: a finite number.")

    def __repr__(self) -> str:
        numeric, mean = ", numeric=True" if self.numeric else "", f", mean={self.mean}" if self.mean else ""
        return f"Effect({self.name!r}{shown_scale(self.scale)}{numeric}{mean})"

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return (self.name,)

    def default_scale(self, cells: pd.DataFrame, by: Yardstick) -> float:
        """Return the scale that stands for None: of a covariate for each of its units."""
        if not self.numeric:
            return super().default_scale(cells, by)
        return self.usual * by.unit / span(cells[self.name].to_numpy(dtype=float), by)

    def blocks(self, cells: pd.DataFrame, levels: Mapping[str, Sequence[Any]], by: Yardstick = LOGITS) -> list[Block]:
        """Return the block of this term for the cells of a survey."""
        names = several(levels[self.name], self)
        index = places(cells[self.name], names)
        keys = tuple((name,) for name in names)
        self._require_kind(names)
        scale = Scale(float(self.default_scale(cells, by) if self.scale is None else self.scale))
        if not self.numeric:
            return [Block(self.name, self.factors, keys, contrast_basis(len(names)), index, scale)]
        x = np.array(names, dtype=float)
        x -= average(x[index], by)
        offset = self.mean * x if self.mean else None
        return [Block(self.name, self.factors, keys, x[:, None], index, scale, offset=offset, beyond=follow_line)]

    def _require_kind(self, names: list[Any]) -> None:
        """Raise unless a covariate has numbers, and a prior mean is that of a covariate."""
        if self.numeric:
            require_numbers(names, self, "Leave numeric=True out.")
        if self.mean and not self.numeric:
            raise ValueError(f"{self} has a prior mean, which is for covariates; say numeric=True.")
