from .convergence import NotConvergedError as NotConvergedError
from .convergence import PriorConflictWarning as PriorConflictWarning
from .convergence import check as check
