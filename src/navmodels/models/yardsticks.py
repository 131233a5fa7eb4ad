"""Yardstick: what one logit stands for in a survey, so that default priors do not depend on the unit of its numbers.

Shares, ratings and choices are modelled in logits, whatever was asked. Means come in cents, in points from 0 to 100, in
years: their yardstick is how far they lie apart beyond their standard errors (after the autoscale of rstanarm).
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from navmodels.data.survey import Survey
from navmodels.likelihoods.reported import half_widths

Array = npt.NDArray[np.float64]
SPREADS = 2.0  # chosen by hand: spreads of the observed means that stand for one logit: so a Group's 0.5 is one spread


@dataclass(frozen=True, eq=False)
class Yardstick:
    """What one logit stands for, where the observed numbers lie, and how much each cell counts in an average.

    Attributes
    ----------
    unit, level
        In the unit of the linear predictor: 1 and 0 where that is the logit.
    weight
        Dims (cell): answers of each cell; None or all zero: every cell alike.
    """

    unit: float = 1.0
    level: float = 0.0
    weight: Array | None = field(default=None, repr=False)


LOGITS = Yardstick()


def yardstick(survey: Survey) -> Yardstick:
    """Return the yardstick of a survey.

    Of published means: two times their spread τ, and their average with weights 1/(τ² + se²). τ is the standard
    deviation between them beyond their standard errors (Paule & Mandel 1982), or the median standard error if larger.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"office": list("ABCD"), "score": [55.0, 61.0, 64.0, 72.0], "se": 0.5})
    >>> survey = Survey.from_report(table, by="office", estimate="score", se="se", unit="identity", digits=2)
    >>> told = yardstick(survey)
    >>> round(told.unit, 1), round(told.level, 1)  # the standard deviation of the four is 7.1
    (14.1, 63.0)
    """
    cells = survey.cells
    if survey.kind != "reported":
        return Yardstick(weight=cells["count"].sum("category").to_numpy().astype(float))
    n = cells["n"].to_numpy().astype(float)
    weight = None if np.isnan(n).any() else n
    if cells.attrs["unit"] != "identity":
        return Yardstick(weight=weight)
    mean, error = cells["estimate"].to_numpy().astype(float), np.hypot(cells["sd"], half_widths(survey) / np.sqrt(3))
    spread, level = between(mean, np.asarray(error))
    return Yardstick(SPREADS * max(spread, float(np.median(error))), level, weight)


def between(mean: Array, error: Array) -> tuple[float, float]:
    """Return the standard deviation between means beyond their standard errors, and their average.

    The moment estimator of Paule & Mandel (1982) by Newton's method (DerSimonian & Kacker 2007), which arrives from
    below: the weighted sum of squares is made equal to its expectation.

    Examples
    --------
    >>> [round(value, 6) for value in between(np.array([1.0, 2.0, 3.0]), np.full(3, 0.1))]  # 1 - 0.1², its root
    [0.994987, 2.0]
    """
    variance, average = 0.0, float(mean.mean())
    for _ in range(100):
        weight = 1 / (variance + error**2)
        average = float(np.average(mean, weights=weight))
        square = weight * (mean - average) ** 2
        excess = float(square.sum()) - (len(mean) - 1)
        if not excess > 1e-9 * len(mean):
            break
        variance += excess / float((weight * square).sum())
    return float(np.sqrt(variance)), average
