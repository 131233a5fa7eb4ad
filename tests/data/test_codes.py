"""Don't-know codes are asked about; what counts as no can be said; every row is accounted for."""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from navmodels.data.codes import codes_for_none


def shares(answers, **options):
    frame = pd.DataFrame({"used": answers, "region": ["N", "S"] * (len(answers) // 2)})
    return nav.Survey.from_responses(frame, outcome="used", by="region", **options)


@pytest.mark.parametrize(
    ("answers", "codes"),
    [
        ([1, 2, 9], [9]),
        ([1, 2, 3, 4, 5, 8, 9], [8, 9]),
        ([1, 2, 3, 4, 5, 6, 8], [8]),
        ([0, 1, 99], [99]),
        ([0, 1, 888], [888]),
        ([1, 2, -1], [-1]),
        ([1, 2, 97, 98, 99], [97, 98, 99]),
        ([1.0, 2.0, 9.0], [9.0]),
        (["1", "2", "9"], ["9"]),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 99], [99]),
        (["yes", "no", "99"], ["99"]),
        (["Ja", "Nei", "Vet ikke"], ["Vet ikke"]),
        (["Ja", "Nei", "Ønsker ikke å svare", "Ikke relevant"], ["Ønsker ikke å svare", "Ikke relevant"]),
        (["yes", "no", "Don't know / not sure", "Refused", "N/A", ""], ["Don't know / not sure", "Refused", "N/A", ""]),
        (["1 yes", "2 no", "9 don't know"], ["9 don't know"]),
    ],
)  # fmt: skip
def test_codes_are_seen(answers, codes):
    assert codes_for_none(answers) == codes


@pytest.mark.parametrize(
    "answers",
    [
        [0, 1], [1, 2], [True, False], range(1, 8), range(0, 11), range(1, 11), [1, 2, 3, 5, 7, 8, 9, 10], [7, 8, 9],
        [-2, -1, 0, 1, 2], [0, 5, 25, 66, 99, 100], [1200, 999, 350], [0.5, 8.0, 9.0], [99],
        ["Yes", "No"], ["Ja", "Nei"], ["DK", "NO", "SE"], ["Nå", "Senere"], ["Very bad", "2", "3", "Very good"],
        ["Knows", "No trust", "Nothing"],
    ],
)  # fmt: skip
def test_scales_are_left_alone(answers):
    assert codes_for_none(answers) == []


def test_a_code_among_answers_is_refused_with_remedies_that_work():
    answers = [1, 2, 1, 9, 1, 2, 9, 2]
    message = r"holds 9 in rows 3, 6 \(2 of 8\), which looks like a code for no answer .* beside 1, 2 and would count"
    with pytest.raises(ValueError, match=message) as error:
        shares(answers, positive=1)
    assert "negative=[2] with missing='drop'" in str(error.value)
    assert "negative=[2, 9]" in str(error.value)
    asked = shares(answers, positive=1, negative=[2], missing="drop")
    assert asked.cells["count"].sum("cell").values.tolist() == [3.0, 3.0]
    assert asked.cells.attrs["dropped"] == 0
    lines = repr(asked).splitlines()
    assert lines[-3:] == ["  positive: 1 (3)", "  negative: 2 (3)", "  neither, left out: 9 (2)"]
    everyone = shares(answers, positive=1, negative=[2, 9])
    assert everyone.cells["count"].sum("cell").values.tolist() == [5.0, 3.0]
    assert repr(everyone).splitlines()[-1] == "  negative: 2 (3), 9 (2)"


def test_an_answer_on_neither_side_is_refused_or_left_out():
    answers = ["yes", "no", "maybe", "yes"]
    with pytest.raises(ValueError, match=r"holds 'maybe' in row 2 \(1 of 4\), neither positive \('yes'\) nor negative"):
        shares(answers, positive="yes", negative="no")
    survey = shares(answers, positive="yes", negative="no", missing="drop")
    assert survey.cells["count"].sum().item() == 3
    with pytest.raises(ValueError, match=r"negative is 'nо', which never occurs.*'no'"):
        shares(answers, positive="yes", negative="nо", missing="drop")  # a Cyrillic о
    with pytest.raises(ValueError, match="'yes' is positive and negative"):
        shares(answers, positive="yes", negative=["yes", "no"])
    with pytest.raises(ValueError, match="negative is empty"):
        shares(answers, positive="yes", negative=[])
    with pytest.raises(ValueError, match="give positive= too"):
        shares([0, 1, 0, 1], negative=0)


def test_rows_are_accounted_for():
    frame = pd.DataFrame(
        {"used": [1, 2, 9, None, 1, 2], "region": ["N", "S", "N", "S", None, "S"], "w": [1, 2, 1, 1, 1, 0]}
    )
    survey = nav.Survey.from_responses(
        frame, outcome="used", by="region", positive=1, negative=2, weights="w", missing="drop"
    )
    attrs = survey.cells.attrs
    assert (attrs["dropped"], attrs["weightless"], attrs["sides"]["neither"]) == (2, 1, {"9": 1})
    assert survey.cells["count"].sum().item() == len(frame) - 2 - 1 - 1


def test_items_know_the_same():
    frame = pd.DataFrame({"phone": [1, 2, 9, 1], "chat": [2, 1, 1, 8]})
    with pytest.raises(ValueError, match=r"column 'phone' holds 9 in row 2 \(1 of 4\)"):
        nav.Survey.from_items(frame, items=["phone", "chat"], positive=1)
    survey = nav.Survey.from_items(frame, items=["phone", "chat"], positive=1, negative=2, missing="drop")
    assert survey.to_pandas()[["n", "positive"]].values.tolist() == [[3, 2], [3, 2]]
    assert survey.cells.attrs["unanswered"] == {"phone": 1, "chat": 1}
    assert "neither, left out: 8 (1), 9 (1)" in repr(survey)


def test_means_do_not_take_codes_for_numbers():
    frame = pd.DataFrame({"trust": [1, 2, 3, 4, 5, 8, 9, 3] * 25})
    with pytest.raises(ValueError, match=r"column 'trust' holds 8, 9 .* which look like codes for no answer") as error:
        nav.direct_estimate(frame, outcome="trust", statistic="mean")
    assert "frame[~frame['trust'].isin([8, 9])]" in str(error.value)
    without = frame[~frame["trust"].isin([8, 9])]
    assert nav.direct_estimate(without, outcome="trust", statistic="mean")["estimate"].item() == pytest.approx(3.0)
    meant = nav.direct_estimate(frame, outcome="trust", statistic="mean", categories=range(1, 11))
    assert meant["estimate"].item() == pytest.approx(np.mean(frame["trust"]))
    with pytest.raises(ValueError, match=r"holds 8, 9 in rows .*, not among the categories 1, 2, 3, 4, 5\."):
        nav.direct_estimate(frame, outcome="trust", statistic="mean", categories=range(1, 6))
    with pytest.raises(ValueError, match=r"leave these rows out: frame\[~frame\['used'\].isin\(\[9\]\)\]"):
        nav.direct_estimate(pd.DataFrame({"used": [0, 1, 9]}), outcome="used")


def test_categories_name_the_remedy_and_may_hold_codes():
    frame = pd.DataFrame({"trust": [1, 2, 3, 4, 5, 9], "region": ["N", "S"] * 3})
    asked = {"outcome": "trust", "by": "region"}
    with pytest.raises(ValueError, match=r"leave these rows out: frame\[~frame\['trust'\].isin\(\[9\]\)\]"):
        nav.Survey.from_responses(frame, **asked, categories=range(1, 6))
    survey = nav.Survey.from_responses(frame, **asked, categories=[1, 2, 3, 4, 5, 9], ordered=False)
    assert survey.cells["count"].sum().item() == 6
