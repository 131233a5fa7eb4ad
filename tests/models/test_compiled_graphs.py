"""Graphs through numba, as PyMC compiles them: the same log-density and gradient as from what their Ops do in Python.

All other tests of graphs run the Ops in Python (`without_numba`), for compiling takes most of a minute.
"""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav


def printed():
    """Rows of each kind: of one count, from an interval, of several counts."""
    table = pd.DataFrame({"office": list("ABC"), "share": [29.0, 71, 93], "n": [24, 24, 300]})
    table = table.assign(lower=[np.nan, 66, np.nan], upper=[np.nan, 76, np.nan])
    survey = nav.Survey.from_report(table, by="office", n="n", lower="lower", upper="upper")
    return nav.Model(nav.Reported(), nav.Group("office", scale=nav.Exponential(0.4))), survey


def rated():
    """Thresholds that differ by item: effects on several linear predictors."""
    table = pd.DataFrame({"item": ["speed", "speed", "tone", "tone"], "office": ["A", "B"] * 2})
    table = table.assign(bad=[4, 2, 1, 3], fair=[5, 9, 2, 6], good=[7, 8, 3, 5])
    survey = nav.Survey.from_counts(
        table, by=["item", "office"], counts=["bad", "fair", "good"], categories=["bad", "fair", "good"]
    )
    return nav.Model(nav.Rating(by="item", scale=0.4), nav.Group("office"), nav.Effect("item")), survey


@pytest.fixture(params=["every kind of term", "printed", "rated"])
def graph(request, model, survey):
    cases = {"every kind of term": lambda: (model, survey), "printed": printed, "rated": rated}
    return nav.to_pymc(*cases[request.param]())


def test_numba_computes_what_python_does(graph):
    found = graph.compile_logp(mode="NUMBA"), graph.compile_dlogp(mode="NUMBA")
    expected = graph.compile_logp(mode="FAST_COMPILE"), graph.compile_dlogp(mode="FAST_COMPILE")
    rng = np.random.default_rng(1)
    for _ in range(5):
        point = {name: 0.5 * rng.normal(size=np.shape(value)) for name, value in graph.initial_point().items()}
        (value, slope), (wanted, gradient) = ([function(point) for function in pair] for pair in (found, expected))
        assert np.isfinite(wanted)
        assert value == pytest.approx(float(wanted), rel=1e-12)
        assert slope == pytest.approx(gradient, rel=1e-10, abs=1e-10)
