"""Newton, the eliminated block and the proposals, against dense algebra in NumPy and against quadrature."""

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import navmodels as nav
from navmodels.engines.laplace.coefficients import Chance, Draws, Manner, Points, propose
from navmodels.engines.laplace.layouts import Cells, lay_out
from navmodels.engines.laplace.modes import find_mode
from navmodels.engines.laplace.thresholds import lay_out_steps
from navmodels.likelihoods import kernels
from navmodels.models import designs

TIGHT = 1e-7


class Dense:
    """The whitened model as one matrix: η = X z for given scales, z ~ N(0, I), columns in the order of the engine."""

    def __init__(self, design, scales):
        self.design = design
        self.layout, own, parts = lay_out(design)
        kind, table, flat = kernels.pack(design.model.outcome.kernel, design.data)
        self.cells = Cells(kind, table, flat, table)
        assert all(channel == 0 for _, channel in parts)  # one linear predictor a cell
        order = [place for place, _ in parts]
        self.scale = np.array([design.intercept_scale if place is None else scales[place] for place in order])
        self.own_scale = 0.0 if own is None else float(scales[own])
        columns = []
        for place in [*order, own]:
            if place is None:
                alone = len(columns) < len(order)  # the intercept, or an own block that stands for none
                columns.append(np.full((len(design.cells), 1), design.intercept_scale if alone else 0.0))
            else:
                block = design.blocks[place]
                basis = np.eye(len(block.levels)) if block.basis is None else block.basis
                columns.append(scales[place] * basis[block.index])
        self.X = np.hstack(columns)
        self.shared = sum(each.shape[1] for each in columns[:-1])
        self.own, self.order = own, order

    def log_likelihood(self, eta):
        """Return the log-likelihood of each cell at linear predictors, dims (cell)."""
        return self.design.model.outcome.log_likelihood(eta[:, None], self.design.data)

    def objective(self, z):
        return self.log_likelihood(self.X @ z).sum() - z @ z / 2

    def gradient(self, z, step=1e-5):
        return np.array([(self.objective(z + e) - self.objective(z - e)) / (2 * step) for e in step * np.eye(len(z))])

    def curvature(self, z, step=1e-4):
        """Return Xᵀ W X + I, W from the outcome's log-likelihood: exact for counts, else by differences."""
        data, eta = self.design.data, self.X @ z
        if "n" in data:
            w = data["n"] * special.expit(eta) * special.expit(-eta)
        else:
            low, middle, high = (self.log_likelihood(eta + d) for d in (-step, 0.0, step))
            w = -(low - 2 * middle + high) / step**2
        return self.X.T @ (w[:, None] * self.X) + np.eye(len(z))

    def find(self, *, start=None, tolerance=TIGHT, reach=0.0):
        z = np.zeros(self.X.shape[1]) if start is None else start
        found = find_mode(self.layout, self.cells, self.scale, self.own_scale, z, tolerance, reach)._asdict()
        for name in ("z", "centre"):
            found[name], found[f"own_{name}"] = np.split(found[name], [self.shared])
        return found


def table(rows, years, *, seed=1, most=30):
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product([[f"r{i}" for i in range(rows)], years], names=["row", "year"])
    frame = index.to_frame(index=False)
    frame["n"] = rng.integers(1, most, len(frame))
    frame["k"] = rng.binomial(frame["n"], 0.7)
    return frame


def dense(frame, *terms, scales):
    survey = nav.Survey.from_counts(frame, by=["row", "year"], positive="k", n="n")
    return Dense(designs.design(nav.Model(nav.Share(), *terms), survey), scales)


def printed(*terms, scales):
    frame = table(4, [2020, 2021, 2023])
    frame["share"] = (100 * frame["k"] / frame["n"]).round()
    survey = nav.Survey.from_report(frame, by=["row", "year"], estimate="share", n="n")
    return Dense(designs.design(nav.Model(nav.Reported(), *terms), survey), scales)


def cases():
    frame, gaps = table(4, [2019, 2020, 2022]), table(4, [2019, 2020, 2022])
    gaps.loc[[1, 5, 6, 11], ["k", "n"]] = 0
    missing = frame[(frame["row"] != "r3") | (frame["year"] == 2020)]
    row, year, both = nav.Group("row"), nav.Group("year"), nav.Group("row", "year")
    walk, x = nav.Trend("year", order=2), nav.Effect("year", numeric=True)
    ring = {f"r{i}": [f"r{(i - 1) % 7}", f"r{(i + 1) % 7}"] for i in range(7)}  # the last three have no cells
    holes = frame[frame["row"] != "r1"]
    return {
        "group": dense(frame, row, scales=[0.4]),
        "no group": dense(frame, nav.Effect("row"), nav.Trend("year"), scales=[1.0, 0.3]),
        "intercept": dense(frame, scales=[]),
        "crossed": dense(frame, row, year, scales=[0.4, 0.2]),
        "interaction": dense(missing, row, year, both, scales=[0.4, 0.2, 0.7]),
        "everything": dense(frame, nav.Effect("row"), walk, both, scales=[1.0, 0.5, 1.0, 0.7]),
        "group, effect, trend": dense(missing, row, nav.Effect("year"), scales=[0.6, 1.0]),
        "empty cells": dense(gaps, row, walk, both, scales=[0.4, 0.3, 1.0, 0.7]),
        "unobserved areas": dense(frame, nav.Region("row", neighbours=ring), scales=[0.5, 0.4]),
        "unobserved areas, trend": dense(holes, nav.Region("row", neighbours=ring), walk, scales=[0.5, 0.4, 0.3, 1.0]),
        "covariate": dense(missing, row, x, scales=[0.4, 0.001]),
        "covariate of the own levels": dense(missing, row, x, both, scales=[0.4, 0.001, 0.6]),
        "covariate alone": dense(frame, x, scales=[0.001]),
        "printed": printed(row, walk, both, scales=[0.4, 0.3, 1.0, 0.7]),
    }


CASES = cases()


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def test_the_gradient_at_the_mode_is_zero(case):
    found = case.find()
    mode = np.concatenate([found["z"], found["own_z"]])
    assert found["arrived"]
    assert case.gradient(mode) == pytest.approx(np.zeros(len(mode)), abs=2e-6)
    assert np.abs(case.gradient(mode + 0.01)).max() > 5e-3  # so that the test could fail


def test_the_factor_is_that_of_the_dense_curvature(case):
    found = case.find()
    curvature = case.curvature(np.concatenate([found["z"], found["own_z"]]))
    _, expected = np.linalg.slogdet(curvature)
    logdet = 2 * np.log(np.diag(found["factor"])).sum() + np.log(found["h"]).sum()
    assert logdet == pytest.approx(expected, abs=1e-5)
    # the factor is of the shared coefficients' marginal precision, h of the own levels' precision given them
    shared = case.shared
    marginal = np.linalg.inv(np.linalg.inv(curvature)[:shared, :shared])
    assert found["factor"] @ found["factor"].T == pytest.approx(marginal, rel=1e-4, abs=1e-5)
    assert found["h"] == pytest.approx(np.diag(curvature)[shared:], rel=1e-4)
    assert np.abs(np.triu(found["factor"], 1)).max(initial=0.0) == 0.0


def test_laplace_is_the_objective_less_half_the_log_determinant(case):
    found = case.find()
    mode = np.concatenate([found["z"], found["own_z"]])
    _, logdet = np.linalg.slogdet(case.curvature(mode))
    assert found["laplace"] == pytest.approx(case.objective(mode) - logdet / 2, abs=1e-5)
    for plain in ("below", "above"):
        assert (found[plain] == 1).all()
    assert (found["centre"] == found["z"]).all()


def test_the_mode_does_not_depend_on_the_start(case):
    found = case.find()
    far = case.find(start=np.random.default_rng(1).normal(0, 4, case.X.shape[1]))
    assert far["z"] == pytest.approx(found["z"], abs=1e-7)
    assert far["own_z"] == pytest.approx(found["own_z"], abs=1e-7)


def test_a_rough_mode_is_near(case):
    found, rough = case.find(), case.find(tolerance=0.5)
    curvature = case.curvature(np.concatenate([found["z"], found["own_z"]]))
    off = np.concatenate([rough["z"] - found["z"], rough["own_z"] - found["own_z"]])
    assert rough["arrived"]
    assert np.sqrt(off @ curvature @ off) < 0.15  # in standard deviations


def test_the_largest_identity_block_is_eliminated():
    assert [CASES[name].own for name in ("group", "no group", "interaction", "everything")] == [0, None, 2, 3]
    assert CASES["interaction"].order == [None, 0, 1]
    assert CASES["interaction"].layout.nested == 3  # all are constant within a level of row:year
    assert CASES["crossed"].order == [None, 1]
    assert CASES["crossed"].layout.nested == 1
    assert CASES["no group"].own_scale == 0.0


# ---- data that pull to infinity, and scales at both ends


def offices(k, n):
    frame = pd.DataFrame({"office": [f"o{place:02d}" for place in range(len(k))], "k": k, "n": n})
    return nav.Survey.from_counts(frame, by="office", positive="k", n="n")


HARD = {
    "all zero": ([0] * 6, [3] * 6),
    "all n": ([5] * 6, [5] * 6),
    "separated": ([0, 3] * 4, [3] * 8),
    "one answer each": ([0, 1] * 4, [1] * 8),
    "one group with data": ([4, 0, 0], [7, 0, 0]),
    "no data": ([0, 0], [0, 0]),
    "enormous": ([1e7, 5e7, 9.9e7, 3e7], [1e8] * 4),
    "enormous and separated": ([0, 1e8, 0], [1e8] * 3),
    "mixed": ([0, 1e8, 1], [1, 1e8, 2]),
}


@pytest.mark.parametrize("reach", [0.0, 2.0])
@pytest.mark.parametrize("u", [-30.0, -8.0, 0.0, 3.0, 8.0])
@pytest.mark.parametrize("name", HARD)
def test_newton_arrives(name, u, reach):
    for prior in (nav.HalfNormal(2.5), nav.HalfStudentT(0.5)):
        scale = float(prior.from_normal(u))
        model = Dense(
            designs.design(nav.Model(nav.Share(), nav.Group("office", scale=prior)), offices(*HARD[name])), [scale]
        )
        found = model.find(tolerance=1e-4, reach=reach)
        assert found["arrived"]
        assert all(np.isfinite(each).all() for each in found.values())
        mode = np.concatenate([found["z"], found["own_z"]])
        data = model.design.data  # differences of the objective have too few digits here
        slope = model.X.T @ (data["positive"] - data["n"] * special.expit(model.X @ mode)) - mode
        assert np.linalg.solve(model.curvature(mode), slope) @ slope < 1e-4
        assert (found["below"] > 0).all()
        assert (found["above"] > 0).all()


def test_no_scale_and_no_data_leave_the_prior():
    for model in (
        Dense(designs.design(nav.Model(nav.Share(), nav.Group("office")), offices([3, 5], [6, 9])), [0.0]),
        Dense(designs.design(nav.Model(nav.Share(), nav.Group("office")), offices([0, 0], [0, 0])), [0.5]),
    ):
        found = model.find()
        assert found["own_z"] == pytest.approx([0, 0], abs=1e-12)
        assert found["h"] == pytest.approx([1, 1], abs=1e-12)


def test_scales_beyond_rounding_do_not_raise():
    frame = table(2, [2020, 2021]).assign(n=1e8, k=[0, 1e8, 1e8, 0])
    both = nav.Group("row"), nav.Group("year"), nav.Group("row", "year")
    assert dense(frame, *both, scales=[1e6] * 3).find(tolerance=1e-4)["arrived"] in (True, False)


# ---- proposals


def proposals(model, *, each=40_000, seed=1):
    """Return draws, dims (each, coefficient), log importance ratios and the Laplace approximation at one point."""
    rng = np.random.default_rng(seed)
    size = model.X.shape[1]
    z, ratio, laplace = np.empty((1, each, size)), np.empty((1, each)), np.empty(1)
    steps = lay_out_steps(model.layout, None, [], model.design.blocks, model.cells.table, by=False)
    points = Points(model.scale[None], np.array([model.own_scale]), np.zeros((1, size)))
    no_tries = np.zeros((1, each, 0, 0)), np.zeros((1, each, 0))
    chance = Chance(rng.normal(size=z.shape), rng.random(z.shape), *no_tries)
    propose(model.layout, model.cells, steps, points, Manner(0.5, 2.0, 1.1), chance, Draws(z, ratio, laplace))
    return z[0], ratio[0], laplace[0]


def weighted(z, ratio):
    """Return the log of the mean ratio with its error, and weighted means with theirs."""
    weight = np.exp(ratio - ratio.max())
    total = weight.mean()
    mean = (weight @ z) / weight.sum()
    errors = np.sqrt((weight[:, None] ** 2 * (z - mean) ** 2).sum(axis=0)) / weight.sum()
    return ratio.max() + np.log(total), weight.std() / total / np.sqrt(len(weight)), mean, errors


def by_quadrature(model):
    """Return log of the density of the data given the scale, and means of intercept and levels, of one Group."""
    a, z = np.linspace(-8, 8, 801), np.linspace(-8, 8, 401)
    data, scale = model.design.data, model.own_scale
    log_weight, means = stats.norm.logpdf(a), []
    for k, n, constant in zip(data["positive"], data["n"], data["constant"], strict=True):
        eta = model.scale[0] * a[:, None] + scale * z
        density = np.exp(constant + k * eta - n * np.logaddexp(0, eta) + stats.norm.logpdf(z))
        log_weight = log_weight + np.log(density.sum(axis=1) * (z[1] - z[0]))
        means.append((density @ z) / density.sum(axis=1))
    weight = np.exp(log_weight)
    total = weight.sum()
    return np.log(total * (a[1] - a[0])), np.array([weight @ a, *(weight @ each for each in means)]) / total


@pytest.mark.parametrize(
    ("k", "n", "scale"),
    [([0, 3, 1], [3, 3, 2], 2.5), ([0, 0, 0, 0], [2, 1, 3, 2], 1.0), ([30, 51], [60, 80], 0.3), ([4, 0], [7, 0], 1.0)],
)
def test_the_mean_ratio_is_the_density_of_shares(k, n, scale):
    model = Dense(designs.design(nav.Model(nav.Share(), nav.Group("office")), offices(k, n)), [scale])
    log_density, expected = by_quadrature(model)
    z, ratio, laplace = proposals(model)
    found, error, mean, errors = weighted(z, ratio)
    assert found == pytest.approx(log_density, abs=4 * error)
    assert error < 0.004
    assert np.abs((mean - expected) / errors).max() < 4
    assert model.find(reach=2.0)["laplace"] == pytest.approx(log_density, abs=0.05)  # an approximation
    assert laplace == pytest.approx(model.find(reach=2.0)["laplace"], abs=0.25)  # from a rough mode


def means(frame, *terms):
    survey = nav.Survey.from_report(frame, by=["row", "year"], estimate="y", se="se", unit="identity")
    return designs.design(nav.Model(nav.Reported(), *terms, intercept_scale=3), survey)


@pytest.mark.parametrize("with_own", [True, False])
def test_the_mean_ratio_is_the_density_of_means(with_own):
    frame = table(3, [2020, 2021, 2023]).assign(y=[1.03, 0.11, 2.4, 1.9, 0.72, 1.3, 3.1, 2.2, 0.55], se=0.4)
    terms, scales = [nav.Effect("row"), nav.Trend("year")], [1.0, 0.4]
    if with_own:
        terms, scales = [*terms, nav.Group("row", "year")], [*scales, 0.6]
    model = Dense(means(frame, *terms), scales)
    data = model.design.data
    cover = model.X @ model.X.T + np.diag(data["sd"] ** 2 + data["half"] ** 2 / 3)
    log_density = stats.multivariate_normal.logpdf(data["centre"], cov=cover) + np.log(2 * data["half"]).sum()
    z, ratio, laplace = proposals(model, each=10_000)
    found, error, mean, errors = weighted(z, ratio)
    assert found == pytest.approx(log_density, abs=4 * error)
    assert error < 0.006
    exact = model.X.T @ np.linalg.solve(cover, data["centre"])
    assert np.abs((mean - exact)[exact != 0] / errors[exact != 0]).max() < 4
    assert laplace == pytest.approx(log_density, abs=1e-3)  # exact but for rounding


def test_a_point_without_a_mode_has_no_ratio():
    model = CASES["group"]
    lost = Dense(model.design, [np.nan])
    _, ratio, _ = proposals(lost, each=4)
    assert np.isnan(ratio).all()
