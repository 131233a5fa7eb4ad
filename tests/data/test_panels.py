"""Pairs of cells with common respondents, counted by hand; they add up, are cut, and leave with their cells."""

import numpy as np
import pandas as pd
import pytest

from navmodels import Survey
from navmodels.data.variants import with_minimum, with_weighting

RNG = np.random.default_rng(4)
ROWS = pd.DataFrame(
    {
        "who": np.repeat(np.arange(80), 3),
        "year": np.tile([2022, 2023, 2024], 80),
        "county": np.repeat(RNG.choice(["Agder", "Oslo"], 80), 3),
        "answer": RNG.integers(1, 5, 240),
        "w": RNG.uniform(0.5, 2.0, 240),
    }
).drop(index=[4, 10, 50, 51])
BY = ["county", "year"]


def panel(frame=ROWS, by=BY, **options):
    options = {"categories": range(1, 5), "weights": "w"} | options
    return Survey.from_responses(frame, outcome="answer", by=by, id="who", **options)


def pairs(survey):
    """Return the pairs as a series by labels of both cells and both answers."""
    cells = survey.cells
    names = [tuple(row) for row in survey.to_pandas()[list(survey.factors)].astype(object).to_numpy().tolist()]
    found = {}
    for place, (a, b) in enumerate(zip(cells["pair_first"].values, cells["pair_second"].values, strict=True)):
        for i, first in enumerate(cells["category"].values.tolist()):
            for j, second in enumerate(cells["category"].values.tolist()):
                ends = sorted([(names[a], first), (names[b], second)])
                values = [float(cells[name].values[place, i, j]) for name in ("both", "both_weighted")]
                found[tuple(ends)] = np.add(found.get(tuple(ends), 0.0), values)
    return {key: value.tolist() for key, value in found.items() if value[0]}


def by_hand(frame, by):
    found = {}
    for _, rows in frame.groupby("who"):
        each = [((tuple(row[name] for name in by), row["answer"]), row["w"]) for row in rows.to_dict("records")]
        for i, (end, w) in enumerate(each):
            for other, v in each[i + 1 :]:
                key = tuple(sorted([end, other]))
                found[key] = np.add(found.get(key, 0.0), [1.0, w * v])
    return found


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for key, values in found.items():
        assert values == pytest.approx(expected[key], rel=1e-12)


def test_pairs_by_hand():
    survey = panel()
    assert_same(pairs(survey), by_hand(ROWS, BY))
    assert (survey.cells.attrs["persons"], survey.cells.attrs["repeated"]) == (
        80,
        ROWS["who"].duplicated().groupby(ROWS["who"]).any().sum(),
    )
    assert "80 persons, 80 of them with more than one answer" in repr(survey)


def test_they_add_up_when_cells_do():
    assert_same(pairs(panel().collapse("year")), by_hand(ROWS, ["year"]))
    assert_same(pairs(panel().collapse("county")), by_hand(ROWS, ["county"]))


def test_they_are_cut_as_counts_are():
    cut, asked = panel().dichotomise(3), panel(categories=None, positive=[3, 4])
    for name in ("pair_first", "pair_second", "both"):
        assert cut.cells[name].values.tolist() == asked.cells[name].values.tolist()
    assert cut.cells["both_weighted"].values == pytest.approx(asked.cells["both_weighted"].values, rel=1e-12)


def test_they_leave_with_their_cells():
    assert_same(pairs(panel().drop(year=2023)), by_hand(ROWS[ROWS["year"] != 2023], BY))
    assert "persons" not in repr(panel().drop(year=2023))  # how many are left is not known
    one = panel().drop(year=[2023, 2024])
    assert "both" not in one.cells
    small = ROWS.drop(index=ROWS.index[(ROWS["county"] == "Oslo") & (ROWS["year"] == 2024)][3:])
    assert_same(
        pairs(with_minimum(panel(small), 4)), by_hand(small[(small["county"] != "Oslo") | (small["year"] != 2024)], BY)
    )


def test_they_are_weighed_as_asked():
    plain = with_weighting(panel(), "none")
    assert plain.cells["both_weighted"].values.tolist() == plain.cells["both"].values.tolist()


def test_a_population_leaves_them():
    population = pd.DataFrame(
        [(c, y, 10.0) for c in ("Oslo", "Agder") for y in (2022, 2023, 2024)], columns=[*BY, "weight"]
    )
    few = ROWS[(ROWS["county"] == "Oslo") | (ROWS["year"] != 2022)]
    assert_same(pairs(panel(few, population=population)), by_hand(few, BY))


def test_different_persons_leave_nothing():
    survey = panel(ROWS.assign(who=np.arange(len(ROWS))))
    assert "both" not in survey.cells
    without = Survey.from_responses(ROWS, outcome="answer", by=BY, categories=range(1, 5), weights="w", overlap="allow")
    assert survey.cells.drop_attrs().identical(without.cells.drop_attrs())


def test_who_cannot_be_counted_is_named():
    with pytest.raises(
        ValueError, match=r"7 answers 'answer' more than once in the cell county='.*', year=2023 \(rows 22, 999"
    ):
        panel(pd.concat([ROWS, ROWS.loc[[22]].rename(index={22: 999})]))
    with pytest.raises(ValueError, match=r"column 'who' is missing in row 0"):
        panel(ROWS.astype({"who": object}).assign(who=[None, *ROWS["who"][1:]]))
    with pytest.raises(ValueError, match=r"id names column 'who', which the frame does not have"):
        panel(ROWS.rename(columns={"who": "whom"}))
    with pytest.raises(ValueError, match="id is 'answer', which is the outcome"):
        Survey.from_responses(ROWS, outcome="answer", by=BY, categories=range(1, 5), id="answer")
