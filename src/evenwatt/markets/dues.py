"""What is owed by whom to whom, before it is paid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Dues:
    """Obligations of one moment; a row each.

    Attributes
    ----------
    debit, credit : (m,)
        Accounts that owe and are owed.
    amount : (m,)
        How much, at least 0 [micro-units].
    reason : (m,)
        Rows of ``reasons``.
    contract : (m,)
        By which contract; -1 for none.
    seniority : (m,)
        Class among the payer's creditors; 0 is paid first.
    pledge : (m,)
        Collateral held for it [micro-units].
    reasons : tuple of str
        What things are owed for.
    """

    debit: Whole
    credit: Whole
    amount: Whole
    reason: Whole
    contract: Whole
    seniority: Whole
    pledge: Whole
    reasons: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.amount)

    @classmethod
    def of(
        cls,
        reason: str,
        debit: npt.ArrayLike,
        credit: npt.ArrayLike,
        amount: npt.ArrayLike,
        *,
        contract: npt.ArrayLike = -1,
        seniority: npt.ArrayLike = 0,
        pledge: npt.ArrayLike = 0,
    ) -> Dues:
        """Obligations of one kind, broadcast together; a negative amount is owed the other way round.

        Examples
        --------
        >>> bills = Dues.of("bill", [0, 1], 7, [300, -20])
        >>> bills.debit, bills.credit, bills.amount
        (array([0, 7]), array([7, 1]), array([300,  20]))
        """
        columns = np.broadcast_arrays(
            *(np.asarray(c, dtype=np.int64) for c in (debit, credit, amount, contract, seniority, pledge))
        )
        owes, owed, signed, by, rank, held = (np.atleast_1d(column) for column in columns)
        if signed.size and signed.min() < 0:
            turned = signed < 0
            owes, owed, signed = np.where(turned, owed, owes), np.where(turned, owes, owed), np.abs(signed)
        # Columns of one value stay views of it: a hundred thousand bills have one reason between them.
        nothing = np.broadcast_to(np.int64(0), signed.shape)
        return cls(owes, owed, signed, nothing, by, rank, held, (reason,))

    @classmethod
    def all(cls, parts: Iterable[Dues]) -> Dues:
        """Several lists of obligations as one."""
        held = [*parts] or [cls.of("", [], [], [])]
        reasons = tuple(dict.fromkeys(reason for part in held for reason in part.reasons))
        codes = [
            np.array([reasons.index(r) for r in part.reasons], dtype=np.int64)[part.reason] for part in held
        ]
        names = ("debit", "credit", "amount", "contract", "seniority", "pledge")
        joined = {name: np.concatenate([getattr(part, name) for part in held]) for name in names}
        return cls(**joined, reason=np.concatenate(codes), reasons=reasons)

    def rows(self, chosen: npt.NDArray[np.bool_] | Whole | slice) -> Dues:
        """Some of the obligations: a mask, row numbers or a slice."""
        names = ("debit", "credit", "amount", "reason", "contract", "seniority", "pledge")
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})

    def of_amount(self, amount: Whole) -> Dues:
        """The same obligations over other amounts [micro-units]."""
        return replace(self, amount=amount)
