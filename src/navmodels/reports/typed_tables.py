"""Tables of a report's folder, cell by cell: CSV files in, typed frames and problems out.

Every cell is read as text and checked against the schema; a problem says file, row, column, what is allowed and the
nearest name. What tables say of each other is checked in `references`.
"""

import csv
import io
import keyword
import re
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from navmodels import checks
from navmodels.reports.schema import TABLES, Column

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
NUMBER = re.compile(r"[+-]?\d+(\.(?P<decimals>\d+))?")
TIME = re.compile(r"\d{4}(\D.*)?|before \d{4}|earlier|not stated")
LONGEST = 15  # digits of a number, what a float holds
LIKELY = ("\u2212", "\u2013", "%", ",", " ", "\u00a0")  # marks of numbers as they are printed, not as they are typed

EARLIER = {"quality": "precision"}  # headings by the name they had before


@dataclass(frozen=True)
class Problem:
    """What is wrong in a folder, and where: rows are those of the file, the heading is row 1."""

    file: str
    row: int | None
    column: str
    text: str

    def __str__(self) -> str:
        place = [self.file]
        place += [f"row {self.row}"] if self.row is not None else []
        place += [f"column {self.column!r}"] if self.column else []
        return f"{', '.join(place)}: {self.text}"


def read_table(path: Path, name: str) -> tuple[pd.DataFrame, list[Problem]]:
    r"""Return a table with the columns of the schema and the row of the file as index, and what is wrong with it.

    Numbers are floats. Beside a column of printed numbers stands ``COLUMN_digits``, the decimals typed.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "numbers.csv"
    >>> _ = file.write_text("item,value\neasy,58.0\nhard,many\n")
    >>> table, problems = read_table(file, "numbers")
    >>> table[["item", "statistic", "value", "value_digits"]].values.tolist()
    [['easy', 'share', 58.0, 1.0], ['hard', 'share', nan, nan]]
    >>> print(problems[0])
    numbers.csv, row 3, column 'value': holds 'many'; allowed: a number such as 58 or 3.0.
    """
    cells, rows, problems = _cells(path)
    given = list(cells)
    problems += list(_headings(path.name, given, TABLES[name]))
    typed: dict[str, pd.Series] = {}
    index = pd.Index(rows, name="row")
    for column, spec in TABLES[name].items():
        text = pd.Series(cells.get(column, [""] * len(rows)), index, dtype="str").str.strip()
        problems += list(_wrong(path.name, column, spec, text, given=column in given))
        typed |= _typed(column, spec, text)
    return pd.DataFrame(typed, index=index), problems


def empty_table(name: str) -> pd.DataFrame:
    """Return a table of the schema without rows."""
    typed: dict[str, pd.Series] = {}
    for column, spec in TABLES[name].items():
        typed |= _typed(column, spec, pd.Series([], dtype="str"))
    return pd.DataFrame(typed, index=pd.Index([], name="row", dtype=int))


def records(table: pd.DataFrame) -> list[Any]:
    """Return the rows of a table as named tuples; ``Index`` is the row of the file."""
    row = namedtuple("Row", ["Index", *table.columns], rename=True)  # type: ignore[misc]
    columns: list[Any] = [table.index, *(table.iloc[:, place] for place in range(table.shape[1]))]
    texts = [each.to_numpy(object) if each.dtype == "str" else each for each in columns]  # many times as fast
    return list(map(row._make, zip(*(each.tolist() for each in texts), strict=True)))


# ---- inside


def _cells(path: Path) -> tuple[dict[str, list[str]], list[int], list[Problem]]:
    """Return the texts of a file by column, the row of the file that each stands in, and what cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        return {}, [], [Problem(path.name, None, "", f"cannot be read: {error.strerror}.")]
    except UnicodeDecodeError as error:
        return {}, [], [Problem(path.name, None, "", f"is not UTF-8 (byte {error.start}); save it as CSV UTF-8.")]
    odd = next((mark for mark in text if ord(mark) < 32 and mark not in "\r\n\t"), "")
    if odd:
        row = text[: text.index(odd)].count("\n") + 1
        return {}, [], [Problem(path.name, row, "", f"holds the control character {odd!r}; delete it.")]
    first = text.partition("\n")[0]
    divider = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=divider, strict=True)
    lines: list[tuple[int, list[str]]] = []
    try:
        for number, line in enumerate(reader, start=1):
            lines.append((number, line))
    except csv.Error as error:
        return {}, [], [Problem(path.name, len(lines) + 1, "", f"cannot be read as CSV: {error}.")]
    if not lines:
        return {}, [], [Problem(path.name, None, "", "is empty; allowed: a row of headings, then one row each.")]
    heads = [EARLIER.get(head.strip(), head.strip()) for head in lines[0][1]]
    width = max((place for place, head in enumerate(heads, start=1) if head), default=0)
    heads, lines = heads[:width], [(number, _cut(line, width)) for number, line in lines]
    problems = [
        Problem(path.name, 1, head, "stands twice in the heading.")
        for head in dict.fromkeys(heads)
        if head and heads.count(head) > 1
    ]
    body = [(number, line) for number, line in lines[1:] if any(cell.strip() for cell in line)]
    for number, line in body:
        if len(line) != len(heads):
            text = f"has {len(line)} cells, the heading {len(heads)}; put cells that hold a comma in double quotes."
            problems.append(Problem(path.name, number, "", text))
    full = [line + [""] * (len(heads) - len(line)) for _, line in body]
    return {head: [line[i] for line in full] for i, head in enumerate(heads)}, [number for number, _ in body], problems


def _cut(line: list[str], width: int) -> list[str]:
    """Return the cells of a line without empty ones beyond the last heading, as spreadsheets leave them."""
    return line if any(cell.strip() for cell in line[width:]) else line[:width]


def _headings(file: str, given: list[str], spec: dict[str, Column]) -> Iterator[Problem]:
    for column in given:
        if column not in spec:
            what = "is no column here" if column else "a column has no heading"
            yield Problem(file, 1, column, f"{what}; allowed: {_names(spec)}.{checks.nearest(column, spec)}")
    for column, entry in spec.items():
        if entry.required and column not in given and given:
            yield Problem(file, 1, column, f"is missing; each row needs it. There are: {_names(given)}.")


def _names(names: object) -> str:
    return ", ".join(str(name) for name in names)  # type: ignore[attr-defined]


def _wrong(file: str, column: str, spec: Column, text: pd.Series, *, given: bool) -> Iterator[Problem]:
    """Return what is wrong with the cells of one column."""
    for row, cell in text.items():
        if not cell:
            if spec.required and given:
                yield Problem(file, int(str(row)), column, "is empty; each row needs it.")
            continue
        wrong = _wrong_cell(cell, spec)
        if wrong:
            yield Problem(file, int(str(row)), column, f"holds {cell!r}; allowed: {wrong}")


def _wrong_cell(cell: str, spec: Column) -> str:
    """Return what is allowed instead of a cell, or an empty string."""
    if spec.kind == "choice":
        return "" if cell in spec.allowed else f"{_names(spec.allowed)}.{checks.nearest(cell, spec.allowed)}"
    if spec.kind == "name":
        good = NAME.fullmatch(cell) and not keyword.iskeyword(cell) and cell not in ("min", "max")
        return "" if good else "letters, digits and _, beginning with a letter (such as easy_host); not min or max."
    if spec.kind == "time":
        return "" if TIME.fullmatch(cell) else "a year, or a period that begins with one, such as 2024 or 2024 spring."
    if spec.kind in ("number", "printed", "whole"):
        return _wrong_number(cell, whole=spec.kind == "whole")
    return ""


def _wrong_number(cell: str, *, whole: bool) -> str:
    if len(cell) > LONGEST:
        return f"a number of at most {LONGEST} digits."
    if cell.isascii() and NUMBER.fullmatch(cell) and not (whole and ("." in cell or cell.startswith("-"))):
        return ""
    allowed = "a whole number from 0 such as 120." if whole else "a number such as 58 or 3.0."
    if any(mark in cell for mark in LIKELY):
        allowed += " Write it with a point for decimals and without %, spaces or thousands."
    return allowed


def _typed(column: str, spec: Column, text: pd.Series) -> dict[str, pd.Series]:
    """Return the column in its type, and the decimals of printed numbers."""
    if spec.kind not in ("number", "printed", "whole"):
        return {column: text.mask(text == "", spec.default) if spec.default else text}
    matches = [NUMBER.fullmatch(cell) for cell in text]
    values = pd.Series([float(found[0]) if found else np.nan for found in matches], text.index, dtype=float)
    if spec.kind != "printed":
        return {column: values}
    digits = [len(found["decimals"] or "") if found else np.nan for found in matches]
    return {column: values, f"{column}_digits": pd.Series(digits, text.index, dtype=float)}
