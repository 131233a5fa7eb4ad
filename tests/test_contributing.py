"""The examples of CONTRIBUTING.md: in a copy of the package, with the files and lines they name, their tests pass."""

import os
import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (Add .+?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
FILE = re.compile(r"`([\w/]+\.\w+)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
CHANGE = re.compile(r"^--- (\S+)\n((?:-.*\n)+)((?:\+.*\n)+)", re.MULTILINE)


def lines(marked):
    """Return the lines of one side of a change without their marks."""
    return "".join(line[1:] for line in marked.splitlines(keepends=True))


def follow(section, folder):
    """Do in a folder what a section says: write its files, make its changes; return its tests."""
    files = dict(FILE.findall(section))
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    for path, old, new in CHANGE.findall(section):
        text = (folder / path).read_text(encoding="utf-8")
        assert text.count(lines(old)) == 1, f"{path} has no {old}"
        (folder / path).write_text(text.replace(lines(old), lines(new)), encoding="utf-8")
    return [path for path in files if path.startswith("tests/")]


def test_every_room_is_told_of():
    package = Path(str(resources.files("navmodels")))
    rooms = {path.name for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    rows = re.findall(r"^\| (`[\w./]+`(?:, `[\w./]+`)*) \|", TEXT.split("## Words")[0], re.MULTILINE)
    told = [name.rstrip("/") for row in rows for name in re.findall(r"`([\w./]+)`", row)]
    assert sorted(told) == sorted(rooms - {"__init__.py"})


def test_there_is_an_example_of_each():
    assert set(SECTIONS) == {"Add an outcome", "Add a term", "Add a plot", "Add a report"}


def test_the_examples_pass_their_own_tests(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(str(resources.files("navmodels")), tmp_path / "src/navmodels", ignore=ignored)
    tests = [path for section in SECTIONS.values() for path in follow(section, tmp_path)]
    assert len(tests) == len(SECTIONS)
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *tests],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        encoding="utf-8",
        env={**os.environ, "MPLBACKEND": "agg", "PYTHONPATH": str(tmp_path / "src"), "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_changes_name_lines_that_are_there():
    for path, old, _ in CHANGE.findall(TEXT):
        assert lines(old) in (ROOT / path).read_text(encoding="utf-8")
