"""The audit audits itself: each confirmed number is moved out of its range; some status must turn to *differs*."""

import numpy as np
import pandas as pd

from navmodels.reports.quantities import Quantity
from navmodels.reports.statuses import Numbers, holds_at
from navmodels.reports.typed_tables import records

CONFIRMED = ("reproduced", "agrees")


def falsify_numbers(numbers: Numbers, statuses: pd.DataFrame) -> pd.DataFrame:
    """Move each confirmed number out of its range, one at a time, both ways, and tell whether the audit notices.

    A number that has no limit on a side within reach is moved on the other only. The number is moved by one last digit
    beyond what the range of its row in the ledger lets print.

    Returns
    -------
    pandas.DataFrame
        number, status, code (of the check that confirmed it), published, moved_to, noticed, differs (the quantities
        that a check then refuses, in words such as "a, b").
    """
    rows = []
    for found in records(statuses[statuses["status"].isin(CONFIRMED)]):
        name, quantity = str(found.Index), numbers.quantities[str(found.Index)]
        for moved in _outside(quantity, found.lower, found.upper):
            refused: list[str] = []
            for check in (check for check in numbers.checks if name in check.names):
                held, holds = holds_at(check, numbers, name, np.array([quantity.value, moved]))
                if held and not holds:
                    refused += [each for each in check.suspects if each not in refused]
            rows.append((name, found.status, found.code, quantity.value, moved, bool(refused), ", ".join(refused)))
    columns = ["number", "status", "code", "published", "moved_to", "noticed", "differs"]
    return pd.DataFrame(rows, columns=columns)


# ---- inside


def _outside(quantity: Quantity, low: float, high: float) -> list[float]:
    """Return the first printed values below and above a range; none on a side without a limit."""
    value, step = quantity.value, quantity.step
    half = max(quantity.half, step / 2)
    ends = []
    for side, end in ((-1.0, low), (1.0, high)):
        if np.isfinite(end):
            steps = np.floor((side * (end - value) + half) / step + 1e-6) + 1
            ends.append(value + side * step * max(steps, 1.0))
    return [end for end in ends if end >= 0 or value < 0]
