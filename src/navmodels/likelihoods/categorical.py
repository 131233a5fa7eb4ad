"""Outcomes with several categories: ratings, in order, and choices, in none.

What they share with the others is in `outcomes`; the likelihoods in `kernels`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg, special

from navmodels import checks
from navmodels.data.survey import Survey
from navmodels.likelihoods.outcomes import Array, Arrays, CellOutcome, Channels, Quantity, effective_counts
from navmodels.models.blocks import Block, standard_deviation
from navmodels.models.priors import Prior, as_prior
from navmodels.models.terms import Group


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
    scale: float | Prior | None = None

    kinds = ("rating",)
    kernel = "rating"
    observed = "count"
    base = "threshold"

    def __post_init__(self) -> None:
        if self.scale is not None:
            as_prior(self.scale)

    def __repr__(self) -> str:
        scale = "" if self.scale is None else f", scale={self.scale}"
        return "Rating()" if self.by is None else f"Rating(by={self.by!r}{scale})"

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used."""
        return () if self.by is None else (self.by,)

    def channels(self, survey: Survey) -> Channels:
        """Return the linear predictors of a cell: η, and each threshold."""
        cuts = categories_of(survey)[1:]
        return Channels(len(cuts) + 1, tuple(range(1, len(cuts) + 1)), (0,), "cut", cuts, np.eye(len(cuts)))

    def blocks(self, cells: pd.DataFrame, survey: Survey) -> list[Block]:
        """Return the deviations of thresholds by level of `by`."""
        if self.by is None:
            return []
        fed = self.channels(survey).based
        (block,) = Group(self.by, scale=self.scale).blocks(cells, survey.levels)
        name = f"{self.by}_threshold"
        scale, learned = standard_deviation(name, Group.usual if self.scale is None else self.scale)
        return [replace(block, name=name, channels=fed, scale=scale, parameters=learned, beyond=None)]

    def arrays(self, survey: Survey) -> dict[str, Array]:
        """Return the counts of each cell, dims (cell, category), and the constant of each cell."""
        return _multinomial(survey)

    def soften(self, data: Arrays) -> dict[str, Array]:
        """Return the data with one answer more in each middle category that nobody chose.

        With it the common thresholds around that category stay apart when the mode is sought; never for the posterior.
        """
        count = data["count"].copy()
        count[0, 1:-1] += count[:, 1:-1].sum(axis=0) == 0
        return {**data, "count": count}

    def unused(self, survey: Survey) -> dict[Any, list[Any]]:
        """Return the categories that nobody chose, by level of `by`; only levels that have any."""
        if self.by is None:
            return {}
        count = pd.DataFrame(survey.cells["count"].to_numpy(), columns=list(categories_of(survey)))
        total = count.groupby(survey.cells[self.by].to_numpy(), sort=False).sum()
        empty = {level: [category for category, n in each.items() if n == 0] for level, each in total.iterrows()}
        return {level: categories for level, categories in empty.items() if categories}

    def quantity(self, survey: Survey, *, cut: Any = None, category: Any = None) -> Quantity:
        """Return what is estimated: P(y ≥ cut), the probability of a category (or of several), or the mean score."""
        if cut is not None and category is not None:
            raise ValueError(f"cut is {cut!r} and category {category!r}; allowed: one of them, or neither.")
        categories = categories_of(survey)
        if cut is not None:
            return _several("cut", cut, categories[1:], _above)
        if category is not None:
            return _several("category", category, categories, _between)
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
        return _draw_counts(_between(eta), data, rng)


@dataclass(frozen=True)
class Choice(CellOutcome):
    """Unordered categories: multinomial logit, each term with an effect on every category, adding up to zero over them.

    Scales are standard deviations of the log-odds of one category against any other, so that with two categories this
    is `Share`.

    Examples
    --------
    >>> Choice()
    Choice()
    """

    kinds = ("choice",)
    kernel = "choice"
    observed = "count"
    base = "intercept"

    def channels(self, survey: Survey) -> Channels:
        """Return the linear predictors of a cell: one for each contrast of the categories."""
        categories = categories_of(survey)
        each = tuple(range(len(categories) - 1))
        return Channels(len(each), each, each, "category", categories, contrasts(len(categories)))

    def arrays(self, survey: Survey) -> dict[str, Array]:
        """Return the counts of each cell, dims (cell, category), the constant of each cell, and the contrasts."""
        return {**_multinomial(survey), "contrasts": contrasts(survey.cells.sizes["category"])}

    def quantity(self, survey: Survey, *, cut: Any = None, category: Any = None) -> Quantity:
        """Return what is estimated: the probability of a category, of several, or of all."""
        if cut is not None:
            raise ValueError("cut= is for ratings, whose categories are in order; give category=.")
        categories = categories_of(survey)
        return _several("category", categories if category is None else category, categories, _softmax)

    def draw(self, eta: Array, data: Arrays, rng: np.random.Generator) -> Array:
        """Return simulated counts, dims (..., cell, category); effective sample sizes are rounded down."""
        return _draw_counts(_softmax(eta), data, rng)


def contrasts(size: int) -> Array:
    """Return the matrix, dims (category, contrast), whose columns add up to zero; any two rows differ by length one.

    Examples
    --------
    >>> contrasts(2).round(12).tolist()
    [[-0.5], [0.5]]
    """
    return np.asarray(-linalg.helmert(size).T / np.sqrt(2))


def categories_of(survey: Survey) -> tuple[Any, ...]:
    """Return the categories of a rating or a choice, in order."""
    return tuple(checks.plain(category) for category in survey.cells["category"].to_numpy())


# ---- inside


def _multinomial(survey: Survey) -> dict[str, Array]:
    count = effective_counts(survey)
    constant = special.gammaln(count.sum(axis=1) + 1) - special.gammaln(count + 1).sum(axis=1)
    return {"count": count, "constant": constant}


def _several(name: str, given: Any, allowed: Sequence[Any], probability: Callable[[Array, Any], Array]) -> Quantity:
    """Return the probability of one of the allowed categories, or of several along a dim of that name."""
    several = isinstance(given, Sequence | range | np.ndarray) and not isinstance(given, str)
    asked = [checks.plain(each) for each in given] if several else [checks.plain(given)]
    for each in asked:
        checks.one_of(each, tuple(allowed), what=name)
    place = [list(allowed).index(each) for each in asked]
    if several:
        return Quantity("share", lambda eta: probability(eta, place), name, tuple(asked))
    return Quantity("share", lambda eta: probability(eta, place[0]))


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


def _softmax(eta: Array, place: Any = slice(None)) -> Array:
    """Return the probability of each category, dims (..., category), from the contrasts."""
    return np.asarray(special.softmax(eta @ contrasts(eta.shape[-1] + 1).T, axis=-1)[..., place])


def _draw_counts(p: Array, data: Arrays, rng: np.random.Generator) -> Array:
    n = np.floor(data["count"].sum(axis=-1) + 1e-9).astype(int)
    return np.asarray(rng.multinomial(n, p / p.sum(axis=-1, keepdims=True)), dtype=float)
