"""Rows that are not disjoint people: totals among details, several breakdowns of one sample, answers of one question.

A model takes rows as independent, so whoever is behind two of them counts twice. What can be seen in a table is seen
here, by labels and by arithmetic; what cannot stays the user's to know.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels import checks
from navmodels.data.breakdowns import equal_runs

Array = npt.NDArray[np.float64]

TOTALS = {  # labels that can be nothing else beside other labels
    *("total", "totals", "totalt", "totalen", "in total", "grand total", "overall", "sum", "all", "alle", "i alt"),
    *("ialt", "samlet", "til sammen", "tilsammen", "everyone", "everybody", "all respondents", "alle respondenter"),
    *("whole sample", "the whole sample", "hele utvalget", "both sexes", "begge kjønn", "all ages", "alle aldre"),
    *("alle aldersgrupper", "all age groups", "hele landet", "whole country", "the whole country", "all counties"),
    *("alle fylker", "all regions", "alle regioner", "insgesamt", "gesamt", "alla", "hela landet", "båda könen"),
}
LIKELY = re.compile(  # labels of a total when the numbers agree
    r"(total|totalt|all|alle|both|begge|hele|whole|the whole|norge|norway|sverige|sweden|danmark|denmark|finland|"
    r"england|scotland|wales|uk|usa|eu|national|nation|landet|samtlige|gjennomsnitt|average|mean)\b.*"
)
MALE = re.compile(r"(men|man|male|males|boys|menn|mann|gutter|gutt|män|mænd)")
FEMALE = re.compile(r"(women|woman|female|females|girls|kvinner|kvinne|jenter|jente|kvinnor|kvinder)")
RANGE = re.compile(
    r"\D{0,12}\d{0,3}\s*[-\u2013]\s*\d{1,3}\D{0,12}|(under|over|[<>≤≥])\s?\d{1,3}\D{0,8}|\d{1,3}\s?\+"
    r"|\d{1,3}\D{0,8}(and|og|or|eller) (over|more|eldre|older|mer|above)\D{0,8}"
)
REST = re.compile(  # levels of any breakdown
    r"others?|another|annet|andre|unknown|ukjent|non-?binary|ikke-?binær|don.?t know|vet ikke|no answer|ubesvart|"
    r"missing|prefer not.*|vil ikke.*|none|ingen.*"
)


class Part(NamedTuple):
    """The rows of a table that share all factors but one, with their levels of that one."""

    level: npt.NDArray[Any]
    n: Array
    values: Array  # dims (row, measure)


def require_disjoint(
    factors: pd.DataFrame, *, values: pd.DataFrame, n: pd.Series, half: float, whole: float | None
) -> None:
    """Raise when rows of a table are seen not to be disjoint people.

    Parameters
    ----------
    factors
        The factors of each row.
    values
        What was found in each row, one column or several: shares or a mean.
    n
        Respondents of each row, NaN where not known. The names of both are those of the user's columns.
    half
        Half a unit of the last digit of `values`.
    whole
        What the answers of one question add to, in the unit of `values`; None where they do not.

    Raises
    ------
    ValueError
        Naming the rows, and what to do.
    """
    known = (n > 0) & values.notna().all(axis=1)
    _refuse_total_labels(factors)
    names = [str(name) for name in factors]
    for name in names:
        others = [other for other in names if other != name]
        parts = _parts(factors[known], name, others, n[known], values[known])
        total = _total_level(parts, half, whole)
        if total is not None:
            _refuse_total(factors, name, total, "has as many respondents as the others together, and their mean")
        _refuse_breakdowns(factors, name, parts, half, whole, str(n.name))
        if whole is not None and values.shape[1] == 1:
            _refuse_answers(factors, name, parts, half, whole, (str(values.columns[0]), str(n.name)))


def require_disjoint_counts(factors: pd.DataFrame, counts: Array, *, n: str | None) -> None:
    """Raise when rows of a table of counts, dims (row, category), are seen not to be disjoint people."""
    size = counts.sum(axis=1)
    shares = np.divide(counts, size[:, None], out=np.full_like(counts, np.nan), where=size[:, None] > 0)
    values = pd.DataFrame(shares, factors.index)
    require_disjoint(factors, values=values, n=pd.Series(size, factors.index, name=n), half=1e-9, whole=1.0)


def is_total(label: object) -> bool:
    """Tell whether a label beside others can be nothing but a total.

    Examples
    --------
    >>> is_total("Totalt (n = 1 200)"), is_total("Begge kjønn"), is_total("Andre"), is_total("Total hip replacement")
    (True, True, False, False)
    """
    return _plain(label) in TOTALS


# ---- inside


def _plain(label: object) -> str:
    text = checks.form(label).casefold()
    return re.sub(r"[\s:.,*]+$", "", re.sub(r"\s*[(\[].*[)\]]\s*$", "", text))


def _parts(factors: pd.DataFrame, name: str, others: Sequence[str], n: pd.Series, values: pd.DataFrame) -> list[Part]:
    """Return the rows of each combination of the other factors, in the order of the table."""
    place = (
        factors.groupby(list(others), observed=True, sort=False).ngroup().to_numpy()
        if others
        else np.zeros(len(factors), dtype=int)
    )
    level, size, found = factors[name].astype(object).to_numpy(), n.to_numpy(dtype=float), values.to_numpy(dtype=float)
    order = np.argsort(place, kind="stable")
    return [Part(level[rows], size[rows], found[rows]) for rows in np.split(order, np.cumsum(np.bincount(place))[:-1])]


def _refuse_total_labels(factors: pd.DataFrame) -> None:
    """Raise on rows with labels such as Total whose other labels are also those of another row."""
    names = [str(name) for name in factors]
    marks = {name: {level: is_total(level) for level in factors[name].unique()} for name in names}
    totals = pd.DataFrame({name: factors[name].map(marks[name]).astype(bool) for name in names}, index=factors.index)
    for pattern in totals[totals.any(axis=1)].drop_duplicates().itertuples(index=False, name=None):
        open_names = [name for name, total in zip(names, pattern, strict=True) if total]
        rest = [name for name in names if name not in open_names]
        detail = ~totals[open_names].all(axis=1)
        groups = [factors[name] for name in rest] or [pd.Series(0, index=factors.index)]
        beside = detail.groupby(groups, observed=True).transform("any")
        overlapping = (totals == list(pattern)).all(axis=1) & beside
        if overlapping.any():
            name = open_names[0]
            _refuse_total(factors, name, factors.loc[overlapping, name].iloc[0], "is called a total")


def _refuse_total(factors: pd.DataFrame, name: str, total: object, why: str) -> None:
    rows, rest = factors[name] == total, factors.loc[factors[name] != total, name].unique()
    label = checks.plain(total)
    raise ValueError(
        f"{label!r} in column {name!r} ({checks.rows(rows)}) {why}, and stands beside {checks.listing(rest, most=4)}: "
        f"its people would count twice. Leave it out: frame[frame[{name!r}] != {label!r}]. If its rows are other "
        "people all the same, give overlap='allow'."
    )


def _total_level(parts: Sequence[Part], half: float, whole: float | None) -> object | None:
    """Return the level that is the sum of the others wherever it stands beside two or more of them, if there is one."""
    several = [part for part in parts if len(part.n) >= 3]
    if not several:
        return None
    level = several[0].level[several[0].n.argmax()]
    size, units, informs = 0.0, 0.0, False
    likely = bool(LIKELY.fullmatch(_plain(level)))
    for part in several:
        top = part.level == level
        if not top.any():
            continue
        n, total = part.n[~top], float(part.n[top][0])
        gap = np.abs(part.values[top][0] - n @ part.values[~top] / n.sum())
        near = 2 * half + 1e-9 + (0.01 * (whole or 0.0) if likely else 0.0)
        if abs(n.sum() - total) > total * (0.05 if likely else 1e-9) or (gap > near).any():
            return None
        size, units = size + total, units + total / _common(part.n)
        informs |= bool((np.ptp(part.values[~top], axis=0) > 4 * half + 1e-9).any())
    return level if likely or (size >= 50 and units >= 5 and informs) else None


def _common(n: Array) -> float:
    """Return the greatest number that divides all n; 1 where they are not whole."""
    return float(np.gcd.reduce(n.astype(np.int64))) if (n == np.round(n)).all() else 1.0


def _refuse_breakdowns(
    factors: pd.DataFrame, name: str, parts: Sequence[Part], half: float, whole: float | None, n: str
) -> None:
    """Raise when the levels of a factor are several breakdowns of one sample, one after the other."""
    levels = list(dict.fromkeys(factors[name]))
    texts = [_plain(level) for level in levels]
    sex = [level for level, text in zip(levels, texts, strict=True) if MALE.fullmatch(text) or FEMALE.fullmatch(text)]
    age = [level for level, text in zip(levels, texts, strict=True) if RANGE.fullmatch(text)]
    sexes = any(map(MALE.fullmatch, texts)) and any(map(FEMALE.fullmatch, texts))
    rest = [
        level
        for level, text in zip(levels, texts, strict=True)
        if level not in (*sex, *age) and not REST.fullmatch(text)
    ]
    families = {"sex": sex if sexes else [], "age": age if len(age) >= 2 else [], "other": rest}
    families = {key: found for key, found in families.items() if len(found) >= 2}
    found = _runs(parts, half)
    call = f"nav.split_table(frame, by={name!r}, n={n!r})"
    sure = {"sex", "age"} <= set(families) and _may_be_same(parts, families)
    if not found and (sure or (len(families) > 1 and _same_people(parts, families, half, whole))):
        found = list(families.values())
        named = {key: [checks.plain(level) for level in each] for key, each in families.items()}
        call = f"nav.split_table(frame, by={name!r}, parts={named})"
    if not found:
        return
    shown = "; ".join(checks.listing(each, most=3) for each in found)
    raise ValueError(
        f"the rows look like {len(found)} breakdowns of the same people in column {name!r}: {shown}. Whoever is behind "
        f"several rows would count several times. Take one breakdown at a time: {call} gives a frame for each. If the "
        "rows are other people all the same, give overlap='allow'."
    )


def _runs(parts: Sequence[Part], half: float) -> list[list[Any]] | None:
    """Return the levels of each breakdown when every part of the table is cut in runs of equal n and equal mean."""
    found = None
    for part in parts:
        lengths = equal_runs(part.n) if len(part.n) >= 4 else None
        if lengths is None:
            return None
        cuts = np.cumsum(lengths)[:-1]
        size = part.n.sum() / len(lengths)
        chance = len(part.n) * _common(part.n) / size  # that a run ends where another does, by accident
        means = np.array(
            [n @ v / n.sum() for n, v in zip(np.split(part.n, cuts), np.split(part.values, cuts), strict=True)]
        )
        if chance ** (len(lengths) - 1) > 0.02 or (np.ptp(means, axis=0) > 2 * half + 1e-9).any():
            return None
        found = found or [list(levels) for levels in np.split(part.level, cuts)]
    return found


def _may_be_same(parts: Sequence[Part], families: dict[str, list[Any]]) -> bool:
    """Tell whether sexes and ages have about the same n, where it is known: children are not their parents."""
    for part in parts:
        sizes = [part.n[np.isin(part.level, np.array(families[key], dtype=object))].sum() for key in ("sex", "age")]
        if min(sizes) > 0 and max(sizes) > 1.4 * min(sizes):
            return False
    return True


def _same_people(parts: Sequence[Part], families: dict[str, list[Any]], half: float, whole: float | None) -> bool:
    """Tell whether families of labels have the same number of respondents (or a multiple) and the same mean."""
    near = 2 * half + 0.01 * (whole or 0.0)
    for part in parts:
        inside = [np.isin(part.level, np.array(each, dtype=object)) for each in families.values()]
        if not all(each.any() for each in inside):
            return False
        sizes = [part.n[each].sum() for each in inside]
        means = np.array([part.n[each] @ part.values[each] / part.n[each].sum() for each in inside])
        times = max(sizes) / min(sizes)
        if abs(times - round(times)) > 0.05 * round(times) or (np.ptp(means, axis=0) > near).any():
            return False
    return bool(parts)


def _refuse_answers(
    factors: pd.DataFrame, name: str, parts: Sequence[Part], half: float, whole: float, what: tuple[str, str]
) -> None:
    """Raise when the levels of a factor are the answers of one question: with one n, they add to 100 % everywhere."""
    several = [part for part in parts if len(part.n) >= 2]
    if len(several) < len(parts) or sum(len(part.n) - 1 for part in several) < 3:
        return
    sums = [float(part.values.sum()) for part in several]
    for part, total in zip(several, sums, strict=True):
        if np.ptp(part.n) > 0 or abs(total - whole) > len(part.n) * half + 1e-9:
            return
    others = [other for other in factors if other != name]
    turn = f"frame.pivot(index={[*others, what[1]]!r}, columns={name!r}, values={what[0]!r}).reset_index()"
    raise ValueError(
        f"the rows look like the answers of one question, not like separate groups: over {name!r} column {what[0]!r} "
        f"adds to {min(sums):g}"
        + (f"–{max(sums):g}" if max(sums) > min(sums) else "")
        + ", with one n"
        + (" in each of the other groups" if others else "")
        + f". Make one column an answer, {turn}, and give these columns as counts=. If the rows are groups of people "
        "all the same, give overlap='allow'."
    )
