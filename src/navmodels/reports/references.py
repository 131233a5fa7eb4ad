"""What the tables of a folder say of each other: names that must be known, numbers that cannot be.

Each rule yields problems; none repairs anything.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from navmodels import checks
from navmodels.reports.formulas import names_of
from navmodels.reports.quantities import coefficient_names, group_names, survey_names
from navmodels.reports.schema import ALL, EACH, FIELDS, OTHERS, UNKNOWN
from navmodels.reports.systems import is_linear
from navmodels.reports.typed_tables import Problem, records

Tables = Mapping[str, pd.DataFrame]
Surveys = Mapping[str, Mapping[str, Any]]

TAKEN = ("n_", "share_", "population_", "invited_", UNKNOWN)  # how names begin that are made from groups and surveys
ALIKE = 0.8  # a group this like a known one is taken for a misspelling of it
ALIKE_ITEM = 0.9  # items are longer, and alike by nature


def wrong_references(surveys: Surveys, tables: Tables, about: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong between the tables of a folder whose cells are right one by one."""
    unknown = list(_unknown_surveys(surveys, tables))
    yield from unknown
    if unknown:
        return
    yield from _wrong_numbers(tables["numbers"])
    yield from _twice(tables)
    yield from _groups(tables)
    yield from _items(tables)
    words = [word for section in about.get("words", {}).values() for word in section]
    yield from _spoken_of(tables, words)
    yield from _ids(surveys, tables)
    yield from _asked(tables)
    yield from _claims(tables["claims"])
    yield from _sections(surveys, tables, about)


# ---- inside


def _unknown_surveys(surveys: Surveys, tables: Tables) -> Iterator[Problem]:
    for name, table in tables.items():
        for column in ("survey", "survey_b"):
            for row, given in table.get(column, pd.Series(dtype="str")).items():
                if given == "" and column == "survey":
                    yield _at(name, row, column, f"is empty; allowed: {', '.join(surveys)}, as in report.toml.")
                elif given and given not in surveys:
                    yield _at(name, row, column, _not_known(given, surveys, "is no survey of report.toml"))


def _wrong_numbers(numbers: pd.DataFrame) -> Iterator[Problem]:
    """Yield printed numbers that cannot be: shares outside 0 to 100, ends on the wrong side, and the like."""
    share = numbers["statistic"] == "share"
    rules = [
        ("value", share & ~numbers["value"].between(0, 100), "a share is a percent from 0 to 100"),
        ("lower", numbers["lower"] > numbers["value"], "the lower end is at most the value"),
        ("upper", numbers["upper"] < numbers["value"], "the upper end is at least the value"),
        ("se", numbers["se"] < 0, "a standard error is not below 0"),
        ("n", numbers["n"] < 1, "a base is at least 1; leave the cell empty when it is not in print"),
        ("count", numbers["count"] > numbers["n"], "a count is at most its n"),
    ]
    for column, wrong, rule in rules:
        for row in numbers.index[wrong]:
            yield _at("numbers", row, column, f"holds {numbers.loc[row, column]:g}; {rule}.")
    stray = (numbers["time_from"] != "") & numbers["statistic"].isin(["share", "mean"])
    for row in numbers.index[stray]:
        text = f"holds {numbers.loc[row, 'time_from']!r}, but a share or mean is of one time; leave it empty."
        yield _at("numbers", row, "time_from", text)
    stray = (numbers["group_from"] != "") & (numbers["statistic"] != "change")
    for row in numbers.index[stray]:
        text = f"holds {numbers.loc[row, 'group_from']!r}, but the statistic is no change; leave it empty."
        yield _at("numbers", row, "group_from", text)


def _twice(tables: Tables) -> Iterator[Problem]:
    keys = {
        "numbers": ["id"],
        "groups": ["survey", "group_dim", "group"],
        "items": ["survey", "item"],
        "claims": ["claim"],
    }
    for name, key in keys.items():
        table = tables[name]
        named = table[table[key[-1]] != ""]
        for row in named.index[named.duplicated(key)]:
            first = named.index[(named[key] == named.loc[row, key]).all(axis=1)][0]
            yield _at(name, row, key[-1], f"holds {named.loc[row, key[-1]]!r} again; it stands in row {first} already.")


def _groups(tables: Tables) -> Iterator[Problem]:
    """Yield groups of numbers that look like misspellings of groups in groups.csv."""
    groups, numbers = tables["groups"], tables["numbers"]
    dims = {survey: [*dict.fromkeys(rows["group_dim"]), ALL] for survey, rows in groups.groupby("survey")}
    levels = {key: list(rows["group"]) for key, rows in groups.groupby(["survey", "group_dim"])}
    for row, survey, dim, group in records(numbers[["survey", "group_dim", "group"]]):
        if survey in dims and dim not in dims[survey] and _alike(dim, dims[survey]):
            yield _at("numbers", row, "group_dim", _not_known(dim, dims[survey], "is not in groups.csv", "groups"))
        known = levels.get((survey, dim), [])
        if known and group not in known and group != ALL and _alike(group, known):
            yield _at("numbers", row, "group", _not_known(group, known, "is not in groups.csv", "groups"))
    for row in groups.index[groups["population"] < groups["n"]]:
        text = f"holds {groups.loc[row, 'population']:g}, less than the n of the group, {groups.loc[row, 'n']:g}."
        yield _at("groups", row, "population", text)
    for row in groups.index[(groups["share"] < 0) | (groups["share"] > 100)]:
        yield _at("groups", row, "share", f"holds {groups.loc[row, 'share']:g}; a share is a percent from 0 to 100.")
    for row, survey, of in records(groups[["survey", "of"]]):
        if of and not re.fullmatch(r"\d+", of):
            allowed = [f"{name}/{group}" for (where, name), each in levels.items() if where == survey for group in each]
            if of not in allowed:
                yield _at("groups", row, "of", _not_known(of, allowed, "is no number, and no group_dim/group of them"))


def _items(tables: Tables) -> Iterator[Problem]:
    """Yield items of numbers that look like misspellings of items in items.csv."""
    listed = {survey: list(rows["item"]) for survey, rows in tables["items"].groupby("survey")}
    for row, survey, item in records(tables["numbers"][["survey", "item"]]):
        known = listed.get(survey, [])
        if item not in known and _alike(item, known, cutoff=ALIKE_ITEM):
            yield _at("numbers", row, "item", _not_known(item, known, "is not in items.csv", "items"))


def _spoken_of(tables: Tables, words: Sequence[str]) -> Iterator[Problem]:
    """Yield items, answers and groups of claims and bases that no other table has.

    An answer that is not in print may be spoken of when [words] has it; a group dim is a question too, its groups the
    answers.
    """
    answers: dict[tuple[str, str], set[str]] = {}
    levels: dict[tuple[str, str], set[str]] = {}
    regressions = tables["coefficients"]
    others = {*regressions["outcome"], *regressions["predictor"]}
    for row in [*records(tables["numbers"]), *records(tables["groups"])]:
        levels.setdefault((row.survey, row.group_dim), {ALL, OTHERS, EACH}).add(row.group)
        question = (row.item, row.answer) if hasattr(row, "item") else (row.group_dim, row.group)
        answers.setdefault((row.survey, question[0]), {ALL, OTHERS, *words}).add(question[1])
    items = {(row.survey, row.item) for row in records(tables["items"])} | set(answers)
    for name in ("claims", "bases"):
        for row in records(tables[name]):
            for end in ("", "_b") if name == "claims" else ("",):
                survey = getattr(row, f"survey{end}") or row.survey
                item, answer = getattr(row, f"item{end}"), getattr(row, f"answer{end}", "")
                if item and item != OTHERS and (survey, item) not in items and item not in others:
                    known = [*(each for where, each in items if where == survey), *others]
                    yield _at(name, row.Index, f"item{end}", _not_known(item, known, "is no item in print", "items"))
                    continue
                known_answers = answers.get((survey, item or row.item), set())
                if answer and known_answers and answer not in known_answers:
                    text = _not_known(answer, known_answers - set(words), f"is no answer of {item or row.item}")
                    yield _at(name, row.Index, f"answer{end}", text)
                if getattr(row, "kind", "") != "association":
                    yield from _spoken_groups(name, row, end, survey, levels)


def _spoken_groups(
    name: str, row: Any, end: str, survey: str, levels: Mapping[tuple[str, str], set[str]]
) -> Iterator[Problem]:  # fmt: skip
    dim, group = getattr(row, f"group_dim{end}") or row.group_dim, getattr(row, f"group{end}")
    if (survey, dim) not in levels and dim != ALL:
        dims = [each for where, each in levels if where == survey]
        yield _at(name, row.Index, f"group_dim{end}", _not_known(dim, dims, "divides nobody in print", "groups"))
    elif group and group not in levels.get((survey, dim), {ALL, OTHERS, EACH}):
        known = levels[survey, dim] - {ALL, OTHERS, EACH}
        yield _at(name, row.Index, f"group{end}", _not_known(group, known, f"is no group of {dim}", "groups"))


def _ids(surveys: Surveys, tables: Tables) -> Iterator[Problem]:
    """Yield ids that are taken, not known, or formulas that cannot be read."""
    for row, given in tables["numbers"]["id"].items():
        if str(given).startswith(TAKEN):
            text = f"holds {given!r}; names that begin with {', '.join(TAKEN)} are made from groups and surveys."
            yield _at("numbers", row, "id", text)
    named = tables["numbers"][tables["numbers"]["id"] != ""].set_index("id")
    ids = list(named.index)
    fields = [f"{name}.{field}" for field in FIELDS for name in named.index[named[field].notna()]]
    made = [*survey_names(surveys), *group_names(tables["groups"]), *coefficient_names(tables["coefficients"])]
    known = [*ids, *fields, *made]
    for row, given in tables["readings"]["id"].items():
        if given not in ids and given not in made:
            yield _at("readings", row, "id", _not_known(given, ids, "is no id of numbers.csv"))
    for column in ("numbers", "supports"):
        for row, given in tables["contradictions"][column].items():
            for name in str(given).split():
                if name not in known:
                    yield _at("contradictions", row, column, _not_known(name, known, "is no id of numbers.csv"))
    for row in records(tables["relations"]):
        if row.target not in known:
            yield _at("relations", row.Index, "target", _not_known(row.target, known, "is no id of numbers.csv"))
        try:
            names = names_of(row.formula)
        except ValueError as error:
            yield _at("relations", row.Index, "formula", str(error))
            continue
        if row.system and not is_linear(row.formula):
            text = f"holds {row.formula!r}; a row of a system is a sum of unknowns, or one such sum over another."
            yield _at("relations", row.Index, "formula", text)
        lost = [name for name in names if name not in known and not (row.system and name.startswith(UNKNOWN))]
        for name in lost:
            yield _at("relations", row.Index, "formula", _not_known(name, known, "is no id of numbers.csv"))


def _asked(tables: Tables) -> Iterator[Problem]:
    items, numbers = tables["items"], tables["numbers"]
    for row, survey, given in records(items[["survey", "asked_of"]]):
        if given and given.count("/") != 1:
            yield _at("items", row, "asked_of", f"holds {given!r}; allowed: item/answer.")
        elif given:
            here = numbers[numbers["survey"] == survey]
            sizes = tables["groups"].loc[tables["groups"]["survey"] == survey]
            known = [f"{item}/{answer}" for item, answer in zip(here["item"], here["answer"], strict=True)]
            known += [f"{dim}/{group}" for dim, group in zip(sizes["group_dim"], sizes["group"], strict=True)]
            if given not in known:
                yield _at("items", row, "asked_of", _not_known(given, known, "is no item/answer in print"))


def _claims(claims: pd.DataFrame) -> Iterator[Problem]:
    """Yield claims without the other side that their kind compares with."""
    needs = {
        "change": ("time_b",),
        "difference": ("group_b",),
        "answer": ("answer_b", "item_b"),
        "survey": ("survey_b",),
        "association": ("item_b",),
    }
    for row in records(claims):
        columns = needs.get(row.kind, ())
        if row.kind == "level" and pd.isna(row.level):
            yield _at(
                "claims", row.Index, "level", "is empty; a level needs the percent it is held against, such as 50."
            )
        if columns and not any(getattr(row, column) for column in columns) and row.kind != "change":
            yield _at("claims", row.Index, columns[0], f"is empty; a {row.kind} needs the other side here.")


def _sections(surveys: Surveys, tables: Tables, about: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield surveys, groups and items of [[models]] and [[plots]] that are not known."""
    numbers = tables["numbers"]
    for section in ("models", "plots"):
        for place, entry in enumerate(about.get(section, []), start=1):
            where = f"report.toml, [[{section}]] number {place}"
            if entry["kind"] == "ratings" and numbers.loc[numbers["item"] == entry.get("item"), "answer"].nunique() < 2:
                yield Problem(where, None, "item", "names no item with two answers or more in print, as ratings need.")
            for key, known in (
                ("survey", list(surveys)), ("group_dim", [*numbers["group_dim"], *tables["groups"]["group_dim"]]),
                ("items", [*numbers["item"]]), ("item", [*numbers["item"]]),
                ("without", [*numbers["id"], *group_names(tables["groups"])]),
                ("batteries", [*tables["items"]["battery"]]), ("claims", [*tables["claims"]["claim"]]),
                ("answers", [*numbers["answer"]]), ("answer", [*numbers["answer"]]),
                ("time", [*numbers["time"], *tables["claims"]["time"]]),
            ):  # fmt: skip
                given = entry.get(key, [])
                for name in given if isinstance(given, list) else [given]:
                    if str(name) not in known:
                        yield Problem(where, None, key, _not_known(str(name), known, "is not known"))


def _at(table: str, row: object, column: str, text: str) -> Problem:
    return Problem(f"{table}.csv", int(str(row)), column, text)


def _not_known(given: str, known: Iterable[str], what: str, home: str = "") -> str:
    names = sorted({name for name in known if name})  # the same order in every run
    listed = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    remedy = f" If it is meant, give it a row in {home}.csv." if home else ""
    return f"holds {given!r}, which {what}; there are: {listed or 'none'}.{checks.nearest(given, names)}{remedy}"


def _alike(given: str, known: Sequence[str], *, cutoff: float = ALIKE) -> bool:
    """Return whether a name looks like a misspelling of a known one; names that differ in digits only do not."""
    letters = re.sub(r"\d", "", given)
    others = [name for name in known if re.sub(r"\d", "", name) != letters]
    return bool(difflib.get_close_matches(given, others, n=1, cutoff=cutoff))
