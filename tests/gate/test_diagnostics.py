"""R-hat and effective sizes equal those of ArviZ, quantity by quantity."""

import warnings

import numpy as np
import pytest
from arviz_stats.base import array_stats

from navmodels.gate.diagnostics import judge_chains


def walk(rng, shape, rho):
    values = rng.normal(size=shape)
    for draw in range(1, shape[1]):
        values[:, draw] += rho * values[:, draw - 1]
    return values


def series(shape):
    """Return chains of all kinds, dims (chain, draw, quantity)."""
    rng = np.random.default_rng(3)
    found = [walk(rng, shape, rho) for rho in (0, 0.5, 0.9, 0.99, 1.0, -0.5, -0.9)]
    found += [rng.integers(0, 3, shape) * 1.0, walk(rng, shape, 0.5).round(1), (rng.random(shape) < 0.02) * 1.0]
    found += [np.full(shape, 0.3), np.arange(shape[0])[:, None] + np.zeros(shape), rng.standard_cauchy(shape)]
    for change in (lambda chain: chain * 0 + 0.3, lambda chain: chain + 5, lambda chain: chain * np.nan):
        values = rng.normal(size=shape)
        values[0] = change(values[0])
        found.append(values)
    return np.stack(found, axis=2)


@pytest.mark.parametrize("shape", [(4, 1000), (2, 501), (4, 100), (3, 7), (2, 4), (2, 3), (1, 50)])
def test_as_arviz(shape):
    draws = series(shape)
    axes = {"chain_axis": 0, "draw_axis": 1}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        expected = (
            array_stats.rhat(draws, **axes),
            array_stats.ess(draws, method="bulk", **axes),
            array_stats.ess(draws, method="tail", prob=(0.05, 0.95), **axes),
        )
    for ours, theirs in zip(judge_chains(draws), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)
