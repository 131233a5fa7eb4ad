import numpy as np
import pandas as pd
import pytest

from navmodels import checks

COMPOSED, DECOMPOSED = "Ås", "A\N{COMBINING RING ABOVE}s"


@pytest.mark.parametrize(
    ("given", "allowed", "answer"),
    [
        ("cuonty", ["county", "year"], " Did you mean 'county'?"),
        ("OSLO", ["Oslo", "Troms"], " Did you mean 'Oslo'?"),
        ("2023", [2023, 2024], " Did you mean 2023?"),
        ("xyz", ["county", "year"], ""),
        (" Oslo", ["Oslo"], " Did you mean 'Oslo'? It differs only in spaces or Unicode form."),
        (DECOMPOSED, [COMPOSED], f" Did you mean '{COMPOSED}'? It differs only in spaces or Unicode form."),
    ],
)
def test_nearest(given, allowed, answer):
    assert checks.nearest(given, allowed) == answer


def test_listing_is_cut_and_shows_plain_numbers():
    assert checks.listing(np.array([1.5, 2.0])) == "1.5, 2.0"
    assert checks.listing(range(12)) == "0, 1, 2, 3, 4, 5, 6, 7 and 4 more"
    assert checks.listing([]) == ""


def test_rows_are_named_by_their_index():
    assert checks.rows(pd.Series([True, False], index=["a", "b"])) == "row 'a' (1 of 2)"
    assert checks.rows(pd.Series([True] * 12)) == "rows 0, 1, 2, 3, 4, 5, 6, 7 and 4 more (12 of 12)"
