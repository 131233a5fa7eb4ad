"""The large rating survey: what is simulated, and the page from programs that are made up; no wall time is judged."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import ratings, running

COUNTIES = {"share[county 01]": (0.30, 0.02), "share[county 02]": (0.40, 0.04)}


def made(seconds, *, counties=COUNTIES, k_hat=0.1, note=""):
    return {
        "seconds": seconds, "processor": seconds / 2, "cells": 700, "k_hat": k_hat, "ess": 4000.0,
        "counties": counties, "note": note,
    }  # fmt: skip


def rows_of(text):
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[2:]]


@pytest.fixture
def page(tmp_path, monkeypatch, capsys):
    """Return a function that makes the quick page of programs that end so, and what they were started with."""
    seen = []

    def run_program(command, *, limit, folder, extra):
        name, table, out = command[command.index("--program") + 1 :][:3]
        seen.append((name, Path(table), extra))
        theirs = {"share[county 01]": (0.31, 0.02), "share[county 02]": (0.40, 0.05)}
        fits = [made(40.0, counties=theirs, k_hat=None, note="by pymc")] if name == "bambi" else [made(8.0), made(4.0)]
        status = statuses.get(name, "finished")
        if status == "finished":
            Path(out).write_text(json.dumps(fits))
        return running.Run(50.0, 321, status)

    statuses = {}
    monkeypatch.setattr(ratings, "run_program", run_program)
    monkeypatch.setattr(ratings, "OUT", tmp_path)
    monkeypatch.setattr(
        ratings, "written_rows", lambda size, kept=None: _written(tmp_path / f"{kept or size}.csv", kept or size)
    )

    def start(**ends):
        statuses.update(ends)
        text = ratings.main(["--quick"])
        assert (tmp_path / "ratings_quick.md").read_text() == text + "\n"
        assert capsys.readouterr().out == text + "\n"
        return text, seen

    return start


def _written(path, size):
    pd.DataFrame({"answer": np.ones(size, dtype=int)}).to_csv(path, index=False)
    return path


def test_every_program_has_its_lines(page):
    text, seen = page()
    table = rows_of(text)
    assert [(row["what"], row["respondents"], row["seconds"]) for row in table] == [
        ("first use ever", "2,000", "8.00"),
        ("first fit of a process", "2,000", "8.00"),
        ("again, same process", "2,000", "4.00"),
        ("first fit of a process", "200", "8.00"),
        ("first use ever", "200", "40.00"),
    ]
    assert [row["processor seconds"] for row in table] == ["4.00", "4.00", "2.00", "4.00", "20.00"]
    assert table[-1]["k-hat"] == "–"
    assert table[-1]["note"] == "by pymc"
    assert "within 0.50 posterior" in text  # 0.01 of 0.02
    assert "1.00 to 1.25 times" in text
    assert [(name, extra is None) for name, _, extra in seen] == [
        ("laplace", False), ("laplace", True), ("laplace", True), ("bambi", False),
    ]  # fmt: skip


def test_a_program_that_does_not_finish_keeps_its_line(page):
    text, _ = page(bambi="time limit")
    last = rows_of(text)[-1]
    assert (last["seconds"], last["note"]) == ("–", "time limit")
    assert "nothing to compare" in text


def test_the_survey_is_as_large_as_it_says():
    rows = ratings.simulate_rows(20_000)
    assert len(rows) == 20_000
    assert set(rows["answer"]) == set(ratings.CATEGORIES)
    assert [rows[name].nunique() for name in ratings.FACTORS] == [12, 12, 5, 7]
    assert np.prod([*ratings.LEVELS.values()]) == 5_040
    by_county = rows["county"].value_counts()
    assert by_county.max() / by_county.min() == pytest.approx(5, abs=0.8)
    assert "simulated" in rows.attrs["simulated"]
    pd.testing.assert_frame_equal(rows, ratings.simulate_rows(20_000))


def test_a_part_is_some_of_the_respondents_and_written_once(tmp_path):
    every = ratings.read_rows(ratings.written_rows(2_000, folder=tmp_path))
    path = ratings.written_rows(2_000, kept=500, folder=tmp_path)
    assert path.name == "simulated_ratings_2000_500_of_them_seed2024.csv"
    part = ratings.read_rows(path)
    left = every.value_counts().sub(part.value_counts(), fill_value=0)
    assert (len(part), left.min() >= 0, left.sum()) == (500, True, 1_500)
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert len(ratings.read_rows(ratings.written_rows(2_000, kept=500, folder=tmp_path))) == 0


@pytest.mark.sampling
def test_laplace_finds_the_simulated_counties():
    rows = ratings.simulate_rows(8_000)
    first, again = ratings.fit_laplace(rows, None)
    assert first["counties"] == again["counties"]
    assert first["k_hat"] < 0.7
    assert first["note"] == ""
    observed = (rows["answer"] >= ratings.CUT).groupby(rows["county"]).mean()
    for name, (mean, sd) in first["counties"].items():
        assert abs(mean - observed[name[6:-1]]) < 2.5 * sd
