"""Answers that are no answers: "don't know", "refused", and codes for them such as 9 beside 1 and 2.

Which answers of a share are positive, which are negative, and which are on neither side. Nothing is left out unasked.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from navmodels import checks

Sides = dict[str, dict[str, int]]

NEGATIVE_ALONE = (
    "negative= says which answers count as no beside those in positive=; give positive= too, and no categories=."
)


def codes_for_none(answers: Iterable[Any]) -> list[Any]:
    """Return the answers that look like codes for no answer, beside those of a scale.

    Numbers, also as text: where the others are whole and from 0 to 11, codes are -1 to -9, 66, 77, 88, 95 to 99 and the
    like with more digits, and 8 and 9 unless the scale reaches up to them. Text: "don't know", "refused", "not
    applicable" and their like in English, German and the Scandinavian languages, and empty text.

    Examples
    --------
    >>> codes_for_none([1, 2, 3, 4, 5, 8, 9]), codes_for_none([1, 2, 99]), codes_for_none(range(0, 11))
    ([8, 9], [99], [])
    >>> codes_for_none(["yes", "no", "Don’t know"])
    ['Don’t know']
    """
    known = [checks.plain(answer) for answer in answers]
    spoken = [answer for answer in known if isinstance(answer, str) and _says_nothing(answer)]
    number = {answer: _whole(answer) for answer in known if answer not in spoken}
    whole = sorted({value for value in number.values() if value is not None})
    other = [answer for answer, value in number.items() if value is None]
    if not other:
        codes = _far_outside(whole)
    else:  # numbers among words may be codes; beside decimals there is no scale
        words = all(isinstance(answer, str) for answer in other)
        codes = set(whole) if words and set(whole) <= {*FAR, *BELOW, *NEAR} else set()
    return [answer for answer in known if answer in spoken or number[answer] in codes]


def take_sides(
    frame: pd.DataFrame, columns: Sequence[str], *, positive: Sequence[Any], negative: Any, missing: str
) -> tuple[pd.DataFrame, Sides]:
    """Return the frame with answers that are on neither side made missing, and how often each answer was given.

    Parameters
    ----------
    frame
        One row a respondent.
    columns
        Columns of answers.
    positive
        The answers that count as positive.
    negative
        The answer, or list of answers, that counts as no. None: all that are not positive, unless one looks like a code
        for no answer.
    missing
        With `negative`, what to do with other answers: "raise" or "drop".

    Raises
    ------
    ValueError
        Naming the rows with codes, or with answers on neither side.

    Examples
    --------
    >>> rows = pd.DataFrame({"used": [1, 2, 9, 1]})
    >>> asked, sides = take_sides(rows, ["used"], positive=(1,), negative=2, missing="drop")
    >>> asked["used"].tolist(), sides
    ([1.0, 2.0, nan, 1.0], {'positive': {'1': 2}, 'negative': {'2': 1}, 'neither': {'9': 1}})
    """
    every = pd.concat([frame[column].astype(object) for column in columns], ignore_index=True).dropna()
    counts = every.value_counts(sort=False)
    known = in_order(counts.index)
    others = [answer for answer in known if answer not in positive]
    if negative is None:
        no = others
        _require_no_codes(frame, columns, known=known, others=others)
    else:
        no = list(negative) if pd.api.types.is_list_like(negative) else [negative]
        _require_sides(frame, columns, positive=positive, negative=no, others=others, missing=missing)
    neither = [answer for answer in others if answer not in no]
    if neither:
        frame = frame.assign(**{column: frame[column].mask(frame[column].isin(neither)) for column in columns})
    groups = {"positive": positive, "negative": no, "neither": neither}
    given = {
        side: {_told(answer): int(counts[answer]) for answer in known if answer in members}
        for side, members in groups.items()
    }
    return frame, {side: answers for side, answers in given.items() if answers}


def require_numbers_meant(answers: pd.Series, *, declared: Sequence[Any] | None) -> None:
    """Raise when numbers to be averaged hold codes for no answer; with `declared`, when one is not among these.

    Examples
    --------
    >>> require_numbers_meant(pd.Series([1, 2, 9], name="trust"), declared=None)
    Traceback (most recent call last):
    ValueError: column 'trust' holds 9 in row 2 (1 of 3), which looks like a code for no answer ...
    """
    if declared is None:
        codes = codes_for_none(in_order(answers.unique()))
        if codes:
            _refuse(answers, codes, "a number", leave_out(answers.name, codes) + " Where they are answers, list all "
                    "that there are: categories=.")  # fmt: skip
        return
    other = ~answers.isin(list(declared))
    if other.any():
        given = in_order(answers[other].unique())
        raise ValueError(
            f"column {answers.name!r} holds {checks.listing(given)} in {checks.rows(other)}, not among the categories "
            f"{checks.listing(declared, most=20)}.{checks.nearest(given[0], declared)}{leave_out(answers.name, given)}"
        )


def leave_out(name: object, answers: Iterable[Any]) -> str:
    """Return how rows with answers that may be codes for none are left out.

    Examples
    --------
    >>> leave_out("trust", [8, 9])
    " Where 8, 9 mean no answer, leave these rows out: frame[~frame['trust'].isin([8, 9])]."
    """
    codes = [checks.plain(answer) for answer in answers]
    verb = "means" if len(codes) == 1 else "mean"
    rows = f"frame[~frame[{name!r}].isin({codes})]"
    return f" Where {checks.listing(codes)} {verb} no answer, leave these rows out: {rows}."


def leave_out_codes(name: object, given: Iterable[Any], *, beside: Iterable[Any]) -> str:
    """Return how those of the answers given are left out that look like codes for none beside others, if any do.

    Examples
    --------
    >>> leave_out_codes("used", [2, 9], beside=[0, 1])
    " Where 9 means no answer, leave these rows out: frame[~frame['used'].isin([9])]."
    """
    held = list(given)
    codes = [code for code in codes_for_none([*beside, *held]) if code in held]
    return leave_out(name, codes) if codes else ""


def in_order(answers: Iterable[Any]) -> list[Any]:
    """Return answers from low to high, or as they come where they have no order."""
    plain = [checks.plain(answer) for answer in answers]
    try:
        return sorted(plain)
    except TypeError:
        return plain


# ---- inside

SCALE = range(12)
NEAR = (8, 9)  # codes that may also be steps of a scale
FAR = (
    *(66, 77, 88, 666, 777, 888, 6666, 7777, 8888),
    *(code for top in (99, 999, 9999) for code in range(top - 4, top + 1)),
)
BELOW = (*range(-9, 0), *range(-99, -94), -66, -77, -88, -777, -888, -999, -9999)
WHOLE = ("na", "n a", "dk na", "nan", "null", "missing", "unknown", "ukjent", "refused", "refusal", "skipped", "blank",
         "not sure", "unsure", "refused to answer", "refuse to answer")  # fmt: skip
BEGIN = (
    "dont know", "do not know", "no answer", "not applicable", "not relevant", "not stated", "not answered",
    "not asked", "prefer not to", "no opinion", "cant say", "cannot say", "vet ikke", "vet ikkje", "veit ikkje",
    "vet inte", "vet ej", "ved ikke", "ikke relevant", "ikkje relevant", "ej relevant", "inte relevant", "ikke aktuelt",
    "ikkje aktuelt", "ikke svar", "ikkje svar", "ikke besvart", "ingen svar", "inget svar", "intet svar", "ubesvart",
    "ubesvaret", "uoppgitt", "ønsker ikke å svare", "ønskjer ikkje å svare", "vil ikke svare", "vil ikkje svare",
    "vill inte svara", "ingen formening", "weiß nicht", "weiss nicht", "keine angabe",
)  # fmt: skip


def _told(answer: Any) -> str:
    """Return an answer as text; whole numbers without decimals, whatever column they stood in."""
    return repr(int(answer)) if isinstance(answer, float) and answer.is_integer() else repr(answer)


def _says_nothing(label: str) -> bool:
    """Return whether text says that there is no answer; capitals, digits and signs do not count."""
    words = " ".join(re.findall(r"[^\W\d_]+", re.sub(r"['’‘`´]", "", checks.form(label).casefold())))
    if not words:
        return re.search(r"\d", label) is None  # empty, or signs only
    return words in WHOLE or any(words == each or words.startswith(f"{each} ") for each in BEGIN)


def _whole(answer: Any) -> int | None:
    """Return a whole number, also one written as text, and None for anything else."""
    if isinstance(answer, str):
        text = answer.strip().replace("−", "-")
        return int(text) if re.fullmatch(r"-?\d{1,5}", text) else None
    number = isinstance(answer, int | float) and not isinstance(answer, bool)
    return int(answer) if number and float(answer).is_integer() else None


def _far_outside(numbers: Sequence[int]) -> set[int]:
    """Return which of some whole numbers, lowest first, are codes beside a scale that the others are steps of."""
    codes = {number for number in numbers if number in FAR}
    steps = [number for number in numbers if number not in codes]
    mirrored = 0 in steps and max(steps) > 1 and min(steps) >= -max(steps)  # as -2 to 2
    codes |= set() if mirrored else {number for number in steps if number in BELOW}
    steps = [number for number in steps if number not in codes]
    if not steps or any(abs(number) not in SCALE for number in steps):
        return set()
    near = {number for number in steps if number in NEAR}
    rest = set(steps) - near
    return codes | near if near and rest and min(near) - max(rest) > 1 else codes


def _refuse(column: pd.Series, codes: list[Any], counts_as: str, advice: str) -> None:
    held = column.isin(codes)
    rest = [answer for answer in in_order(column.dropna().unique()) if answer not in codes]
    beside = f" beside {checks.listing(rest)}" if rest else ""
    looks = "looks like a code" if len(codes) == 1 else "look like codes"
    raise ValueError(
        f"column {column.name!r} holds {checks.listing(codes)} in {checks.rows(held)}, which {looks} for no answer "
        f"(don't know, refused, not asked){beside} and would count as {counts_as}.{advice}"
    )


def _require_no_codes(
    frame: pd.DataFrame, columns: Sequence[str], *, known: Sequence[Any], others: Sequence[Any]
) -> None:
    """Raise when an answer that would count as no looks like a code for none."""
    codes = [code for code in codes_for_none(known) if code in others]
    for column in columns:
        held = [code for code in codes if frame[column].isin([code]).any()]
        if held:
            no = [answer for answer in others if answer not in codes]
            raise_it = f" negative={[*no, *codes]} counts {'it' if len(codes) == 1 else 'them'} as no."
            drop = f" Say what counts as no: negative={no} with missing='drop' leaves the rows out, counted;"
            _refuse(frame[column], held, "no", (drop if no else " Say what counts as no:") + raise_it)


def _require_sides(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    positive: Sequence[Any],
    negative: Sequence[Any],
    others: Sequence[Any],
    missing: str,
) -> None:
    """Raise when an answer is on both sides, is misspelt, or is on neither side and not to be left out."""
    both = [answer for answer in negative if answer in positive]
    if both or not negative:
        given = f"{checks.listing(both)} is positive and negative" if both else "negative is empty"
        raise ValueError(f"{given}; allowed: answers that are not positive ({checks.listing(positive)}).")
    possible = [*others]
    for column in columns:
        if isinstance(frame[column].dtype, pd.CategoricalDtype):
            possible += list(frame[column].cat.categories)
    for answer in negative:
        if isinstance(answer, str) and answer not in possible:
            raise ValueError(
                f"negative is {answer!r}, which never occurs in {checks.listing(columns)}; beside the positive answers "
                f"there are {checks.listing(others, most=20)}.{checks.nearest(answer, others)} An answer that nobody "
                "gave is known when the column is categorical."
            )
    neither = [answer for answer in others if answer not in negative]
    for column in columns:
        held = frame[column].isin(neither)
        if held.any() and missing != "drop":
            raise ValueError(
                f"column {column!r} holds {checks.listing(in_order(frame.loc[held, column].unique()))} in "
                f"{checks.rows(held)}, neither positive ({checks.listing(positive)}) nor negative "
                f"({checks.listing(negative)}).{checks.nearest(neither[0], [*positive, *negative])} Add them to one "
                "side, or give missing='drop' to leave them out, counted."
            )
