"""Comparisons on draws: contrast between groups, rank among them, probability above a threshold.

Every comparison is made draw by draw, so that what the groups share cancels.
"""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special

from navmodels import checks
from navmodels.gate.convergence import failures, require_converged
from navmodels.gate.marks import mark_together, untraced
from navmodels.posterior.entries import describe_entries, entry_table
from navmodels.posterior.grids import OVER, names_of, spread

KINDS = {
    "difference": lambda left, right: left - right,
    "ratio": lambda left, right: left / right,
    "log odds ratio": lambda left, right: special.logit(left) - special.logit(right),
}
NULL = {"difference": 0.0, "ratio": 1.0, "log odds ratio": 0.0}
OPEN = {"ratio": (0.0, np.inf), "log odds ratio": (0.0, 1.0)}  # between what the draws must lie


def contrast(draws: xr.DataArray, *, along: str, reference: Any = None, kind: str = "difference") -> xr.DataArray:
    """Compare each level along a dim with a reference level, or with the mean of all levels.

    Parameters
    ----------
    draws
        Dims (chain, draw, ..., along).
    along
        The dim whose levels are compared.
    reference
        A level of `along`, which then drops out; None compares with the unweighted mean of the levels, which must be
        the same levels throughout.
    kind
        "difference", "ratio" (of what is above 0 throughout) or "log odds ratio" (of shares).

    Returns
    -------
    xarray.DataArray
        Dims as given, `along` without the reference; the coordinate ``reference`` names it.

    Raises
    ------
    ValueError
        For an unknown dim, level or kind, with the nearest; a kind that has no value for these draws; or a mean of
        levels of which some are missing here and there.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from navmodels import contrast
    >>> values = np.array([0.8, 0.6]) + np.zeros((2, 50, 2))
    >>> draws = xr.DataArray(values, dims=("chain", "draw", "sector"), coords={"sector": ["public", "private"]})
    >>> contrast(draws, along="sector", reference="private").mean(("chain", "draw")).round(2).values
    array([0.2])
    """
    draws = prepare(draws, along, kind)
    if reference is None:
        _require_same_levels(draws, along)
        out, said = KINDS[kind](draws, draws.mean(along)), "mean of all"
    else:
        levels = draws[along].to_numpy().tolist()
        checks.one_of(reference, tuple(levels), what=f"reference of {along!r}")
        place = levels.index(reference)
        base = draws.isel({along: place}).drop_vars([name for name, each in draws.coords.items() if along in each.dims])
        _warn_of_gaps(draws, base, along, reference)
        others = draws.isel({along: [each for each in range(len(levels)) if each != place]})
        out, said = (
            KINDS[kind](others, base),
            ":".join(map(str, reference)) if isinstance(reference, tuple) else reference,
        )
    return with_attrs(out.assign_coords(reference=said), draws, quantity="contrast", kind=kind, along=along)


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
    require_draws(draws)
    checks.one_of(along, names_of(draws), what="along")
    checks.one_of(best, ("highest", "lowest"), what="best")
    draws = mark_together(spread(draws, along), along)
    if draws.isnull().any():
        raise ValueError(
            f"the draws have missing values along {along!r}; select the levels that have an estimate first."
        )
    values = _ranks((-1.0 if best == "highest" else 1.0) * draws.to_numpy(), draws.get_axis_num(along))
    return with_attrs(draws.copy(data=values), draws, quantity="rank", along=along, best=best)


def exceed(draws: xr.DataArray, *, threshold: float, allow_unconverged: bool = False) -> pd.DataFrame:
    """Return the posterior probability that each quantity is above a threshold.

    Parameters
    ----------
    draws
        Dims (chain, draw, ...).
    threshold
        In the unit of the draws (proportions for shares).
    allow_unconverged
        Even so; the table is stamped as by `summarise`.

    Returns
    -------
    pandas.DataFrame
        The dims, then threshold and p_above. Entries that are missing throughout have no row. Draws that carry no mark
        of a fit are stamped with a column ``unconverged``.

    Raises
    ------
    NotConvergedError
        When the draws do not pass the gate.
    ValueError
        When the threshold is no number, or one that a share, or a difference of shares, cannot reach.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from navmodels import exceed
    >>> values = np.random.default_rng(1).normal(0.8, 0.1, size=(4, 1000))
    >>> exceed(xr.DataArray(values, dims=("chain", "draw")), threshold=0.8)[["threshold", "p_above"]].round(1)
       threshold  p_above
    0        0.8      0.5
    """
    require_draws(draws)
    _require_within_reach(draws, threshold)
    reason = failures(draws)
    if not allow_unconverged:
        require_converged(reason, anyway=True)
    table = entry_table(draws, {"p_above": describe_entries(draws, (), null=threshold)["above"]})
    table.insert(table.shape[1] - 1, "threshold", float(threshold))
    reason = reason or untraced(draws)
    return table.assign(unconverged=reason) if reason else table


def with_attrs(out: xr.DataArray, draws: xr.DataArray, **extra: Any) -> xr.DataArray:
    """Return `out` with the attributes of the draws it came from, in their order of dims."""
    kept = [dim for dim in draws.dims if dim in out.dims]
    return out.transpose(*kept).assign_attrs({**draws.attrs, **extra}).rename(draws.name)


def require_draws(draws: xr.DataArray) -> None:
    """Raise when these are no draws."""
    if not isinstance(draws, xr.DataArray) or not {"chain", "draw"} <= set(draws.dims):
        given = tuple(draws.dims) if isinstance(draws, xr.DataArray) else f"a {type(draws).__name__}"
        raise ValueError(
            f"draws need the dims 'chain' and 'draw'; given: {given}. Make them with estimate(fit, by=...)."
        )
    if 0 in (draws.sizes["chain"], draws.sizes["draw"]):
        raise ValueError(f"there are no draws: {draws.sizes['chain']} chains of {draws.sizes['draw']} draws.")


def prepare(draws: xr.DataArray, along: str, kind: str) -> xr.DataArray:
    """Return draws to be compared along a dim, without ``n``; raise when it cannot be, or not in this kind."""
    require_draws(draws)
    checks.one_of(kind, tuple(KINDS), what="kind")
    checks.one_of(along, names_of(draws), what="along")
    if draws.attrs.get("quantity") == "rank":
        raise ValueError(
            "the draws are ranks, places and not amounts, which cannot be compared so. Rank the comparisons instead, "
            "for instance rank(change(draws), along=...), or summarise the ranks of each level."
        )
    if kind != "difference":
        _require_kind(draws, kind)
    return mark_together(spread(draws, along), along).drop_vars("n", errors="ignore")


# ---- inside


def _require_kind(draws: xr.DataArray, kind: str) -> None:
    """Raise when draws have no ratio, or no odds."""
    needed = "shares" if kind == "log odds ratio" else "numbers above 0"
    attrs = draws.attrs
    compared = attrs.get("quantity") in ("change", "contrast") and (attrs.get("kind"), kind) != ("ratio", "ratio")
    if compared:
        was = "changes" if attrs["quantity"] == "change" else "contrasts"
        raise ValueError(
            f"the draws are {was} ({attrs.get('kind')}), which have no {kind}: it is of {needed}. Give "
            f"kind='difference', or ask for kind={kind!r} in the first comparison and for kind='difference' here."
        )
    advice = "Give kind='difference'"
    if attrs.get("scale") == "linear":
        raise ValueError(f"the draws are linear predictors, which have no {kind}: it is of {needed}. {advice}.")
    if kind == "log odds ratio" and attrs.get("statistic") == "mean":
        raise ValueError(
            f"the draws are means, which have no {kind}: it is of {needed}. {advice}, or of a rating estimate a share "
            "with cut=."
        )
    low, high = OPEN[kind]
    outside = ~((draws > low) & (draws < high)) & draws.notnull()
    if bool(outside.any()):
        found = draws.to_numpy()[outside.to_numpy()]
        allowed = "between 0 and 1" if np.isfinite(high) else "above 0"
        raise ValueError(
            f"draws from {found.min():.4g} to {found.max():.4g} have no {kind}: it is of {needed}, {allowed}. {advice}."
        )


def _warn_of_gaps(draws: xr.DataArray, base: xr.DataArray, along: str, reference: Any) -> None:
    """Warn of entries that have no row because the reference is missing there."""
    other = [dim for dim in base.dims if dim not in (*OVER, "scenario")]
    gone = base.isnull().all(OVER) & draws.notnull().any(OVER).any(along)
    gone = gone.all([dim for dim in gone.dims if dim not in other])
    for dim in other:
        lost = gone.any([each for each in other if each != dim])
        if bool(lost.any()) and not bool(lost.all()):
            names = [checks.plain(each) for each in base[dim].to_numpy()[lost.to_numpy()]]
            warnings.warn(
                f"the reference {reference!r} is missing for {dim} {checks.listing(names)}, which have no contrast.",
                UserWarning,
                stacklevel=3,
            )
            return


def _require_same_levels(draws: xr.DataArray, along: str) -> None:
    """Raise when the mean along a dim would be of other levels here than there."""
    there = draws.notnull().any(OVER)
    there = there.transpose(*(dim for dim in there.dims if dim != along), along)
    known = there.to_numpy().reshape(-1, there.sizes[along])
    holes = known.any(axis=0) & ~known[known.any(axis=1)].all(axis=0)
    if holes.any():
        levels = [checks.plain(each) for each in draws[along].to_numpy()]
        lacking = [level for level, hole in zip(levels, holes, strict=True) if hole]
        rest = [level for level, hole in zip(levels, holes, strict=True) if not hole]
        others = [str(dim) for dim in there.dims if dim != along]
        if rest:
            way = f"Name a reference= that is there throughout, for instance {rest[0]!r}, or leave these out with "
            way += f"draws.dropna({along!r}, how='any')"
        else:
            one = ", ".join(f"{dim}={checks.plain(there.get_index(dim)[0])!r}" for dim in others)
            way = f"Compare within one of them at a time: draws.sel({one}).dropna({along!r}, how='all')"
        raise ValueError(
            f"the mean along {along!r} would not be of the same levels throughout: {checks.listing(lacking)} are "
            f"missing for some {' and '.join(others)}. {way}."
        )


def _require_within_reach(draws: xr.DataArray, threshold: float) -> None:
    """Raise when a threshold is outside what a share, or a difference of shares, can be."""
    if isinstance(threshold, bool) or not isinstance(threshold, int | float | np.number) or np.isnan(threshold):
        raise ValueError(f"threshold is {threshold!r}; allowed: a number in the unit of the draws.")
    attrs = draws.attrs
    if attrs.get("statistic") != "share" or attrs.get("scale") == "linear" or attrs.get("quantity") == "rank":
        return
    differ = attrs.get("quantity") in ("change", "contrast")
    if differ and attrs.get("kind") != "difference":
        return
    low = -1.0 if differ else 0.0
    values = draws.to_numpy()
    if not low <= threshold <= 1 and np.nanmin(values) >= low and np.nanmax(values) <= 1:
        of = "differences of shares" if differ else "shares"
        raise ValueError(
            f"threshold is {threshold:g}, but the draws are {of}, from {low:g} to 1: 5 % is 0.05, 80 % is 0.8."
        )


def _ranks(values: np.ndarray, axis: int) -> np.ndarray:
    """Return the rank of each value along an axis, from 1 for the lowest; ties share the better one."""
    moved = np.ascontiguousarray(np.moveaxis(values, axis, -1))
    order = np.argsort(moved, axis=-1)
    ordered = np.take_along_axis(moved, order, axis=-1)
    place = np.broadcast_to(np.arange(1.0, 1 + moved.shape[-1]), moved.shape)
    tied = ordered[..., 1:] == ordered[..., :-1]
    if tied.any():
        alone = np.concatenate([np.ones((*tied.shape[:-1], 1), dtype=bool), ~tied], axis=-1)
        place = np.maximum.accumulate(np.where(alone, place, 0.0), axis=-1)
    out = np.empty(moved.shape)
    np.put_along_axis(out, order, place, axis=-1)
    return np.moveaxis(out, -1, axis)
