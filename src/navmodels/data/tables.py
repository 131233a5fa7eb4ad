"""Tables as they are published: numbers with their markers, footnotes and percent signs, from a file into a frame.

For tables of numbers by groups. Respondents' rows are read by pandas or whatever holds them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from navmodels import checks
from navmodels.checks.numerals import Numeral, read_numeral, recipe
from navmodels.data.files import Cell, as_text, table_header, table_lines

SIGNS = (".", ",")


def read_table(
    path: str | Path,
    *,
    decimal: str = ".",
    thousands: str | None = None,
    suppressed: Sequence[str] = (),
    numbers: Sequence[str] | None = None,
    skip: int = 0,
    rows: int | None = None,
    separator: str | None = None,
    sheet: str | int = 0,
    encoding: str = "utf-8",
) -> pd.DataFrame:
    r"""Read a published table from CSV or Excel: numbers as they are printed become numbers, and what is not is named.

    A number may be grouped by spaces of any width ("1 400"), carry a percent sign ("68 %"), and a footnote mark: stars,
    daggers, raised digits or a letter ("12*", "12a"). Columns in which most entries are numbers are columns of numbers;
    codes with leading zeros ("03") stay text. An empty entry of a column of numbers is missing.

    Parameters
    ----------
    path
        A file of text with separators, or .xlsx (which needs openpyxl: ``navmodels[excel]``).
    decimal, thousands
        Decimal sign, and what parts thousands beside spaces.
    suppressed
        Entries that stand for a number that is not told, such as ":" and "<5". They become missing, and are listed.
    numbers
        The columns of numbers; every entry of them has to be one, and all other columns are text. Default: found.
    skip, rows
        Lines above the column names, and how many rows below them are read; default: all.
    separator
        Of text: ";", tab, "|" or ","; default: the first of these in the line of column names.
    sheet
        Of Excel: name or number of the sheet. A cell that Excel shows as percent (68 % of 0.68) is read as 68.
    encoding
        Of text.

    Returns
    -------
    pandas.DataFrame
        Rows counted from 0. ``attrs["suppressed"]`` and ``attrs["footnotes"]`` list row, column and marker of each;
        ``attrs["percent"]`` names the columns printed with percent signs.

    Raises
    ------
    ValueError
        Naming row and column: what is no number in a column of numbers (with the call that reads it), lines of another
        length, numbers that may be thousands or decimals ("1.400" beside "334"), another encoding.

    Examples
    --------
    >>> import tempfile
    >>> text = "office;satisfied;n\nA;68,1 %;1 400\nB;:;<5\nC;83 %*;29\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "table.csv"
    ...     _ = path.write_text(text, encoding="utf-8")
    ...     table = read_table(path, decimal=",", suppressed=(":", "<5"))
    >>> table
      office  satisfied       n
    0      A       68.1  1400.0
    1      B        NaN     NaN
    2      C       83.0    29.0
    >>> table.attrs["suppressed"][0]
    {'row': 1, 'column': 'satisfied', 'marker': ':'}
    """
    path = Path(path)
    checks.one_of(decimal, SIGNS, what="decimal")
    if thousands == decimal or isinstance(suppressed, str):
        raise ValueError(
            f"thousands is {thousands!r} and suppressed {suppressed!r}; allowed: another sign than "
            f"decimal={decimal!r}, and a list of entries, such as (':', '<5')."
        )
    lines = table_lines(path, skip=skip, separator=separator, sheet=sheet, encoding=encoding)
    names, body = table_header(path, lines, rows)
    cells = pd.DataFrame(body, columns=pd.Index(names, dtype=object), dtype=object)
    checks.known_columns(cells, names, what="the table")
    checks.known_columns(cells, numbers or (), what="numbers")
    read = {
        name: _column(cells[name], suppressed, (decimal, thousands), None if numbers is None else name in numbers)
        for name in names
    }
    frame = pd.DataFrame({name: column for name, (column, _) in read.items()})
    frame.attrs = {kind: [note for _, notes in read.values() for note in notes[kind]] for kind in KINDS}
    return frame


# ---- inside

KINDS = ("suppressed", "footnotes", "percent")


def _column(
    cells: pd.Series, suppressed: Sequence[str], signs: tuple[str, str | None], asked: bool | None
) -> tuple[pd.Series, dict[str, list[Any]]]:
    """Return a column as numbers or as text, and its notes; raise on what is no number in a column of numbers."""
    hidden = cells.map(lambda cell: isinstance(cell, str) and cell in suppressed).astype(bool)
    filled = cells.notna() & ~hidden
    texts = cells[filled].map(as_text)
    read = cells[filled].map(lambda cell: _numeral(cell, signs))
    if not (_mostly_numbers(read, texts) if asked is None else asked):
        if asked is None:
            _require_text(cells, texts, signs)
        return cells.map(as_text), {key: [] for key in KINDS}
    bad = read.isna().reindex(cells.index, fill_value=False).astype(bool)
    if bad.any():
        raise ValueError(
            f"column {cells.name!r} holds {checks.listing(texts[bad].unique())} in {checks.rows(bad)}; allowed: "
            f"numbers with the decimal sign {signs[0]!r}, and entries named in suppressed=. {_way(cells, texts, signs)}"
        )
    if signs[1] is None:
        _require_one_meaning(texts, signs[0])
    values = read.map(lambda each: each.value).astype(float).reindex(cells.index)
    whole = len(values) and filled.all() and (values == np.round(values)).all()
    marks, column = read.map(lambda each: each.mark), cells.name
    notes: dict[str, list[Any]] = {
        "suppressed": [{"row": row, "column": column, "marker": cells[row]} for row in cells.index[hidden]],
        "footnotes": [{"row": row, "column": column, "marker": marks[row]} for row in marks.index[marks != ""]],
        "percent": [column] if read.map(lambda each: each.percent).any() else [],
    }
    return values.astype(np.int64) if whole else values, notes


def _numeral(cell: Cell, signs: tuple[str, str | None]) -> Numeral | None:
    return cell if isinstance(cell, Numeral) else read_numeral(cell, decimal=signs[0], thousands=signs[1])


def _mostly_numbers(read: pd.Series, texts: pd.Series) -> bool:
    """Tell whether half or more are numbers with no letter or figure after them, and none is a code such as 03."""
    if texts.str.fullmatch(r"0\d+").any():
        return False
    sure = read.map(lambda each: each is not None and not any(map(str.isalnum, each.mark.strip("¹²³⁴⁵⁶⁷⁸⁹⁰"))))
    return bool(2 * sure.sum() >= len(sure))


def _require_text(cells: pd.Series, texts: pd.Series, signs: tuple[str, str | None]) -> None:
    """Raise when a column of text would be one of numbers with another decimal sign."""
    other = SIGNS[signs[0] == "."]
    turned = texts.map(lambda each: _numeral(each, (other, None)))
    if _mostly_numbers(turned, texts):
        unread = (
            texts.map(lambda each: _numeral(each, signs)).isna().reindex(cells.index, fill_value=False).astype(bool)
        )
        raise ValueError(
            f"column {cells.name!r} holds {checks.listing(texts[unread].unique(), most=4)} in {checks.rows(unread)}, "
            f"numbers with another decimal sign than {signs[0]!r}. {_way(cells, texts, signs)}"
        )


def _way(cells: pd.Series, texts: pd.Series, signs: tuple[str, str | None]) -> str:
    """Return the call that reads a column, and what to do when it is none of numbers."""
    other = SIGNS[signs[0] == "."]
    if signs[1] is None and texts.map(lambda each: _numeral(each, (signs[0], other)) is not None).all():
        return f"If {other!r} parts thousands, give thousands={other!r}."
    call = recipe([str(text) for text in cells.dropna().map(as_text).unique()])
    return f"{call} If the column holds no numbers, name those that do with numbers=[...]."


def _require_one_meaning(texts: pd.Series, decimal: str) -> None:
    """Raise on '1.400' beside '334': three decimals beside none are thousands, or they are not."""
    signed = texts.str.contains(decimal, regex=False)
    three = texts.str.fullmatch(rf"[1-9]\d{{0,2}}\{decimal}\d{{3}}")
    if signed.any() and (three == signed).all() and not signed.all():
        text, other = texts[signed].iloc[0], SIGNS[decimal == "."]
        raise ValueError(
            f"column {texts.name!r} holds {text!r} beside {texts[~signed].iloc[0]!r}, which may be "
            f"{text.replace(decimal, '')} or {text.replace(decimal, '.')}: give decimal={other!r}, "
            f"thousands={decimal!r} for the first, thousands=' ' for the second."
        )
