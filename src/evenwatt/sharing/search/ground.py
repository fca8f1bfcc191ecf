"""What a search stands on: the measurements of the intervals that count, and the rule."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.sharing.problem import whole_wh
from evenwatt.sharing.rounds import ENDLESS

if TYPE_CHECKING:
    from evenwatt.sharing.search._paths_kernels import Ground

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def ground(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    *,
    rounds: int | None,
    quantum: int,
    links: npt.ArrayLike | None = None,
    value: npt.ArrayLike | None = None,
    current: npt.ArrayLike | None = None,
    pull: float = 0.0,
) -> Ground:
    """Check the measurements and the rule, and keep the intervals in which something can be shared.

    Raises
    ------
    ProblemError
        Naming every fault.
    """
    from evenwatt.sharing.search._paths_kernels import Ground

    given, asked = whole_wh(supply, "supply"), whole_wh(demand, "demand")
    pairs = (given.shape[1], asked.shape[1])
    with gather("search", ProblemError) as faults:
        if len(given) != len(asked):
            faults.append(f"demand: {len(asked)} intervals, supply has {len(given)}")
        if rounds is not None and rounds < 1:
            faults.append(f"rounds: {rounds}; expected at least 1, or None to go on until nothing moves")
        if quantum < 1:
            faults.append(f"quantum: {quantum} Wh; expected at least 1")
        if pull < 0:
            faults.append(f"pull: {pull}; expected 0 or more")
        if pull > 0 and current is None:
            faults.append("pull: needs `current`, the keys that it draws towards")
        for name, table in (("links", links), ("value", value), ("current", current)):
            if table is not None and np.shape(table) != pairs:
                faults.append(f"{name}: shape {np.shape(table)}, expected (producers, consumers) = {pairs}")
    worth = np.ones(pairs) if value is None else np.asarray(value, dtype=np.float64)
    if not np.isfinite(worth).all():
        raise ProblemError("value: not finite; expected a price of each pair")
    counted = (given.sum(axis=1) > 0) & (asked >= quantum).any(axis=1)
    given, asked = given[counted], asked[counted]
    ideal = float(np.minimum(given.sum(axis=1), asked.sum(axis=1)).sum())
    return Ground(
        supply=given.astype(np.float64),
        demand=(asked // quantum).astype(np.float64),
        supply_rows=np.ascontiguousarray(given.T, dtype=np.float64),
        demand_rows=np.ascontiguousarray(asked.T, dtype=np.float64),
        value=np.ascontiguousarray(worth.T),
        allowed=np.ones(pairs, dtype=np.bool_) if links is None else np.array(links, dtype=np.bool_),
        current=np.zeros(pairs) if current is None else np.array(current, dtype=np.float64),
        pull=pull * ideal / 10_000,
        quantum=int(quantum),
        rounds=ENDLESS if rounds is None else int(rounds),
        one_by_one=rounds == 1 and value is None,
    )


def ideal(held: Ground) -> float:
    """What could be shared if everything could go anywhere [Wh]."""
    supply = held.supply_rows.sum(axis=0)
    return float(np.minimum(supply, held.demand_rows.sum(axis=0)).sum())


def most_worth(held: Ground) -> float:
    """A bound on the worth of any keys: all that could be shared, at the best pair's value."""
    return ideal(held) * max(0.0, float(held.value.max(initial=0.0)))


def mark(held: Ground) -> str:
    """What tells this ground from any other; a saved search goes on only where it began."""
    digest = sha256()
    for part in held:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
