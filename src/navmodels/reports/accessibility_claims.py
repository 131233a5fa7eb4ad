"""Every comparison the accessibility study makes, with the probability that it holds: pooled, and by itself.

*stands*: probability 0.95 or more; *leans*: 0.80 or more; *open*: less. The verdict rests on the pooled probability
where a model has the groups, else on that of the single shares. What a probability does not cover is said in words.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels.reports.accessibility_bases import WEIGHTED
from navmodels.reports.accessibility_comparisons import UP, CannotJudge, GroupEvidence, Sides, sides_of
from navmodels.reports.accessibility_models import DESIGN_EFFECTS, FACTORS
from navmodels.reports.accessibility_reasons import SAME, reason_of
from navmodels.reports.accessibility_sides import (
    Variant,
    mixed,
    model_cells,
    other_cells,
    pooled_draws,
    share_in,
    single_draws,
)
from navmodels.reports.findings import records
from navmodels.reports.single_shares import dirichlet_draws, possible_counts
from navmodels.sensitivity.verdicts import LEANS, STANDS

Array = npt.NDArray[np.float64]

VERDICTS = ("stands", "leans", "open")
LIMITS = (STANDS, LEANS)
JUDGED_COLUMNS = [
    *("printed", "printed_b", "smallest_base", "base_assumed", "mean", "lower", "upper"),
    *("p_pooled", "p_unpooled", "p", "verdict"),
    *("verdict_half_base", "verdict_double_base", "verdict_design_effect", "verdict_complement", "reason"),
]


def audit_accessibility_claims(claims: pd.DataFrame, evidence: GroupEvidence) -> pd.DataFrame:
    """Return each statement with its probability, verdict and reason.

    Returns
    -------
    pandas.DataFrame
        The columns of `claims`, then printed, printed_b (percent), smallest_base, base_assumed, mean, lower, upper
        (percentage points, 95 %), p_pooled, p_unpooled, p (what the verdict rests on), verdict ("stands", "leans",
        "open"; missing where it cannot be judged), verdict_half_base, verdict_double_base, verdict_design_effect,
        verdict_complement (missing where nothing was assumed), reason.
    """
    rows = [_judge(claim, evidence) for claim in records(claims)]
    return pd.concat([claims.reset_index(drop=True), pd.DataFrame(rows, columns=JUDGED_COLUMNS)], axis=1)


def probabilities(claims: pd.DataFrame, evidence: GroupEvidence) -> pd.Series:
    """Return the probability that the verdict on each statement rests on; missing where a model it needs is missing."""
    return pd.Series([_probability_alone(claim, evidence) for claim in records(claims)], index=claims.index)


def verdict_of(p: float) -> str:
    """Return the verdict on a probability.

    Examples
    --------
    >>> [verdict_of(p) for p in (0.97, 0.95, 0.9, 0.5)]
    ['stands', 'stands', 'leans', 'open']
    """
    return next((word for word, limit in zip(VERDICTS, LIMITS, strict=False) if p >= limit), "open")


# ---- inside


def _judge(claim: Any, evidence: GroupEvidence) -> dict[str, Any]:
    try:
        sides = sides_of(claim, evidence)
    except CannotJudge as lacking:
        return {"printed": claim.share, "printed_b": claim.share_b, "reason": f"Cannot be judged: {lacking}."}
    parts = (sides.first, *sides.second)
    main = _probability(claim, sides, evidence, Variant())
    repeats = _repeats(claim, sides, evidence)
    verdict = verdict_of(main["p"])
    second = sides.second[0].share if len(sides.second) == 1 else np.nan
    return {
        "printed": sides.first.share,
        "printed_b": claim.share_b if pd.notna(claim.share_b) else second,
        "smallest_base": min(part.base for part in parts),
        "base_assumed": "yes" if any(part.assumed for part in parts) else "no",
        **main,
        "verdict": verdict,
        **repeats,
        "reason": reason_of(claim, sides, main, repeats, verdict),
    }


def _probability(claim: Any, sides: Sides, evidence: GroupEvidence, variant: Variant) -> dict[str, Any]:
    """Return the probability of a statement, pooled where a model has a side of it, and by itself."""
    single = _holds(claim, sides, *_single(sides, evidence, variant))
    together = None if sides.joint else _together(sides, evidence, variant)
    pooled = None if together is None else _holds(claim, sides, *together)
    used = single if pooled is None else pooled
    return {**used, "p_pooled": np.nan if pooled is None else pooled["p"], "p_unpooled": single["p"]}


def _probability_alone(claim: Any, evidence: GroupEvidence) -> float:
    try:
        sides = sides_of(claim, evidence)
    except CannotJudge:
        return np.nan
    parts = (sides.first, *sides.second)
    pooled = {part.model for part in parts if not sides.joint and (part.model in evidence.models)}
    if not pooled <= set(evidence.fits):
        return np.nan
    together = None if sides.joint else _together(sides, evidence, Variant())
    return _holds(claim, sides, *(together or _single(sides, evidence, Variant())))["p"]


def _single(sides: Sides, evidence: GroupEvidence, variant: Variant) -> tuple[Array, list[Array]]:
    if sides.joint:
        return _joint(sides, evidence, variant)
    settings: dict[str, Any] = {"variant": variant, "seed": evidence.seed, "draws": 5 * evidence.draws}
    first = single_draws(sides.first, **settings)
    each = [single_draws(part, **settings) for part in sides.second]
    if sides.rivals or not each:
        return first, each
    return first, [mixed(each, [part.n for part in sides.second])]


def _joint(sides: Sides, evidence: GroupEvidence, variant: Variant) -> tuple[Array, list[Array]]:
    """Return draws of answers of the same respondents, as if nobody gave two: the least sure a difference can be."""
    parts = (sides.first, *sides.second)
    factor = variant.base_factor if sides.first.assumed else 1.0
    n = min(part.n for part in parts) * factor
    n = n / (variant.design_effect if sides.first.survey in WEIGHTED else 1.0)
    pairs = []
    for part in sides.second:
        shares = np.array([share_in(sides.first, variant), share_in(part, variant)])
        turned = shares.sum() > 100  # nobody left out both
        counts = np.array([np.mean(possible_counts(100 - s if turned else s, n)) for s in shares])
        drawn = dirichlet_draws(counts, n, name=f"{sides.first.name} v {part.name}", seed=evidence.seed)
        pairs.append(1 - drawn if turned else drawn)
    return pairs[0][:, 0], [pair[:, 1] - pair[:, 0] + pairs[0][:, 0] for pair in pairs]


def _together(sides: Sides, evidence: GroupEvidence, variant: Variant) -> tuple[Array, list[Array]] | None:
    """Return draws from the pooled models; a share that no model has comes by itself. None where no model has any."""
    settings: dict[str, Any] = {"variant": variant, "seed": evidence.seed, "draws": evidence.draws}
    first = pooled_draws(sides.first, evidence.fits, variant=variant)
    each = [pooled_draws(part, evidence.fits, variant=variant) for part in sides.second]
    cells = model_cells(sides.first, evidence.fits, variant=variant)
    if first is not None and cells is not None and sides.note.startswith("The whole"):
        draws, sizes, all_of_them = other_cells(sides.first, cells, evidence.cells)
        if all_of_them:
            return first, [mixed(draws, sizes)]
    if first is None and all(draws is None for draws in each):
        return None
    own = single_draws(sides.first, **settings) if first is None else first
    rest = [
        single_draws(part, **settings) if draws is None else draws
        for part, draws in zip(sides.second, each, strict=True)
    ]
    if sides.second and sides.second[0].model != sides.first.model:  # two models, which share no draws
        rest = [np.random.default_rng(evidence.seed).permutation(draws) for draws in rest]
    if sides.rivals or not rest:
        return own, rest
    return own, [mixed(rest, [part.n for part in sides.second])]


def _holds(claim: Any, sides: Sides, first: Array, second: Sequence[Array]) -> dict[str, float]:
    """Return the probability that draws are as stated, and the difference in percentage points."""
    if not second:
        difference = 100 * first - sides.level
    elif sides.rivals:
        best = np.max(second, axis=0) if claim.direction in UP else np.min(second, axis=0)
        difference = 100 * (first - best)
    else:
        difference = 100 * (first - second[0])
    if claim.direction == "same":
        p = float(np.mean(np.abs(difference) <= SAME))
    else:
        p = float(np.mean(difference > 0 if claim.direction in UP else difference < 0))
    lower, upper = np.quantile(difference, (0.025, 0.975))
    return {"mean": float(difference.mean()), "lower": float(lower), "upper": float(upper), "p": p}


def _repeats(claim: Any, sides: Sides, evidence: GroupEvidence) -> dict[str, str]:
    """Return the verdicts with other bases and another design effect, where something is assumed."""
    parts = (sides.first, *sides.second)
    found = {}
    if any(part.assumed for part in parts):
        for factor, name in zip(FACTORS[1:], ("verdict_half_base", "verdict_double_base"), strict=True):
            found[name] = verdict_of(_probability(claim, sides, evidence, Variant(base_factor=factor))["p"])
    if any(part.survey in WEIGHTED for part in parts):
        variant = Variant(design_effect=DESIGN_EFFECTS[1])
        found["verdict_design_effect"] = verdict_of(_probability(claim, sides, evidence, variant)["p"])
    if any(share_in(part, Variant(complement=True)) != part.share for part in parts):
        variant = Variant(complement=True)
        found["verdict_complement"] = verdict_of(_probability(claim, sides, evidence, variant)["p"])
    return found
