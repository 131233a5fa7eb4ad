"""The two sides of a claim: which printed numbers it compares, and draws of each, pooled or by themselves.

Nothing is judged here; see `verdicts`.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels.reports.folders import Report
from navmodels.reports.printed_shares import DRAWS, KEY, counts_printing, single_draws
from navmodels.reports.schema import ALL, EACH, OTHERS, SIGNS, YES
from navmodels.reports.typed_tables import records

Array = npt.NDArray[np.float64]
Coordinates = Mapping[str, str]

SIDES = ("survey", "item", "answer", "group_dim", "group", "time")
ANY = "?"  # a coordinate of the other side that nobody names


class NotJudgedError(Exception):
    """Why a claim cannot be judged: a code of words/, and what its sentence needs."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True)
class Evidence:
    """What claims are judged by: printed shares as a variant reads them, and by model the draws of those it holds.

    A number is drawn from the `preferred` model where that holds it, else from the first that does.
    """

    report: Report
    shares: pd.DataFrame
    models: Mapping[str, Mapping[str, Array]]
    seed: int
    preferred: str = ""
    drawn: dict[tuple[Any, ...], Array] = field(default_factory=dict)  # those by themselves, as they were read

    @cached_property
    def rows(self) -> dict[str, Any]:
        """Each printed share by its name."""
        return {str(row.Index): row for row in records(self.shares)}

    @cached_property
    def places(self) -> dict[tuple[str, ...], list[Any]]:
        """The printed shares of each survey, item and group."""
        found: dict[tuple[str, ...], list[Any]] = {}
        for row in self.rows.values():
            found.setdefault((row.survey, row.item, row.group_dim, row.group), []).append(row)
        return found

    @cached_property
    def items(self) -> dict[tuple[str, str], Any]:
        """The rows of items.csv."""
        return {(row.survey, row.item): row for row in records(self.report.tables["items"])}

    def preferring(self, model: str) -> "Evidence":
        """Return the same with another preferred model; what was looked up is not looked up again."""
        other = replace(self)
        vars(other).update({**vars(self), "preferred": model})
        return other

    def model_of(self, name: str) -> str:
        """Return the model that a number is drawn from, or an empty string."""
        if name in self.models.get(self.preferred, {}):
            return self.preferred
        return next((model for model, each in self.models.items() if name in each), "")

    def joint(self, numbers: Sequence[str]) -> str:
        """Return the first model that holds all of some numbers, or an empty string."""
        return next((model for model, each in self.models.items() if all(name in each for name in numbers)), "")

    def random(self, name: str) -> np.random.Generator:
        """Return the random numbers of a name: the same in every scenario."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def draws(self, name: str) -> Array:
        """Return draws of a printed number (proportion, or score): of its model, else by itself."""
        model = self.model_of(name)
        if model:
            return self.models[model][name]
        row = self.rows[name]
        if self.report.surveys[row.survey].get("register"):
            return np.full(DRAWS, row.value / 100)
        if row.statistic == "mean" and row.se > 0:
            return self.random(name).normal(row.value, row.se, DRAWS)
        if row.statistic == "mean" or pd.isna(row.n):
            raise NotJudgedError("no_base", number=name)
        key = (name, row.value, row.n, row.effect)
        if key not in self.drawn:
            self.drawn[key] = single_draws(row.value, row.half, row.n / row.effect, self.random(name))
        return self.drawn[key]


@dataclass(frozen=True)
class Side:
    """One side of a claim: draws, the printed value, the numbers it rests on."""

    draws: Array
    value: float
    numbers: Sequence[str]


def coordinates(claim: Any, end: str = "") -> Coordinates:
    """Return where a side of a claim lies; the other side (`end` "_b") is as the first where nothing else is said."""
    first = {name: str(getattr(claim, name)) for name in SIDES}
    if not end:
        return first
    second = {name: str(getattr(claim, f"{name}_b")) for name in SIDES}
    second["time"] = second["time"] or (ANY if second["survey"] else "")  # another survey has its own year
    second["answer"] = second["answer"] or (ANY if second["item"] not in ("", OTHERS) else "")
    second["group_dim"] = ALL if second["group"] == ALL else second["group_dim"]
    return {name: second[name] or first[name] for name in SIDES}


def find(at: Coordinates, evidence: Evidence) -> Any:
    """Return the printed number at some coordinates.

    Raises
    ------
    NotJudgedError
        When none is in print, or several answers are and none is named.
    """
    if EACH in at.values():
        raise NotJudgedError("no_one_group", **at)
    rows = evidence.places.get((at["survey"], at["item"], at["group_dim"], at["group"]), [])
    named = [row for row in rows if row.answer == at["answer"]]
    if not named and at["answer"] in ("", ANY):
        named = [row for row in rows if row.statistic == "share"] or rows
        if len({row.answer for row in named}) > 1:
            raise NotJudgedError("which_answer", **at)
    timed = [row for row in named if at["time"] in (row.time, ANY)]
    if not timed:
        raise NotJudgedError("no_level" if named else "no_number", **at)
    return timed[0]


def one_side(at: Coordinates, evidence: Evidence, *, sign: int) -> Side:
    """Return a side that is one printed number; a bound only where it is on the cautious side of `sign`.

    Raises
    ------
    NotJudgedError
        When it is not in print, its base is not known, or it is a bound that could hide the opposite.
    """
    row = find(at, evidence)
    if row.bound not in ("eq", {1: "gt", -1: "lt"}.get(sign, "")):
        raise NotJudgedError("bound", number=row.Index, bound=row.bound, value=float(row.value))
    return Side(evidence.draws(row.Index), float(row.value), (row.Index,))


def other_side(claim: Any, first: Side, evidence: Evidence, *, sign: int) -> Side:
    """Return what the first side is compared with: a number, or the whole (less the group)."""
    at = coordinates(claim, "_b")
    whole = claim.kind == "difference" and at["group"] == ALL and at["survey"] == claim.survey
    if at["group"] != OTHERS and not whole:
        return one_side(at, evidence, sign=-sign)
    found = the_others(first, evidence)
    if not whole:
        return found
    row = find(at, evidence)  # the whole holds the group
    part = evidence.rows[first.numbers[0]].n / row.n
    mixed = part * first.draws + (1 - part) * found.draws if 0 < part < 1 else found.draws
    return Side(mixed, float(row.value), found.numbers)


def the_others(first: Side, evidence: Evidence) -> Side:
    """Return everybody outside a group: the other groups mixed by size where these are all, else the whole less it.

    Where neither can be had, the other groups that are in print, mixed by size. In a survey with weights the size of a
    group is its printed share, where that of each group is in print, else the answers it gave.
    """
    row = evidence.rows[first.numbers[0]]
    question = ("survey", "item", "answer", "time", "statistic")
    alike = [each for each in evidence.rows.values() if _same(each, row, question)]
    alike = [each for each in alike if each.bound == "eq" and pd.notna(each.n)]
    others = [each for each in alike if each.group_dim == row.group_dim and each.group != row.group]
    groups = evidence.report.tables["groups"]
    parts = groups[(groups["survey"] == row.survey) & (groups["group_dim"] == row.group_dim)]
    every = len(parts) == len(others) + 1 and bool((parts["part"] == YES).all())
    whole = next((each for each in alike if each.group_dim == ALL and each.n > row.n), None)
    shares = dict(zip(parts["group"], parts["share"] / 100, strict=True))
    by_share = evidence.report.surveys[row.survey].get("weighted") and all(
        pd.notna(shares.get(each.group)) for each in (row, *others)
    )
    if whole is not None and not every:
        return _remainder(whole, row, shares[row.group] if by_share else row.n / whole.n, evidence)
    if not others:
        raise NotJudgedError("no_others", item=row.item, group=row.group)
    sizes = [shares[each.group] if by_share else each.n for each in others]
    draws = np.average([evidence.draws(each.Index) for each in others], axis=0, weights=sizes)
    value = float(np.average([each.value for each in others], weights=sizes))
    return Side(draws, value, tuple(each.Index for each in others))


def together(claim: Any, evidence: Evidence) -> tuple[Side, Side] | None:
    """Return two answers of the same people to one question that takes one answer, jointly; None for other claims.

    With a Dirichlet of 1/2 for each answer and for whatever was answered besides.
    """
    rows = [find(coordinates(claim, end), evidence) for end in ("", "_b")]
    item = evidence.items.get((claim.survey, claim.item))
    several = item is not None and item.answers == "several"
    apart = rows[0].item != rows[1].item or rows[0].Index == rows[1].Index
    if several or apart or any(row.bound != "eq" or pd.isna(row.n) for row in rows):
        return None
    n = float(rows[0].n / rows[0].effect)
    rng = evidence.random("/".join(row.Index for row in rows))
    counts = [rng.choice(counts_printing(row.value, n, row.half), DRAWS) for row in rows]
    gammas = np.stack([rng.gamma(each + 0.5) for each in (*counts, np.clip(n - counts[0] - counts[1], 0.0, None))])
    each = gammas / gammas.sum(axis=0)
    first, second = (Side(each[place], float(row.value), (row.Index,)) for place, row in enumerate(rows))
    return first, second


def rivals(claim: Any, evidence: Evidence) -> list[str]:
    """Return the printed numbers that a side is ranked among, without itself.

    Along the coordinate that says "others" on the other side; else groups, else answers, else the items of the battery.
    """
    row = find(coordinates(claim), evidence)
    along = [key for key in ("group", "answer", "item") if getattr(claim, f"{key}_b") == OTHERS]
    for key in along or ("group", "answer", "item"):
        if key == "group" and row.group_dim == ALL:
            continue
        held = [other for other in KEY if other != key]
        rows = [each for each in evidence.rows.values() if each.bound == "eq" and _same(each, row, held)]
        rows = [each for each in rows if _rival(each, row, key, evidence) and each.Index != row.Index]
        if rows:
            return [each.Index for each in rows]
    raise NotJudgedError("no_rivals", item=claim.item)


def sign_of(claim: Any) -> int:
    """Return what a claim says of A − B: 1, −1, or 0 for the same."""
    return SIGNS[claim.direction]


# ---- inside


def _same(one: Any, other: Any, names: Iterable[str]) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _rival(each: Any, row: Any, key: str, evidence: Evidence) -> bool:
    """Return whether a number of the same coordinates is a rival: of the same battery, and no remainder."""
    if key != "item":
        return True
    item, own = evidence.items.get((each.survey, each.item)), evidence.items.get((row.survey, row.item))
    known = item is not None and own is not None and bool(own.battery)
    return known and item.battery == own.battery and item.remainder != YES  # type: ignore[union-attr]


def _remainder(whole: Any, row: Any, part: float, evidence: Evidence) -> Side:
    """Return the whole less a group that is a `part` of it."""
    share = float(np.clip((whole.value - part * row.value) / (1 - part), 0, 100))
    half = (whole.half + part * row.half) / (1 - part)
    n = float((whole.n - row.n) / whole.effect)
    return Side(single_draws(share, half, n, evidence.random(f"{row.Index} others")), share, (whole.Index,))
