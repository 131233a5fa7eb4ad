"""How close two sets of posterior means and standard deviations are, and the record every fit is written as.

It compares what it is given, whoever fitted it; what a difference means is for the reader to judge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NotRequired, TypedDict

import numpy as np
import numpy.typing as npt
import xarray as xr

Moments = Mapping[str, Sequence[float | None]]  # name → mean and standard deviation (None: the tool gives none)


class Record(TypedDict):
    """One timed fit, as the programs write it in JSON.

    seconds: from data frame to summarised county estimates. min_ess: smallest bulk or tail effective sample size of any
    parameter, None for tools without draws. counties: share of yes by county, proportions. parameters: every
    coefficient and learned standard deviation, logits; only where they mean the same as in navmodels.
    """

    label: str
    seconds: float
    min_ess: float | None
    counties: Moments
    parameters: NotRequired[Moments]
    note: NotRequired[str]


@dataclass(frozen=True)
class Agreement:
    """Largest |difference of means| over the reference's sd, and the range of sd over the reference's sd."""

    mean_gap: float
    sd_low: float
    sd_high: float
    count: int


def compare(found: Moments, reference: Moments) -> Agreement:
    """Compare means and standard deviations with those of a reference.

    Raises
    ------
    ValueError
        When the two are not about the same quantities: a comparison of what happens to match would flatter.

    Examples
    --------
    >>> compare({"a": (1.1, 0.2), "b": (0.0, 0.1)}, {"a": (1.0, 0.2), "b": (0.0, 0.2)})
    Agreement(mean_gap=0.5, sd_low=0.5, sd_high=1.0, count=2)
    """
    if set(found) != set(reference):
        odd = sorted(set(found) ^ set(reference))
        raise ValueError(f"{len(odd)} quantities are in one set only, for instance {odd[:3]}.")
    names = list(reference)
    theirs = np.array([found[name] for name in names], dtype=float)
    ours = np.array([reference[name] for name in names], dtype=float)
    gap, ratio = np.abs(theirs[:, 0] - ours[:, 0]) / ours[:, 1], theirs[:, 1] / ours[:, 1]
    worst, low, high = (round(float(value), 4) for value in (gap.max(), ratio.min(), ratio.max()))
    return Agreement(worst, low, high, len(names))


def moments(posterior: xr.Dataset) -> Moments:
    """Return mean and standard deviation of each entry of draws, dims (chain, draw, ...), constant ones left out."""
    names, draws = _moving(posterior)
    flat = draws.reshape(-1, len(names))
    pairs = zip(flat.mean(axis=0).tolist(), flat.std(axis=0, ddof=1).tolist(), strict=True)
    return dict(zip(names, pairs, strict=True))


def smallest_ess(posterior: xr.Dataset) -> float:
    """Return the smallest bulk or tail effective sample size of any entry (Vehtari et al. 2021)."""
    from arviz_stats.base import array_stats

    _, draws = _moving(posterior)
    bulk = array_stats.ess(draws, chain_axis=0, draw_axis=1, method="bulk")
    tail = array_stats.ess(draws, chain_axis=0, draw_axis=1, method="tail", prob=(0.05, 0.95))
    return float(min(np.min(bulk), np.min(tail)))


# ---- inside


def _moving(posterior: xr.Dataset) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Return the name and the draws, dims (chain, draw, entry), of every entry that is not constant."""
    names, parts = [], []
    for name, values in posterior.data_vars.items():
        ordered = values.transpose("chain", "draw", ...)
        labels = [[str(label) for label in ordered[dim].to_numpy()] for dim in ordered.dims[2:]]
        names += [f"{name}[{', '.join(key)}]" if key else str(name) for key in product(*labels)]
        parts.append(ordered.to_numpy().reshape(*ordered.shape[:2], -1))
    draws = np.concatenate(parts, axis=2)
    kept = np.flatnonzero((draws != draws[:1, :1]).any(axis=(0, 1)))
    return [names[place] for place in kept], draws[:, :, kept]
