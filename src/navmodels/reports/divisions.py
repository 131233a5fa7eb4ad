"""Checks of groups that divide the whole: their sizes add up, their shares are sizes, their numbers mix into its own.

Which checks there are depends on what is printed, not on the values; none is worked out here.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from navmodels.reports.folders import Report
from navmodels.reports.quantities import plain
from navmodels.reports.relations import Check, formula_check
from navmodels.reports.schema import ALL, YES
from navmodels.reports.typed_tables import records

SKIPPED = 0.1  # of the respondents that may not have answered a question whose bases are not printed
SAME = ["survey", "item", "answer", "group_dim", "group", "time", "time_from", "statistic"]
QUESTION = ["survey", "item", "answer", "time", "statistic"]


def check_divisions(report: Report, numbers: pd.DataFrame) -> Iterator[Check]:
    """Yield the checks of groups that divide the whole; `numbers` has a name for each row."""
    yield from _sums(report)
    yield from _sums_of_bases(report, numbers)
    yield from _parts(report)
    yield from _mixes(report, numbers)


# ---- inside


def _sums(report: Report) -> Iterator[Check]:
    """Sizes of the groups of a dim add up to the whole, those of the sample and those of the population."""
    for survey, dim, rows in _divisions(report):
        whole = _whole_of(report, survey, rows["of"].iloc[0]) if rows["of"].nunique() == 1 else ""
        yield from _sum("n", whole, survey, dim, rows)
        if "population" in report.surveys[survey] and not rows["of"].any():
            yield from _sum("population", plain("population", survey), survey, dim, rows)


def _sums_of_bases(report: Report, numbers: pd.DataFrame) -> Iterator[Check]:
    """Bases printed with one question add up to no more than the base of the whole."""
    for _, dim, rows, whole in _questions(report, numbers):
        if rows["n"].notna().all() and pd.notna(whole.n):
            names = tuple(rows["name"] + ".n")
            more: Any = {"facts": {"group_dim": dim, "groups": len(names)}, "seconds": names}
            yield formula_check("sum_of_bases", f"{whole.name}.n", "+".join(names), comparison=">=", **more)


def _parts(report: Report) -> Iterator[Check]:
    """The printed share of a group is its size out of the whole; with weights it need not be."""
    for row in records(report.tables["groups"]):
        whole = _whole_of(report, row.survey, row.of)
        if whole and pd.notna(row.n) and pd.notna(row.share) and not report.weighted(row.survey):
            size, share = (plain(field, row.survey, row.group_dim, row.group) for field in ("n", "share"))
            yield formula_check("part", share, f"100*{size}/{whole}")


def _mixes(report: Report, numbers: pd.DataFrame) -> Iterator[Check]:
    """The groups of a dim mix into the whole.

    By the bases printed with the numbers, in surveys without weights and where they make up the base of the whole; else
    by the printed sizes of the groups; else the whole lies between its groups.
    """
    for survey, dim, rows, whole in _questions(report, numbers):
        names = list(rows["name"])
        more: Any = {"facts": {"group_dim": dim, "groups": len(names)}, "seconds": tuple(names)}
        total = rows["n"].sum(skipna=False)
        if not report.weighted(survey) and total == (total if pd.isna(whole.n) else whole.n):
            weights = [f"{name}.n" for name in names]
        elif sizes := _sizes(report, numbers, rows):
            weights = list(sizes)
            more["facts"]["half"] = sizes
        else:
            listed = ", ".join(names)
            yield formula_check("between", whole.name, f"max({listed})", comparison="<=", **more)
            yield formula_check("between", whole.name, f"min({listed})", comparison=">=", **more)
            continue
        mixed = "+".join(f"{weight}*{name}" for weight, name in zip(weights, names, strict=True))
        yield formula_check("mix", whole.name, f"({mixed})/({'+'.join(weights)})", **more)


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


def _sum(field: str, whole: str, survey: str, dim: str, rows: pd.DataFrame) -> Iterator[Check]:
    if not whole or rows[field].isna().any():
        return
    names = [plain(field, survey, dim, group) for group in rows["group"]]
    facts = {"group_dim": dim, "groups": len(names), "survey": survey}
    target, formula, every = whole, "+".join(names), (whole, *names)
    if whole.isdigit():  # no printed quantity by itself: the first part is computed
        target, formula, every = names[0], "-".join([whole, *names[1:]]), tuple(names)
    yield formula_check("sum", target, formula, reproduces=every, suspects=every, facts=facts)


def _questions(report: Report, numbers: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame, Any]]:
    """Yield each question printed for every group that divides the whole, and for the whole."""
    rows = numbers[numbers["statistic"].isin(["share", "mean"]) & (numbers["bound"] == "eq")]
    rows = rows.drop_duplicates(SAME)
    wholes = dict(iter(rows[rows["group_dim"] == ALL].groupby(QUESTION, sort=False)))
    by_dim = dict(iter(rows.groupby(["survey", "group_dim"], sort=False)))
    for survey, dim, groups in _divisions(report):
        if groups["of"].any():
            continue
        for key, of_dim in by_dim.get((survey, dim), rows.head(0)).groupby(QUESTION, sort=False):
            if set(of_dim["group"]) == set(groups["group"]) and key in wholes:
                yield survey, dim, of_dim, records(wholes[key])[0]


def _sizes(report: Report, numbers: pd.DataFrame, parts: pd.DataFrame) -> dict[str, float]:
    """Return the printed sizes by which groups mix, and how far off each may be; none where others answered.

    Without weights the sizes in the sample, with weights the printed shares, unless they are shares of the bases. Those
    who answered are all when the year is the survey's, no filter led to the question and no other base is in print.
    """
    survey, item, time, dim = parts[["survey", "item", "time", "group_dim"]].iloc[0]
    groups, items = report.tables["groups"], report.tables["items"]
    rows = groups[(groups["survey"] == survey) & (groups["group_dim"] == dim)].set_index("group").loc[parts["group"]]
    field = "share" if report.weighted(survey) else "n"
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
