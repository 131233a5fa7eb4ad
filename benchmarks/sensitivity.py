"""The standard set of scenarios on two models: ``python -m benchmarks.sensitivity`` writes results/sensitivity.md.

One is a published table, thirteen questions by the benefits of users with greater needs (43 to 91 respondents a group);
the other the simulated county × industry × year test. Each in this process, then in a pool of two.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from multiprocessing import get_context
from os import getloadavg, times
from pathlib import Path
from typing import Any

import navmodels as nav
from benchmarks.data import FULL, MODEL, QUICK, as_survey, simulate_table
from benchmarks.running import machine_line
from benchmarks.tables import markdown_table, shown

RESULTS = Path(__file__).parent / "results" / "sensitivity.md"
SEED = 2024
Case = tuple[nav.Model, nav.Survey, Mapping[str, Any]]


def benefit_case() -> Case:
    """Return the model of the accessibility study's questions to users with greater needs, by benefit."""
    from navmodels.reports.library import open_report
    from navmodels.reports.printed_shares import list_shares
    from navmodels.reports.templates import make_model, plan_models

    report = open_report("accessibility_2025")
    shares = list_shares(report)
    (planned,) = (each for each in plan_models(report, shares) if each.name == "vulnerable_user × benefit")
    return *make_model(planned, shares), {"by": ["question", "group"]}


def county_case(*, quick: bool) -> Case:
    """Return the county × industry × year test."""
    return MODEL, as_survey(simulate_table(QUICK if quick else FULL)), {"by": ["county", "year"]}


def main(argv: list[str] | None = None) -> str:
    """Measure, print and write the table, and return it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sensitivity", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small simulated table")
    parser.add_argument("--cases", nargs="*", choices=("benefit", "county"), default=["benefit", "county"])
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args(argv)
    machine = machine_line()
    cases: dict[str, Callable[[], Case]] = {"benefit": benefit_case, "county": lambda: county_case(quick=asked.quick)}
    rows = [row for name in asked.cases for row in _measured(name, cases[name]())]
    load = " ".join(f"{each:.2f}" for each in getloadavg())
    text = (
        "# Standard scenarios\n\n"
        f"navmodels, engine auto, 4 chains × 1000 draws. Machine: {machine}; load average at the end {load}. Seconds "
        "of `refit_scenarios` from call to draws, a fit made before; those of the pool include its start. CPU seconds "
        "are of all threads and processes: where they are far below twice the seconds, the machine was busy with other "
        "things.\n\n"
        f"{markdown_table(rows)}"
    )
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    return text


# ---- inside


def _measured(name: str, case: Case) -> list[dict[str, str]]:
    """Return a row for this process and one for a pool of two."""
    model, survey, estimand = case
    scenarios = nav.standard_scenarios(model, survey)
    nav.estimate(nav.fit(model, survey, seed=SEED), **estimand)  # loads what is compiled
    pools: dict[str, Callable[[], AbstractContextManager[Executor | None]]] = {
        "this process": nullcontext,
        "pool of two": lambda: ProcessPoolExecutor(2, mp_context=get_context("spawn")),
    }
    rows = []
    for where, pool in pools.items():
        start, before = time.perf_counter(), _cpu()
        with pool() as executor:
            draws = nav.refit_scenarios(model, survey, scenarios, estimand=estimand, seed=SEED, executor=executor)
        row = {
            "model": name,
            "where": where,
            "cells": f"{survey.cells.sizes['cell']:,}",
            "scenarios": str(len(scenarios)),
            "failed": str(len(draws.attrs["failed"])),
            "seconds": shown(time.perf_counter() - start),
            "CPU seconds": shown(_cpu() - before),
        }
        print(", ".join(f"{key} {value}" for key, value in row.items()), file=sys.stderr, flush=True)
        rows.append(row)
    return rows


def _cpu() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    used = times()
    return used.user + used.system + used.children_user + used.children_system


if __name__ == "__main__":
    main()
