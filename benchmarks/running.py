"""A program in a process of its own: seconds, peak memory, a time limit. And what a process compiles meanwhile.

It does not judge what the program computes.
"""

import os
import platform
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

SAMPLED = 0.1  # seconds between two looks at the memory
PACKAGES = ("navmodels", "numba", "numpy", "scipy", "pymc", "nutpie", "bambi")
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Run:
    """What a program took.

    Attributes
    ----------
    seconds
        Wall seconds of the whole process.
    memory
        Peak memory in MB: the largest process as the system recorded it, or the sum over the process and its children
        (each one's share of what they share) where a look at them found more.
    status
        "finished", "time limit" or "failed".
    words
        The end of what it printed when it did not finish well.
    """

    seconds: float
    memory: int
    status: str
    words: str = ""


def run_program(
    command: Sequence[str], *, limit: float, folder: Path | None = None, extra: Mapping[str, str] | None = None
) -> Run:
    """Run a program to its end, or to the limit in seconds, when it is ended with its children.

    `folder` is where it starts, `extra` what is added to its environment.

    Examples
    --------
    >>> run_program(["true"], limit=10).status
    'finished'
    """
    with tempfile.TemporaryFile() as printed:
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603
            list(command),
            cwd=folder,
            env={**os.environ, **(extra or {})},
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        memory, looked, late = 0, 0.0, False
        while True:
            ended, code, usage = os.wait4(process.pid, os.WNOHANG)
            seconds = time.perf_counter() - start
            if ended:
                break
            if seconds > limit and not late:
                late = True
                os.killpg(process.pid, signal.SIGKILL)
            elif seconds > looked + SAMPLED:
                memory, looked = max(memory, _tree_bytes(process.pid)), seconds
            time.sleep(0.005)
        process.returncode = os.waitstatus_to_exitcode(code)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # children that outlived their parent
        printed.seek(0)
        status = "time limit" if late else "failed" if process.returncode else "finished"
        words = "" if status == "finished" else printed.read().decode(errors="replace")[-2000:]
    return Run(round(seconds, 3), round(max(memory, _recorded_bytes(usage)) / MEGABYTE), status, words)


@contextmanager
def counted_compilations() -> Iterator[list[object]]:
    """Collect what numba compiles inside the block: one entry a pass of its compiler, none for what the disk has.

    Both engines compile with numba, nutpie and PyTensor included. Children are not seen.
    """
    from numba.core import event

    with event.install_recorder("numba:run_pass") as recorder:
        found: list[object] = []
        yield found
        found.extend(recorder.buffer)


def machine_line() -> str:
    """Return one line: processor, cores, memory, system, versions, and the load of the machine just now."""
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    parts = [
        f"{_processor()}, {os.cpu_count()} cores, {_gigabytes():.0f} GB",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        *(f"{name} {found}" for name in PACKAGES if (found := installed_version(name))),
        f"load average at start {load}",
    ]
    return " · ".join(parts)


def installed_version(name: str) -> str:
    """Return the version of an installed Python package, or nothing."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


# ---- inside


def _recorded_bytes(usage: resource.struct_rusage) -> int:
    """Return the recorded peak of a program; 0 when it is not above our own, which Linux hands on to what we start."""
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if platform.system() == "Darwin" else 1024
    return usage.ru_maxrss * unit if usage.ru_maxrss > ours else 0


def _tree_bytes(pid: int) -> int:
    """Return the memory of a process and its children in bytes; 0 where the system does not tell (not Linux)."""
    total, todo = 0, [pid]
    while todo:
        one = todo.pop()
        with suppress(OSError, ValueError, StopIteration):
            text = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
            total += 1024 * int(next(line.split()[1] for line in text.splitlines() if line.startswith("Pss:")))
            for tasks in Path(f"/proc/{one}/task").glob("*/children"):
                todo += [int(child) for child in tasks.read_text(encoding="ascii").split()]
    return total


def _processor() -> str:
    with suppress(OSError, StopIteration):
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        return next(line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name"))
    return platform.processor() or platform.machine()


def _gigabytes() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
