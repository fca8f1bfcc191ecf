"""VCG: printed books, and payments against clearing the market once more without each agent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt import claims
from evenwatt.core.errors import ProblemError
from evenwatt.markets.auctions.vcg import Vcg
from evenwatt.markets.clear import clear
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Terms
from evenwatt.markets.orders import Orders

BOOK_C = Orders(
    range(7), ["buy"] * 4 + ["sell"] * 3, [70, 60, 60, 45, 20, 40, 80], [300, 200, 100, 400, 250, 200, 300]
)


def lots(bids: list[float], asks: list[float]) -> Clearing:
    side = ["buy"] * len(bids) + ["sell"] * len(asks)
    return clear(Orders(range(len(side)), side, [*bids, *asks], [1] * len(side)), "vcg")


def test_book_a() -> None:
    answer = lots([74, 66, 58, 49, 41], [33, 40, 52, 57, 63])
    assert answer.payments.tolist() == [52, 52, 52, 0, 0, -57, -57, -57, 0, 0]
    assert (answer.budget[0], answer.welfare[0]) == (-15, 73.0)


def test_book_b() -> None:
    answer = lots([74, 66, 58, 30], [33, 40, 52, 95])
    assert answer.payments.tolist() == [52, 52, 52, 0, -58, -58, -58, 0]
    assert answer.budget[0] == -18


def test_book_c_in_many_units() -> None:
    answer = clear(BOOK_C, "vcg")
    assert answer.fills.tolist() == [300, 100, 50, 0, 250, 200, 0]
    assert answer.payments.tolist() == [15_750, 5_250, 3_000, 0, -16_000, -12_500, 0]
    assert answer.budget[0] == -4_500


def test_a_tie_is_shared_by_the_rule_passed_in() -> None:
    """The two bids at 60 want 200 and 100 of 150 Wh; equal awards give each 75, and nobody gains by the rule."""
    answer = clear(BOOK_C, "vcg", ration=claims.rule("cea").function)
    assert answer.fills.tolist() == [300, 75, 75, 0, 250, 200, 0]
    gained = np.array([70, 60, 60]) * answer.fills[:3] - answer.payments[:3]
    assert gained.tolist() == [5_250, 750, 0]


def test_prices_bound_those_of_a_call_auction() -> None:
    answer = lots([74, 66, 58, 49, 41], [33, 40, 52, 57, 63])
    assert np.isnan(answer.price[0])
    assert (answer.low[0], answer.high[0]) == (52.0, 57.0)


def test_the_funder_is_named() -> None:
    assert clear(BOOK_C, Vcg(funder="the network")).notes == (
        "the network funds a deficit of 4500 micro-units",
    )


def test_an_agent_is_all_its_orders() -> None:
    """One buyer in two orders pays what it would in one, and less than two strangers do."""
    whole = clear(Orders([1, 2, 9, 3], ["buy", "buy", "buy", "sell"], [60, 50, 40, 10], [2, 1, 2, 3]), "vcg")
    split = clear(
        Orders([1, 1, 2, 9, 3], ["buy"] * 4 + ["sell"], [60, 60, 50, 40, 10], [1, 1, 1, 2, 3]), "vcg"
    )
    assert whole.payments[0] == split.payments[:2].sum() == 80
    own = clear(Orders([1, 1, 2], ["buy", "buy", "sell"], [60, 50, 10], [1, 1, 1]), "vcg")
    assert own.payments.tolist() == [10, 0, -60]


def test_demand_that_takes_any_price_is_refused() -> None:
    with pytest.raises(ProblemError, match="use merit-order"):
        clear(BOOK_C, "vcg", demand_wh=100)


def most_worth(orders: list[tuple[int, int, int, int]]) -> int:
    """The largest worth of (agent, side, price, quantity), Wh by Wh."""
    bids = sorted((p for _, side, p, q in orders if side > 0 for _ in range(q)), reverse=True)
    asks = sorted(p for _, side, p, q in orders if side < 0 for _ in range(q))
    return sum(max(bid - ask, 0) for bid, ask in zip(bids, asks, strict=False))


order = st.tuples(st.integers(0, 5), st.sampled_from([1, -1]), st.integers(-6, 12), st.integers(1, 5))


@given(st.lists(order, min_size=1, max_size=9))
def test_each_agent_keeps_what_it_adds(rows: list[tuple[int, int, int, int]]) -> None:
    """The definition: the market cleared once with everybody and once without each agent."""
    agent, side, price, quantity = (np.array(column) for column in zip(*rows, strict=True))
    answer = Vcg().clear(Orders(agent, side, price, quantity), Terms())
    worth = most_worth(rows)
    assert answer.welfare[0] == worth
    gained = side * price * answer.fills - answer.payments
    for one in set(agent.tolist()):
        added = worth - most_worth([row for row in rows if row[0] != one])
        assert gained[agent == one].sum() == added


@given(st.lists(order, min_size=1, max_size=9))
def test_nobody_loses_and_the_deficit_is_the_funders(rows: list[tuple[int, int, int, int]]) -> None:
    agent, side, price, quantity = (np.array(column) for column in zip(*rows, strict=True))
    answer = Vcg().clear(Orders(agent, side, price / 7, quantity), Terms())
    assert answer.budget[0] <= 0
    assert (answer.payments <= side * price / 7 * answer.fills + 1).all()
    assert (answer.payments[answer.fills == 0] == 0).all()


def test_a_thousand_agents_pay_what_bisection_and_definition_agree_on() -> None:
    """The first buyer and the first seller of a large book, by clearing it without them."""
    rng = np.random.default_rng(5)
    side = np.repeat([1, -1], 500)
    price = np.where(side > 0, rng.integers(30, 100, 1000), rng.integers(10, 80, 1000))
    quantity = rng.integers(1, 9, 1000)
    answer = clear(Orders(np.arange(1000), side, price, quantity), "vcg")
    rows = list(zip(range(1000), side.tolist(), price.tolist(), quantity.tolist(), strict=True))
    worth = most_worth(rows)
    for one in np.flatnonzero(answer.fills)[[0, 1, -2, -1]]:
        added = worth - most_worth(rows[:one] + rows[one + 1 :])
        assert side[one] * price[one] * answer.fills[one] - answer.payments[one] == added
