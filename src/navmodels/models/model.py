"""Model: an outcome and its terms. Design: every array an engine needs, for one model and one survey.

η = α + Σ_t s_t (B_t z_t)[i_t], z_t ~ N(0, I), s_t ~ prior, α ~ N(0, intercept_scale). No sampling happens here.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels.data import checks
from navmodels.data.survey import Survey
from navmodels.models import outcomes, priors, terms
from navmodels.models.outcomes import Outcome
from navmodels.models.terms import Block, Term

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, init=False)
class Model:
    """An outcome and the terms of its linear predictor.

    Parameters
    ----------
    outcome
        `Share()` for counts, `Reported()` for published numbers.
    *terms
        Any of `Effect`, `Group`, `Trend`.
    intercept_scale
        Standard deviation of the intercept's normal prior around zero (logits for shares; the unit of the mean for
        published means, where it must be wide enough to reach them).

    Raises
    ------
    ValueError
        When two terms would carry the same name, or a factor has a name that fits and tables keep for themselves.

    Examples
    --------
    >>> from navmodels.models import Group, Model, Share, Trend
    >>> Model(Share(), Group("county"), Trend("year"))
    Model(Share(), Group('county', scale=0.5), Trend('year', order=1, scale=0.3), intercept_scale=1.5)
    """

    outcome: Outcome
    terms: tuple[Term, ...]
    intercept_scale: float

    def __init__(self, outcome: Outcome, *terms: Term, intercept_scale: float = 1.5) -> None:
        if not isinstance(outcome, Outcome):
            raise TypeError(f"the first argument is the outcome, Share() or Reported(); given: {outcome!r}.")
        for term in terms:
            if not isinstance(term, Term):
                raise TypeError(f"a term is an Effect, a Group or a Trend; given: {term!r}.")
        priors.positive(intercept_scale, what="intercept_scale")
        taken = sorted({name for term in terms for name in term.factors if name in checks.RESERVED or "/" in name})
        if taken:
            raise ValueError(
                f"factors may not be called {checks.listing(taken)}: fits and tables use these names, and '/' stands "
                "between the groups of a file; rename the column."
            )
        names = [":".join(term.factors) for term in terms]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(
                f"two terms are about {checks.listing(twice)}; each factor or combination may have one term."
            )
        object.__setattr__(self, "outcome", outcome)
        object.__setattr__(self, "terms", terms)
        object.__setattr__(self, "intercept_scale", float(intercept_scale))

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of all factors used, in order of appearance."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term.factors))

    def __repr__(self) -> str:
        parts = [
            f"{self.outcome!r}",
            *(_show(term) for term in self.terms),
            f"intercept_scale={self.intercept_scale:g}",
        ]
        return f"Model({', '.join(parts)})"

    def to_json(self) -> str:
        """Return the model as JSON, from which `from_json` makes it again."""
        parts = [{"type": type(part).__name__, **_plain(part)} for part in (self.outcome, *self.terms)]
        return json.dumps({"parts": parts, "intercept_scale": self.intercept_scale}, default=float)  # NumPy scalars

    @classmethod
    def from_json(cls, text: str) -> "Model":
        """Return the model that `to_json` wrote.

        Examples
        --------
        >>> from navmodels.models import Group, Model, Share
        >>> model = Model(Share(), Group("county"))
        >>> Model.from_json(model.to_json()) == model
        True
        """
        content = json.loads(text)
        return cls(*(_part(part) for part in content["parts"]), intercept_scale=content["intercept_scale"])


@dataclass(frozen=True, eq=False)
class Design:
    """Every array an engine needs: the collapsed survey, the blocks of the linear predictor, the outcome's arrays."""

    model: Model
    survey: Survey
    blocks: tuple[Block, ...]
    data: Mapping[str, Array]

    @property
    def cells(self) -> pd.DataFrame:
        """The factors of each cell, one row a cell."""
        return factor_frame(self.survey)

    def linear_predictor(self, intercept: npt.ArrayLike, effects: Mapping[str, Array]) -> Array:
        """Return η, dims (..., cell), from the intercept (...) and each block's effects (..., level)."""
        eta = np.repeat(np.asarray(intercept, dtype=float)[..., None], self.survey.cells.sizes["cell"], axis=-1)
        for block in self.blocks:
            eta += effects[block.name][..., block.index]
        return eta


def design(model: Model, survey: Survey) -> Design:
    """Return the arrays of a model for a survey; cells are collapsed over factors the model does not use.

    Raises
    ------
    ValueError
        When outcome and survey do not fit, or a term names a factor the survey does not have.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> from navmodels.models import Group, Model, Share, design
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> design(Model(Share(), Group("office")), survey).blocks[0].labels
    ['A', 'B']
    """
    if not isinstance(model, Model) or not isinstance(survey, Survey):
        raise TypeError(
            f"a Model and a Survey are needed, in this order; given: {type(model).__name__}, {type(survey).__name__}."
        )
    if survey.kind not in model.outcome.kinds:
        advice = " Cut the rating in two with survey.dichotomise(cut)." if survey.kind == "rating" else ""
        raise ValueError(
            f"{model.outcome!r} models a survey of kind {checks.listing(model.outcome.kinds)}; "
            f"this one is of kind {survey.kind!r}.{advice}"
        )
    for name in model.factors:
        if name not in survey.factors:
            raise ValueError(
                f"the model names the factor {name!r}; the survey has {checks.listing(survey.factors)}."
                f"{checks.nearest(name, survey.factors)}"
            )
    _require_reach(model, survey)
    if survey.kind != "reported":
        survey = survey.collapse([name for name in survey.factors if name in model.factors])
    cells = factor_frame(survey)
    blocks = tuple(block for term in model.terms for block in term.blocks(cells, survey.levels))
    return Design(model, survey, blocks, model.outcome.arrays(survey))


def factor_frame(survey: Survey) -> pd.DataFrame:
    """Return the factors of each cell, one row a cell."""
    index = range(survey.cells.sizes["cell"])
    return pd.DataFrame({name: survey.cells[name].to_numpy() for name in survey.factors}, index=index)


# ---- inside


def _require_reach(model: Model, survey: Survey) -> None:
    """Raise when published means lie ten prior deviations of the intercept away: groups would be dragged to zero."""
    if survey.kind == "reported" and survey.cells.attrs["unit"] == "identity":
        estimate, sd = (survey.cells[name].to_numpy() for name in ("estimate", "sd"))
        mean = float(np.average(estimate, weights=1 / sd**2))
        if abs(mean) > 10 * model.intercept_scale:
            raise ValueError(
                f"the published means average {mean:.3g}, but the intercept's prior is normal around 0 with "
                f"intercept_scale={model.intercept_scale:g}, which does not reach them; give "
                f"intercept_scale={abs(mean):.2g} or more."
            )


TYPES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        outcomes.Share, outcomes.Reported, terms.Effect, terms.Group, terms.Trend,
        priors.HalfNormal, priors.HalfStudentT, priors.HalfCauchy, priors.Exponential,
    )
}  # fmt: skip


def _show(term: Term) -> str:
    names = ", ".join(repr(name) for name in term.factors)
    order = f", order={term.order}" if isinstance(term, terms.Trend) else ""
    return f"{type(term).__name__}({names}{order}, scale={term.scale})"


def _plain(part: Any) -> dict[str, Any]:
    fields = asdict(part)
    if isinstance(fields.get("scale"), dict):
        fields["scale"] = {"type": type(part.scale).__name__, **fields["scale"]}
    return fields


def _part(fields: dict[str, Any]) -> Any:
    kind = TYPES[fields.pop("type")]
    if isinstance(fields.get("scale"), dict):
        fields["scale"] = _part(fields["scale"])
    names = fields.pop("names", [])
    return kind(*names, **fields)
