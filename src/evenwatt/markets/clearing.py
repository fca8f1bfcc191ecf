"""What a mechanism answers: prices, fills, payments, and what was left with the operator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ConservationError, told
from evenwatt.markets.orders import BUY, Orders

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

# Ordinary ends of an auction, as held in ``Clearing.status``.
STATUS = ("ok", "no-cross", "one-sided", "empty")
OK, NO_CROSS, ONE_SIDED, EMPTY = range(4)


@dataclass(frozen=True)
class Pairs:
    """Who traded with whom, where a mechanism says so; a row a trade.

    Attributes
    ----------
    market : (m,)
        The row of ``Orders.markets``.
    bid, ask : (m,)
        Rows of the orders; in a dense book, columns.
    quantity : (m,)
        What was traded [Wh].
    price : (m,)
        At what [currency per MWh].
    """

    market: Whole
    bid: Whole
    ask: Whole
    quantity: Whole
    price: Array

    def __len__(self) -> int:
        return len(self.quantity)


@dataclass(frozen=True)
class Clearing:
    """One answer for each market, in the order of ``Orders.markets``, and one for each order.

    Attributes
    ----------
    price : (T,)
        What a Wh changes hands at [currency per MWh]; not a number where nothing trades, or where there is
        no one price.
    low, high : (T,)
        The prices at which nobody regrets; where nothing trades, the best bid and the best ask [currency per MWh].
    fills : (n,) or (T, n)
        What each order trades [Wh].
    payments : (n,) or (T, n)
        What each order pays; negative where it is paid [micro-units].
    budget : (T,)
        What is left with the operator, the sum of all payments; negative where it must add [micro-units].
    status : (T,) int8
        ``STATUS[code]``: ok, no-cross, one-sided or empty.
    welfare : (T,)
        Value to buyers less cost to sellers, by their reports [micro-units].
    volume : (T,)
        What is traded; with demand that takes any price, what it is served [Wh].
    unserved : (T,)
        Demand that takes any price, and finds no offer [Wh]; 0 elsewhere.
    demand_payment : (T,)
        What demand that takes any price pays; it has no order to carry it [micro-units].
    pairs : Pairs or None
        Who traded with whom, where the mechanism says so.
    coupled : bool
        Whether energy may cross from one market's node to another of the same period.
    notes : tuple of str
        What was assumed.
    """

    price: Array
    low: Array
    high: Array
    fills: Whole
    payments: Whole
    budget: Whole
    status: npt.NDArray[np.int8]
    welfare: Array
    volume: Whole
    unserved: Whole
    demand_payment: Whole
    pairs: Pairs | None = None
    coupled: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def traded(self) -> npt.NDArray[np.bool_]:
        """(T,) whether anything was traded."""
        return self.volume > 0


def settled(
    orders: Orders,
    fills: Whole,
    payments: Whole,
    *,
    price: Array,
    low: Array,
    high: Array,
    unserved: Whole | None = None,
    served: Whole | None = None,
    demand_payment: Whole | None = None,
    pairs: Pairs | None = None,
    coupled: bool = False,
    notes: tuple[str, ...] = (),
) -> Clearing:
    """The clearing of these fills and payments, with what follows from them; or nothing, where they do not conserve.

    Parameters
    ----------
    orders : Orders
        What was cleared.
    fills, payments : the shape of the orders
        What each trades [Wh] and pays [micro-units].
    price, low, high : (T,)
        See :class:`Clearing`.
    unserved, served, demand_payment : (T,), optional
        Of demand that takes any price: what found no offer, what did [Wh], and what it pays [micro-units].
    pairs, coupled, notes
        See :class:`Clearing`.

    Raises
    ------
    ConservationError
        If an order trades less than nothing or more than it holds, or a market buys what nobody sells; names
        all of them.
    """
    markets = len(orders.markets)
    nothing = np.zeros(markets, dtype=np.int64)
    buys = np.broadcast_to(orders.side == BUY, orders.shape)
    bought, sold = (_by_market(orders, np.where(side, fills, 0), markets) for side in (buys, ~buys))
    taken = bought + (nothing if served is None else served)
    _refuse(orders, fills, taken, sold, coupled=coupled)
    pays = nothing if demand_payment is None else demand_payment
    signed = np.where(buys, fills, -fills)
    worth = np.where(fills != 0, np.where(np.isfinite(orders.price), orders.price, 0.0) * signed, 0.0)
    return Clearing(
        price=price,
        low=low,
        high=high,
        fills=fills,
        payments=payments,
        budget=_by_market(orders, payments, markets) + pays,
        status=statuses(orders, np.maximum(taken, sold), served, unserved),
        welfare=_by_market(orders, worth, markets),
        volume=np.maximum(taken, sold) if coupled else sold,
        unserved=nothing if unserved is None else unserved,
        demand_payment=pays,
        pairs=pairs,
        coupled=coupled,
        notes=notes,
    )


def statuses(
    orders: Orders, volume: Whole, served: Whole | None = None, unserved: Whole | None = None
) -> npt.NDArray[np.int8]:
    """How each market ended: traded, or why not."""
    markets = len(orders.markets)
    buys = np.broadcast_to(orders.side == BUY, orders.shape)
    wanted = _by_market(orders, np.where(buys, orders.quantity, 0), markets)
    offered = _by_market(orders, np.where(buys, 0, orders.quantity), markets)
    for demand in (served, unserved):
        wanted = wanted if demand is None else wanted + demand
    ends = np.where((wanted > 0) & (offered > 0), NO_CROSS, ONE_SIDED)
    ends = np.where((wanted == 0) & (offered == 0), EMPTY, ends)
    return np.where(volume > 0, OK, ends).astype(np.int8)


def _by_market(orders: Orders, values: npt.NDArray[Any], markets: int) -> npt.NDArray[Any]:
    """Sums over each market's orders, exact for whole numbers."""
    if orders.is_dense:
        return np.asarray(values.sum(axis=1))
    total: npt.NDArray[Any] = np.zeros(markets, dtype=values.dtype)
    np.add.at(total, orders.market, values)
    return total


def _refuse(orders: Orders, fills: Whole, taken: Whole, sold: Whole, *, coupled: bool) -> None:
    faults = [
        f"order {', '.join(map(str, row))}: trades {fills[tuple(row)]} of {orders.quantity[tuple(row)]} Wh"
        for row in np.argwhere((fills < 0) | (fills > orders.quantity)).tolist()
    ]
    if not coupled:
        faults += [
            f"market {row}: buys {taken[row]} Wh, sells {sold[row]} Wh"
            for row in np.flatnonzero(taken != sold)
        ]
    elif taken.sum() != sold.sum():
        faults.append(f"all nodes together buy {taken.sum()} Wh and sell {sold.sum()} Wh")
    if faults:
        raise ConservationError(told("an auction created energy", faults))
