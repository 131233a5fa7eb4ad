"""The command line: ``navmodels reproduce``, ``navmodels reports``, ``navmodels report new`` and ``report check``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, or 2 when what was asked for does not exist.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> main(["report", "check", folder])
    report.toml: is missing; it needs a title, and [surveys.X] with n for each survey.
    numbers.csv: is missing; it is the one table that must be there.
    2
    """
    given = _parser().parse_args(arguments)
    try:
        return COMMANDS[given.command](given)
    except ValueError as error:
        print(f"navmodels: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"navmodels: {error.filename}: {error.strerror}.", file=sys.stderr)
        return 2


# ---- inside


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="navmodels", description="Hierarchical models for surveys with small groups.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("reproduce", help="audit a published report, number by number and claim by claim")
    run.add_argument(
        "report",
        nargs="*",
        metavar="REPORT",
        help="a name of `navmodels reports` or a folder of tables; default: every report that is included",
    )
    run.add_argument(
        "--out", default="out", type=Path, metavar="DIR", help="each report gets its own folder in it (default: out)"
    )
    run.add_argument("--engine", default="auto", help="auto (laplace when its check passes), laplace or nuts")
    run.add_argument("--lang", default="en", help="en or nb")
    commands.add_parser("reports", help="list the reports whose numbers are included")
    own = commands.add_parser("report", help="a report of your own, as a folder of tables")
    steps = own.add_subparsers(dest="step", required=True)
    steps.add_parser("new", help="write a folder to fill in").add_argument("folder", metavar="DIR", type=Path)
    steps.add_parser("check", help="say what is wrong in a folder").add_argument("folder", metavar="DIR", type=Path)
    return parser


def _report(given: argparse.Namespace) -> int:
    from navmodels.reports.folders import check_folder
    from navmodels.reports.skeletons import write_skeleton

    if given.step == "new":
        print("\n".join(f"{given.folder / name}" for name in write_skeleton(given.folder)))
        return 0
    problems = check_folder(given.folder)
    print("\n".join(problems) or f"{given.folder}: nothing is wrong; navmodels reproduce {given.folder} audits it.")
    return 2 if problems else 0


def _reports(_: argparse.Namespace) -> int:
    from navmodels.reports import list_reports

    table = list_reports()
    width = table["report"].str.len().max()
    for row in table.itertuples():
        print(f"{row.report:{width}s}  {row.title}")
    return 0


def _reproduce(given: argparse.Namespace) -> int:
    from navmodels.reports.library import find_folder, report_names
    from navmodels.reports.reproduction import summarise_reports
    from navmodels.reports.sentences import Speaker

    reports = given.report or report_names()
    names = [find_folder(report).resolve().name for report in reports]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"two reports are called {twice!r}; audit them one at a time, each with its own --out.")
    folders = [given.out / name for name in names]
    summaries = summarise_reports(reports, folders, engine=given.engine, lang=given.lang)
    for summary, folder in zip(summaries, folders, strict=True):
        print(f"\n{summary}\n\n{Speaker(given.lang).say('summary', 'written')} {folder}/")
    return 0


COMMANDS = {"reproduce": _reproduce, "reports": _reports, "report": _report}
