"""Comparisons on draws: contrast between groups, rank among them, probability above a threshold.

Every comparison is made draw by draw, so that what the groups share cancels.
"""

from typing import Any

import pandas as pd
import xarray as xr
from scipy import special, stats

from navmodels.data import checks
from navmodels.inference.convergence import failures, require_converged

KINDS = {
    "difference": lambda left, right: left - right,
    "ratio": lambda left, right: left / right,
    "log odds ratio": lambda left, right: special.logit(left) - special.logit(right),
}
NULL = {"difference": 0.0, "ratio": 1.0, "log odds ratio": 0.0}


def contrast(draws: xr.DataArray, *, along: str, reference: Any = None, kind: str = "difference") -> xr.DataArray:
    """Compare each level along a dim with a reference level, or with the mean of all levels.

    Parameters
    ----------
    draws
        Dims (chain, draw, ..., along).
    along
        The dim whose levels are compared.
    reference
        A level of `along`, which then drops out; None compares with the unweighted mean of the levels.
    kind
        "difference", "ratio" or "log odds ratio" (the last two for positive quantities and proportions).

    Returns
    -------
    xarray.DataArray
        Dims as given, `along` without the reference; the coordinate ``reference`` names it.

    Raises
    ------
    ValueError
        For an unknown dim, level or kind, with the nearest.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from navmodels import contrast
    >>> values = np.array([0.8, 0.6]) + np.zeros((2, 50, 2))
    >>> draws = xr.DataArray(values, dims=("chain", "draw", "sector"), coords={"sector": ["public", "private"]})
    >>> contrast(draws, along="sector", reference="private").mean(("chain", "draw")).round(2).values
    array([0.2])
    """
    require_dim(draws, along, kind)
    if reference is None:
        out = KINDS[kind](draws, draws.mean(along))
    else:
        checks.one_of(reference, tuple(draws[along].values.tolist()), what=f"reference of {along!r}")
        base = draws.sel({along: reference}, drop=True)
        others = draws[along].values[draws[along].values != reference]
        out = KINDS[kind](draws.sel({along: others}), base)
    out = out.drop_vars("n", errors="ignore").assign_coords(reference="mean of all" if reference is None else reference)
    return with_attrs(out, draws, quantity="contrast", kind=kind, along=along)


def rank(draws: xr.DataArray, *, along: str, best: str = "highest") -> xr.DataArray:
    """Return the rank of each level in each draw: 1 is the best; ties share the better rank.

    Parameters
    ----------
    draws
        Dims (chain, draw, ..., along), without missing levels.
    along
        The dim whose levels are ranked.
    best
        "highest" or "lowest" gets rank 1.

    Raises
    ------
    ValueError
        For an unknown dim or word, or when a level is missing.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from navmodels import rank
    >>> values = np.array([0.8, 0.6, 0.7]) + np.zeros((2, 50, 3))
    >>> draws = xr.DataArray(values, dims=("chain", "draw", "office"), coords={"office": list("ABC")})
    >>> rank(draws, along="office")[0, 0].values
    array([1., 3., 2.])
    """
    require_dim(draws, along, "difference")
    checks.one_of(best, ("highest", "lowest"), what="best")
    if draws.isnull().any():
        raise ValueError(
            f"the draws have missing values along {along!r}; select the levels that have an estimate first."
        )
    sign = -1.0 if best == "highest" else 1.0
    values = stats.rankdata(sign * draws.to_numpy(), method="min", axis=draws.get_axis_num(along)).astype(float)
    return with_attrs(draws.copy(data=values), draws, quantity="rank", along=along, best=best)


def exceed(draws: xr.DataArray, *, threshold: float) -> pd.DataFrame:
    """Return the posterior probability that each quantity is above a threshold.

    Parameters
    ----------
    draws
        Dims (chain, draw, ...).
    threshold
        In the unit of the draws (proportions for shares).

    Returns
    -------
    pandas.DataFrame
        The dims, then threshold and p_above. Entries that are missing throughout have no row.

    Raises
    ------
    NotConvergedError
        When the draws do not pass the gate.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from navmodels import exceed
    >>> values = np.random.default_rng(1).normal(0.8, 0.1, size=(4, 1000))
    >>> exceed(xr.DataArray(values, dims=("chain", "draw")), threshold=0.8).round(1)
       threshold  p_above
    0        0.8      0.5
    """
    require_draws(draws)
    require_converged(failures(draws))
    above = (draws > threshold).mean(("chain", "draw")).where(draws.notnull().all(("chain", "draw")))
    return to_rows({"threshold": xr.full_like(above, threshold).where(above.notnull()), "p_above": above}, above)


def with_attrs(out: xr.DataArray, draws: xr.DataArray, **extra: str) -> xr.DataArray:
    """Return `out` with the attributes of the draws it came from, in their order of dims."""
    kept = [dim for dim in draws.dims if dim in out.dims]
    return out.transpose(*kept).assign_attrs({**draws.attrs, **extra}).rename(draws.name)


def to_rows(columns: dict[str, xr.DataArray], present: xr.DataArray) -> pd.DataFrame:
    """Return one row for each entry that is present: dims and other coordinates first, then the columns."""
    dims = [str(dim) for dim in present.dims]
    others = [str(name) for name in present.coords if name not in dims]
    if taken := [name for name in (*dims, *others) if name in columns]:
        raise ValueError(
            f"the draws have {checks.listing(taken)}, as a column of the table is called; rename it first: "
            f"draws.rename({{{taken[0]!r}: {taken[0] + '_'!r}}})."
        )
    if dims:
        table = xr.Dataset(columns).to_dataframe().reset_index()
    else:
        single = {name: present.coords[name] for name in others} | columns
        table = pd.DataFrame({name: [value.item()] for name, value in single.items()})
    keep = table[list(columns)].notna().any(axis=1)
    return table.loc[keep, [*dims, *others, *columns]].reset_index(drop=True)


def require_draws(draws: xr.DataArray) -> None:
    """Raise when these are no draws."""
    if not isinstance(draws, xr.DataArray) or not {"chain", "draw"} <= set(draws.dims):
        given = getattr(draws, "dims", type(draws).__name__)
        raise ValueError(
            f"draws need the dims 'chain' and 'draw'; given: {given}. Make them with estimate(fit, by=...)."
        )


def require_dim(draws: xr.DataArray, along: str, kind: str) -> None:
    """Raise when these are no draws with the dim `along`, or the kind of comparison is unknown."""
    require_draws(draws)
    checks.one_of(kind, tuple(KINDS), what="kind")
    checks.one_of(along, tuple(dim for dim in draws.dims if dim not in ("chain", "draw")), what="along")
