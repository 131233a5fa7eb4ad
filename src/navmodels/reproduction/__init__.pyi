from .reports import reproduce as reproduce
