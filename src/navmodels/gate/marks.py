"""The mark of the gate: what draws carry of the verdict on their fit, through all that xarray does with them.

The verdict is a scalar coordinate. xarray keeps it in arithmetic between draws that agree on it and drops it where they
do not; a concatenation has one for each part. A second coordinate, the same for all fits, tells draws that have lost
their verdict from draws that never had one.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr

VERDICT, ORIGIN = "gate_verdict", "fitted_by"
PASSED, HERE = "passed", "navmodels"
UNTRACED = "not traced to a fit that passed its gate; only these draws were judged"
LOST = (
    "no fit that passed its gate can be told from them, since they combine fits of which one did not pass, or lost the "
    "mark 'gate_verdict' on the way. Combine draws of fits with an empty fit.attrs['unconverged'] only"
)


def mark[T: (xr.DataArray, xr.Dataset)](
    draws: T, attrs: Mapping[Any, Any], coords: Mapping[Any, Any] = MappingProxyType({})
) -> T:
    """Return draws, or a posterior, with the verdict of the fit that has these attributes, and coordinates if marked.

    Examples
    --------
    >>> mark(xr.DataArray(0.8), {"unconverged": ""}).coords["gate_verdict"].item()
    'passed'
    """
    unmarked = draws.drop_vars([VERDICT, ORIGIN], errors="ignore").assign_coords({ORIGIN: HERE})
    given: list[str] = [attrs["unconverged"] or PASSED] if "unconverged" in attrs else []
    known: list[str] = [str(each) for each in np.ravel(coords[VERDICT])] if VERDICT in coords else []
    told: list[str] = [each for each in dict.fromkeys((*given, *known)) if each != PASSED]
    return unmarked.assign_coords({VERDICT: "; ".join(told) or PASSED}) if given or known else unmarked


def mark_together(draws: xr.DataArray, along: str) -> xr.DataArray:
    """Return draws whose entries along a dim are compared with each other, so that one verdict holds for all."""
    if VERDICT not in draws.coords or along not in draws.coords[VERDICT].dims:
        return draws
    return draws.assign_coords({VERDICT: "; ".join(verdicts(draws)) or PASSED})


def verdicts(draws: xr.DataArray) -> list[str]:
    """Return why the fits behind draws did not pass, each reason once; empty when they did or nothing is known."""
    if VERDICT in draws.coords:
        found = [str(each) for each in np.ravel(draws.coords[VERDICT])]
    else:
        found = [LOST] if ORIGIN in draws.coords else []
    return [
        each for each in dict.fromkeys([str(draws.attrs.get("unconverged", "")), *found]) if each not in ("", PASSED)
    ]


def untraced(draws: xr.DataArray) -> str:
    """Return the stamp of draws that no fit of ours is behind; empty when one is."""
    return "" if {VERDICT, ORIGIN} & set(draws.coords) else UNTRACED
