"""The log-likelihood by cell: computed when it is looked at, once, and the outcome's own numbers."""

import copy

import numpy as np
import pytest
import xarray as xr

import navmodels as nav
from navmodels.fits.pointwise import log_likelihood
from navmodels.models import designs


@pytest.fixture(scope="module")
def design(model, survey):
    return designs.design(model, survey)


@pytest.fixture(scope="module")
def posterior(made_fit, model, survey):
    return made_fit(model, survey, draws=50)["posterior"].to_dataset()


@pytest.fixture(scope="module")
def expected(design, posterior):
    base = posterior["intercept"].to_numpy().reshape(200, 1)
    effects = {block.name: posterior[f"{block.name}_effect"].to_numpy().reshape(200, -1, 1) for block in design.blocks}
    eta = design.linear_predictor(base, effects)
    return design.model.outcome.log_likelihood(eta, design.data).reshape(4, 50, 21)


@pytest.fixture
def calls(monkeypatch):
    """Shapes of what the outcome was asked for."""
    shapes, inner = [], nav.Share.log_likelihood

    def counted(self, eta, data):
        shapes.append(np.shape(eta))
        return inner(self, eta, data)

    monkeypatch.setattr(nav.Share, "log_likelihood", counted)
    return shapes


def test_nothing_is_computed_until_it_is_looked_at(design, posterior, expected, calls):
    given = log_likelihood(design, posterior)
    variable = given["positive"]
    assert variable.dims == ("chain", "draw", "cell")
    assert variable.shape == (4, 50, 21)
    assert (variable.dtype, variable.nbytes) == (float, 4 * 50 * 21 * 8)
    tree = xr.DataTree.from_dict({"log_likelihood": given})
    assert "positive" in repr(tree)
    part = variable.isel(cell=3).sel(draw=slice(2, 5))
    assert calls == []
    assert part.to_numpy() == pytest.approx(expected[:, 2:6, 3], rel=1e-12)
    assert calls == [(4 * 4, 21, 1)]  # the draws asked for, no others


def test_it_is_computed_once(design, posterior, expected, calls):
    variable = log_likelihood(design, posterior)["positive"]
    assert variable.to_numpy() == pytest.approx(expected, rel=1e-12)
    assert float(variable.sum()) == pytest.approx(expected.sum(), rel=1e-12)
    assert variable.isel(draw=7).to_numpy() == pytest.approx(expected[:, 7], rel=1e-12)
    assert len(calls) == 1


@pytest.mark.parametrize(
    "key",
    [
        {"chain": 1},
        {"chain": -1, "draw": 3, "cell": 0},
        {"draw": slice(None, None, 7)},
        {"draw": slice(40, 10, -3)},
        {"cell": [20, 0, 0, 5]},
        {"chain": [3, 1], "draw": [0, 49], "cell": slice(2, 9)},
        {"draw": 5, "cell": [1, 2]},
        {"chain": [], "cell": 4},
    ],
)
def test_any_part_of_it(design, posterior, expected, key):
    found = log_likelihood(design, posterior)["positive"].isel(key)
    whole = xr.DataArray(expected, dims=("chain", "draw", "cell")).isel(key)
    assert found.shape == whole.shape
    assert found.to_numpy() == pytest.approx(whole.to_numpy(), rel=1e-12)


def test_pairs_of_places(design, posterior, expected):
    draw, cell = (xr.DataArray(each, dims="pair") for each in ([0, 7, 49], [20, 0, 3]))
    found = log_likelihood(design, posterior)["positive"].isel(draw=draw, cell=cell)
    assert found.transpose("chain", "pair").to_numpy() == pytest.approx(expected[:, [0, 7, 49], [20, 0, 3]], rel=1e-12)


def test_copies_are_as_lazy_and_as_right(design, posterior, expected, calls):
    tree = xr.DataTree.from_dict({"log_likelihood": log_likelihood(design, posterior)})
    for again in (tree.copy(), copy.copy(tree)):
        assert len(calls) == 0
        assert again["log_likelihood"]["positive"].isel(chain=0).to_numpy() == pytest.approx(expected[0], rel=1e-12)
        calls.clear()
    assert tree.copy(deep=True)["log_likelihood"]["positive"].to_numpy() == pytest.approx(expected, rel=1e-12)


def test_arithmetic_and_stacking(design, posterior, expected):
    given = log_likelihood(design, posterior)
    sums = given["positive"].stack(sample=("chain", "draw")).sum("cell")
    assert sums.to_numpy() == pytest.approx(expected.sum(axis=2).ravel(), rel=1e-12)
    assert (2 * given)["positive"].to_numpy() == pytest.approx(2 * expected, rel=1e-12)


def test_published_numbers(made_fit, schools):
    model = nav.Model(nav.Reported(), nav.Group("school", scale=nav.HalfCauchy(5)))
    posterior = made_fit(model, schools, draws=20)["posterior"].to_dataset()
    design = designs.design(model, schools)
    found = log_likelihood(design, posterior)["estimate"].to_numpy()
    eta = posterior["intercept"].to_numpy()[..., None] + posterior["school_effect"].to_numpy()
    assert found == pytest.approx(model.outcome.log_likelihood(eta[..., None], design.data), rel=1e-12)


def test_a_fit_has_it_for_every_cell(model, survey, calls):
    fit = nav.fit(model, survey, engine="laplace", draws=100, seed=1)
    assert calls == []
    nav.summarise(nav.estimate(fit, by="county"))
    nav.check(fit)
    assert calls == []
    given = fit["log_likelihood"]["positive"]
    share = nav.estimate(fit, by=["year", "county", "sector"], scale="linear")
    cells = fit["survey"].to_dataset()
    eta = share.sel({name: cells[name] for name in ("year", "county", "sector")}).transpose("chain", "draw", "cell")
    design = designs.design(model, survey)
    expected = model.outcome.log_likelihood(eta.to_numpy()[..., None], design.data)
    assert given.to_numpy() == pytest.approx(expected, rel=1e-10)
