"""How the time of laplace grows: ``python -m benchmarks.growth`` writes results/growth.md.

One thing is varied at a time: respondents, cells, basis coefficients, learned scales. Every point is fitted in a
process of its own, after a fit of something small that loads the compiled kernels.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import navmodels as nav
from benchmarks.data import FULL, MODEL, answer_cells, as_survey, every_cell, random_cells, true_values
from benchmarks.running import machine_line, run_program
from benchmarks.tables import log_log_slope, markdown_table, shown
from navmodels.engines.fitting import ENGINES

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "growth.md"
LIMIT = 900.0  # seconds for one point
REPEATS, ENOUGH = 3, 10.0  # the middle of up to three fits, none begun after so many seconds
SEED = 2024
Case = tuple[nav.Model, pd.DataFrame]


@dataclass(frozen=True)
class Axis:
    """One thing that grows: what it is, how large, and how a case of a size is made."""

    title: str
    sizes: tuple[int, ...]
    make: Callable[[int], Case]


def respondents_case(size: int) -> Case:
    """Return the county × industry × year table, all 6,912 cells, with so many respondents."""
    shape = replace(FULL, respondents=size)
    cells = every_cell(shape, seed=SEED)
    return MODEL, answer_cells(cells, model=MODEL, truth=true_values(shape, seed=SEED), seed=SEED)


def cells_case(size: int) -> Case:
    """Return so many cells of four crossed groups with 20, 20, 20 and 40 levels: always 100 coefficients, 4 scales."""
    return _crossed({"first": 20, "second": 20, "third": 20, "fourth": 40}, pooled=4, cells=size)


def one_group_case(size: int) -> Case:
    """Return 6,000 cells of one group with so many levels, crossed with three small factors."""
    return _crossed({"office": size, "third": 8, "size": 6, "sector": 4}, pooled=1, cells=6_000)


def two_groups_case(size: int) -> Case:
    """Return 6,000 cells of two crossed groups that have so many levels together: the hardest form of the equations."""
    return _crossed({"office": size // 2, "item": size // 2, "size": 6, "sector": 4}, pooled=2, cells=6_000)


def scales_case(size: int) -> Case:
    """Return 6,000 cells of twelve factors with 10 levels, so many of them pooled with a learned scale."""
    return _crossed({f"factor{place:02d}": 10 for place in range(1, 13)}, pooled=size, cells=6_000)


LEVELS = (50, 100, 200, 500, 1_000, 2_000)
HALF_DECADES = (316, 1_000, 3_162, 10_000, 31_623, 100_000, 316_228)
AXES = {
    "respondents": Axis(
        "Respondents, on a fixed table of 6,912 cells", tuple(10**power for power in range(3, 9)), respondents_case
    ),
    "cells": Axis("Cells, with 100 coefficients and 4 learned scales", HALF_DECADES, cells_case),
    "one_group": Axis("Levels of one large group, 6,000 cells", LEVELS, one_group_case),
    "two_groups": Axis("Levels of two crossed groups together, 6,000 cells", LEVELS, two_groups_case),
    "scales": Axis("Learned scales, 6,000 cells of twelve factors", (2, 3, 4, 6, 8, 10, 12), scales_case),
}


def main(argv: list[str] | None = None) -> str:
    """Measure every axis, print and write the tables, and return them; or, inside, one point."""
    asked = _arguments(argv)
    if asked.point:
        axis, size = asked.point
        asked.out.write_text(json.dumps(measure(AXES[axis].make(int(size)), draws=asked.draws)), encoding="utf-8")
        return ""
    machine = machine_line()
    sections = [_section(name, asked) for name in asked.axes]
    text = "\n\n".join(
        [
            "# Growth of time and memory",
            f"navmodels laplace, 4 chains × {asked.draws} draws, on simulated data. Machine: {machine}. Seconds are "
            "from data frame to summarised estimates of one factor, and for the fit alone, kernels loaded before; each "
            "point in a process of its own, whose peak memory includes Python and the libraries.",
            *sections,
        ]
    )
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    return text


def measure(case: Case, *, draws: int) -> dict[str, Any]:
    """Return what fitting a case takes: the middle of up to three repetitions."""
    model, table = case
    _warm(draws)
    takes: list[tuple[float, float]] = []
    start = time.perf_counter()
    while not takes or (len(takes) < REPEATS and time.perf_counter() - start < ENOUGH):
        before = time.perf_counter()
        survey = as_survey(table, by=model.factors)
        fit = nav.fit(model, survey, engine="laplace", draws=draws, seed=1)
        nav.summarise(nav.estimate(fit, by=model.terms[-1].factors[0]), allow_unconverged=True)
        takes.append((time.perf_counter() - before, float(fit.attrs["seconds"])))
    whole, alone = sorted(takes)[len(takes) // 2]
    posterior = fit["posterior"].data_vars
    return {
        "seconds": whole,
        "fit": alone,
        "cells": len(table),
        "coefficients": 1
        + sum(values.shape[-1] for name, values in posterior.items() if str(name).endswith("_effect")),
        "k_hat": float(fit.attrs["pareto_k"]),
        "ess": float(fit.attrs["effective_draws"]),
    }


# ---- inside


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--axes", nargs="*", choices=AXES, default=list(AXES))
    parser.add_argument("--most", type=int, help="leave out larger sizes")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--point", nargs=2, metavar=("AXIS", "SIZE"), help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def _crossed(levels: dict[str, int], *, pooled: int, cells: int) -> Case:
    """Return random cells of crossed factors, about 5 respondents each; the first factors pooled, the others not."""
    names = list(levels)
    terms = [nav.Group(name) if place < pooled else nav.Effect(name) for place, name in enumerate(names)]
    model = nav.Model(nav.Share(), *terms)
    frame = random_cells(
        levels, cells=min(cells, int(np.prod(list(levels.values()), dtype=np.int64))), mean_n=5, seed=SEED
    )
    truth = {"intercept": 1.0, **{f"{name}_sd": 0.3 for name in names}}
    return model, answer_cells(frame, model=model, truth=truth, seed=SEED)


def _warm(draws: int) -> None:
    """Fit something small, so that modules and kernels are loaded."""
    model, table = cells_case(316)
    fit = nav.fit(model, as_survey(table, by=model.factors), engine="laplace", draws=draws, seed=1)
    nav.summarise(nav.estimate(fit, by="first"), allow_unconverged=True)


def _section(name: str, asked: argparse.Namespace) -> str:
    """Return the table of one axis, with the slopes under it."""
    axis = AXES[name]
    sizes = [size for size in axis.sizes if asked.most is None or size <= asked.most]
    if "laplace" not in ENGINES:
        return f"## {axis.title}\n\nengine not available"
    points = [_point(name, size, asked.draws) for size in sizes]
    table = markdown_table([_line(size, point) for size, point in zip(sizes, points, strict=True)])
    return f"## {axis.title}\n\n{table}\n\n{_slopes(sizes, points)}"


def _point(name: str, size: int, draws: int) -> dict[str, Any]:
    """Return the measurements of one point, from a process of its own; or why there are none."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "point.json"
        command = [sys.executable, "-m", "benchmarks.growth", "--point", name, str(size)]
        run = run_program([*command, f"--draws={draws}", f"--out={out}"], limit=LIMIT, folder=ROOT)
        print(f"{name} {size:,}: {run.status} after {run.seconds:.1f} s", file=sys.stderr, flush=True)
        measured = json.loads(out.read_text(encoding="utf-8")) if run.status == "finished" else {}
    last = run.words.strip().splitlines()[-1:] if run.status == "failed" else []
    return {"memory": run.memory, "status": " ".join([run.status, *last]), **measured}


def _line(size: int, point: dict[str, Any]) -> dict[str, str]:
    return {
        "size": f"{size:,}",
        "cells": shown(point.get("cells"), 0),
        "coefficients": shown(point.get("coefficients"), 0),
        "seconds": shown(point.get("seconds"), 2),
        "fit alone": shown(point.get("fit"), 2),
        "peak MB": shown(point["memory"], 0),
        "k-hat": shown(point.get("k_hat"), 2),
        "importance ESS": shown(point.get("ess"), 0),
        "note": "" if point["status"] == "finished" else point["status"],
    }


def _slopes(sizes: Sequence[int], points: Sequence[dict[str, Any]]) -> str:
    """Return the log-log slope over all points and over the larger half, where fixed costs matter less."""
    done = [(size, point) for size, point in zip(sizes, points, strict=True) if "seconds" in point]
    if len(done) < 2:
        return "Too few points for a slope."
    upper = done[-max(2, (len(done) + 1) // 2) :]
    texts = []
    for label, kind in (("seconds", "seconds"), ("fit alone", "fit"), ("peak MB", "memory")):
        slopes = [
            log_log_slope([size for size, _ in part], [point[kind] for _, point in part]) for part in (done, upper)
        ]
        texts.append(f"{label} {slopes[0]:.2f} ({slopes[1]:.2f})")
    return f"Log-log slope over all sizes, and in brackets over the larger half: {', '.join(texts)}."


if __name__ == "__main__":
    main()
