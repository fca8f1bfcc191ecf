"""Keys with their priorities, and the two plans that need no search."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.grid import proportional

Whole = npt.NDArray[np.int64]


class Plan(NamedTuple):
    """Keys (I, J) in 1/10,000 and priorities (I, J), the larger first, 0 = no link."""

    keys: Whole
    priority: Whole


def equal_keys(priority: Whole) -> Plan:
    """Each producer's supply in equal parts over its links.

    Examples
    --------
    >>> equal_keys(np.array([[1, 1, 1], [2, 0, 2]])).keys
    array([[3334, 3333, 3333],
           [5000,    0, 5000]])
    """
    return Plan(proportional((priority > 0).astype(np.float64)), priority)


def proportional_keys(demand: Whole, priority: Whole) -> Plan:
    """Each producer's supply over its links in proportion to their demand (T, J)."""
    total = demand.sum(axis=0).astype(np.float64)
    weight = np.where(priority > 0, total, 0.0)
    # Where nobody wants anything one key is as good as another.
    return Plan(proportional(np.where(weight.sum(axis=1, keepdims=True) > 0, weight, priority > 0)), priority)
