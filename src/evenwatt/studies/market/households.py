"""Households in a step: batteries move, orders are placed, and what the auction left is bought, fed in or forgone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.engine.threads import share_rows
from evenwatt.markets.orders import Orders
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
    fed : (H,)
        Fed in to the utility [Wh].
    forgone, unpaid : (H,)
        Load that was given up: by choice, and for want of money or of a utility [Wh].
    """

    lost: Whole
    fees: Whole
    retail: Whole
    retail_pay: Whole
    fed: Whole
    forgone: Whole
    unpaid: Whole


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
        self.steps_a_day = rules.steps_a_day
        whole = np.zeros(self.homes, dtype=np.int64)
        self._empty = Orders(np.arange(self.homes), 1, np.zeros(self.homes), whole, node=h.node)
        self._loops = bool(h.batteries.capacity_wh.any())

    def generated(self, pv: Whole, size: Whole, step: int) -> Whole:
        """What panels of this size and age give, where new ones of the first size give ``pv`` (Q,) [Wh]."""
        age = self.age + step / self.steps_a_day
        kept = 1.0 - AGED * np.minimum(age / np.maximum(self.life, 1.0), 1.0)
        # Panels past their lifetime give nothing: they must be replaced.
        parts = np.where(age < self.life, np.rint(kept * PARTS), 0).astype(np.int64)
        made: Whole = pv * size // WHOLE * parts // PARTS
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
        share_rows(
            n,
            lambda first, last: place(
                first, last, self.consumers, load, pv, prosumer["charge_wh"], stored, b.capacity_wh,
                b.charge_wh, b.discharge_wh, b.charge_efficiency, b.discharge_efficiency, source, bid,
                prosumer["ask_per_mwh"], prosumer["sell_share"], prosumer["connected"], self.loss, self.fee,
                cash, limits.floor_per_mwh, limits.cap_per_mwh, charge, lost, short, side, price, quantity,
            ),
        )  # fmt: skip
        orders = self._empty.like(side=side, price=price, quantity=quantity, period=state.step)
        return Placed(orders, short, charge, lost, stored)

    def left(
        self, placed: Placed, fills: Whole, paid: Whole, cash: Whole, source: Whole, tariff: Array
    ) -> Left:
        """What the auction's fills leave to the utility, to be fed in, or to be given up."""
        from evenwatt.studies.market._household_kernels import rest

        columns = [np.empty(self.homes, dtype=np.int64) for _ in range(7)]
        share_rows(
            self.homes,
            lambda first, last: rest(
                first, last, self.consumers, placed.short, placed.orders.side, fills, self.loss, self.fee,
                cash, paid, source, tariff, *columns,
            ),
        )  # fmt: skip
        return Left(*columns)
