"""The reports that come with navmodels, and any other folder of tables: what was printed, as tidy frames.

For reading what was printed, with its contradictions left as they are. Not for estimating anything: use
`Survey.from_report` to let a model see a table.
"""

import copy
import functools
import importlib.resources
from pathlib import Path

import pandas as pd

from navmodels import checks
from navmodels.reports.folders import ABOUT, Report, read_folder
from navmodels.reports.quantities import list_quantities
from navmodels.reports.schema import TABLES
from navmodels.reports.sentences import speaker_of, unit_of, where_it_is


def list_reports() -> pd.DataFrame:
    """Return the reports whose published numbers come with navmodels.

    Returns
    -------
    One row for each report: `report` (the name that `load_report` takes), `title`, `publisher`, `year`,
    `tables` (their names, separated by commas) and `numbers` (how many published numbers they hold).

    Examples
    --------
    >>> listed = list_reports()
    >>> listed.columns.tolist()
    ['report', 'title', 'publisher', 'year', 'tables', 'numbers']
    >>> bool((listed["numbers"] > 1000).all())
    True
    """
    rows = [
        {
            "report": name,
            **{key: open_report(name).about[key] for key in ("title", "publisher", "year")},
            "tables": ", ".join(tables_of(open_report(name))),
            "numbers": len(list_quantities(open_report(name))),
        }
        for name in report_names()
    ]
    return pd.DataFrame(rows)


def load_report(name: str | Path, table: str | None = None) -> pd.DataFrame:
    """Return one table of a report, or every published number of it.

    With `table`, the table with all the columns that such a table may have; the index `row` is the row of the file.
    Text is strings (missing as NaN), sizes are nullable `Int64`, other numbers `float64`. What a report may leave out
    is filled in: the one survey, its year, "all" for no group, "share", "exact". Shares and their interval ends are
    percent, changes points. Its `attrs` hold `report`, `table`, `title` and `columns` (what each column means).

    Without `table`, a long frame with one row for each published number, called as in the ledger of `reproduce`:
    `number, table, row, survey, item, answer, label, group_dim, group, time, quantity, value, unit, bound, reference,
    note`. Its `attrs` hold `report`, `title`, `reading` (how the numbers are to be read) and `notes`. Statements
    (the table `claims`) and stars are no numbers.

    Parameters
    ----------
    name
        A report, see `list_reports`, or the folder of one.
    table
        One of its tables.

    Raises
    ------
    ValueError
        When the report or the table is not known.

    Examples
    --------
    >>> import tempfile
    >>> from navmodels.reports.skeletons import write_skeleton
    >>> _ = write_skeleton(folder := tempfile.mkdtemp())
    >>> load_report(folder, "numbers").set_index("id").loc["easy_host", ["value", "n", "count"]].tolist()
    [58.0, 31.0, 18.0]
    >>> load_report(folder).query("number == 'easy_host.n'")[["quantity", "value", "unit"]].values.tolist()
    [['n', 31.0, 'respondents']]
    """
    report = open_report(name)
    if table is None:
        frame = _long(report)
        frame.attrs["report"] = report.name
        for key in ("title", "reading", "notes"):
            frame.attrs[key] = copy.deepcopy(report.about.get(key, []))
        return frame
    moved = report.about.get("moved", {})
    if table in moved and table not in tables_of(report):
        raise ValueError(f"{report.name} has no table {table!r} any more; {moved[table]}")
    checks.one_of(table, tables_of(report), what=f"table of {report.name}")
    return _typed(report, table)


def open_report(name: str | Path) -> Report:
    """Return a report that comes with navmodels, or one in a folder, checked."""
    return _opened(name) if isinstance(name, str) and name in report_names() else read_folder(find_folder(name))


def find_folder(name: str | Path) -> Path:
    """Return the folder of a report: a name of `list_reports`, or a path."""
    if isinstance(name, str) and name in report_names():
        return library() / name
    if Path(name).exists():
        return Path(name)
    known = report_names()
    hint = checks.nearest(str(name), known)
    raise ValueError(
        f"report is {str(name)!r}; allowed: {checks.listing(known)}, or a folder of tables.{hint} "
        f"`navmodels report new {name}` makes a folder to fill in."
    )


def report_names() -> list[str]:
    """Return the names of the reports that come with navmodels."""
    return sorted(entry.name for entry in library().iterdir() if (entry / ABOUT).is_file())


def library() -> Path:
    """Return where the reports lie that come with navmodels."""
    return Path(str(importlib.resources.files("navmodels.reports") / "published"))


def tables_of(report: Report) -> list[str]:
    """Return the tables of a report that hold something."""
    return [name for name in TABLES if len(report.tables[name])]


# ---- inside


@functools.cache
def _opened(name: str) -> Report:
    return read_folder(library() / name)


def _typed(report: Report, table: str) -> pd.DataFrame:
    spec = TABLES[table]
    frame = report.tables[table][list(spec)].copy()
    for column, entry in spec.items():
        if entry.kind == "whole":
            frame[column] = frame[column].astype("Int64")
        elif frame[column].dtype != float:
            frame[column] = frame[column].astype("str").mask(frame[column] == "")
    columns = {column: entry.about for column, entry in spec.items()}
    frame.attrs = {"report": report.name, "table": table, "title": report.about["title"], "columns": columns}
    return frame


def _long(report: Report) -> pd.DataFrame:
    speaker = speaker_of(report, "en")
    frame = pd.DataFrame(list_quantities(report).values())
    frame["label"] = [where_it_is(speaker, row) for _, row in frame.iterrows()]
    frame["unit"] = [unit_of(row, report, speaker) for _, row in frame.iterrows()]
    frame = frame.rename(columns={"name": "number", "field": "quantity"})
    head = ["number", "table", "row", "survey", "item", "answer", "label", "group_dim", "group", "time", "quantity"]
    return frame[[*head, "value", "unit", "bound", "reference", "note"]]
