"""The cases are those that the tables name; nothing here depends on how fast the machine is."""

import navmodels as nav
from benchmarks import sensitivity


def test_cases():
    model, survey, estimand = sensitivity.benefit_case()
    assert len(nav.standard_scenarios(model, survey)) >= 40
    assert len(survey.levels["group"]) == 6  # five benefits, and the rest
    assert estimand["by"] == list(model.factors)
    model, survey, estimand = sensitivity.county_case(quick=True)
    assert {*estimand["by"]} <= {*model.factors}
    names = list(nav.standard_scenarios(model, survey))
    assert sum(name.startswith("without") and "=" in name for name in names) == 4 + 3 + 3  # counties, industries, sizes
