"""Zonal prices: a textbook's two countries, loops, and the call auction where no line is full."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.audit.auctions.random_books import book
from evenwatt.core.errors import ProblemError
from evenwatt.markets.auctions.zonal import Line, Zonal
from evenwatt.markets.clear import clear
from evenwatt.markets.mechanism import Terms, proportional
from evenwatt.markets.orders import Orders

ENOUGH = 10**12


def countries(capacity: int) -> tuple[Orders, Zonal]:
    """Kirschen & Strbac 2004, Fundamentals of Power System Economics, doi:10.1002/0470020598, section 6.3.1.

    Borduria supplies P at 10 + 0.01 P $/MWh and needs 500 MW, Syldavia at 13 + 0.02 P and 1500 MW; a step a MW,
    which is a Wh here.
    """
    step = np.arange(1, 2001)
    price = np.concatenate([10 + 0.01 * step, 13 + 0.02 * step, [1000.0, 1000.0]])
    quantity = np.concatenate([np.ones(4000), [500, 1500]])
    side = np.where(np.arange(4002) < 4000, -1, 1)
    node = np.concatenate([np.zeros(2000), np.ones(2000), [0, 1]])
    return Orders(np.arange(4002), side, price, quantity, node=node), Zonal(lines=[(0, 1, capacity)])


def test_two_countries_that_trade_freely_have_one_price() -> None:
    orders, zonal = countries(ENOUGH)
    cleared, flows = zonal.with_flows(orders, Terms(split=0.0))
    assert cleared.price[0] == cleared.price[1] == pytest.approx(24.33, abs=0.02)  # a step is 0.02
    assert (cleared.fills[:2000].sum(), cleared.fills[2000:4000].sum(), flows[0, 0]) == (1433, 567, 933)
    assert cleared.budget.sum() == 0


def test_a_full_line_parts_the_prices_as_printed() -> None:
    orders, zonal = countries(400)
    cleared, flows = zonal.with_flows(orders, Terms(split=0.0))
    assert cleared.price == pytest.approx([19.0, 35.0])
    assert (cleared.fills[:2000].sum(), cleared.fills[2000:4000].sum(), flows[0, 0]) == (900, 1100, 400)
    assert cleared.budget.sum() == 400 * (35 - 19)


def test_a_loop_carries_energy_both_ways_round() -> None:
    """By hand: 150 Wh from node 0 to node 2, 100 straight and 50 through node 1; the rest at node 2's own ask."""
    orders = Orders([1, 2, 3], ["sell", "sell", "buy"], [10.0, 40.0, 90.0], [500, 500, 200], node=[0, 2, 2])
    zonal = Zonal(lines=[Line(0, 2, 100), Line(0, 1, 80), Line(1, 2, 50)])
    cleared, flows = zonal.with_flows(orders, Terms())
    assert cleared.fills.tolist() == [150, 50, 200]
    assert flows.tolist() == [[100, 50, 50]]
    assert cleared.price.tolist() == [10.0, 40.0]
    assert cleared.budget.tolist() == [-1500, 6000]


def test_energy_never_runs_in_circles() -> None:
    orders = Orders([1, 2], ["sell", "buy"], [10.0, 90.0], [50, 50], node=[0, 1])
    zonal = Zonal(lines=[(0, 1, 70), (1, 2, 70), (2, 0, 70)])
    assert zonal.with_flows(orders, Terms())[1].tolist() == [[50, 0, 0]]


def test_a_line_may_carry_less_one_way() -> None:
    orders = Orders([1, 2], ["sell", "buy"], [10.0, 90.0], [50, 50], node=[1, 0])
    assert clear(orders, Zonal(lines=[Line(0, 1, 70, 20)])).volume.tolist() == [20, 20]
    assert clear(orders, Zonal(lines=[Line(0, 1, 70, 0)])).volume.tolist() == [0, 0]


@pytest.mark.parametrize("seed", range(60))
def test_without_limits_it_is_the_call_auction_of_all_nodes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    orders = book(rng, "single", agents=14, nodes=3)
    split = float(rng.choice([0.0, 0.3, 1.0]))
    zonal = clear(orders, Zonal(lines=[(0, 1, ENOUGH), (2, 1, ENOUGH)]), split=split)
    merged = Orders(orders.agent, orders.side, orders.price, orders.quantity, period=orders.period)
    call = clear(merged, "uniform-price", split=split)
    bought = int(zonal.fills[orders.side == 1].sum())
    assert bought == call.volume.sum()
    assert zonal.welfare.sum() == pytest.approx(call.welfare.sum(), abs=1e-6)
    for price in zonal.price[np.isfinite(zonal.price)]:
        assert price == pytest.approx(call.price[0], abs=1e-9)
    if bought:
        assert zonal.low == pytest.approx(call.low[0])
        assert zonal.high == pytest.approx(call.high[0])


@pytest.mark.parametrize("seed", range(30))
def test_nodes_without_lines_clear_on_their_own(seed: int) -> None:
    orders = book(np.random.default_rng(seed), "single", agents=14, nodes=3)
    zonal, call = clear(orders, "zonal"), clear(orders, "uniform-price")
    assert zonal.volume.tolist() == call.volume.tolist()
    assert zonal.price == pytest.approx(call.price, nan_ok=True)
    assert (zonal.budget == 0).all()


@pytest.mark.parametrize("seed", range(40))
def test_what_flows_balances_every_node_and_fills_no_line_over(seed: int) -> None:
    rng = np.random.default_rng(seed)
    orders = book(rng, "single", agents=16, nodes=3)
    ends, capacity = [(0, 1), (1, 2), (2, 0), (0, 5), (5, 2)], rng.integers(0, 200, 5)
    lines = tuple(Line(*pair, int(most)) for pair, most in zip(ends, capacity, strict=True))
    cleared, flows = Zonal(lines=lines).with_flows(orders, Terms())
    net = np.zeros(6, dtype=np.int64)
    np.add.at(net, orders.node, np.where(orders.side == 1, cleared.fills, -cleared.fills))
    for line, flow in zip(lines, flows.sum(axis=0), strict=True):
        assert -line.back_wh <= flow <= line.capacity_wh
        net[line.from_node] += flow
        net[line.to_node] -= flow
    assert (net == 0).all()
    assert cleared.budget.sum() >= 0


def test_ties_at_a_node_are_shared_by_the_rule_passed_in() -> None:
    orders = Orders([1, 2, 3], ["buy", "buy", "sell"], [60.0, 60.0, 40.0], [100, 300, 200], node=[0, 0, 1])
    zonal = Zonal(lines=[(0, 1, ENOUGH)])
    equal = lambda endowment, claims: np.minimum(claims, endowment / 2)  # noqa: E731
    assert clear(orders, zonal, ration=proportional).fills.tolist() == [50, 150, 200]
    assert clear(orders, zonal, ration=equal).fills.tolist() == [100, 100, 200]


def test_prices_that_differ_in_the_last_bit_are_no_trouble() -> None:
    asks = [0.1 + 0.2, 0.3, np.nextafter(0.3, 0)]
    orders = Orders(range(4), ["sell"] * 3 + ["buy"], [*asks, 3000.0], [10, 10, 10, 15], node=[0, 1, 0, 1])
    cleared = clear(orders, Zonal(lines=[(0, 1, ENOUGH)]), split=0.0)
    assert cleared.fills.sum() == 30
    assert cleared.price == pytest.approx([0.3, 0.3])


def test_dense_books_are_one_node_a_period() -> None:
    dense = Orders.dense([[60.0, 20.0], [10.0, 20.0]], [[100, 80], [100, 80]], ["buy", "sell"])
    cleared = clear(dense, "zonal")
    assert cleared.fills.tolist() == [[80, 80], [0, 0]]
    assert cleared.price[0] == 60.0


def test_bad_lines_are_named_together() -> None:
    with pytest.raises(ProblemError, match=r"line 0: leads from node 1 to itself\n.*line 1: carries -5 Wh"):
        Zonal(lines=[(1, 1, 50), (0, 1, -5)])
