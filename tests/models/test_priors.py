import numpy as np
import pymc as pm
import pytest
from scipy import integrate

from navmodels.models.priors import Exponential, HalfCauchy, HalfNormal, HalfStudentT, Known, Proportion, as_prior

PRIORS = [HalfNormal(0.5), HalfStudentT(0.5), HalfStudentT(2.0, nu=7), HalfCauchy(5.0), Exponential(0.3)]
every_prior = pytest.mark.parametrize("prior", PRIORS, ids=repr)


@every_prior
@pytest.mark.parametrize("prob", [0.01, 0.3, 0.5, 0.9, 0.99])
def test_density_integrates_to_the_quantile(prior, prob):
    area, _ = integrate.quad(lambda x: np.exp(prior.log_density(x)), 0, prior.quantile(prob))
    assert area == pytest.approx(prob, abs=1e-9)


@every_prior
@pytest.mark.parametrize("prob", [0.05, 0.5, 0.95])
def test_slope_of_the_quantile_is_one_over_the_density(prior, prob):
    step = 1e-6
    slope = (prior.quantile(prob + step) - prior.quantile(prob - step)) / (2 * step)
    assert slope == pytest.approx(np.exp(-prior.log_density(prior.quantile(prob))), rel=1e-6)


@pytest.mark.usefixtures("without_numba")
@every_prior
def test_pymc_has_the_same_density(prior):
    values = np.array([1e-4, 0.2, 1.0, 7.0])
    with pm.Model():
        variable = prior.variable("sd", pm.Data("scale", prior.scale))
    assert pm.logp(variable, values).eval() == pytest.approx(
        prior.log_density(values), abs=1e-8
    )  # PyMC has log 2 in single precision


@every_prior
def test_nothing_below_zero(prior):
    assert prior.log_density([-1.0]) == [-np.inf]
    assert prior.quantile(0.0) == 0


def test_medians_by_hand():
    # half-Cauchy: the scale; exponential: scale × log 2; half-normal: 0.6745 × scale; half-t(3): 0.7649 × scale
    assert HalfCauchy(5.0).quantile(0.5) == pytest.approx(5.0)
    assert Exponential(0.3).quantile(0.5) == pytest.approx(0.3 * np.log(2))
    assert HalfNormal(2.0).quantile(0.5) == pytest.approx(2 * 0.6744897501960817)
    assert HalfStudentT(2.0).quantile(0.5) == pytest.approx(2 * 0.7648923284043531)


def test_half_t_with_one_degree_of_freedom_is_half_cauchy():
    prob = np.linspace(0.01, 0.99, 9)
    assert HalfStudentT(2.0, nu=1).quantile(prob) == pytest.approx(HalfCauchy(2.0).quantile(prob), rel=1e-10)


def test_a_number_is_the_scale_of_a_half_normal():
    assert as_prior(0.5) == HalfNormal(0.5)
    assert as_prior(np.float32(2.0)) == HalfNormal(2.0)
    assert as_prior(HalfCauchy(5)) == HalfCauchy(5)


@pytest.mark.parametrize("scale", [0, -1.0, np.inf, np.nan, True, "0.5", None])
def test_scales_that_are_not_allowed(scale):
    with pytest.raises(ValueError, match="allowed: a positive number, or a prior such as HalfCauchy"):
        as_prior(scale)


@pytest.mark.parametrize("kind", [HalfNormal, HalfStudentT, HalfCauchy, Exponential, Known, Proportion])
def test_a_prior_checks_itself(kind):
    with pytest.raises(ValueError, match=rf"^scale of {kind.__name__} is -2; allowed: a positive number\.$"):
        kind(-2)
    with pytest.raises(ValueError, match=f"scale of {kind.__name__} is True"):
        kind(True)


def test_degrees_of_freedom_that_are_not_allowed():
    with pytest.raises(ValueError, match="nu of HalfStudentT is 0; allowed: a positive number"):
        HalfStudentT(1.0, nu=0)
