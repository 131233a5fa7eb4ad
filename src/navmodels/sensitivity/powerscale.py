"""power_scale: how far the prior and the data each pull, without refitting (Kallioinen et al. 2024).

Draws are reweighted as if the prior, or the likelihood, were raised to a power near one. Only priors at the top are
scaled: of the intercept or thresholds, of standard deviations, and of effects whose standard deviation is fixed; those
of groups follow from the standard deviations.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels.checks.reserved import require_free
from navmodels.fits.posteriors import cell_likelihood, in_order
from navmodels.fits.records import recall_design
from navmodels.gate.convergence import k_limit, require_converged
from navmodels.gate.smoothing import smooth_weights
from navmodels.models.blocks import Block
from navmodels.models.designs import Design
from navmodels.posterior.entries import to_rows
from navmodels.posterior.estimates import estimate

Array = npt.NDArray[np.float64]
POWERS = (0.8, 1.25)  # chosen by hand, equally far from 1 on the log scale
THRESHOLD = 0.05  # of the sensitivities (Kallioinen et al. 2024)


def power_scale(
    fit: xr.DataTree, *, estimand: Mapping[str, Any] | Callable[[xr.DataTree], xr.DataArray] | None = None
) -> pd.DataFrame:
    """Say how sensitive reported quantities are to the power of prior and likelihood.

    Parameters
    ----------
    fit
        A fit of `navmodels.fit`.
    estimand
        Arguments of `estimate`, or a function of a fit that returns draws. None: all estimates by the factors of the
        first term.

    Returns
    -------
    pandas.DataFrame
        One row a quantity: its dims, mean, sd; prior and likelihood (sensitivity: cumulative Jensen–Shannon distance
        for each doubling of the power); conflict: "prior-data conflict" when both are above 0.05, "strong prior or
        weak likelihood" when only the prior's is, "" else; prior_0.8, prior_1.25, likelihood_0.8, likelihood_1.25 (the
        mean at that power) and k (largest Pareto k̂ of these four; NaN means where it is above its limit).

    Raises
    ------
    NotConvergedError
        When the fit did not pass the gate.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, fit
    >>> from navmodels.sensitivity import power_scale
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> power_scale(fit(Model(Share(), Group("office")), survey, seed=1))["office"].tolist()
    ['A', 'B', 'C', 'D']
    """
    from arviz_stats import psense

    require_converged(fit.attrs["unconverged"], what="the fit")
    design = recall_design(fit)
    if estimand is None:
        estimand = {"by": list(design.model.terms[0].factors) if design.model.terms else []}
    draws = estimand(fit) if callable(estimand) else estimate(fit, **estimand)
    draws = draws.drop_vars("n", errors="ignore").rename("quantity")
    require_free(draws.dims, "power_scale")
    posterior = in_order(design, fit["posterior"].to_dataset(), needed=design.parameters)
    logs = {"prior": log_prior(design, posterior), "likelihood": _log_likelihood(fit, design, posterior)}
    groups = {f"log_{name}": each.to_dataset(name=name) for name, each in logs.items()}
    tree = xr.DataTree.from_dict({"posterior": draws.to_dataset(), **groups})
    columns: dict[str, xr.DataArray] = {
        "mean": draws.mean(("chain", "draw")),
        "sd": draws.std(("chain", "draw"), ddof=1),
    }
    columns |= {name: psense(tree, group=name)["quantity"] for name in logs}
    largest = -np.inf
    for name, log in logs.items():
        for power in POWERS:
            columns[f"{name}_{power:g}"], k = _at_power(draws, log, power)
            largest = float(np.maximum(largest, k))  # NaN stays
    table = to_rows(columns, columns["mean"])
    conflict = np.where(table["likelihood"] > THRESHOLD, "prior-data conflict", "strong prior or weak likelihood")
    place = list(table.columns).index("likelihood") + 1
    table.insert(place, "conflict", np.where(table["prior"] > THRESHOLD, conflict, ""))
    return table.assign(k=largest)


def log_prior(design: Design, posterior: xr.Dataset) -> xr.DataArray:
    """Return the log-density of all priors at the top, dims (chain, draw), up to a constant."""
    mean, scale = design.intercept_mean, design.intercept_scale
    base = posterior[design.model.outcome.base]
    if design.channels.dim is not None:
        base = xr.DataArray(design.channels.to_channels(base.to_numpy()), dims=("chain", "draw", "channel"))
    total = -0.5 * ((base - mean) / scale) ** 2
    total = total.sum([dim for dim in total.dims if dim not in ("chain", "draw")])
    for name, prior in design.parameters.items():
        total = total + xr.apply_ufunc(prior.log_density, posterior[name])
    for block in design.blocks:
        if not block.scale.parts and not block.sampling:
            total = total - 0.5 * xr.DataArray(_squares(design, block, posterior), dims=("chain", "draw"))
    return total.transpose("chain", "draw")


# ---- inside


def _squares(design: Design, block: Block, posterior: xr.Dataset) -> Array:
    """Return Σ z² of a block with a fixed standard deviation, dims (chain, draw)."""
    effect = posterior[f"{block.name}_effect"].to_numpy()
    effect = effect[..., None] if effect.ndim == 3 else design.channels.to_channels(effect)
    if block.offset is not None:
        effect = effect - block.offset[:, None]
    z = np.einsum("cl,...ld->...cd", np.linalg.pinv(block.matrix), effect) / block.scale.fixed
    return np.asarray((z**2).sum(axis=(-1, -2)))


def _log_likelihood(fit: xr.DataTree, design: Design, posterior: xr.Dataset) -> xr.DataArray:
    total = cell_likelihood(design, fit).sum("cell").transpose("chain", "draw")
    for block in design.blocks:
        if block.sampling:  # error of the sample belongs to the likelihood
            total = total - 0.5 * _squares(design, block, posterior)
    return total


def _at_power(draws: xr.DataArray, log: xr.DataArray, power: float) -> tuple[xr.DataArray, float]:
    """Return the mean when a density is raised to a power, and k̂ of the weights; NaN when k̂ is above its limit."""
    weights, k = smooth_weights((power - 1) * log.to_numpy())
    mean = (draws * xr.DataArray(weights, dims=("chain", "draw"))).sum(("chain", "draw"), skipna=False)
    return mean if k < k_limit(weights.size) else mean * np.nan, k
