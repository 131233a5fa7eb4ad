from .categorical import Choice as Choice
from .categorical import Rating as Rating
from .outcomes import Reported as Reported
from .outcomes import Share as Share
