"""How a model is fitted: engines, the gate every result passes, and fits on disk."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
