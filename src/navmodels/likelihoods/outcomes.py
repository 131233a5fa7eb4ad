"""What all outcomes share: how a cell's numbers enter the likelihood, and what is estimated from its predictors.

An outcome is a file of this room, named as its kernel, with a class that says what it is and two compiled functions,
`derivatives` and `values`, that say how probable the numbers of a cell are; `kernels` lists the files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr

from navmodels.data.survey import Survey
from navmodels.likelihoods.channels import Channels

Array = npt.NDArray[np.float64]
Arrays = Mapping[str, Array]

Predict = Callable[[Array], Array]


@dataclass(frozen=True)
class Quantity:
    """What is estimated from linear predictors: its name, the function of dims (..., channel), and a dim it adds."""

    name: str
    predict: Predict
    dim: str | None = None
    labels: tuple[Any, ...] = ()


class ScalePrior(Protocol):
    """A prior of a standard deviation, as far as an outcome knows it."""

    @property
    def scale(self) -> float:
        """Scale of the prior."""


class Seen(NamedTuple):
    """What was observed, as it is compared with what a model replicates.

    `value` dims (cell, category): shares, or a published number; NaN where nobody answered. `size` dims (cell): whole
    answers that are replicated; `weight` dims (cell): what the cell counts for in the sum of all.
    """

    value: Array
    size: Array
    weight: Array


class Deviation(NamedTuple):
    """Common coefficients that differ by the levels of a factor, around those of all, with a learned spread.

    `scale` is that of the half-normal prior of their standard deviation, or a prior; None for the default of a group.
    """

    name: str
    factor: str
    scale: float | ScalePrior | None


class CellOutcome:
    """What the outcomes share unless they say otherwise: one linear predictor a cell, with an intercept.

    Attributes
    ----------
    kernel
        Name of the outcome's file, and of its compiled functions.
    kinds
        The kinds of survey it is for.
    observed, base
        Names of what was observed and of what is common to all cells, in fits and graphs.
    several, ordered
        Whether a cell has counts of several categories, and whether these have an order.
    total
        What the sum over all cells is called, where there are no categories to name it.
    """

    kernel: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    observed: ClassVar[str]
    base: ClassVar[str] = "intercept"
    several: ClassVar[bool] = False
    ordered: ClassVar[bool] = False
    total: ClassVar[str] = "positive"

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors used: none."""
        return ()

    @property
    def deviation(self) -> Deviation | None:
        """What of the common coefficients differs by the levels of a factor: nothing."""
        return None

    def channels(self, survey: Survey) -> Channels:
        """Return the linear predictors of a cell: one."""
        return Channels()

    def arrays(self, survey: Survey) -> dict[str, Array]:
        """Return what the kernel takes of each cell, by name."""
        raise NotImplementedError

    def categories(self, survey: Survey) -> tuple[Any, ...]:
        """Return the categories that have counts of their own: none."""
        return ()

    def information(self, share: Array) -> Array:
        """Return Fisher's information of one answer about η, from probabilities, dims (..., category)."""
        raise NotImplementedError

    def seen(self, survey: Survey) -> Seen:
        """Return what was observed."""
        raise NotImplementedError

    def quantity(self, survey: Survey, *, cut: Any = None, category: Any = None) -> Quantity:
        """Return what is estimated."""
        raise NotImplementedError

    def draw(self, eta: Array, data: Arrays, rng: np.random.Generator) -> Array:
        """Return simulated numbers of each cell, as they are observed."""
        raise NotImplementedError

    def log_likelihood(self, eta: npt.ArrayLike, data: Arrays) -> Array:
        """Return the log-likelihood of each cell, dims (..., cell), at linear predictors, dims (..., cell, channel).

        Examples
        --------
        >>> from navmodels import Share
        >>> data = {"positive": np.array([1.0]), "n": np.array([2.0]), "constant": np.array([np.log(2.0)])}
        >>> Share().log_likelihood([[[0.0]]], data).round(4)
        array([[-0.6931]])
        """
        from navmodels.likelihoods import kernels

        rows = np.ascontiguousarray(eta, dtype=float)
        out = kernels.values_of_draws(rows.reshape(-1, *rows.shape[-2:]), *kernels.pack(self.kernel, data))
        return np.asarray(out.reshape(rows.shape[:-1]) + self.left_out(data))

    def soften(self, data: Arrays) -> Arrays:
        """Return the data by which modes are sought: themselves."""
        return data

    def boxes(self, data: Arrays) -> tuple[Array, Array, Array] | None:
        """Return centre, half-width and error where the likelihood of a cell is a plateau with edges: nowhere."""
        return None

    def left_out(self, data: Arrays) -> Any:
        """Return what the kernel leaves out of the log-likelihood of each cell, dims (cell) or a number: nothing."""
        return 0.0

    def left_free(self, survey: Survey) -> str:
        """Return which of the common coefficients the answers leave free, and what helps; empty if none."""
        return ""

    def other_kind(self, kind: str) -> str:
        """Return what to model a survey of another kind with."""
        return f" Use {kind.title()}()."

    def read_truth(self, given: Any) -> tuple[list[Any], Array]:
        """Return the categories, and the common coefficients, of a true value that respondents are simulated with."""
        return [0, 1], np.array([float(given)])


def effective_counts(survey: Survey) -> Array:
    """Return the answers of each cell as they enter the likelihood; dims (cell, category).

    A design effect divides them. With ``weighting="effective"``: weighted shares × effective n = (Σw)²/Σw² (Kish 1965),
    that is sums of weights × Σw/Σw², so that weights that are all 1 give the counts themselves, to the last bit.
    """
    cells: xr.Dataset = survey.cells
    count: Array = cells["count"].transpose("cell", "category").to_numpy()
    if cells.attrs["weighting"] != "effective":
        return np.asarray(count / cells.attrs.get("design_effect", 1.0))
    weighted, squares = cells["weighted"].transpose("cell", "category").to_numpy(), cells["squares"].to_numpy()
    total = weighted.sum(axis=1)
    factor = np.divide(total, squares, where=total > 0, out=np.zeros_like(total))
    return np.asarray(weighted * factor[:, None])


def seen_counts(count: Array, n: Array) -> Seen:
    """Return what was observed of counts, dims (cell, category), out of n, dims (cell)."""
    share = np.divide(count, n[:, None], where=n[:, None] > 0, out=np.full_like(count, np.nan))
    return Seen(share, np.floor(n + 1e-9), n)


def only_ratings(cut: Any, category: Any) -> None:
    """Raise when a category is asked for of an outcome that has none."""
    if cut is not None or category is not None:
        raise ValueError(
            "cut= and category= are for ratings and choices; this fit models a share or a published number."
        )
