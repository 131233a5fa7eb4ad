import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from navmodels.engines.laplace.layouts import lay_out
from navmodels.likelihoods import kernels
from navmodels.likelihoods.bounds import require_layout, require_places
from navmodels.models import designs

FRAME = pd.DataFrame({"g": list("aabbc"), "h": list("xyxyx"), "x": [0.5, 1.5, 0.5, 2.5, 1.5], "k": 1, "n": 4})


def layout():
    survey = nav.Survey.from_counts(FRAME, by=["g", "h", "x"], positive="k", n="n")
    model = nav.Model(nav.Share(), nav.Group("g"), nav.Effect("h"), nav.Effect("x", numeric=True))
    return lay_out(designs.design(model, survey))[0]


@pytest.mark.parametrize(("bad", "words"), [([0, -1], "-1 is not among the 3"), ([0, 3], "3 is not among the 3")])
def test_places_outside_are_named(bad, words):
    with pytest.raises(ValueError, match=words):
        require_places(np.array(bad), 3, what="level")


def test_places_are_whole_numbers():
    with pytest.raises(ValueError, match="type float64; needed: whole numbers"):
        require_places(np.array([0.0]), 3, what="level")


@pytest.mark.parametrize("name", ["own", "mix", "terms", "position", "columns", "fed", "start"])
@pytest.mark.parametrize("value", [-1, 10**6])
def test_a_layout_that_points_outside_is_refused(name, value):
    made = layout()
    require_layout(made)
    array = getattr(made, name).copy()
    array.flat[-1] = value
    with pytest.raises(ValueError, match=r"layout|met"):
        require_layout(made._replace(**{name: array}))


def test_an_own_level_with_cells_meets_all_that_is_nested():
    made = layout()
    start = made.start.copy()
    start[1] = start[0]  # the first own level has cells, and meets nothing
    with pytest.raises(ValueError, match="met"):
        require_layout(made._replace(start=start))


def test_predictors_of_levels_that_are_not_there_are_refused():
    base, effects, fed = np.zeros((2, 1)), np.zeros((2, 3)), np.zeros(1, dtype=np.int64)
    for bad in (-1, 3):
        with pytest.raises(ValueError, match=f"level that a cell picks: {bad} is not among the 3"):
            kernels.linear_predictors(base, effects, np.array([[0], [bad]]), fed)
    with pytest.raises(ValueError, match="channel that a term feeds: 1 is not among the 1"):
        kernels.linear_predictors(base, effects, np.array([[0]]), fed + 1)
    with pytest.raises(ValueError, match="the effects of levels has the shape"):
        kernels.linear_predictors(base, effects[:1], np.array([[0]]), fed)


@pytest.mark.parametrize(
    ("kernel", "shape", "rows", "flat"),
    [("share", (2, 1), 3, 0), ("rating", (2, 3), 4, 0), ("choice", (2, 2), 4, 6)],
)
def test_tables_of_another_shape_are_refused(kernel, shape, rows, flat):
    kind = kernels.KINDS[kernel]
    kernels.require_table(kind, shape, np.zeros((rows, 2)), np.zeros(flat))
    for table, numbers in ((np.zeros((rows - 1, 2)), flat), (np.zeros((rows, 3)), flat)):
        with pytest.raises(ValueError, match=f"the table of '{kernel}' has the shape"):
            kernels.require_table(kind, shape, table, np.zeros(numbers))
    if flat:
        with pytest.raises(ValueError, match="contrasts"):
            kernels.require_table(kind, shape, np.zeros((rows, 2)), np.zeros(flat - 1))


def test_one_linear_predictor_for_a_share():
    with pytest.raises(ValueError, match="one linear predictor"):
        kernels.values_of_draws(np.zeros((1, 2, 2)), kernels.KINDS["share"], np.zeros((3, 2)), np.empty(0))
