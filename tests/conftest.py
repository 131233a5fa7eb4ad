"""Surveys and fits that several rooms are tested on."""

import os
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import navmodels as nav
from navmodels.fits.records import record_design


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes share the tests: one a core, or none where files are named, which start at once."""
    return 0 if any(".py" in each for each in config.args) else min(os.cpu_count() or 1, 8)


def _made_fit(model: nav.Model, survey: nav.Survey, *, draws: int = 1000, seed: int = 0) -> xr.DataTree:
    """Return a fit whose posterior is independent normal draws: everything but sampling, in milliseconds."""
    design = nav.models.design(model, survey)
    rng = np.random.default_rng(seed)
    posterior = {"intercept": (("chain", "draw"), rng.normal(0.4, 0.2, (4, draws)))}
    coords = {"chain": range(4), "draw": range(draws)}
    for block in design.blocks:
        scale = np.full((4, draws), 0.3)
        if block.sd is not None:
            scale = scale + 0.1 * rng.random((4, draws))
            posterior[f"{block.name}_sd"] = (("chain", "draw"), scale)
        effect = block.effect(scale, rng.normal(size=(4, draws, block.size)))
        posterior[f"{block.name}_effect"] = (("chain", "draw", block.name), effect)
        coords[block.name] = block.labels
    quiet = (("chain", "draw"), np.zeros((4, draws), dtype=bool))
    energy = (("chain", "draw"), rng.normal(size=(4, draws)))
    cells, attrs = record_design(design)
    tree = xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset(posterior, coords),
            "sample_stats": xr.Dataset({"diverging": quiet, "maxdepth_reached": quiet, "energy": energy}),
            "survey": cells,
        }
    )
    more = {"engine": "made", "reason": "asked for", "seed": seed, "seconds": 0.0, "divergences": 0}
    more |= {"unconverged": "", "versions": "made=1"}
    tree.attrs = {**attrs, **more, "weighting": survey.cells.attrs["weighting"], "simulated": ""}
    return tree


@pytest.fixture
def without_numba() -> Iterator[None]:
    """PyTensor runs its Ops in Python: the same numbers (`tests/models/test_compiled_graphs.py`), compiled at once."""
    import pytensor

    with pytensor.config.change_flags(mode="FAST_COMPILE"):
        yield


@pytest.fixture
def coloured():
    """Return a function of a design, coordinates of NUTS, whitened numbers and the standard deviation of each block.

    It returns the coefficients and the logarithm of the volume, by SciPy, from the definition: the precision of the
    coefficients is S G S + I, their mean that of a normal likelihood. The factor is unique given the order, own
    coefficients first.
    """
    from scipy import linalg

    from navmodels.engines.nuts.graph import coefficient_order

    def inner(design, at, w, sds):
        order, own = coefficient_order(design)
        sizes = [block.size * len(block.channels) for block in design.blocks]
        s = np.concatenate([np.ones(len(design.channels.common)), np.repeat(sds, np.array(sizes, dtype=int))])
        precision = s[:, None] * at.curvature * s + np.eye(len(s))
        first = np.roll(np.arange(len(w)), own)  # of the whitened ones, which stand in the order of the graph
        factor = linalg.cholesky(precision[np.ix_(order[first], order[first])], lower=True)
        mean = linalg.solve(precision, s * at.pull, assume_a="pos")
        z = np.empty(len(w))
        z[order[first]] = mean[order[first]] + linalg.solve_triangular(factor.T, w[first])
        return z, -np.log(factor.diagonal()).sum()

    return inner


@pytest.fixture(scope="session")
def made_fit() -> Callable[..., xr.DataTree]:
    return _made_fit


@pytest.fixture(scope="session")
def counts() -> pd.DataFrame:
    """Positives k of n by year (one gap), county and sector; county D has no public cells."""
    rng = np.random.default_rng(3)
    index = pd.MultiIndex.from_product(
        [[2019, 2021, 2022], list("ABCD"), ["private", "public"]], names=["year", "county", "sector"]
    )
    frame = index.to_frame(index=False)
    frame = frame[(frame["county"] != "D") | (frame["sector"] == "private")].reset_index(drop=True)
    frame["n"] = rng.integers(20, 80, len(frame))
    frame["k"] = rng.binomial(frame["n"], 0.7)
    return frame


@pytest.fixture(scope="session")
def survey(counts: pd.DataFrame) -> nav.Survey:
    return nav.Survey.from_counts(counts, by=["year", "county", "sector"], positive="k", n="n")


@pytest.fixture(scope="session")
def model() -> nav.Model:
    """Every kind of term."""
    return nav.Model(
        nav.Share(),
        nav.Effect("sector"),
        nav.Group("county"),
        nav.Group("county", "sector", scale=nav.HalfStudentT(0.3)),
        nav.Trend("year", order=2),
    )


@pytest.fixture(scope="session")
def schools() -> nav.Survey:
    """Eight schools (Rubin 1981)."""
    frame = pd.DataFrame(
        {"school": list("ABCDEFGH"), "y": [28, 8, -3, 7, -1, 1, 18, 12], "se": [15, 10, 16, 11, 9, 11, 10, 18]}
    )
    return nav.Survey.from_report(frame, by="school", estimate="y", se="se", unit="identity")


@pytest.fixture
def agrees_with(without_numba):
    """Return a function that holds a graph's log-density and gradient against those written by hand."""

    def check(graph, by_hand, points, *, step=1e-6):
        log_density, slope = graph.compile_logp(), graph.compile_dlogp()
        for point in points:
            assert log_density(point) == pytest.approx(by_hand(point), abs=1e-8)
            expected = []
            for name, value in point.items():
                for entry in np.ndindex(np.shape(value)):
                    ends = []
                    for sign in (-1, 1):
                        moved = np.array(value, dtype=float)
                        moved[entry] += sign * step
                        ends.append(by_hand({**point, name: moved}))
                    expected.append((ends[1] - ends[0]) / (2 * step))
            assert slope(point) == pytest.approx(np.array(expected), rel=1e-5, abs=1e-5)

    return check
