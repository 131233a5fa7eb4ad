from .library import list_reports as list_reports
from .library import load_report as load_report
from .report_audits import falsify as falsify
from .report_audits import reproduce as reproduce
from .twins import simulate_report as simulate_report
