"""In which order to ask for coalitions whose answer is found from the answer before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def near(coalitions: Flags) -> Whole:
    """An order in which each coalition differs little from the one before, so that its optimum is near.

    By reflected Gray code, of which the whole table changes one member at a time; or as they came, if that is
    nearer, as it is for the heads of an order of arrival.

    Parameters
    ----------
    coalitions : (m, n) booleans

    Returns
    -------
    (m,)
        Places in ``coalitions``, first to last.

    Examples
    --------
    >>> near(np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=bool))
    array([0, 1, 3, 2])

    Source: Gray 1953, US patent 2,632,058.
    """
    gray = np.lexsort((np.cumsum(coalitions[:, ::-1], axis=1) % 2).T[::-1])
    came = np.arange(len(coalitions))
    return min(
        (gray, came), key=lambda order: int(np.abs(np.diff(coalitions[order].astype(np.int8), axis=0)).sum())
    )
