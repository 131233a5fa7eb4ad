"""A large rating survey: ``python -m benchmarks.ratings`` writes results/ratings.md.

150,000 simulated respondents answer with one of six categories, in 5,040 cells of county, industry, year and size.
navmodels fits all of them; bambi, which takes one row a respondent, a random part. Every program has a process of its
own and starts with the data frame of respondents. Nothing here is about real people.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import pandas as pd

import navmodels as nav
from benchmarks.agreement import Moments, compare, smallest_ess
from benchmarks.data import OUT
from benchmarks.peers import county_moments
from benchmarks.running import installed_version, machine_line, run_program
from benchmarks.tables import markdown_table, shown

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "ratings.md"
MODEL = nav.Model(
    nav.Rating(),
    nav.Effect("size"),
    nav.Group("county"),
    nav.Group("industry"),
    nav.Group("county", "industry"),
    nav.Trend("year"),
)
FORMULA = "answer ~ 1 + size + (1|county) + (1|industry) + (1|county:industry) + (1|year)"
LEVELS = {"county": 12, "industry": 12, "year": 5, "size": 7}
FACTORS = tuple(LEVELS)
CATEGORIES = range(1, 7)
CUT = 5  # counties are compared by the share that answers so or higher
TRUTH: Mapping[str, Any] = {
    "threshold": [-2.6, -1.7, -0.7, 0.5, 2.0],
    "size_sd": 0.1,
    "county_sd": 0.15,
    "industry_sd": 0.20,
    "county:industry_sd": 0.08,
    "year_sd": 0.10,
}
FULL, PART, QUICK = 150_000, 5_000, 2_000
SEED = 2024
LIMIT = 1_200.0  # seconds for one program


class Fit(TypedDict):
    """One fit: seconds from data frame to summarised county estimates, and what the table says of it.

    ``processor`` seconds are those of all cores of the process: other programs on the machine do not make them longer.
    """

    seconds: float
    processor: float
    cells: int
    k_hat: float | None
    ess: float
    counties: Moments
    note: str


def main(argv: list[str] | None = None) -> str:
    """Measure, print and write the table, and return the text; or, inside, be one of the programs."""
    asked = _arguments(argv)
    if asked.program:
        name, table, out = asked.program
        Path(out).write_text(json.dumps(PROGRAMS[name](read_rows(Path(table)), asked)), encoding="utf-8")
        return ""
    machine, size = machine_line(), QUICK if asked.quick else FULL
    every = written_rows(size)
    part = written_rows(size, kept=size // 10 if asked.quick else PART)
    lines, fits = [], {}
    for tool, what, program, table, caches in (
        ("navmodels laplace", "first use ever", "laplace", every, True),
        ("navmodels laplace", "first fit of a process", "laplace", every, False),
        ("navmodels laplace", "first fit of a process", "laplace", part, False),
        (f"bambi {installed_version('bambi')}", "first use ever", "bambi", part, True),
    ):
        found, run = _measured(program, table, asked, own_caches=caches)
        fits[program, table] = found
        lines.append(_line(tool, what, table, run.memory, found[0] if found else None, run.status))
        if found and table == every and not caches:
            lines.append(_line(tool, "again, same process", table, run.memory, found[1], run.status))
    agreement = _agreement(fits["laplace", part], fits["bambi", part])
    text = "\n\n".join(
        [
            "# A large rating survey",
            f"Machine: {machine}. All data are simulated: six categories, {size:,} respondents. Seconds are from the "
            f"data frame of respondents to summarised county estimates (the share that answers {CUT} or higher), "
            "whatever must be compiled included, beside other programs as the load average says; processor seconds, "
            "added up over cores, are those of the tool alone. 'First use ever': nothing compiled is on the disk yet.",
            markdown_table(lines),
            agreement,
        ]
    )
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    return text


def simulate_rows(respondents: int = FULL, *, seed: int = SEED) -> pd.DataFrame:
    """Return one row a respondent: the factors and the answer. The largest county has five times the smallest."""
    labels: dict[str, list[Any]] = {
        name: [f"{name} {place:02d}" for place in range(1, size + 1)] for name, size in LEVELS.items()
    }
    labels["year"] = list(range(2025 - LEVELS["year"], 2025))
    index = pd.MultiIndex.from_product(list(labels.values()), names=list(FACTORS))
    cells = index.to_frame(index=False)
    weight = np.ones(len(cells))
    for name in ("county", "industry"):
        shares = dict(zip(labels[name], np.geomspace(1.0, 5.0, LEVELS[name]), strict=True))
        weight *= cells[name].map(shares).to_numpy()
    n = np.random.default_rng(seed).multinomial(respondents, weight / weight.sum())
    return nav.simulate_responses(MODEL, TRUTH, cells=cells.assign(n=n), seed=seed)


def written_rows(respondents: int, *, kept: int | None = None, seed: int = SEED, folder: Path = OUT) -> Path:
    """Return the file of the respondents, or of a random part of them, written on first use."""
    part = "" if kept is None else f"_{kept}_of_them"
    path = folder / f"simulated_ratings_{respondents}{part}_seed{seed}.csv"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        rows = simulate_rows(respondents, seed=seed)
        rows = rows if kept is None else rows.sample(kept, random_state=seed)
        rows.to_csv(path.with_suffix(".part"), index=False)
        path.with_suffix(".part").rename(path)  # never half a table
    return path


def read_rows(path: Path) -> pd.DataFrame:
    """Return written respondents, marked as simulated again."""
    rows = pd.read_csv(path)
    rows.attrs = {"simulated": f"read from {path.name}"}
    return rows


def fit_laplace(rows: pd.DataFrame, asked: argparse.Namespace) -> list[Fit]:
    """Return two fits of the same respondents, one after the other in this process."""
    fits: list[Fit] = []
    for _ in range(2):
        start, busy = time.perf_counter(), time.process_time()
        survey = nav.Survey.from_responses(rows, outcome="answer", categories=CATEGORIES, by=list(FACTORS))
        fit = nav.fit(MODEL, survey, engine="laplace", seed=1)
        table = nav.summarise(nav.estimate(fit, by="county", cut=CUT), allow_unconverged=True)
        seconds, processor = time.perf_counter() - start, time.process_time() - busy
        pairs = zip(table["mean"].tolist(), table["sd"].tolist(), strict=True)
        fits.append(
            {
                "seconds": seconds,
                "processor": processor,
                "cells": survey.cells.sizes["cell"],
                "k_hat": float(fit.attrs["pareto_k"]),
                "ess": float(fit.attrs["effective_draws"]),
                "counties": {f"share[{name}]": pair for name, pair in zip(table["county"], pairs, strict=True)},
                "note": str(fit.attrs["unconverged"]),
            }
        )
    return fits


def fit_bambi(rows: pd.DataFrame, asked: argparse.Namespace) -> list[Fit]:
    """Return a fit with bambi: one row a respondent, its default sampler and priors."""
    import bambi  # type: ignore[import-not-found, import-untyped, unused-ignore]

    start, busy = time.perf_counter(), _with_children()
    answer = pd.Categorical(rows["answer"], categories=list(CATEGORIES), ordered=True)
    model = bambi.Model(FORMULA, rows.assign(answer=answer, year=rows["year"].astype(str)), family="cumulative")
    tree = model.fit(draws=asked.draws, tune=asked.draws, chains=2, random_seed=1, progressbar=False)
    posterior = tree["posterior"].to_dataset()
    model.predict(tree, kind="response_params")
    above = tree["posterior"]["p"].transpose("chain", "draw", "__obs__", ...)[..., CUT - 1 :].sum(axis=-1)
    counties = county_moments(above.to_numpy(), rows.assign(n=1))
    seconds, processor, attrs = time.perf_counter() - start, _with_children() - busy, tree["posterior"].attrs
    divergences = int(tree["sample_stats"]["diverging"].sum())
    sampled = f"2 chains × ({asked.draws} + {asked.draws}) by {attrs['inference_library']}"
    note = f"{sampled} in {attrs['sampling_time']:.0f} s; divergences: {divergences}"
    ess = smallest_ess(posterior)
    fit: Fit = {
        "seconds": seconds,
        "processor": processor,
        "cells": len(rows),
        "k_hat": None,
        "ess": ess,
        "counties": counties,
        "note": note,
    }
    return [fit]


PROGRAMS = {"laplace": fit_laplace, "bambi": fit_bambi}


# ---- inside


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ratings", description=__doc__)
    parser.add_argument("--draws", type=int, default=500, help="of bambi, for each of two chains; as many of tuning")
    parser.add_argument("--quick", action="store_true", help="few respondents, to see that it runs")
    parser.add_argument("--out", type=Path, help="file to write; default results/ratings.md, with --quick in out/")
    parser.add_argument("--program", nargs=3, metavar=("NAME", "TABLE", "OUT"), help=argparse.SUPPRESS)
    asked = parser.parse_args(argv)
    asked.out = asked.out or (OUT / "ratings_quick.md" if asked.quick else RESULTS)
    return asked


def _measured(program: str, table: Path, asked: argparse.Namespace, *, own_caches: bool) -> tuple[list[Fit], Any]:
    """Return the fits of a program, none when it did not finish, and its run."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "fits.json"
        caches = {"NUMBA_CACHE_DIR": f"{folder}/numba", "PYTENSOR_FLAGS": f"base_compiledir={folder}/pytensor"}
        command = [sys.executable, "-m", "benchmarks.ratings", "--program", program, str(table), str(out)]
        command.append(f"--draws={asked.draws}")
        run = run_program(command, limit=LIMIT, folder=ROOT, extra=caches if own_caches else None)
        print(
            f"{program} {table.name}: {run.status} after {run.seconds:.1f} s {run.words}", file=sys.stderr, flush=True
        )
        return (json.loads(out.read_text(encoding="utf-8")) if run.status == "finished" else []), run


def _with_children() -> float:
    """Return processor seconds so far, with those of children that have ended: chains have a process each."""
    return float(sum(os.times()[:4]))


def _line(tool: str, what: str, table: Path, memory: int, found: Fit | None, status: str) -> dict[str, str]:
    return {
        "tool": tool,
        "what": what,
        "respondents": f"{len(read_rows(table)):,}",
        "cells or rows": shown(found["cells"] if found else None, 0),
        "seconds": shown(found["seconds"] if found else None, 2),
        "processor seconds": shown(found["processor"] if found else None, 2),
        "peak MB": shown(memory, 0),
        "k-hat": shown(found["k_hat"] if found else None, 2),
        "min ESS": shown(found["ess"] if found else None, 0),
        "note": found["note"] if found else status,
    }


def _agreement(ours: list[Fit], theirs: list[Fit]) -> str:
    """Return in words how far the county estimates of the same respondents are apart."""
    if not ours or not theirs:
        return "One of the two did not finish, so that there is nothing to compare."
    found = compare(theirs[0]["counties"], ours[0]["counties"])
    return (
        f"On the same respondents, the {found.count} county estimates of bambi, with its own priors and exchangeable "
        f"years, lie within {found.mean_gap:.2f} posterior standard deviations of those of navmodels, with standard "
        f"deviations {found.sd_low:.2f} to {found.sd_high:.2f} times theirs."
    )


if __name__ == "__main__":
    main()
