"""Single shares by themselves, without any model: Jeffreys posteriors, averaged over the counts that print so.

For an interval where the report prints none, and for what a comparison looks like when no group borrows. The posterior
of k out of n is Beta(k + 1/2, n − k + 1/2) (Jeffreys 1946; Brown, Cai & DasGupta 2001); a printed share leaves a few k.
"""

import zlib

import numpy as np
import numpy.typing as npt

from navmodels.printed import count_range

Array = npt.NDArray[np.float64]

DRAWS = 20_000  # a probability is off by 0.0035 at most (standard error)


def counts_printing(share: float, n: float, *, half: float = 0.5) -> Array:
    """Return the whole counts out of n whose percent lies within `half` of the printed share; none when no count does.

    Examples
    --------
    >>> counts_printing(24, 45).tolist(), counts_printing(43, 45).tolist()
    ([11.0], [])
    """
    low, high = count_range(np.array([share / 100]), np.array([n], dtype=float), half / 100)
    return np.arange(low[0], high[0] + 1)


def possible_counts(share: float, n: float, *, half: float = 0.5) -> Array:
    """Return the counts that a share may stand for: those that print so, else (no whole one does) fractions of one.

    Examples
    --------
    >>> possible_counts(24, 45).tolist(), possible_counts(50, 1.5).round(2).tolist()
    ([11.0], [0.74, 0.75, 0.75, 0.75, 0.76])
    """
    whole = counts_printing(share, n, half=half) if float(n).is_integer() else np.empty(0)
    if len(whole):
        return whole
    steps = np.linspace(share - half, share + half, 5)
    return np.clip(n * steps / 100, 0.0, n)


def beta_draws(counts: Array, n: float, *, name: str, seed: int, draws: int = DRAWS) -> Array:
    """Return draws of a share, its counts equally likely; the same name and seed give the same draws.

    Examples
    --------
    >>> draws = beta_draws(np.array([11.0]), 45, name="gp", seed=1)
    >>> bool(abs(draws.mean() - 11.5 / 46) < 0.002)
    True
    """
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    count = rng.choice(counts, draws)
    return rng.beta(count + 0.5, n - count + 0.5)


def dirichlet_draws(counts: Array, n: float, *, name: str, seed: int, draws: int = DRAWS) -> Array:
    """Return draws (draw, answer) of several answers of one question, of which each respondent gives one at most.

    The prior gives 1/2 to each answer and to whatever was answered besides.

    Examples
    --------
    >>> draws = dirichlet_draws(np.array([30.0, 60.0]), 100, name="x", seed=1)
    >>> draws.shape, bool(abs((draws[:, 1] > draws[:, 0]).mean() - 0.999) < 0.002)
    ((20000, 2), True)
    """
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    rest = max(n - counts.sum(), 0.0)
    return rng.dirichlet([*(counts + 0.5), rest + 0.5], draws)[:, :-1]
