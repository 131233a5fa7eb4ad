"""Audit a report that is a folder of tables: every number, every claim, words in two languages, a folder of results."""

from collections.abc import Sequence
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
    (report,) = prepare_audits([given], [out], engine=engine, lang=lang)
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
    if out is not None:
        folder = Path(out)
        for name, table in (("ledger", ledger), ("claims", claims), ("fits", fits)):
            write_table(table, folder / f"{name}.csv", speaker)
        (folder / "summary.txt").write_text(f"{summary}\n", encoding="utf-8")
        write_plots(list_drawings(report, claims, judged, speaker), folder)
    return Audit(report, numbers, statuses, judged, ledger, claims, fits, summary)


def prepare_audits(
    given: Sequence[str | Path | Report], out: Sequence[str | Path | None], *, engine: str, lang: str
) -> list[Report]:
    """Return reports that were read, folders for them made; raise where something is wrong before a model is fitted."""
    checks.one_of(engine, ENGINES, what="engine")
    checks.one_of(lang, LANGUAGES, what="lang")
    reports = [each if isinstance(each, Report) else read_folder(each) for each in given]
    for folder in (Path(each) for each in out if each is not None):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"out is {str(folder)!r}, and no folder can be made there: {error.strerror}.") from error
    return reports


# ---- inside


def _fit_table(judged: Judged) -> pd.DataFrame:
    """Return one row a model: cells, engine, seconds, divergences, and "passed" or why the gate did not open."""
    rows = [
        (name, fit["survey"].sizes["cell"], *(fit.attrs[key] for key in FIT_COLUMNS[2:5]), fit.attrs["unconverged"])
        for name, fit in judged.fits.items()
    ]
    return pd.DataFrame(rows, columns=list(FIT_COLUMNS)).replace({"gate": {"": "passed"}})
