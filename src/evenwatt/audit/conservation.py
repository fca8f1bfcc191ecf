"""Nothing appears and nothing vanishes: energy over members, money over a ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ConservationError, told

FIRST = 3
# Rounding that float awards may carry [Wh per Wh of claims and endowment].
TOLERANCE = 1e-9


def conserved(
    endowment: npt.ArrayLike, claims: npt.ArrayLike, awards: npt.ArrayLike, *, tolerance: float = TOLERANCE
) -> npt.NDArray[np.number]:
    """Return the awards, if they are a division of the endowment.

    Parameters
    ----------
    endowment : (...)
        What there was to share [Wh].
    claims, awards : (..., n)
        What each member asked for and gets [Wh].
    tolerance : float
        What float awards may be off by, as a part of ``1 + endowment + claims`` [-]; where all three are
        whole numbers nothing may be off.

    Returns
    -------
    (..., n)
        The awards, unchanged.

    Raises
    ------
    ConservationError
        If an award is not a number, negative or above its claim, or if awards do not add up to the smaller of
        endowment and claims; names the first rows and what was found there.

    Examples
    --------
    >>> conserved(20, [12, 18], [8, 12])
    array([ 8, 12])
    >>> conserved(20, [12, 18], [8, 13])
    Traceback (most recent call last):
    ...
    evenwatt.core.errors.ConservationError: awards: they sum to 21 Wh, expected 20 Wh
    """
    held, asked, won = np.asarray(endowment), np.asarray(claims), np.asarray(awards)
    whole = all(np.issubdtype(values.dtype, np.integer) for values in (held, asked, won))
    given, wanted = won.sum(axis=-1), asked.sum(axis=-1)
    owed = np.minimum(held, wanted)
    slack = np.zeros(owed.shape) if whole else tolerance * (1.0 + held + wanted)
    rows = slack[..., None]
    # Written as "not within", so that an award that is not a number is off as well.
    faults = [
        *_members(won, ~(won >= -rows), "is below 0"),
        *_members(won, ~(won - asked <= rows), "is above its claim"),
        *_sums(given, owed, ~(np.abs(given - owed) <= slack)),
    ]
    if faults:
        raise ConservationError(told("awards", faults))
    return won


def balances(
    payer: Sequence[str],
    payee: Sequence[str],
    micro: npt.ArrayLike,
    statements: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """What each party of a ledger receives less what it pays; all together they sum to zero.

    Parameters
    ----------
    payer, payee : (rows,)
        Who pays and who receives in each row.
    micro : (rows,) int
        How much, whole micro-units of the currency; negative where money flows back.
    statements : mapping, optional
        What each party is told it receives in all [micro-units]; compared with the rows.

    Returns
    -------
    dict
        Party to balance [micro-units], sorted by name; exact whole numbers.

    Raises
    ------
    ConservationError
        If an amount is not whole, a row lacks a party, or a statement differs from the rows.

    Examples
    --------
    >>> balances(["ann", "bob"], ["pool", "pool"], [500, 250])
    {'ann': -500, 'bob': -250, 'pool': 750}
    """
    amounts = np.asarray(micro)
    if not len(payer) == len(payee) == amounts.size:
        raise ConservationError(
            f"ledger: {len(payer)} payers, {len(payee)} payees and {amounts.size} amounts; one of each a row"
        )
    if amounts.size and not np.issubdtype(amounts.dtype, np.integer):
        raise ConservationError("ledger: amounts must be whole micro-units; round with core.exact first")
    nameless = [row for row, parties in enumerate(zip(payer, payee, strict=True)) if not all(parties)]
    faults = [f"row {row}: payer or payee is missing" for row in nameless]
    found: dict[str, int] = {}
    for source, target, amount in zip(payer, payee, amounts.ravel().tolist(), strict=True):
        found[source] = found.get(source, 0) - amount
        found[target] = found.get(target, 0) + amount
    for party, stated in sorted((statements or {}).items()):
        if found.get(party, 0) != stated:
            faults.append(f"{party}: told {stated} micro-units, the rows make {found.get(party, 0)}")
    if statements is not None and sum(statements.values()) != 0:
        faults.append(f"statements sum to {sum(statements.values())} micro-units, expected 0")
    if faults:
        raise ConservationError(told("ledger", faults))
    return dict(sorted(found.items()))


def _members(awards: npt.NDArray[np.number], bad: npt.NDArray[np.bool_], what: str) -> list[str]:
    places = [tuple(place) for place in np.argwhere(bad).tolist()]
    told_first = [
        f"{_row(place[:-1])}member {place[-1]}: {np.broadcast_to(awards, bad.shape)[place]} Wh {what}"
        for place in places[:FIRST]
    ]
    return told_first + _more(len(places))


def _sums(
    given: npt.NDArray[np.number], owed: npt.NDArray[np.number], bad: npt.NDArray[np.bool_]
) -> list[str]:
    places = [tuple(place) for place in np.argwhere(bad).tolist()]
    found, expected = np.broadcast_arrays(given, owed)
    told_first = [
        f"{_row(place)}they sum to {found[place]} Wh, expected {expected[place]} Wh"
        for place in places[:FIRST]
    ]
    return told_first + _more(len(places))


def _row(place: tuple[int, ...]) -> str:
    return f"row {', '.join(map(str, place))}, " if place else ""


def _more(count: int) -> list[str]:
    return [f"and {count - FIRST} more like it"] if count > FIRST else []
