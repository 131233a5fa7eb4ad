from .library import list_reports as list_reports
from .library import load_report as load_report
from .reproduction import falsify as falsify
from .reproduction import reproduce as reproduce
from .twins import simulate_report as simulate_report
