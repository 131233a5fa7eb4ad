"""Survey: cells of counts or of published numbers, with labelled coordinates.

Everything is checked when a Survey is made; the inner rooms trust it. Nothing is estimated here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from navmodels.data import checks, printed
from navmodels.data.cells import (
    cell_index,
    count_cells,
    labels,
    population_weights,
    published_values,
    require_weight,
    sum_rows,
)
from navmodels.data.responses import answer_categories, count_answers

WEIGHTING = ("frame", "effective", "none")


@dataclass(frozen=True, eq=False, repr=False)
class Survey:
    """Cells of a survey: one for each combination of grouping factors, with what was observed in it.

    Make one with `Survey.from_responses`, `Survey.from_counts` or `Survey.from_report`.

    Attributes
    ----------
    cells
        Dims ``cell`` (and ``category``); one coordinate along ``cell`` for each factor. Counts: ``count`` (respondents),
        ``weighted`` (sum of weights) by category, ``squares`` (sum of squared weights), ``weight`` (population weight).
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

    @classmethod
    def from_responses(
        cls,
        frame: pd.DataFrame,
        *,
        outcome: str,
        by: str | Sequence[str],
        categories: Sequence[Any] | None = None,
        ordered: bool = True,
        positive: Any = None,
        weights: str | None = None,
        population: pd.DataFrame | None = None,
        weighting: str = "frame",
        missing: str = "raise",
    ) -> "Survey":
        """Make a survey from one row a respondent.

        Parameters
        ----------
        frame
            One row a respondent.
        outcome
            Column of answers: 0/1 or bool for a share, else see `categories` and `positive`.
        by
            Columns of grouping factors. Levels are sorted; a categorical column keeps its order.
        categories
            All possible answers, lowest first: makes a rating (`ordered`) or a choice (not `ordered`). A category nobody
            chose stays, as zero.
        positive
            The answer, or list of answers, that counts as positive: makes a share.
        weights
            Column of survey weights, at least 0.
        population
            Frame with the factors' columns and ``weight``: population size of each cell. Cells nobody answered for are
            added with n = 0. Default: the sum of weights in each cell.
        weighting
            "frame": weights only make the population for post-stratification. "effective": each cell enters as weighted
            share × effective n (Kish 1965). "none": weights are not used.
        missing
            "raise", or "drop" rows without an answer or factor; their number is kept in ``cells.attrs["dropped"]``.

        Raises
        ------
        ValueError
            Naming the rows, what is allowed and the nearest match.

        Examples
        --------
        >>> import pandas as pd
        >>> from navmodels.data import Survey
        >>> rows = pd.DataFrame({"office": ["A", "A", "B", "B"], "satisfied": [1, 1, 0, 1]})
        >>> Survey.from_responses(rows, outcome="satisfied", by="office").to_pandas()
          office    n  positive  weight
        0      A  2.0       2.0     2.0
        1      B  2.0       1.0     2.0
        """
        by = _names(by)
        checks.one_of(weighting, WEIGHTING, what="weighting")
        table, dropped = count_answers(frame, outcome=outcome, by=by, weights=weights, missing=missing)
        levels = {name: tuple(table[name].cat.categories) for name in by}
        answers = table[outcome]
        chosen = answer_categories(answers, categories=categories, ordered=ordered, positive=positive)
        kind = "share" if categories is None else "rating" if ordered else "choice"
        if kind == "share":
            table[outcome], chosen = _positive(answers, positive), (False, True)
        attrs = {
            "kind": kind,
            "outcome": outcome,
            "weighting": weighting if weights else "none",
            "dropped": dropped,
        }
        if frame.attrs.get("simulated"):
            attrs["simulated"] = str(frame.attrs["simulated"])
        cells = count_cells(table, by, outcome, chosen, attrs)
        require_weight(cells)
        return _with_population(cls(cells, levels), population)

    @classmethod
    def from_counts(
        cls,
        frame: pd.DataFrame,
        *,
        by: str | Sequence[str],
        positive: str | None = None,
        n: str | None = None,
        counts: Sequence[str] | None = None,
        categories: Sequence[Any] | None = None,
        ordered: bool = True,
        population: pd.DataFrame | None = None,
    ) -> "Survey":
        """Make a survey from a table of counts, one row a cell.

        Parameters
        ----------
        frame
            One row for each combination of factors.
        by
            Columns of grouping factors.
        positive, n
            Columns: positives and answers (real numbers are allowed: effective counts). Makes a share.
        counts, categories
            Columns with the count of each category, and the categories' names (default: the columns'). Makes a rating, or
            a choice when not `ordered`.
        population
            As in `from_responses`; default: n.

        Raises
        ------
        ValueError
            Naming the rows with negative, missing or non-finite counts, positives above n, or cells that occur twice.

        Examples
        --------
        >>> import pandas as pd
        >>> from navmodels.data import Survey
        >>> table = pd.DataFrame({"office": ["A", "B"], "satisfied": [9, 30], "answers": [10, 45]})
        >>> Survey.from_counts(table, by="office", positive="satisfied", n="answers")
        Survey of shares: 2 cells, 55 respondents
          office  2 levels: 'A', 'B'
          share   70.9 % positive
        """
        by = _names(by)
        if (counts is None) == (positive is None or n is None):
            raise ValueError("from_counts needs either positive= and n= (a share) or counts= (one column a category).")
        columns = [positive, n] if counts is None else list(counts)
        checks.known_columns(frame, [*by, *columns], what="from_counts")
        checks.complete(frame, by)
        checks.unique_cells(frame, by)
        values = pd.concat([checks.numeric(frame[column], low=0.0) for column in columns], axis=1)
        levels = {name: checks.level_order(frame[name]) for name in by}
        if counts is None:
            above = values[positive] > values[n]
            if above.any():
                raise ValueError(
                    f"{positive!r} is above {n!r} in {checks.rows(above)}; positives may be at most the answers."
                )
            values = pd.DataFrame({False: values[n] - values[positive], True: values[positive]})
            kind, chosen = "share", (False, True)
        else:
            chosen = answer_categories(
                pd.Series([], dtype=object), categories=categories or counts, ordered=ordered, positive=None
            )
            if len(chosen) != len(columns):
                raise ValueError(
                    f"counts names {len(columns)} columns and categories {len(chosen)}; there must be one for each."
                )
            kind = "rating" if ordered else "choice"
        number = values.to_numpy(dtype=float)
        cells = xr.Dataset(
            {
                "count": (("cell", "category"), number),
                "weighted": (("cell", "category"), number),
                "squares": ("cell", number.sum(axis=1)),
                "weight": ("cell", number.sum(axis=1)),
            },
            coords={**labels(frame, by), "category": list(chosen)},
            attrs={"kind": kind, "outcome": positive or "answer", "weighting": "none", "dropped": 0},
        )
        return _with_population(cls(cells, levels), population)

    @classmethod
    def from_report(
        cls,
        frame: pd.DataFrame,
        *,
        by: str | Sequence[str],
        estimate: str = "share",
        lower: str | None = None,
        upper: str | None = None,
        se: str | None = None,
        n: str | None = None,
        unit: str = "percent",
        digits: int = 0,
        prob: float = 0.95,
        design_effect: float = 1.0,
    ) -> "Survey":
        """Make a survey from a published table: one row a printed number.

        How sure a row is comes from its interval if printed, else its standard error, else n. A share with n only and
        `design_effect` 1 enters exactly: as all counts out of n that print so. A share that prints as 0 or 100 % needs n.

        Parameters
        ----------
        frame
            One row a published estimate.
        by
            Columns of grouping factors.
        estimate, lower, upper, se, n
            Columns: the estimate, its interval, its standard error, its number of respondents; gaps are allowed where
            another column speaks.
        unit
            "percent", "proportion", or "identity" (a mean).
        digits
            Decimals printed at least; a number that shows more was rounded there.
        prob
            Level of the printed intervals.
        design_effect
            Variance of the design over that of a simple sample of the same n; at least 0.

        Raises
        ------
        ValueError
            Naming the rows: out of range, unit not declared, no precision, no count that prints so, cells that occur twice.

        Examples
        --------
        >>> import pandas as pd
        >>> from navmodels.data import Survey
        >>> table = pd.DataFrame({"office": ["host", "own"], "drop_in": [29, 54], "n": [24, 41]})
        >>> survey = Survey.from_report(table, by="office", estimate="drop_in", n="n")
        >>> survey.cells["count_low"].values.tolist(), survey.cells["count_high"].values.tolist()
        ([7.0, 22.0], [7.0, 22.0])
        """
        by = _names(by)
        checks.one_of(unit, tuple(printed.UNITS), what="unit")
        if not 0 < prob < 1 or not (np.isfinite(design_effect) and design_effect > 0):
            raise ValueError(
                f"prob is {prob} and design_effect {design_effect}; allowed: 0 < prob < 1, a positive design effect."
            )
        given = {"estimate": estimate, "lower": lower, "upper": upper, "se": se, "n": n}
        checks.known_columns(frame, [*by, *(column for column in given.values() if column)], what="from_report")
        checks.complete(frame, [*by, estimate])
        checks.unique_cells(frame, by)
        values = published_values(frame, given, unit)
        table = printed.read_printed(values, unit=unit, digits=digits, prob=prob, design_effect=design_effect)
        weight = values["n"] if values["n"].notna().all() else pd.Series(1.0, index=values.index)
        columns = pd.concat([values, table, weight.rename("weight")], axis=1)
        attrs = {
            "kind": "reported",
            "outcome": estimate,
            "unit": unit,
            "prob": prob,
            "design_effect": design_effect,
        }
        cells = xr.Dataset(
            {name: ("cell", column.to_numpy(dtype=float)) for name, column in columns.items()},
            coords=labels(frame, by),
            attrs={**attrs, "weighting": "none", "dropped": 0},
        )
        if frame.attrs.get("simulated"):
            cells.attrs["simulated"] = str(frame.attrs["simulated"])
        return cls(cells, {name: checks.level_order(frame[name]) for name in by})

    def dichotomise(self, cut: Any) -> "Survey":
        """Return the share of a rating that answers `cut` or higher.

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
        categories = self.cells["category"].to_index()
        checks.one_of(cut, tuple(categories[1:]), what="cut")
        above = np.arange(len(categories)) >= int(categories.get_indexer([cut])[0])
        cells = self.cells.drop_vars(["count", "weighted", "category"])
        for name in ("count", "weighted"):
            values = self.cells[name].to_numpy()
            cells[name] = (
                ("cell", "category"),
                np.column_stack([values[:, ~above].sum(axis=1), values[:, above].sum(axis=1)]),
            )
        cells = cells.assign_coords(category=[False, True])
        return Survey(cells.assign_attrs({**self.cells.attrs, "kind": "share", "cut": cut}), self.levels)

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
        by = _names(by)
        for name in by:
            checks.one_of(name, self.factors, what="by")
        if set(by) == set(self.factors):
            return self
        if self.kind == "reported":
            raise ValueError(
                f"published numbers cannot be added up over {checks.listing(set(self.factors) - set(by))}; drop levels instead, "
                "or give the counts behind them."
            )
        keys, index = cell_index(self.cells[list(self.factors)].to_dataframe()[list(self.factors)], by)
        cells = xr.Dataset(
            {
                name: (values.dims, sum_rows(values.to_numpy(), index, len(keys)))
                for name, values in self.cells.transpose("cell", ...).data_vars.items()
            },
            coords={**labels(keys, by), "category": self.cells["category"]},
            attrs=self.cells.attrs,
        )
        return Survey(cells, {name: self.levels[name] for name in by})

    def drop(self, **levels: Any) -> "Survey":
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
            gone = list(given) if isinstance(given, list | tuple | set) else [given]
            for level in gone:
                checks.one_of(level, self.levels[name], what=f"level of {name!r}")
            keep &= ~np.isin(self.cells[name].to_numpy(), gone)
            kept[name] = tuple(level for level in self.levels[name] if level not in gone)
        if not keep.any():
            raise ValueError(f"dropping {levels} leaves no cell.")
        return Survey(self.cells.isel(cell=keep), kept)

    def to_xarray(self) -> xr.Dataset:
        """Return a copy of the cells: dims cell (and category)."""
        return self.cells.copy(deep=True)

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a cell: the factors, then n and positive (share), one column a category, or the printed numbers."""
        frame = pd.DataFrame(
            {name: pd.Categorical(self.cells[name].to_numpy(), list(self.levels[name])) for name in self.factors}
        )
        if self.kind == "reported":
            for name in ("estimate", "lower", "upper", "se", "n"):
                frame[name] = self.cells[name].to_numpy()
        else:
            count = self.cells["count"].to_numpy()
            frame["n"] = count.sum(axis=1)
            if self.kind == "share":
                frame["positive"] = count[:, 1]
            else:
                frame[[str(name) for name in self.cells["category"].to_numpy()]] = count
        frame["weight"] = self.cells["weight"].to_numpy()
        return frame

    def __repr__(self) -> str:
        attrs, size = self.cells.attrs, self.cells.sizes["cell"]
        title = {
            "share": "shares",
            "rating": "ratings",
            "choice": "choices",
            "reported": "published numbers",
        }[self.kind]
        count = self.cells["n"].sum() if self.kind == "reported" else self.cells["count"].sum()
        simulated = " (simulated)" if attrs.get("simulated") else ""
        head = f"Survey of {title}{simulated}: {size} cells, {float(count):,.0f} respondents".replace(",", " ")
        width = max([len(name) for name in self.factors], default=0)
        lines = [
            f"  {name:{width}s}  {len(levels)} levels: {checks.listing(levels, most=5)}"
            for name, levels in self.levels.items()
        ]
        return "\n".join([head, *lines, *self._details(width)])

    def _details(self, width: int) -> list[str]:
        attrs = self.cells.attrs
        if self.kind == "reported":
            exact = int(self.cells["trials"].notnull().sum())
            return [f"  {attrs['unit']}: {exact} as exact counts, {self.cells.sizes['cell'] - exact} as rounded normal"]
        total = self.cells["weighted"].sum("cell").to_numpy()
        lines = []
        if self.kind == "share" and total.sum() > 0:
            lines.append(f"  {'share':{width}s}  {100 * total[1] / total.sum():.1f} % positive")
        if attrs["weighting"] != "none":
            lines.append(f"  weights: {attrs['weighting']}")
        if attrs["dropped"]:
            lines.append(f"  {attrs['dropped']} rows without answer or factor were left out")
        empty = int((self.cells["count"].sum("category") == 0).sum())
        if empty:
            lines.append(f"  {empty} cells with n = 0: their estimates rest on the model alone")
        return lines


# ---- inside


def _names(by: str | Sequence[str]) -> tuple[str, ...]:
    return (by,) if isinstance(by, str) else tuple(by)


def _positive(answers: pd.Series, positive: Any) -> pd.Series:
    if positive is None:
        return answers.astype(bool)
    chosen = list(positive) if isinstance(positive, list | tuple | set | range) else [positive]
    for value in chosen:
        checks.one_of(value, tuple(answers.unique()), what="positive")
    return answers.isin(chosen)


def _with_population(survey: Survey, population: pd.DataFrame | None) -> Survey:
    """Return the survey with population weights, cells nobody answered for added with n = 0."""
    if population is None:
        return survey
    weight = population_weights(population, survey.levels)
    observed = pd.MultiIndex.from_arrays(
        [survey.cells[name].to_numpy() for name in survey.factors], names=survey.factors
    )
    lacking = ~observed.isin(weight.index)
    if lacking.any():
        raise ValueError(
            f"the population lacks {int(lacking.sum())} cells that were observed, for instance {dict(zip(survey.factors, observed[lacking][0], strict=True))}."
        )
    order = observed.append(weight.index.difference(observed, sort=False))
    cells = survey.cells.drop_vars(survey.factors).pad(cell=(0, len(order) - len(observed)), constant_values=0.0)
    cells["weight"] = ("cell", weight.reindex(order).to_numpy())
    return Survey(cells.assign_coords(labels(order.to_frame(index=False), survey.factors)), survey.levels)
