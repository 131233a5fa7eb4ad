import numpy as np
import pandas as pd
import pytest
import xarray as xr

import navmodels as nav
from navmodels.fits.records import data_hash, recall_design, record_design


def recorded(model, survey):
    cells, attrs = record_design(nav.models.design(model, survey))
    tree = xr.DataTree.from_dict({"survey": cells})
    tree.attrs = attrs
    return tree


def same(one, two):
    return set(one) == set(two) and all(np.array_equal(one[name], two[name], equal_nan=True) for name in one)


def test_a_design_comes_back(model, survey):
    before, after = nav.models.design(model, survey), recall_design(recorded(model, survey))
    assert after.model == model
    assert after.survey.levels == before.survey.levels
    assert after.survey.cells.attrs == before.survey.cells.attrs
    assert same(before.data, after.data)
    for one, two in zip(before.blocks, after.blocks, strict=True):
        assert (one.name, one.levels, one.scale) == (two.name, two.levels, two.scale)
        assert (one.parameters, one.channels) == (two.parameters, two.channels)
        assert (one.index == two.index).all()
        assert one.basis is two.basis is None or (one.basis == two.basis).all()


def test_published_numbers_and_cut_ratings_come_back(schools):
    model = nav.Model(nav.Reported(), nav.Group("school"))
    before, after = nav.models.design(model, schools), recall_design(recorded(model, schools))
    assert same(before.data, after.data)
    assert after.survey.cells.attrs["unit"] == "identity"
    rows = pd.DataFrame({"office": ["A", "B", "A"], "answer": [1, 2, 3], "late": [True, False, True]})
    rating = nav.Survey.from_responses(rows, outcome="answer", by=["office", "late"], categories=[1, 2, 3])
    share = rating.dichotomise(np.int64(2))
    model = nav.Model(nav.Share(), nav.Group("office"), nav.Effect("late"))
    after = recall_design(recorded(model, share))
    assert after.survey.levels == {"office": ("A", "B"), "late": (False, True)}
    assert after.survey.cells.attrs["cut"] == 2


def test_hash_knows_the_data(survey, counts):
    hashes = {data_hash(survey)}
    for change in (
        counts.assign(k=counts["k"] - 1),
        counts.assign(county=counts["county"].str.lower()),
        counts.rename(columns={"county": "region"}),
        counts.iloc[::-1],
    ):
        by = [name for name in change.columns if name not in "kn"]
        hashes.add(data_hash(nav.Survey.from_counts(change, by=by, positive="k", n="n")))
    assert len(hashes) == 5
    again = nav.Survey.from_counts(counts.copy(), by=["year", "county", "sector"], positive="k", n="n")
    assert data_hash(again) == data_hash(survey)


def test_other_trees_are_refused():
    with pytest.raises(ValueError, match=r"was not made by navmodels\.fit"):
        recall_design(xr.DataTree())
