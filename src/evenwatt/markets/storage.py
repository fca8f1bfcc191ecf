"""What batteries take, hold and give, in whole watt-hours: nothing is stored that was not charged."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ConservationError, told

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

# 0.29 x 100 is 28.999999999999996 in floats and 29 to people: products this close to a whole number are one. The
# second is larger, so that what may be discharged is never more than is there. Good below 10**14 Wh.
_UP, _DOWN = 1 + 2.0**-50, 1 - 2.0**-49


def most_charge(
    stored: npt.ArrayLike, capacity: npt.ArrayLike, limit: npt.ArrayLike, efficiency: npt.ArrayLike
) -> Whole:
    """The most that can be charged in a step without overflowing.

    Parameters
    ----------
    stored, capacity, limit : (...)
        In the battery, its capacity, and the most its converter takes in a step [Wh].
    efficiency : (...)
        Of what is charged, what is stored, in (0, 1] [-].

    Returns
    -------
    (...) int64
        What may be charged [Wh].

    Examples
    --------
    >>> most_charge(1000, 1593, 1000, 0.95)
    array(624)
    """
    room = np.subtract(capacity, stored) / np.asarray(efficiency, dtype=np.float64)
    return np.asarray(np.maximum(np.minimum(_floor(room * _UP), limit), 0))


def most_discharge(
    stored: npt.ArrayLike, limit: npt.ArrayLike, efficiency: npt.ArrayLike, least: npt.ArrayLike = 0
) -> Whole:
    """The most that a battery can deliver in a step.

    Parameters
    ----------
    stored, limit : (...)
        In the battery, and the most its converter delivers in a step [Wh].
    efficiency : (...)
        Of what leaves the store, what arrives, in (0, 1] [-].
    least : (...), optional
        What must stay in it [Wh].

    Returns
    -------
    (...) int64
        What may be delivered [Wh].

    Examples
    --------
    >>> most_discharge(1593, 10_000, 0.95, least=1066)
    array(500)
    """
    free = np.subtract(stored, least) * np.asarray(efficiency, dtype=np.float64)
    return np.asarray(np.maximum(np.minimum(_floor(free * _UP), limit), 0))


def charged(
    stored: npt.ArrayLike,
    charge_wh: npt.ArrayLike,
    capacity: npt.ArrayLike,
    charge_efficiency: npt.ArrayLike,
    discharge_efficiency: npt.ArrayLike,
    *,
    fade: npt.ArrayLike = 0.0,
) -> tuple[Whole, Whole]:
    """What is in each battery after a step, and what its conversion lost.

    What is charged arrives rounded down, what is delivered leaves rounded up, so no rounding creates energy:
    ``stored' = stored + floor(charge x efficiency) - ceil(discharge / efficiency) - floor(stored x fade)`` and
    ``lost = stored + charge - discharge - stored'``, at least 0.

    Parameters
    ----------
    stored : (...)
        In the battery before [Wh].
    charge_wh : (...)
        What is charged, by the meter; negative where it delivers [Wh].
    capacity : (...)
        Of the battery [Wh].
    charge_efficiency, discharge_efficiency : (...)
        In (0, 1] [-].
    fade : (...), optional
        Share of what was stored that is lost in a step [-].

    Returns
    -------
    stored, lost : (...) int64
        In the battery after, and what was lost [Wh].

    Raises
    ------
    ConservationError
        If a battery would hold less than nothing or more than its capacity; names each.

    Examples
    --------
    >>> charged(1000, 625, 2000, 0.95, 0.95)
    (array(1593), array(32))
    >>> charged(1593, -500, 2000, 0.95, 0.95)
    (array(1066), array(27))
    """
    before: Whole = np.asarray(stored)
    moved: Whole = np.asarray(charge_wh)
    most: Whole = np.asarray(capacity)
    arrives = moved * (np.asarray(charge_efficiency, dtype=np.float64) * _UP)
    leaves = moved * (_DOWN / np.asarray(discharge_efficiency, dtype=np.float64))
    # Rounding down what leaves, which is below 0, takes more out.
    after: Whole = np.asarray(before + _floor(np.where(moved > 0, arrives, leaves)))
    if np.any(fade):
        after = np.subtract(after, _floor(np.multiply(before, fade) * _UP))
    if ((after < 0) | (after > most)).any():
        _refuse(before, moved, after, most)
    return after, np.asarray(before + moved - after)


def _floor(amounts: Array) -> Whole:
    whole: Whole = np.floor(amounts).astype(np.int64)
    return whole


def _refuse(before: Whole, moved: Whole, after: Whole, capacity: Whole) -> None:
    columns = [np.broadcast_to(column, after.shape) for column in (before, moved, after, capacity)]
    held, charge, then, most = (column.ravel() for column in columns)
    rows = np.flatnonzero((then < 0) | (then > most)).tolist()
    faults = [f"{i}: {held[i]} Wh, charged by {charge[i]}, would hold {then[i]} of {most[i]}" for i in rows]
    raise ConservationError(told("battery", faults))
