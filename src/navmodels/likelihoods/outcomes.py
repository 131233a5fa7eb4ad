"""Outcomes: what one cell's numbers say about its linear predictors.

Each outcome turns the cells of a survey into the arrays that its kernel takes; the likelihood itself is written once,
in `kernels`. A cell has one linear predictor or several, its *channels*: `channels` says how many, `fed` into
which of them terms go, and `based` which have a coefficient of their own (the intercept or thresholds). Those with
several categories are in `categorical`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import special

from navmodels.data.survey import Survey
from navmodels.models.blocks import Block

Array = npt.NDArray[np.float64]
Arrays = Mapping[str, Array]

Predict = Callable[[Array], Array]

MANY = 1000  # counts that print as one share, above which they are an interval of a normal on the arcsine scale
FLAT = 1e-3  # half-width in standard errors of a normal without rounding
FINEST = 1e-5  # half-width of rounding in standard errors: below, the difference of two Φ loses its digits
FINE = 0.02  # of a mean: rounding below changes its variance by 1e-4 at most, and is taken as none


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

    Simple samples: the binomial probability of all counts that print as the share. Weighted samples with n over the
    design effect below 100: the same, with counts and n over the design effect. Other weighted samples and means:
    ``Φ((u − η)/sd) − Φ((l − η)/sd)`` with l, u the limits of rounding on the linear scale (logit for shares, identity
    for means; Fay & Herriot 1979). A number that shows more decimals than its standard error can tell apart is taken
    as rounded to 1e-5 of it, which changes the log-likelihood by a constant only; of a mean from a half-width of 0.02
    standard errors, so that it does not matter in which unit it was printed.

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
        """Return the arrays of the kernel; centre, half-width, sd are NaN where counts are added up, counts elsewhere.

        The logs of the binomial coefficients of all counts that print as the share are flat: those of a cell stand
        from ``start`` to ``stop``. Of more than `MANY` there are none, and centre, half-width and sd are on the arcsine
        scale: with so many, the difference is below 2e-3 of a probability, and the cost does not grow with n.
        """
        cells = survey.cells
        low, high, sd = (cells[name].to_numpy() for name in ("low", "high", "sd"))
        half = half_widths(survey)
        first, last, trials = (cells[name].to_numpy() for name in ("count_low", "count_high", "trials"))
        counted, step = ~np.isnan(trials), 1 / cells.attrs["design_effect"]
        width = np.where(counted, np.rint((last - first) / step) + 1, 0.0).astype(int)
        many = width > MANY
        width[many] = 0
        stop = np.cumsum(width)
        n = np.repeat(trials, width)
        count = np.repeat(first, width) + step * (np.arange(width.sum()) - np.repeat(stop - width, width))
        count = np.minimum(count, n)  # the last may be n itself, up to rounding
        low, high, sd = low.copy(), high.copy(), sd.copy()
        edge = step / 2 / trials[many]
        low[many], high[many] = _angle(first[many] / trials[many] - edge), _angle(last[many] / trials[many] + edge)
        sd[many] = 1 / np.sqrt(trials[many])
        added = counted & ~many
        return {
            "estimate": cells["estimate"].to_numpy(),
            "centre": np.where(added, np.nan, (low + high) / 2),
            "half": np.where(added, np.nan, np.where(many, np.maximum((high - low) / 2, FINEST * sd), half)),
            "sd": np.where(added, np.nan, sd),
            "log_width": np.where(counted, 0.0, np.log(np.maximum((high - low) / 2, FINEST * sd) / half)),
            "trials": trials,
            "first": first,
            "step": np.full(len(first), step),
            "start": (stop - width).astype(float),
            "stop": stop.astype(float),
            "log_choose": special.gammaln(n + 1) - special.gammaln(count + 1) - special.gammaln(n - count + 1),
            "whole": np.array({"percent": 100.0, "proportion": 1.0, "identity": np.inf}[cells.attrs["unit"]]),
        }

    def log_likelihood(self, eta: npt.ArrayLike, data: Arrays) -> Array:
        """Return the log-likelihood of each cell, that of a number that is taken as finer with its width as printed."""
        return np.asarray(super().log_likelihood(eta, data) + data["log_width"])

    def boxes(self, data: Arrays) -> tuple[Array, Array, Array]:
        """Return centre, half-width and standard error on the linear scale, dims (cell), where rounding is the larger.

        There the likelihood is a plateau with edges. NaN elsewhere, and where a share may be 0 or 1.
        """
        centre, half, sd = data["centre"], data["half"], data["sd"]
        many = ~np.isnan(data["trials"]) & ~np.isnan(centre)
        with np.errstate(invalid="ignore", divide="ignore"):
            ends = [np.where(many, 2 * np.log(np.tan((centre + side * half) / 2)), centre + side * half)
                    for side in (-1, 1)]  # fmt: skip
            middle = (ends[0] + ends[1]) / 2
            error = np.where(many, 2 * sd * np.cosh(np.where(many, middle, 0.0) / 2), sd)
            wide = (half > sd) & np.isfinite(middle)
            reach = (ends[1] - ends[0]) / 2
        return np.where(wide, middle, np.nan), np.where(wide, reach, np.nan), np.where(wide, error, np.nan)

    def soften(self, data: Arrays) -> Arrays:
        """Return arrays by which modes are sought: a plateau is the normal with its mean and variance."""
        centre, half, error = self.boxes(data)
        wide = ~np.isnan(centre)
        spread = np.sqrt(error**2 + half**2 / 3)
        return {
            **data,
            "centre": np.where(wide, centre, data["centre"]),
            "half": np.where(wide, FLAT * spread, data["half"]),
            "sd": np.where(wide, spread, data["sd"]),
            "trials": np.where(wide, np.nan, data["trials"]),
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
        if (trials != np.floor(trials)).any():  # an effective size: one of the whole numbers beside it, by chance
            trials = np.maximum(np.floor(trials + rng.random(share[..., exact].shape)), 1.0)
        share[..., exact] = rng.binomial(trials.astype(int), share[..., exact]) / trials
        return np.asarray(whole * share)


def half_widths(survey: Survey) -> Array:
    """Return half the width of each published number's rounding on the linear scale, dims (cell); NaN for counts."""
    low, high, sd = (survey.cells[name].to_numpy() for name in ("low", "high", "sd"))
    half = (high - low) / 2
    if survey.cells.attrs["unit"] == "identity":
        half = np.where(half < FINE * sd, 0.0, half)
    return np.asarray(np.maximum(half, FINEST * sd))


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
    from navmodels.likelihoods import kernels

    kind, table, flat = kernels.pack(kernel, data)
    rows = np.ascontiguousarray(eta, dtype=float)
    out = kernels.log_likelihood(kind, rows.reshape(-1, *rows.shape[-2:]), table, flat)
    return np.asarray(out).reshape(rows.shape[:-1])


# ---- inside


def _angle(share: Array) -> Array:
    """Return 2 asin √p: far beyond where p is 0 or 1, so that nothing is cut off there."""
    angle = 2 * np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0)))
    return np.where(share <= 0, -np.pi, np.where(share >= 1, 2 * np.pi, angle))


def _only_ratings(cut: Any, category: Any) -> None:
    if cut is not None or category is not None:
        raise ValueError(
            "cut= and category= are for ratings and choices; this fit models a share or a published number."
        )
