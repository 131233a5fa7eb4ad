"""Sentences of an audit, made last, from codes and numbers: English and bokmål.

The sentences stand in words/en.toml and words/nb.toml, the words of one report in its own tables. Nothing that decides
is read out of a sentence.
"""

import functools
import importlib.resources
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from navmodels.reports.folders import Report
from navmodels.reports.schema import ALL
from navmodels.reports.typed_tables import records

LANGUAGES = ("en", "nb")
SURVEY = "[surveys]"  # where the labels of surveys stand


@dataclass(frozen=True)
class Speaker:
    """What turns codes and numbers into words of one language, with the labels of a report.

    Attributes
    ----------
    lang
        "en" or "nb".
    labels
        By (survey, item) and (survey, group_dim, group), of a survey by ("[surveys]", survey).
    translations
        Words of the report's own tables in this language.
    """

    lang: str = "en"
    labels: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    translations: Mapping[str, str] = field(default_factory=dict)

    def say(self, section: str, code: str, **facts: Any) -> str:
        """Return a sentence with its facts filled in; what is not given stays empty.

        Examples
        --------
        >>> Speaker("nb").say("claim", "order", among=1, rivals=4, p=0.25)
        'Blant de 1 første av 4 med P 0,25.'
        """
        written = {name: self.write(value) for name, value in facts.items()}
        return words(self.lang)[section][code].format_map(_Lenient(written))

    def write(self, value: Any) -> str:
        r"""Return a fact in words: numbers as the language writes them, texts in the report's words, lists in a row.

        Examples
        --------
        >>> Speaker("nb").write(4115.0), Speaker("nb").write(1.24), Speaker("en").write(4115)
        ('4\xa0115', '1,24', '4,115')
        """
        if isinstance(value, str):
            return self.translations.get(value, value)
        if isinstance(value, bool) or value is None:
            return str(value)
        if isinstance(value, int | float | np.number):
            return self._number(float(value))
        if isinstance(value, Iterable):
            parts = [self.write(each) for each in value]
            last = f" {words(self.lang)['words']['and']} "
            return last.join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
        return str(value)

    def label(self, *key: str) -> str:
        """Return the label of an item or a group, else its name with spaces."""
        name = self.labels.get(key, "") or self.translations.get(key[-1], "")
        return name or key[-1].replace("_", " ")

    def named(self, *key: str) -> str:
        """Return the label of the other side of a claim, which may be all or the others."""
        plain = words(self.lang)["words"]
        return plain[key[-1]] if key[-1] in ("all", "others") else self.label(*key)

    def chance(self, p: float) -> str:
        """Return a probability in words; near 0 and 1 as a bound.

        Examples
        --------
        >>> Speaker("en").chance(0.9996), Speaker("nb").chance(0.25)
        ('> 0.999', '= 0,25')
        """
        if p > 0.999 or p < 0.001:
            return f"{'>' if p > 0.5 else '<'} {self.write(0.999 if p > 0.5 else 0.001)}"
        return f"= {self.write(p)}"

    def redraw(self, text: str) -> str:
        r"""Return what a plot writes in this language.

        Examples
        --------
        >>> Speaker("nb").redraw("P(up) >0.99, n = 1,702\nBars: 95% intervals.")
        'P(opp) >0,99, n = 1\xa0702\nStreker: 95 %-intervaller.'
        """
        if self.lang == "en":
            return text
        for phrase, said in words(self.lang)["drawn"].items():
            text = text.replace(phrase, said)
        return re.sub(r"(?<=\d)\.(?=\d)", ",", re.sub(r"(?<=\d),(?=\d{3})", "\u00a0", text))

    def scenario(self, name: str) -> str:
        """Return a scenario in words, from its code and what stands after the colons."""
        code, *facts = name.split(":")
        filled = [
            self.write(float(each)) if each.replace(".", "", 1).isdecimal() else self.write(each) for each in facts
        ]
        return words(self.lang)["scenario"][code].format(*filled)

    def _number(self, value: float) -> str:
        if not np.isfinite(value):
            return "–" if np.isnan(value) else ("∞" if value > 0 else "−∞")
        digits = 3 if 0 < abs(value) < 0.01 or 0.99 < abs(value) < 1 else 2
        whole = abs(value) >= 1000 or value == round(value)
        text = f"{value:,.0f}" if whole else f"{value:,.{digits}f}".rstrip("0").rstrip(".")
        text = text.replace("-", "−")
        return text if self.lang == "en" else text.replace(",", "\u00a0").replace(".", ",")


def speaker_of(report: Report, lang: str) -> Speaker:
    """Return the speaker of a report in a language."""
    column = "label_nb" if lang == "nb" else "label"
    items, groups = report.tables["items"], report.tables["groups"]
    labels: dict[tuple[str, ...], str] = {}
    for row in records(items):
        labels[row.survey, row.item] = getattr(row, column) or row.label
    for row in records(groups):
        labels[row.survey, row.group_dim, row.group] = getattr(row, column) or row.label
    for name, facts in report.surveys.items():
        labels[SURVEY, name] = facts.get(column) or facts.get("label", "")
    translations = report.about.get("words", {}).get(lang, {})
    return Speaker(lang, labels, translations)


@functools.cache
def words(lang: str) -> dict[str, dict[str, str]]:
    """Return the sentences of a language, by section and code."""
    file = importlib.resources.files("navmodels.reports") / "words" / f"{lang}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def where_it_is(speaker: Speaker, row: Any) -> str:
    """Return what a row of numbers is about, such as "Easy to reach: yes, Own office, 2025"."""
    question = speaker.label(row["survey"], row["item"]) if row["item"] else speaker.label(SURVEY, row["survey"])
    answer = f": {speaker.label(row['survey'], row['item'], row['answer'])}" if row["answer"] else ""
    group = f", {speaker.label(row['survey'], row['group_dim'], row['group'])}" if row["group"] != ALL else ""
    return f"{question}{answer}{group}" + (f", {row['time']}" if row["time"] else "")


def unit_of(row: pd.Series, report: Report, speaker: Speaker) -> str:
    """Return the unit of a printed quantity in words."""
    if row["field"] in ("n", "count", "invited", "population"):
        return speaker.say("unit", "size")
    if row["table"] == "numbers":
        own = str(report.tables["numbers"].at[row["row"], "unit"])
        if own:
            return speaker.write(own)
    if row["field"] == "se" and row["statistic"] == "share":
        return speaker.say("unit", "error")
    return speaker.say("unit", row["statistic"])


# ---- inside


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""
