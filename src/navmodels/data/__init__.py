"""What was observed: surveys as cells of counts or published numbers, direct estimates, and the reports themselves."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
