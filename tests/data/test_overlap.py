"""Rows that are not disjoint people: seen where they are, and only there; the remedy in each refusal works."""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from navmodels.data.breakdowns import equal_runs
from navmodels.data.overlap import is_total

REGIONS = pd.DataFrame({"region": ["Nord", "Midt", "Sør"], "n": [211, 347, 486], "k": [60, 139, 243]})


def with_total(label, frame=REGIONS, place=3):
    total = pd.DataFrame({"region": [label], "n": [frame["n"].sum()], "k": [frame["k"].sum()]})
    frame = pd.concat([frame.iloc[:place], total, frame.iloc[place:]], ignore_index=True)
    return frame.assign(p=(100 * frame["k"] / frame["n"]).round())


def report(frame, **options):
    return nav.Survey.from_report(frame, **{"by": "region", "estimate": "p", "n": "n"} | options)


def counts(frame, **options):
    return nav.Survey.from_counts(frame, **{"by": "region", "positive": "k", "n": "n"} | options)


# ---- totals


@pytest.mark.parametrize("door", [report, counts])
@pytest.mark.parametrize(
    "label", ["Total", "TOTALT", " Alle", "I alt", "Sum", "Total (n = 1 044)", "Hele landet", "Norge", "Vest"]
)
@pytest.mark.parametrize("place", [0, 3])
def test_a_total_among_details_is_refused(door, label, place):
    """By its label, or (a country, or a row called anything) by its numbers."""
    frame = with_total(label, place=place)
    with pytest.raises(
        ValueError, match=rf"in column 'region' \(row {place} \(1 of 4\)\).*would count twice"
    ) as caught:
        door(frame)
    assert f"Leave it out: frame[frame['region'] != {label!r}]" in str(caught.value)
    assert door(frame[frame["region"] != label]).cells.sizes["cell"] == 3
    assert door(frame, overlap="allow").cells.sizes["cell"] == 4


def test_a_total_is_known_by_its_label_whatever_its_numbers():
    frame = with_total("Total").assign(n=[211, 347, 486, 1100], p=[28, 40, 50, 45])
    with pytest.raises(ValueError, match=r"'Total' in column 'region' .* is called a total"):
        report(frame, design_effect=1.1)
    without_n = frame.assign(se=2.0)
    with pytest.raises(ValueError, match="is called a total"):
        report(without_n, n=None, se="se")


def test_totals_stand_within_the_other_factors():
    years = [with_total("Everybody here").assign(year=year) for year in (2023, 2024)]
    frame = pd.concat(years, ignore_index=True)
    with pytest.raises(ValueError, match=r"'Everybody here' in column 'region' \(rows 3, 7 \(2 of 8\)\)"):
        report(frame, by=["year", "region"])
    alone = pd.concat([with_total("Total").iloc[[3]].assign(year=2022), REGIONS.assign(year=2023, p=[28, 40, 50])])
    assert report(alone, by=["year", "region"]).cells.sizes["cell"] == 4  # no year has both
    assert report(alone.iloc[:1]).cells.sizes["cell"] == 1


@pytest.mark.parametrize(
    "label", ["Andre", "Other", "Total hip replacement", "Alle hjelpemidler", "Norge", "Both", "Nasjonal"]
)
def test_labels_that_only_sound_like_totals(label):
    frame = with_total(label).assign(n=[211, 347, 486, 305], k=[60, 139, 243, 90], p=[28, 40, 50, 30])
    assert not is_total(label)
    assert report(frame).cells.sizes["cell"] == counts(frame).cells.sizes["cell"] == 4


@pytest.mark.parametrize("seed", range(200))
def test_independent_groups_are_no_total(seed):
    """Five groups at random, n from 20 to 400, whole or rounded: none looks like the sum of the others."""
    rng = np.random.default_rng(seed)
    n = rng.integers(20, 401, 5) if seed % 2 else 50 * rng.integers(1, 9, 5)
    k = rng.binomial(n, rng.uniform(0.3, 0.5))
    frame = pd.DataFrame({"region": list("ABCDE"), "n": n, "k": k, "p": np.round(100 * k / n)})
    if 2 * n.max() != n.sum():
        assert counts(frame).cells.sizes["cell"] == 5
        assert report(frame, design_effect=1.5).cells.sizes["cell"] == 5


def test_small_counts_that_happen_to_add_up_are_taken():
    assert counts(pd.DataFrame({"region": list("ABC"), "n": [6, 8, 14], "k": [2, 3, 5]})).cells.sizes["cell"] == 3
    equal = pd.DataFrame({"region": list("ABC"), "n": [200, 200, 400], "p": [50, 50, 50]})
    assert report(equal).cells.sizes["cell"] == 3


# ---- several breakdowns


def people(seed=0, size=1000):
    rng = np.random.default_rng(seed)
    columns = {"sex": ["men", "women"], "age": ["-34", "35-54", "55+"], "region": list("ABCDE")}
    return pd.DataFrame(
        {name: rng.choice(labels, size) for name, labels in columns.items()} | {"y": rng.random(size) < 0.5}
    )


def broken_down(frame, factors, rename=None):
    rows = [
        (level, len(part), round(100 * part["y"].mean()), int(part["y"].sum()))
        for by in factors
        for level, part in frame.groupby(by)
    ]
    table = pd.DataFrame(rows, columns=["group", "n", "p", "k"])
    return table.replace({"group": rename or {}})


@pytest.mark.parametrize("factors", [("sex", "age", "region"), ("sex", "region"), ("region", "age")])
@pytest.mark.parametrize("seed", range(5))
def test_breakdowns_of_one_sample_are_refused_and_taken_apart(factors, seed):
    table = broken_down(people(seed), factors)
    for call in (
        lambda: nav.Survey.from_report(table, by="group", estimate="p", n="n"),
        lambda: nav.Survey.from_counts(table, by="group", positive="k", n="n"),
    ):
        with pytest.raises(ValueError, match=rf"{len(factors)} breakdowns of the same people in column 'group'"):
            call()
    parts = nav.split_table(table, by="group", n="n")
    assert [len(part) for part in parts.values()] == [people()[name].nunique() for name in factors]
    for part in parts.values():
        assert nav.Survey.from_report(part, by="group", estimate="p", n="n").cells["n"].sum() == 1000


def test_breakdowns_are_seen_by_their_arithmetic_alone():
    names = {"men": "x1", "women": "x2", "-34": "y1", "35-54": "y2", "55+": "y3"}
    table = broken_down(people(3), ("sex", "age"), names)
    with pytest.raises(
        ValueError, match=r"'x1', 'x2'; 'y1', 'y2', 'y3'\..*nav\.split_table\(frame, by='group', n='n'\)"
    ):
        nav.Survey.from_report(table, by="group", estimate="p", n="n")


def test_breakdowns_whose_bases_differ_are_seen_by_their_labels():
    """Age is not known of some, so that the bases are not the same."""
    frame = people(4)
    table = pd.concat([broken_down(frame, ["sex"]), broken_down(frame.iloc[:970], ["age"])], ignore_index=True)
    with pytest.raises(ValueError, match="2 breakdowns of the same people") as caught:
        nav.Survey.from_report(table, by="group", estimate="p", n="n")
    call = str(caught.value).split("at a time: ")[1].split(" gives a frame")[0]
    assert call == "nav.split_table(frame, by='group', parts={'sex': ['men', 'women'], 'age': ['-34', '35-54', '55+']})"
    parts = nav.split_table(table, by="group", parts={"sex": ["men", "women"], "age": ["-34", "35-54", "55+"]})
    survey = nav.Survey.from_report(parts["age"], by="age", estimate="p", n="n")
    assert survey.levels == {"age": ("-34", "35-54", "55+")}


def test_adults_by_sex_beside_children_by_age_are_other_people():
    rows = [("Men", 505, 41), ("Women", 523, 44), ("Children 0-6", 98, 60), ("Children 7-17", 121, 55)]
    table = pd.DataFrame(rows, columns=["group", "n", "p"])
    assert nav.Survey.from_report(table, by="group", estimate="p", n="n", design_effect=1.1).cells.sizes["cell"] == 4


def test_sex_and_age_without_n_are_seen_by_their_labels():
    table = pd.DataFrame({"group": ["Menn", "Kvinner", "18-34 år", "35 år og eldre"], "p": [50, 48, 47, 51], "se": 2.0})
    with pytest.raises(ValueError, match="2 breakdowns of the same people in column 'group'"):
        nav.Survey.from_report(table, by="group", estimate="p", se="se")


def test_breakdowns_in_each_year():
    table = pd.concat([broken_down(people(year), ("sex", "region")).assign(year=year) for year in (2023, 2024)])
    with pytest.raises(ValueError, match="2 breakdowns of the same people in column 'group'"):
        nav.Survey.from_report(table, by=["year", "group"], estimate="p", n="n")
    parts = nav.split_table(table, by="group", n="n")
    assert [part["year"].nunique() for part in parts.values()] == [2, 2]
    assert sum(map(len, parts.values())) == len(table)


def test_one_breakdown_is_no_overlap():
    frame = people(5)
    for name in ("sex", "age", "region"):
        assert nav.Survey.from_report(broken_down(frame, [name]), by="group", estimate="p", n="n").levels
    other = broken_down(frame, ["sex"], {"women": "Kvinner", "men": "Menn"})
    more = pd.DataFrame({"group": ["Annet", "Vet ikke"], "n": [40, 25], "p": [50, 48], "k": [20, 12]})
    table = pd.concat([other, more], ignore_index=True)
    assert nav.Survey.from_report(table, by="group", estimate="p", n="n").cells.sizes["cell"] == 4


@pytest.mark.parametrize("seed", range(60))
def test_equal_designs_are_no_breakdowns(seed):
    """The same n in every group, as in a stratified sample, is a design and not an overlap."""
    rng = np.random.default_rng(seed)
    n = np.full(6, 200) if seed % 2 else np.array([100, 200, 300, 300, 200, 100])
    k = rng.binomial(n, 0.4)
    frame = pd.DataFrame({"region": list("ABCDEF"), "n": n, "k": k, "p": np.round(100 * k / n)})
    assert counts(frame).cells.sizes["cell"] == 6
    assert report(frame, design_effect=1.2).cells.sizes["cell"] == 6


# ---- split_table


def test_runs_of_equal_n():
    assert equal_runs(np.array([10.0, 4.0, 6.0, 1.0, 2.0, 7.0])) == [1, 2, 3]  # a total first
    assert equal_runs(np.array([4.0, 6.0, 5.0, 6.0])) is None
    assert equal_runs(np.array([1.0, 1.0, 1.0, 1.0])) == [2, 2]


def test_no_row_is_lost_or_twice():
    table = pd.DataFrame({"group": ["all", "men", "women", "young", "old"], "n": [100, 48, 52, 60, 40]})
    parts = nav.split_table(table, by="group", n="n")
    assert {name: part["group"].tolist() for name, part in parts.items()} == {
        "total": ["all"],
        "part 1": ["men", "women"],
        "part 2": ["young", "old"],
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"needs either n=, a column, or parts=.*not both"),
        ({"n": "n", "parts": {}}, r"not both"),
        ({"n": "m"}, r"split_table names column 'm'"),
        (
            {"parts": {"sex": ["men", "woman"]}},
            r"a label in parts= of column 'group' is 'woman'; .* Did you mean 'women'\?",
        ),
        (
            {"parts": {"sex": ["men", "women"]}},
            r"parts= name 'young', 'old' in none; each label .* belongs in one part",
        ),
        ({"parts": {"sex": ["men", "women"], "age": ["men", "young", "old"]}}, r"parts= name 'men' in two"),
        ({"n": "base"}, r"'base' do not add to one n in one way only; name the breakdowns with parts=.*'men', 'women'"),
    ],
)
def test_what_cannot_be_taken_apart_is_named(options, message):
    table = pd.DataFrame({"group": ["men", "women", "young", "old"], "n": [48, 52, 60, 40], "base": [48, 52, 61, 40]})
    with pytest.raises(ValueError, match=message):
        nav.split_table(table, by="group", **options)


def test_overlap_is_a_word():
    with pytest.raises(ValueError, match=r"overlap is 'allowed'; allowed: 'refuse', 'allow'\. Did you mean 'allow'"):
        counts(REGIONS, overlap="allowed")
