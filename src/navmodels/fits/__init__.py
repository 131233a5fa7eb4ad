"""A fit as an `xarray.DataTree`: the design in it, the pointwise likelihood, save and load."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
