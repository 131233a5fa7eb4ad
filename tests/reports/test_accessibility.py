"""The whole audit of the accessibility study, made once, with real fits."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image
from scipy import stats

import navmodels as nav
from navmodels.engines.fitting import refit
from navmodels.reports import accessibility, audits
from navmodels.reports import reproduction as reports
from navmodels.reports.accessibility import SEED, audit_accessibility
from navmodels.reports.accessibility_claims import VERDICTS
from navmodels.reports.accessibility_display import SHOWN
from navmodels.reports.findings import STATUSES
from navmodels.reports.wording import NORWEGIAN, say_columns
from navmodels.reports.writing import FORMULA, WORDS, write_audit

pytestmark = pytest.mark.sampling

FILES = ("ledger", "claims", "fits", "shrinkage", "ratings")


@pytest.fixture(scope="module")
def fitted():
    """Every fit of the audit below, with its model and survey, in the order in which they were made."""
    return []


@pytest.fixture(scope="module")
def audit(fitted):
    def noting(model, survey, **options):
        fit = refit(model, survey, **options)
        fitted.append((model, survey, fit))
        return fit

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audits, "refit", noting)
        return audit_accessibility()


@pytest.fixture(scope="module")
def claims(audit):
    return audit.claims.set_index("claim")


# ---- ledger


def test_every_number_has_a_status_and_a_reason(audit):
    numbers = nav.load_report("accessibility_2025")
    ledger = audit.ledger
    assert len(ledger) == len(numbers) == 1642
    assert not ledger.duplicated(["table", "row", "quantity"]).any()
    assert ledger["status"].isin(STATUSES).all()
    assert (ledger["reason"].str.len() > 15).all()
    shares = ledger[(ledger["table"] == "estimates") & (ledger["quantity"] == "share")]
    assert len(shares) == 598
    assert ledger["table"].value_counts().to_dict() == numbers["table"].value_counts().to_dict()


def test_statuses_counted(audit):
    assert audit.ledger["status"].value_counts().to_dict() == {
        "input": 753,
        "reproduced": 364,
        "not reproducible": 209,
        "agrees": 188,
        "differs": 128,
    }


def test_reproduced_numbers_print_as_published(audit):
    rows = audit.ledger[audit.ledger["status"] == "reproduced"]
    assert (rows["ours"] - rows["published"]).abs().max() <= 0.5


def test_every_recorded_contradiction_is_said(audit):
    """A note of a contradiction stands on its row; where the number itself is in doubt the status says so."""
    noted = audit.ledger[audit.ledger["note"].fillna("").str.startswith("contradiction")]
    noted = noted[noted["table"].isin(["estimates", "groups", "contact_volumes"])]
    about = noted.groupby(noted["note"].str.split(";").str[0].str.removeprefix("contradiction: "))["status"].agg(set)
    assert {note for note, statuses in about.items() if "differs" not in statuses} == {
        "section 4.2.3 names disability, section 4.2.4 those with both kinds of benefit, as having least direct "
        "contact",
        "the text on Tabell A-4 names the same group of offices twice",
    }
    assert len(about) == 34


def test_every_share_with_a_base_has_an_interval(audit):
    shares = audit.ledger[(audit.ledger["table"] == "estimates") & (audit.ledger["quantity"] == "share")]
    estimates = nav.load_report("accessibility_2025", "estimates")
    bounded = estimates["bound"].isin(["gt", "lt"])
    with_base = estimates.index[estimates["n"].notna() & estimates["share"].notna() & ~bounded]
    rows = shares.set_index("row").loc[with_base]
    assert rows["lower"].notna().all()
    assert (rows["lower"] < rows["upper"]).all()
    outside = rows[(rows["published"] < rows["lower"] - 0.5) | (rows["published"] > rows["upper"] + 0.5)]
    assert set(outside["item"]) == {"resident/composition_labour_status/other"}  # 9 % printed, 47 of 1 589 counted


def test_interval_of_an_unpooled_share_is_that_of_jeffreys(audit):
    shares = audit.ledger[(audit.ledger["item"] == "vulnerable_user/gets_temporary_housing_help/yes")]
    row = shares[shares["quantity"] == "share"].iloc[0]  # 13 % of 91: 12
    exact = 100 * stats.beta(12.5, 79.5).ppf([0.025, 0.975])
    assert [row["lower"], row["upper"]] == pytest.approx(exact.tolist(), abs=1e-6)
    assert "By itself: 7.4 to 21.3 % (n = 91)." in row["reason"]


def test_pooled_estimate_stands_beside_the_printed_one(audit):
    rows = audit.ledger[(audit.ledger["status"] == "input") & (audit.ledger["quantity"] == "share")]
    fed = rows[rows["reason"].str.contains("Fed the model")]
    assert len(fed) >= 130
    pooled = audit.tables["shrinkage"]
    one = pooled[(pooled["question"] == "fixed_contact_person: has") & (pooled["group"] == "gp")].iloc[0]
    row = fed[(fed["item"] == "partner/fixed_contact_person/has") & (fed["group"] == "gp")].iloc[0]
    assert row["ours"] == pytest.approx(100 * one["pooled"])
    assert (row["lower"], row["upper"]) == pytest.approx((100 * one["pooled_lower"], 100 * one["pooled_upper"]))
    assert 16 < row["ours"] < 25  # pulled from 7 of 45 towards the other partners


# ---- models


def test_models_pass_the_gate(audit):
    assert len(audit.fits) == 20
    assert (audit.fits["gate"] == "passed").all()
    assert audit.fits["cells"].max() <= 40


def test_small_groups_are_pulled_more(audit):
    table = audit.tables["shrinkage"]
    types = table[table["model"] == "partner × partner_type"]
    sizes = types.groupby("group")["pooling_factor"].mean()
    assert sizes["municipal"] < sizes["gp"] < 0.5
    assert (table["pooled"] > table["pooled_lower"]).all()


def test_ratings(audit):
    table = audit.tables["ratings"].set_index(["model", "group", "measure"])["mean"]
    model = "person_user_nav × benefit"
    assert table[model, "social_benefits", "answering 4 to 6"] == pytest.approx(0.60, abs=0.025)  # printed 18 + 19 + 23
    assert table[model, "health_benefits", "answering 4 to 6"] == pytest.approx(0.80, abs=0.01)
    assert table[model, "social_benefits", "mean score, 1 to 6"] == pytest.approx(3.83, abs=0.1)
    as_read, other = (f"resident × figure 4-11{end}" for end in ("", ", easy as complement"))
    assert table[as_read, "parental_etc", "mostly_easy"] < table[other, "parental_etc", "mostly_easy"]


# ---- comparisons


def test_verdicts_counted(claims):
    assert len(claims) == len(nav.load_report("accessibility_2025", "claims")) == 322
    judged = claims[claims["verdict"].notna()]
    assert len(judged) == 243
    assert judged["verdict"].isin(VERDICTS).all()
    near = judged[(judged["p"] - 0.95).abs().lt(0.01) | (judged["p"] - 0.80).abs().lt(0.01)]
    counted = judged["verdict"].value_counts()
    for word, count in {"stands": 163, "leans": 39, "open": 41}.items():
        assert abs(counted[word] - count) <= len(near)
    assert (claims["reason"].str.len() > 20).all()
    lost = claims[claims["verdict"].isna()]
    assert lost["reason"].str.startswith("Cannot be judged: ").all()
    assert lost["p"].isna().all()


def test_verdict_rests_on_the_pooled_probability(claims):
    pooled = claims[claims["p_pooled"].notna()]
    assert len(pooled) >= 100
    assert (pooled["p"] == pooled["p_pooled"]).all()
    alone = claims[claims["p_pooled"].isna() & claims["verdict"].notna()]
    assert (alone["p"] == alone["p_unpooled"]).all()
    assert (pooled["p_pooled"] - pooled["p_unpooled"]).abs().max() < 0.45


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("partner_accessibility_mostly_difficult_gp_v_all", "stands"),
        ("partner_accessibility_mostly_easy_upper_secondary_followup_v_measure_organiser", "leans"),
        ("employer_fixed_contact_person_wants_100_plus_highest", "stands"),
        ("employer_fixed_contact_person_wants_100_plus_above_50", "open"),
        ("resident_accessibility_mostly_easy_parental_etc_highest", "open"),
        ("resident_composition_age_table_b1_age_65plus_v_age_25_34", "open"),
        ("nav_survey_satisfaction_nav_overall_6_very_satisfied_social_benefits_lowest", "open"),
        ("user_satisfaction_contact_satisfied_other_mother_tongue_v_norwegian_mother_tongue", "stands"),
    ],
)
def test_verdicts_that_matter(claims, claim, verdict):
    assert claims.loc[claim, "verdict"] == verdict


def test_reservations_are_said(claims):
    judged = claims[claims["verdict"].notna()]
    apart = judged[judged["comparable"] == "no"]
    assert len(apart) == 14
    assert apart["reason"].str.contains("differ in method and population").all()
    assumed = judged[judged["base_assumed"] == "yes"]
    assert assumed["reason"].str.contains("is assumed").all()
    assert assumed["verdict_half_base"].notna().all()
    weighted = judged[judged["survey_id"] == "resident"]
    assert weighted["verdict_design_effect"].notna().all()


# ---- files and summary


@pytest.mark.parametrize("lang", ["en", "nb"])
def test_files(audit, tmp_path, lang):
    write_audit(audit, tmp_path, lang=lang)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {*(f"{name}.csv" for name in FILES), *(f"{name}.png" for name in (*SHOWN, "claims"))}
    verdicts = pd.read_csv(tmp_path / "claims.csv")["verdict"].value_counts()
    assert verdicts[NORWEGIAN["stands"] if lang == "nb" else "stands"] == (audit.claims["verdict"] == "stands").sum()
    with Image.open(tmp_path / "claims.png") as image:
        assert "probability that each of 243 comparisons holds" in image.text["Description"]


@pytest.mark.parametrize("name", FILES)
def test_no_text_needs_the_guard(audit, name):
    table = audit.tables[name] if name in audit.tables else getattr(audit, name)
    text = say_columns(table, WORDS, lang="nb").select_dtypes(["str", "object"])
    begins = text.apply(lambda column: column.map(lambda value: isinstance(value, str) and value.startswith(FORMULA)))
    assert not begins.to_numpy().any()


def test_summary(audit):
    lines = audit.summarise(audit, "en").splitlines()
    assert lines[0].startswith("Numbers in print        1,642: 364 reproduced, ")
    assert lines[1].startswith("Comparisons judged      243: ")
    assert lines[2] == "Comparisons not judged  79"
    assert lines[3] == "Models                  20 models fitted, all passed the gate"
    weak = audit.claims[audit.claims["verdict"].isin(["leans", "open"])]
    listed = [line.split()[0] for line in lines[6 : 6 + len(weak)]]
    assert set(listed) == set(weak["claim"])
    norwegian = audit.summarise(audit, "nb").splitlines()
    assert norwegian[5] == "Sammenligninger som ikke står seg:"
    assert "P = 0,5" in "\n".join(norwegian)


def test_reproduce_gives_this_ledger(audit, monkeypatch):
    monkeypatch.setitem(reports.AUDITS, "accessibility_2025", lambda *, engine, progress: audit)
    ledger = nav.reproduce("accessibility_2025")
    assert ledger.attrs["summary"] == audit.summarise(audit, "en")
    pd.testing.assert_frame_equal(ledger, audit.ledger)


# ---- gate and engines


@pytest.mark.usefixtures("audit")  # whose fits are used again
def test_models_that_fail_the_gate_are_said_and_not_used(fitted, monkeypatch):
    made = iter(fitted)

    def failing(model, survey, **options):
        given, cells, fit = next(made)
        assert model == given
        xr.testing.assert_identical(survey.cells, cells.cells)
        fit = fit.copy()
        if "industry" not in str(survey.levels) and "gp" in survey.levels.get("group", ()):
            fit.attrs["unconverged"] = "R-hat 1.2"
        return fit

    monkeypatch.setattr(audits, "refit", failing)
    monkeypatch.setattr(accessibility, "standing", lambda given, *_, **__: given)  # other assumptions: most of the work
    audit = audit_accessibility()
    assert audit.fits.set_index("model").loc["partner × partner_type", "gate"] == "R-hat 1.2"
    rows = audit.ledger[audit.ledger["reason"].str.contains("did not pass the gate: R-hat 1.2")]
    assert set(rows["item"].str.split("/").str[0]) == {"partner"}
    partners = audit.claims[(audit.claims["survey_id"] == "partner") & (audit.claims["kind"] == "difference")]
    assert partners["p_pooled"].isna().all()
    assert partners["verdict"].notna().sum() > 10


@pytest.mark.slow
def test_both_engines_agree(claims):
    other = audit_accessibility(engine="nuts").claims.set_index("claim")
    assert SEED == 2025
    both = claims["p"].notna()
    assert np.abs(claims.loc[both, "p"] - other.loc[both, "p"]).max() < 0.03
    same = claims.loc[both, "verdict"] == other.loc[both, "verdict"]
    near = np.minimum((claims["p"] - 0.95).abs(), (claims["p"] - 0.80).abs())[both] < 0.02
    assert (same | near).all()
