"""Words and numbers of an audit in English and in Norwegian (bokmål).

Verdicts, classes, headings and numbers on the screen and in plots. The reasons on the rows are in English.
"""

import pandas as pd

LANGUAGES = ("en", "nb")

NORWEGIAN = {
    # statuses
    "reproduced": "gjenskapt",
    "agrees": "stemmer",
    "differs": "avviker",
    "input": "grunnlag",
    "not reproducible": "kan ikke gjenskapes",
    # classes
    "increase": "økning",
    "decrease": "nedgang",
    "tendency": "tendens",
    "no clear change": "ingen klar endring",
    "higher": "høyere",
    "lower": "lavere",
    "no clear difference": "ingen klar forskjell",
    "clear": "klart",
    "open": "åpent",
    "intervals overlap": "intervallene overlapper",
    "intervals do not overlap": "intervallene overlapper ikke",
    # the screen
    "Numbers in print": "Trykte tall",
    "Statements": "Utsagn",
    "Design effect": "Designeffekt",
    "Share intervals reproduced": "Intervaller for andeler gjenskapt",
    "Mean intervals reproduced": "Intervaller for gjennomsnitt gjenskapt",
    "Statements that differ": "Utsagn som avviker",
    "Models": "Modeller",
    "models fitted, all passed the gate": "modeller tilpasset, alle besto prøven",
    "models fitted; did not pass the gate": "modeller tilpasset; besto ikke prøven",
    "of": "av",
    "verdict turns with half or double the assumed bases": "dommen snur med halve eller doble antatte baser",
    "Written to": "Skrevet til",
    # plots
    "Changes 2023–2024 that the report speaks of": "Endringer 2023–2024 som rapporten omtaler",
    "Shares answering 4–6, published and modelled": "Andel som svarer 4–6, publisert og modellert",
    "Services: direct and pooled": "Tjenester: direkte og sammenveid",
    "Both sectors: published and modelled": "Begge sektorer: publisert og modellert",
}


def say(text: str, *, lang: str) -> str:
    """Return a word of the audit in the language asked for.

    Examples
    --------
    >>> say("agrees", lang="nb")
    'stemmer'
    """
    return text if lang == "en" else NORWEGIAN[text]


def say_columns(table: pd.DataFrame, columns: tuple[str, ...], *, lang: str) -> pd.DataFrame:
    """Return the table with the words of these columns in the language asked for."""
    if lang == "en":
        return table
    return table.assign(**{name: table[name].replace(NORWEGIAN) for name in columns if name in table})


def write_number(value: float, *, lang: str, digits: int = 0) -> str:
    r"""Return a number as it is written in the language: in Norwegian with decimal comma and no-break space.

    Examples
    --------
    >>> write_number(4115, lang="nb"), write_number(1.24, lang="nb", digits=2), write_number(4115, lang="en")
    ('4\xa0115', '1,24', '4,115')
    """
    text = f"{value:,.{digits}f}"
    return text if lang == "en" else text.replace(",", "\u00a0").replace(".", ",")
