"""Models and surveys nobody would think of end well: passed, said not to have passed, or refused in words."""

import subprocess
import sys

import pytest

from benchmarks import random_models


def test_cases_are_the_same_each_time_and_differ():
    first, again = random_models.random_case(3, 7), random_models.random_case(3, 7)
    assert repr(first[0]) == repr(again[0])
    assert first[1].to_pandas().equals(again[1].to_pandas())
    kinds = set()
    for number in range(60):
        try:
            kinds.add(type(random_models.random_case(3, number)[0].outcome).__name__)
        except ValueError:  # of the survey or the model, which is how a case may end
            continue
    assert kinds == {"Share", "Reported", "Rating", "Choice"}


def test_a_crash_and_an_endless_case_are_seen(monkeypatch):
    made = subprocess.Popen
    ends = iter(["import os; os.abort()", "import signal, os; os.kill(os.getpid(), signal.SIGALRM)"])

    def instead(command, **options):
        return made([sys.executable, "-c", next(ends)], **options)

    monkeypatch.setattr(random_models.subprocess, "Popen", instead)
    assert [case["end"] for case in random_models.watched(1, range(2))] == ["crash", "no end"]


def test_a_bare_error_is_a_fault(monkeypatch):
    def broken(*_, **__):
        raise KeyError("county")

    monkeypatch.setattr(random_models.nav, "fit", broken)
    assert random_models.run_case(0, -1)["end"] == "fault"


@pytest.mark.slow
@pytest.mark.parametrize("cases", [pytest.param(range(20), id="short"), pytest.param(range(20, 500), id="all")])
def test_every_case_ends_well(cases):
    ends = list(random_models.watched(1, cases))
    assert len(ends) == len(cases)
    assert [case for case in ends if case["end"] not in random_models.GOOD] == []
    assert sum(case["end"] == "passed" for case in ends) > len(cases) / 4  # so that something was fitted
