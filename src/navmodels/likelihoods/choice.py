"""Choices: unordered categories, with a multinomial logit link."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg, special

from navmodels.data.survey import Survey
from navmodels.likelihoods.categories import categories_of, draw_counts, multinomial, several
from navmodels.likelihoods.channels import Contrasts
from navmodels.likelihoods.compilation import compiled
from navmodels.likelihoods.outcomes import Array, Arrays, CellOutcome, Quantity, Seen, effective_counts, seen_counts
from navmodels.likelihoods.packing import pair

COLUMNS = ("constant", "count")  # what the kernel takes of each cell; of counts one column a category
FLAT = "contrasts"  # numbers that are not one a cell


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
    several = True

    def channels(self, survey: Survey) -> Contrasts:
        """Return the linear predictors of a cell: one for each contrast of the categories."""
        categories = categories_of(survey)
        each = tuple(range(len(categories) - 1))
        return Contrasts(len(each), each, each, "category", categories, contrasts(len(categories)))

    def arrays(self, survey: Survey) -> dict[str, Array]:
        """Return the counts of each cell, dims (cell, category), the constant of each cell, and the contrasts."""
        return {**multinomial(survey), "contrasts": contrasts(survey.cells.sizes["category"])}

    def categories(self, survey: Survey) -> tuple[Any, ...]:
        """Return the categories."""
        return categories_of(survey)

    def seen(self, survey: Survey) -> Seen:
        """Return the share of each category of each cell."""
        count = effective_counts(survey)
        return seen_counts(count, count.sum(axis=1))

    def quantity(self, survey: Survey, *, cut: Any = None, category: Any = None) -> Quantity:
        """Return what is estimated: the probability of a category, of several, or of all."""
        if cut is not None:
            raise ValueError("cut= is for ratings, whose categories are in order; give category=.")
        categories = categories_of(survey)
        return several("category", categories if category is None else category, categories, _softmax)

    def draw(self, eta: Array, data: Arrays, rng: np.random.Generator) -> Array:
        """Return simulated counts, dims (..., cell, category); effective sample sizes are rounded down."""
        return draw_counts(_softmax(eta), data, rng)

    def read_truth(self, given: Any) -> tuple[list[Any], Array]:
        """Return the categories, and their logits, of a mapping."""
        if not isinstance(given, Mapping) or len(given) < 2:
            raise ValueError(
                f"the intercept of a choice is {given!r}; allowed: a mapping from each category to its logit."
            )
        return list(given), np.array(list(given.values()), dtype=float)


def contrasts(size: int) -> Array:
    """Return the matrix, dims (category, contrast), whose columns add up to zero; any two rows differ by length one.

    Examples
    --------
    >>> contrasts(2).round(12).tolist()
    [[-0.5], [0.5]]
    """
    return np.asarray(-linalg.helmert(size).T / np.sqrt(2))


def sizes(channels: int) -> tuple[int, int]:
    """Return how many rows the table has, and how many flat numbers there are (-1: any), for so many channels."""
    return 2 + channels, (channels + 1) * channels


@compiled
def derivatives(eta: Array, table: Array, flat: Array, value: Array, gradient: Array, curvature: Array) -> None:
    """Multinomial logit: the categories' logits are contrasts @ channels, and add up to zero."""
    channels, size = eta.shape[1], eta.shape[1] + 1
    contrasts = flat.reshape(size, channels)
    logit, p, mean = np.empty(size), np.empty(size), np.empty(channels)
    for c in range(len(eta)):
        total = _share_out(contrasts, eta[c], logit, p)
        n, inside = 0.0, table[0, c]
        for k in range(size):
            count = table[k + 1, c]
            n += count
            if count > 0:
                inside += count * (logit[k] - total)
        value[c] = inside
        for i in range(channels):
            mean[i], seen = 0.0, 0.0
            for k in range(size):
                mean[i] += p[k] * contrasts[k, i]
                seen += table[k + 1, c] * contrasts[k, i]
            gradient[c, i] = seen - n * mean[i]
            for j in range(i + 1):
                square = 0.0
                for k in range(size):
                    square += p[k] * contrasts[k, i] * contrasts[k, j]
                curvature[c, pair(i, j)] = n * (square - mean[i] * mean[j])


@compiled
def values(eta: Array, table: Array, flat: Array, value: Array) -> None:
    """Write the log-likelihood of each cell."""
    size = eta.shape[1] + 1
    contrasts = flat.reshape(size, eta.shape[1])
    logit, p = np.empty(size), np.empty(size)
    for c in range(len(eta)):
        total, inside = _share_out(contrasts, eta[c], logit, p), table[0, c]
        for k in range(size):
            if table[k + 1, c] > 0:
                inside += table[k + 1, c] * (logit[k] - total)
        value[c] = inside


# ---- inside


def _softmax(eta: Array, place: Any = slice(None)) -> Array:
    """Return the probability of each category, dims (..., category), from the contrasts."""
    return np.asarray(special.softmax(eta @ contrasts(eta.shape[-1] + 1).T, axis=-1)[..., place])


@compiled
def _share_out(contrasts: Array, eta: Array, logit: Array, p: Array) -> float:
    """Write logits less the largest, and probabilities of the categories; return the log of the sum of exponentials."""
    best = 0
    for k in range(len(logit)):
        logit[k] = 0.0
        for i in range(len(eta)):
            logit[k] += contrasts[k, i] * eta[i]
        if logit[k] > logit[best]:
            best = k
    top, rest = logit[best], 0.0
    for k in range(len(logit)):
        logit[k] -= top
        p[k] = math.exp(logit[k])
        rest += p[k] if k != best else 0.0
    for k in range(len(logit)):
        p[k] /= 1.0 + rest
    return math.log1p(rest)
