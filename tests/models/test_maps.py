import csv
import json
from importlib.resources import files

import numpy as np
import pymc as pm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from navmodels.models.blocks import random_walk_basis
from navmodels.models.maps import check_map, load_map, parts, precision, region_basis
from navmodels.reports.library import load_report

COUNTY_MAP = load_map("nav_counties")
BORDERS = """
    Agder–Rogaland, Agder–Vestfold og Telemark, Innlandet–Møre og Romsdal, Innlandet–Trøndelag, Innlandet–Vest-Viken,
    Innlandet–Vestland, Innlandet–Øst-Viken, Møre og Romsdal–Trøndelag, Møre og Romsdal–Vestland,
    Nordland–Troms og Finnmark, Nordland–Trøndelag, Oslo–Vest-Viken, Oslo–Øst-Viken, Rogaland–Vestfold og Telemark,
    Rogaland–Vestland, Vest-Viken–Vestfold og Telemark, Vest-Viken–Vestland, Vest-Viken–Øst-Viken,
    Vestfold og Telemark–Vestland
"""


def from_borders(areas, borders):
    """Return the map of some areas with a list of pairs that share a border."""
    near = {area: set() for area in areas}
    for one, other in borders:
        near[one].add(other)
        near[other].add(one)
    return check_map(near)


def path(size):
    return from_borders(range(size), [(place, place + 1) for place in range(size - 1)])


def variances(neighbours):
    return (region_basis(neighbours) ** 2).sum(axis=1)


def geometric_mean(values):
    return np.exp(np.mean(np.log(values)))


# ---- the map of the counties


def test_counties_are_those_of_the_reports():
    groups = load_report("employer_2024", "groups").query("group != 'each'")
    counties = groups.loc[groups["group_dim"] == "county", "label_nb"]
    assert [area for area, _ in COUNTY_MAP] == sorted(counties)


def test_borders_of_the_counties():
    found = {f"{area}–{other}" for area, near in COUNTY_MAP for other in near if area < other}
    assert found == {" ".join(border.split()) for border in BORDERS.split(",")}
    assert sum(len(near) for _, near in COUNTY_MAP) == 2 * 19
    assert parts(COUNTY_MAP) == [list(range(12))]
    structure = precision(COUNTY_MAP)
    assert (structure == structure.T).all()
    assert np.trace(structure) == 38
    assert (structure.sum(axis=1) == 0).all()


def test_rows_of_the_file_are_unique_and_sorted():
    text = (files("navmodels.data") / "maps" / "nav_counties.csv").read_text(encoding="utf-8")
    rows = [tuple(row.values()) for row in csv.DictReader(text.splitlines())]
    assert rows == [(area, other) for area, near in COUNTY_MAP for other in near]


def test_unknown_map_is_refused_with_the_nearest_match():
    with pytest.raises(
        ValueError, match=r"map is 'nav_county'; allowed: .*'nav_counties'.* Did you mean 'nav_counties'"
    ):
        load_map("nav_county")


# ---- one form


def test_a_map_has_one_form():
    given_ones = [
        {"B": ["A", "C"], "A": ["B"], "C": ["B"], "Island": []},
        {"Island": (), "C": {"B"}, "B": np.array(["C", "A"]), np.str_("A"): iter(["B"])},
    ]
    expected = (("A", ("B",)), ("B", ("A", "C")), ("C", ("B",)), ("Island", ()))
    assert [check_map(one) for one in given_ones] == [expected, expected]
    assert check_map(dict(expected)) == expected
    assert {expected: 1}[check_map(given_ones[0])] == 1  # hashable
    assert check_map(dict(json.loads(json.dumps(expected)))) == expected


def test_whole_numbers_are_labels_and_sorted_as_numbers():
    neighbours = check_map({10: np.array([9, 301]), 9: [10], np.int64(301): [10]})
    assert neighbours == ((9, (10,)), (10, (9, 301)), (301, (10,)))
    assert {type(area) for area, _ in neighbours} == {int}
    assert json.loads(json.dumps(neighbours)) == [[9, [10]], [10, [9, 301]], [301, [10]]]


@pytest.mark.parametrize(
    ("neighbours", "message"),
    [
        ({}, "a map is given as {area: [its neighbours], ...}, with one area or more; given: no areas."),
        ([("A", ["B"])], "a map is given as {area: [its neighbours], ...}, with one area or more; given: a list."),
        ({"A": "B", "B": "A"}, "the neighbours of 'A' are 'B'; allowed: a list of labels, an empty one for an island."),
        ({1: 2, 2: 1}, "the neighbours of 1 are 2; allowed: a list of labels, an empty one for an island."),
        (
            {"A": ["B"], "B": ["A", 3]},
            "the map has labels such as 'A' (text), 3 (whole number); allowed: text or whole numbers, one kind "
            "in a map.",
        ),
        ({1.0: []}, "the map has labels such as 1.0 (float); allowed: text or whole numbers, one kind in a map."),
        (
            {0: [True], 1: [0]},
            "the map has labels such as 0 (whole number), True (bool); allowed: text or whole numbers, one kind "
            "in a map.",
        ),
        (
            {"A": ["B", "C"], "B": [], "C": []},
            "faults in the map: 'A' lists 'B' but 'B' does not list 'A'. 'A' lists 'C' but 'C' does not list 'A'.",
        ),
        (
            {"C": ["A"], "A": [], "B": ["C"]},
            "faults in the map: 'B' lists 'C' but 'C' does not list 'B'. 'C' lists 'A' but 'A' does not list 'C'.",
        ),
        ({"A": ["A"]}, "faults in the map: 'A' is its own neighbour."),
        ({5: [6, 6], 6: [5]}, "faults in the map: 5 lists 6 more than once."),
        (
            {"Oslo": ["Berge"], "Bergen": []},
            "faults in the map: 'Oslo' lists 'Berge', which is no area of the map. Did you mean 'Bergen'?",
        ),
        ({"A": ["Z"]}, "faults in the map: 'A' lists 'Z', which is no area of the map."),
        (
            {"A": ["A", "B", "B", "Q"], "B": ["C"], "C": ["B"]},
            "faults in the map: 'A' is its own neighbour. 'A' lists 'B' more than once. 'A' lists 'B' but 'B' does not "
            "list 'A'. 'A' lists 'Q', which is no area of the map.",
        ),
    ],
)  # fmt: skip
def test_faults_are_named(neighbours, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011 the whole message is compared
        check_map(neighbours)
    assert str(error.value) == message


def test_an_area_may_not_come_twice_in_two_spellings():
    for one, other in [("Oslo", "Oslo "), ("Tr\u00f8ndelag \u00e5", "Tr\u00f8ndelag a\u030a")]:
        with pytest.raises(ValueError, match="the same after Unicode normalisation"):
            check_map({one: [], other: []})


# ---- structure and parts


def test_structure_and_parts_by_hand():
    # D is cut off; A–C–E is a chain in which C is the middle
    neighbours = from_borders("ABCDE", [("A", "C"), ("C", "E")])
    assert precision(neighbours).tolist() == [
        [1, 0, -1, 0, 0],
        [0, 0, 0, 0, 0],
        [-1, 0, 2, 0, -1],
        [0, 0, 0, 0, 0],
        [0, 0, -1, 0, 1],
    ]
    assert parts(neighbours) == [[0, 2, 4], [1], [3]]


@pytest.mark.usefixtures("without_numba")
@pytest.mark.parametrize("sigma", [1.0, 0.4])
def test_density_is_that_of_pymc(sigma):
    """PyMC's ICAR and our basis: the same log density, up to a constant, of effects that sum to zero."""
    structure, basis = precision(COUNTY_MAP), region_basis(COUNTY_MAP)
    adjacency = (structure == -1).astype(int)
    x = np.random.default_rng(1).normal(size=(6, 12))
    x -= x.mean(axis=1, keepdims=True)
    icar = pm.ICAR.dist(W=adjacency, sigma=sigma, zero_sum_stdev=0.01)
    logp = np.array([pm.logp(icar, row).eval() for row in x])
    quadratic = -0.5 * np.einsum("ij,jk,ik->i", x, structure, x) / sigma**2
    assert np.diff(logp) == pytest.approx(np.diff(quadratic), abs=1e-8)
    # x = sigma * sqrt(g) * B z with z standard normal, where g is what the scaling divides variances by
    g = geometric_mean(np.diag(np.linalg.inv(structure + 1 / 12) - 1 / 12))
    z = x @ np.linalg.pinv(basis).T / (sigma * np.sqrt(g))
    assert z @ basis.T * sigma * np.sqrt(g) == pytest.approx(x, abs=1e-12)
    assert np.diff(logp) == pytest.approx(np.diff(-0.5 * (z**2).sum(axis=1)), abs=1e-8)


# ---- scaling


def test_path_of_three_by_hand():
    # D - W has the eigenpairs 1: (1, 0, -1)/√2 and 3: (1, -2, 1)/√6 beside the constant. The generalised inverse
    # (1/1)(1, 0, 1)/2 + (1/3)(1, 4, 1)/6 has the diagonal 5/9, 2/9, 5/9, with geometric mean (50/729)^(1/3).
    expected = np.array([5, 2, 5]) / 9 / (50 / 729) ** (1 / 3)
    assert variances(path(3)) == pytest.approx(expected, rel=1e-12)


def test_path_of_four_by_hand():
    # With R the resistance between two areas (on a path their distance), the diagonal of the generalised inverse is
    # mean of R from i over all n - sum of R over pairs / n²: the pairs give 3·1 + 2·2 + 1·3 = 10, so
    # ends (0 + 1 + 2 + 3)/4 - 10/16 = 7/8, middle (1 + 0 + 1 + 2)/4 - 10/16 = 3/8. Geometric mean: √(21/64) = √21/8.
    expected = np.array([7, 3, 3, 7]) / np.sqrt(21)
    assert variances(path(4)) == pytest.approx(expected, rel=1e-12)
    # R = the sum of two variances less twice their covariance: of the two ends (7/8 + 7/8 - 3)/2 = -5/8
    assert (region_basis(path(4)) @ region_basis(path(4)).T)[0, 3] == pytest.approx(-5 / np.sqrt(21), rel=1e-12)


@pytest.mark.parametrize("size", [2, 5, 12])
def test_where_all_are_neighbours_effects_are_exchangeable(size):
    # D - W = n I - J, whose generalised inverse is (I - J/n)/n: variances (n - 1)/n², correlations -1/(n - 1)
    everyone = from_borders(range(size), [(one, other) for one in range(size) for other in range(one)])
    basis = region_basis(everyone)
    expected = np.where(np.eye(size) == 1, 1.0, -1 / (size - 1))
    assert basis @ basis.T == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("size", [3, 10, 40])
def test_a_path_is_a_random_walk(size):
    basis, walk = region_basis(path(size)), random_walk_basis(size, order=1)
    assert basis @ basis.T == pytest.approx(walk @ walk.T, abs=1e-10)


def test_counties_have_the_scaled_inverse():
    # another way to the generalised inverse: (D - W + J/n)⁻¹ - J/n
    inverse = np.linalg.inv(precision(COUNTY_MAP) + 1 / 12) - 1 / 12
    basis = region_basis(COUNTY_MAP)
    assert basis.shape == (12, 11)
    assert basis @ basis.T == pytest.approx(inverse / geometric_mean(np.diag(inverse)), abs=1e-12)
    # the far north hangs by one border and varies most; the best connected inland counties vary least
    order = np.argsort(variances(COUNTY_MAP))
    assert [COUNTY_MAP[place][0] for place in order[[0, -2, -1]]] == ["Innlandet", "Nordland", "Troms og Finnmark"]


def test_columns_are_smooth_first_with_signs_that_do_not_depend_on_chance():
    basis = region_basis(path(4))
    # eigenvectors cos(π k (i + ½) / 4) of the eigenvalues 2 - 2 cos(π k / 4), k = 1, 2, 3; of the largest entries,
    # which tie, the first is positive: the second one for k = 3
    waves = np.cos(np.pi * np.outer(np.arange(4) + 0.5, [1, 2, 3]) / 4) * [1, 1, -1]
    values = 2 - 2 * np.cos(np.pi * np.array([1, 2, 3]) / 4)
    expected = waves / np.sqrt(2 * values) / np.sqrt(np.sqrt(21) / 8)  # scaled as computed above
    assert basis == pytest.approx(expected, abs=1e-12)


def test_names_do_not_matter():
    renamed = dict(zip([area for area, _ in COUNTY_MAP], "LCAKEFGHIJDB", strict=True))
    other = check_map({renamed[area]: [renamed[place] for place in near] for area, near in COUNTY_MAP})
    order = [ord(renamed[area]) - ord("A") for area, _ in COUNTY_MAP]
    one, two = region_basis(COUNTY_MAP), region_basis(other)
    assert (two @ two.T)[np.ix_(order, order)] == pytest.approx(one @ one.T, abs=1e-12)


# ---- maps in parts


def test_each_part_is_scaled_by_itself():
    # the counties without Nordland's southern border, and an island
    cut = {area: set(near) for area, near in COUNTY_MAP} | {"Svalbard": set()}
    cut["Nordland"].remove("Trøndelag")
    cut["Trøndelag"].remove("Nordland")
    neighbours = check_map(cut)
    places = {area: row for row, (area, _) in enumerate(neighbours)}
    north = [places["Nordland"], places["Troms og Finnmark"]]
    south = [row for area, row in places.items() if area not in ("Nordland", "Troms og Finnmark", "Svalbard")]
    assert parts(neighbours) == sorted([south, north, [places["Svalbard"]]])
    basis = region_basis(neighbours)
    assert basis.shape == (13, 9 + 1 + 1)
    covariance = basis @ basis.T
    assert covariance[np.ix_(north, north)] == pytest.approx(np.array([[1, -1], [-1, 1]]), abs=1e-12)
    assert covariance[places["Svalbard"]].tolist() == [float(row == places["Svalbard"]) for row in range(13)]
    alone = region_basis(tuple((area, near) for area, near in neighbours if places[area] in south))
    assert covariance[np.ix_(south, south)] == pytest.approx(alone @ alone.T, abs=1e-12)


def test_a_map_of_islands_is_independent():
    assert region_basis(check_map({"A": [], "B": [], "C": []})).tolist() == np.eye(3).tolist()


@st.composite
def maps(draw):
    size = draw(st.integers(1, 14))
    pairs = [(one, other) for one in range(size) for other in range(one)]
    borders = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=2 * size)) if pairs else []
    return from_borders(range(size), borders)


def reached(neighbours, start):
    """Return the areas that can be reached over borders, in order."""
    near, found, new = dict(neighbours), set(), {start}
    while new:
        found |= new
        new = {other for area in new for other in near[area]} - found
    return sorted(found)


@settings(max_examples=100, deadline=None)
@given(maps())
def test_any_map_has_the_scaled_inverse_part_by_part(neighbours):
    expected_parts = sorted({tuple(reached(neighbours, area)) for area, _ in neighbours})
    assert parts(neighbours) == [list(part) for part in expected_parts]
    structure, basis = precision(neighbours), region_basis(neighbours)
    assert basis.shape == (len(neighbours), sum(max(len(part) - 1, 1) for part in expected_parts))
    assert np.linalg.matrix_rank(basis) == basis.shape[1]
    expected = np.zeros_like(structure)
    for part in expected_parts:
        inside = np.ix_(part, part)
        inverse = np.linalg.pinv(structure[inside], rcond=1e-10) if len(part) > 1 else np.ones((1, 1))
        expected[inside] = inverse / geometric_mean(np.diag(inverse))
        assert geometric_mean((basis[list(part)] ** 2).sum(axis=1)) == pytest.approx(1.0, rel=1e-10)
        if len(part) > 1:
            assert basis[list(part)].sum(axis=0) == pytest.approx(np.zeros(basis.shape[1]), abs=1e-12)
    assert basis @ basis.T == pytest.approx(expected, abs=1e-9)
    part_of = {area: part for part in expected_parts for area in part}
    apart = [[part_of[one] != part_of[other] for other, _ in neighbours] for one, _ in neighbours]
    assert not (basis @ basis.T)[np.array(apart)].any()
