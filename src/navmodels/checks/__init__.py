"""What may be given: arguments, columns and labels, with errors that say row, nearest and remedy."""

from navmodels.checks.arguments import OVERLAP as OVERLAP
from navmodels.checks.arguments import Levels as Levels
from navmodels.checks.arguments import complete as complete
from navmodels.checks.arguments import factor_names as factor_names
from navmodels.checks.arguments import form as form
from navmodels.checks.arguments import kind as kind
from navmodels.checks.arguments import known_columns as known_columns
from navmodels.checks.arguments import level_order as level_order
from navmodels.checks.arguments import listing as listing
from navmodels.checks.arguments import named_rows as named_rows
from navmodels.checks.arguments import nearest as nearest
from navmodels.checks.arguments import numeric as numeric
from navmodels.checks.arguments import one_kind as one_kind
from navmodels.checks.arguments import one_of as one_of
from navmodels.checks.arguments import plain as plain
from navmodels.checks.arguments import positive as positive
from navmodels.checks.arguments import require_listed as require_listed
from navmodels.checks.arguments import require_pandas as require_pandas
from navmodels.checks.arguments import require_unlike as require_unlike
from navmodels.checks.arguments import rows as rows
from navmodels.checks.arguments import same as same
from navmodels.checks.arguments import unique_cells as unique_cells
