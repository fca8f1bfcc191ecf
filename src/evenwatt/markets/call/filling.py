"""From a crossing to a clearing: fills, and whole payments of which both sides have the same sum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ConservationError, told
from evenwatt.engine.threads import share_rows
from evenwatt.markets.call.crossing import Crossing, crossing
from evenwatt.markets.call.margin import Margin, margin
from evenwatt.markets.call.rows import Rows
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Terms

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def cleared(rows: Rows, terms: Terms, markets: Whole, *, own_prices: bool = False) -> Clearing:
    """Fills and payments of all markets, as rows.

    Parameters
    ----------
    rows : Rows
        The orders.
    terms : Terms
        Split, ration and guesses.
    markets : (T, 2)
        Periods and nodes, for messages.
    own_prices : bool
        Whether everybody pays and gets the price they named, not one price.

    Raises
    ------
    ProblemError
        If ``ration`` is no claims rule.
    ConservationError
        If a market would buy what nobody sells.
    """
    found = crossing(rows, terms.split, terms.near)
    fills, welfare = _fills(rows, found, margin(rows, found, terms.ration, markets), markets)
    payments, budget = _payments(rows, found, fills, own_prices=own_prices)
    nothing = np.zeros(len(rows), dtype=np.int64)
    return Clearing(
        price=np.full(len(rows), np.nan) if own_prices else found.price,
        low=found.low, high=found.high, fills=fills, payments=payments, budget=budget, status=found.status,
        welfare=welfare, volume=found.volume, unserved=nothing, demand_payment=nothing,
    )  # fmt: skip


def _fills(rows: Rows, found: Crossing, ties: Margin, markets: Whole) -> tuple[Whole, Array]:
    from evenwatt.markets.call import _filling_kernels as kernels

    fills = np.empty(len(rows.price), dtype=np.int64)
    bought, sold = np.empty(len(rows), dtype=np.int64), np.empty(len(rows), dtype=np.int64)
    welfare = np.empty(len(rows))

    def work(begin: int, finish: int) -> None:
        kernels.fill_rows(
            rows.price, rows.quantity, rows.side, rows.shared, rows.edges, found.cuts,
            ties.starts, ties.places, ties.awards, fills, bought, sold, welfare, begin, finish,
        )  # fmt: skip

    share_rows(len(rows), work, least=rows.least)
    odd = np.flatnonzero((bought != found.volume) | (sold != found.volume))
    if len(odd):
        faults = [
            f"market (period {markets[t, 0]}, node {markets[t, 1]}): buys {bought[t]} Wh, sells {sold[t]} Wh"
            for t in odd
        ]
        raise ConservationError(told("an auction created energy", faults))
    return fills, welfare


def _payments(rows: Rows, found: Crossing, fills: Whole, *, own_prices: bool) -> tuple[Whole, Whole]:
    from evenwatt.markets.call import _paying_kernels as kernels

    payments, budget = np.empty(len(rows.price), dtype=np.int64), np.empty(len(rows), dtype=np.int64)

    def work(begin: int, finish: int) -> None:
        kernels.pay_rows(
            rows.price, rows.side, rows.shared, rows.agent, rows.one_agent, rows.edges, rows.salts,
            found.volume, found.price, own_prices, fills, payments, budget, begin, finish,
        )  # fmt: skip

    share_rows(len(rows), work, least=rows.least)
    return payments, budget
