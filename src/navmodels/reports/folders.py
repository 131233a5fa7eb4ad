"""Published numbers of two reports as tidy frames, each with its unit and its place in the report.

For reading what was printed, with its contradictions left as they are. Not for estimating anything: use
`Survey.from_report` to let a model see a table.
"""

import copy
import functools
import importlib.resources
import tomllib
from collections import defaultdict
from importlib.resources.abc import Traversable
from typing import Any

import pandas as pd

from navmodels.checks import one_of


def list_reports() -> pd.DataFrame:
    """Return the reports whose published numbers come with navmodels.

    Returns
    -------
    One row for each report: `report` (the name that `load_report` takes), `title`, `publisher`, `year`,
    `tables` (their names, separated by commas) and `numbers` (how many published numbers they hold).

    Examples
    --------
    >>> list_reports()[["report", "year", "numbers"]]
                   report  year  numbers
    0  accessibility_2025  2025     1642
    1       employer_2024  2024     1571
    """
    rows = [
        {
            "report": name,
            **{key: about(name)[key] for key in ("title", "publisher", "year")},
            "tables": ", ".join(tables(name)),
            "numbers": len(long(name)),
        }
        for name in reports()
    ]
    return pd.DataFrame(rows)


def load_report(name: str, table: str | None = None) -> pd.DataFrame:
    """Return one published table, or every published number of a report.

    With `table`, the table as it stands: text as strings (missing as NaN), whole numbers as nullable `Int64`,
    other numbers as `float64`. Its `attrs` hold `report`, `table`, `title`, `units` (of each number column)
    and `columns` (what each column means). Shares and their interval ends are percent.

    Without `table`, a long frame with one row for each published number: `table, row` (counted from 0 in that
    table), `item, label, group_dim, group, year, quantity, value, unit, reference, quality, note`.
    `group_dim` and `group` are "all" where the table has no groups, "term" and its name in a regression, and
    `year` is missing where no single year is stated. An item of several parts (survey, item, category) is
    joined by "/"; `quality` and `note` are those of the row of the table. Its `attrs` hold `report`, `title`,
    `reading` (how the numbers are to be read) and `notes`. What is not a printed number is left out: texts
    and statements (the table `claims`, stars, directions), the printed order of labels without values, and
    changes computed from two printed levels.

    Parameters
    ----------
    name
        A report, see `list_reports`.
    table
        One of its tables.

    Raises
    ------
    ValueError
        When the report or the table is not known.

    Examples
    --------
    >>> items = load_report("employer_2024", "items").set_index("item_id")
    >>> items.loc["satisfaction_overall", ["share", "share_ci_low", "share_ci_high"]].tolist()
    [86.0, 85.0, 88.0]

    The numbers that the report contradicts elsewhere say so:

    >>> numbers = load_report("employer_2024").query("item == 'ia_prevention_assist' and quantity == 'share'")
    >>> numbers.loc[numbers["note"].notna(), ["value", "unit", "reference"]].reset_index(drop=True)
       value     unit               reference
    0   60.0  percent              appendix 2
    1   60.0  percent  section 6.4, figure 32
    2   63.0  percent                 summary
    """
    one_of(name, reports(), what="report")
    if table is None:
        frame = long(name)
        frame.attrs = copy.deepcopy({"report": name} | {key: about(name)[key] for key in ("title", "reading", "notes")})
        return frame
    one_of(table, tables(name), what=f"table of {name}")
    frame = read(name, table)
    spec = about(name)["tables"][table]
    frame.attrs = {
        "report": name,
        "table": table,
        "title": spec["title"],
        "units": units(spec),
        "columns": {column: entry["about"] for column, entry in spec["columns"].items()},
    }
    return frame


# ---- inside

DTYPES = {"text": "str", "number": "float64", "integer": "Int64"}
NUMBER_COLUMNS = [
    *("table", "row", "item", "label", "group_dim", "group", "year"),
    *("quantity", "value", "unit", "reference", "quality", "note"),
]


def folder() -> Traversable:
    """Return where the published tables lie."""
    return importlib.resources.files("navmodels.reports") / "published"


def reports() -> list[str]:
    """Return the names of the reports."""
    return sorted(entry.name for entry in folder().iterdir() if (entry / "report.toml").is_file())


@functools.cache
def about(name: str) -> dict[str, Any]:
    """Return what report.toml says: the report, how to read it, and the columns of each table."""
    return tomllib.loads((folder() / name / "report.toml").read_text(encoding="utf-8"))


def tables(name: str) -> list[str]:
    """Return the tables of a report, in the order of report.toml."""
    return [table for table in about(name)["tables"] if (folder() / name / f"{table}.csv").is_file()]


def units(spec: dict[str, Any]) -> dict[str, str]:
    """Return the unit of each quantity; a column without a unit is no published number."""
    printed: dict[str, str] = {key: entry["unit"] for key, entry in spec["columns"].items() if "unit" in entry}
    extra: dict[str, str] = spec.get("units", {})
    return printed | extra


def read(name: str, table: str) -> pd.DataFrame:
    """Return the table with the dtypes that report.toml declares, a column it does not know as text."""
    columns = about(name)["tables"][table]["columns"]
    dtypes = defaultdict(lambda: "str", {column: DTYPES[entry["type"]] for column, entry in columns.items()})
    with (folder() / name / f"{table}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=dtypes, keep_default_na=False, na_values=[""])


def long(name: str) -> pd.DataFrame:
    """Return one row for each published number of a report; a table without items holds statements."""
    specs = {table: about(name)["tables"][table] for table in tables(name)}
    parts = [numbers(read(name, table), spec, table) for table, spec in specs.items() if "item" in spec]
    return pd.concat(parts, ignore_index=True)


def numbers(frame: pd.DataFrame, spec: dict[str, Any], table: str) -> pd.DataFrame:
    """Return one row for each number printed in a table, in the order of its rows and columns."""
    head = described(frame, spec).assign(table=table, row=range(len(frame)))
    printed = head["quality"] != "computed"
    parts = []
    for column in (column for column, entry in spec["columns"].items() if "unit" in entry):
        # a group that is itself named among the units (R2, N of a regression) is the quantity
        quantity = head["group"].where(head["group"].isin(list(spec.get("units", {}))), column)
        unit = frame["unit"] if "unit" in frame else quantity.map(units(spec))
        part = head.assign(quantity=quantity, value=frame[column].astype("Float64"), unit=unit)
        parts.append(part[printed & part["value"].notna()])
    together = pd.concat(parts).sort_values("row", kind="stable")
    return together[NUMBER_COLUMNS].astype({"value": "float64", "year": "Int64"})


def described(frame: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
    """Return what each row is about: item, label, group, year, reference, quality and note."""
    parts = frame[spec["item"]].itertuples(index=False)
    items = ["/".join(str(part) for part in row if pd.notna(part)) for row in parts]
    group, year = spec.get("group", "group"), spec.get("year", "year")  # a column, or one year for all rows
    unlabelled = frame["reference"].mask(frame["reference"].notna())
    return pd.DataFrame(
        {
            "item": pd.Series(items, dtype="str"),
            "label": frame.get(spec.get("label", ""), unlabelled),
            "group_dim": frame.get("group_dim", group if group in frame else "all"),
            "group": frame.get(group, "all"),
            "year": frame.get(year, year if isinstance(year, int) else pd.NA),
            "reference": frame["reference"],
            "quality": frame.get("quality", "exact"),
            "note": frame["note"],
        }
    )
