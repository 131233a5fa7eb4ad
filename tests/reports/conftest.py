"""The employer report's tables, draws with exact quantiles, and a whole audit whose models are made, not fitted."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import norm

import navmodels as nav
from navmodels.posterior import summaries
from navmodels.reports import audits
from navmodels.reports.audits import Audit
from navmodels.reports.employer import TABLES, audit_employer
from navmodels.reports.series import series_levels

DESIGN_EFFECT = 1.24


@pytest.fixture(scope="session")
def published() -> dict[str, pd.DataFrame]:
    return {name: nav.load_report("employer_2024", name) for name in TABLES}


@pytest.fixture(scope="session")
def levels(published: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return series_levels(published["items"], published["trends"], published["changes"])


def _normal_draws(mean: float, sd: float, *, seed: int = 0) -> np.ndarray:
    """Return 4 chains of 1 000 draws that are the quantiles of a normal distribution, in random order."""
    values = norm.ppf((np.arange(4000) + 0.5) / 4000)
    return mean + sd * np.random.default_rng(seed).permutation(values).reshape(4, 1000)


@pytest.fixture(scope="session")
def normal_draws() -> Callable[..., np.ndarray]:
    return _normal_draws


@pytest.fixture(scope="session")
def labelled() -> Callable[..., xr.DataArray]:
    """Return a function from {label: (mean, sd)} to draws along one dim."""

    def draws(dim: str, quantities: dict[object, tuple[float, float]]) -> xr.DataArray:
        columns = [_normal_draws(*one, seed=place) for place, one in enumerate(quantities.values())]
        coords = {dim: list(quantities)}
        return xr.DataArray(np.stack(columns, axis=-1), dims=("chain", "draw", dim), coords=coords, name="share")

    return draws


@pytest.fixture(scope="session")
def made_audit(made_fit: Callable[..., xr.DataTree]) -> Audit:
    """Return the audit of the employer report with 50 made draws a chain, too few for the gate, which stands open."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audits, "refit", lambda model, survey, **_: made_fit(model, survey, draws=50))
        patch.setattr(summaries, "failures", lambda draws: "")
        audit = audit_employer()
    return audit
