"""What a day leaves behind for the period: sums for the report, and positions for the game."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tally:
    """One day: members n, intervals T, energy rules E, the case's rule first. Energies [Wh].

    ``net`` and the trades of all intervals stay until the period is told, (T, n) numbers a day: the worth of
    a coalition needs every interval.
    """

    day: str
    incomplete: int
    paired_once: bool  # whether pairs were written down for the whole day
    slots: Whole  # (T,) interval of the local day
    buy: Array  # (T,) [currency per MWh]
    sell: Array  # (T,) [currency per MWh]
    net: Whole  # (T, n) before batteries
    position: Whole  # (T, n) after batteries
    sold: Whole  # (E, T, n)
    bought: Whole  # (E, T, n)
    load: Whole  # (n,)
    generated: Whole  # (n,)
    own_use: Whole  # (n,)
    charged: Whole  # (n,)
    discharged: Whole  # (n,)
    pairs: Whole  # (3, k) seller, buyer, energy of the day
    sold_residue: Array  # (E, n)
    bought_residue: Array  # (E, n)
