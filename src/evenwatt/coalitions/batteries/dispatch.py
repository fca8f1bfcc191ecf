"""What a community with batteries does, and the prices at which each member would do it unasked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Dispatch:
    """What the batteries of a coalition do, and what the grid sees of it.

    Attributes
    ----------
    charge, discharge : (T, B)
        Energy taken up and given out by each battery, measured outside it; 0 for those of other members.
    stored : (T, B)
        Energy in each battery at the end of the interval; 0 for those of other members.
    net : (T, n)
        Net position of each member after its batteries; that of others is as it was.
    bought, sold : (T,)
        Energy the coalition takes from and gives to the grid; never both in one interval.
    """

    charge: Array
    discharge: Array
    stored: Array
    net: Array
    bought: Array
    sold: Array


@dataclass(frozen=True)
class Prices:
    """What a unit of energy is worth inside a community, and what its batteries earn at those prices.

    Attributes
    ----------
    energy : (T,)
        Value of one more unit of net position in each interval, between ``sell`` and ``buy``
        [money per energy unit].
    rent : (B,)
        What each battery earns by buying and selling at those prices [money].
    """

    energy: Array
    rent: Array
