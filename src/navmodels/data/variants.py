"""The same survey read otherwise: another design effect, other use of weights, without small cells.

For sensitivity analyses: nothing is observed anew, and every function returns a survey beside the given one.
"""

from numbers import Real

import numpy as np
import pandas as pd

from navmodels import checks
from navmodels.data.panels import keep_cells, unweigh_pairs
from navmodels.data.responses import WEIGHTING
from navmodels.data.rounded import read_printed
from navmodels.data.survey import Survey

PRINTED = ("estimate", "lower", "upper", "se", "n")


def with_design_effect(survey: Survey, design_effect: float) -> Survey:
    """Return the survey with another design effect: variance of the design over that of a simple sample.

    Counts enter the likelihood divided by it. Published numbers are read anew where their precision comes from n; a
    printed interval or standard error holds a design effect already and stays.

    Raises
    ------
    ValueError
        When the design effect is not a positive number, or the survey is weighted="effective", whose design effect
        follows from the weights.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> with_design_effect(survey, 2.0).cells.attrs["design_effect"]
    2.0
    """
    if isinstance(design_effect, bool) or not isinstance(design_effect, Real) or not 0 < design_effect < np.inf:
        raise ValueError(f"design_effect is {design_effect!r}; allowed: a positive number.")
    cells = survey.cells
    if cells.attrs["weighting"] == "effective":
        raise ValueError("the survey has weighting='effective': its design effect follows from the weights.")
    attrs = {**cells.attrs, "design_effect": float(design_effect)}
    if survey.kind != "reported":
        return Survey(cells.assign_attrs(attrs), survey.levels)
    values = pd.DataFrame({name: cells[name].to_numpy() for name in PRINTED})
    table = read_printed(
        values, unit=attrs["unit"], digits=attrs["digits"], prob=attrs["prob"], design_effect=design_effect
    )
    columns = {name: ("cell", column.to_numpy(dtype=float)) for name, column in table.items()}
    return Survey(cells.assign(columns).assign_attrs(attrs), survey.levels)


def with_weighting(survey: Survey, weighting: str) -> Survey:
    """Return the survey with its weights used otherwise: "frame", "effective" or "none", as in `Survey.from_responses`.

    Raises
    ------
    ValueError
        For another word, for published numbers, which have no weights, and for a survey whose weights are not used,
        which does not have them any more.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> rows = pd.DataFrame({"office": ["A", "A", "B"], "satisfied": [1, 0, 1], "w": [1.0, 3.0, 2.0]})
    >>> survey = Survey.from_responses(rows, outcome="satisfied", by="office", weights="w")
    >>> with_weighting(survey, "none").cells["weight"].values.tolist()
    [2.0, 1.0]
    """
    checks.one_of(weighting, WEIGHTING, what="weighting")
    if survey.kind == "reported":
        raise ValueError("published numbers have no weights to be used otherwise; change their design effect.")
    cells = survey.cells
    if cells.attrs["weighting"] == weighting:
        return survey
    if cells.attrs["weighting"] == "none":
        raise ValueError("the survey does not have its weights; make it anew, with weights=.")
    if weighting == "none":
        n = cells["count"].sum("category")
        if np.array_equal(cells["weight"], cells["weighted"].sum("category")):  # not from a population frame
            cells = cells.assign(weight=n)
        cells = unweigh_pairs(cells.assign(weighted=cells["count"], squares=n))
    return Survey(cells.assign_attrs(weighting=weighting), survey.levels)


def with_minimum(survey: Survey, n: float) -> Survey:
    """Return the survey without cells of fewer than n respondents, and without levels that then have no cell.

    Raises
    ------
    ValueError
        When no cell is left.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels.data import Survey
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    >>> with_minimum(Survey.from_counts(table, by="office", positive="k", n="n"), 7).levels
    {'office': ('B',)}
    """
    size = survey.cells["n"] if survey.kind == "reported" else survey.cells["count"].sum("category")
    keep = ~(size.to_numpy() < n)  # a base that is not printed stays
    if not keep.any():
        raise ValueError(f"no cell has {n:g} respondents or more; the largest has {float(size.max()):g}.")
    cells = keep_cells(survey.cells, keep)
    levels = {
        name: tuple(level for level in each if level in set(cells[name].to_numpy().tolist()))
        for name, each in survey.levels.items()
    }
    return Survey(cells, levels)
