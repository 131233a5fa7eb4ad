"""Synthetic twins: simulated respondents whose weighted margins print as a published report's.

For examples, tests and teaching, where real answers may not be shown. Not for conclusions about any county, industry or
employer: only the margins come from the report; who answered what is made up. What a twin assumes is data of its report
(`twin.toml`), and how answers are made to print as published is said in `answers`.
"""

import functools
import tomllib
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import logit

from navmodels import checks
from navmodels.reports.answers import cuts, rating, ticks, whole
from navmodels.reports.folders import Report
from navmodels.reports.library import library, load_report, open_report, report_names

Array = npt.NDArray[np.float64]
type Assumed = dict[str, Any]  # what twin.toml says
type Truth = dict[str, dict[Any, float]]


def simulate_report(report: str | None = None, *, seed: int) -> pd.DataFrame:
    """Simulate the respondents of a published survey: the report's margins, made-up answers.

    From the report, and met exactly: the number of respondents, the shares of the two sides of the whole (sectors),
    of the smallest in each, and for every item with a printed n the number of answers, the weighted mean to its
    decimal and the weighted share (of positive answers for a rated item) to its whole percent. Assumed: the sizes
    of areas, trades and larger size classes, how answers go together, and who answers which item. Filters
    between questions are not kept: somebody may rate a visit without having ticked one.

    Answers to one item, the outcome in `twin.toml`, follow a proportional-odds model with known effects of area, trade,
    both together, and side. Other items share these effects, and have the printed difference between the sides
    where both are printed.

    Parameters
    ----------
    report
        A report that has a twin: a `twin.toml` beside its tables, with what is assumed. None: the first that has.
    seed
        A whole number from 0; the same seed gives the same rows.

    Returns
    -------
    One row a respondent: `respondent` ("simulated-0001"), area, trade, size (ordered) and side by the names that
    `twin.toml` has for them (`county`, `industry`, `size`, `sector`), `year`, `weight` (by area, mean 1, with the Kish
    design effect of the report) and one `Int8` column for each item: its answers from 1 for a rated item, 0 or 1 for
    the others, missing where not answered. Its `attrs` hold `simulated` (a sentence with the seed), `title`, `truth`
    and `left_out` (items without a printed n, which have no column). `truth` has the effects on the outcome in logits,
    by area, trade, both (`county:industry`) and side, and `cut`: in a cell, the proportion that answers k or higher
    is expit(sum of its effects - cut[k]).

    Raises
    ------
    ValueError
        When the report is not known or has no twin, or the seed is not a whole number from 0.

    Examples
    --------
    >>> from navmodels.reports.twins import simulate_report
    >>> twin = simulate_report(seed=7)
    >>> twin.columns[:7].tolist()
    ['respondent', 'county', 'industry', 'size', 'sector', 'year', 'weight']
    >>> twin.attrs["simulated"]
    'simulated from the published margins of ..., seed 7'
    """
    report = twins()[0] if report is None else report
    check_request(report, seed)
    rng, assumed = np.random.default_rng(seed), assumptions(report)
    scale, items = assumed["scale"], rated_items(report, assumed)
    frame = establishments(rng, open_report(report), assumed)
    truth = true_effects(rng, assumed)
    people = latent_traits(rng, frame, truth, assumed)
    gaps = printed_gaps(report, items, assumed)
    asked = items[items["n"].notna()]
    columns: dict[str, pd.Series] = {}
    for _, item in asked[asked["kind"] == scale["kind"]].iterrows():
        name = item["item_id"]
        columns[name], latent = rating(rng, people, item, gap=gaps.get(name, assumed["side"]["gap"]), scale=scale)
        if name == scale["outcome"]:
            truth["cut"] = cuts(columns[name].dropna().to_numpy(dtype=int), latent, scale)
    for _, battery in asked[asked["kind"] != scale["kind"]].groupby("question", sort=False):
        single = battery["kind"].iloc[0] == assumed["single"]["kind"]
        columns |= ticks(rng, people, battery, gaps=gaps, single=single, ends=tuple(assumed["alone"]))
    frame = pd.concat([frame, pd.DataFrame({name: columns[name] for name in asked["item_id"]})], axis=1)
    frame.attrs = {
        "simulated": f"simulated from the published margins of {report}, seed {seed}",
        "title": assumed["title"],
        "truth": truth,
        "left_out": items.loc[items["n"].isna(), "item_id"].tolist(),
    }
    return frame


# ---- inside


def twins() -> list[str]:
    """Return the reports that have a twin."""
    return [name for name in report_names() if (library() / name / "twin.toml").is_file()]


@functools.cache
def assumptions(report: str) -> Assumed:
    """Return what the twin of a report assumes, as its twin.toml says."""
    return tomllib.loads((library() / report / "twin.toml").read_text(encoding="utf-8"))


def check_request(report: str, seed: int) -> None:
    """Raise when the report has no twin or the seed is no whole number from 0."""
    if report not in twins() and report in report_names():
        raise ValueError(f"report {report!r} has no twin yet; allowed: {checks.listing(twins())}.")
    checks.one_of(report, twins(), what="report")
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or seed < 0:
        raise ValueError(f"seed is {seed!r}; allowed: a whole number from 0.")


def rated_items(report: str, assumed: Assumed) -> pd.DataFrame:
    """Return one row for each item that a twin answers: the shares of its year that have a printed interval.

    Columns: item_id, item, answer, kind, question (the battery, or the question of a single answer), share, mean, n.
    """
    numbers = load_report(report, "numbers")
    numbers = numbers[(numbers["time"] == str(assumed["year"])) & numbers["lower"].notna()]
    means = numbers[numbers["statistic"] == "mean"].set_index("item")["value"]
    shares = numbers[numbers["statistic"] == "share"]
    told = load_report(report, "items").drop_duplicates("item").set_index("item")
    items = shares.join(told[["kind", "battery"]], on="item").join(means.rename("mean"), on="item")
    question = items["battery"].where(items["kind"] != assumed["single"]["kind"], items["item"])
    return items.assign(item_id=items["id"], share=items["value"], question=question)


def establishments(rng: np.random.Generator, report: Report, assumed: Assumed) -> pd.DataFrame:
    """Return who responded, with weights: the printed counts exactly, in random order."""
    side, sizes, trades = assumed["side"], assumed["size"], assumed["trade"]["percent"]
    n = int(report.surveys[assumed["survey"]]["n"])
    groups = report.tables["groups"].set_index(["group_dim", "group"])["share"]
    printed = report.tables["numbers"].set_index("id")["value"]
    area, weight = areas(rng, n, assumed)
    sides = np.repeat(side["order"], whole([groups[side["name"], name] for name in side["order"]], n))
    size, trade = np.empty(n, dtype=object), np.empty(n, dtype=object)
    for column, name in enumerate(side["order"]):
        rows = rng.permutation(np.flatnonzero(sides == name))
        small, larger = printed[sizes["smallest"][name]] / 100, np.array(sizes["larger"][name])
        size[rows] = np.repeat(sizes["levels"], whole([small, *(1 - small) * larger], len(rows)))
        shares = np.array([percent[column] for percent in trades.values()], dtype=float)
        trade[rows] = rng.choice(list(trades), size=len(rows), p=shares / shares.sum())
    frame = pd.DataFrame(
        {
            assumed["area"]["name"]: area,
            assumed["trade"]["name"]: pd.Series(trade, dtype="str"),
            sizes["name"]: pd.Categorical(size, sizes["levels"], ordered=True),
            side["name"]: sides,
            "year": assumed["year"],
            "weight": weight,
        }
    )
    frame = frame.iloc[rng.permutation(n)].reset_index(drop=True)
    frame.insert(0, "respondent", [f"simulated-{i:04d}" for i in range(1, n + 1)])
    return frame


def areas(rng: np.random.Generator, n: int, assumed: Assumed) -> tuple[npt.NDArray[np.str_], Array]:
    """Return the area and weight of n respondents; areas differ in response as the design effect asks."""
    percent = assumed["area"]["percent"]
    population = np.array(list(percent.values())) / sum(percent.values())
    step = rng.permutation(np.linspace(-1, 1, len(population)))

    def cost(spread: float) -> float:  # Kish: mean of w² where w = population / responses
        return float((population @ np.exp(spread * step)) * (population @ np.exp(-spread * step)))

    spread = brentq(lambda spread: cost(spread) - assumed["design_effect"], 0.0, 3.0)
    responses = whole(population * np.exp(-spread * step), n)
    order = rng.permutation(np.repeat(np.arange(len(population)), responses))
    return np.array(list(percent))[order], (n * population / responses)[order]


def true_effects(rng: np.random.Generator, assumed: Assumed) -> Truth:
    """Return effects in logits by factor and level, with mean 0 and the assumed sd over the levels."""
    side, area, trade = (assumed[part] for part in ("side", "area", "trade"))
    first, second = side["order"]
    truth: Truth = {side["name"]: {first: side["gap"] / 2, second: -side["gap"] / 2}}
    cells = [f"{one}:{other}" for one in area["percent"] for other in trade["percent"]]
    for part, name, levels in (
        ("area", area["name"], [*area["percent"]]),
        ("trade", trade["name"], [*trade["percent"]]),
        ("both", f"{area['name']}:{trade['name']}", cells),
    ):
        z = rng.standard_normal(len(levels))
        effects = assumed["effects"][part] * (z - z.mean()) / z.std()
        truth[name] = dict(zip(levels, effects.tolist(), strict=True))
    return truth


def latent_traits(rng: np.random.Generator, frame: pd.DataFrame, truth: Truth, assumed: Assumed) -> pd.DataFrame:
    """Return by respondent: weight, side (±½), effect (logits), satisfaction and use (standard normal)."""
    area, trade, side, size = (assumed[part]["name"] for part in ("area", "trade", "side", "size"))
    sizes = frame[size].cat.codes.astype(float)
    return pd.DataFrame(
        {
            "weight": frame["weight"],
            "side": np.where(frame[side] == assumed["side"]["order"][0], 0.5, -0.5),
            "effect": frame[area].map(truth[area])
            + frame[trade].map(truth[trade])
            + (frame[area] + ":" + frame[trade]).map(truth[f"{area}:{trade}"]),
            "satisfaction": rng.standard_normal(len(frame)),
            "use": 0.5 * (sizes - sizes.mean()) / sizes.std() + np.sqrt(0.75) * rng.standard_normal(len(frame)),
        }
    )


def printed_gaps(report: str, items: pd.DataFrame, assumed: Assumed) -> dict[str, float]:
    """Return first minus second side in logits, for the items where the report prints both exactly for its year."""
    side, numbers = assumed["side"], load_report(report, "numbers")
    rows = numbers[(numbers["time"] == str(assumed["year"])) & (numbers["group_dim"] == side["name"])]
    rows = rows[(rows["precision"] == "exact") & (rows["statistic"] == "share")]
    first, second = (
        logit(rows[rows["group"] == name].set_index(["item", "answer"])["value"] / 100) for name in side["order"]
    )
    asked = zip(items["item"].replace(side["also"]), items["answer"], strict=True)
    ids = dict(zip(asked, items["item_id"], strict=True))
    gaps = (first - second).dropna()
    return {ids[at]: float(gap) for at, gap in gaps.items() if at in ids}
