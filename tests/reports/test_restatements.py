import pandas as pd
import pytest

from navmodels.reports import load_report
from navmodels.reports.restatements import text_shares


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    return load_report("employer_2024", "items"), load_report("employer_2024", "trends")


def status_of(found: pd.DataFrame, trends: pd.DataFrame, item: str) -> dict[float, str]:
    rows = trends.index[trends["item_id"] == item]
    chosen = found[found["row"].isin(rows)]
    return dict(zip(trends.loc[chosen["row"], "share"], chosen["status"], strict=True))


def test_which_of_two_printed_shares_the_interval_supports(tables):
    items, trends = tables
    found = text_shares(items, trends, design_effect=1.24)
    assert status_of(found, trends, "ia_prevention_assist") == {60.0: "reproduced", 63.0: "differs"}
    assert status_of(found, trends, "impr_nav_easier_contact") == {53.0: "reproduced", 57.0: "differs"}
    assert status_of(found, trends, "workplace_accommodation") == {69.0: "differs"}
    assert status_of(found, trends, "visit_recruit_vacancies") == {26.0: "differs"}
    assert status_of(found, trends, "hire_needs_norwegian") == {15.0: "agrees"}  # the interval cannot tell
    assert status_of(found, trends, "staff_competence_assist") == {77.0: "reproduced", 75.0: "agrees"}
    assert len(found) == 85
    assert (found["status"] == "differs").sum() == 6


def test_every_share_is_among_those_the_interval_comes_from(tables):
    found = text_shares(*tables, design_effect=1.24)
    assert ((found["lower"] <= found["ours"]) & (found["ours"] <= found["upper"])).all()


def test_a_falsified_share_differs(tables):
    items, trends = tables
    false = trends.copy()
    row = false.index[(false["item_id"] == "trust_nav") & (false["year"] == 2024)][0]
    false.loc[row, "share"] -= 3
    found = text_shares(items, false, design_effect=1.24).set_index("row")
    assert found.loc[row, "status"] == "differs"
    assert "so it supports 86 %, not the 83 % of the text" in found.loc[row, "reason"]
