"""What parties pledge for their contracts: held in escrow, drawn on default, given back at the end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.markets.contracts.register import RUNNING, Contracts
from evenwatt.markets.ledger import Ledger

Whole = npt.NDArray[np.int64]


def pledge(ledger: Ledger, contracts: Contracts, signed: npt.ArrayLike) -> None:
    """Move the collateral of contracts just signed into escrow: of each party, as far as its money goes.

    A party with too little pledges all it has, in proportion to what each contract asks for.

    Parameters
    ----------
    ledger : Ledger
        Whose account ``escrow`` holds it.
    contracts : Contracts
        Whose ``seller_pledge`` and ``buyer_pledge`` say of whom.
    signed : whole numbers
        Which contracts.
    """
    rows = np.atleast_1d(np.asarray(signed, dtype=np.int64))
    rows = rows[contracts.collateral[rows] > 0]
    for parties, held in (
        (contracts.seller, contracts.seller_pledge),
        (contracts.buyer, contracts.buyer_pledge),
    ):
        for party in np.unique(parties[rows]).tolist():
            its = rows[parties[rows] == party]
            asked = contracts.collateral[its]
            total, cash = int(asked.sum()), max(int(ledger.balance[party]), 0)
            held[its] = asked if total <= cash else exact.vector(asked * (cash / total), cash)
        ledger.post("collateral", parties[rows], ledger.account("escrow"), held[rows], ref=rows)


def release(ledger: Ledger, contracts: Contracts) -> None:
    """Give back what is still held for contracts that have ended."""
    ended = contracts.status != RUNNING
    for parties, held in (
        (contracts.seller, contracts.seller_pledge),
        (contracts.buyer, contracts.buyer_pledge),
    ):
        rows = np.flatnonzero(ended & (held > 0))
        ledger.post("collateral returned", ledger.account("escrow"), parties[rows], held[rows], ref=rows)
        held[rows] = 0
