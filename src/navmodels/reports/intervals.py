"""Printed intervals recomputed: shares from n and one design effect, means from their standard errors.

A printed number stands for all that round to it, ties either way. An interval is reproduced when some unrounded
estimate that prints as the printed one gives both printed ends. Nothing is sampled or pooled here; the design effect
is a property of the published table, not of respondents (for those see `design_effect`).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from navmodels.printed import normal_quantile, shifted
from navmodels.reports.findings import TOLERANCE, Finding, records, tabulate

Z = normal_quantile(0.95)

Array = npt.NDArray[np.float64]


def estimate_design_effect(items: pd.DataFrame) -> tuple[float, pd.DataFrame]:
    """Return the one design effect that reproduces most printed share intervals, and how each candidate does.

    Candidates are 1.00, 1.01, …, 2.00. Among those that reproduce most intervals, the ones that also give most
    printed standard errors are kept, and the middle of them (the lower of two) is the value.

    Parameters
    ----------
    items
        Published items: share, share_se, share_ci_low, share_ci_high (percent) and n. Rows without n are left out.

    Returns
    -------
    The value, and a table with one row for each candidate: `design_effect`, `intervals` (rows with both ends
    reproduced), `with_se` (of these, rows whose standard error is too).

    Examples
    --------
    >>> from navmodels import load_report
    >>> value, table = estimate_design_effect(load_report("employer_2024", "items"))
    >>> value
    1.24
    >>> table[table["design_effect"].isin([1.0, 1.24])]
        design_effect  intervals  with_se
    0            1.00        150      141
    24           1.24        174      172
    """
    each = items[items["n"].notna()].merge(pd.DataFrame({"design_effect": np.arange(100, 201) / 100}), how="cross")
    solved = solve(each, design_effect=each["design_effect"].to_numpy())
    table = solved.groupby("design_effect", as_index=False)[["both", "with_se"]].sum()
    table = table.rename(columns={"both": "intervals"})
    best = table[table["intervals"] == table["intervals"].max()]
    best = best[best["with_se"] == best["with_se"].max()]
    return float(best["design_effect"].iloc[(len(best) - 1) // 2]), table


def share_intervals(items: pd.DataFrame, *, design_effect: float) -> pd.DataFrame:
    """Return what share, n and a design effect say about each printed share interval and standard error.

    The interval is symmetric on the logit scale, with standard error sqrt(design effect / (n p (1 - p))). Its ends
    rise with the share, so the unrounded shares that give both printed ends are one stretch, found by bisection.

    Parameters
    ----------
    items
        Published items, as `load_report("employer_2024", "items")`; the index is the row in print.
    design_effect
        Variance ratio to a simple sample, one for the whole table (`estimate_design_effect`).

    Returns
    -------
    Findings for `share_ci_low`, `share_ci_high` (percent) and `share_se` (percentage points). `ours` belongs to the
    unrounded share that reproduces both ends and is closest to the printed one. For an end, lower and upper are what
    the rounding of the share leaves; for a standard error, what the shares that reproduce both ends leave. A row
    without n is "not reproducible", and its reason says which n the interval needs.

    References
    ----------
    Korn, E. L. and Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data. *Survey Methodology* 24, 193–201.

    Examples
    --------
    >>> from navmodels import load_report
    >>> found = share_intervals(load_report("employer_2024", "items"), design_effect=1.24)
    >>> found.groupby(["quantity", "status"]).size().to_dict() == {
    ...     ("share_ci_high", "not reproducible"): 2, ("share_ci_high", "reproduced"): 174,
    ...     ("share_ci_low", "not reproducible"): 2, ("share_ci_low", "reproduced"): 174,
    ...     ("share_se", "differs"): 2, ("share_se", "not reproducible"): 2, ("share_se", "reproduced"): 172}
    True
    """
    known = items["n"].notna()
    solved = solve(items[known], design_effect=design_effect)
    found = [one for row in records(solved) for one in _share_findings(row, design_effect)]
    for row in records(items[~known]):
        reason = _needed_n(row, items, design_effect)
        found += [
            Finding("items", row.Index, quantity, "not reproducible", reason)
            for quantity in ("share_ci_low", "share_ci_high", "share_se")
        ]
    return tabulate(found)


def mean_intervals(items: pd.DataFrame) -> pd.DataFrame:
    """Return what the printed mean and standard error say about both ends of its interval.

    An interval is reproduced when some mean and some standard error that print as printed (one and two decimals)
    give both printed ends as mean ± 1.96 standard errors. The conditions are linear and are solved exactly.

    Parameters
    ----------
    items
        Published items; those without a mean are left out.

    Returns
    -------
    Findings for `mean_ci_low` and `mean_ci_high`, in score points.

    Examples
    --------
    >>> from navmodels import load_report
    >>> mean_intervals(load_report("employer_2024", "items"))["status"].value_counts().to_dict()
    {'reproduced': 182}
    """
    return tabulate(one for row in records(items[items["mean"].notna()]) for one in _mean_findings(row))


# ---- inside


def ends(share: Array, effective: Array) -> tuple[Array, Array]:
    """Return both ends of the 95 % logit interval of a share (percent) at an effective n."""
    return one_end(share, effective, side=-1.0), one_end(share, effective, side=1.0)


def one_end(share: Array, effective: Array, *, side: float | Array) -> Array:
    """Return the lower (side −1) or upper end (side 1) of the interval."""
    p = share / 100
    return np.asarray(100 * shifted(p, side * Z / np.sqrt(effective * p * (1 - p))))


def crossing(end: Callable[[Array], Array], target: Array, *, low: Array, high: Array) -> Array:
    """Return where a rising end reaches the target between low and high (that limit where it does not)."""
    for _ in range(60):
        middle = (low + high) / 2
        below = end(middle) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)


def solve(items: pd.DataFrame, *, design_effect: float | Array, ends_only: bool = False) -> pd.DataFrame:
    """Return the unrounded shares (percent) that give both printed ends, and what follows from them.

    Added columns: `first`, `last` (limits of the share: its rounding, or none with `ends_only`), `low`, `high` (the
    shares that give both ends), `best` (of these the closest to the printed one), `both` (there are some), `se_low`,
    `se_high` (their standard errors) and `with_se` (one prints as the printed one).
    """
    share, n = items["share"].to_numpy(float), items["n"].to_numpy(float)
    low_end, high_end = items["share_ci_low"].to_numpy(float), items["share_ci_high"].to_numpy(float)
    effective = n / design_effect
    # nearer to 0 or 100 the ends no longer rise with the share: less than one effective answer on that side
    edge = 50 * (1 - 1 / np.sqrt(1 + Z**2 / effective))
    reach = 50.0 if ends_only else 0.5
    first, last = np.maximum(share - reach, edge), np.minimum(share + reach, 100 - edge)

    target = np.stack([low_end - 0.5, high_end - 0.5, low_end + 0.5, high_end + 0.5])
    side = np.array([[-1.0], [1.0], [-1.0], [1.0]])
    reached = crossing(lambda at: one_end(at, effective, side=side), target, low=first, high=last)
    low, high = reached[:2].max(axis=0), reached[2:].min(axis=0)
    best = np.clip(np.where(low <= high, np.clip(share, low, np.maximum(low, high)), share), edge, 100 - edge)
    lower, upper = ends(best, effective)
    inside = np.maximum(np.abs(lower - low_end), np.abs(upper - high_end)) <= 0.5 + TOLERANCE
    both = inside & (low <= high + TOLERANCE) & (first <= last)
    se_low = np.minimum(standard_error(low, effective), standard_error(high, effective))
    se_high = standard_error(np.clip(50.0, low, np.maximum(low, high)), effective)
    se = items["share_se"].to_numpy(float)
    names = ("lower_first", "upper_first", "lower_last", "upper_last")
    limits = dict(zip(names, (*ends(first, effective), *ends(last, effective)), strict=True))
    return items.assign(
        first=first, last=last, low=low, high=high, best=best, lower=lower, upper=upper, both=both,
        se_low=se_low, se_high=se_high,
        with_se=both & (se_low <= se + 0.5 + TOLERANCE) & (se_high >= se - 0.5 - TOLERANCE),
        **limits,
    )  # fmt: skip


def standard_error(share: Array, effective: Array) -> Array:
    """Return the standard error of a share (percent) in percentage points."""
    return np.asarray(np.sqrt(share * (100 - share) / effective))


def _share_findings(row: Any, design_effect: float) -> list[Finding]:
    """Return the findings for both ends and the standard error of one solved row."""
    base = f"n = {row.n} and design effect {design_effect:.2f}"
    printed = f"{row.share_ci_low:g}–{row.share_ci_high:g} %"
    if row.both:
        status, se_status = "reproduced", "reproduced" if row.with_se else "differs"
        reason = (
            f"An unrounded share of {row.best:.2f} % with {base} gives {row.lower:.2f}–{row.upper:.2f} %, which "
            f"prints as {printed}; so does any share from {row.low:.2f} to {row.high:.2f} %."
        )
        se_reason = (
            f"The unrounded shares that give both printed ends ({row.low:.2f}–{row.high:.2f} %, with {base}) have "
            f"standard errors of {row.se_low:.2f}–{row.se_high:.2f} percentage points; {row.share_se:g} is printed."
        )
    else:
        status = se_status = "differs"
        reason = (
            f"No unrounded share from {row.first:.2f} to {row.last:.2f} % gives both ends of the printed {printed} "
            f"with {base}: the lower end lies between {row.lower_first:.2f} and {row.lower_last:.2f} %, the upper "
            f"between {row.upper_first:.2f} and {row.upper_last:.2f} %."
        )
        se_reason = f"{reason} The printed standard error of {row.share_se:g} belongs to that interval."
    se = float(np.clip(row.share_se, row.se_low, row.se_high)) if row.both else np.nan
    se_range = (row.se_low, row.se_high) if row.both else (np.nan, np.nan)
    end = partial(Finding, "items", row.Index, status=status, reason=reason)
    return [
        end("share_ci_low", ours=row.lower, lower=row.lower_first, upper=row.lower_last),
        end("share_ci_high", ours=row.upper, lower=row.upper_first, upper=row.upper_last),
        Finding("items", row.Index, "share_se", se_status, se_reason, se, *se_range),
    ]


def _needed_n(row: Any, items: pd.DataFrame, design_effect: float) -> str:
    """Return why an interval without n cannot be computed, and the n that would give it."""
    sizes = np.arange(1, int(items["n"].max()) + 1)
    printed = {"share": row.share, "share_se": row.share_se}
    printed |= {"share_ci_low": row.share_ci_low, "share_ci_high": row.share_ci_high}
    fits = solve(pd.DataFrame(printed | {"n": sizes}), design_effect=design_effect)["both"].to_numpy()
    needed = f"would need an n from {sizes[fits].min()} to {sizes[fits].max()}" if fits.any() else "fits no n in print"
    others = items.loc[(items["battery"] == row.battery) & items["n"].notna(), "n"].unique().tolist()
    beside = f"; the {others[0]} printed beside the question is not among them" if others else ""
    if others and fits[sizes == others[0]].any():
        beside = f"; the {others[0]} printed beside the question is among them"
    return (
        f"No n is printed for this row: its share of {row.share:g} % with the interval {row.share_ci_low:g}–"
        f"{row.share_ci_high:g} % {needed} at design effect {design_effect:.2f}{beside}."
    )


def _mean_findings(row: Any) -> list[Finding]:
    """Return the findings for both ends of one mean: `half` is half the width, bounded by every printed number."""
    mean, low, high = row.mean, row.mean_ci_low, row.mean_ci_high
    narrow, wide = Z * max(row.mean_se - 0.005, 0.0), Z * (row.mean_se + 0.005)
    least = max(narrow, mean - low - 0.1, high - mean - 0.1, (high - low - 0.1) / 2)
    most = min(wide, mean - low + 0.1, high - mean + 0.1, (high - low + 0.1) / 2)
    status = "reproduced" if least <= most + TOLERANCE else "differs"
    half = min(max(Z * row.mean_se, least), most) if status == "reproduced" else Z * row.mean_se
    first = max(mean - 0.05, low - 0.05 + half, high - 0.05 - half)
    last = min(mean + 0.05, low + 0.05 + half, high + 0.05 - half)
    centre = min(max(mean, first), last) if status == "reproduced" else mean
    printed = f"{low:.1f}–{high:.1f}"
    reason = (
        f"An unrounded mean of {centre:.3f} and standard error of {half / Z:.4f} (printed {mean:.1f} and "
        f"{row.mean_se:.2f}) give {centre - half:.2f}–{centre + half:.2f}, which prints as {printed}."
        if status == "reproduced"
        else f"No mean that prints as {mean:.1f} with a standard error that prints as {row.mean_se:.2f} gives "
        f"both ends of the printed {printed}: the printed pair gives {centre - half:.2f}–{centre + half:.2f}."
    )
    end = partial(Finding, "items", row.Index, status=status, reason=reason)
    return [
        end("mean_ci_low", ours=centre - half, lower=mean - 0.05 - wide, upper=mean + 0.05 - narrow),
        end("mean_ci_high", ours=centre + half, lower=mean - 0.05 + narrow, upper=mean + 0.05 + wide),
    ]
