"""replicate, check_fit, loo: data sets that the fit predicts, beside the observed one; cells predicted from others.

They say whether the model describes the data. Not for choosing between priors, and not for new cells: `estimate`
predicts those.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels.data.survey import Survey
from navmodels.inference.convergence import LOOK_ANYWAY, carried_attrs, k_limit, require_converged
from navmodels.models.model import Design, stack_effects
from navmodels.models.outcomes import categories_of
from navmodels.models.records import recall_design

Array = npt.NDArray[np.float64]
CHUNK = 2_000_000  # replicated numbers held at once
PROB = 0.95
STREAM = 7_919  # sets the random numbers of replicates apart from those of the fit, which has the same seed


def replicate(fit: xr.DataTree, *, draws: int | None = None, seed: int | None = None) -> xr.DataArray:
    """Draw data sets like the observed one from the posterior predictive distribution.

    Parameters
    ----------
    fit
        A fit of `navmodels.fit`.
    draws
        At most so many draws of each chain, evenly spaced; None takes all. One data set for each: 4,000 draws of 5,000
        cells with 6 categories are 1 GB.
    seed
        Whole number that fixes the data sets; None takes the fit's.

    Returns
    -------
    xarray.DataArray
        Counts: ``positive``, dims (chain, draw, cell), of a share; ``count``, dims (chain, draw, cell, category), of a
        rating or a choice. Published numbers: ``estimate``, dims (chain, draw, cell), in the printed unit and rounded
        half up to the printed decimals (``attrs["digits"]``). The factors are coordinates of ``cell``, as is ``size``,
        the answers each count is of. Effective sizes of weighted surveys are rounded down to whole answers.

    Raises
    ------
    ValueError
        When `draws` or `seed` is not allowed.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, fit
    >>> from navmodels.posterior import replicate
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> again = replicate(fit(Model(Share(), Group("office")), survey, seed=1), draws=100)
    >>> dict(again.sizes), again["size"].values.tolist()
    ({'chain': 4, 'draw': 100, 'cell': 4}, [60.0, 80.0, 75.0, 66.0])
    """
    arrays, posterior = recall_design(fit), fit["posterior"].to_dataset()
    if draws is not None:
        _whole(draws, "draws", lowest=1)
        kept = min(int(draws), posterior.sizes["draw"])
        posterior = posterior.isel(draw=np.arange(kept) * posterior.sizes["draw"] // kept)
    chains, kept, cells = posterior.sizes["chain"], posterior.sizes["draw"], len(arrays.cells)
    labels = _categories(arrays)
    out = np.empty((chains * kept, cells, max(1, len(labels))))
    for part, values in _replicates(arrays, posterior, _generator(fit, seed)):
        out[:, part] = values
    dims = ("chain", "draw", "cell", *(("category",) if labels else ()))
    coords: dict[str, Any] = {"chain": posterior["chain"], "draw": posterior["draw"], "cell": np.arange(cells)}
    coords |= {"category": list(labels)} if labels else {}
    coords |= {str(name): ("cell", values.to_numpy()) for name, values in arrays.cells.items()}
    digits = None
    if arrays.survey.kind == "reported":
        digits = int(arrays.survey.cells.attrs["digits"])
    else:
        coords["size"] = ("cell", _observed(arrays)[1])
    attrs = {**carried_attrs(fit.attrs), "quantity": "replicate", **({} if digits is None else {"digits": digits})}
    shape = (chains, kept, cells, len(labels))[: len(dims)]
    return xr.DataArray(out.reshape(shape), coords, dims, arrays.model.outcome.observed, attrs)


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
    reason = _verdict(fit, allow_unconverged)
    arrays, rng = recall_design(fit), _generator(fit, seed)
    observed, size, weight = _observed(arrays)
    columns: list[dict[str, Array]] = []
    total: list[Array] = []
    outside: list[Array] = []
    for part, draws in _replicates(arrays, fit["posterior"].to_dataset(), rng):
        values = draws / np.maximum(size[part], 1.0)[:, None]
        total.append(np.einsum("dck,c->dk", values, weight[part]))
        rows = np.ascontiguousarray(values.reshape(len(values), -1).T)
        columns.append(_judge(rows, observed[part].ravel()))
        outside.append(_beyond(rows, columns[-1]).sum(axis=0, dtype=float))
    judged = {name: np.concatenate([each[name] for each in columns]) for name in columns[0]}
    table = _rows(arrays).assign(**judged)
    there = np.repeat(size > 0, observed.shape[1])
    table = _stamped(table[there].reset_index(drop=True), reason)
    over = np.nansum(observed * weight[:, None], axis=0)
    table.attrs |= _labels(fit) | {"empty": int((size == 0).sum()), "unit": _unit(arrays.survey)}
    table.attrs["calibration"] = _calibration(arrays, table, np.sum(total, axis=0), over, np.sum(outside, axis=0))
    table.attrs["worst"] = _worst(table, arrays)
    return table


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

    reason = _verdict(fit, allow_unconverged)
    arrays = recall_design(fit)
    there = np.flatnonzero(_observed(arrays)[1] > 0)
    likelihood = fit["log_likelihood"][arrays.model.outcome.observed].transpose("cell", "chain", "draw").to_numpy()
    efficiency, score = _efficiency(fit), np.empty((3, len(there)))
    step = max(1, CHUNK // likelihood[0].size)
    for first in range(0, len(there), step):
        part = slice(first, first + step)
        score[:, part] = array_stats.loo(likelihood[there[part]], chain_axis=1, draw_axis=2, r_eff=efficiency)
    elpd, k, p_loo = score
    limit = k_limit(likelihood[0].size)
    table = _rows(arrays, by_category=False).iloc[there].reset_index(drop=True)
    table = _stamped(table.assign(elpd=elpd, p_loo=p_loo, k=k, passed=k < limit), reason)
    sums = {
        "elpd": float(elpd.sum()),
        "se": float(np.sqrt(len(elpd)) * table["elpd"].std()),
        "p_loo": float(p_loo.sum()),
    }
    more = {"k_limit": limit, "unreliable": int((~table["passed"]).sum()), "empty": len(likelihood) - len(there)}
    table.attrs |= _labels(fit) | sums | more | {"warning": _unreliable(table, arrays, limit)}
    return table


# ---- inside


def _replicates(arrays: Design, posterior: xr.Dataset, rng: np.random.Generator) -> Iterator[tuple[slice, Array]]:
    """Yield replicated data of some cells after others: which cells, and dims (draw, cell, category)."""
    from navmodels.inference.kernels import linear_predictors

    base, effects = arrays.coefficients(posterior)
    levels = stack_effects(effects.values(), len(base))
    data = {**arrays.data, **({"n": _observed(arrays)[1]} if arrays.survey.kind == "share" else {})}
    cellwise = [name for name in ("n", "count", "sd", "trials") if name in data]  # what outcomes draw with
    digits = arrays.survey.cells.attrs.get("digits")  # of published numbers
    step = max(1, CHUNK // (len(base) * (arrays.channels.size + 1)))
    for first in range(0, len(arrays.index), step):
        part = slice(first, first + step)
        eta = linear_predictors(base, levels, arrays.index[part], arrays.fed)
        values = arrays.model.outcome.draw(eta, data | {name: data[name][part] for name in cellwise}, rng)
        values = values if digits is None else np.floor(values * 10.0**digits + (0.5 + 1e-9)) / 10.0**digits
        yield part, values.reshape(*eta.shape[:2], -1)


def _observed(arrays: Design) -> tuple[Array, Array, Array]:
    """Return what was observed, dims (cell, category); whole answers of each cell; and its weight in the sum of all."""
    data, kind = arrays.data, arrays.survey.kind
    if kind == "reported":
        weight = arrays.survey.cells["weight"].to_numpy()
        return data["estimate"][:, None], np.ones(len(weight)), weight / weight.sum()
    count = data["positive"][:, None] if kind == "share" else data["count"]
    n = data["n"] if kind == "share" else count.sum(axis=1)
    share = np.divide(count, n[:, None], where=n[:, None] > 0, out=np.full_like(count, np.nan))
    return share, np.floor(n + 1e-9), n


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


def _calibration(arrays: Design, table: pd.DataFrame, total: Array, observed: Array, outside: Array) -> dict[str, Any]:
    """Return the sums over all cells beside the replicated, dims (draw, category), and how many rows are outside."""
    names = _categories(arrays) or ("weighted mean" if arrays.survey.kind == "reported" else "positive",)
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


def _rows(arrays: Design, *, by_category: bool = True) -> pd.DataFrame:
    """Return factors, category and respondents: one row a cell, or a cell and category."""
    cells, labels = arrays.survey.cells, _categories(arrays) if by_category else ()
    n = cells["n"] if arrays.survey.kind == "reported" else cells["count"].sum("category")
    rows = arrays.cells.loc[np.repeat(arrays.cells.index, max(1, len(labels)))].reset_index(drop=True)
    if labels:
        rows["category"] = list(labels) * len(arrays.cells)
    return rows.assign(n=np.repeat(n.to_numpy(), max(1, len(labels))))


def _categories(arrays: Design) -> tuple[Any, ...]:
    """Return the categories that have counts of their own: none of a share or a published number."""
    if arrays.survey.kind in ("share", "reported"):
        return ()
    return categories_of(arrays.survey)


def _worst(table: pd.DataFrame, arrays: Design) -> str:
    """Return a sentence that names up to five rows with the smallest p, of equal ones those with larger residuals."""
    names = [*arrays.survey.factors, *(("category",) if "category" in table else ())]
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


def _unreliable(table: pd.DataFrame, arrays: Design, limit: float) -> str:
    """Return a sentence that names up to five cells whose k is too large; empty without any."""
    failed = table[~table["passed"]].sort_values("k", ascending=False, kind="stable")
    if failed.empty:
        return ""
    rows = failed.head(5).to_dict("records")
    each = [f"{', '.join(str(row[name]) for name in arrays.survey.factors) or 'all'} ({row['k']:.2f})" for row in rows]
    return (
        f"k is {limit:.2g} or more in {len(failed)} of {len(table)} cells, whose elpd cannot be relied on: "
        f"{'; '.join(each)}{'; …' if len(failed) > 5 else ''}. Leave them out and fit again."
    )


def _unit(survey: Survey) -> str:
    return str(survey.cells.attrs["unit"]) if survey.kind == "reported" else "proportion"


def _shown(value: float, unit: str) -> str:
    if unit == "identity":
        return f"{value:.4g}"
    return f"{value if unit == 'percent' else 100 * value:.1f} %"


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


def _verdict(fit: xr.DataTree, allow_unconverged: bool) -> str:
    """Return why the fit did not pass the gate, if it may be looked at all the same."""
    reason = str(fit.attrs.get("unconverged", ""))
    if not allow_unconverged:
        require_converged(reason, what="the fit", advice=LOOK_ANYWAY)
    return reason


def _stamped(table: pd.DataFrame, reason: str) -> pd.DataFrame:
    return table.assign(unconverged=reason) if reason else table


def _labels(fit: xr.DataTree) -> dict[str, Any]:
    kept = ("engine", "seed", "simulated", "weighting")
    return {name: fit.attrs[name] for name in kept if fit.attrs.get(name, "") != ""}


def _generator(fit: xr.DataTree, seed: int | None) -> np.random.Generator:
    if seed is not None:
        _whole(seed, "seed", lowest=0)
    return np.random.default_rng([int(fit.attrs["seed"]) if seed is None else int(seed), STREAM])


def _whole(given: Any, what: str, *, lowest: int) -> None:
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < lowest:
        raise ValueError(f"{what} is {given!r}; allowed: a whole number from {lowest}, or None.")
