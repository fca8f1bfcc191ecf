"""The central path to the greatest least coverage: everybody's lead over the least is one more amount, and priced."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.certificate.central_path import CentralPath, Levels
from evenwatt.sharing.objectives import Least

Array = npt.NDArray[np.float64]


class LeastPath(CentralPath):
    """Maximise the level that no coverage is below: total = level x demand + lead, leads priced by worths.

    Worths are then prices of the leads, and those of one unit of level for all sum to one.
    """

    goal: Least

    def __init__(self, levels: Levels, goal: Least, weights: Array) -> None:
        self._held = goal.worth(goal.demand)
        super().__init__(levels, goal, weights)
        self._level = float((self._totals / goal.demand).min())
        self._lead = self._totals - self._level * goal.demand + 0.01 * goal.demand
        self._level -= 0.01
        self._dlead, self._dworth, self._dlevel = np.zeros(len(self._lead)), np.zeros(len(self._lead)), 0.0
        self._pairs += len(self._lead)

    def _worths(self) -> Array:
        return self._held

    def _spread(self) -> Array:
        held: Array = self._lead / self._worth
        return held

    def _solve(self, wanted: Array, spare: Array, target: float, again: float) -> None:
        if again == 0.0:
            self._dlead, self._dworth = np.zeros(len(self._lead)), np.zeros(len(self._lead))
        demand, spread = self.goal.demand, self._spread()
        missed = self._totals - self._level * demand - self._lead
        short = (target - again * self._dlead * self._dworth) / self._worth - self._lead - missed
        per_worth = demand / spread
        base = self._times(wanted + self._slope * (short / spread)[:, None])
        lift = self._times(self._slope * per_worth[:, None])
        border = self._summed(lift)
        corner = float(per_worth @ (demand - (self._slope * lift).sum(axis=1)))
        last = 1 - float(self._worth @ demand) - float(per_worth @ (short - (self._slope * base).sum(axis=1)))
        system = np.block([[self._system, -border[:, None]], [border[None, :], np.full((1, 1), corner)]])
        found = np.linalg.solve(system, np.append(spare + self._summed(base), last))
        self._dy, self._dlevel = found[:-1], float(found[-1])
        self._dw = base + self._dlevel * lift - self._times(self._priced(self._dy))
        gained = (self._slope * self._dw).sum(axis=1)
        self._dworth = (short - gained + self._dlevel * demand) / spread
        self._dlead = gained - self._dlevel * demand + missed

    def _amounts(self) -> list[tuple[Array, Array]]:
        return [*super()._amounts(), (self._lead, self._dlead)]

    def _prices(self) -> list[tuple[Array, Array]]:
        return [*super()._prices(), (self._worth, self._dworth)]

    def _reprice(self, prices: float) -> None:
        super()._reprice(prices)
        self._held = self._worth = self._worth + prices * self._dworth

    def _go(self, amounts: float, target: float, wide: float) -> float:
        gone = super()._go(amounts, target, wide)
        self._lead = self._lead + gone * self._dlead
        self._level += gone * self._dlevel
        return gone
