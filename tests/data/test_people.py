"""What looks like a table of counts is warned of, what looks like the same persons refused; what is neither is not."""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav

COUNTS = pd.DataFrame({"office": ["A", "A", "B", "B"], "satisfied": [0, 1, 0, 1], "people": [105, 105, 60, 137]})


@pytest.mark.parametrize("weighting", ["frame", "effective", "none"])
def test_counts_as_weights_are_warned_of(weighting):
    with pytest.warns(UserWarning, match=r"'people' look like counts.*: 4 in all, not 407\..*frame\.index\.repeat"):
        nav.Survey.from_responses(COUNTS, outcome="satisfied", by="office", weights="people", weighting=weighting)
    with pytest.warns(UserWarning, match="look like counts"):
        nav.direct_estimate(COUNTS, outcome="satisfied", by="office", weights="people")


def test_the_remedy_for_counts_works():
    rows = COUNTS.loc[COUNTS.index.repeat(COUNTS["people"])]
    survey = nav.Survey.from_responses(rows, outcome="satisfied", by="office")
    assert survey.to_pandas()[["n", "positive"]].values.tolist() == [[210, 105], [197, 137]]
    meant = COUNTS.assign(people=COUNTS["people"] / COUNTS["people"].mean())
    nav.Survey.from_responses(meant, outcome="satisfied", by="office", weights="people")


def test_whole_survey_weights_are_not_counts():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"office": rng.choice(list("ABCDE"), 60), "yes": rng.integers(0, 2, 60), "w": rng.integers(50, 400, 60)}
    )
    nav.Survey.from_responses(frame, outcome="yes", by="office", weights="w")
    nav.direct_estimate(frame, outcome="yes", by="office", weights="w")


def test_persons_of_two_years_are_refused():
    people = pd.DataFrame({"person": [f"p{i}" for i in range(40)], "y23": [0, 1] * 20, "y24": [1, 1] * 20})
    rows = people.melt(id_vars="person", var_name="year", value_name="y")
    with pytest.raises(ValueError, match=r"column 'person' .* levels of 'year'.*give id='person'.*overlap='allow'"):
        nav.Survey.from_responses(rows, outcome="y", by="year")
    nav.Survey.from_responses(rows, outcome="y", by="year", overlap="allow")
    nav.Survey.from_responses(rows, outcome="y", by="year", id="person")
    with pytest.raises(ValueError, match=r"overlap is 'alow'.*Did you mean 'allow'"):
        nav.Survey.from_responses(rows, outcome="y", by="year", overlap="alow")


def test_persons_of_two_years_are_refused_with_items_too():
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"person": [*range(40)] * 2, "year": [1] * 40 + [2] * 40, "a": rng.integers(0, 2, 80)})
    rows = rows.assign(b=1 - rows["a"])
    with pytest.raises(
        ValueError, match=r"'person' .*make a survey of one item with Survey.from_responses and give id="
    ):
        nav.Survey.from_items(rows, items=["a", "b"], by="year")
    nav.Survey.from_items(rows, items=["a", "b"], by="year", overlap="allow")
    nav.Survey.from_responses(rows, outcome="a", by="year", id="person")


def test_ordinary_columns_are_no_persons():
    rng = np.random.default_rng(2)
    n = 400
    frame = pd.DataFrame(
        {
            "respondent": np.arange(n),
            "age": rng.integers(18, 80, n),
            "industry": rng.choice([f"industry {i}" for i in range(20)], n),
            "household": np.arange(n) // 2,
            "office": [f"o{i}" for i in np.arange(n) // 3],
            "year": rng.choice([2023, 2024], n),
            "y": rng.integers(1, 7, n),
        }
    )
    for by in ("year", "office", ["office", "year"]):
        nav.Survey.from_responses(frame, outcome="y", by=by, categories=range(1, 7))


def test_several_answers_a_person_become_items():
    rng = np.random.default_rng(3)
    channels = ["phone", "chat", "office"]
    wide = pd.DataFrame(rng.integers(0, 2, (60, 3)), columns=channels).assign(county=rng.choice(["A", "B"], 60))
    wide.loc[~wide[channels].any(axis=1), "phone"] = 1
    long = wide.assign(person=range(60)).melt(id_vars=["person", "county"], var_name="channel", value_name="v")
    long = long[long["v"] == 1].drop(columns="v")
    asked = {"outcome": "channel", "by": "county", "categories": channels, "ordered": False}
    with pytest.raises(ValueError, match=r"repeats within cells, never with the same answer .*Survey\.from_items"):
        nav.Survey.from_responses(long, **asked)
    with pytest.raises(ValueError, match=r"answers 'channel' more than once in the cell county=.*from_items") as error:
        nav.Survey.from_responses(long, **asked, id="person")
    recipe = str(error.value).split("wide = ")[1].split(", and use")[0]
    assert recipe == (
        "frame.assign(ticked=1).pivot_table(index=['person', 'county'], columns='channel', values='ticked', "
        "fill_value=0, observed=True).reset_index()"
    )
    again = (
        long.assign(ticked=1)
        .pivot_table(index=["person", "county"], columns="channel", values="ticked", fill_value=0, observed=True)
        .reset_index()
    )
    survey = nav.Survey.from_items(again, items=channels, by=["county"])
    expected = wide.groupby("county")[channels].agg(["sum", "size"])
    for row in survey.to_pandas().itertuples():
        assert (row.positive, row.n) == tuple(expected.loc[row.county, row.item])


def test_rows_of_weight_zero_count_nowhere():
    frame = pd.DataFrame(
        {"office": ["A"] * 3 + ["B"] * 3, "y": [1, 0, 1, 0, 1, 1], "w": [1.0, 2.0, 0.0, 3.0, 0.0, 1.0]}
    )
    kept = frame[frame["w"] > 0]
    for weighting in ("frame", "effective"):
        options = {"by": "office", "weights": "w", "weighting": weighting}
        survey, without = (nav.Survey.from_responses(each, outcome="y", **options) for each in (frame, kept))
        assert survey.cells.drop_attrs().identical(without.cells.drop_attrs())
        assert "2 rows of weight 0 left out" in repr(survey)
        items = [
            nav.Survey.from_items(each.assign(z=each["y"]), items=["y", "z"], **options).cells for each in (frame, kept)
        ]
        assert items[0].drop_attrs().identical(items[1].drop_attrs())
        assert items[0].attrs["weightless"] == 2
        direct = nav.direct_estimate(frame, outcome="y", by="office", weights="w")
        assert survey.to_pandas()["n"].tolist() == direct["n"].tolist() == [2, 2]
    assert nav.design_effect(frame["w"]) == nav.design_effect(kept["w"])
