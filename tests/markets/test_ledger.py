"""Money moves between accounts, and neither comes nor goes."""

import numpy as np
import pytest

from evenwatt.core.errors import ConservationError, ProblemError
from evenwatt.markets.ledger import NAMED, Ledger, money

CLASSES = {"consumer": 3, "prosumer": 2, "utility": 1}


def test_a_wh_at_one_per_mwh_is_a_micro_unit():
    assert money(1.0, 1) == 1


def test_the_payer_pays_and_the_payee_is_paid():
    ledger = Ledger(2)
    ledger.post("bill", 0, 1, 700)
    assert ledger.cash.tolist() == [-700, 700]


def test_opening_money_comes_from_its_account():
    ledger = Ledger(2, opening=[5, 7])
    assert ledger.balance[ledger.account("opening")] == -12
    assert ledger.balance.sum() == 0


def test_a_repeated_account_is_counted_each_time():
    ledger = Ledger(3)
    ledger.post("bill", [0, 0, 0, 1], [1, 1, 2, 0], [1, 2, 4, 8])
    assert ledger.cash.tolist() == [1, -5, 4]


def test_sums_beyond_floats_are_exact():
    ledger = Ledger(3)
    ledger.post("bill", [0, 0, 0], [1, 1, 1], [2**54, 1, 1])
    assert int(ledger.cash[1]) == 2**54 + 2


@pytest.mark.parametrize("amount", [-1, 0.5, np.nan, np.inf, "7", [3, -2]])
def test_a_bad_amount_is_refused_and_nothing_moves(amount):
    ledger = Ledger(2, opening=[10, 10])
    with pytest.raises(ProblemError, match="amount"):
        ledger.post("bill", 0, 1, amount)
    assert ledger.cash.tolist() == [10, 10]
    assert ledger.total("bill") == 0


@pytest.mark.parametrize("account", [-1, 2 + len(NAMED)])
def test_an_account_that_is_not_there_is_refused(account):
    ledger = Ledger(2)
    with pytest.raises(ProblemError, match=f"no account {account}"):
        ledger.post("bill", [0, account], 1, 5)
    assert not ledger.balance.any()


def test_more_than_the_ledger_holds_is_refused():
    with pytest.raises(ProblemError, match="micro-units in all"):
        Ledger(2).post("bill", 0, 1, [2**60 - 1, 2**60 - 1])


def test_balances_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        Ledger(2).balance[0] = 5


def test_money_out_of_nowhere_is_found():
    ledger = Ledger(6, classes=CLASSES)
    ledger._balance[4] += 1
    with pytest.raises(ConservationError, match="prosumer: holds 1, its postings say 0"):
        ledger.check()


def test_money_that_moved_without_a_posting_is_found():
    ledger = Ledger(6, classes=CLASSES)
    ledger._balance[[0, 5]] += [1, -1]
    with pytest.raises(ConservationError, match="utility"):
        ledger.check()


def test_a_column_is_the_same_as_its_postings():
    quick, slow = (Ledger(6, classes=CLASSES, keep=True) for _ in range(2))
    amounts = np.array([5, -3, 0, 8, -1])
    fund = quick.account("fund")
    quick.post_column("fee", 1, amounts, fund)
    for agent, amount in enumerate(amounts.tolist(), start=1):
        slow.post("fee", *((agent, fund) if amount > 0 else (fund, agent)), abs(amount))
    assert (quick.balance == slow.balance).all()
    assert quick.totals == slow.totals
    one, other = quick.drain(), slow.drain()
    assert one.debit.tolist() == other.debit.tolist()
    assert one.amount.tolist() == other.amount.tolist() == [5, 3, 8, 1]


def test_totals_are_by_reason_and_class():
    ledger = Ledger(6, classes=CLASSES)
    ledger.post("bill", [0, 3, 4], 5, [10, 20, 30])
    ledger.post("feed-in", 5, [3, 4], [1, 2])
    ledger.post("mixed", [0, 5], [5, 3], [7, 9])
    assert ledger.totals == {
        ("bill", "consumer", "utility"): 10,
        ("bill", "prosumer", "utility"): 50,
        ("feed-in", "utility", "prosumer"): 3,
        ("mixed", "consumer", "utility"): 7,
        ("mixed", "utility", "prosumer"): 9,
    }


def test_the_journal_adds_up_to_the_balances():
    ledger = Ledger(6, classes=CLASSES, keep=True)
    rng = np.random.default_rng(1)
    for step in range(20):
        ledger.step = step
        ledger.post(
            "trade", rng.integers(0, 14, 30), rng.integers(0, 14, 30), rng.integers(0, 9, 30), ref=step
        )
        ledger.post_column("fee", 0, rng.integers(-5, 5, 6), ledger.account("operator"))
    journal = ledger.drain()
    balance = np.zeros(14, dtype=np.int64)
    np.subtract.at(balance, journal.debit, journal.amount)
    np.add.at(balance, journal.credit, journal.amount)
    assert len(journal) > 300
    assert (journal.amount > 0).all()
    assert (balance == ledger.balance).all()
    assert set(journal.step.tolist()) == set(range(20))
    assert {journal.reasons[code] for code in journal.reason.tolist()} == {"trade", "fee"}
    assert len(ledger.drain()) == 0


def test_a_ledger_goes_on_from_its_state():
    first, other = (Ledger(6, classes=CLASSES, opening=100) for _ in range(2))
    first.post("bill", [0, 3], 5, 10)
    first.step = 9
    other.restore(first.state())
    other.post("bill", 1, 5, 3)
    first.post("bill", 1, 5, 3)
    assert (other.balance == first.balance).all()
    assert other.totals == first.totals
    assert other.step == 9
    other.check()


def test_a_state_of_another_ledger_is_refused():
    with pytest.raises(ProblemError, match="a state of 10 accounts"):
        Ledger(6).restore(Ledger(2).state())


def test_nobody_and_nothing_are_ordinary():
    ledger = Ledger(0, keep=True)
    ledger.post("bill", [], [], [])
    ledger.post_column("bill", 0, [], ledger.account("fund"))
    ledger.check()
    assert len(ledger.drain()) == 0
    assert ledger.totals == {}


def test_classes_must_make_up_the_agents():
    with pytest.raises(ProblemError, match="do not make up 7 agents"):
        Ledger(7, classes=CLASSES)


def test_random_postings_conserve_money_at_every_step():
    rng = np.random.default_rng(7)
    ledger = Ledger(50, opening=rng.integers(0, 10**12, 50), classes={"household": 47, "utility": 3})
    accounts = len(ledger.balance)
    for _ in range(100):
        shape = (rng.integers(0, 200),)
        ledger.post(
            "a",
            rng.integers(0, accounts, shape),
            rng.integers(0, accounts, shape),
            rng.integers(0, 10**12, shape),
        )
        ledger.post_column("b", 3, rng.integers(-(10**12), 10**12, 40), int(rng.integers(0, accounts)))
        ledger.check()
        assert ledger.balance.sum() == 0
    assert ledger.total("a") > 0
