"""Every printed quantity of a report by name: what stands there, half its last digit, and where it stands.

A row of numbers.csv is called by its id, or ``row_7``; its other numbers ``ID.n``, ``ID.lower``. Sizes of surveys and
groups are ``n_SURVEY`` and ``n_SURVEY_DIM_GROUP``, coefficients ``MODEL_PREDICTOR_YEAR``. Nothing is checked here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from navmodels.reports.schema import ALL, FIELDS
from navmodels.reports.typed_tables import records

if TYPE_CHECKING:
    from navmodels.reports.folders import Report

OF_SURVEYS = ("n", "invited", "population")
OF_GROUPS = ("n", "share", "population")
WIDE = 2.5  # last digits that "about" leaves on both sides


class Quantity(NamedTuple):
    """A printed quantity: where it stands, and what stands there.

    Attributes
    ----------
    table, row
        Where it was typed; row 0 in report.toml.
    field
        value, lower, upper, se, n, count, share, invited, population.
    value, half, step
        The number; half of what its rounding leaves, so that it stands for value ± half; one last digit.
    """

    name: str
    table: str
    row: int
    survey: str
    item: str
    answer: str
    group_dim: str
    group: str
    time: str
    statistic: str
    field: str
    value: float
    half: float
    step: float
    bound: str
    reference: str
    note: str


def survey_names(surveys: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """Return the survey and field of each printed size of a survey, by the name that formulas use.

    Examples
    --------
    >>> survey_names({"visitors": {"n": 151, "year": 2025}})
    {'n_visitors': ('visitors', 'n')}
    """
    return {
        plain(field, name): (name, field) for name, facts in surveys.items() for field in OF_SURVEYS if field in facts
    }


def group_names(groups: pd.DataFrame) -> dict[str, tuple[int, str]]:
    """Return the row and field of each printed size of a group, by the name that formulas use."""
    return {
        plain(field, row.survey, row.group_dim, row.group): (row.Index, field)
        for row in records(groups)
        for field in OF_GROUPS
        if pd.notna(getattr(row, field))
    }


def coefficient_names(coefficients: pd.DataFrame) -> dict[str, int]:
    """Return the row of each printed coefficient, by the name that formulas use: MODEL_PREDICTOR_YEAR."""
    return {
        plain(*(part for part in (row.model, row.predictor, row.year) if part)): row.Index
        for row in records(coefficients)
    }


def plain(*parts: str) -> str:
    """Return a name made of parts, as formulas can hold it.

    Examples
    --------
    >>> plain("n", "visitors", "age", "18–29")
    'n_visitors_age_18_29'
    """
    return "_".join(re.sub(r"\W", "_", part, flags=re.ASCII) for part in parts)


def number_names(numbers: pd.DataFrame) -> pd.Series:
    """Return the name of each row of numbers: its id, or ``row_`` and the row of the file."""
    return numbers["id"].mask(numbers["id"] == "", "row_" + numbers.index.astype(str))


def list_quantities(report: "Report") -> dict[str, Quantity]:
    """Return each printed quantity of a report by its name."""
    tables = report.tables
    found = [*_of_surveys(report), *_of_groups(tables["groups"]), *_of_numbers(tables["numbers"])]
    found += _of_coefficients(tables["coefficients"])
    out: dict[str, Quantity] = {}
    for each in found:
        out.setdefault(each.name, each)
    return out


def rounding(value: float, digits: float, statistic: str, precision: str) -> tuple[float, float]:
    """Return half of what a printed value leaves open, and its last digit.

    A count that is printed exactly leaves nothing open. "About" leaves 2.5 last digits on both sides; of a count or an
    amount, half of its last digit that is not zero, or a twentieth of it where that is more.

    Examples
    --------
    >>> rounding(58, 0, "share", "exact"), rounding(58, 0, "share", "about"), rounding(3.4, 1, "mean", "exact")
    ((0.5, 1.0), (2.5, 1.0), (0.05, 0.1))
    >>> rounding(74, 0, "count", "exact"), rounding(130000, 0, "count", "about")
    ((0.0, 1.0), (6500.0, 10000.0))
    """
    step = float(f"1e{-int(digits)}")
    if precision == "about" and statistic in ("count", "amount"):
        if digits == 0 and value != 0:
            step = float(10 ** (len(text := f"{abs(value):.0f}") - len(text.rstrip("0"))))
        return max(step / 2, abs(value) / 20), step
    if precision == "about":
        return WIDE * step, step
    return (0.0 if statistic == "count" else step / 2), step


def dims_as_questions(report: "Report") -> pd.DataFrame:
    """Return the printed shares of groups as answers to a question called as their dim, like rows of numbers."""
    groups = report.tables["groups"]
    sizes = {(each.survey, f"{each.group_dim}/{each.group}"): each.n for each in records(groups)}
    rows = []
    for row in records(groups[groups["share"].notna()]):
        facts = report.surveys[row.survey]
        whole = float(row.of) if row.of.isdigit() else sizes.get((row.survey, row.of), facts.get("n", np.nan))
        half, step = rounding(row.share, row.share_digits, "share", "exact")
        rows.append({
            "name": plain("share", row.survey, row.group_dim, row.group), "survey": row.survey, "item": row.group_dim,
            "answer": row.group, "group_dim": ALL, "group": ALL, "time": str(facts.get("year", "")), "time_from": "",
            "statistic": "share", "value": row.share, "half": half, "step": step, "bound": "eq", "n": whole,
        })  # fmt: skip
    return pd.DataFrame(rows)


# ---- inside


def _of_surveys(report: "Report") -> Iterator[Quantity]:
    for name, (survey, field) in survey_names(report.surveys).items():
        facts = report.surveys[survey]
        about = (survey, "", "", ALL, ALL, str(facts.get("year", "")), "count", field)
        yield Quantity(name, "surveys", 0, *about, float(facts[field]), 0.0, 1.0, "eq", facts.get("reference", ""), "")


def _of_groups(groups: pd.DataFrame) -> Iterator[Quantity]:
    rows = {row.Index: row for row in records(groups)}
    for name, (at, field) in group_names(groups).items():
        row = rows[at]
        share = field == "share"
        half, step = rounding(row.share, row.share_digits, "share", "exact") if share else (0.0, 1.0)
        about = (row.survey, "", "", row.group_dim, row.group, "", "share" if share else "count", field)
        yield Quantity(name, "groups", at, *about, getattr(row, field), half, step, "eq", row.reference, row.note)


def _of_numbers(numbers: pd.DataFrame) -> Iterator[Quantity]:
    for name, row in zip(number_names(numbers), records(numbers), strict=True):
        about = (row.survey, row.item, row.answer, row.group_dim, row.group, row.time, row.statistic)
        half, step = rounding(row.value, row.value_digits, row.statistic, row.precision)
        more = (row.reference, row.note)
        yield Quantity(name, "numbers", row.Index, *about, "value", row.value, half, step, row.bound, *more)
        for field in FIELDS:
            value = getattr(row, field)
            if pd.notna(value):
                whole = field in ("n", "count")
                step = 1.0 if whole else float(f"1e{-int(getattr(row, f'{field}_digits'))}")
                half = 0.0 if whole else step / 2
                yield Quantity(f"{name}.{field}", "numbers", row.Index, *about, field, value, half, step, "eq", *more)


def _of_coefficients(coefficients: pd.DataFrame) -> Iterator[Quantity]:
    rows = {row.Index: row for row in records(coefficients)}
    for name, at in coefficient_names(coefficients).items():
        row = rows[at]
        about = ("", row.outcome, row.predictor, ALL, ALL, row.year, "coefficient")
        for field in ("value", "se"):
            value = getattr(row, field)
            if pd.notna(value):
                step = float(f"1e{-int(getattr(row, f'{field}_digits'))}")
                full = name if field == "value" else f"{name}.{field}"
                half = 0.0 if row.predictor == "n" else step / 2
                more = ("eq", row.reference, row.note)
                yield Quantity(full, "coefficients", at, *about, field, value, half, step, *more)
