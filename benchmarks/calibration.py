"""Simulation-based calibration: whether the draws of a fit are draws of the posterior that its model defines.

Parameters are drawn from a model's prior, answers from the parameters, and the answers are fitted. If the draws are
from the posterior, the rank of the truth among them is uniform, whatever the quantity (Talts et al. 2018). The
log-likelihood of all answers, a function of parameters and data, sees errors that single parameters hide (Modrák et al.
2023). Ranks are judged by a simultaneous envelope of their distribution function (Säilynoja, Bürkner & Vehtari 2022).
What is simulated stands in `benchmarks.cases`. Nothing here says whether a model suits real answers.
"""

import argparse
import functools
import io
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import stats

from benchmarks.cases import SETS, Case, cases
from benchmarks.tables import markdown_table
from navmodels.engines.fitting import refit
from navmodels.models import designs
from navmodels.models.designs import Design

Array = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.int64]

KEPT = 99  # draws among which the truth is ranked, so far apart that they are independent
LEVEL = 0.95  # of the envelope
SEED = 2018
HERE = Path(__file__).parent
FIGURES = HERE.parent / "docs" / "method"


@dataclass(frozen=True, eq=False)
class Values:
    """Parameters of a model.

    ``base`` dims (draw, channel): intercept or thresholds. ``effects`` of each block, dims (draw, level, channel), and
    ``parameters`` of standard deviations by name, dims (draw).
    """

    base: Array
    effects: Mapping[str, Array]
    parameters: Mapping[str, Array]


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
        truth = draw_prior(case.design, rng)
        survey = case.read(case.design.model.outcome.draw(_eta(case.design, truth)[0], case.design.data, rng))
        unread += 1
    design = designs.design(case.design.model, survey)
    fit = refit(design.model, survey, engine=engine, seed=int(rng.integers(2**31)))  # a prior may be at its end
    draws = quantities(design, thinned(design, fit["posterior"].to_dataset()))
    ranks = {name: rank(value[0], draws[name], rng) for name, value in quantities(design, truth).items()}
    return Simulated(ranks, fit.attrs["engine"], fit.attrs["unconverged"], unread)


def draw_prior(design: Design, rng: np.random.Generator) -> Values:
    """Return one draw from the prior.

    Thresholds are independent normals put in order. Where thresholds of a level would be out of order, everything is
    drawn anew: the prior is the part of the normal one in which all are in order.
    """
    while True:
        values = _draw_freely(design, rng)
        if not design.channels.ordered or (np.diff(_eta(design, values)[..., 1:]) > 0).all():
            return values


def quantities(design: Design, values: Values) -> dict[str, Array]:
    """Return what is ranked, dims (draw).

    The intercept or every threshold, each parameter of a standard deviation, the last level of each term (of a trend
    the newest year), the share or mean of the first group, and the log-likelihood of all answers. Of a choice all
    categories.
    """
    channels = design.channels.common
    found = _named(design, design.model.outcome.base, values.base[:, list(channels)], channels)
    for block in design.blocks:
        found |= {name: values.parameters[name] for name in block.parameters}
        found |= _named(design, f"{block.name} {block.labels[-1]}", values.effects[block.name][:, -1], block.channels)
    eta, survey, outcome = _eta(design, values), design.survey, design.model.outcome
    factor = survey.factors[0]
    weight = survey.cells["weight"].to_numpy() * (design.cells[factor] == survey.levels[factor][0]).to_numpy()
    quantity, group = outcome.quantity(survey), f"{factor} {survey.levels[factor][0]}"
    mean = np.tensordot(quantity.predict(eta), weight / weight.sum(), axes=(1, 0))
    if quantity.dim is None:
        found[f"mean of {group}"] = mean
    else:
        found |= {f"{label} in {group}": mean[:, place] for place, label in enumerate(quantity.labels)}
    found["log-likelihood"] = outcome.log_likelihood(eta, design.data).sum(axis=-1)
    return found


def thinned(design: Design, posterior: xr.Dataset) -> Values:
    """Return `KEPT` draws of a fit, evenly spread over the chains one after the other."""
    places = np.linspace(0, posterior.sizes["chain"] * posterior.sizes["draw"] - 1, KEPT).astype(int)
    base, effects = design.coefficients(posterior)
    learned = {name: posterior[name].transpose("chain", "draw").to_numpy().ravel() for name in design.parameters}
    return Values(
        base[places],
        {name: effect[places] for name, effect in effects.items()},
        {name: value[places] for name, value in learned.items()},
    )


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


def run(
    names: Sequence[str], *, simulations: int, engine: str, seed: int, processes: int
) -> Iterator[tuple[str, list[Simulated]]]:
    """Yield the simulations of each case, which depend on its name and the seed only; more of them begin the same."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for name in names:
            start = time.perf_counter()
            one = functools.partial(_simulate_named, name, engine=engine)
            seeds = np.random.SeedSequence([seed, *name.encode()]).spawn(simulations)
            yield name, list(pool.map(one, seeds, chunksize=5))
            print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)


def report(found: Mapping[str, Sequence[Simulated]], *, engine: str, seed: int, chosen: str = "") -> str:
    """Return the result as Markdown: one table of cases, one of every quantity."""
    tables = {name: judge(simulated, case=name) for name, simulated in found.items()}
    asked = f"--engine {engine} --simulations {len(next(iter(found.values())))} --seed {seed}"
    command = f"python -m benchmarks.calibration {chosen}{asked}"
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
    """Simulate, print the tables, and write them after every case: to results/ for a whole set, to out/ for some."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--simulations", type=int, default=1000, help="of each case; default 1000")
    parser.add_argument("--engine", choices=("auto", "laplace", "nuts"), default="auto")
    parser.add_argument("--set", choices=SETS, default="shares", help="which cases; default shares")
    parser.add_argument("--case", action="append", choices=[*cases()], help="one case, may be repeated")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, help="file to write; default by set and engine")
    asked = parser.parse_args(argv)
    parts = ["calibration", *(["ratings"] if asked.set == "ratings" else [])]
    name = "_".join([*parts, *([] if asked.engine == "auto" else [asked.engine])])
    path = asked.out or (HERE / ("out" if asked.case else "results") / f"{name}.md")
    path.parent.mkdir(parents=True, exist_ok=True)
    chosen = "".join(f"--case '{case}' " for case in asked.case or []) or f"--set {asked.set} "
    found: dict[str, list[Simulated]] = {}
    for case, simulated in run(
        asked.case or [*SETS[asked.set]()],
        simulations=asked.simulations, engine=asked.engine, seed=asked.seed, processes=asked.processes,
    ):  # fmt: skip
        found[case] = simulated
        text = report(found, engine=asked.engine, seed=asked.seed, chosen=chosen)
        path.write_text(text, encoding="utf-8")
    print(text)
    figures = HERE / "out" if asked.case or asked.out else FIGURES
    figures.mkdir(parents=True, exist_ok=True)
    draw(found, figures / f"{path.stem}.png")


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


def _draw_freely(design: Design, rng: np.random.Generator) -> Values:
    """Return one draw from the prior, in which thresholds of a level may be out of order."""
    base, common = np.zeros((1, design.channels.size)), list(design.channels.common)
    base[0, common] = rng.normal(design.intercept_mean, design.intercept_scale, len(common))
    if design.channels.ordered:
        base[0, common] = np.sort(base[0, common])
    parameters: dict[str, Array] = {}
    z = {}
    for block in design.blocks:
        parameters |= {name: np.full(1, prior.quantile(rng.random())) for name, prior in block.parameters.items()}
        z[block.name] = rng.normal(size=(len(block.channels), block.size))
    effects = {block.name: block.effect(block.scale.of(parameters), z[block.name]).T[None] for block in design.blocks}
    return Values(base, effects, parameters)


def _eta(design: Design, values: Values) -> Array:
    return design.linear_predictor(values.base, values.effects)


def _named(design: Design, name: str, values: Array, channels: tuple[int, ...]) -> dict[str, Array]:
    """Return coefficients, dims (draw, channel), as a fit shows them, each by its name, dims (draw)."""
    dims, shown = design.channels.shown(values, channels)
    if not dims:
        return {name: shown}
    return {f"{name} {label}": shown[:, place] for place, label in enumerate(design.channels.labels)}


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
