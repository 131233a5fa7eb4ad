"""Answers of simulated respondents, drawn anew until they print as published.

For `twins`. What a scale is comes from the report's twin.toml; nothing here knows a report.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import logit, ndtr

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
type Scale = dict[str, Any]  # categories, the first positive one, curvature

MARGIN = 0.45  # of the last printed digit: nearer than half of it, so that rounding is never in doubt
ATTEMPTS = 1000


def rating(
    rng: np.random.Generator, people: pd.DataFrame, item: pd.Series, *, gap: float, scale: Scale
) -> tuple[pd.Series, Array]:
    """Return the answers to one item on a scale from 1 up, and the latent values (logits) of those who answered."""
    some = answering(rng, people, item["n"])
    scores = np.arange(1, scale["categories"] + 1)
    answer, latent = settled(
        rng,
        shift=some["effect"] + gap * some["side"],
        trait=some["satisfaction"],
        weight=some["weight"],
        shares=rating_shares(item["mean"], item["share"] / 100, scale),
        margins=np.array([10 * scores, 100 * (scores >= scale["positive"])]),
        printed=np.array([10 * item["mean"], item["share"]]),
    )
    return column(people, some, scores[answer]), latent


def cuts(answer: Index, latent: Array, scale: Scale) -> dict[Any, float]:
    """Return for answers from 2 the latent value from which that answer or a higher one is given."""
    above = range(2, scale["categories"] + 1)
    return {k: float(latent[answer < k].max() + latent[answer >= k].min()) / 2 for k in above}


def rating_shares(mean: float, share: float, scale: Scale) -> Array:
    """Return proportions of the answers with this mean and share of positive ones: a discrete normal, tilted."""
    scores, middle = np.arange(1, scale["categories"] + 1), (scale["categories"] + 1) / 2
    x, upper = scores - middle, scores >= scale["positive"]

    def tilted(slope: float) -> Array:
        p: Array = np.exp(slope * x - scale["curvature"] * x**2)
        return np.asarray(p * np.where(upper, share / p[upper].sum(), (1 - share) / p[~upper].sum()))

    slope = float(brentq(lambda slope: float(tilted(slope) @ (x + middle)) - mean, -20.0, 20.0))
    return tilted(slope)


def ticks(
    rng: np.random.Generator,
    people: pd.DataFrame,
    battery: pd.DataFrame,
    *,
    gaps: dict[str, float],
    single: bool,
    ends: tuple[str, ...],
) -> dict[str, pd.Series]:
    """Return 0/1 for each answer to one question: alone where one answer is allowed, or its name has such an end."""
    printed: dict[str, float] = dict(zip(battery["item_id"], battery["share"], strict=True))
    # lowest use first, so that the first of several single answers goes to those with most
    alone = [name for name in reversed(printed) if single or name.endswith(ends)]
    target = np.array([printed[name] for name in alone])
    rest = 0.0 if single else 100 - target.sum()
    shares = np.append(target + single * (100 - target.sum()) / max(len(alone), 1), rest) / 100
    some = answering(rng, people, battery["n"].iloc[0])
    chosen, _ = settled(
        rng,
        shift=(gaps.get(alone[-1], 0.0) if single else 0.0) * some["side"],
        trait=some["use"],
        weight=some["weight"],
        shares=shares,
        margins=100 * np.eye(len(alone), len(shares)),
        printed=target,
    )
    ticked = {name: column(people, some, chosen == code) for code, name in enumerate(alone)}
    free = some[chosen == len(alone)]
    portion = float(free["weight"].sum() / some["weight"].sum())
    for name in [name for name in printed if name not in alone]:
        share = printed[name] / 100 / portion
        tick, _ = settled(
            rng,
            shift=gaps.get(name, 0.0) * free["side"],
            trait=free["use"],
            weight=free["weight"],
            shares=np.array([1 - share, share]),
            margins=np.array([[0, 100 * portion]]),
            printed=np.array([printed[name]]),
        )
        ticked[name] = column(people, some, some.index.isin(free.index[tick == 1]))
    return ticked


def answering(rng: np.random.Generator, people: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return n of the people, those with more use being likelier to have an answer."""
    known = people["use"].to_numpy() + rng.standard_normal(len(people))
    return people.iloc[np.sort(np.argsort(-known, kind="stable")[: int(n)])]


def settled(
    rng: np.random.Generator,
    *,
    shift: pd.Series,
    trait: pd.Series,
    weight: pd.Series,
    shares: Array,
    margins: Array,
    printed: Array,
) -> tuple[Index, Array]:
    """Return categories from 0 and the latent values behind them, drawn anew until they print as printed.

    `margins` (dims margin, category) turns weighted shares into printed units. Latent values are shift + a
    standard logistic deviate, half of whose variance (as a normal) is the person's trait.
    """
    weights = weight.to_numpy()
    for _ in range(ATTEMPTS):
        normal = np.sqrt(0.5) * (trait.to_numpy() + rng.standard_normal(len(trait)))
        latent = shift.to_numpy() + logit(ndtr(normal))
        category = cut(latent, weights, shares)
        reached = np.bincount(category, weights, minlength=len(shares)) / weights.sum()
        if (np.abs(margins @ reached - printed) < MARGIN).all():
            return category, latent
    raise RuntimeError(f"no answers of {len(trait)} respondents print as {printed.tolist()} in {ATTEMPTS} draws.")


def cut(latent: Array, weights: Array, shares: Array) -> Index:
    """Return the category of each value with weighted shares as near as whole respondents allow."""
    order = np.argsort(latent)
    middle = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    category = np.empty(len(latent), dtype=np.intp)
    category[order] = np.searchsorted(np.cumsum(shares)[:-1], middle)
    return category


def column(people: pd.DataFrame, some: pd.DataFrame, values: npt.NDArray[Any]) -> pd.Series:
    """Return values of some people as a column for all."""
    return pd.Series(values, index=some.index).astype("Int8").reindex(people.index)


def whole(shares: npt.ArrayLike, total: int) -> Index:
    """Return whole numbers in proportion to the shares that add up to the total (largest remainders)."""
    given = np.asarray(shares, dtype=float)
    exact = total * given / given.sum()
    counts: Index = np.floor(exact).astype(np.intp)
    counts[np.argsort(counts - exact, kind="stable")[: total - counts.sum()]] += 1
    return counts
