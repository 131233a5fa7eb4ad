"""Rows that must hold together: formulas over quantities that nobody printed, solved by linear programme.

A row says that a printed number is (a sum of unknowns times constants) / (such a sum), or one of these alone. Unknowns
are at least 0. Multiplied out, a row bounds its numerator by its denominator times what prints as the printed number.
"""

import ast
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from navmodels.reports.formulas import names_of, parse, value_of
from navmodels.reports.schema import UNKNOWN

Array = npt.NDArray[np.float64]
Rows = Sequence[tuple[str, str, str]]  # target, comparison, formula
BIG = 1e9


def unknowns_of(rows: Rows) -> tuple[str, ...]:
    """Return the names of what nobody printed, in order."""
    found = [
        node.id
        for _, _, formula in rows
        for node in ast.walk(parse(formula))
        if isinstance(node, ast.Name) and node.id.startswith(UNKNOWN)
    ]
    return tuple(dict.fromkeys(found))


def solve_each(
    rows: Rows, target: str, at: Mapping[str, Array], half: Mapping[str, float]
) -> tuple[npt.NDArray[np.bool_], Array, Array, Array]:
    """Return whether the rows can hold together, and the lowest and highest that the other rows leave for a target.

    The range is worked out for the first place only.

    Examples
    --------
    Of all, 29 % have one and 19 % do not know; of those who know, 36 % have one:

    >>> rows = [("have", "=", "100 * x_yes / (x_yes + x_no + x_dk)"),
    ...         ("dk", "=", "100 * x_dk / (x_yes + x_no + x_dk)"), ("known", "=", "100 * x_yes / (x_yes + x_no)")]
    >>> at = {"have": np.array([29.0]), "dk": np.array([19.0]), "known": np.array([36.0])}
    >>> holds, _, low, high = solve_each(rows, "known", at, {"have": 0.5, "dk": 0.5, "known": 0.5})
    >>> holds.tolist(), low.round(2).tolist(), high.round(2).tolist()
    ([True], [34.97], [36.65])
    """
    names = unknowns_of(rows)
    size = np.size(next(iter(at.values())))
    found = []
    for place in range(size):
        values = {name: float(np.ravel(array)[place]) for name, array in at.items()}
        found.append(_solve(rows, names, target, values, half, ends=place == 0))
    holds, low, high = (np.array(each) for each in zip(*found, strict=True))
    return holds.astype(bool), (low + high) / 2, low, high


def is_linear(formula: str) -> bool:
    """Return whether a formula is a sum of unknowns and constants, or one such sum over another."""
    try:
        _parts(formula, unknowns_of([("", "=", formula)]), dict.fromkeys(names_of(formula), 1.0))
    except (ValueError, ZeroDivisionError):
        return False
    return True


# ---- inside


def _solve(
    rows: Rows, names: Sequence[str], target: str, values: Mapping[str, float], half: Mapping[str, float], *, ends: bool
) -> tuple[bool, float, float]:
    """Return whether all rows hold at once, and with `ends` the range that the others leave for the target."""
    bounds: list[Array] = []
    own: tuple[Array, Array] | None = None
    every: list[Array] = []
    for name, comparison, formula in rows:
        top, bottom = _parts(formula, names, values)
        low, high = values[name] - half[name], values[name] + half[name]
        each = []
        if comparison in ("=", ">="):  # formula at least low, or at most high where the number bounds it from above
            each.append((low * bottom - top) if comparison == "=" else (top - high * bottom))
        if comparison in ("=", "<="):
            each.append((top - high * bottom) if comparison == "=" else (low * bottom - top))
        each.append(-bottom)  # a denominator is not negative
        every += each
        if name == target and own is None:
            own = (top, bottom)
            bounds.append(-bottom)
        else:
            bounds += each
    if own is None:
        raise ValueError(f"{target} is in no row of the system.")
    holds = _optimum(np.zeros(len(names) + 1), every, own[1]) is not None
    if not ends:
        return holds, np.nan, np.nan
    found = [_optimum(sign * own[0], bounds, own[1]) for sign in (1.0, -1.0)]
    low, high = (np.nan if end is None else sign * end for end, sign in zip(found, (1.0, -1.0), strict=True))
    return holds, low, high


def _optimum(goal: Array, bounds: Sequence[Array], denominator: Array) -> float | None:
    """Minimise goal / denominator (Charnes and Cooper 1962): unknowns are scaled so that the denominator is 1."""
    solved = linprog(
        goal, A_ub=np.array(bounds), b_ub=np.full(len(bounds), 1e-9),
        A_eq=denominator[None, :], b_eq=[1.0], bounds=[(0, None)] * len(goal),
    )  # fmt: skip
    return float(solved.fun) if solved.status == 0 else None


def _parts(formula: str, names: Sequence[str], values: Mapping[str, float]) -> tuple[Array, Array]:
    """Return numerator and denominator as coefficients of the unknowns, and last that of the constant."""
    tree = parse(formula)
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div) and _speaks(tree.right, names):
        return _coefficients(tree.left, names, values), _coefficients(tree.right, names, values)
    constant = np.zeros(len(names) + 1)
    constant[-1] = 1.0
    return _coefficients(tree, names, values), constant


@functools.cache
def _text(tree: ast.expr) -> str:
    return ast.unparse(tree)


def _speaks(tree: ast.expr, names: Sequence[str]) -> bool:
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(tree))


def _coefficients(tree: ast.expr, names: Sequence[str], values: Mapping[str, Any]) -> Array:
    """Return the coefficients of a linear expression, from its values at 0 and at each unknown in turn."""
    text = _text(tree)
    zero = {**values, **dict.fromkeys(names, 0.0)}
    constant = float(value_of(text, zero))
    slopes = [float(value_of(text, {**zero, name: 1.0})) - constant for name in names]
    middle = {**values, **{name: 2.0 + place for place, name in enumerate(names)}}
    expected = constant + sum(slope * (2.0 + place) for place, slope in enumerate(slopes))
    if not np.isclose(float(value_of(text, middle)), expected):
        raise ValueError(f"holds {text!r}, which is not linear in what nobody printed.")
    return np.array([*slopes, constant])
