"""Dense algebra in compiled code: lower Cholesky factors L of a curvature, what they solve, and products."""

import numpy as np

from navmodels.likelihoods.compilation import compiled_part, routine
from navmodels.likelihoods.outcomes import Array

# Arguments of the routines, which are all pointers. Their matrices are the transposes of those here.
CHOLESKY = routine("scipy.linalg.cython_lapack", "dpotrf", "cidii")
PRODUCT = routine("scipy.linalg.cython_blas", "dgemm", "cciiiddididdi")
UPPER, PLAIN, TRANSPOSED = (np.frombuffer(each, np.uint8) for each in (b"U", b"N", b"T"))


@compiled_part
def factorise(matrix: Array) -> bool:
    """Write the lower Cholesky factor, and return whether there is one: scales beyond rounding leave none."""
    size = len(matrix)
    sizes = np.empty(2, dtype=np.int32)
    sizes[0], sizes[1] = size, 0
    CHOLESKY(UPPER.ctypes, sizes.ctypes, matrix.ctypes, sizes.ctypes, sizes[1:].ctypes)
    solved = bool(sizes[1] == 0)
    for i in range(size):
        for j in range(i + 1):
            solved = solved and bool(np.isfinite(matrix[i, j]))
        for j in range(i + 1, size):
            matrix[i, j] = 0.0
    return solved


@compiled_part
def solve_lower(factor: Array, x: Array) -> float:
    """Write L⁻¹ x over the first of x, as many as there are rows, and return the sum of its squares."""
    square = 0.0
    for i in range(len(factor)):
        x[i] = (x[i] - dot_from(factor[i], 0, x, 0, i)) / factor[i, i]
        square += x[i] * x[i]
    return square


@compiled_part
def solve_transposed(factor: Array, x: Array) -> None:
    """Write L⁻ᵀ x over the first of x, as many as there are rows."""
    for i in range(len(factor) - 1, -1, -1):
        x[i] /= factor[i, i]
        for j in range(i):
            x[j] -= factor[i, j] * x[i]


@compiled_part
def dot(a: Array, b: Array) -> float:
    """Return the sum of products."""
    return dot_from(a, 0, b, 0, len(a))


@compiled_part
def dot_from(a: Array, i: int, b: Array, j: int, size: int) -> float:
    """Return the sum of products from two places on: four sums beside each other, since each addition waits for one."""
    first, second, third, fourth, whole = 0.0, 0.0, 0.0, 0.0, size - size % 4
    for k in range(0, whole, 4):
        first += a[i + k] * b[j + k]
        second += a[i + k + 1] * b[j + k + 1]
        third += a[i + k + 2] * b[j + k + 2]
        fourth += a[i + k + 3] * b[j + k + 3]
    for k in range(whole, size):
        first += a[i + k] * b[j + k]
    return (first + second) + (third + fourth)


@compiled_part
def total(a: Array) -> float:
    """Return the sum."""
    out = 0.0
    for i in range(len(a)):
        out += a[i]
    return out


@compiled_part
def multiply(
    basis: Array, matrix: Array, first: int, last: int, scale: float, out: Array, begin: int, end: int
) -> None:
    """Write scale x matrix[first:last].T @ basis, whose rows stand one after the other, into out[:, begin:end]."""
    sizes, factors = np.empty(6, dtype=np.int32), np.empty(2)
    sizes[0], sizes[1], sizes[2] = end - begin, len(out), last - first
    sizes[3], sizes[4] = matrix.shape[1], out.shape[1]
    factors[0], factors[1] = scale, 0.0
    PRODUCT(
        PLAIN.ctypes, TRANSPOSED.ctypes, sizes.ctypes, sizes[1:].ctypes, sizes[2:].ctypes, factors.ctypes,
        basis.ctypes, sizes.ctypes, matrix[first:].ctypes, sizes[3:].ctypes, factors[1:].ctypes,
        out[:, begin:].ctypes, sizes[4:].ctypes,
    )  # fmt: skip
