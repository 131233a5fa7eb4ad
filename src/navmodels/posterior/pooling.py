"""shrinkage: each group's direct estimate beside its pooled one, and how far it was pulled."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import stats

from navmodels.data.cells import cell_index, settle_weights, sum_rows
from navmodels.data.panels import has_pairs
from navmodels.data.survey import Survey
from navmodels.fits.posteriors import in_order
from navmodels.fits.records import recall_design
from navmodels.likelihoods.categories import categories_of
from navmodels.models.designs import Design
from navmodels.models.overlap import correlation
from navmodels.posterior.estimates import estimate
from navmodels.posterior.grids import label_columns
from navmodels.posterior.summaries import summarise
from navmodels.printed import normal_quantile, share_interval

Array = npt.NDArray[np.float64]


def shrinkage(fit: xr.DataTree, *, by: str | Sequence[str], cut: Any = None, category: Any = None) -> pd.DataFrame:
    """Put direct and pooled estimates side by side.

    Parameters
    ----------
    fit
        A fit of `navmodels.fit`.
    by
        Factors of the model.
    cut, category
        Of a rating or a choice, as in `estimate`; one of them. A rating without them: the mean score.

    Returns
    -------
    pandas.DataFrame
        by, then direct, direct_lower, direct_upper, n, n_effective, pooled, pooled_lower, pooled_upper, prob,
        pooling_factor, sd_reduction.

        ``direct``: (weighted) share of the respondents, or the published number; interval on the logit scale, exact
        (Clopper & Pearson 1934) for 0 and 100 %; of a mean, normal; NaN where nobody answered. ``pooling_factor``: how
        far the group is pulled to the others, 0 not at all to 1 completely: 1 − s²/(s² + V) with s the learned standard
        deviation between groups and V the group's sampling variance on the linear scale (Gelman & Pardoe 2006, ω), for
        shares and ratings at the pooled estimate; NaN without a `Group` of exactly these factors, and for choices,
        where each category is pulled by its own amount. ``sd_reduction``: 1 − posterior sd / direct standard error; NaN
        where the direct share is 0 or 1, whose standard error says nothing.

    Raises
    ------
    ValueError, NotConvergedError
        As `estimate` and `summarise`.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, fit, shrinkage
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> shrinkage(fit(Model(Share(), Group("office")), survey, seed=1), by="office")[["office", "direct"]].round(3)
      office  direct
    0      A   0.500
    1      B   0.638
    2      C   0.587
    3      D   0.576
    """
    by = [by] if isinstance(by, str) else list(by)
    if not by:
        raise ValueError("shrinkage compares groups; name one or more factors in by=.")
    design = recall_design(fit)
    draws = estimate(fit, by=by, cut=cut, category=category)
    if draws.ndim > 2 + len(by):
        raise ValueError("shrinkage is about one share or mean a group; give one cut= or one category=.")
    pooled = summarise(draws)
    direct = _direct(design, by, values=_values(design, cut, category), prob=0.95)
    table = direct.merge(pooled[[*by, "mean", "lower", "upper", "sd"]], on=by, suffixes=("_direct", ""), how="right")
    table = table.rename(columns={"mean": "pooled", "lower": "pooled_lower", "upper": "pooled_upper"})
    table["pooling_factor"] = _pooling_factor(fit, design, table, by)
    table["sd_reduction"] = 1 - table["sd"] / table["se"].where(table["se"] > 0)
    order = ["direct", "direct_lower", "direct_upper", "n", "n_effective", "pooled", "pooled_lower", "pooled_upper"]
    return table.assign(prob=0.95)[[*by, *order, "prob", "pooling_factor", "sd_reduction"]]


# ---- inside


def _values(design: Design, cut: Any, category: Any) -> Array:
    """Return what each category counts for: 1 or 0 for a share, its score for a mean."""
    if design.survey.kind in ("reported", "share"):
        return np.array([0.0, 1.0])
    categories = list(categories_of(design.survey))
    if cut is not None:
        return (np.arange(len(categories)) >= categories.index(cut)).astype(float)
    return np.array(categories if category is None else [each == category for each in categories], dtype=float)


def _direct(design: Design, by: list[str], *, values: Array, prob: float) -> pd.DataFrame:
    """Return direct estimates of each group with standard error and interval."""
    cells, factors = design.survey.cells, design.cells
    keys, index = cell_index(factors, by)
    z = normal_quantile(prob)
    if design.survey.kind == "reported":
        mean, se, n, n_effective = _published(design.survey, index, len(keys), factors)
    else:
        count = sum_rows(cells["count"].to_numpy(), index, len(keys))
        weighted = sum_rows(cells["weighted"].to_numpy(), index, len(keys))
        total = weighted.sum(axis=1)
        n = count.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = weighted @ values / total
            n_effective = np.where(total > 0, total**2 / sum_rows(cells["squares"].to_numpy(), index, len(keys)), 0.0)
            if has_pairs(cells):  # persons who answered more than once in a group
                n_effective = n_effective / np.diag(correlation(design.survey.collapse(by)))
            se = np.sqrt(np.maximum(weighted @ values**2 / total - mean**2, 0.0) / n_effective)
    if cells.attrs.get("unit") == "identity" or not set(values) <= {0.0, 1.0}:
        lower, upper = mean - z * se, mean + z * se
    else:
        with np.errstate(invalid="ignore", divide="ignore"):
            half = z * se / (mean * (1 - mean))
        lower, upper = share_interval(mean, half, n=n_effective, tail=float(stats.norm.sf(z)))
    intervals = {"direct_lower": lower, "direct_upper": upper}
    return keys.assign(direct=mean, se=se, **intervals, n=n, n_effective=n_effective)


def _published(
    survey: Survey, index: npt.NDArray[np.intp], size: int, factors: pd.DataFrame
) -> tuple[Array, Array, Array, Array]:
    """Return the weighted average of the published numbers of each group, its standard error, n and effective n."""
    cells = survey.cells
    identity = cells.attrs["unit"] == "identity"
    unit = {"percent": 100.0}.get(cells.attrs["unit"], 1.0)
    value, n = cells["estimate"].to_numpy() / unit, cells["n"].to_numpy()
    spread = value * (1 - value)
    exact = np.sqrt(spread / cells["trials"].to_numpy())
    normal = cells["sd"].to_numpy() * (1.0 if identity else spread)
    se = np.where(np.isnan(exact), normal, exact)
    weight = cells["weight"].to_numpy()
    weight = settle_weights(weight, index, factors)
    total = np.bincount(index, weight, size)
    share = weight / np.where(total > 0, total, np.nan)[index]
    mean = np.bincount(index, share * value, size)
    error = np.sqrt(np.bincount(index, (share * se) ** 2, size))
    total = np.bincount(index, n, size)
    with np.errstate(invalid="ignore", divide="ignore"):
        effective = np.full(size, np.nan) if identity else mean * (1 - mean) / error**2
    trials = np.bincount(index, cells["trials"].to_numpy(), size)
    return mean, error, total, np.where(error > 0, effective, trials)


def _pooling_factor(fit: xr.DataTree, design: Design, table: pd.DataFrame, by: list[str]) -> Array:
    """Return 1 − s² / (s² + V), averaged over the draws of s; V is the sampling variance on the linear scale."""
    groups = [
        block for block in design.blocks if set(block.factors) == set(by) and block.name == ":".join(block.factors)
    ]
    if not groups or groups[0].basis is not None or design.survey.kind == "choice":
        return np.full(len(table), np.nan)
    scale = groups[0].scale
    names = [name for name, _ in scale.parts]
    posterior = in_order(design, fit["posterior"].to_dataset(), needed=names)
    between = np.atleast_1d(scale.of({name: posterior[name].to_numpy().ravel() for name in names})) ** 2
    n = table["n_effective"].to_numpy()
    if design.survey.cells.attrs.get("unit") == "identity":
        precision = 1 / table["se"].to_numpy() ** 2
    elif design.survey.kind == "rating":
        precision = n * _rating_information(fit, design, table, by)
    else:
        p = table["pooled"].to_numpy()
        precision = n * p * (1 - p)  # 0 where nobody answered: pulled completely
    return np.asarray((1 / (1 + between * precision[:, None])).mean(axis=1))  # V / (s² + V) with V = 1 / precision


def _rating_information(fit: xr.DataTree, design: Design, table: pd.DataFrame, by: list[str]) -> Array:
    """Return Fisher's information of one answer about η: Σ p (1 − F_below − F)², F the cumulative shares."""
    draws = estimate(fit, by=by, category=categories_of(design.survey)).mean(("chain", "draw"))
    labels, _ = label_columns(draws)
    rows = pd.DataFrame({**labels, "p": draws.to_numpy().ravel()}).pivot(index=by, columns="category", values="p")
    p = (
        rows[list(categories_of(design.survey))]
        .reindex(pd.MultiIndex.from_frame(table[by]) if len(by) > 1 else table[by[0]])
        .to_numpy()
    )
    above = np.cumsum(p, axis=1)
    return np.asarray((p * (1 - (above - p) - above) ** 2).sum(axis=1))
