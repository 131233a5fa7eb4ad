"""check_fit: what was observed in each cell beside what the fit predicts for it.

It says whether the model describes the data. Not for choosing between priors.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels.data.survey import Survey
from navmodels.fits.records import recall_design
from navmodels.models.designs import Design
from navmodels.posterior.predictive import (
    kept_attrs,
    label_rows,
    replicate_rng,
    replicates,
    stamp,
    why_unconverged,
)

Array = npt.NDArray[np.float64]
PROB = 0.95


def check_fit(fit: xr.DataTree, *, seed: int | None = None, allow_unconverged: bool = False) -> pd.DataFrame:
    """Compare what was observed in each cell with what the fitted model would observe again.

    Parameters
    ----------
    fit
        A fit of `navmodels.fit`.
    seed
        As in `replicate`, whose data sets are summarised here.
    allow_unconverged
        Check even a fit that did not pass the gate; the table is stamped with a column ``unconverged``.

    Returns
    -------
    pandas.DataFrame
        One row a cell, or a cell and category, in the order of the survey's cells: the factors, category, n
        (respondents), observed, expected, sd, lower, upper, prob, residual, p. Shares are proportions (weighted ones
        for weighted surveys); published numbers are in the printed unit. ``lower`` and ``upper`` hold 95 % of the
        replicated data, ``residual`` is (observed − expected) / sd, and ``p`` the two-sided mid-p of the observed
        among the replicated. Cells nobody answered in have no row.

        ``attrs``: ``worst``, a sentence that names up to five rows with the smallest p; ``empty``, the cells without
        a row; ``unit``; ``calibration``, a dict. Its ``categories`` compare the observed number of answers of each
        category over all cells with the replicated (for published numbers the mean by the cells' weight); its
        ``outside`` compares how many rows lie outside their interval with how many would among replicated data, with
        the one-sided p of as many or more.

    Raises
    ------
    NotConvergedError
        When the fit did not pass the gate.
    ValueError
        When the seed is not allowed.

    Notes
    -----
    Posterior predictive checks: Rubin (1984); Gelman, Meng & Stern (1996). The data were used for the fit as well, so
    p is nearer to 1 than chance would have it: a small p is a sign of misfit, a large one no proof of fit.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Effect, Model, Share, Survey, fit
    >>> from navmodels.posterior import check_fit
    >>> table = pd.DataFrame({"office": list("ABCD"), "sector": ["x", "x", "y", "y"], "k": [30, 70, 44, 38]})
    >>> survey = Survey.from_counts(table.assign(n=80), by=["office", "sector"], positive="k", n="n")
    >>> model = Model(Share(), Effect("sector"))
    >>> check_fit(fit(model, survey, seed=1))[["sector", "n", "observed", "expected"]].round(2)
      sector      n  observed  expected
    0      x  160.0      0.62      0.62
    1      y  160.0      0.51      0.51
    """
    reason = why_unconverged(fit, allow_unconverged)
    design, rng = recall_design(fit), replicate_rng(fit, seed)
    observed, size, weight = design.model.outcome.seen(design.survey)
    columns: list[dict[str, Array]] = []
    total: list[Array] = []
    outside: list[Array] = []
    for part, draws in replicates(design, fit["posterior"].to_dataset(), rng):
        values = draws / np.maximum(size[part], 1.0)[:, None]
        total.append(np.einsum("dck,c->dk", values, weight[part]))
        rows = np.ascontiguousarray(values.reshape(len(values), -1).T)
        columns.append(_judge(rows, observed[part].ravel()))
        outside.append(_beyond(rows, columns[-1]).sum(axis=0, dtype=float))
    judged = {name: np.concatenate([each[name] for each in columns]) for name in columns[0]}
    table = label_rows(design).assign(**judged)
    there = np.repeat(size > 0, observed.shape[1])
    table = stamp(table[there].reset_index(drop=True), reason)
    over = np.nansum(observed * weight[:, None], axis=0)
    table.attrs |= kept_attrs(fit) | {"empty": int((size == 0).sum()), "unit": _unit(design.survey)}
    table.attrs["calibration"] = _calibration(design, table, np.sum(total, axis=0), over, np.sum(outside, axis=0))
    table.attrs["worst"] = _worst(table, design)
    return table


# ---- inside


def _judge(rows: Array, observed: Array) -> dict[str, Array]:
    """Return observed beside replicated, dims (row, draw): mean, deviation, interval, residual and mid-p."""
    size = rows.shape[1]
    tails = (1 - PROB) / 2, (1 + PROB) / 2
    ends = [int(np.ceil(size * tail - 1e-9)) - 1 for tail in tails]  # values that occur: the data are discrete
    lower, upper = np.partition(rows, ends, axis=1)[:, ends].T
    expected, sd = rows.mean(axis=1), rows.std(axis=1, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        residual = np.where(observed == expected, 0.0, (observed - expected) / sd)
    return {
        "observed": observed,
        "expected": expected,
        "sd": sd,
        "lower": lower,
        "upper": upper,
        "prob": np.full(len(rows), PROB),
        "residual": residual,
        "p": _mid_p(rows, observed),
    }


def _mid_p(rows: Array, observed: Array) -> Array:
    """Return the two-sided mid-p of each observed value among its replicated ones and itself."""
    slack = 1e-9 * np.maximum(1.0, np.abs(observed))
    less = (rows < (observed - slack)[:, None]).sum(axis=1)
    more = (rows > (observed + slack)[:, None]).sum(axis=1)
    ties = rows.shape[1] - less - more + 1
    return np.asarray(2 * np.minimum(less + ties / 2, more + ties / 2) / (rows.shape[1] + 1))


def _beyond(rows: Array, judged: Mapping[str, Array]) -> npt.NDArray[np.bool_]:
    """Return which values, dims (row, draw), lie outside the interval of their row."""
    return np.asarray((rows < judged["lower"][:, None]) | (rows > judged["upper"][:, None]))


def _calibration(design: Design, table: pd.DataFrame, total: Array, observed: Array, outside: Array) -> dict[str, Any]:
    """Return the sums over all cells beside the replicated, dims (draw, category), and how many rows are outside."""
    outcome = design.model.outcome
    names = outcome.categories(design.survey) or (outcome.total,)
    judged = _judge(np.ascontiguousarray(total.T), observed)
    shown = ("observed", "expected", "lower", "upper", "p")
    categories = [
        {"category": name, **{column: float(judged[column][place]) for column in shown}}
        for place, name in enumerate(names)
    ]
    off = float(_beyond(table[["observed"]].to_numpy(), {name: table[name].to_numpy() for name in shown}).sum())
    counted = _judge(outside[None], np.array([off]))
    p = float(((outside >= off).sum() + 1) / (len(outside) + 1))
    row = {"rows": len(table), **{column: float(counted[column][0]) for column in shown}, "p": p}
    return {"categories": categories, "outside": row}


def _worst(table: pd.DataFrame, design: Design) -> str:
    """Return a sentence that names up to five rows with the smallest p, of equal ones those with larger residuals."""
    names = [*design.survey.factors, *(("category",) if "category" in table else ())]
    order = np.lexsort((-table["residual"].abs(), table["p"]))[:5]
    each = []
    for row in table.iloc[order].to_dict("records"):
        label = ", ".join(f"category {row[name]}" if name == "category" else str(row[name]) for name in names) or "all"
        seen, expected = (_shown(row[name], table.attrs["unit"]) for name in ("observed", "expected"))
        chance = "p < 0.001" if row["p"] < 0.001 else f"p = {row['p']:.2g}"
        each.append(f"{label} (observed {seen}, expected {expected}, {chance})")
    off = table.attrs["calibration"]["outside"]
    return (
        f"{off['observed']:.0f} of {off['rows']} lie outside their {100 * PROB:g} % interval, {off['expected']:.1f} "
        f"expected. Worst: {'; '.join(each)}."
    )


def _unit(survey: Survey) -> str:
    return str(survey.cells.attrs["unit"]) if survey.kind == "reported" else "proportion"


def _shown(value: float, unit: str) -> str:
    if unit == "identity":
        return f"{value:.4g}"
    return f"{value if unit == 'percent' else 100 * value:.1f} %"
