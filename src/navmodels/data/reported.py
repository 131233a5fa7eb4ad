"""A published table at the door `Survey.from_report`: estimates, or whole distributions of answers, as cells.

How columns are read is for `published`, what an estimate says for `rounded`, and a distribution for `distributions`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from navmodels import checks, printed
from navmodels.data.cells import cells_of, labels, simulated
from navmodels.data.counts import count_categories
from navmodels.data.distributions import read_distribution
from navmodels.data.overlap import require_disjoint
from navmodels.data.published import Columns, declared_unit, published_values
from navmodels.data.rounded import read_printed, require_reading

if TYPE_CHECKING:
    from navmodels.data.survey import Survey


def from_report(
    cls: type["Survey"],
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
        cells, levels = _read_estimates(frame, by=by, columns=columns, reading=reading, overlap=overlap)
        return cls(cells.assign_attrs(simulated(frame)), levels)
    if lower or upper or se or estimate != "share":
        raise ValueError("counts= are the shares of all answers; estimate=, lower=, upper= and se= are for one share.")
    chosen = count_categories(counts, categories, ordered)
    cells, levels = _read_answers(frame, by=by, counts=counts, categories=chosen, n=n, reading=reading, overlap=overlap)
    attrs = {"kind": "rating" if ordered else "choice", "outcome": "answer", "weighting": "none", "dropped": 0}
    return cls(cells.assign_attrs({**attrs, **simulated(frame)}), levels)


# ---- inside


def _read_estimates(
    frame: pd.DataFrame, *, by: Sequence[str], columns: Columns, reading: Mapping[str, Any], overlap: str
) -> tuple[xr.Dataset, dict[str, tuple[Any, ...]]]:
    """Return the cells and levels of a published table.

    Parameters
    ----------
    frame
        One row a published estimate.
    by
        Factors.
    columns
        The columns of estimate, lower, upper, se and n; None where there is none.
    reading
        unit (None: percent, where it cannot be anything else), digits, prob and design_effect, as in
        `Survey.from_report`.
    overlap
        "refuse" or "allow": rows that are not disjoint people.
    """
    checks.known_columns(frame, [*by, *(column for column in columns.values() if column)], what="from_report")
    checks.complete(frame, by)
    name = str(columns["estimate"])
    checks.complete(frame, [name], advice=f" Leave such rows out: frame.dropna(subset=[{name!r}]).")
    checks.unique_cells(frame, by)
    levels = {factor: checks.level_order(frame[factor]) for factor in by}
    unit = declared_unit(frame, name, reading["unit"])
    values = published_values(frame, columns, unit)
    shown = printed.decimals(values["estimate"].to_numpy(), unit=unit, digits=reading["digits"])
    prob, design_effect = float(reading["prob"]), float(reading["design_effect"])
    if overlap == "refuse":
        found, n = values[["estimate"]].set_axis([name], axis=1), values["n"].rename(columns["n"])
        require_disjoint(frame[list(by)], values=found, n=n, half=0.5 * 10.0**-shown, whole=_whole(unit))
    table = read_printed(values, unit=unit, digits=shown, prob=prob, design_effect=design_effect)
    weight = values["n"] if values["n"].notna().any() else pd.Series(1.0, index=values.index)
    numbers = pd.concat([values, table, weight.rename("weight")], axis=1)
    cells = xr.Dataset(
        {key: ("cell", column.to_numpy(dtype=float)) for key, column in numbers.items()}, coords=labels(frame, by)
    )
    attrs: dict[str, Any] = {"kind": "reported", "outcome": name, "weighting": "none", "dropped": 0}
    attrs |= {"unit": unit, "digits": shown, "prob": prob, "design_effect": design_effect}
    return cells.assign_attrs(attrs), levels


def _read_answers(
    frame: pd.DataFrame,
    *,
    by: Sequence[str],
    counts: Sequence[str],
    categories: Sequence[Any],
    n: str | None,
    reading: Mapping[str, Any],
    overlap: str,
) -> tuple[xr.Dataset, dict[str, tuple[Any, ...]]]:
    """Return the cells and levels of a published distribution: one row a group, one column an answer, in percent."""
    checks.known_columns(frame, [*by, *counts, *([n] if n else [])], what="from_report")
    checks.complete(frame, by)
    checks.complete(frame, counts, advice=" Leave such rows out, or write 0 where nobody gave the answer.")
    checks.unique_cells(frame, by)
    levels = {factor: checks.level_order(frame[factor]) for factor in by}
    found, attrs = read_distribution(frame, counts=counts, n=n, reading=reading)
    size = found.sum(axis=1)
    if overlap == "refuse":
        shares, top = (
            pd.DataFrame(found / size[:, None], frame.index, list(counts)),
            printed.UNITS[attrs["printed"]["unit"]],
        )
        half = 0.5 * 10.0 ** -attrs["printed"]["digits"] / top
        require_disjoint(frame[list(by)], values=shares, n=pd.Series(size, frame.index, name=n), half=half, whole=1.0)
    return cells_of(found, found, size, labels(frame, by), categories).assign_attrs(attrs), levels


def _whole(unit: str) -> float | None:
    """Return what the answers of one question add to, None for means."""
    return None if unit == "identity" else printed.UNITS[unit]
