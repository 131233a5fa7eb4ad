import ast
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

from navmodels.posterior.changes import CLASSES
from navmodels.reports.accessibility_claims import VERDICTS
from navmodels.reports.accessibility_display import SHOWN, TURNS
from navmodels.reports.findings import STATUSES
from navmodels.reports.wording import LANGUAGES, NORWEGIAN, say, say_columns, write_number
from navmodels.reports.writing import WORDS

ROOT = Path(str(resources.files("navmodels")))
LABELS = ("higher", "lower", "tendency", "no clear difference", "clear", "open")  # of differences and orders


def words_said(name):
    """Return the literal first arguments of `say`, and of `title` which passes them on, in a source file."""
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) in ("say", "title")
    ]
    return {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}


def test_every_verdict_has_a_norwegian_word():
    said = {*STATUSES, *CLASSES, *LABELS, *VERDICTS, "intervals overlap", "intervals do not overlap"}
    assert said <= set(NORWEGIAN)
    assert len({NORWEGIAN[word] for word in said}) == len(said)


def test_every_word_of_the_screen_and_plots_has_a_norwegian_one():
    screen = words_said("reports/writing.py") | words_said("reports/employer_display.py")
    assert len(screen) == 14
    screen |= words_said("reports/accessibility_display.py") | {title for _, _, title in SHOWN.values()}
    screen |= {*TURNS.values(), *VERDICTS}
    assert len(screen) == 32
    assert words_said("cli.py") == {"Written to"}
    assert screen | {"Written to"} <= set(NORWEGIAN)


def test_every_word_of_an_audit_has_a_norwegian_one(made_audit):
    tables = (made_audit.ledger, made_audit.claims)
    used = {word for table in tables for name in WORDS if name in table for word in table[name].dropna()}
    assert {"agrees", "intervals overlap", "no clear change"} <= used <= set(NORWEGIAN)


def test_say():
    assert [say("differs", lang=lang) for lang in LANGUAGES] == ["differs", "avviker"]
    assert [say("not reproducible", lang=lang) for lang in LANGUAGES] == ["not reproducible", "kan ikke gjenskapes"]
    with pytest.raises(KeyError):
        say("not a word of ours", lang="nb")


def test_columns_in_norwegian():
    table = pd.DataFrame(
        {"status": ["agrees", "differs", None], "reason": ["agrees", "input", "x"], "mean": [1.0, 2, 3]}
    )
    assert say_columns(table, ("status", "class"), lang="en") is table
    said = say_columns(table, ("status", "class"), lang="nb")
    assert said["status"].tolist()[:2] == ["stemmer", "avviker"]
    assert said["status"].isna().tolist() == [False, False, True]
    assert said["reason"].tolist() == ["agrees", "input", "x"]
    assert table["status"].tolist()[:2] == ["agrees", "differs"]


@pytest.mark.parametrize(
    ("value", "digits", "english", "norwegian"),
    [
        (0, 0, "0", "0"),
        (999, 0, "999", "999"),
        (1571, 0, "1,571", "1\xa0571"),
        (1234567.891, 1, "1,234,567.9", "1\xa0234\xa0567,9"),
        (1.24, 2, "1.24", "1,24"),
        (-0.5, 1, "-0.5", "-0,5"),
    ],
)
def test_numbers(value, digits, english, norwegian):
    assert write_number(value, lang="en", digits=digits) == english
    assert write_number(value, lang="nb", digits=digits) == norwegian
