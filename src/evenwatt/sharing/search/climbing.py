"""Hill climbing: whatever does not lose is kept, so that it walks on over plateaus; from a top it jumps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.search.state import State
from evenwatt.sharing.search.walk import Walk

if TYPE_CHECKING:
    from evenwatt.sharing.search._paths_kernels import Ground

LEAST_PATIENCE = 100  # moves without a new best, more in larger groups, after which it leaves the hill
LEAST_KICKS = 3  # moves then kept whatever they cost, from the best state on

Tables = Mapping[str, npt.NDArray[Any]]


class HillClimbing:
    """From the best start, one move after the other; a move that loses is taken back."""

    name = "hill-climbing"

    def __init__(self, ground: Ground, starts: list[State], seed: int) -> None:
        self.walk = Walk(ground, starts[0], seed)
        self.tried = 0
        for start in starts[1:]:
            before, worth = self.walk.best, self.walk.worth
            self.walk.put(start)
            if self.walk.worth <= worth:
                self.walk.put(before)

    @property
    def best(self) -> State:
        """The best state seen."""
        return self.walk.best

    @property
    def best_worth(self) -> float:
        """Its worth."""
        return self.walk.best_worth

    def advance(self, moves: int, part: float, target: float) -> None:
        """Try so many moves, fewer where the target is reached; ``part`` of the search is done before them."""
        _, consumers, width = self.walk.path.order.shape
        patience, kicks = LEAST_PATIENCE + 5 * consumers * width, LEAST_KICKS + consumers // 20
        self.tried += self.walk.move(self.tried, moves, patience=patience, kicks=kicks, target=target)

    def tables(self) -> dict[str, npt.NDArray[Any]]:
        """Where the search stands."""
        here, best = self.walk.here, self.walk.best
        return {
            "order": here.order,
            "share": here.share,
            "best_order": best.order,
            "best_share": best.share,
            "tally": self.walk.tally.copy(),
            "lack": self.walk.path.lack.copy(),
        }

    def resume(self, tables: Tables, tried: int) -> None:
        """Stand where :meth:`tables` says."""
        self.tried = tried
        self.walk.resume(
            State(tables["order"], tables["share"]),
            State(tables["best_order"], tables["best_share"]),
            np.asarray(tables["tally"]),
            np.asarray(tables["lack"]),
        )
