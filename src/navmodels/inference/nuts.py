"""The NUTS engine: the PyMC graph sampled by nutpie."""

import warnings
from typing import Any

import xarray as xr

from navmodels.models.graph import build_graph
from navmodels.models.model import Design

TUNE = 1000
TARGET_ACCEPT = 0.95
STATISTICS = (
    "diverging",
    "maxdepth_reached",
    "energy",
    "depth",
    "n_steps",
    "step_size",
    "mean_tree_accept",
    "logp",
)


def sample_nuts(arrays: Design, *, draws: int, chains: int, seed: int, progress: bool) -> tuple[xr.Dataset, xr.Dataset]:
    """Return posterior and sampler statistics, dims (chain, draw, ...).

    The posterior holds the intercept, each block's effects by level and each learned standard deviation.
    """
    import nutpie

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="nutpie")
        compiled = nutpie.compile_pymc_model(build_graph(arrays))
        tree = nutpie.sample(
            compiled, draws=draws, tune=TUNE, chains=chains, seed=seed, target_accept=TARGET_ACCEPT,
            save_warmup=False, progress_bar=progress,
        )  # fmt: skip
    posterior = tree["posterior"].to_dataset()
    inner: list[Any] = [name for name in posterior.data_vars if str(name).endswith("_z")]
    posterior = posterior.drop_vars(inner)
    unused = [dim for dim in posterior.dims if str(dim).endswith("_coefficient")]
    return posterior.drop_vars(unused, errors="ignore"), tree["sample_stats"].to_dataset()[list(STATISTICS)]
