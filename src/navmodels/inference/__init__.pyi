from .convergence import NotConvergedError as NotConvergedError
from .convergence import PriorConflictWarning as PriorConflictWarning
from .convergence import check as check
from .fitting import fit as fit
from .storage import load_fit as load_fit
from .storage import save_fit as save_fit
