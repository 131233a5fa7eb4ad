"""What the audit of the employer report is judged by: draws of its models, levels in print, and summaries of both.

Nothing is judged here; see `claims` for statements and `ledger` for numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import xarray as xr

import navmodels as nav
from navmodels.reports.findings import records


@dataclass(frozen=True)
class EmployerEvidence:
    """What statements and numbers are judged by.

    Attributes
    ----------
    levels
        Every level in print (`series_levels`).
    series, sectors
        For each base factor, draws of the joint models, six-point items and answers apart: by (series, year) and, where
        both sectors are in print, by (item_year, sector).
    items, means
        Draws of 2024 by item, from the pooled batteries: shares (six-point and multiple choice apart), and means.
    units
        Draws of the table of units phoned, by column and unit.
    battery
        The battery of each item.
    trends
        The shares printed in the text, to show both sides of a contradiction.
    design_effect
        Variance ratio to a simple sample.
    """

    levels: pd.DataFrame
    series: Mapping[float, Sequence[xr.DataArray]]
    sectors: Mapping[float, Sequence[xr.DataArray]]
    items: list[xr.DataArray]
    means: xr.DataArray
    units: xr.DataArray
    battery: Mapping[str, str]
    trends: pd.DataFrame
    design_effect: float

    @cached_property
    def level(self) -> Mapping[tuple[str, int], Any]:
        """The row of `levels` of each series and year."""
        return {(row.series, row.year): row for row in records(self.levels)}

    @cached_property
    def years_table(self) -> pd.DataFrame:
        """Summary of the series with the bases assumed."""
        return _summaries(self.series[1.0])

    @cached_property
    def sectors_table(self) -> pd.DataFrame:
        """Summary of both sectors with the bases assumed."""
        return _summaries(self.sectors[1.0])


# ---- inside


def _summaries(each: Sequence[xr.DataArray]) -> pd.DataFrame:
    return pd.concat([nav.summarise(draws, allow_unconverged=True) for draws in each], ignore_index=True)
