"""A report as a folder of tables: reading it, and saying all that is wrong with it.

Nothing is computed from the numbers here; see `quantities`.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from navmodels import checks
from navmodels.reports.references import wrong_references
from navmodels.reports.schema import MODEL_KEYS, MODEL_KINDS, PLOT_KEYS, PLOT_KINDS, REPORT_KEYS, SURVEY_KEYS, TABLES
from navmodels.reports.typed_tables import Problem, empty_table, read_table

ABOUT = "report.toml"
SHOWN = 12  # problems listed in one error

# what a value of report.toml may be
TYPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "any": ("", lambda value: True),
    "text": (
        "text in quotes, without control characters",
        lambda value: isinstance(value, str) and not re.search(r"[\x00-\x08\x0b-\x1f]", value),
    ),
    "year": ("a year such as 2025", lambda value: isinstance(value, int | str) and not isinstance(value, bool)),
    "names": ("text in quotes, or a list of such", lambda value: isinstance(value, int | str)),
    "file": ("letters, digits, spaces, _ and -", lambda value: bool(re.fullmatch(r"[\w -]{1,80}", str(value)))),
    "yes": ("true, false (without quotes)", lambda value: isinstance(value, bool)),
    "whole": ("a whole number from 1, without quotes", lambda value: type(value) is int and value >= 1),
    "statistic": ("share, mean", lambda value: value in ("share", "mean")),
    "level": ("a number between 0 and 1", lambda value: isinstance(value, float) and 0 < value < 1),
    "effect": (
        'a number above 0, a list of such, or "estimate"',
        lambda value: (
            value == "estimate" or all(map(_is_effect, value if isinstance(value, list) and value else [value]))
        ),
    ),
}
# how the sections of report.toml look
SECTIONS = {
    "surveys": "no set of sections; write [surveys.NAME] and below it n = 1234.",
    "words": 'no set of sections; write [words.nb] and below it "summary" = "sammendrag".',
    "moved": 'no section; write [moved] and below it old_table = "how it is read now".',
    "stars": 'no section; write [stars] and below it "*" = 0.05.',
}


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

    def weighted(self, survey: str) -> bool:
        """Return whether a survey has weights."""
        return bool(self.surveys[survey].get("weighted", False))


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
    names = [f"{name}.csv" for name in TABLES]
    for file in sorted(file for file in path.iterdir() if file.suffix.lower() == ".csv"):
        if file.name not in names:
            text = f"is no table of a report; allowed: {', '.join(names)}.{checks.nearest(file.name, names)}"
            problems.append(Problem(file.name, None, "", text))
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
    yield from _wrong_keys("", about, REPORT_KEYS)
    if not isinstance(about.get("title"), str):
        yield _problem("", 'has no title; write title = "..." in its first line.')
    sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    for name, remedy in SECTIONS.items():
        given = about.get(name, {})
        inner = given.values() if isinstance(given, dict) and name in ("surveys", "words") else ()
        if isinstance(given, dict) and all(isinstance(each, dict) for each in inner):
            sections[name] = given
        else:
            yield _problem("", f"{name} is {remedy}")
    for name, facts in sections["surveys"].items():
        yield from _wrong_keys(f"[surveys.{name}]", facts, SURVEY_KEYS)
        for key in ("invited", "population"):
            if isinstance(facts.get(key), int) and isinstance(facts.get("n"), int) and facts[key] < facts["n"]:
                text = f"{key} is {facts[key]!r}, less than n, which is {facts['n']!r}."
                yield _problem(f"[surveys.{name}]", text)
    yield from _wrong_entries("models", about.get("models", []), MODEL_KEYS, MODEL_KINDS)
    yield from _wrong_entries("plots", about.get("plots", []), PLOT_KEYS, PLOT_KINDS)
    for language, section in sections["words"].items():
        yield from _wrong_types(f"[words.{language}]", section, dict.fromkeys(section, "text"))
    yield from _wrong_types("[stars]", sections["stars"], dict.fromkeys(sections["stars"], "level"))


def _wrong_entries(section: str, entries: Any, keys: Mapping[str, str], kinds: Sequence[str]) -> Iterator[Problem]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        yield _problem("", f"{section} is no list of sections; write [[{section}]], with kind = ... below it.")
        return
    for place, entry in enumerate(entries, start=1):
        where = f"[[{section}]] number {place}"
        yield from _wrong_keys(where, entry, keys)
        if entry.get("kind") not in kinds:
            hint = checks.nearest(entry.get("kind", ""), kinds)
            yield _problem(where, f"kind is {entry.get('kind')!r}; allowed: {', '.join(kinds)}.{hint}")


def _wrong_keys(place: str, given: dict[str, Any], types: Mapping[str, str]) -> Iterator[Problem]:
    """Yield keys that are not allowed, and values of another type than their key takes."""
    for key in given:
        if key not in types:
            yield _problem(place, f"{key!r} is no key here; allowed: {', '.join(types)}.{checks.nearest(key, types)}")
    yield from _wrong_types(place, given, types)


def _wrong_types(place: str, given: dict[str, Any], types: Mapping[str, str]) -> Iterator[Problem]:
    for key in (key for key in types if key in given):
        allowed, right = TYPES[types[key]]
        several = types[key] == "names" and isinstance(given[key], list)
        for value in given[key] if several else [given[key]]:
            if not right(value):
                yield _problem(place, f"{key} is {value!r}; allowed: {allowed}.")


def _is_effect(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < 1000


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
        usual = table["kind"].map({"tick": "several"}).fillna("one")
        table["answers"] = table["answers"].mask(table["answers"] == "", usual)
    if len(surveys) == 1:
        table["survey"] = table["survey"].mask(table["survey"] == "", next(iter(surveys)))
    if "statistic" in table or "direction" in table:  # numbers and claims
        years = {name: str(facts.get("year", "")) for name, facts in surveys.items()}
        table["time"] = table["time"].mask(table["time"] == "", table["survey"].map(years).fillna(""))
    return table
