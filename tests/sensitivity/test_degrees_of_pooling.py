"""No, partial and complete pooling against fits by hand, direct estimates and the model without groups."""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav

TABLE = pd.DataFrame({"office": list("ABCDE"), "k": [30, 51, 44, 38, 9], "n": [60, 80, 75, 66, 10]})
MODEL = nav.Model(nav.Share(), nav.Group("office"))


@pytest.fixture(scope="module")
def survey():
    return nav.Survey.from_counts(TABLE, by="office", positive="k", n="n")


@pytest.fixture(scope="module")
def table(survey):
    return nav.pooling(MODEL, survey, by="office", seed=1)


def by_hand(survey, **scale):
    return nav.fit(nav.Model(nav.Share(), nav.Group("office", **scale)), survey, seed=1)


SCALES = {"none": {"scale": nav.Known(10.0)}, "partial": {}, "complete": {"scale": nav.Known(1e-6)}}


@pytest.mark.parametrize("how", SCALES)
def test_rows_are_those_of_fits_by_hand(table, survey, how):
    fit = by_hand(survey, **SCALES[how])
    rows, expected, out = table[table["pooling"] == how], nav.shrinkage(fit, by="office"), nav.loo(fit)
    assert rows["office"].tolist() == list("ABCDE")
    names = {"pooled": "mean", "pooled_lower": "lower", "pooled_upper": "upper"}
    for column in ("direct", "n", "pooled", "pooled_lower", "pooled_upper", "pooling_factor", "sd_reduction", "prob"):
        found = rows[names.get(column, column)].to_numpy()
        assert found == pytest.approx(expected[column].to_numpy(), rel=1e-12, nan_ok=True)
    assert rows["elpd"].unique().item() == pytest.approx(out.attrs["elpd"], rel=1e-12)
    assert rows["elpd_se"].unique().item() == pytest.approx(out.attrs["se"], rel=1e-12)
    assert rows["cells_above_k"].unique().item() == int((~out["passed"]).sum())


def test_what_pooling_does(table, survey):
    wide = table.pivot(index="office", columns="pooling", values="mean")
    direct = TABLE.set_index("office")["k"] / TABLE.set_index("office")["n"]
    assert wide["none"].to_numpy() == pytest.approx(direct.to_numpy(), abs=0.02)
    assert np.ptp(wide["complete"]) < 1e-5
    alone = nav.summarise(nav.estimate(nav.fit(nav.Model(nav.Share()), survey, seed=2)))
    assert wide["complete"].mean() == pytest.approx(
        alone["mean"].item(), abs=4 * alone["sd"].item() * (2 / 4000) ** 0.5
    )
    assert wide.loc["E", "complete"] < wide.loc["E", "partial"] < wide.loc["E", "none"]
    factor = table.pivot(index="office", columns="pooling", values="pooling_factor")
    assert (factor["none"] < 0.02).all()
    assert (factor["complete"] > 0.999).all()
    assert factor["partial"].between(factor["none"], factor["complete"]).all()


def test_columns_and_several_factors(survey, model, counts):
    given = nav.Survey.from_counts(counts, by=["year", "county", "sector"], positive="k", n="n")
    table = nav.pooling(model, given, by=["county", "sector"], seed=1)
    assert list(table.columns) == [
        "county", "sector", "pooling", "direct", "n", "mean", "lower", "upper", "prob", "pooling_factor",
        "sd_reduction", "elpd", "elpd_se", "cells_above_k",
    ]  # fmt: skip
    assert table["pooling"].unique().tolist() == ["none", "partial", "complete"]
    assert len(table) == 3 * 7


def test_cuts_of_a_rating():
    frame = pd.DataFrame({"office": list("ABC"), "1": [20, 60, 5], "2": [150, 40, 9], "3": [30, 100, 16]})
    rating = nav.Survey.from_counts(frame, by="office", counts=["1", "2", "3"], categories=[1, 2, 3])
    table = nav.pooling(nav.Model(nav.Rating(), nav.Group("office")), rating, by="office", cut=3, seed=1)
    assert table["direct"][:3].tolist() == pytest.approx([0.15, 0.5, 16 / 30], rel=1e-12)


def test_models_without_groups(survey):
    with pytest.raises(ValueError, match="has no Group, so there is nothing to pool"):
        nav.pooling(nav.Model(nav.Share(), nav.Effect("office")), survey, by="office")
