"""Trade reduction: the printed books, and the bound on what it gives up."""

import numpy as np
import pytest

from evenwatt.markets.clear import clear
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.orders import Orders


def cleared(bids: list[float], asks: list[float], lot: int = 1) -> Clearing:
    side = ["buy"] * len(bids) + ["sell"] * len(asks)
    return clear(Orders(range(len(side)), side, [*bids, *asks], [lot] * len(side)), "trade-reduction")


@pytest.mark.parametrize(
    ("bids", "asks"),
    [([74, 66, 58, 49, 41], [33, 40, 52, 57, 63]), ([74, 66, 58, 30], [33, 40, 52, 95])],
    ids=["book A", "book B"],
)
def test_the_last_pair_stays_out_and_sets_the_prices(bids: list[float], asks: list[float]) -> None:
    answer = cleared(bids, asks)
    assert (answer.volume[0], answer.low[0], answer.high[0]) == (2, 52.0, 58.0)
    assert (answer.budget[0], answer.welfare[0]) == (12, 67.0)
    assert np.isnan(answer.price[0])


def test_equal_prices_of_the_last_pair_leave_nothing_over() -> None:
    answer = cleared([60, 50], [40, 50])
    assert (answer.price[0], answer.volume[0], answer.budget[0]) == (50.0, 1, 0)


def test_equal_prices_are_not_one_order() -> None:
    """Four that tie at 50 are two trades, of which one is given up."""
    answer = cleared([50, 50], [50, 50], lot=100)
    assert (answer.volume[0], answer.price[0]) == (100, 50.0)


def test_ties_fall_by_agent_and_not_by_place() -> None:
    """Reversing the rows reverses the fills, and nothing else."""
    agent, side = np.arange(8), np.repeat([1, -1], 4)
    price, lot = np.repeat([50.0, 50.0], 4), np.ones(8, dtype=int)
    here = clear(Orders(agent, side, price, lot), "trade-reduction")
    there = clear(Orders(agent[::-1], side[::-1], price, lot), "trade-reduction")
    assert here.fills.sum() == 6
    assert here.fills.tolist() == there.fills[::-1].tolist()
