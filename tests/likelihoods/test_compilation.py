"""Compiled code is as fresh as all the sources it was made from, and is not made twice from the same."""

import ast
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from navmodels.likelihoods import compilation, kernels

ROOT = Path(compilation.__file__).parents[1]
INNER = "from pieces import compiled\n@compiled\ndef inner(x):\n    return x + {number}\n"
OUTER = "from inner import inner\nfrom pieces import compiled\n@compiled\ndef outer(x):\n    return inner(x) * 2\n"
PIECES = """
from pathlib import Path
from navmodels.likelihoods import compilation
compilation.SOURCES = compilation.sources(Path(__file__).parent)
compiled = compilation.compiled
"""
SCRIPT = "from outer import outer; print(outer(1), sum(outer.stats.cache_hits.values()))"


@pytest.fixture
def program(tmp_path):
    """Return a function that runs a small program of two compiled modules and returns what it prints."""
    for name, text in (("pieces", PIECES), ("inner", INNER.format(number=1)), ("outer", OUTER)):
        (tmp_path / f"{name}.py").write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    environment.pop("NUMBA_CACHE_DIR", None)

    def run():
        command = [sys.executable, "-c", SCRIPT]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
        return done.stdout.split()

    return run, tmp_path


def test_a_callee_that_changes_in_another_file_is_compiled_anew(program):
    run, folder = program
    assert run() == ["4", "0"]
    assert run() == ["4", "1"]  # from the cache
    (folder / "inner.py").write_text(INNER.format(number=10))
    assert run() == ["22", "0"]
    assert run() == ["22", "1"]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("likelihoods/share.py", "gradient[c, 0] = positive[c] * q", "gradient[c, 0] = 2 * positive[c] * q"),
        ("likelihoods/normals.py", "TAIL = 25.0", "TAIL = 26.0"),
        ("engines/laplace/layouts.py", "out[i, i] += 1.0", "out[i, i] += 2.0"),
        ("engines/laplace/modes.py", "length / 2 if halving", "length / 3 if halving"),
    ],
)
def test_the_key_follows_every_compiled_source(tmp_path, file, old, new):
    copy = shutil.copytree(ROOT, tmp_path / "root", ignore=shutil.ignore_patterns("__pycache__"))
    assert compilation.sources(copy) == compilation.SOURCES
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new), encoding="utf-8")
    assert compilation.sources(copy) != compilation.SOURCES


def test_the_key_does_not_follow_what_is_not_compiled(tmp_path):
    copy = shutil.copytree(ROOT, tmp_path / "root", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "engines/laplace/sampling.py").write_text("# other text\n", encoding="utf-8")
    assert compilation.sources(copy) == compilation.SOURCES


def test_compiled_functions_take_names_from_compiled_modules_only():
    """A constant from elsewhere would be frozen into the cache, whose key knows nothing of it."""
    found = 0
    for path in sorted(ROOT.rglob("*.py")):
        if "@compiled" not in path.read_text(encoding="utf-8"):
            continue
        module = importlib.import_module(".".join(("navmodels", *path.relative_to(ROOT).with_suffix("").parts)))
        origin = {
            alias.asname or alias.name: node.module
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for function in vars(module).values():
            if isinstance(function, compilation.Dispatcher) and function.__module__ == module.__name__:
                found += 1
                for name in function.py_func.__code__.co_names:
                    source = origin.get(name, "")
                    if source.startswith("navmodels"):
                        text = ROOT.parent.joinpath(*source.split(".")).with_suffix(".py").read_text(encoding="utf-8")
                        assert "@compiled" in text, (function, name, source)
    assert found > 20


def test_the_stamp_is_on_every_compiled_function():
    assert kernels.derivatives._cache._impl.locator.get_source_stamp()[1] == compilation.SOURCES
