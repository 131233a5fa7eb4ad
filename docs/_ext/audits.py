"""Audits on the pages: ledger and claims as they are written, tables, and plots with what they say in words.

Not part of the library: only the documentation imports it.
"""

import base64
import html
import tempfile
from pathlib import Path

import pandas as pd
from IPython.display import HTML, display
from PIL import Image

import navmodels as nav
from navmodels.reports.library import open_report
from navmodels.reports.sentences import speaker_of
from navmodels.reports.sentences import words as said
from navmodels.reports.summaries import describe_claim

STATUSES = ["reproduced", "agrees", "differs", "input", "not reproducible"]
VERDICTS = ["stands", "leans", "open", "leans against", "fails"]
WHY = {  # code of a claim that is not judged
    "no_base": "the base of a side is not in print",
    "no_number": "a side is not in print",
    "no_level": "a level of the years compared is not in print",
    "no_time": "the year compared with is not stated",
    "no_one_group": "it is made of every group, not of one number",
    "which_answer": "several answers are in print, and none is named",
    "no_others": "neither the others nor all are in print with their base",
    "no_rivals": "nothing it could be ranked with is in print",
    "no_coefficient": "no coefficient is in print",
    "no_margin": "what no association would be is not said",
    "bound": "a side is printed only as over or under something",
    "same_number": "both sides are one printed number",
}


class Audited:
    """A report that was audited: its ledger, its claims and fits as written, and its plots."""

    def __init__(self, report: str, lang: str = "en") -> None:
        self.report, self.folder = report, Path(tempfile.mkdtemp())
        self.ledger = nav.reproduce(report, out=self.folder, lang=lang)
        self.claims, self.fits = (self._read(name) for name in ("claims", "fits"))
        self._speaker = speaker_of(open_report(report), lang)

    def counts(self, column: str, order: list[str]) -> dict[str, int]:
        """Return how many rows of ledger (status) or claims (verdict) say each word."""
        table = self.ledger if column == "status" else self.claims
        return table[column].value_counts().reindex(order, fill_value=0).to_dict()

    def statements(self, rows: pd.DataFrame) -> list[str]:
        """Return claims in a few words."""
        return [describe_claim(row.fillna(""), self._speaker) for _, row in rows.iterrows()]

    def plot(self, name: str) -> None:
        """Show a plot of the audit, with its description."""
        file = self.folder / f"{name}.png"
        with Image.open(file) as image:
            alt = html.escape(image.text["Description"], quote=True)
        data = base64.b64encode(file.read_bytes()).decode()
        display(HTML(f'<img class="figure" alt="{alt}" src="data:image/png;base64,{data}">'))

    def claim(self, name: str, verdict: str = "stands") -> pd.Series:
        """Return a claim; raise when its verdict is no longer the one that a page rests on."""
        row = self.claims.set_index("claim").loc[name]
        if row["verdict"] != said(self._speaker.lang)["verdict"][verdict]:
            raise ValueError(f"the page says that {name} {verdict}; now it is {row['verdict']}.")
        return row

    def _read(self, name: str) -> pd.DataFrame:
        table = pd.read_csv(self.folder / f"{name}.csv")
        words = table.select_dtypes("str").columns
        return table.assign(**{column: table[column].str.removeprefix("'") for column in words})


def words(table: pd.DataFrame, classes: str = "words") -> None:
    """Show a table of words and numbers."""
    display(HTML(table.to_html(index=False, border=0, classes=classes, na_rep="", float_format="{:g}".format)))


def because(claims: pd.DataFrame) -> pd.DataFrame:
    """Return why claims are not judged, and how many for each reason."""
    lost = claims[claims["verdict"] == "not judged"]["code"].map(WHY)
    return lost.value_counts().rename_axis("why").rename("statements").reset_index()
