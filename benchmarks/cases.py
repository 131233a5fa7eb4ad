"""The cases that `benchmarks.calibration` simulates: a model, cells of a survey, and how drawn answers are entered.

In the last two cases of shares, answers are not drawn as the likelihood has it, on purpose. Nothing is fitted here.
"""

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

import navmodels as nav
from navmodels.models import designs
from navmodels.models.designs import Design

Array = npt.NDArray[np.float64]

Z = float(stats.norm.ppf(0.975))
YEARS = [2019, 2020, 2022, 2023]
COUNTIES = list("ABCDEFGH")
STARS, CHANNELS = range(1, 7), ["chat", "form", "phone", "visit"]


@dataclass(frozen=True, eq=False)
class Case:
    """A model, and how its numbers come to be known.

    Attributes
    ----------
    words
        What it is, for the reader of the table.
    arrays
        Design of a survey with the right cells, from which answers are drawn; what it says was answered is not used.
    read
        The survey made of drawn answers, dims (cell) or (cell, category); None when they could not be entered as they
        are.
    """

    words: str
    design: Design
    read: Callable[[Array], nav.Survey | None]


@functools.cache
def cases() -> dict[str, Case]:
    """Return all cases by name."""
    return {**share_cases(), **rating_cases()}


def share_cases() -> dict[str, Case]:
    """Return the cases of shares and published numbers by name; in the last two the likelihood is an approximation."""
    share, reported = nav.Share(), nav.Reported()
    small = _grid(sector=["private", "public"], county=list("ABCD"), office=list("xyz"), year=YEARS[:3])
    tiny = _grid(office=[f"{place:02d}" for place in range(60)])
    offices = _grid(office=[f"{place:02d}" for place in range(20)], year=[2021, 2022, 2023])
    large = _grid(county=COUNTIES, year=YEARS)
    # scales are said: the defaults of means follow the numbers, and a prior that does is not the one drawn from
    mean = nav.Model(reported, nav.Group("county", scale=0.5), nav.Trend("year", scale=0.3), intercept_scale=4.0)
    both = nav.Model(reported, nav.Group("county"), nav.Trend("year"))
    all_terms: list[Any] = [
        nav.Effect("sector"),
        nav.Group("county"),
        nav.Group("office"),
        nav.Group("county", "office"),
    ]
    heavy = nav.Model(
        share, nav.Group("office", scale=nav.HalfStudentT(1.0)), nav.Trend("year", scale=nav.Exponential(0.5))
    )
    apart = _grid(county=COUNTIES[:6])
    weighted = large.assign(n=_spread(large, 40, 400))
    return {
        "share, every term": _case(
            "counts in 72 cells of 2–20: an effect, two groups, their interaction, a trend with a gap",
            nav.Model(share, *all_terms, nav.Trend("year")), small.assign(n=_spread(small, 2, 20)), _counted,
        ),
        "share, tiny groups": _case(
            "counts in 60 groups of 1–5 respondents",
            nav.Model(share, nav.Group("office")), tiny.assign(n=_spread(tiny, 1, 5)), _counted,
        ),
        "share, large cells": _case(
            "counts in 32 cells of 200–2,000: groups and a smooth trend",
            nav.Model(share, nav.Group("county"), nav.Trend("year", order=2)),
            large.assign(n=_spread(large, 200, 2000)), _counted,
        ),
        "share, heavy tails": _case(
            "counts in 60 cells of 1–12: groups with a half-t prior, a trend with an exponential one",
            heavy, offices.assign(n=_spread(offices, 1, 12)), _counted,
        ),
        "share, separated groups": _case(
            "counts in 6 groups of 5–60 with a half-Cauchy prior: often 0 % beside 100 %",
            nav.Model(share, nav.Group("county", scale=nav.HalfCauchy(2.0))),
            apart.assign(n=_spread(apart, 5, 60)), _counted,
        ),
        "reported, counts": _case(
            "whole percents of 5–60 respondents", both, large.assign(n=_spread(large, 5, 60)), _printed,
        ),
        "reported, intervals": _case(
            "whole percents with 95 % intervals as of 40–400 respondents, design effect 1.4",
            both, weighted.assign(sd=np.sqrt(1.4 / (weighted["n"] * 0.25))), _printed_interval, start=50.0,
        ),
        "reported, means": _case(
            "means with one decimal and a standard error of 0.05–0.4",
            mean, large.assign(se=_spread(large, 5, 40) / 100), _printed_mean,
        ),
        "reported, from n": _approximate_case(
            "whole percents of 40–400 respondents, design effect 1.4, without intervals: an approximation",
            both, large.assign(n=_spread(large, 40, 400)),
        ),
        "reported, from small n": _approximate_case(
            "the same with 10–60 respondents", both, large.assign(n=_spread(large, 10, 60))
        ),
    }  # fmt: skip


def rating_cases() -> dict[str, Case]:
    """Return the cases of ratings, choices, maps and trends by group, by name."""
    groups = _grid(county=[f"{place:02d}" for place in range(12)])
    items = _grid(item=list("abcd"), county=COUNTIES[:6])
    sectors = _grid(sector=["private", "public"], county=COUNTIES)
    crossed = _grid(county=COUNTIES[:4], office=list("xyz"), year=YEARS)
    counties = _grid(county=_nav_counties(), sector=["private", "public"])
    series = _grid(sector=list("abc"), year=YEARS)
    every = nav.Group("county"), nav.Group("office"), nav.Group("county", "office"), nav.Trend("year")
    by_sector = nav.Trend("year"), nav.Trend("year", by="sector")
    return {
        "rating": _rated_case(
            "six categories in 12 groups of 3–60 respondents",
            nav.Model(nav.Rating(), nav.Group("county")), groups.assign(n=_spread(groups, 3, 60)),
        ),
        "rating, thresholds by item": _rated_case(
            "six categories of four items in 24 cells of 10–80, each item with thresholds of its own",
            nav.Model(nav.Rating(by="item"), nav.Group("county")), items.assign(n=_spread(items, 10, 80)),
        ),
        "choice": _chosen_case(
            "four unordered categories in 16 cells of 3–60: an effect and groups",
            nav.Model(nav.Choice(), nav.Effect("sector"), nav.Group("county")),
            sectors.assign(n=_spread(sectors, 3, 60)),
        ),
        "rating, trend and interaction": _rated_case(
            "six categories in 48 cells of 2–30: two groups, their interaction, a trend with a gap",
            nav.Model(nav.Rating(), *every), crossed.assign(n=_spread(crossed, 2, 30)),
        ),
        "share on a map": _case(
            "counts in 24 cells of 5–80: twelve counties with their neighbours, an effect",
            nav.Model(nav.Share(), nav.Region("county"), nav.Effect("sector")),
            counties.assign(n=_spread(counties, 5, 80)), _counted,
        ),
        "share, trends by group": _case(
            "counts in 12 cells of 20–200: three groups, a common trend and deviations from it",
            nav.Model(nav.Share(), nav.Group("sector"), *by_sector),
            series.assign(n=_spread(series, 20, 200)), _counted,
        ),
    }  # fmt: skip


SETS = {"shares": share_cases, "ratings": rating_cases}


# ---- inside


def _case(
    words: str, model: nav.Model, table: pd.DataFrame, read: Callable[[pd.DataFrame, Array], Any], *, start: float = 0.0
) -> Case:
    """Return a case whose answers are drawn and read by the same survey; `start` is any number that can be read."""
    return Case(words, designs.design(model, read(table, np.full(len(table), start))), functools.partial(read, table))


def _rated_case(words: str, model: nav.Model, table: pd.DataFrame) -> Case:
    return _several_case(words, model, table, functools.partial(_answered, table, categories=STARS, ordered=True))


def _chosen_case(words: str, model: nav.Model, table: pd.DataFrame) -> Case:
    return _several_case(words, model, table, functools.partial(_answered, table, categories=CHANNELS, ordered=False))


def _several_case(words: str, model: nav.Model, table: pd.DataFrame, read: Callable[[Array], nav.Survey]) -> Case:
    """Return a case of several categories; the survey that answers are drawn from has only the first."""
    size = len(STARS if isinstance(model.outcome, nav.Rating) else CHANNELS)
    return Case(words, designs.design(model, read(np.outer(table["n"], np.eye(size)[0]))), read)


def _approximate_case(words: str, model: nav.Model, table: pd.DataFrame, *, design_effect: float = 1.4) -> Case:
    """Return a case whose answers are counts out of n / design effect, and are read as a share with that design effect.

    The reader's standard error then comes from the printed share, so that it moves with the answers.
    """
    effective = table.assign(n=np.floor(table["n"] / design_effect))
    drawn_from = designs.design(model, _printed(effective, np.zeros(len(table))))
    return Case(words, drawn_from, functools.partial(_printed, table, design_effect=design_effect))


def _grid(**levels: Sequence[Any]) -> pd.DataFrame:
    table = pd.DataFrame(itertools.product(*levels.values()), columns=[*levels])
    table.attrs["simulated"] = "simulated from the prior, for calibration"
    return table


def _nav_counties() -> list[str]:
    from navmodels.models.maps import load_map

    return [str(area) for area, _ in load_map("nav_counties")]


def _spread(table: pd.DataFrame, low: int, high: int) -> npt.NDArray[np.int64]:
    """Return whole numbers from low to high in proportion, in an order that goes with no factor."""
    sizes = np.rint(np.geomspace(low, high, len(table))).astype(np.int64)
    return np.random.default_rng(len(table)).permutation(sizes)


def _factors(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table if name not in ("n", "sd", "se")]


def _counted(table: pd.DataFrame, drawn: Array) -> nav.Survey:
    return nav.Survey.from_counts(table.assign(k=drawn), by=_factors(table), positive="k", n="n")


def _answered(table: pd.DataFrame, drawn: Array, *, categories: Sequence[Any], ordered: bool) -> nav.Survey:
    names = [f"answered {category}" for category in categories]
    frame = table.assign(**dict(zip(names, drawn.T, strict=True)))
    return nav.Survey.from_counts(frame, by=_factors(table), counts=names, categories=categories, ordered=ordered)


def _printed(table: pd.DataFrame, drawn: Array, *, design_effect: float = 1.0) -> nav.Survey:
    printed = table.assign(share=np.round(drawn))
    return nav.Survey.from_report(printed, by=_factors(table), n="n", design_effect=design_effect)


def _printed_interval(table: pd.DataFrame, drawn: Array) -> nav.Survey | None:
    """Return None for a share that prints as 0 or 100 %: it would enter as counts, not by an interval."""
    share = np.round(drawn)
    if (share <= 0).any() or (share >= 100).any():
        return None
    by, centre, reach = _factors(table), special.logit(share / 100), Z * table["sd"].to_numpy()
    low, high = 100 * special.expit(centre - reach), 100 * special.expit(centre + reach)
    return nav.Survey.from_report(table[by].assign(share=share, low=low, high=high), by=by, lower="low", upper="high")


def _printed_mean(table: pd.DataFrame, drawn: Array) -> nav.Survey:
    printed = table.assign(mean=np.round(drawn, 1))
    return nav.Survey.from_report(printed, by=_factors(table), estimate="mean", se="se", unit="identity", digits=1)
