"""Labels of one frame beside the levels of a survey: which level each row is, and what is wrong where it is none.

Every frame that comes after the survey (a population, the areas of a map, levels to leave out) goes through here, so
that a label is the same label everywhere: equal, and of the same kind. 1, 1.0 and NumPy's 1 are one label; True and 1
are not, nor are "03" and 3. No place is ever -1.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels import checks

SHORT = 4  # labels of fewer letters are too short for a slip of one letter to be told from another word


def as_levels(
    frame: pd.DataFrame, levels: checks.Levels, *, what: str, open_to_new: Collection[str] = ()
) -> pd.DataFrame:
    """Return the frame with each factor's labels as the survey has them.

    Parameters
    ----------
    frame
        Columns of the factors, complete.
    levels
        The levels of each factor.
    what
        What the frame is, for messages.
    open_to_new
        Factors whose labels may be new; they are of the levels' kind all the same.

    Raises
    ------
    ValueError
        For labels of another kind than the levels, with the conversion that makes them alike, and for labels that are
        none of the levels, with the nearest.

    Examples
    --------
    >>> frame = pd.DataFrame({"zone": [1.0, 2.0], "weight": [10, 20]})
    >>> as_levels(frame, {"zone": (1, 2)}, what="population")["zone"].tolist()
    [1, 2]
    >>> as_levels(pd.DataFrame({"zone": ["01", "02"]}), {"zone": (1, 2)}, what="population")
    Traceback (most recent call last):
    ValueError: population has '01', '02' in column 'zone' ..., where its levels are numbers: 1, 2. Convert ...
    """
    columns = {}
    for name, known in levels.items():
        given = [checks.plain(label) for label in frame[name].astype(object)]
        column = pd.Series(given, index=frame.index, name=name, dtype=object)
        _require_kind(frame[name], column, known, what=what)
        level = dict(zip(known, known, strict=True))
        translated = pd.Series([level.get(label, label) for label in given], frame.index, name=name, dtype=object)
        unknown = unknown_rows(translated, known)
        if unknown.any() and name not in open_to_new:
            raise ValueError(unknown_labels(translated, unknown, known, what=what))
        columns[name] = translated
    return frame.assign(**columns)


def unknown_rows(column: pd.Series, known: Collection[Any]) -> pd.Series:
    """Return which rows of a column of labels, as `as_levels` returns it, are none of the levels."""
    level = set(known)
    return pd.Series([label not in level for label in column.tolist()], index=column.index, dtype=bool)


def unknown_labels(column: pd.Series, unknown: pd.Series, known: Sequence[Any], *, what: str) -> str:
    """Return the sentence about labels that the survey does not have, with the nearest of the first."""
    given = list(dict.fromkeys(column[unknown]))
    return (
        f"{what} has {checks.listing(given)} in column {column.name!r} ({checks.rows(unknown)}), which the survey does "
        f"not know; its levels: {checks.listing(known, most=20)}.{checks.nearest(given[0], known)}"
    )


def places(labels: Iterable[Any], levels: Sequence[Any]) -> npt.NDArray[np.intp]:
    """Return the place of each label among the levels; raise where it has none.

    Examples
    --------
    >>> places(["b", "a", "b"], ["a", "b"]).tolist()
    [1, 0, 1]
    """
    if isinstance(labels, pd.Series) and labels.dtype != object:  # of one kind: each label is looked up once
        codes, distinct = pd.factorize(labels, use_na_sentinel=False)
        return places(distinct.tolist(), levels)[codes]
    place = {(checks.kind(level), level): number for number, level in enumerate(map(checks.plain, levels))}
    keys = [(checks.kind(label), checks.plain(label)) for label in labels]
    strange = next((label for label in keys if label not in place), None)
    if strange is not None:
        raise ValueError(
            f"the label {strange[1]!r} ({strange[0]}) is none of {checks.listing(levels, most=20)}."
            f"{checks.nearest(strange[1], levels)}"
        )
    return np.array([place[key] for key in keys], dtype=np.intp)


def slips(labels: Iterable[Any], known: Iterable[Any]) -> dict[Any, Any]:
    """Return which labels, none of them known, seem to be slips, and of which label: a known one, or one before.

    A slip differs in capitals, spaces or Unicode form only; or, beside known words without figures, in one letter, or
    in two that changed places.

    Examples
    --------
    >>> slips(["Olso", "oslo ", "office 12", "Agder"], ["Oslo", "office 11"])
    {'Olso': 'Oslo', 'oslo ': 'Oslo'}
    """
    forms = {checks.form(other).casefold(): other for other in known}
    words = [form for form in forms if _is_word(form)]
    before: dict[str, Any] = {}
    found = {}
    for label in labels:
        given = checks.form(label).casefold()
        near = next((word for word in words if _one_letter_apart(given, word)), given) if _is_word(given) else given
        if given in forms or near in forms:
            found[label] = forms[given if given in forms else near]
        elif before.setdefault(given, label) is not label:
            found[label] = before[given]
    return found


# ---- inside


def _require_kind(given: pd.Series, column: pd.Series, known: Sequence[Any], *, what: str) -> None:
    """Raise when a column is of another kind than the levels, with a conversion that was tried on it."""
    kinds = column.map(checks.kind)
    needed = checks.kind(known[0])
    other = kinds != needed
    if not other.any():
        return
    found = kinds[other].iloc[0]
    raise ValueError(
        f"{what} has {checks.listing(dict.fromkeys(column[other]))} in column {column.name!r} ({checks.rows(other)}), "
        f"which the survey does not know: {_noun(found)}, where its levels are {_noun(needed)}: "
        f"{checks.listing(known, most=20)}. {_remedy(given, known)}{checks.nearest(column[other].iloc[0], known)}"
    )


def _noun(kind: str) -> str:
    return "numbers" if kind == "number" else kind


def _whole(column: pd.Series) -> pd.Series:
    whole = column.astype(int)
    if not (whole == column.astype(float)).all():
        raise ValueError("there are decimals")
    return whole


def _padded(column: pd.Series, *, width: int) -> pd.Series:
    return _whole(column).astype(str).str.zfill(width)


CONVERSIONS: Mapping[str, Callable[[pd.Series], pd.Series]] = {
    ".astype(bool)": lambda column: column.map({1: True, 0: False}),
    ".map({'True': True, 'False': False})": lambda column: column.map({"True": True, "False": False}),
    ".astype(int)": _whole,
    ".astype(float)": lambda column: column.astype(float),
    ".astype(str)": lambda column: column.astype(str),
    ".astype(int).astype(str)": lambda column: _whole(column).astype(str),
    ".astype(float).astype(str)": lambda column: column.astype(float).astype(str),
    **{f".astype(int).astype(str).str.zfill({width})": partial(_padded, width=width) for width in (2, 3, 4, 5)},
    ".dt.year": lambda column: column.dt.year,
    ".dt.strftime('%Y-%m-%d')": lambda column: column.dt.strftime("%Y-%m-%d"),
    ".dt.strftime('%Y-%m')": lambda column: column.dt.strftime("%Y-%m"),
}


def _remedy(given: pd.Series, known: Sequence[Any]) -> str:
    """Return the first conversion after which the most labels are known, or that they must be written as the levels."""
    best, found = "", 0
    for code, convert in CONVERSIONS.items():
        hits = _known_after(given, convert, known)
        best, found = (code, hits) if hits > found else (best, found)
    if not best:
        return "Write them as the survey does; none of the usual conversions does."
    return f"Convert the column: frame[{given.name!r}]{best}."


def _known_after(given: pd.Series, convert: Callable[[pd.Series], pd.Series], known: Sequence[Any]) -> int:
    try:
        labels = convert(given).map(checks.plain).tolist()
    except (TypeError, ValueError, AttributeError, OverflowError):
        return 0
    levels = {(checks.kind(level), level) for level in known}
    return sum((checks.kind(label), label) in levels for label in labels)


def _is_word(form: str) -> bool:
    return len(form) >= SHORT and not any(sign.isdigit() for sign in form)


def _one_letter_apart(one: str, other: str) -> bool:
    """Return whether one letter more, less or other, or two neighbours changed, makes one text of the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    start = min(len(one), len(other)) if start is None else start
    one, other = one[start:], other[start:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return max(len(one), len(other)) <= 1 or (len(one) == len(other) == 2 and one == other[::-1])
