"""Published tables from files: the same table in every way it may be printed reads as the same numbers."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import navmodels as nav
from navmodels.data.tables import read_table

PLAIN = pd.DataFrame({"region": ["Nord", "Sør", "Øst"], "share": [68.1, 70.0, 12.5], "n": [1400, 334, 29]})


def written(tmp_path, text, name="table.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("region,share,n\nNord,68.1,1400\nSør,70,334\nØst,12.5,29\n", {}),
        ("region;share;n\nNord;68,1;1 400\nSør;70,0;334\nØst;12,5;29\n", {"decimal": ","}),
        ("region\tshare\tn\nNord\t68.1 %\t1,400\nSør\t70 %\t334\nØst\t12.5 %\t29\n", {"thousands": ","}),
        ("region;share;n\r\nNord;68,1%;1.400\r\nSør;70%;334\r\nØst;12,5%;29\r\n", {"decimal": ",", "thousands": "."}),
        ("\ufeffregion|share|n\n\nNord |68.1|1\u00a0400\nSør|70.0|334\n Øst|12.5|29\n\n", {}),
        ("Table 3\n2024\nregion,share,n\nNord,68.1,1400\nSør,70,334\nØst,12.5,29\nNote", {"skip": 2, "rows": 3}),
        ('region,share,n\n"Nord",68.1,"1 400"\nSør,70.0*,334a\nØst,12.5,29\n', {}),
    ],
)  # fmt: skip
def test_one_table_in_many_prints(tmp_path, text, options):
    found = read_table(written(tmp_path, text), **options)
    assert_frame_equal(found, PLAIN, check_dtype=False)
    assert found["n"].dtype == np.int64
    assert found["share"].dtype == np.float64


def test_what_is_suppressed_is_missing_and_listed(tmp_path):
    text = "region;share;n\nNord;:;<5\nSør;70,5*;334\nØst;-;29¹\nVest;;40\n"
    found = read_table(written(tmp_path, text), decimal=",", suppressed=(":", "<5", "-"))
    assert found["share"].isna().tolist() == [True, False, True, True]
    assert found["n"].tolist()[1:] == [334.0, 29.0, 40.0]
    assert found.attrs["suppressed"] == [
        {"row": 0, "column": "share", "marker": ":"},
        {"row": 2, "column": "share", "marker": "-"},
        {"row": 0, "column": "n", "marker": "<5"},
    ]
    assert found.attrs["footnotes"] == [
        {"row": 1, "column": "share", "marker": "*"},
        {"row": 2, "column": "n", "marker": "¹"},
    ]
    assert json.loads(json.dumps(found.attrs)) == found.attrs


def test_the_way_from_a_printed_table_to_a_survey(tmp_path):
    text = "region;share;n\nNord;66,7 %;30\nSør;:;<5\nØst;50,0 %;40\n"
    table = read_table(written(tmp_path, text), decimal=",", suppressed=(":", "<5"))
    with pytest.raises(
        ValueError, match=r"'share' is missing in row 1 \(1 of 3\)\. .*frame\.dropna\(subset=\['share'\]\)"
    ):
        nav.Survey.from_report(table, by="region", n="n")
    survey = nav.Survey.from_report(table.dropna(subset=["share"]), by="region", n="n")
    assert survey.cells["count_low"].to_numpy().tolist() == [20, 20]


def test_labels_stay_as_they_are(tmp_path):
    text = "county,age,item,year,p\n03,18-24,1a,2023,10\n11,25-66,1b,2024,20\n50,67+,2,2024,30\n"
    found = read_table(written(tmp_path, text))
    assert found["county"].tolist() == ["03", "11", "50"]
    assert found["age"].tolist() == ["18-24", "25-66", "67+"]
    assert found["item"].tolist() == ["1a", "1b", "2"]
    assert found["year"].tolist() == [2023, 2024, 2024]
    asked = read_table(written(tmp_path, text), numbers=["p"])
    assert asked["year"].tolist() == ["2023", "2024", "2024"]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("g,p\nA,20\nB,:\nC,30\n", {}, r"'p' holds ':' in row 1 \(1 of 3\).*suppressed=\(':',\)"),
        ("g,p\nA,20\nB,<5\nC,30\n", {"suppressed": [":"]}, r"'p' holds '<5' in row 1 .*suppressed=\('<5',\)"),
        ("g;p\nA;20,5\nB;30,5\n", {}, r"'p' holds '20,5', '30,5' in rows 0, 1 .*decimal=','"),
        (
            "g;n\nA;1.400\nB;334\n",
            {},
            r"'1\.400' beside '334', which may be 1400 or 1\.400: give decimal=',', thousands",
        ),
        (
            "g;n\nA;1,400\nB;334\n",
            {"decimal": ","},
            r"'1,400' beside '334', which may be 1400 or 1\.400: .*thousands=','",
        ),
        ("y,p\n2023,1\n2024,2\nTotal,3\n", {}, r"'y' holds 'Total' in row 2 .*numbers=\[\.\.\.\]"),
        ("g,p\nA,20,7\n", {}, r"row 0 of table\.csv has 3 entries, its column names are 2"),
        ("g,p\nA,20\nSource: own\n", {}, r"row 1 of table\.csv has 1 entries.*rows= where notes stand"),
        ("g,p\n", {}, r"table\.csv has 1 lines"),
        ("g,p,p\nA,1,2\n", {}, r"column 'p'.* more than once"),
        ("g,p\nA,1\n", {"numbers": ["q"]}, r"numbers names column 'q', which the frame does not have"),
        ("g,p\nA,1\n", {"decimal": ";"}, r"decimal is ';'; allowed: '\.', ','"),
        ("g,p\nA,1\n", {"thousands": "."}, r"thousands is '\.' .*another sign than decimal='\.'"),
        ("g,p\nA,1\n", {"suppressed": ":"}, r"suppressed ':'; allowed: .*a list of entries"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, text, options, message):
    with pytest.raises(ValueError, match=message):
        read_table(written(tmp_path, text), **options)


def test_thousands_or_decimals_can_be_said(tmp_path):
    path = written(tmp_path, "g;n\nA;1.400\nB;334\n")
    assert read_table(path, decimal=",", thousands=".")["n"].tolist() == [1400, 334]
    assert read_table(path, thousands=" ")["n"].tolist() == [1.4, 334]


def test_another_encoding_is_asked_for(tmp_path):
    path = written(tmp_path, "region,p\nSør,20\nNord,30\n", encoding="cp1252")
    with pytest.raises(ValueError, match=r"table\.csv is not utf-8: byte 0xf8 at place 10\. Try encoding='cp1252'"):
        read_table(path)
    assert read_table(path, encoding="cp1252")["region"].tolist() == ["Sør", "Nord"]


# ---- Excel


def sheet(tmp_path, rows, formats=(), name="table.xlsx", titles=("Tall",)):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = titles[0]
    for title in titles[1:]:
        book.create_sheet(title)
    for row in rows:
        book.active.append(row)
    for place, form in formats:
        book.active[place].number_format = form
    book.save(tmp_path / name)
    return tmp_path / name


def test_excel_cells_are_what_is_shown(tmp_path):
    rows = [["Table 3"], ["region", "share", "n"], ["Nord", 0.681, "1 400"], ["Sør", 0.7, 334], ["Øst", "12,5 %", 29]]
    path = sheet(tmp_path, rows, [("B3", "0.0%"), ("B4", "0%")])
    found = read_table(path, decimal=",", skip=1)
    assert_frame_equal(found, PLAIN, check_dtype=False)
    assert found.attrs["percent"] == ["share"]
    survey = nav.Survey.from_report(found.assign(n=[1400, 330, 32]), by="region", n="n", design_effect=2.0)
    assert survey.cells.attrs["unit"] == "percent"


def test_percent_signs_declare_the_unit(tmp_path):
    path = written(tmp_path, "region,used,n\nNord,0.6 %,2469\nSør,0.4 %,4591\n")
    survey = nav.Survey.from_report(read_table(path), by="region", estimate="used", n="n")
    assert survey.cells.attrs["unit"] == "percent"
    assert survey.cells["count_low"].to_numpy()[0] == np.ceil(0.0055 * 2469)


def test_sheets_have_names_and_numbers(tmp_path):
    path = sheet(tmp_path, [["g", "p"], ["A", 1]], titles=("Tall", "Mer"))
    assert read_table(path, sheet="Tall")["p"].tolist() == [1]
    assert read_table(path, sheet=0)["p"].tolist() == [1]
    with pytest.raises(ValueError, match=r"no sheet 'Tal'; its sheets: 'Tall', 'Mer'\. Did you mean 'Tall'"):
        read_table(path, sheet="Tal")
    with pytest.raises(ValueError, match=r"old\.xls is a file of kind '\.xls'; allowed: \.xlsx"):
        read_table(tmp_path / "old.xls")


def test_without_openpyxl_a_sentence_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ImportError, match=r"needs openpyxl.*navmodels\[excel\].*as CSV"):
        read_table(tmp_path / "table.xlsx")
