"""navmodels: Bayesian hierarchical models for surveys with small groups.

Published tables or respondents' rows in; estimates, year-over-year change and an audited report out. The public names
stand in ``__init__.pyi``, grouped by room; they are loaded when used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"
