"""simulate_responses: respondents from a model and chosen true values.

Simulated data always says so, in its attributes and wherever it is shown. Nothing is fitted here.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from navmodels.data import checks
from navmodels.data.survey import Survey
from navmodels.models.model import Design, Model, design
from navmodels.models.outcomes import Share
from navmodels.models.terms import Block

Array = npt.NDArray[np.float64]


def simulate_responses(model: Model, truth: Mapping[str, Any], *, cells: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Simulate one row a respondent from a model with known true values.

    Parameters
    ----------
    model
        Outcome and terms. The respondents answer yes or no; for `Reported` they are those behind a published share.
    truth
        ``intercept``, and for each part of the linear predictor either its effects by level, ``{"county": {"Oslo":
        -0.2, ...}}`` (levels of several factors as tuples), or the standard deviation to draw them with,
        ``{"county_sd": 0.3}``. Logits.
    cells
        One row for each combination of the model's factors, and ``n``: its number of respondents.
    seed
        Whole number that fixes the draws.

    Returns
    -------
    pandas.DataFrame
        The factors and ``answer`` (0 or 1). ``attrs["simulated"]`` says so; ``attrs["truth"]`` holds the intercept, the
        effects by level of each part, and ``share``, the true share of each row of `cells`.

    Raises
    ------
    ValueError
        When a true value is missing or not known to the model (with the nearest), or n is no whole number.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, simulate_responses
    >>> cells = pd.DataFrame({"office": ["A", "B"], "n": [100, 20]})
    >>> truth = {"intercept": 1.0, "office": {"A": 0.5, "B": -0.5}}
    >>> rows = simulate_responses(Model(Share(), Group("office")), truth, cells=cells, seed=1)
    >>> rows["office"].value_counts().tolist(), rows.attrs["truth"]["share"]
    ([100, 20], [0.8176, 0.6225])
    """
    factors = list(model.factors)
    checks.known_columns(cells, [*factors, "n"], what="cells")
    n = checks.numeric(cells["n"], low=0.0)
    if (n != np.round(n)).any():
        raise ValueError(f"column 'n' of cells is no whole number in {checks.rows(n != np.round(n))}.")
    arrays = _empty_design(model, cells[factors])
    _require_truth(truth, arrays)
    rng = np.random.default_rng(seed)
    effects = {block.name: _true_effect(block, truth, rng) for block in arrays.blocks}
    share = special.expit(arrays.linear_predictor(np.asarray(float(truth["intercept"])), effects))
    order = _row_order(arrays, cells[factors])
    rows = cells.loc[cells.index.repeat(n.astype(int)), factors].reset_index(drop=True)
    rows["answer"] = rng.binomial(1, np.repeat(share[order], n.astype(int)))
    true_effects = {
        block.name: {
            key if len(key) > 1 else key[0]: float(value)
            for key, value in zip(block.levels, effects[block.name], strict=True)
        }
        for block in arrays.blocks
    }
    rows.attrs["simulated"] = f"simulated from {model!r}, seed {seed}"
    rows.attrs["truth"] = {
        "intercept": float(truth["intercept"]),
        **true_effects,
        "share": share[order].round(4).tolist(),
    }
    return rows


# ---- inside


def _empty_design(model: Model, keys: pd.DataFrame) -> Design:
    """Return the design of a survey with these cells and no answers."""
    table = keys.assign(_positive=0.0, _n=0.0)
    survey = Survey.from_counts(table, by=list(keys.columns), positive="_positive", n="_n")
    return design(Model(Share(), *model.terms, intercept_scale=model.intercept_scale), survey)


def _require_truth(truth: Mapping[str, Any], arrays: Design) -> None:
    allowed = ["intercept", *(form for block in arrays.blocks for form in (block.name, f"{block.name}_sd"))]
    for name in truth:
        checks.one_of(name, allowed, what="true value")
    if "intercept" not in truth:
        raise ValueError("truth needs 'intercept', the overall level in logits.")
    for block in arrays.blocks:
        if (block.name in truth) == (f"{block.name}_sd" in truth):
            raise ValueError(
                f"truth needs either {block.name!r} (effects by level) or '{block.name}_sd' (to draw them)."
            )


def _true_effect(block: Block, truth: Mapping[str, Any], rng: np.random.Generator) -> Array:
    """Return the effect of each level: as given, or drawn with the given standard deviation."""
    if f"{block.name}_sd" in truth:
        return block.effect(float(truth[f"{block.name}_sd"]), rng.normal(size=block.size))
    given = {key if isinstance(key, tuple) else (key,): value for key, value in dict(truth[block.name]).items()}
    lacking = [level for level in block.levels if level not in given]
    extra = [level for level in given if level not in block.levels]
    if lacking or extra:
        raise ValueError(
            f"truth of {block.name!r} lacks {checks.listing(lacking) or 'nothing'} and has "
            f"{checks.listing(extra) or 'nothing'} too much; its levels: {checks.listing(block.levels, most=20)}."
        )
    return np.array([float(given[level]) for level in block.levels])


def _row_order(arrays: Design, keys: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the design's cell of each row of `keys`."""
    if keys.columns.empty:
        return np.zeros(len(keys), dtype=np.intp)
    place = {key: row for row, key in enumerate(arrays.cells[list(keys.columns)].itertuples(index=False, name=None))}
    return np.array([place[key] for key in keys.itertuples(index=False, name=None)], dtype=np.intp)
