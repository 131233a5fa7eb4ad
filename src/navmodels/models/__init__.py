"""What is believed: outcomes, terms, priors, the model's design and graph, and simulation. No sampler."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
