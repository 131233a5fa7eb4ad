"""The models behind a report's claims: four templates, each a model, a survey of printed numbers, and where each is.

*groups*: a level for each question, its groups around it; how far they deviate is learned from all questions together.
*items*: items within their batteries, one time. *series*: items by group and time. *distribution*: ordered answers by
group. Nothing is judged here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

import navmodels as nav
from navmodels.reports.folders import Report
from navmodels.reports.schema import ALL
from navmodels.sensitivity.reweighting import Weighed

Array = npt.NDArray[np.float64]
Pair = tuple["nav.Model", "nav.Survey"]

REST = "(the rest)"
LEAST_REST = 10
ROUNDED = 1 / np.sqrt(3)  # sd of what is uniform within ± 1


@dataclass(frozen=True)
class Planned:
    """A model to be fitted.

    Attributes
    ----------
    name, kind
        What it is called, and its template.
    cells
        By name of the printed number, its level of each factor.
    by
        The factors.
    statistic
        "share" or "mean".
    wholes
        Of a division whose rest enters too: by question, the number of the whole.
    answers
        Of a distribution: the answers, lowest first.
    """

    name: str
    kind: str
    cells: pd.DataFrame
    by: Sequence[str]
    statistic: str = "share"
    wholes: Mapping[str, str] = field(default_factory=dict)
    answers: Sequence[str] = ()


def plan_models(report: Report, shares: pd.DataFrame) -> list[Planned]:
    """Return the models of a report: those of report.toml, and `groups` where nothing is said of a division."""
    sure = shares["n"].notna() | ((shares["statistic"] == "mean") & shares["se"].notna())
    usable = shares[(shares["bound"] == "eq") & sure]
    given = report.about.get("models", [])
    planned = [_planned(entry, report, usable) for entry in given]
    told = {
        (entry.get("survey"), dim)
        for entry in given
        if entry["kind"] == "groups"
        for dim in _listed(entry.get("group_dim", ALL))
    }
    taken = {name for each in planned for name in each.cells.index}
    left = usable[~usable.index.isin(taken) & (usable["group_dim"] != ALL)]
    for survey, dim in left[["survey", "group_dim"]].drop_duplicates().itertuples(index=False):
        if (survey, dim) not in told:
            made = _planned({"kind": "groups", "survey": survey, "group_dim": dim}, report, left)
            planned += [made] if "question" in made.by else []  # one question alone says little of how groups differ
    return [each for each in planned if _worth(each)]


def make_model(planned: Planned, shares: pd.DataFrame) -> Pair:
    """Return model and survey of a plan, with numbers as `shares` has them.

    Raises
    ------
    ValueError
        When a printed number cannot be read so.
    """
    table = planned.cells.join(shares.drop(columns=list(planned.cells), errors="ignore"))
    return MAKERS[planned.kind](planned, table, shares)


def read_draws(planned: Planned, weighed: Weighed) -> dict[str, Array]:
    """Return the draws (proportions, or scores) of each printed number of a plan, all chains in one row.

    Each number is a cell of the fit, so that it is read off the linear predictors; `estimate` says the same.
    """
    by, design = list(planned.by), weighed.design
    scores = {answer: score for score, answer in enumerate(planned.answers, start=1)}
    asked = {"category": list(scores.values())} if scores else {}
    values = design.model.outcome.quantity(design.survey, **asked).predict(weighed.predictors.copy())
    cell = pd.MultiIndex.from_frame(design.cells[by]).get_indexer(pd.MultiIndex.from_frame(planned.cells[by]))
    at: tuple[Any, ...] = (cell, planned.cells["answer"].map(scores).to_numpy() - 1) if scores else (cell,)
    found = values[(slice(None), *at)].T
    return {str(name): row for name, row, place in zip(planned.cells.index, found, cell, strict=True) if place >= 0}


# ---- inside


def _listed(given: Any) -> list[str]:
    return list(given) if isinstance(given, list) else [given]


def _planned(entry: Mapping[str, Any], report: Report, usable: pd.DataFrame) -> Planned:
    """Return the plan of an entry of [[models]]: the numbers it holds, and where each is."""
    statistic = entry.get("statistic", "share")
    dims = _listed(entry.get("group_dim", ALL))
    rows = usable[(usable["statistic"] == statistic) & ~usable.index.isin(entry.get("without", []))]
    rows = rows[(rows["survey"] == entry["survey"])] if "survey" in entry else rows
    for key, column in (("items", "item"), ("answers", "answer"), ("time", "time")):
        rows = rows[rows[column].isin([str(each) for each in _listed(entry[key])])] if key in entry else rows
    items = report.tables["items"].set_index(["survey", "item"])["battery"].to_dict()
    battery = [items.get(key, "") or key[1] for key in zip(rows["survey"], rows["item"], strict=True)]
    rows = rows.assign(battery=battery)
    rows = rows[rows["battery"].isin(entry["batteries"])] if "batteries" in entry else rows
    kind = entry["kind"]
    wanted = [*dims, ALL] if kind == "series" else [ALL] if kind == "items" else dims
    whole, rows = rows[rows["group_dim"] == ALL], rows[rows["group_dim"].isin(wanted)]
    name = entry.get("name") or " × ".join([entry.get("survey", ""), *dims, *([] if kind == "groups" else [kind])])
    return PLANNERS[kind](name, statistic, entry, rows, whole)


def _plan_groups(name: str, statistic: str, entry: Any, rows: pd.DataFrame, whole: pd.DataFrame) -> Planned:
    question = _questions(rows)
    several = question.groupby(question).transform("size") > 1
    wholes = dict(zip(_questions(whole), whole.index, strict=True)) if entry.get("rest") else {}
    cells = pd.DataFrame({"question": question, "group": rows["group"]})[several | question.isin(list(wholes))]
    by = ["question", "group"] if cells["question"].nunique() > 1 else ["group"]
    return Planned(name, "groups", cells, by, statistic, wholes)


def _questions(rows: pd.DataFrame) -> pd.Series:
    dims = rows["group_dim"].mask(rows["group_dim"] == ALL, "")
    text = rows["item"] + ": " + rows["answer"] + " " + rows["time"]
    return text + rows.groupby("item")["group_dim"].transform("nunique").gt(1).map({True: " ", False: ""}).str.cat(
        dims.where(rows.groupby("item")["group_dim"].transform("nunique") > 1, "")
    )


def _plan_items(name: str, statistic: str, entry: Any, rows: pd.DataFrame, whole: pd.DataFrame) -> Planned:
    cells = rows[["battery"]].assign(item=rows["item"] + ": " + rows["answer"])
    by = [column for column in ("battery", "item") if column == "item" or cells[column].nunique() > 1]
    return Planned(name, "items", cells[~cells.duplicated()], by, statistic)


def _plan_series(name: str, statistic: str, entry: Any, rows: pd.DataFrame, whole: pd.DataFrame) -> Planned:
    year = rows["time"].str.extract(r"^(\d{4})$")[0].astype(float)
    cells = pd.DataFrame({"battery": rows["battery"], "item": rows["item"] + ": " + rows["answer"],
                          "group": rows["group"], "year": year})[year.notna()]  # fmt: skip
    cells = cells[cells.groupby("item")["year"].transform("size") > 1].astype({"year": int})
    by = [str(column) for column in cells if column == "year" or cells[column].nunique() > 1]
    return Planned(name, "series", cells, by, statistic)


def _plan_distribution(name: str, statistic: str, entry: Any, rows: pd.DataFrame, whole: pd.DataFrame) -> Planned:
    """Return the plan of one item whose answers are all printed, in the order they are printed in."""
    answers = tuple(dict.fromkeys(rows["answer"]))
    full = rows.groupby("group")["answer"].transform("nunique") == len(answers)
    return Planned(name, "distribution", rows.loc[full, ["group", "answer"]], ["group"], statistic, answers=answers)


def _worth(planned: Planned) -> bool:
    """Return whether a plan has something to learn from: two groups of a question, two items, two years."""
    if planned.kind == "distribution":
        return len(planned.answers) > 2 and planned.cells["group"].nunique() > 1
    return (
        len(planned.cells) > 1
        and planned.cells[planned.by[-1]].nunique() > 1
        and (planned.kind != "groups" or len(planned.by) > 1 or planned.cells["group"].nunique() > 1)
    )


def _reported(planned: Planned, table: pd.DataFrame) -> "nav.Survey":
    """Return printed numbers as a survey.

    A share with a base at which counts print so enters exactly. Any other enters with the standard error of its base
    and what its rounding, or its hedging, adds.
    """
    more: Any = {"by": list(planned.by), "estimate": "value", "n": "n", "se": "se", "overlap": "allow"}
    if planned.statistic == "mean":
        table = table[table["se"].notna()]
        return nav.Survey.from_report(table, unit="identity", digits=1, **more)
    p, n, effect = table["value"] / 100, table["n"], table["effect"]
    low, high = np.ceil(n * (p - table["half"] / 100) - 1e-9), np.floor(n * (p + table["half"] / 100) + 1e-9)
    beyond = (table["half"] - table["step"] / 2).clip(lower=0) * ROUNDED
    exact = (beyond < 1e-9) & ((effect != 1) | (low <= high)) & (n.round() == n)
    se = np.sqrt(
        1e4 * effect * p * (1 - p) / n + beyond**2 + np.where(low <= high, 0, (table["step"] * ROUNDED / 2) ** 2)
    )
    table = table.assign(se=se.mask(exact), n=n.round())
    one = float(effect.iloc[0])
    return nav.Survey.from_report(table, unit="percent", design_effect=one, **more)


def _make_groups(planned: Planned, table: pd.DataFrame, shares: pd.DataFrame) -> Pair:
    table = pd.concat([table, *_rests(planned, table, shares)])
    if "question" in planned.by:
        terms: tuple[Any, ...] = (nav.Group("question", scale=1.5), nav.Group("question", "group", scale=1.0))
    else:
        terms = (nav.Group("group", scale=1.0) if table["group"].nunique() > 2 else nav.Effect("group"),)
    return nav.Model(nav.Reported(), *terms), _reported(planned, table)


def _rests(planned: Planned, table: pd.DataFrame, shares: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the respondents outside the printed groups of each question, from the share of the whole survey."""
    for question, rows in table.groupby("question") if planned.wholes else ():
        if str(question) not in planned.wholes:
            continue
        whole: Any = shares.loc[planned.wholes[str(question)]]
        n = float(whole["n"] - rows["n"].sum())
        if not n >= LEAST_REST:
            continue
        share = (whole["n"] * whole["value"] - (rows["n"] * rows["value"]).sum()) / n
        reach = np.hypot(whole["half"] * whole["n"], np.sqrt(((rows["half"] * rows["n"]) ** 2).sum())) / n
        if 0 < share < 100:
            rest = {"question": question, "group": REST, "value": float(round(float(share))), "n": float(n)}
            yield rows.head(1).assign(**rest, half=0.5 + reach, step=1.0, assumed=False).rename(index=lambda _: REST)


def _make_items(planned: Planned, table: pd.DataFrame, shares: pd.DataFrame) -> Pair:
    wide = 4.0 if planned.statistic == "mean" else 1.5
    battery = (nav.Group("battery", scale=1.0),) if "battery" in planned.by else ()
    model = nav.Model(nav.Reported(), *battery, nav.Group(*planned.by, scale=1.0), intercept_scale=wide)
    return model, _reported(planned, table)


def _make_series(planned: Planned, table: pd.DataFrame, shares: pd.DataFrame) -> Pair:
    by = list(planned.by)
    inner = [name for name in ("item", "group") if name in by]
    items = [name for name in ("battery", "item") if name in by]
    terms: list[Any] = [
        *([nav.Group("battery")] if "battery" in by else []),
        *([nav.Group(*items)] if "item" in by else [nav.Group("group")] if "group" in by else []),
        nav.Trend("year"),
        *([nav.Group("battery", "year", scale=0.3)] if "battery" in by else []),
        *([nav.Group(*inner, "year", scale=0.3)] if inner else []),
    ]
    return nav.Model(nav.Reported(), *terms), _reported(planned, table)


def _make_distribution(planned: Planned, table: pd.DataFrame, shares: pd.DataFrame) -> Pair:
    """Return whole distributions as counts, as many as sampling, design and rounding leave."""
    wide = table.pivot(index="group", columns="answer", values="value")[list(planned.answers)]
    first = table.groupby("group")[["n", "effect", "step"]].first().loc[wide.index]
    share = wide.div(wide.sum(axis=1), axis=0)
    spread = (share * (1 - share)).mean(axis=1)
    n = first["n"] / first["effect"]
    effective = n / (1 + n * (first["step"] / np.sqrt(12) / 100) ** 2 / spread)
    counts = share.mul(effective, axis=0).reset_index()
    survey = nav.Survey.from_counts(
        counts, by="group", counts=list(planned.answers), categories=range(1, len(planned.answers) + 1)
    )
    return nav.Model(nav.Rating(by="group", scale=0.5)), survey


PLANNERS = {"groups": _plan_groups, "items": _plan_items, "series": _plan_series, "distribution": _plan_distribution}
MAKERS = {"groups": _make_groups, "items": _make_items, "series": _make_series, "distribution": _make_distribution}
