"""What mechanisms refuse is named, all of it at once."""

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.markets.clear import clear
from evenwatt.markets.orders import Orders

WHY = "with a second it moves the price of its first: send one"
UNIT = ("mcafee", "trade-reduction", "sbba")


@pytest.mark.parametrize("name", UNIT)
def test_every_fault_of_lots_is_in_one_message(name: str) -> None:
    orders = Orders(
        [1, 1, 2, 3, 4, 4], ["buy", "buy", "sell", "sell", "sell", "buy"], [9, 8, 5, 6, 4, 3], [10, 10, 10, 30, 10, 10]
    )  # fmt: skip
    with pytest.raises(ProblemError) as refusal:
        clear(orders, name, demand_wh=5)
    assert str(refusal.value) == (
        f"mechanism '{name}': 4 faults\n"
        "  it serves no demand that takes any price, here 5 Wh; use merit-order\n"
        f"  orders 0, 1: agent 1 has 2 orders in period 0 at node 0; {WHY}\n"
        f"  orders 4, 5: agent 4 has 2 orders in period 0 at node 0; {WHY}\n"
        "  order 3: 30 Wh in period 0 at node 0; expected one lot of the same size for everybody, here 10 Wh"
    )


@pytest.mark.parametrize("name", UNIT)
def test_markets_may_have_lots_of_their_own(name: str) -> None:
    agent, side, price = [1, 2, 3, 4] * 2, ["buy", "buy", "sell", "sell"] * 2, [9, 8, 5, 6] * 2
    orders = Orders(agent, side, price, [10] * 4 + [30] * 4, period=[0] * 4 + [1] * 4)
    assert clear(orders, name).volume.tolist() == [10, 30]


@pytest.mark.parametrize("name", UNIT)
def test_rows_of_no_quantity_are_no_second_order(name: str) -> None:
    orders = Orders(
        [1, 1, 2, 3, 4], ["buy", "sell", "buy", "sell", "sell"], [9, np.nan, 8, 5, 6], [10, 0, 10, 10, 10]
    )
    assert clear(orders, name).volume[0] == 10


@pytest.mark.parametrize("name", UNIT)
def test_dense_books_are_looked_at_too(name: str) -> None:
    orders = Orders.dense([[9.0, 8.0, 5.0]] * 2, [[10, 10, 10], [10, 10, 20]], ["buy", "buy", "sell"])
    with pytest.raises(ProblemError, match=r"order 1, 2: 20 Wh in period 1 at node 0; expected one lot"):
        clear(orders, name)


@pytest.mark.parametrize("name", UNIT)
def test_an_agent_may_trade_in_two_markets(name: str) -> None:
    agent, side, price = [1, 2, 3, 4] * 2, ["buy", "buy", "sell", "sell"] * 2, [9, 8, 5, 6] * 2
    orders = Orders(agent, side, price, [10] * 8, node=[0] * 4 + [1] * 4)
    assert clear(orders, name).volume.tolist() == [10, 10]
