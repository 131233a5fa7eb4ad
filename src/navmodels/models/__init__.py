"""What is believed: outcomes, terms, priors, the model's design and graph, and simulation. No sampler."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "graph": ["to_pymc"],
        "model": ["Design", "Model", "design"],
        "outcomes": ["Reported", "Share"],
        "priors": ["Exponential", "HalfCauchy", "HalfNormal", "HalfStudentT"],
        "simulation": ["simulate_responses"],
        "terms": ["Effect", "Group", "Trend"],
        "twins": ["simulate_report"],
    },
)
