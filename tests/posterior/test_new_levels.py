"""Labels of a population that the survey does not have: of another kind, misspelt, or new and asked for."""

import json

import numpy as np
import pandas as pd
import pytest

import navmodels as nav


def shares(by, *terms, seed=1, **options):
    """A fit of printed counts; columns of `by` and k, n."""
    survey = nav.Survey.from_counts(by, by=[name for name in by if name not in ("k", "n")], positive="k", n="n")
    return nav.fit(nav.Model(nav.Share(), *terms), survey, engine="laplace", seed=seed, **options)


# ---- kinds


@pytest.fixture(scope="module", params=[nav.Group, nav.Effect])
def urban(request):
    return shares(pd.DataFrame({"urban": [True, False], "k": [20, 70], "n": [100, 100]}), request.param("urban"))


@pytest.mark.parametrize("codes", [[1, 0], [0, 1], [1.0, 0.0], ["True", "False"]])
def test_true_and_false_are_not_1_and_0(urban, codes):
    population = pd.DataFrame({"urban": codes, "weight": [90.0, 10.0]})
    with pytest.raises(ValueError, match=r"column 'urban' .*where its levels are True/False: False, True\. Convert"):
        nav.estimate(urban, by="urban", population=population)
    with pytest.raises(ValueError, match="where its levels are True/False"):
        nav.estimate(urban, by="urban", population=population, new_levels="allow")


@pytest.mark.parametrize("dtype", ["bool", "boolean", "object", "category"])
def test_each_group_keeps_its_estimate_whatever_the_type_and_order(urban, dtype):
    column = pd.Series([True, False], dtype=dtype)
    own = nav.estimate(urban, by="urban")
    draws = nav.estimate(urban, by="urban", population=pd.DataFrame({"urban": column, "weight": [90.0, 10.0]}))
    for label, share in ((True, 0.2), (False, 0.7)):
        assert np.abs(draws.sel(urban=label) - own.sel(urban=label)).max() < 1e-12
        assert float(draws.sel(urban=label).mean()) == pytest.approx(share, abs=0.04)  # pooled a little
    assert draws["n"].values.tolist() == [100.0, 100.0]


def test_0_and_1_of_a_survey_are_not_true_and_false():
    fit = shares(pd.DataFrame({"urban": [1, 0], "k": [20, 70], "n": [100, 100]}), nav.Effect("urban"), draws=100)
    with pytest.raises(ValueError, match=r"True/False, where its levels are numbers: 0, 1\..*\.astype\(int\)"):
        nav.estimate(fit, population=pd.DataFrame({"urban": [True, False], "weight": 1.0}))


@pytest.mark.parametrize("codes", [["03", "11", "50"], ["3", "11", "50"]])
def test_codes_as_text_are_not_new_levels(codes):
    fit = shares(pd.DataFrame({"zone": [3, 11, 50], "k": [5, 25, 45], "n": 50}), nav.Group("zone"), draws=100)
    for asked in ("refuse", "allow"):
        with pytest.raises(ValueError, match=r"where its levels are numbers: 3, 11, 50\. Convert .*\.astype\(int\)"):
            nav.estimate(fit, by="zone", population=pd.DataFrame({"zone": codes, "weight": 1.0}), new_levels=asked)
    draws = nav.estimate(fit, by="zone", population=pd.DataFrame({"zone": [50.0, 3.0, 11.0], "weight": 1.0}))
    assert draws.identical(nav.estimate(fit, by="zone"))


# ---- asked for or not


@pytest.fixture(scope="module")
def counties():
    frame = pd.DataFrame({"county": ["Agder", "Oslo", "Troms", "Viken"], "k": [30, 51, 44, 38], "n": [60, 80, 75, 66]})
    return shares(frame, nav.Group("county"), draws=500)


def people(*labels):
    return pd.DataFrame({"county": labels, "weight": 1.0})


def test_a_misspelt_label_is_no_new_one(counties):
    with pytest.raises(ValueError, match=r"^population has 'Olso'") as error:
        nav.estimate(counties, population=people("Agder", "Olso"))
    message = str(error.value)
    assert "'Olso' in column 'county' (row 1 (1 of 2))" in message
    assert "its levels: 'Agder', 'Oslo', 'Troms', 'Viken'. Did you mean 'Oslo'?" in message
    assert "new_levels=['Olso'], or new_levels='allow'" in message
    with pytest.raises(ValueError, match=r"'Olso' looks like 'Oslo'\. .*new_levels=\['Olso'\]\.$"):
        nav.estimate(counties, population=people("Agder", "Olso"), new_levels="allow")
    draws = nav.estimate(counties, by="county", population=people("Agder", "Olso"), new_levels=["Olso"])
    assert draws["n"].values.tolist() == [60.0, 0.0]
    assert draws.attrs["new_levels"] == {"county": ["Olso"]}


def test_a_listed_set_lets_no_other_label_pass(counties):
    population = people("Nordland", "Nordlnad", "Oslo")
    with pytest.raises(
        ValueError, match=r"has 'Nordlnad' in column 'county' \(row 1 .*=\['Nordland', 'Nordlnad'\], or"
    ):
        nav.estimate(counties, population=population, new_levels=["Nordland"])
    draws = nav.estimate(counties, by="county", population=population.iloc[[0, 2]], new_levels={"Nordland", "Finnmark"})
    assert draws["county"].values.tolist() == ["Oslo", "Nordland"]
    assert json.loads(json.dumps(draws.attrs["new_levels"])) == {"county": ["Nordland"]}
    assert "new_levels" not in nav.estimate(counties, by="county", population=people("Oslo"), new_levels="allow").attrs


@pytest.mark.parametrize("asked", ["Nordland", "allowed", None, True])
def test_what_new_levels_may_be(counties, asked):
    with pytest.raises(ValueError, match=r"new_levels is .*; allowed: 'refuse', 'allow', or a list of the labels"):
        nav.estimate(counties, population=people("Oslo"), new_levels=asked)


def test_terms_that_know_their_own_levels_only_say_so():
    fit = shares(
        pd.DataFrame({"sector": ["public", "private"], "k": [20, 30], "n": 50}), nav.Effect("sector"), draws=100
    )
    with pytest.raises(ValueError, match=r"'semi' in column 'sector'.*the term 'sector' knows its own only"):
        nav.estimate(fit, population=pd.DataFrame({"sector": ["semi"], "weight": 1.0}), new_levels="allow")


def test_coming_years_and_new_combinations_need_no_asking():
    frame = pd.DataFrame(
        {"county": list("AABBC"), "year": [2021, 2023, 2022, 2023, 2023], "k": [9, 12, 8, 15, 7], "n": 30}
    )
    fit = shares(frame, nav.Trend("year"), nav.Group("county"), nav.Group("county", "year"), draws=100)
    population = pd.MultiIndex.from_product([list("ABC"), [2021, 2024]], names=["county", "year"]).to_frame(index=False)
    draws = nav.estimate(fit, by=["county", "year"], population=population.assign(weight=1.0))
    assert draws.notnull().all()
    assert "new_levels" not in draws.attrs


# ---- several new groups in one prediction


def test_new_offices_in_known_and_new_counties():
    """Independent given the model, and alike as far as they share a county: variances from the posterior."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame([(c, f"{c}{i}") for c in "ABCDEF" for i in range(5)], columns=["county", "office"])
    eta = rng.normal(0, 0.5, 6)[np.repeat(range(6), 5)] + rng.normal(0, 0.4, 30)
    frame = frame.assign(k=rng.binomial(60, 1 / (1 + np.exp(-eta))), n=60)
    fit = shares(frame, nav.Group("county", scale=1.0), nav.Group("county", "office", scale=1.0), draws=4000)
    asked = [("A", "N1"), ("A", "N2"), ("Z", "N1"), ("Z", "N2"), ("Y", "N1"), ("Z", "A0")]
    population = pd.DataFrame(asked, columns=["county", "office"]).assign(weight=1.0)
    by = {"by": ["county", "office"], "population": population, "scale": "linear"}
    with pytest.raises(ValueError, match=r"'Z', 'Y' in column 'county' \(rows 2, 3, 4, 5"):
        nav.estimate(fit, **by)
    draws = nav.estimate(fit, **by, new_levels="allow")
    assert draws.attrs["new_levels"] == {"county": ["Y", "Z"], "office": ["N1", "N2"]}
    one, two, other, odd = (
        draws.sel(county=c, office=o).to_numpy().ravel()
        for c, o in (("Z", "N1"), ("Z", "N2"), ("Y", "N1"), ("Z", "A0"))
    )
    posterior = fit["posterior"]
    base, county, office = (
        posterior[name].to_numpy().ravel() for name in ("intercept", "county_sd", "county:office_sd")
    )
    variance = base.var() + (county**2).mean() + (office**2).mean()
    error = 4 * np.sqrt(2 / one.size) * 2  # of a variance, tails of scale mixtures allowed for
    assert one.var() == pytest.approx(variance, rel=error)
    assert odd.var() == pytest.approx(variance, rel=error)
    assert np.cov(one, two)[0, 1] == pytest.approx(base.var() + (county**2).mean(), rel=error)
    assert np.cov(one, other)[0, 1] == pytest.approx(base.var(), abs=error * variance)


def test_many_labels_are_asked_for_by_the_column(counties):
    population = people("Oslo", "Olso", *(f"place {number}" for number in range(20)))
    with pytest.raises(ValueError, match=r"new_levels=list\(frame\['county'\]\.unique\(\)\)\.$"):
        nav.estimate(counties, population=population, new_levels="allow")
    draws = nav.estimate(counties, population=population, new_levels=list(population["county"].unique()))
    assert len(draws.attrs["new_levels"]["county"]) == 21
