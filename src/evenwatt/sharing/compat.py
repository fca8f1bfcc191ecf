"""An earlier simulator of the rounds rule, kept with its fault so that figures made with it can be explained.

It differs from the rule in two things. A consumer never draws a second time from a producer it has drawn from, so
rounds after the first move next to nothing; and shares are rounded down to 1e-5 kWh (0.01 Wh) instead of 0.01 kWh.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.problem import agreement, whole_wh

Array = npt.NDArray[np.float64]

STEP = 0.01  # Wh: its floor step, 1e-5 kWh


def seed002_replay(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    keys: npt.ArrayLike,
    priority: npt.ArrayLike,
    *,
    rounds: int = 5,
) -> Array:
    """What consumers get when each draws at most once from each producer: not the rule, see the module.

    Parameters
    ----------
    supply : (T, I)
        Whole Wh.
    demand : (T, J)
        Whole Wh.
    keys : (I, J)
        Whole numbers of 1/10,000.
    priority : (I, J)
        Larger first, 0 = no link.
    rounds : int
        From the second on only those draw who did not draw before.

    Returns
    -------
    (T, J)
        [Wh]

    Raises
    ------
    ProblemError
        Naming every fault of the energies, keys or priorities.

    Examples
    --------
    Under the rule five rounds give 4,000, 4,720 and 3,150 Wh:

    >>> seed002_replay([[12_000]], [[4_000, 5_000, 6_000]], [[5000, 3000, 2000]], [[1, 1, 1]], rounds=5)
    array([[4000., 3600., 2400.]])
    """
    given = whole_wh(supply, "supply")
    want = whole_wh(demand, "demand").astype(np.float64)
    held = agreement(keys, priority, most=None)
    left, before = given.astype(np.float64), want.copy()
    drew = np.zeros((len(given), *held.keys.shape[-2:]), dtype=np.bool_)
    for _ in range(rounds):
        gone = np.zeros_like(left)
        for i, j in held.links:
            share = np.minimum(want[:, j], held.keys[i, j] / 10_000 * left[:, i])
            share = np.where(drew[:, i, j], 0.0, np.floor(share / STEP + 1e-6) * STEP)
            drew[:, i, j] |= share > 0
            want[:, j] -= share
            gone[:, i] += share
        left -= gone
    return before - want
