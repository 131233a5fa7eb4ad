"""The columns of a published table as numbers: in their unit, each row one that can have been printed.

What the numbers say is for `rounded`.
"""

import re
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from navmodels import checks, printed
from navmodels.checks.numerals import as_written

Columns = Mapping[str, str | None]

PERCENT = re.compile(r"%|pct|percent|per cent|prosent|procent|(?<![a-z])pst(?![a-z])", re.IGNORECASE)
READINGS: dict[
    str, Callable[[pd.Series, float], pd.Series]
] = {  # of a column that is called a standard error: what it may be, as a standard error in the same unit
    "its square, a variance: take the square root": lambda se, top: se**0.5,
    "a variance of proportions: take the square root and turn it into the unit of the estimates": (
        lambda se, top: top * se**0.5
    ),
    "a proportion, and the estimates are percent: multiply it by 100": lambda se, top: 100 * se,
    "percent, and the estimates are proportions: divide it by 100": lambda se, top: se / 100,
}


def declared_unit(frame: pd.DataFrame, column: str, unit: str | None) -> str:
    """Return the unit, percent where none was given; raise where numbers from 0 to 1 may be of two units.

    A column that is called percent, or was read from entries with a percent sign, is percent.
    """
    if unit is not None:
        checks.one_of(unit, tuple(printed.UNITS), what="unit")
        return unit
    values = checks.numeric(as_written(frame[column]))
    if PERCENT.search(column) or column in frame.attrs.get("percent", ()) or not _may_be_proportions(values):
        return "percent"
    shown, some = checks.listing(values[values > 0].unique(), most=3), float(values[values > 0].iloc[0])
    raise ValueError(
        f"every estimate in column {column!r} lies between 0 and 1 (such as {shown}), and no unit was given. If "
        f"{some:g} means {some:g} %, give unit='percent'; if it means {100 * some:g} %, give unit='proportion'."
    )


def published_values(frame: pd.DataFrame, given: Columns, unit: str) -> pd.DataFrame:
    """Return estimate, lower, upper, se, n as floats in their unit, checked for range, order and each other."""
    share, top = unit != "identity", printed.UNITS[unit]
    limits = {"estimate": (0.0, top) if share else (-np.inf, np.inf), "se": (0.0, np.inf), "n": (1.0, np.inf)}
    values = pd.DataFrame(np.nan, index=frame.index, columns=list(given))
    for name, column in given.items():
        if column:
            low, high = limits.get(name, (-np.inf, np.inf))
            try:
                values[name] = checks.numeric(as_written(frame[column]), low=low, high=high, gaps=name != "estimate")
            except ValueError as error:
                if not share or name != "estimate" or "allowed: a column of numbers" in str(error):
                    raise
                raise ValueError(f"{error} The unit was declared as {unit!r}; {_other_unit(unit)}") from error
    _require_order(values)
    if share:
        _require_limits(values, given, unit)
        _require_errors(values, top)
    return values


def require_whole(n: pd.Series, where: pd.Series) -> None:
    """Raise when a number of respondents has a part of one, where it is read as one to count from."""
    part = where & (n != np.round(n))
    if part.any():
        raise ValueError(
            f"column {n.name!r} holds {checks.listing(n[part])} in {checks.rows(part)}; allowed: whole "
            "respondents. For an effective size give the number of respondents and design_effect."
        )


# ---- inside


def _may_be_proportions(values: pd.Series) -> bool:
    return bool(values.between(0, 1).all() and (values > 0).any())


def _other_unit(unit: str) -> str:
    if unit == "proportion":
        return "for percent give unit='percent', for a mean unit='identity'."
    return "correct the row, or where the whole column is no share but a mean, give unit='identity'."


def _require_order(values: pd.DataFrame) -> None:
    """Raise on intervals with one end, and on estimates outside theirs."""
    half = values["lower"].isna() != values["upper"].isna()
    if half.any():
        raise ValueError(f"the interval has one end only in {checks.rows(half)}; give lower and upper, or neither.")
    outside = (values["lower"] > values["estimate"]) | (values["upper"] < values["estimate"])
    if outside.any():
        row = values[outside].iloc[0]
        raise ValueError(
            f"the estimate lies outside its interval in {checks.rows(outside)}, for instance {row['estimate']:g} and "
            f"{row['lower']:g} to {row['upper']:g}; lower ≤ estimate ≤ upper is needed."
        )


def _require_limits(values: pd.DataFrame, given: Columns, unit: str) -> None:
    """Raise on limits below 0 or above 100 % of intervals that are not symmetric around their estimate."""
    top, ends = printed.UNITS[unit], values[["lower", "upper"]]
    below, above = printed.beyond(values, unit=top)
    if not (below | above).any():
        return
    digit = 10.0 ** -printed.decimals(ends.stack().to_numpy(), unit=unit, digits=0)
    sides = values["estimate"] - ends["lower"], ends["upper"] - values["estimate"]
    skew = (sides[0] - sides[1]).abs() > 2 * digit + 1e-9 * top
    for end, reach in (("lower", below & skew), ("upper", above & skew)):
        if reach.any():
            row = values[reach].iloc[0]
            raise ValueError(
                f"column {given[end]!r} holds {checks.listing(ends.loc[reach, end].unique())} in {checks.rows(reach)}; "
                f"allowed: finite numbers from 0 to {top:g}, or beyond where an interval reaches equally far to both "
                f"sides; here it is {row['lower']:g} to {row['upper']:g} around {row['estimate']:g}. Correct the limit."
            )


def _require_errors(values: pd.DataFrame, top: float) -> None:
    """Raise on standard errors that the numbers of respondents beside them contradict."""
    p = values["estimate"] / top
    simple: pd.Series = (p * (1 - p) / values["n"]) ** 0.5 * top
    both = values["se"].gt(0) & simple.gt(0)
    if not both.any():
        return
    se, simple = values["se"][both], simple[both]
    ratio = se / simple
    middle = float(ratio.median())
    far = (ratio < 1 / 5) | (middle > 5)
    fits = [
        text
        for text, turned in READINGS.items()
        if (not 1 / 3 <= middle <= 3) and 0.7 <= float((turned(se, top) / simple).median()) <= 2
    ]
    if not fits and not far.any():
        return
    named = far if far.any() else far | True
    row = named.index[named][0]
    mask = named.reindex(values.index, fill_value=False)
    guess = f"It looks like {' or '.join(fits[:1])}. " if fits else ""
    raise ValueError(
        f"the standard error and n contradict each other in {checks.rows(mask)}: in row {checks.plain(row)!r} the "
        f"standard error is {se[row]:g}, and a simple sample of {values['n'][row]:g} has {simple[row]:.2g}. {guess}"
        "Correct it; or if n counts something else, leave it empty in these rows or give no n=."
    )
