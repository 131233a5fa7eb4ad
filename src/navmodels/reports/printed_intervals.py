"""Printed intervals recomputed on arrays: shares from n and a design effect, means from their standard errors.

A printed number stands for all that round to it, ties either way. An interval is reproduced when some unrounded
estimate that prints as the printed one gives both printed ends. Nothing is sampled or pooled here; the design effect is
a property of the published table, not of respondents (for those see `design_effect`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtri

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Found = tuple[Flags, Array, Array, Array]  # holds, ours, low, high

Z = float(ndtri(0.975))
SLACK = 1e-9
EXACT = 1e-12  # percent
FORMS = ("logit", "wilson", "wald")
EFFECTS = np.arange(100, 201) / 100  # design effects that are tried


def end(share: Array, effective: Array, *, side: float | Array, form: str) -> Array:
    """Return the lower (side −1) or upper end (side 1) of the 95 % interval of a share (percent) at an effective n.

    References
    ----------
    Korn, E. L. and Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data. *Survey Methodology* 24, 193–201.

    Examples
    --------
    >>> [round(float(end(np.array(50.0), np.array(100.0), side=-1, form=form)), 2) for form in FORMS]
    [40.32, 40.38, 40.2]
    """
    p = share / 100
    spread = Z / np.sqrt(effective * p * (1 - p))
    if form == "logit":
        return np.asarray(100 * expit(logit(p) + side * spread))
    if form == "wald":
        return np.asarray(100 * (p + side * spread * p * (1 - p)))
    reach = np.sqrt(p * (1 - p) / effective + Z**2 / (4 * effective**2))
    return np.asarray(100 * (p + Z**2 / (2 * effective) + side * Z * reach) / (1 + Z**2 / effective))


def edge_of(effective: Any) -> Any:
    """Return the share (percent) below which an end of an interval falls as the share rises: no share is read from it.

    Examples
    --------
    >>> round(float(edge_of(9)), 1)
    8.1
    """
    return 50 * (1 - 1 / np.sqrt(1 + Z**2 / effective))


def share_interval(
    facts: Mapping[str, Any], value: Array, lower: Array, upper: Array, n: Array, *, halves: Sequence[float]
) -> tuple[Found, Found]:
    """Return whether some share that prints as `value` gives both printed ends, and what it gives for each end.

    Parameters
    ----------
    facts
        ``design_effect``, ``form``; ``slack``, by which part of half the width (at least one last digit) both ends may
        be off besides; ``cut``, whether what lies beyond 0 or 100 is printed as that.
    value, lower, upper, n
        Percent, and respondents.
    halves
        Half the last digit of value, lower and upper.

    Examples
    --------
    >>> low, high = share_interval({"design_effect": 1.24, "form": "logit"}, *np.array([[86.0], [85], [88], [4059]]),
    ...                            halves=(0.5, 0.5, 0.5))
    >>> low[0].tolist(), low[1].round(2).tolist(), high[1].round(2).tolist()
    ([True], [85.15], [87.5])
    """
    effective = n / facts["design_effect"]
    wide = Z * np.sqrt(value * (100 - value) / effective)
    slack = [np.where(facts.get("slack", 0) > 0, np.maximum(2 * half, facts.get("slack", 0) * wide), 0)
             for half in halves[1:3]]  # fmt: skip
    loose: Any = (halves[0], halves[1] + slack[0], halves[2] + slack[1])
    first, last = _limits(value, effective, halves[0])
    low, high, best = _feasible(value, lower, upper, effective, (first, last), facts, loose)
    ours = [end(best, effective, side=side, form=facts["form"]) for side in (-1.0, 1.0)]
    if facts.get("cut"):
        ours = [np.where(lower == 0, np.maximum(ours[0], 0), ours[0]),
                np.where(upper == 100, np.minimum(ours[1], 100), ours[1])]  # fmt: skip
    inside = (np.abs(ours[0] - lower) <= loose[1] + SLACK) & (np.abs(ours[1] - upper) <= loose[2] + SLACK)
    holds = inside & (low <= high + SLACK) & (first <= last)
    reach = [[end(at, effective, side=side, form=facts["form"]) + way * more for at, way in ((first, -1), (last, 1))]
             for side, more in zip((-1.0, 1.0), slack, strict=True)]  # fmt: skip
    return (holds, ours[0], *reach[0]), (holds, ours[1], *reach[1])


def share_error(
    facts: Mapping[str, Any], printed: Sequence[Array], se: Array, *, halves: Sequence[float], half: float
) -> Found:
    """Return whether a share that gives both printed ends has the printed standard error (points)."""
    value, lower, upper, n = printed
    effective = n / facts["design_effect"]
    limits = _limits(value, effective, halves[0])
    low, high, best = _feasible(value, lower, upper, effective, limits, facts, halves)
    low, high = np.minimum(low, high), np.maximum(low, high)
    error = [np.sqrt(at * (100 - at) / effective) for at in (low, high, np.clip(50.0, low, high), best)]
    least, most = np.minimum(error[0], error[1]), error[2]
    holds = (least <= se + half + SLACK) & (most >= se - half - SLACK)
    return holds, error[3], least, most


def share_range(facts: Mapping[str, Any], lower: float, upper: float, n: float, *, half: float) -> tuple[float, float]:
    """Return the unrounded shares that give both printed ends, whatever share is printed; (nan, nan) when none does.

    Examples
    --------
    >>> low, high = share_range({"design_effect": 1.24, "form": "logit"}, 85, 88, 4059, half=0.5)
    >>> round(low, 1), round(high, 1)
    (86.4, 86.7)
    """
    middle = np.array([(lower + upper) / 2])
    effective = np.array([n / facts["design_effect"]])
    limits = _limits(middle, effective, 50.0)
    ends = np.array([lower]), np.array([upper])
    low, high, _ = _feasible(middle, *ends, effective, limits, facts, (50.0, half, half))
    return (float(low[0]), float(high[0])) if low[0] <= high[0] + SLACK else (np.nan, np.nan)


def mean_interval(
    value: Array, lower: Array, upper: Array, se: Array, *, halves: Sequence[float]
) -> tuple[Found, Found]:
    """Return whether some mean and standard error that print as printed give both ends, and what they give.

    The conditions on the half width are linear and are solved exactly.

    Examples
    --------
    >>> low, high = mean_interval(*np.array([[4.6], [4.5], [4.6], [0.02]]), halves=(0.05, 0.05, 0.05, 0.005))
    >>> low[0].tolist(), low[1].round(2).tolist(), high[1].round(2).tolist()
    ([True], [4.55], [4.63])
    """
    to_low, to_high, both = halves[0] + halves[1], halves[0] + halves[2], halves[1] + halves[2]
    narrow, wide = Z * np.maximum(se - halves[3], 0.0), Z * (se + halves[3])
    least = np.max([narrow, value - lower - to_low, upper - value - to_high, (upper - lower - both) / 2], axis=0)
    most = np.min([wide, value - lower + to_low, upper - value + to_high, (upper - lower + both) / 2], axis=0)
    holds = least < most - SLACK  # more than one mean and error: a tie of all at once is no agreement
    half = np.where(holds, np.minimum(np.maximum(Z * se, least), most), Z * se)
    first = np.max([value - halves[0], lower - halves[1] + half, upper - halves[2] - half], axis=0)
    last = np.min([value + halves[0], lower + halves[1] + half, upper + halves[2] - half], axis=0)
    centre = np.where(holds, np.minimum(np.maximum(value, first), last), value)
    low = (holds, centre - half, value - halves[0] - wide, value + halves[0] - narrow)
    return low, (holds, centre + half, value - halves[0] + narrow, value + halves[0] + wide)


def estimate_reading(table: Any, *, effects: Array = EFFECTS, slack: float = 0) -> dict[str, Any]:
    """Return the one design effect and form that reproduce most printed share intervals.

    Among the design effects that reproduce most, those that also give most printed standard errors are kept, and the
    middle of them (the lower of two) is the value. The first form of `FORMS` wins a tie.

    Parameters
    ----------
    table
        Columns value, lower, upper, n, se and half (of the last digit); se may be missing. With a column end, that is
        half the last digit of the ends.
    effects
        Design effects tried.
    slack
        As in `share_interval`.

    Returns
    -------
    design_effect, form, intervals (how many are reproduced), of (how many there are).
    """
    columns = [table[name].to_numpy(float)[:, None] for name in ("value", "lower", "upper", "n", "se")]
    half, end_half = (table[name].to_numpy(float)[:, None] for name in ("half", "end" if "end" in table else "half"))
    best: dict[str, Any] = {"design_effect": float(effects[0]), "form": FORMS[0], "intervals": -1, "of": len(table)}
    for form in FORMS:
        facts = {"design_effect": effects[None, :], "form": form, "slack": slack, "cut": is_cut(table)}
        spread = [np.broadcast_to(column, (len(table), len(effects))) for column in columns]
        (holds, *_), _ = share_interval(facts, *spread[:4], halves=(half, end_half, end_half))
        errors, *_ = share_error(facts, spread[:4], spread[4], halves=(half, end_half, end_half), half=half)
        both, with_se = holds.sum(axis=0), (holds & errors).sum(axis=0)
        kept = np.flatnonzero(both == both.max())
        kept = kept[with_se[kept] == with_se[kept].max()]
        if both.max() > best["intervals"]:
            effect = float(effects[kept[(len(kept) - 1) // 2]])
            best |= {"design_effect": effect, "form": form, "intervals": int(both.max())}
    return best


def is_cut(table: Any) -> bool:
    """Return whether no printed interval goes beyond 0 or 100."""
    return bool(table["lower"].ge(0).all() and table["upper"].le(100).all())


def implied_effect(table: Any) -> float:
    """Return the design effect in the middle of those that the widths of printed share intervals imply.

    Examples
    --------
    >>> import pandas as pd
    >>> float(round(implied_effect(pd.DataFrame({"value": [50.0], "lower": [40.0], "upper": [60.0], "n": [150]})), 2))
    1.56
    """
    width = (table["upper"] - table["lower"]) / (2 * Z)
    return float((width**2 * table["n"] / (table["value"] * (100 - table["value"]))).median())


# ---- inside


def _limits(value: Array, effective: Array, half: float) -> tuple[Array, Array]:
    """Return the shares that print as printed, without those so near to 0 or 100 that the ends no longer rise."""
    edge = edge_of(effective)
    return np.maximum(value - half, edge), np.minimum(value + half, 100 - edge)


def _feasible(
    value: Array, lower: Array, upper: Array, effective: Array, limits: tuple[Array, Array],
    facts: Mapping[str, Any], halves: Sequence[float],
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return the first and last share that give both ends, and of these the closest to the printed one."""
    target = np.stack([lower - halves[1], upper - halves[2], lower + halves[1], upper + halves[2]])
    if facts.get("cut"):
        target[0] = np.where(lower == 0, -np.inf, target[0])
        target[3] = np.where(upper == 100, np.inf, target[3])
    side = np.array([-1.0, 1.0, -1.0, 1.0]).reshape(-1, *[1] * value.ndim)
    reached = _crossing(
        lambda at: end(at, effective, side=side, form=facts["form"]), target, low=limits[0], high=limits[1]
    )
    low, high = reached[:2].max(axis=0), reached[2:].min(axis=0)
    edge = edge_of(effective)
    best = np.where(low <= high, np.clip(value, low, np.maximum(low, high)), value)
    return low, high, np.clip(best, edge, 100 - edge)


def _crossing(rising: Callable[[Array], Array], target: Array, *, low: Array, high: Array) -> Array:
    """Return where a rising end reaches the target between low and high (that limit where it does not).

    By false position (the Illinois rule of Dowell & Jarratt 1971): an end is nearly a straight line in the share.
    """
    low, high = np.broadcast_to(low, target.shape), np.broadcast_to(high, target.shape)
    under, over = rising(low) - target, rising(high) - target
    at = np.where(over < 0, high, low)
    between = (under < 0) & (over >= 0) & (low < high)
    before = np.full(target.shape, np.nan)
    for _ in range(40):
        at = np.where(between, low - under * (high - low) / np.where(between, over - under, 1.0), at)
        found = rising(at) - target
        if not (np.abs(found[between]) > EXACT).any():
            break
        below = found < 0
        again = np.where(below == before, 0.5, 1.0)  # the end that stays twice counts half
        under, over, before = np.where(below, found, again * under), np.where(below, again * over, found), below
        low, high = np.where(below, at, low), np.where(below, high, at)
    return at
