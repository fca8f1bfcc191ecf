"""Households in a step: batteries move, orders are placed, and what the auction left is bought, fed in or forgone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.engine.threads import MANY, share_rows
from evenwatt.markets.orders import Orders
from evenwatt.markets.storage import charged
from evenwatt.policies.actions import Actions
from evenwatt.studies.market.setting import Population, Rules
from evenwatt.studies.market.state import WHOLE, State

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

PARTS = 10**6  # of the output of panels as they age
AGED = 0.2  # share of the output that is lost at the end of the lifetime; warranties promise 80 %
MOST_LOST = 0.5  # of local energy on its way, however far


@dataclass
class Placed:
    """What households brought to their local auctions.

    Attributes
    ----------
    orders : Orders
        One row a household; no quantity where it has none.
    book : Orders
        The same with each node's orders together, as auctions are quickest with.
    short : (H,)
        Load less generation, after the battery; negative for a surplus [Wh].
    charge : (H,)
        What batteries took; negative for what they gave [Wh].
    lost : (H,)
        Within the batteries [Wh].
    stored : (H,)
        In the batteries afterwards [Wh].
    """

    orders: Orders
    book: Orders
    short: Whole
    charge: Whole
    lost: Whole
    stored: Whole


@dataclass
class Left:
    """What the local auction left of a step; all (H,).

    Attributes
    ----------
    lost : (H,)
        Of local energy, on its way [Wh].
    fees : (H,)
        For the local grid [micro-units].
    retail, retail_pay : (H,)
        Bought of the utility [Wh], and what it costs [micro-units].
    fed, fed_pay : (H,)
        Fed in to the utility [Wh], and what that earns; nothing without a utility [micro-units].
    forgone, unpaid : (H,)
        Load that was given up: by choice, and for want of money or of a utility [Wh].
    wear_pay : (H,)
        What is set aside for the battery's wear, as far as there is money [micro-units].
    """

    lost: Whole
    fees: Whole
    retail: Whole
    retail_pay: Whole
    fed: Whole
    fed_pay: Whole
    forgone: Whole
    unpaid: Whole
    wear_pay: Whole


class Homes:
    """The households' part of a step, over columns.

    Parameters
    ----------
    people : Population
        Who there is.
    rules : Rules
        Fees and losses of the local grids.
    """

    def __init__(self, people: Population, rules: Rules) -> None:
        h = people.households
        self.homes, self.consumers = len(h), h.consumers
        self.batteries, self.distance = h.batteries, np.maximum(h.distance_km, 0.0)
        self.loss = np.minimum(self.distance * rules.loss_per_km, MOST_LOST)
        self.fee = self.distance * rules.fee_per_mwh_km
        self.age, self.life = h.pv_age_days[h.consumers :], h.pv_life_days[h.consumers :]
        self.steps_a_day, self.feed_in = rules.steps_a_day, rules.feed_in_per_mwh
        whole = np.zeros(self.homes, dtype=np.int64)
        # Households by node, and the row of each among them.
        self.by_node = np.argsort(h.node, kind="stable")
        self.row = np.empty(self.homes, dtype=np.int64)
        self.row[self.by_node] = np.arange(self.homes)
        nothing = np.zeros(self.homes)
        self._empty = Orders(np.arange(self.homes), 1, nothing, whole, node=h.node)
        self._book = Orders(self.by_node, 1, nothing, whole, node=h.node[self.by_node])
        # What panels keep of their output, by their age on the day that was last asked for.
        self._day, self._kept = -1, np.zeros(0, dtype=np.int64)

    def generated(self, pv: Whole, size: Whole, step: int) -> Whole:
        """What panels of this size and age give, where new ones of the first size give ``pv`` (Q,) [Wh]."""
        day = step // self.steps_a_day
        if day != self._day:
            age = self.age + day
            kept = 1.0 - AGED * np.minimum(age / np.maximum(self.life, 1.0), 1.0)
            # Panels past their lifetime give nothing: they must be replaced.
            self._kept = np.where(age < self.life, np.rint(kept * PARTS), 0).astype(np.int64)
            self._day = day
        made: Whole = pv * size * self._kept // (WHOLE * PARTS)
        return made

    def placed(
        self,
        state: State,
        load: Whole,
        pv: Whole,
        cash: Whole,
        consumer: Actions,
        prosumer: Actions,
    ) -> Placed:
        """Move the batteries and write the orders of this step."""
        from evenwatt.studies.market._household_kernels import place

        n, b, limits = self.homes, self.batteries, state.public.instruments
        source = np.concatenate([consumer["source"], prosumer["source"]])
        bid = np.concatenate([consumer["bid_per_mwh"], prosumer["bid_per_mwh"]])
        stored = state.households.stored_wh.copy()
        charge, lost, short, quantity = (np.empty(n, dtype=np.int64) for _ in range(4))
        side, price = np.empty(n, dtype=np.int8), np.empty(n)
        book = np.empty(n, dtype=np.int8), np.empty(n), np.empty(n, dtype=np.int64)
        share_rows(
            n,
            lambda first, last: place(
                first, last, self.consumers, load, pv, prosumer["charge_wh"], stored, b.capacity_wh,
                b.charge_wh, b.discharge_wh, b.charge_efficiency, b.discharge_efficiency, source, bid,
                prosumer["ask_per_mwh"], prosumer["sell_share"], prosumer["connected"], self.loss, self.fee,
                cash, limits.floor_per_mwh, limits.cap_per_mwh, charge, lost, short, side, price, quantity,
                self.row, book[0], book[1], book[2],
            ),
            least=MANY,
        )  # fmt: skip
        return Placed(
            self._empty.like(side=side, price=price, quantity=quantity, period=state.step),
            self._book.like(side=book[0], price=book[1], quantity=book[2], period=state.step),
            short, charge, lost, stored,
        )  # fmt: skip

    def left(
        self, placed: Placed, fills: Whole, paid: Whole, cash: Whole, source: Whole, tariff: Array
    ) -> Left:
        """What the auction's fills leave to the utility, to be fed in, or to be given up."""
        from evenwatt.studies.market._household_kernels import rest

        columns = [np.empty(self.homes, dtype=np.int64) for _ in range(9)]
        share_rows(
            self.homes,
            lambda first, last: rest(
                first, last, placed.short, placed.orders.side, fills, self.loss, self.fee,
                cash, paid, source, tariff, placed.charge, self.batteries.wear_per_mwh, self.feed_in, *columns,
            ),
            least=MANY,
        )  # fmt: skip
        return Left(*columns)

    def uncharge(self, stored: Whole, placed: Placed, left: Left, shed: Whole) -> None:
        """Take back what batteries charged where not all was served: nobody stores what never came.

        Parameters
        ----------
        stored, shed : (H,)
            In the batteries before the step, and what homes were not served for want of energy [Wh].
        """
        rows = np.flatnonzero((placed.charge > 0) & (left.forgone + left.unpaid + shed > 0))
        if not len(rows):
            return
        charge = placed.charge[rows]
        for missing in (shed, left.unpaid, left.forgone):
            back = np.minimum(missing[rows], charge)
            missing[rows] -= back
            charge = charge - back
        placed.short[rows] -= placed.charge[rows] - charge
        placed.charge[rows], b = charge, self.batteries
        placed.stored[rows], placed.lost[rows] = charged(
            stored[rows], charge, b.capacity_wh[rows], b.charge_efficiency[rows], b.discharge_efficiency[rows]
        )


def grouped(groups: Whole, values: Whole, count: int) -> Whole:
    """Whole sums by group; group -1 is nobody's.

    Examples
    --------
    >>> grouped(np.array([1, -1, 1, 0]), np.array([5, 9, 2, 4]), 2)
    array([4, 7])
    """
    from evenwatt.studies.market._household_kernels import sum_by_group

    sums = np.zeros(count, dtype=np.int64)
    sum_by_group(groups, values, sums)
    return sums
