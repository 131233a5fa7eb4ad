"""What was learned: estimates, changes, comparisons and shrinkage on draws; `summarise` is the one door to tables."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
