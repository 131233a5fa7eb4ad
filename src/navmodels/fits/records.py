"""A design written into a fit and read back, so that a fit can be predicted from after it was saved.

The survey's cells go into a group of the tree, model and levels into its attributes as JSON: no pickle.
"""

import json
from importlib.metadata import version

import xarray as xr

from navmodels.data.archives import hash_of
from navmodels.data.survey import Survey
from navmodels.models import designs
from navmodels.models.designs import Design
from navmodels.models.model import Model


def record_design(design: Design) -> tuple[xr.Dataset, dict[str, str]]:
    """Return the cells for the tree's group "survey", and attributes with model, levels and a hash of the data."""
    survey = design.survey
    content = {
        "levels": {name: list(levels) for name, levels in survey.levels.items()},
        "attrs": survey.cells.attrs,
    }
    text = json.dumps(content, default=lambda value: value.item())  # NumPy scalars
    cells = survey.cells.copy(deep=True)  # `drop_attrs` aligns every variable with all others
    cells.attrs = {}
    for variable in cells.variables.values():
        variable.attrs = {}
    return cells, {"model": design.model.to_json(), "survey": text, "data_hash": data_hash(survey)}


def recall_design(fit: xr.DataTree) -> Design:
    """Return the design a fit was made from.

    Raises
    ------
    ValueError
        When the tree was not made by `navmodels.fit`, or by a version whose models this one cannot read.
    """
    if "model" not in fit.attrs or "survey" not in fit.children:
        raise ValueError("this DataTree was not made by navmodels.fit: it has no model and no group 'survey'.")
    try:
        model = Model.from_json(fit.attrs["model"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        packages = dict(each.split("=", 1) for each in str(fit.attrs.get("versions", "")).split())
        raise ValueError(
            f"the model of the fit cannot be read: it was written by navmodels {packages.get('navmodels', 'unknown')}, "
            f"this is navmodels {version('navmodels')} ({type(error).__name__}: {error}). Read it with that version, "
            "or fit it again."
        ) from error
    content = json.loads(fit.attrs["survey"])
    cells = fit["survey"].to_dataset().assign_attrs(content["attrs"])
    survey = Survey(cells, {name: tuple(levels) for name, levels in content["levels"].items()})
    return designs.design(model, survey)


def data_hash(survey: Survey) -> str:
    """Return a SHA-256 of the cells: names, labels and numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
    >>> len(data_hash(Survey.from_counts(table, by="office", positive="k", n="n")))
    64
    """
    return hash_of(survey.cells)
