"""Words of the errors: values, rows and the nearest name, as a reader knows them."""

import difflib
import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd


def nearest(given: object, allowed: Iterable[object]) -> str:
    """Return ' Did you mean ...?' for the closest allowed name, or an empty string.

    Capitals, spaces and Unicode forms do not count; a name that differs in nothing else is told apart.

    Examples
    --------
    >>> nearest("cuonty", ["county", "year"])
    " Did you mean 'county'?"
    """
    name = closest(given, allowed)
    if name is None:
        return ""
    alike = str(name) != str(given) and form(name) == form(given)
    return f" Did you mean {name!r}?" + (" It differs only in spaces or Unicode form." if alike else "")


def closest(given: object, allowed: Iterable[object]) -> object | None:
    """Return the allowed name that is most like the given one, None where none is like it."""
    names = {form(name).casefold(): name for name in allowed}
    close = difflib.get_close_matches(form(given).casefold(), list(names), n=1, cutoff=0.5)
    return names[close[0]] if close else None


def listing(values: Iterable[object], *, most: int = 8) -> str:
    """Return values as a readable list, cut after `most`.

    Examples
    --------
    >>> listing([1, 2, 3], most=2)
    '1, 2 and 1 more'
    """
    shown = [repr(plain(value)) for value in values]
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")


def rows(mask: pd.Series) -> str:
    """Return 'rows 3, 7 (2 of 10)' for the index labels where `mask` is true."""
    labels = list(mask.index[mask])
    noun = "row" if len(labels) == 1 else "rows"
    return f"{noun} {listing(labels)} ({len(labels)} of {len(mask)})"


def form(label: object) -> str:
    """Return a label without what the eye does not see: Unicode normalised, spaces single."""
    normal = unicodedata.normalize("NFKC", str(label))
    return " ".join("".join(sign for sign in normal if unicodedata.category(sign) != "Cf").split())


def plain(value: Any) -> Any:
    """Return a NumPy scalar as the Python one, anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value
