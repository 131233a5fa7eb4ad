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
    "stands": "står seg",
    "leans": "heller mot",
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
    "Comparisons judged": "Sammenligninger vurdert",
    "Comparisons not judged": "Sammenligninger som ikke kan vurderes",
    "Comparisons that do not stand": "Sammenligninger som ikke står seg",
    "verdict turns with a design effect of 1.5": "dommen snur med en designeffekt på 1,5",
    "verdict turns with the other reading of figure 4-11": "dommen snur med den andre lesningen av figur 4-11",
    "Written to": "Skrevet til",
    # plots
    "Changes 2023–2024 that the report speaks of": "Endringer 2023–2024 som rapporten omtaler",
    "Shares answering 4–6, published and modelled": "Andel som svarer 4–6, publisert og modellert",
    "Services: direct and pooled": "Tjenester: direkte og sammenveid",
    "Both sectors: published and modelled": "Begge sektorer: publisert og modellert",
    "Comparisons of the accessibility study": "Sammenligningene i tilgjengelighetsstudien",
    "Probability that the comparison holds": "Sannsynlighet for at sammenligningen holder",
    "pooled where a model has the groups": "sammenveid der en modell har gruppene",
    "by itself": "for seg",
    "Partners who find Nav mostly easy to reach": "Samarbeidspartnere som finner det stort sett lett å nå Nav",
    "Partners with a fixed contact person": "Samarbeidspartnere med fast kontaktperson",
    "Employers who want a fixed contact person": "Arbeidsgivere som ønsker fast kontaktperson",
    "Employers who find Nav mostly difficult to reach": "Arbeidsgivere som finner det stort sett vanskelig å nå Nav",
    "Users with greater needs who are satisfied": "Fornøyde brukere med større behov",
    "Offices where users mostly walk in": "Kontor der brukerne mest møter opp",
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
