"""Verdicts on comparisons in words: what was found, and what the probability does not cover."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from navmodels.reports.accessibility_bases import WEIGHTED
from navmodels.reports.accessibility_comparisons import Sides, words
from navmodels.reports.accessibility_models import DESIGN_EFFECTS
from navmodels.reports.accessibility_sides import Part
from navmodels.reports.findings import join

SAME = 5.0  # percentage points within which two shares are called the same; a judgement
REPEATED = {
    "verdict_half_base": "half the assumed base",
    "verdict_double_base": "double the assumed base",
    "verdict_design_effect": f"a design effect of {DESIGN_EFFECTS[1]:g}",
    "verdict_complement": "the unsafe easy shares as what the other answers leave of 100",
}


def reason_of(claim: Any, sides: Sides, main: Mapping[str, Any], repeats: Mapping[str, str], verdict: str) -> str:
    """Return what was found, and what the probability does not cover."""
    shown = [_shown(part, answer=sides.joint) for part in (sides.first, *sides.second)]
    others = join(shown[1:]) if sides.second else f"{sides.level:g} %"
    pooled = not np.isnan(main["p_pooled"])
    margin = f" by at most {SAME:g} points" if claim.direction == "same" else ""
    chance = f"pooled {_p(main['p_pooled'])}, by itself {_p(main['p_unpooled'])}" if pooled else _p(main["p_unpooled"])
    said = [
        f"{shown[0]} against {others}: {main['mean']:+.1f} points ({main['lower']:.1f} to {main['upper']:.1f}), "
        f"P({claim.direction}{margin}) {chance}.",
        sides.note,
    ]
    if not pooled and not sides.joint:
        said.append("Nothing to pool it with.")
    if sides.joint:
        said.append("The same respondents gave both answers; taken as if nobody gave two, which is cautious.")
    said += _reservations(claim, sides)
    said += [f"With {REPEATED[name]} the verdict is {word}." for name, word in repeats.items() if word != verdict]
    return " ".join(sentence for sentence in said if sentence)


# ---- inside


def _reservations(claim: Any, sides: Sides) -> list[str]:
    parts = (sides.first, *sides.second)
    said = [f"The base of {words(part.group)} is assumed: {part.how}." for part in parts if part.assumed]
    said += [
        f"No whole count out of {part.base:g} prints as {part.share:g} % ({words(part.group)}); "
        f"it enters with {part.n:g}."
        for part in parts
        if part.n < part.base
    ]
    for part in parts:
        if part.bound in ("gt", "lt"):
            said.append(f"{part.share:g} % of {words(part.group)} is a bound; taken as it stands, which is cautious.")
        elif part.half == 2.5:
            said.append(f"{part.share:g} % of {words(part.group)} is printed as about, and enters as ± 2.5.")
    if claim.overlap == "yes" and sides.second and not sides.note.startswith("The whole"):
        said.append("The groups overlap by a number not in print; they are taken as independent, which is cautious.")
    if claim.comparable == "no":
        said.append(
            "The surveys differ in method and population; the probability covers sampling only, not that difference."
        )
    if any(part.survey in WEIGHTED for part in parts):
        said.append("The survey is weighted, with a design effect that is not in print.")
    return said


def _shown(part: Part, *, answer: bool) -> str:
    """Return a share, its base, and whose it is or which answer."""
    name = part.question.split(": ")[1] if answer else "the others" if " without " in part.group else part.group
    return f"{part.share:.3g} % of {part.base:,.0f} ({words(name)})"


def _p(value: float) -> str:
    return "> 0.999" if value > 0.999 else "< 0.001" if value < 0.001 else f"{value:.3f}"
