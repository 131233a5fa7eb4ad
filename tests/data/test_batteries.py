import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from navmodels.data import Survey
from navmodels.reports import load_report
from navmodels.reports.twins import simulate_report

ITEMS = ["speed", "advice", "clarity"]


def respondents(seed=1, rows=400):
    """Return simulated answers 1-6 to three items, each asked of another part of the respondents."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "county": rng.choice(["Oslo", "Agder", "Troms"], rows),
            "year": rng.choice([2023, 2024], rows),
            "w": rng.uniform(0.3, 4.0, rows),
        },
        index=[f"r{i}" for i in range(rows)],
    )
    for name, base in zip(ITEMS, (1.0, 0.6, 0.2), strict=True):
        frame[name] = pd.Series(rng.integers(1, 7, rows), index=frame.index).where(rng.random(rows) < base)
    return frame


ROWS = respondents()
POPULATION = pd.DataFrame(
    {"county": ["Agder", "Oslo", "Troms"] * 2, "year": [2023] * 3 + [2024] * 3, "weight": [1.0, 2, 3, 4, 5, 6]}
)


def battery(frame=ROWS, **changes):
    given_ = {"items": ITEMS, "by": ["county", "year"], "categories": range(1, 7), "weights": "w"} | changes
    return Survey.from_items(frame, **given_)


def melted(frame=ROWS, items=ITEMS, **changes):
    """Count the same by hand: one row an answer, the item a factor in the order given."""
    labels = items if isinstance(items, dict) else {name: name for name in items}
    others = [name for name in frame.columns if name not in labels]
    parts = [frame[others].assign(item=label, answer=frame[name]) for name, label in labels.items()]
    rows = pd.concat(parts, ignore_index=True).dropna(subset="answer")
    rows["item"] = pd.Categorical(rows["item"], list(labels.values()))
    if "population" in changes:
        changes["population"] = pd.DataFrame({"item": list(labels.values())}).merge(changes["population"], how="cross")
    given_ = {"by": ["item", "county", "year"], "categories": range(1, 7), "weights": "w"} | changes
    return Survey.from_responses(rows, outcome="answer", **given_)


def assert_same(survey, by_hand):
    """Assert the same survey to the last bit, but for the count of empty answers and rows."""
    ignored = {"unanswered": None, "dropped": None}
    assert survey.levels == by_hand.levels
    assert survey.factors == by_hand.factors
    assert survey.cells.attrs | ignored == by_hand.cells.attrs | ignored
    xr.testing.assert_identical(survey.cells.drop_attrs(), by_hand.cells.drop_attrs())


def table(**columns):
    return pd.DataFrame(columns)


# ---- exact numbers


def test_counts_by_hand():
    frame = table(
        office=["B", "A", "A", "B"], b=[1, 1, 0, None], a=[None, 1, None, 0], w=[2.0, 1.0, 0.5, 4.0]
    )  # fmt: skip
    survey = Survey.from_items(frame, items={"b": "Second", "a": "First"}, by="office", weights="w")
    assert survey.levels == {"item": ("Second", "First"), "office": ("A", "B")}
    assert survey.cells["item"].to_numpy().tolist() == ["Second", "Second", "First", "First"]
    assert survey.cells["office"].to_numpy().tolist() == ["A", "B", "A", "B"]
    assert survey.cells["count"].to_numpy().tolist() == [[1, 1], [0, 1], [0, 1], [1, 0]]
    assert survey.cells["weighted"].to_numpy().tolist() == [[0.5, 1.0], [0, 2.0], [0, 1.0], [4.0, 0]]
    assert survey.cells["squares"].to_numpy().tolist() == [1.25, 4, 1, 16]
    assert survey.cells["weight"].to_numpy().tolist() == [1.5, 2, 1, 4]
    assert survey.cells.attrs["unanswered"] == {"Second": 1, "First": 2}
    assert survey.cells.attrs["dropped"] == 0


@pytest.mark.parametrize("weighting", ["frame", "effective", "none"])
@pytest.mark.parametrize(
    "changes",
    [
        {"categories": range(1, 7)},
        {"categories": [6, 1, 2, 3, 4, 5], "ordered": False},
        {"categories": None, "positive": [4, 5, 6]},
        {"population": POPULATION},
        {"items": {"speed": "Fast", "clarity": "Clear"}},
    ],
)
def test_a_battery_is_its_melted_rows(changes, weighting):
    assert_same(battery(**changes, weighting=weighting), melted(**changes, weighting=weighting))


answered = st.lists(
    st.tuples(*[st.sampled_from("xyz")] * 2, *[st.sampled_from([0.0, 1.0, None])] * 2, st.floats(0.1, 9)), min_size=1
).map(lambda rows: pd.DataFrame(rows, columns=["county", "year", "phone", "chat", "w"]))


@settings(max_examples=40, deadline=None)
@given(answered, st.sampled_from(["frame", "effective", "none"]))
def test_any_ticks_are_their_melted_rows(frame, weighting):
    # a last respondent who has not ticked anything, so that each item has an answer and a base that is known
    frame = pd.concat([frame, table(county=["x"], year=["z"], phone=[0.0], chat=[0.0], w=[1.0])], ignore_index=True)
    given_ = {"items": ["phone", "chat"], "categories": None, "weighting": weighting}
    assert_same(battery(frame, **given_), melted(frame, **given_))


def test_each_item_alone_is_a_survey_of_those_who_answered_it():
    for name in ITEMS:
        alone = Survey.from_responses(
            ROWS, outcome=name, by=["county", "year"], categories=range(1, 7), weights="w", missing="drop"
        )
        cells = battery().cells
        cells = cells.isel(cell=cells["item"].to_numpy() == name).drop_vars("item")
        xr.testing.assert_identical(cells.drop_attrs(), alone.cells.drop_attrs())
        assert battery().cells.attrs["unanswered"][name] == alone.cells.attrs["dropped"]


def test_without_factors_there_is_a_cell_an_item():
    survey = battery(by=(), population=table(weight=[9.0]))
    assert survey.factors == ("item",)
    assert survey.to_pandas()["n"].tolist() == ROWS[ITEMS].notna().sum().tolist()
    assert survey.cells["weight"].to_numpy().tolist() == [9.0, 9.0, 9.0]


def test_effective_n_is_each_items_own():
    frame = table(a=[1, 0, 1, 1], b=[1, 0, None, None], w=[1.0, 2.0, 3.0, 4.0])
    survey = Survey.from_items(frame, items=["a", "b"], weights="w", weighting="effective")
    effective = survey.cells["weighted"].sum("category") ** 2 / survey.cells["squares"]  # Kish (1965)
    assert effective.to_numpy().tolist() == [100 / 30, 9 / 5]
    assert survey.cells.attrs["weighting"] == "effective"


def test_items_keep_the_order_given_and_each_its_base():
    backwards = battery(items=ITEMS[::-1])
    assert backwards.levels["item"] == tuple(ITEMS[::-1])
    n = backwards.to_pandas().groupby("item", observed=True)["n"].sum()
    assert n.to_dict() == ROWS[ITEMS].notna().sum().to_dict()
    assert n["speed"] == 400
    assert n["clarity"] < 100


def test_a_population_holds_for_every_item():
    frame = table(office=["A", "A"], a=[1, 0], b=[0, None])
    population = table(office=["B", "A"], weight=[30.0, 10.0])
    survey = Survey.from_items(frame, items=["a", "b"], by="office", population=population.query("office == 'A'"))
    assert survey.cells["weight"].to_numpy().tolist() == [10.0, 10.0]
    frame = table(office=["A", "A", "B"], a=[1, 0, None], b=[0, None, 1])
    survey = Survey.from_items(frame, items=["a", "b"], by="office", population=population)
    cells = survey.to_pandas().set_index(["item", "office"]).sort_index()
    assert cells["weight"].to_dict() == {("a", "A"): 10, ("a", "B"): 30, ("b", "A"): 10, ("b", "B"): 30}
    assert cells["n"].to_dict() == {("a", "A"): 2, ("a", "B"): 0, ("b", "A"): 1, ("b", "B"): 1}


# ---- how answers may be stored

TICKS = [1, 0, None, 1]


@pytest.mark.parametrize(
    ("column", "positive"),
    [
        (pd.Series(TICKS), None),
        (pd.Series(TICKS, dtype="Int8"), None),
        (pd.Series(TICKS, dtype=object), None),
        (pd.Series([True, False, None, True], dtype="boolean"), None),
        (pd.Series([True, False, None, True], dtype=object), None),
        (pd.Series(["Ja", "Nei", None, "Ja"], dtype="str"), "Ja"),
        (pd.Series(["Ja", "Nei", None, "Ja"], dtype=object), "Ja"),
        (pd.Series(["Ja", "Nei", None, "Ja"], dtype="category"), ["Ja"]),
        (pd.Series([5, 2, None, 6], dtype="Int8"), [4, 5, 6]),
    ],
)
def test_ticks_of_any_type(column, positive):
    survey = Survey.from_items(
        pd.DataFrame({"a": column, "b": column[::-1].array}), items=["a", "b"], positive=positive
    )
    assert survey.cells["count"].to_numpy().tolist() == [[1, 2], [1, 2]]
    assert survey.cells["category"].to_numpy().tolist() == [False, True]
    assert survey.cells.attrs["unanswered"] == {"a": 1, "b": 1}


def test_items_stored_differently_are_counted_alike():
    frame = pd.DataFrame(
        {
            "whole": [1, 0, 1],
            "real": [1.0, None, 0.0],
            "nullable": pd.Series([1, None, 0], dtype="Int8"),
            "logical": [True, False, True],
            "missing": pd.Series([True, None, None], dtype="boolean"),
            "mixed": pd.Series([True, None, 0], dtype=object),
        }
    )
    expected = [[1, 2], [1, 1], [1, 1], [1, 2], [0, 1], [1, 1]]
    assert Survey.from_items(frame, items=list(frame)).cells["count"].to_numpy().tolist() == expected
    for categories in ([0, 1], [False, True], [0.0, 1.0]):
        survey = Survey.from_items(frame, items=list(frame), categories=categories)
        assert survey.kind == "rating"
        assert survey.cells["count"].to_numpy().tolist() == expected


def test_choices():
    frame = pd.DataFrame(
        {"now": ["web", "phone", None], "later": pd.Categorical(["post", "web", "web"], ["post", "web"])}
    )
    survey = Survey.from_items(frame, items=["now", "later"], categories=["web", "phone", "post"], ordered=False)
    assert survey.kind == "choice"
    assert survey.cells["count"].to_numpy().tolist() == [[1, 1, 0], [2, 0, 1]]


def test_a_positive_answer_need_not_occur_in_every_item():
    frame = table(a=["yes", "no", "no"], b=["no", "no", None], c=["maybe", "yes", None])
    survey = Survey.from_items(frame, items=["a", "b", "c"], positive=["yes", "maybe"])
    assert survey.cells["count"].to_numpy().tolist() == [[2, 1], [2, 0], [0, 2]]
    ratings = table(a=[1, 5, 6], b=[1, None, 1])
    survey = Survey.from_items(ratings, items=["a", "b"], positive=[4, 5, 6])
    assert survey.cells["count"].to_numpy().tolist() == [[1, 2], [2, 0]]


def test_columns_of_any_name():
    frame = table(category=[1, 0, 1], count=[0, None, 1], weight=[2.0, 3.0, 4.0], item=["p", "p", "q"])
    frame.columns = ["category", 7, "weight", "item"]
    survey = Survey.from_items(frame, items={"category": "weighted", 7: "seven"}, weights="weight")
    assert survey.levels == {"item": ("weighted", "seven")}
    assert survey.cells["weighted"].to_numpy().tolist() == [[3.0, 6.0], [2.0, 4.0]]


def test_levels_of_a_factor_are_those_of_all_items_together():
    size = pd.Categorical(["small", "large", "large", "medium"], ["small", "medium", "large", "giant"])
    frame = table(size=size, public=[True, False, True, True], a=[1, None, None, None], b=[None, 1, 0, None])
    survey = Survey.from_items(frame, items=["a", "b"], by=["size", "public"])
    assert survey.levels == {"item": ("a", "b"), "size": ("small", "large"), "public": (False, True)}
    assert survey.to_pandas()[["item", "size", "public", "n"]].to_numpy().tolist() == [
        ["a", "small", True, 1.0],
        ["b", "large", False, 1.0],
        ["b", "large", True, 1.0],
    ]


# ---- what is left out


def test_a_missing_factor_follows_missing():
    frame = ROWS.assign(county=ROWS["county"].where(~ROWS.index.isin(["r3", "r7"])))
    with pytest.raises(ValueError, match=r"column 'county' is missing in rows 'r3', 'r7' .*missing='drop'"):
        battery(frame)
    survey = battery(frame, missing="drop")
    assert_same(survey, melted(frame.drop(index=["r3", "r7"])))
    assert survey.cells.attrs["dropped"] == 2
    n = survey.to_pandas().groupby("item", observed=True)["n"].sum()
    assert [n[name] + survey.cells.attrs["unanswered"][name] + 2 for name in ITEMS] == [400, 400, 400]


def test_who_answers_no_item_is_in_no_base():
    nobody = table(county=[None], year=[2024], w=[np.nan], speed=[None], advice=[None], clarity=[None])
    frame = pd.concat([ROWS, nobody.astype(dict.fromkeys(ITEMS, float))])
    assert_same(battery(frame), battery())
    assert battery(frame).cells.attrs["dropped"] == 0
    before, after = battery().cells.attrs["unanswered"], battery(frame).cells.attrs["unanswered"]
    assert {name: after[name] - before[name] for name in ITEMS} == dict.fromkeys(ITEMS, 1)


def test_attributes_are_json():
    attrs = battery(items={"speed": "Fart", "clarity": "Klårt språk"}).cells.attrs
    assert json.loads(json.dumps(attrs)) == attrs
    assert attrs["unanswered"] == {"Fart": 0, "Klårt språk": int(ROWS["clarity"].isna().sum())}


def test_attributes_survive_cutting_and_collapsing():
    survey = battery().dichotomise(4).collapse("item")
    assert survey.cells.attrs["unanswered"] == battery().cells.attrs["unanswered"]
    assert survey.to_pandas()["positive"].tolist() == (ROWS[ITEMS] >= 4).sum().tolist()


# ---- the synthetic twin of a report


@pytest.fixture(scope="module")
def twin():
    return simulate_report("employer_2024", seed=7)


@pytest.fixture(scope="module")
def printed():
    numbers = load_report("employer_2024", "numbers").query("reference == 'appendix 2' and statistic == 'share'")
    items = load_report("employer_2024", "items").query("survey == 'employers'").set_index("item")[["kind", "label"]]
    return numbers[numbers["n"].notna()].join(items, on="item").set_index("id")


def percent_positive(survey):
    weighted = survey.collapse("item").cells["weighted"].to_numpy()
    return (100 * weighted[:, 1] / weighted.sum(axis=1)).round().tolist()


def test_six_point_items_of_the_twin_print_as_published(twin, printed):
    ratings = printed[printed["kind"] == "scale"]
    survey = Survey.from_items(
        twin, items=list(ratings.index), by=["county", "sector"], categories=range(1, 7), weights="weight"
    )
    assert len(ratings) > 80
    assert survey.levels["item"] == tuple(ratings.index)
    assert survey.collapse("item").to_pandas()["n"].tolist() == ratings["n"].tolist()
    assert percent_positive(survey.dichotomise(4)) == ratings["value"].tolist()
    assert survey.cells.attrs["unanswered"] == (4115 - ratings["n"]).to_dict()
    assert "seed 7" in survey.cells.attrs["simulated"]


def test_ticks_of_the_twin_print_as_published(twin, printed):
    ticks = printed[printed["kind"] == "tick"]
    labels = ticks["label"] + " (" + ticks.index + ")"
    survey = Survey.from_items(twin, items=labels.to_dict(), by="industry", weights="weight")
    assert survey.collapse("item").to_pandas()["n"].tolist() == ticks["n"].tolist()
    assert percent_positive(survey) == ticks["value"].tolist()


# ---- errors


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"items": "speed"}, r"items is 'speed'; allowed: two or more columns.*Survey\.from_responses"),
        ({"items": ["speed"]}, r"items is \['speed'\]; allowed: two or more"),
        ({"items": []}, r"items is \[\]; allowed: two or more"),
        ({"items": ["speed", "advise"]}, r"column 'advise', which the frame does not have.*Did you mean 'advice'\?"),
        ({"items": ["speed", "speed"]}, r"the label 'speed' more than once"),
        ({"items": {"speed": "x", "advice": "x"}}, r"the label 'x' more than once, to columns 'speed', 'advice'"),
        ({"items": {"speed": 1, "advice": 2}}, r"items are labelled 1, 2; allowed: text"),
        ({"items": {"speed": "x", "advice": "x "}}, r"the labels 'x' and 'x '.*write them alike"),
        ({"items": ["speed", "county"]}, r"from_items names column 'county' more than once"),
        ({"items": ["speed", "w"]}, r"from_items names column 'w' more than once"),
        ({"by": ["item"]}, r"by names 'item', the factor that from_items makes"),
        ({"by": "cuonty"}, r"'cuonty', which the frame does not have.*Did you mean 'county'\?"),
        ({"by": ["weight"]}, r"by names 'weight', which a survey calls something of its own"),
        ({"categories": range(1, 6)}, r"column 'speed' holds 6.* in rows 'r.*not among the categories 1, 2, 3, 4, 5"),
        ({"categories": [2, 1, 3]}, r"categories are out of order"),
        ({"categories": range(1, 7), "positive": 6}, r"give categories= .* or positive= .*, not both"),
        ({"categories": None}, r"column 'speed' holds .*allowed for a share: 0 and 1\. Else give categories="),
        ({"categories": None, "positive": 7}, r"positive is 7, which never occurs .*'speed, advice, clarity'"),
        ({"weighting": "effective", "weights": None}, r"weighting is 'effective', which needs the column of weights"),
        ({"weighting": "kish"}, r"weighting is 'kish'; allowed: 'frame', 'effective', 'none'"),
        ({"missing": "skip"}, r"missing is 'skip'; allowed: 'raise', 'drop'"),
        ({"population": POPULATION.assign(item="speed")}, r"population has a column 'item'; from_items gives every"),
        ({"population": POPULATION.drop(index=0)}, r"the population lacks 3 of 18 cells.*item='speed', county='Agder'"),
        ({"population": pd.concat([POPULATION] * 2)}, r"rows 0, 1, .* describe the same cell more than once"),
        ({"population": POPULATION.assign(weight=-1.0)}, r"'weight' holds -1\.0 in rows 0, 1, 2, 3, 4, 5 \(6 of 6\)"),
    ],
)
def test_bad_requests(changes, message):
    with pytest.raises(ValueError, match=message):
        battery(**changes)


@pytest.mark.parametrize(
    ("columns", "changes", "message"),
    [
        ({"clarity": 7.0}, {}, r"column 'clarity' holds 7\.0 in rows 'r0', .*not among the categories 1, .*6\."),
        ({"advice": "3"}, {}, r"column 'advice' holds '3' in rows .* Did you mean 3\?"),
        ({"advice": None}, {}, r"none of the rows answers item 'advice'; leave out"),
        ({"advice": None, "clarity": None}, {}, r"answers items 'advice', 'clarity'"),
        ({"county": None}, {"missing": "drop"}, r"none of the respondents with all of by= answers item 'speed'"),
        ({"w": -1.0}, {}, r"column 'w' holds -1\.0 in rows 'r0', .*\(400 of 400\); allowed: finite numbers from 0"),
        ({"w": 0.0}, {}, r"all weights are zero in 18 of 18 cells: item='speed', county='Agder'"),
        ({"speed": 1}, {"categories": None}, r"column 'advice' holds .* one scale, and 'speed' with 0 and 1; make"),
    ],
)
def test_bad_rows(columns, changes, message):
    with pytest.raises(ValueError, match=message):
        battery(ROWS.assign(**columns), **changes)


def test_items_of_different_kinds():
    frame = table(a=[1, 0, None], b=[True, False, True], c=[4, 1, 6])
    with pytest.raises(ValueError, match=r"'c' holds 4, 6 in rows 0, 2 \(2 of 3\).*'a', 'b' with 0 and 1; make a surv"):
        Survey.from_items(frame, items=["a", "b", "c"])
    with pytest.raises(ValueError, match=r"column 'a' holds 0\.0 in row 1 \(1 of 2\), not among the categories 1"):
        Survey.from_items(frame, items=["a", "c"], categories=range(1, 7))
    with pytest.raises(ValueError, match=r"'a' holds 1\.0, 0\.0 and no positive answer \(4, 5, 6\); the other items h"):
        Survey.from_items(frame, items=["a", "c"], positive=[4, 5, 6])
    ticks = table(a=["yes", "no"], b=["yess", "no"])
    with pytest.raises(ValueError, match=r"'b' holds 'yess', 'no' and no positive .*\. Did you mean 'yes'\?"):
        Survey.from_items(ticks, items=["a", "b"], positive="yes")
    known = ticks.assign(b=pd.Categorical(["maybe", "no"], ["no", "maybe", "yes"]))
    survey = Survey.from_items(known, items=["a", "b"], positive="yes")
    assert survey.cells["count"].to_numpy().tolist() == [[1, 1], [2, 0]]


@pytest.mark.parametrize(("tick", "positive", "other"), [("Ja", "Ja", "Nei"), (1, None, 0), (True, None, False)])
def test_ticks_or_nothing_have_no_base(tick, positive, other):
    frame = table(a=[tick, None, tick], b=[None, None, tick])
    with pytest.raises(
        ValueError, match=r"every answer to 'a', 'b' is positive .*where it means 'not ticked', write 0"
    ):
        Survey.from_items(frame, items=["a", "b"], positive=positive)
    known = frame.astype(pd.CategoricalDtype([other, tick]))
    survey = Survey.from_items(known, items=["a", "b"], positive=positive)
    assert survey.cells["count"].to_numpy().tolist() == [[0, 2], [0, 1]]
    everybody = Survey.from_items(frame.fillna(tick), items=["a", "b"], positive=positive)
    assert everybody.cells["count"].to_numpy().tolist() == [[0, 3], [0, 3]]


def test_rows_are_needed():
    with pytest.raises(ValueError, match="from_items was given no rows"):
        battery(ROWS.iloc[:0])


def test_labels_of_rows_may_repeat():
    frame = ROWS.set_axis([0] * 400)
    assert_same(battery(frame), battery())
    with pytest.raises(ValueError, match=r"column 'advice' holds 9\.0 in row 5 \(1 of"):
        battery(frame.assign(advice=np.where(np.arange(400) == 5, 9, frame["advice"])))


FIVE, SEVEN = [1, 5, 3, 4, 5, 2], [5, 2, 4, 3, 1, 5]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (pd.Categorical(FIVE, range(1, 6), ordered=True), pd.Categorical(SEVEN, range(1, 8), ordered=True), "6, 7 too"),
        (pd.Categorical(FIVE, range(1, 6)), pd.Categorical(SEVEN, range(1, 8)), "'a' with 6, 7 too|'b' with 6, 7 too"),
        (pd.Categorical(FIVE, range(1, 6), ordered=True), [7, 2, 6, 7, 5, 4], "'b' with 7, 6 too"),
    ],
)
def test_items_that_say_they_are_on_different_scales(first, second, message):
    if message.startswith("'a'"):
        second = pd.Categorical(SEVEN, range(1, 8))
        first = pd.Categorical([1, 5, 3, 4, 5, 5], range(1, 6))  # nobody chose 2: the column says its scale
    with pytest.raises(
        ValueError, match=f"items are on different scales: .*({message}).*a survey of the items of each"
    ):
        Survey.from_items(table(a=first, b=second), items=["a", "b"], categories=range(1, 8))


def test_items_on_one_scale_may_be_categorical_in_any_way():
    columns = table(
        a=pd.Categorical(FIVE, range(1, 6), ordered=True), b=SEVEN, c=pd.Categorical([1, 5, 5, 4, 1, 5]), d=[2.0] * 6
    )
    survey = Survey.from_items(columns, items=list("abcd"), categories=range(1, 6))
    assert survey.cells["count"].sum("category").to_numpy().tolist() == [6, 6, 6, 6]


def test_scales_of_a_share_are_compared_too():
    columns = table(
        a=pd.Categorical(FIVE, range(1, 6), ordered=True), b=pd.Categorical(SEVEN, range(1, 8), ordered=True)
    )
    with pytest.raises(ValueError, match="items are on different scales"):
        Survey.from_items(columns, items=["a", "b"], positive=[4, 5])
