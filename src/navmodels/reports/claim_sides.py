"""The two sides of a claim: which printed numbers it compares, and draws of each, pooled or by themselves.

Nothing is judged here; see `claim_verdicts`.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels.reports.printed_shares import DRAWS, KEY, counts_printing, single_draws
from navmodels.reports.report_folders import Report
from navmodels.reports.schema import ALL, EACH, OTHERS, SIGNS, YES

Array = npt.NDArray[np.float64]
Coordinates = Mapping[str, str]

SIDES = ("survey", "item", "answer", "group_dim", "group", "time")


class NotJudgedError(Exception):
    """Why a claim cannot be judged: a code of words/, and what its sentence needs."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True)
class Evidence:
    """What claims are judged by: printed shares as a variant reads them, and the draws of those in models."""

    report: Report
    shares: pd.DataFrame
    pooled: Mapping[str, Array]
    model_of: Mapping[str, str]
    seed: int

    def draws(self, name: str) -> Array:
        """Return draws of a printed number (proportion, or score): of its model, else by itself."""
        if name in self.pooled:
            return self.pooled[name]
        row = self.shares.loc[name]
        if self.report.surveys[row["survey"]].get("register"):
            return np.full(DRAWS, row["value"] / 100)
        rng = np.random.default_rng([self.seed, zlib.crc32(name.encode())])
        if row["statistic"] == "mean":
            if pd.isna(row["se"]):
                raise NotJudgedError("no_base", number=name)
            return np.asarray(rng.normal(row["value"], row["se"] * np.sqrt(row["effect"]), DRAWS))
        if pd.isna(row["n"]):
            raise NotJudgedError("no_base", number=name)
        return single_draws(row["value"], row["half"], row["n"] / row["effect"], rng)


@dataclass(frozen=True)
class Side:
    """One side of a claim: draws, the printed value, the numbers it rests on."""

    draws: Array
    value: float
    numbers: Sequence[str]


def coordinates(claim: Any, end: str = "") -> Coordinates:
    """Return where a side of a claim lies; the other side is as the first where nothing else is said."""
    first = {name: str(getattr(claim, name)) for name in SIDES}
    if not end:
        return first
    second = {name: str(getattr(claim, f"{name}_b")) for name in SIDES}
    if second["survey"] and not second["time"]:
        second["time"] = "?"  # another survey has its own year
    if second["item"] and not second["answer"] and second["item"] != OTHERS:
        second["answer"] = "?"
    if second["group"] == ALL:
        second["group_dim"] = ALL
    return {name: second[name] or first[name] for name in SIDES}


def find(at: Coordinates, shares: pd.DataFrame) -> str:
    """Return the name of the printed number at some coordinates.

    Raises
    ------
    NotJudgedError
        When none is in print, or several answers are and none is named.
    """
    if EACH in at.values():
        raise NotJudgedError("no_one_group", **at)
    rows = shares
    for name in ("survey", "item", "group_dim", "group"):
        rows = rows[rows[name] == at[name]]
    named = rows[rows["answer"] == at["answer"]]
    if named.empty and at["answer"] in ("", "?"):
        named = rows[rows["statistic"] == "share"] if (rows["statistic"] == "share").any() else rows
        if named["answer"].nunique() > 1:
            raise NotJudgedError("which_answer", **at)
    timed = named if at["time"] == "?" else named[named["time"] == at["time"]]
    if timed.empty:
        raise NotJudgedError("no_number" if rows.empty or named.empty else "no_level", **at)
    return str(timed.index[0])


def one_side(at: Coordinates, evidence: Evidence, *, sign: int) -> Side:
    """Return a side that is one printed number; a bound only where it is on the cautious side of `sign`.

    Raises
    ------
    NotJudgedError
        When it is not in print, its base is not known, or it is a bound that could hide the opposite.
    """
    name = find(at, evidence.shares)
    row = evidence.shares.loc[name]
    cautious = {1: "gt", -1: "lt"}.get(sign, "")
    if row["bound"] != "eq" and row["bound"] != cautious:
        raise NotJudgedError("bound", number=name, bound=row["bound"], value=float(row["value"]), group=row["group"])
    return Side(evidence.draws(name), float(row["value"]), (name,))


def other_side(claim: Any, first: Side, evidence: Evidence, *, sign: int) -> Side:
    """Return what the first side is compared with: a number, or the whole less the group."""
    at = coordinates(claim, "_b")
    if at["group"] == OTHERS or (claim.kind == "difference" and at["group"] == ALL and at["survey"] == claim.survey):
        found = the_others(coordinates(claim), first, evidence)
        if at["group"] == OTHERS:
            return found
        whole = evidence.shares.loc[find({**at, "group_dim": ALL, "group": ALL}, evidence.shares)]
        part = float(evidence.shares.loc[first.numbers[0], "n"] / whole["n"])
        if not 0 < part < 1:
            return found
        mixed = part * first.draws + (1 - part) * found.draws
        return Side(mixed, float(whole["value"]), found.numbers)
    return one_side(at, evidence, sign=-sign)


def the_others(at: Coordinates, first: Side, evidence: Evidence) -> Side:
    """Return everybody outside a group: the other groups of its model mixed by size, or the whole less the group."""
    shares, name = evidence.shares, first.numbers[0]
    row = shares.loc[name]
    alike = np.logical_and.reduce([shares[key] == row[key] for key in KEY if key != "group"])
    others = shares[alike & (shares.index != name) & shares["n"].notna() & (shares["bound"] == "eq")]
    parts = evidence.report.tables["groups"].query("survey == @at['survey'] and group_dim == @at['group_dim']")
    every = len(parts) == len(others) + 1 and bool((parts["part"] == YES).all())
    whole = shares[
        np.logical_and.reduce([shares[key] == row[key] for key in ("survey", "item", "answer", "time", "statistic")])
        & (shares["group_dim"] == ALL) & shares["n"].notna() & (shares["bound"] == "eq")
    ]  # fmt: skip
    if not every and len(whole) and pd.notna(row["n"]) and whole["n"].iloc[0] > row["n"]:
        return _remainder(whole.iloc[0], row, name, evidence)
    if others.empty:
        raise NotJudgedError("no_others", **at)
    draws = np.average([evidence.draws(str(each)) for each in others.index], axis=0, weights=others["n"])
    return Side(draws, float(np.average(others["value"], weights=others["n"])), tuple(others.index))


def together(claim: Any, evidence: Evidence) -> tuple[Side, Side] | None:
    """Return two answers of the same people to one question that takes one answer, jointly; None for other claims.

    With a Dirichlet of 1/2 for each answer and for whatever was answered besides.
    """
    first, second = (find(coordinates(claim, end), evidence.shares) for end in ("", "_b"))
    rows = evidence.shares.loc[[first, second]]
    items = evidence.report.tables["items"].query("survey == @claim.survey and item == @claim.item")
    several = (items["answers"] == "several").any() or (items["kind"] == "tick").any()
    if several or rows["item"].nunique() > 1 or first == second or (rows["bound"] != "eq").any() or rows["n"].isna().any():
        return None
    n = float(rows["n"].iloc[0] / rows["effect"].iloc[0])
    rng = np.random.default_rng([evidence.seed, zlib.crc32(f"{first}/{second}".encode())])
    counts = [rng.choice(counts_printing(value, n, half), DRAWS) for value, half in zip(rows["value"], rows["half"], strict=True)]
    rest = np.clip(n - counts[0] - counts[1], 0.0, None)
    gammas = np.stack([rng.gamma(each + 0.5) for each in (*counts, rest)])
    each = gammas / gammas.sum(axis=0)
    return tuple(Side(each[place], float(rows["value"].iloc[place]), (name,)) for place, name in enumerate((first, second)))  # type: ignore[return-value]


def rivals(claim: Any, evidence: Evidence) -> list[str]:
    """Return the printed numbers that a side is ranked among, without itself.

    Along the coordinate that says "others" on the other side; else groups, else answers, else the items of the battery.
    """
    at, shares = coordinates(claim), evidence.shares
    name = find(at, shares)
    row = shares.loc[name]
    asked = {key: getattr(claim, f"{key}_b") for key in ("group", "answer", "item")}
    along = next((key for key, value in asked.items() if value == OTHERS), "")
    items = evidence.report.tables["items"]
    items = items[items["survey"] == row["survey"]].set_index("item")
    rest = set(items.index[items["remainder"] == YES])
    for key in (along,) if along else ("group", "answer", "item"):
        held = [other for other in KEY if other != key and not (key == "item" and other == "answer" and not row["answer"])]
        rows = shares[np.logical_and.reduce([shares[other] == row[other] for other in held]) & (shares["bound"] == "eq")]
        if key == "item":
            battery = items["battery"].to_dict()
            same = rows["item"].map(battery).fillna("") == battery.get(row["item"], "")
            rows = rows[same & ~rows["item"].isin(rest)] if battery.get(row["item"]) else rows.head(0)
        found = [str(each) for each in rows.index if each != name]
        if found and (key != "group" or row["group_dim"] != ALL):
            return found
    raise NotJudgedError("no_rivals", **at)


def sign_of(claim: Any) -> int:
    """Return what a claim says of A − B: 1, −1, or 0 for the same."""
    return SIGNS[claim.direction]


# ---- inside


def _remainder(whole: pd.Series, row: pd.Series, name: str, evidence: Evidence) -> Side:
    n = whole["n"] - row["n"]
    share = float(np.clip((whole["n"] * whole["value"] - row["n"] * row["value"]) / n, 0, 100))
    half = (whole["n"] * whole["half"] + row["n"] * row["half"]) / n
    rng = np.random.default_rng([evidence.seed, zlib.crc32(f"{name} others".encode())])
    return Side(single_draws(share, half, float(n / whole["effect"]), rng), share, (str(whole.name),))
