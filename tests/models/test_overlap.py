"""A panel: changes of the same persons have the standard errors of paired data.

Expected: McNemar's standard error of a paired difference; with different numbers in both cells, or weights, the
linearised standard error of a difference of means that share respondents, over persons.
"""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav

YEAR = nav.Model(nav.Share(), nav.Effect("year"))


def waves(rng, n, years, *, stay):
    """Return answers of n persons in some years; each keeps a disposition that weighs `stay` of the logits."""
    person = rng.normal(size=n) * stay
    rows = [
        pd.DataFrame({"who": np.arange(n), "year": year, "p": person + 0.2 * place}) for place, year in enumerate(years)
    ]
    frame = pd.concat(rows, ignore_index=True)
    return frame.assign(y=(rng.random(len(frame)) < 1 / (1 + np.exp(-frame["p"]))).astype(int)).drop(columns="p")


def changes(frame, *, model=YEAR, by="year", along=("year",), **options):
    survey = nav.Survey.from_responses(frame, outcome="y", by=by, id="who", **options)
    fit = nav.fit(model, survey, seed=1, engine="laplace")
    return nav.summarise(nav.change(nav.estimate(fit, by=by), along="year"))


def paired(frame, before, after, weight=None):
    """Return the difference of two means and its linearised standard error, summed over persons."""
    frame = frame.assign(w=1.0 if weight is None else frame[weight] if isinstance(weight, str) else weight)
    score = pd.Series(0.0, index=frame["who"].unique())
    means = []
    for sign, year in ((-1, before), (1, after)):
        rows = frame[frame["year"] == year].set_index("who")
        mean = np.average(rows["y"], weights=rows["w"])
        score = score.add(sign * rows["w"] * (rows["y"] - mean) / rows["w"].sum(), fill_value=0.0)
        means.append(mean)
    return means[1] - means[0], float(np.sqrt((score**2).sum()))


@pytest.mark.parametrize(
    ("table", "label"),
    [((165, 30, 12, 93), "increase"), ((30, 120, 110, 40), "no clear change"), ((200, 5, 40, 155), "decrease")],
)
def test_the_same_persons_in_two_years(table, label):
    both, gained, lost, neither = table
    n = sum(table)
    pairs = [(1, 1)] * both + [(0, 1)] * gained + [(1, 0)] * lost + [(0, 0)] * neither
    frame = pd.DataFrame(pairs, columns=[2023, 2024]).assign(who=[f"p{i}" for i in range(n)])
    row = changes(frame.melt(id_vars="who", var_name="year", value_name="y").astype({"year": int})).iloc[0]
    error = np.sqrt(gained + lost - (gained - lost) ** 2 / n) / n  # McNemar (1947)
    assert row["sd"] == pytest.approx(error, rel=0.05)
    assert row["mean"] == pytest.approx((gained - lost) / n, abs=0.15 * error)
    assert row["class"] == label


def test_half_of_them_again():
    frame = waves(np.random.default_rng(1), 900, [1, 2], stay=3)
    frame = frame[~((frame["year"] == 1) & (frame["who"] >= 600)) & ~((frame["year"] == 2) & (frame["who"] < 300))]
    row, (difference, error) = changes(frame).iloc[0], paired(frame, 1, 2)
    assert row["sd"] == pytest.approx(error, rel=0.05)
    assert row["mean"] == pytest.approx(difference, abs=0.2 * error)


def test_three_waves():
    frame = waves(np.random.default_rng(2), 500, [1, 2, 4], stay=2)
    table = changes(frame).set_index("year")
    for before, after in ((1, 2), (2, 4)):
        difference, error = paired(frame, before, after)
        assert table.loc[after, "sd"] == pytest.approx(error, rel=0.05)
        assert table.loc[after, "mean"] == pytest.approx(difference, abs=0.25 * error)


def test_two_counties_in_two_years():
    rng = np.random.default_rng(3)
    parts = [waves(rng, n, [1, 2], stay=stay).assign(county=name) for name, n, stay in (("A", 600, 4), ("B", 500, 0))]
    parts[1]["who"] += 600
    frame = pd.concat(parts, ignore_index=True)
    model = nav.Model(
        nav.Share(), nav.Effect("county"), nav.Effect("year"), nav.Group("county", "year", scale=nav.HalfNormal(3.0))
    )
    table = changes(frame, model=model, by=["county", "year"]).set_index("county")
    together = changes(frame, by="year").iloc[0]
    assert table.loc["A", "sd"] < 0.8 * table.loc["B", "sd"]
    assert together["sd"] == pytest.approx(paired(frame, 1, 2)[1], rel=0.05)


def test_weights_as_effective():
    rng = np.random.default_rng(4)
    frame = waves(rng, 800, [1, 2], stay=3)
    frame["w"] = rng.uniform(0.5, 3.0, 800)[frame["who"]]
    row = changes(frame, weights="w", weighting="effective").iloc[0]
    difference, error = paired(frame, 1, 2, "w")
    assert row["sd"] == pytest.approx(error, rel=0.06)  # Kish (1965): weights apart from the answers
    assert row["mean"] == pytest.approx(difference, abs=0.2 * error)


def test_a_level_over_persons_who_come_twice():
    frame = waves(np.random.default_rng(5), 600, [1, 2], stay=3)
    survey = nav.Survey.from_responses(frame, outcome="y", by=["year"], id="who")
    fit = nav.fit(nav.Model(nav.Share()), survey, seed=1, engine="laplace")
    row = nav.summarise(nav.estimate(fit)).iloc[0]
    mean = frame["y"].mean()
    total = (frame["y"] - mean).groupby(frame["who"]).sum()  # persons are the sampling units
    assert row["sd"] == pytest.approx(np.sqrt((total**2).sum()) / len(frame), rel=0.05)
    assert row["mean"] == pytest.approx(mean, abs=0.002)


def test_who_never_changes_leaves_little_doubt():
    frame = pd.DataFrame({"who": [*range(300)] * 2, "year": [1] * 300 + [2] * 300, "y": ([1] * 180 + [0] * 120) * 2})
    row = changes(frame).iloc[0]
    assert abs(row["mean"]) < 0.001
    assert row["sd"] < np.sqrt(2 * 0.6 * 0.4 / 300) / 5


def test_different_persons_change_no_draw():
    frame = waves(np.random.default_rng(6), 50, [1, 2], stay=1)
    surveys = [
        nav.Survey.from_responses(frame.assign(who=range(100)), outcome="y", by="year", id="who"),
        nav.Survey.from_responses(frame, outcome="y", by="year", overlap="allow"),
    ]
    one, other = (nav.fit(YEAR, survey, seed=1, engine="laplace")["posterior"].to_dataset() for survey in surveys)
    assert one.identical(other)


def test_what_was_observed_stays_what_it_was(tmp_path):
    frame = waves(np.random.default_rng(7), 200, [1, 2], stay=3)
    survey = nav.Survey.from_responses(frame, outcome="y", by="year", id="who")
    fit = nav.fit(YEAR, survey, seed=1, engine="laplace")
    assert fit["observed_data"]["positive"].values.tolist() == frame.groupby("year")["y"].sum().tolist()
    assert nav.replicate(fit, draws=10)["size"].values.tolist() == [200.0, 200.0]
    assert nav.check_fit(fit)["n"].tolist() == [200, 200]
    saved = nav.load_fit(nav.save_fit(fit, tmp_path / "panel.nc"))
    assert nav.estimate(saved, by="year").identical(nav.estimate(fit, by="year"))
    with pytest.raises(ValueError, match="a cell cannot be left out"):
        nav.loo(fit)
    table = nav.shrinkage(fit, by="year")
    assert table["n_effective"].tolist() == [200, 200]
    assert nav.power_scale(fit)["k"].max() < 0.7


def test_other_outcomes_are_refused_with_a_remedy_that_works():
    frame = waves(np.random.default_rng(8), 60, [1, 2], stay=2).assign(answer=lambda rows: rows["y"] + rows["who"] % 3)
    rating = nav.Survey.from_responses(frame, outcome="answer", by="year", categories=range(4), id="who")
    with pytest.raises(ValueError, match=r"known for shares only, not for a rating: .*survey\.dichotomise\(cut\)"):
        nav.fit(nav.Model(nav.Rating(), nav.Effect("year")), rating)
    nav.fit(YEAR, rating.dichotomise(2), seed=1, engine="laplace")
    choice = nav.Survey.from_responses(frame, outcome="answer", by="year", categories=range(4), ordered=False, id="who")
    with pytest.raises(ValueError, match="known for shares only, not for a choice"):
        nav.fit(nav.Model(nav.Choice(), nav.Effect("year")), choice)
