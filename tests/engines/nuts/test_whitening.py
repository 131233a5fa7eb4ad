"""Whitened coefficients: round at every value of the standard deviations where the likelihood is normal, by SciPy."""

import numpy as np
import pandas as pd
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import linalg

import navmodels as nav
from navmodels.engines.nuts.coordinates import whitened_coordinates
from navmodels.engines.nuts.graph import build_sampling_graph
from navmodels.engines.nuts.whitening import Coloured
from navmodels.models import designs

RNG = np.random.default_rng(5)


def given(*, shared, own):
    """Numbers for a normal likelihood of some coefficients, own ones last: w, s, pull, curvature, own curvature."""
    size = shared + own
    factor = np.zeros((size, size))
    factor[:shared] = RNG.normal(size=(shared, size))
    whole = factor @ factor.T
    alone = RNG.uniform(3, 9, own)
    whole[shared:, shared:] += np.diag(alone)
    cross = RNG.normal(size=(shared, own))
    whole[:shared, shared:], whole[shared:, :shared] = cross, cross.T
    whole[:shared, :shared] += (cross / alone) @ cross.T
    return RNG.normal(size=size), RNG.uniform(0.1, 2, size), RNG.normal(size=size), whole[:shared], alone


@pytest.mark.parametrize(("shared", "own"), [(1, 0), (4, 0), (1, 6), (4, 5)])
@pytest.mark.parametrize("mode", ["FAST_COMPILE", "NUMBA"])
def test_mean_and_covariance_are_those_of_a_normal_posterior(shared, own, mode):
    w, s, *rest = given(shared=shared, own=own)
    inputs = [pt.vector(), pt.vector(), pt.vector(), pt.matrix(), pt.vector()]
    function = pytensor.function(inputs, Coloured()(*inputs)[:2], mode=mode)
    pull, curvature, alone = rest
    whole = linalg.block_diag(np.zeros((shared, shared)), np.diag(alone))
    whole[:shared] = curvature
    whole[:, :shared] = curvature.T
    precision = s[:, None] * whole * s + np.eye(len(w))
    centre, volume = function(0 * w, s, *rest)
    columns = np.stack([function(unit, s, *rest)[0] - centre for unit in np.eye(len(w))], axis=1)
    assert centre == pytest.approx(linalg.solve(precision, s * pull), rel=1e-10)
    assert columns @ columns.T == pytest.approx(linalg.inv(precision), rel=1e-9, abs=1e-12)
    assert float(volume) == pytest.approx(-0.5 * np.linalg.slogdet(precision).logabsdet, rel=1e-12)


@pytest.mark.parametrize(("shared", "own"), [(1, 0), (3, 0), (1, 4), (3, 4)])
@pytest.mark.parametrize("mode", ["FAST_COMPILE", "NUMBA"])
def test_gradient_is_that_of_differences(shared, own, mode):
    w, s, *rest = given(shared=shared, own=own)
    weight = RNG.normal(size=len(w))
    inputs = [pt.vector(), pt.vector(), pt.vector(), pt.matrix(), pt.vector()]
    z, volume, _ = Coloured()(*inputs)
    value = (weight * z**2).sum() + 0.7 * volume
    function = pytensor.function(inputs, [value, *pt.grad(value, inputs[:2])], mode=mode)
    _, of_w, of_s = function(w, s, *rest)
    for place, unit in enumerate(1e-6 * np.eye(len(w))):
        for found, ends in (
            (of_w[place], [(w + unit, s), (w - unit, s)]),
            (of_s[place], [(w, s + unit), (w, s - unit)]),
        ):
            high, low = (float(function(*end, *rest)[0]) for end in ends)
            assert found == pytest.approx((high - low) / 2e-6, rel=1e-6, abs=1e-6)


@pytest.mark.usefixtures("without_numba")
def test_posterior_of_means_is_a_ball_at_every_standard_deviation():
    # groups with four and five levels beside an intercept, and their combinations: a normal likelihood, so that given
    # the standard deviations the posterior is normal too, and whitened exactly
    names = ["office", "year"]
    cells = pd.MultiIndex.from_product([list("abcd"), range(2020, 2025)], names=names).to_frame(index=False)
    cells = cells.assign(y=RNG.normal(3, 1, len(cells)), se=RNG.uniform(0.05, 0.5, len(cells)))
    survey = nav.Survey.from_report(cells, by=names, estimate="y", se="se", unit="identity", digits=6)
    terms = [nav.Group("office"), nav.Trend("year", order=1), nav.Group("office", "year")]
    design = designs.design(nav.Model(nav.Reported(), *terms, intercept_scale=4.0), survey)
    log_density = build_sampling_graph(design, whitened_coordinates(design)).compile_logp()
    for sds in ([0.3, 0.3, 0.3], [0.01, 2.0, 0.1], [3.0, 0.001, 0.5], [1.0, 1.0, 0.001]):
        logs = {f"{name}_log__": np.log(sd) for name, sd in zip(design.parameters, sds, strict=True)}
        flat = [RNG.normal(size=29) for _ in range(3)]
        fallen = [float(log_density({"whitened": each, **logs})) + each @ each / 2 for each in flat]
        assert np.ptp(fallen) < 1e-4  # rounding at the sixth decimal
