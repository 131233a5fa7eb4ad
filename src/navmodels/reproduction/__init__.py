"""The reports, number by number and claim by claim: `reproduce` and the checks it is made of."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"reports": ["reproduce"]})
