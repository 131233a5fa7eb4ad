"""Model: an outcome and its terms.

η = α + Σ_t s_t (B_t z_t)[i_t], z_t ~ N(0, I), s_t ~ prior, α ~ N(intercept_mean, intercept_scale). Outcomes of
several categories have several such linear predictors, its channels (`likelihoods.channels`). No sampling happens here.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from navmodels import checks
from navmodels.likelihoods.kernels import OUTCOMES
from navmodels.likelihoods.outcomes import CellOutcome
from navmodels.models import names, priors
from navmodels.models.terms import Term

Array = npt.NDArray[np.float64]
CLASSES: list[type[CellOutcome]] = [getattr(each, each.__name__.rpartition(".")[2].title()) for each in OUTCOMES]


@dataclass(frozen=True, init=False)
class Model:
    """An outcome and the terms of its linear predictor.

    Parameters
    ----------
    outcome
        `Share()` for counts, `Rating()` and `Choice()` for counts of several categories, `Reported()` for published
        numbers.
    *terms
        Any of `Effect`, `Slope`, `Group`, `Trend`, `Region`.
    intercept_scale
        Standard deviation of the normal prior of the intercept, of each threshold of a rating, or of the log-odds of
        two categories of a choice (logits for shares; the unit of the mean for published means). None: 1.5 logits
        around
        zero; of published means, three spreads around their average (see `priors`).
    intercept_mean
        Where the intercept's prior is centred. None: zero, and the average of published means where `intercept_scale`
        is not given either. Not for ratings and choices.

    Raises
    ------
    ValueError
        When two terms would carry the same name, or a factor has a name that fits and tables keep for themselves.

    Examples
    --------
    >>> from navmodels.models import Group, Model, Trend
    >>> from navmodels import Share
    >>> Model(Share(), Group("county"), Trend("year"))
    Model(Share(), Group('county'), Trend('year', order=1))
    """

    outcome: CellOutcome
    terms: tuple[Term, ...]
    intercept_scale: float | None
    intercept_mean: float | None

    def __init__(
        self,
        outcome: CellOutcome,
        *terms: Term,
        intercept_scale: float | None = None,
        intercept_mean: float | None = None,
    ) -> None:
        if not isinstance(outcome, CellOutcome):
            raise TypeError(f"the first argument is the outcome, {_either(CLASSES)}; given: {outcome!r}.")
        for term in terms:
            if not isinstance(term, Term):
                raise TypeError(f"a term is an Effect, a Slope, a Group, a Trend or a Region; given: {term!r}.")
        if intercept_scale is not None:
            intercept_scale = checks.positive(intercept_scale, what="intercept_scale", also=", or None for the default")
        if intercept_mean is not None:
            intercept_mean = _middle(intercept_mean, outcome)
        parts = (*terms, outcome)
        factors = list(dict.fromkeys(name for part in parts for name in part.factors))
        names.require_factor_names(factors)
        names.require_one_term_each(terms)
        object.__setattr__(self, "outcome", outcome)
        object.__setattr__(self, "terms", terms)
        object.__setattr__(self, "intercept_scale", intercept_scale)
        object.__setattr__(self, "intercept_mean", intercept_mean)

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of all factors used, in order of appearance."""
        return tuple(dict.fromkeys(name for part in (*self.terms, self.outcome) for name in part.factors))

    def __repr__(self) -> str:
        numbers = {"intercept_scale": self.intercept_scale, "intercept_mean": self.intercept_mean}
        parts = [
            f"{self.outcome!r}",
            *(f"{term!r}" for term in self.terms),
            *(f"{name}={value:g}" for name, value in numbers.items() if value is not None),
        ]
        return f"Model({', '.join(parts)})"

    def to_json(self) -> str:
        """Return the model as JSON, from which `from_json` makes it again."""
        parts = [{"type": type(part).__name__, **_plain(part)} for part in (self.outcome, *self.terms)]
        numbers = {"intercept_scale": self.intercept_scale, "intercept_mean": self.intercept_mean}
        return json.dumps({"parts": parts, **numbers}, default=float)  # NumPy scalars

    @classmethod
    def from_json(cls, text: str) -> "Model":
        """Return the model that `to_json` wrote.

        Examples
        --------
        >>> from navmodels.models import Group, Model
        >>> from navmodels import Share
        >>> model = Model(Share(), Group("county"))
        >>> Model.from_json(model.to_json()) == model
        True
        """
        content = json.loads(text)
        if unknown := sorted(set(content) - {"parts", "intercept_scale", "intercept_mean"}):
            raise ValueError(f"the model has {checks.listing(unknown)}, which this version does not know.")
        return cls(*(_part(part) for part in content.pop("parts")), **content)


def with_terms(model: Model, terms_: Iterable[Term]) -> Model:
    """Return a model with other terms."""
    return Model(model.outcome, *terms_, intercept_scale=model.intercept_scale, intercept_mean=model.intercept_mean)


# ---- inside


def _middle(value: Any, outcome: CellOutcome) -> float:
    """Return where the intercept's prior is centred, or raise."""
    if outcome.several:
        single = [each for each in CLASSES if not each.several]
        raise ValueError(f"intercept_mean is for outcomes with one intercept, {_either(single)}; given: {outcome!r}.")
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
        raise ValueError(f"intercept_mean is {value!r}; allowed: a finite number, or None for the default.")
    return float(value)


def _either(classes: Sequence[type[CellOutcome]]) -> str:
    """Return how outcomes are written, as alternatives."""
    names = [f"{each.__name__}()" for each in classes]
    return f"{', '.join(names[:-1])} or {names[-1]}"


PARTS: tuple[type, ...] = (
    *CLASSES,
    *get_args(Term),
    *(priors.HalfNormal, priors.HalfStudentT, priors.HalfCauchy, priors.Exponential, priors.Known),
)
TYPES: dict[str, Any] = {each.__name__: each for each in PARTS}


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
