"""Coordinates in which NUTS walks in round steps: rough mode, spread, and which blocks are centred.

Non-centred coefficients suit blocks about which the data say little, centred ones blocks about which they say much;
most surveys have both (Papaspiliopoulos, Roberts & Sköld 2007). A block is centred when the data tell both its
coefficients and its standard deviation well enough, and all are whitened by the curvature at their mode, for rough
standard deviations from a few rounds of EM. The posterior is the same whatever the values; the threshold is by trial.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg

from navmodels.models.graph import Coordinates
from navmodels.models.model import Design
from navmodels.models.priors import Prior
from navmodels.models.terms import Block

Array = npt.NDArray[np.float64]
CENTRED = 0.6  # a block is centred below this: pooling of its best-known tenth, and error of the log of its scale
STEP = 1e-4  # for derivatives of a cell's log-likelihood with respect to its linear predictor


def walking_coordinates(arrays: Design, *, rounds: int = 12) -> Coordinates:
    """Return coordinates for the posterior of a design.

    Parameters
    ----------
    arrays
        The design to be sampled.
    rounds
        Updates of the rough standard deviations.

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
    columns, parts = _columns(arrays)
    reference = {block.name: _start(block.prior) for block, _ in parts}
    x = np.zeros(columns.shape[1])
    for last in [*[False] * rounds, True]:
        scale = np.concatenate([[1.0], *(np.full(block.size, reference[block.name]) for block, _ in parts)])
        x, factor = _mode(arrays, columns * scale, x)
        spread = linalg.solve_triangular(factor, np.eye(len(x)), lower=True, trans="T")
        variance = (spread**2).sum(axis=1)
        if last:
            break
        for block, place in parts:
            if isinstance(block.prior, Prior):
                low, high = (float(block.prior.quantile(prob)) for prob in (0.05, 0.999))
                moment = float(np.sqrt(np.mean(x[place] ** 2 + variance[place])))
                reference[block.name] = float(np.clip(reference[block.name] * moment, low, high))
    power = np.zeros(len(x))
    for block, place in parts:
        pooled = np.clip(variance[place], 0.0, 1.0)  # posterior over prior variance
        log_error = 1 / np.sqrt(2 * np.sum((1 - pooled) ** 2) + 1e-12)  # of the log of the scale, from its information
        centred = isinstance(block.prior, Prior) and max(np.quantile(pooled, 0.1), log_error) < CENTRED
        power[place] = -1.0 if centred else 0.0
    return Coordinates(x, spread, power, reference)


def plain_coordinates(arrays: Design) -> Coordinates:
    """Return coordinates that change nothing: every block non-centred, nothing whitened."""
    size = 1 + sum(block.size for block in arrays.blocks)
    return Coordinates(np.zeros(size), np.eye(size), np.zeros(size), {block.name: 1.0 for block in arrays.blocks})


# ---- inside


def _start(prior: Any) -> float:
    return float(prior.quantile(0.5)) if isinstance(prior, Prior) else float(prior)


def _columns(arrays: Design) -> tuple[Array, list[tuple[Block, slice]]]:
    """Return the columns of the linear predictor, dims (cell, coefficient), for unit scales, and each block's place."""
    size = arrays.survey.cells.sizes["cell"]
    columns, parts, first = [np.full((size, 1), arrays.model.intercept_scale)], [], 1
    for block in arrays.blocks:
        basis = np.eye(block.size) if block.basis is None else block.basis
        columns.append(basis[block.index])
        parts.append((block, slice(first, first + block.size)))
        first += block.size
    return np.hstack(columns), parts


def _mode(arrays: Design, columns: Array, x: Array) -> tuple[Array, Array]:
    """Return the mode of x and the Cholesky factor of its curvature, by Newton steps halved until they improve."""

    def value(at: Array) -> float:
        return float(arrays.model.outcome.log_likelihood(columns @ at, arrays.data).sum() - at @ at / 2)

    current, factor = value(x), np.eye(len(x))
    for _ in range(50):
        gradient, curvature = _derivatives(arrays, columns @ x)
        factor = linalg.cholesky((columns.T * curvature) @ columns + np.eye(len(x)), lower=True)
        step = linalg.cho_solve((factor, True), columns.T @ gradient - x)
        size = 1.0
        while size > 1e-4 and not value(x + size * step) >= current - 1e-9:
            size /= 2
        x = x + size * step
        current = value(x)
        if np.abs(size * step).max() < 1e-3:
            break
    return x, factor


def _derivatives(arrays: Design, eta: Array) -> tuple[Array, Array]:
    """Return gradient and negative curvature of each cell's log-likelihood, by central differences."""
    low, middle, high = (arrays.model.outcome.log_likelihood(eta + shift, arrays.data) for shift in (-STEP, 0.0, STEP))
    return (high - low) / (2 * STEP), np.maximum(-(high - 2 * middle + low) / STEP**2, 0.0)
