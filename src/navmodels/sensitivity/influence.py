"""leave_out: what every estimate would be without each group in turn.

Where the data allow, the group's likelihood is divided out of the draws by importance weights (Pareto-smoothed; Vehtari
et al. 2024), which costs nothing; where they do not, the model is fitted again. Each row says which.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels import checks
from navmodels.checks.reserved import require_free
from navmodels.data.cells import cell_index, settle_weights
from navmodels.data.survey import Survey
from navmodels.engines.fitting import fit, refit
from navmodels.fits.records import recall_design
from navmodels.gate.convergence import k_limit, require_converged
from navmodels.gate.smoothing import smooth_weights
from navmodels.models.designs import Design, spell_out
from navmodels.models.model import Model
from navmodels.posterior.entries import to_rows
from navmodels.posterior.estimates import estimate
from navmodels.posterior.new_levels import match_population

OVER = ("chain", "draw")


def leave_out(
    model: Model,
    survey: Survey,
    *,
    along: str,
    estimand: Mapping[str, Any],
    engine: str = "auto",
    seed: int | None = None,
) -> pd.DataFrame:
    """Say how each group moves the estimates of the others.

    Parameters
    ----------
    model, survey
        As given to `fit`.
    along
        Factor of the model whose levels are left out in turn, for instance "county".
    estimand
        Arguments of `estimate`, for instance ``{"by": "industry", "cut": 4}``. A population loses its rows of the level
        left out. Default priors keep the numbers they have with all groups.
    engine, seed
        As in `fit`.

    Returns
    -------
    pandas.DataFrame
        One row for each level left out and each estimate: left_out, the dims of the estimate, mean and sd without the
        level, mean_all and sd_all with it (of the same population, which the level is no part of), shift (mean −
        mean_all, in units of sd_all), k (Pareto k̂ of the weights), method ("weights" or "refit").

    Raises
    ------
    ValueError
        When `along` is no factor of the model, or has fewer than three levels, or a factor of the estimate is called as
        a column of the table is.
    NotConvergedError
        When a fit did not pass the gate.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey
    >>> from navmodels.sensitivity import leave_out
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 20], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> out = leave_out(Model(Share(), Group("office")), survey, along="office", estimand={"by": "office"}, seed=1)
    >>> out.columns.tolist()
    ['left_out', 'office', 'mean', 'sd', 'mean_all', 'sd_all', 'shift', 'k', 'method']
    >>> sorted(set(out.loc[out["left_out"] == "D", "office"]))
    ['A', 'B', 'C']
    """
    checks.one_of(along, model.factors, what="along")
    by = estimand.get("by", ())
    require_free([by] if isinstance(by, str) else by, "leave_out")
    levels = survey.levels[along]
    if len(levels) < 3:
        raise ValueError(f"{along!r} has {len(levels)} levels; at least three are needed to leave one out.")
    whole = _passed(fit(model, survey, engine=engine, seed=seed), "all groups")
    design = recall_design(whole)
    pointwise = whole["log_likelihood"].to_dataset()[model.outcome.observed]
    everybody = estimand.get("population")
    if everybody is None:
        everybody = design.cells.assign(weight=_known_weights(design, estimand.get("by", ())))
    else:
        checks.require_pandas(everybody, what="population")
        everybody, _ = match_population(design, everybody, estimand.get("new_levels", "refuse"))
    parts = []
    for level in levels:
        asked = {**estimand, "population": everybody[everybody[along] != level]}
        draws = estimate(whole, **asked)
        inside = np.flatnonzero(design.cells[along].to_numpy() == level)
        weights, k = _without(pointwise.isel(cell=inside).sum("cell"))
        alone = not any(block.sampling for block in design.blocks)  # a panel's cells do not leave one by one
        method = "weights" if alone and k < k_limit(weights.size) else "refit"
        if method == "refit":
            less = survey.drop(**{along: level})
            again = _passed(
                refit(spell_out(model, survey), less, engine=engine, seed=whole.attrs["seed"]), f"without {level!r}"
            )
            other = estimate(again, **asked)
            mean, sd = other.mean(OVER), other.std(OVER, ddof=1)
        else:
            mean, sd = _weighted(draws, weights)
        parts.append(_rows(level, draws, mean, sd).assign(k=k, method=method))
    return pd.concat(parts, ignore_index=True)


# ---- inside


def _known_weights(design: Design, by: str | Sequence[str]) -> npt.NDArray[np.float64]:
    """Return population weights; one that is not known is any number where its cell is a group of its own."""
    weight = design.survey.cells["weight"].to_numpy()
    _, index = cell_index(design.cells, [by] if isinstance(by, str) else list(by))
    return settle_weights(weight, index, design.cells)


def _passed(fitted: xr.DataTree, what: str) -> xr.DataTree:
    require_converged(fitted.attrs["unconverged"], what=f"the fit of {what}")
    return fitted


def _without(log_likelihood: xr.DataArray) -> tuple[xr.DataArray, float]:
    """Return weights that divide a likelihood, dims (chain, draw), out of the draws, and their k̂."""
    weights, k = smooth_weights(-log_likelihood.to_numpy())
    return log_likelihood.copy(data=weights), k


def _weighted(draws: xr.DataArray, weights: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    mean = (draws * weights).sum(OVER, skipna=False)
    return mean, (weights * (draws - mean) ** 2).sum(OVER, skipna=False) ** 0.5


def _rows(level: Any, draws: xr.DataArray, mean: xr.DataArray, sd: xr.DataArray) -> pd.DataFrame:
    draws = draws.drop_vars("n", errors="ignore")
    mean_all, sd_all = draws.mean(OVER), draws.std(OVER, ddof=1)
    columns = {"mean": mean, "sd": sd, "mean_all": mean_all, "sd_all": sd_all, "shift": (mean - mean_all) / sd_all}
    columns = {name: each.drop_vars("n", errors="ignore") for name, each in columns.items()}
    rows = to_rows(columns, mean_all)
    rows.insert(0, "left_out", checks.plain(level))
    return rows
