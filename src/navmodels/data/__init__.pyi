from .breakdowns import split_table as split_table
from .direct import direct_estimate as direct_estimate
from .survey import Survey as Survey
from .tables import read_table as read_table
from .weights import design_effect as design_effect
