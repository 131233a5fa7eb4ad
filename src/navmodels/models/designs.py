"""Design: every array an engine needs, for one model and one survey.

Engines, prediction and simulation read it; no sampling happens here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels import checks
from navmodels.data.panels import has_pairs
from navmodels.data.survey import Survey
from navmodels.likelihoods import kernels
from navmodels.likelihoods.channels import Channels
from navmodels.likelihoods.outcomes import Deviation
from navmodels.models import names
from navmodels.models.blocks import Block, standard_deviation
from navmodels.models.model import Model
from navmodels.models.overlap import split_error
from navmodels.models.priors import Learned, Proportion
from navmodels.models.terms import Group, tie, with_scale
from navmodels.models.yardsticks import Yardstick, yardstick

Array = npt.NDArray[np.float64]
INTERCEPT = 1.5  # standard deviation of the intercept's prior, in logits


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
        return self._frame.copy(deep=False)

    @cached_property
    def _frame(self) -> pd.DataFrame:
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
        base[:, list(self.channels.common)] = self.channels.to_channels(shown)
        effects = {
            block.name: self.channels.to_channels(effect)
            if (effect := flat[f"{block.name}_effect"]).ndim == 3
            else effect[..., None]
            for block in self.blocks
        }
        for block in self.blocks:
            if block.sampling and not sampling:
                effects[block.name] = np.zeros_like(effects[block.name])
        return base, effects

    def linear_predictor(self, base: Array, effects: Mapping[str, Array]) -> Array:
        """Return the linear predictors, dims (draw, cell, channel), from what `coefficients` returns."""
        return np.asarray(
            kernels.linear_predictors(base, stack_effects(effects.values(), len(base)), self.index, self.fed)
        )


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
        raise ValueError(
            f"{model.outcome!r} models a survey of kind {checks.listing(model.outcome.kinds)}; "
            f"this one is of kind {survey.kind!r}.{model.outcome.other_kind(survey.kind)}"
        )
    for name in model.factors:
        if name not in survey.factors:
            raise ValueError(
                f"the model names the factor {name!r}; the survey has {checks.listing(survey.factors)}."
                f"{checks.nearest(name, survey.factors) or ' Add it to by= when the survey is made.'}"
            )
    if survey.kind != "reported":
        survey = survey.collapse([name for name in survey.factors if name in model.factors])
    cells, by = factor_frame(survey), yardstick(survey)
    mean, scale = _intercept(model, by)
    _require_reach(by, mean, scale)
    channels = model.outcome.channels(survey)
    blocks = [
        replace(block, channels=channels.fed) for term in model.terms for block in term.blocks(cells, survey.levels, by)
    ]
    data: Mapping[str, Array] = model.outcome.arrays(survey)
    panel = None
    if has_pairs(survey.cells):
        _require_share(survey)
        data, panel = split_error(survey, data)
    tied = tie(blocks, model.terms, by.unit)
    parts = (*tied, *_deviations(model.outcome.deviation, cells, survey, channels), *([] if panel is None else [panel]))
    if any(part.offset is not None and part.channels != (0,) for part in parts):
        raise ValueError("a prior mean of an Effect is not for outcomes of several categories without order.")
    names.require_distinct(parts, base=model.outcome.base, observed=model.outcome.observed)
    return Design(model, survey, parts, data, mean, scale)


def spell_out(model: Model, survey: Survey) -> Model:
    """Return a model with the numbers that its defaults stand for in a survey.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Share
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> spell_out(Model(Share(), Group("office")), survey)
    Model(Share(), Group('office', scale=0.5), intercept_scale=1.5, intercept_mean=0)
    """
    made = design(model, survey)
    by = yardstick(made.survey)
    spelled = [
        with_scale(term, term.default_scale(made.cells, by)) if term.scale is None else term for term in model.terms
    ]
    single = made.channels.dim is None
    return Model(
        model.outcome,
        *spelled,
        intercept_scale=made.intercept_scale,
        intercept_mean=made.intercept_mean if single else None,
    )


def factor_frame(survey: Survey) -> pd.DataFrame:
    """Return the factors of each cell, one row a cell."""
    index = range(survey.cells.sizes["cell"])
    return pd.DataFrame({name: survey.cells[name].to_numpy() for name in survey.factors}, index=index)


# ---- inside


def _deviations(deviation: Deviation | None, cells: pd.DataFrame, survey: Survey, channels: Channels) -> list[Block]:
    """Return the block of common coefficients that differ by the levels of a factor."""
    if deviation is None:
        return []
    name, scale = deviation.name, deviation.scale
    usual: Any = Group.usual if scale is None else scale  # a prior, or the scale of one
    (block,) = Group(deviation.factor).blocks(cells, survey.levels)
    spread, learned = standard_deviation(name, usual)
    return [replace(block, name=name, channels=channels.common, scale=spread, parameters=learned, beyond=None)]


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
