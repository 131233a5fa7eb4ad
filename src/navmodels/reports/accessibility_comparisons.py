"""What a statement of the accessibility study compares: a group with another, with the others, answers, surveys.

Finds the printed shares that a row of the claims speaks of, or says what lacks. Nothing is computed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from navmodels.reports.accessibility_bases import with_bases
from navmodels.reports.accessibility_sides import Cells, Part, part_of, remainder
from navmodels.reports.findings import records

REGISTERS = ("population_ssb_12423", "all_nav_offices", "all_enterprises")
UP = ("higher", "highest", "above")
ADDED = ("base", "base_kind", "base_how", "half", "hedged", "fits", "entered")  # columns of `with_bases`


class CannotJudge(Exception):
    """A statement of which too little is in print; the message says what lacks."""


@dataclass(frozen=True)
class GroupEvidence:
    """What statements are judged by.

    Attributes
    ----------
    estimates
        The printed shares with what they stand on (`with_bases`).
    cells
        The cells of the pooled models (`group_cells`).
    fits
        Draws of each model by question and group; models that did not pass the gate are left out.
    seed
        Fixes the draws of single shares.
    draws
        How many: as many as the fits have.
    """

    estimates: pd.DataFrame
    cells: pd.DataFrame
    fits: Mapping[str, Cells]
    seed: int
    draws: int = 4000

    @cached_property
    def models(self) -> frozenset[str]:
        """The pooled models that hold some printed share."""
        return frozenset(self.cells["model"].unique())

    @cached_property
    def printed(self) -> Mapping[tuple[str, str, str], pd.DataFrame]:
        """The rows of the estimates by survey, way of dividing and group."""
        each = self.estimates.groupby(["survey_id", "group_dim", "group"], sort=False)
        return {(str(survey), str(dim), str(group)): rows for (survey, dim, group), rows in each}


@dataclass(frozen=True)
class Sides:
    """What a statement compares: the parts it names, and their draws, the first side's and the second's."""

    first: Part
    second: tuple[Part, ...]
    note: str = ""
    level: float = float("nan")
    rivals: bool = False  # the first against each of the second, not against their mix
    joint: bool = False  # answers of the same respondents


def sides_of(claim: Any, evidence: GroupEvidence) -> Sides:
    """Return what a statement compares, each share with a base and a value that can be used.

    Raises
    ------
    CannotJudge
        When a share or its base is not in print, or only a bound on the wrong side.
    """
    sides = _sides(claim, evidence)
    for part in (sides.first, *sides.second):
        _require_base(part)
    _require_numbers(claim, sides)
    return sides


def words(name: str) -> str:
    """Return a name of the tables as words.

    Examples
    --------
    >>> words("sickness_or_aap"), words("gp"), words("all")
    ('sickness or AAP', 'GP', 'all respondents')
    """
    capital = {"aap": "AAP", "gp": "GP", "all": "all respondents"}
    return " ".join(capital.get(word, word) for word in name.split("_"))


# ---- inside


def _sides(claim: Any, evidence: GroupEvidence) -> Sides:
    """Return what a statement compares, whether or not it can be judged."""
    first = _find(evidence, claim.survey_id, claim.item_id, claim.category, claim.group_dim, claim.group, claim.share)
    if claim.kind == "level":
        if pd.isna(claim.level):
            raise CannotJudge("no level is named")
        return Sides(first, (), level=float(claim.level))
    dim = claim.group_dim if pd.isna(claim.group_dim_b) else claim.group_dim_b
    if claim.kind == "survey" and claim.survey_id_b in REGISTERS:
        if pd.isna(claim.share_b):
            raise CannotJudge("no share of the other population is in print")
        return Sides(first, (), "The other is a register, without sampling error.", level=float(claim.share_b))
    if claim.kind == "survey":
        group = claim.group if pd.isna(claim.group_b) else claim.group_b
        item, category = _or(claim.item_b, claim.item_id), _or(claim.category_b, claim.category)
        return Sides(first, (_find(evidence, claim.survey_id_b, item, category, dim, group, claim.share_b),))
    if claim.kind == "answer" or (claim.kind == "order" and (pd.notna(claim.category_b) or claim.group_dim == "all")):
        return _answers(claim, first, evidence)
    if claim.kind == "order" or claim.direction in ("highest", "lowest"):
        rivals = _other_groups(first, claim, evidence)
        if not rivals:
            raise CannotJudge("no other group of this question has its share in print")
        return Sides(first, rivals, f"Among the {len(rivals) + 1} groups in print.", rivals=True)
    return _groups(claim, first, dim, evidence)


def _groups(claim: Any, first: Part, dim: str, evidence: GroupEvidence) -> Sides:
    """Return a group against another, against all others, or against the whole it belongs to."""
    if pd.notna(claim.group_b) and claim.group_b not in ("all", "others"):
        item, category = _or(claim.item_b, claim.item_id), _or(claim.category_b, claim.category)
        second = _find(evidence, claim.survey_id, item, category, dim, claim.group_b, claim.share_b)
        return Sides(first, (second,))
    try:
        whole = _find(evidence, claim.survey_id, claim.item_id, claim.category, "all", "all", np.nan)
    except CannotJudge:
        whole = None
    if whole is not None and whole.bound == "eq" and whole.half == 0.5 and whole.n > first.n:
        note = f"The whole includes the group, so it is held against the {whole.n - first.n:,.0f} outside it."
        return Sides(first, (remainder(whole, first),), note)
    others = _other_groups(first, claim, evidence)
    if not others:
        raise CannotJudge("neither the share of the others nor that of all is in print with a base")
    return Sides(first, others, "The others are those in print, mixed by size." if len(others) > 1 else "")


def _answers(claim: Any, first: Part, evidence: GroupEvidence) -> Sides:
    """Return an answer against another of the same respondents, or against all others in print."""
    table = evidence.estimates
    named = pd.notna(claim.category_b) and claim.category_b not in ("all", "others")
    if named or pd.notna(claim.item_b):
        item, category = _or(claim.item_b, claim.item_id), _or(claim.category_b, claim.category)
        group = claim.group if pd.isna(claim.group_b) else claim.group_b
        second = _find(evidence, claim.survey_id, item, category, claim.group_dim, group, claim.share_b)
        return Sides(first, (second,), joint=True)
    rows = table[
        (table["survey_id"] == claim.survey_id) & (table["item_id"] == claim.item_id) & table["base"].notna()
        & (table["category"] != claim.category) & (table["group_dim"] == claim.group_dim)
        & (table["group"] == claim.group) & table["share"].notna() & ~table["bound"].isin(["gt", "lt"])
    ]  # fmt: skip
    if rows.empty:
        raise CannotJudge("no other answer to this question has its share and base in print")
    note = f"Among the {len(rows) + 1} answers in print."
    return Sides(first, tuple(part_of(row) for row in records(rows)), note, rivals=True, joint=True)


def _other_groups(first: Part, claim: Any, evidence: GroupEvidence) -> tuple[Part, ...]:
    table = evidence.estimates
    rows = table[
        (table["survey_id"] == claim.survey_id) & (table["item_id"] == claim.item_id) & table["base"].notna()
        & (table["category"] == claim.category) & (table["group_dim"] == claim.group_dim)
        & (table["group"] != claim.group) & table["share"].notna() & ~table["bound"].isin(["gt", "lt"])
    ]  # fmt: skip
    return tuple(part_of(row) for row in records(rows))


def _find(
    evidence: GroupEvidence, survey: str, item: str, category: str, dim: str, group: str, share: float
) -> Part:  # fmt: skip
    """Return the share of a group in print; where only the statement itself has it, with the base of the group."""
    table = evidence.printed.get((survey, dim, group), evidence.estimates.head(0))
    rows = table[(table["item_id"] == item) & (table["category"] == category) & table["share"].notna()]
    if pd.notna(share) and (rows["share"] == share).any():
        rows = rows[rows["share"] == share]
    if len(rows):
        return part_of(next(rows.itertuples()))
    size = table[table["base_kind"] != ""]
    if pd.isna(share) or size.empty:
        raise CannotJudge(f"no share of {group} is in print for {item}: {category}")
    head = size.head(1).assign(
        item_id=item, category=category, share=float(share), n=size["n"].astype("Float64"), count=np.nan, bound="eq",
        quality="exact",
    )  # fmt: skip
    return part_of(next(with_bases(head.drop(columns=list(ADDED))).itertuples()))


def _require_base(part: Part) -> None:
    if np.isnan(part.n):
        raise CannotJudge(f"the base of {words(part.group)} is not in print")


def _require_numbers(claim: Any, sides: Sides) -> None:
    """Refuse a bound, unless even its value is on the cautious side of what is stated."""
    up = claim.direction in UP
    cautious = [(sides.first, "gt" if up else "lt"), *((part, "lt" if up else "gt") for part in sides.second)]
    for part, allowed in cautious:
        if part.bound in ("gt", "lt") and (part.bound != allowed or not sides.second):
            word = "over" if part.bound == "gt" else "under"
            raise CannotJudge(f"the share of {words(part.group)} is printed only as {word} {part.share:g} %")


def _or(given: Any, otherwise: str) -> str:
    return otherwise if pd.isna(given) else str(given)
