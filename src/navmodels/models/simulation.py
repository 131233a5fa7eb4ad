"""simulate_responses: respondents from a model and chosen true values.

Simulated data always says so, in its attributes and wherever it is shown. Nothing is fitted here.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels import checks
from navmodels.data.survey import Survey
from navmodels.likelihoods.share import Share
from navmodels.models import designs
from navmodels.models.blocks import Block
from navmodels.models.designs import Design
from navmodels.models.model import Model

Array = npt.NDArray[np.float64]


def simulate_responses(model: Model, truth: Mapping[str, Any], *, cells: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Simulate one row a respondent from a model with known true values.

    Parameters
    ----------
    model
        Outcome and terms. For `Share` the respondents answer yes or no; for `Reported` they are those behind a
        published share; for `Rating` and `Choice` they answer one of the categories.
    truth
        ``intercept``, and for each part of the linear predictor either its effects by level, ``{"county": {"Oslo":
        -0.2, ...}}`` (levels of several factors as tuples), or the standard deviation to draw them with,
        ``{"county_sd": 0.3}``. Logits. In place of the intercept, a rating has ``threshold``: from each category but
        the lowest, in order, the threshold below it, ``{2: -1.5, 3: 0.2, ...}``; a list stands for the categories 2, 3
        and so on. For a choice ``intercept`` is a mapping from each category to its logit, and an effect by level a
        mapping from each level to such a mapping; both are taken as differences from their mean over the categories.
    cells
        One row for each combination of the model's factors, and ``n``: its number of respondents.
    seed
        Whole number that fixes the draws.

    Returns
    -------
    pandas.DataFrame
        The factors and ``answer`` (0 or 1, or the category). ``attrs["simulated"]`` says so; ``attrs["truth"]`` holds
        the intercept or thresholds, the effects by level of each part, and ``share``: the true share of each row of
        `cells`, by category for ratings and choices.

    Raises
    ------
    ValueError
        When a true value is missing or not known to the model (with the nearest), thresholds are out of order, or n is
        no whole number.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Rating, Share, simulate_responses
    >>> cells = pd.DataFrame({"office": ["A", "B"], "n": [100, 20]})
    >>> truth = {"intercept": 1.0, "office": {"A": 0.5, "B": -0.5}}
    >>> rows = simulate_responses(Model(Share(), Group("office")), truth, cells=cells, seed=1)
    >>> rows["office"].value_counts().tolist(), rows.attrs["truth"]["share"]
    ([100, 20], [0.8176, 0.6225])
    >>> truth = {"threshold": [-1.0, 0.0, 2.0], "office_sd": 0.3}
    >>> rows = simulate_responses(Model(Rating(), Group("office")), truth, cells=cells, seed=1)
    >>> sorted(rows["answer"].unique().tolist())
    [1, 2, 3, 4]
    """
    factors = list(model.factors)
    checks.known_columns(cells, [*factors, "n"], what="cells")
    n = checks.numeric(cells["n"], low=0.0)
    if (n != np.round(n)).any():
        raise ValueError(f"column 'n' of cells is no whole number in {checks.rows(n != np.round(n))}.")
    categories, shown = _base(model, truth)
    design = _empty_design(model, cells[factors], categories)
    _require_truth(truth, design)
    base = np.zeros(design.channels.size)
    base[list(design.channels.common)] = design.channels.to_channels(shown)
    rng = np.random.default_rng(seed)
    effects = {block.name: _true_effect(block, truth, design, rng) for block in design.blocks}
    eta = design.linear_predictor(base[None], {name: effect[None] for name, effect in effects.items()})[0]
    share = _shares(design, eta)[_row_order(design, cells[factors])]
    rows = cells.loc[cells.index.repeat(n.astype(int)), factors].reset_index(drop=True)
    cumulated = np.repeat(np.cumsum(share, axis=1)[:, :-1], n.astype(int), axis=0)
    place = (rng.random((len(rows), 1)) > cumulated).sum(axis=1)
    rows["answer"] = np.array(categories, dtype=object if isinstance(categories[0], str) else None)[place]
    rows.attrs["simulated"] = f"simulated from {model!r}, seed {seed}"
    rows.attrs["truth"] = _told(design, base, effects) | {
        "share": (share if len(categories) > 2 or design.channels.dim else share[:, 1]).round(4).tolist()
    }
    return rows


# ---- inside


def _base(model: Model, truth: Mapping[str, Any]) -> tuple[list[Any], Array]:
    """Return the categories, and intercept or thresholds as given."""
    outcome = model.outcome
    if outcome.base not in truth:
        raise ValueError(f"truth needs {outcome.base!r}{' in logits' if outcome.base == 'intercept' else ''}.")
    return outcome.read_truth(truth[outcome.base])


def _shares(design: Design, eta: Array) -> Array:
    """Return the probability of each category, dims (cell, category)."""
    quantity = design.model.outcome.quantity
    if design.channels.dim is None:
        share = quantity(design.survey).predict(eta)
        return np.stack([1 - share, share], axis=-1)
    categories = [checks.plain(category) for category in design.survey.cells["category"].to_numpy()]
    return quantity(design.survey, category=categories).predict(eta)


def _told(design: Design, base: Array, effects: Mapping[str, Array]) -> dict[str, Any]:
    """Return base and effects as plain numbers by label."""
    labels, channels = design.channels.labels, design.channels.common

    def by_label(values: Array, fed: tuple[int, ...]) -> Any:
        dims, shown = design.channels.shown(values, fed)
        return dict(zip(labels, shown.tolist(), strict=True)) if dims else float(shown)

    told: dict[str, Any] = {design.model.outcome.base: by_label(base[list(channels)], channels)}
    for block in design.blocks:
        told[block.name] = {
            key if len(key) > 1 else key[0]: by_label(value, block.channels)
            for key, value in zip(block.levels, effects[block.name], strict=True)
        }
    return told


def _empty_design(model: Model, keys: pd.DataFrame, categories: list[Any]) -> Design:
    """Return the design of a survey with these cells and no answers."""
    names = [f"_{place}" for place in range(len(categories))]
    table = keys.assign(**dict.fromkeys(names, 0.0))
    options: dict[str, Any] = {"counts": names, "categories": categories, "ordered": model.outcome.ordered}
    if not model.outcome.several:
        model = Model(Share(), *model.terms, intercept_scale=model.intercept_scale)
        options = {"positive": names[1], "n": names[0]}
    return designs.design(model, Survey.from_counts(table, by=list(keys.columns), overlap="allow", **options))


def _require_truth(truth: Mapping[str, Any], design: Design) -> None:
    base = design.model.outcome.base
    allowed = [base, *(form for block in design.blocks for form in (block.name, f"{block.name}_sd"))]
    for name in truth:
        checks.one_of(name, allowed, what="true value")
    for block in design.blocks:
        if (block.name in truth) == (f"{block.name}_sd" in truth):
            raise ValueError(
                f"truth needs either {block.name!r} (effects by level) or '{block.name}_sd' (to draw them)."
            )


def _true_effect(block: Block, truth: Mapping[str, Any], design: Design, rng: np.random.Generator) -> Array:
    """Return the effect of each level, dims (level, channel): as given, or drawn with the given standard deviation."""
    if f"{block.name}_sd" in truth:
        drawn = rng.normal(size=(len(block.channels), block.size))
        return block.effect(float(truth[f"{block.name}_sd"]), drawn).T
    given = {key if isinstance(key, tuple) else (key,): value for key, value in dict(truth[block.name]).items()}
    lacking = [level for level in block.levels if level not in given]
    extra = [level for level in given if level not in block.levels]
    if lacking or extra:
        raise ValueError(
            f"truth of {block.name!r} lacks {checks.listing(lacking) or 'nothing'} and has "
            f"{checks.listing(extra) or 'nothing'} too much; its levels: {checks.listing(block.levels, most=20)}."
        )
    if not design.channels.spans(block.channels):
        return np.array([[float(given[level])] for level in block.levels])
    labels = design.channels.labels
    for level in block.levels:
        if not isinstance(given[level], Mapping) or set(given[level]) != set(labels):
            raise ValueError(
                f"truth of {block.name!r} at {level} is {given[level]!r}; allowed: a mapping from each of "
                f"{checks.listing(labels)} to a number."
            )
    values = np.array([[float(given[level][label]) for label in labels] for level in block.levels])
    return design.channels.to_channels(values)


def _row_order(design: Design, keys: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the design's cell of each row of `keys`."""
    if keys.columns.empty:
        return np.zeros(len(keys), dtype=np.intp)
    place = {key: row for row, key in enumerate(design.cells[list(keys.columns)].itertuples(index=False, name=None))}
    return np.array([place[key] for key in keys.itertuples(index=False, name=None)], dtype=np.intp)
