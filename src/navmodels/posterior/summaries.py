"""summarise: the one door from draws to tables, and the gate that stands in it."""

import pandas as pd
import xarray as xr

from navmodels.inference.convergence import LOOK_ANYWAY, failures, require_converged
from navmodels.posterior.changes import classify
from navmodels.posterior.comparisons import NULL, require_draws, to_rows


def summarise(draws: xr.DataArray, *, prob: float = 0.95, allow_unconverged: bool = False) -> pd.DataFrame:
    """Summarise draws as a table, once they have passed the gate.

    Parameters
    ----------
    draws
        Dims (chain, draw, ...), of `estimate`, `change`, `contrast` or `rank`.
    prob
        Level of the equal-tailed interval.
    allow_unconverged
        Summarise even so; the table is stamped with a column ``unconverged`` that says why it should not be.

    Returns
    -------
    pandas.DataFrame
        One row an entry: the dims and other coordinates, then mean, median, sd, lower, upper, prob. For a change also
        p_increase and class (judged at 95 % and 90 % whatever `prob`); for a contrast p_above, the probability that it
        is above no difference. Entries that are missing throughout have no row.

    Raises
    ------
    NotConvergedError
        Saying which criterion failed, for which quantity.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from navmodels import summarise
    >>> values = np.random.default_rng(1).normal(0.8, 0.1, size=(4, 1000))
    >>> summarise(xr.DataArray(values, dims=("chain", "draw"))).round(1)
       mean  median   sd  lower  upper  prob
    0   0.8     0.8  0.1    0.6    1.0   1.0
    """
    require_draws(draws)
    if not 0 < prob < 1:
        raise ValueError(f"prob is {prob}; allowed: between 0 and 1, for instance 0.95.")
    reason = failures(draws)
    if not allow_unconverged:
        require_converged(reason, advice=LOOK_ANYWAY)
    columns = _describe(draws, prob)
    quantity = draws.attrs.get("quantity")
    if quantity in ("change", "contrast"):
        null = NULL[draws.attrs["kind"]]
        columns["p_increase" if quantity == "change" else "p_above"] = _share_above(draws, null)
    if quantity == "change":
        columns |= dict(zip(LIMITS, _quantiles(draws, (*_ends(0.95), *_ends(0.90))), strict=True))
    table = to_rows(columns, columns["mean"])
    table.insert(list(table.columns).index("upper") + 1, "prob", prob)
    if quantity == "change":
        table["class"] = classify(*(table.pop(name) for name in LIMITS), null=null)
    if reason:
        table["unconverged"] = reason
    table.attrs = {
        name: value
        for name, value in draws.attrs.items()
        if name in ("engine", "seed", "simulated", "weighting", "kind", "failed") and value not in ("", {})
    }
    return table


# ---- inside

OVER = ("chain", "draw")
LIMITS = ("lower95", "upper95", "lower90", "upper90")  # what a change is classified by


def _describe(draws: xr.DataArray, prob: float) -> dict[str, xr.DataArray]:
    mean = draws.mean(OVER, skipna=False)
    low, high = _ends(prob)
    lower, median, upper = _quantiles(draws, (low, 0.5, high))
    return {
        "mean": mean,
        "median": median,
        "sd": draws.std(OVER, ddof=1, skipna=False),
        "lower": lower,
        "upper": upper,
    }


def _ends(prob: float) -> tuple[float, float]:
    return 0.5 - prob / 2, 0.5 + prob / 2


def _quantiles(draws: xr.DataArray, at: tuple[float, ...]) -> list[xr.DataArray]:
    each = draws.quantile(at, dim=OVER, skipna=False)
    return [each.isel(quantile=place, drop=True) for place in range(len(at))]


def _share_above(draws: xr.DataArray, null: float) -> xr.DataArray:
    return (draws > null).mean(OVER).where(draws.notnull().all(OVER))
