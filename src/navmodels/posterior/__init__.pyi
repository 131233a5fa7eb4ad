from .changes import change as change
from .changes import intervals_overlap as intervals_overlap
from .comparisons import contrast as contrast
from .comparisons import exceed as exceed
from .comparisons import rank as rank
from .estimates import estimate as estimate
from .pooling import shrinkage as shrinkage
from .summaries import summarise as summarise
