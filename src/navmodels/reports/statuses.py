"""What the checks say of each printed quantity: reproduced, agrees, differs, or nothing; and how hard the check was.

*Power* is the share of neighbouring wrong values that the same check would refuse: the value ± 1, 2, 3, 5 last digits,
the eight intervals with one end or both moved by one, a size ± 10 %. A check that could hardly fail confirms nothing.

Where a check fails, what differs are those of its suspects that no other check confirms (the idea of Fellegi and Holt
1976: the fewest fields that explain every failed edit).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels.reports.folders import Report
from navmodels.reports.quantities import Quantity, list_quantities
from navmodels.reports.relations import Check, Outcome, Print, judge
from navmodels.reports.structure import list_checks

Array = npt.NDArray[np.float64]

HARD = {"reproduced": 0.5, "agrees": 0.25}  # power that a status needs at least
STEPS = (-5.0, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 5.0)  # last digits
SIZES = ("n", "invited", "population")
ENDS = ("lower", "upper")
AROUND = np.array([(a, b) for a in (-1.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0) if (a, b) != (0, 0)]).T
WITHIN = 0.1  # by how much a size is moved
LADDER = np.concatenate([np.arange(1.0, 33.0), 2.0 ** np.arange(6, 17)])  # last digits tried for the nearest accepted
RUNGS = 32
BETWEEN = ("twice", "hundred")  # checks of several numbers alike, of which none is computed from the others
SOFT = ("twice",)  # what is printed again is not confirmed against other checks by that
REFUTES = ("whole_count",)  # that some count prints so confirms nothing; that none does refutes


@dataclass(frozen=True)
class Told:
    """What one check says of one quantity: ``status`` is reproduced, agrees or differs, "" where it cannot refuse."""

    check: Check
    status: str
    power: float
    outcome: Outcome


@dataclass(frozen=True)
class Numbers:
    """A report's quantities and checks, worked out.

    Attributes
    ----------
    quantities
        As `list_quantities`.
    checks
        As `list_checks`.
    told
        By quantity, what each check that speaks of it says.
    """

    quantities: Mapping[str, Quantity]
    checks: Sequence[Check]
    told: Mapping[str, list[Told]]

    @cached_property
    def printed(self) -> Print:
        """How the quantities are printed."""
        half = {name: each.half for name, each in self.quantities.items()}
        return Print(half, {name: each.bound for name, each in self.quantities.items()})


def work_out(report: Report) -> Numbers:
    """Return what every check of a report says of every quantity."""
    quantities = list_quantities(report)
    numbers = Numbers(quantities, list_checks(report), {name: [] for name in quantities})
    tried = [(check, *_tried(check, numbers)) for check in numbers.checks]
    confirmed = {
        (name, place)
        for place, (check, outcome, power) in enumerate(tried)
        for name in check.names
        if outcome.holds[0] and power[name] >= HARD["reproduced"] and check.code not in (*SOFT, *REFUTES)
    }
    unsafe = set(report.tables["readings"]["id"])
    for place, (check, outcome, power) in enumerate(tried):
        blamed = () if outcome.holds[0] else _blamed(check, place, confirmed, unsafe)
        for name in check.names if outcome.holds[0] else blamed:
            status = "differs"
            if outcome.holds[0]:
                exact = name in check.reproduces and numbers.printed.bound[name] == "eq"
                status = "reproduced" if exact else "agrees"
                status = status if power[name] >= HARD[status] and check.code not in REFUTES else ""
            numbers.told[name].append(Told(check, status, power[name], outcome))
    return numbers


def tabulate_statuses(numbers: Numbers) -> pd.DataFrame:
    """Return one row a quantity: status, check, power, ours, lower, upper.

    Returns
    -------
    pandas.DataFrame
        Indexed by name: status ("" where no check confirms or refutes), code (of the check that gave it, or of the
        hardest that could not), power (of that check; missing where none speaks of it), ours, lower, upper.

    Examples
    --------
    >>> import tempfile
    >>> from navmodels.reports.folders import read_folder
    >>> from navmodels.reports.skeletons import write_skeleton
    >>> _ = write_skeleton(folder := tempfile.mkdtemp())
    >>> table = tabulate_statuses(work_out(read_folder(folder)))
    >>> table.loc[["easy_all", "easy_host", "easy_host.count"], ["status", "code", "power"]].values.tolist()
    [['reproduced', 'count', 1.0], ['reproduced', 'count', 1.0], ['agrees', 'count', 1.0]]
    """
    rows = []
    for name in numbers.quantities:
        chosen = best(numbers.told[name])
        if chosen is None:
            rows.append((name, "", "", *[np.nan] * 4))
        else:
            rows.append((name, chosen.status, chosen.check.code, chosen.power, *_range(chosen, name, numbers)))
    columns = ["name", "status", "code", "power", "ours", "lower", "upper"]
    return pd.DataFrame(rows, columns=columns).set_index("name")


def best(told: Sequence[Told]) -> Told | None:
    """Return what decides of a quantity: what differs, then the strongest status, then the hardest check."""
    order = {"differs": 0, "reproduced": 1, "agrees": 2, "": 3}
    return min(told, key=lambda each: (order[each.status], -each.power), default=None)


def holds_at(check: Check, numbers: Numbers, name: str, tries: Array) -> npt.NDArray[np.bool_]:
    """Return whether a check holds with one quantity at each of some values, all else as printed."""
    at = {each: np.full(len(tries), numbers.quantities[each].value) for each in (*check.names, *check.uses)}
    return judge(check, at | {name: tries}, numbers.printed).holds


# ---- inside


def _tried(check: Check, numbers: Numbers) -> tuple[Outcome, dict[str, float]]:
    """Return the outcome of a check as printed, and its power for each quantity; all are tried at once."""
    moved = [(name, _neighbours(name, check, numbers.quantities)) for name in check.names]
    size = 1 + sum(len(each[name]) for name, each in moved)
    at = {name: np.full(size, numbers.quantities[name].value) for name in (*check.names, *check.uses)}
    places, start = {}, 1
    for name, each in moved:
        places[name] = slice(start, start + len(each[name]))
        for other, tries in each.items():
            at[other][places[name]] = tries
        start += len(each[name])
    outcome = judge(check, at, numbers.printed)
    return outcome, {name: float(1 - outcome.holds[place].mean()) for name, place in places.items()}


def _neighbours(name: str, check: Check, quantities: Mapping[str, Quantity]) -> dict[str, Array]:
    """Return the wrong values near a printed one; of an end, the eight intervals around the printed one."""
    field, step, value = quantities[name].field, quantities[name].step, quantities[name].value
    if field in SIZES:
        reach = max(round(WITHIN * value), 1)
        return {name: np.array([max(value - reach, 1.0), value + reach])}
    if field in ENDS:
        other = f"{name.rpartition('.')[0]}.{ENDS[1 - ENDS.index(field)]}"
        if other in check.names:
            return {name: value + step * AROUND[0], other: quantities[other].value + step * AROUND[1]}
        return {name: np.array([value - step, value + step])}
    return {name: value + step * np.array(STEPS)}


def _blamed(check: Check, place: int, confirmed: set[tuple[str, int]], unsafe: set[str]) -> Sequence[str]:
    """Return what differs where a check fails: what a reader found unsafe, else what nothing else confirms."""
    doubted = [name for name in check.names if name in unsafe]
    if doubted:
        return doubted
    elsewhere = {name for name, where in confirmed if where != place}
    for group in (check.suspects, check.seconds):
        free = [name for name in group if name not in elsewhere]
        if free:
            return free
    return check.suspects


def _range(told: Told, name: str, numbers: Numbers) -> tuple[float, float, float]:
    """Return what a check gives for a quantity: value and limits; of one not computed, the printed values accepted."""
    outcome = told.outcome
    computed = {told.check.target: (outcome.ours, outcome.low, outcome.high), **outcome.more}
    if name in computed and told.check.code not in BETWEEN:
        first, least, most = computed[name]
        return float(first[0]), float(least[0]), float(most[0])
    low, high = accepted(told.check, name, numbers)
    if told.status == "differs":
        printed = numbers.quantities[name]
        near = min((low, high), key=lambda end: abs(end - printed.value) if np.isfinite(end) else np.inf)
        possible = np.isfinite(near) and not (near < 0 <= printed.value and printed.statistic != "change")
        return (near if possible else np.nan), np.nan, np.nan
    return np.nan, low, high


def accepted(check: Check, name: str, numbers: Numbers) -> tuple[float, float]:
    """Return the lowest and highest printed value of a quantity that a check accepts around the printed one.

    Where it refuses the printed one, the nearest accepted below and above. An end is infinite when nothing within
    65,536 last digits tells.
    """
    value, step = numbers.quantities[name].value, numbers.quantities[name].step

    def holding(steps: Array) -> npt.NDArray[np.bool_]:
        return holds_at(check, numbers, name, value + step * steps)

    far = holding(np.concatenate([[0.0], -LADDER, LADDER]))
    holds = far[0]
    ends = []
    for side, turned in ((-1.0, far[1 : 1 + len(LADDER)]), (1.0, far[1 + len(LADDER) :])):
        switched = np.flatnonzero(turned != holds)
        if not len(switched):
            ends.append(side * np.inf)
            continue
        last = LADDER[switched[0]]
        first = LADDER[switched[0] - 1] if switched[0] else 0.0
        while last - first > 1:  # the turn lies between them
            rungs = np.unique(np.round(np.linspace(first, last, RUNGS)))
            turn = int(np.flatnonzero(holding(side * rungs[1:]) != holds)[0]) + 1
            first, last = rungs[turn - 1], rungs[turn]
        ends.append(value + side * step * float(first if holds else last))
    return ends[0], ends[1]


def numbers_of(report: Report) -> tuple[Numbers, pd.DataFrame]:
    """Return the numbers of a report worked out, and their statuses."""
    numbers = work_out(report)
    return numbers, tabulate_statuses(numbers)


def facts_of(told: Told, name: str) -> dict[str, Any]:
    """Return the numbers that the sentence of a check needs where it speaks of a quantity."""
    own = told.outcome.more.get(name, (told.outcome.ours, told.outcome.low, told.outcome.high))
    ours, low, high = (float(each[0]) for each in own)
    return {**told.check.facts, "ours": ours, "low": low, "high": high}
