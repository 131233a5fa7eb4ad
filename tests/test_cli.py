from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace

import pytest

from navmodels.cli import main
from navmodels.reports import reproduction


@pytest.fixture
def asked(monkeypatch):
    """Answer every audit with a summary, and return what was asked for."""
    seen = []

    def audit_folder(path, *, out, engine, lang, progress):
        seen.append((path.name, out, engine, lang, progress))
        return SimpleNamespace(summary=f"summary of {path.name}")

    monkeypatch.setattr(reproduction, "audit_folder", audit_folder)
    monkeypatch.setattr(reproduction.os, "cpu_count", lambda: 1)  # other processes know nothing of this answer
    return seen


def test_the_command_is_installed():
    (command,) = entry_points(group="console_scripts", name="navmodels")
    assert command.load() is main


def test_reports(capsys):
    assert main(["reports"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["accessibility_2025", "employer_2024"]
    assert lines[1].startswith("employer_2024       Navs arbeidsgiverundersøkelse 2024")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["employer2024"], "report is 'employer2024'; allowed: 'accessibility_2025', 'employer_2024', or a folder"),
        (["employer_2024", "other"], "report is 'other'; allowed: "),
        (["employer_2024", "./src/../src/navmodels/reports/published/employer_2024"], "two reports are called"),
        (["--engine", "nutz"], "engine is 'nutz'; allowed: 'auto', 'laplace', 'nuts'. Did you mean 'nuts'?"),
        (["--lang", "nbb"], "lang is 'nbb'; allowed: 'en', 'nb'. Did you mean 'nb'?"),
    ],
)
def test_what_does_not_exist(asked, capsys, monkeypatch, tmp_path, given, message):
    monkeypatch.chdir(Path(__file__).parents[1])
    assert main(["reproduce", *given, "--out", str(tmp_path / "out")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"navmodels: {message}")
    assert not asked
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("given", [[], ["reproduse"], ["reproduce", "--nothing"]])
def test_no_such_command(given, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(given)
    assert stopped.value.code == 2
    assert "usage: navmodels" in capsys.readouterr().err


def test_one_report_is_written_into_a_folder_of_its_name(asked, capsys, tmp_path):
    assert main(["reproduce", "employer_2024", "--out", str(tmp_path), "--engine", "nuts", "--lang", "nb"]) == 0
    assert asked == [("employer_2024", tmp_path / "employer_2024", "nuts", "nb", True)]
    assert capsys.readouterr().out == f"\nsummary of employer_2024\n\nSkrevet til {tmp_path / 'employer_2024'}/\n"


def test_defaults(asked, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce"]) == 0
    both = ["accessibility_2025", "employer_2024"]
    assert asked == [(name, Path("out") / name, "auto", "en", True) for name in both]
    assert capsys.readouterr().out.endswith("\n\nWritten to out/employer_2024/\n")


def test_a_folder_of_ones_own(capsys, tmp_path):
    folder = tmp_path / "mine"
    assert main(["report", "new", str(folder)]) == 0
    assert str(folder / "numbers.csv") in capsys.readouterr().out
    assert main(["report", "check", str(folder)]) == 0
    assert "nothing is wrong" in capsys.readouterr().out
    assert main(["reproduce", str(folder), "--out", str(tmp_path / "out")]) == 0
    assert len(capsys.readouterr().out.splitlines()) <= 45
    assert (tmp_path / "out" / "mine" / "ledger.csv").is_file()
    (folder / "numbers.csv").write_text("item,value\neasy,many\n")
    assert main(["report", "check", str(folder)]) == 2
    assert "column 'value': holds 'many'" in capsys.readouterr().out
    assert main(["report", "new", str(folder)]) == 2
    assert "holds something already" in capsys.readouterr().err


def test_reports_beside_each_other_are_as_one_by_one(capsys, tmp_path):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        assert main(["report", "new", str(folder)]) == 0
        assert main(["reproduce", str(folder), "--out", str(tmp_path / "alone")]) == 0
    alone = capsys.readouterr().out
    assert main(["reproduce", *map(str, folders), "--out", str(tmp_path / "both")]) == 0
    together = capsys.readouterr().out.splitlines()
    assert [line for line in together if "Written to" not in line] == [
        line for line in alone.splitlines() if line[:1] != "/" and "Written to" not in line
    ]
    for name in ("one/ledger.csv", "two/ledger.csv", "two/claims.csv"):
        assert (tmp_path / "both" / name).read_text() == (tmp_path / "alone" / name).read_text()
