"""The other tools: which are installed, how each is started, and the program for bambi.

``python -m benchmarks.peers TABLE OUT DRAWS CHAINS SEED`` fits a table with bambi; the R tools have a program each in
r/. All get the same table of counts, fit the nearest model their formulas can say (year as exchangeable levels, not a
walk) with their own default priors and samplers, and write the same record as navmodels does.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.agreement import Moments, Record, smallest_ess
from benchmarks.running import installed_version

PEERS = ("bambi", "rstanarm", "brms", "mcmcsae", "lme4", "glmmTMB")
FORMULA = "p(k, n) ~ 1 + size + sector + (1|county) + (1|industry) + (1|county:industry) + (1|year)"
R_FOLDER = Path(__file__).parent / "r"
NEEDED = ("jsonlite",)  # by every R program
ASK_R = """
for (name in commandArgs(trailingOnly = TRUE))
  cat(name, if (nzchar(system.file(package = name))) as.character(packageVersion(name)), "\\n")
"""


def installed_peers() -> dict[str, str]:
    """Return the version of each peer; empty when it, or what starts it, is not installed."""
    versions = {"bambi": installed_version("bambi"), **_r_versions([*PEERS[1:], *NEEDED])}
    ready = all(versions.get(name) for name in NEEDED)
    return {name: versions.get(name, "") if ready or name == "bambi" else "" for name in PEERS}


def peer_command(name: str, table: Path, out: Path, *, draws: int, chains: int, seed: int) -> list[str]:
    """Return the command that fits a table with a peer and writes its record."""
    files, numbers = [str(table.resolve()), str(out.resolve())], [str(draws), str(chains), str(seed)]
    if name == "bambi":
        return [sys.executable, "-m", "benchmarks.peers", *files, *numbers]
    return ["Rscript", f"{name}.R", *files, *numbers]


def peer_folder(name: str) -> Path:
    """Return the folder a peer's command is started in."""
    return R_FOLDER.parents[1] if name == "bambi" else R_FOLDER


def fit_bambi(table: pd.DataFrame, *, draws: int, chains: int, seed: int) -> Record:
    """Return the record of a fit with bambi: its default sampler and priors."""
    import bambi  # type: ignore[import-not-found, import-untyped, unused-ignore]

    start = time.perf_counter()
    model = bambi.Model(FORMULA, table, family="binomial")
    tree = model.fit(draws=draws, chains=chains, random_seed=seed, progressbar=False)
    posterior = tree["posterior"].to_dataset()
    model.predict(tree, kind="response_params")
    counties = county_moments(tree["posterior"]["p"].transpose("chain", "draw", ...).to_numpy(), table)
    seconds = time.perf_counter() - start
    attrs = tree["posterior"].attrs
    divergences = int(tree["sample_stats"]["diverging"].sum())
    return {
        "label": "NUTS",
        "seconds": seconds,
        "min_ess": smallest_ess(posterior),
        "counties": counties,
        "note": f"sampled by {attrs['inference_library']} in {attrs['sampling_time']:.0f} s"
        + (f"; {divergences} divergences" if divergences else ""),
    }


def county_moments(shares: npt.NDArray[np.float64], table: pd.DataFrame) -> Moments:
    """Return mean and sd of each county's share: cells, dims (..., cell), weighted with their respondents."""
    weight = pd.get_dummies(table["county"]).mul(table["n"], axis=0)
    draws = shares @ (weight / weight.sum()).to_numpy()
    flat = draws.reshape(-1, draws.shape[-1])
    pairs = zip(flat.mean(axis=0).tolist(), flat.std(axis=0, ddof=1).tolist(), strict=True)
    return {f"share[{name}]": pair for name, pair in zip(weight.columns, pairs, strict=True)}


def main(argv: list[str] | None = None) -> None:
    """Fit with bambi, and write the record as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    parser.add_argument("table", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("draws", type=int)
    parser.add_argument("chains", type=int)
    parser.add_argument("seed", type=int)
    asked = parser.parse_args(argv)
    record = fit_bambi(pd.read_csv(asked.table), draws=asked.draws, chains=asked.chains, seed=asked.seed)
    asked.out.write_text(json.dumps([record]), encoding="utf-8")


# ---- inside


def _r_versions(names: list[str]) -> Mapping[str, str]:
    """Return the version of each R package, empty when not installed; nothing when R itself is not."""
    program = shutil.which("Rscript")
    if program is None:
        return {}
    done = subprocess.run(  # noqa: S603
        [program, "-e", ASK_R, *names], capture_output=True, check=False, encoding="utf-8", timeout=60
    )
    lines = [line.split() for line in done.stdout.splitlines() if line.strip()]
    return {parts[0]: parts[1] if len(parts) > 1 else "" for parts in lines}


if __name__ == "__main__":
    main()
