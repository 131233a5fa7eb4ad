"""The NUTS engine: the PyMC graph, in easy coordinates, sampled by nutpie; compiled once for a structure."""

import hashlib
import warnings
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import special

from navmodels.engines.nuts.graph import Coordinates, build_sampling_graph, graph_numbers
from navmodels.gate.convergence import NotConvergedError
from navmodels.models.designs import Design
from navmodels.models.priors import Proportion

STATISTICS = ("diverging", "maxdepth_reached", "energy", "depth", "n_steps", "step_size", "mean_tree_accept", "logp")
MOST = 16  # compiled structures kept; chosen by hand for memory, results are the same

_compiled: dict[str, Any] = {}


def sample_nuts(
    design: Design,
    *,
    coordinates: Coordinates,
    tune: int,
    accept: float,
    draws: int,
    chains: int,
    seed: int,
    progress: bool,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Return posterior and sampler statistics, dims (chain, draw, ...).

    The posterior holds intercept or thresholds, each block's effects by level, and the parameters of standard
    deviations.
    """
    import nutpie

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="nutpie")
        compiled = compile_once(design, coordinates)
        try:
            tree = nutpie.sample(
                compiled, draws=draws, tune=tune, chains=chains, seed=seed, target_accept=accept, save_warmup=False,
                progress_bar=progress,
            )  # fmt: skip
        except RuntimeError as error:
            raise NotConvergedError(_why_stopped(design, str(error))) from None
    posterior = tree["posterior"].to_dataset()
    effects = [f"{block.name}_effect" for block in design.blocks]
    posterior = posterior[[design.model.outcome.base, *effects, *design.parameters]]
    return posterior, tree["sample_stats"].to_dataset()[list(STATISTICS)]


def compile_once(design: Design, coordinates: Coordinates) -> Any:
    """Return the compiled model of a design: compiled before for the same structure, else now.

    The structure is all but the numbers: outcome, blocks with their levels, bases and kinds of prior. Numbers (data,
    number of cells, prior scales, coordinates) are exchanged in the compiled model.
    """
    import nutpie

    numbers = graph_numbers(design, coordinates)
    key = _structure(design, numbers)
    if key not in _compiled:
        while len(_compiled) >= MOST:
            _compiled.pop(next(iter(_compiled)))
        _compiled[key] = nutpie.compile_pymc_model(build_sampling_graph(design, coordinates))
    return _exchange(_compiled[key], numbers, start=partial(_start, design, coordinates))


# ---- inside


def _why_stopped(design: Design, said: str) -> str:
    """Return why NUTS ended, from the first line of what nutpie said, and what helps."""
    many = (
        "put neighbouring categories of the rating together before the survey is made, or "
        if design.channels.ordered
        else ""
    )
    return f"NUTS ended before it had draws ({said.partition(chr(10))[0]}): {many}try engine='laplace'."


def _start(design: Design, coordinates: Coordinates, seed: Any) -> npt.NDArray[np.float64]:
    """Return where a chain starts: scattered around the rough mode, the parameters of standard deviations first.

    Its own function, since a compiled model would keep the start of the numbers it was first compiled with.
    """
    rng = np.random.default_rng(seed)
    learned = [
        special.logit(value / prior.scale) if isinstance(prior, Proportion) else np.log(value)
        for value, prior in zip(coordinates.parameters.values(), design.parameters.values(), strict=True)
    ]
    rough = np.concatenate([learned, np.zeros(len(coordinates.pull))])
    return rough + rng.uniform(-1.0, 1.0, size=len(rough))


def _exchange(compiled: Any, numbers: dict[str, npt.NDArray[Any]], *, start: Any) -> Any:
    """Return a compiled model with other numbers and another starting point.

    nutpie casts without a word to the type of what was there, so the types are compared first. Lengths are right by
    construction: those of the coefficients are part of the structure, those of the cells are free.
    """
    held = {variable.name: compiled.shared_data[key] for variable, key in compiled.shared_var_keys.items()}
    for name, value in numbers.items():
        if (held[name].dtype, held[name].ndim) != (value.dtype, value.ndim):
            raise TypeError(
                f"{name} was compiled as {held[name].dtype} with {held[name].ndim} dims; given: {value.dtype} with "
                f"{value.ndim}. PyMC must run in double precision (pytensor.config.floatX)."
            )
    return replace(compiled.with_data(**numbers), initial_point_func=start)


def _structure(design: Design, numbers: dict[str, npt.NDArray[Any]]) -> str:
    """Return a hash of all that a compiled model fixes."""
    digest = hashlib.sha256()
    add = partial(_add, digest)
    add(repr(design.model.outcome))
    add(repr((design.channels.size, design.channels.labels)))
    for name, prior in design.parameters.items():
        add(repr((name, type(prior).__name__, getattr(prior, "nu", None))))
    for block in design.blocks:
        add(repr((block.name, block.factors, block.levels, block.scale.parts, block.channels)))
        digest.update(b"" if block.basis is None else block.basis.tobytes())
    for name, value in sorted(numbers.items()):
        add(repr((name, value.ndim, str(value.dtype))))
    return digest.hexdigest()


def _add(digest: Any, text: str) -> None:
    digest.update(text.encode() + b"\0")
