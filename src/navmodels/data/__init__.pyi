from .breakdowns import split_table as split_table
from .direct import direct_estimate as direct_estimate
from .reports import list_reports as list_reports
from .reports import load_report as load_report
from .survey import Survey as Survey
from .tables import read_table as read_table
from .weights import design_effect as design_effect
