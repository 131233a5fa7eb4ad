"""The pages of the docs, without running them: what their code imports from the library is there."""

import ast
import importlib
import re
from pathlib import Path

import pytest

PAGES = sorted(Path(__file__).parents[1].glob("docs/[!_]*/**/*.md")) + sorted(
    Path(__file__).parents[1].glob("docs/*.md")
)
CELL = re.compile(r"^```\{code-cell\}.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def imported(page):
    """Return (module, name) of everything that the cells of a page import from the library."""
    cells = [re.sub(r"\A(:.*\n)+", "", cell) for cell in CELL.findall(page.read_text(encoding="utf-8"))]
    nodes = [node for cell in cells for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.ImportFrom)]
    return [(node.module, each.name) for node in nodes for each in node.names if node.module.startswith("navmodels")]


def test_pages_are_found_and_import():
    assert len(PAGES) > 20
    assert sum(map(len, map(imported, PAGES))) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_imports_is_there(page):
    missing = [each for each in imported(page) if not hasattr(importlib.import_module(each[0]), each[1])]
    assert not missing
