"""The least cost of a net position with batteries, over one block of intervals: a linear programme, kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.batteries.battery import Makes
from evenwatt.engine.lp import Kept, Triple

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

SLACK = 1e-9  # of the cost, in units of price times energy near 1, when movement is minimised


@dataclass(frozen=True)
class Schedule:
    """What the batteries of each make do, (K, T) each: taken up, given out, stored above the start."""

    charge: Array
    discharge: Array
    stored: Array


class Programme:
    """Minimise ``buy @ bought - sell @ sold`` over what a grid connection and batteries allow.

    For each interval t and make k, with bounds in proportion to the capacity that is there:
    ``bought - sold - sum_k charge + sum_k discharge = -net`` and
    ``stored_t = stored_(t-1) + efficiency_in * charge_t - discharge_t / efficiency_out``, ``stored`` counted from
    the start and 0 again at the end. Only ``net`` and the capacities differ between coalitions, so that each
    solve begins at the last optimum. Whole-numbered columns forbid what a linear programme would abuse: to
    take up and give out at once where burning energy is paid for, to buy and sell at once where the grid pays
    more than it asks.

    Parameters
    ----------
    buy, sell : (T,)
        Prices of the block [money per energy unit].
    makes : Makes
        Which batteries there may be; each by itself if :func:`burning_pays`.
    reach : float
        Energy that no coalition buys or sells more of in one interval.
    scale : float
        Energy that counts as 1 for the solver's tolerances.

    Attributes
    ----------
    whole : int
        How many columns are whole-numbered; 0 leaves a linear programme.
    """

    def __init__(self, buy: Array, sell: Array, makes: Makes, reach: float, scale: float) -> None:
        self.buy, self.sell, self.makes, self.scale = buy, sell, makes, scale
        # The solver's tolerances are absolute: money and energy come to it near 1.
        self._price = max(float(np.abs(buy).max()), float(np.abs(sell).max())) or 1.0
        steps, kinds = len(buy), len(makes.full)
        self._shape = kinds, steps
        self._present = np.zeros(kinds)
        self._flows = 2 * steps + np.arange(3 * kinds * steps)
        at_once = np.arange(kinds * steps).reshape(kinds, steps)[:, burning_pays(buy, sell, makes)].ravel()
        arbitrage = np.flatnonzero(sell > buy)
        self.whole = whole = len(at_once) + len(arbitrage)
        columns = 2 * steps + 3 * kinds * steps
        cost = np.concatenate([buy, -sell, np.zeros(3 * kinds * steps + whole)]) / self._price
        upper = np.concatenate([np.full(2 * steps, np.inf), np.zeros(3 * kinds * steps), np.ones(whole)])
        self._kept = Kept(cost, np.zeros(len(cost)), upper, integer=np.arange(len(cost)) >= columns)
        self._add_flows(len(cost))
        power = np.repeat(makes.rate * makes.full / scale, steps)[at_once]
        self._either(columns, 2 * steps + at_once, 2 * steps + kinds * steps + at_once, power)
        self._either(
            columns + len(at_once), arbitrage, steps + arbitrage, np.full(len(arbitrage), reach / scale)
        )

    def cost(self, net: Array, capacity: Array) -> float:
        """Least cost of a net position (T,) with so much capacity of each make (K,) [money]."""
        if not capacity.any():
            return self._paid(net)
        found = self._solved(net, capacity)
        return self._paid(net - found.charge.sum(axis=0) + found.discharge.sum(axis=0))

    def schedule(self, net: Array, capacity: Array) -> Schedule:
        """Of the cheapest schedules, the one that moves the least energy; leaves the programme changed."""
        self._set(net, capacity)
        least = self._kept.solve().objective
        kinds, steps = self._shape
        prices = np.concatenate([self.buy, -self.sell]) / self._price
        triple = np.array([0, 2 * steps]), np.arange(2 * steps), prices
        self._kept.add_rows(triple, [-np.inf], [least + SLACK])
        moved = np.repeat([1.0, 1.0, 0.0], kinds * steps)
        self._kept.set_cost(np.arange(2 * steps), np.zeros(2 * steps))
        self._kept.set_cost(self._flows, moved)
        return self._solved(net, capacity)

    def prices(self, net: Array, capacity: Array) -> tuple[Array, Array]:
        """Worth of a unit of net position, (T,), and what each make earns at it, (K,); linear programmes only."""
        self._set(net, capacity)
        found = self._kept.solve()
        # At an optimum the duals pay out the cost: by rows the net positions, by columns the batteries.
        earned = -(found.reduced_costs * found.x)[self._flows].reshape(3, *self._shape).sum(axis=(0, 2))
        return found.duals[: self._shape[1]] * self._price, earned * self._price * self.scale

    def _solved(self, net: Array, capacity: Array) -> Schedule:
        self._set(net, capacity)
        flows = self._kept.solve().x[self._flows] * self.scale
        return Schedule(*flows.reshape(3, *self._shape))

    def _set(self, net: Array, capacity: Array) -> None:
        steps = self._shape[1]
        other = np.flatnonzero(capacity != self._present)
        held, start = capacity[other, None] / self.scale, self.makes.start[other, None]
        low, high = np.zeros((3, len(other), steps)), np.zeros((3, len(other), steps))
        high[:2] = self.makes.rate[other, None] * held
        # The last stays 0: what was stored at the start is stored again at the end.
        low[2, :, :-1] = -start * held
        high[2, :, :-1] = (1 - start) * held
        places = self._flows.reshape(3, *self._shape)[:, other]
        self._kept.set_columns(places.ravel(), low.ravel(), high.ravel())
        self._kept.set_rows(np.arange(steps), -net / self.scale, -net / self.scale)
        self._present = capacity.copy()

    def _paid(self, net: Array) -> float:
        return float(self.buy @ np.maximum(-net, 0.0) - self.sell @ np.maximum(net, 0.0))

    def _add_flows(self, width: int) -> None:
        """Add the balance of each interval, then the store of each make."""
        from scipy import sparse

        kinds, steps = self._shape
        now, each = sparse.identity(steps), sparse.identity(kinds)
        across = sparse.kron(np.ones((1, kinds)), now)
        balance = sparse.hstack([now, -now, -across, across])
        gained = now - sparse.eye(steps, k=-1)
        store = sparse.hstack(
            [
                sparse.csr_matrix((kinds * steps, 2 * steps)),
                sparse.kron(sparse.diags(-self.makes.efficiency_in), now),
                sparse.kron(sparse.diags(1 / self.makes.efficiency_out), now),
                sparse.kron(each, gained),
            ]
        )
        for rows in (balance, store):
            size, filled = rows.shape
            held = sparse.csr_matrix(sparse.hstack([rows, sparse.csr_matrix((size, width - filled))]))
            nothing = np.zeros(size)
            self._kept.add_rows((held.indptr, held.indices, held.data), nothing, nothing)

    def _either(self, switch: int, one: Whole, other: Whole, most: Array) -> None:
        """Let at most one of two columns be above 0, and neither above ``most``, by a switch column for each pair."""
        switches = switch + np.arange(len(one))
        for side, sign, high in ((one, -1.0, np.zeros(len(one))), (other, 1.0, most)):
            places = np.column_stack([side, switches]).ravel()
            values = np.column_stack([np.ones(len(one)), sign * most]).ravel()
            triple: Triple = (2 * np.arange(len(one) + 1), places, values)
            self._kept.add_rows(triple, np.full(len(one), -np.inf), high)


def burning_pays(buy: Array, sell: Array, makes: Makes) -> npt.NDArray[np.bool_]:
    """Intervals in which a battery would gain by taking up and giving out at once, (T,).

    At prices of 0 or more it would not: to do less of both leaves the same stored and more to sell.
    """
    return np.asarray((np.minimum(buy, sell) < 0) & (not makes.lossless))
