"""What the tests of graphs share."""

import numpy as np
import pytest


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
