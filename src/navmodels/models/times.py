"""Times along which a trend walks: whole numbers that go on from year to year, and how to number others so."""

import re
from typing import Any

from navmodels import checks


def whole_years(levels: list[Any], term: Any) -> list[int]:
    """Return every year from the first to the last; raise unless levels are whole numbers, 1 from one to the next.

    Examples
    --------
    >>> whole_years([2019, 2022], "Trend('year')")
    [2019, 2020, 2021, 2022]
    """
    bad = [level for level in levels if isinstance(level, bool | str) or not float(level).is_integer()]
    wide, parts = (0, 0) if bad else _calendar(levels)
    if bad or wide:
        raise ValueError(
            f"{term} needs whole numbers such as years, 1 from one time to the next; the survey has "
            f"{checks.listing(bad or levels)}. {_numbered(levels, bad, wide, parts)}"
        )
    return list(range(int(min(levels)), int(max(levels)) + 1))


# ---- inside


def _calendar(levels: list[Any]) -> tuple[int, int]:
    """Return how months or quarters are written in numbers, as 202212 or 20234, and how many a year has; 0 for none."""
    for wide, parts in ((100, 12), (10, 4)):
        years = {level // wide for level in levels}
        within = all(1 <= level % wide <= parts for level in levels)
        if within and len(years) > 1 and all(1900 <= year <= 2100 for year in years):
            return wide, parts
    return 0, 0


def _numbered(levels: list[Any], bad: list[Any], wide: int, parts: int) -> str:
    """Return how to number times on from year to year."""
    if wide:
        number = parts * (int(levels[0]) // wide) + int(levels[0]) % wide
        return f"Number them on: {parts} * (column // {wide}) + column % {wide} makes {levels[0]} the number {number}."
    for form, freq, parts, part in ((r"\d{4}-?Q[1-4]", "Q", 4, "quarter"), (r"\d{4}-\d\d(-\d\d)?", "M", 12, "month")):
        if all(re.fullmatch(form, str(level)) for level in levels):
            return (
                f"Number them on: times = pd.PeriodIndex(column, freq={freq!r}); {parts} * times.year + times.{part}."
            )
    return "Number them in order of time, for instance column.map({'first': 1, 'second': 2}); times left out are gaps."
