"""How a model is fitted: engines, the gate every result passes, and fits on disk."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "convergence": ["NotConvergedError", "check"],
        "fitting": ["fit"],
        "storage": ["load_fit", "save_fit"],
    },
)
