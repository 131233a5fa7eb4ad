"""Every comparison the accessibility study makes, with the probability that it holds: pooled, and by itself.

*stands*: probability 0.95 or more; *leans*: 0.80 or more; *open*: less. The verdict rests on the pooled probability
where a model has the groups, else on that of the single shares. What a probability does not cover is said in words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels.reproduction.accessibility_bases import WEIGHTED, with_bases
from navmodels.reproduction.accessibility_models import DESIGN_EFFECTS, FACTORS
from navmodels.reproduction.accessibility_sides import (
    Cells,
    Part,
    Variant,
    mixed,
    model_cells,
    other_cells,
    part_of,
    pooled_draws,
    remainder,
    share_in,
    single_draws,
)
from navmodels.reproduction.findings import records
from navmodels.reproduction.unpooled import dirichlet_draws, possible_counts

Array = npt.NDArray[np.float64]

VERDICTS = ("stands", "leans", "open")
LIMITS = (0.95, 0.80)
SAME = 5.0  # percentage points within which two shares are called the same
REGISTERS = ("population_ssb_12423", "all_nav_offices", "all_enterprises")
UP = ("higher", "highest", "above")
COLUMNS = [
    "printed", "printed_b", "smallest_base", "base_assumed", "mean", "lower", "upper", "p_pooled", "p_unpooled", "p",
    "verdict", "verdict_half_base", "verdict_double_base", "verdict_design_effect", "verdict_complement", "reason",
]  # fmt: skip


class CannotJudge(Exception):
    """A statement of which too little is in print; the message says what lacks."""


@dataclass(frozen=True)
class Evidence:
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


def audit_claims(claims: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
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
    return pd.concat([claims.reset_index(drop=True), pd.DataFrame(rows, columns=COLUMNS)], axis=1)


def verdict_of(p: float) -> str:
    """Return the verdict on a probability.

    Examples
    --------
    >>> [verdict_of(p) for p in (0.97, 0.95, 0.9, 0.5)]
    ['stands', 'stands', 'leans', 'open']
    """
    return next((word for word, limit in zip(VERDICTS, LIMITS, strict=False) if p >= limit), "open")


# ---- inside


@dataclass(frozen=True)
class Sides:
    """What a statement compares: the parts it names, and their draws, the first side's and the second's."""

    first: Part
    second: tuple[Part, ...]
    note: str = ""
    level: float = float("nan")
    rivals: bool = False  # the first against each of the second, not against their mix
    joint: bool = False  # answers of the same respondents


def _judge(claim: Any, evidence: Evidence) -> dict[str, Any]:
    try:
        sides = _sides(claim, evidence)
        parts = (sides.first, *sides.second)
        for part in parts:
            _require_base(part)
        _require_numbers(claim, sides)
    except CannotJudge as lacking:
        return {"printed": claim.share, "printed_b": claim.share_b, "reason": f"Cannot be judged: {lacking}."}
    main = _probability(claim, sides, evidence, Variant())
    repeats = _repeats(claim, sides, evidence)
    second = sides.second[0].share if len(sides.second) == 1 else np.nan
    return {
        "printed": sides.first.share,
        "printed_b": claim.share_b if pd.notna(claim.share_b) else second,
        "smallest_base": min(part.base for part in parts),
        "base_assumed": "yes" if any(part.assumed for part in parts) else "no",
        **main,
        "verdict": verdict_of(main["p"]),
        **repeats,
        "reason": _reason(claim, sides, main, repeats),
    }


def _sides(claim: Any, evidence: Evidence) -> Sides:
    """Return what a statement compares.

    Raises
    ------
    CannotJudge
        When a share or its base is not in print.
    """
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


def _groups(claim: Any, first: Part, dim: str, evidence: Evidence) -> Sides:
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
    names = spell_names([part.group for part in others])
    return Sides(first, others, f"The others are those in print: {names}.")


def _answers(claim: Any, first: Part, evidence: Evidence) -> Sides:
    """Return an answer against another of the same respondents, or against all others in print."""
    table = evidence.estimates
    if pd.notna(claim.category_b) and claim.category_b not in ("all", "others") or pd.notna(claim.item_b):
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


def _other_groups(first: Part, claim: Any, evidence: Evidence) -> tuple[Part, ...]:
    table = evidence.estimates
    rows = table[
        (table["survey_id"] == claim.survey_id) & (table["item_id"] == claim.item_id) & table["base"].notna()
        & (table["category"] == claim.category) & (table["group_dim"] == claim.group_dim)
        & (table["group"] != claim.group) & table["share"].notna() & ~table["bound"].isin(["gt", "lt"])
    ]  # fmt: skip
    return tuple(part_of(row) for row in records(rows))


def _find(
    evidence: Evidence, survey: str, item: str, category: str, dim: str, group: str, share: float
) -> Part:  # fmt: skip
    """Return the share of a group in print; where only the statement itself has it, with the base of the group."""
    table = evidence.estimates
    where = (table["survey_id"] == survey) & (table["group_dim"] == dim) & (table["group"] == group)
    rows = table[where & (table["item_id"] == item) & (table["category"] == category) & table["share"].notna()]
    if pd.notna(share) and (rows["share"] == share).any():
        rows = rows[rows["share"] == share]
    if len(rows):
        return part_of(next(rows.itertuples()))
    size = table[where & (table["base_kind"] != "")]
    if pd.isna(share) or size.empty:
        raise CannotJudge(f"no share of {group} is in print for {item}: {category}")
    head = size.head(1).assign(
        item_id=item, category=category, share=float(share), n=size["n"].astype("Float64"), count=pd.NA, bound="eq",
        quality="exact",
    )  # fmt: skip
    columns = [name for name in head if name not in ("base", "base_kind", "base_how", "half", "hedged", "fits", "entered")]
    return part_of(next(with_bases(head[columns]).itertuples()))


def _require_base(part: Part) -> None:
    if np.isnan(part.n):
        raise CannotJudge(f"the base of {part.group.replace('_', ' ')} is not in print")


def _require_numbers(claim: Any, sides: Sides) -> None:
    """Refuse a bound, unless even its value is on the cautious side of what is stated."""
    up = claim.direction in UP
    cautious = [(sides.first, "gt" if up else "lt"), *((part, "lt" if up else "gt") for part in sides.second)]
    for part, allowed in cautious:
        if part.bound in ("gt", "lt") and (part.bound != allowed or not sides.second):
            word = "over" if part.bound == "gt" else "under"
            raise CannotJudge(f"the share of {part.group.replace('_', ' ')} is printed only as {word} {part.share:g} %")


def _probability(claim: Any, sides: Sides, evidence: Evidence, variant: Variant) -> dict[str, Any]:
    """Return the probability of a statement, pooled where a model has a side of it, and by itself."""
    single = _holds(claim, sides, *_single(sides, evidence, variant))
    together = None if sides.joint else _together(sides, evidence, variant)
    pooled = None if together is None else _holds(claim, sides, *together)
    used = single if pooled is None else pooled
    return {**used, "p_pooled": np.nan if pooled is None else pooled["p"], "p_unpooled": single["p"]}


def _single(sides: Sides, evidence: Evidence, variant: Variant) -> tuple[Array, list[Array]]:
    if sides.joint:
        return _joint(sides, evidence, variant)
    settings: dict[str, Any] = {"variant": variant, "seed": evidence.seed, "draws": 5 * evidence.draws}
    first = single_draws(sides.first, **settings)
    each = [single_draws(part, **settings) for part in sides.second]
    if sides.rivals or not each:
        return first, each
    return first, [mixed(each, [part.n for part in sides.second])]


def _joint(sides: Sides, evidence: Evidence, variant: Variant) -> tuple[Array, list[Array]]:
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


def _together(sides: Sides, evidence: Evidence, variant: Variant) -> tuple[Array, list[Array]] | None:
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
        single_draws(part, **settings) if draws is None else draws for part, draws in zip(sides.second, each, strict=True)
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


def _repeats(claim: Any, sides: Sides, evidence: Evidence) -> dict[str, str]:
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


def _reason(claim: Any, sides: Sides, main: Mapping[str, Any], repeats: Mapping[str, str]) -> str:
    """Return what was found, and what the probability does not cover."""
    others = f"{sides.level:g} %" if not sides.second else spell_names([_shown(part) for part in sides.second])
    pooled = not np.isnan(main["p_pooled"])
    said = [
        f"{_shown(sides.first)} against {others}: {main['mean']:+.1f} points ({main['lower']:.1f} to "
        f"{main['upper']:.1f}), P({claim.direction}{f' by at most {SAME:g} points' if claim.direction == 'same' else ''}) "
        f"{'pooled ' + _p(main['p_pooled']) + ', by itself ' if pooled else ''}{_p(main['p_unpooled'])}.",
        sides.note,
    ]
    if not pooled and not sides.joint:
        said.append("Nothing to pool it with.")
    if sides.joint:
        said.append("The same respondents gave both answers; taken as if nobody gave two, which is cautious.")
    said += _reservations(claim, sides)
    turned = {name: word for name, word in repeats.items() if word != verdict_of(main["p"])}
    words = {
        "verdict_half_base": "half the assumed base", "verdict_double_base": "double the assumed base",
        "verdict_design_effect": f"a design effect of {DESIGN_EFFECTS[1]:g}",
        "verdict_complement": "the unsafe easy shares as what the other answers leave of 100",
    }  # fmt: skip
    said += [f"With {words[name]} the verdict is {word}." for name, word in turned.items()]
    return " ".join(sentence for sentence in said if sentence)


def _reservations(claim: Any, sides: Sides) -> list[str]:
    parts = (sides.first, *sides.second)
    said = [f"The base of {part.group} is assumed: {part.how}." for part in parts if part.assumed]
    said += [
        f"No whole count out of {part.base:g} prints as {part.share:g} % of {part.group}; it enters with {part.n:g}."
        for part in parts
        if part.n < part.base
    ]
    for part in parts:
        if part.bound in ("gt", "lt"):
            said.append(f"{part.share:g} % of {part.group} is a bound; taken as it stands, which is cautious.")
        elif part.half == 2.5:
            said.append(f"{part.share:g} % of {part.group} is printed as about, and enters as ± 2.5.")
    if claim.overlap == "yes" and not sides.note.startswith("The whole"):
        said.append("The groups overlap by a number not in print; they are taken as independent, which is cautious.")
    if claim.comparable == "no":
        said.append(
            "The surveys differ in method and population; the probability covers sampling only, not that difference."
        )
    if any(part.survey in WEIGHTED for part in parts):
        said.append("The survey is weighted, with a design effect that is not in print.")
    return said


def _shown(part: Part) -> str:
    name = "the others" if " without " in part.group else part.group.replace("_", " ")
    return f"{part.share:.3g} % of {part.base:,.0f} ({name}{'' if name != 'all' else ' respondents'})"


def _p(value: float) -> str:
    return "> 0.999" if value > 0.999 else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _or(given: Any, otherwise: str) -> str:
    return otherwise if pd.isna(given) else str(given)


def spell_names(names: Sequence[str]) -> str:
    """Return names in a row.

    Examples
    --------
    >>> spell_names(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
