import pandas as pd
import pytest

from navmodels.plots.tables import STATISTICS, check_choice, check_table, label_columns

TABLE = pd.DataFrame({"year": [2023, 2024], "mean": [0.55, 0.61], "lower": [0.52, 0.58], "upper": [0.58, 0.64]})


def test_every_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match=r"lacks 'sector', 'n', 'class'; it has 'year', 'mean', 'lower', 'upper'"):
        check_table(TABLE, keys=["sector"], values=["mean", "n"], words=["class"])


def test_an_unknown_choice_is_answered_with_what_is_allowed_and_the_nearest() -> None:
    with pytest.raises(
        ValueError, match=r"unknown kind 'strp'; allowed: 'tornado', 'strip' \(nearest to 'strp' is 'strip'\)"
    ):
        check_choice("strp", ["tornado", "strip"], what="kind")
    check_choice("strip", ["tornado", "strip"], what="kind")


def test_no_statistic_names_a_row() -> None:
    table = pd.DataFrame({"county": ["Oslo"], **dict.fromkeys(sorted(STATISTICS), 0.5), "year": [2024]})
    assert label_columns(table, None) == ["county", "year"]
    assert {"observed", "expected", "residual", "p", "unconverged"} <= STATISTICS
