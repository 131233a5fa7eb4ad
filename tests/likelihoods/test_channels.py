"""What stands in all cells: starts, orders, what is shown, and sampling coordinates."""

import math
from itertools import permutations

import numpy as np
import pytest

from navmodels.likelihoods.channels import Channels, Contrasts, Thresholds
from navmodels.likelihoods.choice import contrasts


def thresholds(size, *, differ=False):
    return Thresholds(
        size + 1, tuple(range(1, size + 1)), (0,), "cut", tuple(range(2, size + 2)), np.eye(size), differ=differ
    )


def choice(size):
    each = tuple(range(size - 1))
    return Contrasts(size - 1, each, each, "category", tuple("abcdefg"[:size]), contrasts(size))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_normaliser_is_the_number_of_orders(size):
    """Of all orders that independent normals may have, one rises."""
    channels = thresholds(size)
    orders = np.array(list(permutations(range(size))), dtype=float)
    rising = int((~channels.impossible(orders)).sum())
    assert rising == 1
    assert channels.log_normaliser == pytest.approx(math.log(len(orders)))


def test_thresholds_of_levels_have_no_known_normaliser():
    assert math.isnan(thresholds(3, differ=True).log_normaliser)
    assert Channels().log_normaliser == choice(3).log_normaliser == 0.0


def test_equal_thresholds_are_impossible():
    assert thresholds(2).impossible(np.array([[0.0, 0.0], [0.0, 1e-9], [1.0, 0.0]])).tolist() == [True, False, True]
    assert not choice(3).impossible(np.zeros((4, 2))).any()


@pytest.mark.parametrize("scale", [0.3, 1.5])
def test_thresholds_start_apart_and_the_others_at_zero(scale):
    start = scale * thresholds(4).start(scale)
    assert start == pytest.approx([-1.2, -0.4, 0.4, 1.2])  # four that cut -2 to 2 in five
    assert Channels().start(scale).tolist() == [0.0]
    assert choice(4).start(scale).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("channels", [thresholds(3), choice(4)], ids=["thresholds", "contrasts"])
def test_what_is_shown_leads_back_to_the_channels(channels):
    values = np.random.default_rng(1).normal(size=(5, 3))
    dims, shown = channels.shown(values, channels.common)
    assert dims == (channels.dim,)
    assert channels.to_channels(shown) == pytest.approx(values)


def test_logits_of_a_choice_add_up_to_zero():
    channels = choice(4)
    _, shown = channels.shown(np.random.default_rng(2).normal(size=(6, 3)), channels.common)
    assert shown.shape == (6, 4)
    assert shown.sum(axis=1) == pytest.approx(np.zeros(6), abs=1e-12)


def test_one_channel_is_shown_as_it_is():
    dims, shown = Channels().shown(np.array([[0.2], [0.4]]), (0,))
    assert dims == ()
    assert shown.tolist() == [0.2, 0.4]
    assert thresholds(3).shown(np.array([[0.7]]), (0,))[1].tolist() == [0.7]  # an effect on η
    assert not thresholds(3).spans((0,))
    assert thresholds(3).spans((1, 2, 3))
    assert not Channels().spans((0,))


def test_sampling_coordinates_of_thresholds_and_their_derivative():
    """The first over its scale and logarithms of gaps; the derivative by differences."""
    channels, scale = thresholds(3), 1.5
    z = np.array([-0.8, 0.1, 1.3])
    v, bend = channels.to_coordinates(z, scale)
    assert v == pytest.approx([z[0], math.log(scale * 0.9), math.log(scale * 1.2)])

    def back(v):
        return (scale * v[0] + np.concatenate([[0.0], np.cumsum(np.exp(v[1:]))])) / scale

    assert back(v) == pytest.approx(z)
    step = 1e-6 * np.eye(3)
    slopes = np.array([(back(v + each) - back(v - each)) / 2e-6 for each in step]).T
    assert bend == pytest.approx(slopes, abs=1e-8)


def test_other_coordinates_are_the_coefficients():
    z = np.array([0.3])
    assert Channels().to_coordinates(z, 1.5) == (z, None)
