"""Outcomes: what one cell's numbers say about its linear predictor.

Each outcome turns the cells of a survey into arrays and those into a log-likelihood, written once over an array
namespace: with `NUMPY` it gives numbers, with the graph's namespace the PyMC model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import special

from navmodels.data.survey import Survey

Array = npt.NDArray[np.float64]
Arrays = Mapping[str, Any]

NUMPY = SimpleNamespace(
    abs=np.abs,
    log1mexp=lambda x: np.where(x > -np.log(2), np.log(-np.expm1(x)), np.log1p(-np.exp(x))),
    log_ndtr=special.log_ndtr,
    logsumexp=lambda x: special.logsumexp(x, axis=-1),
    softplus=lambda x: np.logaddexp(0.0, x),
    join=lambda places, parts, eta: _join(places, parts, eta),
)


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
    observed = "positive"

    def arrays(self, survey: Survey) -> dict[str, Array]:
        """Return k, n and the constant of each cell."""
        k, n = effective_counts(survey)
        constant = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
        return {"positive": k, "n": n, "constant": constant}

    def log_likelihood(self, eta: Any, data: Arrays, *, math: Any = NUMPY) -> Any:
        """Return the log-likelihood of each cell at linear predictor `eta`, dims (..., cell)."""
        return data["constant"] + data["positive"] * eta - data["n"] * math.softplus(eta)

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
    observed = "estimate"

    def arrays(self, survey: Survey) -> dict[str, Array]:
        """Return, for normal rows, centre and half-width in sd; for exact rows, counts and binomial coefficients."""
        cells = survey.cells
        exact = np.flatnonzero(cells["trials"].notnull().to_numpy())
        normal = np.flatnonzero(cells["trials"].isnull().to_numpy())
        low, high, sd = (cells[name].to_numpy()[normal] for name in ("low", "high", "sd"))
        first, last, trials = (cells[name].to_numpy()[exact] for name in ("count_low", "count_high", "trials"))
        width = int((last - first).max()) + 1 if len(exact) else 1
        count = first[:, None] + np.arange(width)
        inside = count <= last[:, None]
        count = np.where(inside, count, first[:, None])
        n = trials[:, None]
        choose = special.gammaln(n + 1) - special.gammaln(count + 1) - special.gammaln(n - count + 1)
        return {
            "estimate": cells["estimate"].to_numpy(),
            "normal": normal,
            "centre": (low + high) / 2,
            "half": np.maximum((high - low) / 2, FINEST * sd),
            "sd": sd,
            "exact": exact,
            "trials": trials,
            "count": count,
            "log_choose": np.where(inside, choose, -np.inf),
            "whole": np.array({"percent": 100.0, "proportion": 1.0, "identity": np.inf}[cells.attrs["unit"]]),
        }

    def log_likelihood(self, eta: Any, data: Arrays, *, math: Any = NUMPY) -> Any:
        """Return the log-probability of each printed number at linear predictor `eta`, dims (..., cell)."""
        mean = eta[..., data["normal"]]
        distance = -math.abs((data["centre"] - mean) / data["sd"])  # symmetry: stay in the left tail
        half = data["half"] / data["sd"]
        upper, lower = math.log_ndtr(distance + half), math.log_ndtr(distance - half)
        rounded = upper + math.log1mexp(lower - upper)
        logit = eta[..., data["exact"]]
        ways = math.logsumexp(data["log_choose"] + data["count"] * logit[..., None])
        counted = ways - data["trials"] * math.softplus(logit)
        return math.join((data["normal"], data["exact"]), (rounded, counted), eta)

    def mean(self, eta: Array, survey: Survey) -> Array:
        """Return the expected share, or mean for the identity link."""
        return eta if survey.cells.attrs["unit"] == "identity" else np.asarray(special.expit(eta))

    def draw(self, eta: Array, data: Arrays, rng: np.random.Generator) -> Array:
        """Return simulated estimates in the printed unit, before rounding; dims (..., cell)."""
        normal, exact, whole = data["normal"], data["exact"], data["whole"]
        out = np.array(eta, dtype=float)
        out[..., normal] += rng.normal(size=out[..., normal].shape) * data["sd"]
        if np.isinf(whole):  # a mean: no link
            return out
        share = np.asarray(special.expit(out))
        share[..., exact] = rng.binomial(data["trials"].astype(int), share[..., exact]) / data["trials"]
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


# ---- inside


def _join(places: tuple[Any, ...], parts: tuple[Any, ...], eta: Array) -> Array:
    out = np.empty(np.shape(eta))
    for place, part in zip(places, parts, strict=True):
        out[..., place] = part
    return out
