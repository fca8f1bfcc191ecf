"""Contracts between companies: signed, delivered, settled once a step, ended, and ended early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.markets.contracts.faults import faults_of, oversold
from evenwatt.markets.contracts.settling import (
    FORWARD,
    FUTURE,
    KINDS,
    VOLUME,
    buyer_pays,
    close_out,
)
from evenwatt.markets.dues import Dues
from evenwatt.markets.ledger import money

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

STATUS = ("running", "fulfilled", "terminated", "defaulted")
RUNNING, FULFILLED, TERMINATED, DEFAULTED = range(len(STATUS))

COLUMNS: Mapping[str, type] = {
    "kind": np.int64,
    "seller": np.int64,
    "buyer": np.int64,
    "start": np.int64,
    "end": np.int64,
    "volume_wh": np.int64,
    "share": np.float64,
    "price": np.float64,
    "reference_steps": np.int64,
    "never_below_zero": np.bool_,
    "collateral": np.int64,
    "seniority": np.int64,
    "notice_steps": np.int64,
    # What happened so far.
    "status": np.int64,
    "remaining": np.int64,
    "given_notice": np.bool_,
    "seller_pledge": np.int64,
    "buyer_pledge": np.int64,
    "contracted_wh": np.int64,
    "delivered_wh": np.int64,
    "paid": np.int64,
    "period_wh": np.int64,
    "period_spot": np.float64,
    "period_steps": np.int64,
}


class Contracts:
    """All contracts ever signed, in columns; the number of a contract is its row.

    Attributes
    ----------
    kind : (m,)
        Rows of ``KINDS``: ppa (pay as produced), forward (physical), future (cash), cfd-two-sided, cfd-one-sided.
    seller, buyer : (m,)
        Accounts of the parties; for a contract for difference the buyer is the counterparty.
    start, end : (m,)
        First step, and the step after the last.
    volume_wh : (m,)
        A step, for forwards and futures [Wh].
    share : (m,)
        Of the seller's generation, for the others [-].
    price : (m,)
        [currency per MWh].
    reference_steps : (m,)
        Over how many steps the spot price is averaged for a contract for difference, which pays at the end of
        them: 1 is the spot price; more leave the producer the risk that its own mean price is another.
    never_below_zero : (m,)
        Whether a contract for difference pays nothing while the reference is below 0.
    collateral : (m,)
        What each party is to pledge [micro-units]; ``seller_pledge, buyer_pledge`` is what is held of it.
    seniority : (m,)
        Class among a payer's creditors; 0 is paid first.
    notice_steps : (m,)
        How long after notice it ends.
    status : (m,)
        Rows of ``STATUS``.
    remaining : (m,)
        Steps not yet settled.
    contracted_wh, delivered_wh : (m,)
        Due so far, and delivered by the seller itself [Wh].
    paid : (m,)
        By the buyer to the seller so far [micro-units].

    Examples
    --------
    >>> contracts = Contracts()
    >>> contracts.sign("forward", seller=0, buyer=1, start=0, end=2, price=60.0, volume_wh=500)
    array([0])
    >>> dues = contracts.settle(0, 95.0, delivered=[420], market=2)
    >>> [(dues.reasons[r], d, c, a) for r, d, c, a in zip(dues.reason.tolist(), dues.debit.tolist(),
    ...     dues.credit.tolist(), dues.amount.tolist())]
    [('forward', 1, 0, 30000), ('replacement', 0, 2, 7600)]
    """

    kind: Whole
    seller: Whole
    buyer: Whole
    start: Whole
    end: Whole
    volume_wh: Whole
    share: Array
    price: Array
    reference_steps: Whole
    never_below_zero: npt.NDArray[np.bool_]
    collateral: Whole
    seniority: Whole
    notice_steps: Whole
    status: Whole
    remaining: Whole
    given_notice: npt.NDArray[np.bool_]
    seller_pledge: Whole
    buyer_pledge: Whole
    contracted_wh: Whole
    delivered_wh: Whole
    paid: Whole
    period_wh: Whole
    period_spot: Array
    period_steps: Whole

    def __init__(self) -> None:
        for name, kind in COLUMNS.items():
            setattr(self, name, np.zeros(0, dtype=kind))

    def __len__(self) -> int:
        return len(self.kind)

    def sign(
        self,
        kind: str,
        *,
        seller: npt.ArrayLike,
        buyer: npt.ArrayLike,
        start: npt.ArrayLike,
        end: npt.ArrayLike,
        price: npt.ArrayLike,
        volume_wh: npt.ArrayLike = 0,
        share: npt.ArrayLike = 0.0,
        reference_steps: npt.ArrayLike = 1,
        never_below_zero: npt.ArrayLike = False,
        collateral: npt.ArrayLike = 0,
        seniority: npt.ArrayLike = 0,
        notice_steps: npt.ArrayLike = 0,
    ) -> Whole:
        """Sign contracts of one kind; arguments are broadcast together and mean what the attributes say.

        Returns
        -------
        (k,) int64
            Their numbers.

        Raises
        ------
        ProblemError
            If there is no such kind, or a contract cannot be; names each.
        """
        if kind not in KINDS:
            raise ProblemError(f"contract kind '{kind}'; expected {', '.join(KINDS)}")
        given = {
            "kind": KINDS.index(kind), "seller": seller, "buyer": buyer, "start": start, "end": end,
            "volume_wh": volume_wh, "share": share, "price": price, "reference_steps": reference_steps,
            "never_below_zero": never_below_zero, "collateral": collateral, "seniority": seniority,
            "notice_steps": notice_steps,
        }  # fmt: skip
        arrays = [
            np.atleast_1d(column) for column in np.broadcast_arrays(*(np.asarray(x) for x in given.values()))
        ]
        signed = dict(zip(given, arrays, strict=True))
        self._refuse(signed)
        signed["remaining"] = signed["end"] - signed["start"]
        first, many = len(self), len(signed["kind"])
        for name, kept in COLUMNS.items():
            column: npt.NDArray[Any] = signed.get(name, np.zeros(many)).astype(kept)
            setattr(self, name, np.concatenate([getattr(self, name), column]))
        return np.arange(first, first + many)

    def due(self, step: int) -> Whole:
        """Numbers of the contracts that run in a step."""
        return np.flatnonzero((self.status == RUNNING) & (self.start <= step) & (step < self.end))

    def settle(
        self, step: int, spot: float, *, delivered: npt.ArrayLike | None = None, market: int = -1
    ) -> Dues:
        """What is owed for a step; each contract is settled once for each of its steps, in their order.

        Parameters
        ----------
        step : int
            Which.
        spot : float
            Wholesale price of the step [currency per MWh].
        delivered : (k,)
            For each of ``due(step)``, as :func:`deliveries` gives it: generation under the contract [Wh].
            What a forward is short of the seller buys at the spot price, what is beyond it sells at that price.
        market : int
            Account that sells what is short and buys what is beyond.

        Returns
        -------
        Dues
            With the collateral held for each.

        Raises
        ------
        ProblemError
            If the step was settled before or comes too early, deliveries are missing, or there is no spot price.
        """
        rows = self.due(step)
        given = self._checked(rows, step, spot, delivered, market)
        kind = self.kind[rows]
        wh = np.where(np.isin(kind, VOLUME), self.volume_wh[rows], given)
        self.contracted_wh[rows] += wh
        self.delivered_wh[rows] += np.where(kind == FUTURE, 0, np.minimum(given, wh))
        self.remaining[rows] -= 1
        self.period_wh[rows] += wh
        self.period_spot[rows] += spot
        self.period_steps[rows] += 1
        over = (self.period_steps[rows] == self.reference_steps[rows]) | (self.remaining[rows] == 0)
        short = np.where(kind == FORWARD, wh - given, 0)
        parts = [self._payments(rows[over]), *self._at_spot(rows, short, spot, market)]
        self._finish(rows)
        return Dues.all(parts)

    def terminate(self, contracts: npt.ArrayLike, step: int) -> None:
        """Give notice: each of them ends when its notice period is over, if it does not end before."""
        rows = np.unique(np.atleast_1d(np.asarray(contracts, dtype=np.int64)))
        rows = rows[self.status[rows] == RUNNING]
        following = self.end[rows] - self.remaining[rows]
        last = np.maximum(step + self.notice_steps[rows], following)
        sooner = last < self.end[rows]
        rows = rows[sooner]
        self.end[rows] = last[sooner]
        self.remaining[rows] = (last - following)[sooner]
        self.given_notice[rows] = True
        self._finish(rows)

    def default(self, contracts: npt.ArrayLike, forward_per_mwh: npt.ArrayLike) -> Dues:
        """End contracts whose payer could not pay, at once.

        Parameters
        ----------
        contracts : whole numbers
            Which; those that ended before are left alone.
        forward_per_mwh : float, or one a contract
            Price now of the energy of the remaining steps [currency per MWh].

        Returns
        -------
        Dues
            What the rest was worth, owed by the seller where the energy became dearer and by the buyer where it
            became cheaper, whoever defaulted; of shares of a generation, as much as it was on average so far.
            And what an unfinished reference period of a contract for difference comes to.
        """
        given = np.atleast_1d(np.asarray(contracts, dtype=np.int64))
        asked, first = np.unique(given, return_index=True)
        now = np.broadcast_to(np.asarray(forward_per_mwh, dtype=np.float64), given.shape)[first]
        open_still = self.status[asked] == RUNNING
        rows, now = asked[open_still], now[open_still]
        begun = rows[self.period_steps[rows] > 0]
        parts = [self._payments(begun)]
        elapsed = self.end[rows] - self.remaining[rows] - self.start[rows]
        rest = self.remaining[rows]
        mean = self.contracted_wh[rows] * rest // np.maximum(elapsed, 1)
        wh = np.where(np.isin(self.kind[rows], VOLUME), self.volume_wh[rows] * rest, mean)
        owed = close_out(self.kind[rows], self.price[rows], now, wh)
        self.status[rows] = DEFAULTED
        self.remaining[rows] = 0
        return Dues.all([*parts, self._between(rows, "close-out", -owed)])

    def record(self, dues: Dues, paid: npt.ArrayLike) -> None:
        """Write down what was paid of dues between parties of a contract."""
        amount = np.asarray(paid, dtype=np.int64)
        for (side, _), sign in zip(self._sides(dues), (1, -1), strict=False):
            np.add.at(self.paid, dues.contract[side], sign * amount[side])

    def pledged(self, dues: Dues) -> Dues:
        """The same dues with the collateral now held for them."""
        rows = np.maximum(dues.contract, 0)
        sides = self._sides(dues)
        held = sum(np.where(side, pledge[rows], 0) for side, pledge in sides) if len(self) else dues.pledge
        return replace(dues, pledge=np.asarray(held))

    def draw(self, dues: Dues, drawn: npt.ArrayLike) -> None:
        """Take what was paid out of collateral off what is held."""
        amount = np.asarray(drawn, dtype=np.int64)
        for side, pledge in self._sides(dues):
            np.subtract.at(pledge, dues.contract[side], amount[side])

    def _sides(self, dues: Dues) -> list[tuple[npt.NDArray[np.bool_], Whole]]:
        """Which dues the buyer owes the seller, and which the other way round; with the pledges of who owes them."""
        if len(self) == 0:
            return []
        rows, named = np.maximum(dues.contract, 0), dues.contract >= 0
        buyer, seller = self.buyer[rows], self.seller[rows]
        forth = named & (dues.debit == buyer) & (dues.credit == seller)
        back = named & (dues.debit == seller) & (dues.credit == buyer)
        return [(forth, self.buyer_pledge), (back, self.seller_pledge)]

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """All columns, by name; a copy."""
        return {name: getattr(self, name).copy() for name in COLUMNS}

    @classmethod
    def restored(cls, state: Mapping[str, npt.NDArray[Any]]) -> Contracts:
        """The contracts of a state."""
        contracts = cls()
        for name, kept in COLUMNS.items():
            setattr(contracts, name, np.asarray(state[name], dtype=kept).copy())
        return contracts

    def to_rows(self) -> list[dict[str, Any]]:
        """A row a contract, for files and reports."""
        columns = {
            "id": range(len(self)),
            "kind": [KINDS[code] for code in self.kind.tolist()],
            "seller": self.seller.tolist(),
            "buyer": self.buyer.tolist(),
            "start": self.start.tolist(),
            "end": self.end.tolist(),
            "price_per_mwh": self.price.tolist(),
            "contracted_wh": self.contracted_wh.tolist(),
            "delivered_wh": self.delivered_wh.tolist(),
            "paid_micro": self.paid.tolist(),
            "status": [STATUS[code] for code in self.status.tolist()],
        }
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def _payments(self, rows: Whole) -> Dues:
        """What is owed for a reference period that is over, which begins anew."""
        kind, reference = self.kind[rows], self.period_spot[rows] / np.maximum(self.period_steps[rows], 1)
        amount = buyer_pays(
            kind, self.price[rows], reference, self.period_wh[rows], self.never_below_zero[rows]
        )
        for column in (self.period_wh, self.period_spot, self.period_steps):
            column[rows] = 0
        present = [code for code in range(len(KINDS)) if (kind == code).any()]
        return Dues.all(
            [self._between(rows[kind == code], KINDS[code], amount[kind == code]) for code in present]
        )

    def _between(self, rows: Whole, reason: str, buyer_pays: Whole) -> Dues:
        pledge = np.where(buyer_pays > 0, self.buyer_pledge[rows], self.seller_pledge[rows])
        parties = self.buyer[rows], self.seller[rows]
        return Dues.of(
            reason, *parties, buyer_pays, contract=rows, seniority=self.seniority[rows], pledge=pledge
        )

    def _at_spot(self, rows: Whole, short: Whole, spot: float, market: int) -> list[Dues]:
        """What sellers pay for what they are short of, and get for what they have beyond the contract."""
        parts = []
        for reason, sign in (("replacement", 1), ("surplus", -1)):
            its = short * sign > 0
            sellers, rank = self.seller[rows[its]], self.seniority[rows[its]]
            owed = money(spot, short[its])
            parts.append(Dues.of(reason, sellers, market, owed, contract=rows[its], seniority=rank))
        return parts

    def _finish(self, rows: Whole) -> None:
        done = rows[(self.remaining[rows] == 0) & (self.status[rows] == RUNNING)]
        self.status[done] = np.where(self.given_notice[done], TERMINATED, FULFILLED)

    def _checked(
        self, rows: Whole, step: int, spot: float, delivered: npt.ArrayLike | None, market: int
    ) -> Whole:
        given = np.zeros(len(rows), dtype=np.int64) if delivered is None else np.asarray(delivered)
        with gather(f"contracts at step {step}", ProblemError) as faults:
            following = self.end[rows] - self.remaining[rows]
            faults += [
                f"contract {row}: the next step to settle is {its}"
                for row, its in zip(rows.tolist(), following.tolist(), strict=True)
                if its != step
            ]
            if len(rows) and not np.isfinite(spot):
                faults.append(
                    f"spot price {spot} is not a number; settle at another one where nothing is traded"
                )
            if delivered is None and (self.kind[rows] != FUTURE).any():
                faults.append("deliveries are missing; `deliveries` gives them")
            if given.shape != rows.shape or (given != np.floor(given)).any() or (given < 0).any():
                faults.append(f"deliveries: expected {len(rows)} whole numbers of at least 0 Wh")
            elif market < 0 and ((self.kind[rows] == FORWARD) & (given != self.volume_wh[rows])).any():
                faults.append("a forward is short or has a surplus; market= says from whom it is bought")
        return given.astype(np.int64)

    def _refuse(self, signed: Mapping[str, npt.NDArray[Any]]) -> None:
        with gather("contracts to sign", ProblemError) as faults:
            for row in range(len(signed["kind"])):
                one = {name: column[row].item() for name, column in signed.items()}
                faults += [f"{row}: {fault}" for fault in faults_of(one)]
            live = self.status == RUNNING
            held = {name: getattr(self, name)[live] for name in signed}
            faults += oversold(
                {name: np.concatenate([held[name], signed[name]]) for name in signed}, signed["seller"]
            )
