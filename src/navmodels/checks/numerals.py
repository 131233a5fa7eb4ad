"""Numbers as they are printed: the text of a table's entry as a number, and how to read a column that is text.

Nothing is guessed: what may mean two things, or is no number, is None.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

SPACES = " \u00a0\u2007\u2009\u202f"  # between groups of three digits: plain, no-break, figure, thin
MARKS = r"(?P<mark>[*†‡§¶]+|\(?[¹²³⁴⁵⁶⁷⁸⁹⁰]+\)?|\s?\([a-z0-9]{1,2}\)|\s?[a-z]\)?|\s[0-9]{1,2}\))?"

WAYS = ((".", None), (",", None), (".", ","), (",", "."))  # decimal sign and thousands


@dataclass(frozen=True)
class Numeral:
    """A printed number: its value, its footnote mark, whether it is marked as percent."""

    value: float
    mark: str = ""
    percent: bool = False


def read_numeral(text: str, *, decimal: str = ".", thousands: str | None = None) -> Numeral | None:
    """Return what a printed number says, or None when it is none.

    Spaces of all widths part groups of three digits; so does `thousands`. A percent sign and one footnote mark (stars,
    daggers, raised digits, a letter) may follow.

    Examples
    --------
    >>> read_numeral("1 400"), read_numeral("68,1 %", decimal=",")
    (Numeral(value=1400.0, mark='', percent=False), Numeral(value=68.1, mark='', percent=True))
    >>> read_numeral("12*"), read_numeral("<5"), read_numeral("68,1")
    (Numeral(value=12.0, mark='*', percent=False), None, None)
    """
    found = _pattern(decimal, thousands).fullmatch(text.strip())
    if found is None:
        return None
    whole = re.sub(r"\D", "", found["whole"])
    sign = "-" if found["sign"] in ("-", "\u2212") else ""
    value = float(f"{sign}{whole or 0}.{found['part'] or 0}")
    return Numeral(value, (found["mark"] or "").strip(), found["percent"] is not None)


def recipe(texts: Sequence[str]) -> str:
    """Return how to read a column that holds these entries: the call that does it, with both readings where two are.

    Examples
    --------
    >>> recipe(["20", ":", "<5"])
    "Read the file with nav.read_table(path, suppressed=(':', '<5'))."
    >>> recipe(["68,1", "70,4"])
    "Read the file with nav.read_table(path, decimal=',')."
    """
    given = [text.strip() for text in texts if text.strip()]
    if all(map(is_plain, given)):
        return "Turn the column into numbers with .astype(float)."
    left = {
        (decimal, thousands): [
            text for text in given if read_numeral(text, decimal=decimal, thousands=thousands) is None
        ]
        for decimal, thousands in WAYS
    }
    fewest = min(map(len, left.values()))
    if fewest == len(given):
        return "Name a column that holds numbers."
    ways = [way for way in WAYS if len(left[way]) == fewest]
    calls = [_call(way, left[way]) for way in ways]
    if ways[:2] == [(",", None), (".", ",")]:  # 1,400: a thousand, or one and a bit
        return f"Read the file with {calls[0]} if the comma is a decimal one, with {calls[1]} if it parts thousands."
    return f"Read the file with {calls[0]}."


def as_written(column: pd.Series) -> pd.Series:
    """Return numbers of single precision as the decimal numbers they stand for: 66.7, not 66.69999695.

    Doubles that are single precision made wide, as a file of Stata read and turned into floats, count as such.

    Examples
    --------
    >>> as_written(pd.Series([66.7, 33.3], dtype="float32")).tolist()
    [66.7, 33.3]
    """
    if column.dtype == object:
        return column.map(_shortest)
    kind = getattr(column.dtype, "numpy_dtype", column.dtype)
    if kind not in (np.float16, np.float32, np.float64):
        return column
    values = pd.Series(column.to_numpy(dtype=float, na_value=np.nan), column.index, name=column.name)
    if kind == np.float64 and not _was_single(values):
        return values
    single = np.float32 if kind == np.float64 else kind.type
    return values.map(lambda value: _shortest(single(value)))


def is_plain(text: str) -> bool:
    """Tell whether a text is a number as Python writes it."""
    try:
        float(text)
    except ValueError:
        return False
    return True


# ---- inside


def _was_single(values: pd.Series) -> bool:
    """Tell whether doubles are single precision made wide: each is one, and some show digits that it does not have."""
    known = values[np.isfinite(values)]
    fractions = known[known != np.round(known)]
    with np.errstate(over="ignore"):
        single = bool((known == known.astype(np.float32)).all())
    return single and any(len(f"{abs(each):.12g}".replace(".", "").lstrip("0")) > 9 for each in fractions)


def _shortest(value: Any) -> Any:
    """Return a number of single precision as the short decimal number within its last two places."""
    if not isinstance(value, np.floating) or isinstance(value, np.float64) or not np.isfinite(value):
        return value
    if value == np.round(value):
        return float(value)
    short = float(f"{value:.{np.finfo(value).precision}g}")
    return short if abs(short - float(value)) <= 2 * np.spacing(abs(value)) else float(str(value))


@functools.cache
def _pattern(decimal: str, thousands: str | None) -> re.Pattern[str]:
    gap = f"[{re.escape(SPACES + (thousands or ''))}]"
    whole = rf"(?P<whole>[0-9]{{1,3}}(?:{gap}[0-9]{{3}})+|[0-9]+|(?={re.escape(decimal)}[0-9]))"
    part = rf"(?:{re.escape(decimal)}(?P<part>[0-9]+))?"
    return re.compile(rf"(?P<sign>[+\-\u2212]?){whole}{part}\s?(?P<percent>%)?{MARKS}")


def _call(way: tuple[str, str | None], left: Sequence[str]) -> str:
    decimal, thousands = way
    options = [f"decimal={decimal!r}"] if decimal != "." else []
    options += [f"thousands={thousands!r}"] if thousands else []
    markers = list(dict.fromkeys(left))
    if markers:
        shown = ", ".join(map(repr, markers[:6])) + (", …" if len(markers) > 6 else "," if len(markers) == 1 else "")
        options.append(f"suppressed=({shown})")
    return f"nav.read_table({', '.join(['path', *options])})"
