from importlib.metadata import entry_points
from pathlib import Path

import pandas as pd
import pytest

from navmodels.cli import main
from navmodels.reports import reproduction as reports


@pytest.fixture
def asked(monkeypatch):
    """Answer every audit with an empty ledger, and return what was asked for."""
    seen = []

    def audit_report(name, *, out, engine, lang, progress):
        seen.append((name, out, engine, lang, progress))
        ledger = pd.DataFrame()
        ledger.attrs["summary"] = f"summary of {name}"
        return ledger

    monkeypatch.setattr(reports, "audit_report", audit_report)
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
        (["employer2024"], "report is 'employer2024'; allowed: 'employer_2024'. Did you mean 'employer_2024'?"),
        (["employer_2024", "other"], "report is 'other'; allowed: 'employer_2024'."),
        (["--engine", "nutz"], "engine is 'nutz'; allowed: 'auto', 'laplace', 'nuts'. Did you mean 'nuts'?"),
        (["--lang", "nbb"], "lang is 'nbb'; allowed: 'en', 'nb'. Did you mean 'nb'?"),
    ],
)
def test_what_does_not_exist(monkeypatch, capsys, given, message):
    def audit(**given):
        raise AssertionError("refused before anything is fitted")

    monkeypatch.setattr(reports, "AUDITS", {"employer_2024": audit})
    assert main(["reproduce", *given]) == 2
    assert capsys.readouterr() == ("", f"navmodels: {message}\n")


@pytest.mark.parametrize("given", [[], ["reproduse"], ["reproduce", "--nothing"]])
def test_no_such_command(given, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(given)
    assert stopped.value.code == 2
    assert "usage: navmodels" in capsys.readouterr().err


def test_one_report_is_written_into_the_folder(asked, capsys, tmp_path):
    assert main(["reproduce", "employer_2024", "--out", str(tmp_path), "--engine", "nuts", "--lang", "nb"]) == 0
    assert asked == [("employer_2024", tmp_path, "nuts", "nb", True)]
    assert capsys.readouterr().out == f"\nemployer_2024\nsummary of employer_2024\n\nSkrevet til {tmp_path}/\n"


def test_defaults(asked, capsys):
    assert main(["reproduce"]) == 0
    both = ["employer_2024", "accessibility_2025"]
    assert asked == [(name, Path("out") / name, "auto", "en", True) for name in both]
    assert capsys.readouterr().out.endswith("\n\nWritten to out/accessibility_2025/\n")


@pytest.mark.parametrize("named", [[], ["employer_2024", "second"]])
def test_several_reports_get_a_folder_each(asked, capsys, monkeypatch, tmp_path, named):
    monkeypatch.setattr(reports, "AUDITS", {"employer_2024": None, "second": None})
    assert main(["reproduce", *named, "--out", str(tmp_path)]) == 0
    assert [(name, out) for name, out, *_ in asked] == [
        ("employer_2024", tmp_path / "employer_2024"),
        ("second", tmp_path / "second"),
    ]
    assert capsys.readouterr().out.count("Written to") == 2
