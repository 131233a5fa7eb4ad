"""The program that fits a table with navmodels and writes what it took: ``python -m benchmarks.ours ENGINE TABLE OUT``.

Started by `benchmarks.speed`, in a process of its own. ``reference`` is a long run of NUTS, in pieces with different
seeds, that the fits are compared with.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

import navmodels as nav
from benchmarks.agreement import Moments, Record, moments, smallest_ess
from benchmarks.data import MODEL, as_survey, other_answers, read_table, scaled_model

PIECE = 2_500  # draws a chain of one piece of the reference
CHANGED = {"county": 0.5, "industry": 2.0, "county:industry": 0.4, "year": 2.0}  # times the prior scales of MODEL


def main(argv: list[str] | None = None) -> None:
    """Fit, and write the records as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ours")
    parser.add_argument("engine", choices=sorted(PROGRAMS))
    parser.add_argument("table", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fits", type=int, default=1, help="fits one after another in this process")
    asked = parser.parse_args(argv)
    records = PROGRAMS[asked.engine](read_table(asked.table), asked)
    asked.out.write_text(json.dumps(records), encoding="utf-8")


def fit_laplace(table: pd.DataFrame, asked: argparse.Namespace) -> list[Record]:
    """Return the first fit after import, and the same again for each further one asked for."""
    records = []
    for place in range(asked.fits):
        record, tree = timed_fit(table, MODEL, engine="laplace", asked=asked)
        attrs = tree.attrs
        record["label"] = "again, same process" if place else "fit after import"
        effective, most = float(attrs["effective_draws"]), asked.draws * asked.chains
        record["min_ess"] = min(effective, most)  # no more than the draws that are kept
        pymc = "PyMC was loaded" if "pymc" in sys.modules else "no PyMC loaded"
        weights = f"joint k-hat {float(attrs['pareto_k']):.2f}, importance ESS {effective:,.0f}"
        record["note"] = _joined(weights, pymc, record.get("note", ""))
        records.append(record)
    return records


def fit_nuts(table: pd.DataFrame, asked: argparse.Namespace) -> list[Record]:
    """Return a cold fit, and as far as asked for, one with changed answers and one with changed prior scales."""
    from benchmarks.running import counted_compilations

    cases = {
        "cold": (table, MODEL),
        "refit, changed data": (other_answers(table, seed=asked.seed), MODEL),
        "refit, changed prior scales": (table, scaled_model(CHANGED)),
    }
    records = []
    for label, (answers, model) in list(cases.items())[: asked.fits]:
        with counted_compilations() as passes:
            record, tree = timed_fit(answers, model, engine="nuts", asked=asked)
        record["label"], record["min_ess"] = label, smallest_ess(tree["posterior"].to_dataset())
        if label != "cold":
            record.pop("parameters")  # another posterior: nothing to compare it with
            record["counties"] = {}
        compiled = "compiled" if passes else "compiled nothing"
        divergences = f"{tree.attrs['divergences']} divergences" if tree.attrs["divergences"] else ""
        record["note"] = _joined(compiled, divergences, record.get("note", ""))
        records.append(record)
    return records


def fit_reference(table: pd.DataFrame, asked: argparse.Namespace) -> list[Record]:
    """Return the pooled draws of NUTS runs with different seeds: ``chains`` × ``draws`` in all, 2,500 at a time."""
    pieces = max(1, round(asked.draws / PIECE))
    length = -(-asked.draws // pieces)
    start, draws, counties, failed = time.perf_counter(), [], [], []
    survey = as_survey(table)
    for piece in range(pieces):
        tree = nav.fit(MODEL, survey, engine="nuts", draws=length, chains=asked.chains, seed=asked.seed + 1000 + piece)
        failed += [tree.attrs["unconverged"]] if tree.attrs["unconverged"] else []
        draws.append(tree["posterior"].to_dataset())
        counties.append(nav.estimate(tree, by="county"))
        print(f"piece {piece + 1} of {pieces}: {time.perf_counter() - start:.0f} s", flush=True)
    posterior = xr.concat(draws, dim="chain").assign_coords(chain=range(pieces * asked.chains))
    shares = xr.concat(counties, dim="chain").assign_coords(chain=range(pieces * asked.chains))
    record: Record = {
        "label": f"NUTS, {asked.chains * pieces} chains × {length} draws",
        "seconds": time.perf_counter() - start,
        "min_ess": smallest_ess(posterior),
        "counties": moments(xr.Dataset({"share": shares.drop_vars("n")})),
        "parameters": moments(posterior),
        "note": _joined(*failed),
    }
    return [record]


def timed_fit(
    table: pd.DataFrame, model: nav.Model, *, engine: str, asked: argparse.Namespace
) -> tuple[Record, xr.DataTree]:
    """Return the record of one fit, from data frame to summarised county estimates, and the fit itself."""
    start = time.perf_counter()
    survey = as_survey(table)
    tree = nav.fit(model, survey, engine=engine, draws=asked.draws, chains=asked.chains, seed=asked.seed)
    summary = nav.summarise(nav.estimate(tree, by="county"), allow_unconverged=True)
    seconds = time.perf_counter() - start
    record: Record = {
        "label": "",
        "seconds": seconds,
        "min_ess": None,
        "counties": _counties(summary),
        "parameters": moments(tree["posterior"].to_dataset()),
        "note": f"did not pass the gate: {_first(summary['unconverged'].iloc[0])}" if "unconverged" in summary else "",
    }
    return record, tree


# ---- inside


def _counties(summary: pd.DataFrame) -> Moments:
    pairs = zip(summary["mean"].tolist(), summary["sd"].tolist(), strict=True)
    return {f"share[{name}]": pair for name, pair in zip(summary["county"], pairs, strict=True)}


def _first(reasons: str) -> str:
    parts = reasons.split("; ")
    return parts[0] + (f" and {len(parts) - 1} more" if len(parts) > 1 else "")


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


PROGRAMS: dict[str, Any] = {"laplace": fit_laplace, "nuts": fit_nuts, "reference": fit_reference}

if __name__ == "__main__":
    main()
