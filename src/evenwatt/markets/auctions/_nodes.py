"""The best trades between nodes, by linear programme, and the prices that call for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import SolverError
from evenwatt.engine.lp import Kept
from evenwatt.markets.orders import BUY

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Prices are scaled to this, so that the solver's tolerance is far below the places that are kept of them.
LARGEST, PLACES, TOLERANCE = 1000.0, 6, 1e-10


@dataclass(frozen=True)
class Levels:
    """All orders of a period, those of one node, side and price as one.

    Attributes
    ----------
    node, side, quantity : (m,)
        Nodes numbered from 0; +1 and -1; [Wh].
    price : (m,)
        Limit [currency per MWh].
    """

    node: Whole
    side: Whole
    price: Array
    quantity: Whole


@dataclass(frozen=True)
class Lines:
    """Lines between numbered nodes: ends (l,), and the most they carry there and back (l,) [Wh]."""

    start: Whole
    end: Whole
    there: Whole
    back: Whole

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True)
class Best:
    """What trades, what flows, and between which prices nobody regrets.

    Attributes
    ----------
    filled : (m,) whole
        Of each level [Wh].
    flows : (l,) whole
        From start to end of each line [Wh].
    low, high : (k,)
        At each node; not a number where nothing bounds them [currency per MWh].
    """

    filled: Whole
    flows: Whole
    low: Array
    high: Array


def best(levels: Levels, lines: Lines, nodes: int) -> Best:
    """The trades of largest worth, of these the most, carried as little as can be.

    Two programmes: the first finds the largest worth, and with it all prices that call for it. Trades at
    such prices are forced above and below them; at them, the second trades as much as it can, as a call
    auction does, with the least flow. Both are flows in a network of whole limits, so their corners are whole.
    """
    if not len(levels.node):
        unbound = np.full(nodes, np.nan)
        return Best(np.zeros(0, dtype=np.int64), np.zeros(len(lines), dtype=np.int64), unbound, unbound)
    price = _scaled(levels.price)
    sign, count = levels.side, len(levels.node)
    upper = np.concatenate([levels.quantity, lines.there, lines.back]).astype(np.float64)
    programme = Kept(
        np.concatenate([-sign * price, np.zeros(2 * len(lines))]), np.zeros(len(upper)), upper, tolerance=TOLERANCE
    )  # fmt: skip
    programme.add_rows(_balances(levels, lines, nodes), np.zeros(nodes), np.zeros(nodes))
    filled, flows = _whole(programme.solve().x, count, lines)
    at, _ = _interval(levels, price, lines, filled, flows, nodes)
    least, most = _forced(levels, price, lines, at)
    every = np.arange(len(upper))
    programme.set_columns(every, least, most)
    # A unit of trade is worth more than the flow along all lines.
    little = np.full(2 * len(lines), 1.0 / (2 * len(lines) + 2))
    programme.set_cost(every, np.concatenate([np.where(sign == BUY, -1.0, 0.0), little]))
    filled, flows = _whole(programme.solve().x, count, lines)
    low, high = _interval(levels, levels.price, lines, filled, flows, nodes)
    # Limits equal to the places kept may contradict each other beyond them.
    crossed = low > high
    low[crossed] = high[crossed] = (low[crossed] + high[crossed]) / 2
    return Best(filled, flows, *(np.where(np.isfinite(bound), bound, np.nan) for bound in (low, high)))


def _scaled(price: Array) -> Array:
    largest = float(np.abs(price).max(initial=0.0))
    return np.round(price * (LARGEST / largest), PLACES) if largest > 0 else np.zeros(len(price))


def _balances(levels: Levels, lines: Lines, nodes: int) -> tuple[Whole, Whole, Array]:
    """What is bought and what leaves, less what is sold and what comes, at each node; sparse by rows."""
    flow = np.arange(len(lines)) + len(levels.node)
    ends = [lines.start, lines.end, lines.end, lines.start]
    columns = [flow, flow, flow + len(lines), flow + len(lines)]
    ones = np.ones(len(lines))
    row = np.concatenate([levels.node, *ends])
    column = np.concatenate([np.arange(len(levels.node)), *columns])
    value = np.concatenate([levels.side.astype(np.float64), ones, -ones, ones, -ones])
    order = np.argsort(row, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=nodes))])
    return starts.astype(np.int64), column[order], value[order]


def _whole(x: Array, levels: int, lines: Lines) -> tuple[Whole, Whole]:
    nearest = np.rint(x)
    if np.abs(x - nearest).max(initial=0.0) > 1e-4:
        raise SolverError("zonal: the solver stopped between corners; expected whole watt-hours")
    whole = nearest.astype(np.int64)
    return whole[:levels], whole[levels : levels + len(lines)] - whole[levels + len(lines) :]


def _interval(
    levels: Levels, price: Array, lines: Lines, filled: Whole, flows: Whole, nodes: int
) -> tuple[Array, Array]:
    """The lowest and the highest prices at which nobody regrets; infinite where nothing bounds them.

    A price is at least every limit that would otherwise buy more or sell less, and at most every limit that
    would otherwise buy less or sell more; a line with room brings the price at its end down to that at its start.
    """
    low, high = np.full(nodes, -np.inf), np.full(nodes, np.inf)
    buys = levels.side == BUY
    some, room = filled > 0, filled < levels.quantity
    below, above = np.where(buys, room, some), np.where(buys, some, room)
    np.maximum.at(low, levels.node[below], price[below])
    np.minimum.at(high, levels.node[above], price[above])
    there, back = flows < lines.there, flows > -lines.back
    dear = np.concatenate([lines.start[there], lines.end[back]])
    cheap = np.concatenate([lines.end[there], lines.start[back]])
    for _ in range(nodes):
        np.maximum.at(low, dear, low[cheap])
        np.minimum.at(high, cheap, high[dear])
    return low, high


def _forced(levels: Levels, price: Array, lines: Lines, at: Array) -> tuple[Array, Array]:
    """Bounds of each column: what any best trades do at these prices."""
    gain = levels.side * (price - at[levels.node])
    gain = np.where(price == at[levels.node], 0.0, gain)
    ends, starts = at[lines.end], at[lines.start]
    least = [np.where(gain > 0, levels.quantity, 0)]
    most = [np.where(gain < 0, 0, levels.quantity)]
    for limit, up, down in (
        (lines.there, ends > starts, ends < starts),
        (lines.back, starts > ends, starts < ends),
    ):
        least.append(np.where(up, limit, 0))
        most.append(np.where(down, 0, limit))
    return np.concatenate(least).astype(np.float64), np.concatenate(most).astype(np.float64)
