"""navmodels: Bayesian hierarchical models for surveys with small groups.

Published tables or respondents' rows in; estimates, year-over-year change and an audited report out.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        # what was observed
        "data": ["Survey", "design_effect", "direct_estimate", "list_reports", "load_report"],
        # what is believed
        "models": [
            "Model",
            *("Share", "Reported"),
            *("Effect", "Group", "Trend"),
            *("HalfNormal", "HalfStudentT", "HalfCauchy", "Exponential"),
            *("simulate_responses", "simulate_report"),
            "to_pymc",
        ],
        # how it is fitted
        "inference": ["NotConvergedError", "check", "fit", "load_fit", "save_fit"],
        # what was learned
        "posterior": ["change", "contrast", "estimate", "exceed", "rank", "shrinkage", "summarise"],
        # what is shown
        "plots": ["plot_change", "plot_groups", "plot_reported", "plot_trend"],
        # the reports, number by number
        "reproduction": ["reproduce"],
    },
)

__version__ = "0.1.0"
