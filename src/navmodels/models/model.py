"""Model: an outcome and its terms. Design: every array an engine needs, for one model and one survey.

η = α + Σ_t s_t (B_t z_t)[i_t], z_t ~ N(0, I), s_t ~ prior, α ~ N(intercept_mean, intercept_scale). Outcomes of
several categories have several such linear predictors, the channels of `outcomes.Channels`. No sampling happens here.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels import checks
from navmodels.data.panels import has_pairs
from navmodels.data.survey import Survey
from navmodels.likelihoods import categorical, outcomes
from navmodels.likelihoods.outcomes import Channels
from navmodels.models import names, priors, terms
from navmodels.models.blocks import Block
from navmodels.models.overlap import split_error
from navmodels.models.priors import Learned, Proportion
from navmodels.models.terms import Term, tie, with_scale
from navmodels.models.yardsticks import Yardstick, yardstick

Array = npt.NDArray[np.float64]
INTERCEPT = 1.5  # standard deviation of the intercept's prior, in logits
Outcome = outcomes.Share | outcomes.Reported | categorical.Rating | categorical.Choice


@dataclass(frozen=True, init=False)
class Model:
    """An outcome and the terms of its linear predictor.

    Parameters
    ----------
    outcome
        `Share()` for counts, `Rating()` and `Choice()` for counts of several categories, `Reported()` for published
        numbers.
    *terms
        Any of `Effect`, `Group`, `Trend`, `Region`.
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

    outcome: Outcome
    terms: tuple[Term, ...]
    intercept_scale: float | None
    intercept_mean: float | None

    def __init__(
        self,
        outcome: Outcome,
        *terms: Term,
        intercept_scale: float | None = None,
        intercept_mean: float | None = None,
    ) -> None:
        if not isinstance(outcome, Outcome):
            raise TypeError(
                f"the first argument is the outcome, Share(), Rating(), Choice() or Reported(); given: {outcome!r}."
            )
        for term in terms:
            if not isinstance(term, Term):
                raise TypeError(f"a term is an Effect, a Group, a Trend or a Region; given: {term!r}.")
        if intercept_scale is not None:
            intercept_scale = priors.positive(intercept_scale, what="intercept_scale", also=", or None for the default")
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


@dataclass(frozen=True, eq=False)
class Design:
    """Every array an engine needs: the collapsed survey, the blocks of the linear predictor, the outcome's arrays.

    `intercept_mean` and `intercept_scale` are the numbers that the model's, or the defaults for this survey, stand for.
    """

    model: Model
    survey: Survey
    blocks: tuple[Block, ...]
    data: Mapping[str, Array]
    intercept_mean: float
    intercept_scale: float

    @property
    def cells(self) -> pd.DataFrame:
        """The factors of each cell, one row a cell."""
        return factor_frame(self.survey)

    @cached_property
    def channels(self) -> Channels:
        """The linear predictors of a cell."""
        return self.model.outcome.channels(self.survey)

    @property
    def offset(self) -> Array:
        """What prior means of intercept and effects add to the first linear predictor of each cell, dims (cell)."""
        out = np.full(self.survey.cells.sizes["cell"], self.intercept_mean)
        for block in self.blocks:
            out += 0.0 if block.offset is None else block.offset[block.index]
        return out

    @property
    def parameters(self) -> dict[str, Learned | Proportion]:
        """The prior of each parameter of the standard deviations, in the order of the blocks."""
        return {name: prior for block in self.blocks for name, prior in block.parameters.items()}

    @cached_property
    def index(self) -> npt.NDArray[np.int64]:
        """Level of each cell in each block and channel, dims (cell, term), counted through all of them."""
        return self.place({block.name: block.index for block in self.blocks})

    @property
    def fed(self) -> npt.NDArray[np.int64]:
        """The channel that each block and channel feeds, dims (term)."""
        return np.array([channel for block in self.blocks for channel in block.channels], dtype=np.int64)

    def place(
        self, index: Mapping[str, npt.NDArray[Any]], levels: Mapping[str, int] | None = None
    ) -> npt.NDArray[np.int64]:
        """Return `index` for other cells, from each block's level, dims (cell), and its number of levels if more."""
        columns, first = [], 0
        for block in self.blocks:
            size = len(block.levels) if levels is None else levels[block.name]
            for _ in block.channels:
                columns.append(first + np.asarray(index[block.name], dtype=np.int64))
                first += size
        if columns:
            return np.ascontiguousarray(np.stack(columns, axis=1))
        return np.empty((self.survey.cells.sizes["cell"], 0), dtype=np.int64)

    def coefficients(self, posterior: xr.Dataset, *, sampling: bool = True) -> tuple[Array, dict[str, Array]]:
        """Return what a fit's posterior holds by channel: base, dims (draw, channel), effects (draw, level, channel).

        The posterior is one that `posteriors.in_order` returned. Chains follow one another. Effects of outcomes with
        one channel for terms have one. Without `sampling`, error of the sample is left out.
        """
        draws = posterior.sizes["chain"] * posterior.sizes["draw"]
        arrays = {
            str(name): values.transpose("chain", "draw", ...).to_numpy() for name, values in posterior.data_vars.items()
        }
        flat = {name: values.reshape(draws, *values.shape[2:]) for name, values in arrays.items()}
        base = np.zeros((draws, self.channels.size))
        shown = flat[self.model.outcome.base].reshape(draws, max(1, len(self.channels.labels)))
        base[:, list(self.channels.based)] = self.to_channels(shown)
        effects = {
            block.name: self.to_channels(effect)
            if (effect := flat[f"{block.name}_effect"]).ndim == 3
            else effect[..., None]
            for block in self.blocks
        }
        for block in self.blocks:
            if block.sampling and not sampling:
                effects[block.name] = np.zeros_like(effects[block.name])
        return base, effects

    def shown(self, values: Any, channels: tuple[int, ...]) -> tuple[tuple[str, ...], Any]:
        """Return coefficients of some channels, dims (..., channel), as a fit shows them: further dims, and values."""
        if self.channels.dim is None or self.channels.spread is None or channels != self.channels.based:
            return (), values[..., 0]
        return (self.channels.dim,), values @ self.channels.spread.T

    def linear_predictor(self, base: Array, effects: Mapping[str, Array]) -> Array:
        """Return the linear predictors, dims (draw, cell, channel), from what `coefficients` returns."""
        from navmodels.likelihoods.kernels import linear_predictors

        return np.asarray(linear_predictors(base, stack_effects(effects.values(), len(base)), self.index, self.fed))

    def to_channels(self, values: Array) -> Array:
        """Return values by channel, dims (..., channel), from those shown; the columns of `spread` are orthogonal."""
        spread = self.channels.spread
        return values if spread is None else values @ spread / (spread**2).sum(axis=0)


def stack_effects(effects: Iterable[Array], draws: int) -> Array:
    """Return effects, dims (draw, level, channel), one after the other, dims (draw, level), as `Design.index` says."""
    parts = [effect.transpose(0, 2, 1).reshape(draws, -1) for effect in effects]
    return np.ascontiguousarray(np.concatenate([np.empty((draws, 0)), *parts], axis=1))


def design(model: Model, survey: Survey) -> Design:
    """Return the arrays of a model for a survey; cells are collapsed over factors the model does not use.

    Raises
    ------
    ValueError
        When outcome and survey do not fit, a term names a factor the survey does not have, or a factor is called as
        something that another term makes, for instance "county_sd".

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> from navmodels.models import Group, Model, design
    >>> from navmodels import Share
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
        advice = f" Use {survey.kind.title()}()."
        if survey.kind == "rating" and isinstance(model.outcome, outcomes.Share):
            advice = " Use Rating(), or cut the rating in two with survey.dichotomise(cut)."
        raise ValueError(
            f"{model.outcome!r} models a survey of kind {checks.listing(model.outcome.kinds)}; "
            f"this one is of kind {survey.kind!r}.{advice}"
        )
    for name in model.factors:
        if name not in survey.factors:
            raise ValueError(
                f"the model names the factor {name!r}; the survey has {checks.listing(survey.factors)}."
                f"{checks.nearest(name, survey.factors) or ' Add it to by= when the survey is made.'}"
                f"{checks.nearest(name, survey.factors)}"
            )
    if survey.kind != "reported":
        survey = survey.collapse([name for name in survey.factors if name in model.factors])
    cells, by = factor_frame(survey), yardstick(survey)
    mean, scale = _intercept(model, by)
    _require_reach(by, mean, scale)
    blocks = [
        replace(block, channels=model.outcome.channels(survey).fed)
        for term in model.terms
        for block in term.blocks(cells, survey.levels, by)
    ]
    data: Mapping[str, Array] = model.outcome.arrays(survey)
    common = None
    if has_pairs(survey.cells):
        _require_share(survey)
        data, common = split_error(survey, data)
    tied = tie(blocks, model.terms, by.unit)
    parts = (*tied, *model.outcome.blocks(cells, survey), *([] if common is None else [common]))
    if any(part.offset is not None and part.channels != (0,) for part in parts):
        raise ValueError("a prior mean of an Effect is not for outcomes of several categories without order.")
    names.require_distinct(parts, base=model.outcome.base, observed=model.outcome.observed)
    return Design(model, survey, parts, data, mean, scale)


def with_terms(model: Model, terms_: Iterable[Term]) -> Model:
    """Return a model with other terms."""
    return Model(model.outcome, *terms_, intercept_scale=model.intercept_scale, intercept_mean=model.intercept_mean)


def spell_out(model: Model, survey: Survey) -> Model:
    """Return a model with the numbers that its defaults stand for in a survey.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> spell_out(Model(outcomes.Share(), terms.Group("office")), survey)
    Model(Share(), Group('office', scale=0.5), intercept_scale=1.5, intercept_mean=0)
    """
    arrays = design(model, survey)
    by = yardstick(arrays.survey)
    spelled = [
        with_scale(term, term.default_scale(arrays.cells, by)) if term.scale is None else term for term in model.terms
    ]
    single = arrays.channels.dim is None
    return Model(
        model.outcome,
        *spelled,
        intercept_scale=arrays.intercept_scale,
        intercept_mean=arrays.intercept_mean if single else None,
    )


def factor_frame(survey: Survey) -> pd.DataFrame:
    """Return the factors of each cell, one row a cell."""
    index = range(survey.cells.sizes["cell"])
    return pd.DataFrame({name: survey.cells[name].to_numpy() for name in survey.factors}, index=index)


# ---- inside


def _require_share(survey: Survey) -> None:
    """Raise when the same persons answered in several cells and the survey is not of shares."""
    if survey.kind != "share":
        remedy = {
            "rating": "cut the rating in two, survey.dichotomise(cut), and model Share()",
            "choice": "make a survey of one answer with positive= and id=, and model Share()",
        }
        raise ValueError(
            f"the same persons answered in several cells (id=), and how their answers go together is known for shares "
            f"only, not for a {survey.kind}: {remedy[survey.kind]}."
        )


def _middle(value: Any, outcome: Outcome) -> float:
    """Return where the intercept's prior is centred, or raise."""
    if not isinstance(outcome, outcomes.Share | outcomes.Reported):
        raise ValueError(  # noqa: TRY004
            f"intercept_mean is for outcomes with one intercept, Share() and Reported(); given: {outcome!r}."
        )
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
        raise ValueError(f"intercept_mean is {value!r}; allowed: a finite number, or None for the default.")
    return float(value)


def _intercept(model: Model, by: Yardstick) -> tuple[float, float]:
    """Return mean and standard deviation of the intercept's prior: as given, or by the yardstick of the survey."""
    level = by.level if model.intercept_scale is None else 0.0
    return (
        level if model.intercept_mean is None else model.intercept_mean,
        INTERCEPT * by.unit if model.intercept_scale is None else model.intercept_scale,
    )


def _require_reach(by: Yardstick, mean: float, scale: float) -> None:
    """Raise when published means lie ten prior deviations of the intercept away: groups would be dragged to its mean.

    The level of shares is 0.
    """
    if by.level and abs(by.level - mean) > 10 * scale:
        raise ValueError(
            f"the published means average {by.level:.3g}, but the intercept's prior is normal around {mean:g} with "
            f"standard deviation {scale:g}, which does not reach them; leave intercept_scale and intercept_mean out: "
            "the default follows the numbers."
        )


TYPES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        outcomes.Share, outcomes.Reported, categorical.Rating, categorical.Choice,
        terms.Effect, terms.Group, terms.Trend, terms.Region,
        priors.HalfNormal, priors.HalfStudentT, priors.HalfCauchy, priors.Exponential, priors.Known,
    )
}  # fmt: skip


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
