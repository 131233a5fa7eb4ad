"""Which coordinates NUTS samples in, and a second run when the first does not pass the gate."""

from typing import Any

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


def sample_with_retry(
    design: Design, *, draws: int, chains: int, seed: int, progress: bool
) -> tuple[dict[str, xr.Dataset], dict[str, Any]]:
    """Return posterior and sampler statistics, and attributes: divergences, coordinates, unconverged.

    NUTS samples in coordinates made for the data (beyond `MOST` shared coefficients in plain ones); if the gate fails,
    once more in plain ones, tuned for longer and with smaller steps. The better run is kept, the second in doubt.
    """
    tries = []
    order, own = coefficient_order(design)
    for name, coordinates, tune, accept in RUNS:
        if len(order) - own > MOST:
            name, coordinates = "non-centred", plain_coordinates
        posterior, statistics = sample_nuts(
            design,
            coordinates=coordinates(design),
            tune=tune,
            accept=accept,
            draws=draws,
            chains=chains,
            seed=seed,
            progress=progress,
        )
        groups = {"posterior": posterior, "sample_stats": statistics}
        table = check(xr.DataTree.from_dict(groups))
        passed = table["passed"].astype(bool)
        tries.append((int((~passed).sum()), groups, name, describe_failures(table)))
        failing = set(table.loc[~passed, "criterion"])
        if failing <= {"bulk ESS", "tail ESS"} and (not failing or draws < 1000):  # passed, or too few draws asked for
            break
    kept = min(reversed(tries), key=lambda each: each[0])
    _, groups, name, failed = kept
    which = "second walk" if kept is tries[-1] else "first walk, since the second was worse"
    return groups, {
        "coordinates": name if len(tries) == 1 else f"{name} ({which}; the first failed: {tries[0][3]})",
        "divergences": int(groups["sample_stats"]["diverging"].sum()),
        "unconverged": failed,
    }
