"""Prior settings and hard cases: what is fitted; and a sweep whose fits are made up."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks import data, sweep
from navmodels.models import designs


def test_settings_begin_with_the_model_as_given():
    settings = sweep.draw_settings(100)
    assert len(settings) == 100
    assert settings[0] == dict.fromkeys(sweep.SCALED, 1.0)
    values = [value for setting in settings[1:] for value in setting.values()]
    assert 0.25 <= min(values) < 0.3
    assert 3.5 < max(values) <= 4.0
    assert settings == sweep.draw_settings(100)


def test_the_hard_cases_are_those_they_say():
    (_, offices, first), (_, groups, second) = sweep.hard_cases()
    design = designs.design(offices, data.as_survey(first, by=offices.factors))
    assert 1 + sum(block.size for block in design.blocks) == 1_494
    assert first["n"].mean() == pytest.approx(3.5, abs=0.15)
    assert (len(second), set(second["n"])) == (600, {3})
    assert designs.design(groups, data.as_survey(second, by=groups.factors)).blocks[0].size == 600


def test_the_line_counts_fallbacks_compilations_and_failures(monkeypatch, tmp_path):
    def fit_setting(table, factors, engine):
        fell = factors["county"] > 2
        made = {"seconds": 0.5, "engine": "nuts" if fell else "laplace", "failed": "R-hat 1.02" if fell else ""}
        return {**made, "k_hat": float("nan") if fell else 0.2, "ess": 900.0, "compiled": fell, "lowest": 0.7}

    monkeypatch.setattr(sweep, "fit_setting", fit_setting)
    monkeypatch.setattr(sweep, "ProcessPoolExecutor", lambda workers, **_: ThreadPoolExecutor(workers))
    monkeypatch.setattr(sweep, "written_table", lambda size: data.written_table(size, folder=tmp_path))
    text = sweep.sweep_section(20, "auto", data.QUICK)
    fell = str(sum(setting["county"] > 2 for setting in sweep.draw_settings(20)))
    line = [cell.strip() for cell in text.splitlines()[4].strip("|").split("|")]
    assert int(fell) > 0
    assert [line[0], *line[2:]] == ["20", "0.50", "0.50", fell, fell, fell, "0.20", "900"]


def test_without_the_engine_the_page_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(sweep, "ENGINES", ("auto", "nuts"))
    out = tmp_path / "sweep.md"
    assert sweep.main([f"--out={out}"]).endswith("engine not available")
    assert out.read_text().endswith("engine not available\n")
