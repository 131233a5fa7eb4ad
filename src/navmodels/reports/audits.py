"""What an audit is, whatever the report: its tables, its summary and its plots; and the fitting of its models."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr
from tqdm import tqdm

import navmodels as nav
from navmodels.engines.fitting import refit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Plan = Mapping[str, tuple["nav.Model", "nav.Survey"]]
Drawings = Mapping[str, "Callable[[], Axes]"]


@dataclass(frozen=True)
class Audit:
    """What the audit of a report gives.

    Attributes
    ----------
    ledger, claims, fits
        Every number, every statement, every model.
    tables
        What else is written, by name of the file.
    summarise
        The audit and a language → the summary for the screen.
    draw
        The audit and a language → the plots, by name of the file; each is drawn when it is called.
    facts
        Numbers that the summary needs besides.
    """

    ledger: pd.DataFrame
    claims: pd.DataFrame
    fits: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    summarise: "Callable[[Audit, str], str]"
    draw: "Callable[[Audit, str], Drawings]"
    facts: Mapping[str, float] = field(default_factory=dict)


def fit_plan(plan: Plan, *, engine: str, seed: int, progress: bool) -> dict[str, xr.DataTree]:
    """Fit every model of a plan."""
    fits = {}
    with tqdm(total=len(plan), desc="Fitting", disable=not progress, unit="model") as bar:
        for name, (model, survey) in plan.items():
            bar.set_postfix_str(name)
            fits[name] = refit(model, survey, engine=engine, seed=seed)
            bar.update()
    return fits


def fit_table(fits: Mapping[str, xr.DataTree]) -> pd.DataFrame:
    """Return one row a model: cells, engine, seconds, divergences, and "passed" or why the gate did not open."""
    rows = [
        (
            name,
            fit["survey"].sizes["cell"],
            fit.attrs["engine"],
            fit.attrs["seconds"],
            fit.attrs["divergences"],
            fit.attrs["unconverged"] or "passed",
        )
        for name, fit in fits.items()
    ]
    return pd.DataFrame(rows, columns=["model", "cells", "engine", "seconds", "divergences", "gate"])
