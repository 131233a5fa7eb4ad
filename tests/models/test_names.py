"""Labels and names of a fit: each stands for one thing."""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from navmodels.models import designs
from navmodels.models.blocks import join_labels

TABLE = pd.DataFrame({"a": ["x:y", "x", "x"], "b": ["z", "y:z", "w"], "k": [3, 51, 38], "n": [60, 80, 66]})


def survey(*names, levels=("A", "B", "C")):
    grid = pd.MultiIndex.from_product([levels] * len(names), names=names).to_frame(index=False)
    return nav.Survey.from_counts(grid.assign(k_=5, n_=9), by=list(names), positive="k_", n="n_")


@pytest.mark.parametrize(
    ("level", "label"),
    [
        (("Oslo", 2024), "Oslo:2024"),
        (("Oslo", True, 1.5), "Oslo:True:1.5"),
        (("p:q", "r"), '"p:q":r'),
        (("p", "q:r"), 'p:"q:r"'),
        (('"p', "q"), r'"\"p":q'),
        (("10:30", "Ås"), '"10:30":Ås'),
    ],
)
def test_joined_labels(level, label):
    assert join_labels(level) == label


def test_different_levels_have_different_labels():
    rng = np.random.default_rng(1)
    signs = np.array([":", '"', "\\", "a", ""])
    text = ["".join(rng.choice(signs, 4)) for _ in range(300)]
    levels = list(dict.fromkeys(zip(rng.choice(text, 20_000), rng.choice(text, 20_000), strict=True)))
    assert len(levels) > 10_000
    assert len(set(map(join_labels, levels))) == len(levels)


def test_labels_of_a_fit_and_its_copy_on_disk_are_distinct(tmp_path):
    model = nav.Model(nav.Share(), nav.Group("a", "b"))
    fit = nav.fit(model, nav.Survey.from_counts(TABLE, by=["a", "b"], positive="k", n="n"), seed=1, draws=100)
    names = ["x:w", 'x:"y:z"', '"x:y":z']
    assert fit["posterior"]["a:b"].values.tolist() == names
    again = nav.load_fit(nav.save_fit(fit, tmp_path / "fit.nc"))
    assert again["posterior"]["a:b"].values.tolist() == names
    own = nav.estimate(again, by=["a", "b"])
    for row in TABLE.itertuples():
        effect = again["posterior"]["a:b_effect"].sel({"a:b": join_labels((row.a, row.b))}, drop=True)
        eta = effect + again["posterior"]["intercept"]
        assert np.abs(1 / (1 + np.exp(-eta)) - own.sel(a=row.a, b=row.b, drop=True)).max() < 1e-12


@pytest.mark.parametrize("dtype", ["bool", "boolean"])
def test_true_and_false_survive_the_disk(tmp_path, dtype):
    frame = pd.DataFrame({"urban": pd.array([True, False], dtype=dtype), "k": [20, 70], "n": 100})
    made = nav.Survey.from_counts(frame, by="urban", positive="k", n="n")
    fit = nav.fit(nav.Model(nav.Share(), nav.Group("urban")), made, seed=1, draws=100)
    again = nav.load_fit(nav.save_fit(fit, tmp_path / "fit.nc"))
    assert nav.estimate(again, by="urban").identical(nav.estimate(fit, by="urban"))
    assert nav.estimate(again, by="urban")["urban"].values.tolist() == [False, True]


@pytest.mark.parametrize(
    ("factors", "terms", "message"),
    [
        (("g", "g_sd"), [nav.Group("g"), nav.Group("g_sd")], "'g_sd': a parameter of 'g' and the levels"),
        (("g", "g_effect"), [nav.Group("g"), nav.Effect("g_effect")], "'g_effect': the effect of 'g' and the levels"),
        (("g", "g_effect"), [nav.Effect("g_effect"), nav.Group("g")], "the levels of 'g_effect' and the effect of 'g'"),
        (("g", "g_z"), [nav.Group("g_z"), nav.Group("g")], "called 'g_z'"),
        (("a", "b", "a:b_sd"), [nav.Group("a", "b"), nav.Effect("a:b_sd")], "called 'a:b_sd'"),
        (("area", "area_own"), [nav.Region("area", neighbours={"A": ["B"], "B": ["A", "C"], "C": ["B"]}),
                                nav.Effect("area_own")], "called 'area_own'"),
        (("intercept_scale",), [nav.Effect("intercept_scale")], "called 'intercept_scale'"),
    ],
)  # fmt: skip
def test_names_that_two_things_would_have(factors, terms, message):
    model = nav.Model(nav.Share(), *terms)
    with pytest.raises(ValueError, match=r"two things of the fit would be called .* Rename the factor") as error:
        nav.fit(model, survey(*factors))
    assert message in str(error.value)
    old, new = str(error.value).split("columns={")[1].removesuffix("}).").split(": ")[0].strip("'"), "renamed"
    other = [new if name == old else name for name in factors]
    terms = [
        nav.Group(*(new if name == old else name for name in term.factors))
        if not isinstance(term, nav.Region) else term
        for term in terms
    ]  # fmt: skip
    assert designs.design(nav.Model(nav.Share(), *terms), survey(*other)).blocks  # the remedy works


def test_a_factor_called_as_two_joined_ones():
    with pytest.raises(ValueError, match=r"term of 'a:b' and that of 'a', 'b' would both be called 'a:b'; rename"):
        nav.Model(nav.Share(), nav.Effect("a:b"), nav.Group("a", "b"))
    with pytest.raises(ValueError, match=r"two terms are about 'a:b'; each factor"):
        nav.Model(nav.Share(), nav.Group("a", "b"), nav.Group("a", "b", scale=1.0))
    assert designs.design(nav.Model(nav.Share(), nav.Effect("a:b")), survey("a:b")).blocks[0].name == "a:b"


def test_one_thing_may_have_the_name_that_no_term_makes():
    design = designs.design(nav.Model(nav.Share(), nav.Effect("g"), nav.Group("g_sd")), survey("g", "g_sd"))
    assert [block.name for block in design.blocks] == ["g", "g_sd"]


@pytest.mark.usefixtures("without_numba")
@pytest.mark.parametrize("name", ["half", "first", "start", "stop", "whole", "constant"])
def test_a_factor_called_as_data_of_the_graph(name):
    printed = pd.DataFrame({name: ["H1", "H2"], "said": [40, 50], "asked": [30, 40]})
    made = nav.Survey.from_report(printed, by=name, estimate="said", n="asked")
    graph = nav.to_pymc(nav.Model(nav.Reported(), nav.Group(name)), made)
    assert graph.coords[name] == ("H1", "H2")
    assert np.isfinite(graph.compile_logp()(graph.initial_point()))
