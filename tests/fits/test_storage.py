import json

import arviz as az
import numpy as np
import pytest
import xarray as xr

import navmodels as nav


@pytest.fixture
def fit(made_fit, model, survey):
    return made_fit(model, survey, seed=7)


@pytest.fixture
def laplace(model, survey):
    return nav.fit(model, survey, engine="laplace", draws=200, seed=7)


def test_round_trip(fit, tmp_path):
    path = nav.save_fit(fit, tmp_path / "counties.nc")
    again = nav.load_fit(path)
    assert path == tmp_path / "counties.nc"
    assert again.attrs == fit.attrs
    assert type(again.attrs["seed"]) is int
    for group in ("posterior", "sample_stats", "survey"):
        for name, values in fit[group].data_vars.items():
            assert (again[group][name].to_numpy() == values.to_numpy()).all()
    assert again["posterior"]["county:sector"].to_numpy().tolist()[-1] == "D:private"


def test_a_loaded_fit_works_like_the_saved_one(fit, tmp_path):
    again = nav.load_fit(nav.save_fit(fit, tmp_path / "counties.nc"))
    before, after = (nav.estimate(each, by=["county", "year"]) for each in (fit, again))
    assert after.identical(before)
    assert nav.check(again).equals(nav.check(fit))
    assert nav.shrinkage(again, by="county").equals(nav.shrinkage(fit, by="county"))
    assert nav.save_fit(again, tmp_path / "twice.nc").exists()
    assert (tmp_path / "twice.json").read_text() == (tmp_path / "counties.json").read_text()


@pytest.mark.filterwarnings("ignore:Estimated shape parameter:UserWarning")  # a fact about these data
def test_a_fit_of_laplace_comes_back_as_it_was(laplace, tmp_path):
    again = nav.load_fit(nav.save_fit(laplace, tmp_path / "counties.nc"))
    assert again.attrs == laplace.attrs
    assert {name: type(value) for name, value in again.attrs.items()} == {
        name: type(value) for name, value in laplace.attrs.items()
    }
    assert set(again.children) == set(laplace.children)
    for group in laplace.children:
        xr.testing.assert_equal(again[group].to_dataset(), laplace[group].to_dataset())
    assert nav.check(again).equals(nav.check(laplace))
    assert nav.summarise(nav.estimate(again, by="county")).equals(nav.summarise(nav.estimate(laplace, by="county")))
    assert az.loo(again).elpd == az.loo(laplace).elpd


@pytest.mark.parametrize(
    "posterior", [lambda each: each.sel(county=["A", "B"]), lambda each: each.drop_vars("county_sd")]
)
def test_a_posterior_that_is_not_of_its_survey_is_refused(fit, posterior, tmp_path):
    changed = fit.copy()
    changed["posterior"] = xr.DataTree(posterior(fit["posterior"].to_dataset()))
    path = nav.save_fit(changed, tmp_path / "part.nc")
    with pytest.raises(
        ValueError, match=r"part.nc does not hold the posterior of its own.*(lacks 'C', 'D'|'county_sd')"
    ):
        nav.load_fit(path)


def test_a_file_without_posterior_is_refused(fit, tmp_path):
    changed = fit.filter(lambda node: node.name != "posterior")
    changed.attrs = fit.attrs
    with pytest.raises(ValueError, match="it has no posterior"):
        nav.load_fit(nav.save_fit(changed, tmp_path / "none.nc"))


def test_the_log_likelihood_is_not_in_the_file_and_not_computed_to_write_or_read_it(laplace, tmp_path, monkeypatch):
    monkeypatch.setattr(nav.Share, "log_likelihood", lambda *_: pytest.fail("it was computed"))
    path = nav.save_fit(laplace, tmp_path / "counties.nc")
    with xr.open_datatree(path, engine="h5netcdf") as stored:
        assert set(stored.children) == {"posterior", "sample_stats", "observed_data", "survey"}
    again = nav.load_fit(path)
    assert "log_likelihood" in laplace.children  # of the fit that was saved
    assert again["log_likelihood"]["positive"].shape == (4, 200, 21)
    monkeypatch.undo()
    found = again["log_likelihood"]["positive"].isel(chain=2, draw=slice(9, 12))
    expected = laplace["log_likelihood"]["positive"].isel(chain=2, draw=slice(9, 12))
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-12)


def test_a_failed_check_is_remembered(laplace, tmp_path):
    laplace.attrs |= {"pareto_k": float("inf"), "unconverged": "Pareto k inf for joint importance ratios (limit 0.7)"}
    again = nav.load_fit(nav.save_fit(laplace, tmp_path / "counties.nc"))
    assert again.attrs["pareto_k"] == float("inf")
    with pytest.raises(nav.NotConvergedError, match="Pareto k inf"):
        nav.summarise(nav.estimate(again))


def test_published_numbers_round_trip(made_fit, schools, tmp_path):
    fit = made_fit(nav.Model(nav.Reported(), nav.Group("school", scale=nav.HalfCauchy(5))), schools)
    again = nav.load_fit(nav.save_fit(fit, tmp_path / "schools.nc"))
    assert nav.estimate(again, by="school").identical(nav.estimate(fit, by="school"))


def test_the_file_beside_it_tells_what_made_the_fit(fit, model, tmp_path):
    nav.save_fit(fit, tmp_path / "counties.nc")
    content = json.loads((tmp_path / "counties.json").read_text(encoding="utf-8"))
    assert content["seed"] == 7
    assert content["versions"] == "made=1"
    assert content["data_hash"] == fit.attrs["data_hash"]
    assert len(content["data_hash"]) == 64
    assert nav.Model.from_json(json.dumps(content["model"])) == model
    assert set(content) == {
        *("engine", "reason", "seed", "seconds", "divergences", "unconverged", "versions"),
        "data_hash",
        "model",
    }


def test_nothing_is_pickled(fit, tmp_path):
    raw = nav.save_fit(fit, tmp_path / "counties.nc").read_bytes()
    assert raw[:8] == b"\x89HDF\r\n\x1a\n"
    assert b"pickle" not in raw
    assert b"\x80\x04\x95" not in raw  # how a pickle of protocol 4 or 5 begins
    assert b"\x80\x05\x95" not in raw


def test_another_files_sidecar(fit, made_fit, survey, tmp_path):
    nav.save_fit(fit, tmp_path / "one.nc")
    nav.save_fit(made_fit(nav.Model(nav.Share(), nav.Group("county")), survey), tmp_path / "two.nc")
    (tmp_path / "two.json").replace(tmp_path / "one.json")
    with pytest.raises(ValueError, match=r"one\.nc and one\.json beside it tell of different data"):
        nav.load_fit(tmp_path / "one.nc")
    (tmp_path / "one.json").unlink()
    assert nav.load_fit(tmp_path / "one.nc").attrs == fit.attrs


def test_changed_data(fit, survey, tmp_path):
    before = survey.cells["count"].to_numpy().copy()
    fit["survey"]["count"][0, 1] += 1
    assert np.array_equal(survey.cells["count"], before)  # a fit's cells are its own
    with pytest.raises(ValueError, match="is not the one the fit was made from: its data_hash differs"):
        nav.load_fit(nav.save_fit(fit, tmp_path / "changed.nc"))


def test_files_that_are_not_there_or_no_fits(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nothing\.nc"):
        nav.load_fit(tmp_path / "nothing.nc")
    (tmp_path / "text.nc").write_text("year,share\n")
    with pytest.raises(ValueError, match=r"text\.nc was not written by save_fit: it is no NetCDF file"):
        nav.load_fit(tmp_path / "text.nc")
    other = xr.DataTree.from_dict({"posterior": xr.Dataset({"x": ("draw", np.arange(3.0))})})
    other.to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match=r"other\.nc was not written by save_fit: it has no data_hash"):
        nav.load_fit(tmp_path / "other.nc")
    with pytest.raises(ValueError, match=r"was not made by navmodels\.fit: it has no 'engine'"):
        nav.save_fit(other, tmp_path / "again.nc")
    assert not (tmp_path / "again.nc").exists()


def test_the_sidecars_name_is_taken(fit, tmp_path):
    with pytest.raises(ValueError, match="is the name of the JSON file beside the fit"):
        nav.save_fit(fit, tmp_path / "fit.json")


def test_a_folder_that_is_not_there(fit, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*missing to write fit\.nc to"):
        nav.save_fit(fit, tmp_path / "missing" / "fit.nc")
