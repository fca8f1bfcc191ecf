"""Turn totals that somebody wished or predicted into flows that can be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.learning.columns import Array


def feasible(
    wanted: npt.ArrayLike, capacity: npt.ArrayLike, *, offer: npt.ArrayLike, limit: npt.ArrayLike = np.inf
) -> Array:
    """Serve wished totals from the cheapest offers, each supplier in proportion to what is still wished.

    No supplier gives more than its capacity, no link carries more than its limit, nobody gets more than it wished.
    Without limits, all are served where there is enough for all.

    Parameters
    ----------
    wanted : (T, N)
        What each agent is to get, at most [energy].
    capacity : (T, S)
        What there is [energy].
    offer : (T, S)
        Whose energy is taken first: the smallest [money per energy].
    limit : (T, S, N)
        Of each link [energy].

    Returns
    -------
    (T, S, N)
        Flows [energy]. Without limits the totals are ``wanted``, scaled down together where capacity is short.

    Raises
    ------
    ProblemError
        If a number is negative or not finite (a limit may be infinite).

    Examples
    --------
    >>> feasible([[6.0, 6.0]], [[4.0, 5.0]], offer=[[20.0, 10.0]])
    array([[[2. , 2. ],
            [2.5, 2.5]]])
    """
    asked, there = np.array(wanted, dtype=np.float64), np.array(capacity, dtype=np.float64)
    order = np.argsort(np.asarray(offer, dtype=np.float64), axis=1, kind="stable")
    most = np.broadcast_to(np.asarray(limit, dtype=np.float64), (*there.shape, asked.shape[1]))
    with gather("feasible flows", ProblemError) as faults:
        for name, values in (("wanted", asked), ("capacity", there)):
            if not ((values >= 0) & np.isfinite(values)).all():
                faults.append(f"{name} has numbers below 0 or not finite")
        if not (most >= 0).all():
            faults.append("limit has numbers below 0")
    flows, rows = np.zeros(most.shape), np.arange(len(there))
    # A limit that stops one agent leaves something for the others, hence as many rounds as agents.
    rounds = 1 if np.isinf(most).all() else asked.shape[1]
    for supplier in (order[:, rank] for rank in range(there.shape[1])):
        for _ in range(rounds):
            room = np.minimum(asked, most[rows, supplier] - flows[rows, supplier])
            open_need = np.where(room > 0, asked, 0.0)
            total = open_need.sum(axis=1)
            share = np.divide(there[rows, supplier], total, out=np.zeros_like(total), where=total > 0)
            given = np.minimum(room, open_need * np.minimum(share, 1.0)[:, None])
            flows[rows, supplier] += given
            there[rows, supplier] = np.maximum(there[rows, supplier] - given.sum(axis=1), 0.0)
            asked = np.maximum(asked - given, 0.0)
    return flows
