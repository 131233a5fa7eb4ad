"""Audit a report that is a folder of tables: every number, every claim, words in two languages, a folder of results."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from navmodels import checks
from navmodels.engines.fitting import ENGINES
from navmodels.reports.folders import Report, read_folder
from navmodels.reports.ledgers import tabulate_claims, tabulate_ledger
from navmodels.reports.results import list_drawings, write_plots, write_table
from navmodels.reports.scenarios import Judged, judge_report, plan_report
from navmodels.reports.sentences import LANGUAGES, speaker_of
from navmodels.reports.statuses import Numbers, numbers_of
from navmodels.reports.summaries import summarise_audit

SEED = 2025
FIT_COLUMNS = ("model", "cells", "engine", "seconds", "divergences", "gate")


@dataclass(frozen=True)
class Audit:
    """The audit of a report.

    Attributes
    ----------
    report
        What was read.
    numbers, statuses, judged
        What was found, as codes and numbers.
    ledger, claims, fits
        The same as tables, in words of one language.
    summary
        For the screen.
    """

    report: Report
    numbers: Numbers
    statuses: pd.DataFrame
    judged: Judged
    ledger: pd.DataFrame
    claims: pd.DataFrame
    fits: pd.DataFrame
    summary: str


def audit_folder(
    given: str | Path | Report,
    *,
    out: str | Path | None = None,
    engine: str = "auto",
    lang: str = "en",
    progress: bool = False,
    line: int = 0,
) -> Audit:
    """Audit a report, or that of a folder; with `out`, write tables, plots and the summary there.

    The progress bar stands on a line of the screen.

    Raises
    ------
    ValueError
        When something in the folder is wrong, or for an unknown engine or language.
    """
    checks.one_of(engine, ENGINES, what="engine")
    checks.one_of(lang, LANGUAGES, what="lang")
    report = given if isinstance(given, Report) else read_folder(given)
    folder = None if out is None else Path(out)
    if folder is not None:  # before anything is fitted
        folder.mkdir(parents=True, exist_ok=True)
    plan = plan_report(report)
    with tqdm(total=1 + plan.steps, desc=report.name, disable=not progress, leave=False, position=line) as bar:
        numbers, statuses = numbers_of(report)
        bar.update()
        judged = judge_report(report, plan, engine=engine, seed=SEED, step=bar.update)
    speaker = speaker_of(report, lang)
    ledger = tabulate_ledger(report, numbers, statuses, judged, speaker)
    claims = tabulate_claims(report, judged, speaker)
    fits = _fit_table(judged)
    summary = summarise_audit(report, ledger, claims, dict(judged.fits), speaker)
    if folder is not None:
        for name, table in (("ledger", ledger), ("claims", claims), ("fits", fits)):
            write_table(table, folder / f"{name}.csv", speaker)
        (folder / "summary.txt").write_text(f"{summary}\n", encoding="utf-8")
        write_plots(list_drawings(report, claims, judged, speaker), folder)
    return Audit(report, numbers, statuses, judged, ledger, claims, fits, summary)


# ---- inside


def _fit_table(judged: Judged) -> pd.DataFrame:
    """Return one row a model: cells, engine, seconds, divergences, and "passed" or why the gate did not open."""
    rows = [
        (
            name,
            fit["survey"].sizes["cell"],
            *(fit.attrs[key] for key in FIT_COLUMNS[2:5]),
            fit.attrs["unconverged"] or "passed",
        )
        for name, fit in judged.fits.items()
    ]
    return pd.DataFrame(rows, columns=list(FIT_COLUMNS)).replace({"gate": {"": "passed"}})
