"""Who can pay what, where nobody can pay more than there is and everybody's means are others' payments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.markets.dues import Dues
from evenwatt.markets.mechanism import Divide, proportional

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[Any]

PASSES = 10_000  # of the iteration from above; stopped early it overstates means, which the whole passes mend
WHOLE_PASSES = 100  # until means and payments agree to the micro-unit
NEAR = 0.25  # where floats stop [micro-units]
MOST_SOLVED = 500  # defaulters in one system of equations


@dataclass(frozen=True)
class Payments:
    """What is paid of some dues.

    Attributes
    ----------
    cash, drawn, short : (m,)
        Out of money at hand and received, out of the collateral pledged for it, and not at all [micro-units].
    """

    cash: Whole
    drawn: Whole
    short: Whole

    @property
    def paid(self) -> Whole:
        """(m,) what the creditor gets [micro-units]."""
        return self.cash + self.drawn if self.drawn.any() else self.cash


def payments(
    dues: Dues, means: Whole, ration: Divide = proportional, *, tie: npt.ArrayLike | None = None
) -> Payments:
    """The largest payments that everybody's means allow, all dues being paid at once.

    Who cannot pay all pays all it has: its creditors of the most senior class first, a class that cannot be paid
    in full by the claims rule; then the collateral pledged for a due makes up for what it lacks. What is received
    counts as means, so a default may cause others, and mutual debts cancel. No order of payments is assumed: the
    result is the greatest clearing vector, found from above; with the proportional rule by fictitious default.

    Parameters
    ----------
    dues : Dues
        Obligations.
    means : (accounts,)
        What each account can spend before it receives anything; below 0 counts as 0 [micro-units].
    ration : callable
        Any claims rule ``(endowment, claims) -> awards`` in which a larger endowment takes from nobody.
    tie : (accounts,), optional
        Which creditor comes first for a micro-unit that cannot be divided, the smallest first; by default the
        number of the account.

    Returns
    -------
    Payments
        Nobody pays more than its means, and who leaves a due unpaid keeps nothing, but for a few micro-units
        where defaulters owe one another.

    Source: Eisenberg & Noe 2001, doi:10.1287/mnsc.47.2.236.9835; seniority: Elsinger 2009,
    Financial networks, cross holdings, and limited liability, OeNB working paper 156.

    Examples
    --------
    >>> dues = Dues.of("bill", 0, [1, 2, 3], [6000, 5000, 4000])
    >>> payments(dues, np.array([9000, 0, 0, 0])).cash
    array([3600, 3000, 2400])
    """
    accounts = len(means)
    owed, held = (_sums(side, dues.amount, accounts) for side in (dues.debit, dues.credit))
    have = np.maximum(means, 0) + held
    failing = have < owed
    if not failing.any():
        nothing = np.broadcast_to(np.int64(0), dues.amount.shape)
        return Payments(dues.amount, nothing, nothing)
    house = _House(dues, np.maximum(means, 0), owed, held, ration, None if tie is None else np.asarray(tie))
    return house.cleared()


class _House:
    """The state of one clearing: who fails so far, and what their creditors get."""

    def __init__(
        self,
        dues: Dues,
        means: Whole,
        owed: Whole,
        held: Whole,
        ration: Divide,
        tie: Numbers | None,
    ) -> None:
        self.dues, self.ration, self.tie = dues, ration, tie
        self.owed, self.most = owed, means + held
        self.pledge = _reserved(dues)
        self.failing = self.most < owed
        self.lists = self._listed()

    def cleared(self) -> Payments:
        spent = np.minimum(self.owed, np.floor(self._from_above() + NEAR).astype(np.int64))
        for _ in range(WHOLE_PASSES):
            cash = self._shared_whole(spent)
            able = np.minimum(self.owed, self._means(self.most, cash))
            if (able == spent).all():
                return self._told(cash)
            spent = able
        cash = self._shared_whole(spent)
        while (over := spent > (able := self._means(self.most, cash))).any():
            spent = np.where(over, able, spent)
            cash = self._shared_whole(spent)
        return self._told(cash)

    def _from_above(self) -> Array:
        """What everybody has when all pay what they can, in floats."""
        most = self.most.astype(np.float64)
        have = most
        for _ in range(PASSES):
            following = self._means(most, self.lists.shared(have, self.ration))
            if self.ration is proportional:
                following = self._jumped(most, following)
            # Only who is owed something by those who fail can have less than before.
            hit = self.lists.credit
            still = bool((np.abs(have[hit] - following[hit]) <= NEAR).all())
            have = following
            fresh = hit[(have[hit] < self.owed[hit]) & ~self.failing[hit]]
            if len(fresh):
                self.failing[fresh] = True
                self.lists = self._listed()
            elif still:
                break
        return have

    def _listed(self) -> _Lists:
        dues = self.dues
        row = np.flatnonzero(self.failing[dues.debit])
        creditor = dues.credit[row] if self.tie is None else self.tie[dues.credit[row]]
        fine = (dues.contract[row], dues.reason[row], -dues.amount[row])
        return _Lists(
            dues, self.pledge, row[np.lexsort((*fine, creditor, dues.seniority[row], dues.debit[row]))]
        )

    def _means(self, most: Numbers, cash: Numbers) -> Numbers:
        """What everybody has, if those who fail pay this."""
        lists, have = self.lists, most.copy()
        np.subtract.at(have, lists.credit, lists.amount - np.minimum(lists.amount, cash + lists.pledge))
        return have

    def _jumped(self, most: Array, have: Array) -> Array:
        """Where it must end if no more classes run dry on the way: a fixed point in the same piece is the greatest."""
        lists = self.lists
        who = np.unique(lists.debit)
        who = who[have[who] < self.owed[who]]
        if not 0 < len(who) <= MOST_SOLVED:
            return have
        place = np.full(len(have), -1)
        place[who] = np.arange(len(who))
        slope = lists.slopes(have)
        inner = (slope > 0) & (place[lists.credit] >= 0) & (place[lists.debit] >= 0)
        system = np.eye(len(who))
        np.subtract.at(system, (place[lists.credit[inner]], place[lists.debit[inner]]), slope[inner])
        gap = (self._means(most, lists.shared(have, self.ration)) - have)[who]
        try:
            solved = have[who] + np.linalg.solve(system, gap)
        except np.linalg.LinAlgError:
            return have
        if not (np.isfinite(solved).all() and (solved <= have[who] + NEAR).all() and (solved >= 0).all()):
            return have
        landed = have.copy()
        landed[who] = solved
        landed = self._means(most, lists.shared(landed, self.ration))
        same = ((landed < self.owed) == (have < self.owed)).all() and (lists.slopes(landed) == slope).all()
        return landed if same else have

    def _shared_whole(self, spent: Whole) -> Whole:
        """What the dues of those who fail get in whole micro-units; rounding may make one fail who just did not."""
        failing = spent < self.owed
        if (failing != self.failing).any():
            self.failing = failing
            self.lists = self._listed()
        return self.lists.shared_whole(spent, self.ration)

    def _told(self, cash: Whole) -> Payments:
        row, lacking = self.lists.row, self.lists.amount - cash
        drawn = np.minimum(lacking, self.lists.pledge)
        columns = np.zeros((3, len(self.dues)), dtype=np.int64)
        columns[0] = self.dues.amount
        columns[:, row] = cash, drawn, lacking - drawn
        return Payments(*columns)


class _Lists:
    """Dues of those who fail, by payer and class; creditors of a class in the order of ties."""

    def __init__(self, dues: Dues, pledge: Whole, row: Whole) -> None:
        self.row = row
        self.debit, self.credit = dues.debit[self.row], dues.credit[self.row]
        self.amount, self.pledge = dues.amount[self.row], pledge[self.row]
        rank = dues.seniority[self.row]
        fresh = np.r_[True, (np.diff(self.debit) != 0) | (np.diff(rank) != 0)][: len(self.row)]
        self.start = np.flatnonzero(fresh)
        self.group = np.cumsum(fresh) - 1
        self.size = np.diff(np.r_[self.start, len(self.row)])
        self.payer = self.debit[self.start]
        self.total = np.add.reduceat(self.amount, self.start) if len(self.row) else self.amount
        running = np.cumsum(self.total) - self.total
        first = np.r_[True, np.diff(self.payer) != 0][: len(self.payer)]
        self.before = running - running[first][np.cumsum(first) - 1] if len(self.payer) else running

    def reaching(self, have: Numbers) -> Numbers:
        """What is left for each class, after those before it."""
        left: Numbers = np.clip(have[self.payer] - self.before, 0, self.total)
        return left

    def shared(self, have: Array, ration: Divide) -> Array:
        """What each due gets out of what its payer has."""
        left = self.reaching(have).astype(np.float64)
        if ration is proportional:
            share = np.divide(left, self.total, out=np.ones_like(left), where=self.total > 0)
            parts: Array = self.amount * share[self.group]
            return parts
        given = self.amount.astype(np.float64)
        for rows, groups in self._batches(left):
            given[rows] = ration(left[groups], self.amount[rows].astype(np.float64))
        return given

    def shared_whole(self, spent: Whole, ration: Divide) -> Whole:
        """The same in whole micro-units."""
        left = self.reaching(spent).astype(np.int64)
        given = self.amount.copy()
        for rows, groups in self._batches(left):
            awards = ration(left[groups].astype(np.float64), self.amount[rows].astype(np.float64))
            given[rows] = exact.vector(awards, left[groups])
        return given

    def slopes(self, have: Array) -> Array:
        """What each creditor gets more when the payer has more, by the proportional rule."""
        left = self.reaching(have).astype(np.float64)
        marginal = ((left > 0) & (left < self.total))[self.group]
        total = np.maximum(self.total, 1)[self.group]
        secured = self.amount * left[self.group] / total + self.pledge >= self.amount
        return np.where(marginal & ~secured, self.amount / total, 0.0)

    def _batches(self, left: Numbers) -> list[tuple[Whole, Whole]]:
        """Rows (groups, creditors) of the classes that are not paid in full, by number of creditors."""
        dry = np.flatnonzero(left < self.total)
        return [
            (self.start[groups][:, None] + np.arange(size), groups)
            for size in np.unique(self.size[dry]).tolist()
            for groups in [dry[self.size[dry] == size]]
        ]


def _sums(places: Whole, amounts: Whole, length: int) -> Whole:
    whole = np.zeros(length, dtype=np.int64)
    np.add.at(whole, places, amounts)
    return whole


def _reserved(dues: Dues) -> Whole:
    """Collateral of each due; several dues of one payer under one contract share what is held, the first first."""
    held = np.flatnonzero(dues.pledge > 0)
    reserved = np.zeros_like(dues.amount)
    order = held[np.lexsort((dues.reason[held], dues.debit[held], dues.contract[held]))]
    if len(order) == 0:
        return reserved
    amount, by, who = dues.amount[order], dues.contract[order], dues.debit[order]
    fresh = np.r_[True, (np.diff(by) != 0) | (np.diff(who) != 0)] | (by < 0)
    running = np.cumsum(amount) - amount
    before = running - running[fresh][np.cumsum(fresh) - 1]
    reserved[order] = np.clip(dues.pledge[order] - before, 0, amount)
    return reserved
