"""Labels of a population that the survey has not seen: which may be predicted, and which must be asked for.

A new label is drawn from its group's distribution, near the mean of all; a misspelt one would be too, without a word.
So labels that a `Group` would draw are predicted only where they are asked for. What needs no asking: combinations of
known levels, and numbers along which a term goes on (coming years of a `Trend`, a covariate's line).
"""

from collections.abc import Collection
from typing import Any

import pandas as pd

from navmodels import checks
from navmodels.data import matching
from navmodels.models.designs import Design
from navmodels.models.terms import Effect, Slope, Trend

NEW_LEVELS = ("refuse", "allow")
FEW = 8  # labels that a message writes out
Asked = str | Collection[Any]


def match_population(
    design: Design, population: pd.DataFrame, new_levels: Asked
) -> tuple[pd.DataFrame, dict[str, list[Any]]]:
    """Return the population with the labels of the fit, and the new labels of each factor that has some to be drawn.

    Raises
    ------
    ValueError
        For labels of another kind than the survey's, those that no term can predict, and new ones not asked for.
    """
    asked = _asked(new_levels)
    factors = design.model.factors
    population = checks.named_rows(population, what="population")
    checks.known_columns(population, [*factors, "weight"], what="population")
    checks.complete(population, factors)
    known = {name: known_levels(design, name) for name in factors}
    closed = {name: _closed(design, name) for name in factors}
    open_to_new = [name for name in factors if not closed[name]]
    try:
        population = matching.as_levels(population, known, what="population", open_to_new=open_to_new)
    except ValueError as error:
        closing = next((closed[name] for name in factors if closed[name] and f"column {name!r}" in str(error)), "")
        if asked == "refuse" or not closing:
            raise
        raise ValueError(f"{error} new_levels= is for levels that are drawn; {closing} knows its own only.") from error
    new = {}
    for name in open_to_new:
        unknown = matching.unknown_rows(population[name], known[name])
        if unknown.any() and not _goes_on(design, name):
            new[name] = _admit(population[name], unknown, known[name], asked)
    return population, new


def known_levels(design: Design, name: str) -> tuple[Any, ...]:
    """Return the levels a fit knows: the survey's, the years a trend runs over, the areas of a map."""
    wider = [
        list(dict.fromkeys(level[block.factors.index(name)] for level in block.levels))
        for block in design.blocks
        if name in block.factors
    ]
    known = tuple(design.survey.levels[name])
    return max([known, *map(tuple, wider)], key=len)


# ---- inside


def _asked(new_levels: Any) -> str | list[Any]:
    """Return what is asked for: a word, or a list of labels."""
    if pd.api.types.is_list_like(new_levels) and not isinstance(new_levels, dict):
        return [checks.plain(label) for label in new_levels]
    if new_levels not in NEW_LEVELS:
        raise ValueError(
            f"new_levels is {new_levels!r}; allowed: {checks.listing(NEW_LEVELS)}, or a list of the labels, for "
            f"instance [{new_levels!r}].{checks.nearest(new_levels, NEW_LEVELS)}"
        )
    return str(new_levels)


def _closed(design: Design, name: str) -> str:
    """Return the name of a part of the model that cannot predict new levels of a factor, or an empty text."""
    parts = (block.name for block in design.blocks if name in block.factors and block.beyond is None)
    return next((f"the term {part!r}" for part in parts), "")


def _goes_on(design: Design, name: str) -> bool:
    """Return whether a term goes on along the numbers of a factor, or says itself which of its levels it can."""
    terms = design.model.terms
    along = any(isinstance(term, Slope) and name == term.name for term in terms)
    return along or any(isinstance(term, Effect | Trend) and name in term.factors for term in terms)


def _admit(column: pd.Series, unknown: pd.Series, known: tuple[Any, ...], asked: str | list[Any]) -> list[Any]:
    """Return the new labels of a factor, all of them asked for, and none a slip of another unless it is listed."""
    labels = sorted(dict.fromkeys(checks.plain(label) for label in column[unknown]))
    listed = [] if isinstance(asked, str) else asked
    named = [label for label in labels if any(checks.same(label, other) for other in listed)]
    strange = [label for label in labels if label not in named]
    alike = matching.slips(strange, known) if asked == "allow" else {}
    if asked == "allow":
        strange = list(alike)
    if not strange:
        return labels
    wrong = unknown & column.isin(strange)
    seems = f" {strange[0]!r} looks like {alike[strange[0]]!r}." if alike else ""
    named = [*named, *(label for label in labels if label not in named)]
    code = f"[{checks.listing(named)}]" if len(named) <= FEW else f"list(frame[{column.name!r}].unique())"
    also = "" if asked == "allow" else ", or new_levels='allow' for all that look like no known one"
    raise ValueError(
        f"{matching.unknown_labels(column, wrong, known, what='population')}{seems} Where they are meant to be new, "
        f"say so: new_levels={code}{also}."
    )
