"""The audit audits itself: each confirmed number is moved out of its range; some status must turn to *differs*."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from navmodels.reports.report_folders import Report
from navmodels.reports.statuses import Numbers, numbers_of, outcome_at, print_of

CONFIRMED = ("reproduced", "agrees")


def falsify_report(report: Report) -> pd.DataFrame:
    """Move each confirmed number out of its range, one at a time, both ways, and tell whether the audit notices.

    A number that has no limit on a side within reach is moved on the other only. The number is moved by one last digit
    beyond what the range of its row in the ledger lets print.

    Returns
    -------
    pandas.DataFrame
        number, status, code (of the check that confirmed it), published, moved_to, noticed, differs (the quantities
        that a check then refuses, in words such as "a, b").
    """
    numbers, statuses = numbers_of(report)
    return falsify_numbers(numbers, statuses)


def falsify_numbers(numbers: Numbers, statuses: pd.DataFrame) -> pd.DataFrame:
    """As `falsify_report`, of numbers that were worked out already."""
    values: Mapping[str, float] = numbers.quantities["value"].to_dict()
    rows = []
    speaking: dict[str, list[int]] = {}
    for place, check in enumerate(numbers.checks):
        for name in check.names:
            speaking.setdefault(name, []).append(place)
    printed = print_of(numbers.quantities)
    for name, row in statuses[statuses["status"].isin(CONFIRMED)].iterrows():
        name = str(name)
        for moved in _outside(values[name], row["lower"], row["upper"], numbers.quantities.loc[name]):
            refused = []
            for place in speaking.get(name, []):
                check = numbers.checks[place]
                held, holds = outcome_at(check, values, printed, name, np.array([values[name], moved])).holds
                if held and not holds:
                    refused += [each for each in (check.suspects or (check.target,)) if each not in refused]
            rows.append((name, row["status"], row["code"], values[name], moved, bool(refused), ", ".join(refused)))
    columns = ["number", "status", "code", "published", "moved_to", "noticed", "differs"]
    return pd.DataFrame(rows, columns=columns)


# ---- inside


def _outside(value: float, low: float, high: float, quantity: pd.Series) -> list[float]:
    """Return the first printed values below and above a range; none on a side without a limit."""
    step = float(quantity["step"])
    half = max(float(quantity["half"]), step / 2)
    ends = []
    if np.isfinite(low):
        steps = np.floor((value - (low - half)) / step + 1e-6) + 1
        ends.append(value - step * max(steps, 1.0))
    if np.isfinite(high):
        steps = np.floor((high + half - value) / step + 1e-6) + 1
        ends.append(value + step * max(steps, 1.0))
    return [end for end in ends if end >= 0 or value < 0]
