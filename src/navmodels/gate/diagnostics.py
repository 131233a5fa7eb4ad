"""R-hat and effective sample sizes of many quantities at once, as ArviZ has them one by one.

Rank-normalised split R-hat, bulk and tail effective sample size (Vehtari et al. 2021). Autocovariances are computed lag
by lag, no further than Geyer's initial sequence of each quantity goes: a few lags where chains move well.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from scipy import special

Array = npt.NDArray[np.float64]
CHUNK = 1_000_000  # draws judged at once
TAILS = (0.05, 0.95)  # of the tail effective sample size (Vehtari et al. 2021)


def judge_chains(draws: Array) -> tuple[Array, Array, Array]:
    """Return R-hat, bulk and tail effective sizes, dims (quantity), of draws with dims (chain, draw, quantity).

    NaN for quantities with a draw that is not finite, chains of fewer than 4 draws, and R-hat of a single chain.

    Examples
    --------
    >>> draws = np.random.default_rng(1).normal(size=(4, 1000, 2))
    >>> [values.round(2).tolist() for values in judge_chains(draws)][0]
    [1.0, 1.0]
    """
    chains, size, quantities = draws.shape
    out = np.full((3, quantities), np.nan)
    if size < 4:
        return out[0], out[1], out[2]
    step = max(1, CHUNK // (chains * size))

    def judge(start: int) -> None:
        part = np.ascontiguousarray(np.moveaxis(draws[:, :, start : start + step], 2, 0))
        sound = np.isfinite(part).all(axis=(1, 2))
        if sound.any():
            with np.errstate(invalid="ignore", divide="ignore"):
                out[:, start : start + step][:, sound] = _judge(part[sound])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(judge, range(0, quantities, step)))
    if chains < 2:
        out[0] = np.nan
    return out[0], out[1], out[2]


# ---- inside: dims (quantity, chain, draw)


def _judge(draws: Array) -> tuple[Array, Array, Array]:
    split = _split(draws)
    scaled = _normal_scores(split)
    middle = np.median(split, axis=(1, 2), keepdims=True)
    bulk, tail = _r_hat(scaled), _r_hat(_normal_scores(np.abs(split - middle)))
    ends = np.quantile(draws.reshape(len(draws), -1), TAILS, axis=1)
    sizes = [_effective(_split((draws <= end[:, None, None]).astype(float))) for end in ends]
    return np.where(tail > bulk, tail, bulk), _effective(scaled), np.minimum(*sizes)


def _split(draws: Array) -> Array:
    """Return the halves of each chain as chains."""
    half = draws.shape[2] // 2
    return np.concatenate([draws[:, :, :half], draws[:, :, -half:]], axis=1)


def _normal_scores(draws: Array) -> Array:
    """Return normal quantiles of the ranks among all draws of a quantity; ties share the mean rank (Blom 1958)."""
    flat = draws.reshape(len(draws), -1)
    size = flat.shape[1]
    order = np.argsort(flat, axis=1)
    ordered = np.take_along_axis(flat, order, axis=1)
    place = np.broadcast_to(np.arange(1.0, size + 1), flat.shape)
    starts = np.concatenate([np.ones((len(flat), 1), dtype=bool), ordered[:, 1:] != ordered[:, :-1]], axis=1)
    if not starts.all():
        ends = np.concatenate([starts[:, 1:], np.ones((len(flat), 1), dtype=bool)], axis=1)
        first = np.maximum.accumulate(np.where(starts, place, 0.0), axis=1)
        last = np.minimum.accumulate(np.where(ends, place, np.inf)[:, ::-1], axis=1)[:, ::-1]
        place = (first + last) / 2
    table = special.ndtri((np.arange(2, 2 * size + 1) / 2 - 3 / 8) / (size + 1 / 4))  # at all whole and half ranks
    out = np.empty_like(flat)
    np.put_along_axis(out, order, table[(2 * place).astype(np.intp) - 2], axis=1)
    return out.reshape(draws.shape)


def _r_hat(chains: Array) -> Array:
    size = chains.shape[2]
    between = size * chains.mean(axis=2).var(axis=1, ddof=1)
    within = chains.var(axis=2, ddof=1).mean(axis=1)
    return np.asarray(np.sqrt((between / within + size - 1) / size))


def _effective(chains: Array) -> Array:
    """Return effective sizes by Geyer's initial monotone sequence."""
    quantities, several, size = chains.shape
    still = np.ptp(chains, axis=(1, 2)) < np.finfo(float).resolution
    mean = chains.mean(axis=2, keepdims=True)
    centred = chains - mean

    def covariance(of: npt.NDArray[np.intp], lag: int) -> Array:
        part = centred[of] if len(of) < quantities else centred
        return np.asarray(np.einsum("qcd,qcd->q", part[:, :, : size - lag], part[:, :, lag:]) / (several * size))

    everyone = np.arange(quantities)
    within = covariance(everyone, 0) * size / (size - 1)
    total = within * (size - 1) / size + (mean[..., 0].var(axis=1, ddof=1) if several > 1 else 0.0)
    even, odd = np.ones(quantities), 1 - (within - covariance(everyone, 1)) / total
    rho, reached = [even.copy(), odd.copy()], np.ones(quantities, dtype=int)
    at, going = 1, everyone[even + odd > 0]
    while at < size - 3 and len(going):
        even[going], odd[going] = (1 - (within[going] - covariance(going, at + more)) / total[going] for more in (1, 2))
        kept = going[even[going] + odd[going] >= 0]
        for values in (even, odd):
            rho.append(np.zeros(quantities))
            rho[-1][kept] = values[kept]
        at += 2
        reached[going] = at
        going = going[even[going] + odd[going] > 0]
    last, table = reached - 2, np.array(rho)
    improved = everyone[even > 0]
    table[last[improved] + 1, improved] = even[improved]
    for lag in range(1, len(table) - 2, 2):
        above = (lag <= last - 2) & (table[lag + 1] + table[lag + 2] > table[lag - 1] + table[lag])
        table[lag + 1 : lag + 3, above] = (table[lag - 1, above] + table[lag, above]) / 2
    place = np.arange(len(table))[:, None]
    tau = -1 + 2 * np.where(place <= last, table, 0.0).sum(axis=0) + table[last + 1, everyone]
    effective = several * size / np.maximum(tau, 1 / np.log10(several * size))
    return np.where(still, float(several * size), np.where(np.isnan(table).any(axis=0), np.nan, effective))
