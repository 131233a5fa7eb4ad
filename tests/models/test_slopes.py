"""Slopes by group: the block, the exact answer with known standard deviations, what was not observed, messages."""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from navmodels.models import designs
from navmodels.models.blocks import Scale
from navmodels.models.priors import Known

RNG = np.random.default_rng(5)
GRID = pd.DataFrame(
    [(o, y) for o in "ABCD" for y in (2019, 2020, 2022) if (o, y) != ("D", 2022)], columns=["office", "year"]
)
MEANS = GRID.assign(mean=RNG.normal(60, 8, len(GRID)).round(2), se=RNG.uniform(1, 3, len(GRID)).round(2))  # invented
TERMS = (
    nav.Effect("year", numeric=True, scale=1.5),
    nav.Group("office", scale=Known(5.0)),
    nav.Slope("year", by="office", scale=Known(2.0)),
)


def published(frame=MEANS):
    return nav.Survey.from_report(frame, by=["office", "year"], estimate="mean", se="se", unit="identity", digits=2)


def model(*terms):
    return nav.Model(nav.Reported(), *terms, intercept_scale=20.0, intercept_mean=60.0)


def exact(new):
    """Posterior mean and covariance of the linear predictor at new (office, year): normals all through."""
    x, h = GRID["year"] - GRID["year"].mean(), new["year"] - GRID["year"].mean()
    offices = sorted(set(GRID["office"]) | set(new["office"]))

    def columns(frame, x):
        at = np.array(frame["office"])[:, None] == np.array(offices)
        return np.column_stack([np.ones(len(frame)), x, at, at * np.array(x)[:, None]])

    prior = np.diag([20.0**2, 1.5**2, *[5.0**2] * len(offices), *[2.0**2] * len(offices)])
    a, b = columns(GRID, x), columns(new, h)
    noise = np.diag(MEANS["se"] ** 2 + 0.01**2 / 12)  # and what printing with two digits leaves
    gain = b @ prior @ a.T @ np.linalg.inv(a @ prior @ a.T + noise)
    return 60 + gain @ (MEANS["mean"] - 60), (b - gain @ a) @ prior @ b.T


def test_levels_are_the_combinations_that_occur_and_one_that_tells_each_slope():
    (block,) = nav.Slope("year", by="office").blocks(GRID, {"office": tuple("ABCD"), "year": (2019, 2020, 2022)})
    assert block.name == "office:year"
    assert block.size == 4
    assert block.labels[:3] == ["A:2019", "A:2020", "A:2022"]
    assert len(block.labels) == 12  # 2022 is farthest from the average: D's line is told there
    x = GRID["year"] - GRID["year"].mean()
    z = np.array([1.0, -2.0, 0.5, 3.0])
    expected = x * z[["ABCD".index(office) for office in GRID["office"]]]
    assert block.effect(1.0, z)[block.index] == pytest.approx(expected.to_numpy(), abs=1e-12)


def test_default_scale_is_for_each_unit_of_the_covariate():
    levels = {"office": ("A", "B"), "year": (0, 10)}
    (block,) = nav.Slope("year", by="office").blocks(pd.DataFrame({"office": ["A", "B"], "year": [0, 10]}), levels)
    assert block.parameters == {"office:year_sd": nav.HalfNormal(0.05)}  # half a logit from one end to the other
    (known,) = nav.Slope("year", by="office", scale=Known(0.2)).blocks(
        pd.DataFrame({"office": ["A", "B"], "year": [0, 10]}), levels
    )
    assert known.scale == Scale(0.2)


def test_slopes_with_known_standard_deviations_are_exact():
    fit = nav.fit(model(*TERMS), published(), engine="laplace", seed=3)
    new = pd.DataFrame([("A", 2020), ("B", 2022), ("C", 2019), ("D", 2021), ("D", 2025), ("E", 2025)],
                       columns=["office", "year"])  # fmt: skip
    draws = nav.estimate(fit, by=["office", "year"], population=new.assign(weight=1.0), new_levels=["E"])
    mean, covariance = exact(new)
    for place, (office, year) in enumerate(new.itertuples(index=False)):
        got = draws.sel(office=office, year=year)
        sd = covariance[place, place] ** 0.5
        assert float(got.mean()) == pytest.approx(mean[place], abs=4 * sd / 4000**0.5)  # four standard errors
        assert float(got.std()) == pytest.approx(sd, rel=4 / 8000**0.5)
    slopes = fit["posterior"]["office:year_slope"]
    assert slopes["office:year_group"].to_numpy().tolist() == list("ABCD")
    line = draws.sel(office="D", year=2025) - draws.sel(office="D", year=2021)
    told = 4 * (slopes.sel({"office:year_group": "D"}) + fit["posterior"]["year_slope"])
    assert line.to_numpy() == pytest.approx(told.to_numpy(), abs=1e-9)


def test_a_group_seen_at_the_average_only_keeps_the_slope_of_the_prior():
    frame = pd.DataFrame({"office": ["A", "A", "B"], "year": [2019, 2021, 2020], "mean": [50.0, 60.0, 55.0], "se": 1.0})
    fit = nav.fit(model(nav.Slope("year", by="office", scale=Known(2.0))), published(frame), engine="laplace", seed=1)
    slope = fit["posterior"]["office:year_slope"].sel({"office:year_group": "B"})
    assert float(slope.mean()) == pytest.approx(0.0, abs=4 * 2 / 4000**0.5)
    assert float(slope.std()) == pytest.approx(2.0, rel=4 / 8000**0.5)


def test_cost_follows_groups_not_values():
    """A covariate with as many values as cells is one shared coefficient a group for laplace."""
    from navmodels.engines.laplace.layouts import lay_out

    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"office": np.repeat(list("ABCDE"), 400), "age": rng.normal(50, 10, 2000).round(6)})
    survey = nav.Survey.from_counts(frame.assign(k=1, n=2), by=["office", "age"], positive="k", n="n")
    made = designs.design(nav.Model(nav.Share(), nav.Group("office"), nav.Slope("age", by="office")), survey)
    layout, _, parts = lay_out(made)
    assert int(layout.blocks[-1, 1]) == 1 + 5
    assert len(parts) == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nav.Slope("year", by="year"), "by of Slope.'year'. is 'year' itself; allowed: another factor"),
        (lambda: nav.Slope("year", by="office", scale=-1), "-1"),
        (
            lambda: nav.fit(model(nav.Slope("office", by="year")), published()),
            "needs numbers; the survey has 'A', 'B', 'C', 'D'.*use Group with both factors",
        ),
        (
            lambda: nav.fit(model(nav.Group("office", "year"), nav.Slope("year", by="office")), published()),
            "'office:year'",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.slow
def test_the_engines_agree_on_slopes():
    rng = np.random.default_rng(11)
    frame = pd.DataFrame([(f"o{o:02d}", y) for o in range(12) for y in range(2018, 2025)], columns=["office", "year"])
    slope = rng.normal(0.0, 0.15, 12)[frame["office"].str[1:].astype(int)]
    p = 1 / (1 + np.exp(-(0.5 + slope * (frame["year"] - 2021))))
    frame["n"] = rng.integers(10, 80, len(frame))
    frame["k"] = rng.binomial(frame["n"], p)
    survey = nav.Survey.from_counts(frame, by=["office", "year"], positive="k", n="n")
    terms = (nav.Effect("year", numeric=True), nav.Group("office"), nav.Slope("year", by="office"))
    both = [
        nav.fit(nav.Model(nav.Share(), *terms), survey, engine=engine, seed=2, draws=draws)["posterior"]
        for engine, draws in (("laplace", 2000), ("nuts", 2000))
    ]
    for name in ("office:year_slope", "office:year_sd", "year_slope"):
        one, two = (each[name] for each in both)
        sd = two.std(("chain", "draw"))
        assert float((np.abs(one.mean(("chain", "draw")) - two.mean(("chain", "draw"))) / sd).max()) < 0.1
        assert float(np.abs(one.std(("chain", "draw")) / sd - 1).max()) < 0.06  # 5 %, and chance of 15 quantities
