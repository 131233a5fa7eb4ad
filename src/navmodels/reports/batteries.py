"""Items by year by sector together: one joint model for all items of all batteries, from their printed shares.

An item borrows from its battery, a year moves a whole battery or all of them, and a sector deviates from these in its
own way for each item and year. The model behind the ledger's changes and differences; it takes any table of such
shares. Not for the items of a single year; see `pooled`.
"""

import numpy as np
import pandas as pd
import xarray as xr

import navmodels as nav
from navmodels.reports.findings import records
from navmodels.reports.series import series_name

FACTORS = ["battery", "item", "sector", "year"]
Pair = tuple[str, int]  # a series and a year


def battery_model() -> "nav.Model":
    """Return the joint model of shares by battery, item, sector and year.

    Levels by battery and by item within it; a walk over the years that all share, deviations of each battery from it,
    and of each item, sector and year from these. What each term is worth, and why none is about sectors for good,
    stands in docs/method/batteries.

    Examples
    --------
    >>> [":".join(term.factors) for term in battery_model().terms]
    ['battery', 'battery:item', 'year', 'battery:year', 'item:sector:year']
    """
    return nav.Model(
        nav.Reported(),
        nav.Group("battery"),
        nav.Group("battery", "item"),
        nav.Trend("year"),
        nav.Group("battery", "year", scale=0.3),
        nav.Group("item", "sector", "year", scale=0.3),
    )


def battery_survey(levels: pd.DataFrame, *, design_effect: float, base_factor: float = 1.0) -> "nav.Survey":
    """Return printed shares as a survey by battery, item, sector and year; "all" stands beside the sectors.

    Parameters
    ----------
    levels
        One row a printed share: battery, item, group (a sector, or "all"), year, share (percent), n (its base),
        n_printed (whether the base is in print), extra_sd (points, beyond sampling); as from `series_levels`. Items are
        to be of one kind: the scales of six-point items are not those of answers to tick.
    design_effect
        Variance ratio to a simple sample.
    base_factor
        What bases that are not in print are multiplied by.

    Examples
    --------
    >>> row = {"battery": "staff", "item": "available", "group": "all", "year": 2024, "share": 61.0, "n": 3872.0}
    >>> survey = battery_survey(pd.DataFrame([row | {"n_printed": True, "extra_sd": 0.0}]), design_effect=1.24)
    >>> survey.factors
    ('battery', 'item', 'sector', 'year')
    >>> survey.cells["se"].values.round(3).tolist()
    [0.873]
    """
    n = levels["n"] * np.where(levels["n_printed"], 1.0, base_factor)
    p = levels["share"] / 100
    se = np.sqrt(1e4 * design_effect * p * (1 - p) / n + levels["extra_sd"] ** 2)
    table = _factors(levels).assign(share=levels["share"], n=n, se=se)
    return nav.Survey.from_report(table, by=FACTORS, estimate="share", se="se", n="n", overlap="allow")


def repeated(levels: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of items with two printed shares or more: over the years, or of both sectors.

    An item printed once says nothing of changes or differences; those of 2024 are pooled in `pooled`.
    """
    return levels[levels.groupby("item")["share"].transform("size") >= 2]


def asked_pairs(claims: pd.DataFrame, levels: pd.DataFrame) -> list[Pair]:
    """Return every series and year that is in print, or that a statement of change speaks of, between the years."""
    series, first, last = set(levels["series"]), levels["year"].min(), levels["year"].max()
    pairs = set(zip(levels["series"], levels["year"].astype(int), strict=True))
    for claim in records(claims[claims["kind"] == "change"]):
        name = series_name(claim.item, claim.group)
        pairs |= {
            (name, int(year)) for year in (claim.year_from, claim.year_to) if pd.notna(year) and first <= year <= last
        }
    return sorted(pair for pair in pairs if pair[0] in series)


def series_draws(fit: xr.DataTree, levels: pd.DataFrame, pairs: list[Pair]) -> xr.DataArray:
    """Return draws of the shares of series in years, printed or not; dims (chain, draw, series, year)."""
    series = levels.drop_duplicates("series").set_index("series")[["battery", "item", "group"]]
    asked = pd.DataFrame(sorted(set(pairs)), columns=["series", "year"]).join(series, on="series")
    each = asked.drop_duplicates("series")
    return _picked(fit, asked, each[["item", "group"]], along="series", names=each["series"])


def sector_draws(fit: xr.DataTree, levels: pd.DataFrame) -> xr.DataArray:
    """Return draws of both sectors where both are printed; dims (chain, draw, item_year, sector)."""
    asked = both_sectors(levels)
    each = asked.drop_duplicates("item_year")
    return _picked(fit, asked, each[["item", "year"]], along="item_year", names=each["item_year"])


def both_sectors(levels: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of items and years printed for both sectors, with ``item_year``."""
    table = levels[levels["group"] != "all"]
    table = table.assign(item_year=table["item"] + " " + table["year"].astype(str))
    return table[table.groupby("item_year")["group"].transform("nunique") == 2]


# ---- inside


def _factors(levels: pd.DataFrame) -> pd.DataFrame:
    """Return the factors of rows with battery, item, group and year; the whole is a sector of its own, "all"."""
    return levels.rename(columns={"group": "sector"})[FACTORS]


def _picked(fit: xr.DataTree, asked: pd.DataFrame, each: pd.DataFrame, *, along: str, names: pd.Series) -> xr.DataArray:
    """Return the estimates of the cells asked for, with one dim in place of the two columns of `each`."""
    population = _factors(asked).assign(weight=1.0)
    draws = nav.estimate(fit, by=["item", "sector", "year"], population=population).unstack().drop_vars("n")
    each = each.rename(columns={"group": "sector"})
    at = {name: xr.DataArray(each[name].to_numpy(), dims=along) for name in each}
    out = draws.sel(at).drop_vars(list(at)).assign_coords({along: names.to_numpy()})
    rest = [dim for dim in ("sector", "year") if dim not in at]
    return out.transpose("chain", "draw", along, *rest)
