"""Both engines on every outcome and term the two reports use: the same answers, within the limits the method sets.

Run with ``pytest -m slow -s`` to see the table; ``-k short`` runs three small cases.
"""

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import special

import navmodels as nav

MEAN, SPREAD, ENDS = 0.1, 0.05, 0.15  # limits: of the mean and the 95 % ends in posterior sds, of the sd relative
SEEDS = tuple(range(1, 9))  # of laplace: what they differ by is its Monte Carlo error, whatever its draws are worth
MAP = {"A": ["B", "C"], "B": ["A", "C"], "C": ["A", "B", "D"], "D": ["C", "E"], "E": ["D"], "F": []}
LEVELS = {"area": list(MAP), "year": [2019, 2020, 2021, 2023], "sector": ["private", "public"]}
LEVELS |= {"item": ["speed", "tone", "help"], "dose": [-1.0, -0.5, 0.5, 1.0]}


def expanded(factors, *, seed, size):
    """Every combination of some factors, with a true linear predictor and a number of respondents."""
    frame = pd.MultiIndex.from_product([LEVELS[name] for name in factors], names=factors).to_frame(index=False)
    rng = np.random.default_rng(seed)
    eta = np.zeros(len(frame))
    for name in factors:
        codes, levels = pd.factorize(frame[name])
        eta += rng.normal(0, 0.35, len(levels))[codes]
    if len(factors) > 1:
        codes, pairs = pd.factorize(frame[factors[0]].astype(str) + frame[factors[1]].astype(str))
        eta += rng.normal(0, 0.25, len(pairs))[codes]
    return frame.assign(n=rng.integers(size // 2, 2 * size, len(frame))), eta, rng


def observe(outcome, factors, *, seed, size=20):
    """A survey for an outcome, simulated."""
    frame, eta, rng = expanded(factors, seed=seed, size=size)
    by = list(factors)
    if isinstance(outcome, nav.Rating | nav.Choice):
        logits = eta[:, None] * [-0.8, 0.0, 0.3, 0.9] + [-0.9, 0.1, 0.5, -0.2]
        names = ["a", "b", "c", "d"]
        frame[names] = rng.multinomial(frame["n"], special.softmax(logits, axis=1))
        return nav.Survey.from_counts(
            frame, by=by, counts=names, categories=[1, 2, 3, 4], ordered=isinstance(outcome, nav.Rating)
        )
    k = rng.binomial(frame["n"], special.expit(0.5 + eta))
    if isinstance(outcome, nav.Share):
        return nav.Survey.from_counts(frame.assign(k=k), by=by, positive="k", n="n")
    if seed % 2:  # exact: all counts that print so
        return nav.Survey.from_report(frame.assign(share=np.round(100 * k / frame["n"])), by=by, n="n")
    share = (k + 1) / (frame["n"] + 2)
    width = 1.96 * np.sqrt(share * (1 - share) / (1.5 * frame["n"]))
    ends = {"share": share, "low": np.maximum(share - width, 0.02), "high": np.minimum(share + width, 0.98)}
    printed = frame.assign(**{name: np.round(100 * np.clip(each, 0.02, 0.98)) for name, each in ends.items()})
    return nav.Survey.from_report(printed.drop(columns="n"), by=by, lower="low", upper="high")


OUTCOMES = {
    "share": nav.Share(),
    "reported": nav.Reported(),
    "rating": nav.Rating(),
    "rating by item": nav.Rating(by="item"),
    "choice": nav.Choice(),
}
TERMS = {
    "effect, group, trend": (nav.Effect("sector"), nav.Group("area"), nav.Trend("year")),
    "trend by, slope": (nav.Group("sector"), nav.Trend("year", order=2), nav.Trend("year", by="sector")),
    "region, numeric": (nav.Region("area", neighbours=MAP), nav.Effect("dose", scale=0.5)),
    "structured": (nav.Group("area"), nav.Group("sector"), nav.Group("area", "sector", scale="structured")),
}
CASES = {f"{outcome} / {terms}": (OUTCOMES[outcome], TERMS[terms], 20) for outcome in OUTCOMES for terms in TERMS}
CASES |= {
    "short: share / group, effect": (nav.Share(), (nav.Group("area"), nav.Effect("sector")), 12),
    "short: rating / group": (nav.Rating(), (nav.Group("area"),), 25),
    "short: choice / effect": (nav.Choice(), (nav.Effect("sector"),), 40),
}


def made(case):
    outcome, terms, size = CASES[case]
    model = nav.Model(outcome, *terms)
    factors = model.factors if len(model.factors) > 1 or "short" in case else (*model.factors, "year")
    return model, observe(outcome, factors, seed=1 + list(CASES).index(case), size=size)


def quantities(fit):
    """Everything that may be reported, dims (chain, draw, quantity): estimates, changes, and all of the posterior."""
    model = nav.Model.from_json(fit.attrs["model"])
    asked = [{}]
    if isinstance(model.outcome, nav.Rating):
        asked += [{"cut": [2, 3, 4]}, {"category": [1, 2, 3, 4]}]
    parts = []
    for by in [(), *((name,) for name in model.factors), model.factors]:
        for options in asked:
            draws = nav.estimate(fit, by=by, **options)
            parts.append((f"estimate {by} {options}", draws.drop_vars("n", errors="ignore")))
            if "year" in by:
                parts.append((f"change {by} {options}", nav.change(draws)))
    parts += [(str(name), values) for name, values in fit["posterior"].data_vars.items()]
    columns, names = [], []
    for name, draws in parts:
        flat = draws.transpose("chain", "draw", ...).to_numpy().reshape(draws.sizes["chain"], draws.sizes["draw"], -1)
        columns.append(flat)
        names += [f"{name} {place}" for place in range(flat.shape[-1])]
    return names, np.concatenate(columns, axis=-1)


def numbers(values):
    """Mean, sd and both 95 % ends of each quantity, dims (number, quantity)."""
    low, high = np.quantile(values, (0.025, 0.975), axis=(0, 1))
    return np.stack([values.mean(axis=(0, 1)), values.std(axis=(0, 1)), low, high])


def errors(values):
    """Monte Carlo errors of `numbers` for chains."""
    draws = xr.Dataset({"q": (("chain", "draw", "quantity"), values)})
    asked = [{"method": "mean"}, {"method": "sd"}, *({"method": "quantile", "prob": prob} for prob in (0.025, 0.975))]
    return np.stack([az.mcse(draws, **each)["q"].to_numpy() for each in asked])


def compare(model, survey, *, draws):
    """Return names, and differences of laplace from nuts in posterior sds and the allowed, dims (number, quantity)."""
    nuts = nav.fit(model, survey, engine="nuts", draws=draws, seed=11)
    assert nuts.attrs["unconverged"] == ""
    names, values = quantities(nuts)
    several = []
    for seed in SEEDS:
        fit = nav.fit(model, survey, engine="laplace", draws=4000, seed=seed)
        assert fit.attrs["unconverged"] == "", seed
        labels, drawn = quantities(fit)
        assert labels == names
        several.append(numbers(drawn))
    moving = values.std(axis=(0, 1)) > 1e-12  # the middle of a slope is 0 by construction
    wanted = numbers(values)[:, moving]
    found = np.array(several)[:, :, moving]
    noise = np.hypot(errors(values[..., moving]), found.std(axis=0, ddof=1) / np.sqrt(len(SEEDS)))
    difference = np.abs(found.mean(axis=0) - wanted) / wanted[1]
    allowed = np.maximum(np.array([[MEAN], [SPREAD], [ENDS], [ENDS]]), 4 * noise / wanted[1])
    return np.array(names)[moving], difference, allowed


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_engines_agree(case):
    draws = 12_000 if "structured" in case or "choice" in case else 4_000  # effects with long tails
    names, difference, allowed = compare(*made(case), draws=draws)
    worst = [f"{difference[row].max():.3f} {names[difference[row].argmax()]}" for row in range(4)]
    limits = np.array([[MEAN], [SPREAD], [ENDS], [ENDS]])
    noisy = int((allowed > limits).any(axis=0).sum())
    shown = dict(zip(("mean", "sd", "2.5 %", "97.5 %"), worst, strict=True))
    most = (allowed / limits).max()
    print(f"\n{case}: {len(names)} quantities, {noisy} with up to {most:.2f} times the limit allowed\n  {shown}")
    assert len(names) > 10
    assert noisy < len(names) / 2  # so that the limits are what is tested
    assert most < 4
    beyond = difference > allowed
    assert not beyond.any(), [(names[place], difference[:, place]) for place in np.flatnonzero(beyond.any(axis=0))]


@pytest.mark.parametrize("case", CASES)
def test_cases_are_what_they_say(case):
    """Every case has a design, so that a change of the library shows here and not only in hours."""
    model, survey = made(case)
    design = nav.models.design(model, survey)
    assert set(survey.factors) >= set(model.factors)
    assert len(design.blocks) >= len(model.terms)
    assert design.survey.kind in model.outcome.kinds
