"""What a day leaves behind for the period: sums for the report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tally:
    """One day: members n, intervals T. Energies [Wh], money [micro-units].

    Attributes
    ----------
    supply, demand, shared, could : (T,) int64
        Of all together; ``could`` is what was unused and unmet at the same time.
    load, generated, own_use, surplus, deficit, given, received : (n,) int64
    before, after : (n,) int64
        What each member pays the grid alone, and pays all with sharing; below zero is income.
    paid, earned : (n,) int64
        For what was received, from what was given.
    pairs : (3, k) int64
        Producer, consumer and energy.
    linked : int
        The most that any keys could share over the links.
    links : int
        How many links held.
    """

    day: str
    incomplete: int
    slots: Whole
    supply: Whole
    demand: Whole
    shared: Whole
    could: Whole
    load: Whole
    generated: Whole
    own_use: Whole
    surplus: Whole
    deficit: Whole
    given: Whole
    received: Whole
    before: Whole
    after: Whole
    paid: Whole
    earned: Whole
    pairs: Whole
    linked: int
    links: int
