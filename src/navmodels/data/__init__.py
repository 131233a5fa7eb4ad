"""What was observed: surveys as cells of counts or published numbers, direct estimates, and the reports themselves."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "direct": ["direct_estimate"],
        "reports": ["list_reports", "load_report"],
        "survey": ["Survey"],
        "weights": ["design_effect"],
    },
)
