"""Which orders a truthful mechanism can take; what it cannot take is named, all of it together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.markets.mechanism import Terms
from evenwatt.markets.orders import Orders

Whole = npt.NDArray[np.int64]


def unit_demand(orders: Orders, terms: Terms, name: str) -> None:
    """Refuse all but one lot of one size for every agent of a market; the size may be any whole number of Wh.

    Raises
    ------
    ProblemError
        Naming every agent with more than one order in a market, every order of another size than most of its
        market, and demand that takes any price.

    Examples
    --------
    >>> unit_demand(Orders([1, 1, 2], ["buy", "sell", "sell"], [9.0, 5.0, 4.0], [10, 10, 30]), Terms(), "sbba")
    Traceback (most recent call last):
    ...
    evenwatt.core.errors.ProblemError: mechanism 'sbba': 2 faults
      orders 0, 1: agent 1 has 2 orders in period 0 at node 0; with a second it moves the price of its first: send one
      order 2: 30 Wh in period 0 at node 0; expected one lot of the same size for everybody, here 10 Wh
    """
    with gather(f"mechanism '{name}'", ProblemError) as faults:
        faults += _open_demand(terms)
        faults += _several(orders)
        faults += _unequal(orders)


def one_order_each(orders: Orders, terms: Terms, name: str) -> None:
    """Refuse agents with more than one order in a market, and demand that takes any price."""
    with gather(f"mechanism '{name}'", ProblemError) as faults:
        faults += _open_demand(terms)
        faults += _several(orders)


def one_side_each(orders: Orders, terms: Terms, name: str) -> None:
    """Refuse agents that buy and sell in the same market, and demand that takes any price."""
    with gather(f"mechanism '{name}'", ProblemError) as faults:
        faults += _open_demand(terms)
        faults += _both_sides(orders)


def priced_demand(terms: Terms, name: str) -> None:
    """Refuse demand that takes any price: it has no bid whose worth a mechanism could weigh."""
    with gather(f"mechanism '{name}'", ProblemError) as faults:
        faults += _open_demand(terms)


def _open_demand(terms: Terms) -> list[str]:
    if terms.demand is None or not terms.demand.any():
        return []
    return [f"it serves no demand that takes any price, here {int(terms.demand.sum())} Wh; use merit-order"]


def _several(orders: Orders) -> list[str]:
    return [
        f"orders {_told(rows)}: agent {orders.agent[rows[0]]} has {len(rows)} orders in {_market(orders, rows[0])}; "
        "with a second it moves the price of its first: send one"
        for rows in _shared(orders)
    ]


def _both_sides(orders: Orders) -> list[str]:
    return [
        f"orders {_told(rows)}: agent {orders.agent[rows[0]]} buys and sells in {_market(orders, rows[0])}; "
        "one side moves the price of the other: send one side"
        for rows in _shared(orders)
        if len(set(orders.side[rows].tolist())) > 1
    ]


def _shared(orders: Orders) -> Iterator[Whole]:
    """Rows of each agent with several orders in a market; the columns of dense books are agents of their own."""
    if orders.is_dense or len(orders) < 2:
        return
    held = np.flatnonzero(orders.quantity > 0)
    held = held[np.lexsort((held, orders.agent[held], orders.market[held]))]
    agent, market = orders.agent[held], orders.market[held]
    first = np.flatnonzero((np.diff(agent, prepend=0) != 0) | (np.diff(market, prepend=-1) != 0))
    counts = np.diff(first, append=len(held))
    for start, count in zip(first[counts > 1], counts[counts > 1], strict=True):
        yield held[start : start + count]


def _unequal(orders: Orders) -> list[str]:
    """Orders of another size than most of their market."""
    quantity, market = orders.quantity.ravel(), orders.market.ravel()
    held = quantity > 0
    least = np.full(len(orders.markets), np.iinfo(np.int64).max)
    most = np.zeros_like(least)
    np.minimum.at(least, market[held], quantity[held])
    np.maximum.at(most, market[held], quantity[held])
    return [fault for odd in np.flatnonzero(least < most) for fault in _odd(orders, int(odd))]


def _odd(orders: Orders, market: int) -> Iterator[str]:
    rows = np.argwhere((orders.market == market) & (orders.quantity > 0))
    quantity = orders.quantity[tuple(rows.T)]
    sizes, count = np.unique(quantity, return_counts=True)
    lot = int(sizes[np.argmax(count)])
    for row, found in zip(rows, quantity, strict=True):
        if found != lot:
            yield (
                f"order {_told(row)}: {found} Wh in {_place(orders, market)}; "
                f"expected one lot of the same size for everybody, here {lot} Wh"
            )


def _market(orders: Orders, row: int) -> str:
    return _place(orders, int(orders.market[row]))


def _place(orders: Orders, market: int) -> str:
    period, node = orders.markets[market]
    return f"period {period} at node {node}"


def _told(rows: Whole) -> str:
    return ", ".join(map(str, rows.tolist()))
