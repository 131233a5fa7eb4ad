"""Where the second derivatives of a cell's linear predictors stand, one after the other."""

from navmodels.likelihoods.compilation import compiled


@compiled
def pair(i: int, j: int) -> int:
    """Return where the second derivative of channels i and j stands.

    Examples
    --------
    >>> [pair(0, 0), pair(1, 0), pair(0, 1), pair(1, 1), pair(2, 0)]
    [0, 1, 1, 2, 3]
    """
    return i * (i + 1) // 2 + j if i >= j else j * (j + 1) // 2 + i
