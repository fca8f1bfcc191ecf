"""Totals of the rounds rule for many keys on the same readings: what searches ask thousands of times."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.sharing.problem import agreement, whole_wh
from evenwatt.sharing.rounds import ENDLESS

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


class Replay:
    """Readings made ready for fast evaluation of keys and priorities.

    Intervals without supply or without demand share nothing and are left out; the others are sorted by how
    scarce supply is, so that neighbours in memory behave alike.

    Parameters
    ----------
    supply, demand : (T, I), (T, J)
        Whole Wh.
    rounds : int, optional
        None goes on until a round moves nothing.
    quantum : int
        Shares are rounded down to multiples of it [Wh].

    Examples
    --------
    >>> month = Replay([[12_000]], [[4_000, 5_000, 6_000]], rounds=5)
    >>> month.total([[5000, 3000, 2000]], [[1, 1, 1]]), month.ideal
    (11870, 12000)
    """

    def __init__(
        self, supply: npt.ArrayLike, demand: npt.ArrayLike, *, rounds: int | None = 5, quantum: int = 10
    ) -> None:
        given, wanted = whole_wh(supply, "supply"), whole_wh(demand, "demand")
        if len(given) != len(wanted):
            raise ProblemError(f"supply has {len(given)} intervals, demand {len(wanted)}; expected as many")
        self.rounds = ENDLESS if rounds is None else int(rounds)
        self.quantum = int(quantum)
        self.whole_supply, self.whole_demand = given, wanted
        sums = given.sum(axis=1), wanted.sum(axis=1)
        used = np.flatnonzero((sums[0] > 0) & (sums[1] > 0))
        used = used[np.argsort(sums[0][used] / sums[1][used], kind="stable")]
        self.supply: Array = np.ascontiguousarray(given[used].T, dtype=np.float64)
        self.demand: Array = np.ascontiguousarray(wanted[used].T, dtype=np.float64)

    @cached_property
    def ideal(self) -> int:
        """What could be shared at most, by whatever rule [Wh]."""
        return int(np.minimum(self.whole_supply.sum(axis=1), self.whole_demand.sum(axis=1)).sum())

    def total(self, keys: npt.ArrayLike, priority: npt.ArrayLike) -> int:
        """All that is shared [Wh], checked keys and priorities as in :func:`evenwatt.sharing.allocate`."""
        held = agreement(keys, priority, most=None)
        return self.total_of(held.order, held.share)

    def total_of(self, order: Whole, share: Whole) -> int:
        """The same of a state ``order``, ``share`` (J, K), unchecked."""
        from evenwatt.sharing._rounds_kernels import shared_total

        return int(shared_total(self.supply, self.demand, order, share, self.rounds, self.quantum))

    def consumer(self, j: int, order: Whole, share: Whole) -> int:
        """What one consumer gets in a single round [Wh]; ``order`` and ``share`` (K,).

        With one round a consumer depends on nobody else: changing its keys costs this one evaluation.
        """
        supply, demand, evaluate = self._one_round
        return evaluate(supply, demand[j], order, share, self.quantum)

    def candidates(self, j: int, order: Whole, shares: Whole) -> Whole:
        """The same for many rows of keys of one consumer, (N, K) -> (N,) int64 [Wh]."""
        from evenwatt.sharing._rounds_kernels import one_round_candidates

        return np.asarray(one_round_candidates(self.supply, self.demand[j], order, shares, self.quantum))

    @cached_property
    def _one_round(self) -> tuple[Array, list[Array], Callable[..., int]]:
        """Supply, a row of demand for each consumer and the compiled loop, at hand without a look-up."""
        from evenwatt.sharing._rounds_kernels import one_round_consumer

        return self.supply, list(self.demand), one_round_consumer
