"""A report as a folder of tables: reading it, and saying all that is wrong with it.

Nothing is computed from the numbers here; see `quantities`.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from navmodels import checks
from navmodels.reports.references import wrong_references
from navmodels.reports.schema import (
    MODEL_KEYS,
    MODEL_KINDS,
    PLOT_KEYS,
    PLOT_KINDS,
    REPORT_KEYS,
    SURVEY_KEYS,
    TABLES,
)
from navmodels.reports.typed_tables import Problem, empty_table, read_table

ABOUT = "report.toml"
SHOWN = 12  # problems listed in one error

# what a value of report.toml may be, and what its keys take
TYPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "text": (
        "text in quotes, without control characters",
        lambda value: isinstance(value, str) and not re.search(r"[\x00-\x08\x0b-\x1f]", value),
    ),
    "year": ("a year such as 2025", lambda value: isinstance(value, int | str) and not isinstance(value, bool)),
    "names": ("text in quotes, or a list of such", lambda value: isinstance(value, int | str)),
    "file": ("letters, digits, spaces, _ and -", lambda value: bool(re.fullmatch(r"[\w -]{1,80}", str(value)))),
    "yes": ("true, false (without quotes)", lambda value: isinstance(value, bool)),
    "statistic": ("share, mean", lambda value: value in ("share", "mean")),
    "level": ("a number between 0 and 1", lambda value: isinstance(value, float) and 0 < value < 1),
}
REPORT_TYPES = {**dict.fromkeys(("title", "title_nb", "publisher", "language"), "text"), "year": "year"}
SURVEY_TYPES = {**dict.fromkeys(("label", "label_nb", "reference", "note"), "text"), "year": "year"}
ENTRY_TYPES = {
    **dict.fromkeys(("survey", "item", "answer", "title", "title_nb"), "text"), "name": "text", "rest": "yes",
    **dict.fromkeys(("items", "answers", "batteries", "group_dim", "without", "claims", "time", "time_from"), "names"),
    "statistic": "statistic",
}  # fmt: skip
PLOT_TYPES = {**ENTRY_TYPES, "name": "file", **dict.fromkeys(("time", "time_from"), "year"), "group_dim": "text"}


@dataclass(frozen=True)
class Report:
    """A report that was read: what is in it, nothing computed.

    Attributes
    ----------
    name
        That of the folder.
    about
        report.toml.
    surveys
        What report.toml says of each survey, by name.
    tables
        Every table of the schema, with all its columns; the index is the row of the file.
    """

    name: str
    about: Mapping[str, Any]
    surveys: Mapping[str, Mapping[str, Any]]
    tables: Mapping[str, pd.DataFrame]


def read_folder(path: str | Path) -> Report:
    r"""Return the report of a folder.

    Raises
    ------
    ValueError
        When there is no such folder, or something in it is wrong: file, row, column, what is allowed, the nearest name.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "report.toml").write_text('title = "T"\n[surveys.visitors]\nn = 151\nwieghted = true\n')
    >>> _ = (folder / "numbers.csv").write_text("item,value\neasy,58\n")
    >>> read_folder(folder)
    Traceback (most recent call last):
    ValueError: one thing is wrong in the folder ...:
    report.toml, [surveys.visitors]: 'wieghted' is no key here; allowed: n, year, ... Did you mean 'weighted'?
    """
    report, problems = _read(Path(path))
    if problems:
        count = "one thing is" if len(problems) == 1 else f"{len(problems)} things are"
        more = f"\n... and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        listed = "\n".join(str(problem) for problem in problems[:SHOWN])
        raise ValueError(f"{count} wrong in the folder {report.name}:\n{listed}{more}")
    return report


def check_folder(path: str | Path) -> list[str]:
    """Return all that is wrong in a folder, one sentence each; an empty list when it can be audited."""
    return [str(problem) for problem in _read(Path(path))[1]]


# ---- inside


def _read(path: Path) -> tuple[Report, list[Problem]]:
    if path.is_file():
        raise ValueError(f"{str(path)!r} is a file; give the folder that it lies in.")
    if not path.is_dir():
        raise ValueError(f"there is no folder {str(path)!r}. `navmodels report new {path}` makes one to fill in.")
    about, problems = _about(path / ABOUT)
    tables = {name: empty_table(name) for name in TABLES}
    for file in sorted(path.iterdir()):
        known = file.stem in TABLES and file.suffix == ".csv"
        if not known and file.suffix.lower() != ".csv":
            continue
        if not known:
            allowed = ", ".join(f"{name}.csv" for name in TABLES)
            hint = checks.nearest(file.name, [f"{name}.csv" for name in TABLES])
            problems.append(Problem(file.name, None, "", f"is no table of a report; allowed: {allowed}.{hint}"))
            continue
        tables[file.stem], found = read_table(file, file.stem)
        problems += found
    if not (path / "numbers.csv").is_file():
        problems.append(Problem("numbers.csv", None, "", "is missing; it is the one table that must be there."))
    elif not problems and tables["numbers"].empty:
        problems.append(
            Problem("numbers.csv", None, "", "holds no number; write one printed number a row below the headings.")
        )
    surveys = _surveys(about, tables)
    if not problems:  # what is told apart by names is checked when the names can be read
        tables = {name: _filled(table, surveys) for name, table in tables.items()}
        problems = list(wrong_references(surveys, tables, about))
    return Report(path.resolve().name, about, surveys, tables), problems


def _about(file: Path) -> tuple[dict[str, Any], list[Problem]]:
    if not file.is_file():
        return {}, [Problem(ABOUT, None, "", "is missing; it needs a title, and [surveys.X] with n for each survey.")]
    try:
        about = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return {}, [Problem(ABOUT, None, "", f"cannot be read as TOML: {error}.")]
    return about, list(_wrong_about(about))


def _wrong_about(about: dict[str, Any]) -> Iterator[Problem]:
    yield from _keys("", about, REPORT_KEYS)
    yield from _wrong_types("", about, REPORT_TYPES)
    if not isinstance(about.get("title"), str):
        yield _problem("", 'has no title; write title = "..." in its first line.')
    surveys = about.get("surveys", {})
    if not isinstance(surveys, dict) or not all(isinstance(each, dict) for each in surveys.values()):
        yield _problem("", "surveys is no set of sections; write [surveys.NAME] and below it n = 1234.")
        surveys = {}
    for name, facts in surveys.items():
        yield from _keys(f"[surveys.{name}]", facts, tuple(SURVEY_KEYS))
        yield from _wrong_survey(f"[surveys.{name}]", facts)
    yield from _wrong_entries("models", about.get("models", []), MODEL_KEYS, MODEL_KINDS)
    yield from _wrong_entries("plots", about.get("plots", []), PLOT_KEYS, PLOT_KINDS)
    if not isinstance(about.get("moved", {}), dict):
        yield _problem("", 'moved is no section; write [moved] and below it old_table = "how it is read now".')
    words = about.get("words", {})
    if not isinstance(words, dict) or not all(isinstance(each, dict) for each in words.values()):
        yield _problem("", 'words is no set of sections; write [words.nb] and below it "summary" = "sammendrag".')
        return
    for language, section in words.items():
        yield from _wrong_types(f"[words.{language}]", section, dict.fromkeys(section, "text"))
    stars = about.get("stars", {})
    if not isinstance(stars, dict):
        yield _problem("", 'stars is no section; write [stars] and below it "*" = 0.05.')
        return
    yield from _wrong_types("[stars]", stars, dict.fromkeys(stars, "level"))


def _wrong_survey(place: str, facts: dict[str, Any]) -> Iterator[Problem]:
    for key in ("n", "invited", "population"):
        value = facts.get(key, 1)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            yield _problem(place, f"{key} is {value!r}; allowed: a whole number from 1, without quotes.")
    for key in ("weighted", "register"):
        if not isinstance(facts.get(key, True), bool):
            yield _problem(place, f"{key} is {facts[key]!r}; allowed: true, false (without quotes).")
    yield from _wrong_types(place, facts, SURVEY_TYPES)
    effect = facts.get("design_effect", 1.0)
    each = effect if isinstance(effect, list) and effect else [effect]
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) and 0 < one < 1000 for one in each)
    if not numbers and effect != "estimate":
        text = f'design_effect is {effect!r}; allowed: a number above 0, a list of such, or "estimate".'
        yield _problem(place, text)
    for key in ("invited", "population"):
        if isinstance(facts.get(key), int) and isinstance(facts.get("n"), int) and facts[key] < facts["n"]:
            yield _problem(place, f"{key} is {facts[key]!r}, less than n, which is {facts['n']!r}.")


def _wrong_entries(
    section: str, entries: Any, keys: tuple[str, ...], kinds: tuple[str, ...]
) -> Iterator[Problem]:  # fmt: skip
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        yield _problem("", f"{section} is no list of sections; write [[{section}]], with kind = ... below it.")
        return
    for place, entry in enumerate(entries, start=1):
        where = f"[[{section}]] number {place}"
        yield from _keys(where, entry, keys)
        yield from _wrong_types(where, entry, PLOT_TYPES if section == "plots" else ENTRY_TYPES)
        if entry.get("kind") not in kinds:
            hint = checks.nearest(entry.get("kind", ""), kinds)
            yield _problem(where, f"kind is {entry.get('kind')!r}; allowed: {', '.join(kinds)}.{hint}")


def _wrong_types(place: str, given: dict[str, Any], types: Mapping[str, str]) -> Iterator[Problem]:
    """Yield values that are of another type than their key takes."""
    for key in (key for key in types if key in given):
        allowed, right = TYPES[types[key]]
        several = types[key] == "names" and isinstance(given[key], list)
        for value in given[key] if several else [given[key]]:
            if not right(value):
                yield _problem(place, f"{key} is {value!r}; allowed: {allowed}.")


def _keys(place: str, given: dict[str, Any], allowed: tuple[str, ...]) -> Iterator[Problem]:
    for key in given:
        if key not in allowed:
            text = f"{key!r} is no key here; allowed: {', '.join(allowed)}.{checks.nearest(key, allowed)}"
            yield _problem(place, text)


def _problem(place: str, text: str) -> Problem:
    return Problem(f"{ABOUT}, {place}" if place else ABOUT, None, "", text)


def _surveys(about: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """Return the surveys of report.toml; where it has none, those that the numbers name, without facts."""
    given = about.get("surveys", {})
    if isinstance(given, dict) and given:
        return {name: facts for name, facts in given.items() if isinstance(facts, dict)}
    named = [name for name in dict.fromkeys(tables["numbers"]["survey"]) if name]
    return {name: {} for name in named or ["survey"]}


def _filled(table: pd.DataFrame, surveys: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return a table with what may be left out: the one survey, its year, how many answers an item takes."""
    if "survey" not in table:
        return table
    table = table.copy()
    if "answers" in table:  # items
        table["answers"] = table["answers"].mask(
            table["answers"] == "", table["kind"].map({"tick": "several"}).fillna("one")
        )
    if len(surveys) == 1:
        table["survey"] = table["survey"].mask(table["survey"] == "", next(iter(surveys)))
    if "statistic" in table or "direction" in table:  # numbers and claims
        years = {name: str(facts.get("year", "")) for name, facts in surveys.items()}
        table["time"] = table["time"].mask(table["time"] == "", table["survey"].map(years).fillna(""))
    return table
