"""The public functions of an audit: `reproduce` a report, and `falsify` its audit."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pandas as pd

from navmodels import checks
from navmodels.engines.fitting import ENGINES
from navmodels.reports.audits import Audit, audit_folder
from navmodels.reports.falsification import falsify_report
from navmodels.reports.folders import Report
from navmodels.reports.library import open_report
from navmodels.reports.sentences import LANGUAGES


def reproduce(
    report: str | Path, *, out: str | Path | None = None, engine: str = "auto", lang: str = "en"
) -> pd.DataFrame:
    """Audit a report: one row for every published number, with what an independent computation says of it.

    Parameters
    ----------
    report
        A report that comes with the library (see `list_reports`), or the path of a folder of tables.
    out
        Folder for ledger.csv, claims.csv (one row for every statement), fits.csv, summary.txt and plots; it is made
        before anything is fitted. None writes nothing.
    engine
        As in `fit`.
    lang
        "en" or "nb": language of everything that a reader sees.

    Returns
    -------
    pandas.DataFrame
        number (its id), table, row, survey, item, answer, group_dim, group, time, quantity, reference (where it is
        printed), label, published, unit, ours, lower, upper, status, power, noted_by_reader, code (of the check that
        decides), reason, note.
        ``attrs["summary"]`` holds the summary for the screen.

        Statuses: *reproduced* (an independent computation from other printed numbers prints the same), *agrees* (a
        range that other numbers leave holds it), *differs* (neither), *input* (it fed a model; the pooled value stands
        beside it), *not reproducible* (nothing else in print speaks of it). `power` is the share of neighbouring values
        that the same check would refuse; below one half nothing is reproduced.

    Raises
    ------
    ValueError
        For an unknown report, engine or language, with the nearest; for a folder with mistakes, by file, row, column.

    Examples
    --------
    >>> import tempfile
    >>> from navmodels.reports.skeletons import write_skeleton
    >>> _ = write_skeleton(folder := tempfile.mkdtemp())
    >>> reproduce(folder).set_index("number").loc["easy_host", "status"]
    'reproduced'
    """
    (audit,) = audit_reports([report], [out], engine=engine, lang=lang)
    ledger = audit.ledger.copy()
    ledger.attrs["summary"] = audit.summary
    return ledger


def falsify(report: str | Path) -> pd.DataFrame:
    """Move each confirmed number of a report out of its range, and tell whether its audit notices.

    An audit that cannot fail says nothing: what is not noticed is a fault of the audit, not of the report.

    Parameters
    ----------
    report
        A report that comes with the library, or the path of a folder of tables.

    Returns
    -------
    pandas.DataFrame
        number, status, code (of the check that confirmed it), published, moved_to, noticed, differs (what a check
        then refuses).

    Raises
    ------
    ValueError
        When there is no such report, or something in its folder is wrong.

    Examples
    --------
    >>> import tempfile
    >>> from navmodels.reports.skeletons import write_skeleton
    >>> _ = write_skeleton(folder := tempfile.mkdtemp())
    >>> bool(falsify(folder)["noticed"].all())
    True
    """
    return falsify_report(open_report(report))


def audit_reports(
    reports: Sequence[str | Path],
    out: Sequence[str | Path | None],
    *,
    engine: str = "auto",
    lang: str = "en",
    progress: bool = False,
) -> Iterator[Audit]:
    """Yield the audit of each report; all are read, and all folders made, before a model is fitted."""
    opened = _prepare(reports, out, engine=engine, lang=lang)
    for report, folder in zip(opened, out, strict=True):
        yield audit_folder(report, out=folder, engine=engine, lang=lang, progress=progress)


def summarise_reports(
    reports: Sequence[str | Path], out: Sequence[str | Path], *, engine: str = "auto", lang: str = "en"
) -> Iterator[str]:
    """Yield the summary of the audit of each report, with a progress bar; several at once, each in its own process."""
    cores = os.cpu_count() or 1
    if min(cores, len(reports)) < 2:
        yield from (audit.summary for audit in audit_reports(reports, out, engine=engine, lang=lang, progress=True))
        return
    _prepare(reports, out, engine=engine, lang=lang)
    audit = partial(_summarise, engine=engine, lang=lang)
    with ProcessPoolExecutor(min(cores, len(reports)), mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(audit, reports, out, range(len(reports)))


# ---- inside


def _summarise(report: str | Path, out: str | Path, line: int, *, engine: str, lang: str) -> str:
    """Return the summary of the audit of a report, whose progress bar stands on a line of its own."""
    return audit_folder(open_report(report), out=out, engine=engine, lang=lang, progress=True, line=line).summary


def _prepare(
    reports: Sequence[str | Path], out: Sequence[str | Path | None], *, engine: str, lang: str
) -> list[Report]:
    """Return reports that were read, folders for them made; raise where something is wrong before a model is fitted."""
    checks.one_of(engine, ENGINES, what="engine")
    checks.one_of(lang, LANGUAGES, what="lang")
    opened = [open_report(report) for report in reports]
    for folder in out:
        _make(folder)
    return opened


def _make(folder: str | Path | None) -> None:
    if folder is None:
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"out is {str(folder)!r}, and no folder can be made there: {error.strerror}.") from error
