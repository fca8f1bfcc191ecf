"""Few links in a small group, exactly: cutting planes in a mixed-integer programme, where prices leave a gap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine.lp import Kept
from evenwatt.sharing.certificate.central_path import Levels, Proof
from evenwatt.sharing.certificate.cuts import Cuts
from evenwatt.sharing.objectives import Linear

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class LinkCuts(Cuts):
    """Lines above consumers' totals, and the best links and weights by them.

    A total is also at most what each linked producer could give alone, added up.

    Source: Benders 1962, doi:10.1007/BF01386316.
    """

    goal: Linear

    def __init__(self, levels: Levels, goal: Linear, proof: Proof, most: int) -> None:
        """Begin with the lines of a proof without the limit."""
        self._limit = most
        super().__init__(levels, goal, proof)

    def choose(self) -> tuple[Flags, float]:
        """Links (J, n) that are best by the lines so far, and what no links share more than."""
        found = self._model.solve()
        weights = np.where(self._linked, found.x[self._blocks + np.maximum(self._link, 0)], 0.0)
        self.touch(self._within(np.clip(weights, 0.0, 1.0)))
        chosen = found.x[self._blocks + int(self._linked.sum()) + np.maximum(self._link, 0)] > 0.5
        return self._linked & chosen, -found.objective

    def _programme(self) -> Kept:
        links, producers = int(self._linked.sum()), len(self.levels.supply)
        first, last = self._blocks, self._blocks + int(self._linked.sum())
        size = last + links
        cost = np.concatenate([-self.goal.worths, np.zeros(2 * links)])
        most = np.concatenate([self._most, np.ones(2 * links)])
        model = Kept(cost, np.zeros(size), most, integer=np.arange(size) >= last, tolerance=1e-9)
        rows = np.zeros((producers + links + 2 * self._blocks, size))
        upper = np.concatenate(
            [np.ones(producers), np.zeros(links), np.full(self._blocks, self._limit), np.zeros(self._blocks)]
        )
        consumer, place = np.nonzero(self._linked)
        one, own = np.arange(links), self.levels.who[consumer, place]
        rows[own, first + one] = 1.0
        rows[producers + one, first + one], rows[producers + one, last + one] = 1.0, -1.0
        rows[producers + links + consumer, last + one] = 1.0
        alone = np.minimum(self.levels.demand[consumer], self.levels.supply[own]).sum(axis=1)
        given = producers + links + self._blocks
        rows[given + np.arange(self._blocks), np.arange(self._blocks)] = 1.0
        rows[given + consumer, last + one] = -alone
        model.add_rows(rows, np.full(len(rows), -np.inf), upper)
        return model
