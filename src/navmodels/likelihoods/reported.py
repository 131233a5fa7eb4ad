"""Published numbers: the probability that a number would be printed, of counts that print so or of an interval."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from navmodels.data.survey import Survey
from navmodels.likelihoods.compilation import compiled
from navmodels.likelihoods.normals import interval, log_one_plus
from navmodels.likelihoods.outcomes import Array, Arrays, CellOutcome, Quantity, Seen, only_ratings

COLUMNS = ("centre", "half", "sd", "trials", "first", "step", "start", "stop")  # what the kernel takes of each cell
FLAT = "log_choose"  # numbers that are not one a cell: those of each stand from start to stop

MANY = 1000  # counts that print as one share, above which they are an interval of a normal on the arcsine scale
PLATEAU = 1e-3  # half-width in standard errors of a normal without rounding
FINEST = 1e-5  # half-width of rounding in standard errors: below, the difference of two Φ loses its digits
FINE = 0.02  # of a mean: rounding below changes its variance by 1e-4 at most, and is taken as none


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
    total = "weighted mean"

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

    def seen(self, survey: Survey) -> Seen:
        """Return the published number of each cell; weights are the population's where all are known."""
        weight = survey.cells["weight"].to_numpy()
        weight = np.ones(len(weight)) if np.isnan(weight).any() else weight  # a check may average as it likes
        return Seen(survey.cells["estimate"].to_numpy()[:, None], np.ones(len(weight)), weight / weight.sum())

    def left_out(self, data: Arrays) -> Array:
        """Return the log of the width as printed over that taken, dims (cell)."""
        return data["log_width"]

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
            "half": np.where(wide, PLATEAU * spread, data["half"]),
            "sd": np.where(wide, spread, data["sd"]),
            "trials": np.where(wide, np.nan, data["trials"]),
        }

    def quantity(self, survey: Survey, *, cut: Any = None, category: Any = None) -> Quantity:
        """Return what is estimated: the share, or the mean for the identity link."""
        only_ratings(cut, category)
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


def sizes(channels: int) -> tuple[int, int]:
    """Return how many rows the table has, and how many flat numbers there are (-1: any), for so many channels."""
    return 8, -1


@compiled
def derivatives(eta: Array, table: Array, flat: Array, value: Array, gradient: Array, curvature: Array) -> None:
    """Probability that the printed number would be printed: of some counts, or of an interval of a normal.

    Counts that are too many to be added up have trials but no logs of binomial coefficients: an interval on the arcsine
    scale, 2 asin √p, where the standard error is 1/√n everywhere.
    """
    centre, half, sd, trials = table[0], table[1], table[2], table[3]
    first, step, start, stop = table[4], table[5], table[6], table[7]
    for c in range(len(eta)):
        if np.isnan(trials[c]):
            v, slope, bend = interval((eta[c, 0] - centre[c]) / sd[c], half[c] / sd[c])
            value[c], gradient[c, 0], curvature[c, 0] = v, slope / sd[c], bend / sd[c] ** 2
        elif start[c] == stop[c]:
            x = eta[c, 0]
            e = math.exp(-abs(x))
            root = math.exp(-abs(x) / 2) / (1 + e)  # √p(1 − p)
            angle, lean = 2 * math.atan(math.exp(min(x, 600.0) / 2)), 0.5 * math.tanh(-x / 2)
            v, slope, bend = interval((angle - centre[c]) / sd[c], half[c] / sd[c])
            value[c], gradient[c, 0] = v, slope * root / sd[c]
            curvature[c, 0] = max(bend * (root / sd[c]) ** 2 - slope * root * lean / sd[c], 0.0)
        else:
            value[c], gradient[c, 0], curvature[c, 0] = _counts(
                eta[c, 0], trials[c], first[c], step[c], flat[int(start[c]) : int(stop[c])]
            )


@compiled
def values(eta: Array, table: Array, flat: Array, value: Array) -> None:
    """Write the log-likelihood of each cell."""
    derivatives(eta, table, flat, value, np.empty((len(eta), 1)), np.empty((len(eta), 1)))


# ---- inside


def _angle(share: Array) -> Array:
    """Return 2 asin √p: far beyond where p is 0 or 1, so that nothing is cut off there."""
    angle = 2 * np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0)))
    return np.where(share <= 0, -np.pi, np.where(share >= 1, 2 * np.pi, angle))


@compiled
def _counts(eta: float, n: float, first: float, step: float, log_choose: Array) -> tuple[float, float, float]:
    """Log of the binomial probability of the counts first, first + step, ..., and its derivatives."""
    top, best, x = 0, -np.inf, step * eta
    for j in range(len(log_choose)):
        if log_choose[j] + j * x > best:
            top, best = j, log_choose[j] + j * x
    e = math.exp(-abs(eta))
    log1p = log_one_plus(e)
    near, far = 1.0 / (1.0 + e), e / (1.0 + e)
    p, q = (near, far) if eta >= 0 else (far, near)
    total, mean = 0.0, 0.0
    for j in range(len(log_choose)):
        weight = math.exp(log_choose[j] - log_choose[top] + (j - top) * x)
        total += weight
        mean += weight * j
    mean /= total
    slope, spread = 0.0, 0.0
    for j in range(len(log_choose)):
        weight = math.exp(log_choose[j] - log_choose[top] + (j - top) * x) / total
        k = first + step * j
        slope += weight * (k * q - (n - k) * p)
        spread += weight * (step * (j - mean)) ** 2
    k = first + step * top
    value = log_choose[top] - k * (max(-eta, 0.0) + log1p) - (n - k) * (max(eta, 0.0) + log1p) + math.log(total)
    return value, slope, max(n * p * q - spread, 0.0)
