"""What happens to what is owed: cash, then collateral, then the contract's end, and a loss that is written down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.markets.clearing_house import Payments, payments
from evenwatt.markets.contracts.register import RUNNING, Contracts
from evenwatt.markets.dues import Dues
from evenwatt.markets.ledger import Ledger
from evenwatt.markets.mechanism import Divide, proportional

Whole = npt.NDArray[np.int64]

NO_LIMIT = 2**58  # credit of accounts that are nobody's [micro-units]


@dataclass(frozen=True)
class Settled:
    """How the dues of a step ended.

    Attributes
    ----------
    written_off : Dues
        What nobody could pay.
    defaulted : (k,)
        Contracts that ended because of it.
    defaulters : (d,)
        Accounts that left dues unpaid.
    """

    written_off: Dues
    defaulted: Whole
    defaulters: Whole


def settle(
    ledger: Ledger,
    dues: Dues,
    contracts: Contracts | None = None,
    *,
    forward_per_mwh: float = float("nan"),
    ration: Divide = proportional,
    credit: npt.ArrayLike = 0,
    tie: npt.ArrayLike | None = None,
) -> Settled:
    """Pay all dues of a step as far as money goes, and post what comes of them.

    1. Everybody pays at once out of its cash and what it receives; who cannot pay all pays all, by the claims
       rule within each class of seniority; collateral makes up for what it can (:func:`payments`).
    2. A contract with a due still unpaid ends, at what the rest of it is worth now, which is a due itself.
    3. This is repeated until no more contracts end; what is unpaid then is written off: owed, lost by the creditor
       to the account ``losses``, and forgiven to the debtor out of it.

    Parameters
    ----------
    ledger : Ledger
        Cash before, and where all is posted.
    dues : Dues
        Of the step.
    contracts : Contracts, optional
        To which ``dues.contract`` refers.
    forward_per_mwh : float
        Price now of the energy of later steps; needed where a contract ends [currency per MWh].
    ration : callable
        Any claims rule ``(endowment, claims) -> awards``.
    credit : whole number or (agents,)
        How far below 0 an agent may go; accounts that are nobody's have no limit [micro-units].
    tie : (accounts,), optional
        Which creditor comes first for a micro-unit that cannot be divided, the smallest first.

    Returns
    -------
    Settled
        What was written off, and who defaulted.

    Raises
    ------
    ProblemError
        If a contract ends and no forward price is given.

    Examples
    --------
    >>> ledger = Ledger(4, opening=[9000, 0, 0, 0])
    >>> ended = settle(ledger, Dues.of("bill", 0, [1, 2, 3], [6000, 5000, 4000]))
    >>> ledger.cash, ended.written_off.amount, ledger.total("written-off")
    (array([   0, 3600, 3000, 2400]), array([2400, 2000, 1600]), 6000)
    """
    limit = np.full(len(ledger.balance), NO_LIMIT, dtype=np.int64)
    limit[: ledger.agents] = credit
    ended: list[Whole] = []
    while len(dues):
        done = payments(dues, ledger.balance + limit, ration, tie=tie)
        _post(ledger, dues, done, contracts)
        if not done.short.any():
            dues = dues.rows(slice(0, 0))
            break
        unpaid = done.short > 0
        dues = _remaining(dues.rows(unpaid).of_amount(done.short[unpaid]), contracts)
        failed = _running(dues, contracts)
        if contracts is not None and len(failed):
            if not np.isfinite(forward_per_mwh):
                raise ProblemError(
                    f"contracts {failed.tolist()} end by default: forward_per_mwh is needed, to value them"
                )
            ended.append(failed)
            dues = Dues.all([dues, contracts.default(failed, forward_per_mwh)])
        elif not done.paid.any():
            break
    _write_off(ledger, dues)
    failed = np.concatenate([np.zeros(0, dtype=np.int64), *ended])
    return Settled(dues, np.sort(failed), np.unique(dues.debit))


def _post(ledger: Ledger, dues: Dues, done: Payments, contracts: Contracts | None) -> None:
    if done.drawn.any():
        ledger.post("collateral drawn", ledger.account("escrow"), dues.debit, done.drawn, ref=dues.contract)
    _post_by_reason(ledger, dues.of_amount(done.paid))
    if contracts is not None:
        contracts.record(dues, done.paid)
        contracts.draw(dues, done.drawn)


def _post_by_reason(ledger: Ledger, dues: Dues) -> None:
    for code, reason in enumerate(dues.reasons):
        its = dues.rows(dues.reason == code) if len(dues.reasons) > 1 else dues
        ledger.post(reason, its.debit, its.credit, its.amount, ref=its.contract)


def _remaining(dues: Dues, contracts: Contracts | None) -> Dues:
    """The dues with the collateral that is still held for them."""
    return dues if contracts is None else contracts.pledged(dues)


def _running(dues: Dues, contracts: Contracts | None) -> Whole:
    named = np.unique(dues.contract[dues.contract >= 0])
    return named if contracts is None else named[contracts.status[named] == RUNNING]


def _write_off(ledger: Ledger, dues: Dues) -> None:
    """Post what is unpaid as owed, lost and forgiven: no balance changes, and no loss is forgotten."""
    if len(dues) == 0:
        return
    _post_by_reason(ledger, dues)
    losses = ledger.account("losses")
    ledger.post("written-off", dues.credit, losses, dues.amount, ref=dues.contract)
    ledger.post("forgiven", losses, dues.debit, dues.amount, ref=dues.contract)
