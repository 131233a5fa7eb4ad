"""conclusions: statements crossed with scenarios, and whether each stands in all of them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from navmodels import checks
from navmodels.checks.reserved import COLUMNS
from navmodels.gate.convergence import failures, require_converged
from navmodels.posterior.comparisons import require_draws

Statement = Callable[[xr.DataArray], xr.DataArray]
STANDS, LEANS = 0.95, 0.80


def conclusions(draws: xr.DataArray, statements: Mapping[str, Statement], *, base: str, most: int = 3) -> pd.DataFrame:
    """Say of each statement how probable it is in every scenario, and whether it stands in all.

    Parameters
    ----------
    draws
        Dims (chain, draw, ..., scenario), of `refit_scenarios`.
    statements
        From a sentence to a function of draws without the dim scenario that returns, with dims (chain, draw), whether
        it is true in each draw: ``lambda share: share.sel(office="A") > share.sel(office="B")``.
    base
        The scenario that the others are compared with, usually "as given".
    most
        How many scenarios a verdict names.

    Returns
    -------
    pandas.DataFrame
        One row a statement: statement, p (in the base), class (in the base: "stands" from a probability of 0.95,
        "leans" from 0.80, else "open"; "fails" and "leans against" when the opposite does), lowest and highest (over
        scenarios), turned (number of scenarios with another class), scenarios (number it could be judged in), verdict
        ("stands in all", "open in all", ..., or "depends on ..." with the scenarios that change the class most), then
        one column a scenario with the probability, NaN where a group it speaks of is left out.

    Raises
    ------
    ValueError
        When base is no scenario, a scenario is called as a column of the table is, or a statement returns something
        else.
    NotConvergedError
        When the draws of the base did not pass the gate.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from navmodels.sensitivity import conclusions
    >>> rng = np.random.default_rng(1)
    >>> values = rng.normal([[0.6, 0.6], [0.5, 0.59]], 0.02, size=(4, 500, 2, 2))
    >>> coords = {"office": ["A", "B"], "scenario": ["as given", "other prior"]}
    >>> draws = xr.DataArray(values, dims=("chain", "draw", *coords), coords=coords)
    >>> statements = {"A above B": lambda share: share.sel(office="A") > share.sel(office="B")}
    >>> table = conclusions(draws, statements, base="as given")
    >>> table[["statement", "class", "verdict"]].values.tolist()
    [['A above B', 'stands', "depends on 'other prior'"]]
    """
    require_draws(draws)
    scenarios = [checks.plain(name) for name in draws["scenario"].to_numpy()] if "scenario" in draws.dims else []
    checks.one_of(base, scenarios, what="base")
    if taken := set(scenarios) & set(COLUMNS["conclusions"]):
        raise ValueError(f"scenarios may not be called {checks.listing(sorted(taken))}, as columns of the table are.")
    require_converged(failures(draws.sel(scenario=base, drop=True)), what=f"the draws of {base!r}")
    rows = []
    for sentence, statement in statements.items():
        p = {name: probability_of(statement, draws.sel(scenario=name, drop=True), what=sentence) for name in scenarios}
        rows.append({"statement": sentence, **stand(p, base=base, most=most), **p})
    table = pd.DataFrame(rows)
    table.attrs = {name: draws.attrs[name] for name in ("simulated", "failed") if draws.attrs.get(name)}
    return table


def classify_probability(p: float) -> str:
    """Return the class of a probability.

    Examples
    --------
    >>> [classify_probability(p) for p in (0.97, 0.9, 0.5, 0.1, 0.01)]
    ['stands', 'leans', 'open', 'leans against', 'fails']
    """
    for limit, word, opposite in ((STANDS, "stands", "fails"), (LEANS, "leans", "leans against")):
        if p >= limit or 1 - p >= limit:
            return word if p >= limit else opposite
    return "open"


def probability_of(statement: Statement, draws: xr.DataArray, *, what: str) -> float:
    """Return the share of draws in which a statement is true; NaN where it speaks of something that is missing.

    Raises
    ------
    ValueError
        When the statement, called `what`, names a level that does not exist, or does not return true or false for each
        draw.
    """
    missing = draws.isnull()
    if bool(missing.all()):
        return float("nan")
    try:
        known: Any = statement(draws)
    except KeyError as error:
        raise ValueError(f"the statement {what!r} names what the draws do not have: {error.args[0]}") from error
    if not isinstance(known, xr.DataArray) or set(known.dims) != {"chain", "draw"} or known.dtype != bool:
        given = f"dims {known.dims} of {known.dtype}" if isinstance(known, xr.DataArray) else type(known).__name__
        raise ValueError(
            f"the statement {what!r} returns {given}; needed: true or false for each draw, dims (chain, draw)."
        )
    if bool(missing.any()) and bool((statement(_filled(draws)) != known).any()):
        return float("nan")
    return float(known.mean())


def stand(p: Mapping[str, float], *, base: str, most: int = 3) -> dict[str, Any]:
    """Return the columns of `conclusions` from the probability of a statement in each scenario.

    Examples
    --------
    >>> stand({"as given": 0.97, "other prior": 0.9}, base="as given")["verdict"]
    "depends on 'other prior'"
    """
    judged = {name: value for name, value in p.items() if not np.isnan(value)}
    own = classify_probability(p[base]) if base in judged else ""
    turned = {name: value for name, value in judged.items() if own and classify_probability(value) != own}
    worst = sorted(turned, key=lambda name: -abs(turned[name] - p[base]))
    more = f" and {len(worst) - most} more" if len(worst) > most else ""
    verdict = f"depends on {', '.join(map(repr, worst[:most]))}{more}" if worst else f"{own} in all"
    return {
        "p": p[base],
        "class": own,
        "lowest": min(judged.values(), default=np.nan),
        "highest": max(judged.values(), default=np.nan),
        "turned": len(turned),
        "scenarios": len(judged),
        "verdict": verdict if own else f"not to be judged in {base!r}",
    }


# ---- inside


def _filled(draws: xr.DataArray) -> xr.DataArray:
    """Return draws with what is missing replaced at random: very low, very high, or as something that is not missing.

    A statement that speaks of what is missing is turned by it in some draw.
    """
    rng = np.random.default_rng(0)
    values = draws.to_numpy().copy()
    missing, present = np.isnan(values), values[~np.isnan(values)]
    low, high = (1e-9, 1 - 1e-9) if present.min() >= 0 and present.max() <= 1 else (-1e9, 1e9)
    candidates = low, high, rng.choice(present, missing.sum())
    values[missing] = np.choose(rng.integers(3, size=missing.sum()), candidates)
    return draws.copy(data=values)
