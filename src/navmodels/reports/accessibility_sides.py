"""The two sides of a statement: which printed shares it compares, and draws of each, pooled and by themselves.

A side is one share or a mix of several, such as "all others". Nothing is judged here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels.reports.accessibility_bases import WEIGHTED
from navmodels.reports.accessibility_models import FAMILY, REST
from navmodels.reports.accessibility_ratings import ACCESSIBILITY, COMPLEMENT, EASY, FIGURE
from navmodels.reports.single_shares import beta_draws, possible_counts

Array = npt.NDArray[np.float64]
Cells = Mapping[tuple[str, str], Array]  # draws of a model by question and group


@dataclass(frozen=True)
class Variant:
    """How a verdict is computed.

    Attributes
    ----------
    base_factor
        Times every assumed base.
    design_effect
        Of the surveys with weights.
    complement
        Whether the unsafe "easy" shares of figure 4-11 are what the other answers leave of 100, not as read.
    """

    base_factor: float = 1.0
    design_effect: float = 1.0
    complement: bool = False

    def suffixes(self) -> tuple[str, ...]:
        """Return what the names of models in this variant end in, if they have it."""
        ends = (
            (self.base_factor != 1.0, f", base × {self.base_factor:g}"),
            (self.design_effect != 1.0, f", design effect {self.design_effect:g}"),
            (self.complement, f", {COMPLEMENT}"),
        )
        return tuple(end for asked, end in ends if asked)


@dataclass(frozen=True)
class Part:
    """One share: percent, what it stands on, and where a model has it.

    Attributes
    ----------
    name
        Survey, question and group: seeds the draws.
    share, half
        Percent as printed, and half its last digit.
    n, base
        Respondents as entered, and as printed or assumed.
    assumed, how
        Whether the base is assumed, and from what.
    survey, model, question, group
        Names of the cell in the pooled models.
    bound
        "gt" or "lt" where the printed number is only a bound, else "eq" or "approx".
    """

    name: str
    share: float
    half: float
    n: float
    base: float
    assumed: bool
    how: str
    survey: str
    model: str
    question: str
    group: str
    bound: str


def part_of(row: Any) -> Part:
    """Return the share of a row of the estimates with bases (`with_bases`)."""
    dim = FAMILY.get(row.group_dim, row.group_dim)
    within = f", {row.group_dim}" if "_within_" in row.group_dim else ""
    return Part(
        name="/".join((row.survey_id, row.item_id, row.category, row.group_dim, row.group)),
        share=float(row.share),
        half=float(row.half),
        n=float(row.entered),
        base=float(row.base),
        assumed=row.base_kind == "assumed",
        how=row.base_how,
        survey=row.survey_id,
        model=FIGURE if in_figure(row) else f"{row.survey_id} × {dim}",
        question=f"{row.item_id}: {row.category}{within}",
        group=row.group,
        bound=row.bound,
    )


def in_figure(row: Any) -> bool:
    """Return whether a row of the estimates is in figure 4-11."""
    return bool(row.survey_id == "resident" and row.item_id == ACCESSIBILITY and row.group_dim == "benefit")


def remainder(whole: Part, group: Part) -> Part:
    """Return the respondents of a whole survey that are outside a group; the rounding of both adds up.

    Examples
    --------
    >>> both = {"half": 0.5, "assumed": False, "how": "", "survey": "partner", "model": "", "question": ""}
    >>> all_ = Part("all", 14.0, n=623.0, base=623.0, group="all", bound="eq", **both)
    >>> gp = Part("gp", 24.0, n=45.0, base=45.0, group="gp", bound="eq", **both)
    >>> round(remainder(all_, gp).share, 1), remainder(all_, gp).n
    (13.2, 578.0)
    """
    n = whole.n - group.n
    share = (whole.n * whole.share - group.n * group.share) / n
    half = (whole.n * whole.half + group.n * group.half) / n
    name = f"{whole.name} without {group.group}"
    return replace(whole, name=name, share=float(np.clip(share, 0, 100)), half=half, n=n, base=n, group=name)


def single_draws(part: Part, *, variant: Variant, seed: int, draws: int) -> Array:
    """Return draws of a share by itself."""
    n = part.n * (variant.base_factor if part.assumed else 1.0)
    n = n / (variant.design_effect if part.survey in WEIGHTED else 1.0)
    counts = possible_counts(share_in(part, variant), n, half=part.half)
    return beta_draws(counts, n, name=part.name, seed=seed, draws=draws)


def share_in(part: Part, variant: Variant) -> float:
    """Return the printed share, or what stands for an unsafe one in the variant."""
    if variant.complement and part.model == FIGURE and part.question.endswith("mostly_easy"):
        return EASY.get(part.group, part.share)
    return part.share


def pooled_draws(part: Part, fits: Mapping[str, Cells], *, variant: Variant) -> Array | None:
    """Return the draws of a share in its pooled model, or None where no model has it."""
    cells = model_cells(part, fits, variant=variant)
    return None if cells is None else cells.get((part.question, part.group))


def model_cells(part: Part, fits: Mapping[str, Cells], *, variant: Variant) -> Cells | None:
    """Return the draws of the model a share belongs to, in the variant asked for where there is one."""
    names = [*(part.model + end for end in variant.suffixes()), part.model]
    return next((fits[name] for name in names if name in fits), None)


def mixed(draws: Sequence[Array], weights: Sequence[float]) -> Array:
    """Return the weighted average of draws."""
    return np.average(np.stack(draws), axis=0, weights=weights)


def other_cells(part: Part, cells: Cells, known: pd.DataFrame) -> tuple[list[Array], list[float], bool]:
    """Return draws and sizes of the other groups of a question in its model, and whether they are all others."""
    rows = known[(known["model"] == part.model) & (known["question"] == part.question) & (known["group"] != part.group)]
    found = [(cells[part.question, group], n) for group, n in zip(rows["group"], rows["n"], strict=True)]
    return [draws for draws, _ in found], [float(n) for _, n in found], REST in rows["group"].tolist()
