"""Companies in a step: utilities buy what they expect to need, power stations sell, the outside grid does both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evenwatt.markets.clear import clear
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.ledger import money
from evenwatt.markets.orders import BUY, SELL, Orders
from evenwatt.markets.regulator.instruments import Instruments
from evenwatt.policies.actions import Actions
from evenwatt.studies.market.local import unit_prices
from evenwatt.studies.market.setting import Population, Rules

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
# (endowment, claims (n,)) -> whole awards (n,), summing to the endowment.
Share = Callable[[int, Whole], Whole]


@dataclass
class Traded:
    """What the wholesale auction came to.

    Attributes
    ----------
    orders, clearing : Orders, Clearing
        Rows: utilities' bids, producers' asks, the outside grid's offer and its bid.
    price : float
        The one price, or the mean of what sellers got; not a number where nothing was traded [per MWh].
    bought, paid : (U,)
        By utilities [Wh], [micro-units].
    sold, earned : (P,)
        By producers [Wh], [micro-units].
    imported, exported : int
        Over the border by this auction [Wh].
    outside_pays : int
        What the outside grid pays [micro-units].
    """

    orders: Orders
    clearing: Clearing
    price: float
    bought: Whole
    paid: Whole
    sold: Whole
    earned: Whole
    imported: int
    exported: int
    outside_pays: int

    @property
    def asks(self) -> Array:
        """(P,) what producers asked, within floor and cap [per MWh]."""
        return self.orders.price[self._producers]

    @property
    def idle(self) -> Whole:
        """(P,) what producers offered and did not sell [Wh]."""
        return self.orders.quantity[self._producers] - self.sold

    @property
    def _producers(self) -> slice:
        return slice(len(self.bought), len(self.bought) + len(self.sold))


def traded(
    people: Population,
    rules: Rules,
    limits: Instruments,
    *,
    step: int,
    seed: int,
    utility: Actions,
    producer: Actions,
    wanted: Whole,
    free: Whole,
    cost: Array,
    outside: float,
    cash: Whole,
    near: float,
    allowed: Array | None = None,
) -> Traded:
    """Clear the wholesale market of one step.

    Parameters
    ----------
    wanted : (U,)
        Expected need of each utility that no contract covers [Wh].
    free : (P,)
        What each producer can generate beyond its contracts [Wh].
    cost : (P,)
        Marginal cost, carbon included [per MWh].
    outside : float
        Price of the outside grid [per MWh].
    cash : (agents,)
        Balances: nobody bids what it cannot pay [micro-units].
    near : float
        A guess of the price [per MWh].
    allowed : (P,), optional
        Highest ask of each producer, where the regulator caps single ones [per MWh].
    """
    agents = people.agents
    u, p = agents["utility"], agents["producer"]
    low, high = limits.floor_per_mwh, limits.cap_per_mwh
    bid = np.clip(utility["bid_per_mwh"], low, high)
    ask = np.clip(producer["ask_per_mwh"], low, high)
    if allowed is not None:
        ask = np.minimum(ask, allowed)
    buys = _payable(np.rint(wanted * utility["purchase_share"]), bid, cash[u])
    # Who asks less than generation costs must be able to bear the difference.
    sells = _payable(np.floor(free * producer["output_share"]), cost - ask, cash[p])
    # The outside grid is under nobody's cap: beyond it nothing is offered, rather than sold for less than it costs.
    import_price, export_price = outside + rules.outside_fee_per_mwh, outside - rules.outside_fee_per_mwh
    import_wh = rules.import_limit_wh if import_price <= high else 0
    export_wh = rules.export_limit_wh if export_price >= low else 0
    import_price, export_price = (min(max(price, low), high) for price in (import_price, export_price))
    border = int(agents["regulator"][0]) + 1
    orders = Orders(
        np.concatenate([u, p, [border, border + 1]]),
        np.concatenate([np.full(len(u), BUY), np.full(len(p), SELL), [SELL, BUY]]),
        np.concatenate([bid, ask, [import_price, export_price]]),
        np.concatenate([buys, sells, [import_wh, export_wh]]),
        period=step,
    )
    answer = clear(orders, rules.wholesale, split=rules.split, ration=rules.ration, rng=seed, near=near)
    fills, pays = answer.fills, answer.payments
    end = len(u) + len(p)
    return Traded(
        orders, answer, float(unit_prices(orders, answer)[0]) if len(answer.price) else np.nan,
        fills[: len(u)], pays[: len(u)], fills[len(u) : end], -pays[len(u) : end],
        int(fills[end]), int(fills[end + 1]), int(pays[end] + pays[end + 1]),
    )  # fmt: skip


def _payable(quantity: Array, price: Array, cash: Whole) -> Whole:
    """Quantities, no larger than the money at hand buys at these prices."""
    most = np.divide(np.maximum(cash - 2, 0), price, out=np.full(len(price), np.inf), where=price > 0)
    payable: Whole = np.minimum(np.maximum(quantity, 0), np.floor(most)).astype(np.int64)
    return payable


@dataclass
class Delivered:
    """What really flowed, once loads were met or not.

    Attributes
    ----------
    imbalance : (U + P,)
        What each company delivered beyond what its customers and contracts took; negative for what it lacked [Wh].
    shed : (U,)
        Load of its customers that nothing was left for [Wh].
    spilled : (U + P,)
        Surplus that nobody took [Wh].
    balancing : int
        Over the border to balance it all, positive for import [Wh].
    short_price, long_price : float
        What a lack costs and a surplus earns [per MWh].
    activated, activation : (P,)
        Generated beyond what was sold, where the border gave no more [Wh], and what is paid for it [micro-units].
    """

    imbalance: Whole
    shed: Whole
    spilled: Whole
    balancing: int
    short_price: float
    long_price: float
    activated: Whole
    activation: Whole


def delivered(
    rules: Rules,
    need: Whole,
    have: Whole,
    lacking: Whole,
    *,
    market: Traded,
    outside: float,
    idle: Whole,
    cost: Array,
    divide: Share,
) -> Delivered:
    """Balance supply and demand over the border, then by stations that stand idle; shed load, spill what is left.

    Nobody goes without energy while a station that offered it stands still. What is called up is paid the price of
    a lack before its penalty, or what it costs where that is more, which then is the price of a lack.

    Parameters
    ----------
    need, have : (U,)
        What customers and batteries took, and what was bought, contracted, fed in and discharged [Wh].
    lacking : (P,)
        What producers could not deliver of their contracts [Wh].
    idle : (P,)
        What was offered and not sold [Wh].
    cost : (P,)
        Marginal cost, carbon included [per MWh].
    divide : callable
        ``(endowment, claims) -> awards`` in whole Wh: shares what is shed and what is spilled.
    """
    position = np.concatenate([have - need, -lacking])
    net = int(position.sum())
    room_in = max(rules.import_limit_wh - market.imported, 0)
    room_out = max(rules.export_limit_wh - market.exported, 0)
    shortage, excess = max(-net - room_in, 0), max(net - room_out, 0)
    activated = _called_up(shortage, idle, cost)
    shortage -= int(activated.sum())
    # Load is shed where the lack is; a contract's lack is felt by all who have customers.
    shed = _shed(divide, shortage, np.maximum(need - have, 0), need)
    spilled = divide(excess, np.maximum(position, 0)) if excess else np.zeros_like(position)
    short, long = prices(rules, market.price, outside, float(cost[activated > 0].max(initial=-np.inf)))
    dear, _ = prices(replace(rules, imbalance_penalty=0.0), market.price, outside)
    balancing = min(-net, room_in) if net < 0 else -(net - excess)
    position[: len(need)] += shed
    activation = money(np.maximum(cost, dear), activated)
    return Delivered(position, shed, spilled, balancing, short, long, activated, activation)


def _called_up(shortage: int, idle: Whole, cost: Array) -> Whole:
    """Of stations that stand idle, the cheapest first."""
    order = np.argsort(cost, kind="stable")
    before = np.cumsum(idle[order]) - idle[order]
    activated = np.zeros_like(idle)
    activated[order] = np.clip(shortage - before, 0, idle[order])
    return activated


def _shed(divide: Share, shortage: int, lack: Whole, need: Whole) -> Whole:
    """Of each utility's customers: first where the utility lacks energy, then everywhere."""
    if not shortage:
        return np.zeros_like(need)
    lack = np.minimum(lack, need)
    first = divide(min(shortage, int(lack.sum())), lack)
    left = shortage - int(first.sum())
    return first + divide(left, need - first) if left else first


def prices(rules: Rules, wholesale: float, outside: float, called_up: float = -np.inf) -> tuple[float, float]:
    """What a lack costs and a surplus earns: the worst of wholesale, outside and stations, and a penalty [per MWh]."""
    spot = outside if np.isnan(wholesale) else wholesale
    dear = max(spot, outside + rules.outside_fee_per_mwh, called_up)
    cheap = min(spot, outside - rules.outside_fee_per_mwh)
    return dear + rules.imbalance_penalty * abs(dear), cheap - rules.imbalance_penalty * abs(cheap)
