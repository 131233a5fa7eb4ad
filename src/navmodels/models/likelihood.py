"""The large parts of the PyMC graph, each as one PyTensor Op: linear maps, the linear predictor, the likelihood.

Built from PyTensor's own nodes they would take a minute to compile. PyTensor caches their numba code on disk, under a
key that changes with the text of this module and of the kernels. Only functions import this module: it loads PyTensor.
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, grad_not_implemented
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_and_cache_key

from navmodels.inference import kernels

SOURCES = b"".join(Path(path).read_bytes() for path in (__file__, kernels.__file__))


class CellLikelihood(Op):  # type: ignore[misc]
    """Log-likelihood of each cell, its gradient and its negative second derivative, dims (cell), in one pass.

    Inputs are the linear predictor, dims (cell), and the kernel's table, dims (column, cell), and flat numbers. The
    gradient of the first output is the second of the same node, so that both cost one pass.

    Parameters
    ----------
    kernel
        Name of the kernel, a key of `kernels.KINDS`.

    Examples
    --------
    >>> table = np.array([[1.0, 0.0], [2.0, 2.0], [0.0, 0.0]])
    >>> value, gradient, curvature = CellLikelihood("share")(np.zeros(2), table, np.zeros(0))
    >>> gradient.eval(), curvature.eval()
    (array([ 0., -1.]), array([0.5, 0.5]))
    """

    __props__ = ("kernel",)
    gufunc_signature = "(cell),(column,cell),(number)->(cell),(cell),(cell)"

    def __init__(self, kernel: str) -> None:
        self.kernel = kernel

    def make_node(self, eta: Any, table: Any, flat: Any) -> Apply:
        """Return the node of a linear predictor, a table and flat numbers, all in double precision."""
        inputs = [_double(eta, 1), _double(table, 2), _double(flat, 1)]
        rows, expected = inputs[1].type.shape[0], len(kernels.COLUMNS[self.kernel])
        if rows not in (None, expected):
            raise ValueError(f"the table of {self.kernel!r} has {expected} rows; given: {rows}.")
        return Apply(self, inputs, [inputs[0].type() for _ in range(3)])

    def infer_shape(self, node: Apply, shapes: Sequence[Any]) -> list[Any]:
        """Return the shape of each output: that of the linear predictor."""
        return [shapes[0]] * 3

    def perform(self, node: Apply, inputs: Sequence[Any], outputs: Any) -> None:
        """Write the numbers where PyTensor runs without numba."""
        eta, table, flat = map(np.ascontiguousarray, inputs)
        results = np.empty((3, len(eta)))
        kernels.derivatives(kernels.KINDS[self.kernel], eta, table, flat, *results)
        for output, result in zip(outputs, results, strict=True):
            output[0] = result

    def pullback(self, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """Return the gradient with respect to the linear predictor; there is none with respect to data.

        Raises
        ------
        NotImplementedError
            For the gradient of the second derivative: kernels have no third.
        """
        known = [not isinstance(each.type, DisconnectedType) for each in cotangents]
        if known[2]:
            raise NotImplementedError(f"{self}: the second derivative has no gradient, for kernels have no third one.")
        slopes = zip((outputs[1], -outputs[2]), cotangents, known, strict=False)
        parts = [slope * each for slope, each, given in slopes if given]
        return [sum(parts[1:], start=parts[0]), *_data(self, inputs, 1)]


class LinearPredictor(Op):  # type: ignore[misc]
    """Linear predictor of each cell, dims (cell): the intercept and the levels that the cell picks.

    Inputs are the intercept, the effects of all levels of all terms, dims (level), and the index, dims (term, cell).

    Examples
    --------
    >>> LinearPredictor()(1.0, np.array([0.1, -0.1, 0.5]), np.array([[0, 1], [2, 2]])).eval()
    array([1.6, 1.4])
    """

    __props__ = ()
    gufunc_signature = "(),(level),(term,cell)->(cell)"

    def make_node(self, intercept: Any, effects: Any, index: Any) -> Apply:
        """Return the node of intercept, effects and index."""
        inputs = [_double(intercept, 0), _double(effects, 1), _index(index)]
        return Apply(self, inputs, [pt.tensor(dtype="float64", shape=inputs[2].type.shape[1:])])

    def infer_shape(self, node: Apply, shapes: Sequence[Any]) -> list[Any]:
        """Return the number of cells."""
        return [shapes[2][1:]]

    def perform(self, node: Apply, inputs: Sequence[Any], outputs: Any) -> None:
        """Write the numbers where PyTensor runs without numba."""
        intercept, effects, index = inputs
        outputs[0][0] = intercept + effects[index].sum(axis=0)

    def pullback(self, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """Return the gradients with respect to intercept and effects; there is none with respect to data."""
        return [*LevelTotals()(cotangents[0], *inputs[1:]), *_data(self, inputs, 2)]


class LevelTotals(Op):  # type: ignore[misc]
    """Total of a value over all cells, and over those that pick each level, dims (level): pulls `LinearPredictor` back.

    Inputs are the value, dims (cell), the effects, of which only the number matters, and the index, dims (term, cell).
    """

    __props__ = ()
    gufunc_signature = "(cell),(level),(term,cell)->(),(level)"

    def make_node(self, value: Any, effects: Any, index: Any) -> Apply:
        """Return the node of value, effects and index."""
        inputs = [_double(value, 1), _double(effects, 1), _index(index)]
        return Apply(self, inputs, [pt.dscalar(), inputs[1].type()])

    def infer_shape(self, node: Apply, shapes: Sequence[Any]) -> list[Any]:
        """Return no dims, and the number of levels."""
        return [(), shapes[1]]

    def perform(self, node: Apply, inputs: Sequence[Any], outputs: Any) -> None:
        """Write the numbers where PyTensor runs without numba."""
        value, effects, index = inputs
        weights = np.tile(value, len(index))
        outputs[0][0] = np.asarray(value.sum())
        outputs[1][0] = np.bincount(index.ravel(), weights=weights, minlength=len(effects)).astype(float)

    def pullback(self, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """Return the gradient with respect to the value, so that second derivatives can be had."""
        total, levels = (
            pt.zeros_like(output) if isinstance(each.type, DisconnectedType) else each
            for output, each in zip(outputs, cotangents, strict=True)
        )
        return [LinearPredictor()(total, levels, inputs[2]), pt.zeros_like(inputs[1]), *_data(self, inputs, 2)]


class LinearMap(Op):  # type: ignore[misc]
    """Product of a matrix of data, or its transpose, and a vector; PyTensor's own takes twenty seconds to compile.

    Parameters
    ----------
    transposed
        Whether to take the product with the transpose.

    Examples
    --------
    >>> LinearMap()(np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones(2)).eval()
    array([3., 7.])
    """

    __props__ = ("transposed",)

    def __init__(self, *, transposed: bool = False) -> None:
        self.transposed = transposed
        self.gufunc_signature = "(row,column),(row)->(column)" if transposed else "(row,column),(column)->(row)"

    def make_node(self, matrix: Any, x: Any) -> Apply:
        """Return the node of a matrix and a vector."""
        inputs = [_double(matrix, 2), _double(x, 1)]
        return Apply(self, inputs, [pt.tensor(dtype="float64", shape=(inputs[0].type.shape[int(self.transposed)],))])

    def infer_shape(self, node: Apply, shapes: Sequence[Any]) -> list[Any]:
        """Return the number of rows, or columns when transposed."""
        return [(shapes[0][int(self.transposed)],)]

    def perform(self, node: Apply, inputs: Sequence[Any], outputs: Any) -> None:
        """Write the numbers where PyTensor runs without numba."""
        matrix, x = inputs
        outputs[0][0] = (matrix.T if self.transposed else matrix) @ x

    def pullback(self, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """Return the gradient with respect to the vector; there is none with respect to data."""
        back = LinearMap(transposed=not self.transposed)(inputs[0], cotangents[0])
        return [grad_not_implemented(self, 0, inputs[0]), back]


# ---- inside: what numba runs


@register_funcify_and_cache_key(CellLikelihood)  # type: ignore[untyped-decorator]
def _numba_likelihood(op: CellLikelihood, **_: Any) -> tuple[Any, str]:
    kind, derivatives = kernels.KINDS[op.kernel], kernels.derivatives

    @numba_njit
    def likelihood(eta, table, flat):  # type: ignore[no-untyped-def]
        value, gradient, curvature = np.empty(len(eta)), np.empty(len(eta)), np.empty(len(eta))
        derivatives(kind, eta, table, flat, value, gradient, curvature)
        return value, gradient, curvature

    return likelihood, _key(op)


@register_funcify_and_cache_key(LinearPredictor)  # type: ignore[untyped-decorator]
def _numba_predictor(op: LinearPredictor, **_: Any) -> tuple[Any, str]:
    @numba_njit
    def predictor(intercept, effects, index):  # type: ignore[no-untyped-def]
        out, size = np.full(index.shape[1], intercept.item()), len(effects)
        for c in range(len(out)):
            for t in range(len(index)):
                level = index[t, c]
                if not 0 <= level < size:
                    raise IndexError("a cell picks a level that does not exist")
                out[c] += effects[level]
        return out

    return predictor, _key(op)


@register_funcify_and_cache_key(LevelTotals)  # type: ignore[untyped-decorator]
def _numba_totals(op: LevelTotals, **_: Any) -> tuple[Any, str]:
    @numba_njit
    def totals(value, effects, index):  # type: ignore[no-untyped-def]
        total, levels, size = 0.0, np.zeros(len(effects)), len(effects)
        for c in range(len(value)):
            total += value[c]
            for t in range(len(index)):
                level = index[t, c]
                if not 0 <= level < size:
                    raise IndexError("a cell picks a level that does not exist")
                levels[level] += value[c]
        return np.asarray(total), levels

    return totals, _key(op)


@register_funcify_and_cache_key(LinearMap)  # type: ignore[untyped-decorator]
def _numba_map(op: LinearMap, **_: Any) -> tuple[Any, str]:
    if op.transposed:

        @numba_njit
        def linear_map(matrix, x):  # type: ignore[no-untyped-def]
            return np.dot(np.ascontiguousarray(matrix).T, np.ascontiguousarray(x))

    else:

        @numba_njit
        def linear_map(matrix, x):  # type: ignore[no-untyped-def]
            return np.dot(np.ascontiguousarray(matrix), np.ascontiguousarray(x))

    return linear_map, _key(op)


# ---- inside


def _key(op: Any) -> str:
    """Return the key under which PyTensor caches the numba code of an Op."""
    return sha256(repr((type(op).__name__, op._props_dict())).encode() + SOURCES).hexdigest()


def _double(variable: Any, ndim: int) -> Any:
    """Return a variable of some number of dims in double precision."""
    tensor = pt.as_tensor(variable)
    if tensor.type.ndim != ndim:
        raise ValueError(f"{tensor} has {tensor.type.ndim} dims; needed: {ndim}.")
    return tensor.astype("float64")


def _index(variable: Any) -> Any:
    tensor = pt.as_tensor(variable)
    if tensor.type.ndim != 2 or tensor.type.numpy_dtype.kind != "i":
        raise ValueError(f"the index is {tensor.type}; needed: whole numbers with dims (term, cell).")
    return tensor


def _data(op: Any, inputs: Sequence[Any], first: int) -> list[Any]:
    """Return gradients for inputs that are data: asking for one is an error."""
    return [grad_not_implemented(op, place, each) for place, each in enumerate(inputs) if place >= first]
