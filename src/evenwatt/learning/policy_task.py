"""What parameters of a learned rule would have been worth over past rows, and in which direction it rises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.learning.columns import Array
from evenwatt.learning.policy_form import Formed, Inputs, Parameters, form
from evenwatt.learning.welfare import Welfare

if TYPE_CHECKING:
    from evenwatt.bargaining.transport.problem import TransportBargain
    from evenwatt.bargaining.transport.smoothed import Smoothed

Rows = npt.NDArray[np.int64]

EXACT = 1e-6  # a point of the central path that misses by more is none: nobody agrees [-]
FELT = 1e-3  # slope of a log gain in a log weight from which the weight is felt [-]


@dataclass(frozen=True)
class Task:
    """The mean worth of past bargains under a rule, as a function of the rule's parameters.

    Attributes
    ----------
    inputs : Inputs
        What the rule looks at, T rows.
    bargain : TransportBargain
        T bargains, whose demand and weights the rule sets.
    need : (T, N)
        What was metered; rows that are used have no NaN [energy].
    welfare : Welfare
        What the allocation is worth.
    start : Parameters
        Where the climb starts; leaving it has a price.
    pull : float
        That price, for half the square of the way [-].
    barrier : float
        Rounds the bargain off [-].
    fixed : (K,) bool
        Parameters that stay at the start.
    unit : float
        By which worths are divided: see :func:`worth_of_need` [money].
    """

    inputs: Inputs
    bargain: TransportBargain
    need: Array
    welfare: Welfare
    start: Parameters
    pull: float
    barrier: float
    fixed: npt.NDArray[np.bool_]
    unit: float

    def objective(self, flat: Array, rows: Rows) -> tuple[float, Array]:
        """Mean worth of some rows, less the price of leaving the start, and its slope (K,) [-]."""
        formed, point = self.struck(flat, rows)
        problem, need = point.problem, self.need[rows]
        agreed = (point.miss <= EXACT)[:, None, None]
        flows = np.where(agreed, point.flows, 0.0)
        scale = len(rows) * self.unit
        worth = self.welfare.value(flows, need, problem.cost, problem.willingness)
        slope = self.welfare.gradient(flows, need, problem.cost, problem.willingness) / scale
        back = point.pull(np.where(agreed, slope, 0.0))
        away = flat - self.start.flat
        value = float(worth.sum() / scale - self.pull / 2 * (away**2).sum())
        rises = formed.slopes(back.weights, back.demand).flat - self.pull * away
        return value, np.where(self.fixed, 0.0, rises)

    def struck(self, flat: Array, rows: Rows) -> tuple[Formed, Smoothed]:
        """The terms these parameters set for some rows, and the bargains under them."""
        from evenwatt import bargaining

        formed = form(self.inputs.rows(rows), self.start.like(flat))
        problem = self.bargain.rows(rows).changed(demand=formed.caps, weights=formed.weights)
        return formed, bargaining.smoothed(problem, barrier=self.barrier)

    def felt(self, flat: Array, rows: Rows) -> Array:
        """Share of rows in which somebody's gain feels each player's weight, (P,) [-]."""
        _, point = self.struck(flat, rows)
        return np.asarray((np.abs(point.sensitivity()).max(axis=1) > FELT).mean(axis=0))


def worth_of_need(need: Array, willingness: Array) -> float:
    """Mean worth of all need of a row, 1 where there is none: the scale on which worths are of the order of one."""
    worth = (need * willingness).sum(axis=1)
    return float(worth.mean()) if worth.any() else 1.0
