"""The mid-market rate: a community trades halfway between what the grid pays and what it asks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.core.chance import Keyed
from evenwatt.core.errors import ProblemError
from evenwatt.markets.admission import priced_demand
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Book, Divide, Side, Terms, Trade, each_book, mechanism, no_trade
from evenwatt.markets.orders import Orders
from evenwatt.markets.payments import at_price

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@mechanism(
    "mid-market",
    title="Mid-market rate",
    source="Long, Wu, Zhang, Thomas, Cheng & Jenkins 2017, doi:10.1109/PESGM.2017.8274546",
    satisfies={"single-price", "budget-balanced", "no-deficit", "rational"},
)
@dataclass(frozen=True, kw_only=True)
class MidMarket:
    """Trade inside a community at the mean of the feed-in and the retail tariff; the longer side is rationed.

    A bid below that price or an ask above it takes no part. The longer side goes to the grid with what is left,
    and pays or gets a blend of two prices in all: see :func:`mid_market_prices`, whose figures are the money of
    this auction and of the grid together, over all energy of a member. ``low`` and ``high`` are the tariffs: at
    any price between them nobody would rather have traded with the grid.

    Parameters
    ----------
    feed_in_per_mwh, retail_per_mwh : float, optional
        What the grid pays and asks. By default the lowest ask and the highest bid of the market, which are the
        tariffs where everybody names them; but then who bids most and who asks least can move the price, which
        no limit does once both tariffs are given.

    Raises
    ------
    ProblemError
        If the feed-in tariff is above the retail tariff, or one is not finite.

    Examples
    --------
    >>> from evenwatt.markets import Orders, clear
    >>> community = Orders([1, 2, 3], ["buy", "buy", "sell"], [300.0, 300.0, 80.0], [700, 300, 600])
    >>> cleared = clear(community, MidMarket(feed_in_per_mwh=80.0, retail_per_mwh=300.0))
    >>> cleared.price, cleared.fills, cleared.payments
    (array([190.]), array([420, 180, 600]), array([  79800,   34200, -114000]))
    """

    feed_in_per_mwh: float | None = None
    retail_per_mwh: float | None = None

    def __post_init__(self) -> None:
        given = [tariff for tariff in (self.feed_in_per_mwh, self.retail_per_mwh) if tariff is not None]
        if not np.isfinite(given).all() or given != sorted(given):
            raise ProblemError(
                f"mid-market: feed-in {self.feed_in_per_mwh}, retail {self.retail_per_mwh} per MWh; "
                "expected finite tariffs, the feed-in tariff not above the retail tariff"
            )

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        """Clear every market of the orders."""
        priced_demand(terms, "mid-market")
        return each_book(orders, terms, lambda book: self._one(book, terms))

    def _one(self, book: Book, terms: Terms) -> Trade:
        bids, asks = book.bids, book.asks
        if not len(bids) or not len(asks):
            return no_trade(book)
        feed_in = float(asks.price[0]) if self.feed_in_per_mwh is None else self.feed_in_per_mwh
        retail = float(bids.price[0]) if self.retail_per_mwh is None else self.retail_per_mwh
        price = (feed_in + retail) / 2
        buying, selling = bids.price >= price, asks.price <= price
        volume = int(min(bids.quantity[buying].sum(), asks.quantity[selling].sum()))
        if volume == 0 or feed_in > retail:
            return no_trade(book)
        lots = terms.chance("ties", book.period)
        bought, sold = (
            _rationed(side, np.flatnonzero(present), volume, terms.ration, lots)
            for side, present in ((bids, buying), (asks, selling))
        )
        paid, earned = at_price(price, bought), at_price(price, sold)
        return Trade(bought, sold, paid, earned, price=price, low=feed_in, high=retail)


def _rationed(side: Side, present: Whole, volume: int, ration: Divide, lots: Keyed) -> Whole:
    """What each order of a side trades: all alike, whatever their limits."""
    fills = np.zeros(len(side), dtype=np.int64)
    # By lot, not by limit: a watt-hour that cannot be split must not go to whoever names a better price.
    present = present[np.lexsort((side.row[present], lots.bits(side.agent[present])))]
    claims = side.quantity[present]
    fills[present] = claims
    if claims.sum() > volume:
        fills[present] = exact.vector(ration(np.asarray(float(volume)), claims.astype(np.float64)), volume)
    return fills


def mid_market_prices(
    surplus_wh: npt.ArrayLike, deficit_wh: npt.ArrayLike, feed_in_per_mwh: float, retail_per_mwh: float
) -> tuple[Array, Array]:
    """What a member gets and pays per unit, the grid included: sellers' and buyers' price.

    Parameters
    ----------
    surplus_wh, deficit_wh : (...)
        What the members together have to sell and want to buy [Wh].
    feed_in_per_mwh, retail_per_mwh : float
        What the grid pays and asks [currency per MWh].

    Returns
    -------
    seller, buyer : (...)
        Prices within the tariffs; what buyers pay is what sellers and the grid get [currency per MWh].

    Source: Long et al. 2017, doi:10.1109/PESGM.2017.8274546.

    Examples
    --------
    >>> mid_market_prices([600, 1000], [1000, 600], 80.0, 300.0)
    (array([190., 146.]), array([234., 190.]))
    """
    surplus, deficit = np.asarray(surplus_wh, dtype=np.float64), np.asarray(deficit_wh, dtype=np.float64)
    middle = (feed_in_per_mwh + retail_per_mwh) / 2
    inside = np.minimum(surplus, deficit)
    # The part of each side's energy that is traded inside; nothing of nothing is.
    sold, bought = (
        np.divide(inside, energy, out=np.zeros_like(inside), where=energy > 0)
        for energy in (surplus, deficit)
    )
    return sold * middle + (1 - sold) * feed_in_per_mwh, bought * middle + (1 - bought) * retail_per_mwh
