"""One walk over the keys: the present state, all that is kept of its replay, and the best state seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.search.state import State

if TYPE_CHECKING:
    from evenwatt.sharing.search._paths_kernels import Desk, Ground, Path

Array = npt.NDArray[np.float64]

DRAWS = 12  # numbers of chance that a move may need
KEPT_ROUNDS = 8  # beyond, and beyond this memory, a changed interval is replayed to its end
KEPT_BYTES = 400_000_000
SHIFT, SWAP = 0.6, 0.2  # how often a move shifts a key or swaps priorities; else it replaces a link


class Walk:
    """Moves over one ground, a batch at a time; what it does depends on its seed and the moves' numbers only."""

    def __init__(self, ground: Ground, state: State, seed: int) -> None:
        self.ground = ground
        self.seed = seed
        self.path = _path(ground, state)
        self.desk = _desk(self.path)
        self.kinds = _kinds(ground, state)
        self.tally = np.zeros(4)
        self._best = State(state.order.copy(), state.share.copy())
        self.put(state)

    def put(self, state: State) -> None:
        """Stand here, and count this as the best so far."""
        from evenwatt.sharing.search._paths_kernels import lay

        self.path.order[0], self.path.share[0] = state.order, state.share
        worth = lay(self.ground, self.path, self.desk)
        self.tally[:] = worth, worth, 0.0, 0.0
        self._best.order[:], self._best.share[:] = state.order, state.share

    def resume(self, state: State, best: State, tally: Array, lack: Array) -> None:
        """Stand where an interrupted walk stood, to the last bit."""
        self.put(state)
        self.path.lack[:] = lack
        self.tally[:] = tally
        self._best.order[:], self._best.share[:] = best.order, best.share

    @property
    def here(self) -> State:
        """The present state."""
        return State(self.path.order[0].copy(), self.path.share[0].copy())

    @property
    def worth(self) -> float:
        """Worth of the present state."""
        return float(self.tally[0])

    @property
    def best(self) -> State:
        """The best state seen."""
        return State(self._best.order.copy(), self._best.share.copy())

    @property
    def best_worth(self) -> float:
        """Worth of the best state seen."""
        return float(self.tally[1])

    def move(
        self,
        first: int,
        count: int,
        *,
        heat: float = 0.0,
        cooling: float = 0.0,
        patience: int = 0,
        kicks: int = 0,
        target: float = np.inf,
    ) -> int:
        """Try moves ``first`` to ``first + count - 1``; return how many were tried before the target."""
        from evenwatt.sharing.search._climb_kernels import climb

        if self.path.order.size == 0:  # nobody to link: every move comes to nothing
            return count
        return int(
            climb(
                self.ground,
                self.path,
                self.desk,
                self.kinds,
                chance(self.seed, first, count),
                first,
                heat,
                cooling,
                patience,
                kicks,
                target,
                self._best.order,
                self._best.share,
                self.tally,
            )
        )


def chance(seed: int, first: int, count: int) -> Array:
    """Numbers of chance of ``count`` moves from ``first`` on, (count, DRAWS), uniform in [0, 1).

    Those of a move depend on the seed and its number alone, so that batches may be of any size.

    Examples
    --------
    >>> bool((chance(7, 0, 5)[3:] == chance(7, 3, 2)).all())
    True
    """
    counter = np.random.Philox(key=[seed, 0]).advance(first * (DRAWS // 4))  # four numbers a count
    return np.random.Generator(counter).random((count, DRAWS))


def batch(ground: Ground, width: int) -> int:
    """Moves that take about a tenth of a second: progress, limits and interruption fall between batches."""
    intervals, consumers = ground.demand.shape
    each = intervals * width if ground.one_by_one else intervals * (40 + consumers) * min(ground.rounds, 8)
    return int(np.clip(100_000_000 // (1 + each), 16, 4096))


def _kinds(ground: Ground, state: State) -> Array:
    """How often which move; what can never matter is never tried."""
    consumers, width = state.order.shape
    swaps = 0.0 if ground.one_by_one or width < 2 else SWAP
    can_link = ground.allowed.sum(axis=0) > np.minimum(width, (state.order >= 0).sum(axis=1))
    links = 1.0 - SHIFT - SWAP if consumers and can_link.any() else 0.0
    total = SHIFT + swaps + links
    return np.array([SHIFT / total, (SHIFT + swaps) / total if links else 1.0])


def _path(ground: Ground, state: State) -> Path:
    from evenwatt.sharing.search._paths_kernels import Path

    consumers, width = state.order.shape
    producers = len(ground.allowed)
    steps = 0 if ground.one_by_one else len(ground.supply)
    room = KEPT_BYTES // (8 * max(1, steps) * max(1, producers + consumers)) - 1
    kept = max(1, min(ground.rounds, KEPT_ROUNDS, room))
    return Path(
        order=np.full((2, consumers, width), -1, dtype=np.int64),
        share=np.zeros((2, consumers, width), dtype=np.int64),
        rate=np.zeros((2, consumers, width)),
        key=np.zeros((producers, consumers)),
        place=np.full((producers, consumers), -1, dtype=np.int64),
        left=np.zeros((steps, kept + 1, producers)),
        want=np.zeros((steps, kept + 1, consumers)),
        tail=np.zeros(steps),
        lack=np.zeros((producers, consumers)),
        own=np.zeros(consumers),
    )


def _desk(path: Path) -> Desk:
    from evenwatt.sharing.search._paths_kernels import Desk

    producers, consumers = path.key.shape
    return Desk(
        left=np.zeros((2, producers)),
        given=np.zeros(producers),
        want=np.zeros(consumers),
        wanted=np.zeros(consumers),
        hit=np.zeros(consumers, dtype=np.int64),
        live=np.zeros(consumers, dtype=np.int64),
        is_live=np.zeros(consumers, dtype=np.bool_),
        is_touched=np.zeros(consumers, dtype=np.bool_),
        new_own=np.zeros(consumers),
        reached=np.zeros(len(path.tail), dtype=np.int64),
        stirred=np.zeros(len(path.tail), dtype=np.int64),
    )
