"""Checks that nobody types: what the structure of a report's tables implies, and the relations that somebody typed.

Parts of a dim add up and mix into the whole; single answers add to 100; counts are shares; intervals follow from n or
standard errors; changes from their levels. Which checks there are depends on what is printed, not on the values.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from navmodels.reports.folders import Report
from navmodels.reports.printed_intervals import EFFECTS, edge_of, estimate_reading, implied_effect, is_cut
from navmodels.reports.quantities import dims_as_questions, group_names, number_names, plain, rounding, survey_names
from navmodels.reports.relations import Check, formula_check
from navmodels.reports.schema import ALL, YES
from navmodels.reports.typed_tables import records

LOOSE = 0.25  # of half their width, by which intervals are off where their formula is known roughly only
SKIPPED = 0.1  # of the respondents that may not have answered a question whose bases are not printed
SMALL = 1000  # below it a share in whole percents does not fit every base
SAME = ["survey", "item", "answer", "group_dim", "group", "time", "time_from", "statistic"]
QUESTION = ["survey", "item", "answer", "time", "statistic"]


def list_checks(report: Report) -> list[Check]:
    """Return every check of a report, those from structure first.

    Examples
    --------
    >>> import tempfile
    >>> from navmodels.reports.folders import read_folder
    >>> from navmodels.reports.skeletons import write_skeleton
    >>> _ = write_skeleton(folder := tempfile.mkdtemp())
    >>> [check.code for check in list_checks(read_folder(folder))]
    ['sum', 'sum_of_bases', 'part', 'part', 'mix', 'count', 'count', 'count', 'relation']
    """
    numbers = report.tables["numbers"]
    numbers = numbers.assign(name=number_names(numbers))
    read = readings(report)
    rules = (_sums, _sums_of_bases, _parts, _mixes, _hundreds, _counts, _twice, _intervals, _changes, _filters)
    found = [check for rule in rules for check in rule(report, numbers, read)]
    return [*found, *_typed(report)]


def readings(report: Report) -> dict[str, dict[str, Any]]:
    """Return how the printed intervals of each survey are read: design effect and form, given or estimated.

    Where more than one in twenty are slightly off, the formula is not known to the digit: read with a `slack`.
    A survey with weights and no design effect has none: its intervals cannot be recomputed.
    """
    numbers = report.tables["numbers"]
    out = {}
    for survey, facts in report.surveys.items():
        rows = numbers[(numbers["survey"] == survey) & (numbers["statistic"] == "share")]
        whole = rows[["lower", "upper", "n"]].notna().all(axis=1)
        rows = rows[whole & rows["value"].between(0, 100, inclusive="neither")]
        table = rows.assign(half=0.5 * 0.1 ** rows["value_digits"], end=0.5 * 0.1 ** rows["lower_digits"])
        given = facts.get("design_effect", None if facts.get("weighted") else 1.0)
        given = given[0] if isinstance(given, list) else given
        estimated = given == "estimate"
        if given is None or (estimated and table.empty):
            continue
        read = estimate_reading(table, effects=EFFECTS if estimated else np.array([float(given)]))
        if 2 * read["intervals"] < read["of"] and estimated:
            read = estimate_reading(table, effects=np.array([round(implied_effect(table), 2)]))
        near = estimate_reading(table, effects=np.array([read["design_effect"]]), slack=LOOSE)
        loose = near["intervals"] - read["intervals"] > read["of"] / 20
        facts = {"estimated": estimated, "slack": LOOSE if loose else 0, "cut": is_cut(table)}
        out[survey] = (near if loose else read) | facts
    return out


# ---- inside


def _weighted(report: Report, survey: str) -> bool:
    return bool(report.surveys[survey].get("weighted", False))


def _divisions(report: Report) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield each survey and dim whose groups divide the whole, with the rows of the groups."""
    groups = report.tables["groups"]
    for (survey, dim), rows in groups.groupby(["survey", "group_dim"], sort=False):
        if (rows["part"] == YES).all() and len(rows) > 1:
            yield str(survey), str(dim), rows


def _whole_of(report: Report, survey: str, of: str) -> str:
    """Return a formula for the size of what a group is a part of; empty where it is not in print."""
    if of.isdigit():
        return of
    if of:
        return plain("n", survey, *of.split("/"))
    return plain("n", survey) if "n" in report.surveys[survey] else ""


def _sums(report: Report, numbers: pd.DataFrame, read: Any) -> Iterator[Check]:
    """Sizes of the groups of a dim add up to the whole, those of the sample and those of the population."""
    for survey, dim, rows in _divisions(report):
        whole = _whole_of(report, survey, rows["of"].iloc[0]) if rows["of"].nunique() == 1 else ""
        yield from _sum("n", whole, survey, dim, rows)
        if "population" in report.surveys[survey] and not rows["of"].any():
            yield from _sum("population", plain("population", survey), survey, dim, rows)


def _sum(field: str, whole: str, survey: str, dim: str, rows: pd.DataFrame) -> Iterator[Check]:
    if not whole or rows[field].isna().any():
        return
    parts = [plain(field, survey, dim, group) for group in rows["group"]]
    facts = {"group_dim": dim, "groups": len(parts), "survey": survey}
    if whole.isdigit():
        first, rest = parts[0], "-".join([whole, *parts[1:]])
        yield formula_check("sum", first, rest, reproduces=tuple(parts), suspects=tuple(parts), facts=facts)
        return
    both = (whole, *parts)
    yield formula_check("sum", whole, "+".join(parts), reproduces=both, suspects=both, facts=facts)


def _sums_of_bases(report: Report, numbers: pd.DataFrame, read: Any) -> Iterator[Check]:
    """Bases printed with one question add up to no more than the base of the whole."""
    for _, dim, parts, whole in _questions(report, numbers):
        if parts["n"].notna().all() and pd.notna(whole.n):
            names = [f"{name}.n" for name in parts["name"]]
            facts = {"group_dim": dim, "groups": len(names)}
            total = f"{whole.name}.n"
            yield formula_check(
                "sum_of_bases", total, "+".join(names), comparison=">=", seconds=tuple(names), facts=facts
            )


def _parts(report: Report, numbers: pd.DataFrame, read: Any) -> Iterator[Check]:
    """The printed share of a group is its size out of the whole; with weights it need not be."""
    for row in records(report.tables["groups"]):
        whole = _whole_of(report, row.survey, row.of)
        if whole and pd.notna(row.n) and pd.notna(row.share) and not _weighted(report, row.survey):
            size, share = (plain(field, row.survey, row.group_dim, row.group) for field in ("n", "share"))
            yield formula_check("part", share, f"100*{size}/{whole}")


def _questions(report: Report, numbers: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame, Any]]:
    """Yield each question printed for every group that divides the whole, and for the whole."""
    rows = numbers[numbers["statistic"].isin(["share", "mean"]) & (numbers["bound"] == "eq")]
    rows = rows.drop_duplicates(SAME)
    wholes = dict(iter(rows[rows["group_dim"] == ALL].groupby(QUESTION, sort=False)))
    by_dim = dict(iter(rows.groupby(["survey", "group_dim"], sort=False)))
    for survey, dim, groups in _divisions(report):
        if groups["of"].any():
            continue
        for key, parts in by_dim.get((survey, dim), rows.head(0)).groupby(QUESTION, sort=False):
            if set(parts["group"]) == set(groups["group"]) and key in wholes:
                yield survey, dim, parts, records(wholes[key])[0]


def _mixes(report: Report, numbers: pd.DataFrame, read: Any) -> Iterator[Check]:
    """The groups of a dim mix into the whole.

    By the bases printed with the numbers, in surveys without weights and where they make up the base of the whole; else
    by the printed sizes of the groups; else the whole lies between its groups.
    """
    for survey, dim, parts, whole in _questions(report, numbers):
        names = list(parts["name"])
        more: Any = {"facts": {"group_dim": dim, "groups": len(names)}, "seconds": tuple(names)}
        total = parts["n"].sum(skipna=False)
        if not _weighted(report, survey) and total == (total if pd.isna(whole.n) else whole.n):
            weights = [f"{name}.n" for name in names]
        elif sizes := _sizes(report, numbers, parts):
            weights = list(sizes)
            more["facts"]["half"] = sizes
        else:
            listed = ", ".join(names)
            yield formula_check("between", whole.name, f"max({listed})", comparison="<=", **more)
            yield formula_check("between", whole.name, f"min({listed})", comparison=">=", **more)
            continue
        mixed = "+".join(f"{weight}*{name}" for weight, name in zip(weights, names, strict=True))
        yield formula_check("mix", whole.name, f"({mixed})/({'+'.join(weights)})", **more)


def _sizes(report: Report, numbers: pd.DataFrame, parts: pd.DataFrame) -> dict[str, float]:
    """Return the printed sizes by which groups mix, and how far off each may be; none where others answered.

    Without weights the sizes in the sample, with weights the printed shares, unless they are shares of the bases. Those
    who answered are all when the year is the survey's, no filter led to the question and no other base is in print.
    """
    survey, item, time, dim = parts[["survey", "item", "time", "group_dim"]].iloc[0]
    groups, items = report.tables["groups"], report.tables["items"]
    rows = groups[(groups["survey"] == survey) & (groups["group_dim"] == dim)].set_index("group").loc[parts["group"]]
    field = "share" if _weighted(report, survey) else "n"
    times = set(numbers.loc[numbers["survey"] == survey, "time"])
    later = len(times) > 1 and time != str(report.surveys[survey].get("year", ""))
    filtered = ((items["survey"] == survey) & (items["item"] == item) & (items["asked_of"] != "")).any()
    other = (parts["n"].notna().to_numpy() & (parts["n"].to_numpy() != rows["n"].to_numpy())).any()
    unsaid = parts["n"].isna().any() and "n" not in report.surveys[survey]
    if rows[field].isna().any() or later or filtered or other or unsaid:
        return {}
    half = 0.5 * 10.0 ** -rows["share_digits"].astype(float)
    if field == "share" and ((100 * rows["n"] / rows["n"].sum() - rows["share"]).abs() <= half).all():
        return {}
    whole, part = float(report.surveys[survey].get("n", np.nan)), rows[field] / rows[field].sum()
    halves = half if field == "share" else 0.0 * part
    if parts["n"].isna().any():
        halves = np.maximum(halves, 2 * np.sqrt(SKIPPED * part * (1 - part) / whole) * rows[field].sum())
    return {plain(field, survey, dim, group): float(halves[group]) for group in parts["group"]}


def _hundreds(report: Report, numbers: pd.DataFrame, read: Any) -> Iterator[Check]:
    """The answers of a question that takes one add to 100, where all are printed."""
    items = report.tables["items"]
    complete = items[(items["complete"] == YES) & (items["answers"] != "several")]
    keys = set(zip(complete["survey"], complete["item"], strict=True))
    halves = [rounding(row.value, row.value_digits, row.statistic, row.precision)[0] for row in records(numbers)]
    shares = pd.concat([numbers.assign(half=halves), dims_as_questions(report)])
    shares = shares[(shares["statistic"] == "share") & (shares["bound"] == "eq")].drop_duplicates(SAME)
    answers = {key: set(rows["answer"]) for key, rows in shares.groupby(["survey", "item"])}
    nets = {
        key: {each: parts for each in sorted(found) if (parts := _parts_of(each, found))}
        for key, found in answers.items()
    }
    for (survey, item, *_), rows in shares.groupby(["survey", "item", "group_dim", "group", "time"], sort=False):
        named, net = dict(zip(rows["answer"], rows["name"], strict=True)), nets[survey, item]
        for answer, wanted in net.items():
            parts = [named[part] for part in wanted if part in named]
            if parts and answer in named:
                sign = "=" if len(parts) == len(wanted) else ">="
                yield formula_check("net", named[answer], "+".join(parts), comparison=sign, facts={"answers": wanted})
        rows = rows[~rows["answer"].isin(net)]
        if (survey, item) in keys and set(rows["answer"]) == answers[survey, item] - set(net) and len(rows) > 1:
            names = tuple(rows["name"])
            rest = "100-" + "-".join(names[1:])
            total, half = rows["value"].sum(), rows["half"].sum()
            facts = {"answers": len(names), "total": total, "least": total - half, "most": total + half}
            yield formula_check("hundred", names[0], rest, reproduces=(), suspects=names, facts=facts)


def _parts_of(answer: str, answers: set[str]) -> list[str]:
    """Return the answers that a net such as "4-6" takes together; none where it is no net of printed ones."""
    ends = re.fullmatch(r"(\d+)\s*[-–]\s*(\d+)", answer)
    parts = [str(each) for each in range(int(ends[1]), int(ends[2]) + 1)] if ends else []
    return parts if set(parts) <= answers else []


def _counts(report: Report, numbers: pd.DataFrame, read: Any) -> Iterator[Check]:
    """A printed count is its share of n; without one, some whole count must print so. Without weights only."""
    unweighted = numbers["survey"].map(lambda survey: not _weighted(report, survey))
    rows = numbers[(numbers["statistic"] == "share") & (numbers["bound"] == "eq") & numbers["n"].notna() & unweighted]
    for row in records(rows):
        if pd.notna(row.count):
            yield formula_check("count", row.name, f"100*{row.name}.count/{row.name}.n")
        elif row.precision == "exact" and row.n < SMALL:
            names = (row.name, f"{row.name}.n")
            yield Check("whole_count", row.name, names, kind="counts", suspects=(row.name,))


def _twice(report: Report, numbers: pd.DataFrame, read: Any) -> Iterator[Check]:
    """The same quantity in two places is printed alike; beside an interval, it is held against that too."""
    for _, rows in numbers.groupby(SAME, sort=False):
        if len(rows) == 1:
            continue
        first, *others = records(rows)
        for other in others:
            names = (first.name, other.name)
            facts = {"references": (first.reference, other.reference)}
            yield Check("twice", first.name, names, kind="twice", suspects=names, facts=facts)


def _intervals(report: Report, numbers: pd.DataFrame, read: dict[str, dict[str, Any]]) -> Iterator[Check]:
    """Both ends of an interval, and a standard error, follow from a share and its n, or from a mean and its error."""
    whole = numbers[numbers[["lower", "upper"]].notna().all(axis=1) & (numbers["bound"] == "eq")]
    for row in records(whole):
        value, lower, upper, n, se = (row.name, *(f"{row.name}.{field}" for field in ("lower", "upper", "n", "se")))
        blame: Any = {"reproduces": (lower, upper), "suspects": (lower, upper), "seconds": (value,)}
        if row.statistic == "share" and _readable(row, read.get(row.survey)):
            facts, names = read[row.survey], (value, lower, upper, n)
            exact = () if facts["slack"] else (lower, upper)
            yield Check("interval", lower, names, kind="interval", facts=facts, **blame | {"reproduces": exact})
            if pd.notna(row.se):
                yield Check("error", se, (se,), names, "se", reproduces=(se,), suspects=(se,), facts=facts)
        elif row.statistic == "mean" and pd.notna(row.se):
            yield Check("mean_interval", lower, (value, lower, upper, se), kind="mean_interval", **blame)


def _readable(row: Any, facts: dict[str, Any] | None) -> bool:
    """Return whether the interval of a share can be recomputed: most of its survey can, and it is not at the edge."""
    if facts is None or pd.isna(row.n) or facts["of"] - facts["intervals"] > max(1, facts["of"] / 5):
        return False
    edge = edge_of(row.n / facts["design_effect"])
    return bool(edge < row.value < 100 - edge)


def _changes(report: Report, numbers: pd.DataFrame, read: Any) -> Iterator[Check]:
    """A printed change is the difference of its two levels."""
    key = [name for name in SAME if name not in ("time", "time_from", "statistic")]
    levels: dict[tuple[Any, ...], str] = {}
    for row in records(numbers[numbers["statistic"].isin(["share", "mean"])]):
        levels.setdefault((*(getattr(row, name) for name in key), row.time), row.name)
    for row in records(numbers[(numbers["statistic"] == "change") & (numbers["time_from"] != "")]):
        about = tuple(getattr(row, name) for name in key)
        ends = [levels.get((*about, time)) for time in (row.time, row.time_from)]
        if None not in ends:
            yield formula_check("change", row.name, f"{ends[0]}-{ends[1]}", facts={"times": (row.time_from, row.time)})


def _filters(report: Report, numbers: pd.DataFrame, read: Any) -> Iterator[Check]:
    """Those asked a question are no more than gave the answer that leads to it; with weights about so many."""
    whole = numbers[(numbers["group_dim"] == ALL) & numbers["n"].notna()]
    for row in records(report.tables["items"].query("asked_of != ''")):
        item, answer = row.asked_of.split("/")
        here = whole[whole["survey"] == row.survey]
        led = here[(here["item"] == item) & (here["answer"] == answer) & (here["statistic"] == "share")]
        leading = {each.time: each for each in reversed(records(led))}
        asked = here[(here["item"] == row.item) & here["time"].isin(list(leading))].drop_duplicates(["n", "time"])
        if _weighted(report, row.survey):
            continue
        for each in records(asked):
            first = leading[each.time]
            formula = f"{first.name}*{first.name}.n/100"
            yield formula_check("filter", f"{each.name}.n", formula, comparison="<=", facts={"asked_of": row.asked_of})


def _typed(report: Report) -> Iterator[Check]:
    """Relations that somebody typed, alone or as rows of a system."""
    relations = report.tables["relations"]
    loose = _weighted_sizes(report)
    for row in records(relations[relations["system"] == ""]):
        check = formula_check("relation", row.target, row.formula, comparison=row.comparison)
        sizes = [name for name in check.names if name in loose]
        half = dict.fromkeys(sizes, 0.5) if len(sizes) < len(check.names) else {}
        yield replace(check, facts={"how": row.how, "formula": row.formula, "half": half})
    for system, rows in relations[relations["system"] != ""].groupby("system", sort=False):
        parts = tuple(zip(rows["target"], rows["comparison"], rows["formula"], strict=True))
        base = formula_check("system", rows["target"].iloc[0], "+".join(f"({formula})" for formula in rows["formula"]))
        names = tuple(dict.fromkeys([*rows["target"], *(name for name in base.names if not name.startswith("x_"))]))
        for target in dict.fromkeys(rows["target"]):
            facts = {"rows": parts, "system": system, "how": rows.loc[rows["target"] == target, "how"].iloc[0]}
            one, rest = (target,), tuple(name for name in names if name != target)
            yield Check("system", target, one, rest, "system", reproduces=one, suspects=one, facts=facts)


def _weighted_sizes(report: Report) -> set[str]:
    """Return the names of sizes in weighted surveys: beside weighted shares they may be weighted too, and rounded."""
    weighted = {survey for survey in report.surveys if _weighted(report, survey)}
    groups = report.tables["groups"]
    sizes = {name for name, (survey, _) in survey_names(report.surveys).items() if survey in weighted}
    sizes |= {name for name, (row, field) in group_names(groups).items()
              if field == "n" and groups.at[row, "survey"] in weighted}  # fmt: skip
    numbers = report.tables["numbers"]
    named = number_names(numbers)[numbers["survey"].isin(weighted)]
    return sizes | {f"{name}.{field}" for name in named for field in ("n", "count")}
