r"""The same persons in several cells: how their shares go together, as one more block of the linear predictor.

The shares of two cells with common respondents err together, with correlation

    R_cd = Σ w_ic r_ic w_id r_id / √(Σ w² r² of c · Σ w² r² of d),   r_ic = y_ic − p_c,

the sums in the numerator over persons in both. The sampling error of a cell on the logit scale, of variance
V_c = 1 / (n p (1 − p)), is split: a part λ V_c is the cell's own and stays binomial, with counts divided by λ; the rest
is normal, with covariance √V (R − λ I) √V, and enters as a block with a known basis. λ is the smallest eigenvalue of R
among cells that are connected: 1, and the counts as they are, without common respondents. The block is error of the
sample: engines fit it, predictions leave it out. For two years the change has McNemar's variance.
"""

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import linalg, sparse, special

from navmodels.data.panels import has_pairs
from navmodels.data.survey import Survey
from navmodels.likelihoods.outcomes import Arrays, effective_counts
from navmodels.models.blocks import Block, Scale

Array = npt.NDArray[np.float64]

NAME = "panel"
FLOOR = 0.02  # of λ, by trial: where persons never change their answer nothing is a cell's own


def split_error(survey: Survey, data: Arrays) -> tuple[Arrays, Block | None]:
    """Return the counts of each cell's own error, and the block of what cells have in common; None without overlap.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"who": [1, 2, 3, 4] * 2, "year": [1] * 4 + [2] * 4, "yes": [1, 0, 1, 0, 1, 0, 1, 1]})
    >>> survey = Survey.from_responses(rows, outcome="yes", by="year", id="who")
    >>> data, block = split_error(survey, {"positive": [2.0, 3.0], "n": [4.0, 4.0]})
    >>> bool(data["n"][0] > 4), block.name
    (True, 'panel')
    """
    if not has_pairs(survey.cells):
        return data, None
    count = effective_counts(survey)
    n, p = count.sum(axis=1), _smoothed(count)
    together = correlation(survey)
    own, root = np.ones(len(n)), np.zeros_like(together)
    parts, label = sparse.csgraph.connected_components(sparse.csr_matrix(together != 0), directed=False)
    for part in range(parts):
        rows = np.flatnonzero(label == part)
        block = together[np.ix_(rows, rows)]
        own[rows] = np.clip(linalg.eigvalsh(block)[0], FLOOR, 1.0)
        values, vectors = linalg.eigh(block - own[rows[0]] * np.eye(len(rows)))
        root[np.ix_(rows, rows)] = vectors * np.sqrt(np.maximum(values, 0.0))
    with np.errstate(divide="ignore"):
        error = np.where(n > 0, 1 / np.sqrt(n * p * (1 - p)), 0.0)
    basis = error[:, None] * root
    basis = basis[:, (basis**2).sum(axis=0) > 1e-12 * max(1e-300, float((basis**2).sum()))]
    rest = (1 - own) / 2  # keeps a share of 0 or 1 from becoming as sure as the counts would be
    k, n = (count[:, 1] + rest) / own, (n + 2 * rest) / own
    constant = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    levels = tuple((place,) for place in range(len(n)))
    index = np.arange(len(n), dtype=np.intp)
    common = Block(NAME, (), levels, np.ascontiguousarray(basis), index, Scale(1.0), sampling=True)
    return {**data, "positive": k, "n": n, "constant": constant}, common if basis.shape[1] else None


def correlation(survey: Survey) -> Array:
    """Return the correlation between the sampling errors of cells, dims (cell, cell).

    The diagonal is 1, or where a person is in a cell more than once, by how much its variance is that of different
    persons.
    """
    cells: xr.Dataset = survey.cells
    weighted = cells.attrs["weighting"] == "effective"
    p = _smoothed(effective_counts(survey))
    squares = cells["squares"].to_numpy() if weighted else cells["count"].sum("category").to_numpy()
    spread = np.sqrt(squares * p * (1 - p))
    residual = np.stack([-p, 1 - p], axis=1)  # dims (cell, category)
    if not has_pairs(cells):
        return np.eye(len(p))
    first, second = cells["pair_first"].to_numpy(), cells["pair_second"].to_numpy()
    both = cells["both_weighted" if weighted else "both"].transpose("pair", "category", "again").to_numpy()
    shared = np.einsum("pab,pa,pb->p", both, residual[first], residual[second]) / (spread[first] * spread[second])
    out = np.eye(len(p))
    np.add.at(out, (first, second), shared)
    np.add.at(out, (second, first), shared)
    return out


# ---- inside


def _smoothed(count: Array) -> Array:
    """Return shares that are neither 0 nor 1: half an answer more on either side."""
    return np.asarray((count[:, 1] + 0.5) / (count.sum(axis=1) + 1))
