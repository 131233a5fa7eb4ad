import numpy as np
import pytest
import xarray as xr
from scipy import special

import navmodels as nav


@pytest.fixture(scope="module")
def shares():
    values = special.expit(np.random.default_rng(1).normal([0.0, 0.3, 0.6], 0.2, size=(4, 500, 3)))
    coords = {"office": list("ABC"), "n": ("office", [10.0, 20.0, 0.0])}
    return xr.DataArray(values, dims=("chain", "draw", "office"), coords=coords, name="share")


def test_contrast_with_a_reference(shares):
    values = shares.to_numpy()
    difference = nav.contrast(shares, along="office", reference="B")
    assert difference["office"].to_numpy().tolist() == ["A", "C"]
    assert difference["reference"].item() == "B"
    assert difference.to_numpy() == pytest.approx(values[..., [0, 2]] - values[..., [1]], rel=1e-14)
    ratio = nav.contrast(shares, along="office", reference="B", kind="ratio")
    assert ratio.to_numpy() == pytest.approx(values[..., [0, 2]] / values[..., [1]], rel=1e-14)
    odds = values / (1 - values)
    log_odds = nav.contrast(shares, along="office", reference="B", kind="log odds ratio")
    assert log_odds.to_numpy() == pytest.approx(np.log(odds[..., [0, 2]] / odds[..., [1]]), rel=1e-10, abs=1e-13)


def test_contrast_with_the_mean(shares):
    values = shares.to_numpy()
    difference = nav.contrast(shares, along="office")
    assert difference.to_numpy() == pytest.approx(values - values.mean(axis=-1, keepdims=True), abs=1e-15)
    assert difference["reference"].item() == "mean of all"


def test_contrast_as_a_table(shares):
    table = nav.summarise(nav.contrast(shares, along="office", reference="A"))
    assert table["office"].tolist() == ["B", "C"]
    values = shares.to_numpy()
    assert table["p_above"].to_numpy() == pytest.approx(
        (values[..., 1:] > values[..., [0]]).mean(axis=(0, 1)), abs=1e-15
    )
    ratio = nav.summarise(nav.contrast(shares, along="office", reference="A", kind="ratio"))
    assert ratio["p_above"].tolist() == table["p_above"].tolist()
    assert "n" not in table


def test_difference_in_differences(shares):
    both = xr.concat([shares, shares**2], xr.Variable("year", [2023, 2024]))
    one = nav.contrast(nav.change(both), along="office", reference="A")
    two = nav.change(nav.contrast(both, along="office", reference="A"))
    assert one.to_numpy() == pytest.approx(two.transpose(*one.dims).to_numpy(), abs=1e-14)


def test_ranks_by_hand():
    values = np.array([[[0.8, 0.6, 0.7], [0.5, 0.5, 0.9]]])
    draws = xr.DataArray(values, dims=("chain", "draw", "office"), coords={"office": list("ABC")})
    assert nav.rank(draws, along="office").to_numpy().tolist() == [[[1, 3, 2], [2, 2, 1]]]
    assert nav.rank(draws, along="office", best="lowest").to_numpy().tolist() == [[[3, 1, 2], [1, 1, 3]]]
    turned = draws.transpose("office", "chain", "draw")
    assert nav.rank(turned, along="office").transpose(*draws.dims).equals(nav.rank(draws, along="office"))


def test_ranks_as_a_table(shares):
    table = nav.summarise(nav.rank(shares, along="office"))
    assert table["mean"].sum() == pytest.approx(6.0)
    assert table["median"].tolist() == [3.0, 2.0, 1.0]


def test_exceed(shares):
    table = nav.exceed(shares, threshold=0.6)
    assert table["p_above"].to_numpy() == pytest.approx((shares.to_numpy() > 0.6).mean(axis=(0, 1)), abs=1e-15)
    assert table["threshold"].tolist() == [0.6] * 3
    assert table["n"].tolist() == [10.0, 20.0, 0.0]
    single = nav.exceed(shares.sel(office="A"), threshold=0.5)
    assert single["p_above"].tolist() == [(shares.to_numpy()[..., 0] > 0.5).mean()]
    assert single["office"].tolist() == ["A"]


def test_missing_groups_have_no_row(shares):
    gap = shares.where(shares["office"] != "B")
    assert nav.exceed(gap, threshold=0.5)["office"].tolist() == ["A", "C"]
    with pytest.raises(ValueError, match="missing values along 'office'"):
        nav.rank(gap, along="office")


def test_what_is_refused(shares):
    with pytest.raises(ValueError, match=r"reference of 'office' is 'D'; allowed: 'A', 'B', 'C'"):
        nav.contrast(shares, along="office", reference="D")
    with pytest.raises(ValueError, match="along is 'county'; allowed: 'office'"):
        nav.contrast(shares, along="county")
    with pytest.raises(ValueError, match="kind is 'odds'"):
        nav.contrast(shares, along="office", kind="odds")
    with pytest.raises(ValueError, match="best is 'first'; allowed: 'highest', 'lowest'"):
        nav.rank(shares, along="office", best="first")
    for verb in (lambda x: nav.rank(x, along="office"), lambda x: nav.exceed(x, threshold=0.5), nav.summarise):
        with pytest.raises(ValueError, match="draws need the dims 'chain' and 'draw'"):
            verb(shares.isel(draw=0))
        with pytest.raises(ValueError, match="given: a DataFrame"):
            verb(shares.to_dataframe())
