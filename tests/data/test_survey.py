import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from navmodels.checks.reserved import RESERVED
from navmodels.data import Survey
from navmodels.likelihoods.outcomes import effective_counts

FACTORS = ["county", "year", "sector"]


def respondents(seed=1, rows=400):
    """Return simulated answers 1-6 with weights that are sums of powers of two, so that all sums are exact."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "county": rng.choice(["Oslo", "Agder", "Troms"], rows),
            "year": rng.choice([2023, 2024], rows),
            "sector": rng.choice(["public", "private"], rows),
            "answer": rng.choice([1, 2, 3, 5, 6], rows),
            "w": rng.choice([0.5, 1.0, 1.25, 3.0], rows),
        }
    )


ROWS = respondents()


def rating(frame=ROWS, **changes):
    given = {"outcome": "answer", "by": FACTORS, "categories": range(1, 7), "weights": "w"} | changes
    return Survey.from_responses(frame, **given)


def share(frame=ROWS, **changes):
    given = {"outcome": "yes", "by": FACTORS, "weights": "w"} | changes
    return Survey.from_responses(frame.assign(yes=frame["answer"] >= 4), **given)


def assert_same(one, other, ignore=()):
    """Assert equal cells in any order, equal levels and attributes."""
    attrs = [{key: value for key, value in each.cells.attrs.items() if key not in ignore} for each in (one, other)]
    assert attrs[0] == attrs[1]
    assert one.levels == other.levels
    assert list(one.cells.data_vars) == list(other.cells.data_vars)
    if "category" in one.cells.dims:
        assert one.cells["category"].to_numpy().tolist() == other.cells["category"].to_numpy().tolist()
    sorted_cells = []
    for survey in (one, other):
        keys = [survey.cells[name].to_numpy() for name in survey.factors]
        sorted_cells.append(survey.cells.isel(cell=np.lexsort(keys)) if keys else survey.cells)
    xr.testing.assert_equal(*(cells.drop_attrs() for cells in sorted_cells))


# ---- exact numbers


def test_counts_by_hand():
    frame = pd.DataFrame(
        {"office": ["B", "A", "A", "A"], "answer": [3, 1, 1, 2], "w": [2.0, 1.0, 0.5, 4.0]}, index=list("wxyz")
    )
    survey = Survey.from_responses(frame, outcome="answer", by="office", categories=[1, 2, 3, 4], weights="w")
    assert survey.kind == "rating"
    assert survey.factors == ("office",)
    assert survey.cells["office"].to_numpy().tolist() == ["A", "B"]
    assert survey.cells["count"].to_numpy().tolist() == [[2, 1, 0, 0], [0, 0, 1, 0]]
    assert survey.cells["weighted"].to_numpy().tolist() == [[1.5, 4, 0, 0], [0, 0, 2, 0]]
    assert survey.cells["squares"].to_numpy().tolist() == [17.25, 4]
    assert survey.cells["weight"].to_numpy().tolist() == [5.5, 2]
    assert survey.cells["category"].to_numpy().tolist() == [1, 2, 3, 4]


def test_row_order_and_splitting_are_irrelevant():
    assert_same(rating(ROWS.sample(frac=1, random_state=3)), rating())
    halves = [rating(part).to_pandas() for part in (ROWS.iloc[:150], ROWS.iloc[150:])]
    together = pd.concat(halves).groupby(FACTORS, observed=True).sum()
    assert_frame_equal(together, rating().to_pandas().set_index(FACTORS), check_index_type=False)


@pytest.mark.parametrize("weighting", ["frame", "effective", "none"])
@pytest.mark.parametrize("by", [["county"], ["year", "county"], ["sector", "year"], []])
def test_collapse_equals_recount(weighting, by):
    assert_same(rating(weighting=weighting).collapse(by), rating(weighting=weighting, by=by))


def test_collapse_to_all_factors_keeps_the_order_asked_for():
    collapsed = rating().collapse(FACTORS[::-1])
    assert collapsed.factors == ("sector", "year", "county")
    assert_same(collapsed, rating(by=FACTORS[::-1]))


@pytest.mark.parametrize("weighting", ["frame", "effective", "none"])
@pytest.mark.parametrize("cut", [2, 4, 6])
def test_dichotomise_equals_recount(weighting, cut):
    recount = share(ROWS.assign(answer=ROWS["answer"] + 4 - cut), weighting=weighting)
    cut_survey = rating(weighting=weighting).dichotomise(cut)
    assert_same(cut_survey, recount, ignore=("cut", "outcome"))
    assert cut_survey.cells.attrs["cut"] == cut
    assert rating().cells.attrs.get("cut") is None


def test_dichotomise_and_collapse_commute():
    assert_same(rating().dichotomise(4).collapse("county"), rating().collapse("county").dichotomise(4))


def test_positive_answers_equal_a_cut():
    positive = Survey.from_responses(ROWS, outcome="answer", by=FACTORS, positive=[5, 6], weights="w")
    assert_same(positive, rating().dichotomise(5), ignore=("cut", "sides"))


def test_weights_of_one_are_no_weights():
    ones = share(ROWS.assign(w=1), weighting="effective")
    plain = share(weights=None)
    for given_counts, expected in zip(effective_counts(ones), effective_counts(plain), strict=True):
        assert given_counts.tolist() == expected.tolist()
    xr.testing.assert_equal(ones.cells.drop_attrs(), plain.cells.drop_attrs())


def test_effective_counts_of_kish_by_hand():
    # weights 1, 2, 3: (1 + 2 + 3)² / (1 + 4 + 9) = 18/7 respondents, a share of (1 + 3) / 6
    frame = pd.DataFrame({"office": "A", "yes": [1, 0, 1], "w": [1, 2, 3]})
    survey = Survey.from_responses(frame, outcome="yes", by="office", weights="w", weighting="effective")
    count = effective_counts(survey)
    assert count.sum(axis=1).tolist() == pytest.approx([18 / 7], rel=1e-15)
    assert count[:, 1].tolist() == pytest.approx([4 / 6 * 18 / 7], rel=1e-15)


def test_weighting_none_uses_no_weights():
    survey = rating(weighting="none")
    assert_same(survey, rating(weights=None))
    assert survey.cells["weight"].sum() == len(ROWS)
    assert rating(weighting="frame").cells["weight"].sum() == ROWS["w"].sum()


def test_real_numbers_are_counts():
    table = pd.DataFrame({"office": ["A", "B"], "k": [4 / 6 * 18 / 7, 0.0], "n": [18 / 7, 0.25]})
    survey = Survey.from_counts(table, by="office", positive="k", n="n")
    count = effective_counts(survey)
    assert count[:, 1].tolist() == table["k"].tolist()
    assert count.sum(axis=1).tolist() == pytest.approx(table["n"].tolist(), rel=1e-15)


def test_categorical_order_is_kept():
    frame = ROWS.assign(sector=pd.Categorical(ROWS["sector"], ["public", "other", "private"]))
    survey = rating(frame)
    assert survey.levels["sector"] == ("public", "private")
    assert rating().levels == {
        "county": ("Agder", "Oslo", "Troms"),
        "year": (2023, 2024),
        "sector": ("private", "public"),
    }
    assert survey.collapse("sector").levels == {"sector": ("public", "private")}
    assert survey.to_pandas()["sector"].cat.categories.tolist() == ["public", "private"]
    counts = Survey.from_counts(survey.dichotomise(4).to_pandas(), by=FACTORS, positive="positive", n="n")
    assert counts.levels == survey.levels


def test_an_unobserved_category_stays_as_zero():
    table = rating().to_pandas()
    assert table["4"].tolist() == [0.0] * 12
    assert (ROWS["answer"] != 4).all()
    assert table[list("123456")].sum(axis=1).tolist() == table["n"].tolist()


def test_choice():
    frame = pd.DataFrame({"office": ["A", "A", "B"], "channel": ["phone", "web", "web"]})
    survey = Survey.from_responses(
        frame, outcome="channel", by="office", categories=["web", "phone", "post"], ordered=False
    )
    assert survey.kind == "choice"
    assert survey.to_pandas()[["web", "phone", "post"]].to_numpy().tolist() == [[1, 1, 0], [1, 0, 0]]
    with pytest.raises(ValueError, match="only a rating can be cut in two; this is a survey of kind 'choice'"):
        survey.dichotomise("phone")


def test_ratings_from_counts_equal_ratings_from_responses():
    table = rating(weights=None).to_pandas()
    survey = Survey.from_counts(table, by=FACTORS, counts=list("123456"), categories=range(1, 7))
    assert_same(survey, rating(weights=None))
    named = Survey.from_counts(table, by=FACTORS, counts=list("123456"), ordered=False)
    assert named.kind == "choice"
    assert named.cells["category"].to_numpy().tolist() == list("123456")


def test_no_factor_makes_one_cell():
    assert share(by=[]).to_pandas()["n"].tolist() == [400.0]
    whole = Survey.from_counts(pd.DataFrame({"k": [3], "n": [4]}), by=(), positive="k", n="n")
    assert repr(whole) == "Survey of shares: 1 cell, 4 respondents\n  share  75.0 % positive"
    assert share(by=[], population=pd.DataFrame({"weight": [9]})).cells["weight"].to_numpy().tolist() == [9.0]


def test_tables_go_round():
    table = rating().dichotomise(4).to_pandas()
    again = Survey.from_counts(table, by=FACTORS, positive="positive", n="n", population=table[[*FACTORS, "weight"]])
    assert_frame_equal(again.to_pandas(), table)
    survey = rating()
    cells = survey.to_xarray()
    assert_same(Survey(cells, survey.levels), survey)
    cells["count"][:] = 0
    cells.attrs["kind"] = "share"
    assert survey.cells["count"].sum() == 400
    assert survey.kind == "rating"


def test_table_of_published_numbers():
    table = pd.DataFrame({"office": ["A", "B"], "share": [86.0, 0.0], "se": [2.0, np.nan], "n": [np.nan, 30.0]})
    survey = Survey.from_report(table, by="office", se="se", n="n")
    assert_frame_equal(
        survey.to_pandas(),
        pd.DataFrame(
            {"office": pd.Categorical(["A", "B"]), "estimate": [86.0, 0.0], "lower": np.nan, "upper": np.nan}
            | {"se": [2.0, np.nan], "n": [np.nan, 30.0], "weight": [np.nan, 30.0]}
        ),
    )
    assert survey.cells["sd"].to_numpy()[0] == pytest.approx(0.02 / (0.86 * 0.14), rel=1e-12)
    assert survey.cells["count_high"].to_numpy()[1] == 0
    with_n = Survey.from_report(table.assign(n=[24, 30], share=[29, 0]), by="office", n="n")
    assert with_n.cells["weight"].to_numpy().tolist() == [24, 30]


counted = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from([2022, 2023, 2024]), st.booleans(), st.booleans()), min_size=1
).map(lambda rows: pd.DataFrame(rows, columns=["office", "year", "public", "yes"]))


@settings(max_examples=60, deadline=None)
@given(counted, st.sampled_from([["office"], ["year"], ["public", "office"], ["year", "public"], ["office", "year"]]))
def test_collapsed_responses_are_the_crosstab(frame, by):
    survey = Survey.from_responses(frame, outcome="yes", by=["office", "year", "public"])
    crosstab = frame.groupby(by)["yes"].agg(k="sum", n="size").reset_index()
    expected = Survey.from_counts(crosstab, by=by, positive="k", n="n")
    assert_same(survey.collapse(by), expected, ignore=("outcome",))


# ---- population, drop, repr


POPULATION = pd.DataFrame(
    {"office": list("ABAB"), "year": [2023, 2023, 2024, 2024], "weight": [10.0, 20.0, 30.0, 40.0]}
)
TABLE = pd.DataFrame({"office": ["B", "A", "A"], "year": [2023, 2024, 2023], "k": [3, 5, 1], "n": [6, 8, 2]})


def offices(frame=TABLE, **changes):
    return Survey.from_counts(frame, **{"by": ["office", "year"], "positive": "k", "n": "n"} | changes)


def test_population_adds_cells_with_n_0():
    survey = offices(population=POPULATION)
    table = survey.to_pandas().sort_values(["year", "office"])
    assert table["n"].tolist() == [2, 6, 8, 0]
    assert table["positive"].tolist() == [1, 3, 5, 0]
    assert table["weight"].tolist() == [10, 20, 30, 40]
    assert "1 cell with n = 0: its estimate rests on the model alone" in repr(survey)
    assert survey.collapse("office").to_pandas()[["n", "weight"]].to_numpy().tolist() == [[6, 60], [10, 40]]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_population_in_any_order_and_number_type(order):
    frame = POPULATION.iloc[order].assign(year=POPULATION["year"].astype(float))
    assert_same(
        offices(population=frame[["weight", "year", "office"]]).collapse(["office", "year"]),
        offices(population=POPULATION),
    )


def test_population_of_responses():
    frame = pd.DataFrame({"office": ["A", "B", "B"], "yes": [1, 0, 1], "w": [1.0, 2, 3]})
    population = pd.DataFrame({"office": ["B", "A"], "weight": [70, 30]})
    survey = Survey.from_responses(frame, outcome="yes", by="office", weights="w", population=population)
    assert survey.to_pandas()["weight"].tolist() == [30, 70]
    assert survey.cells["weighted"].to_numpy().tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("population", "message"),
    [
        (
            POPULATION.iloc[1:],
            r"lacks 1 of 3 cells that were observed: office='A', year=2023; it needs one row for each",
        ),
        (POPULATION.iloc[3:], r"lacks 3 of 3 .*office='B', year=2023; office='A', year=2024; office='A', year=2023;"),
        (
            POPULATION.replace("B", "b"),
            r"'b' in column 'office' \(rows 1, 3 \(2 of 4\)\).*levels: 'A', 'B'\. Did you mean 'B'",
        ),
        (
            POPULATION.assign(year=2025),
            r"2025 in column 'year' \(rows 0, 1, 2, 3 .*its levels: 2023, 2024\. Did you mean",
        ),
        (POPULATION.assign(year="2023"), r"'2023' in column 'year' .* Did you mean 2023\?"),
        (POPULATION.assign(county="x"), r"columns 'county' that are no factors .* allowed: 'office', 'year', 'weight'"),
        (POPULATION.drop(columns="weight"), r"population names column 'weight', which the frame does not have"),
        (POPULATION.rename(columns={"year": "yaer"}), r"names column 'year', .* Did you mean 'yaer'\?"),
        (
            POPULATION.assign(weight=[1, -1, np.nan, 2]),
            r"'weight' holds -1\.0, nan in rows 1, 2 \(2 of 4\); allowed: finite",
        ),
        (POPULATION.assign(office=["A", None, "A", "B"]), r"'office' is missing in row 1 \(1 of 4\)"),
        (POPULATION.assign(year=2023), r"rows 0, 1, 2, 3 \(4 of 4\) .* for instance office='A', year=2023"),
        (POPULATION.iloc[:0], "population was given no rows"),
    ],
)
def test_bad_population(population, message):
    with pytest.raises(ValueError, match=message):
        offices(population=population)


def test_population_in_another_unicode_form():
    frame = TABLE.replace("B", "Ås")
    population = POPULATION.replace("B", "A\N{COMBINING RING ABOVE}s")
    with pytest.raises(
        ValueError, match=r"\(rows 1, 3 \(2 of 4\)\).* Did you mean 'Ås'\? It differs only in .*Unicode form"
    ):
        offices(frame, population=population)


def test_drop():
    survey = rating()
    kept = survey.drop(county=["Oslo"], year=2023)
    expected = ROWS[(ROWS["county"] != "Oslo") & (ROWS["year"] != 2023)]
    assert_same(kept, rating(expected))
    assert kept.levels == {"county": ("Agder", "Troms"), "year": (2024,), "sector": ("private", "public")}
    assert_same(survey.drop(county=("Oslo", "Troms")), rating(ROWS[ROWS["county"] == "Agder"]))
    assert_same(survey.drop(), survey)


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"cuonty": "Oslo"}, r"factor is 'cuonty'; allowed: 'county', 'year', 'sector'\. Did you mean 'county'"),
        ({"county": "Olso"}, r"level of 'county' is 'Olso'; allowed: 'Agder', 'Oslo', 'Troms'\. Did you mean 'Oslo'"),
        ({"year": "2023"}, r"level of 'year' is '2023'; allowed: 2023, 2024\. Did you mean 2023"),
        ({"year": [2023, 2024]}, "leaves no cell"),
    ],
)
def test_bad_drop(levels, message):
    with pytest.raises(ValueError, match=message):
        rating().drop(**levels)


def test_published_numbers_are_dropped_but_not_added_up():
    table = pd.DataFrame(
        {"office": list("AABB"), "year": [2023, 2024] * 2, "share": [29, 54, 50, 50], "n": [24, 41, 4, 8]}
    )
    survey = Survey.from_report(table, by=["office", "year"], n="n")
    assert survey.drop(office="B").cells["count_low"].to_numpy().tolist() == [7, 22]
    assert survey.collapse(["year", "office"]).factors == ("year", "office")
    with pytest.raises(ValueError, match="published numbers cannot be added up over 'year'; drop levels"):
        survey.collapse("office")


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("cuonty", r"by is 'cuonty'; allowed: 'county', .* Did you mean 'county'"),
        (["year", "year"], "'year' more than once"),
    ],
)
def test_bad_collapse(by, message):
    with pytest.raises(ValueError, match=message):
        rating().collapse(by)


@pytest.mark.parametrize("cut", [1, 7, "4"])
def test_bad_cut(cut):
    with pytest.raises(ValueError, match=rf"cut is {cut!r}; allowed: 2, 3, 4, 5, 6\."):
        rating().dichotomise(cut)


def test_repr():
    frame = ROWS.assign(yes=(ROWS["answer"] >= 4).astype(float))
    frame.loc[[3, 4], "yes"] = np.nan
    frame.attrs["simulated"] = "simulated for a test"
    survey = Survey.from_responses(frame, outcome="yes", by=FACTORS, weights="w", missing="drop")
    kept = frame.dropna()
    percent = 100 * (kept["w"] * kept["yes"]).sum() / kept["w"].sum()
    cells = kept.assign(wy=kept["w"] * kept["yes"]).groupby(FACTORS)
    plain = 100 * np.average(cells["yes"].mean(), weights=cells["w"].sum())
    assert repr(survey).splitlines() == [
        "Survey of shares (simulated): 12 cells, 398 respondents",
        "  county  3 levels: 'Agder', 'Oslo', 'Troms'",
        "  year    2 levels: 2023, 2024",
        "  sector  2 levels: 'private', 'public'",
        f"  share   {percent:.1f} % positive",
        "  weights: frame",
        "    unequal within 12 of 12 cells, where they are not used: "
        f"{plain:.1f} % without them, {percent:.1f} % with them",
        "  2 rows without answer or factor left out",
    ]
    assert survey.cells.attrs["dropped"] == 2


def test_repr_of_empty_cells_and_large_numbers():
    survey = offices(pd.DataFrame({"office": list("ABC"), "year": 2024, "k": [0, 0, 1200], "n": [0, 0, 2400]}))
    assert "3 cells, 2 400 respondents" in repr(survey)
    assert "2 cells with n = 0: their estimates rest on the model alone" in repr(survey)
    assert "share" not in repr(offices(TABLE.assign(k=0, n=0))).replace("shares", "")


def test_repr_of_published_numbers():
    table = pd.DataFrame({"office": ["A", "B"], "share": [29, 54], "n": [24, np.nan], "se": [np.nan, 3]})
    survey = Survey.from_report(table, by="office", n="n", se="se")
    assert repr(survey).splitlines() == [
        "Survey of published numbers: 2 cells, 24 respondents where n is printed (1 without)",
        "  office  2 levels: 'A', 'B'",
        "  percent: 1 as exact counts, 1 as rounded normal",
        "  1 row taken as a simple sample: if weighted, intervals are 1.22 (design effect 1.5) or 1.41 times (2) as "
        "wide; give design_effect=",
        "  1 cell without n: averages over other cells too need population=",
    ]
    assert "2 cells, n not printed" in repr(Survey.from_report(table.assign(se=3), by="office", se="se"))


def test_simulated_data_says_so_whatever_the_door():
    table = TABLE.copy()
    table.attrs["simulated"] = "simulated for a test"
    report = table[["office", "year", "n"]].assign(share=50)
    for survey in (offices(table), Survey.from_report(report, by=["office", "year"], n="n")):
        assert survey.cells.attrs["simulated"] == "simulated for a test"
        assert "(simulated)" in repr(survey)


def test_attributes_can_be_written_as_json():
    survey = rating().dichotomise(np.int64(4))
    assert json.loads(json.dumps(survey.cells.attrs))["cut"] == 4
    report = Survey.from_report(
        pd.DataFrame({"a": [1], "share": [50], "n": [4]}),
        by="a",
        n="n",
        design_effect=np.float32(1),
        prob=np.float64(0.9),
    )
    assert json.loads(json.dumps(report.cells.attrs))["prob"] == 0.9
    assert json.dumps(report.levels) == '{"a": [1]}'


# ---- bad input


@pytest.mark.parametrize("name", RESERVED)
def test_factors_may_not_have_a_name_of_the_survey_itself(name):
    table = pd.DataFrame({name: ["A", "B"], "k": [1, 2], "size": [3, 4], "printed": [33, 50]})
    with pytest.raises(ValueError, match=rf"by names '{name}', .* rename the column\. Reserved: .*'{name}'"):
        Survey.from_counts(table, by=name, positive="k", n="size")
    with pytest.raises(ValueError, match=rf"by names '{name}', .* rename the column\."):
        Survey.from_responses(table, by=name, outcome="k")
    with pytest.raises(ValueError, match=rf"by names '{name}', .* rename the column\."):
        Survey.from_report(table, by=name, estimate="printed", n="size")


@pytest.mark.parametrize("name", ["outcome", "kind", "item", "index", "levels", "cells", "cell_id", "_n"])
def test_other_names_work(name):
    frame = pd.DataFrame({name: ["A", "B", "B"], "yes": [1, 0, 1]})
    survey = Survey.from_responses(frame, outcome="yes", by=name)
    assert survey.to_pandas()[[name, "n", "positive"]].to_numpy().tolist() == [["A", 1, 1], ["B", 2, 1]]
    assert survey.drop(**{name: "A"}).levels == {name: ("B",)}


@pytest.mark.parametrize("name", ["count", "weighted", "squares", "category", "n", "weight", "cell"])
def test_the_answer_may_have_any_name(name):
    frame = pd.DataFrame({"office": ["A", "B", "B"], name: [1, 0, 1]})
    survey = Survey.from_responses(frame, outcome=name, by="office")
    assert survey.to_pandas()["positive"].tolist() == [1, 1]
    assert survey.cells.attrs["outcome"] == name


@pytest.mark.parametrize("taken", ["n", "weight", "office"])
def test_categories_may_not_share_a_name_with_a_column_of_the_table(taken):
    frame = pd.DataFrame({"office": ["A", "B"], "channel": ["web", taken]})
    with pytest.raises(ValueError, match=rf"categories are named '{taken}', .*'office', 'n', 'weight'.*other names"):
        Survey.from_responses(frame, outcome="channel", by="office", categories=["web", taken], ordered=False)


RESPONSES = pd.DataFrame(
    {"office": ["A", "A", "B", "B"], "answer": [1, 0, 1, 1], "w": [1.0, 2.0, 1.0, 1.0]}, index=["p", "q", "r", "s"]
)


@pytest.mark.parametrize(
    ("changed", "given", "message"),
    [
        ({"answer": [1, None, 1, None]}, {}, r"'answer' is missing in rows 'q', 's' \(2 of 4\)\. .*missing='drop'"),
        ({"office": ["A", "A", None, "B"]}, {}, r"'office' is missing in row 'r' \(1 of 4\)\. .*missing='drop'"),
        (
            {"w": [1, None, 1, 1]},
            {"weights": "w"},
            r"'w' holds nan in row 'q' \(1 of 4\); allowed: finite numbers from 0 up",
        ),
        ({"w": [1, 1, np.inf, 1]}, {"weights": "w"}, r"'w' holds inf in row 'r' \(1 of 4\); allowed: finite numbers"),
        ({"w": [1, 1, 1, -1]}, {"weights": "w"}, r"'w' holds -1\.0 in row 's' \(1 of 4\); allowed: finite numbers"),
        (
            {"w": list("1234")},
            {"weights": "w"},
            r"'w' holds '1', '2', '3', '4' in rows 'p', .*allowed: a column of numbers",
        ),
        (
            {"w": [1, 1, 0, 0]},
            {"weights": "w"},
            r"all weights are zero in 1 of 2 cells: office='B'; each needs a weight above",
        ),
        (
            {"answer": [1, 2, 3, 9]},
            {"categories": [1, 2, 3]},
            r"'answer' holds 9 in row 's' .*the categories 1, 2, 3\.",
        ),
        (
            {"answer": [1, 2, 3, 0]},
            {},
            r"'answer' holds 2, 3 in rows 'q', 'r' \(2 of 4\); allowed for a share: 0 and 1",
        ),
        ({}, {"categories": [1, 0]}, r"categories are out of order: 1, 0; allowed, lowest first: 0, 1"),
        ({}, {"positive": 2}, r"positive is 2, which never occurs in column 'answer'; it holds 1, 0\."),
        (
            {"office": ["Ås", "A\N{COMBINING RING ABOVE}s", "B", "B"]},
            {},
            r"the same after Unicode .* in row '[pq]' .* in row '[pq]' .*write them alike",
        ),
        (
            {"office": ["A", 1, "B", "B"]},
            {},
            r"'A' \(text\) in row 'p', 1 \(number\) in row 'q'; allowed: text, numbers",
        ),
        ({"office": pd.Timestamp("2024-05-01")}, {}, r"Timestamp\) in row 'p'; allowed: text, .*\.dt\.year"),
        ({"office": pd.Interval(18, 67)}, {}, r"Interval\) in row 'p'; allowed: text, .*rename_categories\(str\)"),
        ({}, {"by": "offices"}, r"column 'offices', .*its columns: 'office', 'answer', 'w'\. Did you mean 'office'"),
        ({}, {"outcome": "anwser"}, r"column 'anwser', .* Did you mean 'answer'"),
        ({}, {"weights": "weights"}, r"column 'weights', which the frame does not have"),
        ({}, {"by": ["office", "office"]}, "by names 'office' more than once"),
        ({}, {"by": ["office", "answer"]}, "names column 'answer' more than once"),
        (
            {},
            {"weights": "w", "weighting": "efective"},
            r"weighting is 'efective'; .*'none'\. Did you mean 'effective'",
        ),
        ({}, {"weighting": "effective"}, "weighting is 'effective', which needs the column of weights"),
        ({}, {"missing": "ignore"}, r"missing is 'ignore'; allowed: 'raise', 'drop'"),
        ({}, {"categories": [0, 1], "positive": 1}, "categories= .* or positive= .* not both"),
    ],
)
def test_bad_responses(changed, given, message):
    with pytest.raises(ValueError, match=message):
        Survey.from_responses(RESPONSES.assign(**changed), **{"outcome": "answer", "by": "office"} | given)


def test_missing_rows_are_dropped_and_counted():
    frame = RESPONSES.assign(answer=[1, 0, None, 1], office=["A", None, "B", "B"])
    survey = Survey.from_responses(frame, outcome="answer", by="office", missing="drop")
    assert survey.to_pandas()["n"].tolist() == [1, 1]
    assert survey.cells.attrs["dropped"] == 2


@pytest.mark.parametrize(
    ("changed", "given", "message"),
    [
        ({"k": [1, -2, 1]}, {}, r"'k' holds -2\.0 in row 1 \(1 of 3\); allowed: finite numbers from 0 up"),
        ({"n": [6, np.inf, 2]}, {}, r"'n' holds inf in row 1 \(1 of 3\); allowed: finite numbers from 0 up"),
        ({"n": [6, np.nan, 2]}, {}, r"'n' holds nan in row 1 \(1 of 3\); allowed: finite numbers from 0 up"),
        (
            {"n": ["6", "8", "2"]},
            {},
            r"'n' holds '6', '8', '2' in rows 0, 1, 2 \(3 of 3\); allowed: a column of numbers",
        ),
        (
            {"k": [7, 5, 3]},
            {},
            r"'k' is above 'n' in rows 0, 2 \(2 of 3\), for instance 7 of 6; positives may be at most",
        ),
        (
            {"office": "A"},
            {},
            r"rows 0, 2 \(2 of 3\) describe the same cell .* office='A', year=2023; .*Add the factor",
        ),
        ({"office": ["A", None, "B"]}, {}, r"'office' is missing in row 1 \(1 of 3\)"),
        (
            {"office": ["Å", "A\N{COMBINING RING ABOVE}", "B"]},
            {},
            r"the same after Unicode normalisation .* in row [01] .* in row [01] ",
        ),
        ({"office": ["Å", 3, "B"]}, {}, r"'Å' \(text\) in row 0, 3 \(number\) in row 1"),
        ({}, {"by": "office"}, r"rows 1, 2 \(2 of 3\) describe the same cell .* office='A'"),
        ({}, {"by": ()}, r"rows 0, 1, 2 \(3 of 3\) .* without by= there is one row"),
        ({}, {"by": ["office", "yaer"]}, r"'yaer', .* Did you mean 'year'"),
        ({}, {"n": None}, "either positive= and n= .* or counts="),
        ({}, {"counts": ["k", "n"]}, "either positive= and n= .* or counts= .* not both"),
        ({}, {"categories": ["a", "b"]}, "either positive= and n= .* or counts= .* not both"),
        ({}, {"positive": None, "n": None}, "either positive= and n= .* or counts="),
        ({}, {"positive": "n"}, "names column 'n' more than once"),
    ],
)
def test_bad_counts(changed, given, message):
    with pytest.raises(ValueError, match=message):
        offices(TABLE.assign(**changed), **given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"counts": ["low", "high"], "categories": [1, 2, 3]},
            r"2 columns \('low', 'high'\) and categories 3 \(1, 2, 3\); there must be one category for each",
        ),
        ({"counts": ["low", "high"], "categories": [2, 1]}, "out of order: 2, 1; allowed, lowest first: 1, 2"),
        ({"counts": ["low"]}, "categories are 'low'; allowed: at least two"),
        ({"counts": ["low", "hihg"]}, r"column 'hihg', .* Did you mean 'high'"),
    ],
)
def test_bad_counts_of_categories(given, message):
    table = pd.DataFrame({"office": ["A", "B"], "low": [1, 2], "high": [3, 4]})
    with pytest.raises(ValueError, match=message):
        Survey.from_counts(table, by="office", **given)


REPORT = pd.DataFrame({"office": ["A", "B"], "share": [29, 54], "n": [24, 41], "low": [20, 50], "high": [40, 60]})


@pytest.mark.parametrize(
    ("changed", "given", "message"),
    [
        (
            {"share": [29, 154]},
            {},
            r"'share' holds 154\.0 in row 1 \(1 of 2\); .*from 0 to 100\. .*declared as 'percent'; .*identity",
        ),
        ({"share": [-29, 54]}, {}, r"'share' holds -29\.0 in row 0 \(1 of 2\); allowed: finite numbers from 0 to 100"),
        (
            {},
            {"unit": "proportion"},
            r"'share' holds 29\.0, 54\.0 in rows 0, 1 .*'proportion'; for percent give unit='percent'",
        ),
        ({"share": [0.29, 0.54]}, {}, r"every estimate in column 'share' .*0\.29, 0\.54.* give unit='proportion'"),
        ({"share": [29, None]}, {}, r"'share' is missing in row 1 \(1 of 2\)"),
        (
            {"share": ["29 %", "54 %"]},
            {},
            r"'share' holds '29 %', '54 %' in rows 0, 1 .*; allowed: a column of numbers",
        ),
        ({"n": [24, 0]}, {}, r"'n' holds 0\.0 in row 1 \(1 of 2\); allowed: finite numbers from 1 up"),
        ({"n": [24, 41.5]}, {}, r"'n' holds 41\.5 in row 1 \(1 of 2\); allowed: whole respondents"),
        ({"share": [29, 55]}, {}, r"in row 1, 22 of 41 is 53\.66 % and 23 of 41 is 56\.10 %, printed is 55 %"),
        ({"n": [24, None]}, {}, r"nothing says how sure the estimate is in row 1 \(1 of 2\)"),
        ({}, {"n": None}, r"nothing says how sure the estimate is in rows 0, 1 \(2 of 2\)"),
        (
            {"share": [0, 100]},
            {"n": None, "se": "low"},
            r"prints as 0 or 100 % in rows 0, 1 \(2 of 2\); .* needs its n",
        ),
        (
            {"low": [20, 55]},
            {"lower": "low", "upper": "high"},
            r"outside its interval in row 1 \(1 of 2\), .* 54 and 55 to 60",
        ),
        ({"high": [40, None]}, {"lower": "low", "upper": "high"}, r"has one end only in row 1 \(1 of 2\)"),
        ({}, {"lower": "low"}, r"has one end only in rows 0, 1 \(2 of 2\)"),
        ({"low": [-5, 50]}, {"lower": "low", "upper": "high"}, r"'low' holds -5\.0 in row 0 .*from 0 to 100"),
        ({"office": "A"}, {}, r"rows 0, 1 \(2 of 2\) describe the same cell more than once"),
        ({}, {"estimate": "shares"}, r"column 'shares', .* Did you mean 'share'"),
        (
            {},
            {"unit": "precent"},
            r"unit is 'precent'; allowed: 'percent', 'proportion', 'identity'\. Did you mean 'percent'",
        ),
        ({}, {"digits": -1}, r"digits is -1, .*whole digits from 0 to 12"),
        ({}, {"digits": 0.5}, r"digits is 0\.5, .*whole digits"),
        ({}, {"prob": 95}, r"prob 95 .*between 0 and 1"),
        ({}, {"design_effect": 0}, "design_effect 0; .*above 0"),
        ({}, {"design_effect": np.nan}, "design_effect nan; .*above 0"),
    ],
)
def test_bad_reports(changed, given, message):
    with pytest.raises(ValueError, match=message):
        Survey.from_report(REPORT.assign(**changed), **{"by": "office", "n": "n"} | given)


@pytest.mark.parametrize(
    "make",
    [
        lambda frame: Survey.from_responses(frame, outcome="k", by="office"),
        lambda frame: Survey.from_counts(frame, by="office", positive="k", n="n"),
        lambda frame: Survey.from_report(frame, by="office", estimate="k", n="n"),
    ],
)
def test_empty_frames(make):
    with pytest.raises(ValueError, match="was given no rows"):
        make(TABLE.iloc[:0])


def test_n_0_is_allowed():
    survey = offices(TABLE.assign(k=[0, 5, 1], n=[0, 8, 2]))
    assert survey.cells["weight"].to_numpy().tolist() == [0, 8, 2]
    assert "1 cell with n = 0" in repr(survey)


def test_rows_with_equal_index_labels():
    index = pd.Index([7, 7, 8, 8])
    frame = RESPONSES.set_axis(index)
    assert_same(
        Survey.from_responses(frame, outcome="answer", by="office", weights="w"),
        Survey.from_responses(RESPONSES, outcome="answer", by="office", weights="w"),
    )
    with pytest.raises(ValueError, match=r"'answer' is missing in row 2 \(1 of 4\)"):
        Survey.from_responses(frame.assign(answer=[1, 0, None, 1]), outcome="answer", by="office")
    with pytest.raises(ValueError, match=r"'w' holds -1\.0 in row 3 \(1 of 4\)"):
        Survey.from_responses(frame.assign(w=[1, 1, 1, -1]), outcome="answer", by="office", weights="w")
    twice = TABLE.set_axis([0, 0, 0])
    assert_same(offices(twice), offices())
    with pytest.raises(ValueError, match=r"'k' is above 'n' in row 1 \(1 of 3\)"):
        offices(twice.assign(k=[1, 9, 1]))
    report = REPORT.set_axis(["x", "x"])
    assert_same(Survey.from_report(report, by="office", n="n"), Survey.from_report(REPORT, by="office", n="n"))
    with pytest.raises(ValueError, match=r"no count .* in row 1 \(1 of 2\)"):
        Survey.from_report(report.assign(share=[29, 55]), by="office", n="n")
    assert_same(offices(population=POPULATION.set_axis([1, 1, 1, 1])), offices(population=POPULATION))


def test_frames_are_left_as_they_were():
    for frame, make in ((ROWS, rating), (TABLE, offices)):
        before = frame.copy()
        make(frame)
        assert_frame_equal(frame, before)
