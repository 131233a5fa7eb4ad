"""Claims judged: a truth value on draws, one scale for every kind, and whether the verdict stands otherwise.

*stands* from a probability of 0.95, *leans* from 0.80, *leans against* to 0.20, *fails* to 0.05, else *open*; *not
judged* with the reason. Prose is made elsewhere.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from navmodels.reports.schema import OTHERS
from navmodels.reports.sides import (
    Evidence,
    NotJudgedError,
    Side,
    coordinates,
    one_side,
    other_side,
    rivals,
    sign_of,
    together,
)
from navmodels.reports.typed_tables import records
from navmodels.sensitivity.verdicts import classify_probability

Array = npt.NDArray[np.float64]

MARGIN = 5.0  # points within which two shares are the same, unless said
STARS = {"*": 0.05, "**": 0.01, "***": 0.001}
JOINED = " of "


@dataclass(frozen=True)
class Verdict:
    """What is found of a claim.

    Attributes
    ----------
    p
        Probability that it is true; missing where it is not judged.
    code, facts
        How it was judged, or why not, for its sentence.
    points
        Draws of A − B in points, where both are shares.
    published
        Printed values of both sides.
    numbers
        What it rests on.
    """

    p: float
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    points: Array | None = None
    published: tuple[float, float] = (np.nan, np.nan)
    numbers: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """The verdict on the one scale."""
        return "not judged" if np.isnan(self.p) else classify_probability(self.p)


def judge_claims(evidence: Evidence, *, without: Collection[str] = ()) -> dict[str, Verdict]:
    """Return the verdict on each claim of a report, by its name; those `without` are left out."""
    out = {}
    claims = evidence.report.tables["claims"]
    for claim in records(claims[~claims["claim"].isin(list(without))]):
        try:
            found = _judge(claim, evidence)
            joint = evidence.joint(found.numbers)
            if joint and any(evidence.model_of(name) != joint for name in found.numbers):
                found = _judge(claim, evidence.preferring(joint))  # what both sides share cancels
            out[str(claim.claim)] = found
        except NotJudgedError as reason:
            out[str(claim.claim)] = Verdict(np.nan, reason.code, reason.facts)
    return out


def judge_association(claim: Any, table: pd.DataFrame, levels: Mapping[str, float]) -> Verdict:
    """Return the verdict on a claim about printed coefficients, whose errors the stars bound.

    A coefficient with stars lies at least so many errors from 0, one without fewer than 1.96. The probability is the
    one nearest to one half that the stars leave.

    Examples
    --------
    Three stars say p < 0.001, so that the probability of a positive one is at least 0.9995:

    >>> from collections import namedtuple
    >>> rows = pd.DataFrame({"outcome": ["trust"], "predictor": ["staff"], "year": ["2024"], "value": [0.33],
    ...                      "se": [np.nan], "stars": ["***"], "model": ["m"], "role": ["predictor"]})
    >>> names = "item item_b group_dim group group_b time time_b direction"
    >>> claim = namedtuple("Claim", names)("trust", "staff", "all", "all", "", "2024", "", "positive")
    >>> round(judge_association(claim, rows, STARS).p, 4)
    0.9995
    """
    predictor = claim.item_b if claim.group_dim != "predictor" else claim.group
    first = _coefficient(claim, table, predictor, claim.time)
    sign = sign_of(claim)
    if sign == 0:
        raise NotJudgedError("no_margin")
    against = [
        *([(predictor, claim.time_b)] if claim.time_b else []),
        *((name, claim.time) for name in _predictors(claim, table, first) if claim.group_dim == "predictor"),
    ]
    if not against:
        low, high = _z_range(first, levels)
        bounds = sorted(float(ndtr(sign * z)) for z in (low, high))
        values = (float(first["value"]), np.nan)
    else:
        each = [_coefficient(claim, table, *other) for other in against]
        found = [_difference(first, other, levels, sign) for other in each]
        bounds = list(min(found))
        values = (float(first["value"]), float(each[0]["value"]))
    p = 0.5 if bounds[0] < 0.5 < bounds[1] else min(bounds, key=lambda bound: abs(bound - 0.5))
    return Verdict(p, "association", {"stars": first["stars"], "at_least": bounds[0]}, published=values)


# ---- inside


def _judge(claim: Any, evidence: Evidence) -> Verdict:
    if claim.kind == "association":
        stars = {**STARS, **evidence.report.about.get("stars", {})}
        return judge_association(claim, evidence.report.tables["coefficients"], stars)
    if claim.kind == "order" or OTHERS in (claim.answer_b, claim.item_b):
        return _order(claim, evidence)
    if claim.kind == "change" and not claim.time_b:
        raise NotJudgedError("no_time")
    sign = sign_of(claim)
    pair = together(claim, evidence) if claim.kind == "answer" else None
    first = (
        pair[0] if pair else one_side(coordinates(claim), evidence, sign=0 if claim.kind == "level" else sign)
    )  # "over half" proves no level
    if claim.kind == "level":
        points = _scale(first, evidence) * first.draws - claim.level
        return _verdict(claim, points, first, float(claim.level), (), evidence)
    if claim.kind == "difference" and claim.time_b:
        return _change_of_gap(claim, first, evidence)
    second = pair[1] if pair else other_side(claim, first, evidence, sign=sign)
    if set(first.numbers) == set(second.numbers):
        raise NotJudgedError("same_number", number=first.numbers[0])
    return _verdict(claim, _points(first, second, evidence), first, second.value, second.numbers, evidence)


def _points(first: Side, second: Side, evidence: Evidence) -> Array:
    return _scale(first, evidence) * (first.draws - second.draws)


def _scale(side: Side, evidence: Evidence) -> float:
    """Return by what draws are multiplied to be points: shares are proportions, means are not."""
    return 1.0 if evidence.rows[side.numbers[0]].statistic == "mean" else 100.0


def _change_of_gap(claim: Any, first: Side, evidence: Evidence) -> Verdict:
    """Judge A − B now against A − B then."""
    here, there = coordinates(claim), coordinates(claim, "_b")
    now = one_side({**there, "time": here["time"]}, evidence, sign=0)
    then = [one_side({**at, "time": there["time"]}, evidence, sign=0) for at in (here, there)]
    points = _points(first, now, evidence) - _points(then[0], then[1], evidence)
    numbers = (*now.numbers, *then[0].numbers, *then[1].numbers)
    return _verdict(claim, points, first, now.value, numbers, evidence)


def _order(claim: Any, evidence: Evidence) -> Verdict:
    """Judge that a number is among the first of its rivals; for another kind, that it is the first."""
    sign = sign_of(claim) or 1
    first = one_side(coordinates(claim), evidence, sign=sign)
    others = rivals(claim, evidence)
    among = 1 if np.isnan(claim.among) else int(claim.among)
    ahead = sum((sign * (evidence.draws(name) - first.draws) > 0).astype(int) for name in others)
    p = float(np.mean(np.asarray(ahead) < among))
    facts = {"among": among, "rivals": len(others) + 1, **_stands_on((*first.numbers, *others), evidence)}
    nearest = max(sign * evidence.rows[name].value for name in others)
    values = (first.value, float(sign * nearest))
    return Verdict(p, "order", facts, published=values, numbers=(*first.numbers, *others))


def _verdict(
    claim: Any, points: Array, first: Side, other: float, numbers: tuple[str, ...] | Any, evidence: Evidence
) -> Verdict:  # fmt: skip
    sign = sign_of(claim)
    margin = float(claim.stated) if _is_number(claim.stated) else MARGIN
    if not sign and margin is MARGIN and _scale(first, evidence) == 1:  # five points say nothing of a mean
        raise NotJudgedError("no_margin")
    true = sign * points > 0 if sign else np.abs(points) <= margin
    every = (*first.numbers, *numbers)
    facts = {"margin": margin, "sign": sign, "comparable": claim.comparable, **_stands_on(every, evidence)}
    return Verdict(float(true.mean()), claim.kind, facts, points, (first.value, other), every)


def _stands_on(numbers: tuple[str, ...], evidence: Evidence) -> dict[str, Any]:
    """Return the models that numbers are pooled in, and the bases that are assumed."""
    models = [model for model in dict.fromkeys(map(evidence.model_of, numbers)) if model]
    rows = [evidence.rows[name] for name in numbers]
    assumed = list(dict.fromkeys(row.how for row in rows if row.assumed))
    return {"models": models, "assumed": assumed}


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def _predictors(claim: Any, table: pd.DataFrame, first: pd.Series) -> list[str]:
    """Return the predictors that one is compared with: the one named, or all others of its model."""
    if claim.group_b and claim.group_b != OTHERS:
        return [claim.group_b]
    same = (table["model"] == first["model"]) & (table["year"] == first["year"]) & (table["role"] == "predictor")
    kept = table.loc[same, "predictor"]
    return [name for name in kept if name not in (first["predictor"], "constant", "r2", "n")]


def _coefficient(claim: Any, table: pd.DataFrame, predictor: str, year: str) -> pd.Series:
    rows = table[(table["outcome"] == claim.item) & (table["predictor"] == predictor)]
    rows = rows[rows["year"].isin([year, ""])] if year else rows
    if rows.empty:
        raise NotJudgedError("no_coefficient", outcome=claim.item, predictor=predictor, time=year)
    first: pd.Series = rows.iloc[0]
    return first


def _z_range(row: pd.Series, levels: Mapping[str, float]) -> tuple[float, float]:
    """Return how many errors from 0 a coefficient is, at least and at most."""
    if pd.notna(row["se"]) and row["se"] > 0:
        return (float(row["value"] / row["se"]),) * 2
    marks = sorted(levels.items(), key=lambda pair: -pair[1])
    limits = [float(-ndtri(level / 2)) for _, level in marks]
    place = [mark for mark, _ in marks].index(row["stars"]) if row["stars"] in levels else -1
    low = limits[place] if place >= 0 else 0.0
    high = limits[place + 1] if place + 1 < len(limits) else np.inf
    sign = -1.0 if row["value"] < 0 else 1.0
    return sign * low, sign * high


def _difference(one: pd.Series, other: pd.Series, levels: Mapping[str, float], sign: int) -> tuple[float, float]:
    """Return the least and the largest probability that one coefficient exceeds another, taken as independent."""
    gap = sign * (one["value"] - other["value"])
    spans = []
    for row in (one, other):
        low, high = sorted(abs(z) for z in _z_range(row, levels))
        spans.append((abs(row["value"]) / high if high else np.inf, abs(row["value"]) / low if low else np.inf))
    sds = [np.hypot(spans[0][place], spans[1][place]) for place in (0, 1)]
    found = [float(ndtr(gap / sd)) if sd > 0 else float(gap > 0) for sd in sds]
    return min(found), max(found)
