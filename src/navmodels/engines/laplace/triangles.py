"""Lower Cholesky factors L of a curvature, and what they solve, in compiled code."""

import numpy as np

from navmodels.likelihoods.compilation import compiled
from navmodels.likelihoods.outcomes import Array


@compiled
def factorise(matrix: Array) -> tuple[Array, bool]:
    """Return the lower Cholesky factor, and whether there is one: scales beyond rounding leave none."""
    solved, factor = True, matrix
    try:
        factor = np.linalg.cholesky(matrix)
    except Exception:
        solved = False
    return factor, solved and bool(np.isfinite(factor).all())


@compiled
def solve_lower(factor: Array, right: Array) -> Array:
    """Return L⁻¹ right."""
    out = right.copy()
    for i in range(len(out)):
        total = out[i]
        for j in range(i):
            total -= factor[i, j] * out[j]
        out[i] = total / factor[i, i]
    return out


@compiled
def solve_transposed(factor: Array, right: Array) -> Array:
    """Return L⁻ᵀ right."""
    out = right.copy()
    for i in range(len(out) - 1, -1, -1):
        out[i] /= factor[i, i]
        for j in range(i):
            out[j] -= factor[i, j] * out[i]
    return out


@compiled
def solve(factor: Array, right: Array) -> Array:
    """Return the solution for a matrix given by its lower Cholesky factor."""
    return solve_transposed(factor, solve_lower(factor, right))
