"""Formulas between printed numbers: read as syntax trees, worked out on arrays, never run as Python.

A printed number stands for all that prints so. The range of a formula comes from the corners of that rounding: each
number is moved to the end that lowers (raises) the formula, which is exact where the formula rises or falls in each
number over its rounding, as sums, mixes and ratios of positive numbers do.
"""

import ast
import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {"min": np.minimum, "max": np.maximum}
LONGEST = 5000  # characters of a formula
ALLOWED = "numbers, ids, + - * /, brackets, min(a, b) and max(a, b)"


@functools.cache
def parse(formula: str) -> ast.expr:
    """Return the tree of a formula.

    Raises
    ------
    ValueError
        When it holds anything but numbers, names, + - * /, min and max.

    Examples
    --------
    >>> parse("__import__('os')")
    Traceback (most recent call last):
    ValueError: holds "__import__('os')"; allowed: numbers, ids, + - * /, brackets, min(a, b) and max(a, b).
    """
    if len(formula) > LONGEST:
        raise ValueError(f"holds a formula of {len(formula)} characters; allowed: {LONGEST}.")
    try:
        tree = ast.parse(formula.strip(), mode="eval").body
        _require(tree)
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError(f"holds {formula!r}, which cannot be read; allowed: {ALLOWED}.") from None
    return tree


def names_of(formula: str) -> tuple[str, ...]:
    """Return the numbers that a formula speaks of, in order.

    Examples
    --------
    >>> names_of("(n_own * own + n_host * host) / (n_own + n_host.n)")
    ('n_own', 'own', 'n_host', 'host', 'n_host.n')
    """
    return tuple(dict.fromkeys(_names(parse(formula))))


def value_of(formula: str, at: Mapping[str, Any]) -> Any:
    """Return the value of a formula at values of its numbers, floats or arrays of one shape.

    Examples
    --------
    >>> value_of("max(a, b) / 2", {"a": 3.0, "b": 8.0})
    np.float64(4.0)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return _value(parse(formula), at)


def reach_of(formula: str, at: Mapping[str, Array], halves: Mapping[str, float]) -> tuple[Array, Array, Array]:
    """Return the value of a formula, and the lowest and highest that the rounding of its numbers leaves.

    Parameters
    ----------
    formula
        As typed.
    at
        Values of its numbers, arrays of one shape.
    halves
        Half the last digit of each.

    Examples
    --------
    >>> at = {"a": np.array([58.0]), "b": np.array([71.0])}
    >>> [each.tolist() for each in reach_of("(31 * a + 120 * b) / 151", at, {"a": 0.5, "b": 0.5})]
    [[68.33112582781457], [67.83112582781457], [68.83112582781457]]
    """
    middle = np.asarray(value_of(formula, at), dtype=float)
    rounded = [name for name in names_of(formula) if halves.get(name, 0.0) > 0]
    rises = {name: _rises(formula, at, name, halves[name]) for name in rounded}
    ends = []
    for side in (-1.0, 1.0):
        corner = {name: at[name] + side * rises[name] * halves[name] for name in rounded}
        ends.append(np.asarray(value_of(formula, {**at, **corner}), dtype=float))
    ends = [np.where(np.isnan(end), side * np.inf, end) for end, side in zip(ends, (-1.0, 1.0), strict=True)]
    return middle, np.fmin(np.fmin(*ends), middle), np.fmax(np.fmax(*ends), middle)


# ---- inside


def _require(node: ast.expr) -> None:
    """Raise unless the tree holds only what a formula may."""
    match node:
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
            return
        case ast.Name() | ast.Attribute(value=ast.Name()):
            return
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
            _require(left)
            _require(right)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _require(operand)
        case ast.Call(func=ast.Name(id=name), args=[_, _, *_] as args, keywords=[]) if name in FUNCTIONS:
            for each in args:
                _require(each)
        case _:
            raise ValueError(f"holds {ast.unparse(node)!r}; allowed: {ALLOWED}.")


def _names(node: ast.expr) -> Sequence[str]:
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Attribute(value=ast.Name(id=name), attr=field):
            return [f"{name}.{field}"]
        case ast.BinOp(left=left, right=right):
            return [*_names(left), *_names(right)]
        case ast.UnaryOp(operand=operand):
            return _names(operand)
        case ast.Call(args=args):
            return [name for each in args for name in _names(each)]
    return []


def _value(node: ast.expr, at: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return np.float64(value)  # type: ignore[arg-type]
        case ast.Name() | ast.Attribute():
            return at[_names(node)[0]]
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATIONS[type(op)](_value(left, at), _value(right, at))
        case ast.UnaryOp(operand=operand):
            return -_value(operand, at)
        case ast.Call(func=ast.Name(id=name), args=args):
            return functools.reduce(FUNCTIONS[name], (_value(each, at) for each in args))
    raise ValueError(ast.unparse(node))


def _rises(formula: str, at: Mapping[str, Array], name: str, half: float) -> Array:
    """Return whether the formula rises (1) or falls (−1) in a number over its rounding."""
    low, high = (value_of(formula, {**at, name: at[name] + side * half}) for side in (-1.0, 1.0))
    return np.where(np.asarray(high) >= np.asarray(low), 1.0, -1.0)
