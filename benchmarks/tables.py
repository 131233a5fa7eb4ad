"""Rows of measurements as Markdown tables. Nothing is measured or rounded away before it gets here."""

from collections.abc import Mapping, Sequence

import numpy as np

NONE = "–"


def markdown_table(rows: Sequence[Mapping[str, str]]) -> str:
    """Return a Markdown table of rows that have the same keys; text to the left, numbers to the right.

    Examples
    --------
    >>> print(markdown_table([{"tool": "a", "s": "1.0"}, {"tool": "bc", "s": "12.0"}]))
    | tool |    s |
    | :--- | ---: |
    | a    |  1.0 |
    | bc   | 12.0 |
    """
    names = list(rows[0])
    texts = {name: [_plain(row[name]) for row in rows] for name in names}
    number = {name: all(_is_number(text) for text in texts[name]) for name in names}
    width = {name: max(4, *(len(text) for text in (name, *texts[name]))) for name in names}
    place = {name: ">" if number[name] else "<" for name in names}
    lines = [
        [f"{name:{place[name]}{width[name]}}" for name in names],
        [("-" * (width[name] - 1) + ":") if number[name] else ":" + "-" * (width[name] - 1) for name in names],
        *([f"{texts[name][at]:{place[name]}{width[name]}}" for name in names] for at in range(len(rows))),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(value: float | None, digits: int = 1, *, unit: str = "") -> str:
    """Return a number with so many decimals and thousands apart; a dash for None and NaN.

    Examples
    --------
    >>> shown(12345.678), shown(0.5, 2, unit=" ×"), shown(None)
    ('12,345.7', '0.50 ×', '–')
    """
    return NONE if value is None or np.isnan(value) else f"{value:,.{digits}f}{unit}"


def log_log_slope(size: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the slope of log(seconds) on log(size): 1 when time grows in proportion, 0 when it does not grow.

    Examples
    --------
    >>> round(log_log_slope([10, 100, 1000], [2, 20, 200]), 3)
    1.0
    """
    return round(float(np.polyfit(np.log(size), np.log(seconds), 1)[0]), 6) + 0.0  # never a negative zero


# ---- inside


def _plain(text: str) -> str:
    """Return the text on one line and without the sign that would end a cell."""
    return " ".join(str(text).split()).replace("|", "\\|")


def _is_number(text: str) -> bool:
    return text == NONE or (text.removeprefix("-")[:1].isdigit() and not any(sign.isalpha() for sign in text))
