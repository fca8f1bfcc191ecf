"""What a battery can take and give in one step, in whole watt-hours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine.threads import MANY, share_rows
from evenwatt.policies.reading import Column, own
from evenwatt.policies.seen import Observation

Whole = npt.NDArray[np.int64]


def limits(seen: Observation) -> tuple[Whole, Whole]:
    """The most each battery can be charged and discharged by in this step.

    What is stored grows by ``floor(efficiency x charged)`` and falls by ``ceil(discharged / efficiency)``; both
    limits leave it between nothing and its capacity. A battery that makes no sense can do nothing.

    Returns
    -------
    (n,), (n,)
        The most to charge, and the most to discharge, both of at least 0 [Wh].

    Examples
    --------
    >>> held = {"stored_wh": 1000, "battery_wh": 1500, "most_charge_wh": 625, "most_discharge_wh": 5000,
    ...         "charge_efficiency": 0.95, "discharge_efficiency": 0.95}
    >>> own = {name: np.array([value]) for name, value in held.items()}
    >>> limits(Observation("prosumer", 0, np.array([1]), own))
    (array([526]), array([950]))
    """
    columns = [own(seen, name, 0.0) for name in _COLUMNS]
    if all(column.dtype == kind for column, kind in zip(columns, _KINDS, strict=True)):
        return _compiled(columns)
    stored, capacity, most_in, most_out, gain, arrives = _sound(columns)
    # Nothing here is negative, so that cutting to whole numbers rounds down.
    exact = np.divide(capacity - stored, gain)
    charge = exact.astype(np.int64)
    np.minimum(charge, most_in, out=charge)
    np.multiply(stored, arrives, out=exact)
    discharge = exact.astype(np.int64)
    np.minimum(discharge, most_out, out=discharge)
    # The product may be rounded up to a whole number that the quotient does not give back.
    np.ceil(np.divide(discharge, arrives, out=exact), out=exact)
    discharge -= exact > stored
    return charge, discharge


def _compiled(columns: list[Column]) -> tuple[Whole, Whole]:
    """The same in one loop, for columns of the usual types."""
    from evenwatt.policies._household_kernels import battery_limits

    rows = len(columns[0])
    stored, capacity, most_in, most_out, gain, arrives = columns
    charge, discharge = np.empty(rows, dtype=np.int64), np.empty(rows, dtype=np.int64)
    share_rows(
        rows,
        lambda first, last: battery_limits(
            first, last, stored, capacity, most_in, most_out, gain, arrives, _MOST_WH, _LEAST_EFFICIENCY, charge,
            discharge,
        ),
        least=MANY,
    )  # fmt: skip
    return charge, discharge


_KINDS = (*(np.dtype(np.int64),) * 4, *(np.dtype(np.float64),) * 2)
_COLUMNS = (
    "stored_wh",
    "battery_wh",
    "most_charge_wh",
    "most_discharge_wh",
    "charge_efficiency",
    "discharge_efficiency",
)
_MOST_WH = 1e15  # beyond which a float no longer counts single watt-hours of a quotient
_LEAST_EFFICIENCY = 1e-3


def _sound(columns: list[Column]) -> list[Column]:
    """The columns, with nothing to charge or discharge in rows that make no sense."""
    stored, capacity, *_, gain, arrives = columns
    if len(stored) == 0 or _all_sound(columns):
        return columns
    with np.errstate(invalid="ignore"):
        odd = ~((stored >= 0) & (stored <= capacity))
        for rates in (gain, arrives):
            odd |= ~((rates >= _LEAST_EFFICIENCY) & (rates <= 1.0))
        for amounts in columns[:4]:
            odd |= ~((amounts >= 0) & (amounts < _MOST_WH))
    whole = [np.where(odd, 0, amounts).astype(np.int64) for amounts in columns[:4]]
    return [*whole, *(np.where(odd, 1.0, rates) for rates in (gain, arrives))]


def _all_sound(columns: list[Column]) -> bool:
    """Whether every row makes sense, with as few looks as possible; what is not a number does not."""
    whole = all(amounts.dtype == np.int64 and amounts.min() >= 0 for amounts in columns[:4])
    rates = all(rates.min() >= _LEAST_EFFICIENCY and rates.max() <= 1.0 for rates in columns[4:])
    return whole and rates and bool((columns[0] <= columns[1]).all() and columns[1].max() < _MOST_WH)
