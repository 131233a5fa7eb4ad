"""What a published estimate says of its linear predictor: the columns of a survey that `Reported` reads.

A printed share becomes either the set of counts that print as it (simple samples, and small weighted ones, whose counts
are divided by the design effect), or the logits of its rounding limits with a standard error (other weighted samples).
A published mean keeps its own scale. Nothing is modelled here.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from navmodels import checks, printed
from navmodels.data.published import require_whole
from navmodels.printed import UNITS

SMALL = 100.0  # n / design effect below which a standard error from the printed share itself is too small

Array = npt.NDArray[np.float64]


def read_printed(frame: pd.DataFrame, *, unit: str, digits: int, prob: float, design_effect: float) -> pd.DataFrame:
    """Return what each printed estimate says about its linear predictor.

    Parameters
    ----------
    frame
        Columns estimate, lower, upper, se, n in the unit given (NaN where not printed), one row a cell.
    unit
        "percent", "proportion" (link: logit) or "identity" (a mean, no link).
    digits
        Decimals the estimates were printed with, in their unit; see `navmodels.printed.decimals`.
    prob
        Level of the printed intervals.
    design_effect
        Variance ratio to a simple sample; 1 means that counts out of n are binomial. Where n over it is below `SMALL`
        the counts over it are taken as such, so that nothing jumps at 1.

    Returns
    -------
    pandas.DataFrame
        low, high (limits of rounding on the linear scale) and sd for rows with a normal likelihood; count_low,
        count_high, trials for rows with a binomial one (counts 1 / design_effect apart); NaN where not used.

    Raises
    ------
    ValueError
        When no count out of n prints as the share, or a row has nothing that says how sure it is.
    """
    estimate = frame["estimate"] / UNITS[unit]
    half = 0.5 * 10.0**-digits / UNITS[unit]
    out = pd.DataFrame(np.nan, index=frame.index, columns=["low", "high", "sd", "count_low", "count_high", "trials"])
    if unit == "identity":
        out["low"], out["high"], out["sd"] = estimate - half, estimate + half, _identity_sd(frame, prob)
    else:
        spoken = printed.speaking(frame, unit=UNITS[unit])
        edge = (estimate - half <= 0) | (estimate + half >= 1)
        size = printed.size_at_edge(spoken, estimate, unit=UNITS[unit], prob=prob).where(edge)
        small = (design_effect == 1.0) | (frame["n"] / design_effect < SMALL)
        exact = frame["n"].notna() & size.isna() & (edge | (_no_interval(spoken) & small))
        _require_n(edge & ~exact & size.isna(), estimate)
        out["low"] = special.logit((estimate - half).clip(lower=0.0))
        out["high"] = special.logit((estimate + half).clip(upper=1.0))
        out["sd"] = _logit_sd(spoken, estimate, UNITS[unit], prob, design_effect)
        _fill_counts(out, frame["n"], exact, estimate, half, design_effect)
        _fill_edges(out, size, estimate, half, design_effect)
    _require_precision(out)
    return out


def require_reading(digits: int, prob: float, design_effect: float) -> None:
    """Raise unless numbers can have been printed with these digits, level of intervals and design effect."""
    if not 0 < prob < 1 or not (np.isfinite(design_effect) and design_effect > 0) or digits not in range(13):
        raise ValueError(
            f"digits is {digits!r}, prob {prob!r} and design_effect {design_effect!r}; allowed: whole digits from 0 to "
            "12, prob between 0 and 1 (such as 0.95), a design effect above 0."
        )


# ---- inside


def _no_interval(frame: pd.DataFrame) -> pd.Series:
    return frame["se"].isna() & (frame["lower"].isna() | frame["upper"].isna())


def _identity_sd(frame: pd.DataFrame, prob: float) -> pd.Series:
    """Return the standard error of a mean: from the interval, else as printed."""
    from_interval: pd.Series = (frame["upper"] - frame["lower"]) / (2 * printed.normal_quantile(prob))
    return from_interval.where(from_interval > 0).fillna(frame["se"])


def _logit_sd(frame: pd.DataFrame, p: pd.Series, unit: float, prob: float, design_effect: float) -> pd.Series:
    """Return the standard error on the logit scale: from the interval, else from the standard error, else from n."""
    from_interval = printed.logit_sd(frame, p, unit=unit, prob=prob)
    with np.errstate(divide="ignore", invalid="ignore"):
        from_se = frame["se"] / unit / (p * (1 - p))
        from_n = np.sqrt(design_effect / (frame["n"] * p * (1 - p)))
    return from_interval.fillna(from_se).fillna(from_n)


def _fill_counts(
    out: pd.DataFrame, n: pd.Series, exact: pd.Series, share: pd.Series, half: float, design_effect: float
) -> None:
    """Write the counts that print so, out of n, and n itself, all over the design effect.

    The share of a weighted sample need be no count out of n: where none prints so, the printed share stands for it.
    """
    if design_effect == 1.0:
        require_whole(n, exact)
    low, high = printed.count_range(share.to_numpy(), n.to_numpy(), half)
    empty = exact & (low > high)
    if design_effect != 1.0:
        low, high = np.where(empty, n * share, low), np.where(empty, n * share, high)
    out.loc[exact, "trials"] = n[exact] / design_effect
    out.loc[exact, "count_low"], out.loc[exact, "count_high"] = low[exact] / design_effect, high[exact] / design_effect
    out.loc[exact, ["low", "high", "sd"]] = np.nan
    if empty.any() and design_effect == 1.0:
        raise ValueError(
            f"no count out of n prints as the share in {checks.rows(empty)}: {_neighbours(n, share, empty)}. "
            "Correct n or the share, or give design_effect if the sample was weighted."
        )


def _fill_edges(out: pd.DataFrame, size: pd.Series, share: pd.Series, half: float, design_effect: float) -> None:
    """Write the counts of shares printed as 0 or 100 % whose interval tells out of how many, as `_fill_counts` does."""
    known = size.notna()
    n = (size[known] * design_effect).round()
    low, high = printed.count_range(share[known].to_numpy(), n.to_numpy(), half)
    out.loc[known, "trials"] = n / design_effect
    out.loc[known, "count_low"], out.loc[known, "count_high"] = low / design_effect, high / design_effect
    out.loc[known, ["low", "high", "sd"]] = np.nan


def _neighbours(trials: pd.Series, share: pd.Series, empty: pd.Series) -> str:
    """Return the counts on both sides of the first share that no count prints as."""
    row, n, shown = empty.index[empty][0], float(trials[empty].iloc[0]), float(share[empty].iloc[0])
    below = np.floor(n * shown)
    counts = [f"{count:g} of {n:g} is {100 * count / n:.2f} %" for count in (below, below + 1)]
    return f"in row {checks.plain(row)!r}, {' and '.join(counts)}, printed is {100 * shown:g} %"


def _require_n(edge: pd.Series, share: pd.Series) -> None:
    if edge.any():
        shown = " or ".join(f"{100 * value:g}" for value in sorted(share[edge].unique()))
        raise ValueError(
            f"the share prints as {shown} % in {checks.rows(edge)}; a share that may be 0 or 100 % needs its n "
            "or an interval with width, since a standard error says nothing on the logit scale there."
        )


def _require_precision(out: pd.DataFrame) -> None:
    lost = out["trials"].isna() & ~(out["sd"] > 0)
    if lost.any():
        raise ValueError(
            f"nothing says how sure the estimate is in {checks.rows(lost)}, or its interval has no width; allowed: an "
            "interval (lower=, upper=), a standard error (se=) or, for shares, the number of respondents (n=). Fill "
            "one in, or leave these rows out with frame.drop(index=[...])."
        )
