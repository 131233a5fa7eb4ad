"""Survey: cells of counts or of published numbers, with labelled coordinates.

Everything is checked when a Survey is made; the inner rooms trust it. Nothing is estimated here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from navmodels import checks
from navmodels.data.archives import read_cells, write_cells
from navmodels.data.batteries import count_items, each_item
from navmodels.data.cells import (
    cell_index,
    cells_of,
    count_cells,
    join_population,
    labels,
    sum_rows,
)
from navmodels.data.codes import NEGATIVE_ALONE, Sides, take_sides
from navmodels.data.counts import count_categories, count_columns, negative_and_positive
from navmodels.data.descriptions import cell_table, describe
from navmodels.data.overlap import require_disjoint_counts
from navmodels.data.panels import cut_pairs, join_persons, move_pairs, without_pairs
from navmodels.data.people import count_left_out, refuse_persons, warn_of_counts
from navmodels.data.reported import read_answers, read_report
from navmodels.data.responses import MISSING, answer_categories, count_answers
from navmodels.data.rounded import require_reading

Array = npt.NDArray[np.float64]

WEIGHTING = ("frame", "effective", "none")


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
        negative: Any = None,
        weights: str | None = None,
        population: pd.DataFrame | None = None,
        weighting: str = "frame",
        missing: str = "raise",
        id: str | None = None,
        overlap: str = "refuse",
    ) -> "Survey":
        """Make a survey from one row a respondent.

        Parameters
        ----------
        frame
            One row a respondent.
        outcome
            Column of answers: 0/1 or bool for a share, else see `categories` and `positive`.
        by
            Columns of grouping factors: text, numbers or True/False. Levels are sorted; a categorical column keeps its
            order. Names a survey uses itself, such as "n" or "category", are refused.
        categories
            All possible answers, lowest first: makes a rating (`ordered`) or a choice (not `ordered`). A category
            nobody chose stays, as zero.
        positive
            The answer, or list of answers, that counts as positive: makes a share. Each must occur, or be a category of
            a categorical column.
        negative
            With `positive`: the answer, or list of answers, that counts as no. Others are refused, or with
            ``missing="drop"`` left out and counted. Default: every answer that is not positive; refused when one looks
            like a code for no answer, such as 9 beside 1 and 2, or "don't know".
        weights
            Column of survey weights, at least 0. Rows of weight 0 are no respondents: they are left out and counted.
        population
            Frame with the factors' columns and ``weight``: population size of each cell. Cells nobody answered for are
            added with n = 0. Default: the sum of weights in each cell.
        weighting
            "frame": weights only make the population for post-stratification; right when they are equal within the
            cells of the model, so that what they were made of has to be among its factors (`fit` warns if it is not).
            "effective": each cell enters as weighted share × effective n (Kish 1965). "none": weights are not used, and
            n is the population of a cell.
        missing
            "raise", or "drop" rows without an answer or factor; their number is kept in ``cells.attrs["dropped"]``.
        id
            Column that names the persons, for a panel: each once a cell. The answers of persons who are in several
            cells go together, so that the change of a share is that of the same people.
        overlap
            Without `id`, when another column tells that the same persons answer more than once: "refuse", or "allow"
            them as other people.

        Raises
        ------
        ValueError
            Naming the rows, what is allowed and the nearest match. Rows are named by the frame's index, or counted from
            0 where its labels repeat.

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
        by = checks.factor_names(by)
        used = _used_weights(weights, weighting)
        frame = checks.named_rows(frame, what="from_responses")
        checks.known_columns(frame, [*by, outcome, *([used] if used else [])], what="from_responses")
        checks.one_of(missing, MISSING, what="missing")
        if negative is not None and positive is None:
            raise ValueError(NEGATIVE_ALONE)
        chosen = answer_categories(frame[outcome].dropna(), categories=categories, ordered=ordered, positive=positive)
        sides: Sides = {}
        answered = frame
        if positive is not None:
            answered, sides = take_sides(frame, [outcome], positive=chosen, negative=negative, missing=missing)
        table, dropped = count_answers(answered, outcome=outcome, by=by, weights=used, missing=missing)
        warn_of_counts(frame, answers=[outcome], by=by, weights=weights)
        kind = "share" if categories is None else "rating" if ordered else "choice"
        left_out = count_left_out(frame, dropped, sides, respondents=int(table["count"].sum()))
        if kind == "share":
            table["category"], positives, chosen = table["category"].isin(chosen), chosen, (False, True)
        attrs = {"kind": kind, "outcome": outcome, "weighting": weighting if used else "none", **left_out}
        levels = {name: tuple(table[name].cat.categories) for name in by}
        cells = count_cells(table, by, chosen).assign_attrs({**attrs, **_simulated(frame)})
        if id is None:
            refuse_persons(frame, outcome=outcome, by=by, weights=weights, overlap=overlap)
        else:
            yes = positives if kind == "share" else None
            cells = join_persons(cells, answered, id=id, outcome=outcome, by=by, weights=used, positive=yes)
        return cls(cells if population is None else join_population(cells, levels, population), levels)

    @classmethod
    def from_items(
        cls,
        frame: pd.DataFrame,
        *,
        items: Sequence[str] | Mapping[str, str],
        by: str | Sequence[str] = (),
        categories: Sequence[Any] | None = None,
        ordered: bool = True,
        positive: Any = None,
        negative: Any = None,
        weights: str | None = None,
        population: pd.DataFrame | None = None,
        weighting: str = "frame",
        missing: str = "raise",
        overlap: str = "refuse",
    ) -> "Survey":
        """Make a survey with a factor `item` from wide rows: a battery, or a question with several answers.

        An empty answer means not asked or not answered: the respondent is not in this item's base, so n differs by
        item. What a "don't know" means is for `negative` or `categories` to say.

        Parameters
        ----------
        frame
            One row a respondent, one column an item.
        items
            Two or more columns, or a mapping from column to label. They are the levels of `item`, in this order.
        by
            Columns of further grouping factors, as in `from_responses`; they come after `item`.
        categories, ordered, weights, weighting
            As in `from_responses`, the same for all items; effective n is each item's own.
        positive
            As in `from_responses`; each must occur in one of the items.
        negative
            As in `from_responses`; with ``missing="drop"`` other answers count as unanswered.
        population
            As in `from_responses`, without `item`: it holds for every item.
        missing
            "raise", or "drop" respondents without a factor. Their number is kept in ``cells.attrs["dropped"]``, that of
            the others without an answer in ``cells.attrs["unanswered"]``, by item.
        overlap
            As in `from_responses`.

        Raises
        ------
        ValueError
            As `from_responses`, naming the item's column; for an item nobody answered, items on different scales, a
            factor called "item", and ticks that are either positive or empty, where the base is not known.

        Examples
        --------
        >>> import pandas as pd
        >>> from navmodels.data import Survey
        >>> rows = pd.DataFrame({"phone": [1, 1, 0, 1], "chat": [0, 1, None, None]})
        >>> survey = Survey.from_items(rows, items={"phone": "By phone", "chat": "By chat"})
        >>> survey.to_pandas()
               item    n  positive  weight
        0  By phone  4.0       3.0     4.0
        1   By chat  2.0       1.0     2.0
        >>> survey.cells.attrs["unanswered"]
        {'By phone': 0, 'By chat': 2}
        """
        by = checks.factor_names(by)
        used = _used_weights(weights, weighting)
        frame = checks.named_rows(frame, what="from_items")
        scale = {"categories": categories, "ordered": ordered, "positive": positive, "negative": negative}
        table, chosen, left_out = count_items(frame, items=items, by=by, weights=used, missing=missing, **scale)
        warn_of_counts(frame, answers=list(items), by=by, weights=weights)
        refuse_persons(frame, outcome=list(items), by=by, weights=weights, overlap=overlap)
        kind = "share" if categories is None else "rating" if ordered else "choice"
        attrs = {"kind": kind, "outcome": "answer", "weighting": weighting if used else "none", **left_out}
        levels = {name: tuple(table[name].cat.categories) for name in ("item", *by)}
        cells = count_cells(table, list(levels), chosen).assign_attrs({**attrs, **_simulated(frame)})
        whole = each_item(population, levels)
        return cls(cells if whole is None else join_population(cells, levels, whole), levels)

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
        overlap: str = "refuse",
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
            Columns with the count of each category, and the categories' names (default: the columns'). Makes a rating,
            or a choice when not `ordered`.
        population
            As in `from_responses`; default: n.
        overlap
            "refuse", or "allow" rows that look as if they were not disjoint people: a total beside its parts, several
            breakdowns of one sample. `navmodels.split_table` takes such a table apart.

        Raises
        ------
        ValueError
            Naming the rows with negative, missing or non-finite counts, positives above n, cells that occur twice, or
            rows that overlap.

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
        by = checks.factor_names(by)
        columns = count_columns(positive, n, counts, categories)
        frame = checks.named_rows(frame, what="from_counts")
        checks.known_columns(frame, [*by, *columns], what="from_counts")
        checks.complete(frame, by)
        checks.unique_cells(frame, by)
        levels = {name: checks.level_order(frame[name]) for name in by}
        checks.one_of(overlap, checks.OVERLAP, what="overlap")
        number = np.column_stack([checks.numeric(frame[column], low=0.0) for column in columns])
        if counts is None:
            kind, chosen, number = "share", (False, True), negative_and_positive(frame, columns, number)
        else:
            kind, chosen = "rating" if ordered else "choice", count_categories(counts, categories, ordered)
        if overlap == "refuse":
            require_disjoint_counts(frame[list(by)], number, n=n)
        attrs = {"kind": kind, "outcome": positive or "answer", "weighting": "none", "dropped": 0}
        cells = cells_of(number, number, number.sum(axis=1), labels(frame, by), chosen)
        cells = cells.assign_attrs({**attrs, **_simulated(frame)})
        return cls(cells if population is None else join_population(cells, levels, population), levels)

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
        unit: str | None = None,
        digits: int = 0,
        prob: float = 0.95,
        design_effect: float = 1.0,
        counts: Sequence[str] | None = None,
        categories: Sequence[Any] | None = None,
        ordered: bool = True,
        overlap: str = "refuse",
    ) -> "Survey":
        """Make a survey from a published table: one row a printed number, or one row a group and a column an answer.

        How sure a row is comes from its interval if printed, else its standard error, else n and `design_effect`. A
        share with n only and `design_effect` 1 enters exactly: as all counts out of n that print so; with another
        design effect, and n over it below 100, these counts and n enter over the design effect. A share printed as 0 or
        100 % enters as counts out of the n that its interval tells, else out of the printed n. An interval without
        width says nothing where n does; of one that reaches below 0 or above 100 % the other side counts. The
        population weight of a cell is its n, unknown where it is not printed; where no n is printed, all weigh 1.

        Parameters
        ----------
        frame
            One row a published estimate; with `counts`, one row a group.
        by
            Columns of grouping factors.
        estimate, lower, upper, se, n
            Columns: the estimate, its interval, its standard error, its number of respondents; gaps are allowed where
            another column speaks. Single precision and `Decimal` are read to the digits they have.
        unit
            "percent" (the default), "proportion", or "identity" (a mean). It has to be given where all estimates lie
            between 0 and 1, unless the column is called percent.
        digits
            Decimals the column was printed with, at least; when a number shows more, all are read with as many (a
            proportion with two at least).
        prob
            Level of the printed intervals.
        design_effect
            Variance of the design over that of a simple sample of the same n; above 0. Used where n is.
        counts, categories, ordered
            A whole printed distribution: the columns with the percent of each answer, lowest first, and the answers'
            names (default: the columns'). Makes a rating, or a choice when not `ordered`. The answers add to 100 but
            for rounding; they enter as whole counts out of n that print so, or with a design effect as shares of n.
        overlap
            "refuse", or "allow" rows that look as if they were not disjoint people: a total beside its parts, several
            breakdowns of one sample, the answers of one question. `navmodels.split_table` takes such a table apart.

        Raises
        ------
        ValueError
            Naming the rows: text, out of range, unit not declared, no precision, a standard error that n contradicts,
            no count that prints so, cells that occur twice, rows that overlap.

        Examples
        --------
        >>> import pandas as pd
        >>> from navmodels.data import Survey
        >>> table = pd.DataFrame({"office": ["host", "own"], "drop_in": [29, 54], "n": [24, 41]})
        >>> survey = Survey.from_report(table, by="office", estimate="drop_in", n="n")
        >>> survey.cells["count_low"].values.tolist(), survey.cells["count_high"].values.tolist()
        ([7.0, 22.0], [7.0, 22.0])

        A whole distribution, which adds to 99:

        >>> table = pd.DataFrame({"office": ["host"], "no": [33], "partly": [33], "yes": [33], "n": [24]})
        >>> Survey.from_report(table, by="office", counts=["no", "partly", "yes"], n="n").to_pandas()
          office     n   no  partly  yes  weight
        0   host  24.0  8.0     8.0  8.0    24.0
        """
        by = checks.factor_names(by)
        checks.one_of(overlap, checks.OVERLAP, what="overlap")
        require_reading(digits, prob, design_effect)
        frame = checks.named_rows(frame, what="from_report")
        reading = {"unit": unit, "digits": digits, "prob": prob, "design_effect": design_effect}
        columns = {"estimate": estimate, "lower": lower, "upper": upper, "se": se, "n": n}
        if counts is None:
            if categories is not None:
                raise ValueError("categories= are names of the columns in counts=; give counts= too.")
            cells, levels = read_report(frame, by=by, columns=columns, reading=reading, overlapping=overlap)
            return cls(cells.assign_attrs(_simulated(frame)), levels)
        if lower or upper or se or estimate != "share":
            raise ValueError(
                "counts= are the shares of all answers; estimate=, lower=, upper= and se= are for one share."
            )
        chosen = count_categories(counts, categories, ordered)
        cells, levels = read_answers(
            frame, by=by, counts=counts, categories=chosen, n=n, reading=reading, overlapping=overlap
        )
        attrs = {"kind": "rating" if ordered else "choice", "outcome": "answer", "weighting": "none", "dropped": 0}
        return cls(cells.assign_attrs({**attrs, **_simulated(frame)}), levels)

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
        cells = move_pairs(self.cells.isel(cell=keep), self.cells, np.where(keep, np.cumsum(keep) - 1, -1))
        return Survey(cells, kept)

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


# ---- inside


def _used_weights(weights: str | None, weighting: str) -> str | None:
    """Return the column of weights that is used, if any."""
    checks.one_of(weighting, WEIGHTING, what="weighting")
    if weighting == "effective" and weights is None:
        raise ValueError("weighting is 'effective', which needs the column of weights: weights=.")
    return weights if weighting != "none" else None


def _simulated(frame: pd.DataFrame) -> dict[str, str]:
    """Return the mark of simulated data, which every survey of it carries."""
    return {"simulated": str(frame.attrs["simulated"])} if frame.attrs.get("simulated") else {}
