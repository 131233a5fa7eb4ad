"""The simulated tables: their shape, their seed, and that they say what they are."""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from benchmarks import data
from navmodels.models.terms import with_scale


@pytest.fixture(scope="module")
def table():
    return data.simulate_table()


def test_the_test_has_the_cells_and_respondents_it_says(table):
    assert table.columns.tolist() == ["county", "industry", "year", "size", "sector", "k", "n"]
    assert (len(table), int(table["n"].sum())) == (6_029, 32_920)
    assert [table[name].nunique() for name in data.FACTORS] == [12, 12, 8, 3, 2]
    assert table["n"].min() == 1  # combinations without answers have no row
    assert (table["k"] <= table["n"]).all()


def test_answers_come_from_the_true_values(table):
    county = table.groupby("county")[["k", "n"]].sum()
    logit = np.log(county["k"] / (county["n"] - county["k"]))
    assert 0.08 < logit.std() < 0.30  # true standard deviation 0.15, industries and noise beside it
    assert 4 < county["n"].iloc[-1] / county["n"].iloc[0] < 6


def test_a_seed_fixes_the_table(table):
    pd.testing.assert_frame_equal(table, data.simulate_table())
    assert not data.simulate_table(seed=1)["k"].equals(table["k"])


def test_a_table_is_written_once_and_read_back_as_simulated(tmp_path):
    path = data.written_table(data.QUICK, folder=tmp_path)
    assert path.name == "simulated_4x3x4_1500_seed2024.csv"
    written = path.stat().st_mtime_ns
    assert data.written_table(data.QUICK, folder=tmp_path).stat().st_mtime_ns == written
    read = data.read_table(path)
    pd.testing.assert_frame_equal(read, data.simulate_table(data.QUICK), check_dtype=False)
    assert "simulated" in data.as_survey(read).cells.attrs
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_the_hash_is_of_the_content(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("a")
    other.write_text("b")
    assert data.content_hash(one) == "ca978112ca1b"  # SHA-256 of "a" (FIPS 180-4)
    assert data.content_hash(other) != data.content_hash(one)


def test_every_cell_has_those_without_answers_too():
    cells = data.every_cell()
    assert (len(cells), int((cells["n"] > 0).sum()), int(cells["n"].sum())) == (6_912, 6_029, 32_920)


def test_prior_scales_are_multiplied_and_nothing_else():
    model = data.scaled_model({"county": 2.0, "industry": 1.0, "county:industry": 0.5, "year": 3.0})
    scales = {":".join(term.factors): term.scale for term in model.terms}
    assert (scales.pop("size"), scales.pop("sector")) == (None, None)  # the default
    assert scales == pytest.approx({"county": 1.0, "industry": 0.5, "county:industry": 0.25, "year": 0.9})
    same = data.scaled_model(dict.fromkeys(["county", "industry", "county:industry", "year"], 1.0))
    assert [term.scale for term in same.terms] == [None, None, 0.5, 0.5, 0.5, 0.3]  # what the defaults are in logits
    assert [with_scale(term, None) for term in same.terms] == list(data.MODEL.terms)


def test_answered_cells_follow_the_true_share_at_any_number_of_respondents():
    cells = pd.DataFrame({"office": ["A", "B"], "n": [10**8, 10**8]})
    model = nav.Model(nav.Share(), nav.Group("office"))
    truth = {"intercept": 0.0, "office": {"A": 0.0, "B": np.log(3)}}
    answered = data.answer_cells(cells, model=model, truth=truth, seed=1)
    assert (answered["k"] / answered["n"]).tolist() == pytest.approx([0.5, 0.75], abs=3e-4)


def test_other_answers_keep_respondents_and_shares(table):
    other = data.other_answers(table, seed=1)
    assert other["n"].equals(table["n"])
    assert not other["k"].equals(table["k"])
    assert other["k"].sum() / other["n"].sum() == pytest.approx(
        ((table["k"] + 1) / (table["n"] + 2) * table["n"]).sum() / table["n"].sum(), abs=0.01
    )


def test_random_cells_are_different_and_have_every_level():
    cells = data.random_cells({"a": 20, "b": 30}, cells=100, mean_n=3.0, seed=1)
    assert len(cells) == len(cells.drop_duplicates(["a", "b"])) == 100
    assert (cells["a"].nunique(), cells["b"].nunique()) == (20, 30)
    assert cells["n"].min() == 1
    assert len(data.random_cells({"a": 20, "b": 30}, cells=600, mean_n=3.0, seed=1).drop_duplicates(["a", "b"])) == 600


@pytest.mark.parametrize("cells", [29, 601])
def test_too_few_or_too_many_random_cells_are_refused(cells):
    with pytest.raises(ValueError, match=r"from 30 .* to 600"):
        data.random_cells({"a": 20, "b": 30}, cells=cells, mean_n=3.0, seed=1)
