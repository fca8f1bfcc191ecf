"""Who holds what money: every posting takes from one account what it gives to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ConservationError, ProblemError, gather, told

Whole = npt.NDArray[np.int64]

# Accounts that are nobody's, after those of the agents: offsets from the number of agents.
NAMED = ("operator", "fund", "outside", "costs", "network", "losses", "escrow", "opening")
OPERATOR, FUND, OUTSIDE, COSTS, NETWORK, LOSSES, ESCROW, OPENING = range(len(NAMED))

MOST = 2**60  # of one posting [micro-units]; eight of them still fit in 64 bits
FEW = 2_000  # postings that are made one by one, without a column over all accounts
EXACT = 2**53  # below it, every whole number is a float


@dataclass(frozen=True)
class Journal:
    """Postings one by one, in the order they were made.

    Attributes
    ----------
    step, debit, credit, amount, ref : (m,)
        When, who paid, who was paid, how much [micro-units], and for which contract or trade (-1: none).
    reason : (m,)
        Rows of ``reasons``.
    reasons : tuple of str
        What postings were made for.
    """

    step: Whole
    debit: Whole
    credit: Whole
    amount: Whole
    reason: Whole
    ref: Whole
    reasons: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.amount)


class Ledger:
    """Accounts of all agents and of nobody, whose balances sum to nothing at any time.

    Parameters
    ----------
    agents : int
        How many there are; agent ``i`` has account ``i``, and ``NAMED`` accounts follow.
    opening : (agents,), optional
        Money at the start, by default none; it comes from the account ``opening`` [micro-units].
    classes : mapping of str to int, optional
        How many agents each class has, in the order of their numbers; totals are kept by class.
    keep : bool
        Whether to keep every posting until it is drained.

    Raises
    ------
    ProblemError
        If opening money is not whole, or the classes do not make up the agents.

    Source: Pacioli 1494, Particularis de computis et scripturis, ch. 14.

    Examples
    --------
    >>> ledger = Ledger(2, opening=[500, 0])
    >>> ledger.post("bill", 0, 1, 120)
    >>> ledger.cash, ledger.totals["bill", "agents", "agents"]
    (array([380, 120]), 120)
    """

    def __init__(
        self,
        agents: int,
        *,
        opening: npt.ArrayLike | None = None,
        classes: Mapping[str, int] | None = None,
        keep: bool = False,
    ) -> None:
        sizes = {"agents": agents} if classes is None else dict(classes)
        if sum(sizes.values()) != agents or min(sizes.values(), default=0) < 0:
            raise ProblemError(f"ledger: classes {sizes} do not make up {agents} agents")
        self.agents = agents
        self.classes: tuple[str, ...] = (*sizes, *NAMED)
        self.step = 0
        self._edges = np.concatenate([[0], np.cumsum([*sizes.values(), *(1 for _ in NAMED)])]).astype(
            np.int64
        )
        self._class = np.repeat(np.arange(len(self.classes)), np.diff(self._edges))
        self._balance: Whole = np.zeros(agents + len(NAMED), dtype=np.int64)
        self._seen = self._balance.view()
        self._seen.flags.writeable = False
        self._moved: dict[str, Whole] = {}
        self._kept: list[Whole] | None = [] if keep else None
        if opening is not None:
            held = np.broadcast_to(_whole(opening, "opening"), (agents,))
            self.post_column("opening", 0, -held, self.account("opening"))

    @property
    def balance(self) -> Whole:
        """(accounts,) what each holds, read-only and always as of now [micro-units]."""
        return self._seen

    @property
    def cash(self) -> Whole:
        """(agents,) what each agent holds, read-only and always as of now [micro-units]."""
        return self._seen[: self.agents]

    def account(self, name: str) -> int:
        """Number of an account that is nobody's.

        Raises
        ------
        ProblemError
            If there is none of the name.
        """
        if name not in NAMED:
            raise ProblemError(f"ledger: no account '{name}'; there are {', '.join(NAMED)}")
        return self.agents + NAMED.index(name)

    def post(
        self,
        reason: str,
        debit: npt.ArrayLike,
        credit: npt.ArrayLike,
        amount: npt.ArrayLike,
        *,
        ref: npt.ArrayLike = -1,
    ) -> None:
        """Move amounts from debited to credited accounts; all of them, or none where one is refused.

        Parameters
        ----------
        reason : str
            What for.
        debit, credit : whole numbers, broadcast together
            Accounts that pay and are paid; each may come several times.
        amount : whole numbers, broadcast with them
            At least 0 [micro-units].
        ref : whole numbers, broadcast with them
            Contract or trade, for the journal.

        Raises
        ------
        ProblemError
            If an amount is negative, not whole or beyond the ledger, or there is no such account.
        """
        amounts = _whole(amount, f"posting '{reason}': amount")
        payers, payees = (_whole(side, f"posting '{reason}': account") for side in (debit, credit))
        amounts = np.broadcast_to(amounts, np.broadcast_shapes(amounts.shape, payers.shape, payees.shape))
        if amounts.size == 0:
            return
        self._refuse(reason, payers, payees, amounts)
        if amounts.size <= FEW:
            payers, payees = (np.broadcast_to(side, amounts.shape) for side in (payers, payees))
            np.subtract.at(self._balance, payers, amounts)
            np.add.at(self._balance, payees, amounts)
            code = self._class[payers] * len(self.classes) + self._class[payees]
            moved = self._matrix(reason)
            moved += _sums(code, amounts, moved.size).reshape(moved.shape)
            self._keep(reason, payers, payees, amounts, np.asarray(ref))
            return
        spent, earned = (_sums(side, amounts, len(self._balance)) for side in (payers, payees))
        self._balance -= spent
        self._balance += earned
        self._count(reason, payers, payees, amounts, spent, earned)
        self._keep(reason, payers, payees, amounts, np.asarray(ref))

    def post_column(
        self, reason: str, first: int, amounts: npt.ArrayLike, account: int, *, ref: npt.ArrayLike = -1
    ) -> None:
        """Let a row of agents each pay one account: the same as :meth:`post`, but quicker.

        Parameters
        ----------
        reason : str
            What for.
        first : int
            Account of the first of them; the others follow.
        amounts : (n,)
            What each pays; negative where it is paid [micro-units].
        account : int
            The other side of all of them.
        ref : whole numbers, broadcast with them
            Contract or trade, for the journal.

        Raises
        ------
        ProblemError
            If an amount is not whole or beyond the ledger, or there is no such account.
        """
        column = _whole(amounts, f"posting '{reason}': amount")
        last = first + len(column)
        if not (first >= 0 and last <= len(self._balance) and 0 <= account < len(self._balance)):
            raise ProblemError(
                f"posting '{reason}': accounts {first} to {last - 1} and {account}; {self._there()}"
            )
        _refuse_size(reason, np.abs(column))
        self._balance[first:last] -= column
        self._balance[account] += int(column.sum())
        self._count_column(reason, first, column, int(self._class[account]))
        self._keep_column(
            reason, first, column, np.broadcast_to(np.int64(account), column.shape), np.asarray(ref)
        )

    def post_among(
        self, reason: str, first: int, amounts: npt.ArrayLike, accounts: npt.ArrayLike, of: npt.ArrayLike
    ) -> None:
        """Let a row of agents each pay one of a few accounts of the same class, such as its utility.

        Parameters
        ----------
        reason : str
            What for.
        first : int
            Account of the first of them; the others follow.
        amounts : (n,)
            What each pays; negative where it is paid [micro-units].
        accounts : (k,)
            The other sides, all of one class.
        of : (n,)
            Place among them of each agent's; -1 where it has none, and pays nothing.

        Raises
        ------
        ProblemError
            If an amount is not whole or beyond the ledger, an account is none or of another class, or somebody
            without an account pays.

        Examples
        --------
        >>> ledger = Ledger(5, opening=[100] * 5, classes={"homes": 3, "utilities": 2})
        >>> ledger.post_among("retail", 0, [10, 20, 0], accounts=[3, 4], of=[1, 1, -1])
        >>> ledger.cash
        array([ 90,  80, 100, 100, 130])
        """
        from evenwatt.markets._ledger_kernels import sum_by_place

        column = np.ascontiguousarray(_whole(amounts, f"posting '{reason}': amount"))
        sides, place = (_whole(given, f"posting '{reason}': account") for given in (accounts, of))
        _refuse_size(reason, np.abs(column))
        earned = np.zeros(len(sides), dtype=np.int64)
        if not sum_by_place(place, column, earned) or (len(sides) and np.ptp(self._class[sides])):
            raise ProblemError(
                f"posting '{reason}': expected accounts of one class, and one for each who pays; found "
                f"{len(sides)} of classes {sorted({self.classes[c] for c in self._class[sides]})}, places "
                f"{int(place.min(initial=-1))} to {int(place.max(initial=-1))}"
            )
        if not len(sides):
            return
        self._balance[first : first + len(column)] -= column
        self._balance[sides] += earned
        self._count_column(reason, first, column, int(self._class[sides[0]]))
        self._keep_column(reason, first, column, sides[place], np.broadcast_to(np.int64(-1), column.shape))

    def _count_column(self, reason: str, first: int, column: Whole, other: int) -> None:
        """Add to the totals by class what a row of agents pays to one class, or is paid."""
        moved, last = self._matrix(reason), first + len(column)
        for group, (start, stop) in enumerate(pairwise(self._edges.tolist())):
            part = column[max(start, first) - first : max(min(stop, last) - first, 0)]
            if len(part):
                net = int(part.sum())
                paid = int(part[part > 0].sum()) if int(part.min()) < 0 else net
                moved[group, other] += paid
                moved[other, group] += paid - net

    def _keep_column(self, reason: str, first: int, column: Whole, account: Whole, ref: Whole) -> None:
        if self._kept is not None:
            row = np.arange(first, first + len(column))
            payers, payees = np.where(column > 0, row, account), np.where(column > 0, account, row)
            self._keep(reason, payers, payees, np.abs(column), ref)

    @property
    def totals(self) -> dict[tuple[str, str, str], int]:
        """What was moved so far, by (reason, class that paid, class that was paid) [micro-units]."""
        return {
            (reason, self.classes[payer], self.classes[payee]): int(moved[payer, payee])
            for reason, moved in self._moved.items()
            for payer, payee in np.argwhere(moved).tolist()
        }

    def total(self, reason: str) -> int:
        """What was moved so far for one reason [micro-units]."""
        return int(self._moved[reason].sum()) if reason in self._moved else 0

    def check(self) -> None:
        """Make sure that no money came or went.

        Raises
        ------
        ConservationError
            If the balances do not sum to nothing, or a class holds other than what its postings say.
        """
        off = int(self._balance.sum())
        by_class = self._by_class(self._balance).tolist()
        moved = sum(self._moved.values(), np.zeros((len(self.classes),) * 2, dtype=np.int64))
        posted = (moved.sum(axis=0) - moved.sum(axis=1)).tolist()
        faults = [f"all balances sum to {off}, not to 0"] if off else []
        faults += [
            f"{name}: holds {held}, its postings say {said}"
            for name, held, said in zip(self.classes, by_class, posted, strict=True)
            if held != said
        ]
        if faults:
            raise ConservationError(told(f"ledger at step {self.step} [micro-units]", faults))

    def drain(self) -> Journal:
        """The postings kept since the last drain; they are kept no longer."""
        kept, self._kept = self._kept or [], None if self._kept is None else []
        step, debit, credit, amount, reason, ref = np.concatenate(
            [np.zeros((6, 0), dtype=np.int64), *kept], axis=1
        )
        return Journal(step, debit, credit, amount, reason, ref, tuple(self._moved))

    def state(self) -> dict[str, npt.NDArray[np.generic]]:
        """All that is needed to go on later, as arrays; drain the journal first."""
        many = len(self.classes)
        moved = np.stack([*self._moved.values()]) if self._moved else np.zeros((0, many, many), np.int64)
        reasons = np.array([*self._moved], dtype=np.str_)
        return {
            "balance": self._balance.copy(),
            "step": np.array(self.step),
            "reasons": reasons,
            "moved": moved,
        }

    def restore(self, state: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Go on from a state of a ledger with the same agents and classes.

        Raises
        ------
        ProblemError
            If it is a state of another ledger.
        """
        shape = (len(state["reasons"]), len(self.classes), len(self.classes))
        if state["balance"].shape != self._balance.shape or state["moved"].shape != shape:
            raise ProblemError(
                f"ledger: a state of {state['balance'].size} accounts, classes {state['moved'].shape[1:]}; "
                f"{self._there()}, classes {shape[1:]}"
            )
        self._balance[:] = state["balance"]
        self.step = int(state["step"])
        reasons, moved = state["reasons"].tolist(), state["moved"].astype(np.int64)
        self._moved = dict(zip(reasons, moved, strict=True))

    def _there(self) -> str:
        return f"there are {len(self._balance)}, from 0"

    def _matrix(self, reason: str) -> Whole:
        if reason not in self._moved:
            self._moved[reason] = np.zeros((len(self.classes),) * 2, dtype=np.int64)
        return self._moved[reason]

    def _count(
        self, reason: str, payers: Whole, payees: Whole, amounts: Whole, spent: Whole, earned: Whole
    ) -> None:
        """Add to the totals by class; classes are stretches of accounts, so first and last tell if there is one."""
        moved = self._matrix(reason)
        payer, payer_last = (int(self._class[end]) for end in (payers.min(), payers.max()))
        payee, payee_last = (int(self._class[end]) for end in (payees.min(), payees.max()))
        if payee == payee_last:
            moved[:, payee] += self._by_class(spent)
        elif payer == payer_last:
            moved[payer] += self._by_class(earned)
        else:
            code = self._class[payers] * len(self.classes) + self._class[payees]
            moved += _sums(code, amounts, moved.size).reshape(moved.shape)

    def _by_class(self, by_account: Whole) -> Whole:
        edges = self._edges.tolist()
        return np.array([by_account[a:b].sum() for a, b in pairwise(edges)], dtype=np.int64)

    def _refuse(self, reason: str, payers: Whole, payees: Whole, amounts: Whole) -> None:
        accounts = len(self._balance)
        with gather(f"posting '{reason}'", ProblemError) as faults:
            if amounts.min() < 0:
                row = int(np.argmin(amounts))
                faults.append(
                    f"amount {row}: {amounts.flat[row]} micro-units is below 0; swap debit and credit"
                )
            for side, named in (("debit", payers), ("credit", payees)):
                if named.min() < 0 or named.max() >= accounts:
                    row = int(np.argmax((named < 0) | (named >= accounts)))
                    faults.append(f"{side} {row}: no account {named.flat[row]}; {self._there()}")
        _refuse_size(reason, amounts)

    def _keep(self, reason: str, payers: Whole, payees: Whole, amounts: Whole, ref: Whole) -> None:
        if self._kept is None:
            return
        code = [*self._moved].index(reason)
        columns = (self.step, payers, payees, amounts, code, ref)
        moves = amounts.ravel() > 0
        rows = [np.broadcast_to(column, amounts.shape).ravel()[moves] for column in columns]
        self._kept.append(np.array(rows, dtype=np.int64))


def money(price_per_mwh: npt.ArrayLike, wh: npt.ArrayLike) -> Whole:
    """What energy is worth at a price, rounded to whole micro-units; half a unit goes to the even one.

    Examples
    --------
    >>> money([54.5, -10.0], [101, 300])
    array([ 5504, -3000])
    """
    worth: Whole = np.rint(np.asarray(price_per_mwh, dtype=np.float64) * np.asarray(wh)).astype(np.int64)
    return worth


def _whole(given: npt.ArrayLike, what: str) -> Whole:
    array = np.asarray(given)
    if array.dtype.kind in "iu":
        return array.astype(np.int64, copy=False)
    if array.size == 0:
        return array.astype(np.int64)
    if (
        array.dtype.kind != "f"
        or not (np.isfinite(array) & (array == np.floor(array)) & (np.abs(array) < EXACT)).all()
    ):
        raise ProblemError(
            f"{what}: expected whole numbers, found {array.dtype} {array.flat[:3].tolist()} ..."
        )
    return array.astype(np.int64)


def _refuse_size(reason: str, amounts: Whole) -> None:
    if (total := amounts.sum(dtype=np.float64)) >= MOST:
        raise ProblemError(
            f"posting '{reason}': {total:.3g} micro-units in all; expected less than {MOST:.3g}"
        )


def _sums(places: Whole, amounts: Whole, length: int) -> Whole:
    """Sums of amounts by place, each place as often as it comes."""
    summed = np.zeros(length, dtype=np.int64)
    if places.ndim == 0:
        summed[places] = amounts.sum()
    else:
        np.add.at(summed, np.broadcast_to(places, amounts.shape), amounts)
    return summed
