"""Findings: what a computation says about published numbers, one row for each number.

The rooms' checks return such tables, and the ledger joins them by table, row and quantity. Nothing is checked here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

# the verdict that stands when several checks look at one number: a contradiction first, then the strongest support
STATUSES = ("differs", "reproduced", "agrees", "input", "not reproducible")
TOLERANCE = 1e-9
# half the last digit of a printed percent, by its quality: a whole number, or one in words ("about a fifth")
HALF = {"exact": 0.5, "rounded": 2.5, "approx": 2.5}


@dataclass(frozen=True)
class Finding:
    """What a computation says about one published number, in the unit of that number.

    Parameters
    ----------
    table, row, quantity
        The published number, as in `load_report` without a table.
    status
        "reproduced": an independent computation gives the printed digits; "agrees": it is compatible with them;
        "differs"; "input": the number was used to compute others; "not reproducible".
    reason
        A sentence for a methodologist.
    ours, lower, upper
        Our value and the range that the rounding of its inputs leaves; NaN where there is none.
    """

    table: str
    row: int
    quantity: str
    status: str
    reason: str
    ours: float = np.nan
    lower: float = np.nan
    upper: float = np.nan


FINDING_COLUMNS = ["table", "row", "quantity", "ours", "lower", "upper", "status", "reason"]


def tabulate(found: Iterable[Finding]) -> pd.DataFrame:
    """Return findings as a table: `table, row, quantity, ours, lower, upper, status, reason`.

    Examples
    --------
    >>> tabulate([Finding("items", 0, "share", "agrees", "it fits", ours=55.0)])[["row", "ours", "status"]]
       row  ours  status
    0    0  55.0  agrees
    """
    frame = pd.DataFrame([asdict(one) for one in found], columns=FINDING_COLUMNS)
    return frame.astype({"row": "int64", "ours": float, "lower": float, "upper": float})


def combine(*tables: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each number that the tables speak of, in the order of table, row and quantity.

    Where several checks look at one number, the verdict is the first of "differs", "reproduced", "agrees", "input",
    "not reproducible"; value and range come from the check that gave it, and its reason is followed by the others.

    Examples
    --------
    >>> fits = tabulate([Finding("trends", 7, "share", "agrees", "The sum fits.", ours=60.0)])
    >>> clash = tabulate([Finding("trends", 7, "share", "differs", "The mix gives 59.", ours=59.0)])
    >>> combine(fits, clash)[["ours", "status", "reason"]].to_records(index=False).tolist()
    [(59.0, 'differs', 'The mix gives 59. The sum fits.')]
    """
    together = pd.concat(tables, ignore_index=True)
    strength = together["status"].map({status: place for place, status in enumerate(STATUSES)})
    key = ["table", "row", "quantity"]
    ordered = together.assign(strength=strength).sort_values([*key, "strength"], kind="stable")
    reasons = ordered.groupby(key, sort=False)["reason"].agg(" ".join)
    first = ordered.drop_duplicates(key).set_index(key)
    return first.assign(reason=reasons).reset_index()[FINDING_COLUMNS]


def overlap(low: float, high: float, printed: float, *, half: float) -> bool:
    """Return whether something between low and high prints as the printed number, ties either way.

    Examples
    --------
    >>> overlap(59.5, 59.8, 60, half=0.5), overlap(58.7, 59.4, 60, half=0.5)
    (True, False)
    """
    return bool(low <= printed + half + TOLERANCE and high >= printed - half - TOLERANCE)


def records(frame: pd.DataFrame) -> list[Any]:
    """Return the rows of a published table as named tuples; `Index` is the row in print."""
    return list(frame.itertuples())


def spell(numbers: Iterable[float], *, form: str = "g") -> str:
    """Return numbers as words in a row.

    Examples
    --------
    >>> spell([60, 63]), spell([35.94, 33.36, 30.7], form=".1f")
    ('60 and 63', '35.9, 33.4 and 30.7')
    """
    return join([format(number, form) for number in numbers])


def join(words: Sequence[str]) -> str:
    """Return words in a row.

    Examples
    --------
    >>> join(["AAP", "pension", "disability"])
    'AAP, pension and disability'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def unsaid(found: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return the findings of `more` about numbers that `found` says nothing of, and those that say what fed a model.

    Examples
    --------
    >>> known = tabulate([Finding("groups", 1, "n", "agrees", "The sum fits.")])
    >>> more = tabulate([Finding("groups", row, "n", "not reproducible", "Nothing gives it.") for row in (1, 2)])
    >>> unsaid(known, more)["row"].tolist()
    [2]
    """
    key = ["table", "row", "quantity"]
    known = pd.MultiIndex.from_frame(found[key])
    fed = (more["status"] == "input") & more["reason"].str.startswith("Fed ")
    return more[~pd.MultiIndex.from_frame(more[key]).isin(known) | fed]
