"""Outcomes: what one cell's numbers say about its linear predictors.

Each outcome turns the cells of a survey into the arrays that its kernel takes; the likelihood itself is written once,
in `inference.kernels`. A cell has one linear predictor or several, its *channels*: `channels` says how many, `fed` into
which of them terms go, and `based` which have a coefficient of their own (the intercept or thresholds).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import linalg, special

from navmodels.data import checks
from navmodels.data.survey import Survey
from navmodels.models.blocks import Block
from navmodels.models.priors import Prior, as_prior
from navmodels.models.terms import Group, standard_deviation

Array = npt.NDArray[np.float64]
Arrays = Mapping[str, Array]

Predict = Callable[[Array], Array]

FINEST = 1e-5  # half-width of rounding in standard errors: below, the difference of two Φ loses its digits


@dataclass(frozen=True)
class Quantity:
    """What is estimated from linear predictors: its name, the function of dims (..., channel), and a dim it adds."""

    name: str
    predict: Predict
    dim: str | None = None
    labels: tuple[Any, ...] = ()


@dataclass(frozen=True, eq=False)
class Channels:
    """The linear predictors of a cell.

    Attributes
    ----------
    size
        How many there are.
    based, fed
        Which have a coefficient of their own (intercept or thresholds), and into which the terms go.
    dim, labels, spread
        How coefficients of the based channels are shown: dim and labels, and the matrix, dims (label, channel), that
        turns channels into what is shown. No dim: a single channel, shown as it is.
    """

    size: int = 1
    based: tuple[int, ...] = (0,)
    fed: tuple[int, ...] = (0,)
    dim: str | None = None
    labels: tuple[Any, ...] = ()
    spread: Array | None = None


class CellOutcome:
    """What the outcomes share unless they say otherwise: one linear predictor a cell, with an intercept."""

    kernel: ClassVar[str]

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used: none."""
        return ()

    def channels(self, survey: Survey) -> Channels:
        """Return the linear predictors of a cell: one."""
        return Channels()

    def blocks(self, cells: pd.DataFrame, survey: Survey) -> list[Block]:
        """Return the parts of the linear predictors that belong to the outcome: none."""
        return []

    def log_likelihood(self, eta: npt.ArrayLike, data: Arrays) -> Array:
        """Return the log-likelihood of each cell at linear predictors `eta`, dims (..., cell, channel)."""
        return log_likelihood(self.kernel, eta, data)


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
    base = "intercept"

    def arrays(self, survey: Survey) -> dict[str, Array]:
        """Return k, n and the constant of each cell."""
        count = effective_counts(survey)
        k, n = count[:, 1].copy(), count.sum(axis=1)
        constant = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
        return {"positive": k, "n": n, "constant": constant}

    def quantity(self, survey: Survey, *, cut: Any = None, category: Any = None) -> Quantity:
        """Return what is estimated: the share."""
        _only_ratings(cut, category)
        return Quantity("share", lambda eta: np.asarray(special.expit(eta[..., 0])))

    def draw(self, eta: Array, data: Arrays, rng: np.random.Generator) -> Array:
        """Return simulated positives, dims (..., cell); effective sample sizes are rounded down."""
        return np.asarray(rng.binomial(np.floor(data["n"] + 1e-9).astype(int), special.expit(eta[..., 0])), dtype=float)


@dataclass(frozen=True)
class Reported(CellOutcome):
    """A published number: the probability that it would be printed.

    Simple samples: the binomial probability of all counts that print as the share. Weighted samples and means:
    ``Φ((u − η)/sd) − Φ((l − η)/sd)`` with l, u the limits of rounding on the linear scale (logit for shares, identity
    for means; Fay & Herriot 1979). A number that shows more decimals than its standard error can tell apart is taken
    as rounded to 1e-5 of it, which changes the log-likelihood by a constant only.

    Examples
    --------
    >>> Reported()
    Reported()
    """

    kinds = ("reported",)
    kernel = "reported"
    observed = "estimate"
    base = "intercept"

    def arrays(self, survey: Survey) -> dict[str, Array]:
        """Return the arrays of the kernel; centre, half-width and sd are NaN where counts are known, counts elsewhere.

        The logs of the binomial coefficients of all counts that print as the share are flat: those of a cell stand
        from ``start`` to ``stop``.
        """
        cells = survey.cells
        low, high, sd = (cells[name].to_numpy() for name in ("low", "high", "sd"))
        first, last, trials = (cells[name].to_numpy() for name in ("count_low", "count_high", "trials"))
        counted = ~np.isnan(trials)
        width = np.where(counted, last - first + 1, 0.0).astype(int)
        stop = np.cumsum(width)
        n = np.repeat(trials, width)
        count = np.repeat(first, width) + np.arange(width.sum()) - np.repeat(stop - width, width)
        return {
            "estimate": cells["estimate"].to_numpy(),
            "centre": np.where(counted, np.nan, (low + high) / 2),
            "half": np.where(counted, np.nan, np.maximum((high - low) / 2, FINEST * sd)),
            "sd": np.where(counted, np.nan, sd),
            "trials": trials,
            "first": first,
            "start": (stop - width).astype(float),
            "stop": stop.astype(float),
            "log_choose": special.gammaln(n + 1) - special.gammaln(count + 1) - special.gammaln(n - count + 1),
            "whole": np.array({"percent": 100.0, "proportion": 1.0, "identity": np.inf}[cells.attrs["unit"]]),
        }

    def quantity(self, survey: Survey, *, cut: Any = None, category: Any = None) -> Quantity:
        """Return what is estimated: the share, or the mean for the identity link."""
        _only_ratings(cut, category)
        if survey.cells.attrs["unit"] == "identity":
            return Quantity("mean", lambda eta: np.array(eta[..., 0]))
        return Quantity("share", lambda eta: np.asarray(special.expit(eta[..., 0])))

    def draw(self, eta: Array, data: Arrays, rng: np.random.Generator) -> Array:
        """Return simulated estimates in the printed unit, before rounding; dims (..., cell)."""
        exact, whole = ~np.isnan(data["trials"]), data["whole"]
        out = np.array(eta[..., 0], dtype=float)
        out[..., ~exact] += rng.normal(size=out[..., ~exact].shape) * data["sd"][~exact]
        if np.isinf(whole):  # a mean: no link
            return out
        share = np.asarray(special.expit(out))
        trials = data["trials"][exact]
        share[..., exact] = rng.binomial(trials.astype(int), share[..., exact]) / trials
        return np.asarray(whole * share)


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
        Scale of the half-normal prior on that standard deviation (logits), or a prior.

    Examples
    --------
    >>> Rating(), Rating(by="item")
    (Rating(), Rating(by='item', scale=0.5))
    """

    by: str | None = None
    scale: float | Prior = 0.5

    kinds = ("rating",)
    kernel = "rating"
    observed = "count"
    base = "threshold"

    def __post_init__(self) -> None:
        as_prior(self.scale)

    def __repr__(self) -> str:
        return "Rating()" if self.by is None else f"Rating(by={self.by!r}, scale={self.scale})"

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
        scale, learned = standard_deviation(name, self.scale)
        return [replace(block, name=name, channels=fed, scale=scale, parameters=learned, beyond=None)]

    def arrays(self, survey: Survey) -> dict[str, Array]:
        """Return the counts of each cell, dims (cell, category), and the constant of each cell."""
        return _multinomial(survey)

    def soften(self, data: Arrays, level: npt.NDArray[np.intp]) -> dict[str, Array]:
        """Return the data with one answer more where a level (of `by`; dims (cell)) never chose a middle category.

        With it the thresholds around that category stay apart when the mode is sought; never for the posterior.
        """
        count = data["count"].copy()
        first = np.unique(level, return_index=True)[1]
        total = np.zeros((level.max() + 1, count.shape[1]))
        np.add.at(total, level, count)
        count[first, 1:-1] += total[:, 1:-1] == 0
        return {**data, "count": count}

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


Outcome = Share | Reported | Rating | Choice


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


def effective_counts(survey: Survey) -> Array:
    """Return the answers of each cell as they enter the likelihood; dims (cell, category).

    A design effect divides them. With ``weighting="effective"``: weighted shares × effective n = (Σw)²/Σw² (Kish 1965),
    that is sums of weights × Σw/Σw², so that weights that are all 1 give the counts themselves, to the last bit.
    """
    cells: xr.Dataset = survey.cells
    count: Array = cells["count"].transpose("cell", "category").to_numpy()
    if cells.attrs["weighting"] != "effective":
        return np.asarray(count / cells.attrs.get("design_effect", 1.0))
    weighted, squares = cells["weighted"].transpose("cell", "category").to_numpy(), cells["squares"].to_numpy()
    total = weighted.sum(axis=1)
    factor = np.divide(total, squares, where=total > 0, out=np.zeros_like(total))
    return np.asarray(weighted * factor[:, None])


def log_likelihood(kernel: str, eta: npt.ArrayLike, data: Arrays) -> Array:
    """Return the log-likelihood, dims (..., cell), at linear predictors, dims (..., cell, channel), by a kernel's name.

    Examples
    --------
    >>> data = {"positive": np.array([1.0]), "n": np.array([2.0]), "constant": np.array([np.log(2.0)])}
    >>> log_likelihood("share", [[[0.0]]], data).round(4)
    array([[-0.6931]])
    """
    from navmodels.inference import kernels

    kind, table, flat = kernels.pack(kernel, data)
    rows = np.ascontiguousarray(eta, dtype=float)
    out = kernels.log_likelihood(kind, rows.reshape(-1, *rows.shape[-2:]), table, flat)
    return np.asarray(out).reshape(rows.shape[:-1])


# ---- inside


def _only_ratings(cut: Any, category: Any) -> None:
    if cut is not None or category is not None:
        raise ValueError(
            "cut= and category= are for ratings and choices; this fit models a share or a published number."
        )


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
