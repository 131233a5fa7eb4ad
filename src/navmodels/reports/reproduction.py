"""reproduce: audit a published report, number by number and claim by claim."""

from pathlib import Path

import pandas as pd

from navmodels import checks
from navmodels.engines.fitting import ENGINES
from navmodels.reports.accessibility import audit_accessibility
from navmodels.reports.employer import audit_employer
from navmodels.reports.wording import LANGUAGES
from navmodels.reports.writing import write_audit

AUDITS = {"employer_2024": audit_employer, "accessibility_2025": audit_accessibility}


def reproduce(report: str, *, out: str | Path | None = None, engine: str = "auto", lang: str = "en") -> pd.DataFrame:
    """Audit a report: one row for every published number, with what our computation says of it.

    Parameters
    ----------
    report
        "employer_2024": Nav's employer survey 2024; "accessibility_2025": the study of Nav's accessibility.
    out
        Folder for ledger.csv, claims.csv (one row for every statement of change or difference), fits.csv,
        shrinkage.csv, plots, and more tables (trends.csv, sectors.csv; ratings.csv); None writes nothing.
    engine
        As in `fit`.
    lang
        "en" or "nb": language of verdicts in the files, of the plots and of the summary. Reasons are in English.

    Returns
    -------
    pandas.DataFrame
        table, row, item, label, group_dim, group, year, quantity, reference (where it is printed), published, unit,
        ours, lower, upper, status, reason, note. ``attrs["summary"]`` holds the summary for the screen.

        Statuses: *reproduced* (an independent computation gives the printed digits), *agrees* / *differs* (a model or
        another printed number against it), *input* (the number fed a model; the pooled value stands beside it),
        *not reproducible* (the reason says what is not in print).

    Raises
    ------
    ValueError
        For an unknown report, engine or language, with the nearest.

    Examples
    --------
    >>> from navmodels import reproduce
    >>> ledger = reproduce("employer_2024")  # doctest: +SKIP
    >>> ledger["status"].value_counts()["reproduced"]  # doctest: +SKIP
    np.int64(797)
    """
    return audit_report(report, out=out, engine=engine, lang=lang, progress=False)


def audit_report(report: str, *, out: str | Path | None, engine: str, lang: str, progress: bool) -> pd.DataFrame:
    """Return the ledger as `reproduce` does; with `progress`, show a bar while models are fitted."""
    checks.one_of(report, tuple(AUDITS), what="report")
    checks.one_of(engine, ENGINES, what="engine")
    checks.one_of(lang, LANGUAGES, what="lang")
    audit = AUDITS[report](engine=engine, progress=progress)
    if out is not None:
        write_audit(audit, Path(out), lang=lang)
    ledger = audit.ledger.copy()
    ledger.attrs["summary"] = audit.summarise(audit, lang)
    return ledger
