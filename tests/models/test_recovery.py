"""Coverage of known truth: do 90 % intervals of county effects cover 85 to 95 % of the time?"""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav

COUNTIES = [f"county {number}" for number in range(1, 13)]
YEARS = [2022, 2023, 2024]


def coverage(datasets: int) -> float:
    """Return the share of true county effects inside their 90 % intervals, over simulated data sets."""
    model = nav.Model(nav.Share(), nav.Group("county"), nav.Trend("year"), nav.Effect("sector"))
    cells = pd.MultiIndex.from_product(
        [COUNTIES, YEARS, ["private", "public"]], names=["county", "year", "sector"]
    ).to_frame(index=False)
    inside = []
    for seed in range(datasets):
        rng = np.random.default_rng(seed)
        truth = {"intercept": 1.5, "county_sd": 0.3, "year_sd": 0.15, "sector": {"private": -0.1, "public": 0.1}}
        rows = nav.simulate_responses(model, truth, cells=cells.assign(n=rng.poisson(15, len(cells))), seed=seed)
        survey = nav.Survey.from_responses(rows, outcome="answer", by=["county", "year", "sector"])
        fit = nav.fit(model, survey, seed=seed)
        assert fit.attrs["unconverged"] == ""
        effect = fit["posterior"]["county_effect"]
        lower, upper = effect.quantile([0.05, 0.95], dim=("chain", "draw")).to_numpy()
        true = np.array([rows.attrs["truth"]["county"][name] for name in effect["county"].to_numpy()])
        inside.append((lower <= true) & (true <= upper))
    return float(np.mean(inside))


@pytest.mark.slow
def test_intervals_of_county_effects_cover_the_truth():
    assert 0.85 <= coverage(50) <= 0.95


@pytest.mark.slow
def test_short_recovery():
    # 5 data sets of 12 counties: at a coverage of 0.90, fewer than 45 of 60 inside has probability < 0.001
    assert coverage(5) >= 45 / 60
