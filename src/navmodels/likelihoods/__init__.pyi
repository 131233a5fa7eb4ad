from .choice import Choice as Choice
from .rating import Rating as Rating
from .reported import Reported as Reported
from .share import Share as Share
