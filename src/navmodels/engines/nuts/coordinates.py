"""Coordinates in which the posterior is round for NUTS: mode, spread, and which blocks are centred.

Non-centred coefficients suit blocks about which the data say little, centred ones blocks about which they say much;
most surveys have both (Papaspiliopoulos, Roberts & Sköld 2007). A block is centred when the data tell both its
coefficients and its standard deviation well enough, and all are whitened by the curvature at the mode that the Laplace
approximation finds. The posterior is the same whatever the values; the threshold is by trial.
"""

import numpy as np
import numpy.typing as npt
from scipy import linalg

from navmodels.engines.laplace.proposals import find_proposal
from navmodels.engines.laplace.targets import make_target
from navmodels.engines.nuts.graph import Coordinates
from navmodels.likelihoods.kernels import derivatives, pack
from navmodels.likelihoods.packing import pair
from navmodels.models.designs import Design

Array = npt.NDArray[np.float64]
CENTRED = 0.6  # a block is centred below this: pooling of its best-known tenth, and error of the log of its scale


def whitened_coordinates(design: Design) -> Coordinates:
    """Return coordinates for the posterior of a design.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey
    >>> from navmodels.models import design
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [3000, 5000, 2000, 3000], "n": [6000, 8000, 5000, 4000]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> whitened_coordinates(design(Model(Share(), Group("office")), survey)).power
    array([ 0., -1., -1., -1., -1.])
    """
    target = make_target(design)
    proposal = find_proposal(target)
    scales = [float(scale[0]) for scale in target.block_scales(proposal.centre[None])]
    parts = target.by_block(proposal.mode)
    mode = np.concatenate([parts[place].T.ravel() for place in (None, *range(len(design.blocks)))])
    curvature, base = _curvature(design, scales, mode), len(design.channels.common)
    mode[:base], bend = design.channels.to_coordinates(mode[:base], design.intercept_scale)
    if bend is not None:
        change = linalg.block_diag(bend, np.eye(len(mode) - base))
        curvature = change.T @ curvature @ change
    factor = linalg.cholesky(curvature, lower=True)
    spread = linalg.solve_triangular(factor, np.eye(len(mode)), lower=True, trans="T")
    pooled = np.clip((spread**2).sum(axis=1), 0.0, 1.0)  # posterior over prior variance
    power, first = np.zeros(len(mode)), base
    for block in design.blocks:
        part = slice(first, first + block.size * len(block.channels))
        log_error = 1 / np.sqrt(2 * np.sum((1 - pooled[part]) ** 2) + 1e-12)  # of the log of the scale
        centred = bool(block.scale.parts) and max(np.quantile(pooled[part], 0.1), log_error) < CENTRED
        power[part] = -1.0 if centred else 0.0
        first = part.stop
    parameters = {name: float(value[0]) for name, value in target.parameters(proposal.centre[None]).items()}
    reference = dict(zip((block.name for block in design.blocks), scales, strict=True))
    return Coordinates(mode, spread, power, reference, parameters)


def plain_coordinates(design: Design) -> Coordinates:
    """Return coordinates that change nothing: every block non-centred, nothing whitened."""
    size = len(design.channels.common) + sum(block.size * len(block.channels) for block in design.blocks)
    reference = {block.name: 1.0 for block in design.blocks}
    parameters = {name: 0.5 * prior.scale for name, prior in design.parameters.items()}
    return Coordinates(np.zeros(size), np.eye(size), np.zeros(size), reference, parameters)


# ---- inside


def _curvature(design: Design, scales: list[float], mode: Array) -> Array:
    """Return the negative Hessian of the coefficients' log-density at their mode, dims (coefficient, coefficient)."""
    cells, channels = design.survey.cells.sizes["cell"], design.channels
    x = np.zeros((channels.size, cells, len(mode)))
    for place, channel in enumerate(channels.common):
        x[channel, :, place] = design.intercept_scale
    first = len(channels.common)
    for block, scale in zip(design.blocks, scales, strict=True):
        for channel in block.channels:
            x[channel, :, first : first + block.size] = scale * block.matrix[block.index]
            first += block.size
    eta = np.ascontiguousarray((x @ mode).T)
    eta[:, 0] += design.offset
    value, gradient = np.empty(cells), np.empty_like(eta)
    curvature = np.empty((cells, channels.size * (channels.size + 1) // 2))
    kind, table, flat = pack(design.model.outcome.kernel, design.data)
    derivatives(kind, eta, table, flat, value, gradient, curvature)
    out = np.eye(len(mode))
    for i in range(channels.size):
        for j in range(i + 1):
            part = (x[i].T * curvature[:, pair(i, j)]) @ x[j]
            out += part if i == j else part + part.T
    return out
