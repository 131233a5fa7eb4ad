"""Folders of tables: read as typed, and every mistake named by file, row and column."""

import csv
from pathlib import Path

import pytest

from navmodels.reports.folders import check_folder, read_folder
from navmodels.reports.quantities import list_quantities
from navmodels.reports.schema import TABLES
from navmodels.reports.skeletons import write_skeleton

FULL = {  # one good row for the tables that the skeleton leaves empty
    "bases": {"survey": "visitors", "item": "easy_to_reach", "group_dim": "office_type", "group": "host",
              "time": "2025", "n": "31", "kind": "assumed", "how": "as in table 1"},
    "contradictions": {"numbers": "easy_host easy_own", "sentence": "Two numbers.", "sentence_nb": "To tall.",
                       "supports": "easy_own"},
    "readings": {"id": "easy_own", "value": "72", "why": "read off a bar", "reading": "bars"},
    "coefficients": {"model": "m", "outcome": "easy_to_reach", "predictor": "staff", "year": "2025", "value": "0.33",
                     "se": "0.05", "stars": "***", "reference": "table 2", "note": ""},
}  # fmt: skip
BAD = {"number": "many", "whole": "1.5", "printed": "5 8", "name": "two words", "time": "spring", "choice": "nonsense",
       "formula": "easy_own ** 2", "names": "easy_hots"}  # fmt: skip
FREE = ("label", "label_nb", "reference", "note", "how", "why", "sentence", "sentence_nb", "stars", "stated", "battery",
        "system", "reading", "model", "unit")  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_skeleton(tmp_path / "mine")
    for table, row in FULL.items():
        write(tmp_path / "mine" / f"{table}.csv", [row])
    return tmp_path / "mine"


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def write(file: Path, rows: list[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as text:
        out = csv.DictWriter(text, list(rows[0]))
        out.writeheader()
        out.writerows(rows)


def spoil(folder: Path, table: str, column: str, cell: str, *, row: int = 0) -> list[str]:
    file = folder / f"{table}.csv"
    rows = rows_of(file)
    rows[row][column] = cell
    write(file, rows)
    return check_folder(folder)


def test_the_skeleton_can_be_audited(folder: Path) -> None:
    assert check_folder(folder) == []
    report = read_folder(folder)
    assert report.name == "mine"
    assert report.about["title_nb"] == "Besøkende 2025 (oppdiktet)"
    quantities = list_quantities(report)
    assert (quantities["easy_host"].value, quantities["easy_host"].half, quantities["easy_host"].step) == (
        58.0,
        0.5,
        1.0,
    )
    assert quantities["share_visitors_office_type_own"].value == 79.0
    assert [quantities[name].value for name in ("easy_host.n", "easy_host.count", "n_visitors")] == [31.0, 18.0, 151.0]


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in TABLES for column in TABLES[table]])
def test_a_mistake_in_any_column_is_named(folder: Path, table: str, column: str) -> None:
    spec = TABLES[table][column]
    if column in FREE:
        assert spoil(folder, table, column, "=cmd|' /C calc'!A0 <b>") == []  # free text stays text
        return
    cell = BAD.get(spec.kind, "easy_to_raech" if column.startswith("item") else "visitorz")
    if (table == "items" and column == "item") or (table == "groups" and column in ("group_dim", "group")):
        return  # a name may be declared that no number has
    if table == "coefficients" and column in ("outcome", "predictor"):
        return
    problems = spoil(folder, table, column, cell)
    if table == "numbers" and column == "answer":
        return  # an answer may be printed once
    if table == "numbers" and column in ("group_dim", "group"):
        cell = {"group_dim": "office_tipe", "group": "hosts"}[column]
        problems = spoil(folder, table, column, cell)
    assert problems, f"{table}.{column}"
    assert problems[0].startswith(f"{table}.csv, row 2, column {column!r}: holds {cell!r}"), problems[0]


@pytest.mark.parametrize("table", TABLES)
def test_misspelt_columns_and_tables_are_refused(folder: Path, table: str) -> None:
    file = folder / f"{table}.csv"
    rows = [{f"{next(iter(row))}s": "", **row} for row in rows_of(file)]
    write(file, rows)
    wrong = f"{next(iter(TABLES[table]))}s"
    assert check_folder(folder)[0].startswith(f"{table}.csv, row 1, column {wrong!r}: is no column here; allowed: ")
    file.rename(folder / f"{table}x.csv")
    assert any(f"Did you mean '{table}.csv'?" in problem for problem in check_folder(folder))


def test_numbers_that_cannot_be(folder: Path) -> None:
    assert "a share is a percent from 0 to 100" in spoil(folder, "numbers", "value", "158")[0]
    spoil(folder, "numbers", "value", "58")
    assert "a count is at most its n" in spoil(folder, "numbers", "count", "40")[0]
    spoil(folder, "numbers", "count", "18")
    assert "the lower end is at most the value" in spoil(folder, "numbers", "lower", "60")[0]


def test_marks_of_print_are_named(folder: Path) -> None:
    problem = spoil(folder, "numbers", "value", "58,5 %")[0]
    assert problem == (
        "numbers.csv, row 2, column 'value': holds '58,5 %'; allowed: a number such as 58 or 3.0. "
        "Write it with a point for decimals and without %, spaces or thousands."
    )


def test_the_same_twice(folder: Path) -> None:
    assert spoil(folder, "numbers", "id", "easy_own")[0] == (
        "numbers.csv, row 3, column 'id': holds 'easy_own' again; it stands in row 2 already."
    )


def test_files_that_are_no_tables(folder: Path) -> None:
    file = folder / "numbers.csv"
    file.write_bytes("item,value\nlett å nå,58\n".encode("latin-1"))
    assert check_folder(folder) == ["numbers.csv: is not UTF-8 (byte 16); save it as CSV UTF-8."]
    file.write_text("item,value\neasy_to_reach,58,3\n")
    assert "has 3 cells, the heading 2" in check_folder(folder)[0]
    file.write_text("item,value\n")
    assert check_folder(folder)[0].startswith("numbers.csv: holds no number; write one printed number a row")
    file.write_text("")
    assert check_folder(folder)[0] == "numbers.csv: is empty; allowed: a row of headings, then one row each."
    file.unlink()
    assert "it is the one table that must be there" in check_folder(folder)[0]
    (folder / "report.toml").write_text("title = ")
    assert check_folder(folder)[0].startswith("report.toml: cannot be read as TOML")


def test_semicolons_and_byte_order_marks_of_spreadsheets(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    write_skeleton(folder)
    file = folder / "groups.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8-sig")
    assert read_folder(folder).tables["groups"]["n"].tolist() == [31.0, 120.0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("n = 0", "[surveys.visitors]: n is 0; allowed: a whole number from 1, without quotes."),
        ('weighted = "no"', "[surveys.visitors]: weighted is 'no'; allowed: true, false (without quotes)."),
        ("design_effect = -1", 'design_effect is -1; allowed: a number above 0, a list of such, or "estimate".'),
        ("modell = 1", "[surveys.visitors]: 'modell' is no key here"),
        ('[[models]]\nkind = "group"', "kind is 'group'; allowed: groups, items, series, distribution."),
        ('[[models]]\nkind = "groups"\ngroup_dim = "ofice_type"', "Did you mean 'office_type'?"),
    ],
)
def test_mistakes_in_report_toml(tmp_path: Path, line: str, said: str) -> None:
    folder = tmp_path / "mine"
    write_skeleton(folder)
    (folder / "report.toml").write_text(f'title = "T"\n[surveys.visitors]\n{line}\n')
    assert said in check_folder(folder)[0]


def test_no_folder_and_a_full_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="navmodels report new"):
        read_folder(tmp_path / "none")
    write_skeleton(tmp_path / "mine")
    with pytest.raises(ValueError, match="holds something already"):
        write_skeleton(tmp_path / "mine")


@pytest.mark.parametrize("cells", ["item\tvalue\neasy\t58", "item,value,,\neasy,58,,", "item;value;\neasy;58;"])
def test_tables_as_spreadsheets_leave_them(tmp_path: Path, cells: str) -> None:
    (tmp_path / "report.toml").write_text('title = "T"\n')
    (tmp_path / "numbers.csv").write_text(cells)
    assert read_folder(tmp_path).tables["numbers"]["value"].tolist() == [58.0]


def test_what_is_no_file_and_what_is_no_folder(folder: Path) -> None:
    (folder / "claims.csv").unlink()
    (folder / "claims.csv").mkdir()
    assert check_folder(folder) == ["claims.csv: cannot be read: Is a directory."]
    (folder / "claims.csv").rename(folder / "Claims.CSV")
    assert "Claims.CSV: is no table of a report" in check_folder(folder)[0]
    with pytest.raises(ValueError, match=r"is a file; give the folder that it lies in"):
        read_folder(folder / "numbers.csv")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("[surveys.visitors]\nn = 151\npopulation = 5", "population is 5, less than n, which is 151."),
        ("[surveys.visitors]\nyear = true", "year is True; allowed: a year such as 2025."),
        ("year = [1]", "year is [1]; allowed: a year such as 2025."),
        ("[stars]\n'*' = 5.0", "[stars]: * is 5.0; allowed: a number between 0 and 1."),
        ("stars = 3", "stars is no section"),
        ("[words.nb]\na = 3", "[words.nb]: a is 3; allowed: text in quotes"),
        (
            "[[plots]]\nkind = 'groups'\nname = '../../x'",
            "name is '../../x'; allowed: letters, digits, spaces, _ and -.",
        ),
        ("[[plots]]\nkind = 'ratings'\nitem = 'easy_to_reach'", "names no item with two answers or more in print"),
        ("[[models]]\nkind = 'groups'\nrest = 'no'", "rest is 'no'; allowed: true, false"),
        ("[[models]]\nkind = 'groups'\nsurvey = ['visitors']", "survey is ['visitors']; allowed: text in quotes"),
        ("[[models]]\nkind = 'series'\ntime = 2031", "holds '2031', which is not known; there are: 2025."),
    ],
)
def test_values_of_the_wrong_type_in_report_toml(tmp_path: Path, lines: str, said: str) -> None:
    write_skeleton(tmp_path / "mine")
    survey = "" if "surveys" in lines else "\n[surveys.visitors]\nn = 151\nyear = 2025\n"
    (tmp_path / "mine" / "report.toml").write_text(f'title = "T"\n{lines}\n{survey}')
    assert said in check_folder(tmp_path / "mine")[0]


def test_sizes_that_cannot_be(folder: Path) -> None:
    assert "less than the n of the group, 31" in spoil(folder, "groups", "population", "30")[0]
    spoil(folder, "groups", "population", "")
    assert "a share is a percent from 0 to 100" in spoil(folder, "groups", "share", "121")[0]
    spoil(folder, "groups", "share", "21")
    assert "allowed: a number of at most 15 digits." in spoil(folder, "groups", "n", "9" * 23)[0]


def test_a_system_is_linear_in_its_unknowns(folder: Path) -> None:
    spoil(folder, "relations", "system", "s")
    assert "a row of a system is a sum of unknowns" in spoil(folder, "relations", "formula", "x_1 * x_1")[0]
    assert spoil(folder, "relations", "formula", "100 * x_1 / (x_1 + n_visitors * x_2)") == []
