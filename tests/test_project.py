"""What is said of the project in several places is said alike: version, changelog, citation, notice, hooks."""

import importlib.metadata
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import navmodels as nav

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def cited(key):
    """Return a value of CITATION.cff, or nothing."""
    found = re.search(rf"^{key}: (.+)$", read("CITATION.cff"), re.MULTILINE)
    return found[1] if found else ""


def releases():
    """Return (version, date or 'unreleased') of the changelog, the newest first."""
    return re.findall(r"^## (\S+) — (\S+)$", read("CHANGELOG.md"), re.MULTILINE)


def test_the_version_has_one_source():
    assert "version" in PROJECT["project"]["dynamic"]
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "src/navmodels/__init__.py"
    assert importlib.metadata.version("navmodels") == nav.__version__
    assert len(re.findall(re.escape(f'"{nav.__version__}"'), read("src/navmodels/__init__.py"))) == 1


def test_the_changelog_begins_with_this_version():
    assert releases()[0][0] == nav.__version__


def test_the_citation_is_of_this_version():
    assert cited("version") == nav.__version__
    date = releases()[0][1]
    assert cited("date-released") == ("" if date == "unreleased" else date)


def test_one_licence_everywhere():
    assert PROJECT["project"]["license"] == cited("license") == "MIT"
    assert read("LICENSE").startswith("MIT License")
    assert importlib.metadata.metadata("navmodels").get_all("License-File") == ["LICENSE", "NOTICE"]


@pytest.mark.parametrize("report", nav.list_reports()["report"])
def test_the_notice_names_every_report_that_comes_along(report):
    notice = " ".join(read("NOTICE").split())
    about = nav.list_reports().set_index("report").loc[report]
    assert about["title"] in notice
    assert all(part in notice for part in about["publisher"].split(", "))


@pytest.mark.parametrize("label", PROJECT["project"]["urls"])
def test_addresses_lead_somewhere(label):
    address = PROJECT["project"]["urls"][label]
    assert address.startswith("https://") or (ROOT / address).is_file()


def test_hooks_download_nothing():
    hooks = read(".pre-commit-config.yaml")
    assert set(re.findall(r"repo: (\S+)", hooks)) == {"local"}
    assert set(re.findall(r"language: (\S+)", hooks)) == {"system"}
    entries = re.findall(r"entry: (.+)$", hooks, re.MULTILINE)
    assert all(entry.startswith("uv ") for entry in entries)
    for command in ("uv run ruff check", "uv run ruff format --check", "uv run mypy"):
        assert any(entry.startswith(command) for entry in entries)
        assert command in read(".ci/run")


def test_the_top_of_the_tree():
    usual = {"CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile", "NOTICE", "README.md"}
    tools = {"pyproject.toml", "uv.lock", "benchmarks", "docs", "examples", "src", "tests"}
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, cwd=ROOT, check=False, text=True)  # noqa: S607
    if tracked.returncode:
        pytest.skip("not a clone")
    assert {name.split("/")[0] for name in tracked.stdout.splitlines() if not name.startswith(".")} == usual | tools
