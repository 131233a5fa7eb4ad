"""Coordinates in which NUTS walks in round steps: mode, spread, and which blocks are centred.

Non-centred coefficients suit blocks about which the data say little, centred ones blocks about which they say much;
most surveys have both (Papaspiliopoulos, Roberts & Sköld 2007). A block is centred when the data tell both its
coefficients and its standard deviation well enough, and all are whitened by the curvature at the mode that the Laplace
approximation finds. The posterior is the same whatever the values; the threshold is by trial.
"""

import numpy as np
import numpy.typing as npt
from scipy import linalg

from navmodels.inference.kernels import derivatives, pack
from navmodels.inference.laplace import find_proposal, make_target
from navmodels.models.graph import Coordinates
from navmodels.models.model import Design
from navmodels.models.priors import Prior

Array = npt.NDArray[np.float64]
CENTRED = 0.6  # a block is centred below this: pooling of its best-known tenth, and error of the log of its scale


def walking_coordinates(arrays: Design) -> Coordinates:
    """Return coordinates for the posterior of a design.

    Examples
    --------
    >>> import pandas as pd
    >>> from navmodels import Group, Model, Share, Survey
    >>> from navmodels.models import design
    >>> table = pd.DataFrame({"office": list("ABCD"), "k": [3000, 5000, 2000, 3000], "n": [6000, 8000, 5000, 4000]})
    >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
    >>> walking_coordinates(design(Model(Share(), Group("office")), survey)).power
    array([ 0., -1., -1., -1., -1.])
    """
    target = make_target(arrays)
    proposal = find_proposal(target)
    scales = [float(scale[0]) for scale in target.block_scales(proposal.centre[None])]
    parts = target.by_block(proposal.mode)
    mode = np.concatenate([parts[place] for place in (None, *range(len(arrays.blocks)))])
    factor = linalg.cholesky(_curvature(arrays, scales, mode), lower=True)
    spread = linalg.solve_triangular(factor, np.eye(len(mode)), lower=True, trans="T")
    pooled = np.clip((spread**2).sum(axis=1), 0.0, 1.0)  # posterior over prior variance
    power, first = np.zeros(len(mode)), 1
    for block in arrays.blocks:
        part = slice(first, first + block.size)
        log_error = 1 / np.sqrt(2 * np.sum((1 - pooled[part]) ** 2) + 1e-12)  # of the log of the scale
        centred = isinstance(block.prior, Prior) and max(np.quantile(pooled[part], 0.1), log_error) < CENTRED
        power[part] = -1.0 if centred else 0.0
        first += block.size
    return Coordinates(mode, spread, power, dict(zip((block.name for block in arrays.blocks), scales, strict=True)))


def plain_coordinates(arrays: Design) -> Coordinates:
    """Return coordinates that change nothing: every block non-centred, nothing whitened."""
    size = 1 + sum(block.size for block in arrays.blocks)
    return Coordinates(np.zeros(size), np.eye(size), np.zeros(size), {block.name: 1.0 for block in arrays.blocks})


# ---- inside


def _curvature(arrays: Design, scales: list[float], mode: Array) -> Array:
    """Return the negative Hessian of the coefficients' log-density at their mode, dims (coefficient, coefficient)."""
    size = arrays.survey.cells.sizes["cell"]
    columns = [np.full((size, 1), arrays.model.intercept_scale)]
    for block, scale in zip(arrays.blocks, scales, strict=True):
        basis = np.eye(block.size) if block.basis is None else block.basis
        columns.append(scale * basis[block.index])
    x = np.hstack(columns)
    eta = x @ mode
    value, gradient, curvature = np.empty((3, size))
    kind, table, flat = pack(arrays.model.outcome.kernel, arrays.data)
    derivatives(kind, eta, table, flat, value, gradient, curvature)
    return np.asarray((x.T * curvature) @ x + np.eye(len(mode)))
