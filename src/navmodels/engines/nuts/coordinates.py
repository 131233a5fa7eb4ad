"""Coordinates in which the posterior is round for NUTS, at every value of the standard deviations.

The likelihood is taken for a normal one around the mode that the Laplace approximation finds: its curvature there, and
what it pulls the effects to. `whitening` centres and scales the coefficients by it. The posterior is the same whatever
the values.
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


def whitened_coordinates(design: Design) -> Coordinates:
    """Return coordinates for the posterior of a design.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey
    >>> from navmodels.models import design
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [3000, 5000, 2000, 3000], "n": [6000, 8000, 5000, 4000]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> at = whitened_coordinates(design(Model(Share(), Group("office")), survey))
    >>> at.curvature.diagonal()[1:].round(-1)  # n p (1 - p), pooled a little
    array([1500., 1880., 1200.,  750.])
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
    sizes = np.array([block.size * len(block.channels) for block in design.blocks], dtype=int)
    spread = np.concatenate([np.ones(base), np.repeat(scales, sizes)])
    parameters = {name: float(value[0]) for name, value in target.parameters(proposal.centre[None]).items()}
    likelihood = (curvature - np.eye(len(mode))) / np.outer(spread, spread)
    return Coordinates(likelihood, curvature @ mode / spread, parameters)


def plain_coordinates(design: Design) -> Coordinates:
    """Return coordinates that change nothing: coefficients as they are, whatever the data say."""
    size = len(design.channels.common) + sum(block.size * len(block.channels) for block in design.blocks)
    parameters = {name: 0.5 * prior.scale for name, prior in design.parameters.items()}
    return Coordinates(np.zeros((size, size)), np.zeros(size), parameters)


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
