"""Who gets, who pays, what is left; an outcome conserves energy and money or does not exist."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ConservationError, told

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outcome:
    """Awards in whole watt-hours, what was left over, and the payments that go with them.

    Attributes
    ----------
    endowment : (...) int64
        What there was to share [Wh].
    claims : (..., n) int64
        What each member asked for [Wh].
    awards : (..., n) int64
        What each member gets [Wh].
    payments : (..., n) int64 or None
        What each member pays, negative where it is paid [micro-units]; sums to zero over members.

    Raises
    ------
    ConservationError
        If an award is negative or above its claim, if awards and surplus do not make up the
        endowment, or if money appears or vanishes; names the first rows.

    Examples
    --------
    >>> Outcome(np.array(20), np.array([12, 18]), np.array([8, 12])).surplus
    array(0)
    """

    endowment: Whole
    claims: Whole
    awards: Whole
    payments: Whole | None = None

    def __post_init__(self) -> None:
        for name in ("endowment", "claims", "awards"):
            if not np.issubdtype(np.asarray(getattr(self, name)).dtype, np.integer):
                raise ConservationError(
                    f"outcome: {name} must be whole numbers [Wh]; round with core.exact first"
                )
        given = self.awards.sum(axis=-1)
        owed = np.minimum(self.endowment, self.claims.sum(axis=-1))
        faults = [
            *_rows("an award is negative", (self.awards < 0).any(axis=-1)),
            *_rows("an award is above its claim", (self.awards > self.claims).any(axis=-1)),
            *_rows("awards do not add up to the smaller of endowment and claims", given != owed),
        ]
        if self.payments is not None:
            faults += _rows("payments do not sum to zero", self.payments.sum(axis=-1) != 0)
        if faults:
            raise ConservationError(told("outcome", faults))

    @property
    def surplus(self) -> Whole:
        """What nobody claimed, (...) [Wh]."""
        return np.asarray(self.endowment - self.awards.sum(axis=-1))

    @property
    def shortfall(self) -> Whole:
        """What each member claimed and did not get, (..., n) [Wh]."""
        return np.asarray(self.claims - self.awards)


def _rows(what: str, flags: npt.ArrayLike) -> list[str]:
    bad = np.atleast_1d(np.asarray(flags, dtype=bool))
    places = np.argwhere(bad)[:3].tolist()
    count = int(bad.sum())
    return [f"{what} in {count} rows, first {[tuple(p) for p in places]}"] if count else []
