"""Simulation-based calibration: whether the draws of a fit are draws of the posterior that its model defines.

Parameters are drawn from a model's prior, answers from the parameters, and the answers are fitted. If the draws are
from the posterior, the rank of the truth among them is uniform, whatever the quantity (Talts et al. 2018). The
log-likelihood of all answers, a function of parameters and data, sees errors that single parameters hide (Modrák et al.
2023). Ranks are judged by a simultaneous envelope of their distribution function (Säilynoja, Bürkner & Vehtari 2022).
Nothing here says whether a model suits real answers.
"""

import argparse
import functools
import io
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

import navmodels as nav
from benchmarks.tables import markdown_table
from navmodels.models.model import Design, design
from navmodels.models.priors import Prior

Array = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.int64]

KEPT = 99  # draws among which the truth is ranked, so far apart that they are independent
LEVEL = 0.95  # of the envelope
SEED = 2018
HERE = Path(__file__).parent
FIGURES = HERE.parent / "docs" / "method"
Z = float(stats.norm.ppf(0.975))


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
        The survey made of drawn answers, dims (cell); None when they could not be entered as they are.
    """

    words: str
    arrays: Design
    read: Callable[[Array], nav.Survey | None]


@dataclass(frozen=True)
class Simulated:
    """One simulation: the rank of each true value among `KEPT` draws, and how the fit came about.

    ``engine`` made the draws; ``unconverged`` says why its gate did not pass, or is empty; ``unread`` counts the draws
    from the prior that were given up before, because their answers could not be entered.
    """

    ranks: dict[str, int]
    engine: str
    unconverged: str
    unread: int


def simulate(case: Case, seed: np.random.SeedSequence, *, engine: str) -> Simulated:
    """Draw parameters and answers, fit, and rank the truth.

    Answers that cannot be entered are given up together with their parameters: given answers that can be, the posterior
    is the same.
    """
    rng = np.random.default_rng(seed)
    survey, unread = None, -1
    while survey is None:
        truth = draw_prior(case.arrays, rng)
        survey = case.read(case.arrays.model.outcome.draw(_eta(case.arrays, truth), case.arrays.data, rng))
        unread += 1
    arrays = design(case.arrays.model, survey)
    fit = nav.fit(arrays.model, survey, engine=engine, seed=int(rng.integers(2**31)))
    draws = quantities(arrays, _thinned(fit["posterior"].to_dataset()))
    ranks = {name: rank(value, draws[name], rng) for name, value in quantities(arrays, truth).items()}
    return Simulated(ranks, fit.attrs["engine"], fit.attrs["unconverged"], unread)


def draw_prior(arrays: Design, rng: np.random.Generator) -> dict[str, Array]:
    """Return one draw from the prior, named as in a fit: intercept, standard deviations, effects by level."""
    values = {"intercept": np.asarray(rng.normal(0.0, arrays.model.intercept_scale))}
    for block in arrays.blocks:
        scale = block.prior
        if isinstance(scale, Prior):
            scale = float(scale.quantile(rng.random()))
            values[f"{block.name}_sd"] = np.asarray(scale)
        values[f"{block.name}_effect"] = block.effect(scale, rng.normal(size=block.size))
    return values


def quantities(arrays: Design, values: Mapping[str, Array]) -> dict[str, Array]:
    """Return what is ranked, dims (...), of parameters with dims (...) and (..., level).

    The intercept, each standard deviation, the last level of each term (of a trend the newest year), the share or mean
    of the first group, and the log-likelihood of all answers.
    """
    found = {"intercept": values["intercept"]}
    for block in arrays.blocks:
        found |= {name: values[name] for name in [f"{block.name}_sd"] if name in values}
        found[f"{block.name} {block.labels[-1]}"] = values[f"{block.name}_effect"][..., -1]
    eta, survey, outcome = _eta(arrays, values), arrays.survey, arrays.model.outcome
    factor = survey.factors[0]
    weight = survey.cells["weight"].to_numpy() * (arrays.cells[factor] == survey.levels[factor][0]).to_numpy()
    found[f"mean of {factor} {survey.levels[factor][0]}"] = outcome.mean(eta, survey) @ weight / weight.sum()
    found["log-likelihood"] = outcome.log_likelihood(eta, arrays.data).sum(axis=-1)
    return found


def rank(truth: float | Array, draws: Array, rng: np.random.Generator) -> int:
    """Return how many of the draws are below the truth, a random part of those that equal it included.

    Examples
    --------
    >>> rank(2.5, np.array([1.0, 2.0, 3.0]), np.random.default_rng(1))
    2
    """
    return int((draws < truth).sum() + rng.integers((draws == truth).sum() + 1))


def uniformity(ranks: Ranks, *, kept: int = KEPT) -> float:
    """Return the probability that uniform ranks (0 to `kept`) leave the middle at least as far as these at some point.

    The distance of a point is the two-sided binomial probability of the number of ranks below it; the probability over
    all points is exact, not simulated. It is below 1 − level when the ranks are outside the envelope of that level.

    Examples
    --------
    >>> round(uniformity(np.arange(100)), 3), round(uniformity(np.repeat(50, 100)), 3)
    (1.0, 0.0)
    """
    tail = _tails(len(ranks), kept)
    worst = tail[np.arange(kept), ecdf(ranks, kept=kept)].min()
    return max(0.0, 1.0 - _stay(tail > worst * (1 + 1e-9)))


@functools.cache
def envelope(size: int, *, level: float = LEVEL, kept: int = KEPT) -> tuple[Ranks, Ranks]:
    """Return the least and greatest numbers of ranks below 1, 2, ..., `kept`, dims (point), that hold simultaneously.

    Of `size` uniform ranks, all these numbers lie inside with probability `level` or a little more: numbers are whole.

    Examples
    --------
    >>> low, high = envelope(100, kept=3)
    >>> low.tolist(), high.tolist()
    ([15, 39, 65], [35, 61, 85])
    """
    tail = _tails(size, kept)
    wide, narrow = 0.0, 1.0
    for _ in range(40):
        middle = (wide + narrow) / 2
        wide, narrow = (middle, narrow) if _stay(tail > middle) >= level else (wide, middle)
    inside = tail > wide
    return inside.argmax(axis=1), size - inside[:, ::-1].argmax(axis=1)


def ecdf(ranks: Ranks, *, kept: int = KEPT) -> Ranks:
    """Return how many ranks lie below 1, 2, ..., `kept`."""
    return np.bincount(ranks, minlength=kept + 1)[:kept].cumsum()


def judge(simulated: Sequence[Simulated], *, case: str) -> pd.DataFrame:
    """Return one row a quantity: case, quantity, simulations, distance, p, inside, covered.

    distance: largest difference of the ranks' distribution function from the uniform one. p: see `uniformity`. inside:
    whether the ranks are inside the envelope. covered: how often the central 90 % of the draws held the truth.
    """
    size = len(simulated)
    low, high = envelope(size)
    rows = []
    for name in simulated[0].ranks:
        ranks = np.array([each.ranks[name] for each in simulated])
        below = ecdf(ranks)
        outer = (KEPT + 1) // 20
        rows.append(
            {
                "case": case,
                "quantity": name,
                "simulations": size,
                "distance": float(np.abs(below / size - _uniform(KEPT)).max()),
                "p": uniformity(ranks),
                "inside": bool(((low <= below) & (below <= high)).all()),
                "covered": float(((ranks >= outer) & (ranks <= KEPT - outer)).mean()),
            }
        )
    return pd.DataFrame(rows)


@functools.cache
def cases() -> dict[str, Case]:
    """Return the cases by name; in the last two, answers are not drawn as the likelihood has it."""
    share, reported = nav.Share(), nav.Reported()
    years = [2019, 2020, 2022, 2023]
    small = _grid(sector=["private", "public"], county=list("ABCD"), office=list("xyz"), year=years[:3])
    tiny = _grid(office=[f"{place:02d}" for place in range(60)])
    offices = _grid(office=[f"{place:02d}" for place in range(20)], year=[2021, 2022, 2023])
    large = _grid(county=list("ABCDEFGH"), year=years)
    mean = nav.Model(reported, nav.Group("county"), nav.Trend("year", order=2), intercept_scale=4.0)
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


def run(
    names: Sequence[str], *, simulations: int, engine: str, seed: int, processes: int
) -> dict[str, list[Simulated]]:
    """Return the simulations of each case, which depend on its name and the seed only; more of them begin the same."""
    found = {}
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for name in names:
            print(f"{name} ...", file=sys.stderr, flush=True)
            one = functools.partial(_simulate_named, name, engine=engine)
            seeds = np.random.SeedSequence([seed, *name.encode()]).spawn(simulations)
            found[name] = list(pool.map(one, seeds, chunksize=5))
    return found


def report(found: Mapping[str, Sequence[Simulated]], *, engine: str, seed: int) -> str:
    """Return the result as Markdown: one table of cases, one of every quantity."""
    tables = {name: judge(simulated, case=name) for name, simulated in found.items()}
    asked = f"--engine {engine} --simulations {len(next(iter(found.values())))} --seed {seed}"
    command = f"python -m benchmarks.calibration {asked}"
    return "\n\n".join(
        [
            "# Calibration",
            f"Simulated data. Made by `{command}` with navmodels {version('navmodels')}.",
            "<!-- cases -->",
            markdown_table([_case_line(name, found[name], table) for name, table in tables.items()]),
            "<!-- end of cases -->",
            "## Every quantity",
            "`distance`: largest difference between the distribution function of the ranks and the uniform one. `p`: "
            "probability that uniform ranks leave the middle as far. `in 90 %`: how often the central 90 % of draws "
            f"held the truth. `inside`: whether the ranks are inside the simultaneous {LEVEL:.0%} envelope.",
            markdown_table([_line(row) for row in pd.concat(tables.values()).to_dict("records")]),
        ]
    ) + "\n"  # fmt: skip


def draw(found: Mapping[str, Sequence[Simulated]], path: Path) -> None:
    """Draw the rank ECDFs minus the uniform one, a panel a case, with their envelope, as a small PNG."""
    from matplotlib.figure import Figure
    from PIL import Image

    columns = int(np.ceil(np.sqrt(len(found))))
    rows = -(-len(found) // columns)
    figure = Figure(figsize=(2.6 * columns + 0.5, 1.9 * rows + 0.5), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    x = _uniform(KEPT)
    for panel, (name, simulated) in zip(panels, found.items(), strict=False):
        size = len(simulated)
        low, high = envelope(size)
        panel.fill_between(x, low / size - x, high / size - x, color="#DDDDDD", linewidth=0)
        for quantity in simulated[0].ranks:
            below = ecdf(np.array([each.ranks[quantity] for each in simulated]))
            joint = quantity == "log-likelihood"
            panel.plot(x, below / size - x, color="#D55E00" if joint else "#767676", linewidth=1.5 if joint else 0.7)
        panel.set_title(name, loc="left", fontsize=8)
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=7)
    for panel in panels[len(found) :]:
        panel.set_axis_off()
    figure.supxlabel("rank of the truth, as a fraction", fontsize=8)
    figure.supylabel("distribution function minus uniform", fontsize=8)
    full = io.BytesIO()
    figure.savefig(full, dpi=130)
    Image.open(full).convert("RGB").quantize(16).save(path, optimize=True)  # a few colours are all there are


def main(argv: list[str] | None = None) -> None:
    """Simulate, print the tables, and write them: results/ and docs/method/ for all cases, out/ for some."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--simulations", type=int, default=1000, help="of each case; default 1000")
    parser.add_argument("--engine", choices=("auto", "laplace", "nuts"), default="auto")
    parser.add_argument("--case", action="append", choices=[*cases()], help="one case, may be repeated; default all")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args(argv)
    found = run(
        asked.case or [*cases()],
        simulations=asked.simulations, engine=asked.engine, seed=asked.seed, processes=asked.processes,
    )  # fmt: skip
    text = report(found, engine=asked.engine, seed=asked.seed)
    print(text)
    name = "calibration" if asked.engine == "auto" else f"calibration_{asked.engine}"
    tables, figures = (HERE / "out", HERE / "out") if asked.case else (HERE / "results", FIGURES)
    tables.mkdir(exist_ok=True)
    (tables / f"{name}.md").write_text(text, encoding="utf-8")
    draw(found, figures / f"{name}.png")


# ---- inside: ranks


def _uniform(kept: int) -> Array:
    return np.arange(1, kept + 1) / (kept + 1)


@functools.lru_cache(maxsize=8)
def _tails(size: int, kept: int) -> Array:
    """Return the two-sided binomial probability of each number of ranks below each point, dims (point, number)."""
    below = stats.binom.cdf(np.arange(size + 1), size, _uniform(kept)[:, None])
    above = stats.binom.sf(np.arange(size + 1) - 1, size, _uniform(kept)[:, None])
    return np.asarray(2 * np.minimum(below, above))


def _stay(allowed: npt.NDArray[np.bool_]) -> float:
    """Return the probability that the numbers of uniform ranks below all points are allowed, dims (point, number).

    Numbers between points are multinomial: independent Poisson numbers, given their total.
    """
    size, bins = allowed.shape[1] - 1, len(allowed) + 1
    step = stats.poisson.pmf(np.arange(size + 1), size / bins)
    step = step[: np.flatnonzero(step > 1e-25)[-1] + 1]
    path = np.zeros(size + 1)
    path[0] = 1.0
    for point in allowed:
        path = np.convolve(path, step)[: size + 1] * point
    return float(np.convolve(path, step)[size] / stats.poisson.pmf(size, size))


# ---- inside: simulations


def _simulate_named(name: str, seed: np.random.SeedSequence, *, engine: str) -> Simulated:
    return simulate(cases()[name], seed, engine=engine)


def _eta(arrays: Design, values: Mapping[str, Array]) -> Array:
    return arrays.linear_predictor(values["intercept"], {b.name: values[f"{b.name}_effect"] for b in arrays.blocks})


def _thinned(posterior: Any) -> dict[str, Array]:
    """Return `KEPT` draws of each variable, evenly spread over the chains one after the other."""
    size = posterior.sizes["chain"] * posterior.sizes["draw"]
    places = np.linspace(0, size - 1, KEPT).astype(int)
    ordered = {name: values.transpose("chain", "draw", ...).to_numpy() for name, values in posterior.data_vars.items()}
    return {name: values.reshape(size, *values.shape[2:])[places] for name, values in ordered.items()}


# ---- inside: surveys


def _case(
    words: str, model: nav.Model, table: pd.DataFrame, read: Callable[[pd.DataFrame, Array], Any], *, start: float = 0.0
) -> Case:
    """Return a case whose answers are drawn and read by the same survey; `start` is any number that can be read."""
    return Case(words, design(model, read(table, np.full(len(table), start))), functools.partial(read, table))


def _approximate_case(words: str, model: nav.Model, table: pd.DataFrame, *, design_effect: float = 1.4) -> Case:
    """Return a case whose answers are counts out of n / design effect, and are read as a share with that design effect.

    The reader's standard error then comes from the printed share, so that it moves with the answers.
    """
    effective = table.assign(n=np.floor(table["n"] / design_effect))
    drawn_from = design(model, _printed(effective, np.zeros(len(table))))
    return Case(words, drawn_from, functools.partial(_printed, table, design_effect=design_effect))


def _grid(**levels: Sequence[Any]) -> pd.DataFrame:
    table = pd.DataFrame(itertools.product(*levels.values()), columns=[*levels])
    table.attrs["simulated"] = "simulated from the prior, for calibration"
    return table


def _spread(table: pd.DataFrame, low: int, high: int) -> npt.NDArray[np.int64]:
    """Return whole numbers from low to high in proportion, in an order that goes with no factor."""
    sizes = np.rint(np.geomspace(low, high, len(table))).astype(np.int64)
    return np.random.default_rng(len(table)).permutation(sizes)


def _factors(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table if name not in ("n", "sd", "se")]


def _counted(table: pd.DataFrame, drawn: Array) -> nav.Survey:
    return nav.Survey.from_counts(table.assign(k=drawn), by=_factors(table), positive="k", n="n")


def _printed(table: pd.DataFrame, drawn: Array, *, design_effect: float = 1.0) -> nav.Survey:
    printed = table.assign(share=np.round(drawn))
    return nav.Survey.from_report(printed, by=_factors(table), n="n", design_effect=design_effect)


def _printed_interval(table: pd.DataFrame, drawn: Array) -> nav.Survey | None:
    """Return None for a share that prints as 0 or 100 %: an interval says nothing there."""
    share = np.round(drawn)
    if (share <= 0).any() or (share >= 100).any():
        return None
    by, centre, reach = _factors(table), special.logit(share / 100), Z * table["sd"].to_numpy()
    low, high = 100 * special.expit(centre - reach), 100 * special.expit(centre + reach)
    return nav.Survey.from_report(table[by].assign(share=share, low=low, high=high), by=by, lower="low", upper="high")


def _printed_mean(table: pd.DataFrame, drawn: Array) -> nav.Survey:
    printed = table.assign(mean=np.round(drawn, 1))
    return nav.Survey.from_report(printed, by=_factors(table), estimate="mean", se="se", unit="identity", digits=1)


# ---- inside: tables


def _case_line(name: str, simulated: Sequence[Simulated], table: pd.DataFrame) -> dict[str, str]:
    words = cases()[name].words
    return {
        "case": f"**{name}**: {words}",
        "simulations": str(len(simulated)),
        "by nuts": str(sum(each.engine == "nuts" for each in simulated)),
        "gate not passed": str(sum(bool(each.unconverged) for each in simulated)),
        "given up": str(sum(each.unread for each in simulated)),
        "quantities inside": f"{table['inside'].sum()} of {len(table)}",
        "smallest p × quantities": _shown_p(min(1.0, table["p"].min() * len(table))),
        "in 90 %": f"{table['covered'].mean():.3f}",
    }


def _line(row: dict[Any, Any]) -> dict[str, str]:
    return {
        "case": row["case"],
        "quantity": f"`{row['quantity']}`",
        "distance": f"{row['distance']:.3f}",
        "p": _shown_p(row["p"]),
        "in 90 %": f"{row['covered']:.3f}",
        "inside": "yes" if row["inside"] else "no",
    }


def _shown_p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.0005 else "<0.001"


if __name__ == "__main__":
    main()
