import numpy as np
import pandas as pd
import pytest

from navmodels.data.matching import as_levels, places, slips


def matched(values, levels, **options):
    frame = pd.DataFrame({"zone": values, "weight": 1.0})
    return as_levels(frame, {"zone": levels}, what="population", **options)["zone"].tolist()


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([2, 1], (1, 2)),
        ([2.0, 1.0], (1, 2)),
        (np.array([2, 1], dtype=np.int8), (1.0, 2.0)),
        (pd.array([2, 1], dtype="Int64"), (1, 2)),
        (pd.Categorical([2, 1]), (1, 2)),
        (pd.Series([2, 1.0], dtype=object), (1, 2)),
        (pd.array(["b", "a"], dtype="string"), ("a", "b")),
        (np.array(["b", "a"]), ("a", "b")),
        (pd.array([True, False], dtype="boolean"), (False, True)),
        (np.array([True, False]), (False, True)),
        (pd.Series([0.1, 2**53 + 1], dtype=object), (2**53 + 1, 0.1)),
    ],
)
def test_equal_labels_of_one_kind_are_one_label_whatever_their_type(values, levels):
    found = matched(values, levels)
    assert found == [levels[1], levels[0]]
    assert [type(label) for label in found] == [type(levels[1]), type(levels[0])]


KINDS = [
    ([True, False], (0, 1), "True/False, where its levels are numbers"),
    ([1, 0], (False, True), "numbers, where its levels are True/False"),
    ([1.0, 0.0], (False, True), "numbers, where its levels are True/False"),
    (pd.Series([True, 0], dtype=object), (False, True), "numbers, where its levels are True/False"),
    (["True", "False"], (False, True), "text, where its levels are True/False"),
    (["03", "11"], (3, 11), "text, where its levels are numbers"),
    (["3", "11"], (3, 11), "text, where its levels are numbers"),
    (["1.0", "1.5"], (1, 1.5), "text, where its levels are numbers"),
    ([3, 11], ("03", "11"), "numbers, where its levels are text"),
    ([3.0, 11.0], ("0003", "0011"), "numbers, where its levels are text"),
    ([3, 11], ("3", "11"), "numbers, where its levels are text"),
    ([3.0, 11.0], ("3", "11"), "numbers, where its levels are text"),
    ([1, 2], ("1.0", "2.0"), "numbers, where its levels are text"),
    (pd.Categorical([3, 11]), ("03", "11"), "numbers, where its levels are text"),
    (pd.to_datetime(["2023-05-01", "2024-05-01"]), (2023, 2024), "Timestamp, where its levels are numbers"),
    (pd.to_datetime(["2023-05-01", "2024-06-01"]), ("2023-05", "2024-06"), "Timestamp, where its levels are text"),
]


@pytest.mark.parametrize(("values", "levels", "what"), KINDS)
@pytest.mark.parametrize("open_to_new", [(), ("zone",)])
def test_another_kind_is_refused_with_a_conversion_that_works(values, levels, what, open_to_new):
    frame = pd.DataFrame({"zone": values})
    with pytest.raises(ValueError, match=r"population has .* in column 'zone' \(row") as error:
        as_levels(frame, {"zone": levels}, what="population", open_to_new=open_to_new)
    assert what in str(error.value)
    code = str(error.value).split("Convert the column: frame['zone']")[1]
    code = code.split(". Did you")[0].removesuffix(".")
    converted = frame.assign(zone=CODES[code](frame["zone"]))
    assert sorted(as_levels(converted, {"zone": levels}, what="population")["zone"]) == sorted(levels)


CODES = {
    ".astype(bool)": lambda column: column.astype(bool),
    ".map({'True': True, 'False': False})": lambda column: column.map({"True": True, "False": False}),
    ".astype(int)": lambda column: column.astype(int),
    ".astype(float)": lambda column: column.astype(float),
    ".astype(str)": lambda column: column.astype(str),
    ".astype(int).astype(str)": lambda column: column.astype(int).astype(str),
    ".astype(float).astype(str)": lambda column: column.astype(float).astype(str),
    ".astype(int).astype(str).str.zfill(2)": lambda column: column.astype(int).astype(str).str.zfill(2),
    ".astype(int).astype(str).str.zfill(4)": lambda column: column.astype(int).astype(str).str.zfill(4),
    ".dt.year": lambda column: column.dt.year,
    ".dt.strftime('%Y-%m')": lambda column: column.dt.strftime("%Y-%m"),
}


def test_no_conversion_is_named_where_none_helps():
    with pytest.raises(ValueError, match=r"none of the usual conversions does"):
        matched(["north", "south"], (1, 2))
    with pytest.raises(ValueError, match=r"none of the usual conversions does"):
        matched(["yes", "no"], (False, True))  # bool("no") is True
    with pytest.raises(ValueError, match=r"none of the usual conversions does"):
        matched([1.5, 2.5], ("1", "2"))  # int(1.5) is 1


def test_unknown_labels_are_named_with_the_nearest():
    message = (
        r"^population has 'Tromso', 'Olso' in column 'zone' \(rows 1, 2 \(2 of 3\)\), .*does not know; its levels: "
        r"'Oslo', 'Troms'\. Did you mean 'Troms'\?"
    )
    with pytest.raises(ValueError, match=message):
        matched(["Oslo", "Tromso", "Olso"], ("Oslo", "Troms"))
    assert matched(["Oslo", "Olso"], ("Oslo", "Troms"), open_to_new=["zone"]) == ["Oslo", "Olso"]


def test_places():
    assert places([2.0, 1], [1, 2]).tolist() == [1, 0]
    assert places(np.array([True, False]), [False, True]).tolist() == [1, 0]
    for label, levels in ((True, [0, 1]), (1, [False, True]), ("1", [1, 2]), ("Olso", ["Oslo", "Troms"])):
        with pytest.raises(ValueError, match="is none of"):
            places([label], levels)


@pytest.mark.parametrize(
    ("label", "known", "expected"),
    [
        ("Olso", ["Oslo"], "Oslo"),
        ("Osl", ["Oslo"], None),  # three letters
        ("Oslos", ["Oslo"], "Oslo"),
        ("Asker", ["Askim"], None),
        ("Agdar", ["Agder", "Oslo"], "Agder"),
        ("office 12", ["office 11"], None),
        ("A0", ["A1"], None),
        ("a0", ["A0"], "A0"),
        ("Ｏslo", ["Oslo"], "Oslo"),
        ("Øst", ["Vest"], None),
        (2025, [2024], None),
    ],
)
def test_slips(label, known, expected):
    assert slips([label], known) == ({} if expected is None else {label: expected})


def test_a_slip_of_another_new_label_is_one_in_capitals_or_spaces_only():
    assert slips(["newer", "newest", "Newer", "new er"], ["A"]) == {"Newer": "newer"}
    labels = [f"place {number}" for number in range(3000)]
    assert slips(labels, [f"Place {number}" for number in range(3000, 6000)]) == {}
