"""Sizes of the cases, slopes and rows of the tables; nothing here depends on how fast the machine is."""

import json
from pathlib import Path

import pytest

from benchmarks import data, growth, running
from navmodels.models import designs


def shape(case):
    """Return cells, coefficients with the intercept, and learned scales."""
    model, table = case
    design = designs.design(model, data.as_survey(table, by=model.factors))
    coefficients = 1 + sum(block.size for block in design.blocks)
    return design.survey.cells.sizes["cell"], coefficients, len(design.parameters)


@pytest.mark.parametrize("respondents", [10**3, 10**8])
def test_respondents_grow_on_a_fixed_table(respondents):
    case = growth.respondents_case(respondents)
    assert case[1]["n"].sum() == respondents
    assert shape(case) == (6_912, 1 + 2 + 1 + 12 + 12 + 144 + 7, 4)


@pytest.mark.parametrize("size", [316, 3_162])
def test_cells_grow_alone(size):
    assert shape(growth.cells_case(size)) == (size, 101, 4)


@pytest.mark.parametrize(("make", "learned"), [(growth.one_group_case, 1), (growth.two_groups_case, 2)])
def test_levels_grow_on_as_many_cells(make, learned):
    small, large = shape(make(200)), shape(make(2_000))
    assert small[0] == large[0] == 6_000
    assert large[1] - small[1] == 1_800
    assert small[2] == large[2] == learned


def test_scales_grow_alone():
    few, many = shape(growth.scales_case(2)), shape(growth.scales_case(12))
    assert (few[0], many[0]) == (6_000, 6_000)
    assert (few[2], many[2]) == (2, 12)
    assert many[1] - few[1] == 10  # a contrast has one coefficient fewer than a group


def test_the_page_has_a_row_a_size_and_slopes(monkeypatch, tmp_path):
    def run_program(command, *, limit, folder):
        size = int(command[command.index("--point") + 2])
        out = Path(next(part for part in command if part.startswith("--out=")).removeprefix("--out="))
        if size == 1_000:
            return running.Run(900.0, 50, "time limit")
        point = {"seconds": 0.01 * size, "fit": 0.5, "cells": size, "coefficients": 101, "k_hat": 0.1, "ess": 3_000.0}
        out.write_text(json.dumps(point))
        return running.Run(3.0, 200, "finished")

    monkeypatch.setattr(growth, "run_program", run_program)
    monkeypatch.setattr(growth, "ENGINES", ("auto", "laplace", "nuts"))
    out = tmp_path / "growth.md"
    text = growth.main(["--axes", "cells", "--most", "10000", f"--out={out}"])
    assert out.read_text() == text + "\n"
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    assert [line[0] for line in lines[2:]] == ["316", "1,000", "3,162", "10,000"]
    assert lines[2][1:] == ["316", "101", "3.16", "0.50", "200", "0.10", "3,000", ""]
    assert lines[3][-1] == "time limit"
    assert "seconds 1.00 (1.00), fit alone 0.00 (0.00), peak MB 0.00 (0.00)" in text


def test_without_the_engine_the_page_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(growth, "ENGINES", ("auto", "nuts"))
    assert growth.main(["--axes", "scales", f"--out={tmp_path / 'growth.md'}"]).endswith("engine not available")
