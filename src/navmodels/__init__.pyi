# what was observed
from .data import Survey as Survey
from .data import design_effect as design_effect
from .data import direct_estimate as direct_estimate
from .reports import list_reports as list_reports
from .reports import load_report as load_report
from .data import read_table as read_table
from .data import split_table as split_table

# what is believed
from .likelihoods import Choice as Choice
from .models import Effect as Effect
from .models import Exponential as Exponential
from .models import Group as Group
from .models import HalfCauchy as HalfCauchy
from .models import HalfNormal as HalfNormal
from .models import HalfStudentT as HalfStudentT
from .models import Known as Known
from .models import Model as Model
from .likelihoods import Rating as Rating
from .models import Region as Region
from .likelihoods import Reported as Reported
from .likelihoods import Share as Share
from .models import Slope as Slope
from .models import Trend as Trend
from .reports import simulate_report as simulate_report
from .models import simulate_responses as simulate_responses
from .models import to_pymc as to_pymc
from .models.beliefs import priors as priors

# how it is fitted
from .gate import NotConvergedError as NotConvergedError
from .gate import PriorConflictWarning as PriorConflictWarning
from .gate import check as check
from .engines import fit as fit
from .fits import load_fit as load_fit
from .fits import save_fit as save_fit

# what was learned
from .posterior import change as change
from .posterior import check_fit as check_fit
from .posterior import contrast as contrast
from .posterior import estimate as estimate
from .posterior import exceed as exceed
from .posterior import loo as loo
from .posterior import rank as rank
from .posterior import replicate as replicate
from .posterior import shrinkage as shrinkage
from .posterior import summarise as summarise

# what would change it
from .sensitivity import conclusions as conclusions
from .sensitivity import cut_points as cut_points
from .sensitivity import find_tipping_effect as find_tipping_effect
from .sensitivity import find_tipping_nonresponse as find_tipping_nonresponse
from .sensitivity import leave_out as leave_out
from .sensitivity import pooling as pooling
from .sensitivity import power_scale as power_scale
from .sensitivity import refit_scenarios as refit_scenarios
from .sensitivity import standard_scenarios as standard_scenarios

# what is shown
from .plots import plot_change as plot_change
from .plots import plot_check as plot_check
from .plots import plot_groups as plot_groups
from .plots import plot_ranks as plot_ranks
from .plots import plot_ratings as plot_ratings
from .plots import plot_reported as plot_reported
from .plots import plot_sensitivity as plot_sensitivity
from .plots import plot_trend as plot_trend

# the reports, number by number
from .reports import falsify as falsify
from .reports import reproduce as reproduce
