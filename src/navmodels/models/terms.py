"""Terms of the linear predictor: each a basis, an index and a prior scale; one file a term.

A term says how the levels of its factors differ: `Effect` without pooling, `Group` with partial pooling, `Slope` a
covariate whose slope differs by group, `Trend` a random walk, `Region` neighbours on a map. Its `blocks` turn it, for a
given survey, into the arrays that engines, prediction and simulation all read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from navmodels import checks
from navmodels.models.blocks import Block, Scale
from navmodels.models.effects import Effect as Effect
from navmodels.models.groups import STRUCTURED
from navmodels.models.groups import Group as Group
from navmodels.models.priors import HalfNormal
from navmodels.models.regions import Region as Region
from navmodels.models.slopes import Slope as Slope
from navmodels.models.trends import Trend as Trend

Term = Effect | Slope | Group | Trend | Region


def with_scale(term: Term, scale: Any) -> Term:
    """Return a term with another scale or prior."""
    if isinstance(term, Group):
        return Group(*term.names, scale=scale)
    if isinstance(term, Region):
        return Region(term.name, neighbours=term.neighbours, scale=scale)
    return replace(term, scale=scale)


def tie(blocks: Sequence[Block], terms: Sequence[Term], unit: float = 1.0) -> tuple[Block, ...]:
    """Return the blocks with structured scales tied to the standard deviations of their factors' own terms.

    Their product is taken in units of what one logit stands for.

    Raises
    ------
    ValueError
        When a factor of a structured `Group` has no term of its own.
    """
    own = {block.factors[0]: block.scale for block in reversed(blocks) if len(block.factors) == 1}
    structured = {term.label for term in terms if isinstance(term, Group) and term.scale == STRUCTURED}
    return tuple(_tied(block, own, unit) if block.name in structured else block for block in blocks)


# ---- inside


def _tied(block: Block, own: Mapping[str, Scale], unit: float) -> Block:
    """Return a block whose standard deviation is a ratio times those of its factors' own terms."""
    lacking = [name for name in block.factors if name not in own]
    if lacking:
        raise ValueError(
            f"Group({', '.join(map(repr, block.factors))}, scale={STRUCTURED!r}) is tied to terms of its factors; "
            f"there is none for {checks.listing(lacking)}. Add Group({lacking[0]!r}) or give the scale a number."
        )
    ratio = f"{block.name}_ratio"
    fixed = float(np.prod([own[name].fixed for name in block.factors])) / unit ** (len(block.factors) - 1)
    parts = tuple(part for name in block.factors for part in own[name].parts if part[1] == "itself")
    return replace(block, scale=Scale(fixed, ((ratio, "itself"), *parts)), parameters={ratio: HalfNormal(1.0)})
