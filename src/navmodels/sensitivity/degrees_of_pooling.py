"""pooling: no, partial and complete pooling of a model's groups side by side."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from navmodels.checks.reserved import require_free
from navmodels.data.panels import has_pairs
from navmodels.data.survey import Survey
from navmodels.engines.fitting import refit as fit  # whose priors are meant
from navmodels.engines.fitting import warn_of_weights
from navmodels.models.model import Model
from navmodels.posterior.direct_and_pooled import shrinkage
from navmodels.posterior.elpd import loo
from navmodels.sensitivity.changes import change_scenario

POOLINGS = ("none", "partial", "complete")


def pooling(
    model: Model,
    survey: Survey,
    *,
    by: str | Sequence[str],
    cut: Any = None,
    category: Any = None,
    engine: str = "auto",
    seed: int | None = None,
) -> pd.DataFrame:
    """Fit a model with no, partial and complete pooling, and put the estimates side by side.

    Parameters
    ----------
    model, survey
        As given to `fit`; the model has one or more `Group` terms.
    by, cut, category
        As in `shrinkage`.
    engine, seed
        As in `fit`.

    Returns
    -------
    pandas.DataFrame
        One row a group and pooling: by, pooling ("none": the standard deviation of every `Group` is 10 logits, or 20
        spreads of published means; "partial": the model as given; "complete": it is 0), direct, n, mean, lower,
        upper, prob (0.95),
        pooling_factor,
        sd_reduction as in `shrinkage`; elpd, elpd_se: expected log predictive density by leave-one-out over cells;
        cells_above_k: cells for which that is not to be trusted; NaN where the same persons are in several cells.

    Raises
    ------
    ValueError
        When the model has no `Group`.
    NotConvergedError
        When a fit did not pass the gate.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey
    >>> from navmodels.sensitivity import pooling
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> out = pooling(Model(Share(), Group("office")), survey, by="office", seed=1)
    >>> out[out["office"] == "A"][["pooling", "mean"]].round(2).values.tolist()
    [['none', 0.5], ['partial', 0.55], ['complete', 0.58]]
    """
    require_free([by] if isinstance(by, str) else by, "pooling")
    parts = []
    warn_of_weights(model, survey, stacklevel=3)
    for how in POOLINGS:
        changed, given, _ = change_scenario(model, survey, {} if how == "partial" else {"pooling": how})
        if how != "partial" and changed == model:
            raise ValueError(f"{model!r} has no Group, so there is nothing to pool.")
        result = fit(changed, given, engine=engine, seed=seed)
        table = shrinkage(result, by=by, cut=cut, category=category)
        out = None if has_pairs(survey.cells) else loo(result)
        table.insert(1 if isinstance(by, str) else len(by), "pooling", how)
        parts.append(
            table.assign(elpd=np.nan, elpd_se=np.nan, cells_above_k=np.nan)
            if out is None
            else table.assign(
                elpd=out.attrs["elpd"], elpd_se=out.attrs["se"], cells_above_k=int((~out["passed"]).sum())
            )
        )
    columns = {"pooled": "mean", "pooled_lower": "lower", "pooled_upper": "upper"}
    together = pd.concat(parts, ignore_index=True).rename(columns=columns)
    return together.drop(columns=["direct_lower", "direct_upper", "n_effective"])
