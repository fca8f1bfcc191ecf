"""Simulated annealing: what loses a little is kept at first, and ever less of it.

Source: Kirkpatrick, Gelatt & Vecchi 1983, doi:10.1126/science.220.4598.671.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from evenwatt.sharing.search.climbing import HillClimbing
from evenwatt.sharing.search.ground import most_worth
from evenwatt.sharing.search.state import State

if TYPE_CHECKING:
    from evenwatt.sharing.search._paths_kernels import Ground

HOT, HOT_QUANTA = (
    5e-4,
    2.0,
)  # of the bound, or in quanta: a move that loses so much is kept at first in 1 of e
COLD, COLD_QUANTA = 1e-6, 0.1  # the same at the end
LEAST_PATIENCE = 2_000  # moves without a new best, after which it goes back to the best


class Annealing(HillClimbing):
    """From the best start; the heat falls by a constant factor from the first move to the last."""

    name = "annealing"

    def __init__(self, ground: Ground, starts: list[State], seed: int, moves: int | None) -> None:
        super().__init__(ground, starts, seed)
        scale, quantum = most_worth(ground), ground.quantum * max(0.0, float(ground.value.max(initial=0.0)))
        self.hot = max(HOT * scale, HOT_QUANTA * quantum)
        self.cold = max(COLD * scale, COLD_QUANTA * quantum)
        self.moves = moves

    def advance(self, moves: int, part: float, target: float) -> None:
        """Try so many moves; the heat is that of each move where their number is known, else of ``part``."""
        heat, cooling, patience = self.hot, 0.0, LEAST_PATIENCE
        if self.hot > 0 and self.moves is None:
            heat *= (self.cold / self.hot) ** part
        elif self.hot > 0 and self.moves is not None:
            cooling = log(self.hot / self.cold) / max(1, self.moves)
            patience = max(LEAST_PATIENCE, self.moves // 10)
        self.tried += self.walk.move(
            self.tried, moves, heat=heat, cooling=cooling, patience=patience, target=target
        )
