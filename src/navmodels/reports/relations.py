"""A check: printed quantities that must go together. Worked out on arrays, so that wrong neighbours are tried at once.

A check is a kind of computation and the names of what it speaks of; values come from outside, one array a quantity
(its scenarios). Which checks a report has is said in `structure`, what follows for each number in `statuses`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from navmodels.reports import printed_intervals, systems
from navmodels.reports.formulas import names_of, reach_of

Array = npt.NDArray[np.float64]
Values = Mapping[str, Array]

SLACK = 1e-9


@dataclass(frozen=True)
class Check:
    """Printed quantities that must go together.

    Attributes
    ----------
    code
        What is checked; the words of it stand under this name in words/.
    target
        The quantity computed.
    names
        All quantities that the check speaks of, the target included.
    uses
        What else it needs, of which it says nothing.
    kind
        How it is worked out: "formula", "counts", "interval", "se", "mean_interval", "twice", "system".
    formula, comparison
        Of a formula: target = formula, or <=, >=.
    reproduces
        Names that the others give to the digit, when it holds; what else it speaks of lies in a range.
    suspects, seconds
        What differs when it fails: the suspects that nothing else confirms, else the seconds that nothing confirms.
    facts
        Numbers and texts that its sentence needs, or that its kind does.
    """

    code: str
    target: str
    names: tuple[str, ...]
    uses: tuple[str, ...] = ()
    kind: str = "formula"
    formula: str = ""
    comparison: str = "="
    reproduces: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    seconds: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """Whether a check holds, and what it gives for its target: value, and limits that rounding leaves.

    ``more`` has the same three for other quantities that are computed at once, by name.
    """

    holds: npt.NDArray[np.bool_]
    ours: Array
    low: Array
    high: Array
    more: Mapping[str, tuple[Array, Array, Array]] = field(default_factory=dict)


@dataclass(frozen=True)
class Print:
    """How quantities are printed: half the last digit, and the bound, by name."""

    half: Mapping[str, float]
    bound: Mapping[str, str]


def formula_check(code: str, target: str, formula: str, *, comparison: str = "=", **more: Any) -> Check:
    """Return the check that a formula gives a target (or bounds it).

    Examples
    --------
    >>> formula_check("mix", "all", "(31 * host + 120 * own) / 151").names
    ('all', 'host', 'own')
    """
    names = tuple(dict.fromkeys((target, *names_of(formula))))
    exact = (target,) if comparison == "=" else ()
    return Check(
        code, target, names, formula=formula, comparison=comparison,
        **{"reproduces": exact, "suspects": (target,), **more},
    )  # fmt: skip


def judge(check: Check, at: Values, printed: Print) -> Outcome:
    """Return the outcome of a check at values of its quantities, one for each place of their arrays.

    Examples
    --------
    >>> at = {"all": np.array([66.0, 68.0]), "host": np.array([58.0, 58.0]), "own": np.array([71.0, 71.0])}
    >>> printed = Print({"all": 0.5, "host": 0.5, "own": 0.5}, dict.fromkeys(at, "eq"))
    >>> judge(formula_check("mix", "all", "(31 * host + 120 * own) / 151"), at, printed).holds.tolist()
    [False, True]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return KINDS[check.kind](check, at, printed)


# ---- inside


def _formula(check: Check, at: Values, printed: Print) -> Outcome:
    """Judge target = formula: the ranges of what prints so must meet."""
    halves = {**printed.half, **check.facts["half"]} if "half" in check.facts else printed.half
    target, half = at[check.target], halves[check.target]
    ours, low, high = reach_of(check.formula, at, halves)
    bound = printed.bound[check.target]
    if bound == "gt":
        holds, low = high > target, np.full_like(low, -np.inf)
    elif bound == "lt":
        holds, high = low < target, np.full_like(high, np.inf)
    elif check.comparison == "=":
        holds = (low <= target + half + SLACK) & (high >= target - half - SLACK)
    elif check.comparison == "<=":
        holds, low = target - half <= high + SLACK, np.full_like(low, -np.inf)
    else:
        holds, high = target + half >= low - SLACK, np.full_like(high, np.inf)
    return Outcome(np.asarray(holds), ours, low, high)


def _counts(check: Check, at: Values, printed: Print) -> Outcome:
    """Judge that some whole count out of n prints as the share."""
    share, n = (at[name] for name in check.names)
    half = printed.half[check.target]
    lowest = np.maximum(np.ceil(n * (share - half) / 100 - SLACK * n), 0)
    highest = np.minimum(np.floor(n * (share + half) / 100 + SLACK * n), n)
    holds = lowest <= highest
    near = np.where(holds, np.clip(np.round(n * share / 100), lowest, highest), np.round(n * share / 100))
    ours = 100 * near / n
    low = np.where(holds, 100 * lowest / n, 100 * np.floor(n * share / 100) / n)
    high = np.where(holds, 100 * highest / n, 100 * np.ceil(n * share / 100) / n)
    return Outcome(holds, ours, low, high)


def _twice(check: Check, at: Values, printed: Print) -> Outcome:
    """Judge that a quantity printed twice is one: the same digits, or where one is rougher, ranges that share more."""
    one, other = (at[name] for name in check.names)
    halves = [printed.half[name] for name in check.names]
    reach = max(halves) - min(halves)
    gap = np.abs(one - other)
    holds = gap <= SLACK if reach < SLACK else gap < sum(halves) - SLACK
    bounds = [printed.bound[name] for name in check.names]
    for bound, lesser, greater in ((bounds[0], one, other), (bounds[1], other, one)):
        if bound != "eq":
            holds = greater >= lesser - halves[0] if bound == "gt" else greater <= lesser + halves[0]
    return Outcome(np.asarray(holds), other, other - halves[1], other + halves[1])


def _interval(check: Check, at: Values, printed: Print) -> Outcome:
    """Judge both ends of the interval of a share: value, lower, upper, n."""
    values = [at[name] for name in check.names]
    low, high = printed_intervals.share_interval(check.facts, *values, halves=_halves(check, printed))
    return Outcome(*low, more={check.names[2]: high[1:]})


def _se(check: Check, at: Values, printed: Print) -> Outcome:
    """Judge the standard error of a share, from the shares that give both ends."""
    halves, half, ends = _halves(check, printed), printed.half[check.target], [at[name] for name in check.uses]
    return Outcome(*printed_intervals.share_error(check.facts, ends, at[check.target], halves=halves, half=half))


def _mean_interval(check: Check, at: Values, printed: Print) -> Outcome:
    """Judge both ends of the interval of a mean: value, lower, upper, standard error."""
    values = [at[name] for name in check.names]
    low, high = printed_intervals.mean_interval(*values, halves=_halves(check, printed))
    return Outcome(*low, more={check.names[2]: high[1:]})


def _system(check: Check, at: Values, printed: Print) -> Outcome:
    """Judge a row of a system: some values of what nobody printed give every row of it."""
    return Outcome(*systems.solve_each(check.facts["rows"], check.target, at, printed.half))


def _halves(check: Check, printed: Print) -> tuple[float, ...]:
    return tuple(printed.half[name] for name in (*check.names, *check.uses)[-4:])


KINDS: Mapping[str, Callable[[Check, Values, Print], Outcome]] = {
    "formula": _formula,
    "counts": _counts,
    "twice": _twice,
    "interval": _interval,
    "se": _se,
    "mean_interval": _mean_interval,
    "system": _system,
}
