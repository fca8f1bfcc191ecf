"""Contracts pay what the table says, once a step, and end when they should."""

import numpy as np
import pytest

from evenwatt import claims
from evenwatt.core.errors import ProblemError
from evenwatt.markets.contracts import Contracts, close_out, deliveries, pledge, release
from evenwatt.markets.ledger import Ledger

SELLER, BUYER, MARKET = 0, 1, 2


def signed(kind, **terms):
    contracts = Contracts()
    held = {"seller": SELLER, "buyer": BUYER, "start": 0, "end": 3} | terms
    contracts.sign(kind, **held)
    return contracts


def paid(contracts, spot, generated, step=0):
    """What the buyer pays the seller, and the seller the market [micro-units]."""
    dues = contracts.settle(step, spot, delivered=generated, market=MARKET)
    net = {BUYER: 0, MARKET: 0}
    for debit, credit, amount in zip(
        dues.debit.tolist(), dues.credit.tolist(), dues.amount.tolist(), strict=True
    ):
        assert SELLER in (debit, credit)
        net[credit if debit == SELLER else debit] += amount if credit == SELLER else -amount
    return net[BUYER], -net[MARKET]


def test_a_power_purchase_pays_for_what_is_produced():
    assert paid(signed("ppa", price=70.0, share=1.0), 95.0, [400]) == (28_000, 0)


def test_a_forward_that_is_short_is_replaced_at_spot():
    assert paid(signed("forward", price=60.0, volume_wh=500), 95.0, [420]) == (30_000, 7_600)


def test_a_forward_with_a_surplus_sells_it_at_spot():
    assert paid(signed("forward", price=60.0, volume_wh=500), 95.0, [520]) == (30_000, -1_900)


def test_a_short_forward_gains_from_prices_below_zero():
    assert paid(signed("forward", price=60.0, volume_wh=500), -10.0, [420]) == (30_000, -800)


def test_a_future_pays_the_difference_in_cash():
    assert paid(signed("future", price=60.0, volume_wh=500), 95.0, [0]) == (-17_500, 0)
    assert paid(signed("future", price=60.0, volume_wh=500), 25.0, [0]) == (17_500, 0)


@pytest.mark.parametrize(
    ("kind", "clause", "expected"),
    [
        ("cfd-two-sided", False, [6_000, -5_000, 24_000]),
        ("cfd-two-sided", True, [6_000, -5_000, 0]),
        ("cfd-one-sided", False, [6_000, 0, 24_000]),
        ("cfd-one-sided", True, [6_000, 0, 0]),
    ],
)
def test_a_contract_for_difference_pays_the_difference(kind, clause, expected):
    contracts = signed(kind, price=70.0, share=1.0, never_below_zero=clause)
    steps = enumerate(zip([55.0, 90.0, -10.0], [400, 250, 300], strict=True))
    assert [paid(contracts, spot, [made], step)[0] for step, (spot, made) in steps] == expected


def test_with_a_two_sided_difference_the_producer_earns_its_strike():
    spots, made = [55.0, 90.0, -10.0], [400, 250, 300]
    contracts = signed("cfd-two-sided", price=70.0, share=1.0)
    support = sum(paid(contracts, s, [g], t)[0] for t, (s, g) in enumerate(zip(spots, made, strict=True)))
    assert support + sum(s * g for s, g in zip(spots, made, strict=True)) == 66_500


def test_an_average_reference_is_paid_at_the_end_and_leaves_a_basis_risk():
    spots, made = [55.0, 90.0, -10.0], [400, 250, 300]
    contracts = signed("cfd-two-sided", price=70.0, share=1.0, reference_steps=3)
    dues = [paid(contracts, s, [g], t)[0] for t, (s, g) in enumerate(zip(spots, made, strict=True))]
    assert dues == [0, 0, (70 - 45) * 950]
    assert sum(s * g for s, g in zip(spots, made, strict=True)) + sum(dues) == 65_250


def test_an_average_over_a_period_cut_short_is_still_paid():
    contracts = signed("cfd-two-sided", price=70.0, share=1.0, reference_steps=2)
    dues = [paid(contracts, s, [100], t)[0] for t, s in enumerate([50.0, 70.0, 40.0])]
    assert dues == [0, 2_000, 3_000]


def test_each_step_is_settled_once():
    contracts = signed("future", price=60.0, volume_wh=500)
    contracts.settle(0, 50.0)
    with pytest.raises(ProblemError, match="contract 0: the next step to settle is 1"):
        contracts.settle(0, 50.0)


def test_no_step_is_left_out():
    contracts = signed("future", price=60.0, volume_wh=500)
    contracts.settle(0, 50.0)
    with pytest.raises(ProblemError, match="contract 0: the next step to settle is 1"):
        contracts.settle(2, 50.0)


def test_what_remains_falls_once_a_step_until_it_is_fulfilled():
    contracts = signed("future", price=60.0, volume_wh=500, start=1, end=4)
    remaining = []
    for step in range(6):
        contracts.settle(step, 50.0)
        remaining.append((int(contracts.remaining[0]), contracts.to_rows()[0]["status"]))
    assert remaining == [
        (3, "running"), (2, "running"), (1, "running"), (0, "fulfilled"), (0, "fulfilled"), (0, "fulfilled"),
    ]  # fmt: skip


def test_a_contract_ends_after_its_notice():
    contracts = signed("future", price=60.0, volume_wh=500, end=10, notice_steps=2)
    contracts.settle(0, 50.0)
    contracts.terminate(0, 1)
    counts = [len(contracts.settle(step, 50.0)) for step in range(1, 5)]
    assert counts == [1, 1, 0, 0]
    assert contracts.to_rows()[0]["status"] == "terminated"


def test_notice_later_than_the_end_changes_nothing():
    contracts = signed("future", price=60.0, volume_wh=500, notice_steps=90)
    contracts.terminate(0, 0)
    for step in range(3):
        contracts.settle(step, 50.0)
    assert contracts.to_rows()[0]["status"] == "fulfilled"


def test_notice_before_the_start_ends_it_unbegun():
    contracts = signed("future", price=60.0, volume_wh=500, start=5, end=9)
    contracts.terminate(0, 1)
    assert contracts.to_rows()[0]["status"] == "terminated"
    assert contracts.to_rows()[0]["end"] == 5


def test_a_contract_that_ends_early_is_worth_its_remaining_steps():
    contracts = signed("forward", price=60.0, volume_wh=500, end=4)
    contracts.settle(0, 70.0, delivered=[500], market=MARKET)
    dues = contracts.default(0, 75.0)
    assert (dues.debit.tolist(), dues.credit.tolist(), dues.amount.tolist()) == ([SELLER], [BUYER], [22_500])
    assert contracts.to_rows()[0]["status"] == "defaulted"
    assert len(contracts.default(0, 75.0)) == 0
    assert len(contracts.due(1)) == 0


def test_where_energy_became_cheaper_the_buyer_owes_the_rest():
    contracts = signed("forward", price=60.0, volume_wh=500)
    dues = contracts.default(0, 50.0)
    assert (dues.debit.tolist(), dues.amount.tolist()) == ([BUYER], [15_000])


def test_a_one_sided_difference_is_never_worth_less_than_nothing_to_its_producer():
    worth = close_out(np.array([4, 4]), np.array([70.0, 70.0]), np.array([90.0, 50.0]), np.array([100, 100]))
    assert worth.tolist() == [0, -2_000]


def test_an_unfinished_reference_period_is_paid_when_a_contract_breaks():
    contracts = signed("cfd-two-sided", price=70.0, share=1.0, reference_steps=3)
    contracts.settle(0, 50.0, delivered=[100])
    dues = contracts.default(0, 70.0)
    assert dues.amount[dues.amount > 0].tolist() == [2_000]


def test_energy_counts_not_contracts():
    """A purchase of half of a plant that stands still has delivered nothing."""
    contracts = signed("ppa", price=70.0, share=0.5)
    contracts.settle(0, 80.0, delivered=deliveries(contracts, 0, [0, 0, 0]))
    row = contracts.to_rows()[0]
    assert (row["contracted_wh"], row["delivered_wh"]) == (0, 0)


def test_a_short_forward_delivers_what_there_was():
    contracts = signed("forward", price=60.0, volume_wh=500)
    contracts.settle(0, 95.0, delivered=[420], market=MARKET)
    row = contracts.to_rows()[0]
    assert (row["contracted_wh"], row["delivered_wh"]) == (500, 420)


def test_forwards_share_what_is_short_by_the_rule_passed_in():
    contracts = signed("forward", price=60.0, buyer=[1, 2], volume_wh=[100, 300])
    rule = claims.rule("cea")
    assert deliveries(contracts, 0, [200, 0, 0]).tolist() == [50, 150]
    assert deliveries(contracts, 0, [200, 0, 0], ration=rule).tolist() == [100, 100]


def test_a_share_is_what_people_mean_by_it():
    contracts = signed("ppa", price=60.0, share=0.29)
    assert deliveries(contracts, 0, [100, 0]).tolist() == [29]


def test_nothing_generated_is_delivered_twice():
    contracts = signed("ppa", price=60.0, buyer=[1, 2], share=[0.3, 0.5])
    contracts.sign("forward", seller=SELLER, buyer=3, start=0, end=3, price=50.0, volume_wh=10**6)
    contracts.sign("cfd-two-sided", seller=SELLER, buyer=4, start=0, end=3, price=50.0, share=1.0)
    given = deliveries(contracts, 0, [1001, 0, 0, 0, 0])
    assert given.tolist() == [300, 500, 201, 1001]
    assert given[:3].sum() == 1001


def test_more_than_all_of_a_generation_cannot_be_sold():
    contracts = signed("ppa", price=60.0, share=0.7)
    with pytest.raises(ProblemError, match=r"seller 0: shares of its generation sum to 1.1"):
        contracts.sign("ppa", seller=SELLER, buyer=2, start=2, end=5, price=60.0, share=0.4)
    contracts.sign("ppa", seller=SELLER, buyer=2, start=3, end=5, price=60.0, share=0.4)
    assert len(contracts) == 2


def test_all_faults_are_named_together():
    with pytest.raises(ProblemError) as raised:
        signed("forward", price=[np.nan, 60.0], volume_wh=[500, -1], seller=[1, 5])
    for fault in ("0: seller and buyer are both 1", "0: price nan", "1: volume_wh -1"):
        assert fault in str(raised.value)


def test_an_unknown_kind_is_named():
    with pytest.raises(ProblemError, match="'option'; expected ppa, forward"):
        signed("option", price=1.0)


def test_no_spot_price_is_refused():
    contracts = signed("future", price=60.0, volume_wh=500)
    with pytest.raises(ProblemError, match="spot price nan"):
        contracts.settle(0, float("nan"))


def test_missing_deliveries_are_refused():
    with pytest.raises(ProblemError, match="deliveries are missing"):
        signed("ppa", price=60.0, share=1.0).settle(0, 50.0)


def test_a_short_forward_needs_a_market():
    with pytest.raises(ProblemError, match="market= says"):
        signed("forward", price=60.0, volume_wh=500).settle(0, 50.0, delivered=[499])


@pytest.mark.parametrize("delivered", [[1, 2], [-1], [0.5]])
def test_bad_deliveries_are_refused_and_nothing_is_settled(delivered):
    contracts = signed("ppa", price=60.0, share=1.0)
    with pytest.raises(ProblemError, match="deliveries: expected 1 whole numbers"):
        contracts.settle(0, 50.0, delivered=delivered)
    assert contracts.remaining.tolist() == [3]


def test_no_contracts_are_ordinary():
    contracts = Contracts()
    assert len(contracts.settle(0, float("nan"))) == 0
    assert contracts.to_rows() == []
    assert deliveries(contracts, 0, [1, 2]).tolist() == []


def test_contracts_go_on_from_their_state():
    contracts = signed("cfd-two-sided", price=70.0, share=1.0, reference_steps=2)
    contracts.settle(0, 50.0, delivered=[100])
    other = Contracts.restored(contracts.state())
    assert paid(other, 60.0, [100], 1) == paid(contracts, 60.0, [100], 1) == (3_000, 0)
    assert other.to_rows() == contracts.to_rows()


def test_collateral_is_held_and_given_back():
    ledger = Ledger(3, opening=1_000)
    contracts = signed("future", price=60.0, volume_wh=500, collateral=300)
    pledge(ledger, contracts, [0])
    assert ledger.cash.tolist() == [700, 700, 1_000]
    for step in range(3):
        contracts.settle(step, 60.0)
        release(ledger, contracts)
    assert ledger.cash.tolist() == [1_000] * 3
    assert ledger.balance[ledger.account("escrow")] == 0


def test_nobody_pledges_more_than_it_has():
    ledger = Ledger(3, opening=[0, 100, 1_000])
    contracts = signed("future", price=60.0, volume_wh=500, seller=[0, 2], collateral=[300, 100])
    pledge(ledger, contracts, [0, 1])
    assert contracts.seller_pledge.tolist() == [0, 100]
    assert contracts.buyer_pledge.tolist() == [75, 25]
    assert (ledger.cash >= 0).all()
