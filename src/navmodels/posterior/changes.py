"""change: differences along time, draw by draw; and the rule of overlapping intervals, for comparison."""

import numpy as np
import pandas as pd
import xarray as xr

from navmodels.data import checks
from navmodels.data.reserved import COLUMNS, require_free
from navmodels.posterior.comparisons import KINDS, require_dim, with_attrs

CLASSES = ("increase", "decrease", "tendency", "no clear change")
NUMBERS = {*COLUMNS["summarise"], *COLUMNS["direct_estimate"]} - {"reference"}  # columns that are not labels


def change(draws: xr.DataArray, *, along: str = "year", lag: int = 1, kind: str = "difference") -> xr.DataArray:
    """Return the change from the level `lag` places before, draw by draw.

    What the two share cancels, so the change is surer than two intervals beside each other suggest.

    Parameters
    ----------
    draws
        Dims (chain, draw, ..., along), levels in order. Select two levels first for the change between just these.
    along
        The dim to difference, usually "year".
    lag
        How many levels back: 1 compares with the survey before. With gaps between surveys this is not one year; the
        coordinate ``<along>_from`` says which level each is compared with.
    kind
        "difference", "ratio" or "log odds ratio".

    Returns
    -------
    xarray.DataArray
        Dims as given, `along` without its first `lag` levels. `summarise` adds ``p_increase`` and ``class``: an
        increase or decrease when the 95 % interval excludes no change, a tendency when the 90 % interval does, else no
        clear change.

    Raises
    ------
    ValueError
        For an unknown dim or kind, numeric levels out of order, or too few levels for the lag.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from navmodels import change
    >>> values = np.array([0.70, 0.80, 0.86]) + np.zeros((2, 50, 3))
    >>> draws = xr.DataArray(values, dims=("chain", "draw", "year"), coords={"year": [2021, 2023, 2024]})
    >>> change(draws)["year_from"].values
    array([2021, 2023])
    """
    require_dim(draws, along, kind)
    levels = draws[along].to_numpy()
    if np.issubdtype(levels.dtype, np.number) and (np.diff(levels) <= 0).any():
        raise ValueError(f"the levels of {along!r} are out of order: {checks.listing(levels)}; sort them first.")
    if lag < 1 or lag >= len(levels):
        raise ValueError(f"lag is {lag} and {along!r} has {len(levels)} levels; allowed: 1 to {len(levels) - 1}.")
    if f"{along}_from" in draws.coords:
        raise ValueError(
            f"the draws have '{along}_from', as a change calls the level compared with; rename it first: "
            f"draws.rename({{'{along}_from': 'before_{along}'}})."
        )
    draws = draws.drop_vars("n", errors="ignore")
    later = draws.isel({along: slice(lag, None)})
    earlier = draws.isel({along: slice(None, -lag)}).assign_coords({along: later[along].to_numpy()})
    out = KINDS[kind](later, earlier).assign_coords({f"{along}_from": (along, levels[:-lag])})
    return with_attrs(out, draws, quantity="change", kind=kind, along=along)


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
