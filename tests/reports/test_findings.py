import numpy as np

from navmodels.reports.findings import FINDING_COLUMNS, Finding, combine, overlap, spell, tabulate


def test_a_table_of_findings_has_the_columns_of_the_ledger():
    found = tabulate([Finding("items", 3, "share", "input", "It was used.")])
    assert found.columns.tolist() == FINDING_COLUMNS
    assert found.loc[0, ["table", "row", "quantity", "status", "reason"]].tolist() == [
        "items",
        3,
        "share",
        "input",
        "It was used.",
    ]
    assert np.isnan(found.loc[0, ["ours", "lower", "upper"]].astype(float)).all()
    assert tabulate([]).columns.tolist() == FINDING_COLUMNS


def test_a_tie_prints_either_way():
    assert overlap(12.5, 12.5, 12, half=0.5)
    assert overlap(12.5, 12.5, 13, half=0.5)
    assert not overlap(12.51, 13.2, 12, half=0.5)


def test_combining_keeps_one_row_a_number_and_the_strongest_verdict():
    one = tabulate(
        [
            Finding("trends", 1, "share", "input", "Used.", ours=1.0),
            Finding("trends", 2, "share", "agrees", "Fits.", ours=2.0),
        ]
    )
    two = tabulate(
        [
            Finding("trends", 2, "share", "reproduced", "Computed.", ours=3.0),
            Finding("items", 9, "share", "differs", "Not so.", ours=4.0),
        ]
    )
    both = combine(one, two)
    assert both[["table", "row", "ours", "status", "reason"]].values.tolist() == [
        ["items", 9, 4.0, "differs", "Not so."],
        ["trends", 1, 1.0, "input", "Used."],
        ["trends", 2, 3.0, "reproduced", "Computed. Fits."],
    ]


def test_numbers_in_a_row():
    assert spell([1]) == "1"
    assert spell([1, 2]) == "1 and 2"
    assert spell([1, 2, 3]) == "1, 2 and 3"
