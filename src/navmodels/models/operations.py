"""The large parts of the PyMC graph, each as one PyTensor Op: linear maps, the linear predictor, the likelihood.

Built from PyTensor's own nodes they would take a minute to compile. PyTensor caches their numba code on disk, under a
key that changes with the text of this module and of all compiled ones. Only functions import this module: it loads
PyTensor.
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

from navmodels.likelihoods import compilation, kernels

SOURCES = Path(__file__).read_bytes() + compilation.SOURCES.encode()


class CellLikelihood(Op):  # type: ignore[misc]
    """Log-likelihood of each cell, its gradient and negative second derivatives, in one pass.

    Outputs have dims (cell), (cell, channel) and, packed, (cell, pair). Inputs are the linear predictors, dims (cell,
    channel), and the kernel's table, dims (column, cell), and flat numbers. The gradient of the first output is the
    second of the same node, so that both cost one pass.

    Parameters
    ----------
    kernel
        Name of the kernel, a key of `kernels.KINDS`.

    Examples
    --------
    >>> table = np.array([[1.0, 0.0], [2.0, 2.0], [0.0, 0.0]])
    >>> value, gradient, curvature = CellLikelihood("share")(np.zeros((2, 1)), table, np.zeros(0))
    >>> gradient.eval().tolist(), curvature.eval().tolist()
    ([[0.0], [-1.0]], [[0.5], [0.5]])
    """

    __props__ = ("kernel",)
    gufunc_signature = "(cell,channel),(column,cell),(number)->(cell),(cell,channel),(cell,pair)"

    def __init__(self, kernel: str) -> None:
        self.kernel = kernel

    def make_node(self, eta: Any, table: Any, flat: Any) -> Apply:
        """Return the node of linear predictors, a table and flat numbers, all in double precision."""
        inputs = [_double(eta, 2), _double(table, 2), _double(flat, 1)]
        rows, (cells, channels) = inputs[1].type.shape[0], inputs[0].type.shape
        expected = rows if channels is None else kernels.outcome_of(kernels.KINDS[self.kernel]).sizes(channels)[0]
        if rows is not None and rows != expected:
            raise ValueError(f"the table of {self.kernel!r} has {expected} rows; given: {rows}.")
        pairs = None if channels is None else _pairs(channels)
        outputs = [pt.tensor(dtype="float64", shape=shape) for shape in ((cells,), (cells, channels), (cells, pairs))]
        return Apply(self, inputs, outputs)

    def infer_shape(self, node: Apply, shapes: Sequence[Any]) -> list[Any]:
        """Return the shape of each output."""
        cells, channels = shapes[0]
        return [(cells,), (cells, channels), (cells, _pairs(channels))]

    def perform(self, node: Apply, inputs: Sequence[Any], outputs: Any) -> None:
        """Write the numbers where PyTensor runs without numba."""
        eta, table, flat = map(np.ascontiguousarray, inputs)
        kernels.require_table(kernels.KINDS[self.kernel], eta.shape, table, flat)
        results = np.empty(len(eta)), np.empty(eta.shape), np.empty((len(eta), _pairs(eta.shape[1])))
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
        parts = []
        if known[0]:
            parts.append(outputs[1] * cotangents[0][:, None])
        if known[1]:
            channel = pt.arange(inputs[0].shape[1])
            low, high = pt.minimum(channel[:, None], channel), pt.maximum(channel[:, None], channel)
            full = outputs[2][:, high * (high + 1) // 2 + low]  # as `packing.pair` counts
            parts.append(-(full * cotangents[1][:, None, :]).sum(axis=-1))
        return [sum(parts[1:], start=parts[0]), *_data(self, inputs, 1)]


class LinearPredictor(Op):  # type: ignore[misc]
    """Linear predictors of each cell, dims (cell, channel): the base of each channel and the levels the cell picks.

    Inputs are the base, dims (channel), the effects of all levels of all terms, dims (level), the index, dims (term,
    cell), and the channel that each term feeds, dims (term).

    Examples
    --------
    >>> LinearPredictor()(np.ones(1), np.array([0.1, -0.1, 0.5]), np.array([[0, 1], [2, 2]]), np.array([0, 0])).eval()
    array([[1.6],
           [1.4]])
    """

    __props__ = ()
    gufunc_signature = "(channel),(level),(term,cell),(term)->(cell,channel)"

    def make_node(self, base: Any, effects: Any, index: Any, fed: Any) -> Apply:
        """Return the node of base, effects, index and channels."""
        inputs = [_double(base, 1), _double(effects, 1), _index(index, 2), _index(fed, 1)]
        shape = (inputs[2].type.shape[1], inputs[0].type.shape[0])
        return Apply(self, inputs, [pt.tensor(dtype="float64", shape=shape)])

    def infer_shape(self, node: Apply, shapes: Sequence[Any]) -> list[Any]:
        """Return the numbers of cells and channels."""
        return [(shapes[2][1], shapes[0][0])]

    def perform(self, node: Apply, inputs: Sequence[Any], outputs: Any) -> None:
        """Write the numbers where PyTensor runs without numba."""
        base, effects, index, fed = inputs
        out = np.tile(base, (index.shape[1], 1)).astype(float)
        for row, channel in zip(index, fed, strict=True):
            out[:, channel] += effects[row]
        outputs[0][0] = out

    def pullback(self, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """Return the gradients with respect to base and effects; there is none with respect to data."""
        return [*LevelTotals()(cotangents[0], *inputs[1:]), *_data(self, inputs, 2)]


class LevelTotals(Op):  # type: ignore[misc]
    """Totals of values over all cells, dims (channel), and over those that pick each level, dims (level).

    It pulls `LinearPredictor` back. Inputs are the values, dims (cell, channel), the effects, of which only the number
    matters, the index, dims (term, cell), and the channel of each term, dims (term).
    """

    __props__ = ()
    gufunc_signature = "(cell,channel),(level),(term,cell),(term)->(channel),(level)"

    def make_node(self, value: Any, effects: Any, index: Any, fed: Any) -> Apply:
        """Return the node of values, effects, index and channels."""
        inputs = [_double(value, 2), _double(effects, 1), _index(index, 2), _index(fed, 1)]
        total = pt.tensor(dtype="float64", shape=(inputs[0].type.shape[1],))
        return Apply(self, inputs, [total, inputs[1].type()])

    def infer_shape(self, node: Apply, shapes: Sequence[Any]) -> list[Any]:
        """Return the number of channels, and of levels."""
        return [(shapes[0][1],), shapes[1]]

    def perform(self, node: Apply, inputs: Sequence[Any], outputs: Any) -> None:
        """Write the numbers where PyTensor runs without numba."""
        value, effects, index, fed = inputs
        out = np.zeros(len(effects))
        for row, channel in zip(index, fed, strict=True):
            out += np.bincount(row, weights=value[:, channel], minlength=len(effects))
        outputs[0][0], outputs[1][0] = value.sum(axis=0), out

    def pullback(self, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """Return the gradient with respect to the values, so that second derivatives can be had."""
        total, levels = (
            pt.zeros_like(output) if isinstance(each.type, DisconnectedType) else each
            for output, each in zip(outputs, cotangents, strict=True)
        )
        back = LinearPredictor()(total, levels, *inputs[2:])
        return [back, pt.zeros_like(inputs[1]), *_data(self, inputs, 2)]


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
    outcome = kernels.outcome_of(kernels.KINDS[op.kernel])
    derivatives = outcome.derivatives
    sizes, single = numba_njit(outcome.sizes), "count" not in outcome.COLUMNS

    @numba_njit
    def likelihood(eta, table, flat):  # type: ignore[no-untyped-def]
        cells, channels = eta.shape
        rows, numbers = sizes(channels)
        if table.shape != (rows, cells) or (single and channels != 1):
            raise ValueError("the table does not have the shape that the linear predictors ask for")
        if numbers > 0 and len(flat) != numbers:
            raise ValueError("the flat numbers are not as many as the linear predictors ask for")
        value, gradient = np.empty(cells), np.empty((cells, channels))
        curvature = np.empty((cells, channels * (channels + 1) // 2))
        derivatives(eta, table, flat, value, gradient, curvature)
        return value, gradient, curvature

    return likelihood, _key(op)


@register_funcify_and_cache_key(LinearPredictor)  # type: ignore[untyped-decorator]
def _numba_predictor(op: LinearPredictor, **_: Any) -> tuple[Any, str]:
    @numba_njit
    def predictor(base, effects, index, fed):  # type: ignore[no-untyped-def]
        out, size = np.empty((index.shape[1], len(base))), len(effects)
        if len(fed) != len(index) or (len(fed) > 0 and not 0 <= fed.min() <= fed.max() < len(base)):
            raise IndexError("a term feeds a channel that does not exist")
        for c in range(len(out)):
            out[c] = base
            for t in range(len(index)):
                level = index[t, c]
                if not 0 <= level < size:
                    raise IndexError("a cell picks a level that does not exist")
                out[c, fed[t]] += effects[level]
        return out

    return predictor, _key(op)


@register_funcify_and_cache_key(LevelTotals)  # type: ignore[untyped-decorator]
def _numba_totals(op: LevelTotals, **_: Any) -> tuple[Any, str]:
    @numba_njit
    def totals(value, effects, index, fed):  # type: ignore[no-untyped-def]
        total, levels, size = np.zeros(value.shape[1]), np.zeros(len(effects)), len(effects)
        if len(value) != index.shape[1]:
            raise IndexError("the index is of another number of cells")
        if len(fed) != len(index) or (len(fed) > 0 and not 0 <= fed.min() <= fed.max() < len(total)):
            raise IndexError("a term feeds a channel that does not exist")
        for c in range(len(value)):
            total += value[c]
            for t in range(len(index)):
                level = index[t, c]
                if not 0 <= level < size:
                    raise IndexError("a cell picks a level that does not exist")
                levels[level] += value[c, fed[t]]
        return total, levels

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


def _pairs(channels: Any) -> Any:
    """Return the number of second derivatives of a cell."""
    return channels * (channels + 1) // 2


def _index(variable: Any, ndim: int) -> Any:
    tensor = pt.as_tensor(variable)
    if tensor.type.ndim != ndim or tensor.type.numpy_dtype.kind != "i":
        raise ValueError(f"{tensor} is {tensor.type}; needed: whole numbers with {ndim} dims.")
    return tensor


def _data(op: Any, inputs: Sequence[Any], first: int) -> list[Any]:
    """Return gradients for inputs that are data: asking for one is an error."""
    return [grad_not_implemented(op, place, each) for place, each in enumerate(inputs) if place >= first]
