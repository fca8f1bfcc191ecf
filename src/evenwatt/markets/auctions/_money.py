"""Whole shares of a sum of money that has been rounded once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]


def shares(worth: npt.NDArray[Any], total: int) -> Whole:
    """Round every part down or up, the largest remainders first, so that all come to ``total``.

    Parameters
    ----------
    worth : (n,)
        What each part is worth exactly; may be negative [micro-units].
    total : int
        The sum of all parts, rounded down or up [micro-units].

    Returns
    -------
    (n,) whole
        Less than a micro-unit away from ``worth`` each [micro-units].

    Examples
    --------
    >>> shares(np.array([5504.5, 2725.0, 2670.5]), 10_900)
    array([5505, 2725, 2670])
    >>> shares(np.array([-0.5, -0.5, 0.0]), -1)
    array([ 0, -1,  0])
    """
    floor = np.floor(worth)
    up = np.lexsort((np.arange(len(worth)), floor - worth))[: total - int(floor.sum())]
    whole: Whole = floor.astype(np.int64)
    whole[up] += 1
    return whole
