import csv
from dataclasses import replace

import pandas as pd
import pytest
from PIL import Image

from navmodels.reports.audits import Audit
from navmodels.reports.employer_display import draw_employer, summarise_employer
from navmodels.reports.wording import NORWEGIAN, say_columns
from navmodels.reports.writing import FORMULA, WORDS, write_audit, write_table

PLOTS = ("changes", "trends", "pooled", "sectors")
TABLES = ("ledger", "claims", "shrinkage", "trends", "sectors", "fits")


def table_of(audit, name):
    return audit.tables[name] if name in audit.tables else getattr(audit, name)


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def folder(made_audit, tmp_path_factory):
    out = tmp_path_factory.mktemp("audit") / "new" / "nb"
    write_audit(made_audit, out, lang="nb")
    return out


@pytest.fixture
def small():
    """An audit of seven numbers and four statements."""
    ends = [
        ("items", row, f"{quantity}_ci_{end}")
        for quantity in ("share", "mean")
        for row in (0, 1)
        for end in ("low", "high")
    ]
    numbers = pd.DataFrame([*ends, ("trends", 0, "share_ci_low")], columns=["table", "row", "quantity"])
    status = ["reproduced", "reproduced", "reproduced", "differs", "not reproducible", "not reproducible"]
    claims = pd.DataFrame(
        {
            "claim": ["a", "b", "c", "d"],
            "reference": ["section 1", "section 2", "section 3", "section 4"],
            "class": ["increase", "no clear change", None, None],
            "status": ["agrees", "differs", "differs", "not reproducible"],
            "status_half_base": ["differs", "differs", None, None],
            "status_double_base": ["agrees", "differs", None, None],
        }
    )
    fits = pd.DataFrame({"model": ["years", "sectors"], "gate": ["passed", "passed"]})
    ledger = numbers.assign(status=[*status, "reproduced", "reproduced", "agrees"])
    return Audit(ledger, claims, fits, {}, summarise_employer, draw_employer, {"design_effect": 1.24})


# ---- tables


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_begins_like_a_formula_is_guarded(tmp_path, sign):
    path = tmp_path / "x.csv"
    write_table(pd.DataFrame({f"{sign}head": [f"{sign}1+1", f"a{sign}", None]}), path)
    assert read(path)[:3] == [[f"'{sign}head"], [f"'{sign}1+1"], [f"a{sign}"]]


def test_numbers_and_other_text_are_untouched(tmp_path):
    path = tmp_path / "x.csv"
    table = pd.DataFrame(
        {"float": [-1.5, float("nan")], "whole": [-2, 3], "text": ["økning – «a, b»", ""], "gaps": [-1, pd.NA]}
    ).astype({"gaps": "Int64"})
    write_table(table, path)
    assert read(path) == [
        ["float", "whole", "text", "gaps"],
        ["-1.5", "-2", "økning – «a, b»", "-1"],
        ["", "3", "", ""],
    ]
    assert path.read_bytes().decode("utf-8").splitlines()[1] == '-1.5,-2,"økning – «a, b»",-1'


@pytest.mark.parametrize("lang", ["en", "nb"])
@pytest.mark.parametrize("name", TABLES)
def test_no_text_of_the_report_needs_the_guard(made_audit, name, lang):
    table = say_columns(table_of(made_audit, name), WORDS, lang=lang)
    text = table.select_dtypes(["str", "object"])
    assert text.shape[1] > 0
    begins = text.apply(lambda column: column.map(lambda value: isinstance(value, str) and value.startswith(FORMULA)))
    assert not begins.to_numpy().any()


# ---- files


def test_files(folder):
    names = [
        *(f"{name}.csv" for name in TABLES),
        *(f"{n}.png" for n in PLOTS),
    ]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)


def test_tables_come_back_as_they_were(folder, made_audit):
    for name, rows in (("ledger", 1571), ("claims", 325), ("shrinkage", 91), ("sectors", 16), ("fits", 10)):
        table, back = table_of(made_audit, name), pd.read_csv(folder / f"{name}.csv")
        assert len(back) == len(table) == rows
        assert back.columns.tolist() == table.columns.tolist()
        numbers = table.select_dtypes("float").columns
        pd.testing.assert_frame_equal(back[numbers], table[numbers].reset_index(drop=True), check_dtype=False)
    years = pd.read_csv(folder / "trends.csv")
    assert years["published"].notna().sum() == 166
    assert years["mean"].between(0, 1).all()


def test_verdicts_in_the_files_are_norwegian(folder, made_audit):
    claims, ledger = (pd.read_csv(folder / f"{name}.csv") for name in ("claims", "ledger"))
    assert claims["status"].tolist() == made_audit.claims["status"].map(NORWEGIAN).tolist()
    assert ledger["status"].value_counts()["gjenskapt"] == 797
    assert set(claims["report_rule"].dropna()) == {"intervallene overlapper", "intervallene overlapper ikke"}
    for name in ("class", "status_half_base", "status_double_base"):
        assert set(claims[name].dropna()) <= set(NORWEGIAN.values())


@pytest.mark.parametrize("name", PLOTS)
def test_plots_carry_a_description(folder, name):
    titles = {
        "changes": "Endringer 2023–2024 som rapporten omtaler",
        "trends": "Andel som svarer 4–6, publisert og modellert",
        "pooled": "Tjenester: direkte og sammenveid",
        "sectors": "Begge sektorer: publisert og modellert",
    }
    with Image.open(folder / f"{name}.png") as image:
        assert min(image.size) > 300
        description = image.text["Description"]
    assert titles[name] in description
    assert len(description) > len(titles[name]) + 40


def test_without_judged_changes_their_plot_is_left_out(made_audit, tmp_path):
    claims = made_audit.claims.assign(mean=float("nan"))  # as when the joint model did not pass the gate
    write_audit(replace(made_audit, claims=claims), tmp_path, lang="en")
    assert {path.stem for path in tmp_path.glob("*.png")} == set(PLOTS) - {"changes"}


def test_no_figure_stays_open(folder):
    import matplotlib.pyplot as plt

    assert plt.get_fignums() == []


# ---- summary


def test_summary(small):
    assert summarise_employer(small, "en").splitlines() == [
        "Numbers in print            9: 5 reproduced, 1 agrees, 1 differs, 2 not reproducible",
        "Share intervals reproduced  1 of 2",
        "Mean intervals reproduced   1 of 1",
        "Design effect               1.24",
        "Statements                  4: 1 agrees, 2 differs, 1 not reproducible",
        "Models                      2 models fitted, all passed the gate",
        "",
        "Statements that differ:",
        "  b (section 2) → no clear change",
        "  c (section 3)",
        "  a: verdict turns with half or double the assumed bases",
    ]


def test_summary_in_norwegian(small):
    lines = summarise_employer(small, "nb").splitlines()
    assert lines[0].split("  ")[-1].strip() == "9: 5 gjenskapt, 1 stemmer, 1 avviker, 2 kan ikke gjenskapes"
    assert lines[3].endswith("  1,24")
    assert lines[8:] == [
        "  b (section 2) → ingen klar endring",
        "  c (section 3)",
        "  a: dommen snur med halve eller doble antatte baser",
    ]


def test_summary_names_the_models_that_did_not_pass(small):
    fits = small.fits.assign(gate=["passed", "R-hat 1.2"])
    assert "2 models fitted; did not pass the gate: sectors" in summarise_employer(replace(small, fits=fits), "en")


def test_summary_of_the_report(made_audit):
    lines = summarise_employer(made_audit, "en").splitlines()
    assert lines[0].startswith("Numbers in print            1,571: 797 reproduced, ")
    assert lines[1:4] == [
        "Share intervals reproduced  174 of 174",
        "Mean intervals reproduced   91 of 91",
        "Design effect               1.24",
    ]
    assert lines[4].startswith("Statements                  325: ")
    assert lines[5].endswith("10 models fitted, all passed the gate")
    differing = made_audit.claims.loc[made_audit.claims["status"] == "differs", "claim"].tolist()
    assert [line.split()[0] for line in lines[8 : 8 + len(differing)]] == differing
