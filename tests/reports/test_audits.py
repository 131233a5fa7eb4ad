"""An invented report from its folder to its results: models, claims, ledger, words, files; against exact answers."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import stats

from navmodels.reports.audits import Audit, audit_folder
from navmodels.reports.folders import read_folder
from navmodels.reports.printed_shares import list_shares, list_variants, single_draws, vary
from navmodels.reports.reproduction import falsify
from navmodels.reports.sentences import words
from navmodels.reports.templates import make_model, plan_models

INVENTED = Path(__file__).parent / "invented"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit")


@pytest.fixture(scope="module")
def audit(out: Path) -> Audit:
    return audit_folder(INVENTED, out=out / "en", engine="laplace")


def verdict(audit: Audit, claim: str) -> pd.Series:
    return audit.claims.set_index("claim").loc[claim]


# ---- shares and models


def test_single_shares_are_jeffreys_posteriors() -> None:
    draws = single_draws(24, 0.5, 45, np.random.default_rng(1))  # 11 of 45 is the only count that prints so
    exact = stats.beta(11.5, 34.5)
    assert np.quantile(draws, (0.025, 0.5, 0.975)) == pytest.approx(exact.ppf((0.025, 0.5, 0.975)), abs=2e-4)


def test_shares_know_their_bases() -> None:
    report = read_folder(INVENTED)
    shares = list_shares(report)
    assert np.isnan(shares.loc["waited_young", "n"])  # the group has 200, but the base of the number is not in print
    assert shares.loc["satisfied_2025", "value"] == 80  # the one that the reader supports, of 80 and 79
    assert "satisfied_again" not in shares.index
    assert shares.loc["share_branches_place_city", ["item", "answer", "n"]].tolist() == ["place", "city", 120.0]
    assert shares.loc["late_city", "effect"] == 1.0
    assert shares.loc["helped_yes", "effect"] == 1.3
    (reading,) = list_variants(report, shares)
    assert vary(shares, reading).loc["late_rural", "value"] == 25.0


def test_models_from_templates() -> None:
    report = read_folder(INVENTED)
    shares = list_shares(report)
    found = {each.kind: make_model(each, shares)[0] for each in plan_models(report, shares)}
    told = {kind: [term.label for term in model.terms] for kind, model in found.items()}
    assert told == {
        "series": ["year"],
        "items": ["item"],
        "distribution": [],
        "groups": ["question", "question:group"],
    }


# ---- claims


def test_verdicts_of_claims(audit: Audit) -> None:
    expected = {
        "old_above_young": "stands", "young_as_middle": "open", "old_above_others": "stands",
        "most_waited_young": "not judged", "satisfied_up": "stands", "late_city_more": "stands",
        "late_city_less": "fails", "helped_more_yes": "stands", "books_first": "stands", "few_young": "stands",
        "staff_matters": "stands", "rooms_matter": "open", "staff_matters_less": "leans",
    }  # fmt: skip
    assert audit.claims.set_index("claim")["verdict"].to_dict() == expected
    opposite = verdict(audit, "late_city_more")["p"] + verdict(audit, "late_city_less")["p"]
    assert opposite == pytest.approx(1.0)


def test_a_claim_without_a_base_says_what_is_missing(audit: Audit) -> None:
    row = verdict(audit, "most_waited_young")
    assert row["reason"] == "The base of waited_young is not in print."
    assert row["sensitivity"] == ""
    assert np.isnan(row["p"])


def test_two_answers_of_the_same_people_are_drawn_jointly(audit: Audit) -> None:
    """62 % and 25 % of 900 with a design effect of 1.3: mean and sd of a Dirichlet's difference."""
    n = 900 / 1.3
    a, b, rest = 0.62 * n + 0.5, 0.25 * n + 0.5, 0.13 * n + 0.5
    total = a + b + rest
    variance = (a * (total - a) + b * (total - b) + 2 * a * b) / (total**2 * (total + 1))
    row = verdict(audit, "helped_more_yes")
    assert row["points"] == pytest.approx(100 * (a - b) / total, abs=0.3)
    # rounding adds sd 100 / sqrt(12) / 100 points to each share
    sd = np.sqrt(1e4 * variance + 2 / 12)
    assert row["upper"] - row["lower"] == pytest.approx(2 * 1.96 * sd, rel=0.06)


def test_a_register_has_no_doubt_of_its_own(audit: Audit) -> None:
    """22 % of 900, design effect 1.3, against 31 % of everybody."""
    row = verdict(audit, "few_young")
    se = np.sqrt(1.3 * 0.22 * 0.78 / 900) * 100
    assert row["upper"] - row["lower"] == pytest.approx(2 * 1.96 * se, rel=0.06)
    assert row["reason"].endswith("The report says that the two are not comparable.")


def test_stars_bound_a_probability(audit: Audit) -> None:
    """Three stars: |z| of 3.29 at least; of 0.33 against 0.72 at least 0.39 / hypot(0.33, 0.72) * 3.29."""
    assert verdict(audit, "staff_matters")["p"] == pytest.approx(0.9995, abs=1e-6)
    z = 0.39 / np.hypot(0.33, 0.72) * stats.norm.ppf(0.9995)
    assert verdict(audit, "staff_matters_less")["p"] == pytest.approx(stats.norm.cdf(z), abs=1e-6)
    assert verdict(audit, "rooms_matter")["p"] == 0.5  # no star: anything from 0.5 to 0.975


def test_sensitivity_names_what_turns_a_verdict(audit: Audit) -> None:
    assert verdict(audit, "late_city_more")["sensitivity"] == "depends on design effects × 2"
    assert verdict(audit, "old_above_young")["sensitivity"] == "stands in all 9"
    # read as 25 % instead of 20 %, rural is nearer to the city's 45 %
    scenarios = audit.judged.scenarios.loc["late_city_more"]
    assert scenarios["reading:bars"] < scenarios["given"]
    assert scenarios["factor:2"] < scenarios["factor:1.25"] < scenarios["given"]


# ---- ledger, words, files


def test_each_printed_number_has_a_row_a_status_and_a_reason(audit: Audit) -> None:
    ledger = audit.ledger
    assert ledger["number"].is_unique
    assert set(ledger["status"]) == {"reproduced", "agrees", "differs", "input", "not reproducible"}
    assert (ledger["reason"].str.len() > 10).all()
    numbers = pd.read_csv(INVENTED / "numbers.csv")
    printed = numbers[["value", "lower", "upper", "se", "n", "count"]].notna().to_numpy().sum()
    assert (ledger["table"] == "numbers").sum() == printed
    noted = ledger.loc[ledger["noted_by_reader"] != "", "number"].tolist()
    assert noted == ["satisfied_2025", "satisfied_again"]


def test_power_of_at_least_one_half_where_reproduced(audit: Audit) -> None:
    reproduced = audit.ledger[audit.ledger["status"] == "reproduced"]
    assert reproduced["power"].min() >= 0.5


def test_the_summary_is_short_and_says_what_was_found(audit: Audit) -> None:
    lines = audit.summary.splitlines()
    assert len(lines) <= 40
    assert lines[2] == "Statements: 13 (8 stands, 1 leans, 2 open, 1 fails, 1 not judged)"
    assert "  Staffed: yes, City, 2025: 55 printed, 50 computed (table 3)" in lines


def test_norwegian_throughout(audit: Audit, out: Path) -> None:
    norwegian = audit_folder(INVENTED, out=out / "nb", engine="laplace", lang="nb")
    assert norwegian.summary.splitlines()[0] == "Lesere og filialer 2025 (oppdiktet)"
    assert norwegian.claims["p"].equals(audit.claims["p"])  # words change, numbers do not
    row = verdict(norwegian, "most_waited_young")
    assert row["reason"] == "Basen til waited_young er ikke trykt."
    with (out / "nb" / "ledger.csv").open(encoding="utf-8") as file:
        assert {row["status"] for row in csv.DictReader(file)} == set(words("nb")["status"].values())
    english = {"The", "the", "and", "of", "with"}
    assert not [text for text in norwegian.ledger["reason"] if english & set(text.split())]


def test_both_languages_say_the_same_things() -> None:
    told = {lang: {section: set(codes) for section, codes in words(lang).items()} for lang in ("en", "nb")}
    assert told["en"] == told["nb"]
    for section, codes in words("en").items():
        for code, text in codes.items():
            facts = [
                {part.split("}")[0] for part in each.split("{")[1:]} for each in (text, words("nb")[section][code])
            ]
            assert facts[0] == facts[1], (section, code)


def test_what_is_written(audit: Audit, out: Path) -> None:
    written = sorted(path.name for path in (out / "en").iterdir())
    assert written == ["claims.csv", "claims.png", "fits.csv", "ledger.csv", "summary.txt"]
    described = Image.open(out / "en" / "claims.png").text["Description"]
    assert "12" in described and "8 stands" in described  # noqa: PT018


def test_hostile_labels_stay_text(tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    shutil.copytree(INVENTED, folder)
    file = folder / "groups.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("Under 30,", "=cmd|' /C calc'!A0,"), encoding="utf-8")
    audit_folder(folder, out=tmp_path / "out", engine="laplace")
    with (tmp_path / "out" / "claims.csv").open(encoding="utf-8") as table:
        assert not [cell for row in csv.reader(table) for cell in row if cell.startswith(("=", "@", "+"))]


def test_an_audit_can_fail() -> None:
    assert falsify(INVENTED)["noticed"].all()


def test_wrong_arguments_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lang is 'no'; allowed: 'en', 'nb'"):
        audit_folder(INVENTED, lang="no")
    with pytest.raises(ValueError, match="there is no folder"):
        audit_folder(tmp_path / "nowhere")
