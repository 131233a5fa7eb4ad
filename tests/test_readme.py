"""The README's code runs in an empty folder and prints what the README shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def shown_after(code):
    """Return the text block that follows a block of code at once, or nothing."""
    found = re.match(r"\s*```text\n(.*?)```", README.split(f"```python\n{code}```")[1], re.DOTALL)
    return found[1] if found else ""


def same(printed, shown):
    """Words and whole numbers are equal; shares differ by a point at most, as other draws do on another processor."""
    if not (NUMBER.fullmatch(printed) and NUMBER.fullmatch(shown)):
        return printed == shown
    share = abs(float(shown)) < 1 and len(shown.partition(".")[2]) > 1
    return float(printed) == pytest.approx(float(shown), rel=0, abs=0.0105 if share else 0)


@pytest.mark.sampling
def test_the_code_prints_what_is_shown(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 4
    for name, content in re.findall(r"`(\w+\.csv)`:\n\n```csv\n(.*?)```", README, re.DOTALL):
        (tmp_path / name).write_text(content, encoding="utf-8")
    mark = "==== next block ===="
    script = tmp_path / "readme.py"
    script.write_text(f"\nprint({mark!r})\n".join(blocks), encoding="utf-8")
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", script],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        encoding="utf-8",
        env={**os.environ, "MPLBACKEND": "agg", "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    for code, output in zip(blocks, done.stdout.split(mark), strict=True):
        printed, shown = output.split(), shown_after(code).split()
        assert len(printed) == len(shown), output
        wrong = [pair for pair in zip(printed, shown, strict=True) if not same(*pair)]
        assert not wrong, f"printed and shown differ: {wrong}"


def test_the_two_commands_are_there():
    commands = re.findall(r"```shell\n(.*?)\n```", README, re.DOTALL)
    assert commands == ["pip install uv && uv run navmodels reproduce", "pip install uv && uv run pytest"]


def test_the_plot_is_small_and_says_itself_in_words():
    (alt, path) = re.search(r"!\[(.+?)\]\((.+?)\)", README).groups()
    assert 5_000 < (ROOT / path).stat().st_size < 100_000
    assert "Lowest" in alt
    assert "highest" in alt


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\((?!http)(.+?)\)", README))))
def test_what_is_linked_exists(path):
    assert (ROOT / path).exists()


def test_csv_door_takes_ten_lines():
    code = README.split("`partners.csv`:")[1].split("```python\n")[1].split("```")[0]
    assert len(code.strip().splitlines()) <= 10
