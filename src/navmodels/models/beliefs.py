"""priors: every prior of a model in words and numbers, in the unit of the data, with what it implies.

Nothing is drawn: quantiles of the priors, and of differences between two levels by quadrature over the prior of their
standard deviation. What is implied stands on the scale of the outcome: of shares near 50 %, where a logit moves most.
"""

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from navmodels.data.survey import Survey
from navmodels.models import designs
from navmodels.models.blocks import Block, ends_of_line, slope_of_line
from navmodels.models.designs import Design
from navmodels.models.model import Model
from navmodels.models.priors import HalfStudentT, Learned, Prior, Proportion

BELIEF_COLUMNS = (
    "term", "parameter", "prior", "scale", "unit", "default", "lower", "upper",
    "implied", "implied_lower", "implied_upper",
)  # fmt: skip
Z = float(stats.norm.ppf(0.975))
POINTS = 2000  # of the quadrature; chosen by hand
WORDS = {
    "HalfNormal": "half-normal", "HalfCauchy": "half-Cauchy", "Exponential": "exponential",
    "Proportion": "uniform from 0 to 1",
}  # fmt: skip


def priors(model: Model, survey: Survey) -> pd.DataFrame:
    """Tell every prior of a model for a survey.

    Parameters
    ----------
    model, survey
        As given to `fit`.

    Returns
    -------
    pandas.DataFrame
        One row a parameter: term; parameter (as a fit names it); prior (in words); scale (its number, with defaults
        spelled out) and unit; default (whether the number was left to the library); lower, upper (95 % of the prior);
        implied (in words), implied_lower, implied_upper: 95 % of what the prior says of the outcome before anything was
        observed. That is, of the intercept the average share or mean, of thresholds the share above one of them, of
        terms the difference between two of their levels (about 50 % for shares; of a covariate between its lowest and
        its highest value; of categories in the share of one against another); NaN where there is no such number.

    Raises
    ------
    ValueError
        As `fit`, when model and survey do not go together.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey, priors
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> told = priors(Model(Share(), Group("office")), survey)
    >>> told[["parameter", "prior", "scale", "unit"]]
       parameter            prior  scale    unit
    0  intercept  normal around 0    1.5  logits
    1  office_sd      half-normal    0.5  logits
    >>> told["implied"].tolist()
    ['an average of 5.02 to 95 %', "two levels of 'office' differ by up to 36.8 points"]
    """
    return tell_priors(designs.design(model, survey))


def tell_priors(design: Design) -> pd.DataFrame:
    """Return the table of `priors` for a design."""
    rows = [_of_base(design), *(row for block in design.blocks for row in _of_block(design, block))]
    return pd.DataFrame([dict(zip(BELIEF_COLUMNS, row, strict=True)) for row in rows])


def prior_lines(design: Design) -> dict[str, str]:
    """Return each prior as a line for the attributes of a posterior, by a name for it."""
    rows: Any = tell_priors(design).itertuples()
    return {
        f"prior of {row.parameter}": f"{row.prior}, {row.scale:.3g} {row.unit}{' (default)' if row.default else ''}"
        + (f"; {row.implied}" if row.implied else "")
        for row in rows
    }


# ---- inside

Row = tuple[Any, ...]


def _of_base(design: Design) -> Row:
    """Return the row of the intercept or the thresholds."""
    name, mean, scale = design.model.outcome.base, design.intercept_mean, design.intercept_scale
    lower, upper = mean - Z * scale, mean + Z * scale
    low, high = (lower, upper) if _is_mean(design) else special.expit([lower, upper]).tolist()
    shown = f"{low:.3g} to {high:.3g}" if _is_mean(design) else f"{100 * low:.3g} to {100 * high:.3g} %"
    given = design.model.intercept_scale is not None
    words = f"normal around {mean:.4g}" + design.channels.law
    return (
        name,
        name,
        words,
        scale,
        _unit(design),
        not given,
        lower,
        upper,
        f"{design.channels.implies} {shown}",
        low,
        high,
    )


def _of_block(design: Design, block: Block) -> Iterator[Row]:
    """Return the rows of a block: of its fixed prior, or of the parameters of its standard deviation."""
    default, unit = _is_default(design, block), _unit(design)
    if not block.scale.parts:
        yield _of_fixed(design, block, default)
    for name, prior in block.parameters.items():
        lower, upper = (float(prior.quantile(prob)) for prob in (0.025, 0.975))
        if isinstance(prior, Proportion):
            yield (block.name, name, _words(prior), prior.scale, "of the variance", True, lower, upper, "", *NONE)
        elif name.endswith("_ratio"):
            tied = "times the product of the standard deviations of its parts"
            yield (block.name, name, _words(prior), prior.scale, tied, True, lower, upper, "", *NONE)
        else:
            most = _difference(prior, _apart(block))
            yield (
                block.name, name, _words(prior), prior.scale, unit, default, lower, upper,
                *_implied(design, f"two levels of {block.name!r}", 0.0, most),
            )  # fmt: skip


def _of_fixed(design: Design, block: Block, default: bool) -> Row:
    scale = float(block.scale.fixed)
    if not block.is_line:
        level = scale * float(np.sqrt(np.mean((block.matrix**2).sum(axis=1))))
        told = _implied(design, f"two levels of {block.name!r}", 0.0, Z * scale * _apart(block))
        ends = -Z * level, Z * level
        return (block.name, f"{block.name}_effect", "normal around 0", level, _unit(design), default, *ends, *told)
    low, high = (float(block.levels[place][0]) for place in ends_of_line(block))
    mean = 0.0 if block.offset is None else float(slope_of_line(block, block.offset[None])[0])
    told = _implied(design, f"{block.name} = {low:g} and {high:g}", mean * (high - low), Z * scale * (high - low))
    unit, ends = f"{_unit(design)} for 1 of {block.name}", (mean - Z * scale, mean + Z * scale)
    return (block.name, f"{block.name}_slope", f"normal around {mean:.4g}", scale, unit, default, *ends, *told)


NONE = (np.nan, np.nan)


def _implied(design: Design, who: str, mean: float, half: float) -> tuple[str, float, float]:
    """Return what a difference on the linear scale, mean ± half, is on the scale of the outcome."""
    ends = np.array([mean - half, mean + half])
    ends = ends if _is_mean(design) else np.tanh(ends / 4)  # logits apart by d, halfway at 50 %
    shown = [f"{end:.3g}" for end in (ends if _is_mean(design) else 100 * ends)]
    what = f"by up to {shown[1]}" if mean == 0 else f"by {shown[0]} to {shown[1]}"
    return f"{who} differ {what}{'' if _is_mean(design) else ' points'}", float(ends[0]), float(ends[1])


@functools.cache
def _difference(prior: Learned, apart: float) -> float:
    """Return the 95 % quantile of |x|, x normal with a standard deviation `apart` times one from the prior."""
    sd = apart * np.asarray(prior.quantile((np.arange(POINTS) + 0.5) / POINTS))
    high = 3 * Z * float(sd.max())
    return float(optimize.brentq(lambda x: np.mean(2 * stats.norm.cdf(x / sd) - 1) - 0.95, 1e-12 * high, high))


def _apart(block: Block) -> float:
    """Return the standard deviation of the difference between two levels, for a scale of 1; typical of all pairs."""
    size = len(block.levels)
    if block.basis is None or size < 2:
        return float(np.sqrt(2))
    square = np.mean((block.basis**2).sum(axis=1)) - np.sum(block.basis.mean(axis=0) ** 2)
    return float(np.sqrt(2 * size / (size - 1) * square))


def _is_default(design: Design, block: Block) -> bool:
    """Return whether the scale of a block was left to the library."""
    for term in design.model.terms:
        if block.name == term.label or block.name.removesuffix("_spatial").removesuffix("_own") == term.label:
            return term.scale is None
    deviation = design.model.outcome.deviation
    if deviation is not None and block.name == deviation.name:
        return deviation.scale is None
    return True  # the line of a trend of order 2


def _is_mean(design: Design) -> bool:
    return bool(design.survey.cells.attrs.get("unit") == "identity")


def _unit(design: Design) -> str:
    return "in the unit of the mean" if _is_mean(design) else "logits"


def _words(prior: Prior | Proportion) -> str:
    if isinstance(prior, HalfStudentT):
        return f"half-t with {prior.nu:g} degrees of freedom"
    return WORDS[type(prior).__name__]
