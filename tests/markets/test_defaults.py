"""What cannot be paid ends in collateral, a closed contract and a loss written down, never below zero."""

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.markets.contracts import Contracts, deliveries, pledge, release
from evenwatt.markets.defaults import settle
from evenwatt.markets.dues import Dues
from evenwatt.markets.ledger import Ledger


def test_the_printed_default_is_written_off():
    ledger = Ledger(4, opening=[9_000, 0, 0, 0], keep=True)
    ended = settle(ledger, Dues.of("bill", 0, [1, 2, 3], [6_000, 5_000, 4_000]))
    assert ledger.cash.tolist() == [0, 3_600, 3_000, 2_400]
    assert ended.written_off.amount.tolist() == [2_400, 2_000, 1_600]
    assert ended.defaulters.tolist() == [0]
    assert (ledger.total("bill"), ledger.total("written-off"), ledger.total("forgiven")) == (
        15_000,
        6_000,
        6_000,
    )
    assert ledger.balance[ledger.account("losses")] == 0
    ledger.check()


def broken(collateral, opening):
    """A seller with a forward of four steps at 60, 500 Wh each, that owes the buyer 15,000 more than it has."""
    ledger = Ledger(3, opening=opening)
    contracts = Contracts()
    ids = contracts.sign(
        "forward", seller=0, buyer=1, start=0, end=4, price=60.0, volume_wh=500, collateral=collateral
    )
    pledge(ledger, contracts, ids)
    contracts.remaining -= 1
    return ledger, contracts


def test_a_broken_contract_is_closed_out_and_the_rest_written_off():
    ledger, contracts = broken(0, [4_000, 0, 0])
    ended = settle(ledger, Dues.of("replacement", 0, 2, 7_600, contract=0), contracts, forward_per_mwh=75.0)
    assert ended.defaulted.tolist() == [0]
    assert ledger.cash.tolist() == [0, 0, 4_000]
    reasons = [ended.written_off.reasons[code] for code in ended.written_off.reason.tolist()]
    assert dict(zip(reasons, ended.written_off.amount.tolist(), strict=True)) == {
        "replacement": 3_600,
        "close-out": 22_500,
    }
    assert contracts.to_rows()[0]["status"] == "defaulted"


def test_collateral_is_for_the_other_party():
    ledger, contracts = broken(10_000, [12_000, 10_000, 0])
    settle(ledger, Dues.of("replacement", 0, 2, 7_600, contract=0), contracts, forward_per_mwh=75.0)
    release(ledger, contracts)
    # 2,000 in cash go to the market; 10,000 in escrow go to the buyer, who gets its own 10,000 back.
    assert ledger.cash.tolist() == [0, 20_000, 2_000]
    assert ledger.balance[ledger.account("escrow")] == 0
    assert ledger.total("written-off") == 5_600 + 12_500
    assert contracts.paid.tolist() == [-10_000]
    ledger.check()


def test_what_a_broken_contract_is_worth_to_the_broken_party_reaches_its_creditors():
    ledger, contracts = broken(0, [0, 50_000, 0])
    ended = settle(ledger, Dues.of("replacement", 0, 2, 7_600, contract=0), contracts, forward_per_mwh=50.0)
    # The buyer owes 15,000 for the rest; 7,600 of it go on to the market.
    assert ledger.cash.tolist() == [7_400, 35_000, 7_600]
    assert len(ended.written_off) == 0
    assert ended.defaulted.tolist() == [0]


def test_a_contract_that_ends_needs_a_price():
    ledger, contracts = broken(0, [0, 0, 0])
    with pytest.raises(ProblemError, match="forward_per_mwh is needed"):
        settle(ledger, Dues.of("replacement", 0, 2, 7_600, contract=0), contracts)


def test_credit_is_used_and_not_exceeded():
    ledger = Ledger(2, opening=[100, 0])
    settle(ledger, Dues.of("bill", 0, 1, 1_000), credit=300)
    assert ledger.cash.tolist() == [-300, 400]


def test_accounts_that_are_nobodys_have_no_limit():
    ledger = Ledger(1)
    settle(ledger, Dues.of("feed-in", ledger.account("operator"), 0, 500))
    assert ledger.cash.tolist() == [500]


def test_nothing_owed_is_ordinary():
    ledger = Ledger(2, opening=5)
    ended = settle(ledger, Dues.all([]), Contracts())
    assert len(ended.written_off) == len(ended.defaulted) == len(ended.defaulters) == 0


def test_money_never_falls_below_zero_and_never_goes_missing():
    """A hundred steps of random dues among the poor, with contracts that are signed, broken and closed out."""
    rng = np.random.default_rng(11)
    agents = 12
    ledger = Ledger(agents, opening=rng.integers(0, 3_000_000, agents), keep=True)
    contracts = Contracts()
    market = ledger.account("operator")
    seen = {"written off": 0, "defaulted": 0, "drawn": 0}
    for step in range(100):
        ledger.step = step
        kind = ["ppa", "forward", "future", "cfd-two-sided", "cfd-one-sided"][step % 5]
        seller, buyer = rng.choice(agents, 2, replace=False).tolist()
        volume = (
            {"volume_wh": int(rng.integers(1, 2_000))} if kind in ("forward", "future") else {"share": 0.05}
        )
        ids = contracts.sign(
            kind, seller=seller, buyer=buyer, start=step, end=step + int(rng.integers(1, 30)),
            price=float(rng.uniform(20, 90)), collateral=int(rng.integers(0, 20_000)),
            seniority=int(rng.integers(0, 3)), **volume,
        )  # fmt: skip
        pledge(ledger, contracts, ids)
        spot = float(rng.uniform(-50, 200))
        given = deliveries(contracts, step, rng.integers(0, 5_000, agents))
        dues = contracts.settle(step, spot, delivered=given, market=market)
        debit = rng.integers(0, agents, 8)
        bills = Dues.of("bill", debit, (debit + 1) % agents, rng.integers(0, 100_000, 8))
        ended = settle(ledger, Dues.all([dues, bills]), contracts, forward_per_mwh=spot)
        release(ledger, contracts)
        ledger.check()
        assert ledger.balance.sum() == 0
        assert (ledger.cash >= 0).all()
        pledged = contracts.seller_pledge.sum() + contracts.buyer_pledge.sum()
        assert ledger.balance[ledger.account("escrow")] == pledged
        seen["written off"] += len(ended.written_off)
        seen["defaulted"] += len(ended.defaulted)
    seen["drawn"] = ledger.total("collateral drawn")
    assert min(seen.values()) > 0, seen
    journal = ledger.drain()
    balance = np.zeros_like(ledger.balance)
    np.subtract.at(balance, journal.debit, journal.amount)
    np.add.at(balance, journal.credit, journal.amount)
    assert (balance == ledger.balance).all()
