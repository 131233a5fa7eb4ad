"""Outcomes: what one cell's numbers say about its linear predictor.

Each outcome turns the cells of a survey into the arrays that its kernel takes; the likelihood itself is written once,
in `inference.kernels`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import special

from navmodels.data.survey import Survey

Array = npt.NDArray[np.float64]
Arrays = Mapping[str, Array]

FINEST = 1e-5  # half-width of rounding in standard errors: below, the difference of two Φ loses its digits


@dataclass(frozen=True)
class Share:
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
        k, n = effective_counts(survey)
        constant = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
        return {"positive": k, "n": n, "constant": constant}

    def log_likelihood(self, eta: npt.ArrayLike, data: Arrays) -> Array:
        """Return the log-likelihood of each cell at linear predictor `eta`, dims (..., cell)."""
        return log_likelihood(self.kernel, eta, data)

    def mean(self, eta: Array, survey: Survey) -> Array:
        """Return the expected share."""
        return np.asarray(special.expit(eta))

    def draw(self, eta: Array, data: Arrays, rng: np.random.Generator) -> Array:
        """Return simulated positives; effective sample sizes are rounded down."""
        return np.asarray(rng.binomial(np.floor(data["n"]).astype(int), special.expit(eta)), dtype=float)


@dataclass(frozen=True)
class Reported:
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

    def log_likelihood(self, eta: npt.ArrayLike, data: Arrays) -> Array:
        """Return the log-probability of each printed number at linear predictor `eta`, dims (..., cell)."""
        return log_likelihood(self.kernel, eta, data)

    def mean(self, eta: Array, survey: Survey) -> Array:
        """Return the expected share, or mean for the identity link."""
        return eta if survey.cells.attrs["unit"] == "identity" else np.asarray(special.expit(eta))

    def draw(self, eta: Array, data: Arrays, rng: np.random.Generator) -> Array:
        """Return simulated estimates in the printed unit, before rounding; dims (..., cell)."""
        exact, whole = ~np.isnan(data["trials"]), data["whole"]
        out = np.array(eta, dtype=float)
        out[..., ~exact] += rng.normal(size=out[..., ~exact].shape) * data["sd"][~exact]
        if np.isinf(whole):  # a mean: no link
            return out
        share = np.asarray(special.expit(out))
        trials = data["trials"][exact]
        share[..., exact] = rng.binomial(trials.astype(int), share[..., exact]) / trials
        return np.asarray(whole * share)


Outcome = Share | Reported


def effective_counts(survey: Survey) -> tuple[Array, Array]:
    """Return positives and answers of each cell as they enter the likelihood; dims (cell).

    With ``weighting="effective"``: effective n = (Σw)²/Σw² (Kish 1965) and positives = weighted share × effective n;
    both are sums of weights × Σw/Σw², so that weights that are all 1 give the counts themselves, to the last bit.
    """
    cells: xr.Dataset = survey.cells
    count = cells["count"].to_numpy()
    if cells.attrs["weighting"] != "effective":
        return count[:, 1].copy(), count.sum(axis=1)
    weighted, squares = cells["weighted"].to_numpy(), cells["squares"].to_numpy()
    total = weighted.sum(axis=1)
    factor = np.divide(total, squares, where=total > 0, out=np.zeros_like(total))
    return weighted[:, 1] * factor, total * factor


def log_likelihood(kernel: str, eta: npt.ArrayLike, data: Arrays) -> Array:
    """Return the log-likelihood of each cell at linear predictor `eta`, dims (..., cell), by the kernel of a name.

    Examples
    --------
    >>> data = {"positive": np.array([1.0]), "n": np.array([2.0]), "constant": np.array([np.log(2.0)])}
    >>> log_likelihood("share", [[0.0]], data).round(4)
    array([[-0.6931]])
    """
    from navmodels.inference import kernels

    kind, table, flat = kernels.pack(kernel, data)
    rows = np.ascontiguousarray(eta, dtype=float)
    return np.asarray(kernels.log_likelihood(kind, rows.reshape(-1, rows.shape[-1]), table, flat)).reshape(rows.shape)
