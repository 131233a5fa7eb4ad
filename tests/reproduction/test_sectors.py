import numpy as np
import pytest

from navmodels.reproduction.sectors import sector_model, sector_survey, unit_model, unit_survey


def errors(survey):
    keys = zip(survey.cells["item_year"].values, survey.cells["sector"].values, strict=True)
    return dict(zip(keys, survey.cells["se"].values, strict=True))


def test_only_levels_printed_for_both_sectors(levels):
    cells = sector_survey(levels, design_effect=1.24).cells
    assert sorted(set(cells["item_year"].values)) == [
        "chall_alternative_work 2024",
        "contact_appointment 2024",
        "contact_person_dk 2024",
        "contact_person_not_needed 2024",
        "contact_person_want 2024",
        "contact_person_yes 2024",
        "ia_prevention_assist 2024",
        "satisfaction_overall 2021",
    ]
    assert cells.sizes["cell"] == 16


def test_standard_errors_by_hand(levels):
    found = errors(sector_survey(levels, design_effect=1.24))
    assert found[("satisfaction_overall 2021", "private")] == pytest.approx(
        np.sqrt(1.24 * 80 * 20 / (0.72 * 4059))
    )  # 0.8239 points
    assert found[("ia_prevention_assist 2024", "public")] == pytest.approx(np.sqrt(1.24 * 65 * 35 / (0.28 * 1654)))
    about = 1.24 * 20 * 80 / (0.28 * 4115) + 2.5**2 / 3  # "about a fifth"
    assert found[("contact_person_dk 2024", "public")] == pytest.approx(np.sqrt(about))


def test_base_factor_moves_every_sector(levels):
    one, four = (errors(sector_survey(levels, design_effect=1.24, base_factor=factor)) for factor in (1.0, 4.0))
    exact = [key for key in one if not key[0].startswith("contact_person_dk")]
    assert [one[key] / four[key] for key in exact] == pytest.approx([2.0] * 14)
    about = 1.24 * 20 * 80 / (4 * 0.28 * 4115) + 2.5**2 / 3  # rounding stays
    assert four[("contact_person_dk 2024", "public")] == pytest.approx(np.sqrt(about))


def test_table_of_units_phoned(published):
    cells = unit_survey(published["phone_combinations"], design_effect=1.24).cells
    found = {
        (column, unit): (share, n)
        for column, unit, share, n in zip(
            *(cells[name].values for name in ("column", "unit", "estimate", "n")), strict=True
        )
    }
    assert found == {
        ("only_this_unit", "employer_phone"): (31, 1071),
        ("only_this_unit", "local_office"): (45, 1853),
        ("only_this_unit", "working_life_centre"): (17, 743),
        ("only_this_unit", "assistive_tech"): (17, 363),
        ("only_this_unit", "aa_support"): (11, 159),
        ("also_employer_phone", "local_office"): (32, 1853),
        ("also_employer_phone", "working_life_centre"): (36, 743),
        ("also_employer_phone", "assistive_tech"): (37, 363),
        ("also_employer_phone", "aa_support"): (56, 159),
    }
    assert cells.attrs["design_effect"] == 1.24


def test_models():
    assert [term.names for term in sector_model().terms if hasattr(term, "names")] == [("item_year", "sector")]
    assert [term.name for term in sector_model().terms if hasattr(term, "name")] == ["sector"]
    assert [term.name for term in unit_model().terms if hasattr(term, "name")] == ["column"]
