"""Synthetic twins: simulated respondents whose weighted margins print as a published report's.

For examples, tests and teaching, where real answers may not be shown. Not for conclusions about any county,
industry or employer: only the margins come from the report; who answered what is made up.
"""

import functools
import tomllib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import logit, ndtr

from navmodels import checks
from navmodels.reports.folders import folder, load_report, reports

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
type Truth = dict[str, dict[Any, float]]
type Assumed = Mapping[str, Any]
type Gaps = dict[str, float]


def simulate_report(report: str = "employer_2024", *, seed: int) -> pd.DataFrame:
    """Simulate the respondents of a published survey: the report's margins, made-up answers.

    From the report, and met exactly: the number of respondents, the shares of the sectors, of establishments with
    under 10 employees, and for every item with a printed n the number of answers, the weighted mean to its
    decimal and the weighted share (of answers 4-6 for a six-point item) to its whole percent. Assumed: the sizes
    of counties, industries and larger size classes, how answers go together, and who answers which item. Filters
    between questions are not kept: somebody may rate a visit without having ticked one.

    Answers to `satisfaction_overall` follow a proportional-odds model with known effects of county, industry,
    both together, and sector. Other items share these effects, and have the printed difference between the sectors
    where both are printed.

    Parameters
    ----------
    report
        A report that has a twin; so far "employer_2024".
    seed
        A whole number from 0; the same seed gives the same rows.

    Returns
    -------
    One row a respondent: `respondent` ("simulated-0001"), `county`, `industry`, `size` (ordered), `sector`, `year`,
    `weight` (by county, mean 1, Kish design effect 1.24) and one `Int8` column for each item: 1-6 for a six-point
    item, 0 or 1 for the others, missing where not answered. Its `attrs` hold `simulated` (a sentence with the
    seed), `title`, `truth` and `left_out` (items without a printed n, which have no column). `truth` has the effects
    on `satisfaction_overall` in logits, by `county`, `industry`, `county:industry` and `sector`, and `cut`: in a
    cell, the proportion that answers k or higher is expit(sum of its effects - cut[k]).

    Raises
    ------
    ValueError
        When the report is not known or has no twin, or the seed is not a whole number from 0.

    Examples
    --------
    >>> from navmodels.reports.twins import simulate_report
    >>> twin = simulate_report("employer_2024", seed=7)
    >>> answered = twin.dropna(subset=["satisfaction_overall"])
    >>> satisfied = answered["weight"].where(answered["satisfaction_overall"] >= 4, 0)
    >>> len(answered), round(float(100 * satisfied.sum() / answered["weight"].sum()))
    (4059, 86)
    >>> twin.attrs["simulated"]
    'simulated from the published margins of employer_2024, seed 7'
    """
    check_request(report, seed)
    assumed = assumptions(report)
    rng = np.random.default_rng(seed)
    items = load_report(report, "items")
    frame = establishments(rng, load_report(report, "groups").set_index(["section", "key"])["value"], assumed)
    truth = true_effects(rng, assumed)
    people = latent_traits(rng, frame, truth)
    gaps = sector_gaps(load_report(report, "trends"))
    asked = items[items["n"].notna()]
    columns: dict[str, pd.Series] = {}
    for _, item in asked[asked["kind"] == "likert6"].iterrows():
        name = item["item_id"]
        gap: float = gaps.get(name, float(assumed["sector_gap"]))
        columns[name], latent = rating(rng, people, item, gap=gap, curvature=assumed["curvature"])
        if name == assumed["outcome"]:
            truth["cut"] = cuts(columns[name].dropna().to_numpy(dtype=int), latent)
    for _, battery in asked[asked["kind"] != "likert6"].groupby("battery", sort=False):
        columns |= ticks(rng, people, battery, gaps=gaps, alone=tuple(assumed["alone"]))
    frame = pd.concat([frame, pd.DataFrame({name: columns[name] for name in asked["item_id"]})], axis=1)
    frame.attrs = {
        "simulated": f"simulated from the published margins of {report}, seed {seed}",
        "title": assumed["title"],
        "truth": truth,
        "left_out": items.loc[items["n"].isna(), "item_id"].tolist(),
    }
    return frame


# ---- inside

TWIN = "twin.toml"  # what a twin assumes; a report without it has none
MARGIN = 0.45  # of the last printed digit: nearer than half of it, so that rounding is never in doubt
ATTEMPTS = 1000


def check_request(report: str, seed: int) -> None:
    """Raise when the report has no twin or the seed is no whole number from 0."""
    twins = tuple(name for name in reports() if (folder() / name / TWIN).is_file())
    if report not in twins and report in reports():
        raise ValueError(f"report {report!r} has no twin yet; allowed: {checks.listing(twins)}.")
    checks.one_of(report, twins, what="report")
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or seed < 0:
        raise ValueError(f"seed is {seed!r}; allowed: a whole number from 0.")


@functools.cache
def assumptions(report: str) -> Assumed:
    """Return what the twin of a report assumes."""
    return tomllib.loads((folder() / report / TWIN).read_text(encoding="utf-8"))


def establishments(rng: np.random.Generator, printed: pd.Series, assumed: Assumed) -> pd.DataFrame:
    """Return who responded, with weights: the printed counts exactly, in random order."""
    n = int(printed["sample", "complete_responses"])
    county, weight = counties(rng, n, assumed)
    sizes, sectors = assumed["sizes"]["levels"], assumed["sizes"]["larger"]
    sector = np.repeat(list(sectors), whole([printed["sector_mix", s] for s in sectors], n))
    size, industry = np.empty(n, dtype=object), np.empty(n, dtype=object)
    for column, (name, larger) in enumerate(sectors.items()):
        rows = rng.permutation(np.flatnonzero(sector == name))
        small = printed["size", f"under_10_employees_{name}"] / 100
        size[rows] = np.repeat(sizes, whole([small, *(1 - small) * np.array(larger)], len(rows)))
        shares = np.array([percent[column] for percent in assumed["industries"].values()], dtype=float)
        industry[rows] = rng.choice(list(assumed["industries"]), size=len(rows), p=shares / shares.sum())
    columns = {"county": county, "industry": pd.Series(industry, dtype="str")}
    columns |= {
        "size": pd.Categorical(size, sizes, ordered=True),
        "sector": sector,
        "year": assumed["year"],
        "weight": weight,
    }
    frame = pd.DataFrame(columns)
    frame = frame.iloc[rng.permutation(n)].reset_index(drop=True)
    frame.insert(0, "respondent", [f"simulated-{i:04d}" for i in range(1, n + 1)])
    return frame


def counties(rng: np.random.Generator, n: int, assumed: Assumed) -> tuple[npt.NDArray[np.str_], Array]:
    """Return the county and weight of n respondents, who differ in response as the design effect asks."""
    percent = np.array(list(assumed["counties"].values()))
    population = percent / percent.sum()
    step = rng.permutation(np.linspace(-1, 1, len(population)))

    def cost(spread: float) -> float:  # Kish: mean of w² where w = population / responses
        return float((population @ np.exp(spread * step)) * (population @ np.exp(-spread * step)))

    spread = brentq(lambda spread: cost(spread) - assumed["design_effect"], 0.0, 3.0)
    responses = whole(population * np.exp(-spread * step), n)
    order = rng.permutation(np.repeat(np.arange(len(population)), responses))
    return np.array(list(assumed["counties"]))[order], (n * population / responses)[order]


def whole(shares: npt.ArrayLike, total: int) -> Index:
    """Return whole numbers in proportion to the shares that add up to the total (largest remainders)."""
    given = np.asarray(shares, dtype=float)
    exact = total * given / given.sum()
    counts: Index = np.floor(exact).astype(np.intp)
    counts[np.argsort(counts - exact, kind="stable")[: total - counts.sum()]] += 1
    return counts


def true_effects(rng: np.random.Generator, assumed: Assumed) -> Truth:
    """Return effects in logits by factor and level, with mean 0 and the assumed sd over the levels."""
    gap, regions, industries = assumed["sector_gap"], [*assumed["counties"]], [*assumed["industries"]]
    truth: Truth = {"sector": {"public": gap / 2, "private": -gap / 2}}
    cells = [f"{county}:{industry}" for county in regions for industry in industries]
    for name, levels in (("county", regions), ("industry", industries), ("county:industry", cells)):
        z = rng.standard_normal(len(levels))
        effects = assumed["effect_sd"][name] * (z - z.mean()) / z.std()
        truth[name] = dict(zip(levels, effects.tolist(), strict=True))
    return truth


def latent_traits(rng: np.random.Generator, frame: pd.DataFrame, truth: Truth) -> pd.DataFrame:
    """Return by respondent: weight, public (±½), effect (logits), satisfaction and use (standard normal)."""
    cell = frame["county"] + ":" + frame["industry"]
    size = frame["size"].cat.codes.astype(float)
    return pd.DataFrame(
        {
            "weight": frame["weight"],
            "public": np.where(frame["sector"] == "public", 0.5, -0.5),
            "effect": frame["county"].map(truth["county"])
            + frame["industry"].map(truth["industry"])
            + cell.map(truth["county:industry"]),
            "satisfaction": rng.standard_normal(len(frame)),
            "use": 0.5 * (size - size.mean()) / size.std() + np.sqrt(0.75) * rng.standard_normal(len(frame)),
        }
    )


def sector_gaps(trends: pd.DataFrame) -> Gaps:
    """Return public minus private in logits, for the items where the report prints both for 2024."""
    rows = trends[(trends["year"] == 2024) & (trends["quality"] == "exact")].set_index("item_id")
    public, private = (logit(rows.loc[rows["group"] == name, "share"] / 100) for name in ("public", "private"))
    gaps: Gaps = (public - private).dropna().to_dict()
    return gaps


def rating(
    rng: np.random.Generator, people: pd.DataFrame, item: pd.Series, *, gap: float, curvature: float
) -> tuple[pd.Series, Array]:
    """Return the answers 1-6 to one item, and the latent values (logits) of those who answered."""
    some = answering(rng, people, item["n"])
    scores = np.arange(1, 7)
    answer, latent = settled(
        rng,
        shift=some["effect"] + gap * some["public"],
        trait=some["satisfaction"],
        weight=some["weight"],
        shares=rating_shares(item["mean"], item["share"] / 100, curvature=curvature),
        margins=np.array([10 * scores, 100 * (scores >= 4)]),
        printed=np.array([10 * item["mean"], item["share"]]),
    )
    return column(people, some, scores[answer]), latent


def cuts(answer: Index, latent: Array) -> dict[Any, float]:
    """Return for answers 2-6 the latent value from which that answer or a higher one is given."""
    return {k: float(latent[answer < k].max() + latent[answer >= k].min()) / 2 for k in range(2, 7)}


def rating_shares(mean: float, share: float, *, curvature: float) -> Array:
    """Return proportions of the answers 1-6 with this mean and share of 4-6: a discrete normal, tilted."""
    x = np.arange(1, 7) - 3.5
    upper = x > 0

    def tilted(slope: float) -> Array:
        p: Array = np.exp(slope * x - curvature * x**2)
        return p * np.where(upper, share / p[upper].sum(), (1 - share) / p[~upper].sum())

    slope = float(brentq(lambda slope: float(tilted(slope) @ (x + 3.5)) - mean, -20.0, 20.0))
    return tilted(slope)


def ticks(
    rng: np.random.Generator, people: pd.DataFrame, battery: pd.DataFrame, *, gaps: Gaps, alone: tuple[str, ...]
) -> dict[str, pd.Series]:
    """Return 0/1 for each answer to a question: by itself if the question allows one answer, or an end in `alone`."""
    printed: dict[str, float] = dict(zip(battery["item_id"], battery["share"], strict=True))
    nominal = battery["kind"].iloc[0] == "nominal"
    # lowest use of Nav first, so that the first answer of a nominal question goes to those with most
    single = [name for name in reversed(printed) if nominal or name.endswith(alone)]
    target = np.array([printed[name] for name in single])
    rest = 0.0 if nominal else 100 - target.sum()
    shares = np.append(target + nominal * (100 - target.sum()) / max(len(single), 1), rest) / 100
    some = answering(rng, people, battery["n"].iloc[0])
    chosen, _ = settled(
        rng,
        shift=(gaps.get(single[-1], 0.0) if nominal else 0.0) * some["public"],
        trait=some["use"],
        weight=some["weight"],
        shares=shares,
        margins=100 * np.eye(len(single), len(shares)),
        printed=target,
    )
    ticked = {name: column(people, some, chosen == code) for code, name in enumerate(single)}
    free = some[chosen == len(single)]
    portion = float(free["weight"].sum() / some["weight"].sum())
    for name in [name for name in printed if name not in single]:
        share = printed[name] / 100 / portion
        tick, _ = settled(
            rng,
            shift=gaps.get(name, 0.0) * free["public"],
            trait=free["use"],
            weight=free["weight"],
            shares=np.array([1 - share, share]),
            margins=np.array([[0, 100 * portion]]),
            printed=np.array([printed[name]]),
        )
        ticked[name] = column(people, some, some.index.isin(free.index[tick == 1]))
    return ticked


def answering(rng: np.random.Generator, people: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return n of the people, those who use Nav more being likelier to have an answer."""
    known = people["use"].to_numpy() + rng.standard_normal(len(people))
    return people.iloc[np.sort(np.argsort(-known, kind="stable")[: int(n)])]


def settled(
    rng: np.random.Generator,
    *,
    shift: pd.Series,
    trait: pd.Series,
    weight: pd.Series,
    shares: Array,
    margins: Array,
    printed: Array,
) -> tuple[Index, Array]:
    """Return categories from 0 and the latent values behind them, drawn anew until they print as printed.

    `margins` (dims margin, category) turns weighted shares into printed units. Latent values are shift + a
    standard logistic deviate, half of whose variance (as a normal) is the person's trait.
    """
    weights = weight.to_numpy()
    for _ in range(ATTEMPTS):
        normal = np.sqrt(0.5) * (trait.to_numpy() + rng.standard_normal(len(trait)))
        latent = shift.to_numpy() + logit(ndtr(normal))
        category = cut(latent, weights, shares)
        reached = np.bincount(category, weights, minlength=len(shares)) / weights.sum()
        if (np.abs(margins @ reached - printed) < MARGIN).all():
            return category, latent
    raise RuntimeError(f"no answers of {len(trait)} respondents print as {printed.tolist()} in {ATTEMPTS} draws.")


def cut(latent: Array, weights: Array, shares: Array) -> Index:
    """Return the category of each value with weighted shares as near as whole respondents allow."""
    order = np.argsort(latent)
    middle = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    category = np.empty(len(latent), dtype=np.intp)
    category[order] = np.searchsorted(np.cumsum(shares)[:-1], middle)
    return category


def column(people: pd.DataFrame, some: pd.DataFrame, values: npt.NDArray[Any]) -> pd.Series:
    """Return values of some people as a column for all."""
    return pd.Series(values, index=some.index).astype("Int8").reindex(people.index)
