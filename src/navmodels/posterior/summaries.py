"""summarise: the one door from draws to tables, and the gate that stands in it."""

import pandas as pd
import xarray as xr

from navmodels.inference.convergence import NotConvergedError, failures
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
    if reason and not allow_unconverged:
        raise NotConvergedError(
            f"the draws did not converge: {reason}. Fit longer (draws=), simplify the model, or look anyway with "
            "allow_unconverged=True, which stamps the table."
        )
    table = _describe(draws, prob)
    if draws.attrs.get("quantity") == "change":
        null = NULL[draws.attrs["kind"]]
        wide, narrow = _describe(draws, 0.95), _describe(draws, 0.90)
        table["p_increase"] = _share_above(draws, null)
        table["class"] = classify(wide["lower"], wide["upper"], narrow["lower"], narrow["upper"], null=null)
    elif draws.attrs.get("quantity") == "contrast":
        table["p_above"] = _share_above(draws, NULL[draws.attrs["kind"]])
    if reason:
        table["unconverged"] = reason
    table.attrs = {
        name: value
        for name, value in draws.attrs.items()
        if name in ("engine", "seed", "simulated", "weighting") and value != ""
    }
    return table


# ---- inside


def _describe(draws: xr.DataArray, prob: float) -> pd.DataFrame:
    over = ("chain", "draw")
    mean = draws.mean(over, skipna=False)
    ends = draws.quantile([0.5 - prob / 2, 0.5, 0.5 + prob / 2], dim=over, skipna=False)
    lower, median, upper = (ends.isel(quantile=place, drop=True) for place in range(3))
    columns = {
        "mean": mean,
        "median": median,
        "sd": draws.std(over, ddof=1, skipna=False),
        "lower": lower,
        "upper": upper,
    }
    return to_rows(columns, mean).assign(prob=prob)


def _share_above(draws: xr.DataArray, null: float) -> pd.Series:
    above = (draws > null).mean(("chain", "draw")).where(draws.notnull().all(("chain", "draw")))
    return to_rows({"above": above}, above)["above"]
