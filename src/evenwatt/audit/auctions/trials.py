"""Reports of one agent tried side by side: what each brings, all others and all coins unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evenwatt.audit.auctions.outcome import Outcome
from evenwatt.core.errors import ProblemError
from evenwatt.markets.orders import BUY, Orders

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
# As which part of the truth, prices, quantities.
Report = tuple[float, Array, Whole]

# Rows cleared in one go.
BLOCK = 500_000


@dataclass(frozen=True)
class Truth:
    """One agent in one market: what it truly wants or has.

    Attributes
    ----------
    agent, market : int
        Who and where; of several nodes that trade with each other, the first.
    rows : (k,)
        Its orders, as places in ``scene``.
    scene : (m,)
        Rows of the outcome that are cleared together with them.
    side, value, quantity : (k,)
        Of its orders.
    others : (m - k,)
        Limits of all others there.
    """

    agent: int
    market: int
    rows: Whole
    scene: Whole
    side: Whole
    value: Array
    quantity: Whole
    others: Array


Reports = Callable[[Truth], Iterator[Report]]
Tried = tuple[Truth, float, Array, Whole]


@dataclass(frozen=True)
class Trial:
    """One report: whose, as which part of the truth, and what it brings beside and with the truth [micro-units]."""

    truth: Truth
    factor: float
    gain: float
    surplus: float


def truths(outcome: Outcome, value: Array, who: Sequence[int] | None) -> Iterator[Truth]:
    """Everybody asked, scene by scene."""
    for market, scene in _scenes(outcome):
        for agent in np.unique(outcome.agent[scene]).tolist():
            if who is not None and agent not in who:
                continue
            own = np.flatnonzero(outcome.agent[scene] == agent)
            mine, others = scene[own], np.delete(outcome.price[scene], own)
            columns = outcome.side[mine], value[mine], outcome.quantity[mine]
            yield Truth(agent, market, own, scene, *columns, others)


def _scenes(outcome: Outcome) -> Iterator[tuple[int, Whole]]:
    """What is cleared together, and its first market: a market, or all nodes of a period that trade with each other."""
    if not outcome.clearing.coupled:
        yield from outcome.by_market()
        return
    period = outcome.orders.markets[:, 0]
    for one in np.unique(period):
        yield int(np.searchsorted(period, one)), np.flatnonzero(period[outcome.market] == one)


def trials(outcome: Outcome, asked: Iterable[Truth], reports: Reports) -> Iterator[Trial]:
    """Every report of everybody, cleared in as few goes as there is room for."""
    waiting: list[Tried] = []
    rows = 0
    for truth in asked:
        own = [(truth, 1.0, truth.value, truth.quantity)]
        own += [(truth, *report) for report in reports(truth)]
        if waiting and rows + len(own) * len(truth.scene) > BLOCK:
            yield from _compared(outcome, waiting)
            waiting, rows = [], 0
        waiting += own
        rows += len(own) * len(truth.scene)
    yield from _compared(outcome, waiting)


def _compared(outcome: Outcome, tried: list[Tried]) -> Iterator[Trial]:
    """Surplus of each report less that of the truth, which comes first for each agent."""
    surpluses = _surpluses(outcome, tried)
    honest: float | None = None
    asked: Truth | None = None
    for (truth, factor, _, _), surplus in zip(tried, surpluses, strict=True):
        if truth is not asked:
            asked, honest = truth, surplus
        elif surplus is not None and honest is not None:
            yield Trial(truth, factor, surplus - honest, honest)


def _surpluses(outcome: Outcome, tried: list[Tried]) -> list[float | None]:
    """Of each trial; None where the mechanism refuses it."""
    if not tried:
        return []
    if not outcome.clearing.coupled:
        try:
            return _in_one_go(outcome, tried)
        except ProblemError:
            # Only another quantity may be refused; then, which are, and which are not.
            if not any(_refusable(trial) for trial in tried):
                raise
    return [_alone(outcome, trial) for trial in tried]


def _alone(outcome: Outcome, trial: Tried) -> float | None:
    try:
        if not outcome.clearing.coupled:
            return _in_one_go(outcome, [trial])[0]
        truth = trial[0]
        price, quantity = _reported(outcome, trial)
        markets = outcome.orders.markets[outcome.market[truth.scene]]
        cleared = outcome.mechanism.clear(
            _orders(outcome, truth.scene, price, quantity, period=markets[:, 0], node=markets[:, 1]),
            replace(outcome.terms, near=None, demand=None),
        )
    except ProblemError:
        if _refusable(trial):
            return None
        raise
    own = truth.rows
    return _surplus(outcome, truth, cleared.fills[own], cleared.payments[own])


def _refusable(trial: Tried) -> bool:
    return bool((trial[3] != trial[0].quantity).any())


def _in_one_go(outcome: Outcome, tried: list[Tried]) -> list[float | None]:
    """Each trial is a node of its own: coins depend on the period and the agent, so they fall alike in all."""
    scenes = [truth.scene for truth, *_ in tried]
    sizes = [len(scene) for scene in scenes]
    reported = [_reported(outcome, trial) for trial in tried]
    price, quantity = (np.concatenate(column) for column in zip(*reported, strict=True))
    at = np.concatenate(scenes)
    market = np.array([truth.market for truth, *_ in tried])
    period = outcome.orders.markets[market, 0]
    orders = _orders(
        outcome, at, price, quantity, period=np.repeat(period, sizes), node=np.repeat(np.arange(len(tried)), sizes)
    )  # fmt: skip
    demand = outcome.terms.demand
    ranked = np.lexsort((np.arange(len(tried)), period))
    held = None if demand is None else demand[market][ranked]
    cleared = outcome.mechanism.clear(orders, replace(outcome.terms, near=None, demand=held))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return [
        _surplus(
            outcome, trial[0], cleared.fills[start + trial[0].rows], cleared.payments[start + trial[0].rows]
        )
        for trial, start in zip(tried, starts[:-1], strict=True)
    ]


def _reported(outcome: Outcome, trial: Tried) -> tuple[Array, Whole]:
    truth, _, said, wanted = trial
    price, quantity = outcome.price[truth.scene].copy(), outcome.quantity[truth.scene].copy()
    price[truth.rows], quantity[truth.rows] = said, wanted
    return price, quantity


def _orders(
    outcome: Outcome, rows: Whole, price: Array, quantity: Whole, *, period: Whole, node: Whole
) -> Orders:
    columns = outcome.agent[rows], outcome.side[rows], price, quantity
    return Orders(*columns, period=period, node=node, kind=outcome.kind[rows])


def _surplus(outcome: Outcome, truth: Truth, fills: Whole, payments: Whole) -> float:
    """True worth of what an agent got, less true cost of what it gave, less what it paid."""
    limits = outcome.price[truth.scene]
    surplus = 0.0
    for side in (BUY, -BUY):
        own = truth.side == side
        got, paid = float(fills[own].sum()), float(payments[own].sum())
        surplus -= paid
        if got > 0:
            # Nobody gains by the excess itself: it is given away, or bought at the dearest.
            price = paid / got * side
            excess = min(0.0, limits.min(), price) if side == BUY else max(limits.max(), price)
            best = np.argsort(-side * truth.value[own], kind="stable")
            surplus += side * _worth(got, truth.value[own][best], truth.quantity[own][best], float(excess))
    return surplus


def _worth(got: float, value: Array, quantity: Whole, excess: float) -> float:
    """The best first, and what is beyond them at the price of the excess."""
    until = np.cumsum(quantity)
    parts = np.clip(got - (until - quantity), 0, quantity)
    return float(parts @ value) + max(0.0, got - float(until[-1])) * excess
