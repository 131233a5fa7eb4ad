import pandas as pd
import pytest

from navmodels.reports.series import KINDS, base_note, series_levels, series_name


def level(levels, series, year):
    found = levels[(levels["series"] == series) & (levels["year"] == year)]
    assert len(found) == 1, f"{len(found)} levels of {series} in {year}"
    return found.iloc[0]


# ---- levels


def test_name_of_a_series():
    assert series_name("trust_nav", "all") == "trust_nav"
    assert series_name("trust_nav", "public") == "trust_nav (public)"


@pytest.mark.parametrize(
    ("item", "share", "n"),
    [
        ("visit_recruit_vacancies", 19, 2005),  # text 26
        ("ia_prevention_assist", 60, 1654),  # summary 63, text 60
        ("digital_contact_form", 76, 2374),  # text about 75
        ("satisfaction_overall", 86, 4059),
    ],
)
def test_appendix_comes_before_the_text_for_2024(levels, item, share, n):
    row = level(levels, item, 2024)
    assert (row["share"], row["n"], row["n_printed"], row["extra_sd"]) == (share, n, True, 0)
    assert row["source"] == "appendix 2"


@pytest.mark.parametrize(
    ("item", "share"), [("contact_person_yes", 29), ("contact_person_want", 27), ("contact_person_not_needed", 25)]
)
def test_contact_person_is_taken_from_the_text_whose_base_has_dont_knows(levels, item, share):
    row = level(levels, item, 2024)  # appendix: 36, 33, 31 % of 3288
    assert (row["share"], row["n"], row["n_printed"], row["source"]) == (share, 4115, False, "text")


def test_implied_levels(levels):
    implied = levels[levels["source"].str.startswith("implied")].set_index(["series", "year"])
    assert implied["share"].to_dict() == {
        ("nav_visit", 2021): 72,  # 82 in 2024, up 10
        ("info_navno", 2023): 77,  # 82, up 5
        ("staff_competence_assist", 2018): 66,  # 77, up 11
        ("employees_cared_for", 2020): 63,  # 74, up 11
        ("rules_easy", 2018): 35,  # 48, up 13
        ("visit_measure_participant", 2023): 37,  # 50, up 13
        ("dig_agreement_work_training", 2019): 73,  # 82, up 9
    }
    assert implied["extra_sd"].to_numpy() == pytest.approx(0.288675, abs=1e-6)  # 0.5 / √3
    assert implied.loc[("nav_visit", 2021), "source"] == "implied by the printed change of +10 points to 2024"
    assert implied.loc[("nav_visit", 2021), "n"] == 2097
    assert not implied["n_printed"].any()


def test_a_printed_level_is_not_replaced_by_an_implied_one(levels):
    assert level(levels, "satisfaction_overall", 2018)["share"] == 74  # 86 − 13 = 73


def test_approximate_levels_are_less_sure(levels):
    about = levels[levels["source"] == "text, approximate"].set_index(["series", "year"])
    assert len(about) == 21
    assert about["extra_sd"].to_numpy() == pytest.approx(1.443376, abs=1e-6)  # 2.5 / √3
    named = {
        ("satisfaction_overall", 2011): 64,
        ("digital_cover_needs", 2020): 70,
        ("visit_recruit_inclusive", 2023): 33,
    }
    assert about.loc[list(named), "share"].to_dict() == named
    assert (levels.loc[levels["source"].isin(["text", "appendix 2"]), "extra_sd"] == 0).all()


@pytest.mark.parametrize(
    ("item", "year"),
    [
        *(("satisfaction_overall", year) for year in (2022, 2023)),
        *(("trust_nav", year) for year in (2022, 2023)),
        ("contact_appointment", 2019),
        ("meetings_staff", 2023),
        ("nav_visit", 2023),
    ],
)
def test_values_that_are_not_printed_are_left_out(levels, published, item, year):
    trends = published["trends"]
    assert ((trends["item_id"] == item) & (trends["year"] == year)).any()
    assert not ((levels["series"] == item) & (levels["year"] == year)).any()


def test_bases_of_sectors_are_shares_of_the_base_of_all(levels):
    assert level(levels, "satisfaction_overall (private)", 2021)["n"] == pytest.approx(0.72 * 4059)
    assert level(levels, "ia_prevention_assist (public)", 2024)["n"] == pytest.approx(0.28 * 1654)
    assert level(levels, "contact_person_yes (public)", 2024)["n"] == pytest.approx(0.28 * 4115)
    assert level(levels, "exp_assist_temp_layoff", 2020)["n"] == 4115  # not in appendix 2: all respondents


def test_every_level_once(levels):
    assert not levels.duplicated(["series", "year"]).any()
    assert levels.notna().all().all()
    assert levels["group"].isin(["all", "private", "public"]).all()
    assert levels["source"].str.replace(r"^implied.*", "implied", regex=True).value_counts().to_dict() == {
        "appendix 2": 173,  # 176 less the three of the contact person
        "text": 90,
        "text, approximate": 21,
        "implied": 7,
    }
    assert levels["n_printed"].sum() == 171  # two appendix rows have no usable n


def test_a_level_only_in_a_restatement_is_no_level(published):
    items, trends, changes = (published[name] for name in ("items", "trends", "changes"))
    only = trends[trends["source_note"].fillna("").str.contains("restatement")].assign(year=2001)
    assert len(only) == 1
    assert not (series_levels(items, pd.concat([trends, only]), changes)["year"] == 2001).any()


def test_batteries_and_kinds(levels, published):
    known = published["items"].set_index("item_id")
    inside = levels[levels["item"].isin(known.index)]
    assert (inside["battery"] == known.loc[inside["item"], "battery"].to_numpy()).all()
    assert ((inside["kind"] == KINDS[0]) == (known.loc[inside["item"], "kind"] == "likert6").to_numpy()).all()
    outside = levels[~levels["item"].isin(known.index)].drop_duplicates("item").set_index("item")
    assert outside[["battery", "kind"]].apply(tuple, axis=1).to_dict() == {
        "advances_sick_pay": ("advances_sick_pay", "answers"),
        "contact_person_dk": ("contact_person", "answers"),
        "exp_assist_temp_layoff": ("service_use", "answers"),
        "exp_posting_arbeidsplassen": ("service_use", "answers"),
        "exp_sick_followup_assist": ("service_use", "answers"),
        "measures_followup_overall": ("measures_followup_overall", "six-point"),
        "satisfaction_overall_top2": ("satisfaction_overall_top2", "six-point"),
        "sit_layoff_or_downsize": ("situation_6m", "answers"),
    }


# ---- notes


def test_notes_on_bases(levels):
    def note(item, year):
        return base_note(next(levels[(levels["series"] == item) & (levels["year"] == year)].itertuples()))

    assert note("visit_recruit_vacancies", 2024) == "2024: 19 %, n = 2 005 (appendix 2)"
    assert note("visit_recruit_vacancies", 2023) == "2023: 21 % (text), base not printed, assumed 2 005: that of 2024"
    assert note("ia_prevention_assist (public)", 2024) == (
        "2024: 65 % (text), base not printed, assumed 463: that of 2024 times the 28 % of its sector"
    )
    assert note("nav_visit", 2021) == (
        "2021: 72 % (implied by the printed change of +10 points to 2024), "
        "base not printed, assumed 2 097: that of 2024"
    )
