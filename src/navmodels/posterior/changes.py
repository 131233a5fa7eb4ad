"""change: differences along time, draw by draw; and the rule of overlapping intervals, for comparison."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels import checks
from navmodels.checks.reserved import COLUMNS, require_free
from navmodels.posterior.comparisons import KINDS, prepare, with_attrs
from navmodels.posterior.grids import OVER

CLASSES = ("increase", "decrease", "tendency", "no clear change")
NUMBERS = {*COLUMNS["summarise"], *COLUMNS["direct_estimate"]} - {"reference"}  # columns that are not labels


def change(draws: xr.DataArray, *, along: str = "year", lag: int = 1, kind: str = "difference") -> xr.DataArray:
    """Return the change from the level `lag` places before, draw by draw.

    What the two share cancels, so the change is surer than two intervals beside each other suggest. A group that lacks
    a level is compared with its own level before.

    Parameters
    ----------
    draws
        Dims (chain, draw, ..., along), levels in order. Select two levels first for the change between just these.
    along
        The dim to difference, usually "year".
    lag
        How many levels back, of those the group has: 1 compares with its survey before. With gaps between surveys this
        is not one year; the coordinate ``<along>_from`` says which level each is compared with.
    kind
        "difference", "ratio" (of what is above 0 throughout) or "log odds ratio" (of shares).

    Returns
    -------
    xarray.DataArray
        Dims as given, `along` without its first `lag` levels. ``<along>_from`` has the dim `along`, and the others
        where groups differ in it. `summarise` adds ``p_increase`` and ``class``: an increase or decrease when the 95 %
        interval excludes no change, a tendency when the 90 % interval does, else no clear change. Groups with too few
        levels for a change are kept in the coordinate ``<along>_only``; `summarise` lists each in a row without
        numbers, of the class "only one <along>" ("no <along> 2 before" for a lag of 2).

    Raises
    ------
    ValueError
        For an unknown dim or kind, a kind that has no value for these draws, levels that are not in order of time, or
        too few of them for the lag.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from navmodels import change
    >>> values = np.array([0.70, 0.80, 0.86]) + np.zeros((2, 50, 3))
    >>> draws = xr.DataArray(values, dims=("chain", "draw", "year"), coords={"year": [2021, 2023, 2024]})
    >>> change(draws)["year_from"].values
    array([2021, 2023])
    """
    draws = prepare(draws, along, kind)
    levels = draws[along].to_numpy()
    _require_order(levels, along)
    if len(levels) < 2:
        raise ValueError(f"{along!r} has the one level {checks.listing(levels)}; a change is between two.")
    if lag < 1 or lag >= len(levels):
        raise ValueError(f"lag is {lag} and {along!r} has {len(levels)} levels; allowed: 1 to {len(levels) - 1}.")
    if f"{along}_from" in draws.coords:
        raise ValueError(
            f"the draws have '{along}_from', as a change calls the level compared with; rename it first: "
            f"draws.rename({{'{along}_from': 'before_{along}'}})."
        )
    later = draws.isel({along: slice(lag, None)})
    before, only = _levels_before(draws, along, lag)
    if before is None:
        earlier = draws.isel({along: slice(None, -lag)}).assign_coords({along: later[along].to_numpy()})
        since = xr.Variable(along, levels[:-lag])
    else:
        place = before.isel({along: slice(lag, None)})
        known, found = place >= 0, place.where(place >= 0, 0)
        earlier = draws.drop_vars(along).isel({along: found}).where(known).assign_coords({along: later[along]})
        since = xr.Variable(place.dims, _missing(levels[found.to_numpy()], ~known.to_numpy()))
    out = KINDS[kind](later, earlier).assign_coords({f"{along}_from": since})
    if only is not None:
        last = _missing(levels[np.maximum(only.to_numpy(), 0)], only.to_numpy() < 0)
        out = out.assign_coords({f"{along}_only": xr.Variable(only.dims, last)})
    return with_attrs(out, draws, quantity="change", kind=kind, along=along, lag=lag)


def classify(lower: pd.Series, upper: pd.Series, lower90: pd.Series, upper90: pd.Series, *, null: float) -> list[str]:
    """Return the class of each change from its 95 % and 90 % intervals."""
    clear = np.where(lower > null, "increase", np.where(upper < null, "decrease", ""))
    tendency = (lower90 > null) | (upper90 < null)
    return list(np.where(clear != "", clear, np.where(tendency, "tendency", "no clear change")))


def intervals_overlap(table: pd.DataFrame, *, along: str = "year", lag: int = 1) -> pd.DataFrame:
    """Apply the rule that two estimates differ when their intervals do not overlap.

    The rule is conservative and ignores what the two share; it is here so that statements made by it can be audited.

    Parameters
    ----------
    table
        Estimates with columns lower and upper, one row a level of `along` within each combination of the other labels
        (a table of `summarise`, or of `direct_estimate`).
    along, lag
        As in `change`.

    Returns
    -------
    pandas.DataFrame
        The labels, `along`, ``<along>_from`` and overlap (bool; an interval that is missing overlaps with any, since
        nothing can be told from it).

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.posterior import intervals_overlap
    >>> table = pd.DataFrame({"year": [2023, 2024], "lower": [0.45, 0.55], "upper": [0.49, 0.59]})
    >>> intervals_overlap(table)
       year  year_from  overlap
    0  2024       2023    False
    """
    checks.known_columns(table, [along, "lower", "upper"], what="intervals_overlap")
    labels = [name for name in table.columns if name not in NUMBERS and name != along]
    require_free(labels, "intervals_overlap")
    table = table.sort_values([*labels, along], kind="stable").reset_index(drop=True)
    grouped = table.groupby(labels, observed=True) if labels else table.assign(_all=0).groupby("_all")
    before = grouped[[along, "lower", "upper"]].shift(lag)
    overlap = ~((table["lower"] > before["upper"]) | (before["lower"] > table["upper"]))
    kept = before[along].notna()
    out = table.loc[kept, [*labels, along]].assign(
        **{f"{along}_from": before.loc[kept, along].astype(table[along].dtype)}
    )
    return out.assign(overlap=overlap[kept]).reset_index(drop=True)


# ---- inside


def _require_order(levels: npt.NDArray[Any], along: str) -> None:
    """Raise when levels are not in order of time: numbers and dates that fall, labels whose years do."""
    years = [re.search(r"(?<!\d)(19|20)\d\d(?!\d)", str(level)) for level in levels]
    if levels.dtype.kind not in "iufM" and all(years):
        found = np.array([int(year.group()) for year in years if year])
        fall = np.flatnonzero(np.diff(found) < 0)
    else:
        fall = np.flatnonzero(levels[1:] <= levels[:-1]) if levels.dtype.kind in "iufM" else np.array([], dtype=int)
    if fall.size:
        one, two = (checks.plain(levels[fall[0] + place]) for place in (0, 1))
        raise ValueError(
            f"the levels of {along!r} are out of order: {checks.listing(levels)}; {two!r} comes after {one!r}. Put "
            f"them in order of time, for instance draws.isel({along}={_in_time(levels, years)})."
        )


def _in_time(levels: npt.NDArray[Any], years: list[re.Match[str] | None]) -> list[int]:
    """Return the places of levels in order of time."""
    keys = [(int(year.group()) if year else 0, level) for year, level in zip(years, levels.tolist(), strict=True)]
    return sorted(
        range(len(keys)), key=lambda place: keys[place] if levels.dtype.kind not in "iufM" else keys[place][1:]
    )


def _levels_before(draws: xr.DataArray, along: str, lag: int) -> tuple[xr.DataArray | None, xr.Variable | None]:
    """Return the place of the level each is compared with, −1 for none; and the last one of groups with too few.

    None when all have the levels before, or all have enough. A level that all groups of a scenario lack is no gap in
    some of them, but missing.
    """
    there = draws.notnull().any(OVER).drop_vars([name for name in draws.coords if name != along], errors="ignore")
    others = [dim for dim in there.dims if dim != along]
    nowhere = ~there.any([dim for dim in others if dim != "scenario"])
    count, last = there.sum(along), there.sizes[along] - 1 - there.isel({along: slice(None, None, -1)}).argmax(along)
    few = (count > 0) & (count <= lag) & ~nowhere.any(along)
    only = last.where(few, -1).variable if bool(few.any()) else None
    there = there | nowhere
    if bool((there | ~there.any(along)).all()):
        return None, only
    counted = there.cumsum(along) - 1
    places = xr.full_like(there, -1, dtype=int)
    steps = np.arange(there.sizes[along])
    for place in steps[lag:]:
        wanted = (counted == counted.isel({along: place}) - lag) & there & there.isel({along: place})
        found = wanted.argmax(along).where(wanted.any(along), -1)
        places[{along: place}] = found
    return places, only


def _missing(levels: npt.NDArray[Any], gone: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Return levels with those that are gone missing: NaN among numbers, None among labels."""
    if not gone.any():
        return levels
    if np.issubdtype(levels.dtype, np.number):
        return np.where(gone, np.nan, levels)
    out = levels.astype(object)
    out[gone] = None
    return out
