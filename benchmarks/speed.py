"""One table of how fast navmodels and other tools are on the same simulated data: ``python -m benchmarks.speed``.

Every fit runs in a process of its own, one after another. Python tools run twice, with a disk cache of their own that
starts empty: the first use ever, and a later process, which is what ratios are about. A peer that is not installed, not
asked for, stopped or failed has a row that says so.
"""

import argparse
import hashlib
import json
import math
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.agreement import Agreement, Record, compare
from benchmarks.data import FULL, MODEL, OUT, QUICK, content_hash, read_table, written_table
from benchmarks.peers import PEERS, installed_peers, peer_command, peer_folder
from benchmarks.running import Run, machine_line, run_program
from benchmarks.tables import markdown_table, shown
from navmodels.engines.fitting import ENGINES

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "speed.md"
BASE = "bambi"  # whose new process ratios are to
NO_LIMIT = 6 * 3600.0  # the long run of NUTS


@dataclass(frozen=True)
class Plan:
    """What is fitted, how, and where things are kept meanwhile."""

    table: Path
    folder: Path
    draws: int = 1000
    chains: int = 4
    seed: int = 1
    limit: float = 1800.0


@dataclass(frozen=True)
class Row:
    """One line of the table. Without a record, `note` says why there is none."""

    tool: str
    what: str
    seconds: float | None = None
    memory: int | None = None
    record: Record | None = None
    note: str = ""


def main(argv: list[str] | None = None) -> str:
    """Run the benchmark, print and write its table, and return it."""
    asked = _arguments(argv)
    machine = machine_line()
    table = written_table(QUICK if asked.quick else FULL)
    draws = 250 if asked.quick else 1000
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(table, Path(folder), draws=draws, limit=asked.timeout)
        reference = long_run(plan, asked.long_draws or (2_500 if asked.quick else 10_000))
        rows = [*laplace_rows(plan), *nuts_rows(plan), *peer_rows(plan, asked.peers)]
    text = report(rows, reference, plan=plan, machine=machine)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(text, encoding="utf-8")
    print(text)
    return text


def laplace_rows(plan: Plan) -> list[Row]:
    """Return navmodels laplace: a later process by parts, once more in the same process, and the first use ever."""
    tool = "navmodels laplace"
    if "laplace" not in ENGINES:
        return [Row(tool, "new process", note="engine not available")]
    first, later, twice = (launch(plan, tool, _ours("laplace", plan, fits=fits)) for fits in (1, 1, 2))
    return [
        row_of(tool, "new process, fit after import", later),
        row_of(tool, "new process, all of it", later, whole=True),
        row_of(tool, "again, same process", twice, place=1),
        row_of(tool, "first use ever", first),
    ]


def nuts_rows(plan: Plan) -> list[Row]:
    """Return navmodels nuts: a later process cold, its two refits, and the first use ever."""
    tool = "navmodels nuts"
    first, later = (launch(plan, tool, _ours("nuts", plan, fits=fits)) for fits in (1, 3))
    names = ("new process", "refit, changed data", "refit, changed prior scales")
    rows = [row_of(tool, name, later, place=place) for place, name in enumerate(names)]
    return [*rows, row_of(tool, "first use ever", first)]


def peer_rows(plan: Plan, asked: Sequence[str]) -> list[Row]:
    """Return the rows of every peer, whatever became of it."""
    rows, versions = [], installed_peers()
    for name in PEERS:
        if name not in asked:
            rows.append(Row(name, "new process", note="not asked for in this run"))
        elif not versions[name]:
            rows.append(Row(name, "new process", note="not installed"))
        else:
            rows += _one_peer(plan, name, versions[name])
    return rows


def long_run(plan: Plan, draws: int) -> Record:
    """Return a long run of NUTS on the table: made once, and kept under the name of what it was made from.

    Raises
    ------
    RuntimeError
        When it did not finish.
    """
    key = hashlib.sha256(f"{content_hash(plan.table)} {MODEL!r} {plan.chains} {draws}".encode()).hexdigest()[:12]
    path = OUT / f"reference_{key}.json"
    if not path.exists():
        long = replace(plan, draws=draws, limit=NO_LIMIT)
        run, records = launch(long, "reference", _ours("reference", long, fits=1))
        if not records:
            raise RuntimeError(f"the long run of NUTS that all is compared with: {_why(run)}")
        path.write_text(json.dumps(records[0]), encoding="utf-8")
    kept: Record = json.loads(path.read_text(encoding="utf-8"))
    return kept


def launch(plan: Plan, tool: str, command: Sequence[str], *, folder: Path = ROOT) -> tuple[Run, list[Record]]:
    """Run one program with the disk cache of its tool; return what it took and its records (none unless finished)."""
    _tell(f"{tool} ...")
    _written(plan).unlink(missing_ok=True)
    run = run_program(command, limit=plan.limit, folder=folder, extra=_caches(plan.folder / tool.replace(" ", "_")))
    _tell(f"{tool}: {run.status} after {run.seconds:.1f} s")
    if run.status != "finished" or not _written(plan).exists():
        return run, []
    records: list[Record] = json.loads(_written(plan).read_text(encoding="utf-8"))
    return run, records


def row_of(tool: str, what: str, launched: tuple[Run, list[Record]], *, place: int = 0, whole: bool = False) -> Row:
    """Return the row of one record of a program, or of why there is none; `whole` for the seconds of the process."""
    run, records = launched
    if len(records) <= place:
        return Row(tool, what, note=_why(run))
    record = records[place]
    return Row(tool, what, run.seconds if whole else record["seconds"], run.memory, record, record.get("note", ""))


def report(rows: Sequence[Row], reference: Record, *, plan: Plan, machine: str) -> str:
    """Return the whole page: what was run, where, and the table."""
    table = read_table(plan.table)
    base = next((row.seconds for row in rows if row.tool.startswith(BASE) and row.what == "new process"), None)
    failed = f" ({reference['note']})" if reference.get("note") else ""
    lines = [
        "# Speed",
        f"Simulated data ({plan.table.name}): {len(table):,} cells, {int(table['n'].sum()):,} respondents. "
        f"Model: `{MODEL!r}`. {plan.chains} chains × {plan.draws:,} draws.",
        f"Machine: {machine}, at the end {os.getloadavg()[0]:.2f}.",
        f"Compared with: {reference['label']}, smallest ESS {shown(reference['min_ess'], 0)}"
        f"{failed}. Seconds are from data frame to summarised county estimates. How to read the columns, and "
        "what they do not say: benchmarks/README.md.",
        markdown_table([_line(row, reference, base) for row in rows]),
    ]
    return "\n\n".join(lines) + "\n"


# ---- inside


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS, help="default: all that are installed")
    parser.add_argument("--long-draws", type=int, help="draws a chain of the long run of NUTS; default 10000")
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds for one program")
    parser.add_argument("--quick", action="store_true", help="a small table and few draws, to see that it runs")
    parser.add_argument("--out", type=Path, help="file to write; default results/speed.md, with --quick in out/")
    asked = parser.parse_args(argv)
    asked.out = asked.out or (OUT / "speed_quick.md" if asked.quick else RESULTS)
    return asked


def _ours(engine: str, plan: Plan, *, fits: int) -> list[str]:
    """Return the command that fits with navmodels."""
    numbers = [f"--{name}={getattr(plan, name)}" for name in ("draws", "chains", "seed")]
    files = [str(plan.table), str(_written(plan))]
    return [sys.executable, "-m", "benchmarks.ours", engine, *files, *numbers, f"--fits={fits}"]


def _one_peer(plan: Plan, name: str, version: str) -> list[Row]:
    command = peer_command(name, plan.table, _written(plan), draws=plan.draws, chains=plan.chains, seed=plan.seed)
    tool = f"{name} {version}"
    first = launch(plan, name, command, folder=peer_folder(name))
    if name != "bambi":  # R tools keep nothing on disk
        return [row_of(tool, "new process", first)]
    later = launch(plan, name, command, folder=peer_folder(name))
    return [row_of(tool, "new process", later), row_of(tool, "first use ever", first)]


def _written(plan: Plan) -> Path:
    return plan.folder / "record.json"


def _caches(folder: Path) -> dict[str, str]:
    """Return the environment in which what numba and PyTensor compile is kept in a folder, and nowhere else."""
    flags = [os.environ.get("PYTENSOR_FLAGS", ""), f"base_compiledir={folder / 'pytensor'}"]
    return {"NUMBA_CACHE_DIR": str(folder / "numba"), "PYTENSOR_FLAGS": ",".join(flag for flag in flags if flag)}


def _why(run: Run) -> str:
    """Return in one line why a program has no record."""
    if run.status == "time limit":
        return f"ended at the time limit, after {run.seconds:,.0f} s"
    last = next((line for line in reversed(run.words.splitlines()) if line.strip()), "no word of why")
    return f"failed: {last.strip()[:200]}"


def _line(row: Row, reference: Record, base: float | None) -> dict[str, str]:
    """Return the cells of one row of the table."""
    record = row.record
    parameters = compare(record["parameters"], reference["parameters"]) if record and record.get("parameters") else None
    counties = compare(record["counties"], reference["counties"]) if record and record["counties"] else None
    return {
        "tool": row.tool,
        "what": row.what,
        "seconds": shown(row.seconds, 2),
        "times faster than bambi": shown(base / row.seconds if base and row.seconds else None, 1),
        "peak MB": shown(row.memory, 0),
        "min ESS": shown(record["min_ess"] if record else None, 0),
        f"coefficients and scales ({len(reference['parameters'])}): max abs Δmean / sd": _gap(parameters),
        "sd ratio": _range(parameters),
        f"counties ({len(reference['counties'])}): max abs Δmean / sd": _gap(counties),
        "county sd ratio": _range(counties),
        "note": row.note,
    }


def _gap(found: Agreement | None) -> str:
    return shown(found.mean_gap if found else None, 3)


def _range(found: Agreement | None) -> str:
    return shown(None) if found is None or math.isnan(found.sd_low) else f"{found.sd_low:.3f}–{found.sd_high:.3f}"


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
