"""What households pay a utility, and what it pays them: standing charge, energy price, feed-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.markets.ledger import money

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


class Tariff(Protocol):
    """A standing charge and an energy price."""

    def price(self, slot: npt.ArrayLike, spot: npt.ArrayLike) -> Array:
        """Energy price in these steps [currency per MWh]."""
        ...

    def standing(self, slot: npt.ArrayLike, steps_a_day: int) -> Whole:
        """Part of the day's standing charge that falls into these steps [micro-units]."""
        ...


@dataclass(frozen=True)
class Flat:
    """One price at any time.

    Attributes
    ----------
    price_per_mwh : float
        Energy price [currency per MWh].
    standing_micro : int
        Standing charge of a day [micro-units].

    Examples
    --------
    >>> Flat(300.0).price([0, 50], 80.0)
    array([300., 300.])
    """

    price_per_mwh: float
    standing_micro: int = 0

    def price(self, slot: npt.ArrayLike, spot: npt.ArrayLike) -> Array:
        """See :class:`Tariff`."""
        return np.full(np.broadcast_shapes(np.shape(slot), np.shape(spot)), self.price_per_mwh)

    def standing(self, slot: npt.ArrayLike, steps_a_day: int) -> Whole:
        """See :class:`Tariff`."""
        return part_of_day(self.standing_micro, slot, steps_a_day)


@dataclass(frozen=True)
class TimeOfUse:
    """A price for each step of the day.

    Attributes
    ----------
    prices_per_mwh : tuple of float
        One for each step of the day, from midnight [currency per MWh].
    standing_micro : int
        Standing charge of a day [micro-units].

    Examples
    --------
    >>> TimeOfUse((200.0,) * 24 + (320.0,) * 72).price([23, 24, 95], 80.0)
    array([200., 320., 320.])
    """

    prices_per_mwh: tuple[float, ...]
    standing_micro: int = 0

    def price(self, slot: npt.ArrayLike, spot: npt.ArrayLike) -> Array:
        """See :class:`Tariff`; a day must have as many steps as there are prices."""
        slots, _ = np.broadcast_arrays(slot, spot)
        if slots.size and (slots.min() < 0 or slots.max() >= len(self.prices_per_mwh)):
            found = f"slots {slots.min()} to {slots.max()}"
            raise ProblemError(f"tariff: {found}; there are prices for 0 to {len(self.prices_per_mwh) - 1}")
        priced: Array = np.asarray(self.prices_per_mwh, dtype=np.float64)[slots]
        return priced

    def standing(self, slot: npt.ArrayLike, steps_a_day: int) -> Whole:
        """See :class:`Tariff`."""
        return part_of_day(self.standing_micro, slot, steps_a_day)


@dataclass(frozen=True)
class Dynamic:
    """The spot price with a margin, and something on top: ``(1 + margin) spot + adder``.

    Attributes
    ----------
    margin : float
        On the spot price [-].
    adder_per_mwh : float
        On top [currency per MWh].
    standing_micro : int
        Standing charge of a day [micro-units].

    Examples
    --------
    >>> Dynamic(0.1, 150.0).price([0, 1], [80.0, -20.0])
    array([238., 128.])
    """

    margin: float = 0.0
    adder_per_mwh: float = 0.0
    standing_micro: int = 0

    def price(self, slot: npt.ArrayLike, spot: npt.ArrayLike) -> Array:
        """See :class:`Tariff`."""
        _, spots = np.broadcast_arrays(slot, np.asarray(spot, dtype=np.float64))
        priced: Array = (1.0 + self.margin) * spots + self.adder_per_mwh
        return priced

    def standing(self, slot: npt.ArrayLike, steps_a_day: int) -> Whole:
        """See :class:`Tariff`."""
        return part_of_day(self.standing_micro, slot, steps_a_day)


def bill(
    tariff: Tariff,
    consumed_wh: npt.ArrayLike,
    *,
    slot: int,
    steps_a_day: int,
    spot: float = float("nan"),
    exported_wh: npt.ArrayLike = 0,
    feed_in_per_mwh: float = 0.0,
) -> Whole:
    """What each customer owes its utility for a step: standing charge and energy, less what it feeds in.

    Parameters
    ----------
    tariff : Tariff
        In force.
    consumed_wh, exported_wh : (n,)
        Taken from the utility, and fed in [Wh].
    slot, steps_a_day : int
        Step of the day, from 0, and how many there are.
    spot : float
        Wholesale price, for tariffs that follow it [currency per MWh].
    feed_in_per_mwh : float
        For what is fed in [currency per MWh].

    Returns
    -------
    (n,) int64
        Negative where the utility owes [micro-units].

    Examples
    --------
    >>> tariff = Flat(300.0, standing_micro=96_000)
    >>> bill(tariff, [100, 0], slot=5, steps_a_day=96, exported_wh=[0, 50], feed_in_per_mwh=60)
    array([31000, -2000])
    """
    energy = money(tariff.price(slot, spot), consumed_wh) - money(feed_in_per_mwh, exported_wh)
    owed: Whole = energy + tariff.standing(slot, steps_a_day)
    return owed


def part_of_day(charge_micro: npt.ArrayLike, slot: npt.ArrayLike, steps_a_day: int) -> Whole:
    """What falls into a step of something charged by the day, so that a day's steps sum to it.

    Parameters
    ----------
    charge_micro : (...)
        Of a day [micro-units].
    slot : (...)
        Steps of the day, from 0.
    steps_a_day : int
        How many there are.

    Examples
    --------
    >>> part_of_day(100, [0, 1, 2], 3)
    array([33, 33, 34])
    """
    charge, place = np.asarray(charge_micro, dtype=np.int64), np.asarray(slot, dtype=np.int64)
    part: Whole = np.asarray(charge * (place + 1) // steps_a_day - charge * place // steps_a_day)
    return part
