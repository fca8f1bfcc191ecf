"""MUDA: the printed halves, coins that nobody's report can move, and what large markets lose."""

import numpy as np
import pytest

from evenwatt.core.chance import Keyed
from evenwatt.core.errors import ProblemError, RuleError
from evenwatt.markets.auctions.muda import Muda, in_halves
from evenwatt.markets.clear import clear
from evenwatt.markets.mechanism import Book, Terms, Trade, books
from evenwatt.markets.orders import Orders

# The note's two halves; the first half is where agent numbers are even.
BIDS = {0: 80.0, 2: 55.0, 1: 76.0, 3: 60.0}
ASKS = {10: 30.0, 12: 62.0, 11: 25.0, 13: 48.0}


def printed() -> Book:
    agents = [*BIDS, *ASKS]
    side = ["buy"] * len(BIDS) + ["sell"] * len(ASKS)
    orders = Orders(agents, side, [*BIDS.values(), *ASKS.values()], [1] * len(agents))
    return next(books(orders, Terms()))


def halves(displaced: str, seed: int = 0) -> tuple[Book, Trade]:
    book = printed()
    return book, in_halves(
        book, book.bids.agent % 2 == 0, book.asks.agent % 2 == 0, displaced, Keyed(seed, "muda")
    )


def test_winners_pay_those_they_keep_out() -> None:
    """54 for the first half: 80 pays 54 and the 1 that 55 would gain; 58.5 for the second, where both trade."""
    book, trade = halves("vickrey")
    paid = dict(zip(book.bids.agent.tolist(), trade.paid.tolist(), strict=True))
    earned = dict(zip(book.asks.agent.tolist(), trade.earned.tolist(), strict=True))
    assert (paid[0], paid[2], earned[10], earned[12]) == (55, 0, 54, 0)
    # Twice 58.5 is 117 on both sides.
    assert paid[1] + paid[3] == earned[11] + earned[13] == 117
    assert (trade.low, trade.high) == (54.0, 58.5)
    assert trade.paid.sum() - trade.earned.sum() == 1


def test_worth_is_the_most_there_is() -> None:
    book, trade = halves("vickrey")
    assert book.bids.price @ trade.bought - book.asks.price @ trade.sold == 113.0


def test_the_lottery_draws_either_buyer_at_the_price() -> None:
    worth = set()
    for seed in range(20):
        book, trade = halves("lottery", seed)
        assert trade.paid.sum() == trade.earned.sum()
        worth.add(float(book.bids.price @ trade.bought - book.asks.price @ trade.sold))
    assert worth == {113.0, 88.0}


def test_a_half_without_sellers_prices_nobody() -> None:
    book = printed()
    trade = in_halves(book, book.bids.agent >= 0, book.asks.agent >= 0, "vickrey", Keyed(0, "muda"))
    assert not trade.bought.any()
    assert np.isnan(trade.price)


def test_one_half_that_trades_at_one_price_names_it() -> None:
    """The first half's 54 suits two of the second; its own 39 suits no seller of the first."""
    orders = Orders(range(5), ["buy", "sell", "buy", "sell", "sell"], [60, 48, 90, 20, 58], [5] * 5)
    book = next(books(orders, Terms()))
    first = [np.isin(side.agent, [0, 1]) for side in (book.bids, book.asks)]
    trade = in_halves(book, first[0], first[1], "vickrey", Keyed(0, "muda"))
    assert trade.bought.tolist() == [5, 0]
    assert (trade.price, trade.low, trade.high) == (54.0, 54.0, 54.0)


def test_coins_depend_on_agent_and_period_alone() -> None:
    """The same agents in other rows, among others, in another node: the same fills and payments."""
    rng = np.random.default_rng(2)
    side = np.repeat([1, -1], 20)
    price, quantity = rng.integers(20, 60, 40).astype(float), rng.integers(1, 9, 40)
    agent, turned = np.arange(40), rng.permutation(40)
    moved = (column[turned] for column in (agent, side, price, quantity))
    here = clear(Orders(agent, side, price, quantity), "muda", rng=4)
    there = clear(Orders(*moved, node=np.full(40, 3)), "muda", rng=4)
    assert here.fills.any()
    assert here.fills[turned].tolist() == there.fills.tolist()
    assert here.payments[turned].tolist() == there.payments.tolist()


def test_another_seed_throws_other_coins() -> None:
    rng = np.random.default_rng(2)
    orders = Orders(np.arange(40), np.repeat([1, -1], 20), rng.integers(20, 60, 40), [1] * 40)
    assert len({tuple(clear(orders, "muda", rng=seed).fills.tolist()) for seed in range(5)}) > 1


def test_large_markets_lose_next_to_nothing() -> None:
    """The mean share of the most worth over ten coins, in markets of 10, 100 and 1,000 agents."""
    rng = np.random.default_rng(0)
    shares = []
    for n in (10, 100, 1000):
        side = np.repeat([1, -1], n // 2)
        orders = Orders(np.arange(n), side, rng.uniform(20, 80, n) + 10 * side, rng.integers(1, 50, n))
        most = clear(orders, "vcg").welfare[0]
        shares.append(np.mean([clear(orders, "muda", rng=seed).welfare[0] / most for seed in range(10)]))
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.98


def test_both_sides_from_one_agent_are_refused() -> None:
    with pytest.raises(ProblemError, match=r"orders 0, 1: agent 7 buys and sells in period 0 at node 0"):
        clear(Orders([7, 7], ["buy", "sell"], [60.0, 50.0], [10, 10]), "muda")


def test_an_unknown_way_to_displace_is_named() -> None:
    with pytest.raises(RuleError, match="displaced 'auction' is not one of vickrey, lottery"):
        Muda(displaced="auction")  # type: ignore[arg-type]
