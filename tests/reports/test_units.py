from navmodels.reports.units import unit_model, unit_survey


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


def test_model_of_units():
    assert [":".join(term.factors) for term in unit_model().terms] == ["column", "column:unit"]
