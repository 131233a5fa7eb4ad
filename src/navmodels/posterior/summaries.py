"""summarise: the one door from draws to tables, and the gate that stands in it."""

import numpy as np
import pandas as pd
import xarray as xr

from navmodels import checks
from navmodels.gate.convergence import failures, require_converged
from navmodels.gate.marks import untraced
from navmodels.posterior.changes import classify
from navmodels.posterior.comparisons import NULL, require_draws
from navmodels.posterior.entries import describe_entries, entry_table
from navmodels.posterior.grids import label_columns


def summarise(draws: xr.DataArray, *, prob: float = 0.95, allow_unconverged: bool = False) -> pd.DataFrame:
    """Summarise draws as a table, once they have passed the gate.

    Parameters
    ----------
    draws
        Dims (chain, draw, ...), of `estimate`, `change`, `contrast`, `rank`, or of the posterior of a fit. What xarray
        makes of them carries the mark of the gate on. Draws that combine fits of which one did not pass are refused;
        draws made elsewhere, which have no mark, are judged by R-hat and effective sizes alone, and stamped.
    prob
        Level of the equal-tailed interval.
    allow_unconverged
        Summarise even so; the table is stamped with a column ``unconverged`` that says why it should not be.

    Returns
    -------
    pandas.DataFrame
        One row an entry: the dims and other coordinates, then mean, median, sd, lower, upper, prob. For a change also
        p_increase and class (judged at 95 % and 90 % whatever `prob`); for a contrast p_above, the probability that it
        is above no difference. Entries that are missing throughout have no row; groups with too few levels for a change
        have one without numbers, of the class "only one <along>".

    Raises
    ------
    NotConvergedError
        Saying which criterion failed, for which quantity.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from navmodels import summarise
    >>> values = np.random.default_rng(1).normal(0.8, 0.1, size=(4, 1000))
    >>> table = summarise(xr.DataArray(values, dims=("chain", "draw")))
    >>> table[["mean", "median", "sd", "lower", "upper"]].round(1)
       mean  median   sd  lower  upper
    0   0.8     0.8  0.1    0.6    1.0
    >>> table["unconverged"][0]
    'not traced to a fit that passed its gate; only these draws were judged'
    """
    require_draws(draws)
    checks.require_prob(prob)
    reason = failures(draws)
    if not allow_unconverged:
        require_converged(reason, anyway=True)
    quantity, null = draws.attrs.get("quantity"), NULL.get(draws.attrs.get("kind", ""), 0.0)
    compared = quantity in ("change", "contrast")
    low, high = 0.5 - prob / 2, 0.5 + prob / 2
    found = describe_entries(draws, (low, 0.5, high, *LIMITS), null=null if compared else None)
    lower, median, upper, *limits = found["quantiles"]
    columns = {"mean": found["mean"], "median": median, "sd": found["sd"], "lower": lower, "upper": upper}
    columns["prob"] = np.where(np.isnan(found["mean"]), np.nan, prob)
    if compared:
        columns["p_increase" if quantity == "change" else "p_above"] = found["above"]
    if quantity == "change":
        columns |= dict(zip(map(str, LIMITS), limits, strict=True))
    table = entry_table(draws, columns)
    if quantity == "change":
        table["class"] = classify(*(table.pop(str(limit)) for limit in LIMITS), null=null)
        table = _with_only(table, draws)
    stamp = reason or untraced(draws)
    if stamp:
        table["unconverged"] = stamp
    table.attrs = ({"untraced": True} if stamp and not reason else {}) | {
        name: value
        for name, value in draws.attrs.items()
        if name in ("engine", "seed", "simulated", "weighting", "kind", "failed") and value not in ("", {})
    }
    return table


# ---- inside

LIMITS = (0.025, 0.975, 0.05, 0.95)  # what a change is classified by


def _with_only(table: pd.DataFrame, draws: xr.DataArray) -> pd.DataFrame:
    """Return a table of changes with the groups that have too few levels for one, after the others."""
    along, lag = str(draws.attrs.get("along", "year")), int(draws.attrs.get("lag", 1))
    word = f"only one {along}" if lag == 1 else f"no {along} {lag} before"
    start, only = f"{along}_from", f"{along}_only"
    listed = table.drop(columns=only, errors="ignore")
    if only in draws.coords:
        labels, further = label_columns(draws.coords[only].rename("level"))
        groups = pd.DataFrame({**labels, **further, along: np.ravel(draws.coords[only])})
        groups = groups[groups[along].notna()].infer_objects()
        columns = [name for name in groups if name in listed]
        groups = groups[columns].assign(**{"class": word})
        listed = pd.concat([listed, groups.astype({along: listed[along].dtype})], ignore_index=True)
    if (
        start in listed and along in listed and pd.api.types.is_integer_dtype(listed[along])
    ):  # with gaps they are floats
        listed[start] = listed[start].astype("Int64" if listed[start].isna().any() else listed[along].dtype)
    return listed
