"""A published table at the door: which unit, to which digits, and what contradicts itself."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from navmodels.data.variants import with_design_effect

RARE = pd.DataFrame({"age": ["18-24", "25-34", "35-49"], "used": [0.6, 0.4, 0.3], "n": [2469, 4591, 7391]})


def read(frame=RARE, **options):
    return nav.Survey.from_report(frame, **{"by": "age", "estimate": "used", "n": "n"} | options)


# ---- the unit


def test_percentages_below_1_are_percent_when_said():
    cells = read(unit="percent").cells
    assert cells["count_low"].to_numpy().tolist() == np.ceil(np.array([0.0055, 0.0035, 0.0025]) * RARE["n"]).tolist()
    assert cells["count_high"].to_numpy().tolist() == np.floor(np.array([0.0065, 0.0045, 0.0035]) * RARE["n"]).tolist()
    same = read(RARE.assign(used=RARE["used"] / 100), unit="proportion").cells
    np.testing.assert_array_equal(same["count_low"], cells["count_low"])


def test_percentages_below_1_are_asked_about_with_both_readings():
    with pytest.raises(
        ValueError, match=r"'used' lies between 0 and 1 \(such as 0\.6, 0\.4, 0\.3\).*no unit was given"
    ) as caught:
        read()
    assert "If 0.6 means 0.6 %, give unit='percent'; if it means 60 %, give unit='proportion'." in str(caught.value)


@pytest.mark.parametrize("name", ["used_pct", "percent_used", "% used", "Prosent"])
def test_a_column_called_percent_is_percent(name):
    assert read(RARE.rename(columns={"used": name}), estimate=name).cells.attrs["unit"] == "percent"


@pytest.mark.parametrize("shares", [[1, 1, 0], [1.0, 0.0, 0.0], [0.2, 1, 0]])
def test_ones_may_be_all_or_one_percent(shares):
    with pytest.raises(ValueError, match=r"give unit='percent'; if it means .* give unit='proportion'"):
        read(RARE.assign(used=shares, n=100))


def test_percents_below_1_are_said_to_be_read_so():
    assert "every estimate is read as at most 1 %, such as 0.6 %" in repr(read(unit="percent"))
    assert "at most 1 %" not in repr(read(RARE.assign(used=[0.6, 0.4, 1.3])))


@pytest.mark.parametrize("name", ["prosjekt", "share", "proportion", "capstone"])
def test_other_names_say_nothing_of_the_unit(name):
    with pytest.raises(ValueError, match="no unit was given"):
        read(RARE.rename(columns={"used": name}), estimate=name)


def test_zeros_are_the_same_in_both_units():
    assert read(RARE.assign(used=0)).cells["count_high"].to_numpy().tolist() == [12, 22, 36]  # 0.5 % of n


def test_one_row_above_1_tells_the_unit():
    assert read(RARE.assign(used=[0.6, 0.4, 1.3])).cells.attrs["unit"] == "percent"


# ---- digits


@pytest.mark.parametrize(
    "shares",
    [
        np.array([66.7, 33.3, 50.0], dtype="float32"),
        pd.array([66.7, 33.3, 50.0], dtype="Float32"),
        np.array([66.7, 33.3, 50.0], dtype="float32").astype(float),
        [Decimal("66.7"), Decimal("33.3"), Decimal("50.0")],
    ],
)
def test_single_precision_and_decimals_print_as_they_are(shares):
    frame = pd.DataFrame({"g": list("ABC"), "pct": shares, "n": np.array([30, 30, 40], dtype="int16")})
    survey = nav.Survey.from_report(frame, by="g", estimate="pct", n="n")
    assert survey.cells["count_low"].to_numpy().tolist() == [20, 10, 20]
    assert survey.cells.attrs["digits"] == 1


def test_single_precision_limits_and_errors():
    frame = pd.DataFrame({"g": list("AB"), "p": [66.7, 33.3], "lo": [60.1, 27.3], "hi": [72.9, 39.8], "se": [3.3, 3.1]})
    for columns in ({"lower": "lo", "upper": "hi"}, {"se": "se"}):
        one, other = (
            nav.Survey.from_report(each, by="g", estimate="p", **columns).cells
            for each in (frame, frame.astype(dict.fromkeys(["p", "lo", "hi", "se"], "float32")))
        )
        np.testing.assert_array_equal(one["sd"], other["sd"])
        np.testing.assert_array_equal(one["low"], other["low"])


# ---- text


@pytest.mark.parametrize(
    ("entry", "recipe"),
    [
        (":", "suppressed=(':',)"),
        ("<5", "suppressed=('<5',)"),
        ("-", "suppressed=('-',)"),
        ("12*", "nav.read_table(path)"),
        ("68,1", "decimal=','"),
        ("1 400", "nav.read_table(path)"),
        ("68 %", "nav.read_table(path)"),
    ],
)
def test_the_entry_that_is_no_number_is_named_with_its_row(entry, recipe):
    table = pd.DataFrame(
        {"region": [f"r{i:02d}" for i in range(60)], "p": [str(20 + i % 40) for i in range(60)], "n": 200}
    )
    table.loc[47, "p"] = entry
    with pytest.raises(ValueError, match=r"in row 47 \(1 of 60\); allowed: a column of numbers") as caught:
        nav.Survey.from_report(table, by="region", estimate="p", n="n")
    assert f"column 'p' holds {entry!r} in row 47" in str(caught.value)
    assert recipe in str(caught.value)


# ---- standard errors that n contradicts

P = pd.DataFrame({"g": list("ABC"), "p": [30.0, 45.0, 62.0], "n": [900, 1200, 700]})
SE = 100 * np.sqrt(1.3 * P["p"] / 100 * (1 - P["p"] / 100) / P["n"])  # percent, design effect 1.3


@pytest.mark.parametrize(
    ("se", "guess"),
    [
        ((SE / 100) ** 2, "a variance of proportions"),
        (SE / 100, "a proportion, and the estimates are percent"),
    ],
)
def test_what_is_no_standard_error_is_questioned(se, guess):
    with pytest.raises(
        ValueError, match=r"standard error and n contradict each other in rows 0, 1, 2 \(3 of 3\)"
    ) as caught:
        nav.Survey.from_report(P.assign(se=se), by="g", estimate="p", se="se", n="n")
    assert guess in str(caught.value)


@pytest.mark.parametrize("size", [100, 30_000])
def test_a_variance_in_the_unit_of_the_estimates_is_questioned(size):
    """With n = 100 the standard error is about 5 points and its square 25; with 30,000 it is 0.3 and 0.1."""
    frame = P.assign(n=size)
    se = 100 * np.sqrt(frame["p"] / 100 * (1 - frame["p"] / 100) / size)
    nav.Survey.from_report(frame.assign(se=se), by="g", estimate="p", se="se", n="n")
    with pytest.raises(ValueError, match="It looks like its square, a variance: take the square root"):
        nav.Survey.from_report(frame.assign(se=se**2), by="g", estimate="p", se="se", n="n")


def test_a_variance_of_proportions_is_questioned():
    frame = P.assign(p=P["p"] / 100)
    with pytest.raises(ValueError, match="its square, a variance"):
        nav.Survey.from_report(
            frame.assign(se=(SE / 100) ** 2), by="g", estimate="p", se="se", n="n", unit="proportion"
        )


@pytest.mark.parametrize("design_effect", [0.5, 1.0, 2.0, 6.0])
def test_standard_errors_of_any_design_are_taken(design_effect):
    frame = P.assign(se=SE * np.sqrt(design_effect / 1.3))
    survey = nav.Survey.from_report(frame, by="g", estimate="p", se="se", n="n")
    p = P["p"].to_numpy() / 100
    assert survey.cells["sd"].to_numpy() == pytest.approx(np.sqrt(design_effect / (P["n"] * p * (1 - p))), rel=1e-9)


def test_without_n_nothing_contradicts():
    frame = P.assign(se=(SE / 100) ** 2)
    assert nav.Survey.from_report(frame, by="g", estimate="p", se="se").cells.sizes["cell"] == 3


# ---- what the survey says


def test_a_simple_sample_is_said_to_be_one():
    text = repr(nav.Survey.from_report(P, by="g", estimate="p", n="n"))
    assert (
        "3 rows taken as a simple sample: if weighted, intervals are 1.22 (design effect 1.5) or 1.41 times (2)" in text
    )
    weighted = nav.Survey.from_report(P, by="g", estimate="p", n="n", design_effect=1.5)
    own = nav.Survey.from_report(P.assign(se=SE), by="g", estimate="p", se="se", n="n")
    assert "simple sample" not in repr(weighted) + repr(own)


def test_the_factors_in_the_repr_are_those_of_a_refit():
    """Normal likelihoods of the same n differ by the root of the design effect."""
    one = with_design_effect(nav.Survey.from_report(P, by="g", estimate="p", n="n"), 1.5).cells["sd"]
    two = with_design_effect(nav.Survey.from_report(P, by="g", estimate="p", n="n"), 3.0).cells["sd"]
    np.testing.assert_allclose(two / one, np.sqrt(2), rtol=1e-12)


# ---- weights of cells whose base is not printed

YEARS = pd.DataFrame(
    {"region": ["Nord", "Sør"] * 2, "year": [2023, 2023, 2024, 2024], "p": [20.0, 60, 25, 65]}
    | {"lo": [12.0, 57, 17, 62], "hi": [29.0, 63, 35, 68], "n": [100.0, 900, 100, 900]}
)


def by_years(n):
    return nav.Survey.from_report(YEARS.assign(n=n), by=["region", "year"], estimate="p", lower="lo", upper="hi", n="n")


@pytest.fixture(scope="module")
def one_lacking():
    return nav.fit(
        nav.Model(nav.Reported(), nav.Effect("region"), nav.Trend("year")), by_years([100, 900, None, 900]), seed=1
    )


def test_one_base_that_is_lacking_leaves_the_other_weights_alone():
    assert by_years([100, 900, None, 900]).cells["weight"].to_numpy()[[0, 1, 3]].tolist() == [100, 900, 900]
    assert by_years([None] * 4).cells["weight"].to_numpy().tolist() == [1, 1, 1, 1]
    assert "1 cell without n: averages over other cells too need population=" in repr(by_years([100, 900, None, 900]))
    assert "n not printed: in averages all cells weigh alike" in repr(by_years([None] * 4))


def test_averages_that_do_not_need_it_are_as_before(one_lacking):
    cells = nav.estimate(one_lacking, by=["region", "year"])
    with pytest.warns(UserWarning, match=r"no n is printed for region='Nord', year=2024.*Give population="):
        years = nav.estimate(one_lacking, by="year")
    by_hand = 0.1 * cells.sel(region="Nord", year=2023) + 0.9 * cells.sel(region="Sør", year=2023)
    np.testing.assert_allclose(years.sel(year=2023), by_hand, rtol=1e-12)
    assert 2024 not in years["year"] or bool(years.sel(year=2024).isnull().all())
    assert nav.summarise(years)["year"].tolist() == [2023]


def test_an_average_that_needs_it_is_refused_and_the_remedy_works(one_lacking):
    with pytest.raises(ValueError, match=r"no n is printed for region='Nord', year=2024.*'region', 'year', 'weight'"):
        nav.estimate(one_lacking)
    population = YEARS[["region", "year"]].assign(weight=[100, 900, 120, 880])
    years = nav.estimate(one_lacking, by="year", population=population)
    cells = nav.estimate(one_lacking, by=["region", "year"])
    by_hand = 0.12 * cells.sel(region="Nord", year=2024) + 0.88 * cells.sel(region="Sør", year=2024)
    np.testing.assert_allclose(years.sel(year=2024), by_hand, rtol=1e-12)


def test_shrinkage_and_checks_work_without_a_base(one_lacking):
    table = nav.shrinkage(one_lacking, by=["region", "year"]).set_index(["region", "year"])
    assert table.loc[("Nord", 2024), "direct"] == pytest.approx(0.25)
    assert nav.check_fit(one_lacking).notna().any(axis=None)
