"""What may be given: arguments, columns and labels, with errors that say row, nearest and remedy."""

from navmodels.checks.arguments import OVERLAP as OVERLAP
from navmodels.checks.arguments import Levels as Levels
from navmodels.checks.arguments import complete as complete
from navmodels.checks.arguments import factor_names as factor_names
from navmodels.checks.arguments import known_columns as known_columns
from navmodels.checks.arguments import named_rows as named_rows
from navmodels.checks.arguments import numeric as numeric
from navmodels.checks.arguments import one_of as one_of
from navmodels.checks.arguments import positive as positive
from navmodels.checks.arguments import require_pandas as require_pandas
from navmodels.checks.arguments import require_prob as require_prob
from navmodels.checks.arguments import unique_cells as unique_cells
from navmodels.checks.labels import kind as kind
from navmodels.checks.labels import level_order as level_order
from navmodels.checks.labels import one_kind as one_kind
from navmodels.checks.labels import require_listed as require_listed
from navmodels.checks.labels import require_unlike as require_unlike
from navmodels.checks.labels import same as same
from navmodels.checks.sentences import closest as closest
from navmodels.checks.sentences import form as form
from navmodels.checks.sentences import listing as listing
from navmodels.checks.sentences import nearest as nearest
from navmodels.checks.sentences import plain as plain
from navmodels.checks.sentences import rows as rows
