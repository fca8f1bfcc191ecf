"""Nobody pays more than there is, seniors come first, and no order of payments is assumed."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt import claims
from evenwatt.markets.clearing_house import payments
from evenwatt.markets.dues import Dues
from evenwatt.markets.mechanism import proportional


def owed(*rows):
    """Dues by (debit, credit, amount, seniority, pledge)."""
    columns = np.array([(*row, *(0, 0)[len(row) - 3 :]) for row in rows], dtype=np.int64).reshape(-1, 5).T
    debit, credit, amount, seniority, pledge = columns
    return Dues.of("bill", debit, credit, amount, seniority=seniority, pledge=pledge)


def test_the_printed_default():
    done = payments(owed((0, 1, 6000), (0, 2, 5000), (0, 3, 4000)), np.array([9000, 0, 0, 0]))
    assert done.cash.tolist() == [3600, 3000, 2400]
    assert done.short.tolist() == [2400, 2000, 1600]


def test_another_claims_rule_divides_otherwise():
    dues = owed((0, 1, 6000), (0, 2, 5000), (0, 3, 4000))
    rule = claims.rule("cel")
    assert payments(dues, np.array([9000, 0, 0, 0]), rule).cash.tolist() == [4000, 3000, 2000]


def test_seniors_are_paid_first():
    dues = owed((0, 1, 6000, 1), (0, 2, 5000, 0), (0, 3, 4000, 1))
    assert payments(dues, np.array([9000, 0, 0, 0])).cash.tolist() == [2400, 5000, 1600]


def test_collateral_makes_up_for_cash():
    dues = owed((0, 1, 6000, 0, 1000), (0, 2, 4000, 0, 9000))
    done = payments(dues, np.array([5000, 0, 0]))
    assert done.cash.tolist() == [3000, 2000]
    assert done.drawn.tolist() == [1000, 2000]
    assert done.short.tolist() == [2000, 0]


def test_collateral_of_a_contract_is_drawn_once():
    dues = Dues.of("bill", 0, 1, [600, 500], contract=7, pledge=800)
    assert payments(dues, np.array([0, 0])).drawn.tolist() == [600, 200]


def test_mutual_debts_without_any_money_cancel():
    done = payments(owed((0, 1, 100), (1, 2, 100), (2, 0, 100)), np.zeros(3, dtype=np.int64))
    assert done.short.tolist() == [0, 0, 0]


def test_a_default_may_cause_others():
    done = payments(owed((0, 1, 100), (1, 2, 100), (2, 3, 100)), np.array([40, 10, 70, 0]))
    assert done.cash.tolist() == [40, 50, 100]
    done = payments(owed((0, 1, 100), (1, 2, 100), (2, 3, 100)), np.array([40, 10, 20, 0]))
    assert done.cash.tolist() == [40, 50, 70]


def test_a_defaulters_circle_of_two_meets_the_equations():
    """p0 = 10 + p1/2 and p1 = p0, where each owes 100 and 1 owes half of it to an outsider: p0 = 20."""
    done = payments(owed((0, 1, 100), (1, 0, 50), (1, 2, 50)), np.array([10, 0, 0]))
    assert done.cash.tolist() == [20, 10, 10]


def test_a_small_leak_is_followed_to_the_end():
    """Of what goes round between two, a hundred-thousandth leaks: plain iteration would need a million rounds."""
    whole, leak = 10**15, 10**10
    done = payments(owed((0, 1, whole), (1, 0, whole - leak), (1, 2, leak)), np.array([10**6, 0, 0]))
    assert done.cash[2] == 10**6
    # A micro-unit of rounding is worth a hundred thousand of them here.
    assert abs(int(done.cash[0]) - 10**11) <= 10**5


def test_money_below_zero_pays_nothing():
    assert payments(owed((0, 1, 100)), np.array([-50, 0])).short.tolist() == [100]


def test_nobody_owes_anything():
    done = payments(owed(), np.array([5, 5]))
    assert done.cash.tolist() == done.short.tolist() == []


def test_a_due_of_nothing_is_paid():
    done = payments(owed((0, 1, 0), (0, 1, 10)), np.array([0, 0]))
    assert done.short.tolist() == [0, 10]


RULES = {"proportional": proportional, "cea": claims.rule("cea"), "talmud": claims.rule("talmud")}
LARGE = st.sampled_from([10, 1000, 10**12])


@st.composite
def networks(draw):
    agents, scale = draw(st.integers(2, 6)), draw(LARGE)
    number = st.integers(0, agents - 1)
    row = st.tuples(
        number, number, st.integers(0, scale), st.integers(0, 2), st.sampled_from([0, 0, scale // 5])
    )
    rows = [r for r in draw(st.lists(row, max_size=14)) if r[0] != r[1]]
    means = draw(st.lists(st.integers(0, scale // 2), min_size=agents, max_size=agents))
    return owed(*rows), np.array(means)


@pytest.mark.parametrize("name", RULES)
@given(network=networks())
def test_payments_keep_within_means_and_order(name, network):
    dues, means = network
    done = payments(dues, means, RULES[name])
    assert (done.cash + done.drawn + done.short == dues.amount).all()
    assert min(done.cash.min(initial=0), done.drawn.min(initial=0), done.short.min(initial=0)) == 0
    assert (done.drawn <= dues.pledge).all()
    left = means.copy()
    np.subtract.at(left, dues.debit, done.cash)
    np.add.at(left, dues.credit, done.paid)
    assert (left >= 0).all()
    lacking = dues.amount - done.cash
    for payer in np.unique(dues.debit[lacking > 0]).tolist():
        # Who leaves a due unpaid keeps nothing but what rounding leaves in a circle of defaulters.
        assert left[payer] <= len(dues)
        its = dues.debit == payer
        dry = dues.seniority[its & (lacking > 0)].min()
        assert not done.cash[its & (dues.seniority > dry)].any()


def slowly(dues, means):
    """The greatest clearing vector by iteration from above in exact fractions, as the paper defines it."""
    amount = [Fraction(a) for a in dues.amount.tolist()]
    rows = [
        *zip(
            dues.debit.tolist(),
            dues.credit.tolist(),
            dues.seniority.tolist(),
            dues.pledge.tolist(),
            strict=True,
        )
    ]
    cash = amount
    for _ in range(400):
        have = [Fraction(m) for m in means.tolist()]
        for (_, credit, _, pledge), paid, due in zip(rows, cash, amount, strict=True):
            have[credit] += min(due, paid + pledge)
        following = []
        for (debit, _, rank, _), due in zip(rows, amount, strict=True):
            same = [(r[2], a) for r, a in zip(rows, amount, strict=True) if r[0] == debit]
            before, total = (sum(a for s, a in same if test(s)) for test in (rank.__gt__, rank.__eq__))
            left = min(max(have[debit] - before, Fraction(0)), Fraction(total))
            following.append(due * left / total if total else due)
        if following == cash:
            break
        # Floats are near enough for the iteration; it only has to fall.
        cash = [Fraction(float(f)) if float(f) <= c else c for f, c in zip(following, cash, strict=True)]
    return [float(c) for c in cash]


@settings(max_examples=40)
@given(network=networks())
def test_payments_are_the_greatest_that_means_allow(network):
    dues, means = network
    done = payments(dues, means)
    scale = 1e-9 * dues.amount.sum()
    for mine, theirs in zip(done.cash.tolist(), slowly(dues, means), strict=True):
        assert abs(mine - theirs) <= 2 * len(dues) + scale


@given(network=networks(), order=st.randoms(use_true_random=False))
def test_the_order_of_dues_changes_nothing(network, order):
    dues, means = network
    rows = [*range(len(dues))]
    order.shuffle(rows)
    first, other = payments(dues, means), payments(dues.rows(np.array(rows, dtype=np.int64)), means)
    # Equal dues of the same two are the same due.
    key = [
        *zip(
            dues.debit.tolist(),
            dues.credit.tolist(),
            dues.seniority.tolist(),
            dues.amount.tolist(),
            strict=True,
        )
    ]
    assert sorted(zip([key[r] for r in rows], other.cash.tolist(), strict=True)) == sorted(
        zip(key, first.cash.tolist(), strict=True)
    )


@given(network=networks(), order=st.randoms(use_true_random=False))
def test_the_numbers_of_agents_change_nothing(network, order):
    dues, means = network
    place = [*range(len(means))]
    order.shuffle(place)
    at, back = np.array(place), np.argsort(place)
    moved = Dues.of(
        "bill", at[dues.debit], at[dues.credit], dues.amount, seniority=dues.seniority, pledge=dues.pledge
    )
    first, other = payments(dues, means), payments(moved, means[back], tie=back)
    assert first.paid.tolist() == other.paid.tolist()
