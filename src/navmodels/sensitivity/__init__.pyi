from .cuts import cut_points as cut_points
from .scenarios import refit_scenarios as refit_scenarios
from .standard import standard_scenarios as standard_scenarios
from .verdicts import conclusions as conclusions
