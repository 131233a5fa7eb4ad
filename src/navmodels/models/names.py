"""Names of what a fit and its graph hold: each stands for one thing.

Terms make names of those of their factors (`county` has `county_sd`, `county_effect`), so that a factor may be called
as something another term makes. Columns of tables are in `checks.reserved`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from navmodels import checks
from navmodels.checks import reserved
from navmodels.models.blocks import Block
from navmodels.models.slopes import has_slopes


def require_distinct(blocks: Sequence[Block], *, base: str, observed: str) -> None:
    """Raise when two variables or dims of a fit or its graph would have the same name, saying what both are.

    Raises
    ------
    ValueError
        Naming both, and the factor to rename.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey
    >>> from navmodels.models import design
    >>> table = pd.DataFrame({"g": ["A", "B"], "g_sd": ["x", "y"], "k": [3, 5], "n": [6, 8]})
    >>> survey = Survey.from_counts(table, by=["g", "g_sd"], positive="k", n="n")
    >>> design(Model(Share(), Group("g"), Group("g_sd")), survey)
    Traceback (most recent call last):
    ValueError: two things of the fit would be called 'g_sd': a parameter of 'g' and the levels of 'g_sd'. Rename ...
    """
    seen: dict[str, tuple[str, tuple[str, ...]]] = {}
    for name, what, factors in _names(blocks, base, observed):
        if name in seen:
            other, others = seen[name]
            factor = name if name in (*factors, *others) else (*factors, *others)[-1]
            raise ValueError(
                f"two things of the fit would be called {name!r}: {other} and {what}. Rename the factor {factor!r}, "
                f"for instance frame.rename(columns={{{factor!r}: {factor + '_'!r}}})."
            )
        seen[name] = what, factors


def require_factor_names(factors: Sequence[str]) -> None:
    """Raise when a factor has a name that fits and tables keep for themselves.

    Raises
    ------
    ValueError
        Naming what uses it.
    """
    taken = reserved.of_fits(factors)
    if taken:
        users = ", ".join(f"{name!r} ({user})" for name, user in taken.items())
        raise ValueError(
            f"factors may not be called {checks.listing(taken)}: fits and tables use these names: {users}; rename the "
            f"column, for instance frame.rename(columns={{{min(taken)!r}: {'the_' + min(taken)!r}}})."
        )
    slashed = [name for name in factors if "/" in name]
    if slashed:
        raise ValueError(
            f"factors may not be called {checks.listing(slashed)}: '/' stands between the groups of a file; rename the "
            "column."
        )


def require_one_term_each(terms: Iterable[Any]) -> None:
    """Raise when two terms would carry the same name.

    Raises
    ------
    ValueError
        Naming the factors of both.
    """
    seen: dict[str, tuple[str, ...]] = {}
    for term in terms:
        if term.label not in seen:
            seen[term.label] = term.factors
            continue
        other = seen[term.label]
        if other == term.factors:
            raise ValueError(f"two terms are about {term.label!r}; each factor or combination may have one term.")
        joined = next(name for name in (*other, *term.factors) if ":" in name)
        raise ValueError(
            f"the term of {checks.listing(other)} and that of {checks.listing(term.factors)} would both be called "
            f"{term.label!r}; rename the factor {joined!r}, without ':'."
        )


# ---- inside

Named = tuple[str, str, tuple[str, ...]]  # a name, what it is, and the factors it is of


def _names(blocks: Sequence[Block], base: str, observed: str) -> Iterator[Named]:
    """Yield every name of a fit's posterior and of the graph."""
    for name in (base, f"{base}_z", "intercept_scale", f"{observed}_observed"):
        yield name, f"{name!r} of every fit", ()
    for block in blocks:
        whose = checks.listing(block.factors)
        yield block.name, f"the levels of {whose}", block.factors
        more = ["effect", "z", "index", *(["coefficient"] if block.basis is not None else [])]
        more += ["slope", "group"] if has_slopes(block) else []
        more += ["scale"] if not block.scale.parts else []
        for part in more:
            yield f"{block.name}_{part}", f"the {part} of {whose}", block.factors
        for name in block.parameters:
            yield name, f"a parameter of {whose}", block.factors
            yield f"{name.removesuffix('_sd')}_scale", f"the prior scale of {whose}", block.factors
        if block.offset is not None:
            yield f"{block.name}_mean", f"the prior mean of {whose}", block.factors
