"""The pages of the docs, without running them: what they import, name and link to is there, and each has one idea."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import navmodels as nav
from navmodels.reports.sentences import words

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if not path.relative_to(DOCS).parts[0].startswith("_"))
METHOD = [page for page in PAGES if page.parent.name == "method"]
CELL = re.compile(r"^```\{code-cell\}.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
TREE = re.compile(r"^```\{toctree\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
IDEAS = 6  # headings of level 2 a page of the method has at most: with more it is two pages
LINES = 250


def name(page):
    return page.relative_to(DOCS).with_suffix("").as_posix()


def text(page):
    return page.read_text(encoding="utf-8")


def prose(page):
    """Return a page without its code, so that a comment is no heading."""
    return re.sub(r"^```.*?^```", "", text(page), flags=re.MULTILINE | re.DOTALL)


def headings(page, levels="#{1,3}"):
    return re.findall(rf"^{levels} (.+)$", prose(page), re.MULTILINE)


def anchor(heading):
    """Return a heading as links name it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def imported(page):
    """Return (module, name) of everything that the cells of a page import from the library."""
    cells = [re.sub(r"\A(:.*\n)+", "", cell) for cell in CELL.findall(text(page))]
    nodes = [node for cell in cells for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.ImportFrom)]
    return [(node.module, each.name) for node in nodes for each in node.names if node.module.startswith("navmodels")]


def test_pages_are_found_and_import():
    assert len(PAGES) > 20
    assert sum(map(len, map(imported, PAGES))) > 5


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_a_page_imports_is_there(page):
    missing = [each for each in imported(page) if not hasattr(importlib.import_module(each[0]), each[1])]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_a_page_names_is_there(page):
    """A dotted name of the library, in prose, code or reference, leads to something."""
    for dotted in sorted(set(re.findall(r"(?<![\w/.-])navmodels(?:\.[A-Za-z]\w*)+", text(page)))):
        found = nav
        for part in dotted.split(".")[1:]:
            if not hasattr(found, part):
                importlib.import_module(f"{found.__name__}.{part}")  # a module that no name of its room is loaded from
            found = getattr(found, part)


def test_every_page_has_one_place():
    placed = ["index"]
    for page in PAGES:
        entries = [entry for tree in TREE.findall(text(page)) for entry in re.findall(r"^[\w/]+$", tree, re.MULTILINE)]
        placed += [name(page.parent / f"{entry}.md") for entry in entries]
    assert sorted(placed) == sorted(map(name, PAGES))


@pytest.mark.parametrize("page", METHOD, ids=name)
def test_a_page_has_one_idea(page):
    assert len(headings(page, "#")) == 1
    assert len(headings(page, "##")) <= IDEAS
    assert len(text(page).splitlines()) <= LINES


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    for path, part in LINK.findall(prose(page)):
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), path
        if part and target in PAGES:
            assert part in map(anchor, headings(target)), f"{path}#{part}"


def test_every_public_name_is_in_the_reference():
    reference = "\n".join(text(page) for page in PAGES if page.parent.name == "reference")
    listed = re.findall(r"auto(?:class|function|exception):: navmodels\.(\w+)$", reference, re.MULTILINE)
    assert sorted(listed) == sorted(nav.__all__)


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem.endswith("_nb")], ids=name)
def test_a_page_for_a_ministry_reader_is_ten_sentences_and_three_plots(page):
    """It says nothing in the words of an audit, and whatever the plots say of classes is in the plots only."""
    (cell,) = (cell for cell in CELL.findall(text(page)) if "setninger = [" in cell)
    tree = ast.parse(re.sub(r"\A(:.*\n)+", "", cell))
    assert len(tree.body[0].value.elts) == 10
    assert len(re.findall(r'"(\w+)"', re.search(r"for navn in \((.*)\):", text(page))[1])) == 3
    told = {word for section in ("status", "verdict") for word in words("nb")[section].values()}
    said = prose(page) + " ".join(str(each.value) for each in ast.walk(tree) if isinstance(each, ast.Constant))
    assert not [word for word in told if re.search(rf"\b{word}\b", said)]


def test_start_ends_with_the_finding():
    assert headings(DOCS / "start.md", "##")[-1].endswith("The finding")
