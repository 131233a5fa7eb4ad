import json

import pandas as pd
import pytest
import xarray as xr

import navmodels as nav


def shares(levels):
    table = pd.DataFrame({"g": levels, "k": [3, 5], "n": [6, 8]})
    return nav.Survey.from_counts(table, by="g", positive="k", n="n")


SURVEYS = {
    "labels": shares(["a", "b"]),
    "true and false": shares([True, False]),
    "whole numbers": shares([2023, 2024]),
    "decimals": shares([1.5, 2.0]),
    "rating": nav.Survey.from_counts(pd.DataFrame({"g": ["a", "b"], 1: [3, 4], 2: [5, 6]}), by="g", counts=[1, 2]),
    "published": nav.Survey.from_report(
        pd.DataFrame({"g": ["a", "b"], "share": [10, 20], "n": [50, 60]}), by="g", n="n"
    ),
    "ordered": nav.Survey.from_responses(
        pd.DataFrame({"g": pd.Categorical(["low", "high"], ["low", "high"]), "y": [1, 0], "w": [0.5, 2.0]}),
        outcome="y",
        by="g",
        weights="w",
    ),
}


@pytest.mark.parametrize("survey", SURVEYS.values(), ids=SURVEYS)
def test_a_survey_comes_back_as_it_was(survey, tmp_path):
    path = survey.save(tmp_path / "survey.nc")
    again = nav.Survey.load(path)
    assert path == tmp_path / "survey.nc"
    assert again.levels == survey.levels
    assert [type(each) for each in again.levels["g"]] == [type(each) for each in survey.levels["g"]]
    assert again.cells.identical(survey.cells)
    assert repr(again) == repr(survey)


def test_sensitivity_goes_on_in_a_new_session(model, survey, tmp_path):
    again = nav.Survey.load(survey.save(tmp_path / "survey.nc"))
    one, two = (nav.estimate(nav.fit(model, each, engine="laplace", draws=200, seed=1)) for each in (survey, again))
    assert one.identical(two)


def test_files_that_are_no_surveys(model, survey, made_fit, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nothing\.nc"):
        nav.Survey.load(tmp_path / "nothing.nc")
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere to write survey"):
        survey.save(tmp_path / "nowhere" / "survey.nc")
    (tmp_path / "text.nc").write_text("year,share\n")
    with pytest.raises(ValueError, match=r"text\.nc was not written by Survey\.save: it is no NetCDF file"):
        nav.Survey.load(tmp_path / "text.nc")
    path = nav.save_fit(made_fit(model, survey), tmp_path / "fit.nc")
    with pytest.raises(ValueError, match="it holds no survey; it is a fit: read it with load_fit"):
        nav.Survey.load(path)
    with pytest.raises(ValueError, match=r"it holds a survey; read it with Survey\.load"):
        nav.load_fit(survey.save(tmp_path / "survey.nc"))


def test_a_file_that_was_changed(survey, tmp_path):
    path = survey.save(tmp_path / "survey.nc")
    with xr.open_dataset(path, engine="h5netcdf") as stored:
        cells = stored.load()
    cells["count"][0, 1] += 1
    cells.to_netcdf(path, engine="h5netcdf")
    with pytest.raises(ValueError, match=r"is not the one that was saved \(by navmodels .*\): its data_hash differs"):
        nav.Survey.load(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["parts"][0].update(type="Tomorrow"),
        lambda content: content["parts"][1].update(bent=True),
        lambda content: content.update(new=1),
    ],
    ids=["an outcome", "a field of a term", "a field of the model"],
)
def test_a_fit_of_a_newer_version_names_it(model, survey, made_fit, tmp_path, change):
    fit = made_fit(model, survey)
    content = json.loads(fit.attrs["model"])
    change(content)
    fit.attrs |= {"model": json.dumps(content), "versions": "navmodels=9.1 numpy=3"}
    path = nav.save_fit(fit, tmp_path / "fit.nc")
    with pytest.raises(ValueError, match=r"written by navmodels 9\.1, this is navmodels .* Read it with that version"):
        nav.load_fit(path)
    with pytest.raises(ValueError, match=r"written by navmodels 9\.1"):
        nav.estimate(fit, by="county")


class Frame:
    """A frame of another library."""

    __module__ = "polars.dataframe"

    def to_pandas(self):
        return pd.DataFrame({"g": ["a", "b"], "k": [3, 5], "n": [6, 8]})


TABLE = Frame().to_pandas()


@pytest.mark.parametrize(
    "door",
    [
        lambda frame: nav.Survey.from_counts(frame, by="g", positive="k", n="n"),
        lambda frame: nav.Survey.from_responses(frame, outcome="k", by="g"),
        lambda frame: nav.Survey.from_items(frame, items=["k"], by="g", positive=3),
        lambda frame: nav.Survey.from_report(frame, by="g", estimate="k", n="n"),
        lambda frame: nav.direct_estimate(frame, outcome="k", by="g"),
        lambda frame: nav.Survey.from_counts(TABLE, by="g", positive="k", n="n", population=frame),
    ],
)
def test_frames_of_other_libraries(door):
    with pytest.raises(TypeError, match=r"given a polars\.Frame; allowed: a pandas DataFrame\. Give its \.to_pandas"):
        door(Frame())
    with pytest.raises(TypeError, match=r"was given a list; allowed: a pandas DataFrame\. Make one with pd\.DataFrame"):
        door([{"g": "a"}])
