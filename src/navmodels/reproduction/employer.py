"""The audit of Nav's employer survey 2024: which models are fitted, and what is held against what."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import xarray as xr

import navmodels as nav
from navmodels.reproduction import claims as claim_audit
from navmodels.reproduction import pooled, series
from navmodels.reproduction.claims import Evidence
from navmodels.reproduction.intervals import estimate_design_effect

SEED = 2024
Fit = Callable[["nav.Model", "nav.Survey"], xr.DataTree]


def load_tables() -> dict[str, pd.DataFrame]:
    """Return the published tables of the report."""
    names = ("items", "trends", "changes", "groups", "regressions", "phone_combinations", "claims")
    return {name: nav.load_report("employer_2024", name) for name in names}
