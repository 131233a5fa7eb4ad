"""Imports point one way: data ← likelihoods ← models ← engines; posterior reads no sampler; plots stand alone.

Imports inside functions count, and there are no exceptions.
"""

import ast
import importlib
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

import navmodels as nav

ROOT = Path(str(resources.files("navmodels")))
FILES = sorted(ROOT.rglob("*.py"))
BELOW: dict[str, tuple[str, ...]] = {
    "checks": (),
    "gate": (),
    "printed": (),
    "data": ("checks", "printed"),
    "likelihoods": ("checks", "printed", "data"),
    "models": ("checks", "data", "likelihoods"),
    "fits": ("checks", "data", "likelihoods", "models", "gate"),
    "engines": ("checks", "data", "likelihoods", "models", "gate", "fits"),
    "posterior": ("checks", "printed", "data", "likelihoods", "models", "gate", "fits"),
    "plots": ("checks",),
    "sensitivity": ("checks", "data", "likelihoods", "models", "gate", "fits", "engines", "posterior"),
}  # what each room may import; reports, pages and the command line may see all
HEAVY = {"pymc", "pytensor", "nutpie", "arviz", "arviz_base", "arviz_stats", "arviz_plots", "matplotlib", "numba"}
COMPILED = {
    "likelihoods/compilation.py": {"numba"},
    "models/operations.py": {"pytensor"},
    "engines/nuts/whitening.py": {"pytensor"},
}  # imported inside functions only


def imported(tree):
    """Return the dotted names that a syntax tree imports, `from a import b` as a.b; relative ones as they stand."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += ["." * node.level + f"{node.module or ''}.{alias.name}" for alias in node.names]
    return names


def at_import(tree):
    """Return the nodes that run when a module is imported: no bodies of functions, nothing for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        typing = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not typing and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
            yield from at_import(node)


def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path):
    return path.relative_to(ROOT).as_posix()


def room(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", [path for path in FILES if room(path) in BELOW], ids=name)
def test_imports_point_one_way(path):
    for given in imported(parse(path)):
        assert not given.startswith("."), f"{given}: imports are absolute"
        first, _, inner = given.partition(".")
        if first == "navmodels":
            assert inner.partition(".")[0] in (room(path), *BELOW[room(path)]), given


def test_every_room_has_its_place():
    assert {room(path) for path in FILES} == {*BELOW, "reports", "cli", "__init__"}


def imported_at_once(path):
    """Return the dotted names that a file imports when it is imported itself."""
    return [
        given
        for node in at_import(parse(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for given in imported(node)
    ]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_heavy_packages_are_imported_where_they_are_used(path):
    assert {given.split(".")[0] for given in imported_at_once(path)} & HEAVY == COMPILED.get(name(path), set())


def test_operations_belong_to_the_graphs():
    users = {name(path) for path in FILES if any("models.operations" in given for given in imported(parse(path)))}
    assert users == {"models/graph.py", "engines/nuts/graph.py"}


def test_samplers_are_loaded_by_fit_alone():
    engines = ("navmodels.engines.laplace", "navmodels.engines.nuts")
    for path in FILES:
        used = [given for given in imported(parse(path)) if given.startswith(engines)]
        assert not used or name(path).startswith("engines/"), used


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_is_pickled_or_evaluated(path):
    tree = parse(path)
    assert not {given.split(".")[0] for given in imported(tree)} & {"pickle", "dill", "joblib", "shelve", "marshal"}
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not calls & {"eval", "exec", "compile", "__import__"}


@pytest.mark.parametrize("path", [path for path in FILES if path.name == "__init__.py"], ids=name)
def test_init_files_have_no_logic(path):
    for node in parse(path).body:
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert text or isinstance(node, ast.Import | ast.ImportFrom | ast.Assign)


def test_import_is_light():
    code = "import sys, navmodels; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()  # noqa: S603
    assert "navmodels" in loaded
    assert not set(loaded) & (HEAVY | {"pandas", "xarray", "scipy", "numpy"})


@pytest.mark.parametrize("public", nav.__all__)
def test_public_names_are_there(public):
    value = getattr(nav, public)
    assert value.__name__ == public
    assert value.__doc__


def test_rooms_offer_what_they_list():
    for each in (
        "data",
        "likelihoods",
        "models",
        "engines",
        "gate",
        "fits",
        "posterior",
        "sensitivity",
        "plots",
        "reports",
    ):
        module = importlib.import_module(f"navmodels.{each}")
        assert all(getattr(module, public).__name__ == public for public in module.__all__)
