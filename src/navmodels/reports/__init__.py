"""The reports, number by number and claim by claim: `reproduce` and the checks it is made of."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
