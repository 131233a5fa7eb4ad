"""loo: how well each cell is predicted from all others.

For comparing models of the same cells. Not for choosing between priors.
"""

import numpy as np
import pandas as pd
import xarray as xr

from navmodels.fits.posteriors import cell_likelihood
from navmodels.fits.records import recall_design
from navmodels.gate.convergence import k_limit
from navmodels.models.designs import Design
from navmodels.posterior.predictive import kept_attrs, label_rows, stamp, why_unconverged

CHUNK = 2_000_000  # log-likelihoods held at once


def loo(fit: xr.DataTree, *, allow_unconverged: bool = False) -> pd.DataFrame:
    """Score how well each cell is predicted from all other cells.

    What is left out is a cell with all its answers, not a respondent. The importance of each draw is smoothed, so
    nothing is refitted (PSIS-LOO).

    Parameters
    ----------
    fit
        A fit of `navmodels.fit`.
    allow_unconverged
        Score even a fit that did not pass the gate; the table is stamped with a column ``unconverged``.

    Returns
    -------
    pandas.DataFrame
        One row a cell: the factors, n (respondents), elpd (log predictive probability of the cell's data, natural log),
        p_loo (the cell's part of the effective number of parameters), k (Pareto shape of the importance ratios),
        passed (k below the limit). Cells nobody answered in have no row.

        ``attrs``: ``elpd``, ``se`` and ``p_loo`` of the sum over cells; ``k_limit``; ``unreliable``, how many cells
        did not pass; ``warning``, a sentence that names up to five of them, or empty; ``empty``, the cells without a
        row. Only models of the same cells can be compared by elpd; of weighted surveys it is that of effective counts.

    Raises
    ------
    NotConvergedError
        When the fit did not pass the gate.

    Notes
    -----
    Vehtari, Gelman & Gabry (2017); limit of k: Vehtari et al. (2024). The draws of the laplace engine count as
    independent; those of nuts by the mean effective sample size of the parameters.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, fit
    >>> from navmodels.posterior import loo
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> score = loo(fit(Model(Share(), Group("office")), survey, seed=1))
    >>> score.columns.tolist(), round(score.attrs["elpd"])
    (['office', 'n', 'elpd', 'p_loo', 'k', 'passed'], -12)
    """
    from arviz_stats.base import array_stats

    reason = why_unconverged(fit, allow_unconverged)
    design = recall_design(fit)
    if any(block.sampling for block in design.blocks):
        raise ValueError(
            "the same persons answered in several cells (id=), so a cell cannot be left out without what they answered "
            "elsewhere; compare models by check_fit, or make the survey without id= and with overlap='allow'."
        )
    there = np.flatnonzero(design.model.outcome.seen(design.survey).size > 0)
    likelihood = cell_likelihood(design, fit).transpose("cell", "chain", "draw").to_numpy()
    efficiency, score = _efficiency(fit), np.empty((3, len(there)))
    step = max(1, CHUNK // likelihood[0].size)
    for first in range(0, len(there), step):
        part = slice(first, first + step)
        score[:, part] = array_stats.loo(likelihood[there[part]], chain_axis=1, draw_axis=2, r_eff=efficiency)
    elpd, k, p_loo = score
    limit = k_limit(likelihood[0].size)
    table = label_rows(design, by_category=False).iloc[there].reset_index(drop=True)
    table = stamp(table.assign(elpd=elpd, p_loo=p_loo, k=k, passed=k < limit), reason)
    sums = {
        "elpd": float(elpd.sum()),
        "se": float(np.sqrt(len(elpd)) * table["elpd"].std()),
        "p_loo": float(p_loo.sum()),
    }
    more = {"k_limit": limit, "unreliable": int((~table["passed"]).sum()), "empty": len(likelihood) - len(there)}
    table.attrs |= kept_attrs(fit) | sums | more | {"warning": _unreliable(table, design, limit)}
    return table


# ---- inside


def _unreliable(table: pd.DataFrame, design: Design, limit: float) -> str:
    """Return a sentence that names up to five cells whose k is too large; empty without any."""
    failed = table[~table["passed"]].sort_values("k", ascending=False, kind="stable")
    if failed.empty:
        return ""
    rows = failed.head(5).to_dict("records")
    each = [f"{', '.join(str(row[name]) for name in design.survey.factors) or 'all'} ({row['k']:.2f})" for row in rows]
    return (
        f"k is {limit:.2g} or more in {len(failed)} of {len(table)} cells, whose elpd cannot be relied on: "
        f"{'; '.join(each)}{'; …' if len(failed) > 5 else ''}. Leave them out and fit again."
    )


def _efficiency(fit: xr.DataTree) -> float:
    """Return effective draws over draws, averaged over the parameters; 1 for draws that are no chains."""
    from arviz_stats.base import array_stats

    if fit.attrs.get("engine") == "laplace":
        return 1.0
    values = [each.transpose("chain", "draw", ...).to_numpy() for each in fit["posterior"].data_vars.values()]
    flat = np.concatenate([each.reshape(*each.shape[:2], -1) for each in values], axis=2)
    flat = flat[:, :, (flat != flat[:1, :1]).any(axis=(0, 1))]
    effective = np.atleast_1d(array_stats.ess(flat, chain_axis=0, draw_axis=1, method="mean"))
    return float(effective.mean() / (flat.shape[0] * flat.shape[1]))
