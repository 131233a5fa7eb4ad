import pandas as pd
import pytest
from navmodels.reports.findings import STATUSES

import navmodels as nav
from navmodels.reports import reproduction as reports


@pytest.fixture
def asked(monkeypatch, made_audit):
    """Answer with the made audit, and return what was asked of it and where it was written."""
    seen = {"audits": [], "written": []}

    def audit(*, engine, progress):
        seen["audits"].append((engine, progress))
        return made_audit

    monkeypatch.setitem(reports.AUDITS, "employer_2024", audit)
    monkeypatch.setattr(reports, "write_audit", lambda audit, folder, *, lang: seen["written"].append((folder, lang)))
    return seen


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"report": "employer2024"},
            r"report is 'employer2024'; allowed: 'employer_2024', 'accessibility_2025'\. Did you mean 'employer_2024'",
        ),
        ({"report": "accessibility"}, "allowed: 'employer_2024', 'accessibility_2025'"),
        ({"lang": "no"}, r"lang is 'no'; allowed: 'en', 'nb'\. Did you mean 'n?"),
        ({"lang": "nbb"}, r"lang is 'nbb'; allowed: 'en', 'nb'\. Did you mean 'nb'"),
    ],
)
def test_unknown_report_and_language(asked, given, message):
    with pytest.raises(ValueError, match=message):
        nav.reproduce(**{"report": "employer_2024"} | given)
    assert asked == {"audits": [], "written": []}


def test_unknown_engine():
    with pytest.raises(ValueError, match=r"engine is 'nutz'; allowed: 'auto', 'laplace', 'nuts'\. Did you mean 'nuts'"):
        nav.reproduce("employer_2024", engine="nutz")


def test_nothing_is_written_unless_asked(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ledger = nav.reproduce("employer_2024")
    assert asked == {"audits": [("auto", False)], "written": []}
    assert list(tmp_path.iterdir()) == []
    assert len(ledger) == 1571


def test_options_reach_the_audit_and_the_files(asked, tmp_path):
    ledger = nav.reproduce("employer_2024", out=str(tmp_path / "x"), engine="nuts", lang="nb")
    assert asked == {"audits": [("nuts", False)], "written": [(tmp_path / "x", "nb")]}
    assert ledger.attrs["summary"].startswith("Trykte tall ")
    assert set(ledger["status"]) == set(STATUSES)  # the table stays in English


def test_summary_hangs_on_the_ledger_only(asked, made_audit):
    ledger = nav.reproduce("employer_2024")
    assert "1,571: 797 reproduced" in ledger.attrs["summary"]
    assert "summary" not in made_audit.ledger.attrs
    pd.testing.assert_frame_equal(ledger, made_audit.ledger)


@pytest.mark.slow
def test_short_audit_of_the_employer_report(tmp_path):
    ledger = nav.reproduce("employer_2024", out=tmp_path)
    assert len(ledger) == 1571
    assert ledger["status"].isin(STATUSES).all()
    assert (ledger["reason"].str.len() > 10).all()

    printed = ledger[(ledger["table"] == "items") & (ledger["status"] == "reproduced")]
    pairs = printed[printed["quantity"].str.contains("_ci_")].assign(of=lambda table: table["quantity"].str[:5])
    both = pairs.groupby(["of", "row"]).size() == 2
    assert both["share"].sum() >= 170
    assert both["mean_"].sum() == 91

    fits = pd.read_csv(tmp_path / "fits.csv")
    assert len(fits) == 10
    assert (fits["gate"] == "passed").all()
    assert (fits["divergences"] == 0).all()

    claims = pd.read_csv(tmp_path / "claims.csv").set_index("claim")
    assert len(claims) == 325
    assert claims["status"].isin(STATUSES).all()
    assert (claims["reason"].str.len() > 10).all()
    known = {
        "staff_available_2023_2024": ("agrees", "increase"),
        "visit_recruit_vacancies_2023_2024": ("differs", "no clear change"),
        "satisfaction_overall_2021_public_private": ("agrees", "higher"),
    }
    assert {name: tuple(claims.loc[name, ["status", "class"]]) for name in known} == known

    text = ledger[(ledger["item"] == "ia_prevention_assist") & (ledger["table"] == "trends")]
    summary = text[(text["group"] == "all") & (text["year"] == 2024) & (text["published"] == 63)]
    assert summary["status"].tolist() == ["differs"]
    assert "supports 60 %, not the 63 %" in summary["reason"].iloc[0]
