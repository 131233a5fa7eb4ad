"""Files of tables as lines of cells: text with separators, or a sheet of Excel. What a cell means is for `tables`."""

import csv
import io
from pathlib import Path
from typing import Any

from navmodels import checks
from navmodels.checks.numerals import Numeral

SEPARATORS = (";", "\t", "|", ",")
ENCODINGS = "encoding='cp1252' (older Windows and Excel), 'latin-1' or 'utf-16'"

Cell = Any  # text, a Numeral, or None where nothing stands


def table_lines(path: Path, *, skip: int, separator: str | None, sheet: str | int, encoding: str) -> list[list[Cell]]:
    """Return the lines of a file that are not empty, from that of the column names on."""
    kind = path.suffix.lower()
    if kind in (".xls", ".xlsb", ".ods"):
        raise ValueError(
            f"{path.name} is a file of kind {kind!r}; allowed: .xlsx, or text such as .csv: save it as one."
        )
    lines = _excel(path, sheet)[skip:] if kind in (".xlsx", ".xlsm") else _text(path, skip, separator, encoding)
    return [line for line in lines if any(cell is not None for cell in line)]


def table_header(path: Path, lines: list[list[Cell]], rows: int | None) -> tuple[list[str], list[list[Cell]]]:
    """Return the column names and the lines below them, all of one length."""
    if len(lines) < 2:
        raise ValueError(f"{path.name} has {len(lines)} lines; a table has one of column names and at least one below.")
    width = max(place for place, cell in enumerate(lines[0], 1) if cell is not None)
    names = [as_text(cell) or f"column {place}" for place, cell in enumerate(lines[0][:width], 1)]
    body = lines[1:] if rows is None else lines[1 : rows + 1]
    for number, line in enumerate(body):
        if len(line) < width or any(cell is not None for cell in line[width:]):
            raise ValueError(
                f"row {number} of {path.name} has {len(line)} entries, its column names are {width} "
                f"({checks.listing(names)}): {checks.listing(map(as_text, line), most=4)}. Give skip= for lines above "
                "the names, rows= where notes stand below the table, or separator=."
            )
    return names, [line[:width] for line in body]


def as_text(cell: Cell) -> str | None:
    """Return a cell as text, None where nothing stands."""
    return f"{cell.value:.15g}" if isinstance(cell, Numeral) else cell


# ---- inside


def _text(path: Path, skip: int, separator: str | None, encoding: str) -> list[list[Cell]]:
    try:
        text = path.read_bytes().decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path.name} is not {encoding}: byte {error.object[error.start]:#x} at place {error.start}. "
            f"Try {ENCODINGS}."
        ) from error
    text = "\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[skip:])
    header = text.lstrip("\n").split("\n")[0]
    sign = separator or next((each for each in SEPARATORS if each in header), ",")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
    return [[cell.strip() or None for cell in line] for line in lines]


def _excel(path: Path, sheet: str | int) -> list[list[Cell]]:
    try:
        import openpyxl
    except ImportError as error:
        raise ImportError(
            f"reading {path.name} needs openpyxl, which is not installed: uv add 'navmodels[excel]', or save the sheet "
            "as CSV."
        ) from error
    book = openpyxl.load_workbook(path, data_only=True)
    names = book.sheetnames
    if sheet not in names and not (isinstance(sheet, int) and 0 <= sheet < len(names)):
        raise ValueError(
            f"{path.name} has no sheet {sheet!r}; its sheets: {checks.listing(names)}.{checks.nearest(sheet, names)}"
        )
    return [
        [_excel_cell(cell) for cell in line]
        for line in book[sheet if sheet in names else names[int(sheet)]].iter_rows()
    ]


def _excel_cell(cell: Any) -> Cell:
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        percent = "%" in str(cell.number_format)
        return Numeral(float(f"{100 * value:.12g}") if percent else float(value), percent=percent)
    return None if value is None else str(value).strip() or None
