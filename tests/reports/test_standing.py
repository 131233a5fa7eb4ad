"""The column of the ledgers that says whether a verdict stands under other assumptions."""

import pandas as pd

import navmodels as nav
from navmodels.reports.standing import AXES, standing

TABLE = pd.DataFrame(
    {
        "question": ["q", "q", "q", "r", "r", "r"],
        "group": ["large", "small", "far", "large", "small", "far"],
        "share": [50, 65, 20, 40, 45, 10],
        "n": [400, 60, 400, 400, 60, 400],
    }
)
PAIRS = [("far", "large"), ("large", "small"), ("small", "far")]


def probabilities(fits):
    if not fits:
        return pd.Series([float("nan")] * 3)
    draws = nav.estimate(fits["m"], by=["question", "group"]).sel(question="q")
    return pd.Series([float((draws.sel(group=b) > draws.sel(group=a)).mean()) for a, b in PAIRS])


def plan():
    survey = nav.Survey.from_report(TABLE, by=["question", "group"], estimate="share", n="n")
    model = nav.Model(nav.Reported(), nav.Group("question", scale=1.5), nav.Group("question", "group", scale=1.0))
    return {"m": (model, survey)}


def test_a_solid_difference_stands_and_one_that_rests_on_sixty_people_depends():
    fits = {name: nav.fit(*pair, seed=1) for name, pair in plan().items()}
    given = probabilities(fits)
    assert given[0] > 0.999
    assert 0.95 < given[1] < 0.99
    found = standing(given, plan(), probabilities, engine="auto", seed=1, progress=False)
    assert found[0] == "stands in all"
    assert found[2] == "fails in all"
    assert found[1].startswith("depends on")
    assert "'design effect × 2'" in found[1]


def test_what_cannot_be_judged_has_no_verdict_and_what_cannot_be_read_is_left_out():
    given = pd.Series([0.99, float("nan"), 0.99])
    found = standing(given, {}, probabilities, engine="auto", seed=1, progress=False)
    assert found[0] == "stands in all"
    assert pd.isna(found[1])


def test_complete_pooling_is_no_axis():
    assert not any(scenario.get("pooling") == "complete" for scenario in AXES.values())
