"""The Ops of the graph: the same numbers from numba and from Python, their derivatives, and what they refuse."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from pytensor.gradient import NullTypeGradError
from pytensor.graph.replace import vectorize_graph

from navmodels.likelihoods import kernels
from navmodels.models import operations
from navmodels.models.operations import CellLikelihood, LevelTotals, LinearMap, LinearPredictor

PYTHON = Mode(linker="py", optimizer=None)
RNG = np.random.default_rng(2)

SHARE = {"positive": np.array([0.0, 3, 5, 0, 2]), "n": np.array([0.0, 7, 5, 4, 2]), "constant": np.arange(5.0)}
REPORTED = {  # two normal rows, one of one count, one of two
    "centre": np.array([0.3, -1, np.nan, np.nan, 2]),
    "half": np.array([0.1, 1e-4, np.nan, np.nan, 3]),
    "sd": np.array([0.2, 0.5, np.nan, np.nan, 1]),
    "trials": np.array([np.nan, np.nan, 24, 300, np.nan]),
    "first": np.array([np.nan, np.nan, 7, 278, np.nan]),
    "step": np.ones(5),
    "start": np.array([0.0, 0, 0, 1, 3]),
    "stop": np.array([0.0, 0, 1, 3, 3]),
    "log_choose": np.array([12.8, 69.5, 66.4]),
}
DATA = {"share": SHARE, "reported": REPORTED}
ETAS = [np.zeros((5, 1)), np.array([[-700.0], [700], [-2], [3], [40]]), RNG.normal(size=(5, 1))]


def both_ways(inputs, outputs):
    """The function in numba, and by `perform`."""
    return [pytensor.function(inputs, outputs, mode=mode) for mode in ("NUMBA", PYTHON)]


@pytest.fixture(scope="module", params=["share", "reported"])
def given(request):
    kernel = request.param
    kind, table, flat = kernels.pack(kernel, DATA[kernel])

    def exact(eta):
        value, gradient, curvature = np.empty(len(eta)), np.empty((len(eta), 1)), np.empty((len(eta), 1))
        kernels.derivatives(kind, eta, table, flat, value, gradient, curvature)
        return value, gradient, curvature

    eta, columns, rest = pt.matrix("eta", shape=(None, 1)), pt.matrix("table"), pt.vector("flat")
    outputs = CellLikelihood(kernel)(eta, columns, rest)
    return exact, (eta, columns, rest), outputs, (table, flat)


def test_likelihood_is_the_kernel_with_and_without_numba(given):
    exact, inputs, outputs, data = given
    for function in both_ways(list(inputs), list(outputs)):
        for eta in ETAS:
            for found, expected in zip(function(eta, *data), exact(eta), strict=True):
                np.testing.assert_array_equal(found, expected, strict=True)


def test_first_and_second_derivative_are_outputs_of_the_same_node(given):
    exact, inputs, (value, _, _), data = given
    slope = pt.grad(value.sum(), inputs[0])
    weight = np.array([[0.5], [-2], [1], [3], [0.1]])
    bend = pt.grad((slope * weight).sum(), inputs[0])
    function = pytensor.function(list(inputs), [value, slope, bend], mode="NUMBA")
    nodes = [node for node in function.maker.fgraph.apply_nodes if isinstance(node.op, CellLikelihood)]
    assert len(nodes) == 1  # one pass for all three
    for eta in ETAS:
        found, expected = function(eta, *data), exact(eta)
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])
        assert found[2] == pytest.approx(-weight * expected[2], rel=1e-15)


def test_there_is_no_third_derivative_and_none_of_data(given):
    _, inputs, (value, _, curvature), _ = given
    with pytest.raises(NotImplementedError, match="the second derivative has no gradient"):
        pt.grad(curvature.sum(), inputs[0])
    with pytest.raises(NullTypeGradError):
        pt.grad(value.sum(), inputs[1])


def test_likelihood_of_several_linear_predictors(given):
    exact, inputs, (value, _, _), data = given
    many = pt.tensor("many", shape=(None, None, 1))
    function = pytensor.function([many, *inputs[1:]], vectorize_graph(value, {inputs[0]: many}), mode="NUMBA")
    assert function(np.stack(ETAS), *data) == pytest.approx(np.stack([exact(eta)[0] for eta in ETAS]), rel=1e-15)


def test_likelihood_refuses_a_table_of_another_outcome():
    with pytest.raises(ValueError, match="the table of 'share' has 3 rows; given: 7"):
        CellLikelihood("share")(np.zeros((5, 1)), np.zeros((7, 5)), np.zeros(0))
    with pytest.raises(ValueError, match="1 dims; needed: 2"):
        CellLikelihood("share")(np.zeros(5), np.zeros((3, 5)), np.zeros(0))


def test_linear_predictor_and_its_transpose():
    base, effects, index, fed = pt.vector("base"), pt.vector("effects"), pt.imatrix("index"), pt.lvector("fed")
    eta = LinearPredictor()(base, effects, index, fed)
    weight = pt.matrix("weight")
    slopes = pt.grad((eta * weight).sum(), [base, effects])
    picked, one = RNG.integers(0, 7, size=(3, 20)).astype(np.int32), np.zeros(3, dtype=np.int64)
    start, levels, weights = np.array([0.7]), RNG.normal(size=7), RNG.normal(size=(20, 1))
    columns = np.array([(picked == level).sum(axis=0) for level in range(7)])  # dims (level, cell)
    for function in both_ways([base, effects, index, fed, weight], [eta, *slopes]):
        found = function(start, levels, picked, one, weights)
        assert found[0] == pytest.approx(0.7 + (levels @ columns)[:, None], rel=1e-14)
        assert found[1] == pytest.approx(weights.sum(axis=0), rel=1e-13)
        assert found[2] == pytest.approx(columns @ weights[:, 0], rel=1e-13)
        nothing = function(start, np.zeros(0), np.zeros((0, 20), dtype=np.int32), one[:0], weights)
        assert nothing[0].tolist() == [[0.7]] * 20
        assert nothing[2].shape == (0,)


def test_totals_have_a_gradient():
    value, effects, index = pt.matrix("value"), pt.vector("effects"), pt.imatrix("index")
    total, levels = LevelTotals()(value, effects, index, np.zeros(1, dtype=np.int64))
    one, other = pt.grad(3 * total.sum(), value), pt.grad((levels**2).sum(), value)
    picked = np.array([[0, 1, 0]], dtype=np.int32)
    function = pytensor.function([value, effects, index], [one, other], on_unused_input="ignore")
    flat, square = function(np.array([[1.0], [2], [3]]), np.zeros(2), picked)
    assert flat.tolist() == [[3], [3], [3]]
    assert square.tolist() == [[8], [4], [8]]


@pytest.mark.parametrize("level", [3, -1])
def test_a_level_that_does_not_exist(level):
    picked, value, one = np.array([[0, level]], dtype=np.int32), np.ones((2, 1)), np.zeros(1, dtype=np.int64)
    effects, index = pt.vector("effects"), pt.imatrix("index")
    eta = LinearPredictor()(np.zeros(1), effects, index, one)
    function = pytensor.function([effects, index], eta, mode="NUMBA")
    with pytest.raises(IndexError, match="a level that does not exist"):
        function(np.zeros(3), picked)
    function = pytensor.function([effects, index], LevelTotals()(value, effects, index, one), mode="NUMBA")
    with pytest.raises(IndexError, match="a level that does not exist"):
        function(np.zeros(3), picked)


def test_an_index_is_whole_numbers():
    with pytest.raises(ValueError, match="whole numbers with 2 dims"):
        LinearPredictor()(np.zeros(1), np.zeros(3), np.zeros((1, 2)), np.zeros(1, dtype=np.int64))
    with pytest.raises(ValueError, match="whole numbers with 1 dims"):
        LinearPredictor()(np.zeros(1), np.zeros(3), np.zeros((1, 2), dtype=np.int64), np.zeros(1))


@pytest.mark.parametrize("order", ["C", "F"])
def test_linear_map_and_its_gradient(order):
    matrix, x = pt.matrix("matrix"), pt.vector("x")
    product = LinearMap()(matrix, x)
    slope = pt.grad((product**2).sum() / 2, x)
    given, at = np.asarray(RNG.normal(size=(4, 6)), order=order), RNG.normal(size=6)
    for function in both_ways([matrix, x], [product, slope]):
        found = function(given, at)
        assert found[0] == pytest.approx(given @ at, rel=1e-13)
        assert found[1] == pytest.approx(given.T @ (given @ at), rel=1e-13)


def test_shapes_are_known_without_computing():
    eta, x, index, fed = pt.matrix("eta"), pt.vector("x"), pt.imatrix("index"), np.zeros(2, dtype=np.int64)
    table = np.zeros((3, 5))
    shapes = [
        *(output.shape for output in CellLikelihood("share")(eta, table, np.zeros(0))),
        LinearPredictor()(np.zeros(1), x, index, fed).shape,
        *(output.shape for output in LevelTotals()(eta, x, index, fed)),
        LinearMap()(table, x).shape,
        LinearMap(transposed=True)(table, x).shape,
    ]
    function = pytensor.function([eta, x, index], shapes, on_unused_input="ignore", mode="FAST_COMPILE")
    found = function(np.zeros((5, 1)), np.zeros(9), np.zeros((2, 4), dtype=np.int32))
    assert [each.tolist() for each in found] == [[5], [5, 1], [5, 1], [4, 1], [1], [9], [3], [5]]


def test_the_key_of_the_disk_cache_changes_with_what_is_compiled(monkeypatch):
    ops = [*(CellLikelihood(kernel) for kernel in kernels.KINDS), LinearPredictor(), LevelTotals(), LinearMap()]
    ops.append(LinearMap(transposed=True))
    keys = {operations._key(op) for op in ops}
    assert len(keys) == len(ops)
    assert {operations._key(op) for op in ops} == keys
    monkeypatch.setattr(operations, "SOURCES", operations.SOURCES + b"# another kernel")
    assert not keys & {operations._key(op) for op in ops}
