"""The table of speed, with programs that only write records: no wall time is judged."""

import json
from pathlib import Path

import pytest

from benchmarks import data, peers, running, speed

COUNTIES = {"share[A]": (0.8, 0.02), "share[B]": (0.7, 0.04)}
PARAMETERS = {"intercept": (1.0, 0.2), "county_sd": (0.3, 0.1)}
REFERENCE = {"label": "NUTS, long", "seconds": 1.0, "min_ess": 9000.0, "counties": COUNTIES, "parameters": PARAMETERS}


def record(seconds, *, counties=COUNTIES, parameters=PARAMETERS, min_ess=400.0, note=""):
    made = {"label": "", "seconds": seconds, "min_ess": min_ess, "counties": counties, "note": note}
    return {**made, "parameters": parameters} if parameters else made


def programs(command):
    """Return how a program ends and its records, by its name."""
    text = " ".join(map(str, command))
    if "reference" in text:
        return "finished", [REFERENCE]
    if "laplace" in text:
        return "finished", [record(0.5), record(0.25)][: 2 if "--fits=2" in text else 1]
    if "nuts" in text:
        fits = [record(5.0), record(2.0, counties={}, parameters=None), record(1.0, counties={}, parameters=None)]
        return "finished", fits[: 3 if "--fits=3" in text else 1]
    if "benchmarks.peers" in text:
        return "finished", [record(20.0, parameters=None)]
    if "lme4" in text:
        points = {"share[A]": (0.81, None), "share[B]": (0.7, None)}
        return "finished", [record(4.0, counties=points, parameters=None, min_ess=None)]
    return ("time limit", []) if "brms" in text else ("failed", [])


@pytest.fixture
def page(tmp_path, monkeypatch, capsys):
    """Return the quick page of mocked programs, mcmcsae not installed and glmmTMB not asked for."""
    seen = []

    def run_program(command, *, limit, folder=None, extra=None):
        seen.append((list(map(str, command)), limit, extra["NUMBA_CACHE_DIR"]))
        status, records = programs(command)
        out = next(part for part in map(Path, command) if str(part).endswith("record.json"))
        if status == "finished":
            out.write_text(json.dumps(records))
        return running.Run(7.5, 321, status, "Traceback\nno such thing\n" if status == "failed" else "")

    versions = {name: "" if name == "mcmcsae" else "1.0" for name in peers.PEERS}
    monkeypatch.setattr(speed, "run_program", run_program)
    monkeypatch.setattr(speed, "installed_peers", lambda: versions)
    monkeypatch.setattr(speed, "ENGINES", ("auto", "laplace", "nuts"))
    monkeypatch.setattr(speed, "OUT", tmp_path)
    monkeypatch.setattr(speed, "written_table", lambda size: data.written_table(size, folder=tmp_path))
    out = tmp_path / "deep" / "speed.md"
    asked = ["bambi", "rstanarm", "brms", "mcmcsae", "lme4"]
    text = speed.main(["--quick", f"--out={out}", "--timeout=60", "--peers", *asked])
    assert out.read_text() == text
    assert capsys.readouterr().out == text + "\n"
    return text, seen


def rows(text):
    """Return the cells of the table's rows by tool and what."""
    lines = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:1] == "|"]
    names = lines[0]
    return {(line[0], line[1]): dict(zip(names, line, strict=True)) for line in lines[2:]}


def test_every_tool_has_a_row(page):
    text, _ = page
    table = rows(text)
    assert [key[0] for key in table] == [
        *["navmodels laplace"] * 4,
        *["navmodels nuts"] * 4,
        *["bambi 1.0"] * 2,
        *["rstanarm 1.0", "brms 1.0", "mcmcsae", "lme4 1.0", "glmmTMB"],
    ]
    assert table["mcmcsae", "new process"]["note"] == "not installed"
    assert table["glmmTMB", "new process"]["note"] == "not asked for in this run"
    assert table["brms 1.0", "new process"]["note"] == "ended at the time limit, after 8 s"
    assert table["rstanarm 1.0", "new process"]["note"] == "failed: no such thing"
    assert table["mcmcsae", "new process"]["seconds"] == "–"


def test_seconds_memory_and_ratios(page):
    table = rows(page[0])
    seconds = {what: row["seconds"] for (tool, what), row in table.items() if tool == "navmodels laplace"}
    assert seconds == {
        "new process, fit after import": "0.50",
        "new process, all of it": "7.50",
        "again, same process": "0.25",
        "first use ever": "0.50",
    }
    ratio = {key: row["times faster than bambi"] for key, row in table.items()}
    assert ratio["navmodels laplace", "new process, fit after import"] == "40.0"
    assert ratio["navmodels nuts", "refit, changed prior scales"] == "20.0"
    assert ratio["bambi 1.0", "new process"] == "1.0"
    assert ratio["mcmcsae", "new process"] == "–"
    assert table["lme4 1.0", "new process"]["peak MB"] == "321"


def test_agreement_is_over_what_is_shared(page):
    table = rows(page[0])
    ours, point = table["navmodels nuts", "new process"], table["lme4 1.0", "new process"]
    refit = table["navmodels nuts", "refit, changed data"]
    parameters, counties = (next(name for name in ours if name.startswith(word)) for word in ("coeff", "counties"))
    assert (ours[parameters], ours["sd ratio"], ours[counties]) == ("0.000", "1.000–1.000", "0.000")
    assert (point[parameters], point[counties], point["county sd ratio"]) == ("–", "0.500", "–")
    assert (refit[parameters], refit[counties], refit["min ESS"]) == ("–", "–", "400")


def test_programs_get_the_limit_and_caches_of_their_own(page):
    _, seen = page
    limits = {limit for command, limit, _ in seen if "reference" not in command}
    assert limits == {60.0}
    caches = [Path(cache).parent.name for _, _, cache in seen]
    assert caches.count("bambi") == 2  # the first use and a later process share one
    assert set(caches) == {"reference", "navmodels_laplace", "navmodels_nuts", "bambi", "rstanarm", "brms", "lme4"}


def test_the_long_run_is_made_once(page, tmp_path):
    _, seen = page
    assert sum("reference" in command for command, *_ in seen) == 1
    plan = speed.Plan(data.written_table(data.QUICK, folder=tmp_path), tmp_path, draws=250, limit=60.0)
    assert speed.long_run(plan, 2_500)["label"] == "NUTS, long"
    assert sum("reference" in command for command, *_ in seen) == 1
    speed.long_run(plan, 5_000)
    assert sum("reference" in command for command, *_ in seen) == 2


def test_without_the_engine_its_row_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(speed, "ENGINES", ("auto", "nuts"))
    (row,) = speed.laplace_rows(speed.Plan(tmp_path, tmp_path))
    assert (row.tool, row.note, row.seconds) == ("navmodels laplace", "engine not available", None)


def test_a_long_run_that_fails_ends_everything(monkeypatch, tmp_path):
    monkeypatch.setattr(speed, "run_program", lambda *_, **__: running.Run(1.0, 1, "failed", "no space left"))
    table = data.written_table(data.QUICK, folder=tmp_path)
    monkeypatch.setattr(speed, "OUT", tmp_path)
    with pytest.raises(RuntimeError, match="no space left"):
        speed.long_run(speed.Plan(table, tmp_path), 7)
