"""Ratings: ordered categories, with a cumulative logit link."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from navmodels import checks
from navmodels.data.survey import Survey
from navmodels.likelihoods.categories import categories_of, draw_counts, multinomial, several
from navmodels.likelihoods.channels import Thresholds
from navmodels.likelihoods.compilation import compiled
from navmodels.likelihoods.normals import log_one_plus
from navmodels.likelihoods.outcomes import (
    Array,
    Arrays,
    CellOutcome,
    Deviation,
    Quantity,
    ScalePrior,
    Seen,
    effective_counts,
    seen_counts,
)
from navmodels.likelihoods.packing import pair

COLUMNS = ("constant", "count")  # what the kernel takes of each cell; of counts one column a category
FLAT = None  # numbers that are not one a cell


@dataclass(frozen=True)
class Rating(CellOutcome):
    """Ordered categories: cumulative logit, ``P(y ≤ j) = σ(κ_j − η)`` (McCullagh 1980).

    The thresholds κ take the place of the intercept: each is normal around zero with the model's ``intercept_scale``,
    all in rising order. With two categories this is `Share`. A category nobody chose keeps its place.

    Parameters
    ----------
    by
        A factor, for instance the item of a battery, whose levels have thresholds of their own: those of all plus a
        deviation with a standard deviation to be learned (partial pooling). Each level's thresholds stay in order.
    scale
        Scale of the half-normal prior on that standard deviation (logits), or a prior. None: 0.5.

    Examples
    --------
    >>> Rating(), Rating(by="item")
    (Rating(), Rating(by='item'))
    """

    by: str | None = None
    scale: float | ScalePrior | None = None

    kinds = ("rating",)
    kernel = "rating"
    observed = "count"
    base = Thresholds.name
    several = True
    ordered = True

    def __post_init__(self) -> None:
        if self.scale is not None and not hasattr(self.scale, "scale"):  # a prior has checked itself
            checks.positive(self.scale, what="scale", also=", or a prior such as HalfCauchy(5)")

    def __repr__(self) -> str:
        scale = "" if self.scale is None else f", scale={self.scale}"
        return "Rating()" if self.by is None else f"Rating(by={self.by!r}{scale})"

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return () if self.by is None else (self.by,)

    @property
    def deviation(self) -> Deviation | None:
        """What of the thresholds differs by the levels of `by`."""
        return None if self.by is None else Deviation(f"{self.by}_threshold", self.by, self.scale)

    def channels(self, survey: Survey) -> Thresholds:
        """Return the linear predictors of a cell: η, and each threshold."""
        cuts = categories_of(survey)[1:]
        common = tuple(range(1, len(cuts) + 1))
        return Thresholds(len(cuts) + 1, common, (0,), "cut", cuts, np.eye(len(cuts)), differ=self.by is not None)

    def arrays(self, survey: Survey) -> dict[str, Array]:
        """Return the counts of each cell, dims (cell, category), and the constant of each cell."""
        return multinomial(survey)

    def soften(self, data: Arrays) -> dict[str, Array]:
        """Return the data with one answer more in each middle category that nobody chose.

        With it the common thresholds around that category stay apart when the mode is sought; never for the posterior.
        """
        count = data["count"].copy()
        count[0, 1:-1] += count[:, 1:-1].sum(axis=0) == 0
        return {**data, "count": count}

    def left_free(self, survey: Survey) -> str:
        """Return which levels of `by` never used a category, so that thresholds of theirs are free, and what helps."""
        unused = self._unused(survey)
        if not unused:
            return ""
        level, categories = max(unused.items(), key=lambda each: len(each[1]))
        others = f" and {len(unused) - 1} more" if len(unused) > 1 else ""
        return (
            f"by {level!r}{others}, where nobody chose {checks.listing(categories)}: Rating() has thresholds in "
            "common, and neighbouring categories can be put together before the survey is made"
        )

    def read_truth(self, given: Any) -> tuple[list[Any], Array]:
        """Return the categories, and the thresholds, of a mapping from each cut, or of a sequence from cut 2."""
        cuts = dict(given) if isinstance(given, Mapping) else dict(enumerate(given, start=2))
        values = np.array(list(cuts.values()), dtype=float)
        if not len(values) or (np.diff(values) <= 0).any():
            raise ValueError(f"the thresholds are {checks.listing(values)}; allowed: one or more, in rising order.")
        first = next(iter(cuts))
        lowest = first - 1 if isinstance(first, int) else "lowest"
        return [lowest, *cuts], values

    def categories(self, survey: Survey) -> tuple[Any, ...]:
        """Return the categories."""
        return categories_of(survey)

    def information(self, share: Array) -> Array:
        """Return Fisher's information of one answer about η: Σ p (1 − F_below − F)², F the cumulative shares.

        Examples
        --------
        >>> Rating().information(np.array([[0.2, 0.8]])).round(2)  # of two categories p (1 − p)
        array([0.16])
        """
        cumulative = np.cumsum(share, axis=-1)
        return np.asarray((share * (1 - (cumulative - share) - cumulative) ** 2).sum(axis=-1))

    def seen(self, survey: Survey) -> Seen:
        """Return the share of each category of each cell."""
        count = effective_counts(survey)
        return seen_counts(count, count.sum(axis=1))

    def quantity(self, survey: Survey, *, cut: Any = None, category: Any = None) -> Quantity:
        """Return what is estimated: P(y ≥ cut), the probability of a category (or of several), or the mean score."""
        if cut is not None and category is not None:
            raise ValueError(f"cut is {cut!r} and category {category!r}; allowed: one of them, or neither.")
        categories = categories_of(survey)
        if cut is not None:
            return several("cut", cut, categories[1:], _above)
        if category is not None:
            return several("category", category, categories, _between)
        if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in categories):
            raise ValueError(
                f"the categories {checks.listing(categories)} are no numbers, so they have no mean score; give cut= "
                "(the share that answers it or higher) or category=."
            )
        scores = np.array(categories, dtype=float)
        return Quantity("mean", lambda eta: scores[0] + _above(eta) @ np.diff(scores))

    def draw(self, eta: Array, data: Arrays, rng: np.random.Generator) -> Array:
        """Return simulated counts, dims (..., cell, category); effective sample sizes are rounded down.

        Raises
        ------
        ValueError
            When thresholds are out of order, as unrestricted draws from the prior of `Rating(by=...)` may be.
        """
        if (np.diff(eta[..., 1:], axis=-1) < 0).any():
            raise ValueError(
                "thresholds are out of order, so there are no probabilities to draw from. Prior draws of thresholds by "
                "level are not restricted to those in order; draw from a fit, or from a Rating() with common ones."
            )
        return draw_counts(_between(eta), data, rng)

    def _unused(self, survey: Survey) -> dict[Any, list[Any]]:
        """Return the categories that nobody chose, by level of `by`; only levels that have any."""
        if self.by is None:
            return {}
        count = pd.DataFrame(survey.cells["count"].to_numpy(), columns=list(categories_of(survey)))
        total = count.groupby(survey.cells[self.by].to_numpy(), sort=False).sum()
        empty = {level: [category for category, n in each.items() if n == 0] for level, each in total.iterrows()}
        return {level: categories for level, categories in empty.items() if categories}


def sizes(channels: int) -> tuple[int, int]:
    """Return how many rows the table has, and how many flat numbers there are (-1: any), for so many channels."""
    return 1 + channels, 0


@compiled
def derivatives(eta: Array, table: Array, flat: Array, value: Array, gradient: Array, curvature: Array) -> None:
    """Cumulative logit: P(y ≤ j) = σ(κ_j − η); channels are η, κ_1, ..., and κ must rise.

    A category between two thresholds has σ(b) − σ(a) = σ(b) σ(−a) (1 − exp(a − b)), with a and b the thresholds less η:
    a product, so that its logarithm keeps all digits in either tail, and each threshold meets η in one logistic.
    """
    last = eta.shape[1] - 1
    gap, log_of, slope, bend = np.full(last, np.nan), np.empty(last), np.empty(last), np.empty(last)
    for c in range(len(eta)):
        total, pull, weight = table[0, c], 0.0, 0.0
        for j in range(1, last + 1):
            x, below, above = eta[c, j] - eta[c, 0], table[j, c], table[j + 1, c]
            e = math.exp(-abs(x))
            log1p = log_one_plus(e)
            near, far = 1.0 / (1.0 + e), e / (1.0 + e)
            p, q = (near, far) if x >= 0 else (far, near)
            total -= below * (max(-x, 0.0) + log1p) + above * (max(x, 0.0) + log1p)
            up, w = below * q - above * p, (below + above) * p * q
            pull -= up
            weight += w
            gradient[c, j] = up
            for i in range(j):
                curvature[c, pair(j, i)] = 0.0
            curvature[c, pair(j, 0)] = -w
            curvature[c, pair(j, j)] = w
        for j in range(1, last):
            if eta[c, j + 1] - eta[c, j] != gap[j]:  # thresholds are mostly those of the cell before
                gap[j] = eta[c, j + 1] - eta[c, j]
                log_of[j], slope[j], bend[j] = log_gap(gap[j])
            count = table[j + 1, c]
            total += count * log_of[j] if count > 0 else 0.0 if gap[j] > 0 else -np.inf
            gradient[c, j] -= count * slope[j]
            gradient[c, j + 1] += count * slope[j]
            curvature[c, pair(j, j)] += count * bend[j]
            curvature[c, pair(j + 1, j + 1)] += count * bend[j]
            curvature[c, pair(j + 1, j)] -= count * bend[j]
        value[c], gradient[c, 0], curvature[c, 0] = total, pull, weight


@compiled
def values(eta: Array, table: Array, flat: Array, value: Array) -> None:
    """Write the log-likelihood of each cell."""
    last = eta.shape[1] - 1
    gap, log_of = np.full(last, np.nan), np.empty(last)
    for c in range(len(eta)):
        total = table[0, c]
        for j in range(1, last + 1):
            x, below, above = eta[c, j] - eta[c, 0], table[j, c], table[j + 1, c]
            log1p = log_one_plus(math.exp(-abs(x)))
            total -= below * (max(-x, 0.0) + log1p) + above * (max(x, 0.0) + log1p)
        for j in range(1, last):
            if eta[c, j + 1] - eta[c, j] != gap[j]:
                gap[j] = eta[c, j + 1] - eta[c, j]
                log_of[j] = log_gap(gap[j])[0]
            count = table[j + 1, c]
            total += count * log_of[j] if count > 0 else 0.0 if gap[j] > 0 else -np.inf
        value[c] = total


@compiled
def log_gap(gap: float) -> tuple[float, float, float]:
    """Return log(1 − exp(−gap)), its derivative and the negative of its second; impossible unless gap is positive."""
    if not gap > 0:
        return -np.inf, 0.0, 0.0
    rest = -math.expm1(-gap)
    slope = math.exp(-gap) / rest
    return math.log(rest) if gap < 0.7 else math.log1p(-math.exp(-gap)), slope, slope / rest


# ---- inside


def _above(eta: Array, place: Any = slice(None)) -> Array:
    """Return the probability of each cut or more, dims (..., cut), from η and the thresholds."""
    threshold = eta[..., 1:][..., place]
    return np.asarray(special.expit((eta[..., :1] if threshold.ndim == eta.ndim else eta[..., 0]) - threshold))


def _between(eta: Array, place: Any = slice(None)) -> Array:
    """Return the probability of each category, dims (..., category), from η and the thresholds."""
    gap = eta[..., :1] - eta[..., 1:]
    ends = special.expit(-gap[..., :1]), special.expit(gap[..., -1:])
    with np.errstate(over="ignore"):
        inner = special.expit(-gap[..., 1:]) * special.expit(gap[..., :-1]) * -np.expm1(np.diff(gap, axis=-1))
    return np.asarray(np.concatenate([ends[0], inner, ends[1]], axis=-1)[..., place])
