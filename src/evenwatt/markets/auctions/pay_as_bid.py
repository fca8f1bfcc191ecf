"""Pay as bid: the trades of the call auction, each buyer at the bid and each seller at the ask."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evenwatt.markets.admission import priced_demand
from evenwatt.markets.call import call, matched
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Terms, mechanism
from evenwatt.markets.orders import Orders


@mechanism(
    "pay-as-bid",
    title="Call auction where everybody pays the own bid",
    source="Federico & Rahman 2003, Journal of Regulatory Economics 24, 175-211",
    satisfies={"no-deficit", "rational", "efficient", "no-better-unserved"},
)
@dataclass(frozen=True, kw_only=True)
class PayAsBid:
    """The same trades as at one price; buyers pay what they bid, sellers get what they asked.

    What lies between is the operator's, and is said in ``budget``. Bidding closer to the price than one's value
    gains, so reports cannot be read as values.

    Parameters
    ----------
    paired : bool
        Match bids and asks in order of merit instead, each pair at the ask and ``split`` of the gap to the bid:
        nothing is left to the operator, and everybody may have a price of their own.

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> book = Orders(range(3), ["buy", "sell", "sell"], [60.0, 20.0, 50.0], [100, 80, 50])
    >>> clear(book, PayAsBid()).payments, clear(book, PayAsBid()).budget
    (array([ 6000, -1600, -1000]), array([3400]))
    >>> clear(book, PayAsBid(paired=True)).payments
    array([ 4300, -3200, -1100])
    """

    paired: bool = False

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders."""
        priced_demand(terms, "pay-as-bid")
        answer = call(orders, terms, own_prices=True)
        if not self.paired:
            return answer
        pairs, payments = matched(orders, answer.fills, terms)
        return replace(answer, payments=payments, budget=np.zeros_like(answer.budget), pairs=pairs)
