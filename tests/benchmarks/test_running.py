"""A program in its own process: how it ended, what it used, what it may not leave behind."""

import sys
import time

import numba
import pytest

from benchmarks import running


def test_a_program_that_finishes():
    run = running.run_program([sys.executable, "-c", "import time; time.sleep(0.3)"], limit=60)
    assert run.status == "finished"
    assert 0.3 <= run.seconds < 60
    assert run.words == ""


def test_memory_is_that_of_the_program_and_its_children():
    child = "x = bytearray(150_000_000); import time; time.sleep(0.8)"
    started = f"subprocess.Popen([sys.executable, '-c', '{child}'])"
    parent = f"import subprocess, sys; [process.wait() for process in [{started} for _ in 'ab']]"
    run = running.run_program([sys.executable, "-c", parent], limit=60)
    assert run.status == "finished"
    assert run.memory > 280 if sys.platform == "linux" else run.memory > 140  # megabytes


def test_a_program_that_fails_leaves_its_words():
    run = running.run_program([sys.executable, "-c", "raise SystemExit('no such table')"], limit=60)
    assert (run.status, run.words.strip()) == ("failed", "no such table")


def test_a_program_over_the_limit_is_ended_with_its_children(tmp_path):
    late = tmp_path / "late"
    run = running.run_program(["sh", "-c", f"(sleep 1.5; touch {late}) & sleep 60"], limit=0.3)
    assert run.status == "time limit"
    assert run.seconds < 30
    time.sleep(1.6)
    assert not late.exists()


def test_the_environment_is_added_to(monkeypatch):
    monkeypatch.setenv("KEPT", "1")
    run = running.run_program(["sh", "-c", 'exit "$((KEPT + ADDED))"'], limit=60, extra={"ADDED": "-1"})
    assert run.status == "finished"  # 1 - 1


@pytest.mark.filterwarnings("ignore:numba uses NaN:UserWarning")
def test_compilations_are_counted_once():
    double = numba.njit(lambda x: 2 * x)
    with running.counted_compilations() as passes:
        assert double(2) == 4
    assert passes
    with running.counted_compilations() as passes:
        assert double(3) == 6
    assert not passes


def test_the_machine_line_says_what_the_table_needs():
    line = running.machine_line()
    for word in ("cores", "GB", "Python 3.", "navmodels ", "load average at start"):
        assert word in line
    assert running.installed_version("no-such-package-at-all") == ""
