"""A printed distribution of answers: the counts print as it does and add to n; what cannot be counted is refused."""

import itertools

import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from navmodels.likelihoods.outcomes import effective_counts

ANSWERS = ["not_at_all", "not_very", "somewhat", "very"]
WIDE = pd.DataFrame(
    {"age": ["18-34", "35-64", "65+"], "not_at_all": [10, 2, 4], "not_very": [13, 9, 11]}
    | {"somewhat": [47, 46, 47], "very": [29, 42, 37], "n": [133, 855, 627]}
)  # each row adds to 99


def read(frame=WIDE, **options):
    return nav.Survey.from_report(frame, **{"by": "age", "counts": ANSWERS, "n": "n"} | options)


def test_counts_print_as_the_table_and_add_to_n():
    """Of 855 and 627 there are whole counts; at most 13 + 17 + 63 + 39 = 132 of 133 print as the first row."""
    survey = read()
    count = survey.cells["count"].to_numpy()
    n = WIDE["n"].to_numpy()[:, None]
    assert survey.kind == "rating"
    np.testing.assert_array_equal(count[1:], np.round(count[1:]))
    assert (np.abs(100 * count / n - WIDE[ANSWERS].to_numpy())[1:] <= 0.5 + 1e-9).all()
    np.testing.assert_allclose(count[0], np.array([10, 13, 47, 29]) * 133 / 99, rtol=1e-12)
    np.testing.assert_allclose(count.sum(axis=1), WIDE["n"], rtol=1e-12)
    np.testing.assert_allclose(survey.cells["weight"], WIDE["n"], rtol=1e-12)
    assert survey.cells["category"].to_numpy().tolist() == ANSWERS
    assert "1 row in which no whole counts print so and add to n, as shares of n" in repr(survey)


@pytest.mark.parametrize("n", [7, 11, 23, 37])
def test_counts_by_brute_force(n):
    """Of all counts of three answers that print so, one nearest to the percents is found; where there is one, that."""
    printed: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for low, middle in itertools.product(range(n + 1), repeat=2):
        if low + middle <= n:
            counts = (low, middle, n - low - middle)
            shown = tuple(int(np.floor(100 * k / n + 0.5)) for k in counts)
            printed.setdefault(shown, []).append(counts)
    frame = pd.DataFrame(list(printed), columns=list("abc")).assign(row=range(len(printed)), n=n)
    survey = nav.Survey.from_report(frame, by="row", counts=list("abc"), n="n", overlap="allow")
    for found, (shown, ways) in zip(survey.cells["count"].to_numpy(), printed.items(), strict=True):
        if len(ways) == 1 and not any(200 * k % n == 0 and 200 * k // n % 2 for k in ways[0]):  # no tie
            assert tuple(found) == ways[0]
        assert (np.abs(100 * found / n - shown) <= 0.5 + 1e-9).all()
        assert found.sum() == n


def test_large_bases_are_counted_at_once():
    frame = WIDE.assign(n=10**9)
    count = read(frame).cells["count"].to_numpy()
    assert (count.sum(axis=1) == 10**9).all()
    assert (np.abs(100 * count / 1e9 - WIDE[ANSWERS]).to_numpy() <= 0.5 + 1e-9).all()


def test_a_choice_and_other_names():
    survey = read(categories=[1, 2, 3, 4])
    assert survey.cells["category"].to_numpy().tolist() == [1, 2, 3, 4]
    assert read(ordered=False).kind == "choice"


def test_a_design_effect_divides_shares_of_n():
    survey = read(design_effect=2.0)
    count = effective_counts(survey)
    np.testing.assert_allclose(count.sum(axis=1), WIDE["n"] / 2, rtol=1e-12)
    shares = WIDE[ANSWERS].to_numpy() / WIDE[ANSWERS].sum(axis=1).to_numpy()[:, None]
    np.testing.assert_allclose(count / count.sum(axis=1, keepdims=True), shares, rtol=1e-12)


def test_proportions_say_the_same():
    same = read(WIDE.assign(**{name: WIDE[name] / 100 for name in ANSWERS}), unit="proportion")
    np.testing.assert_allclose(same.cells["count"], read().cells["count"], rtol=1e-12)


def test_the_repr_says_how_it_was_read():
    text = repr(read())
    assert "counts read from printed shares of all answers, which add to 99\n" in text
    assert "3 rows taken as a simple sample" in text
    assert "simple sample" not in repr(read(design_effect=1.5))


def test_draws_of_the_answers_add_to_one():
    fit = nav.fit(nav.Model(nav.Rating(), nav.Group("age")), read(), seed=1)
    total = nav.estimate(fit, by="age", category=ANSWERS).sum("category")
    np.testing.assert_allclose(total, 1.0, rtol=1e-9)


@pytest.mark.parametrize(
    ("changed", "options", "message"),
    [
        (
            {"very": [20, 42, 37]},
            {},
            r"the answers add to 90 in row 0 \(row 0 \(1 of 3\)\); allowed: 100, give or take 2 ",
        ),
        ({"very": [29, 52, 37]}, {}, r"the answers add to 109 in row 1 "),
        (
            {"n": [4, 855, 627]},
            {},
            r"no count out of n prints .* in row 0 \(1 of 3\): in row 0, none of 4 prints as 10, 13, 47, 29 %",
        ),
        ({"n": [133.5, 855, 627]}, {}, r"'n' holds 133\.5 in row 0 .*whole respondents"),
        ({"n": [133, None, 627]}, {}, r"'n' holds nan in row 1"),
        ({"very": [29, None, 37]}, {}, r"'very' is missing in row 1 \(1 of 3\)\. .*write 0 where nobody"),
        ({}, {"n": None}, r"needs the respondents of each row: give n="),
        ({}, {"unit": "proportion"}, r"'not_at_all' holds 10\.0, 2\.0, 4\.0 .*from 0 to 1"),
        ({}, {"unit": "identity"}, r"a distribution of answers is 'percent' or 'proportion'"),
        ({}, {"lower": "very"}, r"counts= are the shares of all answers; estimate=, lower=, .* are for one share"),
        ({}, {"counts": None, "categories": [1, 2]}, r"give counts= too"),
        ({}, {"categories": [1, 2]}, r"4 columns .* and categories 2"),
        ({"age": "all"}, {}, r"rows 0, 1, 2 \(3 of 3\) describe the same cell"),
    ],
)
def test_what_is_no_distribution_is_named(changed, options, message):
    with pytest.raises(ValueError, match=message):
        read(WIDE.assign(**changed), **options)


def test_proportions_are_asked_for():
    with pytest.raises(ValueError, match=r"add to about 1 in every row: give unit='proportion'"):
        read(WIDE.assign(**{name: WIDE[name] / 100 for name in ANSWERS}))


def test_a_total_row_of_a_distribution_is_refused():
    total = pd.DataFrame(
        {"age": ["All"], "not_at_all": [3], "not_very": [10], "somewhat": [46], "very": [40], "n": [1615]}
    )
    frame = pd.concat([WIDE, total], ignore_index=True)
    with pytest.raises(ValueError, match=r"'All' in column 'age' \(row 3 \(1 of 4\)\) is called a total"):
        read(frame)


# ---- the same table, one row an answer

LONG = WIDE.melt(id_vars=["age", "n"], value_vars=ANSWERS, var_name="answer", value_name="pct")


def test_answers_as_rows_are_refused_and_the_remedy_works():
    with pytest.raises(
        ValueError, match=r"answers of one question.*over 'answer' column 'pct' adds to 99, with one n"
    ) as caught:
        nav.Survey.from_report(LONG, by=["age", "answer"], estimate="pct", n="n")
    call = str(caught.value).split("an answer, ")[1].split(", and give")[0]
    assert call == "frame.pivot(index=['age', 'n'], columns='answer', values='pct').reset_index()"
    frame = LONG.pivot(index=["age", "n"], columns="answer", values="pct").reset_index()
    survey = nav.Survey.from_report(frame, by="age", counts=ANSWERS, n="n")
    np.testing.assert_array_equal(survey.cells["count"], read().cells["count"])
    assert nav.Survey.from_report(LONG, by=["age", "answer"], estimate="pct", n="n", overlap="allow").kind == "reported"


def test_one_question_of_four_answers_is_enough():
    with pytest.raises(ValueError, match="answers of one question"):
        nav.Survey.from_report(LONG[LONG["age"] == "65+"], by="answer", estimate="pct", n="n")


def test_groups_whose_percents_add_to_100_are_taken():
    men = pd.DataFrame({"sex": ["men", "women"], "p": [40, 60], "n": [200, 200]})
    assert nav.Survey.from_report(men, by="sex", estimate="p", n="n").cells.sizes["cell"] == 2
    other_n = pd.DataFrame({"g": list("ABCD"), "p": [10, 20, 30, 40], "n": [200, 210, 220, 230]})
    assert nav.Survey.from_report(other_n, by="g", estimate="p", n="n").cells.sizes["cell"] == 4
