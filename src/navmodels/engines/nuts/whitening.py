"""Coefficients from whitened ones: centred and scaled as their posterior is at each value of the standard deviations.

With the likelihood's curvature G and pull r taken as fixed, coefficients z ~ N(0, I) of effects s z have the precision
P(s) = S G S + I = L Lᵀ and the mean P⁻¹ S r; z = L⁻ᵀ (w + L⁻¹ S r), so that w is about N(0, I) whatever s is: data that
say much make z centred, data that say little leave it as it is, and what only its sum with another effect is known of
follows the other. The last coefficients may be *own* ones, whose part of G is diagonal: they are eliminated first.

A PyTensor Op, since PyTensor's own Cholesky factor and its gradient would take long to compile. Only functions import
this module: it loads PyTensor.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, grad_not_implemented
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_and_cache_key

from navmodels.likelihoods.compilation import SOURCES, compiled
from navmodels.likelihoods.outcomes import Array


class Coloured(Op):  # type: ignore[misc]
    """Coefficients z from whitened w and standard deviations s, and the logarithm of the volume that w has in z.

    Inputs are w and s, dims (coefficient); pull, dims (coefficient); curvature, dims (shared, coefficient), and that of
    own coefficients, dims (own). The third output, L⁻¹ of the shared ones, dims (shared, coefficient), is for the
    gradient.

    Examples
    --------
    >>> nothing, one = np.zeros((1, 2)), np.ones(2)
    >>> z, volume, _ = Coloured()(np.array([0.3, -1.0]), one, np.array([0.0, 4.0]), nothing, np.array([3.0]))
    >>> z.eval().tolist(), float(volume.eval().round(4))  # the second has the mean 4 / (3 + 1) and the precision 3 + 1
    ([0.3, 0.5], -0.6931)
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Return the node of whitened coefficients, standard deviations, pull and curvatures."""
        given = [pt.as_tensor(each).astype("float64") for each in inputs]
        outputs = [pt.tensor(dtype="float64", shape=each) for each in (given[0].type.shape, (), given[3].type.shape)]
        return Apply(self, given, outputs)

    def infer_shape(self, node: Apply, shapes: Sequence[Any]) -> list[Any]:
        """Return the shapes of the outputs."""
        return [shapes[0], (), shapes[3]]

    def perform(self, node: Apply, inputs: Sequence[Any], outputs: Any) -> None:
        """Write the numbers where PyTensor runs without numba."""
        for output, result in zip(outputs, colour(*map(np.ascontiguousarray, inputs)), strict=True):
            output[0] = np.asarray(result)

    def pullback(self, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """Return the gradient with respect to whitened coefficients and standard deviations; there is none of data."""
        given = [
            pt.zeros_like(output) if isinstance(each.type, DisconnectedType) else each
            for output, each in zip(outputs[:2], cotangents, strict=False)
        ]
        w, s, pull, _, own = inputs
        back = ColouredSlope()(w, s, pull, own, outputs[0], outputs[2], *given)
        return [*back, *(grad_not_implemented(self, place, inputs[place]) for place in (2, 3, 4))]


class ColouredSlope(Op):  # type: ignore[misc]
    """Gradient of `Coloured` with respect to whitened coefficients and standard deviations."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Return the node of inputs and outputs of `Coloured`, and of the gradients of z and of the volume."""
        given = [pt.as_tensor(each).astype("float64") for each in inputs]
        return Apply(self, given, [given[0].type(), given[0].type()])

    def infer_shape(self, node: Apply, shapes: Sequence[Any]) -> list[Any]:
        """Return the shapes of the outputs."""
        return [shapes[0], shapes[0]]

    def perform(self, node: Apply, inputs: Sequence[Any], outputs: Any) -> None:
        """Write the numbers where PyTensor runs without numba."""
        w, s, pull, own, z, inverse, of_z = map(np.ascontiguousarray, inputs[:-1])
        outputs[0][0], outputs[1][0] = colour_slope(w, s, pull, own, z, inverse, of_z, float(inputs[-1]))


@compiled
def colour(w: Array, s: Array, pull: Array, curvature: Array, own: Array) -> tuple[Array, float, Array]:
    """Return z, the logarithm of the volume, and L⁻¹ of the shared coefficients, dims (shared, coefficient)."""
    shared = len(curvature)
    if not curvature.any() and not own.any():  # coefficients as they are: no factor to find
        return w + s * pull, 0.0, np.eye(shared, len(w))
    root = np.sqrt(1.0 + s[shared:] ** 2 * own)
    cross = np.empty((shared, len(own)))
    for i in range(shared):
        cross[i] = s[i] * curvature[i, shared:] * s[shared:] / root
    left = -np.dot(cross, cross.T)
    for i in range(shared):
        left[i] += s[i] * curvature[i, :shared] * s[:shared]
        left[i, i] += 1.0
    lower = invert_factor(left)
    inverse = np.empty((shared, len(w)))
    inverse[:, :shared] = lower
    inverse[:, shared:] = np.dot(lower, -cross / root)
    volume = np.log(np.diag(lower)).sum() - np.log(root).sum()
    scaled = s * pull
    y = w[:shared] + np.dot(inverse, scaled)
    z = np.dot(y, inverse)
    z[shared:] += (w[shared:] + scaled[shared:] / root) / root
    return z, volume, inverse


@compiled
def invert_factor(matrix: Array) -> Array:
    """Return L⁻¹ of a matrix L Lᵀ, row by row: the next row of L is L⁻¹ times the next column of the matrix.

    Not a number where rounding leaves no factor, which NUTS counts as a divergence.
    """
    size = len(matrix)
    inverse, upper = np.zeros((size, size)), np.zeros((size, size))  # and its transpose, so that loops run along rows
    row, below = np.zeros(size), np.zeros(size)
    for i in range(size):
        row[:i], below[:i] = 0.0, 0.0
        for j in range(i):
            for k in range(i):
                row[k] += matrix[i, j] * upper[j, k]
        for j in range(i):
            for k in range(j + 1):
                below[k] -= row[j] * inverse[j, k]
        pivot = np.sqrt(matrix[i, i] - (row[:i] ** 2).sum())
        below[i] = 1.0
        for k in range(i + 1):
            inverse[i, k] = upper[k, i] = below[k] / pivot
    return inverse


@compiled
def colour_slope(
    w: Array, s: Array, pull: Array, own: Array, z: Array, inverse: Array, of_z: Array, of_volume: float
) -> tuple[Array, Array]:
    """Return the gradient with respect to w and s, from that of z and of the volume.

    With a = L⁻¹ ∂z, c = L⁻¹ S r, y = w + c, and Φ the lower triangle with half its diagonal, that of log s is
    2 diag(L⁻ᵀ T L⁻¹) − z ∘ ∂z − ∂volume, T = Φ(y aᵀ + a cᵀ) + ½ ∂volume I; the rest of the derivative of a Cholesky
    factor (Murray 2016) cancels.
    """
    shared, scaled = len(inverse), s * pull
    root = np.sqrt(1.0 + s[shared:] ** 2 * own)
    a, c = np.empty_like(w), np.empty_like(w)
    a[:shared], c[:shared] = np.dot(inverse, of_z), np.dot(inverse, scaled)
    a[shared:], c[shared:] = of_z[shared:] / root, scaled[shared:] / root
    y = w + c
    sum_a, sum_c, total = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w)
    sum_a[shared:], sum_c[shared:] = a[shared:] / root, c[shared:] / root
    total[shared:] = (a[shared:] * (y[shared:] + c[shared:]) + of_volume) / (2 * root**2)
    for j in range(shared):
        half = 0.5 * (a[j] * (y[j] + c[j]) + of_volume)
        for i in range(len(w)):
            x = inverse[j, i]
            total[i] += x * (y[j] * sum_a[i] + a[j] * sum_c[i] + half * x)
            sum_a[i] += a[j] * x
            sum_c[i] += c[j] * x
    return a, (2 * total - z * of_z - of_volume) / s


# ---- inside: what numba runs


@register_funcify_and_cache_key(Coloured)  # type: ignore[untyped-decorator]
def _numba_coloured(op: Coloured, **_: Any) -> tuple[Any, str]:
    @numba_njit
    def coloured(w, s, pull, curvature, own):  # type: ignore[no-untyped-def]
        z, volume, inverse = colour(w, s, pull, curvature, own)
        return z, np.asarray(volume), inverse

    return coloured, f"Coloured {SOURCES}"


@register_funcify_and_cache_key(ColouredSlope)  # type: ignore[untyped-decorator]
def _numba_slope(op: ColouredSlope, **_: Any) -> tuple[Any, str]:
    @numba_njit
    def slope(w, s, pull, own, z, inverse, of_z, of_volume):  # type: ignore[no-untyped-def]
        return colour_slope(w, s, pull, own, z, inverse, of_z, of_volume.item())

    return slope, f"ColouredSlope {SOURCES}"
