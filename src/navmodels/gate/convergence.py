"""The gate every result passes before it may be summarised.

nuts: R-hat < 1.01, bulk and tail ESS of at least 100 a chain, no divergences, E-BFMI ≥ 0.3 (Vehtari et al. 2021;
Betancourt 2016); how often the limit of the tree depth was reached is shown, but says only that walking was slow.
laplace: k̂ of the joint importance ratios below min(1 − 1/log10 S, 0.7) for S proposals (Vehtari et al. 2024), at least
100 effective draws a chain for the joint ratios and for the variance of every parameter, as many draws kept, the
distribution of every scale near its Laplace approximation (distribution functions differ by 0.1 at most: k̂ cannot see a
tail that no draw has reached), every mode found; its draws are resampled, so that R-hat and ESS of chains say nothing.
A quantity that cannot be judged (NaN or infinite) fails, unless it is constant by construction. `check` judges a fit;
`failures` judges draws of any reported quantity, which say by the mark of the gate (`marks`) whether their fit passed.
"""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels.gate.diagnostics import judge_chains
from navmodels.gate.marks import LOST, verdicts

MAX_R_HAT = 1.01  # Vehtari et al. 2021
MIN_ESS_PER_CHAIN = 100  # Vehtari et al. 2021
MIN_E_BFMI = 0.3  # Betancourt 2016
# A judgement; `python -m benchmarks.calibration --engine laplace` counts fits that fail any criterion.
MAX_APART = 0.1  # of the distribution of a scale from its Laplace approximation: see docs/method/gate.md
LONGER = ("R-hat", "bulk ESS", "tail ESS", "effective draws", "effective spread", "draws")  # what more draws can cure
SIMPLER = (
    *(*LONGER, "Pareto k", "scales by Laplace"),
    *("modes not found", "divergences", "E-BFMI"),
)  # what a simpler model can cure
FREE = "thresholds are left free"  # said beside what failed, as a reason and a remedy
LOOK_ANYWAY = "look anyway with allow_unconverged=True, which stamps the table"
CRITERION_COLUMNS = ("criterion", "worst", "value", "limit", "passed")


class NotConvergedError(RuntimeError):
    """Raised when a result that did not pass the gate is to be summarised."""


class PriorConflictWarning(UserWarning):
    """Given when the data contradict a prior: the gate stays open, since a prior may be meant."""


def check(fit: xr.DataTree) -> pd.DataFrame:
    """Judge a fit by the whole gate.

    Parameters
    ----------
    fit
        A fit of `navmodels.fit`.

    Returns
    -------
    pandas.DataFrame
        One row a criterion: criterion, worst (the parameter that is worst), value, limit, passed.

    Raises
    ------
    ValueError
        When the tree is no fit.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, check, fit
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> result = check(fit(Model(Share(), Group("office")), survey, seed=1))
    >>> result["criterion"].tolist()
    ['Pareto k', 'effective draws', 'effective spread', 'scales by Laplace', 'modes not found', 'not finite']
    >>> bool(result["passed"].all())
    True
    """
    if not {"posterior", "sample_stats"} <= set(fit.children):
        raise ValueError(f"a fit has the groups posterior and sample_stats; given a tree of {sorted(fit.children)}.")
    if fit.attrs.get("engine") == "laplace":
        return _importance(fit.attrs, fit["posterior"].to_dataset())
    posterior, stats = fit["posterior"].data_vars, fit["sample_stats"]
    names = [f"{name}{label}" for name, values in posterior.items() for label in _labels(values)]
    draws = np.concatenate([_flat(values) for values in posterior.values()], axis=2)
    moving = ~(draws == 0).all(axis=(0, 1))  # exactly zero throughout: a basis row of zeros, constant by construction
    table = _draw_criteria(draws[:, :, moving], np.array(names)[moving])
    rows = [
        ("divergences", "all chains", float(stats["diverging"].sum()), 0.0),
        ("tree depth limit", "all chains", float(stats["maxdepth_reached"].sum()), np.inf),  # slow, not wrong
    ]
    counts = pd.DataFrame([(*row, row[2] <= row[3]) for row in rows], columns=table.columns)
    return pd.concat([table, counts, _energy(stats["energy"].to_numpy())], ignore_index=True)


def describe_failures(table: pd.DataFrame) -> str:
    """Return what failed in a table of `check`, as one line; empty when all passed."""
    failed = table[~table["passed"].astype(bool)]
    return "; ".join(
        f"{row.criterion} {row.value:.4g} for {row.worst} (limit {row.limit:g})" for row in failed.itertuples()
    )


def failures(draws: xr.DataArray) -> str:
    """Return why draws of a reported quantity may not be summarised; empty when they may.

    Reads the verdict on the fit from the mark that the draws carry, and judges every entry of the draws, of which there
    must be enough. An entry that never moves is constant by construction when the fit itself passed. Entries that are
    missing everywhere are no quantities.
    """
    reasons = verdicts(draws)
    values = _flat(draws)
    size, enough = values.shape[0] * values.shape[1], MIN_ESS_PER_CHAIN * max(2, values.shape[0])
    if size < enough:
        return "; ".join([*reasons, f"draws {size} for {draws.name or 'the quantity'} (limit {enough})"])
    finite = np.isfinite(values).all(axis=(0, 1))
    missing = np.isnan(values).all(axis=(0, 1)) & ~finite
    if draws.attrs.get("engine") == "laplace":
        broken = int((~finite & ~missing).sum())
        reasons.append(f"{broken} entries of {draws.name or 'the quantity'} are not finite" if broken else "")
        return "; ".join(reason for reason in reasons if reason)
    judged = (~finite | (values != values[:1, :1]).any(axis=(0, 1))) & ~missing  # the others are constant
    if judged.any():
        name = f"{draws.name or 'the quantity'}"
        labels = np.array([f"{name}{label}" for label in _labels(draws)])
        reasons.append(describe_failures(_draw_criteria(values[:, :, judged], labels[judged])))
    return "; ".join(reason for reason in reasons if reason)


def carried_attrs(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the attributes that draws carry from a fit for the gate and for labels."""
    kept = ("engine", "seed", "divergences", "pareto_k", "unconverged", "simulated", "weighting")
    return {name: attrs[name] for name in kept if name in attrs}


def advice(reason: str, *, anyway: bool = True) -> str:
    """Return what to do about failed criteria: fit longer only where that can help, and how to look all the same.

    Examples
    --------
    >>> advice("tail ESS 250 for office_sd (limit 400)")
    ' Fit longer (draws=), simplify the model, or look anyway with allow_unconverged=True, which stamps the table.'
    >>> advice("Pareto k 0.9 for joint importance ratios (limit 0.7)", anyway=False)
    ' Simplify the model.'
    """
    failed = [each for each in reason.split("; ") if each and not each.startswith(FREE)]
    longer = all(each.startswith(LONGER) and " nan " not in each for each in failed)
    simpler = all(each.startswith(SIMPLER) and " nan " not in each for each in failed)
    ways = [*["fit longer (draws=)"] * longer, *["simplify the model"] * simpler, *[LOOK_ANYWAY] * anyway]
    if not ways:
        return ""
    said = ", ".join(ways[:-1]) + (", or " if len(ways) > 2 else " or " if len(ways) == 2 else "") + ways[-1]
    return f" {said[0].upper()}{said[1:]}."


def k_limit(proposals: int) -> float:
    """Return the limit of k̂ for S importance ratios: min(1 − 1/log10 S, 0.7) (Vehtari et al. 2024).

    Examples
    --------
    >>> round(k_limit(100), 2), k_limit(4096)
    (0.5, 0.7)
    """
    return min(1 - 1 / float(np.log10(proposals)), 0.7)


def require_converged(reason: str, *, what: str = "the draws", anyway: bool = False) -> None:
    """Raise when there is a reason why draws or a fit may not be used; `anyway` when there is a way to look at them.

    Raises
    ------
    NotConvergedError
        Naming what did not converge, the reason, and what to do.
    """
    if reason:
        said = f"{what}: {reason}" if reason.startswith(LOST) else f"{what} did not converge: {reason}"
        raise NotConvergedError(f"{said}.{advice(reason, anyway=anyway)}")


# ---- inside


def _importance(attrs: Mapping[Any, Any], posterior: xr.Dataset) -> pd.DataFrame:
    """Return the criteria of the laplace engine."""
    k, limit = float(attrs["pareto_k"]), k_limit(int(attrs["proposals"]))
    spread, apart = float(attrs["effective_spread"]), float(attrs["apart"])
    enough, kept = (
        float(MIN_ESS_PER_CHAIN * posterior.sizes["chain"]),
        float(posterior.sizes["chain"] * posterior.sizes["draw"]),
    )
    few = ("the draws kept", kept) if kept < enough else ("joint importance ratios", float(attrs["effective_draws"]))
    broken = [name for name, values in posterior.data_vars.items() if not bool(np.isfinite(values).all())]
    rows = [
        ("Pareto k", "joint importance ratios", k, limit, k < limit),
        ("effective draws", *few, enough, few[1] >= enough),
        ("effective spread", str(attrs["hardest"]), spread, enough, spread >= enough),
        ("scales by Laplace", str(attrs["farthest"]), apart, MAX_APART, apart <= MAX_APART),
        ("modes not found", "all points", float(attrs["unsolved"]), 0.0, attrs["unsolved"] == 0),
        ("not finite", ", ".join(map(str, broken)) or "all variables", float(len(broken)), 0.0, not broken),
    ]
    return pd.DataFrame(rows, columns=CRITERION_COLUMNS)


def _flat(values: xr.DataArray) -> npt.NDArray[np.float64]:
    array = np.asarray(values.transpose("chain", "draw", ...).to_numpy(), dtype=float)
    return array.reshape(*array.shape[:2], -1)


def _labels(values: xr.DataArray) -> list[str]:
    dims = [str(dim) for dim in values.dims if dim not in ("chain", "draw")]
    if not dims:
        return [""]
    each = [
        [":".join(map(str, label)) if isinstance(label, tuple) else str(label) for label in values[dim].to_numpy()]
        for dim in dims
    ]
    return [f"[{', '.join(key)}]" for key in itertools.product(*each)]


def _draw_criteria(draws: npt.NDArray[np.float64], names: npt.NDArray[Any]) -> pd.DataFrame:
    """Return R-hat and effective sizes of the worst quantity; draws has dims (chain, draw, quantity)."""
    enough = float(MIN_ESS_PER_CHAIN * draws.shape[0])
    r_hat, bulk, tail = judge_chains(draws)
    rows = []
    for criterion, values, limit, badness, passed in (
        ("R-hat", r_hat, MAX_R_HAT, r_hat, r_hat < MAX_R_HAT),
        ("bulk ESS", bulk, enough, -bulk, bulk >= enough),
        ("tail ESS", tail, enough, -tail, tail >= enough),
    ):
        worst = int(np.argmax(np.where(np.isnan(values), np.inf, badness)))
        rows.append((criterion, str(names[worst]), float(values[worst]), limit, bool(passed[worst])))
    return pd.DataFrame(rows, columns=CRITERION_COLUMNS)


def _energy(energy: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Return the row of E-BFMI (Betancourt 2016); energy has dims (chain, draw)."""
    from arviz_stats.base import array_stats

    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.atleast_1d(array_stats.bfmi(energy, chain_axis=0, draw_axis=1))
    worst = int(np.argmin(values))  # NaN comes first
    row = ("E-BFMI", f"chain {worst}", float(values[worst]), MIN_E_BFMI, bool(values[worst] >= MIN_E_BFMI))
    return pd.DataFrame([row], columns=CRITERION_COLUMNS)
