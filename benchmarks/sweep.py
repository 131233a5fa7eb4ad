"""A hundred prior settings, and the hard cases: ``python -m benchmarks.sweep`` writes results/sweep.md.

The settings are the county × industry × year test with the prior scales of its four learned terms times factors between
1/4 and 4, fitted in a pool of two processes. The hard cases have many tiny groups.
"""

import argparse
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import navmodels as nav
from benchmarks.data import (
    FULL,
    QUICK,
    Size,
    answer_cells,
    as_survey,
    random_cells,
    read_table,
    scaled_model,
    written_table,
)
from benchmarks.running import counted_compilations, machine_line
from benchmarks.tables import markdown_table, shown
from navmodels.engines.fitting import ENGINES

RESULTS = Path(__file__).parent / "results" / "sweep.md"
SCALED = ("county", "industry", "county:industry", "year")
WORKERS = 2
SEED = 2024

Found = dict[str, Any]


def main(argv: list[str] | None = None) -> str:
    """Run the sweep and the hard cases, print and write the tables, and return them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--settings", type=int, default=100)
    parser.add_argument("--engine", choices=("auto", "laplace", "nuts"), default="auto")
    parser.add_argument("--quick", action="store_true", help="a small table, to see that it runs")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args(argv)
    machine = machine_line()
    parts = ["# A sweep of prior settings, and hard cases", f"Machine: {machine}. All data are simulated."]
    if asked.engine not in ENGINES or "laplace" not in ENGINES:
        parts.append("engine not available")
    else:
        parts += [sweep_section(asked.settings, asked.engine, QUICK if asked.quick else FULL), hard_section()]
    text = "\n\n".join(parts)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    return text


def draw_settings(count: int) -> list[dict[str, float]]:
    """Return factors for the prior scales: as given first, the others log-uniform between 1/4 and 4."""
    drawn = 2.0 ** np.random.default_rng(SEED).uniform(-2, 2, (count, len(SCALED)))
    drawn[0] = 1.0
    return [dict(zip(SCALED, row.tolist(), strict=True)) for row in drawn]


def _take_core(cores: Any) -> None:
    """Keep a worker to one core, so that its threads do not compete with those of the others."""
    core = cores.get()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def fit_setting(table: Path, factors: dict[str, float], engine: str) -> Found:
    """Return what one setting takes, from data frame to county estimates, and how its fit went."""
    with counted_compilations() as passes:
        found, counties = _timed(scaled_model(factors), read_table(table), engine=engine, by="county")
    return {**found, "compiled": bool(passes), "lowest": float(counties["mean"].min())}


def sweep_section(count: int, engine: str, size: Size) -> str:
    """Return the table of the sweep, from one pool of two processes, their start included."""
    table, settings = written_table(size), draw_settings(count)
    before = fit_setting(table, settings[0], engine)  # what a first use ever compiles is on the disk after this
    start = time.perf_counter()
    context = get_context("spawn")
    cores = context.SimpleQueue()
    for core in range(WORKERS):
        cores.put(core)
    with ProcessPoolExecutor(WORKERS, mp_context=context, initializer=_take_core, initargs=(cores,)) as pool:
        found = list(pool.map(fit_setting, [table] * count, settings, [engine] * count))
    total = time.perf_counter() - start
    seconds = sorted(each["seconds"] for each in found)
    line = {
        "settings": f"{count}",
        "total seconds": shown(total, 1),
        "median seconds of a fit": shown(float(np.median(seconds)), 2),
        "slowest": shown(seconds[-1], 2),
        "fits that compiled": f"{sum(each['compiled'] for each in found)}",
        "fell back to nuts": f"{sum(each['engine'] == 'nuts' for each in found)}",
        "did not pass the gate": f"{sum(bool(each['failed']) for each in found)}",
        "largest k-hat": shown(_largest([each["k_hat"] for each in found]), 2),
        "smallest importance ESS": shown(-_largest([-each["ess"] for each in found]), 0),
    }
    lowest = [each["lowest"] for each in found]
    return "\n\n".join(
        [
            f"## {count} prior settings of the test ({table.name}), engine {engine}, {WORKERS} processes",
            markdown_table([line]),
            "Seconds include the start of the processes and their imports; one fit before it "
            f"({before['seconds']:.1f} s) saw to it that the kernels are on the disk. A fit has compiled when numba "
            f"ran any pass of its compiler. Lowest county: {min(lowest):.4f} to {max(lowest):.4f}.",
        ]
    )


def hard_section() -> str:
    """Return the table of the hard cases; each is fitted twice, the second is shown."""
    lines = []
    for name, model, table in hard_cases():
        by = model.terms[0].factors[0]
        found = [_timed(model, table, engine="laplace", by=by)[0] for _ in range(2)][-1]
        lines.append(
            {
                "case": name,
                "cells": f"{len(table):,}",
                "respondents": f"{int(table['n'].sum()):,}",
                "coefficients": f"{found['coefficients']:,}",
                "seconds": shown(found["seconds"], 2),
                "k-hat": shown(found["k_hat"], 2),
                "importance ESS": shown(found["ess"], 0),
                "of joint draws": shown(found["proposals"], 0),
                "draws kept": "4,000",
                "gate": found["failed"] or "passed",
            }
        )
    return "## Hard cases, engine laplace\n\n" + markdown_table(lines)


def hard_cases() -> list[tuple[str, nav.Model, pd.DataFrame]]:
    """Return name, model and table of each: offices by benefits with interaction, and many groups of three."""
    cases = []
    offices = random_cells({"office": 248, "benefit": 5}, cells=248 * 5, mean_n=3.5, seed=SEED)
    crossed = nav.Model(nav.Share(), nav.Group("office"), nav.Group("benefit"), nav.Group("office", "benefit"))
    truth = {"intercept": 1.0, "office_sd": 0.4, "benefit_sd": 0.3, "office:benefit_sd": 0.3}
    cases.append(("248 offices × 5 benefits", crossed, answer_cells(offices, model=crossed, truth=truth, seed=SEED)))
    groups = pd.DataFrame({"group": [f"group {place:03d}" for place in range(600)], "n": 3})
    single = nav.Model(nav.Share(), nav.Group("group"))
    truth = {"intercept": 1.0, "group_sd": 0.5}
    cases.append(("600 groups of 3", single, answer_cells(groups, model=single, truth=truth, seed=SEED)))
    return cases


# ---- inside


def _timed(model: nav.Model, table: pd.DataFrame, *, engine: str, by: str) -> tuple[Found, pd.DataFrame]:
    """Return how a fit went, from data frame to summarised estimates, and the estimates."""
    start = time.perf_counter()
    fit = nav.fit(model, as_survey(table, by=model.factors), engine=engine, seed=1)
    estimates = nav.summarise(nav.estimate(fit, by=by), allow_unconverged=True)
    seconds = time.perf_counter() - start
    attrs, sizes = fit.attrs, fit["posterior"].data_vars.items()
    found = {
        "seconds": seconds,
        "engine": attrs["engine"],
        "failed": str(attrs["unconverged"]),
        "k_hat": float(attrs.get("pareto_k", np.nan)),
        "ess": float(attrs.get("effective_draws", np.nan)),
        "proposals": float(attrs.get("proposals", np.nan)),
        "coefficients": 1 + sum(values.shape[-1] for name, values in sizes if str(name).endswith("_effect")),
    }
    return found, estimates


def _largest(values: Sequence[float]) -> float:
    """Return the largest of what is not NaN; NaN when all is."""
    known = [value for value in values if not np.isnan(value)]
    return max(known) if known else float("nan")


if __name__ == "__main__":
    main()
