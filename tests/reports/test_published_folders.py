"""The reports that come with the library, and the example, as folders of tables: whole, consistent, in two languages.

Expected numbers are those in print (appendix 2 and table 1 of the employer survey; Figur 4-11, Tabell 5-1 and annexes
of the accessibility study), read from the publications.
"""

import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

PUBLISHED = Path(__file__).parents[2] / "src" / "navmodels" / "reports" / "published"
FOLDERS = {
    "employer_2024": PUBLISHED / "employer_2024",
    "accessibility_2025": PUBLISHED / "accessibility_2025",
    "my_report": Path(__file__).parents[2] / "examples" / "my_report",
}
TABLES = ("numbers", "groups", "items", "bases", "relations", "contradictions", "readings", "coefficients", "claims")


def read(report, table):
    path = FOLDERS[report] / f"{table}.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False) if path.is_file() else pd.DataFrame()


def about(report):
    return tomllib.loads((FOLDERS[report] / "report.toml").read_text(encoding="utf-8"))


def names(report):
    """Return every name that a formula may use, without ID.field."""
    numbers, groups, coefficients = (read(report, table) for table in ("numbers", "groups", "coefficients"))
    (only,) = set(about(report)["surveys"]) if len(about(report)["surveys"]) == 1 else ("",)
    found = set(numbers["id"]) - {""}
    for row in groups.to_dict("records"):
        place = f"{row.get('survey', only)}_{row['group_dim']}_{row['group']}"
        found |= {f"{key}_{place}" for key in ("n", "share", "population") if row.get(key)}
    for survey, facts in about(report)["surveys"].items():
        found |= {f"{key}_{survey}" for key in ("n", "invited", "population") if key in facts}
    return found | {f"{row['model']}_{row['predictor']}_{row['year']}" for row in coefficients.to_dict("records")}


@pytest.mark.parametrize("report", FOLDERS)
def test_ids_are_unique_and_names_that_tables_speak_of_exist(report):
    numbers = read(report, "numbers")
    assert numbers["id"].is_unique
    known = names(report)
    spoken = [*read(report, "relations").get("formula", []), *read(report, "relations").get("target", [])]
    spoken += [*read(report, "contradictions").get("numbers", []), *read(report, "readings").get("id", [])]
    used = {name for text in spoken for name in re.findall(r"[A-Za-z_]\w*", re.sub(r"\.[a-z]+", "", text))}
    assert len(used) > 10
    assert {name for name in used if name not in {"min", "max"} and not name.startswith("x_")} <= known


@pytest.mark.parametrize(
    ("report", "name", "printed"),
    [
        ("employer_2024", "satisfaction_overall", ("86", "85", "88", "1", "4059")),
        ("employer_2024", "satisfaction_overall_mean", ("4.6", "4.5", "4.6", "0.02", "")),
        ("employer_2024", "trust_tax_mean", ("5.0", "5.0", "5.0", "0.02", "")),
        ("employer_2024", "contact_person_yes", ("36", "34", "38", "1", "3288")),
        ("employer_2024", "aa_support_also_local_office", ("65", "", "", "", "")),
        ("employer_2024", "help_surplus_staff", ("9", "5", "16", "3", "134")),
        ("accessibility_2025", "resident_accessibility_mostly_difficult_disability", ("24", "", "", "", "176")),
        ("accessibility_2025", "employer_fixed_contact_person_wants_100_plus", ("57", "", "", "", "70")),
        ("accessibility_2025", "partner_nav_is_partner", ("95", "", "", "", "654")),
        ("my_report", "health_6", ("33", "", "", "", "9920")),
    ],
)  # fmt: skip
def test_numbers_stand_as_printed(report, name, printed):
    row = read(report, "numbers").set_index("id").loc[name]
    assert tuple(row.get(column, "") for column in ("value", "lower", "upper", "se", "n")) == printed


def test_sizes_of_surveys_and_groups():
    surveys = about("accessibility_2025")["surveys"]
    assert {name: facts["n"] for name, facts in surveys.items() if facts.get("n", 0) > 70} == {
        "resident": 1589, "vulnerable_user": 339, "office": 74, "employer": 574, "partner": 623,
        "person_user_nav": 19300,
    }  # fmt: skip
    groups = read("accessibility_2025", "groups").query("n != ''").astype({"n": int})
    sums = groups.groupby(["survey", "group_dim"])["n"].sum()
    assert sums["vulnerable_user", "benefit"] == 345  # 339 is printed: a contradiction of the report
    assert sums["employer", "industry"] == 574
    assert sums["partner", "partner_type"] == 623
    assert about("employer_2024")["surveys"]["employers"] | {"label": "", "label_nb": ""} == {
        "n": 4115, "year": 2024, "weighted": True, "design_effect": "estimate", "invited": 15100,
        "label": "", "label_nb": "", "reference": "appendix 1",
    }  # fmt: skip


@pytest.mark.parametrize("report", FOLDERS)
def test_what_a_reader_sees_has_bokmal(report):
    words = about(report)["words"]["nb"]
    seen = {*read(report, "relations").get("how", []), *read(report, "bases").get("how", [])}
    seen |= {*read(report, "readings").get("why", []), *read(report, "numbers").get("unit", [])}
    for table in TABLES:
        seen |= {*read(report, table).get("reference", [])}
    answers = {*read(report, "numbers")["answer"], *read(report, "claims")["answer"]} - {
        *read(report, "groups")["group"]
    }
    lacking = {text for text in seen | answers if text not in words and not re.fullmatch(r"[\d +−-]*", text)}
    assert not lacking
    for table, column in (("groups", "label_nb"), ("items", "label_nb"), ("contradictions", "sentence_nb")):
        assert (read(report, table).get(column, pd.Series(["x"])) != "").all()
    assert all("label_nb" in facts for facts in about(report)["surveys"].values())
