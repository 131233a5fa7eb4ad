import numpy as np
import pytest

import navmodels as nav
from navmodels.reports.item_models import item_draws, pooled_model, pooled_surveys


@pytest.fixture(scope="module")
def surveys(published):
    return pooled_surveys(published["items"], design_effect=1.24)


def terms(kind):
    return [term.names for term in pooled_model(kind).terms]


def test_six_point_items_have_a_level_for_their_battery():
    assert terms("share") == terms("mean") == [("battery",), ("battery", "item")]
    assert terms("choice") == [("battery", "item")]
    assert [pooled_model(kind).intercept_scale for kind in ("share", "mean", "choice")] == [1.5, 4.0, 1.5]


def test_surveys_hold_every_item_with_n(surveys, published):
    items = published["items"].set_index("item_id")
    assert {name: survey.cells.sizes["cell"] for name, survey in surveys.items()} == {
        "share": 91,
        "mean": 91,
        "choice": 83,  # 85 multiple-choice shares, two without n
    }
    for name, column in (("share", "share"), ("mean", "mean"), ("choice", "share")):
        cells = surveys[name].cells
        np.testing.assert_array_equal(cells["estimate"], items.loc[cells["item"].values, column].astype(float))
        np.testing.assert_array_equal(cells["n"], items.loc[cells["item"].values, "n"].astype(float))
    assert not {"help_upskilling", "help_alternative_work"} & set(surveys["choice"].cells["item"].values)


def test_means_bring_their_own_standard_errors(surveys, published):
    cells = surveys["mean"].cells.set_index(cell="item")
    assert float(cells["se"].sel(cell="satisfaction_overall")) == 0.02
    assert cells.attrs["unit"] == "identity"
    assert surveys["share"].cells.attrs["design_effect"] == 1.24


def test_precision_of_a_share_by_hand(surveys):
    cells = surveys["share"].cells.set_index(cell="item")
    n = 4059 / 1.24  # satisfaction_overall, 86 %
    assert float(cells["sd"].sel(cell="satisfaction_overall")) == pytest.approx(1 / np.sqrt(n * 0.86 * 0.14), rel=1e-3)


@pytest.mark.parametrize("kind", ["share", "mean", "choice"])
def test_draws_by_item_are_those_of_its_battery(kind, surveys, made_fit):
    fit = made_fit(pooled_model(kind), surveys[kind], draws=50)
    draws = item_draws(fit)
    cells = surveys[kind].cells
    assert draws.sizes == {"chain": 4, "draw": 50, "item": cells.sizes["cell"]}
    assert sorted(draws["item"].values) == sorted(cells["item"].values)
    assert draws.attrs["quantity"] == "estimate"
    assert draws.attrs["unconverged"] == ""
    both = nav.estimate(fit, by=["battery", "item"])
    for battery, item, n in zip(cells["battery"].values, cells["item"].values, cells["n"].values, strict=True):
        np.testing.assert_array_equal(draws.sel(item=item), both.sel(battery=battery, item=item))
        assert float(draws["n"].sel(item=item)) == n
