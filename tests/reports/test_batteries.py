import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import navmodels as nav
from navmodels.reports.batteries import (
    asked_pairs,
    battery_model,
    battery_survey,
    both_sectors,
    repeated,
    sector_draws,
    series_draws,
)
from navmodels.reports.series import KINDS


@pytest.fixture
def small():
    """An item of three years, also printed for one sector; one of a single year; one for both sectors of a year."""
    rows = [
        ("a", "one", "a", "all", 2019, 50.0, 1000.0, False, 0.0),
        ("a", "one", "a", "all", 2021, 40.0, 1000.0, False, 1.5),
        ("a", "one", "a", "all", 2024, 20.0, 1000.0, True, 0.0),
        ("b", "one", "b", "all", 2024, 30.0, 500.0, True, 0.0),
        ("a (public)", "one", "a", "public", 2019, 60.0, 280.0, False, 0.0),
        ("a (public)", "one", "a", "public", 2024, 60.0, 280.0, False, 0.0),
        ("c (public)", "two", "c", "public", 2024, 70.0, 280.0, False, 0.0),
        ("c (private)", "two", "c", "private", 2024, 65.0, 720.0, False, 0.0),
    ]
    return pd.DataFrame(
        rows, columns=["series", "battery", "item", "group", "year", "share", "n", "n_printed", "extra_sd"]
    )


@pytest.fixture(scope="module")
def kinds(levels):
    rows = repeated(levels)
    return {kind: rows[rows["kind"] == kind] for kind in KINDS}


def errors(survey):
    keys = zip(*(survey.cells[name].values.tolist() for name in ("item", "sector", "year")), strict=True)
    return dict(zip(keys, survey.cells["se"].values, strict=True))


# ---- surveys


def test_standard_errors_by_hand(small):
    found = errors(battery_survey(small, design_effect=1.24))
    assert found == pytest.approx(
        {
            ("a", "all", 2019): np.sqrt(1.24 * 50 * 50 / 1000),  # 1.7607 points
            ("a", "all", 2021): np.sqrt(1.24 * 40 * 60 / 1000 + 1.5**2),
            ("a", "all", 2024): np.sqrt(1.24 * 20 * 80 / 1000),
            ("b", "all", 2024): np.sqrt(1.24 * 30 * 70 / 500),
            ("a", "public", 2019): np.sqrt(1.24 * 60 * 40 / 280),
            ("a", "public", 2024): np.sqrt(1.24 * 60 * 40 / 280),
            ("c", "public", 2024): np.sqrt(1.24 * 70 * 30 / 280),
            ("c", "private", 2024): np.sqrt(1.24 * 65 * 35 / 720),
        }
    )


def test_base_factor_moves_assumed_bases_only(small):
    found = errors(battery_survey(small, design_effect=1.24, base_factor=0.5))
    assert found["a", "all", 2019] == pytest.approx(np.sqrt(1.24 * 50 * 50 / 500))
    assert found["a", "all", 2021] == pytest.approx(np.sqrt(1.24 * 40 * 60 / 500 + 1.5**2))
    assert found["a", "all", 2024] == pytest.approx(np.sqrt(1.24 * 20 * 80 / 1000))
    assert found["a", "public", 2024] == pytest.approx(np.sqrt(1.24 * 60 * 40 / 140))


def test_items_printed_once_are_left_out(small, levels):
    assert set(repeated(small)["item"]) == {"a", "c"}
    rows = repeated(levels)
    assert rows["item"].value_counts().min() == 2
    assert set(levels["item"]) - set(rows["item"]) == set(levels["item"].value_counts().loc[lambda n: n == 1].index)


def test_standard_errors_of_the_report(kinds):
    found = {kind: errors(battery_survey(rows, design_effect=1.24)) for kind, rows in kinds.items()}
    assert [len(each) for each in found.values()] == [99, 67]
    rated, answers = found.values()
    about = np.sqrt(1.24 * 20 * 80 / (0.28 * 4115) + 2.5**2 / 3)  # "about a fifth"
    assert answers["contact_person_dk", "public", 2024] == pytest.approx(about)
    assert answers["visit_recruit_vacancies", "all", 2023] == pytest.approx(
        1.012924, abs=1e-6
    )  # √(12400 × 0.1659 / 2005)
    assert rated["satisfaction_overall", "all", 2010] == pytest.approx(1.669488, abs=1e-6)  # √(0.703858 + 2.5² / 3)
    assert rated["satisfaction_overall", "private", 2021] == pytest.approx(np.sqrt(1.24 * 80 * 20 / (0.72 * 4059)))


def test_levels_printed_for_both_sectors(levels, small):
    assert sorted(set(both_sectors(levels)["item_year"])) == [
        "chall_alternative_work 2024",
        "contact_appointment 2024",
        "contact_person_dk 2024",
        "contact_person_not_needed 2024",
        "contact_person_want 2024",
        "contact_person_yes 2024",
        "ia_prevention_assist 2024",
        "satisfaction_overall 2021",
    ]
    assert both_sectors(small)["item_year"].tolist() == ["c 2024", "c 2024"]


# ---- what is asked


def test_asked_pairs(small):
    columns = ["kind", "item", "group", "year_from", "year_to"]
    rows = [
        ("change", "a", "all", 2020, 2024),  # 2020 lies between years in print
        ("change", "a", "all", 2017, 2023),  # 2017 lies before all of them
        ("change", "unknown", "all", 2019, 2024),
        ("change", "a", "public", pd.NA, 2022),
        ("order", "a", "all", 2022, 2022),
    ]
    claims = pd.DataFrame(rows, columns=columns).astype({"year_from": "Int64", "year_to": "Int64"})
    assert asked_pairs(claims, repeated(small)) == [
        *(("a", year) for year in (2019, 2020, 2021, 2023, 2024)),
        *(("a (public)", year) for year in (2019, 2022, 2024)),
        ("c (private)", 2024),
        ("c (public)", 2024),
    ]


def test_draws_of_the_pairs_asked_for(small, made_fit):
    fit = made_fit(battery_model(), battery_survey(small, design_effect=1.24))
    draws = series_draws(fit, small, [("a", 2019), ("a", 2021), ("a (public)", 2019), ("a", 2019)])
    assert draws.sizes == {"chain": 4, "draw": 1000, "series": 2, "year": 2}
    assert not draws.sel(series="a").isnull().any()
    assert bool(draws.sel(series="a (public)", year=2021).isnull().all())
    effects = fit["posterior"]

    def linear(sector, year):
        return (
            effects["intercept"]
            + effects["battery_effect"].sel(battery="one", drop=True)
            + effects["battery:item_effect"].sel({"battery:item": "one:a"}, drop=True)
            + effects["year_effect"].sel(year=year, drop=True)
            + effects["battery:year_effect"].sel({"battery:year": f"one:{year}"}, drop=True)
            + effects["item:sector:year_effect"].sel({"item:sector:year": f"a:{sector}:{year}"}, drop=True)
        )

    np.testing.assert_allclose(draws.sel(series="a", year=2021), expit(linear("all", 2021)))
    public = expit(linear("public", 2019))
    np.testing.assert_allclose(draws.sel(series="a (public)", year=2019), public)
    both = sector_draws(fit, small)
    assert both.dims == ("chain", "draw", "item_year", "sector")
    assert both["item_year"].values.tolist() == ["c 2024"]
    assert both["sector"].values.tolist() == ["private", "public"]


def test_a_year_without_a_level_is_surrounded_by_its_neighbours(kinds, made_fit):
    fit = made_fit(battery_model(), battery_survey(kinds["six-point"], design_effect=1.24), draws=50)
    assert fit["posterior"]["year"].values.tolist() == list(range(2008, 2025))  # a walk has every year, in print or not
    draws = series_draws(fit, kinds["six-point"], [("satisfaction_overall", 2017)])
    assert bool(((draws > 0) & (draws < 1)).all())


# ---- the model at work


@pytest.mark.sampling
def test_a_small_item_borrows_the_year_of_its_battery():
    """Ten items of one battery rise by 0.5 logits; one of 40 answers prints a fall that its base cannot tell."""
    rng = np.random.default_rng(1)
    rows = []
    for number, level in enumerate(rng.normal(0, 0.3, 11)):
        for year in (2023, 2024):
            share = 100 * expit(level + 0.5 * (year == 2024))
            rows.append(("one", f"item {number}", "all", year, round(share), 2000.0, True, 0.0))
    last = rows[-1][4]
    rows[-2] = (*rows[-2][:4], last, 40.0, True, 0.0)
    rows[-1] = (*rows[-1][:4], last - 4, 40.0, True, 0.0)
    frame = pd.DataFrame(rows, columns=["battery", "item", "group", "year", "share", "n", "n_printed", "extra_sd"])
    frame = frame.assign(series=frame["item"])
    other = frame[frame["item"] != "item 10"].assign(battery="two", share=lambda table: 100 - table["share"])
    other = other.assign(item="two " + other["item"], series="two " + other["item"])
    public = frame[frame["item"] == "item 0"].assign(group="public", series="item 0 (public)")
    both = pd.concat([frame, other, public])
    fit = nav.fit(battery_model(), battery_survey(both, design_effect=1.0), seed=1)
    draws = series_draws(fit, both, [(name, year) for name in ("item 3", "item 10") for year in (2023, 2024)])
    change = nav.summarise(nav.change(draws, along="year")).set_index("series")["mean"] * 100
    printed = frame.pivot_table(index="item", columns="year", values="share")
    direct = printed[2024] - printed[2023]
    assert change["item 3"] == pytest.approx(direct["item 3"], abs=1.0)  # 2000 answers speak for themselves
    assert direct["item 10"] == -4
    assert change["item 10"] > 5  # 40 answers follow their battery


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_both_engines_agree_on_the_report(kinds, kind):
    """NUTS walks slowly here and just misses its own gate, which therefore stands open."""
    survey = battery_survey(kinds[kind], design_effect=1.24)
    pairs = list(zip(kinds[kind]["series"], kinds[kind]["year"], strict=True))
    fits = [nav.fit(battery_model(), survey, engine=engine, seed=7) for engine in ("laplace", "nuts")]
    assert fits[0].attrs["unconverged"] == ""
    draws = [series_draws(fit, kinds[kind], pairs) for fit in fits]
    first, second = (nav.summarise(each, allow_unconverged=True) for each in draws)
    assert ((first["mean"] - second["mean"]).abs() / second["sd"]).max() < 0.15
    assert first["sd"].to_numpy() == pytest.approx(second["sd"].to_numpy(), rel=0.12)
