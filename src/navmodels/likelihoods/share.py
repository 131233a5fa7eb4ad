"""Shares: positives among answers, binomial with a logit link."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from navmodels.data.survey import Survey
from navmodels.likelihoods.compilation import compiled
from navmodels.likelihoods.normals import log_one_plus
from navmodels.likelihoods.outcomes import (
    Array,
    Arrays,
    CellOutcome,
    Quantity,
    Seen,
    effective_counts,
    only_ratings,
    seen_counts,
)

COLUMNS = ("positive", "n", "constant")  # what the kernel takes of each cell
FLAT = None  # numbers that are not one a cell


@dataclass(frozen=True)
class Share(CellOutcome):
    """Positives among answers, binomial with a logit link: ``k η − n softplus(η)`` up to a constant.

    Surveys made with ``weighting="effective"`` enter as weighted share × effective n (Chen, Wakefield & Lumley 2014),
    for which the factorials are replaced by gamma functions.

    Examples
    --------
    >>> Share()
    Share()
    """

    kinds = ("share",)
    kernel = "share"
    observed = "positive"

    def arrays(self, survey: Survey) -> dict[str, Array]:
        """Return k, n and the constant of each cell."""
        count = effective_counts(survey)
        k, n = count[:, 1].copy(), count.sum(axis=1)
        constant = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
        return {"positive": k, "n": n, "constant": constant}

    def seen(self, survey: Survey) -> Seen:
        """Return the share of positives of each cell."""
        data = self.arrays(survey)
        return seen_counts(data["positive"][:, None], data["n"])

    def other_kind(self, kind: str) -> str:
        """Return what to model a survey of another kind with."""
        if kind == "rating":
            return " Use Rating(), or cut the rating in two with survey.dichotomise(cut)."
        return super().other_kind(kind)

    def quantity(self, survey: Survey, *, cut: Any = None, category: Any = None) -> Quantity:
        """Return what is estimated: the share."""
        only_ratings(cut, category)
        return Quantity("share", lambda eta: np.asarray(special.expit(eta[..., 0])))

    def draw(self, eta: Array, data: Arrays, rng: np.random.Generator) -> Array:
        """Return simulated positives, dims (..., cell); effective sample sizes are rounded down."""
        return np.asarray(rng.binomial(np.floor(data["n"] + 1e-9).astype(int), special.expit(eta[..., 0])), dtype=float)


def sizes(channels: int) -> tuple[int, int]:
    """Return how many rows the table has, and how many flat numbers there are (-1: any), for so many channels."""
    return 3, 0


@compiled
def derivatives(eta: Array, table: Array, flat: Array, value: Array, gradient: Array, curvature: Array) -> None:
    """Binomial with a logit link: k log p + (n - k) log(1 - p) + constant, without cancellation in either tail."""
    positive, n, constant = table[0], table[1], table[2]
    for c in range(len(eta)):
        x = eta[c, 0]
        e = math.exp(-abs(x))
        log1p = log_one_plus(e)
        near, far = 1.0 / (1.0 + e), e / (1.0 + e)
        p, q = (near, far) if x >= 0 else (far, near)
        negative = n[c] - positive[c]
        value[c] = constant[c] - positive[c] * (max(-x, 0.0) + log1p) - negative * (max(x, 0.0) + log1p)
        gradient[c, 0] = positive[c] * q - negative * p
        curvature[c, 0] = n[c] * p * q


@compiled
def values(eta: Array, table: Array, flat: Array, value: Array) -> None:
    """Write the log-likelihood of each cell."""
    positive, n, constant = table[0], table[1], table[2]
    for c in range(len(eta)):
        x = eta[c, 0]
        log1p = log_one_plus(math.exp(-abs(x)))
        value[c] = constant[c] - positive[c] * (max(-x, 0.0) + log1p) - (n[c] - positive[c]) * (max(x, 0.0) + log1p)
