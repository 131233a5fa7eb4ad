"""The columns and dims that navmodels makes itself: one table, by what makes them.

A factor stands beside them in every table, so it may not carry their names. What a survey and its estimates use is
refused when a survey is made (`RESERVED`), what is made of every fit when a model uses the factor (`of_fits`), and what
one verb alone adds by that verb (`require_free`), so that common names such as "method" or "size" stay free elsewhere.
Nothing is overwritten.
"""

from collections.abc import Iterable, Mapping, Sequence

COLUMNS: dict[str, tuple[str, ...]] = {
    "dims": ("cell", "category", "chain", "draw", "scenario", "cut", "contrast"),
    "survey": (
        *("count", "weighted", "squares", "weight", "n", "positive", "estimate", "lower", "upper", "se"),
        *("low", "high", "sd", "count_low", "count_high", "trials"),
        *("pair", "again", "pair_first", "pair_second", "both", "both_weighted", "panel"),
    ),
    "fit": ("intercept", "threshold", "share", "mean", "gate_verdict", "fitted_by"),
    "summarise": (
        *("reference", "n", "mean", "median", "sd", "lower", "upper", "prob"),
        *("p_increase", "p_above", "class", "unconverged"),
    ),
    "exceed": ("reference", "n", "threshold", "p_above"),
    "shrinkage": (
        *("direct", "direct_lower", "direct_upper", "n", "n_effective", "pooled", "pooled_lower", "pooled_upper"),
        *("prob", "pooling_factor", "sd_reduction", "se", "sd", "mean", "lower", "upper"),
    ),
    "check_fit": ("n", "observed", "expected", "sd", "lower", "upper", "prob", "residual", "p", "unconverged"),
    "quantiles": ("quantile",),  # a dim inside summarise
    "loo": ("n", "elpd", "p_loo", "k", "passed", "unconverged"),
    "replicate": ("size", "trials"),  # "trials" where a factor is called "size"
    "direct_estimate": ("estimate", "se", "lower", "upper", "n", "n_effective", "design_effect", "df", "interval"),
    "intervals_overlap": ("overlap",),
    "leave_out": ("left_out", "mean", "sd", "mean_all", "sd_all", "shift", "k", "method", "reference"),
    "conclusions": ("statement", "p", "class", "lowest", "highest", "turned", "scenarios", "verdict"),
    "pooling": (
        *("pooling", "direct", "n", "mean", "lower", "upper", "prob", "pooling_factor", "sd_reduction"),
        *("elpd", "elpd_se", "cells_above_k"),
    ),
    "power_scale": (
        *("quantity", "mean", "sd", "prior", "likelihood", "conflict", "reference", "k"),
        *("prior_0.8", "prior_1.25", "likelihood_0.8", "likelihood_1.25"),
    ),
}
OF_SURVEYS = ("dims", "survey", "fit", "summarise", "exceed", "shrinkage")
OF_FITS = ("check_fit", "loo", "quantiles")
ALONE = tuple(verb for verb in COLUMNS if verb not in (*OF_SURVEYS, *OF_FITS))  # each refuses its own
MAKERS = {"survey": "a survey", "dims": "a fit", "fit": "a fit"}


def _makers(verbs: Iterable[str]) -> dict[str, str]:
    """Return what calls something so, by name."""
    return {name: MAKERS.get(verb, f"a table of {verb}") for verb in reversed(tuple(verbs)) for name in COLUMNS[verb]}


RESERVED: Mapping[str, str] = _makers(OF_SURVEYS)  # name → what calls something so


def of_fits(factors: Sequence[str]) -> dict[str, str]:
    """Return which factors of a model carry a name that its fit and tables use, and what uses it.

    Examples
    --------
    >>> of_fits(["county", "year", "k", "year_from"])
    {'k': 'a table of loo', 'year_from': "a change along 'year'"}
    """
    makers = {**_makers(OF_FITS), **RESERVED}
    makers |= {f"{name}_from": f"a change along {name!r}" for name in factors}
    return {name: makers[name] for name in factors if name in makers}


def require_free(factors: Iterable[object], verb: str) -> None:
    """Raise when a factor is called as a column that the table of `verb` has.

    Examples
    --------
    >>> require_free(["county", "method"], "leave_out")
    Traceback (most recent call last):
    ValueError: leave_out makes a column 'method', as a factor is called; rename the factor ...
    """
    taken = [name for name in factors if name in COLUMNS[verb]]
    if taken:
        raise ValueError(
            f"{verb} makes a column {taken[0]!r}, as a factor is called; rename the factor before the survey is made, "
            f"for instance frame.rename(columns={{{taken[0]!r}: {str(taken[0]) + '_'!r}}})."
        )
