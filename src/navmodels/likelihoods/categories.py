"""What outcomes with several categories share: the categories, their counts, and what is estimated of them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import special

from navmodels import checks
from navmodels.data.survey import Survey
from navmodels.likelihoods.outcomes import Array, Arrays, Quantity, effective_counts


def categories_of(survey: Survey) -> tuple[Any, ...]:
    """Return the categories of a rating or a choice, in order."""
    return tuple(checks.plain(category) for category in survey.cells["category"].to_numpy())


def multinomial(survey: Survey) -> dict[str, Array]:
    """Return the counts of each cell, dims (cell, category), and the constant of each cell."""
    count = effective_counts(survey)
    constant = special.gammaln(count.sum(axis=1) + 1) - special.gammaln(count + 1).sum(axis=1)
    return {"count": count, "constant": constant}


def several(name: str, given: Any, allowed: Sequence[Any], probability: Callable[[Array, Any], Array]) -> Quantity:
    """Return the probability of one of the allowed categories, or of several along a dim of that name."""
    several = isinstance(given, Sequence | range | np.ndarray) and not isinstance(given, str)
    asked = [checks.plain(each) for each in given] if several else [checks.plain(given)]
    for each in asked:
        checks.one_of(each, tuple(allowed), what=name)
    place = [list(allowed).index(each) for each in asked]
    if several:
        return Quantity("share", lambda eta: probability(eta, place), name, tuple(asked))
    return Quantity("share", lambda eta: probability(eta, place[0]))


def draw_counts(p: Array, data: Arrays, rng: np.random.Generator) -> Array:
    """Return simulated counts, dims (..., cell, category); effective sample sizes are rounded down."""
    n = np.floor(data["count"].sum(axis=-1) + 1e-9).astype(int)
    return np.asarray(rng.multinomial(n, p / p.sum(axis=-1, keepdims=True)), dtype=float)
