"""Statuses of an invented report with planted errors; and every confirmed number moved, to see that it is noticed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from navmodels.reports.falsification import falsify_numbers
from navmodels.reports.folders import Report, read_folder
from navmodels.reports.relations import Print, formula_check, judge
from navmodels.reports.statuses import Numbers, numbers_of
from navmodels.reports.structure import list_checks

INVENTED = Path(__file__).parent / "invented"


@pytest.fixture(scope="module")
def report() -> Report:
    return read_folder(INVENTED)


@pytest.fixture(scope="module")
def worked(report: Report) -> tuple[Numbers, pd.DataFrame]:
    return numbers_of(report)


def test_planted_errors_differ_and_nothing_else(worked: tuple[Numbers, pd.DataFrame]) -> None:
    """A distribution that adds to 107, 40 of 80 printed as 55 %, 80 % printed again as 79 %.

    The groups of the weighted survey, mixed by their unweighted bases, would give 64 % for the 62 % printed.
    """
    statuses = worked[1]["status"]
    planted = {"found_yes_middle", "found_no_middle", "staffed_city", "satisfied_again"}
    assert set(statuses.index[statuses == "differs"]) == planted
    assert worked[1].loc["staffed_city", "ours"] == 50.0
    assert worked[1].loc["found_no_middle", "ours"] == 34.0  # nearest that would print with 67


def test_what_confirms_each_number(worked: tuple[Numbers, pd.DataFrame]) -> None:
    table = worked[1]
    expected = {
        "n_readers": ("reproduced", "sum"),  # 200 + 300 + 400
        "population_branches_place_city": ("reproduced", "sum"),  # 240 - 80
        "share_branches_place_city": ("reproduced", "part"),  # 80 of 120
        "helped_yes": ("agrees", "hundred"),
        "late_all": ("reproduced", "count"),  # 44 of 120
        "staff.lower": ("reproduced", "interval"),
        "staff_mean.upper": ("reproduced", "mean_interval"),
        "satisfied_up": ("reproduced", "change"),  # 80 - 74
        "waited_young": ("", ""),  # nothing speaks of it
        "invited_branches": ("", ""),
    }
    found = {name: tuple(table.loc[name, ["status", "code"]]) for name in expected}
    assert found == expected
    assert table.loc["late_all", "ours"] == pytest.approx(100 * 44 / 120)


def test_power_counts_refused_neighbours(worked: tuple[Numbers, pd.DataFrame]) -> None:
    """Three answers that add to 100 may be off by 1.5 together: ± 2, 3, 5 are refused, ± 1 are not."""
    assert worked[1].loc["helped_yes", "power"] == 0.75
    assert worked[1].loc["staffed_rural", "power"] == 1.0  # 30 of 40 print as 75 % only
    # an n of 180 or 220 beside 300 and 400: 880 is no more than 900, 920 is
    assert worked[1].loc["helped_yes_young.n", ["power", "code"]].tolist() == [0.5, "sum_of_bases"]


def test_a_check_that_could_hardly_fail_confirms_nothing(report: Report) -> None:
    """Some count out of 900 prints as any whole percent."""
    tables = dict(report.tables)
    numbers = tables["numbers"].loc[[row for row in tables["numbers"].index if row in (22, 25)]]
    tables["numbers"] = numbers.assign(count=np.nan, n=900.0)
    unweighted = {name: {**facts, "weighted": False} for name, facts in report.surveys.items()}
    alone = Report("alone", report.about, unweighted, tables)
    _, table = numbers_of(alone)
    named = table.loc[list(numbers["id"])]
    assert named["code"].tolist() == ["whole_count"] * len(named)
    assert named["status"].tolist() == [""] * len(named)
    assert named["power"].tolist() == [0.0] * len(named)


def test_every_confirmed_number_moved_is_noticed(worked: tuple[Numbers, pd.DataFrame]) -> None:
    moved = falsify_numbers(*worked)
    confirmed = worked[1].index[worked[1]["status"].isin(["reproduced", "agrees"])]
    assert set(moved["number"]) == set(confirmed)
    assert moved["noticed"].all()


def test_a_check_that_cannot_fail_is_found(worked: tuple[Numbers, pd.DataFrame]) -> None:
    """Confirmed by hand, with nothing behind it: the falsification says so."""
    numbers, table = worked
    table = table.copy()
    table.loc["waited_young", ["status", "lower", "upper"]] = ["agrees", 39.0, 41.0]
    moved = falsify_numbers(numbers, table).set_index("number")
    assert not moved.loc["waited_young", "noticed"].any()


def test_weighted_groups_mix_by_printed_shares_only(report: Report) -> None:
    checks = {check.code for check in list_checks(report) if check.target == "helped_yes"}
    assert checks == {"hundred", "between"}
    groups = report.tables["groups"].copy()
    young = groups["group_dim"] == "age"
    groups.loc[young, "share"], groups.loc[young, "share_digits"] = [30.0, 40.0, 30.0], 0.0
    shares = Report(report.name, report.about, report.surveys, {**report.tables, "groups": groups})
    mix = next(check for check in list_checks(shares) if check.code == "mix" and check.target == "helped_yes")
    assert "share_readers_age_young*helped_yes_young" in mix.formula
    groups.loc[young, "share"] = [22.0, 33.0, 44.0]  # those are the bases themselves: they weight nothing
    bases = Report(report.name, report.about, report.surveys, {**report.tables, "groups": groups})
    assert not any(check.code == "mix" and check.target == "helped_yes" for check in list_checks(bases))


@pytest.mark.parametrize(
    ("bound", "value", "holds"), [("eq", 68.0, True), ("eq", 66.0, False), ("gt", 60.0, True), ("gt", 70.0, False)]
)
def test_bounds_and_rounding(bound: str, value: float, holds: bool) -> None:
    """58 % of 31 and 71 % of 120 mix to 67.8-68.8 %."""
    check = formula_check("mix", "all", "(31 * host + 120 * own) / 151")
    at = {"all": np.array([value]), "host": np.array([58.0]), "own": np.array([71.0])}
    printed = Print({"all": 0.5, "host": 0.5, "own": 0.5}, {"all": bound, "host": "eq", "own": "eq"})
    assert judge(check, at, printed).holds.tolist() == [holds]


@pytest.mark.parametrize(("net", "status"), [(58, "reproduced"), (66, "differs")])
def test_a_net_answer_is_the_sum_of_its_parts_and_none_of_the_hundred(net: int, status: str, tmp_path: Path) -> None:
    shares = dict(zip("123456", (7, 12, 23, 28, 20, 10), strict=True)) | {"4-6": net}  # the six add to 100
    rows = "".join(f"easy{answer[0]}{answer[2:]},easy,{answer},{value}\n" for answer, value in shares.items())
    (tmp_path / "numbers.csv").write_text(f"id,item,answer,value\n{rows}", encoding="utf-8")
    (tmp_path / "items.csv").write_text("item,answers,complete\neasy,one,yes\n", encoding="utf-8")
    about = 'title = "T"\n[surveys.visitors]\nn = 5000\nweighted = true\n'
    (tmp_path / "report.toml").write_text(about, encoding="utf-8")
    _, table = numbers_of(read_folder(tmp_path))
    assert table.loc["easy46", ["status", "code"]].tolist() == [status, "net"]
    assert (table.loc[[f"easy{answer}" for answer in "123"], "status"] == "agrees").all()
