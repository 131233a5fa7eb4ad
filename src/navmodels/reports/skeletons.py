"""A folder to fill in: every table with its headings, one worked row where a table has one, remarks in report.toml."""

import importlib.resources
from pathlib import Path


def write_skeleton(path: str | Path) -> list[str]:
    """Write a small invented report into a new folder, to be replaced by one's own numbers.

    Returns
    -------
    The names of the files written.

    Raises
    ------
    ValueError
        When the folder holds something already.

    Examples
    --------
    >>> import tempfile
    >>> write_skeleton(Path(tempfile.mkdtemp()) / "mine")[-2:]
    ['relations.csv', 'report.toml']
    """
    folder = Path(path)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{str(folder)!r} holds something already; allowed: a folder that is empty or not there yet.")
    folder.mkdir(parents=True, exist_ok=True)
    skeleton = importlib.resources.files("navmodels.reports") / "skeleton"
    files = sorted(skeleton.iterdir(), key=lambda entry: entry.name)
    for entry in files:
        (folder / entry.name).write_text(entry.read_text(encoding="utf-8"), encoding="utf-8")
    return [entry.name for entry in files]
