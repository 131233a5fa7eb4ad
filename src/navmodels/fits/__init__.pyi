from .storage import load_fit as load_fit
from .storage import save_fit as save_fit
