"""The chance that a demand still fits when members come in random order and none ever gives way."""

from __future__ import annotations

from math import gcd

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.shapley_enumeration import arrival
from evenwatt.core.errors import ProblemError

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

MOST_LISTED = 20  # members whose 2**n groups are gone through
MOST_CELLS = 1 << 32  # steps of the whole-number law: about half a minute


def chance_to_fit(demand: Array, total: float) -> Array:
    """Chance, over all orders, that all demanded before a member and its own fit together into ``total``."""
    most = total * (1 + 1e-12)
    if demand.sum() <= most:
        return np.ones(demand.size)
    if demand.size <= MOST_LISTED:
        return _chance_by_groups(demand, most)
    return _chance_by_law(*_whole(demand, most))


def _chance_by_groups(demand: Array, most: float) -> Array:
    n = demand.size
    before = np.append(0.0, arrival(n))  # chance that just the others of a group come before a member of it
    return masks.held_sums(np.where(masks.sums(demand) <= most, before[masks.sizes(n)], 0.0), n)


def _chance_by_law(demand: Whole, most: int) -> Array:
    """The same for whole demands, by the law of what is demanded before a member that comes at time t.

    Others come before it independently with chance t; its own demand must then fit. The chance is a polynomial
    in t of degree n - 1, so Gauss-Legendre with half as many nodes integrates it exactly.
    """
    demand = np.minimum(demand, most + 1)  # what exceeds the total never fits, however large
    nodes, weights = np.polynomial.legendre.leggauss((demand.size + 1) // 2)
    time = ((nodes + 1) / 2)[:, None]
    law = np.zeros((time.size, most + 1))
    law[:, 0] = 1.0
    found = np.empty(demand.size)

    def leave_one_out(members: Whole, law: Array) -> None:
        # Everyone but ``members`` is in the law; each half is added before the other is looked at.
        if members.size == 1:
            room = most - demand[members[0]]
            found[members] = weights @ law[:, : room + 1].sum(axis=1) / 2 if room >= 0 else 0.0
            return
        half = members.size // 2
        leave_one_out(members[:half], _with(demand[members[half:]], time, law))
        leave_one_out(members[half:], _with(demand[members[:half]], time, law))

    leave_one_out(np.arange(demand.size), law)
    return found


def _with(demands: Whole, time: Array, law: Array) -> Array:
    """The law with some more members in it; sums above its end are dropped, for nothing fits on top of them."""
    for asked in demands.tolist():
        more = (1 - time) * law
        more[:, asked:] += time * law[:, : law.shape[1] - asked]
        law = more
    return law


def _whole(demand: Array, most: float) -> tuple[Whole, int]:
    """Whole demands and total over their greatest common divisor."""
    if (demand % 1 != 0).any():
        i = int(np.flatnonzero(demand % 1 != 0)[0])
        raise ProblemError(
            f"demand: member {i}: {demand[i]} is not a whole number; with more than {MOST_LISTED} members "
            "the groups that fit are counted on whole units. Use a smaller unit, or round"
        )
    unit = gcd(*(int(asked) for asked in demand)) or 1
    held, room = (demand / unit).astype(np.int64), int(most // unit)
    n = held.size
    cells = n * max(1, int(np.log2(n))) * ((n + 1) // 2) * (room + 1)
    if cells > MOST_CELLS:
        raise ProblemError(
            f"demand: {n} members and {room} units make {cells:.2g} steps; expected at most "
            f'{MOST_CELLS:.2g}. Use a larger unit, or random arrival, claims.rule("ra")'
        )
    return held, room
