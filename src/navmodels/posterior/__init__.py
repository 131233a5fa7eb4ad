"""What was learned: estimates, changes, comparisons and shrinkage on draws; `summarise` is the one door to tables."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "changes": ["change", "intervals_overlap"],
        "comparisons": ["contrast", "exceed", "rank"],
        "estimates": ["estimate"],
        "pooling": ["shrinkage"],
        "summaries": ["summarise"],
    },
)
