"""Which coordinates NUTS samples in, and a second run when the first does not pass the gate."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from navmodels.engines.nuts.coordinates import plain_coordinates, whitened_coordinates
from navmodels.engines.nuts.graph import coefficient_order
from navmodels.engines.nuts.sampling import sample_nuts
from navmodels.gate.convergence import check, describe_failures
from navmodels.models.designs import Design

RUNS = (
    ("whitened", whitened_coordinates, 1000, 0.95),
    ("non-centred", plain_coordinates, 2000, 0.99),
)  # tuning, acceptance: the first by trial, the second twice as long and with smaller steps
MOST = 200  # shared coefficients whitened: a step costs their cube; 110 take 0.5 ms, 220 take 2, 300 take 5
LONGER = 4  # times as many draws where the only fault is that too few are effective; one in four is kept
EFFECTIVE = {"bulk ESS", "tail ESS"}


class Walk(NamedTuple):
    """One run: posterior and statistics, the name of its coordinates, what failed in words, and by which criteria."""

    groups: dict[str, xr.Dataset]
    name: str
    failed: str
    failing: Sequence[str]


def sample_with_retry(
    design: Design, *, draws: int, chains: int, seed: int, progress: bool
) -> tuple[dict[str, xr.Dataset], dict[str, Any]]:
    """Return posterior and sampler statistics, and attributes: divergences, coordinates, unconverged.

    NUTS samples in coordinates made for the data (beyond `MOST` shared coefficients in plain ones). If the gate fails,
    once more: where too few draws are effective and nothing else is wrong, four times as long, and one draw in four is
    kept; else in plain coordinates, tuned for longer and with smaller steps. The better run is kept, the second in
    doubt.
    """
    first, second = RUNS
    order, own = coefficient_order(design)
    if len(order) - own > MOST:
        first = (*second[:2], *first[2:])
    options = {"chains": chains, "seed": seed, "progress": progress}
    walks = [_walk(design, first, 1, draws=draws, **options)]
    failing = set(walks[0].failing)
    if failing - EFFECTIVE:
        walks.append(_walk(design, second, 1, draws=draws, **options))
    elif failing and draws >= 1000:  # else too few were asked for
        walks.append(_walk(design, first, LONGER, draws=draws, **options))
    kept = min(reversed(walks), key=lambda walk: len(walk.failing))
    which = "second walk" if kept is walks[-1] else "first walk, since the second was worse"
    again = f"{kept.name} ({which}; the first failed: {walks[0].failed})"
    return kept.groups, {
        "coordinates": kept.name if len(walks) == 1 else again,
        "divergences": int(kept.groups["sample_stats"]["diverging"].sum()),
        "unconverged": kept.failed,
    }


# ---- inside


def _walk(design: Design, run: tuple[Any, ...], times: int, *, draws: int, **options: Any) -> Walk:
    """Return one run, of which one draw in `times` is kept; one that stands for a divergence is marked as it."""
    name, coordinates, tune, accept = run
    posterior, statistics = sample_nuts(
        design, coordinates=coordinates(design), tune=tune, accept=accept, draws=times * draws, **options
    )
    if times > 1:
        diverging = statistics["diverging"].coarsen(draw=times).max().to_numpy()
        posterior, statistics = (each.isel(draw=slice(None, None, times)) for each in (posterior, statistics))
        statistics = statistics.assign(diverging=(statistics["diverging"].dims, diverging.astype(bool)))
        posterior, statistics = (
            each.assign_coords(draw=np.arange(each.sizes["draw"])) for each in (posterior, statistics)
        )
    groups = {"posterior": posterior, "sample_stats": statistics}
    table = check(xr.DataTree.from_dict(groups))
    failing = table.loc[~table["passed"].astype(bool), "criterion"].tolist()
    return Walk(groups, name, describe_failures(table), failing)
