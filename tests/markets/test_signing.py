"""Buyers get the sellers they like best, as far as these have energy and agree on a price."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt import claims
from evenwatt.core.errors import ProblemError
from evenwatt.markets.contracts import sign_bilaterally

NAN = float("nan")


def told(deals):
    return [
        *zip(
            deals.buyer.tolist(), deals.seller.tolist(), deals.wh.tolist(), deals.price.tolist(), strict=True
        )
    ]


def test_the_cheapest_seller_comes_first():
    assert told(sign_bilaterally([500], [80.0], [400, 400], [60.0, 50.0])) == [
        (0, 0, 100, 70.0),
        (0, 1, 400, 65.0),
    ]


def test_a_preferred_seller_comes_before_a_cheaper_one():
    assert told(sign_bilaterally([300], [80.0], [400, 400], [60.0, 50.0], preferred=[[0, -1]])) == [
        (0, 0, 300, 70.0)
    ]


def test_green_energy_may_cost_more():
    green = {"renewable": [True, False], "split": 0.0}
    assert (
        told(sign_bilaterally([300], [80.0], [400, 400], [60.0, 50.0], green_per_mwh=11.0, **green))[0][1]
        == 0
    )
    assert (
        told(sign_bilaterally([300], [80.0], [400, 400], [60.0, 50.0], green_per_mwh=9.0, **green))[0][1] == 1
    )


def test_a_seller_in_demand_rations_by_the_rule_passed_in():
    shares = [d[2] for d in told(sign_bilaterally([100, 300], [80.0, 80.0], [200], [50.0]))]
    assert shares == [50, 150]
    equal = sign_bilaterally([100, 300], [80.0, 80.0], [200], [50.0], ration=claims.rule("cea"))
    assert equal.wh.tolist() == [100, 100]


def test_who_is_rationed_turns_to_the_next():
    deals = sign_bilaterally([200, 200], [80.0, 80.0], [200, 500], [50.0, 60.0])
    assert told(deals) == [(0, 0, 100, 65.0), (0, 1, 100, 70.0), (1, 0, 100, 65.0), (1, 1, 100, 70.0)]


@pytest.mark.parametrize(
    "market",
    [
        ([], [], [], []),
        ([100], [80.0], [], []),
        ([], [], [100], [50.0]),
        ([100], [40.0], [100], [50.0]),
        ([100], [NAN], [100], [50.0]),
        ([100], [80.0], [100], [NAN]),
        ([0], [80.0], [100], [50.0]),
        ([100], [80.0], [0], [50.0]),
    ],
)
def test_where_nobody_agrees_nothing_is_signed(market):
    assert len(sign_bilaterally(*market)) == 0


def test_a_contract_too_short_is_not_accepted():
    assert len(sign_bilaterally([100], [80.0], [100], [50.0], steps=95, least_steps=[96])) == 0
    assert len(sign_bilaterally([100], [80.0], [100], [50.0], steps=96, least_steps=[96])) == 1


def test_bad_quantities_are_named_together():
    with pytest.raises(ProblemError) as raised:
        sign_bilaterally([1.5], [80.0], [-3], [50.0], split=2.0)
    for fault in ("wanted_wh 0: 1.5", "free_wh 0: -3", "split 2.0"):
        assert fault in str(raised.value)


@st.composite
def markets(draw):
    buyers, sellers = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    wh, price = st.integers(0, 500), st.integers(-20, 100).map(float)
    row = lambda values, n: np.array(draw(st.lists(values, min_size=n, max_size=n)))  # noqa: E731
    preferred = row(st.lists(st.integers(-1, sellers - 1), min_size=3, max_size=3), buyers)
    return row(wh, buyers), row(price, buyers), row(wh, sellers), row(price, sellers), preferred


@given(market=markets())
def test_whatever_is_signed_is_wanted_free_and_pleases_both(market):
    wanted, most, free, ask, preferred = market
    deals = sign_bilaterally(wanted, most, free, ask, preferred=preferred)
    assert (np.bincount(deals.buyer, deals.wh, len(wanted)) <= wanted).all()
    assert (np.bincount(deals.seller, deals.wh, len(free)) <= free).all()
    assert (deals.wh > 0).all()
    assert ((ask[deals.seller] <= deals.price) & (deals.price <= most[deals.buyer])).all()
    left = wanted - np.bincount(deals.buyer, deals.wh, len(wanted))
    still = free - np.bincount(deals.seller, deals.wh, len(free))
    assert not ((left[:, None] > 0) & (still > 0) & (ask <= most[:, None])).any()


@given(market=markets(), order=st.randoms(use_true_random=False))
def test_the_order_of_agents_changes_nothing_but_itself(market, order):
    wanted, most, free, ask, preferred = market
    rows, columns = [*range(len(wanted))], [*range(len(free))]
    order.shuffle(rows)
    order.shuffle(columns)
    place = np.argsort(np.r_[columns, -1])[1:]  # where each seller went
    named = np.where(preferred >= 0, place[preferred], -1)[rows]
    ties = {"buyer_tie": np.array(rows), "seller_tie": np.array(columns)}
    first = sign_bilaterally(wanted, most, free, ask, preferred=preferred)
    other = sign_bilaterally(wanted[rows], most[rows], free[columns], ask[columns], preferred=named, **ties)
    back = sorted((rows[b], columns[s], wh, price) for b, s, wh, price in told(other))
    assert back == told(first)
