"""Every mechanism keeps the promises written beside its name, on books nobody chose, and breaks the others."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.audit.auctions import PROPERTIES, check_property, counterexample
from evenwatt.audit.auctions.counterexamples import stored
from evenwatt.audit.auctions.outcome import held
from evenwatt.audit.auctions.random_books import Taken, posed, taken
from evenwatt.core.errors import InputError
from evenwatt.core.rule import Rule
from evenwatt.markets import mechanism as markets
from evenwatt.markets.auctions.bilateral import Bilateral, Preferences
from evenwatt.markets.auctions.mid_market import MidMarket
from evenwatt.markets.auctions.muda import Muda
from evenwatt.markets.auctions.order_book import OrderBook
from evenwatt.markets.auctions.zonal import Zonal
from evenwatt.markets.clear import found, mechanisms
from evenwatt.markets.clearing import Clearing
from evenwatt.markets.mechanism import Mechanism, Terms
from evenwatt.markets.orders import BUY, SELL, Orders

MECHANISMS = mechanisms()
PROMISES = [(rule, name) for rule in MECHANISMS.values() for name in sorted(rule.satisfies)]
ABSENT = [(rule, name) for rule in MECHANISMS.values() for name in PROPERTIES if name not in rule.satisfies]

# Options change no promise; some add one.
LINES = Zonal(lines=[(0, 1, 60), (1, 2, 100), (0, 2, 40)])
THROUGH = Zonal(lines=[(0, 7, 50), (7, 1, 80), (1, 2, 0), (2, 0, 10**12)])
TARIFFS = MidMarket(feed_in_per_mwh=20.0, retail_per_mwh=70.0)
LIKED = Bilateral(preference=Preferences(range(50), range(50), np.arange(2500).reshape(50, 50) % 6))
OTHERS = [
    ("zonal, three nodes", LINES, "zonal", ()),
    ("zonal, through a fourth", THROUGH, "zonal", ()),
    ("mid-market, tariffs given", TARIFFS, "mid-market", ()),
    ("bilateral, preferences", LIKED, "bilateral", ()),
    ("order-book, arrival given", OrderBook(arrival="given"), "order-book", ()),
    ("muda, lottery", Muda(displaced="lottery"), "muda", ("budget-balanced",)),
]
OTHER_PROMISES = [
    (title, made, name)
    for title, made, of, more in OTHERS
    for name in sorted({*MECHANISMS[of].satisfies, *more})
]
SLOW = {"truthful-price", "truthful-quantity"}


def named(pairs: list[tuple[Rule, str]]) -> list[str]:
    return [f"{rule.name}-{name}" for rule, name in pairs]


@cache
def takes(name: str) -> Taken:
    return taken(found(name))


def one(*orders: tuple[int, int, float, int]) -> Orders:
    agent, side, price, quantity = zip(*orders, strict=True) if orders else ((),) * 4
    return Orders(agent, np.array(side, dtype=np.int8), price, quantity)


# Ends that are easily forgotten; quantities are one lot so that every mechanism may be asked.
EDGES = {
    "nobody": one(),
    "rows of nothing": one((1, BUY, np.nan, 0), (2, SELL, 3.0, 0)),
    "one bid": one((1, BUY, 50.0, 10)),
    "one ask": one((1, SELL, 50.0, 10)),
    "one pair": one((1, BUY, 50.0, 10), (2, SELL, 20.0, 10)),
    "no cross": one((1, BUY, 20.0, 10), (2, SELL, 50.0, 10)),
    "all the same": one(*((k, BUY if k % 2 else SELL, 40.0, 10) for k in range(9))),
    "all nothing": one(*((k, BUY if k % 2 else SELL, 0.0, 10) for k in range(6))),
    "below nothing": one((1, BUY, -5.0, 10), (2, BUY, -9.0, 10), (3, SELL, -20.0, 10), (4, SELL, -7.0, 10)),
    "a watt-hour": one((1, BUY, 10.3, 1), (2, BUY, 10.2, 1), (3, SELL, 10.1, 1), (4, SELL, 10.25, 1)),
}


def test_every_promise_has_a_measure() -> None:
    assert PROPERTIES.keys() == markets.PROPERTIES.keys()


def test_every_mechanism_is_enrolled() -> None:
    expected = (
        "uniform-price pay-as-bid merit-order mcafee trade-reduction vcg huang muda sbba mid-market bilateral "
        "order-book zonal"
    )
    assert sorted(MECHANISMS) == sorted(expected.split())


@pytest.mark.parametrize(("rule", "name"), PROMISES, ids=named(PROMISES))
def test_mechanism_keeps_promise(rule: Rule, name: str) -> None:
    assert check_property(rule.name, name, trials=8 if name in SLOW else 30, rng=5) is None


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "name"), PROMISES, ids=named(PROMISES))
def test_mechanism_keeps_promise_on_many_books(rule: Rule, name: str) -> None:
    assert check_property(rule.name, name, trials=100 if name in SLOW else 600, rng=6) is None


@pytest.mark.parametrize(
    ("title", "made", "name"), OTHER_PROMISES, ids=[f"{t}-{n}" for t, _, n in OTHER_PROMISES]
)
def test_mechanism_with_options_keeps_promise(title: str, made: Mechanism, name: str) -> None:
    assert check_property(made, name, trials=8 if name in SLOW else 20, rng=7, nodes=3) is None


@pytest.mark.parametrize(("rule", "name"), PROMISES, ids=named(PROMISES))
def test_mechanism_keeps_promise_at_the_edges(rule: Rule, name: str) -> None:
    made = found(rule.name)
    bids, demand = takes(rule.name).forms[0]
    for title, book in EDGES.items():
        orders = book if bids else one(*_asks(book))
        terms = Terms(demand=np.full(len(orders.markets), 15) if demand else None)
        assert PROPERTIES[name](made, orders, terms=terms) == 0.0, title


def _asks(book: Orders) -> list[tuple[int, int, float, int]]:
    rows = np.flatnonzero(book.side == SELL)
    return [(int(book.agent[r]), SELL, float(book.price[r]), int(book.quantity[r])) for r in rows]


@st.composite
def books(draw: st.DrawFn, kinds: tuple[str, ...], *, bids: bool) -> Orders:
    """Books in small whole numbers, shrunk by hypothesis to the smallest that fails."""
    n = draw(st.integers(0, 7))
    sides = st.sampled_from([BUY, SELL] if bids else [SELL])
    lot = draw(st.integers(1, 30))
    size = st.just(lot) if "single" not in kinds else st.integers(0, 40)
    return one(*((k, draw(sides), float(draw(st.integers(-5, 9))), draw(size)) for k in range(n)))


@pytest.mark.parametrize("name", MECHANISMS)
@settings(max_examples=15)
@given(data=st.data())
def test_mechanism_keeps_all_promises_on_small_books(name: str, data: st.DataObject) -> None:
    made, (bids, demand) = found(name), takes(name).forms[0]
    orders = data.draw(books(takes(name).kinds, bids=bids))
    wanted = np.full(len(orders.markets), data.draw(st.integers(0, 60))) if demand else None
    terms = Terms(demand=wanted, seed=data.draw(st.integers(0, 3)))
    for promise in MECHANISMS[name].satisfies:
        assert PROPERTIES[promise](made, orders, terms=terms) == 0.0, promise


@pytest.mark.parametrize(("rule", "name"), ABSENT, ids=named(ABSENT))
def test_what_is_not_promised_is_broken(rule: Rule, name: str) -> None:
    breach = counterexample(rule.name, name)
    assert breach is not None, (
        "promise it, or find a counterexample: python -m evenwatt.audit.auctions --renew"
    )
    assert breach.gap_of(rule.name) == pytest.approx(breach.gap, abs=1e-3)
    assert breach.gap >= 10


def test_no_counterexample_is_stored_for_a_promise() -> None:
    kept = {(mechanism, name) for mechanism, properties in stored().items() for name in properties}
    assert kept == {(rule.name, name) for rule, name in ABSENT}


@pytest.mark.parametrize("name", MECHANISMS)
def test_coins_fall_by_agent_and_period_alone(name: str) -> None:
    """Misreports are tried side by side at other nodes, which would change nothing for the market itself."""
    made, rng = found(name), np.random.default_rng(8)
    for _ in range(15):
        outcome = posed(made, rng, takes(name))
        orders, demand = outcome.orders, outcome.terms.demand
        if not len(orders):
            continue
        twice = Orders(
            *(np.tile(column, 2) for column in (orders.agent, orders.side, orders.price, orders.quantity)),
            period=np.tile(orders.period, 2), node=np.repeat([3, 8], len(orders)),
        )  # fmt: skip
        both = made.clear(
            twice, replace(outcome.terms, demand=None if demand is None else np.tile(demand, 2))
        )
        assert (both.fills.reshape(2, -1) == outcome.clearing.fills).all()
        assert (both.payments.reshape(2, -1) == outcome.clearing.payments).all()


@pytest.mark.parametrize("name", MECHANISMS)
def test_the_order_of_rows_decides_nothing(name: str) -> None:
    """One order an agent: ties go by chance, and chance by agent."""
    made, rng, traded = found(name), np.random.default_rng(9), 0
    alone = replace(
        takes(name), kinds=tuple(kind for kind in takes(name).kinds if kind in ("lots", "single"))
    )
    for _ in range(25):
        outcome = posed(made, rng, alone)
        orders = outcome.orders
        turn = rng.permutation(len(orders))
        turned = Orders(
            orders.agent[turn], orders.side[turn], orders.price[turn], orders.quantity[turn],
            node=orders.node[turn], period=orders.period[turn],
        )  # fmt: skip
        again = held(made, turned, outcome.terms).clearing
        assert (again.fills == outcome.clearing.fills[turn]).all()
        assert (again.payments == outcome.clearing.payments[turn]).all()
        traded += int(outcome.clearing.fills.sum())
    assert traded > 0


class Overcharge:
    """A call auction at one more per MWh than the best bid."""

    def clear(self, orders: Orders, terms: Terms) -> Clearing:
        cleared = found("uniform-price").clear(orders, terms)
        dear = np.nanmax(orders.price, initial=0.0) + 1
        return replace(cleared, payments=np.rint(orders.side * dear * cleared.fills).astype(np.int64))


def test_who_pays_more_than_bid_is_seen() -> None:
    """Every mechanism is rational, so only one made for it shows that the measure can fail."""
    orders = one((1, BUY, 60.0, 100), (2, SELL, 20.0, 100))
    assert PROPERTIES["rational"](Overcharge(), orders) == 100.0 - 1.0
    assert check_property(Overcharge(), "rational") is not None


def test_given_tariffs_leave_nothing_to_gain_by_a_price() -> None:
    """With one order an agent; with several, a bid below the tariffs' mean would enlarge its claim."""
    rng, alone = np.random.default_rng(4), replace(taken(TARIFFS), kinds=("lots", "single"))
    outcomes = [posed(TARIFFS, rng, alone) for _ in range(40)]
    assert sum(int(outcome.clearing.volume.sum()) for outcome in outcomes) > 0
    for outcome in outcomes:
        assert PROPERTIES["truthful-price"](TARIFFS, outcome.orders, terms=outcome.terms) == 0.0


def test_unknown_property_names_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'rational'"):
        check_property("uniform-price", "rationale")
