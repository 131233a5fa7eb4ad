"""How a model is fitted: the two engines and `fit`, the one way into them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
