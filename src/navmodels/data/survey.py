"""Survey: cells of counts or of published numbers, with labelled coordinates.

Everything is checked when a Survey is made; the inner rooms trust it. Nothing is estimated here. Each door stands in
the module of what comes in by it: respondents' rows, batteries of items, counts, published tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from navmodels import checks
from navmodels.data import batteries, counts, reported, responses
from navmodels.data.archives import read_cells, write_cells
from navmodels.data.cells import cell_index, cells_of, labels, sum_rows
from navmodels.data.descriptions import cell_table, describe
from navmodels.data.panels import cut_pairs, keep_cells, move_pairs, without_pairs


@dataclass(frozen=True, eq=False, repr=False)
class Survey:
    """Cells of a survey: one for each combination of grouping factors, with what was observed in it.

    Make one with `Survey.from_responses`, `Survey.from_items`, `Survey.from_counts` or `Survey.from_report`.

    Attributes
    ----------
    cells
        Dims ``cell`` (and ``category``); one coordinate along ``cell`` for each factor. Counts: ``count`` (respondents)
        and ``weighted`` (sum of weights) by category, ``squares`` (sum of squared weights), ``weight`` (population).
        Published numbers: ``estimate, lower, upper, se, n`` as printed, and what they say on the linear scale
        (``low, high, sd`` or ``count_low, count_high, trials``), ``weight``.
    levels
        The levels of each factor, in order.
    """

    cells: xr.Dataset
    levels: Mapping[str, tuple[Any, ...]]

    @property
    def kind(self) -> str:
        """One of "share", "rating", "choice", "reported"."""
        return str(self.cells.attrs["kind"])

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the grouping factors."""
        return tuple(self.levels)

    from_responses = classmethod(responses.from_responses)
    from_items = classmethod(batteries.from_items)
    from_counts = classmethod(counts.from_counts)
    from_report = classmethod(reported.from_report)

    def dichotomise(self, cut: Any) -> "Survey":
        """Return the share of a rating that answers `cut` or higher; the lowest category is no cut.

        Raises
        ------
        ValueError
            For a survey that is no rating, and a cut that is no category.

        Examples
        --------
        >>> import pandas as pd
        >>> from navmodels.data import Survey
        >>> rows = pd.DataFrame({"office": ["A", "A", "B"], "answer": [2, 5, 6]})
        >>> rating = Survey.from_responses(rows, outcome="answer", by="office", categories=range(1, 7))
        >>> rating.dichotomise(4).to_pandas()["positive"].tolist()
        [1.0, 1.0]
        """
        if self.kind != "rating":
            raise ValueError(f"only a rating can be cut in two; this is a survey of kind {self.kind!r}.")
        categories = [checks.plain(category) for category in self.cells["category"].to_numpy()]
        checks.one_of(cut, categories[1:], what="cut")
        place = categories.index(cut)
        count, weighted = (
            np.column_stack([values[:, :place].sum(axis=1), values[:, place:].sum(axis=1)])
            for values in (self.cells["count"].to_numpy(), self.cells["weighted"].to_numpy())
        )
        coords = {name: self.cells[name] for name in self.factors}
        cells = cells_of(count, weighted, self.cells["squares"].to_numpy(), coords, (False, True))
        attrs = {**self.cells.attrs, "kind": "share", "cut": categories[place]}
        cells = cut_pairs(cells.assign(weight=self.cells["weight"]).assign_attrs(attrs), self.cells, place)
        return Survey(cells, self.levels)

    def collapse(self, by: str | Sequence[str]) -> "Survey":
        """Return the survey with only the factors `by`, cells summed over the others (exact for counts).

        Raises
        ------
        ValueError
            For an unknown factor, and for published numbers, which do not add up.

        Examples
        --------
        >>> import pandas as pd
        >>> from navmodels.data import Survey
        >>> table = pd.DataFrame({"office": ["A", "A"], "year": [2023, 2024], "k": [3, 5], "n": [6, 8]})
        >>> Survey.from_counts(table, by=["office", "year"], positive="k", n="n").collapse("office").to_pandas()
          office     n  positive  weight
        0      A  14.0       8.0    14.0
        """
        by = checks.factor_names(by)
        for name in by:
            checks.one_of(name, self.factors, what="by")
        levels = {name: self.levels[name] for name in by}
        over = [name for name in self.factors if name not in by]
        if not over:
            return Survey(self.cells, levels)
        if self.kind == "reported":
            raise ValueError(
                f"published numbers cannot be added up over {checks.listing(over)}; drop levels instead, or give the "
                "counts behind them."
            )
        factors = pd.DataFrame({name: self.cells[name].to_numpy() for name in self.factors})
        keys, index = cell_index(factors, by)
        cells = xr.Dataset(
            {
                name: (values.dims, sum_rows(values.to_numpy(), index, len(keys)))
                for name, values in without_pairs(self.cells).transpose("cell", ...).data_vars.items()
            },
            coords={**labels(keys, by), "category": self.cells["category"]},
            attrs=self.cells.attrs,
        )
        return Survey(move_pairs(cells, self.cells, index), levels)

    def drop(self, /, **levels: Any) -> "Survey":
        """Return the survey without the named levels, for instance ``survey.drop(county=["Oslo"])``.

        Raises
        ------
        ValueError
            For an unknown factor or level, and when nothing would be left.

        Examples
        --------
        >>> import pandas as pd
        >>> from navmodels.data import Survey
        >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
        >>> Survey.from_counts(table, by="office", positive="k", n="n").drop(office="A").levels
        {'office': ('B',)}
        """
        keep = np.ones(self.cells.sizes["cell"], dtype=bool)
        kept = dict(self.levels)
        for name, given in levels.items():
            checks.one_of(name, self.factors, what="factor")
            gone = list(given) if pd.api.types.is_list_like(given) else [given]
            for level in gone:
                checks.one_of(level, self.levels[name], what=f"level of {name!r}")
            keep &= ~np.isin(self.cells[name].to_numpy(), gone)
            kept[name] = tuple(level for level in self.levels[name] if level not in gone)
        if not keep.any():
            raise ValueError(f"dropping {levels} leaves no cell.")
        return Survey(keep_cells(self.cells, keep), kept)

    def save(self, path: str | Path) -> Path:
        """Write the survey to a NetCDF file, usually ending in ``.nc``, from which `load` makes it again.

        Examples
        --------
        >>> import tempfile
        >>> table = pd.DataFrame({"office": ["A", "B"], "k": [3, 5], "n": [6, 8]})
        >>> survey = Survey.from_counts(table, by="office", positive="k", n="n")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     again = Survey.load(survey.save(f"{folder}/offices.nc"))
        >>> again.to_pandas().equals(survey.to_pandas())
        True
        """
        return write_cells(self.cells, self.levels, path)

    @classmethod
    def load(cls, path: str | Path) -> "Survey":
        """Read a survey that `save` wrote.

        Raises
        ------
        FileNotFoundError
            When there is no such file.
        ValueError
            When the file holds no survey, or one that was changed after it was saved.

        Examples
        --------
        See `save`.
        """
        return cls(*read_cells(path))

    def to_xarray(self) -> xr.Dataset:
        """Return a copy of the cells: dims cell (and category)."""
        return self.cells.copy(deep=True)

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a cell: factors, then n and positive (share) or n and each category, or what was printed."""
        return cell_table(self.cells, self.levels)

    def __repr__(self) -> str:
        return describe(self.cells, self.levels)
