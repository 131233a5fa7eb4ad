"""What an audit leaves behind: CSV tables and plots; and lines of its summary that every report has."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pandas as pd

from navmodels.reports.audits import Audit
from navmodels.reports.wording import say, say_columns, write_number

FORMULA = ("=", "+", "-", "@", "\t", "\r")
WORDS = (
    *("status", "class", "report_rule", "status_half_base", "status_double_base"),
    *("verdict", "verdict_half_base", "verdict_double_base", "verdict_design_effect", "verdict_complement"),
)
STATUSES = ("reproduced", "agrees", "differs", "input", "not reproducible")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV; text that a spreadsheet would read as a formula gets a leading apostrophe, numbers are untouched.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "x.csv"
    ...     write_table(pd.DataFrame({"text": ["=1+1", "a"], "number": [-1.0, 2.0]}), path)
    ...     path.read_text(encoding="utf-8").split()
    ['text,number', "'=1+1,-1.0", 'a,2.0']
    """
    guarded = table.rename(columns=_guard).map(_guard)
    bare = any(isinstance(each, str) and "\r" in each for each in (*guarded.columns, *guarded.to_numpy().ravel()))
    how = csv.QUOTE_NONNUMERIC if bare else csv.QUOTE_MINIMAL  # Python 3.12 leaves "\r" in text without quotes
    guarded.to_csv(path, index=False, encoding="utf-8", quoting=cast(Any, how))


def write_audit(audit: Audit, folder: Path, *, lang: str) -> None:
    """Write ledger.csv, claims.csv, fits.csv, the tables of the report, and its plots."""
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    from navmodels.plots import alt_text

    folder.mkdir(parents=True, exist_ok=True)
    tables = {"ledger": audit.ledger, "claims": audit.claims, "fits": audit.fits, **audit.tables}
    for name, table in tables.items():
        write_table(say_columns(table, WORDS, lang=lang), folder / f"{name}.csv")
    for name, draw in audit.draw(audit, lang).items():
        ax = draw()
        figure = cast(Figure, ax.get_figure())
        figure.savefig(folder / f"{name}.png", dpi=120, metadata={"Description": alt_text(ax)})
        plt.close(figure)


def count_words(column: pd.Series, words: Sequence[str], *, lang: str) -> str:
    """Return how many rows say each of the words, such as "4: 3 agrees, 1 differs".

    Examples
    --------
    >>> count_words(pd.Series(["agrees", "differs", "agrees", "agrees"]), STATUSES, lang="nb")
    '4: 3 stemmer, 1 avviker'
    """
    found = column.value_counts()
    parts = [f"{write_number(found[word], lang=lang)} {say(word, lang=lang)}" for word in words if word in found]
    return f"{write_number(len(column), lang=lang)}: {', '.join(parts)}"


def gate_line(fits: pd.DataFrame, *, lang: str) -> str:
    """Return how many models were fitted, and which did not pass the gate."""
    failed = fits.loc[fits["gate"] != "passed", "model"].tolist()
    if failed:
        return f"{len(fits)} {say('models fitted; did not pass the gate', lang=lang)}: {', '.join(failed)}"
    return f"{len(fits)} {say('models fitted, all passed the gate', lang=lang)}"


def align(lines: Sequence[tuple[str, str]]) -> list[str]:
    """Return names and values in two columns."""
    width = max(len(name) for name, _ in lines)
    return [f"{name:{width}s}  {value}" for name, value in lines]


# ---- inside


def _guard(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
